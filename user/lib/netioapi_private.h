/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What the files of netioapi share: outcomes, the process's instance, rows. */
#ifndef XFIB_LIB_NETIOAPI_PRIVATE_H
#define XFIB_LIB_NETIOAPI_PRIVATE_H

#include <netioapi.h>

#include "private.h"

/* How a call ends; each contract has a number for it, see netioapi.c. */
enum outcome {
	OUTCOME_SUCCESS,
	OUTCOME_FILE_NOT_FOUND,
	OUTCOME_ACCESS_DENIED,
	OUTCOME_NO_MEMORY,
	OUTCOME_NOT_SUPPORTED,
	OUTCOME_INVALID_PARAMETER,
	OUTCOME_INVALID_NAME,
	OUTCOME_NOT_FOUND,
	OUTCOME_NETWORK_UNREACHABLE,
	OUTCOMES,
};

/* The contract that a caller was compiled for. */
enum contract { CONTRACT_DRIVER, CONTRACT_USER };

/* What a negative errno value of the library means to a caller. */
enum outcome netio__outcome(int err);

/* The process's instance, opened with the first call. 0 or -errno. */
int netio__instance(struct xfib **ret_instance);

/* ---- rows and addresses ---- */

const uint8_t *netio__bytes(const SOCKADDR_INET *address);
uint32_t netio__scope(const SOCKADDR_INET *address);
bool netio__is_family(ADDRESS_FAMILY family);

/* Writes all 28 bytes. */
void netio__put_address(uint32_t family, const uint8_t bytes[16], uint32_t scope, SOCKADDR_INET *ret_address);

/* Whole row of a path; no byte of it is left undefined. */
void netio__fill_row(const struct xfib *instance, const struct xfib_route *route, const struct xfib_nexthop *nexthop,
		     MIB_IPFORWARD_ROW2 *ret_row);

/* Has Windows rows for routes of this type? */
bool netio__has_row(uint32_t type);

/* ---- interfaces ---- */

void netio__luid_of(const struct xfib_link *link, NET_LUID *ret_luid);

/* The link that a LUID names; NULL: none. */
const struct xfib_link *netio__link_of(const struct xfib *instance, const NET_LUID *luid);

/* ---- the functions, for both contracts ---- */

enum outcome netio__best_route(enum contract contract, const NET_LUID *luid, NET_IFINDEX index,
			       const SOCKADDR_INET *source, const SOCKADDR_INET *destination,
			       MIB_IPFORWARD_ROW2 *ret_row, SOCKADDR_INET *ret_source);
enum outcome netio__entry(MIB_IPFORWARD_ROW2 *row);
enum outcome netio__table(ADDRESS_FAMILY family, MIB_IPFORWARD_TABLE2 **ret_table);
enum outcome netio__index_to_luid(NET_IFINDEX index, NET_LUID *ret_luid);
enum outcome netio__luid_to_index(const NET_LUID *luid, NET_IFINDEX *ret_index);
enum outcome netio__luid_to_name(const NET_LUID *luid, char *name, size_t length);
enum outcome netio__name_to_luid(const char *name, NET_LUID *ret_luid);

#endif
