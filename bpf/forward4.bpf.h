/* SPDX-License-Identifier: GPL-2.0-only */
/* The decision about an IPv4 packet: checks 9 to 29 of forward.bpf.h. */
#ifndef XFIB_FORWARD4_BPF_H
#define XFIB_FORWARD4_BPF_H

/* Is the checksum of a header of 20 bytes right? */
static __always_inline bool ip4__checksum_ok(const struct iphdr *ip)
{
	const __u32 *word = (const void *)ip;
	__u64 sum = (__u64)word[0] + word[1] + word[2] + word[3] + word[4]; /* below 5 << 32: two foldings leave one carry */

	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff;
}

/* What a forwarded packet becomes for qdiscs, and for VLAN devices with an egress-qos-map (rt_tos2priority()). */
static __always_inline __u32 ip4__priority(const struct iphdr *ip)
{
	return (0x4620 >> (ip->tos >> 1 & 0xc)) & 0xf; /* TC_PRIO_BESTEFFORT, _BULK, _INTERACTIVE, _INTERACTIVE_BULK */
}

/* Checks 10 to 14. Anything but FORWARDED ends the decision. */
static __always_inline enum xfib_reason ip4__check(const struct packet *packet, const struct iphdr *ip)
{
	__u32 room = packet->length - ETH_HLEN, header, total;

	header = ip->ihl * 4;
	total = bpf_ntohs(ip->tot_len);
	if (ip->version != 4 || header < sizeof(*ip))
		return XFIB_REASON_MALFORMED;
	if (header > sizeof(*ip))
		return header > room ? XFIB_REASON_TRUNCATED : XFIB_REASON_IP_OPTIONS;
	if (total < sizeof(*ip))
		return XFIB_REASON_MALFORMED;
	if (total > room)
		return XFIB_REASON_TRUNCATED;
	if (!ip4__checksum_ok(ip))
		return XFIB_REASON_BAD_CHECKSUM;
	if (total < room && packet->length > ETH_ZLEN)
		return XFIB_REASON_TRAILER;
	return XFIB_REASON_FORWARDED;
}

/* Checks 15 and 16, on addresses in host byte order. */
static __always_inline enum xfib_reason ip4__check_addresses(__u32 source, __u32 destination, bool localnet)
{
	if ((destination >> 28) == 0xe)
		return XFIB_REASON_MULTICAST;
	if (destination == 0xffffffff)
		return XFIB_REASON_BROADCAST;
	if ((source >> 28) == 0xe || source == 0xffffffff || !(source >> 24) || !(destination >> 24))
		return XFIB_REASON_MARTIAN;
	if (!localnet && ((source >> 24) == 127 || (destination >> 24) == 127))
		return XFIB_REASON_MARTIAN;
	return XFIB_REASON_FORWARDED;
}

/*
 * Do checks 10 to 16 pass, as those of nearly every packet do? All at once, in a third of the instructions; false for a
 * few that pass too.
 */
static __always_inline bool ip4__is_usual(const struct packet *packet, const struct iphdr *ip)
{
	__u32 room = packet->length - ETH_HLEN, total = bpf_ntohs(ip->tot_len);
	__u32 source = bpf_ntohl(ip->saddr), destination = bpf_ntohl(ip->daddr);

	return *(const __u8 *)ip == 0x45 && (total == room || (total < room && packet->length <= ETH_ZLEN)) &&
	       total >= sizeof(*ip) && ip4__checksum_ok(ip) && source - 0x01000000 < 0xdf000000 && (source >> 24) != 127 &&
	       destination - 0x01000000 < 0xdf000000 && (destination >> 24) != 127;
}

/* Checks 10 to 16, one by one. */
static __always_inline enum xfib_reason ip4__check_all(const struct packet *packet, const struct iphdr *ip)
{
	enum xfib_reason reason = ip4__check(packet, ip);

	if (reason != XFIB_REASON_FORWARDED)
		return reason;
	return ip4__check_addresses(bpf_ntohl(ip->saddr), bpf_ntohl(ip->daddr),
				    packet->link->flags & XFIB_LINK_ROUTE_LOCALNET);
}

/*
 * The target for a source, as a destination of what is sent back. The kernel goes by the rules for packets that come by
 * the egress of this one, but in the VRF of its ingress (__fib_validate_source()).
 */
static __always_inline __u32 ip4__source_target(const struct packet *packet, const struct xfib_state *state,
						const struct iphdr *ip, __u32 egress)
{
	__u32 plan = XFIB_PLAN_USUAL, slot;

	if (unlikely(state->flags & XFIB_STATE_RULES4)) {
		plan = packet->link->source4;
		if (plan == XFIB_PLAN_USUAL) {
			const struct xfib_link *link = xfib_link__find(egress, &slot);

			plan = link ? link->plan4 : XFIB_PLAN_KERNEL;
		}
	}
	if (unlikely(plan != XFIB_PLAN_USUAL))
		return xfib_plan4_target(plan, ip->daddr, ip->saddr, ip->tos);
	return xfib_rib4__best(state, packet->link->table, ip->saddr);
}

/*
 * Check 22: would the source be reached by unicast, and in strict mode by the
 * port that the packet came from? Without rp_filter, where there are rules, it
 * may be reached by nothing, but not be an address of this machine or of many.
 * What this rejects the kernel judges anew.
 */
static __always_inline enum xfib_reason ip4__check_source(const struct packet *packet, const struct xfib_state *state,
							  const struct iphdr *ip, __u32 egress)
{
	__u32 flags = packet->link->flags, target = ip4__source_target(packet, state, ip, egress);
	const struct xfib_nexthop *nexthop = NULL;
	bool fits = true;

	if (target__is_reason(target)) {
		if (target__reason(target) == XFIB_REASON_POLICY_RULE)
			return XFIB_REASON_POLICY_RULE;
		target = XFIB_NONE;
	}
	if (target & XFIB_TARGET_GROUP) {
		if (flags & XFIB_LINK_RP_STRICT)
			fits = xfib_group_uses(target & ~XFIB_TARGET_GROUP, packet->ifindex);
		return fits ? XFIB_REASON_FORWARDED : XFIB_REASON_RP_FILTER;
	}
	if (target)
		nexthop = xfib_nexthop__get(target);
	if (nexthop && nexthop->type == XFIB_ROUTE_UNICAST) {
		if (nexthop->flags & XFIB_NEXTHOP_DOWN || !nexthop->ifindex) /* a choice that only the kernel makes */
			return XFIB_REASON_RP_FILTER;
		fits = !(flags & XFIB_LINK_RP_STRICT) || nexthop->ifindex == packet->ifindex;
	} else {
		fits = !(flags & (XFIB_LINK_RP_STRICT | XFIB_LINK_RP_LOOSE)) && (!nexthop || route__leads_nowhere(nexthop));
	}
	return fits ? XFIB_REASON_FORWARDED : XFIB_REASON_RP_FILTER;
}

static __always_inline enum xfib_reason packet__decide4(struct packet *packet, const struct xfib_state *state,
							struct egress *ret_egress)
{
	const struct iphdr *ip = packet->data + ETH_HLEN;
	__u32 flags = packet->link->flags, target, hash;
	__u64 match;
	struct xfib_nexthop *nexthop;
	enum xfib_reason reason;
	const __u8 *source, *destination;

	if ((const void *)(ip + 1) > packet->data_end)
		return XFIB_REASON_TRUNCATED;
	/* First of all, so that the checks are made while its cache misses are under way. */
	if (likely(packet->link->plan4 == XFIB_PLAN_USUAL))
		match = xfib_rib4__best(state, packet->link->table, ip->daddr);
	else
		match = xfib_plan4_target(packet->link->plan4, ip->saddr, ip->daddr, ip->tos);
	target = match;
	if (unlikely(!ip4__is_usual(packet, ip))) {
		reason = ip4__check_all(packet, ip);
		if (reason != XFIB_REASON_FORWARDED)
			return reason;
	}
	source = (const void *)&ip->saddr;
	destination = (const void *)&ip->daddr;
	if (packet->group_mac)
		return XFIB_REASON_OTHER_MAC;
	if (rib4__is_own(state, source, ip->saddr))
		return XFIB_REASON_MARTIAN;

	if (!target)
		return XFIB_REASON_NO_ROUTE;
	if (unlikely(target__is_reason(target)))
		return target__reason(target);
	hash = target & XFIB_TARGET_GROUP ? flow4__hash(packet, state, ip) : 0;
	nexthop = target__nexthop(target, hash, &ret_egress->nexthop);
	if (!nexthop)
		return XFIB_REASON_NO_ROUTE;
	reason = route__reason(nexthop);
	if (reason != XFIB_REASON_FORWARDED)
		return reason;
	if (flags & (XFIB_LINK_RP_STRICT | XFIB_LINK_RP_LOOSE) || unlikely(state->flags & XFIB_STATE_RULES4)) {
		reason = ip4__check_source(packet, state, ip, nexthop->ifindex);
		if (reason != XFIB_REASON_FORWARDED)
			return reason;
	}
	if (ip->ttl <= 1)
		return XFIB_REASON_TTL_EXPIRED;
	reason = nexthop__reason(nexthop);
	if (reason != XFIB_REASON_FORWARDED)
		return reason;
	if (!mtu__fits(packet, bpf_ntohs(ip->tot_len), sizeof(*ip), (const void *)(ip + 1), ip->protocol,
		       nexthop->mtu))
		return XFIB_REASON_MTU_EXCEEDED;
	if (nexthop->ifindex == packet->ifindex && (flags & XFIB_LINK_SEND_REDIRECTS))
		return XFIB_REASON_SAME_PORT;
	ret_egress->route = route4__of(packet, ret_egress, match, ip->daddr);
	return nexthop__resolve(nexthop, XFIB_INET, destination, sizeof(ip->daddr), ret_egress);
}

#endif
