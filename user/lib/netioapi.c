// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * The exported functions of netioapi, each under two names: its own for the
 * driver contract, and with "_user" behind it for programs compiled with
 * NETIOAPI_USER_MODE. They differ in numbers, and in what netioapi_best.c says.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "netioapi_private.h"

/*
 * The process's instance. One that has been retired is replaced but never
 * closed, since another thread may be reading it: a restart of the daemon
 * costs a few file descriptors.
 */
static struct xfib *shared;
static pthread_mutex_t opening = PTHREAD_MUTEX_INITIALIZER;

/* A child has no thread that would unlock what another thread of its parent had locked. */
static void unlock_child(void)
{
	opening = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
}

__attribute__((constructor)) static void watch_fork(void)
{
	pthread_atfork(NULL, NULL, unlock_child);
}

int netio__instance(struct xfib **ret_instance)
{
	struct xfib *instance = __atomic_load_n(&shared, __ATOMIC_ACQUIRE);
	int err = 0;

	if (instance && !instance__is_retired(instance)) {
		*ret_instance = instance;
		return 0;
	}
	pthread_mutex_lock(&opening);
	instance = __atomic_load_n(&shared, __ATOMIC_ACQUIRE);
	if (!instance || instance__is_retired(instance)) {
		err = xfib_instance__open(NULL, &instance);
		if (!err)
			__atomic_store_n(&shared, instance, __ATOMIC_RELEASE);
	}
	pthread_mutex_unlock(&opening);
	if (!err)
		*ret_instance = instance;
	return err;
}

enum outcome netio__outcome(int err)
{
	switch (-err) {
	case 0:
		return OUTCOME_SUCCESS;
	case ENETUNREACH:
		return OUTCOME_NETWORK_UNREACHABLE;
	case ENODEV:
	case EADDRNOTAVAIL:
		return OUTCOME_NOT_FOUND;
	case EACCES:
	case EPERM:
		return OUTCOME_ACCESS_DENIED;
	case ENOMEM:
		return OUTCOME_NO_MEMORY;
	case EINVAL:
		return OUTCOME_INVALID_PARAMETER;
	default: /* no stack of that family, no instance */
		return OUTCOME_NOT_SUPPORTED;
	}
}

/* ---- the numbers of both contracts ---- */

static const struct {
	NTSTATUS status;
	ULONG error;
} numbers[OUTCOMES] = {
	[OUTCOME_SUCCESS] = { 0, 0 },
	[OUTCOME_FILE_NOT_FOUND] = { (NTSTATUS)0xC0000034, 2 },
	[OUTCOME_ACCESS_DENIED] = { (NTSTATUS)0xC0000022, 5 },
	[OUTCOME_INVALID_HANDLE] = { (NTSTATUS)0xC0000008, 6 },
	[OUTCOME_NO_MEMORY] = { (NTSTATUS)0xC0000017, 8 },
	[OUTCOME_NOT_SUPPORTED] = { (NTSTATUS)0xC00000BB, 50 },
	[OUTCOME_INVALID_PARAMETER] = { (NTSTATUS)0xC000000D, 87 },
	[OUTCOME_INVALID_NAME] = { (NTSTATUS)0xC0000033, 123 },
	[OUTCOME_NOT_FOUND] = { (NTSTATUS)0xC0000225, 1168 },
	[OUTCOME_NETWORK_UNREACHABLE] = { (NTSTATUS)0xC000023C, 1231 },
	[OUTCOME_ALREADY_EXISTS] = { (NTSTATUS)0xC000022A, 5010 },
};

static NTSTATUS number_of(enum contract contract, enum outcome outcome)
{
	return contract == CONTRACT_USER ? (NTSTATUS)numbers[outcome].error : numbers[outcome].status;
}

/* Defines a function for both contracts: its name, its parameters, and the call that answers it. */
#define BOTH(name, parameters, call)                                                                                   \
	XFIB_PUBLIC NETIO_STATUS name parameters                                                                       \
	{                                                                                                              \
		const enum contract contract = CONTRACT_DRIVER;                                                        \
		return number_of(contract, call);                                                                      \
	}                                                                                                              \
	XFIB_PUBLIC NETIO_STATUS name##_user parameters;                                                               \
	XFIB_PUBLIC NETIO_STATUS name##_user parameters                                                                \
	{                                                                                                              \
		const enum contract contract = CONTRACT_USER;                                                          \
		return number_of(contract, call);                                                                      \
	}

BOTH(GetBestRoute2,
     (NET_LUID * InterfaceLuid, NET_IFINDEX InterfaceIndex, const SOCKADDR_INET *SourceAddress,
      const SOCKADDR_INET *DestinationAddress, ULONG AddressSortOptions __attribute__((unused)),
      PMIB_IPFORWARD_ROW2 BestRoute, SOCKADDR_INET *BestSourceAddress),
     netio__best_route(contract, InterfaceLuid, InterfaceIndex, SourceAddress, DestinationAddress, BestRoute,
		       BestSourceAddress))

BOTH(GetIpForwardEntry2, (PMIB_IPFORWARD_ROW2 Row), netio__entry(Row))
BOTH(GetIpForwardTable2, (ADDRESS_FAMILY Family, PMIB_IPFORWARD_TABLE2 *Table), netio__table(Family, Table))
BOTH(CreateIpForwardEntry2, (const MIB_IPFORWARD_ROW2 *Row), netio__create(Row))
BOTH(SetIpForwardEntry2, (const MIB_IPFORWARD_ROW2 *Row), netio__set(Row))
BOTH(DeleteIpForwardEntry2, (const MIB_IPFORWARD_ROW2 *Row), netio__delete(Row))
BOTH(NotifyRouteChange2,
     (ADDRESS_FAMILY AddressFamily, PIPFORWARD_CHANGE_CALLBACK Callback, PVOID CallerContext,
      BOOLEAN InitialNotification, HANDLE *NotificationHandle),
     netio__notify(AddressFamily, Callback, CallerContext, InitialNotification != 0, NotificationHandle))
BOTH(CancelMibChangeNotify2, (HANDLE NotificationHandle), netio__cancel(NotificationHandle))
BOTH(ConvertInterfaceIndexToLuid, (NET_IFINDEX InterfaceIndex, PNET_LUID InterfaceLuid),
     netio__index_to_luid(InterfaceIndex, InterfaceLuid))
BOTH(ConvertInterfaceLuidToIndex, (const NET_LUID *InterfaceLuid, PNET_IFINDEX InterfaceIndex),
     netio__luid_to_index(InterfaceLuid, InterfaceIndex))
BOTH(ConvertInterfaceLuidToNameA, (const NET_LUID *InterfaceLuid, PSTR InterfaceName, SIZE_T Length),
     netio__luid_to_name(InterfaceLuid, InterfaceName, Length))
BOTH(ConvertInterfaceNameToLuidA, (const CHAR *InterfaceName, PNET_LUID InterfaceLuid),
     netio__name_to_luid(InterfaceName, InterfaceLuid))

XFIB_PUBLIC void FreeMibTable(void *Memory)
{
	free(Memory);
}

XFIB_PUBLIC void InitializeIpForwardEntry(PMIB_IPFORWARD_ROW2 Row)
{
	if (!Row)
		return;
	memset(Row, 0, sizeof(*Row));
	Row->ValidLifetime = Row->PreferredLifetime = 0xffffffff;
	Row->Loopback = Row->AutoconfigureAddress = Row->Publish = Row->Immortal = TRUE;
	/* All "illegal", which means unset. */
	Row->SitePrefixLength = 255;
	Row->Metric = 0xffffffff;
	Row->Protocol = (NL_ROUTE_PROTOCOL)-1;
}
