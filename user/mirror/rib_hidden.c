// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * IPv6 routes that the kernel has and its dumps do not name.
 *
 * A dump names the paths of a multipath route with the first one, and goes on
 * behind the last one (fib6_dump_node()). Paths that are added join the route
 * from the end of their metric's routes: whatever came to stand there before
 * them, without a gateway or by a next hop object, is passed over from then on.
 * The kernel chooses it all the same, where the first path cannot be used; and
 * it comes to light when the paths around it go, of which no event speaks.
 *
 * So what events have told of stays when a dump does not name it, as long as it
 * may stand there: its packets go up, for there is another route of its metric.
 * That it has gone is said by an event, but where its life has ended.
 */
#include "maps.h"
#include "rib_private.h"

/* Are both the same route, as far as the kernel has one of them only? */
static bool go_the_same_way(const struct rib *rib, struct unit unit, struct unit named)
{
	struct rib_path path;
	const struct rib_route way = { .path_count = 1, .paths = &path };

	if (unit__object(rib, unit) || unit__object(rib, named))
		return unit__object(rib, unit) == unit__object(rib, named);
	unit__read_path(rib, unit.first, &path);
	return unit__named(rib, named, &way, SAME_WAY);
}

bool unit__may_be_hidden(const struct rib *rib, struct unit unit)
{
	const struct xfib_route *routes = rib->maps->routes, *held = &routes[unit.first];
	uint64_t expiry = route__expiry(held);
	bool passed_over = false;

	if (held->family != XFIB_INET6 || route__is_joinable(held->flags, rib->maps->nexthops[held->nexthop].gateway_family) ||
	    (expiry != UINT64_MAX && expiry + EXPIRY_TRUST_MS <= rib__now_ms()))
		return false;
	for (uint32_t id = rib__head_at(rib, unit.first); id;) {
		struct unit other = unit__at(rib, id);

		id = routes[other.last].next;
		if (other.first == unit.first || !rib->seen[other.first] || routes[other.first].metric != held->metric ||
		    routes[other.first].owner != held->owner)
			continue;
		if (go_the_same_way(rib, unit, other))
			return false;
		passed_over |= other.count > 1 && !unit__object(rib, other);
	}
	return passed_over;
}
