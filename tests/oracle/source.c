// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* The source address: the route's, else by the rules for IPv4, and by RFC 6724 for IPv6. */
#include <linux/rtnetlink.h>
#include <string.h>

#include "oracle.h"

/* ---- IPv4: the address of the outgoing interface, in the next hop's network if there is one ---- */

static void choose4(const struct world *world, const struct route *route, const struct path *path, uint8_t ret_source[16])
{
	const struct own_address *first = NULL, *elsewhere = NULL;

	for (size_t i = 0; i < world->address_count; i++) {
		const struct own_address *own = &world->addresses[i];

		if (own->family != AF_INET || own->secondary || own->scope > route->scope)
			continue;
		if (own->index != path->index) {
			if (!elsewhere && own->scope != RT_SCOPE_LINK)
				elsewhere = own;
			continue;
		}
		if (path->gateway_family == AF_INET && common_bits(own->bytes, path->gateway) >= own->length) {
			memcpy(ret_source, own->bytes, 16);
			return;
		}
		if (!first)
			first = own;
	}
	if (!first)
		first = elsewhere;
	if (first)
		memcpy(ret_source, first->bytes, 16);
}

/* ---- IPv6 ---- */

/* RFC 4007 and RFC 6724, 3.1: link-local and loopback 2, site-local 5, global 14. */
static int scope_of(const uint8_t a[16])
{
	if (a[0] == 0xff)
		return a[1] & 15;
	if (is_link_local(AF_INET6, a) || is_loopback(AF_INET6, a))
		return 2;
	return a[0] == 0xfe && (a[1] & 0xc0) == 0xc0 ? 5 : 14;
}

/* RFC 6724, 2.1. */
static int label_of(const uint8_t a[16])
{
	static const uint8_t zero[16], mapped[16] = { [10] = 0xff, 0xff };

	if (is_loopback(AF_INET6, a))
		return 0;
	if (!memcmp(a, mapped, 12))
		return 4;
	if (!memcmp(a, zero, 12))
		return 3;
	if (a[0] == 0x20 && a[1] == 0x02)
		return 2;
	if (a[0] == 0x20 && a[1] == 0x01 && !a[2] && !a[3])
		return 5;
	if ((a[0] & 0xfe) == 0xfc)
		return 13;
	return 1;
}

/* Is `a` preferred to `b`? Each rule decides, or passes on to the next one. */
static bool is_preferred(const struct own_address *a, const struct own_address *b, const uint8_t destination[16],
			 uint32_t index)
{
	int scope_a = scope_of(a->bytes), scope_b = scope_of(b->bytes), scope = scope_of(destination);
	uint32_t common_a = common_bits(a->bytes, destination), common_b = common_bits(b->bytes, destination);
	bool same_a = !memcmp(a->bytes, destination, 16), same_b = !memcmp(b->bytes, destination, 16);

	if (same_a != same_b) /* 1: the same address */
		return same_a;
	if (scope_a != scope_b) /* 2: the smallest scope that reaches the destination */
		return scope_a < scope_b ? scope_a >= scope : scope_b < scope;
	if (a->deprecated != b->deprecated) /* 3 */
		return b->deprecated;
	if ((a->index == index) != (b->index == index)) /* 5: the outgoing interface's */
		return a->index == index;
	if ((label_of(a->bytes) == label_of(destination)) != (label_of(b->bytes) == label_of(destination))) /* 6 */
		return label_of(a->bytes) == label_of(destination);
	if (a->temporary != b->temporary) /* 7: Linux prefers public ones where nothing else is said */
		return b->temporary;
	/* 8: the longest match, no longer than the prefix */
	if (common_a > a->length)
		common_a = a->length;
	if (common_b > b->length)
		common_b = b->length;
	return common_a > common_b;
}

static void choose6(const struct world *world, uint32_t index, const uint8_t destination[16], uint8_t ret_source[16])
{
	const struct own_address *best = NULL;

	for (size_t i = 0; i < world->address_count; i++) {
		const struct own_address *own = &world->addresses[i];

		if (own->family != AF_INET6 || own->unusable || (scope_of(destination) <= 2 && own->index != index))
			continue;
		if (!best || is_preferred(own, best, destination, index))
			best = own;
	}
	if (best)
		memcpy(ret_source, best->bytes, 16);
}

void source__choose(const struct world *world, const struct route *route, const struct path *path,
		    const uint8_t destination[16], uint8_t ret_source[16])
{
	if (!is_zero(route->source))
		memcpy(ret_source, route->source, 16);
	else if (route->family == AF_INET6)
		choose6(world, path->index, destination, ret_source);
	else
		choose4(world, route, path, ret_source);
}
