// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* One change of the compiled FIB, below a reference of a root. See fib_private.h. */
#include <string.h>

#include "fib_private.h"

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
	fib->usage.escapes++;
	return ITEM_ESCAPED;
}

static struct item paint_leaf(struct fib *fib, struct paint *paint, struct item leaf, uint32_t depth)
{
	uint32_t span = block__span(paint->family, depth), count;
	struct run whole = { 0, leaf }, runs[MAX_RUNS];
	struct item made;

	/* A longer prefix owns no part of a leaf but by this change. */
	if (paint->exact || !applies(paint, leaf))
		return leaf;
	count = paint_runs(fib, paint, &whole, 1, depth, span, runs);
	if (runs__make(fib, runs, count, span, &made))
		return escape(fib, runs, count);
	return made;
}

static struct item paint_block(struct fib *fib, struct paint *paint, struct item item, uint32_t depth)
{
	struct block block = block__open(&fib->arena, item.reference);
	struct run old[MAX_RUNS], runs[MAX_RUNS];
	uint32_t count;
	struct item made;
	int err;

	block__read(&fib->arena, &block, old);
	count = paint_runs(fib, paint, old, block.count, depth, block.width, runs);
	if (block__update(fib, &block, old, runs, count))
		return item;
	if (block.reference & XFIB_BLOCK_RANGE || count == 1)
		err = runs__make(fib, runs, count, block.width, &made);
	else
		err = block__write(fib, runs, count, block.width, false, &made);
	item__release(fib, item, false);
	return err ? escape(fib, runs, count) : made;
}

struct item paint__item(struct fib *fib, struct paint *paint, struct item item, uint32_t depth)
{
	if (item__is_block(item))
		return paint_block(fib, paint, item, depth);
	if (paint->length <= depth)
		return applies(paint, item) ? paint->item : item;
	return paint_leaf(fib, paint, item, depth);
}
