// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Who may: a caller that may not read the instance, one that may not write, and no instance at all. */
#include <string.h>

#include "conformance.h"

enum function { BEST_ROUTE, ENTRY, TABLE, CREATE, SET, DELETE, NOTIFY, TO_LUID };

struct access_case {
	const char *desc;
	enum world world;
	enum function function;
	enum status status[2];
	const char *prefix; /* of length 24; by 10.1.0.1 and T1 */
};

#define THERE "198.51.100.0"
#define NEW "198.51.101.0"

static const struct access_case cases[] = {
	{ "may not read: GetBestRoute2", UNREADABLE, BEST_ROUTE, BOTH(ACCESS_DENIED), THERE },
	{ "may not read: GetIpForwardEntry2", UNREADABLE, ENTRY, BOTH(ACCESS_DENIED), THERE },
	{ "may not read: GetIpForwardTable2", UNREADABLE, TABLE, BOTH(ACCESS_DENIED) },
	{ "may not read: CreateIpForwardEntry2", UNREADABLE, CREATE, BOTH(ACCESS_DENIED), NEW },
	{ "may not read: SetIpForwardEntry2", UNREADABLE, SET, BOTH(ACCESS_DENIED), THERE },
	{ "may not read: DeleteIpForwardEntry2", UNREADABLE, DELETE, BOTH(ACCESS_DENIED), THERE },
	{ "may not read: NotifyRouteChange2", UNREADABLE, NOTIFY, BOTH(ACCESS_DENIED) },
	{ "may not read: ConvertInterfaceIndexToLuid", UNREADABLE, TO_LUID, BOTH(ACCESS_DENIED) },
	{ "may not write: GetBestRoute2", UNWRITABLE, BEST_ROUTE, BOTH(OK), THERE },
	{ "may not write: GetIpForwardEntry2", UNWRITABLE, ENTRY, BOTH(OK), THERE },
	{ "may not write: GetIpForwardTable2", UNWRITABLE, TABLE, BOTH(OK) },
	{ "may not write: CreateIpForwardEntry2", UNWRITABLE, CREATE, BOTH(ACCESS_DENIED), NEW },
	{ "may not write: it is there already", UNWRITABLE, CREATE, BOTH(EXISTS), THERE },
	{ "may not write: SetIpForwardEntry2", UNWRITABLE, SET, BOTH(ACCESS_DENIED), THERE },
	{ "may not write: DeleteIpForwardEntry2", UNWRITABLE, DELETE, BOTH(ACCESS_DENIED), THERE },
	{ "may not write: nothing to delete", UNWRITABLE, DELETE, BOTH(NOT_FOUND), NEW },
	{ "may not write: NotifyRouteChange2", UNWRITABLE, NOTIFY, BOTH(OK) },
	{ "may not write: ConvertInterfaceIndexToLuid", UNWRITABLE, TO_LUID, BOTH(OK) },
	{ "no instance: GetBestRoute2", ABSENT, BEST_ROUTE, BOTH(NOT_SUPPORTED), THERE },
	{ "no instance: GetIpForwardEntry2", ABSENT, ENTRY, BOTH(NOT_SUPPORTED), THERE },
	{ "no instance: GetIpForwardTable2", ABSENT, TABLE, BOTH(NOT_SUPPORTED) },
	{ "no instance: CreateIpForwardEntry2", ABSENT, CREATE, BOTH(NOT_SUPPORTED), NEW },
	{ "no instance: NotifyRouteChange2", ABSENT, NOTIFY, BOTH(NOT_SUPPORTED) },
	{ "no instance: ConvertInterfaceIndexToLuid", ABSENT, TO_LUID, BOTH(NOT_SUPPORTED) },
};

static void on_change(PVOID context, PMIB_IPFORWARD_ROW2 row, MIB_NOTIFICATION_TYPE type)
{
	(void)context, (void)row, (void)type;
}

static NETIO_STATUS best_route(char why[WHY_BYTES], const MIB_IPFORWARD_ROW2 *key)
{
	MIB_IPFORWARD_ROW2 row;
	SOCKADDR_INET source;
	NETIO_STATUS status;

	poison(&row, sizeof(row));
	poison(&source, sizeof(source));
	status = GetBestRoute2(NULL, T1, NULL, &key->DestinationPrefix.Prefix, 0, &row, &source);
	if (status && (!is_filled(&row, 0, sizeof(row)) || !is_filled(&source, 0, sizeof(source))))
		result__note(why, "the outputs are not zeroed");
	return status;
}

static NETIO_STATUS others(char why[WHY_BYTES], enum function function)
{
	MIB_IPFORWARD_TABLE2 *table = (void *)why;
	HANDLE handle = why;
	NET_LUID luid;
	NETIO_STATUS status;

	if (function == TABLE) {
		status = GetIpForwardTable2(AF_UNSPEC, &table);
		if (status && table)
			result__note(why, "the table is not NULL");
		FreeMibTable(table);
		return status;
	}
	if (function == TO_LUID) {
		poison(&luid, sizeof(luid));
		status = ConvertInterfaceIndexToLuid(T1, &luid);
		if (status && luid.Value)
			result__note(why, "the LUID is not 0");
		return status;
	}
	status = NotifyRouteChange2(AF_UNSPEC, on_change, NULL, FALSE, &handle);
	if (status && handle)
		result__note(why, "the handle is not NULL");
	if (!status)
		result__status(why, CONTRACT, OK, (uint32_t)CancelMibChangeNotify2(handle));
	return status;
}

static NETIO_STATUS call(char why[WHY_BYTES], const struct access_case *c)
{
	MIB_IPFORWARD_ROW2 row;

	if (!c->prefix)
		return others(why, c->function);
	InitializeIpForwardEntry(&row);
	row.InterfaceIndex = T1;
	address__read(c->prefix, &row.DestinationPrefix.Prefix);
	row.DestinationPrefix.PrefixLength = 24;
	address__read("10.1.0.1", &row.NextHop);
	row.Metric = 77; /* Set has something to do */
	switch (c->function) {
	case BEST_ROUTE:
		return best_route(why, &row);
	case ENTRY:
		return GetIpForwardEntry2(&row);
	case CREATE:
		return CreateIpForwardEntry2(&row);
	case SET:
		return SetIpForwardEntry2(&row);
	default:
		return DeleteIpForwardEntry2(&row);
	}
}

void OF_CONTRACT(access)(enum world world)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		char why[WHY_BYTES] = "";

		if (cases[i].world != world)
			continue;
		result__status(why, CONTRACT, cases[i].status[CONTRACT], (uint32_t)call(why, &cases[i]));
		result(CONTRACT, "access", cases[i].desc, why);
	}
}
