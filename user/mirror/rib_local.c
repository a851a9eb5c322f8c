// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * What table local holds, in short: two filters and some flags of xfib_state, which spare nearly every packet a look-up there.
 * Bits are set as routes come, and go when all routes have been compared with the kernel's.
 */
#include "rib_private.h"

#include <string.h>

#include <xfib/lookup.h>

#include "maps.h"

#define FLAGS (XFIB_STATE_WIDE_LOCAL4 | XFIB_STATE_WIDE_LOCAL6 | XFIB_STATE_UNROUTED4)

static void set_bits(__u64 *filter, uint32_t address)
{
	uint32_t first, second;

	xfib_filter__bits(address, &first, &second);
	__atomic_or_fetch(&filter[first / 64], 1ULL << (first % 64), __ATOMIC_RELEASE);
	__atomic_or_fetch(&filter[second / 64], 1ULL << (second % 64), __ATOMIC_RELEASE);
}

void local__note(const struct xfib_route *route, struct xfib_state *state)
{
	bool six = route->family == XFIB_INET6;
	uint32_t words[4];

	if (route->table != XFIB_TABLE_LOCAL)
		return;
	if (route->prefix_length != (six ? 128 : 32)) {
		/* Every machine has these two, and a look-up knows them. */
		bool usual = six ? route->prefix_length == 8 && route->prefix[0] == 0xff :
				   route->prefix_length >= 8 && route->prefix[0] == 127;

		if (!usual)
			__atomic_or_fetch(&state->flags, six ? XFIB_STATE_WIDE_LOCAL6 : XFIB_STATE_WIDE_LOCAL4,
					  __ATOMIC_RELEASE);
		return;
	}
	memcpy(words, route->prefix, sizeof(words));
	if (six)
		set_bits(state->own_addresses6, xfib_filter__fold6(words));
	else
		set_bits(state->own_addresses, words[0]);
}

/* The own IPv4 addresses without a route of table local. */
static void note_unrouted(const struct rib *rib, struct xfib_state *made)
{
	const struct xfib_state *state = rib->maps->state;

	for (uint32_t i = state->addresses_begin; i < state->addresses_end; i++) {
		const struct xfib_address *address = &rib->maps->addresses[i];
		uint32_t word;

		if (address->family != XFIB_INET ||
		    prefix_index__find(&rib->index, XFIB_TABLE_LOCAL, XFIB_INET, address->address, 32))
			continue;
		memcpy(&word, address->address, sizeof(word));
		set_bits(made->own_addresses, word);
		made->flags |= XFIB_STATE_UNROUTED4;
	}
}

void rib__addresses_changed(struct rib *rib)
{
	struct xfib_state *state = rib->maps->state, made = { 0 };

	note_unrouted(rib, &made);
	for (int i = 0; i < XFIB_FILTER_WORDS; i++)
		__atomic_or_fetch(&state->own_addresses[i], made.own_addresses[i], __ATOMIC_RELEASE);
	if (made.flags)
		__atomic_or_fetch(&state->flags, made.flags, __ATOMIC_RELEASE);
	else
		__atomic_and_fetch(&state->flags, ~(uint32_t)XFIB_STATE_UNROUTED4, __ATOMIC_RELEASE);
}

void local__rebuild(struct rib *rib)
{
	const struct xfib_route *routes = rib->maps->routes;
	struct xfib_state *state = rib->maps->state, made = { 0 };

	for (uint32_t id = 1; id < state->routes_end; id++) {
		if (routes[id].family && !(routes[id].flags & XFIB_ROUTE_GONE))
			local__note(&routes[id], &made);
	}
	note_unrouted(rib, &made);
	for (int i = 0; i < XFIB_FILTER_WORDS; i++) {
		__atomic_store_n(&state->own_addresses[i], made.own_addresses[i], __ATOMIC_RELEASE);
		__atomic_store_n(&state->own_addresses6[i], made.own_addresses6[i], __ATOMIC_RELEASE);
	}
	__atomic_or_fetch(&state->flags, made.flags, __ATOMIC_RELEASE);
	__atomic_and_fetch(&state->flags, made.flags | ~(uint32_t)FLAGS, __ATOMIC_RELEASE);
}
