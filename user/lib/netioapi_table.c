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

enum outcome netio__entry(MIB_IPFORWARD_ROW2 *row)
{
	struct netio_found found;
	struct netio_key key;
	enum outcome outcome;
	struct xfib *instance;
	int err;

	if (!row || !netio__read_key(row, &key))
		return OUTCOME_INVALID_PARAMETER;
	err = netio__instance(&instance);
	if (err)
		return netio__outcome(err);
	outcome = netio__find_interface(instance, row, &key);
	if (outcome == OUTCOME_SUCCESS)
		outcome = netio__check_stack(instance, key.family);
	if (outcome != OUTCOME_SUCCESS)
		return outcome;
	err = netio__find(instance, &key, &found);
	if (err == -ENOENT) {
		error__set(0, "reading a route: there is none of that interface, prefix and next hop");
		return OUTCOME_NOT_FOUND;
	}
	if (err)
		return netio__outcome(err);
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
