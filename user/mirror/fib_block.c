// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Blocks of the compiled FIB, read and written. See fib_private.h, and XFIB_BLOCK in abi.h. */
#include <errno.h>
#include <string.h>

#include "fib_private.h"

#define BITMAP_WIDTH 6u

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

static void write_leaf(struct arena *arena, uint32_t position, struct item item)
{
	note(arena, position, item);
	__atomic_store_n(&((uint16_t *)(void *)arena->words)[position], item.leaf, __ATOMIC_RELEASE);
}

/* Position of a child reference. */
static uint32_t child_of(uint32_t word, uint32_t number)
{
	return (word * 2 - 1 - number) * 2;
}

/* ---- shape ---- */

/*
 * Blocks end at these depths, 14 bits apart where it matters, so that a range can be split into bitmaps, and the other
 * way round, without touching what lies below. Full tables have their roots at 18 and 20 bits.
 */
uint32_t block__span(__u8 family, uint32_t depth)
{
	uint32_t end = family == XFIB_INET6 ? 6 : 4, last = family == XFIB_INET6 ? 128 : 32;

	while (end <= depth)
		end += 14;
	return (end < last ? end : last) - depth;
}

static uint32_t start_words(uint32_t count)
{
	return count < 2 ? 1 : (count - 1 + 3) / 4;
}

static uint32_t start_of(const struct arena *arena, const struct block *block, uint32_t run)
{
	return run ? ((const uint16_t *)(const void *)&arena->words[block->word])[run - 1] : 0;
}

static uint32_t count_runs(const struct arena *arena, uint32_t word, uint32_t starts)
{
	uint32_t count = 1;

	if (!starts)
		return (uint32_t)__builtin_popcountll(arena->words[word]) + 1;
	while (count <= starts * 4 && ((const uint16_t *)(const void *)&arena->words[word])[count - 1] != XFIB_RANGE_END)
		count++;
	return count;
}

struct block block__open(const struct arena *arena, uint32_t reference)
{
	bool range = reference & XFIB_BLOCK_RANGE;
	uint32_t starts = range ? ((reference >> XFIB_BLOCK_STARTS) & (XFIB_RANGE_WORDS - 1)) + 1 : 0;
	struct block block = { .reference = reference, .word = reference & XFIB_BLOCK_WORD,
			       .width = (reference >> XFIB_BLOCK_WIDTH) & 15 };

	block.count = count_runs(arena, block.word, starts);
	block.leaves = (block.word + (range ? starts : 1)) * 4;
	for (uint32_t i = 0; i < block.count; i++) {
		uint32_t leaf = ((const uint16_t *)(const void *)arena->words)[block.leaves + i];

		block.children += leaf - XFIB_LEAF_CHILD < XFIB_LEAF_CHILDREN;
	}
	block.begin = block.word - (block.children + 1) / 2;
	block.words = block.leaves / 4 + (block.count + 3) / 4 - block.begin;
	return block;
}

/* Where the item of a run is: its leaf, or the child reference that the leaf names. */
static uint32_t position_of(const struct arena *arena, const struct block *block, uint32_t run, bool *ret_child)
{
	uint32_t position = block->leaves + run, leaf = ((const uint16_t *)(const void *)arena->words)[position];

	*ret_child = leaf - XFIB_LEAF_CHILD < XFIB_LEAF_CHILDREN;
	return *ret_child ? child_of(block->word, leaf - XFIB_LEAF_CHILD) : position;
}

void block__read(const struct arena *arena, const struct block *block, struct run *ret_runs)
{
	uint64_t bits = block->reference & XFIB_BLOCK_RANGE ? 0 : arena->words[block->word];

	for (uint32_t i = 0; i < block->count; i++) {
		bool child;
		uint32_t position = position_of(arena, block, i, &child);
		struct run *run = &ret_runs[i];

		if (block->reference & XFIB_BLOCK_RANGE) {
			run->start = start_of(arena, block, i);
		} else if (i) {
			run->start = (uint32_t)__builtin_ctzll(bits);
			bits &= bits - 1;
		} else {
			run->start = 0;
		}
		if (child)
			run->item = place__read(arena, position);
		else
			run->item = (struct item){ .leaf = ((const uint16_t *)(const void *)arena->words)[position],
						   .route = ((const uint32_t *)(const void *)arena->routes)[position],
						   .rank = arena->ranks[position] };
	}
}

/* ---- writing ---- */

static void write_starts(struct arena *arena, uint32_t word, const struct run *runs, uint32_t count, bool range)
{
	if (!range) {
		uint64_t bits = 0;

		for (uint32_t i = 1; i < count; i++)
			bits |= 1ULL << runs[i].start;
		arena->words[word] = bits;
		return;
	}
	for (uint32_t i = 0; i < start_words(count) * 4; i++)
		((uint16_t *)(void *)&arena->words[word])[i] =
			(uint16_t)(i + 1 < count ? runs[i + 1].start : XFIB_RANGE_END);
}

int block__write(struct fib *fib, const struct run *runs, uint32_t count, uint32_t width, bool range, struct item *ret_item)
{
	struct arena *arena = &fib->arena;
	uint32_t children = 0, before, head = range ? start_words(count) : 1, word, leaves;
	int err;

	for (uint32_t i = 0; i < count; i++)
		children += item__is_block(runs[i].item);
	before = (children + 1) / 2;
	err = arena__take(fib, before + head + (count + 3) / 4, &word);
	if (err)
		return err;
	word += before;
	leaves = (word + head) * 4;
	write_starts(arena, word, runs, count, range);
	children = 0;
	for (uint32_t i = 0; i < count; i++) {
		struct item leaf = runs[i].item;

		if (item__is_block(leaf)) {
			place__write(fib, child_of(word, children), leaf);
			leaf = (struct item){ .leaf = (uint16_t)(XFIB_LEAF_CHILD + children++) };
		}
		write_leaf(arena, leaves + i, leaf);
	}
	*ret_item = (struct item){ .reference = XFIB_BLOCK | width << XFIB_BLOCK_WIDTH | word };
	if (range)
		ret_item->reference |= XFIB_BLOCK_RANGE | (head - 1) << XFIB_BLOCK_STARTS;
	fib->usage.blocks_written++;
	return 0;
}

bool block__update(struct fib *fib, const struct block *block, const struct run *old, const struct run *runs,
		   uint32_t count)
{
	bool child;

	if (count != block->count)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		if (old[i].start != runs[i].start)
			return false;
		if (item__same(old[i].item, runs[i].item))
			continue;
		position_of(&fib->arena, block, i, &child);
		/* A child that became a leaf would be a step that leads nowhere, but for one that needs no room. */
		if (child != (item__is_block(runs[i].item) || (child && runs[i].item.rank == RANK_ESCAPED)))
			return false;
	}
	for (uint32_t i = 0; i < count; i++) {
		uint32_t position = position_of(&fib->arena, block, i, &child);

		if (item__same(old[i].item, runs[i].item))
			continue;
		if (child)
			place__write(fib, position, runs[i].item);
		else
			write_leaf(&fib->arena, position, runs[i].item);
		fib->usage.in_place++;
	}
	return true;
}

void item__release(struct fib *fib, struct item item, bool all)
{
	struct block block;
	bool child;

	if (!item__is_block(item))
		return;
	block = block__open(&fib->arena, item.reference);
	for (uint32_t i = 0; all && i < block.count; i++) {
		uint32_t position = position_of(&fib->arena, &block, i, &child);

		if (child)
			item__release(fib, place__read(&fib->arena, position), true);
	}
	arena__release(fib, block.begin, block.words);
}

/* ---- from runs to blocks ---- */

uint32_t runs__join(struct run *runs, uint32_t count)
{
	uint32_t joined = 0;

	for (uint32_t i = 0; i < count; i++) {
		if (!joined || item__is_block(runs[i].item) || !item__same(runs[joined - 1].item, runs[i].item))
			runs[joined++] = runs[i];
	}
	return joined;
}

/* Are all runs whole values of the first 6 bits? */
static bool fits_bitmap(const struct run *runs, uint32_t count, uint32_t width)
{
	if (width <= BITMAP_WIDTH)
		return true;
	for (uint32_t i = 0; i < count; i++) {
		if (runs[i].start & ((1U << (width - BITMAP_WIDTH)) - 1) || item__is_block(runs[i].item))
			return false;
	}
	return true;
}

/* Releases what runs__make() took for an item of this width; the blocks that it was given end where the width does. */
static void give_back(struct fib *fib, struct item item, uint32_t width)
{
	struct block block;

	if (!item__is_block(item) || !width)
		return;
	block = block__open(&fib->arena, item.reference);
	if (!(item.reference & XFIB_BLOCK_RANGE) && width > BITMAP_WIDTH) {
		struct run runs[MAX_RUNS];

		block__read(&fib->arena, &block, runs);
		for (uint32_t i = 0; i < block.count; i++)
			give_back(fib, runs[i].item, width - BITMAP_WIDTH);
	}
	item__release(fib, item, false);
}

/* The runs within one value of the first 6 bits, counted from its begin. */
static uint32_t cut(const struct run *runs, uint32_t count, uint32_t rest, uint32_t value, struct run *ret_part)
{
	uint32_t begin = value << rest, end = (value + 1) << rest, parts = 0;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t stop = i + 1 < count ? runs[i + 1].start : UINT32_MAX;

		if (stop <= begin || runs[i].start >= end)
			continue;
		ret_part[parts] = runs[i];
		ret_part[parts++].start = runs[i].start > begin ? runs[i].start - begin : 0;
	}
	return parts;
}

/* More runs than a range has room for: a bitmap of 64 parts. */
static int make_split(struct fib *fib, const struct run *runs, uint32_t count, uint32_t width, struct item *ret_item)
{
	uint32_t rest = width - BITMAP_WIDTH, made = 0, joined;
	struct run part[MAX_RUNS], slots[64], kept[64];
	int err = 0;

	for (uint32_t value = 0; value < 64 && !err; value++) {
		uint32_t parts = cut(runs, count, rest, value, part);

		slots[value].start = value;
		err = runs__make(fib, part, parts, rest, &slots[value].item);
		made += !err;
	}
	memcpy(kept, slots, sizeof(kept));
	joined = err ? 0 : runs__join(kept, 64);
	if (!err)
		err = block__write(fib, kept, joined, BITMAP_WIDTH, false, ret_item);
	for (uint32_t value = 0; err && value < made; value++)
		give_back(fib, slots[value].item, rest);
	return err;
}

int runs__make(struct fib *fib, const struct run *runs, uint32_t count, uint32_t width, struct item *ret_item)
{
	if (count == 1) {
		*ret_item = runs[0].item;
		return 0;
	}
	if (fits_bitmap(runs, count, width)) {
		struct run shifted[MAX_RUNS];
		uint32_t rest = width > BITMAP_WIDTH ? width - BITMAP_WIDTH : 0;

		for (uint32_t i = 0; i < count; i++)
			shifted[i] = (struct run){ runs[i].start >> rest, runs[i].item };
		return block__write(fib, shifted, count, width - rest, false, ret_item);
	}
	if (count <= MAX_RANGE_RUNS)
		return block__write(fib, runs, count, width, true, ret_item);
	return make_split(fib, runs, count, width, ret_item);
}
