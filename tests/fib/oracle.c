// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* See oracle.h. */
#include "oracle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "random.h"

static void *take(size_t count, size_t size)
{
	void *memory = calloc(count ? count : 1, size);

	if (!memory) {
		fprintf(stderr, "oracle: no memory for %zu elements of %zu bytes; free some\n", count, size);
		exit(2);
	}
	return memory;
}

void oracle__init(struct oracle *oracle, int bits)
{
	memset(oracle, 0, sizeof(*oracle));
	oracle->bits = bits;
	oracle->mask = 63;
	oracle->slots = take(oracle->mask + 1, sizeof(*oracle->slots));
}

void oracle__free(struct oracle *oracle)
{
	free(oracle->slots);
	memset(oracle, 0, sizeof(*oracle));
}

/* ---- the hash table: open addressing, at most half full ---- */

static size_t slot_of(const struct oracle *oracle, address_t address, int length)
{
	return random__mix(random__mix((uint64_t)(address >> 64) + (uint64_t)length) ^ (uint64_t)address) & oracle->mask;
}

/* The prefix's slot, or the free one where it belongs. */
static size_t find(const struct oracle *oracle, address_t address, int length)
{
	size_t slot = slot_of(oracle, address, length);

	while (oracle->slots[slot].used && (oracle->slots[slot].address != address || oracle->slots[slot].length != length))
		slot = (slot + 1) & oracle->mask;
	return slot;
}

static void grow(struct oracle *oracle)
{
	struct oracle_prefix *old = oracle->slots;
	size_t count = oracle->mask + 1;

	oracle->mask = count * 2 - 1;
	oracle->slots = take(count * 2, sizeof(*oracle->slots));
	for (size_t i = 0; i < count; i++) {
		if (old[i].used)
			oracle->slots[find(oracle, old[i].address, old[i].length)] = old[i];
	}
	free(old);
}

void oracle__set(struct oracle *oracle, address_t address, int length, uint32_t route, uint32_t target)
{
	size_t slot;

	if ((oracle->count + 1) * 2 > oracle->mask)
		grow(oracle);
	slot = find(oracle, address, length);
	oracle->count += !oracle->slots[slot].used;
	oracle->of_length[length] += !oracle->slots[slot].used;
	oracle->slots[slot] = (struct oracle_prefix){ address, route, target, (uint8_t)length, true };
}

void oracle__clear(struct oracle *oracle, address_t address, int length)
{
	size_t slot = find(oracle, address, length);

	if (!oracle->slots[slot].used)
		return;
	oracle->count--;
	oracle->of_length[length]--;
	oracle->slots[slot].used = false;
	/* What follows without a gap is placed again. */
	for (slot = (slot + 1) & oracle->mask; oracle->slots[slot].used; slot = (slot + 1) & oracle->mask) {
		struct oracle_prefix moved = oracle->slots[slot];

		oracle->slots[slot].used = false;
		oracle->slots[find(oracle, moved.address, moved.length)] = moved;
	}
}

/* ---- look-ups ---- */

const struct oracle_prefix *oracle__get(const struct oracle *oracle, address_t address, int length)
{
	size_t slot = find(oracle, address, length);

	return oracle->slots[slot].used ? &oracle->slots[slot] : NULL;
}

const struct oracle_prefix *oracle__cover(const struct oracle *oracle, address_t address, int length)
{
	while (length-- > 0) {
		const struct oracle_prefix *found = oracle->of_length[length] ?
							    oracle__get(oracle, address & address__mask(length), length) : NULL;

		if (found)
			return found;
	}
	return NULL;
}

const struct oracle_prefix *oracle__best(const struct oracle *oracle, address_t address)
{
	return oracle__cover(oracle, address, oracle->bits + 1);
}

/* ---- intervals ---- */

static int by_address(const void *left, const void *right)
{
	const struct oracle_prefix *a = left, *b = right;

	if (a->address != b->address)
		return a->address < b->address ? -1 : 1;
	return a->length - b->length;
}

struct oracle_prefix *oracle__list(const struct oracle *oracle)
{
	struct oracle_prefix *list = take(oracle->count, sizeof(*list));
	size_t count = 0;

	for (size_t i = 0; i <= oracle->mask; i++) {
		if (oracle->slots[i].used)
			list[count++] = oracle->slots[i];
	}
	qsort(list, count, sizeof(*list), by_address);
	return list;
}

/* What begins where the last interval began takes its place. */
static void append(struct intervals *intervals, address_t begin, const struct oracle_prefix *best)
{
	if (intervals->count && intervals->list[intervals->count - 1].begin == begin)
		intervals->count--;
	intervals->list[intervals->count++] = (struct interval){ begin, best ? *best : (struct oracle_prefix){ 0 } };
}

void oracle__intervals(const struct oracle *oracle, struct intervals *ret_intervals)
{
	struct oracle_prefix *list = oracle__list(oracle);
	const struct oracle_prefix *open[129]; /* those that cover where the sweep is, the longest last */
	int depth = 0;

	ret_intervals->list = take(oracle->count * 2 + 1, sizeof(*ret_intervals->list));
	ret_intervals->count = 0;
	append(ret_intervals, 0, NULL);
	for (size_t i = 0; i <= oracle->count; i++) {
		bool end = i == oracle->count;

		while (depth) {
			address_t last = open[depth - 1]->address | ~address__mask(open[depth - 1]->length);

			if (!end && last >= list[i].address)
				break;
			depth--;
			if (last != ~(address_t)0)
				append(ret_intervals, last + 1, depth ? open[depth - 1] : NULL);
		}
		if (end)
			break;
		append(ret_intervals, list[i].address, &list[i]);
		open[depth++] = &list[i];
	}
	free(list);
}

void intervals__free(struct intervals *intervals)
{
	free(intervals->list);
	memset(intervals, 0, sizeof(*intervals));
}

const struct interval *intervals__find(const struct intervals *intervals, address_t address)
{
	size_t low = 0, high = intervals->count;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (intervals->list[middle].begin <= address)
			low = middle;
		else
			high = middle;
	}
	return &intervals->list[low];
}
