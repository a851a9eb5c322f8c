/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What xfib-gen's model says (see there). The numbers are in xfib-gen-cells4.h
 * and xfib-gen-cells6.h, which xfib-gen-fit printed, from the full tables that
 * AS3333 sent to RIPE RIS on 2026-05-11.
 */
#ifndef TESTS_TOOLS_XFIB_GEN_MODEL_H
#define TESTS_TOOLS_XFIB_GEN_MODEL_H

#include <stddef.h>
#include <stdint.h>

/* Addresses of both families are the upper bits of this. IPv4 uses the upper 32. */
typedef unsigned __int128 address_t;

#define LEVELS 49  /* 0 to 48, the longest prefix */
#define CLASSES 26 /* of numbers of prefixes: 1, 2, … 7, 8 to 15, 16 to 31, … */
#define SPLITS 7   /* see model__split() */
#define SIBLINGS 4 /* see enum sibling */
#define MODEL_ONE 10000

/* What is beside a node. A left side is drawn before the right one, and so does not know yet what that is. */
enum sibling { NOTHING, RIGHT_SIDE, LEFT_SIDE, LEFT_PREFIX };

/* Likewise, for which side of it gets more: does the prefix before it end where it begins, is its right side used? */
#define SIDES 4
static inline int model__side(int touches, enum sibling sibling)
{
	return (touches ? 2 : 0) + (sibling == RIGHT_SIDE);
}

/* What a node of the trie is like, by level, class of prefixes in it, and whether a shorter prefix covers it. */
struct model_cell {
	uint8_t level, class, covered;
	uint16_t here[SIBLINGS];    /* by what is beside it: it is a prefix itself */
	uint16_t split[SPLITS - 1]; /* what lies below is split so; the rest: evenly. Here, the node itself covers it */
	uint16_t left[SIDES];       /* of an uneven split, by what is beside it: the left side has more */
};

static inline address_t model__address(const uint8_t bytes[16])
{
	address_t address = 0;

	for (int i = 0; i < 16; i++)
		address = address << 8 | bytes[i];
	return address;
}

static inline int model__class(size_t prefixes)
{
	int class = prefixes < 8 ? (int)prefixes - 1 : 67 - __builtin_clzll(prefixes);

	return class < CLASSES ? class : CLASSES - 1;
}

/* How even a split is: the smaller side has none, up to 1/8, 1/4, 3/8, 7/16, less than half, half. */
static inline int model__split(size_t less, size_t all)
{
	static const uint8_t sixteenths[SPLITS - 2] = { 0, 2, 4, 6, 7 };

	if (less && less == all / 2)
		return SPLITS - 1;
	for (int split = 0; split < SPLITS - 2; split++) {
		if (less <= all * sixteenths[split] / 16)
			return split;
	}
	return SPLITS - 2;
}

#endif
