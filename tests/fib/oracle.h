/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A slow look-up of the best route, simple enough to be believed: a hash
 * table of prefixes, asked length by length; and the same table as a list of
 * intervals, for sweeps over whole address spaces. Each checks the other.
 *
 * An address of either family is the upper bits of 128.
 */
#ifndef TESTS_FIB_ORACLE_H
#define TESTS_FIB_ORACLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef unsigned __int128 address_t;

struct oracle_prefix {
	address_t address; /* no host bits */
	uint32_t route, target;
	uint8_t length;
	bool used;
};

struct oracle {
	int bits; /* of an address: 32 or 128 */
	struct oracle_prefix *slots;
	size_t mask, count;
	uint32_t of_length[129];
};

/* Addresses from `begin` to the next interval's begin have the same best prefix; `used` is false where there is none. */
struct interval {
	address_t begin;
	struct oracle_prefix best;
};

struct intervals {
	struct interval *list;
	size_t count;
};

static inline address_t address__mask(int length)
{
	return length ? ~(address_t)0 << (128 - length) : 0;
}

/* The difference of two neighbouring addresses. */
static inline address_t address__step(int bits)
{
	return (address_t)1 << (128 - bits);
}

static inline address_t address__last(address_t address, int length, int bits)
{
	return (address | ~address__mask(length)) & address__mask(bits);
}

/* Functions that want memory end the program where there is none. */
void oracle__init(struct oracle *oracle, int bits);
void oracle__free(struct oracle *oracle);

/* Adds a prefix, or replaces what it leads to. */
void oracle__set(struct oracle *oracle, address_t address, int length, uint32_t route, uint32_t target);
void oracle__clear(struct oracle *oracle, address_t address, int length);

/* NULL where there is none. The pointers are valid until the next change. */
const struct oracle_prefix *oracle__get(const struct oracle *oracle, address_t address, int length);
const struct oracle_prefix *oracle__best(const struct oracle *oracle, address_t address);
/* The longest prefix that covers the address and is shorter than `length`. */
const struct oracle_prefix *oracle__cover(const struct oracle *oracle, address_t address, int length);

/* All prefixes, shorter ones first where they begin alike. */
struct oracle_prefix *oracle__list(const struct oracle *oracle);

/* The whole address space, in order: at least one interval. */
void oracle__intervals(const struct oracle *oracle, struct intervals *ret_intervals);
void intervals__free(struct intervals *intervals);
/* By a binary search. */
const struct interval *intervals__find(const struct intervals *intervals, address_t address);

#endif
