// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * A program as it is written for Windows: the functions of netioapi and
 * nothing of Linux, in C and in C++, in both contracts. It finds the way to an
 * address, lists the table, watches it, and adds, changes and deletes a route:
 *
 *	ported read      what needs no privilege
 *	ported write     all of it; the machine needs an interface with index 11 in 10.1.0.0/24
 */
#include <netioapi.h>

#include <stdio.h>
#include <string.h>

#ifdef NETIOAPI_USER_MODE
#define SUCCEEDED(status) ((status) == NO_ERROR)
#define ALREADY_THERE ERROR_OBJECT_ALREADY_EXISTS
#define IS_MISSING ERROR_NOT_FOUND
#else
#define SUCCEEDED(status) NT_SUCCESS(status)
#define ALREADY_THERE STATUS_DUPLICATE_OBJECTID
#define IS_MISSING STATUS_NOT_FOUND
#endif

static int failures;

static void expect(int condition, const char *what)
{
	if (condition)
		return;
	printf("failed: %s\n", what);
	failures++;
}

static SOCKADDR_INET address(ULONG network_order)
{
	SOCKADDR_INET result;

	memset(&result, 0, sizeof(result));
	result.Ipv4.sin_family = AF_INET;
	result.Ipv4.sin_addr.s_addr = network_order;
	return result;
}

/* ---- the table, and the way to its first gateway ---- */

static void read_table(void)
{
	PMIB_IPFORWARD_TABLE2 table = NULL;
	ULONG i, gateways = 0;

	expect(SUCCEEDED(GetIpForwardTable2(AF_UNSPEC, &table)), "GetIpForwardTable2");
	if (!table)
		return;
	for (i = 0; i < table->NumEntries; i++) {
		const MIB_IPFORWARD_ROW2 *row = &table->Table[i];
		NET_LUID luid;
		NET_IFINDEX index = 0;
		CHAR name[256];

		gateways += row->NextHop.si_family == AF_INET && row->NextHop.Ipv4.sin_addr.s_addr;
		expect(SUCCEEDED(ConvertInterfaceIndexToLuid(row->InterfaceIndex, &luid)), "ConvertInterfaceIndexToLuid");
		expect(luid.Value == row->InterfaceLuid.Value, "the LUID of the row");
		expect(SUCCEEDED(ConvertInterfaceLuidToIndex(&row->InterfaceLuid, &index)), "ConvertInterfaceLuidToIndex");
		expect(index == row->InterfaceIndex, "the index of the row");
		expect(SUCCEEDED(ConvertInterfaceLuidToNameA(&luid, name, sizeof(name))), "ConvertInterfaceLuidToNameA");
		expect(SUCCEEDED(ConvertInterfaceNameToLuidA(name, &luid)), "ConvertInterfaceNameToLuidA");
		expect(luid.Value == row->InterfaceLuid.Value, "the LUID by its name");
	}
	printf("%u rows, %u by a gateway\n", (unsigned int)table->NumEntries, (unsigned int)gateways);
	FreeMibTable(table);
}

static void best_route(void)
{
	SOCKADDR_INET destination = address(0x0100007f), best_source; /* 127.0.0.1 */
	MIB_IPFORWARD_ROW2 row, entry;
	NET_LUID luid;

	expect(SUCCEEDED(ConvertInterfaceIndexToLuid(1, &luid)), "the LUID of the loopback interface");
	expect(SUCCEEDED(GetBestRoute2(&luid, 0, NULL, &destination, 0, &row, &best_source)), "GetBestRoute2");
	expect(row.Loopback == TRUE && row.Protocol == RouteProtocolLocal && row.Protocol == MIB_IPPROTO_LOCAL, "its row");
	expect(best_source.Ipv4.sin_addr.s_addr == destination.Ipv4.sin_addr.s_addr, "its source");
	entry = row;
	expect(SUCCEEDED(GetIpForwardEntry2(&entry)), "GetIpForwardEntry2");
	entry.Age = row.Age;
	expect(!memcmp(&entry, &row, sizeof(row)), "the entry is the row");
}

/* ---- writing ---- */

static void NETIOAPI_CALLBACK on_change(PVOID context, PMIB_IPFORWARD_ROW2 row, MIB_NOTIFICATION_TYPE type)
{
	int *initial = (int *)context;

	if (type == MibInitialNotification && !row)
		++*initial;
}

static void write_route(void)
{
	MIB_IPFORWARD_ROW2 row;
	HANDLE handle = NULL;
	int initial = 0;

	expect(SUCCEEDED(NotifyRouteChange2(AF_INET, on_change, &initial, TRUE, &handle)), "NotifyRouteChange2");
	expect(initial == 1, "the initial notification");
	InitializeIpForwardEntry(&row);
	row.InterfaceIndex = 11;
	row.DestinationPrefix.Prefix = address(0x00005064); /* 100.80.0.0 */
	row.DestinationPrefix.PrefixLength = 16;
	row.NextHop = address(0x0100010a); /* 10.1.0.1 */
	row.Protocol = (NL_ROUTE_PROTOCOL)MIB_IPPROTO_NETMGMT;
	row.Metric = 20;
	expect(SUCCEEDED(CreateIpForwardEntry2(&row)), "CreateIpForwardEntry2");
	expect(CreateIpForwardEntry2(&row) == ALREADY_THERE, "it is there already");
	row.Metric = 10;
	expect(SUCCEEDED(SetIpForwardEntry2(&row)), "SetIpForwardEntry2");
	expect(SUCCEEDED(GetIpForwardEntry2(&row)) && row.Metric == 10, "GetIpForwardEntry2 of it");
	expect(SUCCEEDED(DeleteIpForwardEntry2(&row)), "DeleteIpForwardEntry2");
	expect(GetIpForwardEntry2(&row) == IS_MISSING, "it is gone");
	expect(SUCCEEDED(CancelMibChangeNotify2(handle)), "CancelMibChangeNotify2");
}

int main(int argc, char **argv)
{
	if (argc != 2 || (strcmp(argv[1], "read") && strcmp(argv[1], "write"))) {
		printf("usage: ported read|write\n");
		return 2;
	}
	read_table();
	best_route();
	if (!strcmp(argv[1], "write"))
		write_route();
	return failures != 0;
}
