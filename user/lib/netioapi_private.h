/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What the files of netioapi share: outcomes, the process's instance, rows. */
#ifndef XFIB_LIB_NETIOAPI_PRIVATE_H
#define XFIB_LIB_NETIOAPI_PRIVATE_H

#include <netioapi.h>
#include <string.h>
#include <sys/socket.h>

#include "private.h"

/* How a call ends; each contract has a number for it, see netioapi.c. */
enum outcome {
	OUTCOME_SUCCESS,
	OUTCOME_FILE_NOT_FOUND,
	OUTCOME_ACCESS_DENIED,
	OUTCOME_INVALID_HANDLE,
	OUTCOME_NO_MEMORY,
	OUTCOME_NOT_SUPPORTED,
	OUTCOME_INVALID_PARAMETER,
	OUTCOME_INVALID_NAME,
	OUTCOME_NOT_FOUND,
	OUTCOME_NETWORK_UNREACHABLE,
	OUTCOME_ALREADY_EXISTS,
	OUTCOMES,
};

/* The contract that a caller was compiled for. */
enum contract { CONTRACT_DRIVER, CONTRACT_USER };

/* What a negative errno value of the library means to a caller. */
enum outcome netio__outcome(int err);

/* The process's instance, opened with the first call. 0 or -errno. */
int netio__instance(struct xfib **ret_instance);

/* ---- rows and addresses ---- */

static inline bool netio__is_family(ADDRESS_FAMILY family)
{
	return family == AF_INET || family == AF_INET6;
}

static inline const uint8_t *netio__bytes(const SOCKADDR_INET *address)
{
	return address->si_family == AF_INET6 ? address->Ipv6.sin6_addr.s6_addr :
						(const uint8_t *)&address->Ipv4.sin_addr;
}

static inline uint32_t netio__scope(const SOCKADDR_INET *address)
{
	return address->si_family == AF_INET6 ? address->Ipv6.sin6_scope_id : 0;
}

/* Writes all 28 bytes. */
static inline void netio__put_address(uint32_t family, const uint8_t bytes[16], uint32_t scope, SOCKADDR_INET *ret_address)
{
	memset(ret_address, 0, sizeof(*ret_address));
	ret_address->si_family = (ADDRESS_FAMILY)family;
	if (family == AF_INET6) {
		memcpy(&ret_address->Ipv6.sin6_addr, bytes, 16);
		ret_address->Ipv6.sin6_scope_id = scope;
	} else {
		memcpy(&ret_address->Ipv4.sin_addr, bytes, 4);
	}
}

/* Whole row of a path; no byte of it is left undefined. */
void netio__fill_row(const struct xfib *instance, const struct xfib_route *route, const struct xfib_nexthop *nexthop,
		     MIB_IPFORWARD_ROW2 *ret_row);

/* Likewise, with the link of the path at hand; NULL: it is not known. */
void netio__fill_row_of(const struct xfib_link *link, const struct xfib_route *route,
			const struct xfib_nexthop *nexthop, MIB_IPFORWARD_ROW2 *ret_row);

/* Has Windows rows for routes of this type? */
static inline bool netio__has_row(uint32_t type)
{
	return type == XFIB_ROUTE_UNICAST || type == XFIB_ROUTE_LOCAL || type == XFIB_ROUTE_BROADCAST ||
	       type == XFIB_ROUTE_ANYCAST || type == XFIB_ROUTE_MULTICAST;
}

/* The protocol that a path's row has, and the RTPROT_* to write for one. -EINVAL: the protocol is none. */
NL_ROUTE_PROTOCOL netio__protocol_of(const struct xfib_route *route);
int netio__rtprot_of(NL_ROUTE_PROTOCOL protocol, uint8_t *ret_rtprot);

/* ---- a row by its key ---- */

struct netio_key {
	uint32_t family, ifindex;
	uint8_t prefix[16], length;
	bool any_next_hop;       /* the first path of that prefix and interface */
	uint32_t gateway_family; /* 0: on-link */
	uint8_t gateway[16];
};

/* A row's path, and the route that it is a path of. */
struct netio_found {
	struct xfib_route route;
	struct xfib_nexthop nexthop;
	bool alone;          /* no other route has this prefix, TOS and metric */
	bool plain;          /* struct xfib_route_spec can say all of it: no encapsulation, no next hop object */
	uint32_t path;       /* which of the paths it is */
	uint32_t path_count; /* of the whole route */
	struct xfib_path_spec paths[XFIB_GROUP_MEMBERS];
};

/* The key of a row but for the interface. False: it is not complete, or impossible. */
bool netio__read_key(const MIB_IPFORWARD_ROW2 *row, struct netio_key *ret_key);

/* The interface of a row, into its key: by LUID, else by index. */
enum outcome netio__find_interface(const struct xfib *instance, const MIB_IPFORWARD_ROW2 *row, struct netio_key *key);

/* Not supported: the machine has no stack of that family. */
enum outcome netio__check_stack(const struct xfib *instance, uint32_t family);

/* The first row with that key, of table main, then of local. -ENOENT: none. Cost: one look-up and the prefix's routes. */
int netio__find(const struct xfib *instance, const struct netio_key *key, struct netio_found *ret_found);

/* ---- interfaces ---- */

static inline void netio__luid_of(const struct xfib_link *link, NET_LUID *ret_luid)
{
	ret_luid->Value = 0;
	ret_luid->Info.NetLuidIndex = link->ifindex & 0xffffff;
	ret_luid->Info.IfType = link->kind;
}

/* The link that a LUID names; false: none. */
bool netio__link_of(const struct xfib *instance, const NET_LUID *luid, struct xfib_link *ret_link);

/* ---- the functions, for both contracts ---- */

enum outcome netio__best_route(enum contract contract, const NET_LUID *luid, NET_IFINDEX index,
			       const SOCKADDR_INET *source, const SOCKADDR_INET *destination,
			       MIB_IPFORWARD_ROW2 *ret_row, SOCKADDR_INET *ret_source);
enum outcome netio__entry(MIB_IPFORWARD_ROW2 *row);
enum outcome netio__table(ADDRESS_FAMILY family, MIB_IPFORWARD_TABLE2 **ret_table);
enum outcome netio__create(const MIB_IPFORWARD_ROW2 *row);
enum outcome netio__set(const MIB_IPFORWARD_ROW2 *row);
enum outcome netio__delete(const MIB_IPFORWARD_ROW2 *row);
enum outcome netio__notify(ADDRESS_FAMILY family, PIPFORWARD_CHANGE_CALLBACK callback, void *context,
			   bool initial, HANDLE *ret_handle);
enum outcome netio__cancel(HANDLE handle);
enum outcome netio__index_to_luid(NET_IFINDEX index, NET_LUID *ret_luid);
enum outcome netio__luid_to_index(const NET_LUID *luid, NET_IFINDEX *ret_index);
enum outcome netio__luid_to_name(const NET_LUID *luid, char *name, size_t length);
enum outcome netio__name_to_luid(const char *name, NET_LUID *ret_luid);

#endif
