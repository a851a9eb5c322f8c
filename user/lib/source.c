// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Choice of a source address, as the kernel chooses it.
 *
 * IPv4: fib_result_prefsrc() and inet_select_addr(). IPv6: the route's, else
 * RFC 6724 as ipv6_dev_get_saddr() applies it, with the kernel's label table.
 * Cost: one pass over the machine's addresses, no system call.
 */
#include <linux/rtnetlink.h>
#include <string.h>

#include "private.h"

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

/* Number of leading bits in which two addresses agree, at most `limit`. */
static uint32_t common_bits(const uint8_t *a, const uint8_t *b, uint32_t limit)
{
	uint32_t bits = 0;

	while (bits < limit && !((a[bits / 8] ^ b[bits / 8]) & (0x80 >> (bits % 8))))
		bits++;
	return bits;
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

static bool select4(const struct xfib *instance, const struct xfib_route *route, const struct xfib_nexthop *nexthop,
		    uint8_t ret_source[16])
{
	bool gateway = nexthop->gateway_family == XFIB_INET, has_first = false, has_elsewhere = false;
	struct xfib_address scratch, first = { 0 }, elsewhere = { 0 };
	struct range range = addresses(instance);

	for (uint32_t at = range.begin; at < range.end; at++) {
		const struct xfib_address *own = address_at(instance, at, &scratch);

		if (!own || own->family != XFIB_INET || own->flags & XFIB_ADDRESS_SECONDARY || own->scope > route->scope)
			continue;
		if (own->ifindex != nexthop->ifindex) {
			if (!has_elsewhere && own->scope != RT_SCOPE_LINK) {
				elsewhere = *own;
				has_elsewhere = true;
			}
			continue;
		}
		if (!gateway || common_bits(nexthop->gateway, own->network, own->prefix_length) == own->prefix_length) {
			first = *own;
			has_first = true;
			break;
		}
		if (!has_first) {
			first = *own;
			has_first = true;
		}
	}
	if (!has_first && !has_elsewhere)
		return false;
	memcpy(ret_source, has_first ? first.address : elsewhere.address, 16);
	return true;
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
static int label6(const uint8_t address[16])
{
	static const struct {
		uint8_t prefix[16];
		uint8_t length;
		uint8_t label;
	} labels[] = {
		{ { [15] = 1 }, 128, 0 },	      { { 0 }, 96, 3 },		  { { [10] = 0xff, 0xff }, 96, 4 },
		{ { 0x20, 0x01, 0, 0 }, 32, 6 },      { { 0x20, 0x01, 0, 0x10 }, 28, 7 }, { { 0x20, 0x02 }, 16, 2 },
		{ { 0x3f, 0xfe }, 16, 12 },	      { { 0xfe, 0xc0 }, 10, 11 }, { { 0xfc }, 7, 5 },
	};

	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		if (common_bits(address, labels[i].prefix, labels[i].length) == labels[i].length)
			return labels[i].label;
	}
	return 1;
}

/* The value of an address by one rule for a destination: more is better. */
static int score6(const struct xfib *instance, const struct xfib_address *own, int rule, const uint8_t destination[16],
		  uint32_t ifindex)
{
	struct xfib_link link;
	int scope, wanted;

	switch (rule) {
	case 1:
		return !memcmp(own->address, destination, 16);
	case 2:
		scope = scope6(own->address);
		wanted = scope6(destination);
		return scope >= wanted ? -scope : scope - 128;
	case 3:
		return !(own->flags & (XFIB_ADDRESS_DEPRECATED | XFIB_ADDRESS_OPTIMISTIC));
	case 4:
		return !!(own->flags & XFIB_ADDRESS_HOME);
	case 5:
		return !ifindex || own->ifindex == ifindex;
	case 6:
		return label6(own->address) == label6(destination);
	case 7:
		return !(own->flags & XFIB_ADDRESS_TEMPORARY) ==
		       !(instance__link(instance, own->ifindex, &link) && link.flags & XFIB_LINK_TEMPORARY);
	default:
		return (int)common_bits(own->address, destination, own->prefix_length);
	}
}

static bool better6(const struct xfib *instance, const struct xfib_address *a, const struct xfib_address *b,
		    const uint8_t destination[16], uint32_t ifindex)
{
	for (int rule = 1; rule <= 8; rule++) {
		int score_a = score6(instance, a, rule, destination, ifindex);
		int score_b = score6(instance, b, rule, destination, ifindex);

		if (score_a != score_b)
			return score_a > score_b;
	}
	return false;
}

static bool select6(const struct xfib *instance, const struct xfib_nexthop *nexthop, const uint8_t destination[16],
		    uint8_t ret_source[16])
{
	struct range range = addresses(instance);
	struct xfib_address scratch, best = { 0 };
	bool confined = scope6(destination) <= 2, found = false;

	for (uint32_t at = range.begin; at < range.end; at++) {
		const struct xfib_address *own = address_at(instance, at, &scratch);

		if (!own || own->family != XFIB_INET6 || own->flags & (XFIB_ADDRESS_TENTATIVE | XFIB_ADDRESS_FAILED))
			continue;
		if (confined && nexthop->ifindex && own->ifindex != nexthop->ifindex)
			continue;
		if (!found || better6(instance, own, &best, destination, nexthop->ifindex))
			best = *own;
		found = true;
	}
	if (found)
		memcpy(ret_source, best.address, 16);
	return found;
}

bool source__select(const struct xfib *instance, uint32_t family, const struct xfib_route *route,
		    const struct xfib_nexthop *nexthop, const uint8_t destination[16], uint8_t ret_source[16])
{
	if (!address__is_zero(nexthop->source)) {
		memcpy(ret_source, nexthop->source, 16);
		return true;
	}
	if (family == XFIB_INET6)
		return select6(instance, nexthop, destination, ret_source);
	if (route->type == XFIB_ROUTE_LOCAL) {
		memcpy(ret_source, destination, 16);
		return true;
	}
	return select4(instance, route, nexthop, ret_source);
}
