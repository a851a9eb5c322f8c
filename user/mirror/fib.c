// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Tables with compiled FIBs, and changes of one prefix. See fib.h. */
#include "fib.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xfib/lookup.h>

#include "fib_private.h"
#include "maps.h"

int fib__new(struct maps *maps, struct fib **ret_fib)
{
	struct fib *fib = calloc(1, sizeof(*fib));
	int err = -ENOMEM;

	if (fib) {
		fib->maps = maps;
		fib->old_runs = calloc(MAX_RUNS_BELOW_ROOT, sizeof(*fib->old_runs));
		fib->new_runs = calloc(MAX_RUNS_BELOW_ROOT, sizeof(*fib->new_runs));
		if (fib->old_runs && fib->new_runs)
			err = arena__init(&fib->arena, maps);
	}
	if (err) {
		fib__free(fib);
		return err;
	}
	arena__publish_usage(fib);
	*ret_fib = fib;
	return 0;
}

void fib__free(struct fib *fib)
{
	if (!fib)
		return;
	arena__destroy(&fib->arena);
	free(fib->tables);
	free(fib->pending);
	free(fib->old_runs);
	free(fib->new_runs);
	free(fib);
}

/* ---- prefixes ---- */

uint16_t prefix__rank(const struct fib_prefix *prefix)
{
	uint32_t rank = 2u * prefix->length + 1 + (prefix->tier == FIB_LOCAL);

	return (uint16_t)(prefix->tier == FIB_LOCAL_FIRST ? rank + 512 : rank);
}

/* What a leaf has no room for is left to the trie. */
static uint16_t leaf_of(uint32_t target)
{
	uint32_t id = target & ~XFIB_TARGET_GROUP;

	if (target == FIB_ASK_TRIE || id >= (target & XFIB_TARGET_GROUP ? XFIB_LEAF_TRIE - XFIB_LEAF_GROUP : XFIB_LEAF_GROUP))
		return XFIB_LEAF_TRIE;
	return (uint16_t)(target & XFIB_TARGET_GROUP ? XFIB_LEAF_GROUP | id : id);
}

struct item prefix__item(const struct fib_prefix *prefix)
{
	return (struct item){ .route = prefix->route, .leaf = leaf_of(prefix->target), .rank = prefix__rank(prefix) };
}

/* ---- tables ---- */

uint32_t table__entries(const struct fib_table *table)
{
	return 1U << table->bits;
}

uint32_t table__references(const struct fib_table *table)
{
	return table->bits ? table__entries(table) + 1 : 1;
}

uint32_t table__entry(const struct fib_table *table, uint32_t n)
{
	return n == table__references(table) - 1 ? table->root * 4 : table->root * 4 + 4 + n * 2;
}

uint32_t table__depth(const struct fib_table *table, uint32_t n)
{
	if (table->window && n == table__entries(table))
		return 0;
	return table->bits + (table->window ? XFIB_WINDOW_LENGTH : 0u);
}

struct fib_table *fib__table(const struct fib *fib, __u32 table, __u8 family)
{
	for (uint32_t i = 0; i < fib->table_count; i++) {
		if (fib->tables[i].table == table && fib->tables[i].family == family)
			return &fib->tables[i];
	}
	return NULL;
}

/* A slot of xfib_fibs for the table, or -ENOSPC. */
static int take_slot(struct fib *fib, struct fib_table *table)
{
	struct xfib_fib *fibs = fib->maps->fibs;
	uint32_t slots = fib->maps->sizes.fibs, slot = xfib_fib__slot(table->table, table->family, slots);

	for (uint32_t i = 0; i < slots; i++, slot = (slot + 1) & (slots - 1)) {
		if (fibs[slot].family)
			continue;
		table->slot = slot;
		fibs[slot].table = table->table;
		__atomic_store_n(&fibs[slot].family, table->family, __ATOMIC_RELEASE);
		return 0;
	}
	return -ENOSPC;
}

int fib__add_table(struct fib *fib, __u32 table, __u8 family, struct fib_table **ret_table)
{
	struct fib_table *added;
	int err;

	if (fib->table_count == fib->table_room) {
		uint32_t room = fib->table_room ? fib->table_room * 2 : 8;
		struct fib_table *tables = realloc(fib->tables, room * sizeof(*tables));

		if (!tables)
			return -ENOMEM;
		fib->tables = tables;
		fib->table_room = room;
	}
	added = &fib->tables[fib->table_count];
	*added = (struct fib_table){ .table = table, .family = family, .grow_above = SIZE_MAX };
	err = take_slot(fib, added);
	if (err)
		return err;
	fib->table_count++;
	fib->maps->state->fib_tables++;
	*ret_table = added;
	return 0;
}

void fib__publish_root(struct fib *fib, const struct fib_table *table)
{
	struct xfib_state *state = fib->maps->state;
	__u64 root = table->root ? XFIB_ROOT_VALID | (table->bits ? XFIB_ROOT_LARGE : 0) | table->root : 0;

	__atomic_store_n(&fib->maps->fibs[table->slot].root, root, __ATOMIC_RELEASE);
	if (table->table == XFIB_TABLE_MAIN)
		__atomic_store_n(table->family == XFIB_INET6 ? &state->root6 : &state->root4, root, __ATOMIC_RELEASE);
}

bool fib__has(const struct fib *fib, __u32 table, __u8 family)
{
	return fib__table(fib, table, family) != NULL;
}

uint32_t fib__room(const struct fib *fib)
{
	return fib->maps->sizes.fibs - fib->table_count;
}

__u64 fib__root(const struct fib *fib, __u32 table, __u8 family)
{
	const struct fib_table *found = fib__table(fib, table, family);

	return found && found->root ? fib->maps->fibs[found->slot].root : 0;
}

size_t fib__count(const struct fib *fib, __u32 table, __u8 family)
{
	const struct fib_table *found = fib__table(fib, table, family);

	return found ? found->count : 0;
}

bool fib__wants_compile(const struct fib *fib, __u32 table, __u8 family)
{
	const struct fib_table *found = fib__table(fib, table, family);

	return found && found->count > found->grow_above;
}

void fib__release_root(struct fib *fib, const struct fib_table *table)
{
	if (!table->root)
		return;
	for (uint32_t n = 0; n < table__references(table); n++)
		item__release(fib, place__read(&fib->arena, table__entry(table, n)), true);
	arena__release(fib, table->root, root__words(table));
}

void fib__drop(struct fib *fib, __u32 table, __u8 family)
{
	struct fib_table *found = fib__table(fib, table, family);
	struct fib_table old;

	if (!found || !found->root)
		return;
	maps__flush(fib->maps); /* the tries serve it now: a change of theirs that was put off is in the FIB already */
	old = *found;
	found->root = 0;
	found->count = 0;
	fib__publish_root(fib, found);
	fib__release_root(fib, &old);
	arena__flush(fib);
	arena__publish_usage(fib);
}

int fib__hold(struct fib *fib, __u32 table, __u8 family)
{
	struct fib_table *added;

	if (!fib__table(fib, table, family))
		return fib__add_table(fib, table, family, &added);
	fib__drop(fib, table, family);
	return 0;
}

/* ---- changes ---- */

static void paint_entry(struct fib *fib, const struct fib_table *table, struct paint *paint, uint32_t n, uint32_t depth)
{
	uint32_t position = table__entry(table, n);
	struct item item = place__read(&fib->arena, position), painted;

	paint->moved = false;
	painted = paint__item(fib, paint, item, depth);
	if (!item__same(item, painted)) {
		place__write(fib, position, painted);
		fib->usage.in_place += !item__is_block(painted);
	}
	if (item__is_block(painted) && paint->moved)
		shortcuts__follow(fib, table, n, paint->address, paint->length);
	else if (item__is_block(item) && !item__is_block(painted))
		shortcuts__follow(fib, table, n, paint->address, 0); /* all of it may have been left to the trie */
	arena__flush(fib); /* blocks below may have been replaced where this one stays */
}

static void paint_table(struct fib *fib, const struct fib_table *table, struct paint *paint)
{
	const address_t window = (address_t)XFIB_WINDOW_VALUE << (128 - XFIB_WINDOW_LENGTH);
	uint32_t begin = table->window ? XFIB_WINDOW_LENGTH : 0, depth = begin + table->bits;
	uint32_t shared = paint->length < begin ? paint->length : begin, low = 0, high = table__entries(table);
	bool inside = !shared || !((paint->address ^ window) >> (128 - shared));

	if (table->window && !(inside && paint->length >= begin))
		paint_entry(fib, table, paint, table__entries(table), 0);
	if (!inside)
		return;
	if (paint->length > begin && table->bits) {
		low = (uint32_t)(paint->address << begin >> (128 - table->bits));
		high = low + (paint->length < depth ? 1U << (depth - paint->length) : 1);
	}
	for (uint32_t n = low; n < high; n++)
		paint_entry(fib, table, paint, n, depth);
}

static int change(struct fib *fib, struct fib_table *table, struct paint *paint)
{
	uint64_t escapes = fib->usage.escapes;

	if (!table->root)
		return 0; /* the trie serves it, until it is compiled anew */
	paint_table(fib, table, paint);
	compact__consider(fib);
	arena__publish_usage(fib);
	return fib->usage.escapes == escapes ? 0 : -ENOSPC;
}

static struct paint paint_of(__u8 family, const struct fib_prefix *prefix, struct item item, bool exact)
{
	return (struct paint){ .address = (address_t)prefix->high << 64 | prefix->low, .length = prefix->length,
			       .family = family, .exact = exact, .rank = prefix__rank(prefix), .item = item };
}

void fib__paint(struct fib *fib, const struct fib_table *table, const struct fib_prefix *prefix)
{
	struct paint paint = paint_of(table->family, prefix, prefix__item(prefix), false);

	paint_table(fib, table, &paint);
}

int fib__set(struct fib *fib, __u32 table, __u8 family, const struct fib_prefix *prefix)
{
	struct fib_table *found = fib__table(fib, table, family);
	struct paint paint = paint_of(family, prefix, prefix__item(prefix), false);
	int err;

	if (!found) {
		err = fib__compile(fib, table, family, NULL, 0);
		if (err)
			return err;
		found = fib__table(fib, table, family);
	}
	err = change(fib, found, &paint);
	found->count += !paint.replaced;
	return err;
}

int fib__clear(struct fib *fib, __u32 table, __u8 family, const struct fib_prefix *prefix, const struct fib_prefix *cover)
{
	struct fib_table *found = fib__table(fib, table, family);
	struct item item = cover ? prefix__item(cover) : (struct item){ 0 };
	struct paint paint = paint_of(family, prefix, item, true);

	if (!found)
		return 0;
	found->count -= found->count > 0;
	return change(fib, found, &paint);
}

bool fib__work(struct fib *fib)
{
	compact__consider(fib);
	return fib->compacting;
}

struct fib_usage fib__usage(const struct fib *fib)
{
	return fib->usage;
}
