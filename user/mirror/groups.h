/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Groups of weighted next hops. Routes with the same paths share a group,
 * which does not change while it is used: other paths are another group.
 */
#ifndef XFIB_MIRROR_GROUPS_H
#define XFIB_MIRROR_GROUPS_H

#include <stdint.h>
#include <xfib/abi.h>

struct maps;
struct groups;

struct group_path {
	uint32_t nexthop;
	uint32_t weight; /* 1 to 256 */
};

int groups__new(struct maps *maps, struct groups **ret_groups);
void groups__free(struct groups *groups);

/* The id of the group of `count` paths and XFIB_GROUP_* flags, counted once more. -ENOSPC: full; -E2BIG: more than XFIB_GROUP_MEMBERS. */
int groups__take(struct groups *groups, const struct group_path *paths, uint32_t count, uint32_t flags,
		 uint32_t *ret_id);
void groups__release(struct groups *groups, uint32_t id);

#endif
