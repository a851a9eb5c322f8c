// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * The best route for a destination, from the tries and the mapped arrays.
 *
 * A trie gives the longest match only. A match whose routes do not serve (the
 * interface is another one, or down) is followed by a look-up with a key one
 * bit shorter than its prefix, which finds the next covering prefix.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <time.h>
#include <sys/socket.h>

#include "private.h"

/* One match: the path that won, and where it stands. */
struct match {
	uint32_t route_id;
	uint32_t paths;
	const struct xfib_route *route;
	const struct xfib_nexthop *nexthop;
	bool found;
};

static int trie_lookup(const struct xfib *instance, uint32_t family, uint32_t table, const uint8_t address[16],
		       uint32_t length, struct xfib_rib_value *ret_value)
{
	struct xfib_rib6_key key = { .prefixlen = 32 + length, .table = table };

	/* The IPv4 key is the same struct with a shorter address. */
	memcpy(key.address, address, sizeof(key.address));
	return bpf_map_lookup_elem(family == XFIB_INET6 ? instance->rib6_fd : instance->rib4_fd, &key, ret_value);
}

static bool before(const struct xfib_nexthop *a, const struct xfib_nexthop *b)
{
	if (a->ifindex != b->ifindex)
		return a->ifindex < b->ifindex;
	return memcmp(a->gateway, b->gateway, sizeof(a->gateway)) < 0;
}

static bool is_expired(const struct xfib_route *route)
{
	struct timespec now;

	if (!(route->flags & XFIB_ROUTE_EXPIRES))
		return false;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return route->expires <= now.tv_sec;
}

static bool usable(const struct xfib_route *route, const struct xfib_nexthop *nexthop, uint32_t ifindex)
{
	if (is_expired(route))
		return false;
	if (ifindex && nexthop->ifindex != ifindex)
		return false;
	return route->type != XFIB_ROUTE_UNICAST || !(nexthop->flags & XFIB_NEXTHOP_DOWN);
}

/* RFC 4191: high is 1, medium 0, low 3. */
static int preference(const struct xfib_route *route)
{
	return route->preference == 1 ? 1 : route->preference == 3 ? -1 : 0;
}

/* Of several IPv6 routes with one metric, which are not paths of one, the preference decides. */
static bool goes_on(const struct match *match, const struct xfib_route *route)
{
	return route->family == XFIB_INET6 && match->route->metric == route->metric;
}

static void take_better(struct match *match, const struct match *unit)
{
	if (unit->found && (!match->found || (goes_on(match, unit->route) &&
					      preference(unit->route) > preference(match->route))))
		*match = *unit;
}

/* The best usable path of a chain. False: none. */
static bool choose(const struct xfib *instance, uint32_t head, uint32_t ifindex, struct match *ret_match)
{
	struct match match = { 0 }, unit = { 0 };
	uint32_t id = head;

	/* A chain has no loop; the bound holds even when a slot changes under the reader. */
	for (uint32_t steps = 0; id && steps < instance->routes.count; steps++) {
		const struct xfib_route *route = instance__route(instance, id);
		const struct xfib_nexthop *nexthop = route ? instance__nexthop(instance, route->nexthop) : NULL;

		if (!nexthop)
			return false;
		if (!(route->flags & XFIB_ROUTE_MEMBER)) {
			take_better(&match, &unit);
			if (match.found && !goes_on(&match, route))
				break;
			memset(&unit, 0, sizeof(unit));
		}
		unit.paths++;
		if (!route->tos && usable(route, nexthop, ifindex) && (!unit.found || before(nexthop, unit.nexthop))) {
			unit.found = true;
			unit.route = route;
			unit.nexthop = nexthop;
			unit.route_id = id;
		}
		id = route->next;
	}
	take_better(&match, &unit);
	if (match.found)
		*ret_match = match;
	return match.found;
}

uint32_t lookup__first(const struct xfib *instance, uint32_t family, uint32_t table, const uint8_t prefix[16],
		       uint8_t length)
{
	struct xfib_rib_value value;

	if (trie_lookup(instance, family, table, prefix, length, &value) || value.prefix_length != length)
		return XFIB_NONE;
	return value.route;
}

/* Best match of one table; ret_match->found is false if there is none. */
static void search(const struct xfib *instance, const struct xfib_query *query, uint32_t table, struct match *ret_match)
{
	int length = query->family == XFIB_INET6 ? 128 : 32;
	struct xfib_rib_value value;

	ret_match->found = false;
	while (length >= 0 &&
	       !trie_lookup(instance, query->family, table, query->destination, (uint32_t)length, &value)) {
		if (choose(instance, value.route, query->ifindex, ret_match))
			return;
		length = value.prefix_length - 1;
	}
}

/* A throw route ends the search of its table; in the last one that means that there is none. */
static bool is_throw(const struct match *match)
{
	return match->found && match->route->type == XFIB_ROUTE_THROW;
}

static struct match best_match(const struct xfib *instance, const struct xfib_query *query)
{
	bool merged = query->family == XFIB_INET && instance->state->flags & XFIB_STATE_MERGED4;
	struct match local = { 0 }, match;

	if (!query->table)
		search(instance, query, XFIB_TABLE_LOCAL, &local);
	if (is_throw(&local) && !merged) /* in one trie it throws the search of table main out too */
		local.found = false;
	if (local.found && !merged)
		return local;
	search(instance, query, query->table ? query->table : XFIB_TABLE_MAIN, &match);
	if (local.found && (!match.found || match.route->prefix_length <= local.route->prefix_length))
		match = local;
	match.found &= !is_throw(&match);
	return match;
}

static const struct xfib_link *loopback(const struct xfib *instance)
{
	const struct xfib_link *links = instance->links.memory;

	for (uint32_t slot = 1; slot < instance->links.count; slot++) {
		if (links[slot].ifindex && links[slot].flags & XFIB_LINK_LOOPBACK)
			return &links[slot];
	}
	return NULL;
}

/* Fills in what follows from the winning path. */
static void fill(const struct xfib *instance, const struct xfib_query *query, const struct match *match,
		 struct xfib_result *result)
{
	const struct xfib_link *link, *owner = instance__link(instance, match->nexthop->ifindex);

	result->family = query->family;
	result->route = *match->route;
	result->nexthop = *match->nexthop;
	result->route_id = match->route_id;
	result->paths = match->paths;
	result->route_ifindex = match->nexthop->ifindex;
	result->metric = match->route->metric + (owner ? owner->metric : 0);
	result->mtu = match->nexthop->mtu;
	result->gateway_family = match->nexthop->gateway_family;
	memcpy(result->gateway, match->nexthop->gateway, sizeof(result->gateway));
	link = match->route->type == XFIB_ROUTE_LOCAL ? loopback(instance) : owner;
	if (link) {
		result->ifindex = link->ifindex;
		memcpy(result->dev, link->name, sizeof(result->dev));
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
	const struct xfib_query *query = from;
	struct xfib_query confined = *query;
	struct xfib_result *result = to;
	struct match match;

	memset(result, 0, sizeof(*result));
	if (query->ifindex && !instance__link(instance, query->ifindex))
		return error__set(-ENODEV, "interface %u does not exist", query->ifindex);
	if (query->flags & XFIB_QUERY_STRONG_HOST && !address__is_zero(query->source)) {
		const struct xfib_address *own = source__own(instance, query->family, query->source,
							     query->source_scope);

		if (!own)
			return error__set(-EADDRNOTAVAIL, "the source is no address of this machine");
		confined.ifindex = own->ifindex;
	}
	match = best_match(instance, &confined);
	if (!match.found)
		return error__set(-ENETUNREACH, query->ifindex ? "no route by this interface" : "no route");
	fill(instance, query, &match, result);
	return 0;
}

XFIB_PUBLIC int xfib_lookup__best(const struct xfib *instance, const struct xfib_query *query,
				  struct xfib_result *ret_result)
{
	uint32_t stack = query->family == XFIB_INET6 ? XFIB_STATE_IPV6 : XFIB_STATE_IPV4;
	struct xfib_result result;
	int err;

	if (query->size != sizeof(*query))
		return error__set(-EINVAL, "xfib_lookup__best: size %zu of the query is not known", query->size);
	if (query->family != AF_INET && query->family != AF_INET6)
		return error__set(-EAFNOSUPPORT, "address family %u is neither IPv4 nor IPv6", query->family);
	if (!(instance->state->flags & stack))
		return error__set(-EAFNOSUPPORT, "this machine has no IPv%c", query->family == AF_INET6 ? '6' : '4');
	err = instance__steady(instance, look, query, &result);
	if (!err)
		*ret_result = result;
	return err;
}
