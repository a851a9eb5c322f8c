// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* What programs that were written for Windows do with these functions. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance.h"

#define STATIC RouteProtocolNetMgmt, NlroManual
#define USER_ONLY(status) (CONTRACT == USER ? (status) : INVALID)

/* ---- QUIC, VPN clients: local and remote address, no interface ---- */

static void quic(const char *desc, const char *local, const char *remote, const char *source, const char *next_hop,
		 NET_IFINDEX index)
{
	SOCKADDR_INET local_address, remote_address, best;
	MIB_IPFORWARD_ROW2 row;
	char why[WHY_BYTES] = "";
	static const char zero[16];
	NETIO_STATUS status;
	const void *to_resolve;

	address__read(local, &local_address);
	address__read(remote, &remote_address);
	status = GetBestRoute2(NULL, 0, &local_address, &remote_address, 0, &row, &best);
	result__status(why, CONTRACT, USER_ONLY(OK), (uint32_t)status);
	if (!status) {
		address__compare(why, source, &best);
		if (row.InterfaceIndex != index)
			result__note(why, "by interface %u, expected %u", row.InterfaceIndex, index);
		/* An unspecified next hop means: resolve the destination itself. */
		if (row.NextHop.si_family == AF_INET6)
			to_resolve = memcmp(&row.NextHop.Ipv6.sin6_addr, zero, 16) ? &row.NextHop : &remote_address;
		else
			to_resolve = row.NextHop.Ipv4.sin_addr.s_addr ? &row.NextHop : &remote_address;
		address__compare(why, next_hop, to_resolve);
	}
	result(CONTRACT, "callers", desc, why);
}

/* ---- Bitcoin-like: the gateway, by the unspecified destination ---- */

static void gateway(const char *desc, const char *destination, const char *expected)
{
	SOCKADDR_INET address, best;
	MIB_IPFORWARD_ROW2 row;
	char why[WHY_BYTES] = "";
	NETIO_STATUS status;

	address__read(destination, &address);
	status = GetBestRoute2(NULL, 0, NULL, &address, 0, &row, &best);
	result__status(why, CONTRACT, USER_ONLY(OK), (uint32_t)status);
	if (!status)
		address__compare(why, expected, &row.NextHop);
	result(CONTRACT, "callers", desc, why);
}

/* ---- per-interface probe: does this interface have a route to X? ---- */

static void probe(const char *desc, NET_LUID luid, const char *destination, bool expected)
{
	const enum status no[] = { FILE_NOT_FOUND, NOT_FOUND, UNREACHABLE };
	SOCKADDR_INET address, best;
	MIB_IPFORWARD_ROW2 row;
	char why[WHY_BYTES] = "";
	uint32_t status;
	bool is_no = false;

	address__read(destination, &address);
	status = (uint32_t)GetBestRoute2(&luid, 0, NULL, &address, 0, &row, &best);
	for (size_t i = 0; i < COUNT(no); i++)
		is_no |= status == status__number(CONTRACT, no[i]);
	if (expected ? status != 0 : !is_no)
		result__note(why, "status %#x", status);
	result(CONTRACT, "callers", desc, why);
}

/* ---- Mullvad-like: create, and if it is there already, set ---- */

static void make(const struct row *given, MIB_IPFORWARD_ROW2 *ret_row)
{
	MIB_IPFORWARD_ROW2 whole;

	row__make(given, &whole);
	InitializeIpForwardEntry(ret_row);
	ret_row->InterfaceLuid = whole.InterfaceLuid;
	ret_row->DestinationPrefix = whole.DestinationPrefix;
	ret_row->NextHop = whole.NextHop;
	ret_row->Metric = whole.Metric;
	ret_row->Protocol = MIB_IPPROTO_NETMGMT;
}

static uint32_t upsert(const MIB_IPFORWARD_ROW2 *row)
{
	uint32_t status = (uint32_t)CreateIpForwardEntry2(row);

	return status == status__number(CONTRACT, EXISTS) ? (uint32_t)SetIpForwardEntry2(row) : status;
}

static void create_then_set(void)
{
	struct row given = { "100.80.0.0/16", "10.1.0.1", T1, 20, STATIC };
	MIB_IPFORWARD_ROW2 row, key;
	char why[WHY_BYTES] = "";

	for (ULONG metric = 20; metric >= 10; metric -= 10) {
		given.metric = metric;
		make(&given, &row);
		result__status(why, CONTRACT, OK, upsert(&row));
		result__status(why, CONTRACT, OK, (uint32_t)GetIpForwardEntry2(&row));
		row__compare(why, &given, &row);
	}
	memset(&key, 0, sizeof(key)); /* deleted with an otherwise zeroed row */
	key.InterfaceLuid = row.InterfaceLuid;
	key.DestinationPrefix = row.DestinationPrefix;
	key.NextHop = row.NextHop;
	result__status(why, CONTRACT, OK, (uint32_t)DeleteIpForwardEntry2(&key));
	result__status(why, CONTRACT, NOT_FOUND, (uint32_t)DeleteIpForwardEntry2(&key));
	result(CONTRACT, "callers", "create, then set, then delete with a zeroed row", why);
	ip__flush();
}

/* ---- OpenVPN-like: an undo list, whose rows are compared by memcmp ---- */

static void undo_list(void)
{
	static const char *const hosts[] = { "100.80.1.0", "100.80.2.0", "100.80.1.0", "100.80.2.0" };
	MIB_IPFORWARD_ROW2 undo[COUNT(hosts)];
	size_t count = 0, equal = 0;
	char why[WHY_BYTES] = "";

	for (size_t i = 0; i < COUNT(hosts); i++) {
		SOCKADDR_INET destination, best;
		MIB_IPFORWARD_ROW2 row;
		bool known = false;

		address__read(hosts[i], &destination);
		poison(&row, sizeof(row));
		result__status(why, CONTRACT, OK, (uint32_t)GetBestRoute2(NULL, T2, NULL, &destination, 0, &row, &best));
		row.DestinationPrefix.Prefix = destination; /* a host route by the same gateway */
		row.DestinationPrefix.PrefixLength = 32;
		row.Age = 0;
		for (size_t j = 0; j < count; j++)
			known |= !memcmp(&undo[j], &row, sizeof(row));
		equal += known;
		if (!known)
			undo[count++] = row;
	}
	if (count != 2 || equal != 2)
		result__note(why, "%zu rows, %zu were known, expected 2 and 2", count, equal);
	result(CONTRACT, "callers", "rows of an undo list are equal by memcmp", why);
	*why = '\0';
	for (size_t i = 0; i < count; i++)
		result__status(why, CONTRACT, OK, (uint32_t)CreateIpForwardEntry2(&undo[i]));
	while (count)
		result__status(why, CONTRACT, OK, (uint32_t)DeleteIpForwardEntry2(&undo[--count]));
	result(CONTRACT, "callers", "a row of GetBestRoute2 is created as a host route and undone", why);
	ip__flush();
}

/* ---- Tailscale-like: leave the callback at once, then compare the whole table ---- */

struct signal {
	pthread_mutex_t lock;
	bool set;
};

static void set_signal(PVOID context, PMIB_IPFORWARD_ROW2 row, MIB_NOTIFICATION_TYPE type)
{
	struct signal *changed = context;

	(void)row, (void)type;
	pthread_mutex_lock(&changed->lock);
	changed->set = true;
	pthread_mutex_unlock(&changed->lock);
}

/* Time goes on between two tables. */
static bool is_in(const MIB_IPFORWARD_TABLE2 *table, const MIB_IPFORWARD_ROW2 *row)
{
	for (ULONG i = 0; i < table->NumEntries; i++) {
		MIB_IPFORWARD_ROW2 other = table->Table[i];

		other.Age = row->Age;
		if (row->ValidLifetime != 0xffffffff && other.ValidLifetime != 0xffffffff)
			other.ValidLifetime = other.PreferredLifetime = row->ValidLifetime;
		if (!memcmp(row, &other, sizeof(other)))
			return true;
	}
	return false;
}

/* Rows that are in one table only; the mark of ip() is none. */
static size_t diff(const MIB_IPFORWARD_TABLE2 *table, const MIB_IPFORWARD_TABLE2 *other, MIB_IPFORWARD_ROW2 *ret_row)
{
	size_t count = 0;
	SOCKADDR_INET mark;

	address__read("192.0.2.200", &mark);
	for (ULONG i = 0; i < table->NumEntries; i++) {
		if (is_in(other, &table->Table[i]) || !memcmp(&table->Table[i].DestinationPrefix.Prefix, &mark, sizeof(mark)))
			continue;
		*ret_row = table->Table[i];
		count++;
	}
	return count;
}

static void table_diff(void)
{
	static const struct row added = { "100.80.0.0/16", "10.1.0.1", T1, 5, STATIC };
	struct signal changed = { .lock = PTHREAD_MUTEX_INITIALIZER };
	MIB_IPFORWARD_TABLE2 *before = NULL, *after = NULL;
	MIB_IPFORWARD_ROW2 row;
	char why[WHY_BYTES] = "";
	unsigned int attempt = 0;
	HANDLE handle = NULL;

	result__status(why, CONTRACT, OK, (uint32_t)NotifyRouteChange2(AF_UNSPEC, set_signal, &changed, FALSE, &handle));
	result__status(why, CONTRACT, OK, (uint32_t)GetIpForwardTable2(AF_UNSPEC, &before));
	ip("route add 100.80.0.0/16 via 10.1.0.1 proto static metric 5");
	while (handle && !changed.set && !deadline__over(&attempt))
		;
	result__status(why, CONTRACT, OK, (uint32_t)GetIpForwardTable2(AF_UNSPEC, &after));
	if (handle && !changed.set)
		result__note(why, "no callback");
	if (!before || !after || diff(after, before, &row) != 1)
		result__note(why, "not one row came");
	else
		row__compare(why, &added, &row);
	if (before && after && diff(before, after, &row))
		result__note(why, "a row went");
	FreeMibTable(before);
	FreeMibTable(after);
	if (handle)
		result__status(why, CONTRACT, OK, (uint32_t)CancelMibChangeNotify2(handle));
	result(CONTRACT, "callers", "the difference of two tables after a notification", why);
	ip__flush();
}

void OF_CONTRACT(callers)(enum world world)
{
	if (world != HOST)
		return;
	quic("QUIC: by a gateway", "10.1.0.254", "203.0.113.1", "10.1.0.254", "10.1.0.1", T1);
	quic("QUIC: an unspecified next hop is the destination", "10.1.0.254", "10.1.0.7", "10.1.0.254", "10.1.0.7", T1);
	quic("QUIC: the local address decides the interface", "10.2.0.254", "203.0.113.1", "10.2.0.254", "10.2.0.1", T2);
	quic("QUIC: unspecified local address", "0.0.0.0", "203.0.113.1", "10.1.0.254", "10.1.0.1", T1);
	quic("QUIC: IPv6", "2001:db8:1::fe", "2001:db8:1::7", "2001:db8:1::fe", "2001:db8:1::7", T1);
	gateway("the gateway, by 0.0.0.0", "0.0.0.0", "10.2.0.1");
	gateway("the gateway, by ::", "::", "2001:db8:2::1");
	probe("this interface has a route", luid__of(T2), "192.0.2.1", true);
	probe("this interface has none", luid__of(T1), "192.0.2.1", false);
	probe("an interface without routes has none", luid__of(BR0), "192.0.2.1", false);
	probe("an interface that is down has none", luid__of(T3), "192.0.2.1", false);
	probe("an unknown interface has none", luid__of(UNKNOWN), "192.0.2.1", false);
	create_then_set();
	undo_list();
	table_diff();
}
