/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Look-ups of many destinations in the compiled FIB, one level of all of them
 * after the other, so that their cache misses overlap. Included by
 * fib_bulk.c and, for processors that count bits by an instruction, by fib_bulk_popcnt.c.
 *
 * Cost: as long as the slowest cache miss of a level for a block of them.
 */
#ifndef XFIB_LIB_FIB_BULK_H
#define XFIB_LIB_FIB_BULK_H

#include <string.h>
#include <xfib/lookup.h>
#include <xfib/xfib.h>

#define FIB_BULK 32

struct fib_bulk {
	const __u64 *words;
	const __u32 *routes; /* by leaf */
	__u32 mask;
	uint64_t root;
};

typedef void fib_bulk_fn(const struct fib_bulk *bulk, const __u8 *addresses, unsigned int count, struct xfib_hop *ret_hops);

/* Route and leaf of at most FIB_BULK destinations; the leaf is in `nexthop`. */
fib_bulk_fn fib_bulk__find4, fib_bulk__find6;
#if defined(__x86_64__)
fib_bulk_fn fib_bulk__find4_popcnt, fib_bulk__find6_popcnt;
struct xfib_fib_step fib_bulk__one_popcnt(const struct fib_bulk *bulk, uint32_t family, const __u8 *address);
#endif

/* Where the look-up of a single destination ends. */
XFIB_INLINE struct xfib_fib_step fib_bulk__find_one(const struct fib_bulk *bulk, uint32_t family, const __u8 *address)
{
	__u64 half[2];
	__u32 word;

	if (family == XFIB_INET6) {
		memcpy(half, address, sizeof(half));
		return xfib_fib__find6(bulk->words, bulk->mask, bulk->root, __builtin_bswap64(half[0]),
				       __builtin_bswap64(half[1]));
	}
	memcpy(&word, address, sizeof(word));
	return xfib_fib__find4(bulk->words, bulk->mask, bulk->root, __builtin_bswap32(word));
}

XFIB_INLINE void fib_bulk__finish(const struct fib_bulk *bulk, const struct xfib_fib_step *steps, unsigned int count,
				  struct xfib_hop *ret_hops)
{
	for (unsigned int i = 0; i < count; i++)
		ret_hops[i] = (struct xfib_hop){ bulk->routes[steps[i].position & (bulk->mask * 4 + 3)],
						 steps[i].reference & 0xffff };
}

/* Asks for the block that a step leads to, so that those of all destinations are on their way at once. */
XFIB_INLINE void fib_bulk__prefetch(const struct fib_bulk *bulk, struct xfib_fib_step step)
{
	__builtin_prefetch(&bulk->words[step.reference & XFIB_BLOCK_WORD & bulk->mask]);
}

XFIB_INLINE void fib_bulk__four(const struct fib_bulk *bulk, const __u8 *addresses, unsigned int count,
				struct xfib_hop *ret_hops)
{
	__u32 first = ((__u32)bulk->root & XFIB_BLOCK_WORD) * 4 + 4, address[FIB_BULK];
	struct xfib_fib_step steps[FIB_BULK];

	for (unsigned int i = 0; i < count; i++) {
		memcpy(&address[i], addresses + i * 4, sizeof(address[i]));
		address[i] = __builtin_bswap32(address[i]);
		if (bulk->root & XFIB_ROOT_LARGE)
			steps[i] = xfib_fib__begin(bulk->words, bulk->mask, first + (address[i] >> (32 - XFIB_ROOT_DEPTH4)) * 2);
		else
			steps[i] = xfib_fib__find4(bulk->words, bulk->mask, bulk->root, address[i]);
		fib_bulk__prefetch(bulk, steps[i]);
	}
	for (unsigned int i = 0; i < count && bulk->root & XFIB_ROOT_LARGE; i++) {
		steps[i] = xfib_fib__descend(bulk->words, bulk->mask, steps[i], (__u64)address[i] << (32 + XFIB_ROOT_DEPTH4), 6, -1);
		if (steps[i].reference & XFIB_BLOCK)
			steps[i] = xfib_fib__descend(bulk->words, bulk->mask, steps[i], (__u64)address[i] << 56, 8, 0);
		__builtin_prefetch(&bulk->routes[steps[i].position & (bulk->mask * 4 + 3)]);
	}
	fib_bulk__finish(bulk, steps, count, ret_hops);
}

XFIB_INLINE void fib_bulk__six(const struct fib_bulk *bulk, const __u8 *addresses, unsigned int count,
			       struct xfib_hop *ret_hops)
{
	__u32 first = ((__u32)bulk->root & XFIB_BLOCK_WORD) * 4;
	struct xfib_fib_step steps[FIB_BULK];
	__u64 half[FIB_BULK][2];

	for (unsigned int i = 0; i < count; i++) {
		__u64 high;

		memcpy(half[i], addresses + i * 16, sizeof(half[i]));
		high = half[i][0] = __builtin_bswap64(half[i][0]);
		half[i][1] = __builtin_bswap64(half[i][1]);
		if (!(bulk->root & XFIB_ROOT_LARGE) || high >> (64 - XFIB_WINDOW_LENGTH) != XFIB_WINDOW_VALUE)
			steps[i] = xfib_fib__find6(bulk->words, bulk->mask, bulk->root, high, half[i][1]);
		else
			steps[i] = xfib_fib__begin(bulk->words, bulk->mask, first + 4 +
						   (__u32)(high << XFIB_WINDOW_LENGTH >> (64 + XFIB_WINDOW_LENGTH - XFIB_ROOT_DEPTH6)) * 2);
	}
	for (unsigned int i = 0; i < count; i++) {
		steps[i] = xfib_fib__descend(bulk->words, bulk->mask, steps[i], half[i][0] << XFIB_ROOT_DEPTH6, 12, 1);
		fib_bulk__prefetch(bulk, steps[i]);
	}
	for (unsigned int i = 0; i < count; i++) {
		steps[i] = xfib_fib__descend(bulk->words, bulk->mask, steps[i], half[i][0] << 32, 8, 1);
		fib_bulk__prefetch(bulk, steps[i]);
	}
	for (unsigned int i = 0; i < count; i++) {
		steps[i] = xfib_fib__descend(bulk->words, bulk->mask, steps[i], half[i][0] << 40, 8, -1);
		if (steps[i].reference & XFIB_BLOCK)
			steps[i] = xfib_fib__walk(bulk->words, bulk->mask, steps[i], half[i][0] << 48 | half[i][1] >> 16,
						  half[i][1] << 48, 10);
		__builtin_prefetch(&bulk->routes[steps[i].position & (bulk->mask * 4 + 3)]);
	}
	fib_bulk__finish(bulk, steps, count, ret_hops);
}

#endif
