/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Finds the first route slot of a prefix: an open-addressed table of slot ids,
 * whose keys are the routes themselves in the mapped array.
 *
 * Cost: four bytes an entry, at most half full; deletion shifts entries back,
 * so that there are no tombstones.
 */
#ifndef XFIB_MIRROR_PREFIX_INDEX_H
#define XFIB_MIRROR_PREFIX_INDEX_H

#include <stdint.h>
#include <xfib/abi.h>

struct prefix_index {
	const struct xfib_route *routes;
	uint32_t *ids;
	uint32_t size; /* a power of two */
	uint32_t count;
};

int prefix_index__init(struct prefix_index *index, const struct xfib_route *routes);
void prefix_index__destroy(struct prefix_index *index);

/* First slot of a prefix, XFIB_NONE if there is none. */
uint32_t prefix_index__find(const struct prefix_index *index, uint32_t table, uint8_t family, const uint8_t prefix[16],
			    uint8_t length);

/* Makes room for one more prefix, so that the next prefix_index__set() cannot fail. -ENOMEM. */
int prefix_index__reserve(struct prefix_index *index);

/* Lets the prefix of route slot `id` begin with that slot. */
void prefix_index__set(struct prefix_index *index, uint32_t id);

/* Forgets the prefix that begins with slot `id`, whose route must still be readable. */
void prefix_index__remove(struct prefix_index *index, uint32_t id);

#endif
