// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * A whole table at once. Prefixes that end at the root's depth or before are
 * painted on its entries, shortest first; the longer ones are sorted by entry
 * (one counting pass), and the few of each become a list of boundaries, from
 * which blocks are made.
 *
 * Cost: about 100 ns a prefix; for the time of the call 32 bytes for each entry of the root and 4 for each prefix.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fib_private.h"
#include "maps.h"

/* From `start` on, addresses get `item`. */
struct boundary {
	address_t start;
	struct item item;
};

struct compilation {
	struct fib *fib;
	struct fib_table table; /* the new one */
	struct fib_prefix *prefixes;
	size_t count;
	struct item *entries;   /* by entry of the root, the one outside the window last: what short prefixes give it */
	uint32_t *first;        /* by entry: where its longer prefixes begin in `order`; one more at the end */
	uint32_t *order;
	struct boundary *boundaries; /* of an entry */
	size_t room;
};

static address_t address_of(const struct fib_prefix *prefix)
{
	return (address_t)prefix->high << 64 | prefix->low;
}

/* ---- from boundaries to blocks ---- */

/* Value of a block at `depth` that an address has, and whether the address is the first one of the value. */
static uint32_t value_of(address_t address, uint32_t depth, uint32_t width)
{
	return (uint32_t)(address << depth >> (128 - width));
}

static bool is_first(address_t address, uint32_t depth)
{
	return depth >= 128 || !(address << depth);
}

/* The boundaries from `i` on that share a value: where they end. */
static size_t group_end(const struct boundary *list, size_t count, size_t i, uint32_t depth, uint32_t width)
{
	uint32_t value = value_of(list[i].start, depth, width);
	size_t end = i + 1;

	while (end < count && value_of(list[end].start, depth, width) == value)
		end++;
	return end;
}

static int make(struct fib *fib, struct item first, const struct boundary *list, size_t count,
		uint32_t depth, struct item *ret_item);

/* The runs themselves. */
static int make_runs(struct fib *fib, struct item first, const struct boundary *list, size_t count,
		     uint32_t depth, uint32_t width, struct run *ret_runs, uint32_t *ret_count)
{
	uint32_t made = 0, next = 0;
	struct item item = first; /* of what comes before the next boundary */
	int err = 0;

	for (size_t i = 0, end; i < count && !err; i = end) {
		uint32_t value = value_of(list[i].start, depth, width);
		bool aligned = is_first(list[i].start, depth + width);

		end = group_end(list, count, i, depth, width);
		if (next < value)
			ret_runs[made++] = (struct run){ next, item };
		if (aligned && end == i + 1) {
			next = value;
		} else {
			struct run *run = &ret_runs[made++];

			run->start = value;
			err = make(fib, aligned ? list[i].item : item, &list[i + aligned], end - i - aligned,
				   depth + width, &run->item);
			made -= err != 0;
			next = value + 1;
		}
		item = list[end - 1].item;
	}
	if (!err && next < 1U << width)
		ret_runs[made++] = (struct run){ next, item };
	*ret_count = made;
	return err;
}

static int make_block(struct fib *fib, struct item first, const struct boundary *list, size_t count, uint32_t depth,
		      struct run *runs, struct item *ret_item)
{
	uint32_t width = block__width(depth), made;
	int err = make_runs(fib, first, list, count, depth, width, runs, &made);

	if (!err) {
		made = runs__join(runs, made);
		err = block__make(fib, runs, made, depth, ret_item);
	}
	for (uint32_t i = 0; err && i < made; i++)
		item__release(fib, runs[i].item, true);
	return err;
}

/* Addresses of the item at `depth` get `first` up to the first boundary. */
static int make(struct fib *fib, struct item first, const struct boundary *list, size_t count, uint32_t depth,
		struct item *ret_item)
{
	struct run runs[MAX_RUNS];

	if (!count) {
		*ret_item = first;
		return 0;
	}
	return make_block(fib, first, list, count, depth, block__width(depth) > 8 ? fib->new_runs : runs, ret_item);
}

/* ---- from prefixes to boundaries ---- */

static int by_place(const struct fib_prefix *a, const struct fib_prefix *b)
{
	if (a->high != b->high)
		return a->high < b->high ? -1 : 1;
	if (a->low != b->low)
		return a->low < b->low ? -1 : 1;
	return (int)prefix__rank(a) - (int)prefix__rank(b);
}

static int by_place_order(const void *left, const void *right, void *data)
{
	const struct fib_prefix *prefixes = data;

	return by_place(&prefixes[*(const uint32_t *)left], &prefixes[*(const uint32_t *)right]);
}

static void sort_order(struct compilation *c, uint32_t *order, size_t count)
{
	if (count > 32) {
		qsort_r(order, count, sizeof(*order), by_place_order, c->prefixes);
		return;
	}
	for (size_t i = 1; i < count; i++) {
		uint32_t moved = order[i];
		size_t at = i;

		for (; at && by_place(&c->prefixes[moved], &c->prefixes[order[at - 1]]) < 0; at--)
			order[at] = order[at - 1];
		order[at] = moved;
	}
}

/* Adds a boundary; of two at one address the later one counts. */
static size_t add_boundary(struct boundary *list, size_t count, address_t start, struct item item)
{
	if (count && list[count - 1].start == start)
		count--;
	list[count] = (struct boundary){ start, item };
	return count + 1;
}

/* The prefixes that the one at hand lies in: where they end, and what their addresses get. */
struct nesting {
	address_t last[131];
	struct item item[131];
	uint32_t depth;
};

static size_t leave(struct nesting *nesting, struct boundary *list, size_t count, address_t next, bool all, address_t end)
{
	while (nesting->depth > 1 && (all || nesting->last[nesting->depth - 1] < next)) {
		address_t last = nesting->last[--nesting->depth];

		if (last != end)
			count = add_boundary(list, count, last + 1, nesting->item[nesting->depth - 1]);
	}
	return count;
}

/* Boundaries of an entry whose last address is `end`; the entry itself gets `first`. */
static size_t make_boundaries(const struct compilation *c, const uint32_t *order, size_t count, struct item first,
			      address_t end, struct boundary *list)
{
	struct nesting nesting = { .depth = 1 };
	size_t made = 0;

	nesting.item[0] = first;
	for (size_t i = 0; i < count; i++) {
		const struct fib_prefix *prefix = &c->prefixes[order[i]];
		address_t start = address_of(prefix), last = start | (prefix->length < 128 ? ~(address_t)0 >> prefix->length : 0);
		struct item item = prefix__item(prefix);

		made = leave(&nesting, list, made, start, false, end);
		made = add_boundary(list, made, start, item);
		nesting.last[nesting.depth] = last;
		nesting.item[nesting.depth++] = item;
	}
	return leave(&nesting, list, made, 0, true, end);
}

/* ---- by entries of the root ---- */

/* Bits before the entries' and the bits that they end at. */
static uint32_t window_length(const struct fib_table *table)
{
	return table->window ? XFIB_WINDOW_LENGTH : 0;
}

/* The first entry that a prefix covers or lies in; outside the window the entry behind the last one. */
static uint32_t entry_of(const struct fib_table *table, const struct fib_prefix *prefix)
{
	uint32_t begin = window_length(table);

	if (begin && prefix->high >> (64 - begin) != XFIB_WINDOW_VALUE)
		return table__entries(table);
	return table->bits ? (uint32_t)(prefix->high << begin >> (64 - table->bits)) : 0;
}

/* Does the prefix give whole entries their item, at most? */
static bool is_short(const struct fib_table *table, const struct fib_prefix *prefix)
{
	return prefix->length <= window_length(table) + table->bits && entry_of(table, prefix) < table__entries(table) &&
	       prefix->length >= window_length(table);
}

static int by_rank(const void *left, const void *right, void *data)
{
	const struct fib_prefix *prefixes = data;

	return (int)prefix__rank(&prefixes[*(const uint32_t *)left]) - (int)prefix__rank(&prefixes[*(const uint32_t *)right]);
}

/* Prefixes shorter than the window, which may cover it, are painted afterwards. */
static bool is_later(const struct fib_table *table, const struct fib_prefix *prefix)
{
	return prefix->tier == FIB_LOCAL_FIRST || prefix->length < window_length(table);
}

static void paint_short(struct compilation *c)
{
	uint32_t count = 0, depth = window_length(&c->table) + c->table.bits;

	for (size_t i = 0; i < c->count; i++) {
		if (!is_later(&c->table, &c->prefixes[i]) && is_short(&c->table, &c->prefixes[i]))
			c->order[count++] = (uint32_t)i;
	}
	qsort_r(c->order, count, sizeof(*c->order), by_rank, c->prefixes);
	for (uint32_t i = 0; i < count; i++) {
		const struct fib_prefix *prefix = &c->prefixes[c->order[i]];
		uint32_t first = entry_of(&c->table, prefix), end = first + (1U << (depth - prefix->length));
		struct item item = prefix__item(prefix);

		for (uint32_t n = first; n < end; n++)
			c->entries[n] = item;
	}
}

/* Counting sort of the longer prefixes by entry. */
static void order_long(struct compilation *c)
{
	uint32_t ends = table__entries(&c->table) + 1, total = 0;

	for (size_t i = 0; i < c->count; i++) {
		if (!is_later(&c->table, &c->prefixes[i]) && !is_short(&c->table, &c->prefixes[i]))
			c->first[entry_of(&c->table, &c->prefixes[i])]++;
	}
	for (uint32_t n = 0; n <= ends; n++) {
		uint32_t here = n < ends ? c->first[n] : 0;

		c->first[n] = total;
		total += here;
	}
	for (size_t i = 0; i < c->count; i++) {
		if (!is_later(&c->table, &c->prefixes[i]) && !is_short(&c->table, &c->prefixes[i]))
			c->order[c->first[entry_of(&c->table, &c->prefixes[i])]++] = (uint32_t)i;
	}
	/* Each now says where the next one begins. */
	memmove(&c->first[1], c->first, ends * sizeof(*c->first));
	c->first[0] = 0;
}

static int make_entry(struct compilation *c, uint32_t n, struct item *ret_item)
{
	bool outside = n == table__entries(&c->table);
	uint32_t begin = window_length(&c->table), depth = outside ? 0 : begin + c->table.bits;
	size_t count = c->first[n + 1] - c->first[n], made;
	address_t start = 0, end;

	if (!count) {
		*ret_item = c->entries[n];
		return 0;
	}
	if (2 * count + 2 > c->room) {
		free(c->boundaries);
		c->room = 4 * count + 64;
		c->boundaries = calloc(c->room, sizeof(*c->boundaries));
		if (!c->boundaries) {
			c->room = 0;
			return -ENOMEM;
		}
	}
	if (!outside && depth)
		start = ((address_t)(begin ? XFIB_WINDOW_VALUE : 0) << (128 - (begin ? begin : 1))) |
			(c->table.bits ? (address_t)n << (128 - depth) : 0);
	end = depth ? start | ~(address_t)0 >> depth : ~(address_t)0;
	sort_order(c, &c->order[c->first[n]], count);
	made = make_boundaries(c, &c->order[c->first[n]], count, c->entries[n], end, c->boundaries);
	/* A boundary at the very begin is what the entry begins with. */
	if (made && c->boundaries[0].start == start)
		return make(c->fib, c->boundaries[0].item, c->boundaries + 1, made - 1, depth, ret_item);
	return make(c->fib, c->entries[n], c->boundaries, made, depth, ret_item);
}

/* ---- the table ---- */

uint32_t root__words(const struct fib_table *table)
{
	return 1 + (table__entries(table) + 1) / 2 + (table->window ? 1U << XFIB_SHORTCUT_BITS : 0);
}

static void choose_root(struct compilation *c)
{
	bool six = c->table.family == XFIB_INET6;
	uint32_t bits = six ? FIB_ROOT_BITS6 : FIB_ROOT_BITS4;
	bool fits = root__words(&(struct fib_table){ .bits = (__u8)bits, .window = six }) < c->fib->maps->sizes.fib_words / 8 * 5;
	bool large = c->count > FIB_SMALL && fits;

	c->table.bits = (__u8)(large ? bits : 0);
	c->table.window = large && six;
	c->table.root = 0;
	c->table.grow_above = large || !fits ? SIZE_MAX : FIB_SMALL;
}

static int take_memory(struct compilation *c)
{
	uint32_t entries = table__entries(&c->table) + 1;

	c->entries = calloc(entries, sizeof(*c->entries));
	c->first = calloc(entries + 1, sizeof(*c->first));
	c->order = calloc(c->count + 1, sizeof(*c->order));
	return c->entries && c->first && c->order ? 0 : -ENOMEM;
}

static int take_root(struct compilation *c)
{
	uint32_t words = root__words(&c->table);
	int err = words > CHUNK_WORDS ? arena__take_chunks(c->fib, words, &c->table.root) :
					arena__take(c->fib, words, &c->table.root);

	if (err)
		return err;
	memset(&c->fib->arena.words[c->table.root], 0, words * sizeof(*c->fib->arena.words));
	for (uint32_t n = 0; n < table__references(&c->table); n++)
		place__write(c->fib, table__entry(&c->table, n), (struct item){ 0 });
	return 0;
}

static int fill(struct compilation *c)
{
	int err = 0;

	paint_short(c);
	order_long(c);
	for (uint32_t n = 0; n < table__references(&c->table) && !err; n++) {
		struct item item;

		err = make_entry(c, n, &item);
		if (!err) {
			place__write(c->fib, table__entry(&c->table, n), item);
			shortcuts__renew(c->fib, &c->table, n);
		}
	}
	if (err)
		return err;
	for (size_t i = 0; i < c->count; i++) {
		if (is_later(&c->table, &c->prefixes[i]))
			fib__paint(c->fib, &c->table, &c->prefixes[i]);
	}
	return 0;
}

static uint64_t nanoseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

int fib__compile(struct fib *fib, __u32 table, __u8 family, struct fib_prefix *prefixes, size_t count)
{
	struct compilation c = { .fib = fib, .prefixes = prefixes, .count = count };
	struct fib_table *held = fib__table(fib, table, family), old;
	uint64_t begin = nanoseconds();
	int err = held ? 0 : fib__add_table(fib, table, family, &held);

	if (err)
		return err;
	old = c.table = *held;
	c.table.count = count;
	choose_root(&c);
	err = take_memory(&c);
	if (!err)
		err = take_root(&c);
	if (!err)
		err = fill(&c);
	if (!err) {
		*held = c.table;
		fib__publish_root(fib, held);
		fib__release_root(fib, &old);
		__atomic_store_n(&fib->maps->state->fib_compiled, nanoseconds() - begin, __ATOMIC_RELAXED);
	} else {
		fib__release_root(fib, &c.table);
		held->grow_above = 2 * (count > held->count ? count : held->count); /* not again with each change */
	}
	arena__flush(fib);
	arena__publish_usage(fib);
	free(c.entries);
	free(c.first);
	free(c.order);
	free(c.boundaries);
	return err;
}
