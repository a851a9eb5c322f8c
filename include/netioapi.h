/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * GetBestRoute2 and what belongs to it, as Windows' <netioapi.h> has them.
 *
 * Two contracts: by default that for drivers, whose results are NTSTATUS
 * values; with NETIOAPI_USER_MODE defined before the header is included, that
 * for programs, whose results are Win32 error numbers. The macro chooses other
 * exported symbols, so that both can live in one process. docs/netioapi.md
 * says where Linux makes a difference.
 */
#ifndef XFIB_NETIOAPI_H
#define XFIB_NETIOAPI_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#define NETIO_ASSERT(condition) static_assert(condition, #condition)
#else
#define NETIO_ASSERT(condition) _Static_assert(condition, #condition)
#endif

#ifndef _In_
#define _In_
#define _In_opt_
#define _Out_
#define _Inout_
#endif
#define NETIOAPI_API NETIO_STATUS
#define NETIOAPI_API_

#ifdef NETIOAPI_USER_MODE
#define NETIO_SYMBOL(name) __asm__(#name "_user")
#else
#define NETIO_SYMBOL(name)
#endif

typedef uint8_t UCHAR, UINT8, BOOLEAN;
typedef uint16_t USHORT, ADDRESS_FAMILY;
typedef uint32_t ULONG;
typedef uint64_t ULONG64;
typedef int32_t LONG, NTSTATUS;
#ifdef NETIOAPI_USER_MODE
typedef ULONG NETIO_STATUS;
#else
typedef NTSTATUS NETIO_STATUS;
#endif
typedef char CHAR, *PSTR;
typedef const char *PCSTR;
typedef size_t SIZE_T;
typedef void *PVOID, *HANDLE;
typedef uint32_t DWORD;
typedef ULONG NET_IFINDEX, *PNET_IFINDEX;
typedef NET_IFINDEX IF_INDEX;

#ifndef TRUE
#define TRUE 1
#define FALSE 0
#endif

#ifdef NETIOAPI_USER_MODE
#define NO_ERROR 0
#define ERROR_SUCCESS 0
#define ERROR_FILE_NOT_FOUND 2
#define ERROR_ACCESS_DENIED 5
#define ERROR_INVALID_HANDLE 6
#define ERROR_NOT_ENOUGH_MEMORY 8
#define ERROR_NOT_SUPPORTED 50
#define ERROR_INVALID_PARAMETER 87
#define ERROR_INVALID_NAME 123
#define ERROR_NOT_FOUND 1168
#define ERROR_NETWORK_UNREACHABLE 1231
#define ERROR_OBJECT_ALREADY_EXISTS 5010
#endif

#define STATUS_SUCCESS ((NTSTATUS)0x00000000)
#define STATUS_INVALID_HANDLE ((NTSTATUS)0xC0000008)
#define STATUS_INVALID_PARAMETER ((NTSTATUS)0xC000000D)
#define STATUS_NO_MEMORY ((NTSTATUS)0xC0000017)
#define STATUS_ACCESS_DENIED ((NTSTATUS)0xC0000022)
#define STATUS_OBJECT_NAME_INVALID ((NTSTATUS)0xC0000033)
#define STATUS_OBJECT_NAME_NOT_FOUND ((NTSTATUS)0xC0000034)
#define STATUS_NOT_SUPPORTED ((NTSTATUS)0xC00000BB)
#define STATUS_NOT_FOUND ((NTSTATUS)0xC0000225)
#define STATUS_DUPLICATE_OBJECTID ((NTSTATUS)0xC000022A) /* what "object already exists" (5010) is here */
#define STATUS_NETWORK_UNREACHABLE ((NTSTATUS)0xC000023C)
#define NT_SUCCESS(status) ((NTSTATUS)(status) >= 0)

typedef union _SOCKADDR_INET {
	struct sockaddr_in Ipv4;
	struct sockaddr_in6 Ipv6;
	ADDRESS_FAMILY si_family; /* AF_INET, AF_INET6 of the host */
} SOCKADDR_INET, *PSOCKADDR_INET;
NETIO_ASSERT(sizeof(SOCKADDR_INET) == 28);

typedef union _NET_LUID {
	ULONG64 Value;
	struct {
		ULONG64 Reserved : 24;
		ULONG64 NetLuidIndex : 24; /* the Linux interface index */
		ULONG64 IfType : 16;       /* IANA: 6 Ethernet, 24 loopback, … */
	} Info;
} NET_LUID, *PNET_LUID;
NETIO_ASSERT(sizeof(NET_LUID) == 8);

typedef struct _IP_ADDRESS_PREFIX {
	SOCKADDR_INET Prefix;
	UINT8 PrefixLength;
} IP_ADDRESS_PREFIX, *PIP_ADDRESS_PREFIX;
NETIO_ASSERT(sizeof(IP_ADDRESS_PREFIX) == 32 && offsetof(IP_ADDRESS_PREFIX, PrefixLength) == 28);

typedef enum _NL_ROUTE_PROTOCOL {
	RouteProtocolOther = 1,
	RouteProtocolLocal = 2,
	RouteProtocolNetMgmt = 3,
	RouteProtocolIcmp = 4,
	RouteProtocolEgp = 5,
	RouteProtocolGgp = 6,
	RouteProtocolHello = 7,
	RouteProtocolRip = 8,
	RouteProtocolIsIs = 9,
	RouteProtocolEsIs = 10,
	RouteProtocolCisco = 11,
	RouteProtocolBbn = 12,
	RouteProtocolOspf = 13,
	RouteProtocolBgp = 14,
	RouteProtocolIdpr = 15,
	RouteProtocolEigrp = 16,
	RouteProtocolDvmrp = 17,
	RouteProtocolRpl = 18,
	RouteProtocolDhcp = 19,
	MIB_IPPROTO_OTHER = 1,
	MIB_IPPROTO_LOCAL = 2,
	MIB_IPPROTO_NETMGMT = 3,
	MIB_IPPROTO_ICMP = 4,
	MIB_IPPROTO_EGP = 5,
	MIB_IPPROTO_GGP = 6,
	MIB_IPPROTO_HELLO = 7,
	MIB_IPPROTO_RIP = 8,
	MIB_IPPROTO_IS_IS = 9,
	MIB_IPPROTO_ES_IS = 10,
	MIB_IPPROTO_CISCO = 11,
	MIB_IPPROTO_BBN = 12,
	MIB_IPPROTO_OSPF = 13,
	MIB_IPPROTO_BGP = 14,
	MIB_IPPROTO_IDPR = 15,
	MIB_IPPROTO_EIGRP = 16,
	MIB_IPPROTO_DVMRP = 17,
	MIB_IPPROTO_RPL = 18,
	MIB_IPPROTO_DHCP = 19,
	MIB_IPPROTO_NT_AUTOSTATIC = 10002,
	MIB_IPPROTO_NT_STATIC = 10006,
	MIB_IPPROTO_NT_STATIC_NON_DOD = 10007
} NL_ROUTE_PROTOCOL;

typedef enum _NL_ROUTE_ORIGIN {
	NlroManual = 0,
	NlroWellKnown = 1,
	NlroDHCP = 2,
	NlroRouterAdvertisement = 3,
	Nlro6to4 = 4
} NL_ROUTE_ORIGIN;

typedef struct _MIB_IPFORWARD_ROW2 {
	NET_LUID InterfaceLuid;
	NET_IFINDEX InterfaceIndex;
	IP_ADDRESS_PREFIX DestinationPrefix;
	SOCKADDR_INET NextHop;
	UCHAR SitePrefixLength;
	ULONG ValidLifetime;     /* seconds, 0xFFFFFFFF: for ever */
	ULONG PreferredLifetime; /* seconds, 0xFFFFFFFF: for ever */
	ULONG Metric;            /* of the route, without the interface's */
	NL_ROUTE_PROTOCOL Protocol;
	BOOLEAN Loopback;
	BOOLEAN AutoconfigureAddress;
	BOOLEAN Publish;
	BOOLEAN Immortal;
	ULONG Age; /* seconds */
	NL_ROUTE_ORIGIN Origin;
} MIB_IPFORWARD_ROW2, *PMIB_IPFORWARD_ROW2;
NETIO_ASSERT(sizeof(MIB_IPFORWARD_ROW2) == 104);
NETIO_ASSERT(offsetof(MIB_IPFORWARD_ROW2, DestinationPrefix) == 12 && offsetof(MIB_IPFORWARD_ROW2, NextHop) == 44);
NETIO_ASSERT(offsetof(MIB_IPFORWARD_ROW2, Metric) == 84 && offsetof(MIB_IPFORWARD_ROW2, Origin) == 100);

/*
 * The best route to a destination, and the address to send from. In the user-mode contract neither LUID nor index, or a
 * LUID of value 0, mean any interface.
 *
 * InterfaceLuid, InterfaceIndex: the route must leave by this interface; the LUID counts if it is given and not 0
 * SourceAddress: optional; an address of this machine confines the route to the interface that owns it
 * DestinationAddress: AF_INET or AF_INET6, network byte order
 * AddressSortOptions: unused
 * BestRoute, BestSourceAddress: zeroed when the call fails after its arguments were checked, untouched on
 * STATUS_INVALID_PARAMETER
 *
 * STATUS_INVALID_PARAMETER: a pointer is NULL, neither interface is given, the destination's family or a scope is
 * wrong; STATUS_NOT_FOUND: no such interface, or the source is no address of this machine;
 * STATUS_NETWORK_UNREACHABLE: no route; STATUS_NOT_SUPPORTED: no stack of that family, or no instance of xfib is
 * pinned; STATUS_ACCESS_DENIED: the instance may not be read (these two with XFIB_BACKEND=maps only: otherwise a private
 * copy answers); STATUS_NO_MEMORY. For programs they are ERROR_INVALID_PARAMETER, ERROR_NOT_FOUND (an unknown index:
 * ERROR_FILE_NOT_FOUND), ERROR_NETWORK_UNREACHABLE, ERROR_NOT_SUPPORTED, ERROR_ACCESS_DENIED, ERROR_NOT_ENOUGH_MEMORY.
 *
 * Safe from any thread. Source: GetBestRoute2 function (Windows Drivers).
 */
NETIO_STATUS GetBestRoute2(_In_opt_ NET_LUID *InterfaceLuid, _In_ NET_IFINDEX InterfaceIndex,
			   _In_opt_ const SOCKADDR_INET *SourceAddress, _In_ const SOCKADDR_INET *DestinationAddress,
			   _In_ ULONG AddressSortOptions, _Out_ PMIB_IPFORWARD_ROW2 BestRoute,
			   _Out_ SOCKADDR_INET *BestSourceAddress) NETIO_SYMBOL(GetBestRoute2);

/* ---- the table ---- */

#define ANY_SIZE 1

typedef struct _MIB_IPFORWARD_TABLE2 {
	ULONG NumEntries;
	MIB_IPFORWARD_ROW2 Table[ANY_SIZE]; /* NumEntries of them */
} MIB_IPFORWARD_TABLE2, *PMIB_IPFORWARD_TABLE2;
NETIO_ASSERT(offsetof(MIB_IPFORWARD_TABLE2, Table) == 8);

/* Sets a row to "unset": lifetimes for ever, the four BOOLEANs TRUE, site prefix length, metric and protocol illegal. */
void InitializeIpForwardEntry(_Out_ PMIB_IPFORWARD_ROW2 Row);

/*
 * Fills a row from its key: InterfaceLuid, or InterfaceIndex if that is 0; DestinationPrefix; NextHop, all zero with
 * its family set for on-link, with family 0 for the first route of that prefix and interface.
 *
 * Invalid parameter: the key is not complete, or the prefix has host bits; not found: no such interface or route.
 */
NETIO_STATUS GetIpForwardEntry2(_Inout_ PMIB_IPFORWARD_ROW2 Row) NETIO_SYMBOL(GetIpForwardEntry2);

/*
 * All rows of a family (AF_INET, AF_INET6, AF_UNSPEC: IPv4 rows first) in one allocation, which FreeMibTable() frees.
 *
 * Invalid parameter: Table is NULL, or the family is another one; not found: there is no row.
 */
NETIO_STATUS GetIpForwardTable2(_In_ ADDRESS_FAMILY Family, _Out_ PMIB_IPFORWARD_TABLE2 *Table)
	NETIO_SYMBOL(GetIpForwardTable2);

/*
 * Adds a route, of table main. InitializeIpForwardEntry() or zeros first, then InterfaceLuid or InterfaceIndex,
 * DestinationPrefix and NextHop (all zero with its family set: on-link). A Metric or Protocol that is unset becomes 0
 * and NetMgmt; Age and Origin are ignored. The call returns when GetBestRoute2() answers by the route.
 *
 * Invalid parameter: Row is NULL, the key is not complete, the prefix has host bits, PreferredLifetime is longer than
 * ValidLifetime, or SitePrefixLength than the prefix (unless 255); not found: no such interface; already exists: a row
 * of that interface, prefix and next hop is there; not supported: no stack of that family; access denied.
 */
NETIO_STATUS CreateIpForwardEntry2(_In_ const MIB_IPFORWARD_ROW2 *Row) NETIO_SYMBOL(CreateIpForwardEntry2);

/* Changes metric, protocol and lifetimes of the row with this key. As CreateIpForwardEntry2; not found: no such row. */
NETIO_STATUS SetIpForwardEntry2(_In_ const MIB_IPFORWARD_ROW2 *Row) NETIO_SYMBOL(SetIpForwardEntry2);

/* Deletes the row with this key; nothing else of it is read. Not found: no such row or interface. */
NETIO_STATUS DeleteIpForwardEntry2(_In_ const MIB_IPFORWARD_ROW2 *Row) NETIO_SYMBOL(DeleteIpForwardEntry2);

/* Frees a table; NULL is fine. */
void FreeMibTable(_In_ PVOID Memory);

/* ---- notifications ---- */

typedef enum _MIB_NOTIFICATION_TYPE {
	MibParameterNotification = 0, /* a row changed */
	MibAddInstance = 1,
	MibDeleteInstance = 2,
	MibInitialNotification = 3 /* registered, or some changes were lost: Row is NULL, look at the table anew */
} MIB_NOTIFICATION_TYPE, *PMIB_NOTIFICATION_TYPE;

#ifndef NETIOAPI_CALLBACK
#define NETIOAPI_CALLBACK
#endif
typedef void(NETIOAPI_CALLBACK *PIPFORWARD_CHANGE_CALLBACK)(_In_ PVOID CallerContext, _In_opt_ PMIB_IPFORWARD_ROW2 Row,
							    _In_ MIB_NOTIFICATION_TYPE NotificationType);

/*
 * Calls back with each row that comes, goes or changes from now on, complete, in order. Calls come one at a time from
 * one thread of the library's. With InitialNotification, one with a NULL row has been made before this returns.
 *
 * AddressFamily: AF_INET, AF_INET6, AF_UNSPEC for both. *NotificationHandle is NULL on error.
 *
 * Invalid parameter: Callback or NotificationHandle is NULL, or the family is another one.
 */
NETIO_STATUS NotifyRouteChange2(_In_ ADDRESS_FAMILY AddressFamily, _In_ PIPFORWARD_CHANGE_CALLBACK Callback,
				_In_ PVOID CallerContext, _In_ BOOLEAN InitialNotification,
				_Inout_ HANDLE *NotificationHandle) NETIO_SYMBOL(NotifyRouteChange2);

/*
 * Ends a registration. When it returns, no callback runs and none will; from inside the callback it returns at once,
 * and the call that is running is the last. Invalid parameter: NULL; invalid handle (6, 0xC0000008): it is none, or has
 * been ended.
 */
NETIO_STATUS CancelMibChangeNotify2(_In_ HANDLE NotificationHandle) NETIO_SYMBOL(CancelMibChangeNotify2);

/* ---- interfaces: index, LUID, name ---- */

/*
 * Outputs that a failed conversion has are zero. An unknown interface is "file not found" (2, 0xC0000034), a NULL
 * pointer an invalid parameter; an unknown or NULL name is an invalid name (123, 0xC0000033). Names are Linux' own;
 * "ethernet_N" is understood where no interface has that name.
 */
NETIO_STATUS ConvertInterfaceIndexToLuid(_In_ NET_IFINDEX InterfaceIndex, _Out_ PNET_LUID InterfaceLuid)
	NETIO_SYMBOL(ConvertInterfaceIndexToLuid);
NETIO_STATUS ConvertInterfaceLuidToIndex(_In_ const NET_LUID *InterfaceLuid, _Out_ PNET_IFINDEX InterfaceIndex)
	NETIO_SYMBOL(ConvertInterfaceLuidToIndex);

/* `Length`: bytes of room, the zero byte included; too few: not enough memory (8, 0xC0000017). */
NETIO_STATUS ConvertInterfaceLuidToNameA(_In_ const NET_LUID *InterfaceLuid, _Out_ PSTR InterfaceName,
					 _In_ SIZE_T Length) NETIO_SYMBOL(ConvertInterfaceLuidToNameA);
NETIO_STATUS ConvertInterfaceNameToLuidA(_In_ const CHAR *InterfaceName, _Out_ PNET_LUID InterfaceLuid)
	NETIO_SYMBOL(ConvertInterfaceNameToLuidA);

#ifdef __cplusplus
}
#endif

#endif
