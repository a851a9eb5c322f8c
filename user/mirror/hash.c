// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* The seed of the daemon's hash tables. See hash.h. */
#include "hash.h"

#include <sys/random.h>

uint64_t hash_seed = 0x2545f4914f6cdd1dULL;

void hash__init(void)
{
	uint64_t seed;

	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) == (ssize_t)sizeof(seed))
		hash_seed = seed;
}
