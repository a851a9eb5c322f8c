// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * What Windows' headers have as numbers, asserted when this is compiled: as C
 * and, by layout.cpp, as C++, in both contracts. Nothing of it runs.
 */
#include <netioapi.h>

#include <stddef.h>

#ifdef __cplusplus
#define IS(condition) static_assert(condition, #condition)
#define ALIGNED(type) alignof(type)
#else
#define IS(condition) _Static_assert(condition, #condition)
#define ALIGNED(type) _Alignof(type)
#endif

/* ---- basic types ---- */

IS(sizeof(ULONG) == 4 && (ULONG)-1 > 0);
IS(sizeof(LONG) == 4 && (LONG)-1 < 0);
IS(sizeof(ULONG64) == 8 && sizeof(UCHAR) == 1 && sizeof(UINT8) == 1 && sizeof(USHORT) == 2 && sizeof(DWORD) == 4);
IS(sizeof(BOOLEAN) == 1 && TRUE == 1 && FALSE == 0);
IS(sizeof(CHAR) == 1 && sizeof(PVOID) == 8 && sizeof(HANDLE) == 8 && sizeof(SIZE_T) == 8);
IS(sizeof(NTSTATUS) == 4 && (NTSTATUS)-1 < 0);
IS(sizeof(NET_IFINDEX) == 4 && sizeof(IF_INDEX) == 4 && sizeof(ADDRESS_FAMILY) == 2);
IS(sizeof(NETIO_STATUS) == 4);
#ifdef NETIOAPI_USER_MODE
IS((NETIO_STATUS)-1 > 0);
#else
IS((NETIO_STATUS)-1 < 0);
#endif

/* ---- structs ---- */

IS(AF_INET == 2 && AF_INET6 == 10 && AF_UNSPEC == 0);
IS(sizeof(SOCKADDR_INET) == 28 && ALIGNED(SOCKADDR_INET) == 4);
IS(offsetof(SOCKADDR_INET, si_family) == 0 && offsetof(SOCKADDR_INET, Ipv4) == 0 && offsetof(SOCKADDR_INET, Ipv6) == 0);
IS(sizeof(IP_ADDRESS_PREFIX) == 32 && ALIGNED(IP_ADDRESS_PREFIX) == 4);
IS(offsetof(IP_ADDRESS_PREFIX, Prefix) == 0 && offsetof(IP_ADDRESS_PREFIX, PrefixLength) == 28);
IS(sizeof(NET_LUID) == 8 && ALIGNED(NET_LUID) == 8);
IS(sizeof(MIB_IPFORWARD_ROW2) == 104 && ALIGNED(MIB_IPFORWARD_ROW2) == 8);

#define FIELD(name, offset, bytes)                                                                                     \
	IS(offsetof(MIB_IPFORWARD_ROW2, name) == (offset) && sizeof(((MIB_IPFORWARD_ROW2 *)0)->name) == (bytes))
FIELD(InterfaceLuid, 0, 8);
FIELD(InterfaceIndex, 8, 4);
FIELD(DestinationPrefix, 12, 32);
FIELD(NextHop, 44, 28);
FIELD(SitePrefixLength, 72, 1);
FIELD(ValidLifetime, 76, 4);
FIELD(PreferredLifetime, 80, 4);
FIELD(Metric, 84, 4);
FIELD(Protocol, 88, 4);
FIELD(Loopback, 92, 1);
FIELD(AutoconfigureAddress, 93, 1);
FIELD(Publish, 94, 1);
FIELD(Immortal, 95, 1);
FIELD(Age, 96, 4);
FIELD(Origin, 100, 4);

IS(offsetof(MIB_IPFORWARD_TABLE2, NumEntries) == 0 && offsetof(MIB_IPFORWARD_TABLE2, Table) == 8);
IS(sizeof(MIB_IPFORWARD_TABLE2) == 8 + 104 * ANY_SIZE);

/* ---- enums ---- */

IS(sizeof(NL_ROUTE_PROTOCOL) == 4 && sizeof(NL_ROUTE_ORIGIN) == 4 && sizeof(MIB_NOTIFICATION_TYPE) == 4);

#define PROTOCOL(number, route_name, mib_name) IS((int)RouteProtocol##route_name == (number) && (int)MIB_IPPROTO_##mib_name == (number))
PROTOCOL(1, Other, OTHER);
PROTOCOL(2, Local, LOCAL);
PROTOCOL(3, NetMgmt, NETMGMT);
PROTOCOL(4, Icmp, ICMP);
PROTOCOL(5, Egp, EGP);
PROTOCOL(6, Ggp, GGP);
PROTOCOL(7, Hello, HELLO);
PROTOCOL(8, Rip, RIP);
PROTOCOL(9, IsIs, IS_IS);
PROTOCOL(10, EsIs, ES_IS);
PROTOCOL(11, Cisco, CISCO);
PROTOCOL(12, Bbn, BBN);
PROTOCOL(13, Ospf, OSPF);
PROTOCOL(14, Bgp, BGP);
PROTOCOL(15, Idpr, IDPR);
PROTOCOL(16, Eigrp, EIGRP);
PROTOCOL(17, Dvmrp, DVMRP);
PROTOCOL(18, Rpl, RPL);
PROTOCOL(19, Dhcp, DHCP);
IS((int)MIB_IPPROTO_NT_AUTOSTATIC == 10002 && (int)MIB_IPPROTO_NT_STATIC == 10006 && (int)MIB_IPPROTO_NT_STATIC_NON_DOD == 10007);
IS((int)NlroManual == 0 && (int)NlroWellKnown == 1 && (int)NlroDHCP == 2 && (int)NlroRouterAdvertisement == 3 && (int)Nlro6to4 == 4);
IS((int)MibParameterNotification == 0 && (int)MibAddInstance == 1 && (int)MibDeleteInstance == 2 && (int)MibInitialNotification == 3);

/* ---- statuses ---- */

#define STATUS(name, number) IS((uint32_t)STATUS_##name == (number) && sizeof(STATUS_##name) == 4)
STATUS(SUCCESS, 0x00000000);
STATUS(OBJECT_NAME_NOT_FOUND, 0xC0000034);
STATUS(ACCESS_DENIED, 0xC0000022);
STATUS(INVALID_HANDLE, 0xC0000008);
STATUS(NO_MEMORY, 0xC0000017);
STATUS(NOT_SUPPORTED, 0xC00000BB);
STATUS(INVALID_PARAMETER, 0xC000000D);
STATUS(OBJECT_NAME_INVALID, 0xC0000033);
STATUS(NOT_FOUND, 0xC0000225);
STATUS(NETWORK_UNREACHABLE, 0xC000023C);
STATUS(DUPLICATE_OBJECTID, 0xC000022A);
IS(NT_SUCCESS(STATUS_SUCCESS) && !NT_SUCCESS(STATUS_NOT_FOUND));

#ifdef NETIOAPI_USER_MODE
IS(NO_ERROR == 0 && ERROR_SUCCESS == 0 && ERROR_FILE_NOT_FOUND == 2 && ERROR_ACCESS_DENIED == 5);
IS(ERROR_INVALID_HANDLE == 6 && ERROR_NOT_ENOUGH_MEMORY == 8 && ERROR_NOT_SUPPORTED == 50);
IS(ERROR_INVALID_PARAMETER == 87 && ERROR_INVALID_NAME == 123 && ERROR_NOT_FOUND == 1168);
IS(ERROR_NETWORK_UNREACHABLE == 1231 && ERROR_OBJECT_ALREADY_EXISTS == 5010);
#endif

/* ---- functions, by their types ---- */

#ifdef __cplusplus
extern "C" {
#endif
/* Another declaration with another type would not compile; parameter by parameter as Windows has them. */
NETIO_STATUS GetBestRoute2(NET_LUID *, NET_IFINDEX, const SOCKADDR_INET *, const SOCKADDR_INET *, ULONG, PMIB_IPFORWARD_ROW2,
			   SOCKADDR_INET *);
NETIO_STATUS GetIpForwardEntry2(PMIB_IPFORWARD_ROW2);
NETIO_STATUS GetIpForwardTable2(ADDRESS_FAMILY, PMIB_IPFORWARD_TABLE2 *);
NETIO_STATUS CreateIpForwardEntry2(const MIB_IPFORWARD_ROW2 *);
NETIO_STATUS SetIpForwardEntry2(const MIB_IPFORWARD_ROW2 *);
NETIO_STATUS DeleteIpForwardEntry2(const MIB_IPFORWARD_ROW2 *);
void InitializeIpForwardEntry(PMIB_IPFORWARD_ROW2);
void FreeMibTable(PVOID);
NETIO_STATUS NotifyRouteChange2(ADDRESS_FAMILY, PIPFORWARD_CHANGE_CALLBACK, PVOID, BOOLEAN, HANDLE *);
NETIO_STATUS CancelMibChangeNotify2(HANDLE);
NETIO_STATUS ConvertInterfaceIndexToLuid(NET_IFINDEX, PNET_LUID);
NETIO_STATUS ConvertInterfaceLuidToIndex(const NET_LUID *, PNET_IFINDEX);
NETIO_STATUS ConvertInterfaceLuidToNameA(const NET_LUID *, PSTR, SIZE_T);
NETIO_STATUS ConvertInterfaceNameToLuidA(const CHAR *, PNET_LUID);
#ifdef __cplusplus
}
#endif
