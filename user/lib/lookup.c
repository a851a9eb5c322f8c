// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* The best route for one destination, whole, and for many, in short. The search is in search.c. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "direct.h"
#include "private.h"
#include "search.h"

/* Destinations that are looked up between two checks of the generation, or under one lock. */
#define BULK 256

/* ---- what follows from the winning path ---- */

/*
 * What delivers packets to an address of the machine's own: the VRF device if the owner is in a VRF, else the loopback
 * device, whose index is 1 in every network namespace. NULL: it is not known.
 */
static const struct xfib_link *find_deliverer(const struct xfib *instance, const struct xfib_link *owner,
					      struct xfib_link *scratch)
{
	const struct xfib_link *master;

	if (owner && owner->flags & XFIB_LINK_VRF)
		return owner;
	master = owner ? instance__find_link(instance, owner->master, scratch) : NULL;
	if (master && master->flags & XFIB_LINK_VRF)
		return master;
	return instance__find_link(instance, 1, scratch);
}

static void fill(const struct xfib *instance, const struct xfib_query *query, const struct direct *path, uint32_t paths,
		 struct xfib_result *ret_result)
{
	const struct xfib_nexthop *nexthop = path->nexthop;
	struct xfib_link scratch, other;
	const struct xfib_link *owner = instance__find_link(instance, nexthop->ifindex, &scratch), *link = owner;

	if (path->route->type == XFIB_ROUTE_LOCAL)
		link = find_deliverer(instance, owner, &other);
	ret_result->family = query->family;
	ret_result->ifindex = link ? link->ifindex : 0;
	memset(ret_result->dev, 0, sizeof(ret_result->dev));
	if (link)
		memcpy(ret_result->dev, link->name, sizeof(ret_result->dev) - 1);
	memcpy(ret_result->gateway, nexthop->gateway, sizeof(ret_result->gateway));
	memcpy(ret_result->source, query->source, sizeof(ret_result->source));
	if (address__is_zero(query->source))
		source__select(instance, query->family, path->route, nexthop, query->destination, ret_result->source);
	ret_result->gateway_family = nexthop->gateway_family;
	ret_result->route_ifindex = nexthop->ifindex;
	ret_result->source_scope =
		address__is_link_local(query->family, ret_result->source) ? nexthop->ifindex : 0;
	ret_result->mtu = nexthop->mtu;
	ret_result->metric = path->route->metric + (owner ? owner->metric : 0);
	ret_result->paths = paths;
	ret_result->route_id = path->route_id;
	ret_result->route = *path->route;
	ret_result->nexthop = *nexthop;
}

/* ---- one destination ---- */

static int look(const struct xfib *instance, const void *from, void *to)
{
	struct xfib_query query;
	struct direct path;
	struct match match;
	int err = search__prepare(instance, from, &query);

	if (!err)
		err = search__best(instance, &query, &match);
	if (err)
		return err;
	path = (struct direct){ &match.route, &match.nexthop, match.route_id };
	fill(instance, &query, &path, match.paths, to);
	return 0;
}

/* A query that names an interface names one that there is: the path found leaves by it, and its link is known. */
static bool look_directly(const struct xfib *instance, const struct xfib_query *query, struct xfib_result *ret_result)
{
	struct xfib_result result;
	struct direct path;
	uint32_t before;

	if (instance->backend != XFIB_BACKEND_MAPS || !direct__is_for(query) ||
	    !direct__find(instance, query->family, query->destination, query->ifindex, &path, &before))
		return false;
	fill(instance, query, &path, 1, &result);
	if (!fib__is_steady(instance, before) || (query->ifindex && !result.ifindex))
		return false;
	*ret_result = result;
	return true;
}

XFIB_PUBLIC int xfib_lookup__best(const struct xfib *instance, const struct xfib_query *query,
				  struct xfib_result *ret_result)
{
	struct xfib_result result;
	int err = search__check(query, "xfib_lookup__best");

	if (!err && look_directly(instance, query, ret_result))
		return 0;
	if (!err)
		err = instance__steady(instance, look, query, &result);
	if (!err)
		*ret_result = result;
	return err;
}

/* ---- many destinations, whole ---- */

struct many {
	const struct xfib_query *query;
	const uint8_t *destinations;
	size_t count, bytes; /* of an address */
	struct xfib_result *results;
	int *errors;
};

static void look_for(const struct xfib *instance, const struct many *many, size_t i, struct xfib_query *query)
{
	memcpy(query->destination, many->destinations + i * many->bytes, many->bytes);
	many->errors[i] = look(instance, query, &many->results[i]);
}

/* What the compiled FIB found, routes on their way into the cache. Those that it does not tell all of are to be looked for. */
static void take_many(const struct xfib *instance, const struct many *many, const struct xfib_hop *hops, struct xfib_query *query,
		      bool *ret_taken)
{
	for (size_t i = 0; i < many->count; i++) {
		struct direct path;

		ret_taken[i] = direct__take(instance, hops[i].route, query->ifindex, &path);
		if (!ret_taken[i])
			continue;
		memcpy(query->destination, many->destinations + i * many->bytes, many->bytes);
		fill(instance, query, &path, 1, &many->results[i]);
		many->errors[i] = 0;
		ret_taken[i] = !query->ifindex || many->results[i].ifindex;
	}
}

static int look_many(const struct xfib *instance, const void *from, void *to)
{
	const struct xfib_route *routes = instance->routes.memory;
	const struct xfib_nexthop *nexthops = instance->nexthops.memory;
	const struct many *many = from;
	struct xfib_query query = *many->query;
	struct xfib_hop hops[FIB_BULK];
	struct fib_bulk_reader reader;
	bool taken[FIB_BULK] = { false };

	(void)to;
	if (direct__is_for(&query) && fib__begin_bulk(instance, query.family, &reader)) {
		reader.find(&reader.bulk, many->destinations, (unsigned int)many->count, hops);
		for (size_t i = 0; i < many->count; i++) {
			__builtin_prefetch(&routes[hops[i].route]);
			__builtin_prefetch(&nexthops[hops[i].nexthop]);
		}
		take_many(instance, many, hops, &query, taken);
		if (!fib__is_steady(instance, reader.before))
			memset(taken, 0, sizeof(taken));
	}
	for (size_t i = 0; i < many->count; i++) {
		if (!taken[i])
			look_for(instance, many, i, &query);
	}
	return 0;
}

XFIB_PUBLIC int xfib_lookup__many(const struct xfib *instance, const struct xfib_query *query, const void *destinations,
				  size_t count, struct xfib_result *ret_results, int *ret_errors)
{
	struct many many = { .query = query, .bytes = query->family == AF_INET6 ? 16 : 4 };
	int err = search__check(query, "xfib_lookup__many");

	for (size_t done = 0; !err && done < count; done += many.count) {
		many.destinations = (const uint8_t *)destinations + done * many.bytes;
		many.count = count - done < FIB_BULK ? count - done : FIB_BULK;
		many.results = ret_results + done;
		many.errors = ret_errors + done;
		/* What changes all the time fails for these alone. */
		if (instance__steady(instance, look_many, &many, NULL)) {
			for (size_t i = 0; i < many.count; i++)
				many.errors[i] = -EAGAIN;
		}
	}
	return err;
}

/* ---- many destinations, in short ---- */

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
