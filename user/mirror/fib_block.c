// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Blocks of the compiled FIB, read and written. See fib_private.h, and XFIB_BLOCK in abi.h. */
#include <string.h>

#include <xfib/lookup.h>

#include "fib_private.h"

/* ---- places ---- */

struct item place__read(const struct arena *arena, uint32_t position)
{
	uint32_t reference = ((const uint32_t *)(const void *)arena->words)[position / 2];

	if (reference & XFIB_BLOCK)
		return (struct item){ .reference = reference };
	return (struct item){ .leaf = (uint16_t)reference, .rank = arena->ranks[position],
			      .route = ((const uint32_t *)(const void *)arena->routes)[position] };
}

/* Route and rank of a leaf, wherever it is. */
static void note(struct arena *arena, uint32_t position, struct item item)
{
	__atomic_store_n(&((uint32_t *)(void *)arena->routes)[position], item.route, __ATOMIC_RELAXED);
	arena->ranks[position] = item.rank;
}

void place__write(struct fib *fib, uint32_t position, struct item item)
{
	uint32_t *references = (uint32_t *)(void *)fib->arena.words;

	if (!item__is_block(item))
		note(&fib->arena, position, item);
	__atomic_store_n(&references[position / 2], item__is_block(item) ? item.reference : item.leaf, __ATOMIC_RELEASE);
}

struct item block__item(const struct arena *arena, const struct block *block, uint32_t run)
{
	uint32_t position = block->leaves + (run << block->wide);

	if (block->wide)
		return place__read(arena, position);
	return (struct item){ .leaf = ((const uint16_t *)(const void *)arena->words)[position], .rank = arena->ranks[position],
			      .route = ((const uint32_t *)(const void *)arena->routes)[position] };
}

void block__set(struct fib *fib, const struct block *block, uint32_t run, struct item item)
{
	uint32_t position = block->leaves + (run << block->wide);

	if (block->wide) {
		place__write(fib, position, item);
		return;
	}
	note(&fib->arena, position, item);
	__atomic_store_n(&((uint16_t *)(void *)fib->arena.words)[position], item.leaf, __ATOMIC_RELEASE);
}

/* ---- shape ---- */

/*
 * Full tables have their roots at 18 bits (IPv4) and 20 (IPv6). There are a few hundred /20 with longer prefixes in
 * an IPv6 table, whose next hops depend on the 12 bits that follow, as registries hand out /29 to /32.
 */
uint32_t block__width(uint32_t depth)
{
	return depth == XFIB_ROOT_DEPTH4 ? 6 : depth == XFIB_ROOT_DEPTH6 ? 12 : 8;
}

/* Those at 32 bits are of IPv6 below a large root, or a small one, which does not mind. */
bool block__is_wide(uint32_t depth)
{
	return depth == XFIB_ROOT_DEPTH6 || depth == 32;
}

/* Words of the bitmap of a block of this width, and of the counts before it. */
static uint32_t bitmap_words(uint32_t width)
{
	return 1U << (width - 6);
}

static uint32_t count_words(uint32_t width)
{
	return bitmap_words(width) / 4;
}

static struct block shape(uint32_t word, uint32_t width, bool wide, uint32_t count)
{
	struct block block = { .word = word, .width = width, .wide = wide, .count = count };
	uint32_t head = count_words(width) + bitmap_words(width);

	block.ranges = width == 8 && count <= XFIB_RANGES + 1;
	if (block.ranges)
		head = 1;

	block.leaves = (word + head) * 4;
	block.words = head + ((count << wide) + 3) / 4;
	block.reference = XFIB_BLOCK | (wide ? XFIB_BLOCK_WIDE : 0) | (block.ranges ? XFIB_BLOCK_RANGES : 0) |
			  ((count - 1) * 8 >> width) << XFIB_BLOCK_FILL | (width - 6) << XFIB_BLOCK_WIDTH | word;
	return block;
}

/* Where run n + 1 of a block begins, by the word that says it; XFIB_RANGES_UNUSED: there is none. */
static uint32_t range_begin(uint64_t ranges, uint32_t n)
{
	return (uint32_t)(ranges >> XFIB_RANGES_BITS * n) & ((1U << XFIB_RANGES_BITS) - 1);
}

/* How many runs begin at values from 1 to `value`. */
static uint32_t rank_of(const struct arena *arena, const struct block *block, uint32_t value)
{
	if (block->width == 8)
		return xfib_fib__runs(arena->words, UINT32_MAX >> 2, block->reference, value);
	return xfib_fib__runs_of_bitmap(arena->words, UINT32_MAX >> 2, block->reference, value, (int)block->width);
}

struct block block__open(const struct arena *arena, uint32_t reference)
{
	struct block block = { .reference = reference, .width = 6 + ((reference >> XFIB_BLOCK_WIDTH) & 7) };
	uint32_t count = 1 + rank_of(arena, &block, (1U << block.width) - 1);

	return shape(reference & XFIB_BLOCK_WORD, block.width, reference & XFIB_BLOCK_WIDE, count);
}

/* Where the runs of a block begin. */
static void read_starts(const struct arena *arena, const struct block *block, struct run *ret_runs)
{
	const uint64_t *bitmap = (const uint64_t *)&arena->words[block->word + count_words(block->width)];
	uint32_t run = 0;

	ret_runs[run++].start = 0;
	if (block->ranges) {
		for (; run < block->count; run++)
			ret_runs[run].start = range_begin(arena->words[block->word], run - 1);
		return;
	}
	for (uint32_t word = 0; word < bitmap_words(block->width); word++) {
		for (uint64_t bits = bitmap[word]; bits; bits &= bits - 1)
			ret_runs[run++].start = word * 64 + (uint32_t)__builtin_ctzll(bits);
	}
}

void block__read(const struct arena *arena, const struct block *block, struct run *ret_runs)
{
	read_starts(arena, block, ret_runs);
	for (uint32_t run = 0; run < block->count; run++)
		ret_runs[run].item = block__item(arena, block, run);
}

bool block__is_run(const struct arena *arena, const struct block *block, uint32_t low, uint32_t high, uint32_t *ret_run)
{
	*ret_run = rank_of(arena, block, low);
	return (!low || rank_of(arena, block, low - 1) != *ret_run) && rank_of(arena, block, high - 1) == *ret_run &&
	       (high == 1U << block->width || rank_of(arena, block, high) != *ret_run);
}

/* ---- writing ---- */

static void write_ranges(struct arena *arena, const struct block *block, const struct run *runs)
{
	uint64_t ranges = 0;

	for (uint32_t i = 0; i < XFIB_RANGES; i++)
		ranges |= (uint64_t)(i + 1 < block->count ? runs[i + 1].start : XFIB_RANGES_UNUSED) << XFIB_RANGES_BITS * i;
	arena->words[block->word] = ranges;
}

static void write_bitmap(struct arena *arena, const struct block *block, const struct run *runs)
{
	uint64_t *bitmap = (uint64_t *)&arena->words[block->word + count_words(block->width)];
	uint16_t *counts = (uint16_t *)(void *)&arena->words[block->word], before = 0;

	memset(bitmap, 0, bitmap_words(block->width) * sizeof(*bitmap));
	for (uint32_t i = 1; i < block->count; i++)
		bitmap[runs[i].start / 64] |= 1ULL << (runs[i].start % 64);
	for (uint32_t word = 0; count_words(block->width) && word < bitmap_words(block->width); word++) {
		counts[word] = before;
		before = (uint16_t)(before + __builtin_popcountll(bitmap[word]));
	}
}

int block__make(struct fib *fib, const struct run *runs, uint32_t count, uint32_t depth, struct item *ret_item)
{
	uint32_t width = block__width(depth);
	bool wide = block__is_wide(depth);
	struct block block;
	uint32_t word;
	int err;

	if (count == 1 && !item__is_block(runs[0].item)) {
		*ret_item = runs[0].item;
		return 0;
	}
	for (uint32_t i = 0; i < count && !wide; i++)
		wide = item__is_block(runs[i].item);
	err = arena__take(fib, shape(0, width, wide, count).words, &word);
	if (err)
		return err;
	block = shape(word, width, wide, count);
	if (block.ranges)
		write_ranges(&fib->arena, &block, runs);
	else
		write_bitmap(&fib->arena, &block, runs);
	for (uint32_t i = 0; i < count; i++)
		block__set(fib, &block, i, runs[i].item);
	*ret_item = (struct item){ .reference = block.reference };
	fib->usage.blocks_written++;
	return 0;
}

bool block__update(struct fib *fib, const struct block *block, const struct run *old, const struct run *runs,
		   uint32_t count)
{
	if (count != block->count)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		if (old[i].start != runs[i].start || (!block->wide && item__is_block(runs[i].item)))
			return false;
	}
	for (uint32_t i = 0; i < count; i++) {
		if (item__same(old[i].item, runs[i].item))
			continue;
		block__set(fib, block, i, runs[i].item);
		fib->usage.in_place++;
	}
	return true;
}

void item__release(struct fib *fib, struct item item, bool all)
{
	struct block block;

	if (!item__is_block(item))
		return;
	block = block__open(&fib->arena, item.reference);
	for (uint32_t i = 0; all && block.wide && i < block.count; i++)
		item__release(fib, block__item(&fib->arena, &block, i), true);
	arena__release(fib, block.word, block.words);
}

uint32_t runs__join(struct run *runs, uint32_t count)
{
	uint32_t joined = 0;

	for (uint32_t i = 0; i < count; i++) {
		if (!joined || item__is_block(runs[i].item) || !item__same(runs[joined - 1].item, runs[i].item))
			runs[joined++] = runs[i];
	}
	return joined;
}
