// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* GetIpForwardEntry2 and InitializeIpForwardEntry: the tables of cases. */
#include <stdlib.h>
#include <string.h>

#include "conformance.h"

#define NO_NEXT_HOP "AF 0"

struct entry_case {
	const char *desc;
	enum world world;
	enum status status[2];
	const char *luid;
	NET_IFINDEX index;
	const char *prefix; /* without its length; "AF N": a family only; NULL: the row is */
	int length;
	const char *next_hop; /* NULL: on-link */
	struct row row;
};

#define STATIC RouteProtocolNetMgmt, NlroManual
#define KERNEL RouteProtocolLocal, NlroWellKnown

static const struct entry_case cases[] = {
	{ "NULL", HOST, BOTH(INVALID) },
	{ "by index", HOST, BOTH(OK), NULL, T1, "203.0.113.0", 24, "10.1.0.1", { "203.0.113.0/24", "10.1.0.1", T1, 7, RouteProtocolBgp, NlroManual } },
	{ "by LUID", HOST, BOTH(OK), "6:12", 0, "203.0.113.0", 24, "10.2.0.1", { "203.0.113.0/24", "10.2.0.1", T2, 9, RouteProtocolBgp, NlroManual } },
	{ "LUID before index", HOST, BOTH(OK), "6:12", T1, "203.0.113.0", 24, "10.2.0.1", { "203.0.113.0/24", "10.2.0.1", T2, 9, RouteProtocolBgp, NlroManual } },
	{ "neither LUID nor index", HOST, BOTH(INVALID), NULL, 0, "203.0.113.0", 24, "10.1.0.1" },
	{ "unknown index", HOST, BOTH(NOT_FOUND), NULL, UNKNOWN, "203.0.113.0", 24, "10.1.0.1" },
	{ "unknown LUID", HOST, BOTH(NOT_FOUND), "6:9999", T1, "203.0.113.0", 24, "10.1.0.1" },
	{ "LUID of another type", HOST, BOTH(NOT_FOUND), "71:11", T1, "203.0.113.0", 24, "10.1.0.1" },
	{ "prefix without a family", HOST, BOTH(INVALID), NULL, T1, "AF 0", 24, "10.1.0.1" },
	{ "prefix of another family", HOST, BOTH(INVALID), NULL, T1, "AF 23", 24, "10.1.0.1" },
	{ "prefix longer than an address", HOST, BOTH(INVALID), NULL, T1, "203.0.113.0", 33, "10.1.0.1" },
	{ "IPv6 prefix longer than an address", HOST, BOTH(INVALID), NULL, T1, "2001:db8:103::", 129, NULL },
	{ "host bits", HOST, BOTH(INVALID), NULL, T1, "203.0.113.1", 24, "10.1.0.1" },
	{ "next hop of a family that is none", HOST, BOTH(INVALID), NULL, T1, "203.0.113.0", 24, "AF 23" },
	{ "another prefix length", HOST, BOTH(NOT_FOUND), NULL, T1, "203.0.113.0", 25, "10.1.0.1" },
	{ "another next hop", HOST, BOTH(NOT_FOUND), NULL, T1, "203.0.113.0", 24, "10.1.0.2" },
	{ "the next hop of another interface", HOST, BOTH(NOT_FOUND), NULL, T1, "203.0.113.0", 24, "10.2.0.1" },
	{ "on-link where there is a gateway", HOST, BOTH(NOT_FOUND), NULL, T1, "203.0.113.0", 24, NULL },
	{ "next hop left unspecified", HOST, BOTH(OK), NULL, T1, "203.0.113.0", 24, NO_NEXT_HOP, { "203.0.113.0/24", "10.1.0.1", T1, 7, RouteProtocolBgp, NlroManual } },
	{ "next hop left unspecified, no such prefix there", HOST, BOTH(NOT_FOUND), NULL, T1, "203.0.113.128", 25, NO_NEXT_HOP },
	{ "on-link", HOST, BOTH(OK), NULL, T1, "10.1.0.0", 24, NULL, { "10.1.0.0/24", NULL, T1, 0, KERNEL } },
	{ "the default route", HOST, BOTH(OK), NULL, T2, "0.0.0.0", 0, "10.2.0.1", { "0.0.0.0/0", "10.2.0.1", T2, 100, RouteProtocolDhcp, NlroDHCP } },
	{ "a local route", HOST, BOTH(OK), NULL, T1, "10.1.0.254", 32, NULL, { "10.1.0.254/32", NULL, T1, 0, KERNEL } },
	{ "a loopback route", HOST, BOTH(OK), NULL, LO, "127.0.0.0", 8, NULL, { "127.0.0.0/8", NULL, LO, 0, KERNEL } },
	{ "a broadcast route", HOST, BOTH(OK), NULL, T1, "10.1.0.255", 32, NULL, { "10.1.0.255/32", NULL, T1, 0, KERNEL } },
	{ "a path of several", HOST, BOTH(OK), NULL, T1, "198.51.105.0", 24, "10.1.0.9", { "198.51.105.0/24", "10.1.0.9", T1, 0, STATIC } },
	{ "a path whose interface is down", HOST, BOTH(OK), NULL, T3, "198.51.106.0", 24, "10.3.0.1", { "198.51.106.0/24", "10.3.0.1", T3, 0, STATIC } },
	{ "a gateway of the other family", HOST, BOTH(OK), NULL, T2, "198.51.107.0", 24, "2001:db8:2::1", { "198.51.107.0/24", "2001:db8:2::1", T2, 0, STATIC } },
	{ "a blackhole is no row", HOST, BOTH(NOT_FOUND), NULL, LO, "198.51.100.0", 24, NO_NEXT_HOP },
	{ "a route of another table is none", HOST, BOTH(NOT_FOUND), NULL, T1, "198.51.123.0", 24, "10.1.0.1" },
	{ "IPv6", HOST, BOTH(OK), NULL, T2, "2001:db8:100::", 48, "2001:db8:2::1", { "2001:db8:100::/48", "2001:db8:2::1", T2, 20, RouteProtocolOspf, NlroManual } },
	{ "IPv6 on-link", HOST, BOTH(OK), NULL, T1, "2001:db8:1::", 64, NULL, { "2001:db8:1::/64", NULL, T1, 256, KERNEL } },
	{ "IPv6 by a link-local gateway", HOST, BOTH(OK), NULL, T1, "2001:db8:101::", 48, "fe80::1", { "2001:db8:101::/48", "fe80::1", T1, 1024, STATIC } },
	{ "a link-local gateway with its scope", HOST, BOTH(OK), NULL, T1, "2001:db8:101::", 48, "fe80::1%11", { "2001:db8:101::/48", "fe80::1", T1, 1024, STATIC } },
	{ "port and flow info in the key are ignored", HOST, BOTH(OK), NULL, T1, "!2001:db8:101::", 48, "!fe80::1", { "2001:db8:101::/48", "fe80::1", T1, 1024, STATIC } },
	{ "IPv6 that expires", HOST, BOTH(OK), NULL, T1, "2001:db8:10a::", 48, "2001:db8:1::1", { "2001:db8:10a::/48", "2001:db8:1::1", T1, 1024, STATIC, 3000 } },
	{ "IPv6 host bits", HOST, BOTH(INVALID), NULL, T1, "2001:db8:103::1", 48, NULL },
	{ "IPv6 multicast", HOST, BOTH(OK), NULL, T1, "ff00::", 8, NULL, { "ff00::/8", NULL, T1, 256, KERNEL } },
	{ "no route at all", EMPTY, BOTH(NOT_FOUND), NULL, T1, "0.0.0.0", 0, NO_NEXT_HOP },
	{ "IPv6 where it is disabled", NO6, BOTH(NOT_SUPPORTED), NULL, T1, "::", 0, NO_NEXT_HOP },
	{ "IPv4 beside it", NO6, BOTH(OK), NULL, T1, "0.0.0.0", 0, NO_NEXT_HOP, { "0.0.0.0/0", "10.1.0.1", T1, 0, STATIC } },
};

/* The key; every field that is no part of it stays poisoned. */
static void make_key(const struct entry_case *c, MIB_IPFORWARD_ROW2 *ret_row)
{
	ret_row->InterfaceLuid.Value = 0;
	if (c->luid)
		ret_row->InterfaceLuid = luid__read(c->luid);
	ret_row->InterfaceIndex = c->index;
	address__read(c->prefix, &ret_row->DestinationPrefix.Prefix);
	ret_row->DestinationPrefix.PrefixLength = (UINT8)c->length;
	memset(&ret_row->NextHop, 0, sizeof(ret_row->NextHop));
	ret_row->NextHop.si_family = ret_row->DestinationPrefix.Prefix.si_family;
	if (c->next_hop)
		address__read(c->next_hop, &ret_row->NextHop);
}

static void run_entry(enum world world)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct entry_case *c = &cases[i];
		MIB_IPFORWARD_ROW2 row, key;
		char why[WHY_BYTES] = "";
		NETIO_STATUS status;

		if (c->world != world)
			continue;
		poison(&row, sizeof(row));
		if (c->prefix)
			make_key(c, &row);
		key = row;
		status = GetIpForwardEntry2(c->prefix ? &row : NULL);
		result__status(why, CONTRACT, c->status[CONTRACT], (uint32_t)status);
		if (c->status[CONTRACT] == OK)
			row__compare(why, &c->row, &row);
		else if (c->prefix && memcmp(&row, &key, sizeof(row)))
			result__note(why, "the row is not as it was");
		result(CONTRACT, "GetIpForwardEntry2", c->desc, why);
	}
}

/* ---- InitializeIpForwardEntry ---- */

static void initialize(void)
{
	/* By their place, which the layout tests assert: everything else is 0. */
	static const struct {
		size_t offset, bytes;
		int value;
	} fields[] = { { 72, 1, 0xff }, { 76, 4, 0xff }, { 80, 4, 0xff }, { 84, 4, 0xff }, { 88, 4, 0xff }, { 92, 4, 1 } };
	unsigned char expected[sizeof(MIB_IPFORWARD_ROW2)] = { 0 };
	char why[WHY_BYTES] = "";
	MIB_IPFORWARD_ROW2 row;

	for (size_t i = 0; i < COUNT(fields); i++)
		memset(expected + fields[i].offset, fields[i].value, fields[i].bytes);
	poison(&row, sizeof(row));
	InitializeIpForwardEntry(&row);
	if (memcmp(&row, expected, sizeof(row)))
		result__note(why, "the row is another one");
	result(CONTRACT, "InitializeIpForwardEntry", "every byte of the row", why);
	*why = '\0';
	if (row.ValidLifetime != 0xffffffff || row.PreferredLifetime != 0xffffffff)
		result__note(why, "lifetimes %u and %u", row.ValidLifetime, row.PreferredLifetime);
	result(CONTRACT, "InitializeIpForwardEntry", "lifetimes are for ever", why);
	*why = '\0';
	if (row.Loopback != TRUE || row.AutoconfigureAddress != TRUE || row.Publish != TRUE || row.Immortal != TRUE)
		result__note(why, "not all are TRUE");
	result(CONTRACT, "InitializeIpForwardEntry", "the four BOOLEANs are TRUE", why);
	*why = '\0';
	if (row.SitePrefixLength != 255 || row.Metric != 0xffffffff || (int)row.Protocol != -1)
		result__note(why, "%u, %u, %d", row.SitePrefixLength, row.Metric, (int)row.Protocol);
	result(CONTRACT, "InitializeIpForwardEntry", "site prefix length, metric and protocol are illegal", why);
}

void OF_CONTRACT(entry)(enum world world)
{
	run_entry(world);
	if (world == HOST)
		initialize();
}
