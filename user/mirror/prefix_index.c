// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Finds the first route slot of a prefix. See prefix_index.h. */
#include "prefix_index.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"

struct prefix_key {
	uint8_t prefix[16];
	uint32_t table;
	uint8_t family;
	uint8_t length;
	uint8_t pad[2];
};

static uint32_t hash_of(uint32_t table, uint8_t family, const uint8_t prefix[16], uint8_t length)
{
	struct prefix_key key = { .table = table, .family = family, .length = length };

	memcpy(key.prefix, prefix, sizeof(key.prefix));
	return hash__bytes(&key, sizeof(key));
}

static uint32_t hash_of_route(const struct xfib_route *route)
{
	return hash_of(route->table, route->family, route->prefix, route->prefix_length);
}

static bool matches(const struct xfib_route *route, uint32_t table, uint8_t family, const uint8_t prefix[16],
		    uint8_t length)
{
	return route->table == table && route->family == family && route->prefix_length == length &&
	       !memcmp(route->prefix, prefix, 16);
}

/* Where the prefix is, or the free place where it would go. */
static uint32_t locate(const struct prefix_index *index, uint32_t table, uint8_t family, const uint8_t prefix[16],
		       uint8_t length)
{
	uint32_t at = hash_of(table, family, prefix, length) & (index->size - 1);

	while (index->ids[at] && !matches(&index->routes[index->ids[at]], table, family, prefix, length))
		at = (at + 1) & (index->size - 1);
	return at;
}

int prefix_index__init(struct prefix_index *index, const struct xfib_route *routes)
{
	*index = (struct prefix_index){ .routes = routes, .size = 4096 };
	index->ids = calloc(index->size, sizeof(*index->ids));
	return index->ids ? 0 : -ENOMEM;
}

void prefix_index__destroy(struct prefix_index *index)
{
	free(index->ids);
	index->ids = NULL;
}

uint32_t prefix_index__find(const struct prefix_index *index, uint32_t table, uint8_t family, const uint8_t prefix[16],
			    uint8_t length)
{
	return index->ids[locate(index, table, family, prefix, length)];
}

int prefix_index__reserve(struct prefix_index *index)
{
	struct prefix_index larger = *index;

	if (index->count + 1 <= index->size / 2)
		return 0;
	larger.size *= 2;
	larger.ids = calloc(larger.size, sizeof(*larger.ids));
	if (!larger.ids)
		return -ENOMEM;
	for (uint32_t at = 0; at < index->size; at++) {
		const struct xfib_route *route = &index->routes[index->ids[at]];

		if (index->ids[at])
			larger.ids[locate(&larger, route->table, route->family, route->prefix,
					  route->prefix_length)] = index->ids[at];
	}
	free(index->ids);
	*index = larger;
	return 0;
}

void prefix_index__set(struct prefix_index *index, uint32_t id)
{
	const struct xfib_route *route = &index->routes[id];
	uint32_t at = locate(index, route->table, route->family, route->prefix, route->prefix_length);

	if (!index->ids[at])
		index->count++;
	index->ids[at] = id;
}

void prefix_index__remove(struct prefix_index *index, uint32_t id)
{
	const struct xfib_route *route = &index->routes[id];
	uint32_t mask = index->size - 1;
	uint32_t hole = locate(index, route->table, route->family, route->prefix, route->prefix_length);
	uint32_t at = hole;

	if (!index->ids[hole])
		return;
	for (;;) {
		uint32_t home;

		at = (at + 1) & mask;
		if (!index->ids[at])
			break;
		home = hash_of_route(&index->routes[index->ids[at]]) & mask;
		/* An entry may fill the hole unless its home lies after the hole, cyclically. */
		if (((at - home) & mask) >= ((at - hole) & mask)) {
			index->ids[hole] = index->ids[at];
			hole = at;
		}
	}
	index->ids[hole] = 0;
	index->count--;
}
