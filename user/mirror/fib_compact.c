// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Bounds the waste of the arena. When what is dead in used chunks exceeds half of what
 * is live, the chunks that are mostly dead are emptied: a walk over all tables,
 * a few entries with each change, moves their blocks elsewhere, each by one
 * store of the reference to it.
 */
#include <string.h>

#include "fib_private.h"

#define ENTRIES_AT_ONCE 16u
/* Waste below this many words is none. */
#define SLACK (16 * CHUNK_WORDS)

/* The block written anew, if it lies in a chunk that is being emptied; its children likewise, before. */
static struct item move(struct fib *fib, struct item item, uint32_t depth);

static struct item move_block(struct fib *fib, struct item item, uint32_t depth, struct run *old, struct run *runs)
{
	struct block block = block__open(&fib->arena, item.reference);
	struct item made;

	if (!block.wide && !fib->arena.chunks[block.word / CHUNK_WORDS].victim)
		return item;
	block__read(&fib->arena, &block, runs);
	if (block.wide) {
		memcpy(old, runs, block.count * sizeof(*old));
		for (uint32_t i = 0; i < block.count; i++)
			runs[i].item = move(fib, runs[i].item, depth + block.width);
		block__update(fib, &block, old, runs, block.count);
	}
	if (!fib->arena.chunks[block.word / CHUNK_WORDS].victim ||
	    block__make(fib, runs, block.count, depth, &made))
		return item;
	item__release(fib, item, false);
	return made;
}

static struct item move(struct fib *fib, struct item item, uint32_t depth)
{
	struct run old[MAX_RUNS], runs[MAX_RUNS];

	if (!item__is_block(item))
		return item;
	if (block__width(depth) > 8)
		return move_block(fib, item, depth, fib->old_runs, fib->new_runs);
	return move_block(fib, item, depth, old, runs);
}

static uint64_t words_used(const struct arena *arena)
{
	return (uint64_t)(arena->chunk_count - arena->free_count - arena->waiting_count) * CHUNK_WORDS;
}

/* A moment at which a walk over everything pays. */
static bool is_wasteful(const struct fib *fib)
{
	const struct arena *arena = &fib->arena;
	uint64_t used = words_used(arena);

	bool scarce = arena->free_count + arena->waiting_count < arena->chunk_count / 16;

	if (used <= fib->compact_above)
		return false;
	return used > arena->live + arena->live / 2 + SLACK || (scarce && used > arena->live + arena->live / 4 + SLACK);
}

static void begin(struct fib *fib)
{
	struct arena *arena = &fib->arena;

	for (uint32_t i = 0; i < arena->chunk_count; i++) {
		struct chunk *chunk = &arena->chunks[i];

		chunk->victim = chunk->in_use && i != arena->current && chunk->live && chunk->live < CHUNK_WORDS * 3 / 4;
	}
	fib->compacting = true;
	fib->compact_table = fib->compact_entry = 0;
	fib->usage.compactions++;
}

static void end(struct fib *fib)
{
	for (uint32_t i = 0; i < fib->arena.chunk_count; i++)
		fib->arena.chunks[i].victim = false;
	fib->compacting = false;
	fib->compact_above = words_used(&fib->arena) + SLACK;
}

void compact__consider(struct fib *fib)
{
	if (!fib->compacting && !is_wasteful(fib))
		return;
	if (!fib->compacting)
		begin(fib);
	for (uint32_t done = 0; done < ENTRIES_AT_ONCE; done++) {
		const struct fib_table *table;
		struct item item, moved;
		uint32_t position;

		while (fib->compact_table < fib->table_count &&
		       (!fib->tables[fib->compact_table].root ||
			fib->compact_entry >= table__references(&fib->tables[fib->compact_table]))) {
			fib->compact_table++;
			fib->compact_entry = 0;
		}
		if (fib->compact_table == fib->table_count) {
			end(fib);
			return;
		}
		table = &fib->tables[fib->compact_table];
		position = table__entry(table, fib->compact_entry++);
		item = place__read(&fib->arena, position);
		moved = move(fib, item, table__depth(table, fib->compact_entry - 1));
		if (!item__same(item, moved))
			place__write(fib, position, moved);
		shortcuts__renew(fib, table, fib->compact_entry - 1);
		arena__flush(fib);
	}
}
