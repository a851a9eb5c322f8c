/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The best path of a query that nothing but an interface confines, straight
 * from the compiled FIB to the route and its next hop, where they stand in the
 * maps. That is the answer if the longest prefix has one route of one path
 * that serves; what is more involved goes the long way (search.h).
 *
 * What is found, and whatever else is read along with it, counts only if
 * fib__is_steady() says so afterwards: nothing has changed meanwhile.
 *
 * Cost: the cache lines of the compiled FIB, of xfib_fib_routes, of the route
 * and of the next hop; no lock, no system call, no copy.
 */
#ifndef XFIB_LIB_DIRECT_H
#define XFIB_LIB_DIRECT_H

#include "fib_read.h"
#include "private.h"

struct direct {
	const struct xfib_route *route;
	const struct xfib_nexthop *nexthop;
	uint32_t route_id;
};

/* Does nothing but an interface, by its index, confine the query? */
bool direct__is_for(const struct xfib_query *query);

/*
 * The path for a destination by an interface (0: any). *ret_before is for fib__is_steady(). False: the long way has to
 * tell, with XFIB_BACKEND_MAPS also because something is being changed.
 */
bool direct__find(const struct xfib *instance, uint32_t family, const uint8_t destination[16], uint32_t ifindex,
		  struct direct *ret_direct, uint32_t *ret_before);

/* The path of a prefix whose first route is `id`. False as above. */
static inline bool direct__take(const struct xfib *instance, uint32_t id, uint32_t ifindex, struct direct *ret_direct)
{
	const struct xfib_route *route = (const struct xfib_route *)instance->routes.memory + id;
	const struct xfib_nexthop *nexthop;

	if (!id || id >= instance->routes.count || route->next || route->tos || route->flags & XFIB_ROUTE_EXPIRES ||
	    route->type == XFIB_ROUTE_THROW || !route->nexthop || route->nexthop >= instance->nexthops.count)
		return false;
	nexthop = (const struct xfib_nexthop *)instance->nexthops.memory + route->nexthop;
	if (nexthop->flags & XFIB_NEXTHOP_DOWN || (ifindex && nexthop->ifindex != ifindex))
		return false;
	*ret_direct = (struct direct){ route, nexthop, id };
	return true;
}

#endif
