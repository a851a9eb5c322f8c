// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* The same look-ups by x86's instruction that counts bits, which nearly all processors have and compilers do not assume. */
#if defined(__x86_64__)
#ifdef __clang__
#pragma clang attribute push(__attribute__((target("popcnt"))), apply_to = function)
#else
#pragma GCC target("popcnt")
#endif
#define XFIB_COUNT_BITS(word) ((__u32)__builtin_popcountll(word))
#include "fib_bulk.h"

void fib_bulk__find4_popcnt(const struct fib_bulk *bulk, const __u8 *addresses, unsigned int count, struct xfib_hop *ret_hops)
{
	fib_bulk__four(bulk, addresses, count, ret_hops);
}

void fib_bulk__find6_popcnt(const struct fib_bulk *bulk, const __u8 *addresses, unsigned int count, struct xfib_hop *ret_hops)
{
	fib_bulk__six(bulk, addresses, count, ret_hops);
}

struct xfib_fib_step fib_bulk__one_popcnt(const struct fib_bulk *bulk, uint32_t family, const __u8 *address)
{
	return fib_bulk__find_one(bulk, family, address);
}
#ifdef __clang__
#pragma clang attribute pop
#endif
#else
typedef int fib_bulk_popcnt_is_for_x86;
#endif
