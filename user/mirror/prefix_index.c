// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Finds the first route slot of a prefix. See prefix_index.h. */
#include "prefix_index.h"

#include <stdbool.h>
#include <string.h>

#include <xfib/lookup.h>

#include "hash.h"

static uint32_t hash_of(const struct prefix_index *index, uint32_t table, uint8_t family, const uint8_t prefix[16],
			uint8_t length)
{
	__u64 words[2];

	memcpy(words, prefix, sizeof(words));
	return xfib_prefix__hash(index->state->prefix_seed, table, family, length, words);
}

static bool matches(const struct xfib_route *route, uint32_t table, uint8_t family, const uint8_t prefix[16],
		    uint8_t length)
{
	return route->table == table && route->family == family && route->prefix_length == length &&
	       !memcmp(route->prefix, prefix, 16);
}

/* Where the prefix is, or the free slot where it would go. */
static uint32_t locate(const struct prefix_index *index, uint32_t hash, uint32_t table, uint8_t family,
		       const uint8_t prefix[16], uint8_t length)
{
	uint32_t at = hash & (index->size - 1);

	while (index->entries[at].route &&
	       (index->entries[at].hash != hash ||
		!matches(&index->routes[index->entries[at].route], table, family, prefix, length)))
		at = (at + 1) & (index->size - 1);
	return at;
}

static uint32_t locate_route(const struct prefix_index *index, const struct xfib_route *route, uint32_t *ret_hash)
{
	*ret_hash = hash_of(index, route->table, route->family, route->prefix, route->prefix_length);
	return locate(index, *ret_hash, route->table, route->family, route->prefix, route->prefix_length);
}

/* One prefix more or less of a length. */
static void count_length(struct prefix_index *index, const struct xfib_route *route, int change)
{
	bool six = route->family == XFIB_INET6;
	uint8_t length = route->prefix_length;
	__u64 *word = six ? &index->state->lengths6[length / 64] : &index->state->lengths4;
	__u64 bit = 1ULL << (length % 64);

	index->count += (uint32_t)change;
	index->of_length[six][length] += (uint32_t)change;
	if (index->of_length[six][length])
		__atomic_store_n(word, *word | bit, __ATOMIC_RELEASE);
	else
		__atomic_store_n(word, *word & ~bit, __ATOMIC_RELEASE);
}

static void write_entry(struct prefix_index *index, uint32_t at, uint32_t route, uint32_t hash)
{
	struct xfib_prefix entry = { .route = route, .hash = hash };
	uint64_t word;

	memcpy(&word, &entry, sizeof(word));
	__atomic_store_n((uint64_t *)(void *)&index->entries[at], word, __ATOMIC_RELEASE);
}

void prefix_index__init(struct prefix_index *index, const struct xfib_route *routes, struct xfib_prefix *entries,
			uint32_t size, struct xfib_state *state)
{
	memset(index, 0, sizeof(*index));
	index->routes = routes;
	index->entries = entries;
	index->size = size;
	index->state = state;
	if (!state->prefix_seed)
		state->prefix_seed = hash_seed;
}

uint32_t prefix_index__find(const struct prefix_index *index, uint32_t table, uint8_t family, const uint8_t prefix[16],
			    uint8_t length)
{
	uint32_t hash = hash_of(index, table, family, prefix, length);

	return index->entries[locate(index, hash, table, family, prefix, length)].route;
}

void prefix_index__prefetch(const struct prefix_index *index, uint32_t table, uint8_t family, const uint8_t prefix[16],
			    uint8_t length)
{
	__builtin_prefetch(&index->entries[hash_of(index, table, family, prefix, length) & (index->size - 1)]);
}

void prefix_index__set(struct prefix_index *index, uint32_t id)
{
	uint32_t hash, at = locate_route(index, &index->routes[id], &hash);

	if (!index->entries[at].route)
		count_length(index, &index->routes[id], 1);
	write_entry(index, at, id, hash);
}

void prefix_index__remove(struct prefix_index *index, uint32_t id)
{
	uint32_t mask = index->size - 1, hash, hole = locate_route(index, &index->routes[id], &hash), at = hole;

	if (!index->entries[hole].route)
		return;
	for (;;) {
		struct xfib_prefix entry;
		uint32_t home;

		at = (at + 1) & mask;
		entry = index->entries[at];
		if (!entry.route)
			break;
		home = entry.hash & mask;
		/* An entry may fill the hole unless its home lies after the hole, cyclically. */
		if (((at - home) & mask) >= ((at - hole) & mask)) {
			write_entry(index, hole, entry.route, entry.hash);
			hole = at;
		}
	}
	write_entry(index, hole, XFIB_NONE, 0);
	count_length(index, &index->routes[id], -1);
}
