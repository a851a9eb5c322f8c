/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The compiled FIB of one table as a reader has it, and its comparison with
 * the oracle. Comparisons return how many answers were wrong, and print the
 * first ones as lines of TAP.
 */
#ifndef TESTS_FIB_SUBJECT_H
#define TESTS_FIB_SUBJECT_H

#include <xfib/abi.h>

#include "fib.h"
#include "maps.h"
#include "oracle.h"
#include "random.h"

struct subject {
	struct maps *maps;
	struct fib *fib;
	uint32_t table;
	int bits;
	/* "Ask the trie" is a right answer too: after a failure. `left_to_trie` counts them. */
	bool may_ask_trie;
	uint64_t left_to_trie;
};

struct answer {
	uint32_t leaf, route;
};

static inline uint8_t subject__family(const struct subject *subject)
{
	return subject->bits == 32 ? XFIB_INET : XFIB_INET6;
}

/* A writer over plain memory with an arena of so many words. Ends the program on errors. */
void subject__open(struct subject *subject, int bits, uint32_t words);
void subject__close(struct subject *subject);

struct answer subject__ask(const struct subject *subject, address_t address);
/* What the oracle's prefix says; NULL: no route. */
struct answer answer__of(const struct oracle_prefix *prefix);
struct fib_prefix prefix__of(const struct oracle_prefix *prefix);

/* Each returns what the FIB's function does. The oracle changes too, whatever that was. */
int subject__compile(struct subject *subject, const struct oracle *oracle);
int subject__set(struct subject *subject, struct oracle *oracle, address_t address, int length, uint32_t route,
		 uint32_t target);
int subject__clear(struct subject *subject, struct oracle *oracle, address_t address, int length);

/* Is the answer for the address what the oracle's prefix says? Counts 1 if not. */
uint64_t subject__check(struct subject *subject, address_t address, const struct oracle_prefix *best);
/* Where the best prefix changes, one address before and one behind; and one within each interval. */
uint64_t subject__compare(struct subject *subject, const struct oracle *oracle, struct random *random);
uint64_t subject__compare_random(struct subject *subject, const struct intervals *intervals, struct random *random,
				 uint64_t count);
/* The edges of one prefix and of what lies around and within it, and some addresses near by. */
uint64_t subject__compare_around(struct subject *subject, const struct oracle *oracle, address_t address, int length,
				 struct random *random);

#endif
