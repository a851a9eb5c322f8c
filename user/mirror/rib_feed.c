// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Routes of xfib's own that one source keeps, one a prefix, and says all again when it begins anew. See rib.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "maps.h"
#include "rib_private.h"

#define IS_FED(route, of)                                                                                              \
	((route)->family && (route)->owner == XFIB_OWNER_XFIB && (route)->table == (of) &&                             \
	 !((route)->flags & (XFIB_ROUTE_GONE | XFIB_ROUTE_MEMBER)))

/* The first own route of a chain, and what is before it. */
static struct place find_own(const struct rib *rib, uint32_t head)
{
	struct place place = { .head = head };

	for (uint32_t id = head; id; id = rib->maps->routes[place.previous].next) {
		place.old = unit__at(rib, id);
		if (rib->maps->routes[id].owner == XFIB_OWNER_XFIB)
			return place;
		place.previous = place.old.last;
	}
	place.old = (struct unit){ 0 };
	return place;
}

/* Was the route stale? It is not any more. */
static bool refresh(struct rib *rib, struct unit unit)
{
	bool was_stale = rib->stale && rib->stale[unit.first];

	if (was_stale)
		rib->stale[unit.first] = 0;
	return was_stale;
}

int rib__feed(struct rib *rib, const struct rib_route *route, bool *ret_refreshed)
{
	struct place place = find_own(rib, rib__head_of(rib, route));
	struct unit made;
	bool refreshed;
	int err;

	if (!route->path_count || route->path_count > XFIB_GROUP_MEMBERS)
		return -EINVAL;
	refreshed = place.old.count && refresh(rib, place.old);
	if (!place.old.count || !unit__same(rib, place.old, route, SAME_IN_ALL)) {
		struct place former = place;

		if (!place.old.count || !unit__same_class(&rib->maps->routes[place.old.first], route)) {
			place.old = (struct unit){ 0 };
			place.previous = XFIB_NONE;
			rib__find_between(rib, route, true, &place);
		}
		err = rib__put(rib, route, place, &made);
		if (err)
			return err;
		refresh(rib, made);
		if (former.old.count && !place.old.count) { /* with another metric: it is somewhere else in the chain now */
			former = (struct place){ .head = rib__head_of(rib, route) };
			for (uint32_t id = former.head; id; id = rib->maps->routes[former.previous].next) {
				former.old = unit__at(rib, id);
				if (id != made.first && rib->maps->routes[id].owner == XFIB_OWNER_XFIB)
					break;
				former.previous = former.old.last;
			}
			rib__remove(rib, former);
		}
	}
	*ret_refreshed = refreshed;
	return 0;
}

int rib__feed_delete(struct rib *rib, const struct rib_route *route)
{
	struct place place = find_own(rib, rib__head_of(rib, route));

	return place.old.count ? rib__remove(rib, place) : -ENOENT;
}

int rib__mark_stale(struct rib *rib, uint32_t table)
{
	const struct xfib_route *routes = rib->maps->routes;
	uint32_t end = rib->maps->state->routes_end;

	if (!rib->stale)
		rib->stale = calloc(rib->maps->sizes.routes, sizeof(*rib->stale));
	if (!rib->stale)
		return -ENOMEM;
	for (uint32_t first = 1; first < end; first++)
		rib->stale[first] = IS_FED(&routes[first], table);
	return 0;
}

uint32_t rib__sweep_stale(struct rib *rib, uint32_t table)
{
	const struct xfib_route *routes = rib->maps->routes;
	uint32_t end = rib->maps->state->routes_end, swept = 0;

	for (uint32_t first = 1; rib->stale && first < end; first++) {
		struct place place;

		if (!rib->stale[first] || !IS_FED(&routes[first], table))
			continue;
		place = find_own(rib, rib__head_at(rib, first));
		while (place.old.count && place.old.first != first) { /* one that somebody else has written */
			place.previous = place.old.last;
			place.old = unit__at(rib, routes[place.previous].next);
		}
		swept += !rib__remove(rib, place);
	}
	return swept;
}
