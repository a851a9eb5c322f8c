/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Counting packets by route, for who asks for it (xfibd --count-routes).
 *
 * A target does not tell whose it is. So a packet that is forwarded is looked
 * up once more, in the table that decided, for the place of its leaf; beside
 * that lies the first route of the prefix (xfib_fib_routes).
 *
 * Cost: that look-up, whose cache lines have just been read, one more line,
 * and two atomic additions. Nothing where routes are not counted: what asks
 * for it is dead code then.
 */
#ifndef XFIB_ROUTE_STATS_BPF_H
#define XFIB_ROUTE_STATS_BPF_H

/* The route beside the leaf where a look-up has ended. XFIB_NONE: the leaf says that the trie has to be asked. */
static __always_inline __u32 fib__route(struct xfib_fib_step end)
{
	__u32 word = end.position >> 2;
	const struct xfib_fib_routes *routes;

	if ((end.reference & 0xffff) == XFIB_LEAF_TRIE)
		return XFIB_NONE;
	routes = bpf_map_lookup_elem(&xfib_fib_routes, &word);
	return routes ? routes->route[end.position & 3] : XFIB_NONE;
}

/* Table and root of the compiled FIB of a step of a plan, or, where there is none (`at` 0), of table main or another. */
static __always_inline __u32 plan__table(__u32 at, __u32 table, __u64 main_root, __u64 *ret_root)
{
	const struct xfib_plan_step *step = at ? bpf_map_lookup_elem(&xfib_plans, &at) : NULL;

	if (!step) {
		*ret_root = table == XFIB_TABLE_MAIN ? main_root : 0;
		return table;
	}
	*ret_root = fib__root(step__fib(step));
	return step->table;
}

/* Not global, since those are verified even if nothing calls them (before Linux 6.8). Addresses as they stand in a packet. */
static __noinline __u32 route4__find(__u32 at, __u32 table, __u32 address)
{
	const struct xfib_rib_value *value, *local;
	__u32 zero = 0, route = XFIB_NONE;
	const struct xfib_state *state = bpf_map_lookup_elem(&xfib_state, &zero);
	const __u64 *words = bpf_map_lookup_elem(&xfib_fib, &zero);
	__u64 root;

	if (!state || !words)
		return XFIB_NONE;
	table = plan__table(at, table, state->root4, &root);
	if (root)
		route = fib__route(xfib_fib__find4(words, xfib_fib_mask, root, bpf_ntohl(address)));
	if (route)
		return route;
	value = xfib_rib4__match(table, (const __u8 *)&address);
	local = at ? NULL : xfib_rib4__match(XFIB_TABLE_LOCAL, (const __u8 *)&address);
	if (local && !xfib_rib__is_throw(local))
		value = xfib_rib__decide(local, value, !!(state->flags & XFIB_STATE_MERGED4));
	return value ? value->route : XFIB_NONE;
}

static __noinline __u32 route6__find(__u32 at, __u32 table, __u64 first, __u64 second)
{
	const __u64 address[2] = { first, second };
	const struct xfib_rib_value *value, *local;
	__u32 zero = 0, route = XFIB_NONE;
	const struct xfib_state *state = bpf_map_lookup_elem(&xfib_state, &zero);
	const __u64 *words = bpf_map_lookup_elem(&xfib_fib, &zero);
	__u64 root;

	if (!state || !words)
		return XFIB_NONE;
	table = plan__table(at, table, state->root6, &root);
	if (root)
		route = fib__route(xfib_fib__find6(words, xfib_fib_mask, root, bpf_be64_to_cpu(first), bpf_be64_to_cpu(second)));
	if (route)
		return route;
	value = xfib_rib6__match(table, (const __u8 *)address);
	local = at ? NULL : xfib_rib6__match(XFIB_TABLE_LOCAL, (const __u8 *)address);
	if (local && !xfib_rib__is_throw(local))
		value = local;
	return value ? value->route : XFIB_NONE;
}

/* For a packet of a port whose target `match` is; what nobody is to notice is not counted, so it is not asked for. */
static __always_inline __u32 route4__of(const struct packet *packet, const struct egress *egress, __u64 match, __u32 address)
{
	if (!xfib_counts_routes || egress->is_dry)
		return XFIB_NONE;
	return route4__find(match >> PLAN_AT, packet->link->table, address);
}

static __always_inline __u32 route6__of(const struct packet *packet, const struct egress *egress, __u64 match,
					const __u32 *address)
{
	__u64 first, second;

	if (!xfib_counts_routes || egress->is_dry)
		return XFIB_NONE;
	__builtin_memcpy(&first, address, sizeof(first));
	__builtin_memcpy(&second, address + 2, sizeof(second));
	return route6__find(match >> PLAN_AT, packet->link->table, first, second);
}

/* Counts a packet that is sent by a route. One counter for all processors: a full table has a million. */
static __always_inline void stats__count_route(__u32 route, __u32 length)
{
	struct xfib_counter *counter;

	if (!xfib_counts_routes || !route)
		return;
	counter = bpf_map_lookup_elem(&xfib_route_stats, &route);
	if (!counter)
		return;
	__sync_fetch_and_add(&counter->packets, 1);
	__sync_fetch_and_add(&counter->bytes, length);
}

#endif
