/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Numbers by splitmix64, the same ones for the same seed. */
#ifndef TESTS_FIB_RANDOM_H
#define TESTS_FIB_RANDOM_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct random {
	uint64_t state;
};

static inline uint64_t random__mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static inline uint64_t random__next(struct random *random)
{
	return random__mix(random->state += 0x9e3779b97f4a7c15u);
}

static inline uint32_t random__below(struct random *random, uint32_t limit)
{
	return (uint32_t)(random__next(random) % limit);
}

/* SEED, or the clock's. Prints it as a line of TAP. */
static inline uint64_t random__seed(void)
{
	const char *text = getenv("SEED");
	uint64_t seed = text ? strtoull(text, NULL, 10) : (uint64_t)time(NULL);

	printf("# SEED=%llu\n", (unsigned long long)seed);
	fflush(stdout);
	return seed;
}

#endif
