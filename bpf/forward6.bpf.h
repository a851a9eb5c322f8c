/* SPDX-License-Identifier: GPL-2.0-only */
/* The decision about an IPv6 packet: checks 9 to 29 of forward.bpf.h. */
#ifndef XFIB_FORWARD6_BPF_H
#define XFIB_FORWARD6_BPF_H

#define IP6_MTU_MIN 1280

/* Checks 10 to 14. Anything but FORWARDED ends the decision. */
static __always_inline enum xfib_reason ip6__check(const struct packet *packet, const struct ipv6hdr *ip6)
{
	__u32 room = packet->length - ETH_HLEN, total;

	total = sizeof(*ip6) + bpf_ntohs(ip6->payload_len);
	if (ip6->version != 6)
		return XFIB_REASON_MALFORMED;
	if (total > room)
		return XFIB_REASON_TRUNCATED;
	if (ip6->nexthdr == NEXTHDR_HOP) /* a jumbogram too, whose payload length is 0 */
		return XFIB_REASON_HOP_BY_HOP;
	if (total < room && packet->length > ETH_ZLEN)
		return XFIB_REASON_TRAILER;
	return XFIB_REASON_FORWARDED;
}

/* Is the address 0:0:0:0:0:0:0:0 or 0:0:0:0:0:0:0:1? */
static __always_inline bool ip6__is_none_or_loopback(const __u32 *word)
{
	return !(word[0] | word[1] | word[2]) && !(word[3] & ~bpf_htonl(1));
}

/* Checks 15 to 17, on the four words of each address as they stand in the packet. */
static __always_inline enum xfib_reason ip6__check_addresses(const __u32 *source, const __u32 *destination)
{
	const __u32 multicast = bpf_htonl(0xff000000), link_local = bpf_htonl(0xfe800000);

	if ((destination[0] & multicast) == multicast)
		return XFIB_REASON_MULTICAST;
	if ((source[0] & multicast) == multicast || ip6__is_none_or_loopback(source) ||
	    ip6__is_none_or_loopback(destination))
		return XFIB_REASON_MARTIAN;
	if (!(source[0] | source[1]) && source[2] == bpf_htonl(0xffff))
		return XFIB_REASON_MARTIAN;
	if ((source[0] & bpf_htonl(0xffc00000)) == link_local ||
	    (destination[0] & bpf_htonl(0xffc00000)) == link_local)
		return XFIB_REASON_LINK_LOCAL;
	return XFIB_REASON_FORWARDED;
}

/* Do checks 10 to 17 pass, as those of nearly every packet do? As for IPv4; both addresses are global unicast. */
static __always_inline bool ip6__is_usual(const struct packet *packet, const struct ipv6hdr *ip6)
{
	__u32 room = packet->length - ETH_HLEN, total = sizeof(*ip6) + bpf_ntohs(ip6->payload_len);

	return ip6->version == 6 && (total == room || (total < room && packet->length <= ETH_ZLEN)) &&
	       ip6->nexthdr != NEXTHDR_HOP && ip6->saddr.in6_u.u6_addr8[0] >> 5 == 1 && ip6->daddr.in6_u.u6_addr8[0] >> 5 == 1;
}

/* Checks 10 to 17, one by one. */
static __always_inline enum xfib_reason ip6__check_all(const struct packet *packet, const struct ipv6hdr *ip6)
{
	enum xfib_reason reason = ip6__check(packet, ip6);

	return reason != XFIB_REASON_FORWARDED ? reason : ip6__check_addresses((const void *)&ip6->saddr, (const void *)&ip6->daddr);
}

static __always_inline __u64 ip6__target_by_plan(__u32 plan, const struct ipv6hdr *ip6)
{
	__u64 traffic_class = (bpf_ntohs(*(const __be16 *)ip6) >> 4) & 0xff, source[2], destination[2];

	__builtin_memcpy(source, &ip6->saddr, sizeof(source));
	__builtin_memcpy(destination, &ip6->daddr, sizeof(destination));
	return xfib_plan6_target(plan | traffic_class << 32, source[0], source[1], destination[0], destination[1]);
}

static __always_inline enum xfib_reason packet__decide6(struct packet *packet, const struct xfib_state *state,
							struct egress *ret_egress)
{
	const struct ipv6hdr *ip6 = packet->data + ETH_HLEN;
	const __u32 *destination;
	struct xfib_nexthop *nexthop;
	enum xfib_reason reason;
	__u32 target, hash;
	__u64 match;

	if ((const void *)(ip6 + 1) > packet->data_end)
		return XFIB_REASON_TRUNCATED;
	destination = (const void *)&ip6->daddr;
	/* First of all, as for IPv4. */
	if (likely(packet->link->plan6 == XFIB_PLAN_USUAL))
		match = xfib_rib6__best(state, packet->link->table, destination);
	else
		match = ip6__target_by_plan(packet->link->plan6, ip6);
	target = match;
	if (unlikely(!ip6__is_usual(packet, ip6))) {
		reason = ip6__check_all(packet, ip6);
		if (reason != XFIB_REASON_FORWARDED)
			return reason;
	}
	if (packet->group_mac)
		return XFIB_REASON_OTHER_MAC;

	if (!target)
		return XFIB_REASON_NO_ROUTE;
	if (unlikely(target__is_reason(target)))
		return target__reason(target);
	hash = target & XFIB_TARGET_GROUP ? flow6__hash(packet, state, ip6) : 0;
	nexthop = target__nexthop(target, hash, &ret_egress->nexthop);
	if (!nexthop)
		return XFIB_REASON_NO_ROUTE;
	reason = route__reason(nexthop);
	if (reason != XFIB_REASON_FORWARDED)
		return reason;
	if (ip6->hop_limit <= 1)
		return XFIB_REASON_TTL_EXPIRED;
	reason = nexthop__reason(nexthop);
	if (reason != XFIB_REASON_FORWARDED)
		return reason;
	if (!mtu__fits(packet, sizeof(*ip6) + bpf_ntohs(ip6->payload_len), sizeof(*ip6), (const void *)(ip6 + 1),
		       ip6->nexthdr, nexthop->mtu))
		return XFIB_REASON_MTU_EXCEEDED;
	/* A device of a smaller MTU has no IPv6: by rules, the kernel passes over routes by it (__fib6_rule_action()). */
	if (unlikely(packet->link->plan6 != XFIB_PLAN_USUAL && nexthop->mtu < IP6_MTU_MIN))
		return XFIB_REASON_POLICY_RULE;
	if (nexthop->ifindex == packet->ifindex)
		return XFIB_REASON_SAME_PORT;
	ret_egress->route = route6__of(packet, ret_egress, match, destination);
	return nexthop__resolve(nexthop, XFIB_INET6, (const __u8 *)destination, sizeof(ip6->daddr), ret_egress);
}

#endif
