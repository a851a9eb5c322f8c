// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* One change of the compiled FIB, below a reference of a root. See fib_private.h. */
#include <string.h>

#include "fib_private.h"
#include "maps.h"

static bool applies(struct paint *paint, struct item leaf)
{
	paint->replaced |= leaf.rank == paint->rank;
	return paint->exact ? leaf.rank == paint->rank : leaf.rank <= paint->rank;
}

/* The values of a block at `depth` that the change concerns. */
static void range_of(const struct paint *paint, uint32_t depth, uint32_t width, uint32_t *ret_low, uint32_t *ret_high)
{
	uint32_t end = depth + width;

	*ret_low = 0;
	*ret_high = 1U << width;
	if (paint->length <= depth)
		return;
	*ret_low = (uint32_t)(paint->address << depth >> (128 - width));
	*ret_high = *ret_low + (paint->length <= end ? 1U << (end - paint->length) : 1);
}

/* Copies runs, with those that are concerned changed; at most two more come out. */
static uint32_t paint_runs(struct fib *fib, struct paint *paint, const struct run *runs, uint32_t count,
			   uint32_t depth, uint32_t width, struct run *ret_runs)
{
	uint32_t low, high, made = 0;

	range_of(paint, depth, width, &low, &high);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t start = runs[i].start, end = i + 1 < count ? runs[i + 1].start : 1U << width;
		struct item item = runs[i].item, painted = item;

		if (start < high && end > low)
			painted = paint__item(fib, paint, item, depth + width);
		if (item__same(item, painted)) {
			ret_runs[made++] = runs[i];
			continue;
		}
		if (start < low)
			ret_runs[made++] = (struct run){ start, item };
		ret_runs[made++] = (struct run){ start > low ? start : low, painted };
		if (end > high)
			ret_runs[made++] = (struct run){ high, item };
	}
	return runs__join(ret_runs, made);
}

/* There is no room for what the runs should become: all of it is left to the trie. */
static struct item escape(struct fib *fib, const struct run *runs, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		item__release(fib, runs[i].item, true);
	maps__flush(fib->maps); /* what the trie is to say may have been put off */
	fib->usage.escapes++;
	return ITEM_ESCAPED;
}

/* `old` and `runs` have room for all runs that a block at this depth may have. */
static struct item paint_leaf(struct fib *fib, struct paint *paint, struct item leaf, uint32_t depth, struct run *runs)
{
	uint32_t width = block__width(depth), count;
	struct run whole = { 0, leaf };
	struct item made;

	paint->moved |= width > 8;
	count = paint_runs(fib, paint, &whole, 1, depth, width, runs);
	if (block__make(fib, runs, count, depth, &made))
		return escape(fib, runs, count);
	return made;
}

/* Writes a block anew that cannot become these runs where it is. */
static struct item rewrite(struct fib *fib, struct item item, const struct run *runs, uint32_t count, uint32_t depth)
{
	struct item made;
	int err = block__make(fib, runs, count, depth, &made);

	item__release(fib, item, false);
	return err ? escape(fib, runs, count) : made;
}

/* May the run change where it is, so that no run becomes like its neighbour, and a block that is one leaf is noticed? */
static bool stays_in_place(const struct paint *paint, const struct block *block, struct item old, struct item painted)
{
	if (item__is_block(old))
		return item__is_block(painted) || painted.rank == RANK_ESCAPED;
	return item__is_block(painted) ? block->wide : !paint->exact;
}

/* Most changes concern one run: without this each would cost as much as its block is large. */
static struct item paint_run(struct fib *fib, struct paint *paint, struct item item, const struct block *block, uint32_t run,
			     uint32_t depth, struct run *runs)
{
	struct item old = block__item(&fib->arena, block, run), painted = paint__item(fib, paint, old, depth + block->width);
	uint32_t count;

	if (item__same(old, painted))
		return item;
	paint->moved |= block->width > 8;
	if (stays_in_place(paint, block, old, painted)) {
		block__set(fib, block, run, painted);
		fib->usage.in_place++;
		return item;
	}
	block__read(&fib->arena, block, runs);
	runs[run].item = painted;
	count = runs__join(runs, block->count);
	return rewrite(fib, item, runs, count, depth);
}

static struct item paint_block(struct fib *fib, struct paint *paint, struct item item, uint32_t depth, struct run *old,
			       struct run *runs)
{
	struct block block = block__open(&fib->arena, item.reference);
	uint32_t low, high, run, count;

	range_of(paint, depth, block.width, &low, &high);
	if (block__is_run(&fib->arena, &block, low, high, &run))
		return paint_run(fib, paint, item, &block, run, depth, runs);
	paint->moved |= block.width > 8;
	block__read(&fib->arena, &block, old);
	count = paint_runs(fib, paint, old, block.count, depth, block.width, runs);
	if (block__update(fib, &block, old, runs, count))
		return item;
	return rewrite(fib, item, runs, count, depth);
}

static struct item paint_below(struct fib *fib, struct paint *paint, struct item item, uint32_t depth, struct run *old,
			       struct run *runs)
{
	return item__is_block(item) ? paint_block(fib, paint, item, depth, old, runs) :
				      paint_leaf(fib, paint, item, depth, runs);
}

static struct item paint_small(struct fib *fib, struct paint *paint, struct item item, uint32_t depth)
{
	struct run old[MAX_RUNS], runs[MAX_RUNS];

	return paint_below(fib, paint, item, depth, old, runs);
}

struct item paint__item(struct fib *fib, struct paint *paint, struct item item, uint32_t depth)
{
	if (!item__is_block(item)) {
		/* A longer prefix owns no part of a leaf but by this change. */
		if (!applies(paint, item) || (paint->exact && paint->length > depth))
			return item;
		if (paint->length <= depth)
			return paint->item;
	}
	if (block__width(depth) > 8)
		return paint_below(fib, paint, item, depth, fib->old_runs, fib->new_runs);
	return paint_small(fib, paint, item, depth);
}
