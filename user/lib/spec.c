// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* From a route that is there to what would write it. */
#include <string.h>
#include <time.h>

#include "private.h"

static uint32_t seconds_left(const struct xfib_route *route)
{
	struct timespec now;

	if (!(route->flags & XFIB_ROUTE_EXPIRES))
		return 0;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return route->expires > (uint32_t)now.tv_sec ? route->expires - (uint32_t)now.tv_sec : 1;
}

XFIB_PUBLIC void xfib_path_spec__from(const struct xfib_route *route, const struct xfib_nexthop *nexthop,
				      struct xfib_path_spec *ret_path)
{
	*ret_path = (struct xfib_path_spec){ .ifindex = nexthop->ifindex,
					     .gateway_family = nexthop->gateway_family,
					     .weight = route->weight,
					     .flags = nexthop->flags & XFIB_NEXTHOP_ONLINK };
	if (nexthop->gateway_family)
		memcpy(ret_path->gateway, nexthop->gateway, sizeof(ret_path->gateway));
}

XFIB_PUBLIC void xfib_route_spec__from(const struct xfib_route *route, const struct xfib_nexthop *nexthop,
				       struct xfib_route_spec *ret_spec, struct xfib_path_spec *ret_path)
{
	*ret_spec = (struct xfib_route_spec){ .size = sizeof(*ret_spec),
					      .family = route->family,
					      .prefix_length = route->prefix_length,
					      .table = route->table,
					      .metric = route->metric,
					      .type = route->type,
					      .scope = route->scope,
					      .protocol = route->protocol,
					      .tos = route->tos,
					      .preference = route->preference,
					      .mtu = nexthop->route_mtu,
					      .lifetime = seconds_left(route),
					      .flags = route->family == XFIB_INET ? XFIB_SPEC_SCOPE : 0,
					      .path_count = nexthop->ifindex || nexthop->gateway_family,
					      .paths = ret_path };
	memcpy(ret_spec->prefix, route->prefix, sizeof(ret_spec->prefix));
	memcpy(ret_spec->source, nexthop->source, sizeof(ret_spec->source));
	xfib_path_spec__from(route, nexthop, ret_path);
}
