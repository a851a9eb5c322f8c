// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* The best route for one destination, whole, and for many, in short. The search is in search.c. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "fib_read.h"
#include "private.h"
#include "search.h"

/* Destinations that are looked up between two checks of the generation, or under one lock. */
#define BULK 256

/*
 * What delivers packets to an address of the machine's own: the VRF device if the owner is in a VRF, else the loopback
 * device, whose index is 1 in every network namespace.
 */
static bool find_deliverer(const struct xfib *instance, const struct xfib_link *owner, struct xfib_link *ret_link)
{
	if (owner && owner->flags & XFIB_LINK_VRF) {
		*ret_link = *owner;
		return true;
	}
	if (owner && owner->master && instance__link(instance, owner->master, ret_link) && ret_link->flags & XFIB_LINK_VRF)
		return true;
	return instance__link(instance, 1, ret_link);
}

/* Fills in what follows from the winning path. */
static void fill(const struct xfib *instance, const struct xfib_query *query, const struct match *match,
		 struct xfib_result *result)
{
	struct xfib_link link, owner;
	bool has_owner = instance__link(instance, match->nexthop.ifindex, &owner);

	result->family = query->family;
	result->route = match->route;
	result->nexthop = match->nexthop;
	result->route_id = match->route_id;
	result->paths = match->paths;
	result->route_ifindex = match->nexthop.ifindex;
	result->metric = match->route.metric + (has_owner ? owner.metric : 0);
	result->mtu = match->nexthop.mtu;
	result->gateway_family = match->nexthop.gateway_family;
	memcpy(result->gateway, match->nexthop.gateway, sizeof(result->gateway));
	if (match->route.type == XFIB_ROUTE_LOCAL)
		has_owner = find_deliverer(instance, has_owner ? &owner : NULL, &link);
	else if (has_owner)
		link = owner;
	if (has_owner) {
		result->ifindex = link.ifindex;
		memcpy(result->dev, link.name, sizeof(result->dev));
		result->dev[sizeof(result->dev) - 1] = '\0';
	}
	if (!address__is_zero(query->source))
		memcpy(result->source, query->source, sizeof(result->source));
	else
		source__select(instance, query->family, &result->route, &result->nexthop, query->destination,
			       result->source);
	if (address__is_link_local(query->family, result->source))
		result->source_scope = result->route_ifindex;
}

static int look(const struct xfib *instance, const void *from, void *to)
{
	struct xfib_result *result = to;
	struct xfib_query query;
	struct match match;
	int err = search__prepare(instance, from, &query);

	if (!err)
		err = search__best(instance, &query, &match);
	if (err)
		return err;
	memset(result, 0, sizeof(*result));
	fill(instance, &query, &match, result);
	return 0;
}

XFIB_PUBLIC int xfib_lookup__best(const struct xfib *instance, const struct xfib_query *query,
				  struct xfib_result *ret_result)
{
	struct xfib_result result;
	int err = search__check(query, "xfib_lookup__best");

	if (!err)
		err = instance__steady(instance, look, query, &result);
	if (!err)
		*ret_result = result;
	return err;
}

/* ---- many destinations ---- */

struct block {
	const uint8_t *destinations;
	size_t count, bytes; /* of an address */
	uint32_t family;
};

/* Addresses whose leaf is no simple next hop are looked up one by one. */
static int look_singly(const struct xfib *instance, const struct block *block, size_t begin, size_t end, struct xfib_hop *hops)
{
	struct xfib_query query = { .size = sizeof(query), .family = block->family };
	struct match match;

	for (size_t i = begin; i < end; i++) {
		int err;

		memcpy(query.destination, block->destinations + i * block->bytes, block->bytes);
		err = search__best(instance, &query, &match);
		if (err && err != -ENETUNREACH)
			return err;
		hops[i] = err ? (struct xfib_hop){ XFIB_NONE, XFIB_NONE } :
				(struct xfib_hop){ match.route_id, match.route.nexthop };
	}
	return 0;
}

/* Does a look-up by the compiled FIB say it all? */
static bool is_simple(const struct xfib *instance, const struct xfib_hop *hop, bool has_default)
{
	struct xfib_nexthop nexthop;

	if (!hop->nexthop)
		return !has_default;
	return !(hop->nexthop & XFIB_LEAF_GROUP) && instance__nexthop(instance, hop->nexthop, &nexthop) &&
	       nexthop.type != XFIB_ROUTE_THROW && !(nexthop.flags & (XFIB_NEXTHOP_UNSUPPORTED | XFIB_NEXTHOP_DOWN));
}

static int look_block(const struct xfib *instance, const void *from, void *to)
{
	const struct block *block = from;
	struct xfib_hop *hops = to;
	struct fib_bulk_reader reader;

	if (!fib__begin_bulk(instance, block->family, &reader))
		return look_singly(instance, block, 0, block->count, hops);
	for (size_t done = 0, count; done < block->count; done += count) {
		count = block->count - done < FIB_BULK ? block->count - done : FIB_BULK;
		reader.find(&reader.bulk, block->destinations + done * block->bytes, (unsigned int)count, hops + done);
	}
	if (!fib__is_steady(instance, reader.before))
		return look_singly(instance, block, 0, block->count, hops);
	for (size_t i = 0; i < block->count; i++) {
		int err = is_simple(instance, &hops[i], reader.has_default) ? 0 : look_singly(instance, block, i, i + 1, hops);

		if (err)
			return err;
	}
	return 0;
}

static int check_stack(const struct xfib *instance, const void *query, void *result)
{
	struct xfib_query prepared;

	(void)result;
	return search__prepare(instance, query, &prepared);
}

XFIB_PUBLIC int xfib_lookup__bulk(const struct xfib *instance, uint32_t family, const void *destinations, size_t count,
				  struct xfib_hop *ret_hops)
{
	struct xfib_query query = { .size = sizeof(query), .family = family };
	struct block block = { .bytes = family == AF_INET6 ? 16 : 4, .family = family };
	int err = search__check(&query, "xfib_lookup__bulk");

	if (!err)
		err = instance__steady(instance, check_stack, &query, NULL);
	for (size_t done = 0; !err && done < count; done += block.count) {
		block.destinations = (const uint8_t *)destinations + done * block.bytes;
		block.count = count - done < BULK ? count - done : BULK;
		err = instance__steady(instance, look_block, &block, ret_hops + done);
	}
	return err;
}
