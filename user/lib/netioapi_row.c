// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Rows and addresses as netioapi has them. */
#include <linux/rtnetlink.h>
#include <string.h>
#include <time.h>

#include "netioapi_private.h"

bool netio__is_family(ADDRESS_FAMILY family)
{
	return family == AF_INET || family == AF_INET6;
}

const uint8_t *netio__bytes(const SOCKADDR_INET *address)
{
	return address->si_family == AF_INET6 ? address->Ipv6.sin6_addr.s6_addr :
						(const uint8_t *)&address->Ipv4.sin_addr;
}

uint32_t netio__scope(const SOCKADDR_INET *address)
{
	return address->si_family == AF_INET6 ? address->Ipv6.sin6_scope_id : 0;
}

void netio__put_address(uint32_t family, const uint8_t bytes[16], uint32_t scope, SOCKADDR_INET *ret_address)
{
	memset(ret_address, 0, sizeof(*ret_address));
	ret_address->si_family = (ADDRESS_FAMILY)family;
	if (family == AF_INET6) {
		memcpy(&ret_address->Ipv6.sin6_addr, bytes, 16);
		ret_address->Ipv6.sin6_scope_id = scope;
	} else {
		memcpy(&ret_address->Ipv4.sin_addr, bytes, 4);
	}
}

bool netio__has_row(uint32_t type)
{
	return type == XFIB_ROUTE_UNICAST || type == XFIB_ROUTE_LOCAL || type == XFIB_ROUTE_BROADCAST ||
	       type == XFIB_ROUTE_ANYCAST || type == XFIB_ROUTE_MULTICAST;
}

static NL_ROUTE_PROTOCOL protocol_of(const struct xfib_route *route, const struct xfib_nexthop *nexthop)
{
	if (route->type == XFIB_ROUTE_LOCAL || (route->protocol == RTPROT_KERNEL && !nexthop->gateway_family))
		return RouteProtocolLocal;
	switch (route->protocol) {
	case RTPROT_REDIRECT:
		return RouteProtocolIcmp;
	case RTPROT_BGP:
		return RouteProtocolBgp;
	case RTPROT_OSPF:
		return RouteProtocolOspf;
	case RTPROT_ISIS:
		return RouteProtocolIsIs;
	case RTPROT_RIP:
		return RouteProtocolRip;
	case RTPROT_EIGRP:
		return RouteProtocolEigrp;
	case RTPROT_DHCP:
		return RouteProtocolDhcp;
	default:
		return RouteProtocolNetMgmt;
	}
}

/* Whole row of a route; no byte of it is left undefined. */
void netio__fill_row(const struct xfib *instance, const struct xfib_route *route, const struct xfib_nexthop *nexthop,
		     MIB_IPFORWARD_ROW2 *ret_row)
{
	const struct xfib_link *link = instance__link(instance, nexthop->ifindex);
	struct timespec now;
	uint32_t seconds;

	clock_gettime(CLOCK_MONOTONIC, &now);
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
	ret_row->Protocol = protocol_of(route, nexthop);
	ret_row->Age = seconds > route->created ? seconds - route->created : 0;
	ret_row->Origin = route->protocol == RTPROT_RA	     ? NlroRouterAdvertisement :
			  route->protocol == RTPROT_DHCP     ? NlroDHCP :
			  route->type == XFIB_ROUTE_LOCAL ||
					  route->protocol == RTPROT_KERNEL ? NlroWellKnown :
									     NlroManual;
}
