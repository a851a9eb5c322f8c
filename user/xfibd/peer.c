// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Who is at the other end of a connection. See peer.h. */
#include "peer.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* The supplementary groups of the peer; their memory is the caller's to free. */
static int read_groups(int fd, gid_t **ret_groups, size_t *ret_count)
{
	socklen_t length = 0;
	gid_t *groups;

	/* The kernel says how much room it wants; the peer's groups cannot change between the two calls. */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &length) && errno != ERANGE)
		return -errno;
	groups = malloc(length ? length : sizeof(*groups));
	if (!groups)
		return -ENOMEM;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &length)) {
		int err = -errno;

		free(groups);
		return err;
	}
	*ret_groups = groups;
	*ret_count = length / sizeof(*groups);
	return 0;
}

static bool is_member(gid_t wanted, gid_t group, const gid_t *groups, size_t count)
{
	bool found = wanted == group;

	for (size_t i = 0; i < count; i++)
		found |= wanted == groups[i];
	return found && wanted != NO_GROUP;
}

int peer__of(int fd, const struct access_groups *groups, struct peer *ret_peer)
{
	struct ucred credentials;
	socklen_t length = sizeof(credentials);
	gid_t *supplementary = NULL;
	size_t count = 0;
	int err;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length))
		return -errno;
	err = read_groups(fd, &supplementary, &count);
	if (err)
		return err;
	ret_peer->is_own = credentials.uid == 0 || credentials.uid == geteuid();
	ret_peer->pid = credentials.pid > 0 ? (uint32_t)credentials.pid : 0;
	ret_peer->may_write = ret_peer->is_own || is_member(groups->write, credentials.gid, supplementary, count);
	ret_peer->may_watch = ret_peer->may_write || is_member(groups->watch, credentials.gid, supplementary, count);
	free(supplementary);
	return 0;
}
