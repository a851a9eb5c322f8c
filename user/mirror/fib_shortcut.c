// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * The shortcuts of a large IPv6 root: what the root says of a /32 that leads to a block, once more, in a hash table that a
 * reader asks first. A shortcut is written after the reference that it repeats and before what that one replaced is
 * released, so that a reader finds the old block by it for a while, whole, or the new one.
 *
 * Cost: a cache line or two for each /32 in the range of a change.
 */
#include <xfib/lookup.h>

#include "fib_private.h"

/* The first /32 of an entry. */
static uint32_t first_of(uint32_t n)
{
	return (uint32_t)XFIB_WINDOW_VALUE << (32 - XFIB_WINDOW_LENGTH) | n << (32 - XFIB_ROOT_DEPTH6);
}

static void follow_one(struct fib *fib, const struct fib_table *table, uint32_t prefix)
{
	uint32_t mask = fib->arena.chunk_count * CHUNK_WORDS - 1;
	__u64 *word = &fib->arena.words[xfib_fib__shortcut(table->root, prefix)], entry = *word, follows = 0;
	struct xfib_fib_step step;

	if (entry && entry >> 32 != prefix)
		return;
	step = xfib_fib__find6_first(fib->arena.words, mask, table->root, (__u64)prefix << 32);
	if (step.reference & XFIB_BLOCK)
		follows = (__u64)prefix << 32 | step.reference;
	if (follows != entry)
		__atomic_store_n(word, follows, __ATOMIC_RELEASE);
}

static bool has_shortcuts(const struct fib_table *table, uint32_t n)
{
	return table->window && n < table__entries(table);
}

void shortcuts__follow(struct fib *fib, const struct fib_table *table, uint32_t n, address_t address, uint32_t length)
{
	uint32_t first = first_of(n), count = 1U << (32 - XFIB_ROOT_DEPTH6);

	if (!has_shortcuts(table, n))
		return;
	if (length > XFIB_ROOT_DEPTH6) {
		first = (uint32_t)(address >> 96);
		count = length < 32 ? 1U << (32 - length) : 1;
	}
	for (uint32_t i = 0; i < count; i++)
		follow_one(fib, table, first + i);
}

void shortcuts__renew(struct fib *fib, const struct fib_table *table, uint32_t n)
{
	struct item item = place__read(&fib->arena, table__entry(table, n));
	struct block block;

	if (!has_shortcuts(table, n) || !item__is_block(item))
		return;
	block = block__open(&fib->arena, item.reference);
	block__read(&fib->arena, &block, fib->old_runs);
	for (uint32_t i = 0; i < block.count; i++) {
		if (item__is_block(fib->old_runs[i].item))
			follow_one(fib, table, first_of(n) + fib->old_runs[i].start);
	}
}
