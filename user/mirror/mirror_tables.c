// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Which of the kernel's tables are mirrored: local, main and default, those that the options name, and those that a
 * rule or a VRF leads to. Of the latter not all routes are held until a full dump that was begun with them is complete:
 * until then no packet and no query is decided by them. See mirror_private.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "maps.h"
#include "mirror_private.h"

/* ---- sets of tables ---- */

static bool has(const struct table_set *set, uint32_t table)
{
	for (uint32_t i = 0; i < set->count; i++) {
		if (set->tables[i] == table)
			return true;
	}
	return false;
}

static int add(struct table_set *set, uint32_t table)
{
	if (has(set, table))
		return 0;
	if (set->count == set->room) {
		uint32_t room = set->room ? set->room * 2 : 8;
		uint32_t *tables = realloc(set->tables, room * sizeof(*tables));

		if (!tables)
			return -ENOMEM;
		set->tables = tables;
		set->room = room;
	}
	set->tables[set->count++] = table;
	return 0;
}

static void take_out(struct table_set *set, uint32_t table)
{
	for (uint32_t i = 0; i < set->count; i++) {
		if (set->tables[i] == table)
			set->tables[i--] = set->tables[--set->count];
	}
}

static bool is_within(const struct table_set *set, const struct table_set *whole)
{
	for (uint32_t i = 0; i < set->count; i++) {
		if (!has(whole, set->tables[i]))
			return false;
	}
	return true;
}

static void swap(struct table_set *one, struct table_set *other)
{
	struct table_set kept = *one;

	*one = *other;
	*other = kept;
}

/* ---- questions ---- */

bool mirror__is_fed(const struct mirror *mirror, uint32_t table)
{
	return table && table == mirror->opts.fed_table;
}

/* Whatever rules and links there are. */
static bool is_always_mirrored(const struct mirror *mirror, uint32_t table)
{
	/* Table default, the last that is searched, is nearly always empty. */
	if ((mirror->opts.all_tables && !mirror__is_fed(mirror, table)) || table == XFIB_TABLE_MAIN || table == XFIB_TABLE_LOCAL || table == XFIB_TABLE_DEFAULT)
		return true;
	for (uint32_t i = 0; i < mirror->opts.table_count; i++) {
		if (mirror->opts.tables[i] == table)
			return true;
	}
	return false;
}

bool mirror__is_named(const struct mirror *mirror, uint32_t table)
{
	return !is_always_mirrored(mirror, table) && has(&mirror->named, table);
}

bool mirror__is_mirrored(const struct mirror *mirror, uint32_t table)
{
	return is_always_mirrored(mirror, table) || has(&mirror->named, table) || links__has_vrf(mirror->links, table);
}

bool mirror__is_held(const struct mirror *mirror, uint32_t table)
{
	return is_always_mirrored(mirror, table) || has(&mirror->held, table);
}

/* ---- changes ---- */

struct naming {
	struct mirror *mirror;
	struct table_set named, own;
	int err;
};

static void name(uint32_t table, void *data)
{
	struct naming *naming = data;

	/* What xfib's own routes are in is not the kernel's, and stays so. */
	if (!is_always_mirrored(naming->mirror, table) && !mirror__is_fed(naming->mirror, table) && !has(&naming->own, table))
		naming->err |= add(&naming->named, table);
}

static void note_own(uint32_t table, void *data)
{
	struct naming *naming = data;

	if (has(&naming->named, table)) /* there may be far more own tables than rules */
		naming->err |= add(&naming->own, table);
}

static void note_vrf(uint32_t table, void *data)
{
	add(data, table);
}

/* Tables of which rules and links no longer say that they are mirrored are not held either. */
static void prune(struct mirror *mirror)
{
	for (uint32_t i = 0; i < mirror->held.count; i++) {
		if (!mirror__is_mirrored(mirror, mirror->held.tables[i]))
			take_out(&mirror->held, mirror->held.tables[i--]);
	}
}

/*
 * Once a rule has led to a table it stays mirrored: rules come and go, and each time a full dump would have to follow; and who
 * finds that a table has a compiled FIB takes it for the kernel's (<xfib/bpf.h>).
 */
static void name_all(struct mirror *mirror, struct naming *naming)
{
	for (uint32_t i = 0; i < mirror->named.count; i++)
		name(mirror->named.tables[i], naming);
	links__each_vrf(mirror->links, name, naming);
	plans__each_table(mirror->plans, name, naming);
}

void mirror__name_tables(struct mirror *mirror)
{
	struct naming naming = { .mirror = mirror };

	if (mirror->opts.all_tables)
		return;
	name_all(mirror, &naming);
	if (naming.named.count) {
		rib__each_own_table(mirror->rib, note_own, &naming);
		naming.named.count = 0;
		name_all(mirror, &naming);
	}
	if (naming.err)
		mirror__request_sync(mirror, "out of memory");
	if (!is_within(&naming.named, &mirror->named) || !is_within(&mirror->named, &naming.named))
		mirror__request_sync(mirror, NULL);
	swap(&mirror->named, &naming.named);
	free(naming.named.tables);
	free(naming.own.tables);
	prune(mirror);
}

void mirror__forget_table(struct mirror *mirror, uint32_t table)
{
	take_out(&mirror->held, table);
}

void mirror__begin_tables(struct mirror *mirror)
{
	mirror->dumped.count = 0;
	for (uint32_t i = 0; i < mirror->named.count; i++)
		add(&mirror->dumped, mirror->named.tables[i]);
	links__each_vrf(mirror->links, note_vrf, &mirror->dumped);
}

void mirror__end_tables(struct mirror *mirror)
{
	/* Rules that lead there may be followed now. */
	if (!is_within(&mirror->dumped, &mirror->held))
		mirror->rules_dirty = true;
	swap(&mirror->dumped, &mirror->held);
	prune(mirror);
}

void mirror__free_tables(struct mirror *mirror)
{
	free(mirror->named.tables);
	free(mirror->held.tables);
	free(mirror->dumped.tables);
}
