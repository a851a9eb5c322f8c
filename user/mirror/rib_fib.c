// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Keeps the compiled FIBs in step with the tries: what target__publish() wrote
 * there comes here next. The FIB of table main has table local in it, as the
 * kernel searches the two for a packet. Nothing is compiled before the first
 * full dump is complete; from then on every change is made in place.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "maps.h"
#include "rib_private.h"

/* Seconds before a table that found no room is tried again; before all of them are, twice as many each time that one fails. */
#define RETRY_SECONDS 5u
#define RETRY_SECONDS_MOST 320u

static uint8_t tier_of(const struct rib *rib, uint32_t table, uint8_t family)
{
	if (table != XFIB_TABLE_LOCAL)
		return FIB_OF_TABLE;
	return family == XFIB_INET && rib->fib_merged ? FIB_LOCAL : FIB_LOCAL_FIRST;
}

static uint32_t fib_table_of(uint32_t table)
{
	return table == XFIB_TABLE_LOCAL ? XFIB_TABLE_MAIN : table;
}

/* The prefix that begins with slot `head`. */
static struct fib_prefix prefix_at(const struct rib *rib, uint32_t head)
{
	const struct xfib_route *route = &rib->maps->routes[head];
	struct fib_prefix prefix = { .route = head, .target = rib->target[head], .length = route->prefix_length,
				     .tier = tier_of(rib, route->table, route->family) };

	memcpy(&prefix.high, route->prefix, sizeof(prefix.high));
	memcpy(&prefix.low, route->prefix + 8, sizeof(prefix.low));
	prefix.high = __builtin_bswap64(prefix.high);
	prefix.low = __builtin_bswap64(prefix.low);
	/* A throw route of table local, searched apart, hides the shorter ones there and lets table main decide. */
	if (prefix.tier == FIB_LOCAL_FIRST && route->type == XFIB_ROUTE_THROW)
		prefix.target = FIB_ASK_TRIE;
	return prefix;
}

/* ---- whole tables ---- */

struct table_list {
	uint32_t table;
	uint8_t family;
	struct fib_prefix *prefixes;
	size_t count, room;
};

/* There are no more lists than FIBs that there is room for, however many tables there are. */
struct gathering {
	struct table_list *lists;
	size_t count;
	size_t last;  /* the list that was found last: routes of a table follow one another */
	uint32_t room; /* for tables that have no FIB yet */
	bool full;    /* some found none */
};

static bool is_of(const struct table_list *list, uint32_t table, uint8_t family)
{
	return list->table == table && list->family == family;
}

/* -ENOMEM; -ENOSPC: there is no room for the FIB of another table. */
static int find_list(const struct rib *rib, struct gathering *gathering, uint32_t table, uint8_t family,
		     struct table_list **ret_list)
{
	struct table_list *lists = gathering->lists;
	bool has_fib;

	for (size_t i = gathering->count; i-- && !is_of(&lists[gathering->last], table, family);) {
		if (is_of(&lists[i], table, family))
			gathering->last = i;
	}
	if (gathering->count && is_of(&lists[gathering->last], table, family)) {
		*ret_list = &lists[gathering->last];
		return 0;
	}
	has_fib = fib__has(rib->fib, table, family);
	if (!has_fib && !gathering->room)
		return -ENOSPC;
	lists = realloc(lists, (gathering->count + 1) * sizeof(*lists));
	if (!lists)
		return -ENOMEM;
	gathering->lists = lists;
	gathering->room -= !has_fib;
	gathering->last = gathering->count++;
	lists[gathering->last] = (struct table_list){ .table = table, .family = family };
	*ret_list = &lists[gathering->last];
	return 0;
}

static int add_prefix(const struct rib *rib, struct gathering *gathering, uint32_t table, uint8_t family,
		      const struct fib_prefix *prefix)
{
	struct table_list *list;
	int err = find_list(rib, gathering, table, family, &list);

	if (err)
		return err;
	if (list->count == list->room) {
		size_t room = list->room ? list->room * 2 : 64;
		struct fib_prefix *prefixes = realloc(list->prefixes, room * sizeof(*prefixes));

		if (!prefixes)
			return -ENOMEM;
		list->prefixes = prefixes;
		list->room = room;
	}
	list->prefixes[list->count++] = *prefix;
	return 0;
}

/*
 * Where there is no room for a new FIB beside the old one, the old one makes room, and the trie serves the table
 * meanwhile. `keep`: rather keep the old one, which is right.
 */
static int compile_list(struct rib *rib, const struct table_list *list, bool keep)
{
	int err = fib__compile(rib->fib, list->table, list->family, list->prefixes, list->count);

	if (!err || keep)
		return err;
	fib__drop(rib->fib, list->table, list->family);
	return fib__compile(rib->fib, list->table, list->family, list->prefixes, list->count);
}

/* Compiles one table and family, or with family 0 all of them. */
static int compile(struct rib *rib, uint32_t table, uint8_t family, bool keep)
{
	const struct xfib_route *routes = rib->maps->routes;
	uint32_t end = rib->maps->state->routes_end;
	struct gathering gathering = { .room = fib__room(rib->fib) };
	uint64_t took = 0;
	int err = 0;

	for (uint32_t id = 1; id < end && err != -ENOMEM; id++) {
		uint32_t of = fib_table_of(routes[id].table);
		struct fib_prefix prefix;

		if (!rib->target[id] || (family && (routes[id].family != family || of != table)))
			continue;
		prefix = prefix_at(rib, id);
		err = add_prefix(rib, &gathering, of, routes[id].family, &prefix);
		gathering.full |= err == -ENOSPC;
	}
	if (err != -ENOMEM)
		err = gathering.full ? -ENOSPC : 0;
	for (size_t i = 0; i < gathering.count; i++) {
		struct table_list *list = &gathering.lists[i];
		int failed = err == -ENOMEM ? err : compile_list(rib, list, keep);

		if (!failed)
			took += rib->maps->state->fib_compiled;
		else if (!keep)
			fib__drop(rib->fib, list->table, list->family);
		err = failed ? failed : err;
		free(list->prefixes);
	}
	if (!gathering.count && family && !err) /* a table without routes */
		err = fib__compile(rib->fib, table, family, NULL, 0);
	free(gathering.lists);
	__atomic_store_n(&rib->maps->state->fib_compiled, took, __ATOMIC_RELAXED);
	rib->fib_behind |= err && !keep;
	return err;
}

static void report(struct rib *rib, int err)
{
	uint64_t muted;

	if (err && log_limit__pass(&rib->fib_limit, &muted))
		log_warning("the compiled FIB has no room for all routes (%s); the LPM tries serve the rest, which is slower; "
			    "restart with a larger --max-routes", strerror(-err));
}

void rib__settle_fib(struct rib *rib)
{
	bool merged = rib->maps->state->flags & XFIB_STATE_MERGED4;
	uint32_t now;
	int err;

	if (!rib->fib || rib->dumping || !rib->fib_wanted)
		return;
	if (!rib->fib_ready) {
		rib->fib_merged = merged;
		rib->fib_ready = true;
		rib->fib_retry = RETRY_SECONDS;
		report(rib, compile(rib, 0, 0, false));
		return;
	}
	if (merged != rib->fib_merged) {
		rib->fib_merged = merged;
		report(rib, compile(rib, XFIB_TABLE_MAIN, XFIB_INET, false));
	}
	now = rib__now();
	if (!rib->fib_behind || now < rib->fib_retry_at)
		return;
	rib->fib_behind = false;
	err = compile(rib, 0, 0, false);
	rib->fib_retry = err ? rib->fib_retry * 2 : RETRY_SECONDS;
	if (rib->fib_retry > RETRY_SECONDS_MOST)
		rib->fib_retry = RETRY_SECONDS_MOST;
	rib->fib_retry_at = now + rib->fib_retry;
	report(rib, err);
}

void rib__want_fib(struct rib *rib)
{
	rib->fib_wanted = true;
}

/* ---- many changes at once ---- */

#define MANY 4096 /* a change costs the FIB a microsecond; a compilation some tens for each block of the root */

void rib__expect(struct rib *rib, uint32_t table, uint8_t family, uint32_t count)
{
	if (!rib->fib_ready || table == XFIB_TABLE_MAIN || count < MANY || rib->held_count == HELD_FIBS ||
	    count / 2 < fib__count(rib->fib, table, family))
		return;
	if (!fib__hold(rib->fib, table, family))
		rib->held[rib->held_count++] = (struct held_fib){ table, family };
}

void rib__compile_held(struct rib *rib)
{
	uint64_t took = 0;

	for (uint32_t i = 0; i < rib->held_count; i++) {
		int err = compile(rib, rib->held[i].table, rib->held[i].family, false);

		report(rib, err);
		took += rib->maps->state->fib_compiled;
	}
	if (rib->held_count)
		__atomic_store_n(&rib->maps->state->fib_compiled, took, __ATOMIC_RELAXED);
	rib->held_count = 0;
}

/* ---- changes ---- */

static void outgrown(struct rib *rib, uint32_t table, uint8_t family, int err)
{
	if (!err && fib__wants_compile(rib->fib, table, family))
		compile(rib, table, family, true); /* if it fails, the small root goes on serving */
	if (!err)
		return;
	/* Made anew a table takes less than after many changes: it is tried at once, but not with every change. */
	rib->fib_behind = true;
	if (rib__now() >= rib->fib_table_retry_at) {
		rib->fib_table_retry_at = rib__now() + RETRY_SECONDS;
		err = compile(rib, table, family, false);
	}
	report(rib, err);
}

void fib_step__publish(struct rib *rib, uint32_t head)
{
	const struct xfib_route *route = &rib->maps->routes[head];
	uint32_t table = fib_table_of(route->table);
	struct fib_prefix prefix;

	if (!rib->fib_ready)
		return;
	prefix = prefix_at(rib, head);
	outgrown(rib, table, route->family, fib__set(rib->fib, table, route->family, &prefix));
}

static void clear_host_bits(uint8_t prefix[16], uint32_t length)
{
	for (uint32_t byte = (length + 7) / 8; byte < 16; byte++)
		prefix[byte] = 0;
	if (length % 8)
		prefix[length / 8] &= (uint8_t)(0xff00 >> (length % 8));
}

/* The longest prefix of a table, no longer than `length`, that covers one. */
static uint32_t find_cover(const struct rib *rib, uint32_t table, uint8_t family, const uint8_t prefix[16], int length)
{
	uint8_t covering[16];

	memcpy(covering, prefix, sizeof(covering));
	for (; length >= 0; length--) {
		uint32_t head;

		if (!rib->index.of_length[family == XFIB_INET6][length])
			continue;
		clear_host_bits(covering, (uint32_t)length);
		head = prefix_index__find(&rib->index, table, family, covering, (uint8_t)length);
		if (head)
			return head;
	}
	return XFIB_NONE;
}

/* What decides on the addresses of a prefix that has gone, in a table and, for main, in table local. */
static uint32_t choose_cover(const struct rib *rib, const struct xfib_route *gone)
{
	uint32_t table = fib_table_of(gone->table), in_table, local;

	in_table = find_cover(rib, table, gone->family, gone->prefix, gone->prefix_length);
	if (table != XFIB_TABLE_MAIN)
		return in_table;
	local = find_cover(rib, XFIB_TABLE_LOCAL, gone->family, gone->prefix, gone->prefix_length);
	if (!local || !in_table)
		return local ? local : in_table;
	if (tier_of(rib, XFIB_TABLE_LOCAL, gone->family) == FIB_LOCAL_FIRST)
		return local;
	return rib->maps->routes[local].prefix_length >= rib->maps->routes[in_table].prefix_length ? local : in_table;
}

void fib_step__withdraw(struct rib *rib, uint32_t head)
{
	const struct xfib_route *gone = &rib->maps->routes[head];
	uint32_t table = fib_table_of(gone->table), cover;
	struct fib_prefix prefix, covering;

	if (!rib->fib_ready)
		return;
	prefix = prefix_at(rib, head);
	/* Longer prefixes of table main, which a wide one of table local hid, come to light: only a compilation finds them. */
	if (prefix.tier == FIB_LOCAL_FIRST && prefix.length != (gone->family == XFIB_INET6 ? 128 : 32)) {
		rib->target[head] = XFIB_NONE; /* by which a compilation knows the prefixes that there are */
		compile(rib, table, gone->family, false);
		return;
	}
	cover = choose_cover(rib, gone);
	if (cover)
		covering = prefix_at(rib, cover);
	outgrown(rib, table, gone->family, fib__clear(rib->fib, table, gone->family, &prefix, cover ? &covering : NULL));
}
