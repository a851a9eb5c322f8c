// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Tells of changes. Every change of routes is one unit put in place of another
 * (place__splice()): their paths are compared here by interface and gateway.
 *
 * What a user cannot see is no change: targets, MAC addresses, whether a device
 * is up or a path dead, how long a route has yet to live.
 *
 * Cost: nothing without a listener; the product of the numbers of paths with
 * one, which is 1 for most routes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xfib/xfib.h>

#include "maps.h"
#include "rib_private.h"

void rib__set_path_listener(struct rib *rib, rib_path_fn listener, void *data)
{
	rib->path_listener = listener;
	rib->path_data = data;
}

void rib__set_route_listener(struct rib *rib, rib_route_fn listener, void *data)
{
	rib->route_listener = listener;
	rib->route_data = data;
}

/* ---- paths ---- */

static bool same_key(const struct xfib_nexthop *a, const struct xfib_nexthop *b)
{
	return a->ifindex == b->ifindex && a->gateway_family == b->gateway_family &&
	       !memcmp(a->gateway, b->gateway, sizeof(a->gateway));
}

static bool look_alike(const struct rib *rib, const struct xfib_route *a, const struct xfib_route *b)
{
	const struct xfib_nexthop *by = &rib->maps->nexthops[a->nexthop], *other = &rib->maps->nexthops[b->nexthop];
	const uint8_t route_flags = XFIB_ROUTE_EXPIRES | XFIB_ROUTE_AUTOCONF;
	const uint8_t nexthop_flags = XFIB_NEXTHOP_ONLINK | XFIB_NEXTHOP_UNSUPPORTED;

	return a->metric == b->metric && a->protocol == b->protocol && a->type == b->type && a->scope == b->scope &&
	       a->weight == b->weight && a->tos == b->tos && a->preference == b->preference &&
	       !((a->flags ^ b->flags) & route_flags) && by->route_mtu == other->route_mtu &&
	       !((by->flags ^ other->flags) & nexthop_flags) && !memcmp(by->source, other->source, sizeof(by->source));
}

static void tell(const struct rib *rib, uint32_t type, uint32_t id)
{
	const struct xfib_route *route = &rib->maps->routes[id];

	rib->path_listener(type, route, &rib->maps->nexthops[route->nexthop], rib->path_data);
}

static void list_slots(const struct rib *rib, struct unit unit, uint32_t *ret_ids)
{
	uint32_t id = unit.first;

	for (uint32_t i = 0; i < unit.count; i++, id = rib->maps->routes[id].next)
		ret_ids[i] = id;
}

/* Which old path each new one was, as its number plus 1: one that is alike before one that has changed. */
static void pair(const struct rib *rib, const uint32_t *old, uint32_t old_count, const uint32_t *made, uint32_t made_count,
		 uint16_t *ret_was, bool *ret_alike, bool *ret_kept)
{
	const struct xfib_route *routes = rib->maps->routes;

	for (int pass = 0; pass < 2; pass++) {
		for (uint32_t i = 0; i < made_count; i++) {
			const struct xfib_route *path = &routes[made[i]];

			for (uint32_t j = 0; j < old_count && !ret_was[i]; j++) {
				const struct xfib_route *other = &routes[old[j]];
				bool alike;

				if (ret_kept[j] ||
				    !same_key(&rib->maps->nexthops[path->nexthop], &rib->maps->nexthops[other->nexthop]))
					continue;
				alike = look_alike(rib, other, path);
				if (!pass && !alike)
					continue;
				ret_was[i] = (uint16_t)(j + 1);
				ret_alike[i] = alike;
				ret_kept[j] = true;
			}
		}
	}
}

static void tell_all(const struct rib *rib, uint32_t type, struct unit unit)
{
	uint32_t id = unit.first;

	for (uint32_t i = 0; i < unit.count; i++, id = rib->maps->routes[id].next)
		tell(rib, type, id);
}

/* What has gone first, so that a path that takes its place is never there twice. */
static void tell_difference(const struct rib *rib, struct unit before, struct unit after)
{
	uint32_t old[XFIB_GROUP_MEMBERS], made[XFIB_GROUP_MEMBERS];
	bool kept[XFIB_GROUP_MEMBERS] = { 0 }, alike[XFIB_GROUP_MEMBERS] = { 0 };
	uint16_t was[XFIB_GROUP_MEMBERS] = { 0 };

	list_slots(rib, before, old);
	list_slots(rib, after, made);
	pair(rib, old, before.count, made, after.count, was, alike, kept);
	for (uint32_t i = 0; i < before.count; i++) {
		if (!kept[i])
			tell(rib, XFIB_ROUTE_DELETED, old[i]);
	}
	for (uint32_t i = 0; i < after.count; i++) {
		if (!was[i])
			tell(rib, XFIB_ROUTE_ADDED, made[i]);
		else if (!alike[i])
			tell(rib, XFIB_ROUTE_CHANGED, made[i]);
	}
}

/* ---- whole routes ---- */

/*
 * Would the kernel take `unit` when asked to delete the IPv4 route `other` of
 * its class? As fib_table_delete() compares them: a source or an MTU that
 * is not given agrees, and paths are compared as far as there are some.
 */
static bool may_be_mistaken(const struct rib *rib, struct unit unit, struct unit other)
{
	static const uint8_t none[16];
	const struct xfib_route *routes = rib->maps->routes, *held = &routes[unit.first], *asked = &routes[other.first];
	const struct xfib_nexthop *by = &rib->maps->nexthops[held->nexthop], *given = &rib->maps->nexthops[asked->nexthop];
	uint32_t compared = other.count > 1 ? unit.count : 1, id = unit.first, other_id = other.first;

	if (held->type != asked->type || held->scope != asked->scope || held->protocol != asked->protocol ||
	    compared > other.count || (given->route_mtu && given->route_mtu != by->route_mtu) ||
	    (memcmp(given->source, none, sizeof(none)) && memcmp(given->source, by->source, sizeof(none))))
		return false;
	for (uint32_t i = 0; i < compared; i++, id = routes[id].next, other_id = routes[other_id].next) {
		if (!same_key(&rib->maps->nexthops[routes[id].nexthop], &rib->maps->nexthops[routes[other_id].nexthop]))
			return false;
	}
	return true;
}

static bool same_class(const struct xfib_route *a, const struct xfib_route *b)
{
	return a->metric == b->metric && a->tos == b->tos && a->owner == b->owner;
}

/* Routes of the class of slot `any` that come before the place, and how many paths they have. */
struct before {
	struct rib_route *routes;
	struct rib_path *paths;
	uint32_t count, path_count;
	bool mistaken; /* one of them would be deleted in place of `any` */
};

/* Counts them, or reads them where there is memory for it. */
static void walk_before(const struct rib *rib, struct place place, struct unit any, struct before *before)
{
	const struct xfib_route *routes = rib->maps->routes;

	before->count = before->path_count = 0;
	for (uint32_t id = place.previous ? place.head : XFIB_NONE; id;) {
		struct unit unit = unit__at(rib, id);

		if (same_class(&routes[id], &routes[any.first])) {
			if (before->routes)
				unit__read(rib, unit, before->paths + before->path_count, &before->routes[before->count]);
			else
				before->mistaken |= may_be_mistaken(rib, unit, any);
			before->count++;
			before->path_count += unit.count;
		}
		id = unit.last == place.previous ? XFIB_NONE : routes[unit.last].next;
	}
}

/* Does another route of its class follow a unit? */
static bool is_followed(const struct rib *rib, struct unit unit)
{
	const struct xfib_route *routes = rib->maps->routes;
	uint32_t next = routes[unit.last].next;

	return next && same_class(&routes[next], &routes[unit.first]);
}

/* -ENOMEM */
static int tell_with(const struct rib *rib, struct place place, struct unit made, struct before *before)
{
	struct rib_route_change change = { .first = !before->count };
	struct rib_path few[2], *paths = few;
	struct rib_route old_route, made_route;
	uint32_t count = place.old.count + made.count;

	if (count > sizeof(few) / sizeof(few[0]))
		paths = calloc(count, sizeof(*paths));
	if (!paths)
		return -ENOMEM;
	if (place.old.count) {
		unit__read(rib, place.old, paths, &old_route);
		change.old = &old_route;
	}
	if (made.count) {
		unit__read(rib, made, paths + place.old.count, &made_route);
		change.made = &made_route;
	}
	if (before->routes) {
		change.before = before->routes;
		change.before_count = before->count;
	}
	rib->route_listener(&change, rib->route_data);
	if (paths != few)
		free(paths);
	return 0;
}

static void tell_route(const struct rib *rib, struct place place, struct unit made)
{
	static const struct rib_route_change nothing;
	struct unit any = made.count ? made : place.old;
	struct before before = { 0 };
	bool needed;
	int err = 0;

	walk_before(rib, place, any, &before);
	needed = rib->maps->routes[any.first].family == XFIB_INET && before.count &&
		 (!place.old.count ? before.mistaken : !made.count && is_followed(rib, place.old));
	if (needed) {
		before.paths = calloc(before.path_count, sizeof(*before.paths));
		before.routes = before.paths ? calloc(before.count, sizeof(*before.routes)) : NULL;
		if (before.routes)
			walk_before(rib, place, any, &before);
		else
			err = -ENOMEM;
	}
	if (!err)
		err = tell_with(rib, place, made, &before);
	if (err)
		rib->route_listener(&nothing, rib->route_data);
	free(before.routes);
	free(before.paths);
}

void rib__tell(struct rib *rib, struct place place, struct unit made)
{
	const struct xfib_route *routes = rib->maps->routes;

	if (!place.old.count && !made.count)
		return;
	if (rib->path_listener && place.old.count && made.count)
		tell_difference(rib, place.old, made);
	else if (rib->path_listener)
		tell_all(rib, made.count ? XFIB_ROUTE_ADDED : XFIB_ROUTE_DELETED, made.count ? made : place.old);
	if (rib->route_listener && routes[made.count ? made.first : place.old.first].owner == XFIB_OWNER_KERNEL)
		tell_route(rib, place, made);
}
