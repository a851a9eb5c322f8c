/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Groups of weighted next hops. Routes with the same paths share a group,
 * which does not change while it is used, but for buckets: other paths are another group.
 */
#ifndef XFIB_MIRROR_GROUPS_H
#define XFIB_MIRROR_GROUPS_H

#include <stdbool.h>
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

/*
 * Likewise of the kernel's resilient group `object` with so many buckets, as routes by it see its next hops, of which the
 * last one is for the kernel. *ret_new: nobody has written its buckets yet, and nothing may lead to it before.
 */
int groups__take_resilient(struct groups *groups, uint32_t object, const uint32_t *nexthops, uint32_t count, uint32_t buckets,
			   uint32_t *ret_id, bool *ret_new);

/* The next one of an object after `after`; XFIB_NONE: no other. Costs a look at each slot in use. */
uint32_t groups__next_resilient(const struct groups *groups, uint32_t object, uint32_t after);

/* The kernel's object that a group is, 0: it is an ordinary one. */
uint32_t groups__object(const struct groups *groups, uint32_t id);

void groups__release(struct groups *groups, uint32_t id);

#endif
