/* SPDX-License-Identifier: GPL-2.0-only */
/* The decision about an IPv4 packet: checks 10 to 30 of forward.bpf.h. */
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

/* Checks 11 to 15. Anything but FORWARDED ends the decision. */
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

/* Checks 16 and 17, on addresses in host byte order. */
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
 * Do checks 11 to 17 pass, as those of nearly every packet do? All at once, in a third of the instructions; false for a
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

/* Checks 11 to 17, one by one. */
static __always_inline enum xfib_reason ip4__check_all(const struct packet *packet, const struct iphdr *ip)
{
	enum xfib_reason reason = ip4__check(packet, ip);

	if (reason != XFIB_REASON_FORWARDED)
		return reason;
	return ip4__check_addresses(bpf_ntohl(ip->saddr), bpf_ntohl(ip->daddr),
				    packet->link->flags & XFIB_LINK_ROUTE_LOCALNET);
}

/*
 * Check 23: would the source be reached by unicast, and in strict mode by the
 * port that the packet came from? What this rejects the kernel judges anew.
 */
static __always_inline bool ip4__source_ok(const struct packet *packet, const struct xfib_state *state,
					   __u32 source)
{
	__u32 target = xfib_rib4__best(state, packet->link->table, source);
	const struct xfib_nexthop *nexthop;

	if (!target)
		return false;
	if (target & XFIB_TARGET_GROUP)
		return !(packet->link->flags & XFIB_LINK_RP_STRICT) ||
		       xfib_group_uses(target & ~XFIB_TARGET_GROUP, packet->ifindex);
	nexthop = xfib_nexthop__get(target);
	if (!nexthop || nexthop->type != XFIB_ROUTE_UNICAST || nexthop->flags & XFIB_NEXTHOP_DOWN ||
	    !nexthop->ifindex) /* a choice that only the kernel makes */
		return false;
	return !(packet->link->flags & XFIB_LINK_RP_STRICT) || nexthop->ifindex == packet->ifindex;
}

static __always_inline enum xfib_reason packet__decide4(struct packet *packet, const struct xfib_state *state,
							struct egress *ret_egress)
{
	const struct iphdr *ip = packet->data + ETH_HLEN;
	__u32 flags = packet->link->flags, target, hash;
	struct xfib_nexthop *nexthop;
	enum xfib_reason reason;
	const __u8 *source, *destination;

	if ((const void *)(ip + 1) > packet->data_end)
		return XFIB_REASON_TRUNCATED;
	/* First of all, so that the checks are made while its cache misses are under way. */
	target = xfib_rib4__best(state, packet->link->table, ip->daddr);
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
	hash = target & XFIB_TARGET_GROUP ? xfib_hash__flow(&ip->saddr, &ip->daddr, 1) : 0;
	nexthop = target__nexthop(target, hash);
	if (!nexthop)
		return XFIB_REASON_NO_ROUTE;
	reason = route__reason(nexthop);
	if (reason != XFIB_REASON_FORWARDED)
		return reason;
	if ((flags & (XFIB_LINK_RP_STRICT | XFIB_LINK_RP_LOOSE)) && !ip4__source_ok(packet, state, ip->saddr))
		return XFIB_REASON_RP_FILTER;
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
	return nexthop__resolve(nexthop, XFIB_INET, destination, sizeof(ip->daddr), ret_egress);
}

#endif
