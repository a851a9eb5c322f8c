// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * CreateIpForwardEntry2, SetIpForwardEntry2 and DeleteIpForwardEntry2: the
 * table of cases. After each call the kernel is asked for the prefix, and,
 * without waiting, GetIpForwardEntry2 and GetBestRoute2 for its row: a change
 * has arrived when the call returns.
 */
#include <stdio.h>
#include <string.h>

#include "conformance.h"

#define NO_NEXT_HOP "AF 0"
#define V4 "100.80.0.0"
#define V6 "2001:db8:80::"

enum function { CREATE, SET, DELETE };

/* How the row begins before the fields below are put in. */
enum start { INITIALIZED, ZEROED, POISONED };

struct change_case {
	const char *desc;
	enum world world;
	enum function function;
	enum status status[2];
	enum start start;
	const char *luid;
	NET_IFINDEX index;
	const char *prefix; /* without its length; NULL: the row is */
	int length;
	const char *next_hop;
	/* 0: as the row begins */
	ULONG metric, valid, preferred;
	int protocol, site;
	const char *before;   /* lines of `ip -batch` */
	const char *kernel;   /* what `ip route show PREFIX` has afterwards */
	struct row row;       /* of the key afterwards; none: not found */
};

#define STATIC RouteProtocolNetMgmt, NlroManual
#define BY(index) NULL, index
#define THERE4 .before = "route add 100.80.0.0/16 via 10.1.0.1 proto static metric 5"
#define THERE6 .before = "route add 2001:db8:80::/48 via 2001:db8:1::1 proto static metric 5"
#define AS_IT_WAS4 THERE4, .kernel = V4 "/16 via 10.1.0.1 dev t1 proto static metric 5", .row = { V4 "/16", "10.1.0.1", T1, 5, STATIC }
#define AS_IT_WAS6 THERE6, .kernel = V6 "/48 via 2001:db8:1::1 dev t1 proto static metric 5 pref medium", .row = { V6 "/48", "2001:db8:1::1", T1, 5, STATIC }

static const struct change_case cases[] = {
	/* ---- Create ---- */
	{ "NULL", HOST, CREATE, BOTH(INVALID) },
	{ "by index", HOST, CREATE, BOTH(OK), INITIALIZED, BY(T1), V4, 16, "10.1.0.1", .kernel = V4 "/16 via 10.1.0.1 dev t1 proto static", .row = { V4 "/16", "10.1.0.1", T1, 0, STATIC } },
	{ "by LUID", HOST, CREATE, BOTH(OK), INITIALIZED, "6:12", 0, V4, 16, "10.2.0.1", .kernel = V4 "/16 via 10.2.0.1 dev t2 proto static", .row = { V4 "/16", "10.2.0.1", T2, 0, STATIC } },
	{ "LUID before index", HOST, CREATE, BOTH(OK), INITIALIZED, "6:12", T1, V4, 16, "10.2.0.1", .kernel = V4 "/16 via 10.2.0.1 dev t2 proto static", .row = { V4 "/16", "10.2.0.1", T2, 0, STATIC } },
	{ "a zeroed row with only the keys set", HOST, CREATE, BOTH(OK), ZEROED, BY(T1), V4, 16, "10.1.0.1", .kernel = V4 "/16 via 10.1.0.1 dev t1 proto static", .row = { V4 "/16", "10.1.0.1", T1, 0, STATIC } },
	{ "a metric", HOST, CREATE, BOTH(OK), INITIALIZED, BY(T1), V4, 16, "10.1.0.1", .metric = 77, .kernel = V4 "/16 via 10.1.0.1 dev t1 proto static metric 77", .row = { V4 "/16", "10.1.0.1", T1, 77, STATIC } },
	{ "protocol NetMgmt", HOST, CREATE, BOTH(OK), INITIALIZED, BY(T1), V4, 16, "10.1.0.1", .protocol = 3, .kernel = V4 "/16 via 10.1.0.1 dev t1 proto static", .row = { V4 "/16", "10.1.0.1", T1, 0, STATIC } },
	{ "protocol BGP", HOST, CREATE, BOTH(OK), INITIALIZED, BY(T1), V4, 16, "10.1.0.1", .protocol = 14, .kernel = V4 "/16 via 10.1.0.1 dev t1 proto bgp", .row = { V4 "/16", "10.1.0.1", T1, 0, RouteProtocolBgp, NlroManual } },
	{ "protocol OSPF", HOST, CREATE, BOTH(OK), INITIALIZED, BY(T1), V4, 16, "10.1.0.1", .protocol = 13, .kernel = V4 "/16 via 10.1.0.1 dev t1 proto ospf", .row = { V4 "/16", "10.1.0.1", T1, 0, RouteProtocolOspf, NlroManual } },
	{ "protocol NT_STATIC", HOST, CREATE, BOTH(OK), INITIALIZED, BY(T1), V4, 16, "10.1.0.1", .protocol = 10006, .kernel = V4 "/16 via 10.1.0.1 dev t1 proto static", .row = { V4 "/16", "10.1.0.1", T1, 0, STATIC } },
	{ "on-link", HOST, CREATE, BOTH(OK), INITIALIZED, BY(T1), V4, 16, "0.0.0.0", .kernel = V4 "/16 dev t1 proto static scope link", .row = { V4 "/16", NULL, T1, 0, STATIC } },
	{ "on-link by a TUN device", HOST, CREATE, BOTH(OK), INITIALIZED, "1:16", 0, V4, 16, "0.0.0.0", .kernel = V4 "/16 dev tun0 proto static scope link linkdown", .row = { V4 "/16", NULL, TUN0, 0, STATIC } },
	{ "a host", HOST, CREATE, BOTH(OK), INITIALIZED, BY(T1), "100.80.0.7", 32, "10.1.0.1", .kernel = "100.80.0.7 via 10.1.0.1 dev t1 proto static", .row = { "100.80.0.7/32", "10.1.0.1", T1, 0, STATIC } },
	{ "a gateway of the other family", HOST, CREATE, BOTH(OK), INITIALIZED, BY(T2), V4, 16, "2001:db8:2::1", .kernel = V4 "/16 via inet6 2001:db8:2::1 dev t2 proto static", .row = { V4 "/16", "2001:db8:2::1", T2, 0, STATIC } },
	{ "a default route beside the other one", HOST, CREATE, BOTH(OK), INITIALIZED, BY(T1), "0.0.0.0", 0, "10.1.0.1", .metric = 200, .kernel = "default via 10.2.0.1 dev t2 proto dhcp metric 100\ndefault via 10.1.0.1 dev t1 proto static metric 200", .row = { "0.0.0.0/0", "10.1.0.1", T1, 200, STATIC } },
	{ "the same prefix by another next hop", HOST, CREATE, BOTH(OK), INITIALIZED, BY(T2), V4, 16, "10.2.0.1", .metric = 6, THERE4, .kernel = V4 "/16 via 10.1.0.1 dev t1 proto static metric 5\n" V4 "/16 via 10.2.0.1 dev t2 proto static metric 6", .row = { V4 "/16", "10.2.0.1", T2, 6, STATIC } },
	{ "the same prefix and metric by another next hop", HOST, CREATE, BOTH(OK), INITIALIZED, BY(T2), V4, 16, "10.2.0.1", .metric = 5, THERE4, .kernel = V4 "/16 via 10.1.0.1 dev t1 proto static metric 5\n" V4 "/16 via 10.2.0.1 dev t2 proto static metric 5", .row = { V4 "/16", "10.2.0.1", T2, 5, STATIC } },
	{ "port and padding in the key are ignored", HOST, CREATE, BOTH(OK), INITIALIZED, BY(T1), "!" V4, 16, "!10.1.0.1", .kernel = V4 "/16 via 10.1.0.1 dev t1 proto static", .row = { V4 "/16", "10.1.0.1", T1, 0, STATIC } },
	{ "IPv6", HOST, CREATE, BOTH(OK), INITIALIZED, BY(T1), V6, 48, "2001:db8:1::1", .metric = 7, .kernel = V6 "/48 via 2001:db8:1::1 dev t1 proto static metric 7 pref medium", .row = { V6 "/48", "2001:db8:1::1", T1, 7, STATIC } },
	{ "IPv6 without a metric: the kernel has no 0", HOST, CREATE, BOTH(OK), ZEROED, BY(T1), V6, 48, "2001:db8:1::1", .kernel = V6 "/48 via 2001:db8:1::1 dev t1 proto static metric 1024 pref medium", .row = { V6 "/48", "2001:db8:1::1", T1, 1024, STATIC } },
	{ "IPv6 on-link", HOST, CREATE, BOTH(OK), INITIALIZED, BY(T1), V6, 48, "::", .metric = 7, .kernel = V6 "/48 dev t1 proto static metric 7 pref medium", .row = { V6 "/48", NULL, T1, 7, STATIC } },
	{ "IPv6 by a link-local gateway", HOST, CREATE, BOTH(OK), INITIALIZED, BY(T2), V6, 48, "fe80::1", .metric = 7, .kernel = V6 "/48 via fe80::1 dev t2 proto static metric 7 pref medium", .row = { V6 "/48", "fe80::1", T2, 7, STATIC } },
	{ "IPv6 by a link-local gateway with its scope", HOST, CREATE, BOTH(OK), INITIALIZED, BY(T2), V6, 48, "fe80::1%12", .metric = 7, .kernel = V6 "/48 via fe80::1 dev t2 proto static metric 7 pref medium", .row = { V6 "/48", "fe80::1", T2, 7, STATIC } },
	{ "prefix without a family", HOST, CREATE, BOTH(INVALID), INITIALIZED, BY(T1), "AF 0", 16, "10.1.0.1" },
	{ "prefix of Windows' own AF_INET6", HOST, CREATE, BOTH(INVALID), INITIALIZED, BY(T1), "AF 23", 16, "10.1.0.1" },
	{ "next hop without a family", HOST, CREATE, BOTH(INVALID), INITIALIZED, BY(T1), V4, 16, NO_NEXT_HOP, .kernel = "" },
	{ "next hop of another family", HOST, CREATE, BOTH(INVALID), INITIALIZED, BY(T1), V4, 16, "AF 23", .kernel = "" },
	{ "IPv4 next hop of an IPv6 prefix", HOST, CREATE, BOTH(INVALID), INITIALIZED, BY(T1), V6, 48, "10.1.0.1", .kernel = "" },
	{ "neither LUID nor index", HOST, CREATE, BOTH(INVALID), INITIALIZED, BY(0), V4, 16, "10.1.0.1", .kernel = "" },
	{ "prefix longer than an address", HOST, CREATE, BOTH(INVALID), INITIALIZED, BY(T1), V4, 33, "10.1.0.1" },
	{ "IPv6 prefix longer than an address", HOST, CREATE, BOTH(INVALID), INITIALIZED, BY(T1), V6, 129, "2001:db8:1::1" },
	{ "host bits", HOST, CREATE, BOTH(INVALID), INITIALIZED, BY(T1), "100.80.0.1", 16, "10.1.0.1", .kernel = "" },
	{ "IPv6 host bits", HOST, CREATE, BOTH(INVALID), INITIALIZED, BY(T1), "2001:db8:80::1", 48, "2001:db8:1::1", .kernel = "" },
	{ "preferred lifetime longer than valid", HOST, CREATE, BOTH(INVALID), INITIALIZED, BY(T1), V4, 16, "10.1.0.1", .valid = 100, .preferred = 101, .kernel = "" },
	{ "preferred lifetime for ever, valid not", HOST, CREATE, BOTH(INVALID), INITIALIZED, BY(T1), V4, 16, "10.1.0.1", .valid = 100, .kernel = "" },
	{ "lifetimes of an IPv6 route", HOST, CREATE, BOTH(OK), INITIALIZED, BY(T1), V6, 48, "2001:db8:1::1", .metric = 7, .valid = 3000, .preferred = 3000, .row = { V6 "/48", "2001:db8:1::1", T1, 7, STATIC, 3000 } },
	{ "site prefix longer than the prefix", HOST, CREATE, BOTH(INVALID), INITIALIZED, BY(T1), V4, 16, "10.1.0.1", .site = 17, .kernel = "" },
	{ "site prefix as long as the prefix", HOST, CREATE, BOTH(OK), INITIALIZED, BY(T1), V4, 16, "10.1.0.1", .site = 16, .kernel = V4 "/16 via 10.1.0.1 dev t1 proto static", .row = { V4 "/16", "10.1.0.1", T1, 0, STATIC } },
	{ "unknown index", HOST, CREATE, BOTH(NOT_FOUND), INITIALIZED, BY(UNKNOWN), V4, 16, "10.1.0.1" },
	{ "unknown LUID", HOST, CREATE, BOTH(NOT_FOUND), INITIALIZED, "6:9999", T1, V4, 16, "10.1.0.1" },
	{ "LUID of another type", HOST, CREATE, BOTH(NOT_FOUND), INITIALIZED, "24:11", T1, V4, 16, "10.1.0.1" },
	{ "invalid prefix before an unknown index", HOST, CREATE, BOTH(INVALID), INITIALIZED, BY(UNKNOWN), V4, 33, "10.1.0.1" },
	{ "already there", HOST, CREATE, BOTH(EXISTS), INITIALIZED, BY(T1), V4, 16, "10.1.0.1", .metric = 5, AS_IT_WAS4 },
	{ "already there, the metric is no part of the key", HOST, CREATE, BOTH(EXISTS), INITIALIZED, BY(T1), V4, 16, "10.1.0.1", .metric = 6, AS_IT_WAS4 },
	{ "already there, IPv6", HOST, CREATE, BOTH(EXISTS), INITIALIZED, BY(T1), V6, 48, "2001:db8:1::1", .metric = 6, AS_IT_WAS6 },
	{ "a path of several is already there", HOST, CREATE, BOTH(EXISTS), INITIALIZED, BY(T1), "198.51.105.0", 24, "10.1.0.9" },
	{ "a connected route is already there", HOST, CREATE, BOTH(EXISTS), INITIALIZED, BY(T1), "10.1.0.0", 24, "0.0.0.0" },
	{ "IPv6 where it is disabled", NO6, CREATE, BOTH(NOT_SUPPORTED), INITIALIZED, BY(T1), V6, 48, "2001:db8:1::1" },
	{ "IPv4 beside it", NO6, CREATE, BOTH(OK), INITIALIZED, BY(T1), V4, 16, "10.1.0.1", .kernel = V4 "/16 via 10.1.0.1 dev t1 proto static", .row = { V4 "/16", "10.1.0.1", T1, 0, STATIC } },
	{ "an interface that is down takes no routes", HOST, CREATE, BOTH(NOT_SUPPORTED), INITIALIZED, BY(T3), V4, 16, "0.0.0.0", .kernel = "" },

	/* ---- Set ---- */
	{ "NULL", HOST, SET, BOTH(INVALID) },
	{ "another metric", HOST, SET, BOTH(OK), INITIALIZED, BY(T1), V4, 16, "10.1.0.1", .metric = 9, THERE4, .kernel = V4 "/16 via 10.1.0.1 dev t1 proto static metric 9", .row = { V4 "/16", "10.1.0.1", T1, 9, STATIC } },
	{ "an unset metric is 0", HOST, SET, BOTH(OK), INITIALIZED, BY(T1), V4, 16, "10.1.0.1", THERE4, .kernel = V4 "/16 via 10.1.0.1 dev t1 proto static", .row = { V4 "/16", "10.1.0.1", T1, 0, STATIC } },
	{ "another protocol", HOST, SET, BOTH(OK), INITIALIZED, BY(T1), V4, 16, "10.1.0.1", .metric = 5, .protocol = 14, THERE4, .kernel = V4 "/16 via 10.1.0.1 dev t1 proto bgp metric 5", .row = { V4 "/16", "10.1.0.1", T1, 5, RouteProtocolBgp, NlroManual } },
	{ "nothing changes", HOST, SET, BOTH(OK), INITIALIZED, BY(T1), V4, 16, "10.1.0.1", .metric = 5, AS_IT_WAS4 },
	{ "by LUID", HOST, SET, BOTH(OK), ZEROED, "6:11", 0, V4, 16, "10.1.0.1", .metric = 9, THERE4, .kernel = V4 "/16 via 10.1.0.1 dev t1 proto static metric 9", .row = { V4 "/16", "10.1.0.1", T1, 9, STATIC } },
	{ "one of two routes of a prefix", HOST, SET, BOTH(OK), INITIALIZED, BY(T1), V4, 16, "10.1.0.1", .metric = 9, .before = "route add 100.80.0.0/16 via 10.1.0.1 proto static metric 5\nroute add 100.80.0.0/16 via 10.2.0.1 proto static metric 6",
	  .kernel = V4 "/16 via 10.2.0.1 dev t2 proto static metric 6\n" V4 "/16 via 10.1.0.1 dev t1 proto static metric 9", .row = { V4 "/16", "10.1.0.1", T1, 9, STATIC } },
	{ "what a row does not say stays", HOST, SET, BOTH(OK), INITIALIZED, BY(T1), V4, 16, "10.1.0.1", .metric = 9, .before = "route add 100.80.0.0/16 via 10.1.0.1 proto static metric 5 src 10.1.8.1 mtu 1400",
	  .kernel = V4 "/16 via 10.1.0.1 dev t1 proto static src 10.1.8.1 metric 9 mtu 1400", .row = { V4 "/16", "10.1.0.1", T1, 9, STATIC } },
	{ "IPv6", HOST, SET, BOTH(OK), INITIALIZED, BY(T1), V6, 48, "2001:db8:1::1", .metric = 9, THERE6, .kernel = V6 "/48 via 2001:db8:1::1 dev t1 proto static metric 9 pref medium", .row = { V6 "/48", "2001:db8:1::1", T1, 9, STATIC } },
	{ "no such route", HOST, SET, BOTH(NOT_FOUND), INITIALIZED, BY(T1), V4, 16, "10.1.0.1", .kernel = "" },
	{ "another next hop", HOST, SET, BOTH(NOT_FOUND), INITIALIZED, BY(T1), V4, 16, "10.1.0.2", THERE4, .kernel = V4 "/16 via 10.1.0.1 dev t1 proto static metric 5" },
	{ "another interface", HOST, SET, BOTH(NOT_FOUND), INITIALIZED, BY(T2), V4, 16, "10.1.0.1", THERE4, .kernel = V4 "/16 via 10.1.0.1 dev t1 proto static metric 5" },
	{ "another prefix length", HOST, SET, BOTH(NOT_FOUND), INITIALIZED, BY(T1), V4, 17, "10.1.0.1" },
	{ "unknown index", HOST, SET, BOTH(NOT_FOUND), INITIALIZED, BY(UNKNOWN), V4, 16, "10.1.0.1" },
	{ "next hop without a family", HOST, SET, BOTH(INVALID), INITIALIZED, BY(T1), V4, 16, NO_NEXT_HOP, THERE4, .kernel = V4 "/16 via 10.1.0.1 dev t1 proto static metric 5" },
	{ "host bits", HOST, SET, BOTH(INVALID), INITIALIZED, BY(T1), "100.80.0.1", 16, "10.1.0.1" },
	{ "neither LUID nor index", HOST, SET, BOTH(INVALID), INITIALIZED, BY(0), V4, 16, "10.1.0.1" },
	{ "preferred lifetime longer than valid", HOST, SET, BOTH(INVALID), INITIALIZED, BY(T1), V4, 16, "10.1.0.1", .valid = 1, .preferred = 2, AS_IT_WAS4 },
	{ "site prefix longer than the prefix", HOST, SET, BOTH(INVALID), INITIALIZED, BY(T1), V4, 16, "10.1.0.1", .site = 17, AS_IT_WAS4 },
	{ "IPv6 where it is disabled", NO6, SET, BOTH(NOT_SUPPORTED), INITIALIZED, BY(T1), V6, 48, "2001:db8:1::1" },

	/* ---- Delete ---- */
	{ "NULL", HOST, DELETE, BOTH(INVALID) },
	{ "an otherwise zeroed row", HOST, DELETE, BOTH(OK), ZEROED, BY(T1), V4, 16, "10.1.0.1", THERE4, .kernel = "" },
	{ "only the key is read", HOST, DELETE, BOTH(OK), POISONED, BY(T1), V4, 16, "10.1.0.1", THERE4, .kernel = "" },
	{ "by LUID, and the index is ignored", HOST, DELETE, BOTH(OK), POISONED, "6:11", UNKNOWN, V4, 16, "10.1.0.1", THERE4, .kernel = "" },
	{ "on-link", HOST, DELETE, BOTH(OK), ZEROED, BY(T1), V4, 16, "0.0.0.0", .before = "route add 100.80.0.0/16 dev t1", .kernel = "" },
	{ "IPv6", HOST, DELETE, BOTH(OK), ZEROED, BY(T1), V6, 48, "2001:db8:1::1", THERE6, .kernel = "" },
	{ "one of two routes of a prefix", HOST, DELETE, BOTH(OK), ZEROED, BY(T1), V4, 16, "10.1.0.1", .before = "route add 100.80.0.0/16 via 10.1.0.1 metric 5\nroute add 100.80.0.0/16 via 10.2.0.1 proto static metric 6", .kernel = V4 "/16 via 10.2.0.1 dev t2 proto static metric 6" },
	{ "one of several paths", HOST, DELETE, BOTH(OK), ZEROED, BY(T1), V4, 16, "10.1.0.1", .before = "route add 100.80.0.0/16 proto static nexthop via 10.1.0.1 nexthop via 10.2.0.1", .kernel = V4 "/16 via 10.2.0.1 dev t2 proto static" },
	{ "one of several IPv6 paths", HOST, DELETE, BOTH(OK), ZEROED, BY(T1), V6, 48, "2001:db8:1::1", .before = "route add 2001:db8:80::/48 proto static nexthop via 2001:db8:1::1 nexthop via 2001:db8:2::1", .kernel = V6 "/48 via 2001:db8:2::1 dev t2 proto static metric 1024 pref medium" },
	{ "no such route", HOST, DELETE, BOTH(NOT_FOUND), ZEROED, BY(T1), V4, 16, "10.1.0.1", .kernel = "" },
	{ "another next hop", HOST, DELETE, BOTH(NOT_FOUND), ZEROED, BY(T1), V4, 16, "10.1.0.2", THERE4, .kernel = V4 "/16 via 10.1.0.1 dev t1 proto static metric 5" },
	{ "on-link where there is a gateway", HOST, DELETE, BOTH(NOT_FOUND), ZEROED, BY(T1), V4, 16, "0.0.0.0", THERE4, .kernel = V4 "/16 via 10.1.0.1 dev t1 proto static metric 5" },
	{ "another prefix length", HOST, DELETE, BOTH(NOT_FOUND), ZEROED, BY(T1), V4, 17, "10.1.0.1" },
	{ "unknown index", HOST, DELETE, BOTH(NOT_FOUND), ZEROED, BY(UNKNOWN), V4, 16, "10.1.0.1" },
	{ "unknown LUID", HOST, DELETE, BOTH(NOT_FOUND), ZEROED, "6:9999", T1, V4, 16, "10.1.0.1" },
	{ "prefix without a family", HOST, DELETE, BOTH(INVALID), ZEROED, BY(T1), "AF 0", 16, "10.1.0.1" },
	{ "next hop without a family", HOST, DELETE, BOTH(INVALID), ZEROED, BY(T1), V4, 16, NO_NEXT_HOP, THERE4, .kernel = V4 "/16 via 10.1.0.1 dev t1 proto static metric 5" },
	{ "neither LUID nor index", HOST, DELETE, BOTH(INVALID), ZEROED, BY(0), V4, 16, "10.1.0.1" },
	{ "a blackhole is no row", HOST, DELETE, BOTH(NOT_FOUND), ZEROED, BY(LO), "198.51.100.0", 24, "0.0.0.0" },
	{ "a route of another table is none", HOST, DELETE, BOTH(NOT_FOUND), ZEROED, BY(T1), "198.51.123.0", 24, "10.1.0.1" },
};

/* ---- one call ---- */

static const char *const names[] = { "CreateIpForwardEntry2", "SetIpForwardEntry2", "DeleteIpForwardEntry2" };

static void make_row(const struct change_case *c, MIB_IPFORWARD_ROW2 *ret_row)
{
	memset(ret_row, c->start == POISONED ? POISON : 0, sizeof(*ret_row));
	if (c->start == INITIALIZED) {
		InitializeIpForwardEntry(ret_row);
		ret_row->Age = ret_row->Origin = (int)0x5a5a5a5a; /* ignored */
	}
	ret_row->InterfaceLuid = luid__read(c->luid ? c->luid : "0");
	ret_row->InterfaceIndex = c->index;
	address__read(c->prefix, &ret_row->DestinationPrefix.Prefix);
	ret_row->DestinationPrefix.PrefixLength = (UINT8)c->length;
	address__read(c->next_hop, &ret_row->NextHop);
	if (c->metric)
		ret_row->Metric = c->metric;
	if (c->valid)
		ret_row->ValidLifetime = c->valid;
	if (c->preferred)
		ret_row->PreferredLifetime = c->preferred;
	if (c->protocol)
		ret_row->Protocol = (NL_ROUTE_PROTOCOL)c->protocol;
	if (c->site)
		ret_row->SitePrefixLength = (UCHAR)c->site;
}

static NETIO_STATUS call(enum function function, const MIB_IPFORWARD_ROW2 *row)
{
	return function == CREATE ? CreateIpForwardEntry2(row) :
	       function == SET	  ? SetIpForwardEntry2(row) :
				    DeleteIpForwardEntry2(row);
}

/* The row of the key, as both functions that read have it at this moment. */
static void check_row(char why[WHY_BYTES], const struct change_case *c, const MIB_IPFORWARD_ROW2 *key)
{
	MIB_IPFORWARD_ROW2 row = *key;
	SOCKADDR_INET source;
	NETIO_STATUS status = GetIpForwardEntry2(&row);

	if (!c->row.prefix) {
		result__status(why, CONTRACT, NOT_FOUND, (uint32_t)status);
		return;
	}
	result__status(why, CONTRACT, OK, (uint32_t)status);
	row__compare(why, &c->row, &row);
	poison(&row, sizeof(row));
	status = GetBestRoute2(NULL, c->row.index, NULL, &key->DestinationPrefix.Prefix, 0, &row, &source);
	result__status(why, CONTRACT, OK, (uint32_t)status);
	row__compare(why, &c->row, &row);
}

static void run_case(const struct change_case *c)
{
	MIB_IPFORWARD_ROW2 row = { 0 }, given;
	char why[WHY_BYTES] = "";
	const char *kernel;

	if (c->before)
		ip(c->before);
	if (c->prefix)
		make_row(c, &row);
	given = row;
	result__status(why, CONTRACT, c->status[CONTRACT], (uint32_t)call(c->function, c->prefix ? &row : NULL));
	if (memcmp(&row, &given, sizeof(row)))
		result__note(why, "the caller's row was changed");
	if (c->row.prefix || (c->function == DELETE && c->status[CONTRACT] == OK))
		check_row(why, c, &row);
	if (c->kernel) {
		kernel = ip__route(c->prefix, c->length);
		if (strcmp(kernel, c->kernel))
			result__note(why, "the kernel has '%s', expected '%s'", kernel, c->kernel);
	}
	result(CONTRACT, names[c->function], c->desc, why);
	if (c->before || c->row.prefix)
		ip__flush();
	if (c->row.prefix && !c->length)
		ip("route del default via 10.1.0.1 metric 200");
}

void OF_CONTRACT(change)(enum world world)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		if (cases[i].world == world)
			run_case(&cases[i]);
	}
}
