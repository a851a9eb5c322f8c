// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Rows and addresses as netioapi has them. */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <time.h>

#include "netioapi_private.h"

/* Protocols that both systems have. Local is what the kernel did by itself. */
static const uint8_t protocols[256] = {
	[RTPROT_KERNEL] = RouteProtocolLocal, [RTPROT_REDIRECT] = RouteProtocolIcmp, [RTPROT_BGP] = RouteProtocolBgp,
	[RTPROT_OSPF] = RouteProtocolOspf,    [RTPROT_ISIS] = RouteProtocolIsIs,     [RTPROT_RIP] = RouteProtocolRip,
	[RTPROT_EIGRP] = RouteProtocolEigrp,  [RTPROT_DHCP] = RouteProtocolDhcp,
};

NL_ROUTE_PROTOCOL netio__protocol_of(const struct xfib_route *route)
{
	if (route->type == XFIB_ROUTE_LOCAL)
		return RouteProtocolLocal;
	return protocols[route->protocol] ? (NL_ROUTE_PROTOCOL)protocols[route->protocol] : RouteProtocolNetMgmt;
}

int netio__rtprot_of(NL_ROUTE_PROTOCOL protocol, uint8_t *ret_rtprot)
{
	int number = (int)protocol;

	for (size_t i = 1; i < sizeof(protocols); i++) {
		if (protocols[i] && (NL_ROUTE_PROTOCOL)protocols[i] == protocol) {
			*ret_rtprot = (uint8_t)i;
			return 0;
		}
	}
	/* Unset, by InitializeIpForwardEntry() or in a zeroed row, or one that Linux has no number for. */
	if (number != -1 && (number < 0 || number > RouteProtocolDhcp) && number != MIB_IPPROTO_NT_AUTOSTATIC &&
	    number != MIB_IPPROTO_NT_STATIC && number != MIB_IPPROTO_NT_STATIC_NON_DOD)
		return -EINVAL;
	*ret_rtprot = RTPROT_STATIC;
	return 0;
}

void netio__fill_row(const struct xfib *instance, const struct xfib_route *route, const struct xfib_nexthop *nexthop,
		     MIB_IPFORWARD_ROW2 *ret_row)
{
	struct xfib_link link;

	netio__fill_row_of(xfib_link__by_index(instance, nexthop->ifindex, &link) ? NULL : &link, route, nexthop, ret_row);
}

void netio__fill_row_of(const struct xfib_link *link, const struct xfib_route *route,
			const struct xfib_nexthop *nexthop, MIB_IPFORWARD_ROW2 *ret_row)
{
	struct timespec now;
	uint32_t seconds;

	/* Seconds are all that is needed: the processor's counter, which waits for all reads under way, is not. */
	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	seconds = (uint32_t)now.tv_sec;
	memset(ret_row, 0, sizeof(*ret_row));
	ret_row->InterfaceIndex = nexthop->ifindex;
	if (link) {
		netio__luid_of(link, &ret_row->InterfaceLuid);
		ret_row->Loopback = (link->flags & XFIB_LINK_LOOPBACK) != 0;
	}
	netio__put_address(route->family, route->prefix, 0, &ret_row->DestinationPrefix.Prefix);
	ret_row->DestinationPrefix.PrefixLength = route->prefix_length;
	if (nexthop->gateway_family)
		netio__put_address(nexthop->gateway_family, nexthop->gateway, 0, &ret_row->NextHop);
	else
		ret_row->NextHop.si_family = (ADDRESS_FAMILY)route->family;
	ret_row->ValidLifetime = 0xffffffff;
	if (route->flags & XFIB_ROUTE_EXPIRES)
		ret_row->ValidLifetime = route->expires > seconds ? route->expires - seconds : 0;
	ret_row->PreferredLifetime = ret_row->ValidLifetime;
	ret_row->Immortal = !(route->flags & XFIB_ROUTE_EXPIRES);
	ret_row->AutoconfigureAddress = (route->flags & XFIB_ROUTE_AUTOCONF) != 0;
	ret_row->Metric = route->metric;
	ret_row->Protocol = netio__protocol_of(route);
	ret_row->Age = seconds > route->created ? seconds - route->created : 0;
	ret_row->Origin = route->protocol == RTPROT_RA	     ? NlroRouterAdvertisement :
			  route->protocol == RTPROT_DHCP     ? NlroDHCP :
			  route->type == XFIB_ROUTE_LOCAL ||
					  route->protocol == RTPROT_KERNEL ? NlroWellKnown :
									     NlroManual;
}
