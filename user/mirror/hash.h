/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* A hash of bytes for the daemon's tables, seeded so that nobody outside can choose what collides. */
#ifndef XFIB_MIRROR_HASH_H
#define XFIB_MIRROR_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

extern uint64_t hash_seed;

/* Chooses the seed; once, before any table is made. */
void hash__init(void);

static inline uint32_t hash__bytes(const void *data, size_t length)
{
	const uint8_t *bytes = data;
	uint64_t hash = hash_seed ^ (length * 0x9e3779b97f4a7c15ULL);

	while (length) {
		uint64_t word = 0;
		size_t part = length < 8 ? length : 8;

		memcpy(&word, bytes, part);
		hash = (hash ^ word) * 0xbf58476d1ce4e5b9ULL;
		hash ^= hash >> 29;
		bytes += part;
		length -= part;
	}
	hash *= 0x94d049bb133111ebULL;
	return (uint32_t)(hash >> 32);
}

#endif
