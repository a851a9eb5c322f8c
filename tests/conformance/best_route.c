// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* GetBestRoute2: the table of cases. */
#include <stdio.h>
#include <string.h>

#include "conformance.h"

#define NULL_DESTINATION 0x1
#define NULL_ROW 0x2
#define NULL_SOURCE 0x4

struct best_route_case {
	const char *desc;
	enum world world;
	enum status status[2]; /* driver, user */
	const char *luid;      /* NULL: no pointer */
	NET_IFINDEX index;
	const char *source, *destination; /* NULL: no pointer */
	struct row row;
	const char *best_source;
	const char *before, *after; /* lines of `ip -batch`, and what undoes them */
	unsigned int null;
	ULONG options;
};

#define LOCAL RouteProtocolLocal
#define NETMGMT RouteProtocolNetMgmt
#define BGP RouteProtocolBgp
#define KERNEL LOCAL, NlroWellKnown
#define STATIC NETMGMT, NlroManual
#define DEFAULT4 { "0.0.0.0/0", "10.2.0.1", T2, 100, RouteProtocolDhcp, NlroDHCP }
#define DEFAULT6 { "::/0", "2001:db8:2::1", T2, 100, NETMGMT, NlroRouterAdvertisement }
#define BGP_T1 { "203.0.113.0/24", "10.1.0.1", T1, 7, BGP, NlroManual }
#define BGP_T2 { "203.0.113.0/24", "10.2.0.1", T2, 9, BGP, NlroManual }
#define VIA(prefix, next_hop, index) { prefix, next_hop, index, 0, STATIC }
#define VIA6(prefix, next_hop, index) { prefix, next_hop, index, 1024, STATIC }

static const struct best_route_case cases[] = {
	/* ---- arguments ---- */
	{ "destination NULL", HOST, BOTH(INVALID), .index = T1, .destination = "203.0.113.1", .null = NULL_DESTINATION },
	{ "row NULL", HOST, BOTH(INVALID), .index = T1, .destination = "203.0.113.1", .null = NULL_ROW },
	{ "best source NULL", HOST, BOTH(INVALID), .index = T1, .destination = "203.0.113.1", .null = NULL_SOURCE },
	{ "everything NULL", HOST, BOTH(INVALID), .destination = "203.0.113.1", .null = NULL_DESTINATION | NULL_ROW | NULL_SOURCE },
	{ "destination of no family", HOST, BOTH(INVALID), .index = T1, .destination = "AF 0" },
	{ "destination of family AF_UNIX", HOST, BOTH(INVALID), .index = T1, .destination = "AF 1" },
	{ "destination of Windows' own AF_INET6, 23", HOST, BOTH(INVALID), .index = T1, .destination = "AF 23" },
	{ "bad family before an unknown interface", HOST, BOTH(INVALID), .index = UNKNOWN, .destination = "AF 23" },
	{ "NULL LUID and index 0", HOST, { INVALID, OK }, .destination = "203.0.113.1", .row = BGP_T1, .best_source = "10.1.0.254" },
	{ "LUID 0 and index 0", HOST, { INVALID, OK }, .luid = "0", .destination = "203.0.113.1", .row = BGP_T1, .best_source = "10.1.0.254" },
	{ "NULL LUID, index 0, a source", HOST, { INVALID, OK }, .source = "10.2.0.254", .destination = "203.0.113.1", .row = BGP_T2, .best_source = "10.2.0.254" },
	{ "neither interface before an unknown source", HOST, { INVALID, NOT_FOUND }, .source = "10.9.9.9", .destination = "203.0.113.1" },
	{ "by index", HOST, BOTH(OK), .index = T1, .destination = "203.0.113.1", .row = BGP_T1, .best_source = "10.1.0.254" },
	{ "by another index, the worse route", HOST, BOTH(OK), .index = T2, .destination = "203.0.113.1", .row = BGP_T2, .best_source = "10.2.0.254" },
	{ "by LUID", HOST, BOTH(OK), .luid = "6:12", .destination = "203.0.113.1", .row = BGP_T2, .best_source = "10.2.0.254" },
	{ "LUID before index", HOST, BOTH(OK), .luid = "6:11", .index = T2, .destination = "203.0.113.1", .row = BGP_T1, .best_source = "10.1.0.254" },
	{ "LUID, and the index is ignored", HOST, BOTH(OK), .luid = "6:11", .index = UNKNOWN, .destination = "203.0.113.1", .row = BGP_T1, .best_source = "10.1.0.254" },
	{ "LUID of value 0, then the index", HOST, { OK, NONE }, .luid = "0", .index = T2, .destination = "203.0.113.1", .row = BGP_T2, .best_source = "10.2.0.254" },
	{ "LUID of value 0, no constraint whatever the index", HOST, { NONE, OK }, .luid = "0", .index = T2, .destination = "203.0.113.1", .row = BGP_T1, .best_source = "10.1.0.254" },
	{ "LUID of value 0 and an unknown index", HOST, { NOT_FOUND, OK }, .luid = "0", .index = UNKNOWN, .destination = "203.0.113.1", .row = BGP_T1, .best_source = "10.1.0.254" },
	{ "unknown index", HOST, { NOT_FOUND, FILE_NOT_FOUND }, .index = UNKNOWN, .destination = "203.0.113.1" },
	{ "largest index", HOST, { NOT_FOUND, FILE_NOT_FOUND }, .index = 0xffffffff, .destination = "203.0.113.1" },
	{ "unknown index, IPv6", HOST, { NOT_FOUND, FILE_NOT_FOUND }, .index = UNKNOWN, .destination = "2001:db8:100::1" },
	{ "unknown LUID", HOST, BOTH(NOT_FOUND), .luid = "6:9999", .index = T1, .destination = "203.0.113.1" },
	{ "LUID of another type", HOST, BOTH(NOT_FOUND), .luid = "24:11", .index = T1, .destination = "203.0.113.1" },
	{ "LUID with reserved bits", HOST, BOTH(NOT_FOUND), .luid = "6:11:5", .index = T1, .destination = "203.0.113.1" },
	{ "LUID with reserved bits alone", HOST, BOTH(NOT_FOUND), .luid = "0:0:1", .index = T1, .destination = "203.0.113.1" },
	{ "address sort options are unused", HOST, BOTH(OK), .index = T1, .destination = "203.0.113.1", .options = 0xffffffff, .row = BGP_T1, .best_source = "10.1.0.254" },
	{ "port and padding of the destination are ignored", HOST, BOTH(OK), .index = T1, .destination = "!203.0.113.1", .row = BGP_T1, .best_source = "10.1.0.254" },
	{ "port and flow info of the destination are ignored, IPv6", HOST, BOTH(OK), .index = T2, .destination = "!2001:db8:100::1", .row = { "2001:db8:100::/48", "2001:db8:2::1", T2, 20, RouteProtocolOspf, NlroManual }, .best_source = "2001:db8:2::fe" },

	/* ---- the source ---- */
	{ "source of this interface", HOST, BOTH(OK), .index = T1, .source = "10.1.0.254", .destination = "203.0.113.1", .row = BGP_T1, .best_source = "10.1.0.254" },
	{ "a secondary address as source", HOST, BOTH(OK), .index = T1, .source = "10.1.0.253", .destination = "203.0.113.1", .row = BGP_T1, .best_source = "10.1.0.253" },
	{ "the source's port and padding are ignored and come back as 0", HOST, BOTH(OK), .index = T1, .source = "!10.1.0.253", .destination = "203.0.113.1", .row = BGP_T1, .best_source = "10.1.0.253" },
	{ "the source's port and flow info come back as 0, IPv6", HOST, BOTH(OK), .index = T2, .source = "!2001:db8:2::fe", .destination = "2001:db8:100::1", .row = { "2001:db8:100::/48", "2001:db8:2::1", T2, 20, RouteProtocolOspf, NlroManual }, .best_source = "2001:db8:2::fe" },
	{ "source of another interface takes precedence over the index", HOST, BOTH(OK), .index = T1, .source = "10.2.0.254", .destination = "203.0.113.1", .row = BGP_T2, .best_source = "10.2.0.254" },
	{ "source of another interface takes precedence over the LUID", HOST, BOTH(OK), .luid = "6:11", .source = "10.2.0.254", .destination = "203.0.113.1", .row = BGP_T2, .best_source = "10.2.0.254" },
	{ "the lookup is confined to the source's interface", HOST, BOTH(UNREACHABLE), .index = T2, .source = "10.1.0.254", .destination = "192.0.2.1" },
	{ "source of an interface that is down", HOST, BOTH(UNREACHABLE), .index = T2, .source = "10.3.0.254", .destination = "192.0.2.1" },
	{ "source on the loopback interface that is no loopback address", HOST, BOTH(UNREACHABLE), .index = T2, .source = "192.0.2.77", .destination = "192.0.2.1" },
	{ "source of another machine", HOST, BOTH(NOT_FOUND), .index = T1, .source = "10.1.0.77", .destination = "203.0.113.1" },
	{ "source of another machine, IPv6", HOST, BOTH(NOT_FOUND), .index = T1, .source = "2001:db8:1::77", .destination = "2001:db8:100::1" },
	{ "source that is a broadcast address", HOST, BOTH(NOT_FOUND), .index = T1, .source = "10.1.0.255", .destination = "203.0.113.1" },
	{ "source that is a multicast address", HOST, BOTH(NOT_FOUND), .index = T1, .source = "ff02::1", .destination = "2001:db8:103::1" },
	{ "source of the other family is ignored", HOST, BOTH(OK), .index = T1, .source = "2001:db8::77", .destination = "203.0.113.1", .row = BGP_T1, .best_source = "10.1.0.254" },
	{ "IPv4 source for an IPv6 destination is ignored", HOST, BOTH(OK), .index = T1, .source = "10.9.9.9", .destination = "2001:db8:103::1", .row = VIA6("2001:db8:103::/48", NULL, T1), .best_source = "2001:db8:1::fe" },
	{ "source of family 0 is ignored", HOST, BOTH(OK), .index = T1, .source = "AF 0", .destination = "203.0.113.1", .row = BGP_T1, .best_source = "10.1.0.254" },
	{ "source of Windows' own AF_INET6 is ignored", HOST, BOTH(OK), .index = T1, .source = "AF 23", .destination = "203.0.113.1", .row = BGP_T1, .best_source = "10.1.0.254" },
	{ "unspecified source is ignored", HOST, BOTH(OK), .index = T1, .source = "0.0.0.0", .destination = "203.0.113.1", .row = BGP_T1, .best_source = "10.1.0.254" },
	{ "unspecified source with a port is ignored", HOST, BOTH(OK), .index = T1, .source = "!0.0.0.0", .destination = "203.0.113.1", .row = BGP_T1, .best_source = "10.1.0.254" },
	{ "unspecified IPv6 source is ignored", HOST, BOTH(OK), .index = T1, .source = "::", .destination = "2001:db8:103::1", .row = VIA6("2001:db8:103::/48", NULL, T1), .best_source = "2001:db8:1::fe" },
	{ "unspecified IPv6 source with a scope is ignored", HOST, BOTH(OK), .index = T1, .source = "::%12", .destination = "2001:db8:103::1", .row = VIA6("2001:db8:103::/48", NULL, T1), .best_source = "2001:db8:1::fe" },
	{ "bad index before a local source", HOST, { NOT_FOUND, FILE_NOT_FOUND }, .index = UNKNOWN, .source = "10.1.0.254", .destination = "203.0.113.1" },
	{ "bad index before a source of another machine", HOST, { NOT_FOUND, FILE_NOT_FOUND }, .index = UNKNOWN, .source = "10.1.0.77", .destination = "203.0.113.1" },
	{ "an unknown LUID is not looked at with a local source", HOST, { NOT_FOUND, OK }, .luid = "6:9999", .source = "10.2.0.254", .destination = "203.0.113.1", .row = BGP_T2, .best_source = "10.2.0.254" },
	{ "unknown LUID and a source of another machine", HOST, BOTH(NOT_FOUND), .luid = "6:9999", .source = "10.1.0.77", .destination = "203.0.113.1" },
	{ "IPv6 source of another interface takes precedence", HOST, BOTH(OK), .index = T2, .source = "2001:db8:1::fe", .destination = "2001:db8:103::1", .row = VIA6("2001:db8:103::/48", NULL, T1), .best_source = "2001:db8:1::fe" },
	{ "a deprecated source, if it is given", HOST, BOTH(OK), .index = T1, .source = "2001:db8:1::dead", .destination = "2001:db8:103::1", .row = VIA6("2001:db8:103::/48", NULL, T1), .best_source = "2001:db8:1::dead" },
	{ "link-local source without a scope", HOST, BOTH(OK), .index = T1, .source = "fe80::11", .destination = "fe80::7", .row = { "fe80::/64", NULL, T1, 256, KERNEL }, .best_source = "fe80::11%11" },
	{ "link-local source with its interface's scope", HOST, BOTH(OK), .index = T1, .source = "fe80::11%11", .destination = "fe80::7", .row = { "fe80::/64", NULL, T1, 256, KERNEL }, .best_source = "fe80::11%11" },
	{ "link-local source with another scope", HOST, BOTH(NOT_FOUND), .index = T1, .source = "fe80::11%12", .destination = "fe80::7" },
	{ "link-local source with a scope that is no interface", HOST, BOTH(NOT_FOUND), .index = T1, .source = "fe80::11%9999", .destination = "fe80::7" },
	{ "link-local source to a global destination", HOST, BOTH(OK), .index = T1, .source = "fe80::11", .destination = "2001:db8:103::1", .row = VIA6("2001:db8:103::/48", NULL, T1), .best_source = "fe80::11%11" },
	{ "link-local source confines to its interface", HOST, BOTH(OK), .index = T1, .source = "fe80::12", .destination = "2001:db8:102::1", .row = { "2001:db8:102::/48", "2001:db8:2::1", T2, 10, STATIC }, .best_source = "fe80::12%12" },

	/* ---- scopes ---- */
	{ "scope on a global destination", HOST, BOTH(INVALID), .index = T2, .destination = "2001:db8:100::1%12" },
	{ "scope on the unspecified destination", HOST, BOTH(INVALID), .index = T2, .destination = "::%12" },
	{ "scope on a global source", HOST, BOTH(INVALID), .index = T2, .source = "2001:db8:2::fe%12", .destination = "2001:db8:100::1" },
	{ "unknown interface before a scope", HOST, { NOT_FOUND, FILE_NOT_FOUND }, .index = UNKNOWN, .destination = "2001:db8:100::1%12" },
	{ "link-local destination without a scope", HOST, BOTH(OK), .index = T2, .destination = "fe80::7", .row = { "fe80::/64", NULL, T2, 256, KERNEL }, .best_source = "fe80::12%12" },
	{ "link-local destination with its scope", HOST, BOTH(OK), .index = T2, .destination = "fe80::7%12", .row = { "fe80::/64", NULL, T2, 256, KERNEL }, .best_source = "fe80::12%12" },
	{ "link-local destination with its scope, by LUID", HOST, BOTH(OK), .luid = "6:12", .destination = "fe80::7%12", .row = { "fe80::/64", NULL, T2, 256, KERNEL }, .best_source = "fe80::12%12" },
	{ "link-local destination with another scope", HOST, BOTH(INVALID), .index = T1, .destination = "fe80::7%12" },
	{ "link-local destination with a scope that is no interface", HOST, BOTH(INVALID), .index = T1, .destination = "fe80::7%9999" },
	{ "the scope of the destination is the constraint if there is no other", HOST, { NONE, OK }, .destination = "fe80::7%12", .row = { "fe80::/64", NULL, T2, 256, KERNEL }, .best_source = "fe80::12%12" },
	{ "a scope that is no interface, and no constraint", HOST, { NONE, INVALID }, .destination = "fe80::7%9999" },
	{ "link-local destination without scope or constraint: the lowest interface", HOST, { NONE, OK }, .destination = "fe80::7", .row = { "fe80::/64", NULL, T1, 256, KERNEL }, .best_source = "fe80::11%11" },
	{ "link-local multicast destination with its scope", HOST, BOTH(OK), .index = T2, .destination = "ff02::1%12", .row = { "ff00::/8", NULL, T2, 256, KERNEL }, .best_source = "fe80::12%12" },
	{ "link-local multicast destination with another scope", HOST, BOTH(INVALID), .index = T1, .destination = "ff02::1%12" },
	{ "scope on a global multicast destination", HOST, BOTH(INVALID), .index = T1, .destination = "ff0e::1%11" },
	{ "169.254.0.0/16 has no scopes", HOST, BOTH(OK), .index = T2, .destination = "169.254.1.1", .row = DEFAULT4, .best_source = "10.2.0.254" },

	/* ---- loopback ---- */
	{ "127.0.0.1 by an interface that is not loopback", HOST, BOTH(INVALID), .index = T1, .destination = "127.0.0.1" },
	{ "127.1.2.3 by a LUID that is not loopback", HOST, BOTH(INVALID), .luid = "6:11", .destination = "127.1.2.3" },
	{ "::1 by an interface that is not loopback", HOST, BOTH(INVALID), .index = T1, .destination = "::1" },
	{ "127.0.0.1 by loopback", HOST, BOTH(OK), .index = LO, .destination = "127.0.0.1", .row = { "127.0.0.1/32", NULL, LO, 0, KERNEL }, .best_source = "127.0.0.1" },
	{ "127.0.0.1 by loopback's LUID", HOST, BOTH(OK), .luid = "24:1", .destination = "127.0.0.1", .row = { "127.0.0.1/32", NULL, LO, 0, KERNEL }, .best_source = "127.0.0.1" },
	{ "127.9.9.9 by loopback", HOST, BOTH(OK), .index = LO, .destination = "127.9.9.9", .row = { "127.0.0.0/8", NULL, LO, 0, KERNEL }, .best_source = "127.0.0.1" },
	{ "::1 gives ::1", HOST, BOTH(OK), .index = LO, .destination = "::1", .row = { "::1/128", NULL, LO, 0, KERNEL }, .best_source = "::1" },
	{ "127.0.0.1 by any interface", HOST, { NONE, OK }, .destination = "127.0.0.1", .row = { "127.0.0.1/32", NULL, LO, 0, KERNEL }, .best_source = "127.0.0.1" },
	{ "::1 by any interface", HOST, { NONE, OK }, .destination = "::1", .row = { "::1/128", NULL, LO, 0, KERNEL }, .best_source = "::1" },
	{ "loopback source to a loopback destination", HOST, BOTH(OK), .index = LO, .source = "127.0.0.1", .destination = "127.9.9.9", .row = { "127.0.0.0/8", NULL, LO, 0, KERNEL }, .best_source = "127.0.0.1" },
	{ "another loopback source to a loopback destination", HOST, BOTH(OK), .index = LO, .source = "127.0.0.84", .destination = "127.9.9.9", .row = { "127.0.0.0/8", NULL, LO, 0, KERNEL }, .best_source = "127.0.0.84" },
	{ "loopback source to a global destination", HOST, BOTH(UNREACHABLE), .index = LO, .source = "127.0.0.1", .destination = "203.0.113.1" },
	{ "loopback source to a global destination by its interface", HOST, BOTH(UNREACHABLE), .index = T1, .source = "127.0.0.1", .destination = "203.0.113.1" },
	{ "::1 as source to a global destination", HOST, BOTH(UNREACHABLE), .index = T2, .source = "::1", .destination = "2001:db8:100::1" },
	{ "global destination by loopback", HOST, BOTH(UNREACHABLE), .index = LO, .destination = "203.0.113.1" },
	{ "global source to a loopback destination", HOST, BOTH(UNREACHABLE), .index = LO, .source = "10.1.0.254", .destination = "127.0.0.1" },
	{ "loopback destination, not its interface, any source", HOST, BOTH(INVALID), .index = T1, .source = "127.0.0.1", .destination = "127.0.0.1" },

	/* ---- no stack, no route ---- */
	{ "IPv6 without its stack", NO6, { NOT_SUPPORTED, NOT_SUPPORTED }, .index = T1, .destination = "2001:db8::1" },
	{ "IPv6 without its stack, any interface", NO6, { NONE, NOT_SUPPORTED }, .destination = "2001:db8::1" },
	{ "IPv6 loopback without its stack", NO6, BOTH(NOT_SUPPORTED), .index = LO, .destination = "::1" },
	{ "IPv4 beside it", NO6, BOTH(OK), .index = T1, .destination = "203.0.113.1", .row = VIA("0.0.0.0/0", "10.1.0.1", T1), .best_source = "10.1.0.254" },
	{ "no stack, unknown interface", NO6, { NOT_FOUND, FILE_NOT_FOUND }, .index = UNKNOWN, .destination = "2001:db8::1" },
	{ "no route", ISLAND, BOTH(UNREACHABLE), .index = T1, .destination = "203.0.113.1" },
	{ "no route by any interface", ISLAND, { NONE, UNREACHABLE }, .destination = "203.0.113.1" },
	{ "no route, IPv6", ISLAND, BOTH(UNREACHABLE), .index = T1, .destination = "2001:db8:2::1" },
	{ "no route by this interface, one by another", ISLAND, BOTH(UNREACHABLE), .index = T2, .destination = "10.1.0.7" },
	{ "no default route for 0.0.0.0", ISLAND, { NONE, UNREACHABLE }, .destination = "0.0.0.0" },
	{ "no default route for ::", ISLAND, { NONE, UNREACHABLE }, .destination = "::" },
	{ "no route where there is none at all", EMPTY, BOTH(UNREACHABLE), .index = T1, .destination = "203.0.113.1" },
	{ "no IPv6 route where there is none at all", EMPTY, BOTH(UNREACHABLE), .index = T1, .destination = "2001:db8::1" },
	{ "blackhole", HOST, { NONE, UNREACHABLE }, .destination = "198.51.100.1" },
	{ "unreachable", HOST, { NONE, UNREACHABLE }, .destination = "198.51.101.1" },
	{ "prohibit", HOST, { NONE, UNREACHABLE }, .destination = "198.51.102.1" },
	{ "throw", HOST, { NONE, UNREACHABLE }, .destination = "198.51.103.1" },
	{ "a constraint passes over a blackhole, which leaves by no interface", HOST, BOTH(OK), .index = T2, .destination = "198.51.100.1", .row = DEFAULT4, .best_source = "10.2.0.254" },
	{ "a constraint passes over unreachable", HOST, BOTH(OK), .index = T2, .destination = "198.51.101.1", .row = DEFAULT4, .best_source = "10.2.0.254" },
	{ "a constraint passes over a blackhole, and nothing is left", HOST, BOTH(UNREACHABLE), .index = T1, .destination = "198.51.100.1" },
	{ "a constraint passes over an IPv6 blackhole", HOST, BOTH(OK), .index = T2, .destination = "2001:db8:105::1", .row = DEFAULT6, .best_source = "2001:db8:2::fe" },
	{ "blackhole inside a route", HOST, { NONE, UNREACHABLE }, .destination = "198.51.124.1" },
	{ "the route around a blackhole", HOST, { NONE, OK }, .destination = "198.51.124.129", .row = VIA("198.51.124.0/24", "10.1.0.1", T1), .best_source = "10.1.0.254" },
	{ "IPv6 blackhole", HOST, { NONE, UNREACHABLE }, .destination = "2001:db8:105::1" },
	{ "IPv6 unreachable", HOST, { NONE, UNREACHABLE }, .destination = "2001:db8:106::1" },
	{ "IPv6 prohibit", HOST, { NONE, UNREACHABLE }, .destination = "2001:db8:107::1" },
	{ "IPv6 throw", HOST, { NONE, UNREACHABLE }, .destination = "2001:db8:108::1" },

	/* ---- selection ---- */
	{ "longest prefix before metric", HOST, { NONE, OK }, .destination = "203.0.113.129", .row = { "203.0.113.128/25", "10.2.0.2", T2, 50, RouteProtocolOspf, NlroManual }, .best_source = "10.2.0.254" },
	{ "host route", HOST, { NONE, OK }, .destination = "203.0.113.200", .row = VIA("203.0.113.200/32", NULL, T1), .best_source = "10.1.0.254" },
	{ "lowest metric", HOST, { NONE, OK }, .destination = "203.0.113.1", .row = BGP_T1, .best_source = "10.1.0.254" },
	{ "a constraint passes over longer prefixes", HOST, BOTH(OK), .index = T1, .destination = "203.0.113.129", .row = BGP_T1, .best_source = "10.1.0.254" },
	{ "a constraint falls back to the default route", HOST, BOTH(OK), .index = T2, .destination = "10.1.0.7", .row = DEFAULT4, .best_source = "10.2.0.254" },
	{ "longest prefix, IPv6", HOST, { NONE, OK }, .destination = "2001:db8:10c:8000::1", .row = { "2001:db8:10c:8000::/49", "2001:db8:2::1", T2, 2000, BGP, NlroManual }, .best_source = "2001:db8:2::fe" },
	{ "a constraint passes over longer prefixes, IPv6", HOST, BOTH(OK), .index = T1, .destination = "2001:db8:10c:8000::1", .row = { "2001:db8:10c::/48", "2001:db8:1::1", T1, 1024, BGP, NlroManual }, .best_source = "2001:db8:1::fe" },
	{ "lowest metric, IPv6", HOST, { NONE, OK }, .destination = "2001:db8:102::1", .row = { "2001:db8:102::/48", "2001:db8:1::1", T1, 5, STATIC }, .best_source = "2001:db8:1::fe" },
	{ "the worse metric by its interface, IPv6", HOST, BOTH(OK), .index = T2, .destination = "2001:db8:102::1", .row = { "2001:db8:102::/48", "2001:db8:2::1", T2, 10, STATIC }, .best_source = "2001:db8:2::fe" },
	{ "equal routes: the kernel's order, the one that came first", HOST, { NONE, OK }, .destination = "198.51.104.1", .row = VIA("198.51.104.0/24", "10.2.0.1", T2), .best_source = "10.2.0.254" },
	{ "the other one of equal routes by its interface", HOST, BOTH(OK), .index = T1, .destination = "198.51.104.1", .row = VIA("198.51.104.0/24", "10.1.0.1", T1), .best_source = "10.1.0.254" },
	{ "equal paths: lowest interface, then lowest next hop", HOST, { NONE, OK }, .destination = "198.51.105.1", .row = VIA("198.51.105.0/24", "10.1.0.1", T1), .best_source = "10.1.0.254" },
	{ "equal paths by an interface", HOST, BOTH(OK), .index = T2, .destination = "198.51.105.1", .row = VIA("198.51.105.0/24", "10.2.0.1", T2), .best_source = "10.2.0.254" },
	{ "equal paths, IPv6", HOST, { NONE, OK }, .destination = "2001:db8:104::1", .row = VIA6("2001:db8:104::/48", "2001:db8:1::1", T1), .best_source = "2001:db8:1::fe" },
	{ "equal paths by an interface, IPv6", HOST, BOTH(OK), .index = T2, .destination = "2001:db8:104::1", .row = VIA6("2001:db8:104::/48", "2001:db8:2::1", T2), .best_source = "2001:db8:2::fe" },
	{ "a path whose interface is down is skipped", HOST, { NONE, OK }, .destination = "198.51.106.1", .row = VIA("198.51.106.0/24", "10.4.0.1", T4), .best_source = "10.4.0.254" },
	{ "it is skipped by its interface too", HOST, BOTH(UNREACHABLE), .index = T3, .destination = "198.51.106.1" },
	{ "a route whose interface is down is gone, the next metric serves", HOST, { NONE, OK }, .destination = "198.51.113.1", .row = { "198.51.113.0/24", "10.2.0.1", T2, 6, STATIC }, .best_source = "10.2.0.254" },
	{ "an IPv6 route whose interface is down, likewise", HOST, { NONE, OK }, .destination = "2001:db8:10b::1", .row = { "2001:db8:10b::/48", "2001:db8:2::1", T2, 6, STATIC }, .best_source = "2001:db8:2::fe" },
	{ "a route whose interface has no carrier serves, as with the kernel", HOST, { NONE, OK }, .destination = "198.51.112.1", .row = VIA("198.51.112.0/24", "10.4.0.1", T4), .best_source = "10.4.0.254" },
	{ "a route with a TOS is for packets with it", HOST, { NONE, OK }, .destination = "198.51.120.1", .row = DEFAULT4, .best_source = "10.2.0.254" },
	{ "a route of another table is none", HOST, { NONE, OK }, .destination = "198.51.123.1", .row = DEFAULT4, .best_source = "10.2.0.254" },
	{ "no route by an interface that has an address only", HOST, BOTH(UNREACHABLE), .index = T3, .destination = "192.0.2.1" },
	{ "no route by an interface without addresses", HOST, BOTH(UNREACHABLE), .luid = "6:15", .destination = "192.0.2.1" },

	/* ---- the row ---- */
	{ "on-link", HOST, BOTH(OK), .index = T1, .destination = "10.1.0.7", .row = { "10.1.0.0/24", NULL, T1, 0, KERNEL }, .best_source = "10.1.0.254" },
	{ "on-link by any interface", HOST, { NONE, OK }, .destination = "10.1.0.7", .row = { "10.1.0.0/24", NULL, T1, 0, KERNEL }, .best_source = "10.1.0.254" },
	{ "on-link, IPv6", HOST, BOTH(OK), .index = T1, .destination = "2001:db8:1::7", .row = { "2001:db8:1::/64", NULL, T1, 256, KERNEL }, .best_source = "2001:db8:1::fe" },
	{ "on-link that is not the kernel's", HOST, BOTH(OK), .index = T1, .destination = "2001:db8:103::1", .row = VIA6("2001:db8:103::/48", NULL, T1), .best_source = "2001:db8:1::fe" },
	{ "an address of this machine", HOST, BOTH(OK), .index = T1, .destination = "10.1.0.254", .row = { "10.1.0.254/32", NULL, T1, 0, KERNEL }, .best_source = "10.1.0.254" },
	{ "an address of this machine by any interface", HOST, { NONE, OK }, .destination = "10.2.0.254", .row = { "10.2.0.254/32", NULL, T2, 0, KERNEL }, .best_source = "10.2.0.254" },
	{ "a secondary address of this machine, whose local route prefers the primary one", HOST, { NONE, OK }, .destination = "10.1.0.253", .row = { "10.1.0.253/32", NULL, T1, 0, KERNEL }, .best_source = "10.1.0.254" },
	{ "an IPv6 address of this machine", HOST, { NONE, OK }, .destination = "2001:db8:2::fe", .row = { "2001:db8:2::fe/128", NULL, T2, 0, KERNEL }, .best_source = "2001:db8:2::fe" },
	{ "a link-local address of this machine", HOST, { NONE, OK }, .destination = "fe80::12%12", .row = { "fe80::12/128", NULL, T2, 0, KERNEL }, .best_source = "fe80::12%12" },
	{ "an address of the loopback interface", HOST, { NONE, OK }, .destination = "192.0.2.77", .row = { "192.0.2.77/32", NULL, LO, 0, KERNEL }, .best_source = "192.0.2.77" },
	{ "a broadcast address", HOST, BOTH(OK), .index = T1, .destination = "10.1.0.255", .row = { "10.1.0.255/32", NULL, T1, 0, KERNEL }, .best_source = "10.1.0.254" },
	{ "a multicast address", HOST, BOTH(OK), .index = T1, .destination = "ff0e::5", .row = { "ff00::/8", NULL, T1, 256, KERNEL }, .best_source = "2001:db8:1::fe" },
	{ "a peer's address", HOST, { NONE, OK }, .destination = "10.6.0.2", .row = { "10.6.0.2/32", NULL, TUN0, 0, KERNEL }, .best_source = "10.6.0.1" },
	{ "by a TUN device", HOST, BOTH(OK), .luid = "1:16", .destination = "198.51.122.1", .row = VIA("198.51.122.0/24", NULL, TUN0), .best_source = "10.6.0.1" },
	{ "0.0.0.0 gives the default route", HOST, BOTH(OK), .index = T2, .destination = "0.0.0.0", .row = DEFAULT4, .best_source = "10.2.0.254" },
	{ "0.0.0.0 by any interface", HOST, { NONE, OK }, .destination = "0.0.0.0", .row = DEFAULT4, .best_source = "10.2.0.254" },
	{ ":: gives the default route", HOST, BOTH(OK), .index = T2, .destination = "::", .row = DEFAULT6, .best_source = "2001:db8:2::fe" },
	{ ":: by any interface", HOST, { NONE, OK }, .destination = "::", .row = DEFAULT6, .best_source = "2001:db8:2::fe" },
	{ "255.255.255.255", HOST, BOTH(OK), .index = T2, .destination = "255.255.255.255", .row = DEFAULT4, .best_source = "10.2.0.254" },
	{ "a gateway of the other family", HOST, { NONE, OK }, .destination = "198.51.107.1", .row = VIA("198.51.107.0/24", "2001:db8:2::1", T2), .best_source = "10.2.0.254" },
	{ "a link-local gateway has scope 0", HOST, { NONE, OK }, .destination = "2001:db8:101::1", .row = VIA6("2001:db8:101::/48", "fe80::1", T1), .best_source = "2001:db8:1::fe" },
	{ "a gateway that is on-link by decree", HOST, { NONE, OK }, .destination = "198.51.111.1", .row = VIA("198.51.111.0/24", "10.9.9.9", T2), .best_source = "10.2.0.254" },
	{ "a route with an MTU", HOST, { NONE, OK }, .destination = "198.51.121.1", .row = VIA("198.51.121.0/24", "10.1.0.1", T1), .best_source = "10.1.0.254" },
	{ "the largest metric", HOST, { NONE, OK }, .destination = "198.51.125.1", .row = { "198.51.125.0/24", "10.1.0.1", T1, 0xffffffff, STATIC }, .best_source = "10.1.0.254" },
	{ "a route that expires", HOST, { NONE, OK }, .destination = "2001:db8:10a::1", .row = { "2001:db8:10a::/48", "2001:db8:1::1", T1, 1024, STATIC, 3000 }, .best_source = "2001:db8:1::fe" },
	{ "protocol isis", HOST, { NONE, OK }, .destination = "198.51.114.1", .row = { "198.51.114.0/24", "10.1.0.1", T1, 0, RouteProtocolIsIs, NlroManual }, .best_source = "10.1.0.254" },
	{ "protocol rip", HOST, { NONE, OK }, .destination = "198.51.115.1", .row = { "198.51.115.0/24", "10.1.0.1", T1, 0, RouteProtocolRip, NlroManual }, .best_source = "10.1.0.254" },
	{ "protocol eigrp", HOST, { NONE, OK }, .destination = "198.51.116.1", .row = { "198.51.116.0/24", "10.1.0.1", T1, 0, RouteProtocolEigrp, NlroManual }, .best_source = "10.1.0.254" },
	{ "protocol redirect", HOST, { NONE, OK }, .destination = "198.51.117.1", .row = { "198.51.117.0/24", "10.1.0.1", T1, 0, RouteProtocolIcmp, NlroManual }, .best_source = "10.1.0.254" },
	{ "protocol of another daemon", HOST, { NONE, OK }, .destination = "198.51.118.1", .row = VIA("198.51.118.0/24", "10.1.0.1", T1), .best_source = "10.1.0.254" },
	{ "protocol boot", HOST, { NONE, OK }, .destination = "198.51.119.1", .row = VIA("198.51.119.0/24", "10.1.0.1", T1), .best_source = "10.1.0.254" },

	/* ---- the source that is selected ---- */
	{ "the route's preferred source", HOST, { NONE, OK }, .destination = "198.51.108.1", .row = VIA("198.51.108.0/24", "10.1.0.1", T1), .best_source = "10.1.8.1" },
	{ "a preferred source of another interface", HOST, { NONE, OK }, .destination = "198.51.109.1", .row = VIA("198.51.109.0/24", NULL, T1), .best_source = "192.0.2.77" },
	{ "the given source before the preferred one", HOST, BOTH(OK), .index = T1, .source = "10.1.0.254", .destination = "198.51.108.1", .row = VIA("198.51.108.0/24", "10.1.0.1", T1), .best_source = "10.1.0.254" },
	{ "the address in the network of the next hop", HOST, { NONE, OK }, .destination = "198.51.110.1", .row = VIA("198.51.110.0/24", "10.1.8.2", T1), .best_source = "10.1.8.1" },
	{ "the address in the network of an on-link destination", HOST, { NONE, OK }, .destination = "10.1.8.7", .row = { "10.1.8.0/24", NULL, T1, 0, KERNEL }, .best_source = "10.1.8.1" },
	{ "no deprecated IPv6 address if there is another", HOST, { NONE, OK }, .destination = "2001:db8:1::dea0", .row = { "2001:db8:1::/64", NULL, T1, 256, KERNEL }, .best_source = "2001:db8:1::fe" },
	{ "a deprecated address if the route prefers it", HOST, { NONE, OK }, .destination = "2001:db8:109::1", .row = VIA6("2001:db8:109::/48", "2001:db8:1::1", T1), .best_source = "2001:db8:1::dead" },
	{ "the address with the destination's label: unique local", HOST, { NONE, OK }, .destination = "fd00:2::1", .row = VIA6("fd00:2::/48", "2001:db8:1::1", T1), .best_source = "fd00:1::fe" },
	{ "the longest match: unique local on-link", HOST, { NONE, OK }, .destination = "fd00:1::7", .row = { "fd00:1::/64", NULL, T1, 256, KERNEL }, .best_source = "fd00:1::fe" },
	{ "scope of a link-local one is its interface", HOST, BOTH(OK), .index = T1, .destination = "fe80::7", .row = { "fe80::/64", NULL, T1, 256, KERNEL }, .best_source = "fe80::11%11" },

	/* ---- changes while the program runs ---- */
	{ "a route that was just added", HOST, { NONE, OK }, .destination = "100.70.0.1", .before = "route add 100.70.0.0/16 via 10.1.0.1 metric 3 proto bgp", .after = "route del 100.70.0.0/16",
	  .row = { "100.70.0.0/16", "10.1.0.1", T1, 3, BGP, NlroManual }, .best_source = "10.1.0.254" },
	{ "a route that was just deleted", HOST, { NONE, OK }, .destination = "198.51.119.1", .before = "route del 198.51.119.0/24", .after = "route add 198.51.119.0/24 via 10.1.0.1 proto boot", .row = DEFAULT4, .best_source = "10.2.0.254" },
	{ "a half of everything goes before the default route", HOST, { NONE, OK }, .destination = "0.0.0.0", .before = "route add 0.0.0.0/1 via 10.1.0.1 proto static", .after = "route del 0.0.0.0/1", .row = VIA("0.0.0.0/1", "10.1.0.1", T1), .best_source = "10.1.0.254" },
	{ "a source address that was just deleted", HOST, BOTH(NOT_FOUND), .index = T1, .source = "10.1.0.253", .destination = "203.0.113.1", .before = "address del 10.1.0.253/24 dev t1", .after = "address add 10.1.0.253/24 dev t1" },
	{ "an interface that was just deleted", HOST, { NOT_FOUND, FILE_NOT_FOUND }, .index = BR0, .destination = "203.0.113.1", .before = "link del br0", .after = "link add br0 index 15 type bridge" },
	{ "an interface that just went down", HOST, { NONE, OK }, .destination = "198.51.122.1", .before = "link set tun0 down", .after = "link set tun0 up\nroute add 198.51.122.0/24 dev tun0 proto static", .row = DEFAULT4, .best_source = "10.2.0.254" },
};

/* ---- running them ---- */

static void check_outputs(char why[WHY_BYTES], const struct best_route_case *c, const MIB_IPFORWARD_ROW2 *row, const SOCKADDR_INET *source)
{
	enum status status = c->status[CONTRACT];

	if (status == OK) {
		row__compare(why, &c->row, row);
		address__compare(why, c->best_source, source);
	} else {
		int byte = status == INVALID ? POISON : 0;

		if (!is_filled(row, byte, sizeof(*row)))
			result__note(why, "the row is not %s", status == INVALID ? "untouched" : "zeroed");
		if (!is_filled(source, byte, sizeof(*source)))
			result__note(why, "the source is not %s", status == INVALID ? "untouched" : "zeroed");
	}
}

static void call(char why[WHY_BYTES], const struct best_route_case *c)
{
	SOCKADDR_INET source, destination, best;
	NET_LUID luid = luid__read(c->luid ? c->luid : "0");
	MIB_IPFORWARD_ROW2 row;
	NETIO_STATUS status;

	*why = '\0';
	poison(&row, sizeof(row));
	poison(&best, sizeof(best));
	address__read(c->destination, &destination);
	if (c->source)
		address__read(c->source, &source);
	status = GetBestRoute2(c->luid ? &luid : NULL, c->index, c->source ? &source : NULL,
			       c->null & NULL_DESTINATION ? NULL : &destination, c->options,
			       c->null & NULL_ROW ? NULL : &row, c->null & NULL_SOURCE ? NULL : &best);
	result__status(why, CONTRACT, c->status[CONTRACT], (uint32_t)status);
	check_outputs(why, c, &row, &best);
}

void OF_CONTRACT(best_route)(enum world world)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct best_route_case *c = &cases[i];
		unsigned int attempt = 0;
		char why[WHY_BYTES];

		if (c->world != world || c->status[CONTRACT] == NONE)
			continue;
		if (c->before)
			ip(c->before);
		do
			call(why, c);
		while (*why && c->before && !deadline__over(&attempt));
		result(CONTRACT, "GetBestRoute2", c->desc, why);
		if (c->after)
			ip(c->after);
	}
}
