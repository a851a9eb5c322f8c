// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Single routes, and paths of them, that go. See rib.h. */
#include <errno.h>
#include <stdlib.h>

#include "maps.h"
#include "rib_private.h"

int rib__remove(struct rib *rib, struct place place)
{
	uint8_t family = rib->maps->routes[place.old.first].family;
	int err = place__splice(rib, place, (struct unit){ 0 });

	if (!err)
		rib__count(rib, family, -1);
	return err;
}

int rib__put_rest(struct rib *rib, struct place place, const struct rib_route *rest)
{
	struct rib_path only = rest->paths[0];
	struct rib_route made = *rest;
	struct unit unit;
	int err;

	only.weight = 1;
	if (rest->path_count == 1)
		made.paths = &only;
	err = unit__make(rib, &made, &unit);
	if (err)
		return err;
	err = place__splice(rib, place, unit);
	if (err)
		unit__release(rib, unit, false);
	else
		unit__mark_seen(rib, unit);
	return err;
}

/* Could the kernel's dumps name a route with others of its metric that they have passed over so far? rib_hidden.c. */
static bool has_neighbours(const struct rib *rib, struct place place)
{
	const struct xfib_route *routes = rib->maps->routes, *held = &routes[place.old.first];

	for (uint32_t id = place.head; id; id = routes[id].next) {
		if (id != place.old.first && routes[id].metric == held->metric && routes[id].owner == held->owner &&
		    !(routes[id].flags & XFIB_ROUTE_MEMBER))
			return true;
	}
	return false;
}

/*
 * Replaces the unit of `place` by one without the paths that the route names. Each path has a protocol, a preference and a life
 * of its own, of which the kernel tells the first one's only.
 */
static int remove_paths(struct rib *rib, struct place place, const struct rib_route *route, enum path_likeness likeness)
{
	const struct xfib_route *routes = rib->maps->routes;
	struct rib_path *paths = calloc(place.old.count, sizeof(*paths));
	uint32_t id = place.old.first, left = 0;
	struct rib_route rest;
	int err;

	if (!paths)
		return -ENOMEM;
	unit__read(rib, place.old, paths, &rest);
	for (uint32_t i = 0; i < place.old.count; i++, id = routes[id].next) {
		bool named = false;

		for (uint32_t j = 0; j < route->path_count && !named; j++)
			named = path__same(rib, &routes[id], &route->paths[j], likeness);
		if (named)
			rib->disordered |= !i;
		else
			paths[left++] = paths[i];
	}
	rib->disordered |= rest.flags & XFIB_ROUTE_EXPIRES || has_neighbours(rib, place);
	rest.path_count = left;
	err = rib__put_rest(rib, place, &rest);
	free(paths);
	return err;
}

/* IPv4, and routes by next hop objects: the one that is alike in all things. */
static int delete_alike(struct rib *rib, const struct rib_route *route)
{
	struct place place = { .head = rib__head_of(rib, route) };

	for (uint32_t id = place.head; id;) {
		struct unit unit = unit__at(rib, id);

		if (unit__same(rib, unit, route, SAME_BUT_STATE)) {
			place.old = unit;
			return rib__remove(rib, place);
		}
		place.previous = unit.last;
		id = rib->maps->routes[unit.last].next;
	}
	return -ENOENT;
}

/* IPv6: the message names a route, or some paths of one. */
static int delete6(struct rib *rib, const struct rib_route *route, enum path_likeness likeness)
{
	const struct xfib_route *routes = rib->maps->routes;
	struct place place = { .head = rib__head_of(rib, route) }, partial = place;
	uint32_t previous = XFIB_NONE;

	for (uint32_t id = place.head; id;) {
		struct unit unit = unit__at(rib, id);
		uint32_t named = unit__same_class(&routes[id], route) ? unit__named(rib, unit, route, likeness) : 0;

		if (named && named == unit.count && named == route->path_count) {
			place.previous = previous;
			place.old = unit;
			return rib__remove(rib, place);
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
	if (unit__named(rib, partial.old, route, likeness) == partial.old.count)
		return rib__remove(rib, partial);
	return remove_paths(rib, partial, route, likeness);
}

int rib__delete(struct rib *rib, const struct rib_route *route)
{
	int err;

	rib__changed(rib, route, true);
	if (route->family == XFIB_INET || route->nexthop_id)
		return delete_alike(rib, route);
	/* Dumps, and messages about several paths, say the metrics of the first one of all. */
	err = route->path_count > 1 ? -ENOENT : delete6(rib, route, SAME_BUT_WEIGHT);
	return err == -ENOENT ? delete6(rib, route, SAME_WAY) : err;
}
