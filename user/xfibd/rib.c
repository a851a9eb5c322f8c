// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* The chains of routes of each prefix. See rib.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "maps.h"
#include "rib_private.h"

static void clear_route(struct maps *maps, uint32_t id)
{
	memset(&maps->routes[id], 0, sizeof(maps->routes[id]));
}

static uint32_t now_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint32_t)now.tv_sec;
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
	rib->target = calloc(maps->sizes.routes, sizeof(*rib->target));
	rib->seen = calloc(maps->sizes.routes, sizeof(*rib->seen));
	slots__init(&rib->slots, maps, maps->sizes.routes, &maps->state->routes_end, clear_route);
	if (!rib->target || !rib->seen || prefix_index__init(&rib->index, maps->routes))
		goto fail;
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
	groups__free(rib->groups);
	prefix_index__destroy(&rib->index);
	slots__destroy(&rib->slots);
	free(rib->target);
	free(rib->seen);
	free(rib);
}

/* ---- units ---- */

struct unit unit__at(const struct rib *rib, uint32_t first)
{
	const struct xfib_route *routes = rib->maps->routes;
	struct unit unit = { first, first, 1 };
	uint32_t next;

	while ((next = routes[unit.last].next) && (routes[next].flags & XFIB_ROUTE_MEMBER)) {
		unit.last = next;
		unit.count++;
	}
	return unit;
}

static bool same_class(const struct xfib_route *held, const struct rib_route *route)
{
	return held->metric == route->metric && held->tos == route->tos;
}

/* Do a held path and a path that is named go the same way? */
static bool same_way(const struct rib *rib, const struct xfib_route *held, const struct nexthop_key *key)
{
	const struct xfib_nexthop *nexthop = &rib->maps->nexthops[held->nexthop];

	return nexthop->ifindex == key->ifindex && nexthop->gateway_family == key->gateway_family &&
	       nexthop->type == key->type && !memcmp(nexthop->gateway, key->gateway, sizeof(key->gateway));
}

static bool names(const struct rib *rib, const struct xfib_route *held, const struct rib_route *route)
{
	for (uint32_t i = 0; i < route->path_count; i++) {
		if (same_way(rib, held, &route->paths[i].nexthop))
			return true;
	}
	return false;
}

/* How many of the paths of a unit does the route name? */
static uint32_t named_paths(const struct rib *rib, struct unit unit, const struct rib_route *route)
{
	uint32_t named = 0, id = unit.first;

	for (uint32_t i = 0; i < unit.count; i++, id = rib->maps->routes[id].next)
		named += names(rib, &rib->maps->routes[id], route);
	return named;
}

static bool same_path(const struct rib *rib, const struct xfib_route *held, const struct rib_path *path)
{
	const struct xfib_nexthop *nexthop = &rib->maps->nexthops[held->nexthop];
	const uint8_t kept = XFIB_NEXTHOP_ONLINK | XFIB_NEXTHOP_UNSUPPORTED;

	return same_way(rib, held, &path->nexthop) && held->weight == path->weight &&
	       nexthop->route_mtu == path->nexthop.route_mtu && (nexthop->flags & kept) == path->nexthop.flags &&
	       !memcmp(nexthop->source, path->nexthop.source, sizeof(nexthop->source));
}

static bool has_path(const struct rib *rib, struct unit unit, const struct rib_path *path)
{
	uint32_t id = unit.first;

	for (uint32_t i = 0; i < unit.count; i++, id = rib->maps->routes[id].next) {
		if (same_path(rib, &rib->maps->routes[id], path))
			return true;
	}
	return false;
}

/* Is the unit the route, alike in all things but its lifetime and the order of its paths? */
static bool is_same(const struct rib *rib, struct unit unit, const struct rib_route *route)
{
	const struct xfib_route *held = &rib->maps->routes[unit.first];
	const uint8_t kept = XFIB_ROUTE_EXPIRES | XFIB_ROUTE_AUTOCONF;

	if (!same_class(held, route) || held->type != route->type || held->scope != route->scope ||
	    held->protocol != route->protocol || held->owner != route->owner ||
	    held->preference != route->preference || (held->flags & kept) != route->flags ||
	    unit.count != route->path_count)
		return false;
	for (uint32_t i = 0; i < route->path_count; i++) {
		if (!has_path(rib, unit, &route->paths[i]))
			return false;
	}
	return true;
}

static void mark_seen(struct rib *rib, struct unit unit)
{
	uint32_t id = unit.first;

	for (uint32_t i = 0; i < unit.count; i++, id = rib->maps->routes[id].next)
		rib->seen[id] = 1;
}

/* A slot that the chain does not lead to any more. */
static void release_slot(struct rib *rib, uint32_t id, bool published)
{
	struct xfib_route *route = &rib->maps->routes[id];

	nexthops__release(rib->nexthops, route->nexthop);
	if (!published) {
		slots__cancel(&rib->slots, id);
		return;
	}
	__atomic_or_fetch(&route->flags, XFIB_ROUTE_GONE, __ATOMIC_RELEASE);
	slots__release(&rib->slots, id);
}

static void release_unit(struct rib *rib, struct unit unit, bool published)
{
	uint32_t id = unit.first;

	for (uint32_t i = 0; i < unit.count; i++) {
		uint32_t next = rib->maps->routes[id].next;

		release_slot(rib, id, published);
		id = next;
	}
}

static void count(struct rib *rib, uint8_t family, int change)
{
	uint32_t *counter = family == XFIB_INET6 ? &rib->maps->state->routes6 : &rib->maps->state->routes4;

	__atomic_store_n(counter, *counter + (uint32_t)change, __ATOMIC_RELAXED);
}

static void fill(struct xfib_route *slot, const struct rib_route *route, const struct rib_path *path, uint32_t nexthop)
{
	uint32_t now = now_seconds();

	memcpy(slot->prefix, route->prefix, sizeof(slot->prefix));
	slot->table = route->table;
	slot->metric = route->metric;
	slot->next = XFIB_NONE;
	slot->nexthop = nexthop;
	slot->created = now;
	slot->expires = route->flags & XFIB_ROUTE_EXPIRES ? now + route->lifetime : 0;
	slot->weight = path->weight;
	slot->prefix_length = route->prefix_length;
	slot->type = route->type;
	slot->scope = route->scope;
	slot->protocol = route->protocol;
	slot->tos = route->tos;
	slot->owner = route->owner;
	slot->flags = route->flags;
	slot->preference = route->preference;
	__atomic_store_n(&slot->family, route->family, __ATOMIC_RELEASE);
}

/* Writes a route into new slots that nothing leads to yet. */
static int make_unit(struct rib *rib, const struct rib_route *route, struct unit *ret_unit)
{
	struct xfib_route *routes = rib->maps->routes;
	struct unit unit = { 0 };
	int err = 0;

	for (uint32_t i = 0; i < route->path_count; i++) {
		uint32_t id, nexthop;

		err = nexthops__take(rib->nexthops, &route->paths[i].nexthop, &nexthop);
		if (err)
			break;
		err = slots__take(&rib->slots, &id);
		if (err) {
			nexthops__release(rib->nexthops, nexthop);
			break;
		}
		fill(&routes[id], route, &route->paths[i], nexthop);
		if (unit.count) {
			routes[id].flags |= XFIB_ROUTE_MEMBER;
			routes[unit.last].next = id;
		} else {
			unit.first = id;
		}
		unit.last = id;
		unit.count++;
	}
	if (err) {
		release_unit(rib, unit, false);
		return err;
	}
	*ret_unit = unit;
	return 0;
}

/* ---- chains ---- */

/* Where a change goes: after slot `previous` (XFIB_NONE: first), in place of `old` (count 0: of nothing). */
struct place {
	uint32_t head, previous;
	struct unit old;
};

/* Puts `unit` (count 0: nothing) there, so that readers see the chain before or after, never between. */
static int splice(struct rib *rib, struct place place, struct unit unit)
{
	struct xfib_route *routes = rib->maps->routes;
	uint32_t begin = place.previous ? routes[place.previous].next : place.head;
	uint32_t rest = place.old.count ? routes[place.old.last].next : begin;
	uint32_t next = unit.count ? unit.first : rest;
	int err;

	if (unit.count)
		routes[unit.last].next = rest;
	if (place.previous) {
		__atomic_store_n(&routes[place.previous].next, next, __ATOMIC_RELEASE);
		err = target__publish(rib, place.head, place.head);
		if (err)
			__atomic_store_n(&routes[place.previous].next, begin, __ATOMIC_RELEASE);
	} else {
		err = target__publish(rib, place.head, next);
	}
	if (err)
		return err;
	if (place.old.count)
		release_unit(rib, place.old, true);
	return 0;
}

/* IPv6 names all paths of a route when one is added: the held one with fewer of them is this one, grown. */
static bool has_grown(const struct rib *rib, struct unit unit, const struct rib_route *route)
{
	return route->family == XFIB_INET6 && route->type == XFIB_ROUTE_UNICAST && unit.count < route->path_count &&
	       same_class(&rib->maps->routes[unit.first], route) && named_paths(rib, unit, route) == unit.count;
}

/* Finds the place of a route. True: it is there already, as *ret_unit. */
static bool find_place(struct rib *rib, const struct rib_route *route, enum rib_position position,
		       struct place *ret_place, struct unit *ret_unit)
{
	const struct xfib_route *routes = rib->maps->routes;
	struct place place = { 0 };
	uint32_t previous = XFIB_NONE, head;
	bool found = false;

	head = prefix_index__find(&rib->index, route->table, route->family, route->prefix, route->prefix_length);
	place.head = head;
	for (uint32_t id = head; id;) {
		struct unit unit = unit__at(rib, id);
		const struct xfib_route *held = &routes[id];

		if (is_same(rib, unit, route)) {
			*ret_unit = unit;
			return true;
		}
		if (!place.old.count && (has_grown(rib, unit, route) ||
					 (position == RIB_REPLACE && !found && same_class(held, route)))) {
			place.previous = previous;
			place.old = unit;
			found = true;
		}
		if (!found && (held->metric > route->metric ||
			       (position == RIB_PREPEND && same_class(held, route)))) {
			place.previous = previous;
			found = true;
		}
		previous = unit.last;
		id = routes[unit.last].next;
	}
	if (!found)
		place.previous = previous;
	*ret_place = place;
	return false;
}

static void refuse(struct rib *rib, const struct rib_route *route)
{
	rib->refused = true;
	__atomic_add_fetch(&rib->maps->state->refused, 1, __ATOMIC_RELAXED);
	target__mark_incomplete(rib, route->table, route->family, route->prefix, route->prefix_length);
}

int rib__add(struct rib *rib, const struct rib_route *route, enum rib_position position)
{
	struct place place;
	struct unit unit;
	int err;

	if (!route->path_count || route->path_count > XFIB_GROUP_MEMBERS)
		return -EINVAL;
	if (find_place(rib, route, position, &place, &unit)) {
		if (route->flags & XFIB_ROUTE_EXPIRES)
			__atomic_store_n(&rib->maps->routes[unit.first].expires, now_seconds() + route->lifetime,
					 __ATOMIC_RELAXED);
		mark_seen(rib, unit);
		return 0;
	}
	err = prefix_index__reserve(&rib->index);
	if (!err)
		err = make_unit(rib, route, &unit);
	if (!err) {
		err = splice(rib, place, unit);
		if (err)
			release_unit(rib, unit, false);
	}
	if (err) {
		refuse(rib, route);
		return err;
	}
	if (!place.old.count)
		count(rib, route->family, 1);
	mark_seen(rib, unit);
	return 0;
}

/* Takes the unit of `place` out of its chain. */
static int remove_unit(struct rib *rib, struct place place)
{
	uint8_t family = rib->maps->routes[place.old.first].family;
	int err = splice(rib, place, (struct unit){ 0 });

	if (!err)
		count(rib, family, -1);
	return err;
}

/* Replaces the unit of `place` by one without the paths that the route names. */
static int remove_paths(struct rib *rib, struct place place, const struct rib_route *route)
{
	const struct xfib_route *routes = rib->maps->routes;
	uint32_t count_left = 0, id = place.old.first;
	struct unit unit = { 0 };
	struct rib_path *paths = calloc(place.old.count, sizeof(*paths));
	struct rib_route rest = *route;
	int err;

	if (!paths)
		return -ENOMEM;
	for (uint32_t i = 0; i < place.old.count; i++, id = routes[id].next) {
		const struct xfib_nexthop *nexthop = &rib->maps->nexthops[routes[id].nexthop];
		struct nexthop_key *key = &paths[count_left].nexthop;

		if (names(rib, &routes[id], route))
			continue;
		key->ifindex = nexthop->ifindex;
		key->route_mtu = nexthop->route_mtu;
		key->family = nexthop->family;
		key->gateway_family = nexthop->gateway_family;
		key->type = nexthop->type;
		key->flags = nexthop->flags & (XFIB_NEXTHOP_ONLINK | XFIB_NEXTHOP_UNSUPPORTED);
		memcpy(key->gateway, nexthop->gateway, sizeof(key->gateway));
		memcpy(key->source, nexthop->source, sizeof(key->source));
		paths[count_left++].weight = routes[id].weight;
	}
	rest.paths = paths;
	rest.path_count = count_left;
	err = make_unit(rib, &rest, &unit);
	free(paths);
	if (err)
		return err;
	err = splice(rib, place, unit);
	if (err)
		release_unit(rib, unit, false);
	else
		mark_seen(rib, unit);
	return err;
}

int rib__delete(struct rib *rib, const struct rib_route *route)
{
	const struct xfib_route *routes = rib->maps->routes;
	struct place place = { 0 }, partial = { 0 };
	uint32_t previous = XFIB_NONE;

	place.head = prefix_index__find(&rib->index, route->table, route->family, route->prefix,
					route->prefix_length);
	partial.head = place.head;
	for (uint32_t id = place.head; id;) {
		struct unit unit = unit__at(rib, id);
		uint32_t named = same_class(&routes[id], route) ? named_paths(rib, unit, route) : 0;

		if (named && named == unit.count && named == route->path_count) {
			place.previous = previous;
			place.old = unit;
			return remove_unit(rib, place);
		}
		if (named && !partial.old.count) {
			partial.previous = previous;
			partial.old = unit;
		}
		previous = unit.last;
		id = routes[unit.last].next;
	}
	if (!partial.old.count)
		return -ENOENT;
	if (named_paths(rib, partial.old, route) == partial.old.count)
		return remove_unit(rib, partial);
	return remove_paths(rib, partial, route);
}

/* ---- many at once ---- */

/* Removes the route that begins at a slot. */
static void remove_at(struct rib *rib, uint32_t first)
{
	const struct xfib_route *routes = rib->maps->routes, *route = &routes[first];
	struct place place = { 0 };

	place.head = prefix_index__find(&rib->index, route->table, route->family, route->prefix,
					route->prefix_length);
	for (uint32_t id = place.head; id && id != first; id = routes[id].next)
		place.previous = id;
	place.old = unit__at(rib, first);
	remove_unit(rib, place);
}

static bool is_kernel_route(const struct xfib_route *route)
{
	return route->family && route->owner == XFIB_OWNER_KERNEL &&
	       !(route->flags & (XFIB_ROUTE_GONE | XFIB_ROUTE_MEMBER));
}

void rib__flush_device4(struct rib *rib, uint32_t ifindex)
{
	const struct xfib_route *routes = rib->maps->routes;
	uint32_t end = rib->maps->state->routes_end;

	for (uint32_t first = 1; first < end; first++) {
		struct unit unit;
		uint32_t id = first, through = 0;

		if (!is_kernel_route(&routes[first]) || routes[first].family != XFIB_INET)
			continue;
		unit = unit__at(rib, first);
		for (uint32_t i = 0; i < unit.count; i++, id = routes[id].next)
			through += rib->maps->nexthops[routes[id].nexthop].ifindex == ifindex;
		if (through == unit.count)
			remove_at(rib, first);
	}
}

void rib__begin_dump(struct rib *rib)
{
	memset(rib->seen, 0, rib->maps->state->routes_end);
	rib->dumping = true;
	rib->refused = false;
}

void rib__end_dump(struct rib *rib)
{
	uint32_t end = rib->maps->state->routes_end;

	for (uint32_t first = 1; first < end; first++) {
		if (is_kernel_route(&rib->maps->routes[first]) && !rib->seen[first])
			remove_at(rib, first);
	}
	if (!rib->refused)
		target__clear_incomplete(rib);
	rib->dumping = false;
}

void rib__abort_dump(struct rib *rib)
{
	rib->dumping = false;
}

bool rib__is_incomplete(const struct rib *rib)
{
	return rib->incomplete;
}
