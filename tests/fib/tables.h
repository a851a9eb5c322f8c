/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Tables for the tests, of either family: made by a seed, or read from a file. */
#ifndef TESTS_FIB_TABLES_H
#define TESTS_FIB_TABLES_H

#include "oracle.h"
#include "random.h"

enum table_kind {
	TABLE_EMPTY,
	TABLE_DEFAULT,       /* a default route and nothing else */
	TABLE_FEW,           /* one to ten prefixes */
	TABLE_HOSTS,         /* host routes, side by side and far from one another */
	TABLE_CHAIN,         /* one address's prefixes of every length */
	TABLE_CHAINS,        /* several, of some lengths, which part at random bits */
	TABLE_EDGES,         /* prefixes that begin or end where the address space does, or at a power of two */
	TABLE_SPARSE,        /* addresses and lengths at random */
	TABLE_DENSE,         /* all prefixes of a few lengths side by side within one, with holes */
	TABLE_RUNS,          /* runs of neighbours inside others, as on the Internet */
	TABLE_MIXED,
	TABLE_KINDS,
};

extern const char *const table_kinds[TABLE_KINDS];

/* Of a target that the tests give: next hops from 1 to `nexthops`, now and then a group or one too high for a leaf. */
uint32_t table__target(struct random *random, uint32_t nexthops);
address_t table__address(struct random *random, int bits);

/* Adds about `count` prefixes of a kind. Routes are numbered by chance, so that no two are likely to be the same. */
void table__generate(enum table_kind kind, struct random *random, size_t count, uint32_t nexthops, struct oracle *oracle);

/* "192.0.2.0/24", a newline may follow. -1: it is no prefix of the family of `bits`. */
int prefix__parse(const char *text, int bits, address_t *ret_address, int *ret_length);
const char *address__format(address_t address, int bits, char text[64]);

/*
 * Reads a full table: one prefix a line of $TABLE4 or $TABLE6 (.xz, .gz and
 * .bz2 too), or `count` of xfib-gen, whose path is beside that of this program.
 * Each gets one of `nexthops` by a hash of prefix and length. Ends the program on errors.
 */
void table__read(const char *program, size_t count, uint32_t nexthops, struct oracle *oracle);

/* So many updates to the table of `count` prefixes that table__read() has generated, for table__close(). NULL and errno. */
FILE *table__generate_updates(const char *program, size_t count, size_t updates, int bits);

/* Opens a stream of lines, decompressed by its name. NULL and errno. */
FILE *table__open(const char *path);
/* Closes it; what ended badly ends the program. */
void table__close(FILE *file, const char *path);

#endif
