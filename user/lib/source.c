// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Choice of a source address, as the kernel chooses it.
 *
 * IPv4: fib_result_prefsrc() and inet_select_addr(). IPv6: the route's, else
 * RFC 6724 as ipv6_dev_get_saddr() applies it, with the kernel's label table.
 * Cost: one pass over the machine's addresses, no system call. For ordinary
 * destinations the choice depends on the next hop alone and is remembered
 * until something changes: then one read, and for IPv6 one of each address.
 */
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"

#define NOWHERE UINT32_MAX /* place of no address */

/* The addresses that count at this moment. */
static struct range addresses(const struct xfib *instance)
{
	struct xfib_state scratch;

	return range__read(&instance__state(instance, &scratch)->addresses_begin, instance->addresses.count);
}

/* An address, where it is mapped or in `scratch`. NULL: it cannot be read. */
static const struct xfib_address *address_at(const struct xfib *instance, uint32_t at, struct xfib_address *scratch)
{
	if (instance->addresses.memory)
		return (const struct xfib_address *)instance->addresses.memory + at;
	return array__fetch(&instance->addresses, at, scratch) ? scratch : NULL;
}

/* The bits of an address as two numbers. */
struct bits {
	uint64_t high, low;
};

static struct bits bits_of(const uint8_t address[16])
{
	uint64_t word[2];

	memcpy(word, address, sizeof(word));
	return (struct bits){ __builtin_bswap64(word[0]), __builtin_bswap64(word[1]) }; /* little-endian, as all of xfib */
}

/* Number of leading bits in which two addresses agree, at most `limit`. */
static uint32_t common_bits(const uint8_t *a, const uint8_t *b, uint32_t limit)
{
	struct bits left = bits_of(a), right = bits_of(b);
	uint64_t high = left.high ^ right.high, low = left.low ^ right.low;
	uint32_t bits = high ? (uint32_t)__builtin_clzll(high) : low ? 64 + (uint32_t)__builtin_clzll(low) : 128;

	return bits < limit ? bits : limit;
}

/* An address within a wider prefix of the machine's own, such as 127.0.0.0/8, which no list names one by one. */
static bool own_by_route(const struct xfib *instance, uint32_t family, const uint8_t address[16], uint32_t ifindex,
			 struct xfib_address *ret_own)
{
	struct prefix_match match;
	struct xfib_nexthop nexthop;
	struct xfib_route route;

	if (!prefix__match(instance, family, XFIB_TABLE_LOCAL, address, family == XFIB_INET6 ? 128 : 32, &match) ||
	    !instance__route(instance, match.route, &route) || !instance__nexthop(instance, route.nexthop, &nexthop) ||
	    route.type != XFIB_ROUTE_LOCAL || (ifindex && nexthop.ifindex != ifindex))
		return false;
	*ret_own = (struct xfib_address){ .ifindex = nexthop.ifindex, .family = (uint8_t)family,
					  .prefix_length = route.prefix_length, .scope = route.scope };
	memcpy(ret_own->address, address, sizeof(ret_own->address));
	memcpy(ret_own->network, route.prefix, sizeof(ret_own->network));
	return true;
}

bool source__own(const struct xfib *instance, uint32_t family, const uint8_t address[16], uint32_t ifindex,
		 struct xfib_address *ret_own)
{
	struct range range = addresses(instance);
	struct xfib_address scratch;

	for (uint32_t at = range.begin; at < range.end; at++) {
		const struct xfib_address *own = address_at(instance, at, &scratch);

		if (!own || own->family != family || memcmp(own->address, address, 16) ||
		    (ifindex && own->ifindex != ifindex))
			continue;
		*ret_own = *own;
		return true;
	}
	return own_by_route(instance, family, address, ifindex, ret_own);
}

/* ---- IPv4 ---- */

/* The place of the choice in the list, NOWHERE if there is none. */
static uint32_t select4(const struct xfib *instance, const struct xfib_route *route, const struct xfib_nexthop *nexthop)
{
	bool gateway = nexthop->gateway_family == XFIB_INET;
	uint32_t first = NOWHERE, elsewhere = NOWHERE;
	struct range range = addresses(instance);
	struct xfib_address scratch;

	for (uint32_t at = range.begin; at < range.end; at++) {
		const struct xfib_address *own = address_at(instance, at, &scratch);

		if (!own || own->family != XFIB_INET || own->flags & XFIB_ADDRESS_SECONDARY || own->scope > route->scope)
			continue;
		if (own->ifindex != nexthop->ifindex) {
			if (elsewhere == NOWHERE && own->scope != RT_SCOPE_LINK)
				elsewhere = at;
			continue;
		}
		if (!gateway || common_bits(nexthop->gateway, own->network, own->prefix_length) == own->prefix_length)
			return at;
		if (first == NOWHERE)
			first = at;
	}
	return first != NOWHERE ? first : elsewhere;
}

/* ---- IPv6 ---- */

static int scope6(const uint8_t address[16])
{
	static const uint8_t loopback[16] = { [15] = 1 };

	if (address[0] == 0xff)
		return address[1] & 0xf;
	if (address__is_link_local(XFIB_INET6, address) || !memcmp(address, loopback, 16))
		return 2;
	return address[0] == 0xfe && (address[1] & 0xc0) == 0xc0 ? 5 : 14;
}

/* RFC 6724, section 2.1, with the additions of net/ipv6/addrlabel.c; longest prefixes first. */
static uint32_t label6(const uint8_t address[16])
{
	static const struct {
		uint64_t prefix, mask; /* of the first half */
		uint32_t label;
	} labels[] = {
		{ 0x2001000000000000, 0xffffffff00000000, 6 },	{ 0x2001001000000000, 0xfffffff000000000, 7 },
		{ 0x2002000000000000, 0xffff000000000000, 2 },	{ 0x3ffe000000000000, 0xffff000000000000, 12 },
		{ 0xfec0000000000000, 0xffc0000000000000, 11 }, { 0xfc00000000000000, 0xfe00000000000000, 5 },
	};
	struct bits bits = bits_of(address);

	if (!bits.high && bits.low >> 32 == 0)
		return bits.low == 1 ? 0 : 3; /* ::1 and ::/96 */
	if (!bits.high && bits.low >> 32 == 0xffff)
		return 4;
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		if ((bits.high & labels[i].mask) == labels[i].prefix)
			return labels[i].label;
	}
	return 1;
}

/* What an address is to be the source for. */
struct purpose {
	const uint8_t *destination;
	int scope;
	uint32_t label;
	uint32_t ifindex;
};

static bool is_temporary(const struct xfib *instance, uint32_t ifindex)
{
	struct xfib_link scratch;
	const struct xfib_link *link = instance__find_link(instance, ifindex, &scratch);

	return link && link->flags & XFIB_LINK_TEMPORARY;
}

/* Rules 2 to 7: the higher number is the better address. */
static uint32_t rank6(const struct xfib *instance, const struct xfib_address *own, const struct purpose *purpose)
{
	int scope = scope6(own->address);
	uint32_t rank = (uint32_t)(scope >= purpose->scope ? 128 - scope : scope); /* the narrowest that is wide enough */

	rank = rank << 1 | !(own->flags & (XFIB_ADDRESS_DEPRECATED | XFIB_ADDRESS_OPTIMISTIC));
	rank = rank << 1 | !!(own->flags & XFIB_ADDRESS_HOME);
	rank = rank << 1 | (!purpose->ifindex || own->ifindex == purpose->ifindex);
	rank = rank << 1 | (label6(own->address) == purpose->label);
	return rank << 1 | (!(own->flags & XFIB_ADDRESS_TEMPORARY) == !is_temporary(instance, own->ifindex));
}

/* Between the rules: the first one, the destination itself, and the last one, bits in common with it. */
static uint32_t rank_for(const struct xfib *instance, const struct xfib_address *own, const struct purpose *purpose)
{
	uint32_t same = !memcmp(own->address, purpose->destination, 16);

	return same << 31 | rank6(instance, own, purpose) << 8 |
	       common_bits(own->address, purpose->destination, own->prefix_length);
}

static bool is_candidate6(const struct xfib_address *own, uint32_t ifindex, bool confined)
{
	return own->family == XFIB_INET6 && !(own->flags & (XFIB_ADDRESS_TENTATIVE | XFIB_ADDRESS_FAILED)) &&
	       !(confined && ifindex && own->ifindex != ifindex);
}

/* The place of the choice in the list, NOWHERE if there is none. *ret_alone: no other is as good by rules 2 to 7. */
static uint32_t select6(const struct xfib *instance, const struct xfib_nexthop *nexthop, const uint8_t destination[16],
			bool *ret_alone)
{
	struct purpose purpose = { destination, scope6(destination), label6(destination), nexthop->ifindex };
	struct range range = addresses(instance);
	uint32_t best = NOWHERE, best_rank = 0;
	struct xfib_address scratch;

	*ret_alone = true;
	for (uint32_t at = range.begin; at < range.end; at++) {
		const struct xfib_address *own = address_at(instance, at, &scratch);
		uint32_t rank;

		if (!own || !is_candidate6(own, nexthop->ifindex, purpose.scope <= 2))
			continue;
		rank = rank_for(instance, own, &purpose);
		if (best == NOWHERE || rank >> 8 > best_rank >> 8)
			*ret_alone = true;
		else if (rank >> 8 == best_rank >> 8)
			*ret_alone = false;
		if (best == NOWHERE || rank > best_rank) {
			best = at;
			best_rank = rank;
		}
	}
	return best;
}

/* ---- choices that are remembered ---- */

/*
 * A word for each next hop: xfib_state.changes when the choice was made, and its place in the list, counted from 1. It
 * counts as long as nothing has changed since, of addresses, links or next hops.
 */
void source__remember(struct xfib *instance)
{
	if (instance->addresses.memory && instance->state.memory && instance->links.memory)
		instance->sources = calloc(instance->nexthops.count, sizeof(*instance->sources));
}

/* Does the choice depend on the next hop alone, as long as it is alone? Global addresses without a label of their own. */
static bool is_ordinary(uint32_t family, const struct xfib_route *route, const uint8_t destination[16])
{
	if (family == XFIB_INET)
		return route->scope == RT_SCOPE_UNIVERSE;
	return (destination[0] & 0xe0) == 0x20 && scope6(destination) == 14 && label6(destination) == 1;
}

/* Is the destination one of the machine's own addresses? Then, whatever the next hop, it is its own source. */
static bool is_own6(const struct xfib *instance, const uint8_t destination[16])
{
	const struct xfib_address *list = instance->addresses.memory;
	struct range range = addresses(instance);
	struct bits wanted = bits_of(destination);
	bool found = false;

	for (uint32_t at = range.begin; at < range.end; at++) {
		struct bits own = bits_of(list[at].address);

		found |= !((own.high ^ wanted.high) | (own.low ^ wanted.low));
	}
	return found;
}

static uint32_t count_of_changes(const struct xfib *instance)
{
	return __atomic_load_n(&((const struct xfib_state *)instance->state.memory)->changes, __ATOMIC_ACQUIRE);
}

static uint32_t recall(const struct xfib *instance, uint32_t nexthop)
{
	uint64_t word = __atomic_load_n(&instance->sources[nexthop], __ATOMIC_RELAXED);

	return word && word >> 32 == count_of_changes(instance) ? (uint32_t)word - 1 : NOWHERE;
}

static void remember(const struct xfib *instance, uint32_t nexthop, uint32_t before, uint32_t at)
{
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	if (!(before & 1) && count_of_changes(instance) == before)
		__atomic_store_n(&instance->sources[nexthop], (uint64_t)before << 32 | (at + 1), __ATOMIC_RELAXED);
}

/* ---- either family ---- */

static uint32_t select_anew(const struct xfib *instance, uint32_t family, const struct xfib_route *route,
			    const struct xfib_nexthop *nexthop, const uint8_t destination[16], bool *ret_alone)
{
	*ret_alone = true;
	return family == XFIB_INET6 ? select6(instance, nexthop, destination, ret_alone) : select4(instance, route, nexthop);
}

static uint32_t select_place(const struct xfib *instance, uint32_t family, const struct xfib_route *route,
			     const struct xfib_nexthop *nexthop, const uint8_t destination[16])
{
	uint32_t at, before;
	bool alone;

	if (!instance->sources || route->nexthop >= instance->nexthops.count || !is_ordinary(family, route, destination) ||
	    (family == XFIB_INET6 && is_own6(instance, destination)))
		return select_anew(instance, family, route, nexthop, destination, &alone);
	at = recall(instance, route->nexthop);
	if (at != NOWHERE)
		return at;
	before = count_of_changes(instance);
	at = select_anew(instance, family, route, nexthop, destination, &alone);
	if (at != NOWHERE && alone)
		remember(instance, route->nexthop, before, at);
	return at;
}

bool source__select(const struct xfib *instance, uint32_t family, const struct xfib_route *route,
		    const struct xfib_nexthop *nexthop, const uint8_t destination[16], uint8_t ret_source[16])
{
	const struct xfib_address *own;
	struct xfib_address scratch;
	uint32_t at;

	if (!address__is_zero(nexthop->source)) {
		memcpy(ret_source, nexthop->source, 16);
		return true;
	}
	if (family == XFIB_INET && route->type == XFIB_ROUTE_LOCAL) {
		memcpy(ret_source, destination, 16);
		return true;
	}
	at = select_place(instance, family, route, nexthop, destination);
	own = at == NOWHERE ? NULL : address_at(instance, at, &scratch);
	if (!own)
		return false;
	memcpy(ret_source, own->address, 16);
	return true;
}
