/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From an address to a next hop: the compiled FIB, or the LPM tries, then
 * groups, and neighbours on attached networks.
 *
 * Cost: two to four cache lines of the compiled FIB; where it does not serve,
 * two trie look-ups (table local, then the port's), each one cache miss
 * for every few bits of the prefix. A group is one array element and up to ten
 * steps of binary search.
 */
#ifndef XFIB_RIB_BPF_H
#define XFIB_RIB_BPF_H

static __always_inline const struct xfib_rib_value *rib4__match(__u32 table, const __u8 *address)
{
	struct xfib_rib4_key key = { .prefixlen = 32 + 32, .table = table };

	__builtin_memcpy(key.address, address, sizeof(key.address));
	return bpf_map_lookup_elem(&xfib_rib4, &key);
}

static __always_inline const struct xfib_rib_value *rib6__match(__u32 table, const __u8 *address)
{
	struct xfib_rib6_key key = { .prefixlen = 32 + 128, .table = table };

	__builtin_memcpy(key.address, address, sizeof(key.address));
	return bpf_map_lookup_elem(&xfib_rib6, &key);
}

static __always_inline struct xfib_nexthop *nexthop__get(__u32 id)
{
	return bpf_map_lookup_elem(&xfib_nexthops, &id);
}

/* Next hop of a group for a 31-bit hash, XFIB_NONE if the group is empty. Global, so that it is verified once. */
__noinline __u32 xfib_group_nexthop(__u32 id, __u32 hash)
{
	const struct xfib_group *group = bpf_map_lookup_elem(&xfib_groups, &id);
	__u32 index;

	if (!group || !group->count)
		return XFIB_NONE;
	index = xfib_group__select(group, hash);
	if (index >= XFIB_GROUP_MEMBERS)
		return XFIB_NONE;
	return group->member[index].nexthop;
}

/* Has the group a member that leaves by the interface? At most XFIB_GROUP_MEMBERS array elements are read. */
__noinline int xfib_group_uses(__u32 id, __u32 ifindex)
{
	const struct xfib_group *group = bpf_map_lookup_elem(&xfib_groups, &id);

	if (!group)
		return 0;
	for (__u32 i = 0; i < XFIB_GROUP_MEMBERS; i++) {
		const struct xfib_nexthop *nexthop;

		if (i >= group->count)
			break;
		nexthop = nexthop__get(group->member[i].nexthop);
		if (nexthop && nexthop->ifindex == ifindex)
			return 1;
	}
	return 0;
}

/*
 * Is the IPv4 address one of this machine's, or a broadcast address of its networks, whose packets the kernel drops once
 * it has had rules of the user's? The filter spares nearly every packet the trie.
 */
static __always_inline bool rib4__is_own(const struct xfib_state *state, const __u8 *address, __u32 word)
{
	const struct xfib_rib_value *value;
	const struct xfib_nexthop *nexthop;

	if (likely(!(state->flags & XFIB_STATE_WIDE_LOCAL4) && !xfib_filter__may_contain(state->own_addresses, word)))
		return false;
	value = rib4__match(XFIB_TABLE_LOCAL, address);
	if (!value)
		return false;
	nexthop = nexthop__get(value->target);
	return nexthop && (nexthop->type == XFIB_ROUTE_LOCAL || nexthop->type == XFIB_ROUTE_BROADCAST);
}

static __always_inline bool route__is_throw(const struct xfib_rib_value *value)
{
	const struct xfib_nexthop *nexthop;

	if (value->target & XFIB_TARGET_GROUP)
		return false;
	nexthop = nexthop__get(value->target);
	return nexthop && nexthop->type == XFIB_ROUTE_THROW;
}

/* ---- by the tries: table local, then `table`. Global functions, so that they are verified once. ---- */

__noinline __u32 xfib_rib4_target(__u32 table, __u32 destination)
{
	const struct xfib_rib_value *local, *value;
	const __u8 *address = (const __u8 *)&destination;
	const struct xfib_state *state;
	__u32 zero = 0;

	state = bpf_map_lookup_elem(&xfib_state, &zero);
	if (!state)
		return XFIB_NONE;
	local = rib4__match(XFIB_TABLE_LOCAL, address);
	/* In one trie a throw route of table local throws the search of table main out too. */
	if (state->flags & XFIB_STATE_MERGED4)
		value = xfib_rib__decide(local, rib4__match(table, address), 1);
	else if (local && likely(!route__is_throw(local)))
		value = local;
	else
		value = rib4__match(table, address);
	return value ? value->target : XFIB_NONE;
}

__noinline __u32 xfib_rib6_target(__u32 table, __u64 first, __u64 second)
{
	const __u64 words[2] = { first, second };
	const struct xfib_rib_value *value = rib6__match(XFIB_TABLE_LOCAL, (const __u8 *)words);

	if (!value || unlikely(route__is_throw(value)))
		value = rib6__match(table, (const __u8 *)words);
	return value ? value->target : XFIB_NONE;
}

/* ---- by the compiled FIB, where there is one ---- */

static __always_inline const __u64 *fib__words(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&xfib_fib, &zero);
}

/* Target for an IPv4 address as it stands in a packet; XFIB_NONE: no route. */
static __always_inline __u32 rib4__best(const struct xfib_state *state, __u32 table, __u32 address)
{
	__u64 root = state->root4;

	if (likely(root && table == XFIB_TABLE_MAIN)) {
		const __u64 *words = fib__words();
		__u32 leaf;

		if (!words)
			return XFIB_NONE;
		leaf = xfib_fib__find4(words, xfib_fib_mask, root, bpf_ntohl(address)).reference & 0xffff;
		if (likely(leaf != XFIB_LEAF_TRIE))
			return xfib_fib__target(leaf);
	}
	return xfib_rib4_target(table, address);
}

/* Likewise for an IPv6 address. */
static __always_inline __u32 rib6__best(const struct xfib_state *state, __u32 table, const __u32 *address)
{
	__u64 root = state->root6, first, second;

	__builtin_memcpy(&first, address, sizeof(first));
	__builtin_memcpy(&second, address + 2, sizeof(second));
	if (likely(root && table == XFIB_TABLE_MAIN)) {
		const __u64 *words = fib__words();
		__u32 leaf;

		if (!words)
			return XFIB_NONE;
		leaf = xfib_fib__find6(words, xfib_fib_mask, root, bpf_be64_to_cpu(first), bpf_be64_to_cpu(second)).reference & 0xffff;
		if (likely(leaf != XFIB_LEAF_TRIE))
			return xfib_fib__target(leaf);
	}
	return xfib_rib6_target(table, first, second);
}

/* The next hop that the target of a match means for a flow. NULL: a slot that is not in use. */
static __always_inline struct xfib_nexthop *target__nexthop(__u32 target, __u32 hash)
{
	if (unlikely(target & XFIB_TARGET_GROUP))
		target = xfib_group_nexthop(target & ~XFIB_TARGET_GROUP, hash);
	return nexthop__get(target);
}

/* The line with the MAC address of a destination on an attached network. NULL: unknown. */
static __always_inline struct xfib_nexthop *neighbour__find(__u32 ifindex, __u32 family, const __u8 *address,
							    __u32 length)
{
	struct xfib_neighbour_key key = { .ifindex = ifindex, .family = family };
	const __u32 *id;

	__builtin_memcpy(key.address, address, length);
	id = bpf_map_lookup_elem(&xfib_neighbours, &key);
	return id ? nexthop__get(*id) : NULL;
}

#endif
