// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* See direct.h. */
#include "direct.h"

bool direct__is_for(const struct xfib_query *query)
{
	return !query->table && !query->vrf && !query->exclude_ifindex && !query->luid && !query->exclude_luid && !query->iif &&
	       !(query->flags & XFIB_QUERY_STRONG_HOST && !address__is_zero(query->source));
}

bool direct__find(const struct xfib *instance, uint32_t family, const uint8_t destination[16], uint32_t ifindex,
		  struct direct *ret_direct, uint32_t *ret_before)
{
	uint64_t root;

	if (!fib__begin_usual(instance, family, &root, ret_before))
		return false;
	return direct__take(instance, fib__route(instance, fib__find(instance, root, family, destination)), ifindex, ret_direct);
}
