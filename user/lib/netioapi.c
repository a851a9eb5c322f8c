// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* GetBestRoute2 over the maps: argument rules, and the row. See netioapi.h. */
#include <netioapi.h>

#include <errno.h>
#include <linux/rtnetlink.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "private.h"

/*
 * The process's instance. One that has been retired is replaced but never
 * closed, since another thread may be reading it: a restart of the daemon
 * costs a few file descriptors.
 */
static struct xfib *shared;
static pthread_mutex_t opening = PTHREAD_MUTEX_INITIALIZER;

static int shared_instance(struct xfib **ret_instance)
{
	struct xfib *instance = __atomic_load_n(&shared, __ATOMIC_ACQUIRE);
	int err = 0;

	if (instance && !xfib_instance__retired(instance)) {
		*ret_instance = instance;
		return 0;
	}
	pthread_mutex_lock(&opening);
	instance = __atomic_load_n(&shared, __ATOMIC_ACQUIRE);
	if (!instance || xfib_instance__retired(instance)) {
		err = xfib_instance__open(NULL, &instance);
		if (!err)
			__atomic_store_n(&shared, instance, __ATOMIC_RELEASE);
	}
	pthread_mutex_unlock(&opening);
	if (!err)
		*ret_instance = instance;
	return err;
}

static NTSTATUS status_of(int err)
{
	switch (-err) {
	case 0:
		return STATUS_SUCCESS;
	case ENETUNREACH:
		return STATUS_NETWORK_UNREACHABLE;
	case ENODEV:
	case EADDRNOTAVAIL:
		return STATUS_NOT_FOUND;
	case EACCES:
	case EPERM:
		return STATUS_ACCESS_DENIED;
	case ENOMEM:
		return STATUS_NO_MEMORY;
	default: /* no stack of that family, no instance */
		return STATUS_NOT_SUPPORTED;
	}
}

static const uint8_t *bytes_of(const SOCKADDR_INET *address)
{
	return address->si_family == AF_INET6 ? address->Ipv6.sin6_addr.s6_addr :
						(const uint8_t *)&address->Ipv4.sin_addr;
}

static uint32_t scope_of(const SOCKADDR_INET *address)
{
	return address->si_family == AF_INET6 ? address->Ipv6.sin6_scope_id : 0;
}

static void put_address(uint32_t family, const uint8_t bytes[16], uint32_t scope, SOCKADDR_INET *ret_address)
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

static bool is_loopback(uint32_t family, const uint8_t *bytes)
{
	static const uint8_t one[16] = { [15] = 1 };

	return family == AF_INET6 ? !memcmp(bytes, one, 16) : bytes[0] == 127;
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
static void fill_row(const struct xfib *instance, const struct xfib_result *result, MIB_IPFORWARD_ROW2 *ret_row)
{
	const struct xfib_link *link = instance__link(instance, result->route_ifindex);
	const struct xfib_route *route = &result->route;
	struct timespec now;
	uint32_t seconds;

	clock_gettime(CLOCK_MONOTONIC, &now);
	seconds = (uint32_t)now.tv_sec;
	memset(ret_row, 0, sizeof(*ret_row));
	ret_row->InterfaceIndex = result->route_ifindex;
	if (link) {
		ret_row->InterfaceLuid.Info.NetLuidIndex = link->ifindex & 0xffffff;
		ret_row->InterfaceLuid.Info.IfType = link->kind;
		ret_row->Loopback = (link->flags & XFIB_LINK_LOOPBACK) != 0;
	}
	put_address(result->family, route->prefix, 0, &ret_row->DestinationPrefix.Prefix);
	ret_row->DestinationPrefix.PrefixLength = route->prefix_length;
	if (result->gateway_family)
		put_address(result->gateway_family, result->gateway, 0, &ret_row->NextHop);
	else
		ret_row->NextHop.si_family = (ADDRESS_FAMILY)result->family;
	ret_row->ValidLifetime = 0xffffffff;
	if (route->flags & XFIB_ROUTE_EXPIRES)
		ret_row->ValidLifetime = route->expires > seconds ? route->expires - seconds : 0;
	ret_row->PreferredLifetime = ret_row->ValidLifetime;
	ret_row->Immortal = !(route->flags & XFIB_ROUTE_EXPIRES);
	ret_row->AutoconfigureAddress = (route->flags & XFIB_ROUTE_AUTOCONF) != 0;
	ret_row->Metric = route->metric;
	ret_row->Protocol = protocol_of(route, &result->nexthop);
	ret_row->Age = seconds > route->created ? seconds - route->created : 0;
	ret_row->Origin = route->protocol == RTPROT_RA	     ? NlroRouterAdvertisement :
			  route->protocol == RTPROT_DHCP     ? NlroDHCP :
			  route->type == XFIB_ROUTE_LOCAL ||
					  route->protocol == RTPROT_KERNEL ? NlroWellKnown :
									     NlroManual;
}

/* The interface that LUID or index name, 0 for none. */
static int find_interface(const struct xfib *instance, const NET_LUID *luid, NET_IFINDEX index, uint32_t *ret_ifindex)
{
	const struct xfib_link *link;

	if (!luid || !luid->Value) {
		if (!instance__link(instance, index))
			return -ENODEV;
		*ret_ifindex = index;
		return 0;
	}
	link = instance__link(instance, (uint32_t)luid->Info.NetLuidIndex);
	if (!link || link->kind != luid->Info.IfType || luid->Info.Reserved)
		return -ENODEV;
	*ret_ifindex = link->ifindex;
	return 0;
}

/* Rules on scopes and loopback: -EINVAL, or -ENETUNREACH. */
static int check_scopes(const struct xfib *instance, const SOCKADDR_INET *source, const SOCKADDR_INET *destination,
			uint32_t ifindex)
{
	uint32_t family = destination->si_family;
	const struct xfib_link *link = instance__link(instance, ifindex);

	if (scope_of(destination)) {
		if (!address__is_link_local(family, bytes_of(destination)) || scope_of(destination) != ifindex)
			return -EINVAL;
	}
	if (is_loopback(family, bytes_of(destination)) && !(link->flags & XFIB_LINK_LOOPBACK))
		return -EINVAL;
	if (!source)
		return 0;
	if (scope_of(source) && !address__is_link_local(family, bytes_of(source)))
		return -EINVAL;
	if (is_loopback(family, bytes_of(source)) && !is_loopback(family, bytes_of(destination)))
		return -ENETUNREACH;
	return 0;
}

static int look_up(const NET_LUID *luid, NET_IFINDEX index, const SOCKADDR_INET *source,
		   const SOCKADDR_INET *destination, MIB_IPFORWARD_ROW2 *ret_row, SOCKADDR_INET *ret_source)
{
	uint32_t family = destination->si_family;
	size_t length = family == AF_INET6 ? 16 : 4;
	struct xfib_query query = { .size = sizeof(query), .family = family, .flags = XFIB_QUERY_STRONG_HOST };
	struct xfib_result result;
	struct xfib *instance;
	int err = shared_instance(&instance);

	if (!err)
		err = find_interface(instance, luid, index, &query.ifindex);
	if (err)
		return err;
	memcpy(query.destination, bytes_of(destination), length);
	if (source && source->si_family == family) {
		memcpy(query.source, bytes_of(source), length);
		query.source_scope = scope_of(source);
	}
	err = check_scopes(instance, address__is_zero(query.source) ? NULL : source, destination, query.ifindex);
	if (!err)
		err = xfib_lookup__best(instance, &query, &result);
	/* What stands for "no such destination" on Linux is no route at all on Windows. */
	if (!err && (result.route.type == XFIB_ROUTE_UNREACHABLE || result.route.type == XFIB_ROUTE_PROHIBIT ||
		     result.route.type == XFIB_ROUTE_BLACKHOLE))
		err = -ENETUNREACH;
	if (err)
		return err;
	fill_row(instance, &result, ret_row);
	put_address(family, result.source, result.source_scope, ret_source);
	return 0;
}

XFIB_PUBLIC NETIO_STATUS GetBestRoute2(NET_LUID *InterfaceLuid, NET_IFINDEX InterfaceIndex,
				       const SOCKADDR_INET *SourceAddress, const SOCKADDR_INET *DestinationAddress,
				       ULONG AddressSortOptions, PMIB_IPFORWARD_ROW2 BestRoute,
				       SOCKADDR_INET *BestSourceAddress)
{
	MIB_IPFORWARD_ROW2 row = { 0 };
	SOCKADDR_INET source;
	int err;

	(void)AddressSortOptions;
	if (!DestinationAddress || !BestRoute || !BestSourceAddress ||
	    (DestinationAddress->si_family != AF_INET && DestinationAddress->si_family != AF_INET6) ||
	    ((!InterfaceLuid || !InterfaceLuid->Value) && !InterfaceIndex))
		return STATUS_INVALID_PARAMETER;
	memset(&row, 0, sizeof(row));
	memset(&source, 0, sizeof(source));
	err = look_up(InterfaceLuid, InterfaceIndex, SourceAddress, DestinationAddress, &row, &source);
	if (err == -EINVAL)
		return STATUS_INVALID_PARAMETER;
	memcpy(BestRoute, &row, sizeof(row));
	memcpy(BestSourceAddress, &source, sizeof(source));
	return status_of(err);
}
