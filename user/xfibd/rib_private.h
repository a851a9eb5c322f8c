/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What rib.c (chains of routes) and rib_target.c (what packets get) share. */
#ifndef XFIBD_RIB_PRIVATE_H
#define XFIBD_RIB_PRIVATE_H

#include "groups.h"
#include "prefix_index.h"
#include "rib.h"
#include "slots.h"

struct rib {
	struct maps *maps;
	struct nexthops *nexthops;
	struct groups *groups;
	struct slots slots;
	struct prefix_index index;
	uint32_t *target;   /* by first slot of a prefix: what the trie says, counted if it is a group */
	uint8_t *seen;      /* by slot: named in the dump under way */
	uint32_t special;   /* next hop of packets that only the kernel can treat */
	uint32_t incomplete; /* prefixes marked XFIB_ROUTE_INCOMPLETE */
	bool dumping;
	bool refused;       /* in the dump under way */
};

/* One route: its slots follow one another from `first` to `last`. */
struct unit {
	uint32_t first, last, count;
};

/* The route that begins at a slot. */
struct unit unit__at(const struct rib *rib, uint32_t first);

/*
 * Makes the trie say what the chain from `head` means, which began with
 * `old_head` before; XFIB_NONE: the prefix did not exist, or does no longer.
 * On failure the trie is as it was.
 */
int target__publish(struct rib *rib, uint32_t old_head, uint32_t head);

/* A route was refused: from now on packets that it could have been for go up to the kernel. */
void target__mark_incomplete(struct rib *rib, uint32_t table, uint8_t family, const uint8_t prefix[16],
			     uint8_t length);

/* Every route has found room: forget all such marks. */
void target__clear_incomplete(struct rib *rib);

#endif
