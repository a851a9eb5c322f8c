// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * The longest matching prefix.
 *
 * Where xfib_prefixes is mapped, the lengths in use are tried from the longest
 * on: a read of one cache line each, without a system call. Entries move while
 * the daemon changes something, so that a result counts only if nothing
 * changed meanwhile. Otherwise, and where nothing is mapped, the tries are
 * asked, by system call: each of their answers is true at one moment.
 */
#include <bpf/bpf.h>
#include <string.h>

#include "private.h"

/* ---- the tries ---- */

static bool ask_trie(const struct xfib *instance, uint32_t family, uint32_t table, const uint8_t address[16],
		     uint32_t length, struct prefix_match *ret_match)
{
	struct xfib_rib6_key key = { .prefixlen = 32 + length, .table = table };
	struct xfib_rib_value value;

	/* The IPv4 key is the same struct with a shorter address. */
	memcpy(key.address, address, sizeof(key.address));
	if (bpf_map_lookup_elem(family == XFIB_INET6 ? instance->rib6_fd : instance->rib4_fd, &key, &value))
		return false;
	*ret_match = (struct prefix_match){ value.route, value.prefix_length };
	return true;
}

/* ---- the index ---- */

/* The longest length in use that is not longer than `length`; -1: none. */
static int next_length(const struct xfib_state *state, uint32_t family, int length)
{
	while (length >= 0) {
		__u64 word = family == XFIB_INET6 ? state->lengths6[length / 64] : state->lengths4;
		int top = length % 64;

		word &= top == 63 ? ~0ULL : (2ULL << top) - 1;
		if (word)
			return length / 64 * 64 + 63 - __builtin_clzll(word);
		length = length / 64 * 64 - 1;
	}
	return -1;
}

static void mask_words(__u64 words[2], uint32_t length)
{
	for (uint32_t word = 0; word < 2; word++) {
		uint32_t bits = length > word * 64 ? length - word * 64 : 0;

		if (bits >= 64)
			continue;
		words[word] &= bits ? __builtin_bswap64(~0ULL << (64 - bits)) : 0; /* little-endian, as all of xfib */
	}
}

static bool is_route_of(const struct xfib_route *route, uint32_t family, uint32_t table, const __u64 words[2],
			uint32_t length)
{
	return route->table == table && route->family == family && route->prefix_length == length &&
	       !memcmp(route->prefix, words, sizeof(route->prefix));
}

/* The slot of just this prefix, XFIB_NONE if it has none. */
static uint32_t probe(const struct xfib *instance, uint64_t seed, uint32_t family, uint32_t table, const __u64 words[2],
		      uint32_t length)
{
	const struct xfib_prefix *prefixes = instance->prefixes.memory;
	uint32_t hash = xfib_prefix__hash(seed, table, family, length, words), mask = instance->prefixes.count - 1;

	for (uint32_t at = hash & mask, steps = 0; prefixes[at].route && steps <= mask; at = (at + 1) & mask, steps++) {
		const struct xfib_route *routes = instance->routes.memory;
		uint32_t id = prefixes[at].route;

		if (prefixes[at].hash == hash && id < instance->routes.count &&
		    is_route_of(&routes[id], family, table, words, length))
			return id;
	}
	return XFIB_NONE;
}

static bool search_index(const struct xfib *instance, const struct xfib_state *state, uint32_t family, uint32_t table,
			 const uint8_t address[16], uint32_t length, struct prefix_match *ret_match)
{
	__u64 words[2];

	memcpy(words, address, sizeof(words));
	for (int at = next_length(state, family, (int)length); at >= 0; at = next_length(state, family, at - 1)) {
		uint32_t id;

		mask_words(words, (uint32_t)at);
		id = probe(instance, state->prefix_seed, family, table, words, (uint32_t)at);
		if (id) {
			*ret_match = (struct prefix_match){ id, (uint32_t)at };
			return true;
		}
	}
	return false;
}

/* ---- either ---- */

bool prefix__match(const struct xfib *instance, uint32_t family, uint32_t table, const uint8_t address[16],
		   uint32_t length, struct prefix_match *ret_match)
{
	const struct xfib_state *state = instance->state.memory;
	struct prefix_match match;
	uint32_t before;
	bool found;

	if (!instance->prefixes.memory || !state)
		return ask_trie(instance, family, table, address, length, ret_match);
	before = __atomic_load_n(&state->changes, __ATOMIC_ACQUIRE);
	if (before & 1 && instance->backend == XFIB_BACKEND_MAPS)
		return ask_trie(instance, family, table, address, length, ret_match);
	found = search_index(instance, state, family, table, address, length, &match);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	if (instance->backend == XFIB_BACKEND_MAPS && __atomic_load_n(&state->changes, __ATOMIC_RELAXED) != before)
		return ask_trie(instance, family, table, address, length, ret_match);
	if (found)
		*ret_match = match;
	return found;
}

uint32_t prefix__first(const struct xfib *instance, uint32_t family, uint32_t table, const uint8_t prefix[16],
		       uint8_t length)
{
	struct prefix_match match;

	if (!prefix__match(instance, family, table, prefix, length, &match) || match.length != length)
		return XFIB_NONE;
	return match.route;
}
