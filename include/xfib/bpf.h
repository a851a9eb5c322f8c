/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * xfib_fib_lookup(): bpf_fib_lookup() by the maps of a running xfibd, for XDP
 * and TC programs of anybody. One line of a program changes:
 *
 *	#include <xfib/bpf.h>
 *
 *	rc = xfib_fib_lookup(ctx, &params, sizeof(params), flags);
 *
 * and one call of its loader, between open and load, gives it the maps:
 *
 *	xfib_bpf__reuse_maps(object, instance);
 *
 * Loaders without libxfib do what it does: docs/bpf.md.
 *
 * Without maps given to it, with no instance to take maps from, and when the instance
 * was restarted or unloaded, the same function asks bpf_fib_lookup(). So it
 * does with everything that it does not know for certain, and then arguments,
 * results and return codes are the helper's by themselves:
 *
 *  - BPF_FIB_LOOKUP_OUTPUT, and flags that the kernel's helper does not know;
 *  - policy rules beside the usual three that can match packets from the port, unless BPF_FIB_LOOKUP_DIRECT is given;
 *    ports of bridges, bonds and VRFs, unless BPF_FIB_LOOKUP_TBID is;
 *  - forwarding is off on the ingress device, or the device is not known; IPv6 link-local, loopback and multicast addresses;
 *  - routes of several paths, since the kernel chooses one by a hash whose key only it knows; by TOS, encapsulation,
 *    or with an MTU of their own; BPF_FIB_LOOKUP_SRC where the route has no preferred source;
 *  - the egress device is down or no Ethernet; the neighbour is not known;
 *  - kernels before Linux 5.12, whose helper has fewer results.
 *
 * Differences that remain:
 *
 *  - xfibd follows the kernel within milliseconds, and when it has ended, the maps hold the routes of that moment;
 *  - a table that is xfib's own (`xfib route add … table N`, xfibd --fpm) is found by BPF_FIB_LOOKUP_DIRECT |
 *    BPF_FIB_LOOKUP_TBID, and xfibd --fpm-table main has routes in table main that the kernel has not;
 *  - path MTUs that this machine has learnt for its own connections, which the helper applies and forwarding does not, are
 *    not known;
 *  - a program must be attached to devices of the instance's network namespace.
 *
 * Include it after vmlinux.h or <linux/bpf.h>, in one file of an object. It
 * declares maps and constants whose names begin with xfib_. The helper is for
 * programs under a licence that is compatible with the GPL only.
 *
 * Cost: two to four cache lines of the compiled FIB and one of the next hop,
 * on an attached network a hash look-up more.
 */
#ifndef XFIB_BPF_H
#define XFIB_BPF_H

#include <xfib/bpf_rib.h>

/* The constants of linux/bpf.h, which a vmlinux.h, or an older header, may lack. */
#define XFIB_FIB_LOOKUP_DIRECT 0x01u
#define XFIB_FIB_LOOKUP_SKIP_NEIGH 0x04u /* Linux 6.3 */
#define XFIB_FIB_LOOKUP_TBID 0x08u       /* Linux 6.5 */
#define XFIB_FIB_LOOKUP_SRC 0x10u        /* Linux 6.7 */
#define XFIB_FIB_LOOKUP_MARK 0x20u       /* Linux 6.10 */

#define XFIB_LKUP_SUCCESS 0
#define XFIB_LKUP_BLACKHOLE 1
#define XFIB_LKUP_UNREACHABLE 2
#define XFIB_LKUP_PROHIBIT 3
#define XFIB_LKUP_NOT_FWDED 4
#define XFIB_LKUP_FRAG_NEEDED 8
#define XFIB_LKUP_ASK -1 /* the helper */

/*
 * What xfib_bpf__reuse_maps() sets: the flags that the kernel's helper knows
 * and that are answered here, and XFIB_FIB_LOOKUP_READY. Without it the
 * verifier leaves out everything but the call of the helper.
 */
#define XFIB_FIB_LOOKUP_READY 0x80000000u
#ifndef XFIB_FIB_LOOKUP_FLAGS
#define XFIB_FIB_LOOKUP_FLAGS 0
#endif
const volatile __u32 xfib_fib_lookup_flags = XFIB_FIB_LOOKUP_FLAGS;

/* Number of slots of xfib_fibs, a power of two. Likewise. */
#ifndef XFIB_FIB_SLOTS
#define XFIB_FIB_SLOTS 64
#endif
const volatile __u32 xfib_fib_slots = XFIB_FIB_SLOTS;

#define XFIB_FIB_PROBES 4 /* of them are looked at; a table that is not there is the helper's */

/* A look-up and what is known of the packet. */
struct xfib_fib_request {
	struct bpf_fib_lookup *params;
	__u32 flags;
	__u32 frame_length; /* TC, where no total length is given: of the frame; else 0 */
	__u32 is_segmented; /* and it will be cut into segments that fit */
};

/* Is the FIB of xfibd there, and up to date? */
XFIB_INLINE const struct xfib_state *xfib_fib_lookup__state(void)
{
	__u32 zero = 0;
	const struct xfib_state *state = bpf_map_lookup_elem(&xfib_state, &zero);

	if (!state || state->layout != XFIB_LAYOUT || *(const volatile __u32 *)&state->retired)
		return NULL;
	return state;
}

#define XFIB_TABLE_UNKNOWN (1ULL << 32)

/*
 * Target of an address, given as two numbers as they stand in memory, by a table that is not searched together with table
 * local; XFIB_TABLE_UNKNOWN: whether there is such a table only the kernel knows. A global function, so that the verifier
 * takes it once.
 */
__attribute__((noinline, weak)) __u64 xfib_table_target(__u32 table, __u32 family, __u64 first, __u64 second)
{
	__u32 leaf = XFIB_LEAF_TRIE, slot = xfib_fib__slot(table, family, xfib_fib_slots);
	const struct xfib_fib *fib = NULL;
	const struct xfib_rib_value *value;
	__u64 root = 0, words[2] = { first, second };

	for (__u32 probe = 0; probe < XFIB_FIB_PROBES; probe++) {
		fib = bpf_map_lookup_elem(&xfib_fibs, &slot);
		if (!fib || !fib->family || (fib->table == table && fib->family == family))
			break;
		fib = NULL;
		slot = (slot + 1) & (xfib_fib_slots - 1);
	}
	if (!fib || !fib->family)
		return XFIB_TABLE_UNKNOWN;
	root = *(const volatile __u64 *)&fib->root;
	if (root)
		leaf = family == XFIB_INET ? xfib_fib__leaf4(root, (__u32)first) : xfib_fib__leaf6(root, first, second);
	if (leaf != XFIB_LEAF_TRIE)
		return xfib_fib__target(leaf);
	value = family == XFIB_INET ? xfib_rib4__match(table, (const __u8 *)words) : xfib_rib6__match(table, (const __u8 *)words);
	return value ? value->target : XFIB_NONE;
}

/* Has table default ever had a route? It may answer where table main does not (IPv4). Not known where there are no FIBs. */
XFIB_INLINE int xfib_fib_lookup__has_default(void)
{
	return xfib_table_target(XFIB_TABLE_DEFAULT, XFIB_INET, 0, 0) != XFIB_TABLE_UNKNOWN;
}

/* Does the caller name the table? TBID counts with DIRECT only. */
XFIB_INLINE int xfib_fib_lookup__names_table(const struct xfib_fib_request *request)
{
	const __u32 both = XFIB_FIB_LOOKUP_DIRECT | XFIB_FIB_LOOKUP_TBID;

	return (request->flags & both) == both;
}

/* The table of a look-up with DIRECT. */
XFIB_INLINE __u32 xfib_fib_lookup__table(const struct xfib_fib_request *request)
{
	__u32 table = XFIB_TABLE_MAIN;

	if (xfib_fib_lookup__names_table(request)) /* tbid, where older headers have only this: */
		__builtin_memcpy(&table, &request->params->h_vlan_proto, sizeof(table));
	return table;
}

/* What the helper does with the table's number when it has read it, whatever comes of the look-up. */
XFIB_INLINE void xfib_fib_lookup__clear_table(const struct xfib_fib_request *request)
{
	if (xfib_fib_lookup__names_table(request))
		__builtin_memset(&request->params->h_vlan_proto, 0, sizeof(__u32));
}

/* The link of the device if it is one by which packets come, as far as the helper looks at it; else NULL. */
XFIB_INLINE const struct xfib_link *xfib_fib_lookup__link(const struct xfib_fib_request *request, __u32 forwarding)
{
	__u32 slot;
	const struct xfib_link *link = xfib_link__find(request->params->ifindex, &slot);

	if (!link || !(link->flags & forwarding))
		return NULL;
	return xfib_fib_lookup__names_table(request) || !(link->master || link->flags & XFIB_LINK_VRF) ? link : NULL;
}

/*
 * May a policy rule matter? Where there are some beside the usual three, the plan of the port tells which can match packets
 * from there, to which the helper gives no mark unless it is told to.
 */
XFIB_INLINE int xfib_fib_lookup__has_rules(const struct xfib_fib_request *request, __u32 rules, __u16 plan)
{
	return rules && (plan != XFIB_PLAN_USUAL || request->flags & XFIB_FIB_LOOKUP_MARK);
}

/* Target of the destination, or XFIB_TABLE_UNKNOWN: ask the helper. */
XFIB_INLINE __u64 xfib_fib_lookup__target4(const struct xfib_fib_request *request, const struct xfib_state *state)
{
	const struct xfib_link *link = xfib_fib_lookup__link(request, XFIB_LINK_FORWARDING4);
	__u32 destination = request->params->ipv4_dst, table;

	if (!link)
		return XFIB_TABLE_UNKNOWN;
	if (request->flags & XFIB_FIB_LOOKUP_DIRECT) {
		table = xfib_fib_lookup__table(request);
		if (table != XFIB_TABLE_MAIN)
			return table == XFIB_TABLE_LOCAL ? XFIB_TABLE_UNKNOWN : xfib_table_target(table, XFIB_INET, destination, 0);
		/* The look-up below has table local in it, which the helper does not look at, unless both are one. */
		if (!(state->flags & XFIB_STATE_MERGED4) &&
		    (state->flags & XFIB_STATE_WIDE_LOCAL4 || (destination & bpf_htonl(0xff000000)) == bpf_htonl(0x7f000000) ||
		     xfib_filter__may_contain(state->own_addresses, destination)))
			return XFIB_TABLE_UNKNOWN;
	} else if (xfib_fib_lookup__has_rules(request, state->flags & XFIB_STATE_RULES4, link->plan4)) {
		return XFIB_TABLE_UNKNOWN;
	}
	return xfib_rib4__best(state, XFIB_TABLE_MAIN, destination);
}

/* Multicast, link-local or loopback? */
XFIB_INLINE int xfib_fib_lookup__is_special6(const __u32 *address)
{
	return (address[0] & bpf_htonl(0xff000000)) == bpf_htonl(0xff000000) ||
	       (address[0] & bpf_htonl(0xffc00000)) == bpf_htonl(0xfe800000) ||
	       (!(address[0] | address[1] | address[2]) && address[3] == bpf_htonl(1));
}

XFIB_INLINE __u64 xfib_fib_lookup__target6(const struct xfib_fib_request *request, const struct xfib_state *state)
{
	const struct xfib_link *link = xfib_fib_lookup__link(request, XFIB_LINK_HELPER6);
	const __u32 *destination = request->params->ipv6_dst;
	__u64 first, second;
	__u32 table;

	if (!link || xfib_fib_lookup__is_special6(destination) || xfib_fib_lookup__is_special6(request->params->ipv6_src))
		return XFIB_TABLE_UNKNOWN;
	if (request->flags & XFIB_FIB_LOOKUP_DIRECT) {
		table = xfib_fib_lookup__table(request);
		if (table != XFIB_TABLE_MAIN) {
			__builtin_memcpy(&first, destination, sizeof(first));
			__builtin_memcpy(&second, destination + 2, sizeof(second));
			return table == XFIB_TABLE_LOCAL ? XFIB_TABLE_UNKNOWN : xfib_table_target(table, XFIB_INET6, first, second);
		}
		if (state->flags & XFIB_STATE_WIDE_LOCAL6 ||
		    xfib_filter__may_contain(state->own_addresses6, xfib_filter__fold6(destination)))
			return XFIB_TABLE_UNKNOWN;
	} else if (xfib_fib_lookup__has_rules(request, state->flags & XFIB_STATE_RULES6, link->plan6)) {
		return XFIB_TABLE_UNKNOWN;
	}
	return xfib_rib6__best(state, XFIB_TABLE_MAIN, destination);
}

/* What the helper says of a route by which no packet is sent. */
XFIB_INLINE int xfib_fib_lookup__refusal(__u32 type)
{
	switch (type) {
	case XFIB_ROUTE_BLACKHOLE:
		return XFIB_LKUP_BLACKHOLE;
	case XFIB_ROUTE_UNREACHABLE:
		return XFIB_LKUP_UNREACHABLE;
	case XFIB_ROUTE_PROHIBIT:
		return XFIB_LKUP_PROHIBIT;
	case XFIB_ROUTE_LOCAL:
	case XFIB_ROUTE_BROADCAST:
	case XFIB_ROUTE_ANYCAST:
	case XFIB_ROUTE_MULTICAST:
		return XFIB_LKUP_NOT_FWDED;
	default:
		return XFIB_LKUP_ASK;
	}
}

/* Is all known that the helper says of a next hop? */
XFIB_INLINE int xfib_fib_lookup__is_plain(const struct xfib_fib_request *request, const struct xfib_nexthop *nexthop)
{
	const __u64 *source = (const void *)nexthop->source;

	if (nexthop->flags & ~(XFIB_NEXTHOP_ONLINK | XFIB_NEXTHOP_FAILED) || !nexthop->ifindex || nexthop->route_mtu ||
	    nexthop->mtu > 0xffff || xfib_nexthop__metric(nexthop) == XFIB_METRIC_LARGE)
		return 0;
	return !(request->flags & XFIB_FIB_LOOKUP_SRC) || source[0] | source[1];
}

/*
 * The MTU that the packet is held against; also without a total length, where TC looks at the frame's. 0: ask the helper.
 * Frames may be longer than the device's MTU by its header, which may be longer than Ethernet's, and a VLAN tag.
 */
XFIB_INLINE __u32 xfib_fib_lookup__mtu(const struct xfib_fib_request *request, const struct xfib_nexthop *nexthop)
{
	const struct xfib_link *link;
	__u32 slot;

	if (!request->frame_length)
		return nexthop->mtu;
	link = xfib_link__find(nexthop->ifindex, &slot);
	if (!link || link->mtu > 0xffff || (request->frame_length > link->mtu + 14 + 4 && !request->is_segmented))
		return 0;
	return link->mtu;
}

/* Writes the result. `neighbour`: whose MAC addresses are wanted, if any is. */
XFIB_INLINE void xfib_fib_lookup__answer(const struct xfib_fib_request *request, const struct xfib_nexthop *nexthop,
					 const struct xfib_nexthop *neighbour, __u64 dmac, __u32 mtu)
{
	struct bpf_fib_lookup *params = request->params;
	__u64 smac;

	params->rt_metric = xfib_nexthop__metric(nexthop);
	params->ifindex = nexthop->ifindex;
	params->tot_len = mtu; /* mtu_result, which older headers lack */
	params->h_vlan_proto = 0;
	params->h_vlan_TCI = 0;
	if (request->flags & XFIB_FIB_LOOKUP_SRC) {
		if (nexthop->family == XFIB_INET)
			__builtin_memcpy(&params->ipv4_src, nexthop->source, sizeof(params->ipv4_src));
		else
			__builtin_memcpy(params->ipv6_src, nexthop->source, sizeof(params->ipv6_src));
	}
	if (nexthop->gateway_family == XFIB_INET) {
		__builtin_memcpy(&params->ipv4_dst, nexthop->gateway, sizeof(params->ipv4_dst));
	} else if (nexthop->gateway_family) {
		params->family = XFIB_INET6; /* of the next hop of an IPv4 route, too */
		__builtin_memcpy(params->ipv6_dst, nexthop->gateway, sizeof(params->ipv6_dst));
	}
	if (!neighbour)
		return;
	smac = XFIB_READ_WORD(neighbour->smac);
	__builtin_memcpy(params->dmac, &dmac, sizeof(params->dmac));
	__builtin_memcpy(params->smac, &smac, sizeof(params->smac));
}

/* The answer for a unicast next hop. Nothing is written before it is known that the helper need not be asked. */
XFIB_INLINE int xfib_fib_lookup__forward(const struct xfib_fib_request *request, const struct xfib_nexthop *nexthop)
{
	struct bpf_fib_lookup *params = request->params;
	const struct xfib_nexthop *neighbour = NULL;
	__u32 mtu = xfib_fib_lookup__mtu(request, nexthop);
	__u64 dmac = 0;

	if (!mtu || !xfib_fib_lookup__is_plain(request, nexthop))
		return XFIB_LKUP_ASK;
	if (!request->frame_length && params->tot_len > mtu) {
		xfib_fib_lookup__clear_table(request);
		params->tot_len = mtu;
		return XFIB_LKUP_FRAG_NEEDED;
	}
	if (!(request->flags & XFIB_FIB_LOOKUP_SKIP_NEIGH)) {
		neighbour = nexthop;
		if (!nexthop->gateway_family)
			neighbour = params->family == XFIB_INET ?
				xfib_neighbour__find(nexthop->ifindex, XFIB_INET, (const __u8 *)&params->ipv4_dst, 4) :
				xfib_neighbour__find(nexthop->ifindex, XFIB_INET6, (const __u8 *)params->ipv6_dst, 16);
		if (!neighbour)
			return XFIB_LKUP_ASK;
		dmac = XFIB_READ_WORD(neighbour->dmac);
		if ((dmac >> 48 & 0xff) == XFIB_NEIGHBOUR_NONE)
			return XFIB_LKUP_ASK;
	}
	xfib_fib_lookup__answer(request, nexthop, neighbour, dmac, mtu);
	return XFIB_LKUP_SUCCESS;
}

/* A return code, or XFIB_LKUP_ASK. */
XFIB_INLINE int xfib_fib_lookup__try(const struct xfib_fib_request *request)
{
	const struct xfib_state *state = xfib_fib_lookup__state();
	struct bpf_fib_lookup *params = request->params;
	const struct xfib_nexthop *nexthop;
	__u64 target = XFIB_TABLE_UNKNOWN;
	int code = XFIB_LKUP_ASK;

	if (!state || request->flags & ~(xfib_fib_lookup_flags & ~XFIB_FIB_LOOKUP_READY))
		return XFIB_LKUP_ASK;
	if (params->family == XFIB_INET)
		target = xfib_fib_lookup__target4(request, state);
	else if (params->family == XFIB_INET6)
		target = xfib_fib_lookup__target6(request, state);
	if (target & (XFIB_TABLE_UNKNOWN | XFIB_TARGET_GROUP))
		return XFIB_LKUP_ASK;
	nexthop = xfib_nexthop__get((__u32)target);
	if (target != XFIB_NONE && nexthop && nexthop->type == XFIB_ROUTE_UNICAST)
		return xfib_fib_lookup__forward(request, nexthop);
	if (target == XFIB_NONE)
		code = XFIB_LKUP_NOT_FWDED;
	else if (nexthop)
		code = xfib_fib_lookup__refusal(nexthop->type);
	/* An error is not the last word of table main where there is a table default. */
	if (code != XFIB_LKUP_ASK && params->family == XFIB_INET && !(request->flags & XFIB_FIB_LOOKUP_DIRECT) &&
	    (!state->root4 || xfib_fib_lookup__has_default()))
		return XFIB_LKUP_ASK;
	if (code != XFIB_LKUP_ASK)
		xfib_fib_lookup__clear_table(request);
	return code;
}

/* For XDP. Inline: where the kernel guards returns, as on AMD's Zen 1 to 4, a call costs 10 ns, a sixth of all this. */
XFIB_INLINE long xfib_fib_lookup__xdp(struct xdp_md *ctx, struct bpf_fib_lookup *params, int len, __u32 flags)
{
	struct xfib_fib_request request = { .params = params, .flags = flags };
	int code;

	if (xfib_fib_lookup_flags & XFIB_FIB_LOOKUP_READY && len >= (int)sizeof(*params)) {
		code = xfib_fib_lookup__try(&request);
		if (code >= 0)
			return code;
	}
	return bpf_fib_lookup(ctx, params, len, flags);
}

/* For TC. */
XFIB_INLINE long xfib_fib_lookup__skb(struct __sk_buff *ctx, struct bpf_fib_lookup *params, int len, __u32 flags)
{
	struct xfib_fib_request request = { .params = params, .flags = flags };
	int code;

	if (xfib_fib_lookup_flags & XFIB_FIB_LOOKUP_READY && len >= (int)sizeof(*params)) {
		if (!params->tot_len) {
			request.frame_length = ctx->len;
			request.is_segmented = ctx->gso_size != 0;
		}
		code = xfib_fib_lookup__try(&request);
		if (code >= 0)
			return code;
	}
	return bpf_fib_lookup(ctx, params, len, flags);
}

/* long xfib_fib_lookup(ctx, struct bpf_fib_lookup *params, int len, __u32 flags), by the type of ctx. */
#define xfib_fib_lookup(ctx, params, len, flags)                                                                       \
	_Generic((ctx), struct xdp_md *: xfib_fib_lookup__xdp, struct __sk_buff *: xfib_fib_lookup__skb)(ctx, params, len, flags)

#endif
