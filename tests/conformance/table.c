// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * GetIpForwardTable2 and FreeMibTable: the table of cases, and what holds for
 * every row. That the table is the kernel's, route by route, is tested by
 * tests/oracle.
 */
#include <stdint.h>
#include <string.h>

#include "conformance.h"

struct table_case {
	const char *desc;
	enum world world;
	enum status status[2];
	ADDRESS_FAMILY family;
	bool no_output;
	struct row has; /* a row that is in it, once */
};

#define STATIC RouteProtocolNetMgmt, NlroManual
#define KERNEL RouteProtocolLocal, NlroWellKnown

static const struct table_case cases[] = {
	{ "NULL", HOST, BOTH(INVALID), AF_INET, true },
	{ "family AF_UNIX", HOST, BOTH(INVALID), AF_UNIX },
	{ "Windows' own AF_INET6", HOST, BOTH(INVALID), 23 },
	{ "another family before NULL", HOST, BOTH(INVALID), 23, true },
	{ "IPv4: a gateway", HOST, BOTH(OK), AF_INET, .has = { "203.0.113.0/24", "10.1.0.1", T1, 7, RouteProtocolBgp, NlroManual } },
	{ "IPv4: the same prefix by another interface", HOST, BOTH(OK), AF_INET, .has = { "203.0.113.0/24", "10.2.0.1", T2, 9, RouteProtocolBgp, NlroManual } },
	{ "IPv4: the default route", HOST, BOTH(OK), AF_INET, .has = { "0.0.0.0/0", "10.2.0.1", T2, 100, RouteProtocolDhcp, NlroDHCP } },
	{ "IPv4: on-link", HOST, BOTH(OK), AF_INET, .has = { "10.1.8.0/24", NULL, T1, 0, KERNEL } },
	{ "IPv4: a local route", HOST, BOTH(OK), AF_INET, .has = { "10.1.0.254/32", NULL, T1, 0, KERNEL } },
	{ "IPv4: a broadcast route", HOST, BOTH(OK), AF_INET, .has = { "10.1.0.255/32", NULL, T1, 0, KERNEL } },
	{ "IPv4: loopback", HOST, BOTH(OK), AF_INET, .has = { "127.0.0.0/8", NULL, LO, 0, KERNEL } },
	{ "IPv4: a path of several", HOST, BOTH(OK), AF_INET, .has = { "198.51.105.0/24", "10.1.0.9", T1, 0, STATIC } },
	{ "IPv4: another path of them", HOST, BOTH(OK), AF_INET, .has = { "198.51.105.0/24", "10.2.0.1", T2, 0, STATIC } },
	{ "IPv4: a path whose interface is down", HOST, BOTH(OK), AF_INET, .has = { "198.51.106.0/24", "10.3.0.1", T3, 0, STATIC } },
	{ "IPv4: a gateway of the other family", HOST, BOTH(OK), AF_INET, .has = { "198.51.107.0/24", "2001:db8:2::1", T2, 0, STATIC } },
	{ "IPv6: a gateway", HOST, BOTH(OK), AF_INET6, .has = { "2001:db8:100::/48", "2001:db8:2::1", T2, 20, RouteProtocolOspf, NlroManual } },
	{ "IPv6: the default route", HOST, BOTH(OK), AF_INET6, .has = { "::/0", "2001:db8:2::1", T2, 100, RouteProtocolNetMgmt, NlroRouterAdvertisement } },
	{ "IPv6: loopback", HOST, BOTH(OK), AF_INET6, .has = { "::1/128", NULL, LO, 0, KERNEL } },
	{ "IPv6: multicast", HOST, BOTH(OK), AF_INET6, .has = { "ff00::/8", NULL, T2, 256, KERNEL } },
	{ "IPv6: a link-local network", HOST, BOTH(OK), AF_INET6, .has = { "fe80::/64", NULL, T2, 256, KERNEL } },
	{ "IPv6: one that expires", HOST, BOTH(OK), AF_INET6, .has = { "2001:db8:10a::/48", "2001:db8:1::1", T1, 1024, STATIC, 3000 } },
	{ "both families: IPv4", HOST, BOTH(OK), AF_UNSPEC, .has = { "203.0.113.0/24", "10.1.0.1", T1, 7, RouteProtocolBgp, NlroManual } },
	{ "both families: IPv6", HOST, BOTH(OK), AF_UNSPEC, .has = { "2001:db8:100::/48", "2001:db8:2::1", T2, 20, RouteProtocolOspf, NlroManual } },
	{ "no row", EMPTY, BOTH(NOT_FOUND), AF_UNSPEC },
	{ "no IPv4 row", EMPTY, BOTH(NOT_FOUND), AF_INET },
	{ "no IPv6 row", EMPTY, BOTH(NOT_FOUND), AF_INET6 },
	{ "IPv6 where it is disabled", NO6, BOTH(NOT_FOUND), AF_INET6 },
	{ "both where IPv6 is disabled", NO6, BOTH(OK), AF_UNSPEC, .has = { "0.0.0.0/0", "10.1.0.1", T1, 0, STATIC } },
};

static bool same_key(const MIB_IPFORWARD_ROW2 *a, const MIB_IPFORWARD_ROW2 *b)
{
	return !memcmp(a, b, offsetof(MIB_IPFORWARD_ROW2, SitePrefixLength));
}

static void check_has(char why[WHY_BYTES], const struct row *has, const MIB_IPFORWARD_TABLE2 *table)
{
	const MIB_IPFORWARD_ROW2 *found = NULL;
	MIB_IPFORWARD_ROW2 expected;
	int count = 0;

	row__make(has, &expected);
	for (ULONG i = 0; i < table->NumEntries; i++) {
		if (same_key(&expected, &table->Table[i])) {
			found = &table->Table[i];
			count++;
		}
	}
	if (count != 1)
		result__note(why, "the row is there %d times", count);
	else
		row__compare(why, has, found);
}

static void run_case(const struct table_case *c)
{
	MIB_IPFORWARD_TABLE2 *table = (void *)(uintptr_t)0xa5a5;
	char why[WHY_BYTES] = "";
	NETIO_STATUS status = GetIpForwardTable2(c->family, c->no_output ? NULL : &table);
	enum status expected = c->status[CONTRACT];

	result__status(why, CONTRACT, expected, (uint32_t)status);
	if (expected == OK && !status && table)
		check_has(why, &c->has, table);
	else if (table != (expected == INVALID ? (void *)(uintptr_t)0xa5a5 : NULL))
		result__note(why, "the table's pointer is not %s", expected == INVALID ? "untouched" : "NULL");
	if (!status)
		FreeMibTable(table);
	result(CONTRACT, "GetIpForwardTable2", c->desc, why);
}

/* ---- what holds for every row ---- */

static void check_order(char why[WHY_BYTES], const MIB_IPFORWARD_TABLE2 *table)
{
	bool seen6 = false;

	for (ULONG i = 0; i < table->NumEntries; i++) {
		bool is6 = table->Table[i].DestinationPrefix.Prefix.si_family == AF_INET6;

		if (!is6 && seen6)
			result__note(why, "row %u is an IPv4 one behind an IPv6 one", i);
		seen6 |= is6;
	}
	if (!seen6)
		result__note(why, "no IPv6 row");
}

/*
 * Linux may have several routes of one key: of different metrics, or of the
 * tables local and main. The entry is one of them.
 */
static bool is_one_of(const MIB_IPFORWARD_ROW2 *row, const MIB_IPFORWARD_TABLE2 *table)
{
	for (ULONG i = 0; i < table->NumEntries; i++) {
		MIB_IPFORWARD_ROW2 other = table->Table[i];

		other.Age = row->Age;
		if (other.ValidLifetime != 0xffffffff)
			other.ValidLifetime = other.PreferredLifetime = row->ValidLifetime;
		if (!memcmp(row, &other, sizeof(other)))
			return true;
	}
	return false;
}

static void check_entries(char why[WHY_BYTES], const MIB_IPFORWARD_TABLE2 *table)
{
	for (ULONG i = 0; i < table->NumEntries; i++) {
		MIB_IPFORWARD_ROW2 row;
		NETIO_STATUS status;

		poison(&row, sizeof(row));
		memcpy(&row, &table->Table[i], offsetof(MIB_IPFORWARD_ROW2, SitePrefixLength));
		status = GetIpForwardEntry2(&row);
		if (status || !same_key(&row, &table->Table[i]) || !is_one_of(&row, table))
			result__note(why, "row %u: GetIpForwardEntry2 says %#x, or has a row that the table has not", i,
				     (unsigned int)status);
	}
}

static bool is_clean(const SOCKADDR_INET *address)
{
	if (address->si_family == AF_INET6)
		return !address->Ipv6.sin6_port && !address->Ipv6.sin6_flowinfo && !address->Ipv6.sin6_scope_id;
	return address->si_family == AF_INET && !address->Ipv4.sin_port && is_filled((const char *)address + 8, 0, 20);
}

static void check_padding(char why[WHY_BYTES], const MIB_IPFORWARD_TABLE2 *table)
{
	if (!is_filled((const char *)table + 4, 0, 4))
		result__note(why, "bytes 4 to 7 of the table are not 0");
	for (ULONG i = 0; i < table->NumEntries; i++) {
		const char *bytes = (const char *)&table->Table[i];

		if (!is_clean(&table->Table[i].DestinationPrefix.Prefix) || !is_clean(&table->Table[i].NextHop) ||
		    !is_filled(bytes + 12 + 29, 0, 3) || !is_filled(bytes + 73, 0, 3))
			result__note(why, "row %u is not clean", i);
	}
}

static void every_row(const char *desc, void (*check)(char why[WHY_BYTES], const MIB_IPFORWARD_TABLE2 *table))
{
	MIB_IPFORWARD_TABLE2 *table = NULL;
	char why[WHY_BYTES] = "";

	if (GetIpForwardTable2(AF_UNSPEC, &table))
		result__note(why, "no table");
	else
		check(why, table);
	FreeMibTable(table);
	result(CONTRACT, "GetIpForwardTable2", desc, why);
}

void OF_CONTRACT(table)(enum world world)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		if (cases[i].world == world)
			run_case(&cases[i]);
	}
	if (world != HOST)
		return;
	every_row("IPv4 rows come first", check_order);
	every_row("every row is what GetIpForwardEntry2 has for its key", check_entries);
	every_row("no byte of a row is undefined", check_padding);
	FreeMibTable(NULL);
	result(CONTRACT, "FreeMibTable", "NULL", "");
}
