// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* See fib_bulk.h. */
#include "fib_bulk.h"

void fib_bulk__find4(const struct fib_bulk *bulk, const __u8 *addresses, unsigned int count, struct xfib_hop *ret_hops)
{
	fib_bulk__four(bulk, addresses, count, ret_hops);
}

void fib_bulk__find6(const struct fib_bulk *bulk, const __u8 *addresses, unsigned int count, struct xfib_hop *ret_hops)
{
	fib_bulk__six(bulk, addresses, count, ret_hops);
}
