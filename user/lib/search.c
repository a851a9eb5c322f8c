// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * The best path for a query.
 *
 * prefix__match() gives the longest match only. A match whose routes do not serve (the
 * interface is another one, or down) is followed by a look-up with a key one
 * bit shorter than its prefix, which finds the next covering prefix.
 */
#include "search.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "fib_read.h"
#include "tables.h"

/* ---- one path ---- */

static bool is_expired(const struct xfib_route *route)
{
	struct timespec now;

	if (!(route->flags & XFIB_ROUTE_EXPIRES))
		return false;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return route->expires < now.tv_sec || (route->expires == now.tv_sec && route->expires_ms * 1000000L <= now.tv_nsec);
}

enum xfib_candidate_reason search__judge(const struct xfib_query *query, const struct xfib_route *route,
					 const struct xfib_nexthop *nexthop)
{
	if (route->tos)
		return XFIB_CANDIDATE_TOS;
	if (is_expired(route))
		return XFIB_CANDIDATE_EXPIRED;
	if (query->ifindex && nexthop->ifindex != query->ifindex)
		return XFIB_CANDIDATE_INTERFACE;
	if (query->exclude_ifindex && nexthop->ifindex == query->exclude_ifindex)
		return XFIB_CANDIDATE_EXCLUDED;
	if (route->type == XFIB_ROUTE_UNICAST && nexthop->flags & XFIB_NEXTHOP_DOWN)
		return XFIB_CANDIDATE_DOWN;
	return XFIB_CANDIDATE_BEST;
}

static bool before(const struct xfib_nexthop *a, const struct xfib_nexthop *b)
{
	if (a->ifindex != b->ifindex)
		return a->ifindex < b->ifindex;
	return memcmp(a->gateway, b->gateway, sizeof(a->gateway)) < 0;
}

/* RFC 4191: high is 1, medium 0, low 3. */
int search__preference(const struct xfib_route *route)
{
	return route->preference == 1 ? 1 : route->preference == 3 ? -1 : 0;
}

/* ---- one prefix ---- */

/* Of several IPv6 routes with one metric, which are not paths of one, the preference decides. */
static bool goes_on(const struct match *match, const struct xfib_route *route)
{
	return route->family == XFIB_INET6 && match->route.metric == route->metric;
}

static void take_better(struct match *match, const struct match *unit)
{
	if (unit->found && (!match->found || (goes_on(match, &unit->route) && search__preference(&unit->route) >
										      search__preference(&match->route))))
		*match = *unit;
}

/* The best usable path of the chain that begins with a slot; ret_match->found is false if there is none. */
static void choose(const struct xfib *instance, uint32_t head, const struct xfib_query *query, struct match *ret_match)
{
	struct xfib_nexthop nexthop;
	struct xfib_route route;
	struct match unit;
	uint32_t id = head;

	ret_match->found = unit.found = false;
	unit.paths = 0;
	/* A chain has no loop; the bound holds even when a slot changes under the reader. */
	for (uint32_t steps = 0; id && steps < instance->routes.count; steps++) {
		if (!instance__route(instance, id, &route) || !instance__nexthop(instance, route.nexthop, &nexthop))
			break;
		if (!(route.flags & XFIB_ROUTE_MEMBER)) {
			take_better(ret_match, &unit);
			if (ret_match->found && !goes_on(ret_match, &route))
				return;
			unit.found = false;
			unit.paths = 0;
		}
		unit.paths++;
		if (search__judge(query, &route, &nexthop) == XFIB_CANDIDATE_BEST &&
		    (!unit.found || before(&nexthop, &unit.nexthop))) {
			unit.found = true;
			unit.route = route;
			unit.nexthop = nexthop;
			unit.route_id = id;
		}
		id = route.next;
	}
	take_better(ret_match, &unit);
}

/* ---- one table ---- */

/* Can table local have a match? Its filters spare nearly every look-up there. */
static bool local_may_match(const struct xfib *instance, const struct xfib_query *query)
{
	struct xfib_state scratch;
	const struct xfib_state *state = instance__state(instance, &scratch);
	bool six = query->family == XFIB_INET6;
	uint32_t word[4];

	if (state->flags & (six ? XFIB_STATE_WIDE_LOCAL6 : XFIB_STATE_WIDE_LOCAL4) ||
	    query->destination[0] == (six ? 0xff : 127))
		return true;
	memcpy(word, query->destination, sizeof(word));
	return xfib_filter__may_contain(six ? state->own_addresses6 : state->own_addresses,
					six ? xfib_filter__fold6(word) : word[0]);
}

static void search_table(const struct xfib *instance, const struct xfib_query *query, uint32_t table,
			 struct match *ret_match)
{
	int length = query->family == XFIB_INET6 ? 128 : 32;
	struct prefix_match found;

	ret_match->found = false;
	if (table == XFIB_TABLE_LOCAL && !local_may_match(instance, query))
		return;
	while (length >= 0 &&
	       prefix__match(instance, query->family, table, query->destination, (uint32_t)length, &found)) {
		choose(instance, found.route, query, ret_match);
		if (ret_match->found)
			return;
		length = (int)found.length - 1;
	}
}

/* Of both tables the longer prefix, and local when they are equal. */
static void search_merged(const struct xfib *instance, const struct xfib_query *query, struct match *ret_match)
{
	struct match local;

	search_table(instance, query, XFIB_TABLE_LOCAL, &local);
	search_table(instance, query, XFIB_TABLE_MAIN, ret_match);
	if (local.found && (!ret_match->found || ret_match->route.prefix_length <= local.route.prefix_length))
		*ret_match = local;
}

/* ---- all of them ---- */

/*
 * Does the rule that led here let the route count? Those that lead nowhere end the search whatever their length
 * (fib_rules_lookup() asks for the length of what was found without an error).
 */
static bool counts(const struct xfib_route *route, int32_t suppress)
{
	return (int32_t)route->prefix_length > suppress || route->type == XFIB_ROUTE_BLACKHOLE ||
	       route->type == XFIB_ROUTE_UNREACHABLE || route->type == XFIB_ROUTE_PROHIBIT;
}

/*
 * The compiled FIB knows the longest match. If a route of it serves the query, it is the best one: only the search
 * for a shorter prefix, for the next table, or by rules has to go the long way.
 */
static bool search_fib(const struct xfib *instance, const struct xfib_query *query, enum table_walk_kind kind,
		       struct match *ret_match)
{
	uint32_t table = kind == TABLES_ONE ? query->table : XFIB_TABLE_MAIN, head;

	if (kind == TABLES_BY_RULES || kind == TABLES_BY_PLAN || table == XFIB_TABLE_LOCAL ||
	    fib__look_up(instance, query->family, table, query->destination, &head) != FIB_ANSWER_ROUTE)
		return false;
	choose(instance, head, query, ret_match);
	return ret_match->found && ret_match->route.type != XFIB_ROUTE_THROW &&
	       (kind == TABLES_USUAL || ret_match->route.table == table);
}

int search__best(const struct xfib *instance, const struct xfib_query *query, struct match *ret_match)
{
	struct table_walk walk;
	struct table_step step;
	int more;

	tables__begin(instance, query, &walk);
	if (search_fib(instance, query, walk.kind, ret_match))
		return 0;
	while ((more = tables__next(&walk, &step)) > 0) {
		if (step.merged)
			search_merged(instance, query, ret_match);
		else
			search_table(instance, query, step.table, ret_match);
		/* A throw route ends the search of its table, as if there were none. */
		if (ret_match->found && ret_match->route.type != XFIB_ROUTE_THROW &&
		    counts(&ret_match->route, step.suppress))
			return 0;
	}
	if (more < 0)
		return more;
	return error__set(-ENETUNREACH, query->ifindex ? "no route by this interface" : "no route");
}

/* ---- what a query means ---- */

int search__check(const struct xfib_query *query, const char *function)
{
	if (query->size != sizeof(*query))
		return error__set(-EINVAL, "%s: size %zu of the query is not known", function, query->size);
	if (query->family != AF_INET && query->family != AF_INET6)
		return error__set(-EAFNOSUPPORT, "address family %u is neither IPv4 nor IPv6", query->family);
	return 0;
}

/* The interface that a LUID or an index names, in *index; 0 for none. */
static int resolve(const struct xfib *instance, uint64_t luid, uint32_t *index)
{
	struct xfib_link link;

	if (luid) { /* as struct _NET_LUID in <netioapi.h> */
		if (luid & 0xffffff || !instance__link(instance, (uint32_t)(luid >> 24) & 0xffffff, &link) ||
		    link.kind != luid >> 48)
			return error__set(-ENODEV, "LUID 0x%llx names no interface", (unsigned long long)luid);
		*index = link.ifindex;
		return 0;
	}
	if (*index && !instance__link(instance, *index, &link))
		return error__set(-ENODEV, "interface %u does not exist", *index);
	return 0;
}

static int resolve_vrf(const struct xfib *instance, struct xfib_query *query)
{
	struct xfib_link link;

	if (!query->vrf || query->table)
		return 0;
	if (!instance__link(instance, query->vrf, &link))
		return error__set(-ENODEV, "interface %u does not exist", query->vrf);
	if (!(link.flags & XFIB_LINK_VRF))
		return error__set(-EINVAL, "interface %u (%.16s) is no VRF device", query->vrf, link.name);
	query->table = link.table;
	return 0;
}

int search__prepare(const struct xfib *instance, const struct xfib_query *query, struct xfib_query *ret_query)
{
	uint32_t stack = query->family == AF_INET6 ? XFIB_STATE_IPV6 : XFIB_STATE_IPV4;
	struct xfib_query prepared = *query;
	struct xfib_state scratch;
	int err;

	if (!(instance__state(instance, &scratch)->flags & stack))
		return error__set(-EAFNOSUPPORT, "this machine has no IPv%c", query->family == AF_INET6 ? '6' : '4');
	err = resolve(instance, query->luid, &prepared.ifindex);
	if (!err)
		err = resolve(instance, query->exclude_luid, &prepared.exclude_ifindex);
	if (!err)
		err = resolve(instance, 0, &prepared.iif);
	if (!err)
		err = resolve_vrf(instance, &prepared);
	if (err)
		return err;
	if (query->flags & XFIB_QUERY_STRONG_HOST && !address__is_zero(query->source)) {
		struct xfib_address own;

		if (!source__own(instance, query->family, query->source, query->source_scope, &own))
			return error__set(-EADDRNOTAVAIL, "the source is no address of this machine");
		prepared.ifindex = own.ifindex;
	}
	*ret_query = prepared;
	return 0;
}
