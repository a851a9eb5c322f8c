/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Who is at the other end of a connection, and what it may do. */
#ifndef XFIBD_PEER_H
#define XFIBD_PEER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define NO_GROUP ((gid_t)-1)

/* Members of these groups; root and the daemon's own user may do everything. */
struct access_groups {
	gid_t write; /* change routes and watch; NO_GROUP: none */
	gid_t watch; /* watch */
};

struct peer {
	uint32_t pid; /* 0: of a process that this one cannot see */
	bool is_own; /* root, or the daemon's own user */
	bool may_write;
	bool may_watch;
};

/* Asks the kernel who has connected, by its credentials at that time. */
int peer__of(int fd, const struct access_groups *groups, struct peer *ret_peer);

#endif
