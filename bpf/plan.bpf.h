/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From a packet to a target by a plan: what the policy rules mean for packets from its port (see XFIB_PLAN_USUAL in abi.h).
 *
 * Cost: some nanoseconds for each step that does not match; a look-up for each table that one leads to, by its compiled
 * FIB. By the LPM trie goes what is to be suppressed by its length, which only the trie tells, and table local where the
 * filter does not say that the address is not there.
 */
#ifndef XFIB_PLAN_BPF_H
#define XFIB_PLAN_BPF_H

/* In place of a target: a reason, where the search has ended without one. */
#define PLAN_REASON 0x40000000u

/* Where a target has the step of the plan that it came by beside it; 0: by none. */
#define PLAN_AT 32

static __always_inline bool target__is_reason(__u32 target)
{
	return (target & (XFIB_TARGET_GROUP | PLAN_REASON)) == PLAN_REASON;
}

static __always_inline enum xfib_reason target__reason(__u32 target)
{
	target &= ~PLAN_REASON;
	/* Lest the compiler rely on what it knows of it where the verifier before Linux 6.3 does not: stats__count() checks it. */
	asm volatile("" : "+r"(target));
	return target;
}

/* ---- one table: a target, and in the upper half the length of its prefix, 0 where the compiled FIB found it ---- */

static __always_inline __u64 rib_value__pack(const struct xfib_rib_value *value)
{
	return value ? value->target | (__u64)value->prefix_length << 32 : XFIB_NONE;
}

/* Root of a compiled FIB by 1 + its slot in xfib_fibs, 0 for none. */
static __always_inline __u64 fib__root(__u32 fib)
{
	__u32 slot = fib - 1;
	const struct xfib_fib *entry = fib ? bpf_map_lookup_elem(&xfib_fibs, &slot) : NULL;

	return entry ? entry->root : 0;
}

/* Table local is searched for few addresses: its filter tells, but for 127.0.0.0/8. */
static __always_inline bool local4__may_match(__u32 address)
{
	const struct xfib_state *state;
	__u32 zero = 0;

	state = bpf_map_lookup_elem(&xfib_state, &zero);
	return !state || state->flags & XFIB_STATE_WIDE_LOCAL4 || (bpf_ntohl(address) >> 24) == 127 ||
	       xfib_filter__may_contain(state->own_addresses, address);
}

/* Likewise, but for ff00::/8, which goes up before. */
static __always_inline bool local6__may_match(__u64 first, __u64 second)
{
	const __u32 words[4] = { (__u32)first, first >> 32, (__u32)second, second >> 32 };
	const struct xfib_state *state;
	__u32 zero = 0;

	state = bpf_map_lookup_elem(&xfib_state, &zero);
	return !state || state->flags & XFIB_STATE_WIDE_LOCAL6 ||
	       xfib_filter__may_contain(state->own_addresses6, xfib_filter__fold6(words));
}

/* Global functions, so that they are verified once. Addresses as they stand in a packet. */
__noinline __u64 xfib_table4_match(__u32 table, __u32 fib, __u32 address)
{
	__u64 root = fib__root(fib);

	if (likely(root)) {
		__u32 leaf = xfib_fib__leaf4(root, address);

		if (likely(leaf != XFIB_LEAF_TRIE))
			return xfib_fib__target(leaf);
	}
	if (table == XFIB_TABLE_LOCAL && likely(!local4__may_match(address)))
		return XFIB_NONE;
	return rib_value__pack(xfib_rib4__match(table, (const __u8 *)&address));
}

__noinline __u64 xfib_table6_match(__u32 table, __u32 fib, __u64 first, __u64 second)
{
	const __u64 address[2] = { first, second };
	__u64 root = fib__root(fib);

	if (likely(root)) {
		__u32 leaf = xfib_fib__leaf6(root, first, second);

		if (likely(leaf != XFIB_LEAF_TRIE))
			return xfib_fib__target(leaf);
	}
	if (table == XFIB_TABLE_LOCAL && likely(!local6__may_match(first, second)))
		return XFIB_NONE;
	return rib_value__pack(xfib_rib6__match(table, (const __u8 *)address));
}

/* ---- steps ---- */

/*
 * Does the search end with what a table said? Not with nothing, nor with a throw route, nor with what the rule suppresses;
 * but routes that lead nowhere are not suppressed (fib_rules_lookup()), nor is what only the kernel knows enough of.
 */
static __always_inline bool step__accepts(const struct xfib_plan_step *step, __u64 match)
{
	__s32 suppress = step->suppress_prefix_length, length = match >> 32;
	__u32 target = match;
	const struct xfib_nexthop *nexthop;

	if (target == XFIB_NONE)
		return false;
	if (target & XFIB_TARGET_GROUP)
		return length > suppress;
	nexthop = xfib_nexthop__get(target);
	if (!nexthop || nexthop->type == XFIB_ROUTE_THROW)
		return false;
	return length > suppress || nexthop->type == XFIB_ROUTE_BLACKHOLE || nexthop->type == XFIB_ROUTE_UNREACHABLE ||
	       nexthop->type == XFIB_ROUTE_PROHIBIT ||
	       nexthop->flags & (XFIB_NEXTHOP_UNSUPPORTED | XFIB_NEXTHOP_DOWN | XFIB_NEXTHOP_DEAD);
}

/* Only the trie knows lengths. */
static __always_inline __u32 step__fib(const struct xfib_plan_step *step)
{
	return step->suppress_prefix_length < 0 ? step->fib : 0;
}

static __always_inline bool step__holds(const struct xfib_plan_step *step, bool differs)
{
	return differs == !!(step->flags & XFIB_PLAN_INVERT);
}

/* The target for a packet, or PLAN_REASON and a reason; above PLAN_AT the step that it is by. */
__noinline __u64 xfib_plan4_target(__u32 plan, __u32 source, __u32 destination, __u32 tos)
{
	for (__u32 at = plan, i = 0; i < XFIB_PLAN_STEPS; i++) {
		const struct xfib_plan_step *step = bpf_map_lookup_elem(&xfib_plans, &at);
		__u64 match;

		if (!step)
			break;
		at++;
		if (!step__holds(step, ((source & (__u32)step->source_mask[0]) ^ (__u32)step->source[0]) |
				       ((destination & (__u32)step->destination_mask[0]) ^ (__u32)step->destination[0]) |
				       ((tos ^ step->tos) & step->tos_mask)))
			continue;
		if (step->action == XFIB_PLAN_VERDICT)
			return PLAN_REASON | step->value;
		if (step->action == XFIB_PLAN_GOTO) {
			at += step->value - 1;
			continue;
		}
		match = xfib_table4_match(step->table, step__fib(step), destination);
		if (step__accepts(step, match))
			return (__u32)match | (__u64)(at - 1) << PLAN_AT;
	}
	return PLAN_REASON | XFIB_REASON_POLICY_RULE;
}

/* Likewise; `plan_and_class` has the traffic class in its upper half. */
__noinline __u64 xfib_plan6_target(__u64 plan_and_class, __u64 source0, __u64 source1, __u64 destination0,
				   __u64 destination1)
{
	for (__u32 at = (__u32)plan_and_class, i = 0; i < XFIB_PLAN_STEPS; i++) {
		const struct xfib_plan_step *step = bpf_map_lookup_elem(&xfib_plans, &at);
		__u64 match;

		if (!step)
			break;
		at++;
		if (!step__holds(step, ((source0 & step->source_mask[0]) ^ step->source[0]) |
				       ((source1 & step->source_mask[1]) ^ step->source[1]) |
				       ((destination0 & step->destination_mask[0]) ^ step->destination[0]) |
				       ((destination1 & step->destination_mask[1]) ^ step->destination[1]) |
				       ((plan_and_class >> 32 ^ step->tos) & step->tos_mask)))
			continue;
		if (step->action == XFIB_PLAN_VERDICT)
			return PLAN_REASON | step->value;
		if (step->action == XFIB_PLAN_GOTO) {
			at += step->value - 1;
			continue;
		}
		match = xfib_table6_match(step->table, step__fib(step), destination0, destination1);
		if (step__accepts(step, match))
			return (__u32)match | (__u64)(at - 1) << PLAN_AT;
	}
	return PLAN_REASON | XFIB_REASON_POLICY_RULE;
}

#endif
