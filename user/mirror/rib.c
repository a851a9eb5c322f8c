// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Single routes that come. See rib.h; those that go are in rib_delete.c, chains in rib_chain.c, dumps in rib_dump.c. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "maps.h"
#include "rib_private.h"

static void clear_route(struct maps *maps, uint32_t id)
{
	memset(&maps->routes[id], 0, sizeof(maps->routes[id]));
}

int rib__new(struct maps *maps, struct nexthops *nexthops, struct rib **ret_rib)
{
	struct rib *rib = calloc(1, sizeof(*rib));
	struct nexthop_key special;
	int err = -ENOMEM;

	if (!rib)
		return -ENOMEM;
	rib->maps = maps;
	rib->nexthops = nexthops;
	rib->on_link_version = 1;
	rib->target = calloc(maps->sizes.routes, sizeof(*rib->target));
	rib->seen = calloc(maps->sizes.routes, sizeof(*rib->seen));
	slots__init(&rib->slots, maps, maps->sizes.routes, &maps->state->routes_end, clear_route);
	if (!rib->target || !rib->seen)
		goto fail;
	err = fib__new(maps, &rib->fib);
	if (err)
		goto fail;
	prefix_index__init(&rib->index, maps->routes, maps->prefixes, map_sizes__prefixes(&maps->sizes), maps->state);
	err = groups__new(maps, &rib->groups);
	if (err)
		goto fail;
	memset(&special, 0, sizeof(special));
	special.type = XFIB_ROUTE_UNICAST;
	special.flags = XFIB_NEXTHOP_UNSUPPORTED;
	err = nexthops__take(nexthops, &special, &rib->special);
	if (err)
		goto fail;
	*ret_rib = rib;
	return 0;
fail:
	rib__free(rib);
	return err;
}

void rib__free(struct rib *rib)
{
	if (!rib)
		return;
	fib__free(rib->fib);
	groups__free(rib->groups);
	slots__destroy(&rib->slots);
	free(rib->target);
	free(rib->seen);
	rib__stop_audit(rib);
	free(rib->objects);
	free(rib->stale);
	free(rib->steps);
	free(rib);
}

void rib__count(struct rib *rib, uint8_t family, int change)
{
	uint32_t *counter = family == XFIB_INET6 ? &rib->maps->state->routes6 : &rib->maps->state->routes4;

	__atomic_store_n(counter, *counter + (uint32_t)change, __ATOMIC_RELAXED);
}

/* ---- places ---- */

static bool same_joinable(const struct rib *rib, const struct xfib_route *held, const struct rib_route *route)
{
	return route__is_joinable(held->flags, rib->maps->nexthops[held->nexthop].gateway_family) ==
	       route__is_joinable(route->flags, route->paths[0].nexthop.gateway_family);
}

/*
 * Is it unknown whether it takes paths? One of an administrator's, or of a daemon's, that says `proto ra` does, unlike one of a
 * router advertisement, from which no message tells it.
 */
static bool is_uncertain(uint8_t flags, uint8_t gateway_family)
{
	return gateway_family && (flags & (XFIB_ROUTE_AUTOCONF | XFIB_ROUTE_NEXTHOP_OBJECT)) == XFIB_ROUTE_AUTOCONF;
}

/*
 * What is replaced: IPv4, the first of its class; IPv6, rather one that could have as many paths (fib6_add_rt2node()).
 * If that is uncertain, a dump has to tell.
 */
static bool find_replaced(struct rib *rib, const struct rib_route *route, struct place *place)
{
	const struct xfib_route *routes = rib->maps->routes;
	bool uncertain = is_uncertain(route->flags, route->paths[0].nexthop.gateway_family);
	uint32_t previous = XFIB_NONE, count = 0;
	bool exact = false;

	for (uint32_t id = place->head; id;) {
		struct unit unit = unit__at(rib, id);

		if (unit__same_class(&routes[id], route)) {
			bool fits = !exact && (route->family == XFIB_INET || same_joinable(rib, &routes[id], route));

			if (fits || !count) {
				place->previous = previous;
				place->old = unit;
			}
			count++;
			exact |= fits;
			uncertain |= is_uncertain(routes[id].flags, rib->maps->nexthops[routes[id].nexthop].gateway_family);
		}
		previous = unit.last;
		id = routes[unit.last].next;
	}
	rib->disordered |= uncertain && count > 1 && route->family == XFIB_INET6;
	return count;
}

/*
 * The kernel says of each route by a next hop object that was replaced that it is replaced: by itself, wherever it
 * stands among those of its class.
 */
static bool find_by_object(const struct rib *rib, const struct rib_route *route, struct place *place)
{
	const struct xfib_route *routes = rib->maps->routes;
	uint32_t previous = XFIB_NONE;

	if (!rib->objects || !route->nexthop_id)
		return false;
	for (uint32_t id = place->head; id;) {
		struct unit unit = unit__at(rib, id);

		if (rib->objects[id] == route->nexthop_id && unit__same_class(&routes[id], route) &&
		    routes[id].protocol == route->protocol) {
			place->previous = previous;
			place->old = unit;
			return true;
		}
		previous = unit.last;
		id = routes[unit.last].next;
	}
	return false;
}

/*
 * Is the route of a message one that is held, with more paths? A route of an administrator's that says `proto ra` takes
 * paths too, unlike one of a router advertisement, from which no message tells it but one that names both paths.
 */
static bool has_joined(const struct rib *rib, struct unit unit, const struct rib_route *route)
{
	const struct xfib_route *held = &rib->maps->routes[unit.first];

	if (!unit__same_class(held, route))
		return false;
	if (!((held->flags | route->flags) & XFIB_ROUTE_AUTOCONF))
		return same_joinable(rib, held, route);
	return !((held->flags | route->flags) & XFIB_ROUTE_NEXTHOP_OBJECT) && route->path_count > unit.count &&
	       unit__named(rib, unit, route, SAME_WAY) == unit.count;
}

/* IPv6 adds paths to the route of the same metric that takes any, and then names all paths of it. */
static bool find_joined(const struct rib *rib, const struct rib_route *route, struct place *place)
{
	const struct xfib_route *routes = rib->maps->routes;
	uint32_t previous = XFIB_NONE;

	if (route->family != XFIB_INET6 ||
	    !route__is_joinable(route->flags & (uint8_t)~XFIB_ROUTE_AUTOCONF, route->paths[0].nexthop.gateway_family))
		return false;
	for (uint32_t id = place->head; id;) {
		struct unit unit = unit__at(rib, id);

		if (has_joined(rib, unit, route)) {
			place->previous = previous;
			place->old = unit;
			return true;
		}
		previous = unit.last;
		id = routes[unit.last].next;
	}
	return false;
}

/* As the kernel orders them (fib_find_alias()): by TOS, the highest first, and then by metric. */
static bool comes_after(const struct xfib_route *held, const struct rib_route *route)
{
	return held->tos != route->tos ? held->tos < route->tos : held->metric > route->metric;
}

void rib__find_between(const struct rib *rib, const struct rib_route *route, bool last, struct place *place)
{
	const struct xfib_route *routes = rib->maps->routes;

	for (uint32_t id = place->head; id;) {
		struct unit unit = unit__at(rib, id);

		if (comes_after(&routes[id], route) || (!last && unit__same_class(&routes[id], route)))
			return;
		place->previous = unit.last;
		id = routes[unit.last].next;
	}
}

static struct unit find_same(const struct rib *rib, uint32_t head, const struct rib_route *route)
{
	for (uint32_t id = head; id;) {
		struct unit unit = unit__at(rib, id);

		if (unit__same(rib, unit, route, SAME_IN_ALL))
			return unit;
		id = rib->maps->routes[unit.last].next;
	}
	return (struct unit){ 0 };
}

uint32_t rib__head_of(const struct rib *rib, const struct rib_route *route)
{
	return prefix_index__find(&rib->index, route->table, route->family, route->prefix, route->prefix_length);
}

uint32_t rib__head_at(const struct rib *rib, uint32_t id)
{
	const struct xfib_route *route = &rib->maps->routes[id];

	return prefix_index__find(&rib->index, route->table, route->family, route->prefix, route->prefix_length);
}

void rib__prefetch(const struct rib *rib, uint32_t table, uint8_t family, const uint8_t prefix[16], uint8_t length)
{
	prefix_index__prefetch(&rib->index, table, family, prefix, length);
}

/* ---- adding ---- */

/* The kernel has what is refused of its tables; what is refused of xfib's own nobody has. */
static void refuse(struct rib *rib, const struct rib_route *route)
{
	if (route->owner != XFIB_OWNER_KERNEL)
		return;
	rib->refused = rib->refusing = true;
	__atomic_add_fetch(&rib->maps->state->refused, 1, __ATOMIC_RELAXED);
	target__mark_incomplete(rib, route->table, route->family, route->prefix, route->prefix_length);
}

int rib__put(struct rib *rib, const struct rib_route *route, struct place place, struct unit *ret_unit)
{
	struct unit unit;
	int err = unit__make(rib, route, &unit);

	if (!err) {
		bool doubtful = !place.head && rib->refusing && route->owner == XFIB_OWNER_KERNEL;

		if (doubtful) { /* a route below it may be among those refused */
			rib->maps->routes[unit.first].flags |= XFIB_ROUTE_INCOMPLETE;
			rib->incomplete++;
		}
		err = place__splice(rib, place, unit);
		if (err) {
			rib->incomplete -= doubtful;
			unit__release(rib, unit, false);
		}
	}
	if (err) {
		refuse(rib, route);
		return err;
	}
	if (!place.old.count)
		rib__count(rib, route->family, 1);
	rib__note(rib, route);
	unit__mark_seen(rib, unit);
	*ret_unit = unit;
	return 0;
}

void unit__read_path(const struct rib *rib, uint32_t id, struct rib_path *ret_path)
{
	const struct xfib_route *route = &rib->maps->routes[id];
	const struct xfib_nexthop *nexthop = &rib->maps->nexthops[route->nexthop];
	struct nexthop_key *key = &ret_path->nexthop;

	memset(ret_path, 0, sizeof(*ret_path));
	key->ifindex = nexthop->ifindex;
	key->route_mtu = nexthop->route_mtu;
	key->family = nexthop->family;
	key->gateway_family = nexthop->gateway_family;
	key->type = nexthop->type;
	key->flags = nexthop->flags & (XFIB_NEXTHOP_ONLINK | XFIB_NEXTHOP_UNSUPPORTED | XFIB_NEXTHOP_DEAD);
	memcpy(key->gateway, nexthop->gateway, sizeof(key->gateway));
	memcpy(key->source, nexthop->source, sizeof(key->source));
	ret_path->weight = route->weight;
}

void unit__read(const struct rib *rib, struct unit unit, struct rib_path *paths, struct rib_route *ret_route)
{
	const struct xfib_route *held = &rib->maps->routes[unit.first];
	uint64_t expiry = route__expiry(held), now = rib__now_ms();
	uint32_t id = unit.first;

	*ret_route = (struct rib_route){
		.family = held->family,
		.prefix_length = held->prefix_length,
		.type = held->type,
		.scope = held->scope,
		.protocol = held->protocol,
		.tos = held->tos,
		.owner = held->owner,
		.flags = held->flags & (XFIB_ROUTE_EXPIRES | XFIB_ROUTE_AUTOCONF | XFIB_ROUTE_NEXTHOP_OBJECT),
		.preference = held->preference,
		.table = held->table,
		.metric = held->metric,
		.lifetime = held->flags & XFIB_ROUTE_EXPIRES && expiry > now ? expiry - now : 0,
		.nexthop_id = unit__object(rib, unit),
		.path_count = unit.count,
		.paths = paths,
	};
	memcpy(ret_route->prefix, held->prefix, sizeof(ret_route->prefix));
	for (uint32_t i = 0; i < unit.count; i++, id = rib->maps->routes[id].next)
		unit__read_path(rib, id, &paths[i]);
}

/* Adds to `paths` those of the route that the unit does not have; the message knows the metrics of one path only. */
static uint32_t merge_paths(const struct rib *rib, struct unit unit, const struct rib_route *route, struct rib_path *paths)
{
	uint32_t count = 0, id = unit.first;

	for (uint32_t i = 0; i < unit.count; i++, id = rib->maps->routes[id].next) {
		for (uint32_t j = 0; j < route->path_count; j++) {
			if (path__same(rib, &rib->maps->routes[id], &route->paths[j], SAME_WAY)) {
				unit__read_path(rib, id, &paths[count]);
				paths[count++].weight = route->paths[j].weight; /* an only path was held without its own */
				break;
			}
		}
	}
	for (uint32_t j = 0; j < route->path_count; j++) {
		bool held = false;

		id = unit.first;
		for (uint32_t i = 0; i < unit.count && !held; i++, id = rib->maps->routes[id].next)
			held = path__same(rib, &rib->maps->routes[id], &route->paths[j], SAME_WAY);
		if (!held)
			paths[count++] = route->paths[j];
	}
	return count;
}

/* Each path has a life of its own; the message says that of the one that has come. The shortest one counts. */
static void keep_life(const struct xfib_route *held, struct rib_route *merged)
{
	uint64_t expiry = route__expiry(held), now = rib__now_ms();
	uint64_t left = expiry > now ? expiry - now : 0;

	if (!(held->flags & XFIB_ROUTE_EXPIRES))
		return;
	if (!(merged->flags & XFIB_ROUTE_EXPIRES) || left < merged->lifetime)
		merged->lifetime = left;
	merged->flags |= XFIB_ROUTE_EXPIRES;
}

/* The route that takes paths becomes the one that the message names, but keeps what its first path brought. */
static int join(struct rib *rib, const struct rib_route *route, struct place place, struct unit *ret_unit)
{
	const struct xfib_route *held = &rib->maps->routes[place.old.first];
	struct rib_path *paths = calloc(route->path_count + place.old.count, sizeof(*paths));
	struct rib_route merged = *route;
	int err;

	if (!paths)
		return -ENOMEM;
	merged.path_count = merge_paths(rib, place.old, route, paths);
	merged.paths = paths;
	if (merged.path_count > 1) {
		merged.protocol = held->protocol;
		merged.scope = held->scope;
		merged.preference = held->preference;
		merged.flags = (route->flags & (uint8_t)~XFIB_ROUTE_AUTOCONF) | (held->flags & XFIB_ROUTE_AUTOCONF);
		keep_life(held, &merged);
	}
	err = merged.path_count > XFIB_GROUP_MEMBERS ? -EINVAL : rib__put(rib, &merged, place, ret_unit);
	free(paths);
	return err;
}

int rib__add(struct rib *rib, const struct rib_route *route, enum rib_position position)
{
	struct place place = { 0 };
	struct unit unit;
	bool replaces;

	if (!route->path_count || route->path_count > XFIB_GROUP_MEMBERS)
		return -EINVAL;
	rib__changed(rib, route, false);
	place.head = rib__head_of(rib, route);
	unit = find_same(rib, place.head, route);
	replaces = position == RIB_REPLACE && (find_by_object(rib, route, &place) || find_replaced(rib, route, &place));
	/* IPv6 has another one replaced by one that is there already, which is there twice then. */
	if (unit.count && (route->family == XFIB_INET || !replaces || place.old.first == unit.first)) {
		unit__renew(rib, unit, route);
		rib__note(rib, route);
		unit__mark_seen(rib, unit);
		return 0;
	}
	if (replaces)
		return rib__put(rib, route, place, &unit);
	if (position != RIB_REPLACE && find_joined(rib, route, &place))
		return join(rib, route, place, &unit);
	rib__find_between(rib, route, position != RIB_PREPEND, &place);
	return rib__put(rib, route, place, &unit);
}

bool rib__was_disordered(struct rib *rib)
{
	bool was = rib->disordered;

	rib->disordered = false;
	return was;
}

bool rib__is_incomplete(const struct rib *rib)
{
	return rib->refusing;
}
