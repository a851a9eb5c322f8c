// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * The table: one row for each path of each route of the tables local and main
 * whose type Windows has rows for.
 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "netioapi_private.h"

/* ---- one entry by its key ---- */

struct key {
	uint32_t family, ifindex;
	uint8_t prefix[16], length;
	bool any_next_hop; /* the first path of that prefix and interface */
	uint32_t gateway_family; /* 0: on-link */
	uint8_t gateway[16];
};

struct found {
	struct xfib_route route;
	struct xfib_nexthop nexthop;
};

static bool is_key(const struct key *key, const struct xfib_route *route, const struct xfib_nexthop *nexthop)
{
	return netio__has_row(route->type) && nexthop->ifindex == key->ifindex &&
	       (key->any_next_hop || (nexthop->gateway_family == key->gateway_family &&
				      !memcmp(nexthop->gateway, key->gateway, sizeof(key->gateway))));
}

static int find(const struct xfib *instance, const void *query, void *result)
{
	static const uint32_t tables[] = { XFIB_TABLE_MAIN, XFIB_TABLE_LOCAL };
	const struct key *key = query;
	struct found *found = result;

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		uint32_t id = lookup__first(instance, key->family, tables[i], key->prefix, key->length);

		for (uint32_t steps = 0; id && steps < instance->routes.count; steps++) {
			const struct xfib_route *route = instance__route(instance, id);
			const struct xfib_nexthop *nexthop = route ? instance__nexthop(instance, route->nexthop) : NULL;

			if (!nexthop)
				break;
			if (is_key(key, route, nexthop)) {
				found->route = *route;
				found->nexthop = *nexthop;
				return 0;
			}
			id = route->next;
		}
	}
	return -ENOENT;
}

static bool has_host_bits(const uint8_t prefix[16], uint32_t length, uint32_t bits)
{
	for (uint32_t bit = length; bit < bits; bit++) {
		if (prefix[bit / 8] & (0x80 >> bit % 8))
			return true;
	}
	return false;
}

/* The key of a row. False: it is not complete, or impossible. */
static bool read_key(const MIB_IPFORWARD_ROW2 *row, struct key *ret_key)
{
	ADDRESS_FAMILY family = row->DestinationPrefix.Prefix.si_family, next = row->NextHop.si_family;
	size_t bytes = family == AF_INET6 ? 16 : 4;

	memset(ret_key, 0, sizeof(*ret_key));
	if (!netio__is_family(family) || row->DestinationPrefix.PrefixLength > bytes * 8 ||
	    (next && !netio__is_family(next)) || (!row->InterfaceLuid.Value && !row->InterfaceIndex))
		return false;
	ret_key->family = family;
	ret_key->length = row->DestinationPrefix.PrefixLength;
	memcpy(ret_key->prefix, netio__bytes(&row->DestinationPrefix.Prefix), bytes);
	ret_key->any_next_hop = !next;
	if (next) {
		memcpy(ret_key->gateway, netio__bytes(&row->NextHop), next == AF_INET6 ? 16 : 4);
		ret_key->gateway_family = address__is_zero(ret_key->gateway) ? 0 : next;
	}
	return !has_host_bits(ret_key->prefix, ret_key->length, (uint32_t)bytes * 8);
}

enum outcome netio__entry(MIB_IPFORWARD_ROW2 *row)
{
	const struct xfib_link *link;
	struct xfib *instance;
	struct found found;
	struct key key;
	int err;

	if (!row || !read_key(row, &key))
		return OUTCOME_INVALID_PARAMETER;
	err = netio__instance(&instance);
	if (err)
		return netio__outcome(err);
	link = row->InterfaceLuid.Value ? netio__link_of(instance, &row->InterfaceLuid) :
					  instance__link(instance, row->InterfaceIndex);
	if (!link)
		return OUTCOME_NOT_FOUND;
	key.ifindex = link->ifindex;
	err = instance__steady(instance, find, &key, &found);
	if (err)
		return err == -ENOENT ? OUTCOME_NOT_FOUND : netio__outcome(err);
	netio__fill_row(instance, &found.route, &found.nexthop, row);
	return OUTCOME_SUCCESS;
}

/* ---- all of them ---- */

struct rows {
	MIB_IPFORWARD_TABLE2 *table;
	size_t room;
};

static bool add_row(struct rows *rows, const MIB_IPFORWARD_ROW2 *row)
{
	size_t count = rows->table ? rows->table->NumEntries : 0;

	if (count == rows->room) {
		size_t room = rows->room ? rows->room * 2 : 64;
		MIB_IPFORWARD_TABLE2 *table = realloc(rows->table, offsetof(MIB_IPFORWARD_TABLE2, Table) + room * sizeof(*row));

		if (!table)
			return false;
		rows->table = table;
		rows->room = room;
	}
	if (!count)
		memset(rows->table, 0, offsetof(MIB_IPFORWARD_TABLE2, Table));
	rows->table->Table[count] = *row;
	rows->table->NumEntries = (ULONG)(count + 1);
	return true;
}

static enum outcome add_family(const struct xfib *instance, uint32_t family, struct rows *rows)
{
	struct xfib_route_filter filter = { .size = sizeof(filter), .family = family };
	enum outcome outcome = OUTCOME_SUCCESS;
	struct xfib_route_iter *iter;
	struct xfib_nexthop nexthop;
	struct xfib_route route;

	if (xfib_route_iter__new(instance, &filter, &iter))
		return OUTCOME_NO_MEMORY;
	while (outcome == OUTCOME_SUCCESS && xfib_route_iter__next(iter, &route, &nexthop)) {
		MIB_IPFORWARD_ROW2 row;

		if ((route.table != XFIB_TABLE_MAIN && route.table != XFIB_TABLE_LOCAL) || !netio__has_row(route.type) ||
		    !nexthop.ifindex)
			continue;
		netio__fill_row(instance, &route, &nexthop, &row);
		if (!add_row(rows, &row))
			outcome = OUTCOME_NO_MEMORY;
	}
	xfib_route_iter__free(iter);
	return outcome;
}

enum outcome netio__table(ADDRESS_FAMILY family, MIB_IPFORWARD_TABLE2 **ret_table)
{
	enum outcome outcome = OUTCOME_SUCCESS;
	struct rows rows = { 0 };
	struct xfib *instance;
	int err;

	if (!ret_table || (family != AF_UNSPEC && !netio__is_family(family)))
		return OUTCOME_INVALID_PARAMETER;
	*ret_table = NULL;
	err = netio__instance(&instance);
	if (err)
		return netio__outcome(err);
	if (family != AF_INET6)
		outcome = add_family(instance, AF_INET, &rows);
	if (outcome == OUTCOME_SUCCESS && family != AF_INET)
		outcome = add_family(instance, AF_INET6, &rows);
	if (outcome == OUTCOME_SUCCESS && !rows.table)
		outcome = OUTCOME_NOT_FOUND;
	if (outcome == OUTCOME_SUCCESS)
		*ret_table = rows.table;
	else
		free(rows.table);
	return outcome;
}
