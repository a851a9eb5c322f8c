// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * For LD_PRELOAD: comes between a program and rtnetlink, and does to what
 * arrives by recvmsg() what must not happen, while the file $CHAOS_FILE exists.
 * $CHAOS has how often, in percent of the datagrams, and a seed:
 *
 *	seed=7,drop=5,overrun=2,truncate=2,cut=2,damage=2,reorder=10,duplicate=10,events
 *
 * drop: it is gone, and nothing says so; overrun: gone, with ENOBUFS; truncate:
 * half of it, with MSG_TRUNC; cut: some of it, and nothing says so; damage: a
 * byte is another one; reorder: it comes after the next one; duplicate: it
 * comes twice. `events`: answers to the program's own requests are left alone.
 */
#include <dlfcn.h>
#include <errno.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SOCKETS 64
#define DATAGRAM 65536

enum { DROP, OVERRUN, TRUNCATE, CUT, DAMAGE, REORDER, DUPLICATE, KINDS };

static const char *const names[] = { "drop", "overrun", "truncate", "cut", "damage", "reorder", "duplicate" };

static struct kept {
	size_t length;
	struct sockaddr_nl from;
	char data[DATAGRAM];
} *kept[SOCKETS]; /* by descriptor: comes next */

static unsigned int percent[KINDS];
static unsigned long long random_state;
static bool events_only;
static ssize_t (*real)(int fd, struct msghdr *header, int flags);

static unsigned int draw(unsigned int below)
{
	random_state = random_state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned int)(random_state >> 33) % below;
}

static void init(void)
{
	const char *plan = getenv("CHAOS");

	if (real)
		return;
	real = (ssize_t (*)(int, struct msghdr *, int))dlsym(RTLD_NEXT, "recvmsg");
	for (const char *at = plan; at && *at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
		sscanf(at, "seed=%llu", &random_state);
		events_only |= !strncmp(at, "events", 6);
		for (int kind = 0; kind < KINDS; kind++) {
			size_t length = strlen(names[kind]);

			if (!strncmp(at, names[kind], length) && at[length] == '=')
				percent[kind] = (unsigned int)atoi(at + length + 1);
		}
	}
	draw(2);
}

static bool is_on(void)
{
	const char *file = getenv("CHAOS_FILE");

	return file && !access(file, F_OK);
}

static bool is_rtnetlink(int fd)
{
	int domain = 0, protocol = -1;
	socklen_t length = sizeof(int);

	return fd >= 0 && fd < SOCKETS && !getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) && domain == AF_NETLINK &&
	       !getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &length) && protocol == NETLINK_ROUTE;
}

static void keep(int fd, const struct msghdr *header, size_t length)
{
	if (!kept[fd])
		kept[fd] = malloc(sizeof(*kept[fd]));
	if (!kept[fd] || length > DATAGRAM)
		return;
	kept[fd]->length = length;
	memcpy(kept[fd]->data, header->msg_iov->iov_base, length);
	memcpy(&kept[fd]->from, header->msg_name, sizeof(kept[fd]->from));
}

static ssize_t take_kept(int fd, struct msghdr *header)
{
	size_t length = kept[fd]->length;

	memcpy(header->msg_iov->iov_base, kept[fd]->data, length);
	memcpy(header->msg_name, &kept[fd]->from, sizeof(kept[fd]->from));
	header->msg_flags = 0;
	kept[fd]->length = 0;
	return (ssize_t)length;
}

/* What is left of a datagram. -1 with errno; -2: nothing, and the next one is to be taken. */
static ssize_t spoil(int fd, struct msghdr *header, size_t length)
{
	unsigned int roll = draw(100), kind = 0;
	unsigned char *bytes = header->msg_iov->iov_base;

	while (kind < KINDS && roll >= percent[kind])
		roll -= percent[kind++];
	switch (kind) {
	case DROP:
		return -2;
	case OVERRUN:
		errno = ENOBUFS;
		return -1;
	case TRUNCATE:
		header->msg_flags |= MSG_TRUNC;
		return (ssize_t)(length / 2);
	case CUT:
		return (ssize_t)(length - draw((unsigned int)length / 2));
	case DAMAGE:
		bytes[draw((unsigned int)length)] ^= (unsigned char)(1 + draw(255));
		break;
	case REORDER:
		if (kept[fd] && kept[fd]->length)
			break;
		keep(fd, header, length);
		return -2;
	case DUPLICATE:
		if (!kept[fd] || !kept[fd]->length)
			keep(fd, header, length);
		break;
	}
	return (ssize_t)length;
}

__attribute__((visibility("default"))) ssize_t recvmsg(int fd, struct msghdr *header, int flags)
{
	bool ours, was_kept;
	ssize_t length;

	init();
	ours = is_rtnetlink(fd) && header->msg_iovlen == 1 && header->msg_namelen >= sizeof(struct sockaddr_nl);
	if (!ours)
		return real(fd, header, flags);
	do {
		was_kept = kept[fd] && kept[fd]->length && (!is_on() || draw(2));
		length = was_kept ? take_kept(fd, header) : real(fd, header, flags);
		if (length < 0 && errno == EAGAIN && kept[fd] && kept[fd]->length) {
			length = take_kept(fd, header);
			was_kept = true;
		}
		if (length > 0 && !was_kept && is_on() &&
		    (!events_only || ((const struct sockaddr_nl *)header->msg_name)->nl_groups))
			length = spoil(fd, header, (size_t)length);
	} while (length == -2);
	return length;
}
