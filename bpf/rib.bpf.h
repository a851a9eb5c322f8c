/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What packets need beside the look-up of <xfib/bpf_rib.h>: the choice in a
 * group, and checks of sources.
 *
 * Cost: a group is one array element and up to ten steps of binary search,
 * and a next hop for each member that is passed over.
 */
#ifndef XFIB_RIB_BPF_H
#define XFIB_RIB_BPF_H

/*
 * The first member of a group from `index` on, in a circle, that is not known to have failed; `index` if all have
 * (nexthop_select_path(), and fib_select_multipath() with fib_multipath_use_neigh). Global, so that the verifier knows
 * nothing of `index`: it would try every pair of numbers.
 */
__noinline __u32 xfib_group_pass_over(__u32 id, __u32 index)
{
	const struct xfib_group *group = bpf_map_lookup_elem(&xfib_groups, &id);

	if (!group)
		return index;
	for (__u32 i = 0; i < XFIB_GROUP_MEMBERS; i++) {
		const struct xfib_nexthop *nexthop;
		__u32 at = index + i;

		if (i >= group->count)
			break;
		if (at >= group->count)
			at -= group->count;
		if (at >= XFIB_GROUP_MEMBERS)
			break;
		nexthop = xfib_nexthop__get(group->member[at].nexthop);
		if (nexthop && !(nexthop->flags & XFIB_NEXTHOP_FAILED))
			return at;
	}
	return index;
}

/* Next hop of a group that is not resilient for a 31-bit hash. Global, so that it is verified once. */
__noinline __u32 xfib_group_by_bounds(__u32 id, __u32 hash)
{
	const struct xfib_group *group = bpf_map_lookup_elem(&xfib_groups, &id);
	__u32 index;

	if (!group || !group->count)
		return XFIB_NONE;
	index = xfib_group__select(group, hash);
	if (group->flags & XFIB_GROUP_PASS_OVER)
		index = xfib_group_pass_over(id, index);
	if (index >= XFIB_GROUP_MEMBERS)
		return XFIB_NONE;
	return group->member[index].nexthop;
}

/* Next hop of a group for a 31-bit hash, XFIB_NONE if the group is empty. */
__noinline __u32 xfib_group_nexthop(__u32 id, __u32 hash)
{
	const struct xfib_group *group = bpf_map_lookup_elem(&xfib_groups, &id);

	if (!group || !group->count)
		return XFIB_NONE;
	if (group->flags & XFIB_GROUP_RESILIENT)
		return xfib_group__of_bucket(group, hash);
	return xfib_group_by_bounds(id, hash);
}

static __always_inline bool nexthop__leaves_by(__u32 id, __u32 ifindex)
{
	const struct xfib_nexthop *nexthop = xfib_nexthop__get(id);

	return nexthop && nexthop->ifindex == ifindex;
}

/* Has the resilient group a member that leaves by the interface? A function of its own: the verifier would take each loop twice. */
__noinline int xfib_group_resilient_uses(__u32 id, __u32 ifindex)
{
	const struct xfib_group *group = bpf_map_lookup_elem(&xfib_groups, &id);

	if (!group)
		return 0;
	for (__u32 i = 0; i < XFIB_BUCKET_MEMBERS; i++) {
		if (i >= group->count)
			break;
		if (nexthop__leaves_by(group->resilient.nexthop[i], ifindex))
			return 1;
	}
	return 0;
}

/* Has the group a member that leaves by the interface? At most XFIB_GROUP_MEMBERS array elements are read. */
__noinline int xfib_group_uses(__u32 id, __u32 ifindex)
{
	const struct xfib_group *group = bpf_map_lookup_elem(&xfib_groups, &id);

	if (!group)
		return 0;
	if (group->flags & XFIB_GROUP_RESILIENT)
		return xfib_group_resilient_uses(id, ifindex);
	for (__u32 i = 0; i < XFIB_GROUP_MEMBERS; i++) {
		if (i >= group->count)
			break;
		if (nexthop__leaves_by(group->member[i].nexthop, ifindex))
			return 1;
	}
	return 0;
}

/*
 * Is the IPv4 address one of this machine's, or a broadcast address of its networks, whose packets the kernel drops once
 * it has had rules of the user's? The kernel knows its addresses by themselves (inet_lookup_ifaddr_rcu()): whatever somebody has
 * put in place of the route of one, it counts. The filter spares nearly every packet the trie.
 */
static __always_inline bool rib4__is_own(const struct xfib_state *state, const __u8 *address, __u32 word)
{
	const struct xfib_rib_value *value;
	const struct xfib_nexthop *nexthop;

	if (likely(!(state->flags & XFIB_STATE_WIDE_LOCAL4) && !xfib_filter__may_contain(state->own_addresses, word)))
		return false;
	value = xfib_rib4__match(XFIB_TABLE_LOCAL, address);
	if (value && value->prefix_length == 32)
		return true;
	/* One in the filter by chance goes up too. */
	if (unlikely(state->flags & XFIB_STATE_UNROUTED4) && xfib_filter__may_contain(state->own_addresses, word))
		return true;
	if (!value)
		return false;
	nexthop = xfib_nexthop__get(value->target);
	return nexthop && (nexthop->type == XFIB_ROUTE_LOCAL || nexthop->type == XFIB_ROUTE_BROADCAST);
}

/* The next hop that the target of a match means for a flow. NULL: a slot that is not in use. */
static __always_inline struct xfib_nexthop *target__nexthop(__u32 target, __u32 hash, __u32 *ret_id)
{
	if (unlikely(target & XFIB_TARGET_GROUP))
		target = xfib_group_nexthop(target & ~XFIB_TARGET_GROUP, hash);
	*ret_id = target;
	return xfib_nexthop__get(target);
}

#endif
