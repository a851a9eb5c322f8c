// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Bounds the waste of the arena. When what is dead in used chunks exceeds what
 * is live, the chunks that are mostly dead are emptied: a walk over all tables,
 * a few entries with each change, moves their blocks elsewhere, each by one
 * store of the reference to it.
 */
#include <string.h>

#include "fib_private.h"

#define ENTRIES_AT_ONCE 512u
/* Waste below this many words is none. */
#define SLACK (64 * CHUNK_WORDS)

/* The block copied as it is, if it lies in a chunk that is being emptied; its children likewise, before. */
static struct item move(struct fib *fib, struct item item)
{
	struct arena *arena = &fib->arena;
	struct block block;
	struct run runs[MAX_RUNS], old[MAX_RUNS];
	struct item made;

	if (!item__is_block(item))
		return item;
	block = block__open(arena, item.reference);
	if (block.children) {
		block__read(arena, &block, runs);
		memcpy(old, runs, sizeof(old));
		for (uint32_t i = 0; i < block.count; i++)
			runs[i].item = move(fib, runs[i].item);
		block__update(fib, &block, old, runs, block.count);
	} else {
		block__read(arena, &block, runs);
	}
	if (!arena->chunks[block.begin / CHUNK_WORDS].victim)
		return item;
	if (block__write(fib, runs, block.count, block.width, item.reference & XFIB_BLOCK_RANGE, &made))
		return item;
	item__release(fib, item, false);
	return made;
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

	return used > fib->compact_above && (used > 2 * arena->live + SLACK || (arena->free_count + arena->waiting_count < arena->chunk_count / 16 &&
						  used > arena->live + arena->live / 4 + SLACK));
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
			fib->compact_entry > table__entries(&fib->tables[fib->compact_table]))) {
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
		moved = move(fib, item);
		if (!item__same(item, moved))
			place__write(fib, position, moved);
		arena__flush(fib);
	}
}
