/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Look-ups in the compiled FIB, within instance__steady(). */
#ifndef XFIB_LIB_FIB_READ_H
#define XFIB_LIB_FIB_READ_H

#include "fib_bulk.h"
#include "private.h"

/* How a look-up by the compiled FIB ended. */
enum fib_answer {
	FIB_ANSWER_NONE,    /* it cannot say: ask otherwise */
	FIB_ANSWER_NO_ROUTE,
	FIB_ANSWER_ROUTE,
};

/*
 * The first route of the longest prefix of a table, with XFIB_TABLE_MAIN of
 * tables local and main in the kernel's order, that covers an address.
 */
enum fib_answer fib__look_up(const struct xfib *instance, uint32_t family, uint32_t table, const uint8_t address[16],
			     uint32_t *ret_route);

/* The root to begin at, and the count of changes then; false: there is none. Afterwards: did nothing change meanwhile? */
bool fib__begin(const struct xfib *instance, uint32_t family, uint32_t table, uint64_t *ret_root, uint32_t *ret_before);
bool fib__is_steady(const struct xfib *instance, uint32_t before);

/* Likewise for packets that this machine sends. False also if rules, or no stack of the family, forbid to begin there. */
bool fib__begin_usual(const struct xfib *instance, uint32_t family, uint64_t *ret_root, uint32_t *ret_before);

/* Where the look-up of an address ends, and the first route of the prefix there, XFIB_NONE if there is none. */
struct xfib_fib_step fib__find(const struct xfib *instance, uint64_t root, uint32_t family, const uint8_t *address);

static inline uint32_t fib__route(const struct xfib *instance, struct xfib_fib_step step)
{
	return ((const uint32_t *)instance->fib_routes.memory)[step.position & (instance->fib.count * 4 - 1)];
}

/* Has the table a compiled FIB? */
bool fib__exists(const struct xfib *instance, uint32_t family, uint32_t table);

/* The leaf of an address. False: there is no compiled FIB, or it changed meanwhile. */
bool fib__leaf(const struct xfib *instance, uint32_t family, uint32_t table, const uint8_t address[16], uint32_t *ret_leaf);

/* For many destinations: how, and where from. False: there is no FIB that packets of this machine go by. */
struct fib_bulk_reader {
	struct fib_bulk bulk;
	fib_bulk_fn *find;
	uint32_t before;  /* for fib__is_steady() */
	bool has_default; /* table default has routes, which the FIB of main does not know */
};

bool fib__begin_bulk(const struct xfib *instance, uint32_t family, struct fib_bulk_reader *ret_reader);

#endif
