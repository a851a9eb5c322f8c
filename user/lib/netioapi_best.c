// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* GetBestRoute2 over the maps: the rules on its arguments, in both contracts. */
#include <errno.h>
#include <string.h>

#include "direct.h"
#include "netioapi_private.h"

static bool is_loopback(uint32_t family, const uint8_t *bytes)
{
	static const uint8_t one[16] = { [15] = 1 };

	return family == AF_INET6 ? !memcmp(bytes, one, 16) : bytes[0] == 127;
}

/* Addresses that mean something on one link only: link-local ones, and multicast groups of an interface or a link. */
static bool needs_scope(uint32_t family, const uint8_t *bytes)
{
	return address__is_link_local(family, bytes) ||
	       (family == AF_INET6 && bytes[0] == 0xff && ((bytes[1] & 0xf) == 1 || (bytes[1] & 0xf) == 2));
}

/*
 * The interface that LUID or index name. No LUID, or one of value 0: the
 * driver contract takes the index next; the user-mode contract does so without
 * a LUID only, and takes one of value 0, like index 0, for any interface.
 */
static enum outcome find_interface(enum contract contract, const struct xfib *instance, const NET_LUID *luid,
				   NET_IFINDEX index, bool local_source, uint32_t *ret_ifindex)
{
	struct xfib_link link;

	*ret_ifindex = 0;
	if (luid && luid->Value) {
		if (contract == CONTRACT_USER && local_source) /* which decides by itself */
			return OUTCOME_SUCCESS;
		if (!netio__link_of(instance, luid, &link))
			return OUTCOME_NOT_FOUND;
		*ret_ifindex = link.ifindex;
		return OUTCOME_SUCCESS;
	}
	if (contract == CONTRACT_USER && (luid || !index))
		return OUTCOME_SUCCESS;
	if (xfib_link__by_index(instance, index, &link))
		return contract == CONTRACT_USER ? OUTCOME_FILE_NOT_FOUND : OUTCOME_NOT_FOUND;
	*ret_ifindex = index;
	return OUTCOME_SUCCESS;
}

/* Rules on scopes and loopback. `source`: NULL if there is none. */
static enum outcome check_scopes(const struct xfib *instance, const SOCKADDR_INET *source,
				 const SOCKADDR_INET *destination, uint32_t *ifindex)
{
	uint32_t family = destination->si_family;
	struct xfib_link link;

	if (netio__scope(destination)) {
		if (!needs_scope(family, netio__bytes(destination)))
			return OUTCOME_INVALID_PARAMETER;
		if (!*ifindex && !xfib_link__by_index(instance, netio__scope(destination), &link))
			*ifindex = netio__scope(destination); /* the scope is the constraint */
		if (netio__scope(destination) != *ifindex)
			return OUTCOME_INVALID_PARAMETER;
	}
	if (*ifindex && is_loopback(family, netio__bytes(destination)) &&
	    !xfib_link__by_index(instance, *ifindex, &link) && !(link.flags & XFIB_LINK_LOOPBACK))
		return OUTCOME_INVALID_PARAMETER;
	if (!source)
		return OUTCOME_SUCCESS;
	if (netio__scope(source) && !address__is_link_local(family, netio__bytes(source)))
		return OUTCOME_INVALID_PARAMETER;
	if (is_loopback(family, netio__bytes(source)) && !is_loopback(family, netio__bytes(destination)))
		return OUTCOME_NETWORK_UNREACHABLE;
	return OUTCOME_SUCCESS;
}

/*
 * What most calls ask: no source, and nothing but an interface by its index, in either contract. An answer then needs no
 * rule but that a loopback destination does not leave by any interface. False: the rules have to be gone through.
 */
static bool look_up_directly(const struct xfib *instance, NET_IFINDEX index, const SOCKADDR_INET *destination,
			     MIB_IPFORWARD_ROW2 *ret_row, SOCKADDR_INET *ret_source)
{
	uint32_t family = destination->si_family, before;
	const struct xfib_link *link;
	uint8_t address[16] = { 0 }, source[16] = { 0 };
	struct xfib_link scratch;
	struct direct path;

	memcpy(address, netio__bytes(destination), family == AF_INET6 ? 16 : 4);
	if (instance->backend != XFIB_BACKEND_MAPS || netio__scope(destination) || (index && is_loopback(family, address)) ||
	    !direct__find(instance, family, address, index, &path, &before) || !netio__has_row(path.route->type))
		return false;
	link = instance__find_link(instance, path.nexthop->ifindex, &scratch);
	if (!link)
		return false;
	source__select(instance, family, path.route, path.nexthop, address, source);
	netio__fill_row_of(link, path.route, path.nexthop, ret_row);
	netio__put_address(family, source, address__is_link_local(family, source) ? link->ifindex : 0, ret_source);
	return fib__is_steady(instance, before);
}

static enum outcome look_up(enum contract contract, const NET_LUID *luid, NET_IFINDEX index,
			    const SOCKADDR_INET *source, const SOCKADDR_INET *destination, MIB_IPFORWARD_ROW2 *ret_row,
			    SOCKADDR_INET *ret_source)
{
	uint32_t family = destination->si_family;
	size_t length = family == AF_INET6 ? 16 : 4;
	struct xfib_query query = { .size = sizeof(query), .family = family, .flags = XFIB_QUERY_STRONG_HOST };
	struct xfib_result result;
	struct xfib *instance;
	enum outcome outcome;
	int err = netio__instance(&instance);

	if (err)
		return netio__outcome(err);
	if (!luid && !source && look_up_directly(instance, index, destination, ret_row, ret_source))
		return OUTCOME_SUCCESS;
	memcpy(query.destination, netio__bytes(destination), length);
	if (source && source->si_family == family) {
		memcpy(query.source, netio__bytes(source), length);
		query.source_scope = netio__scope(source);
	}
	if (address__is_zero(query.source))
		source = NULL;
	outcome = find_interface(contract, instance, luid, index, source != NULL, &query.ifindex);
	if (outcome == OUTCOME_SUCCESS)
		outcome = check_scopes(instance, source, destination, &query.ifindex);
	if (outcome != OUTCOME_SUCCESS)
		return outcome;
	err = xfib_lookup__best(instance, &query, &result);
	if (err)
		return netio__outcome(err);
	/* What stands for "no such destination" on Linux is no route at all on Windows. */
	if (!netio__has_row(result.route.type))
		return OUTCOME_NETWORK_UNREACHABLE;
	netio__fill_row(instance, &result.route, &result.nexthop, ret_row);
	netio__put_address(family, result.source, result.source_scope, ret_source);
	return OUTCOME_SUCCESS;
}

enum outcome netio__best_route(enum contract contract, const NET_LUID *luid, NET_IFINDEX index,
			       const SOCKADDR_INET *source, const SOCKADDR_INET *destination,
			       MIB_IPFORWARD_ROW2 *ret_row, SOCKADDR_INET *ret_source)
{
	MIB_IPFORWARD_ROW2 row;
	SOCKADDR_INET best;
	enum outcome outcome;

	if (!destination || !ret_row || !ret_source || !netio__is_family(destination->si_family) ||
	    (contract == CONTRACT_DRIVER && (!luid || !luid->Value) && !index))
		return OUTCOME_INVALID_PARAMETER;
	outcome = look_up(contract, luid, index, source, destination, &row, &best);
	if (outcome == OUTCOME_INVALID_PARAMETER)
		return outcome;
	if (outcome != OUTCOME_SUCCESS) {
		memset(&row, 0, sizeof(row));
		memset(&best, 0, sizeof(best));
	}
	memcpy(ret_row, &row, sizeof(row));
	memcpy(ret_source, &best, sizeof(best));
	return outcome;
}
