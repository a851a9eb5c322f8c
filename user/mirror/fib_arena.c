// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* The memory of the compiled FIBs. See fib_private.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "fib_private.h"
#include "maps.h"

/* Chunks that wait up to this many before a grace period is paid for: it takes milliseconds. */
#define WAITING_MAX 32u

int arena__init(struct arena *arena, struct maps *maps)
{
	uint32_t count = maps->sizes.fib_words / CHUNK_WORDS;
	size_t ranks = (size_t)maps->sizes.fib_words * 4 * sizeof(*arena->ranks);

	memset(arena, 0, sizeof(*arena));
	arena->words = maps->fib_words;
	arena->routes = maps->fib_routes;
	arena->chunk_count = count;
	arena->current = NO_CHUNK;
	/* Pages are taken when they are first used. */
	arena->ranks = mmap(NULL, ranks, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (arena->ranks == MAP_FAILED)
		arena->ranks = NULL;
	arena->chunks = calloc(count, sizeof(*arena->chunks));
	arena->free = calloc(count, sizeof(*arena->free));
	arena->waiting = calloc(count, sizeof(*arena->waiting));
	if (!arena->ranks || !arena->chunks || !arena->free || !arena->waiting)
		return -ENOMEM;
	for (uint32_t chunk = count; chunk-- > 1;) /* the lowest one first; word 0 stands for no root */
		arena->free[arena->free_count++] = chunk;
	return 0;
}

void arena__destroy(struct arena *arena)
{
	if (arena->ranks)
		munmap(arena->ranks, (size_t)arena->chunk_count * CHUNK_WORDS * 4 * sizeof(*arena->ranks));
	free(arena->chunks);
	free(arena->free);
	free(arena->waiting);
}

void arena__publish_usage(struct fib *fib)
{
	const struct arena *arena = &fib->arena;
	struct xfib_state *state = fib->maps->state;

	fib->usage.words_size = (uint64_t)arena->chunk_count * CHUNK_WORDS;
	fib->usage.words_used = (uint64_t)(arena->chunk_count - arena->free_count) * CHUNK_WORDS;
	fib->usage.words_live = arena->live;
	__atomic_store_n(&state->fib_words, fib->usage.words_used, __ATOMIC_RELAXED);
	__atomic_store_n(&state->fib_live, fib->usage.words_live, __ATOMIC_RELAXED);
	__atomic_store_n(&state->fib_escapes, fib->usage.escapes, __ATOMIC_RELAXED);
	__atomic_store_n(&state->fib_compactions, fib->usage.compactions, __ATOMIC_RELAXED);
}

static void free_chunk(struct arena *arena, uint32_t chunk)
{
	arena->chunks[chunk] = (struct chunk){ 0 };
	arena->free[arena->free_count++] = chunk;
}

static int reclaim(struct fib *fib)
{
	struct arena *arena = &fib->arena;
	int err = arena->waiting_count ? maps__grace(fib->maps) : 0;

	if (err)
		return err;
	fib->usage.graces++;
	while (arena->waiting_count)
		free_chunk(arena, arena->waiting[--arena->waiting_count]);
	return 0;
}

static void empty(struct arena *arena, uint32_t chunk)
{
	if (arena->chunks[chunk].in_use && !arena->chunks[chunk].live && chunk != arena->current)
		arena->waiting[arena->waiting_count++] = chunk;
}

static int next_chunk(struct fib *fib)
{
	struct arena *arena = &fib->arena;
	uint32_t full = arena->current;

	if ((!arena->free_count && arena->waiting_count) || arena->waiting_count >= WAITING_MAX) {
		int err = reclaim(fib);

		if (err)
			return err;
	}
	if (!arena->free_count)
		return -ENOSPC;
	arena->current = arena->free[--arena->free_count];
	arena->chunks[arena->current].in_use = true;
	arena->next = arena->current * CHUNK_WORDS;
	if (full != NO_CHUNK)
		empty(arena, full);
	return 0;
}

int arena__take(struct fib *fib, uint32_t words, uint32_t *ret_word)
{
	struct arena *arena = &fib->arena;

	if (arena->current == NO_CHUNK || arena->next + words > (arena->current + 1) * CHUNK_WORDS) {
		int err = next_chunk(fib);

		if (err)
			return err;
	}
	*ret_word = arena->next;
	arena->next += words;
	arena->chunks[arena->current].live += words;
	arena->live += words;
	return 0;
}

static int by_number(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

	return a < b ? 1 : a > b ? -1 : 0;
}

/* Index in `free`, highest chunk first, of the lowest of `count` chunks that follow one another. -1: none. */
static int64_t find_row(const struct arena *arena, uint32_t count)
{
	uint32_t row = 0;

	for (uint32_t i = arena->free_count; i--;) {
		row = row && arena->free[i] == arena->free[i + 1] + 1 ? row + 1 : 1;
		if (row == count)
			return (int64_t)i;
	}
	return -1;
}

int arena__take_chunks(struct fib *fib, uint32_t words, uint32_t *ret_word)
{
	struct arena *arena = &fib->arena;
	uint32_t count = (words + CHUNK_WORDS - 1) / CHUNK_WORDS;
	int64_t at;
	int err = reclaim(fib);

	if (err)
		return err;
	qsort(arena->free, arena->free_count, sizeof(*arena->free), by_number);
	at = find_row(arena, count);
	if (at < 0)
		return -ENOSPC;
	*ret_word = arena->free[at + (int64_t)count - 1] * CHUNK_WORDS;
	for (uint32_t i = 0; i < count; i++) {
		struct chunk *chunk = &arena->chunks[arena->free[at + (int64_t)i]];

		chunk->in_use = true;
		chunk->live = i ? CHUNK_WORDS : words - (count - 1) * CHUNK_WORDS; /* the highest one is the last */
	}
	memmove(&arena->free[at], &arena->free[at + (int64_t)count],
		(arena->free_count - (size_t)at - count) * sizeof(*arena->free));
	arena->free_count -= count;
	arena->live += words;
	return 0;
}

static void release_now(struct arena *arena, struct piece piece)
{
	arena->live -= piece.words;
	while (piece.words) {
		uint32_t chunk = piece.word / CHUNK_WORDS, here = (chunk + 1) * CHUNK_WORDS - piece.word;

		if (here > piece.words)
			here = piece.words;
		arena->chunks[chunk].live -= here;
		empty(arena, chunk);
		piece.word += here;
		piece.words -= here;
	}
}

/* For want of memory for the list the words are lost, which is better than to use them too early. */
void arena__release(struct fib *fib, uint32_t word, uint32_t words)
{
	if (fib->pending_count == fib->pending_room) {
		uint32_t room = fib->pending_room ? fib->pending_room * 2 : 256;
		struct piece *pending = realloc(fib->pending, room * sizeof(*pending));

		if (!pending)
			return;
		fib->pending = pending;
		fib->pending_room = room;
	}
	fib->pending[fib->pending_count++] = (struct piece){ word, words };
}

void arena__flush(struct fib *fib)
{
	while (fib->pending_count)
		release_now(&fib->arena, fib->pending[--fib->pending_count]);
}
