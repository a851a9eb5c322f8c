// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Routes that change without a word about each: by next hop objects, and with paths that live again. See rib.h. */
#include <errno.h>
#include <string.h>

#include "maps.h"
#include "rib_private.h"

/* The place of the route that begins at a slot. */
static struct place place_of(const struct rib *rib, struct unit unit)
{
	struct place place = { .head = rib__head_at(rib, unit.first), .old = unit };

	for (uint32_t id = place.head; id && id != unit.first; id = rib->maps->routes[id].next)
		place.previous = id;
	return place;
}

static void update_route(struct rib *rib, struct unit unit, rib_object_fn update, void *data)
{
	struct rib_path paths[XFIB_GROUP_MEMBERS];
	struct rib_route route;
	struct unit made;
	bool stays;

	unit__read(rib, unit, paths, &route);
	stays = update(&route, paths, data);
	rib__changed(rib, &route, !stays);
	if (!stays)
		rib__remove(rib, place_of(rib, unit));
	else if (!unit__same(rib, unit, &route, SAME_IN_ALL))
		rib__put(rib, &route, place_of(rib, unit), &made); /* what finds no room is refused, and counted */
}

void rib__update_objects(struct rib *rib, uint8_t owner, bool (*has_changed)(uint32_t id, void *data),
			 rib_object_fn update, void *data)
{
	const struct xfib_route *routes = rib->maps->routes;
	uint32_t end = rib->maps->state->routes_end, last = 0;
	bool changed = false;

	for (uint32_t first = 1; rib->objects && first < end; first++) {
		uint32_t object = rib->objects[first];

		if (!object || !routes[first].family || routes[first].owner != owner ||
		    routes[first].flags & (XFIB_ROUTE_GONE | XFIB_ROUTE_MEMBER))
			continue;
		if (object != last) /* routes that came together are by the same one */
			changed = has_changed(object, data);
		last = object;
		if (changed)
			update_route(rib, unit__at(rib, first), update, data);
	}
}

/* ---- paths that live again ---- */

static void revive(struct rib *rib, struct unit unit, uint32_t ifindex)
{
	struct rib_path paths[XFIB_GROUP_MEMBERS];
	struct rib_route route;
	struct unit made;
	bool changed = false;

	unit__read(rib, unit, paths, &route);
	for (uint32_t i = 0; i < route.path_count; i++) {
		if (paths[i].nexthop.ifindex == ifindex && paths[i].nexthop.flags & XFIB_NEXTHOP_DEAD) {
			paths[i].nexthop.flags &= (uint8_t)~XFIB_NEXTHOP_DEAD;
			changed = true;
		}
	}
	if (!changed)
		return;
	rib__changed(rib, &route, false);
	rib__put(rib, &route, place_of(rib, unit), &made); /* what finds no room is refused, and counted */
}

void rib__revive_device4(struct rib *rib, uint32_t ifindex)
{
	const struct xfib_route *routes = rib->maps->routes;
	uint32_t end = rib->maps->state->routes_end;

	if (!nexthops__have_dead(rib->nexthops, XFIB_INET, ifindex))
		return;
	for (uint32_t first = 1; first < end; first++) {
		if (IS_KERNEL_ROUTE(&routes[first]) && routes[first].family == XFIB_INET &&
		    !(routes[first].flags & XFIB_ROUTE_NEXTHOP_OBJECT))
			revive(rib, unit__at(rib, first), ifindex);
	}
}
