/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Finds the first route slot of a prefix: the writer's side of xfib_prefixes
 * (see struct xfib_prefix), whose keys are the routes themselves in their array.
 *
 * Cost: eight bytes an element, at most half of which are used; a probe or two
 * for each operation. Deletion shifts entries back, so that there are no tombstones.
 */
#ifndef XFIB_MIRROR_PREFIX_INDEX_H
#define XFIB_MIRROR_PREFIX_INDEX_H

#include <stdint.h>
#include <xfib/abi.h>

struct prefix_index {
	const struct xfib_route *routes;
	struct xfib_prefix *entries;
	struct xfib_state *state; /* has the seed, and the lengths in use */
	uint32_t size;            /* of entries, a power of two */
	uint32_t count;
	uint32_t of_length[2][129]; /* prefixes by family and length */
};

/* `entries` are all free; the caller's, as are the other arrays. Chooses the seed if the state has none. */
void prefix_index__init(struct prefix_index *index, const struct xfib_route *routes, struct xfib_prefix *entries,
			uint32_t size, struct xfib_state *state);

/* First slot of a prefix, XFIB_NONE if there is none. */
uint32_t prefix_index__find(const struct prefix_index *index, uint32_t table, uint8_t family, const uint8_t prefix[16],
			    uint8_t length);

/* The prefix will be looked for soon: a look-up is little but one cache miss. */
void prefix_index__prefetch(const struct prefix_index *index, uint32_t table, uint8_t family, const uint8_t prefix[16],
			    uint8_t length);

/* Lets the prefix of route slot `id` begin with that slot. There are fewer prefixes than half the size. */
void prefix_index__set(struct prefix_index *index, uint32_t id);

/* Forgets the prefix that begins with slot `id`, whose route must still be readable. */
void prefix_index__remove(struct prefix_index *index, uint32_t id);

#endif
