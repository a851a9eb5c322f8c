/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The decision about a packet, the same for XDP and TC, and the rewriting of
 * its headers. A packet that the fast path cannot finish goes up to the kernel
 * untouched; nothing is written before the decision is final.
 *
 * The first check that holds gives the reason:
 *
 *  frame
 *   1. ingress port is not in xfib_links                          unknown_port
 *   2. ingress port has no Ethernet headers                       not_ethernet
 *   3. fewer than 14 bytes                                        truncated
 *   4. 802.1Q or 802.1ad tags, of which TC finds the outer one taken off. Each leads to a VLAN device, which counts as the
 *      ingress port from here on; VID 0 without such a device is as no tag, but no other tag may follow
 *      there is none, it is down or the kernel's; a third tag; XDP: tags are hidden     vlan
 *      frame too short for its tag                                truncated
 *   5. EtherType is neither IPv4 nor IPv6                         not_ip
 *   6. ingress port belongs to a bridge or bond                   enslaved
 *   7. forwarding of that family is off on the ingress port       forwarding_off
 *   8. unicast destination MAC address, not the port's            other_mac
 *  IPv4                                                           IPv6
 *   9. fewer than 20 bytes                 truncated              fewer than 40 bytes                truncated
 *  10. version not 4, or header < 20       malformed              version not 6                      malformed
 *  11. header longer than the frame        truncated
 *      header longer than 20               ip_options
 *  12. total length < 20                   malformed
 *      total length beyond the frame       truncated              payload length beyond the frame    truncated
 *  13. wrong header checksum               bad_checksum           next header is hop-by-hop          hop_by_hop
 *  14. frame longer than the packet and than 60 bytes             trailer
 *  15. destination 224.0.0.0/4             multicast              ff00::/8                           multicast
 *      destination 255.255.255.255         broadcast
 *  16. source 0/8, 127/8, 224/4,           martian                source ::, ::1, ff00::/8,          martian
 *      255.255.255.255;                                           ::ffff:0:0/96;
 *      destination 0/8, 127/8                                     destination ::, ::1
 *      (127/8 is fine with route_localnet)
 *  17.                                                            source or destination fe80::/10    link_local
 *  18. multicast or broadcast destination MAC address             other_mac
 *  19. source is this machine's own        martian
 *  route (by the port's plan; without rules: table local, then main)
 *  20. none, or throw                                             no_route
 *      a rule that only the kernel can follow                     policy_rule
 *      a rule that leads nowhere: blackhole; unreachable; prohibit
 *  21. by type: local and anycast: local; broadcast; multicast; blackhole; unreachable; prohibit;
 *      any other but unicast: unsupported_route
 *  22. source not valid by rp_filter, or as there are rules   rp_filter
 *      its rules only the kernel can follow        policy_rule
 *  23. TTL, hop limit <= 1                                        ttl_expired
 *  24. encapsulation and the like                                 unsupported_route
 *  25. egress device down                                         nexthop_down
 *  26. egress device without Ethernet                             not_ethernet
 *  27. packet (TC: each segment of a GSO packet) > MTU of device or route   mtu_exceeded
 *  28. leaves by the ingress port          same_port              same_port
 *      (IPv4: only if send_redirects)
 *  29. MAC address unknown                                        no_neighbour
 *  30. XDP: ingress port is no hardware, and a checksum was left to it, or may have been   partial_checksum
 *  31. XDP: egress device, below its VLANs, is not in xfib_tx, takes   no_redirect
 *      no frames in several buffers, or is a VLAN by which only the kernel sends, or no frame so long with its tags
 *  32. else                                                       forwarded
 *
 * Source of the order and of the rules: ip_rcv_core(), ip_route_input_slow(),
 * fib_validate_source(), ip_forward(), ip6_rcv_core() and ip6_forward().
 */
#ifndef XFIB_FORWARD_BPF_H
#define XFIB_FORWARD_BPF_H

/* Check 8: to whom is the frame? */
static __always_inline bool mac__is_ours(struct packet *packet)
{
	const struct ethhdr *eth = packet->frame;
	const __u16 *theirs = (const void *)eth->h_dest, *ours = (const void *)packet->link->mac;

	packet->group_mac = eth->h_dest[0] & 1;
	return packet->group_mac ||
	       !((theirs[0] ^ ours[0]) | (theirs[1] ^ ours[1]) | (theirs[2] ^ ours[2]));
}

/* May a UDP packet be a tunnel's, whose segments have headers that are not known? Those of UDP itself have a checksum. */
static __always_inline bool udp__may_be_tunnel(__be16 port, __be16 checksum)
{
	return !checksum || port == bpf_htons(4789) || port == bpf_htons(8472) || /* VXLAN, and as Linux has it by default */
	       port == bpf_htons(6081); /* Geneve */
}

/*
 * Does the packet, or each segment that a GSO packet will be cut into, fit?
 * `l3_length` counts the IP header; `l4` points behind it.
 */
static __always_inline bool mtu__fits(const struct packet *packet, __u32 l3_length, __u32 header, const __u8 *l4,
				      __u8 protocol, __u32 mtu)
{
	__u32 l4_header;

	if (likely(l3_length <= mtu))
		return true;
	if (!packet->gso_size)
		return false;
	if (protocol == IP_PROTOCOL_UDP) {
		if ((void *)(l4 + 8) > packet->data_end ||
		    udp__may_be_tunnel(*(const __be16 *)(l4 + 2), *(const __be16 *)(l4 + 6)))
			return false;
		l4_header = 8;
	} else if (protocol == IP_PROTOCOL_TCP) {
		if ((void *)(l4 + 13) > packet->data_end)
			return false;
		l4_header = (l4[12] >> 4) * 4;
	} else {
		return false;
	}
	return header + l4_header + packet->gso_size <= mtu;
}

/* Check 21: the reason that the type of a route gives. FORWARDED: it is a place to send to. */
static __always_inline enum xfib_reason route__reason(const struct xfib_nexthop *nexthop)
{
	switch (nexthop->type) {
	case XFIB_ROUTE_UNICAST:
		return XFIB_REASON_FORWARDED;
	case XFIB_ROUTE_LOCAL:
	case XFIB_ROUTE_ANYCAST:
		return XFIB_REASON_LOCAL;
	case XFIB_ROUTE_BROADCAST:
		return XFIB_REASON_BROADCAST;
	case XFIB_ROUTE_MULTICAST:
		return XFIB_REASON_MULTICAST;
	case XFIB_ROUTE_BLACKHOLE:
		return XFIB_REASON_BLACKHOLE;
	case XFIB_ROUTE_UNREACHABLE:
		return XFIB_REASON_UNREACHABLE;
	case XFIB_ROUTE_PROHIBIT:
		return XFIB_REASON_PROHIBIT;
	case XFIB_ROUTE_THROW:
	case XFIB_ROUTE_UNSPEC:
		return XFIB_REASON_NO_ROUTE;
	default:
		return XFIB_REASON_UNSUPPORTED_ROUTE;
	}
}

static __always_inline bool route__leads_nowhere(const struct xfib_nexthop *nexthop)
{
	return nexthop->type == XFIB_ROUTE_BLACKHOLE || nexthop->type == XFIB_ROUTE_UNREACHABLE ||
	       nexthop->type == XFIB_ROUTE_PROHIBIT || nexthop->type == XFIB_ROUTE_THROW;
}

/* Checks 24 to 26. */
static __always_inline enum xfib_reason nexthop__reason(const struct xfib_nexthop *nexthop)
{
	if (likely(!(nexthop->flags & (XFIB_NEXTHOP_UNSUPPORTED | XFIB_NEXTHOP_DOWN | XFIB_NEXTHOP_NOT_ETHERNET))))
		return XFIB_REASON_FORWARDED;
	if (nexthop->flags & XFIB_NEXTHOP_UNSUPPORTED)
		return XFIB_REASON_UNSUPPORTED_ROUTE;
	if (nexthop->flags & XFIB_NEXTHOP_DOWN)
		return XFIB_REASON_NEXTHOP_DOWN;
	return XFIB_REASON_NOT_ETHERNET;
}

/*
 * Check 29: the MAC addresses to send with. `nexthop` is the route's;
 * `address` the packet's destination, asked for where the route has no
 * gateway. A stale neighbour is used, and the daemon told of it once.
 */
static __always_inline enum xfib_reason nexthop__resolve(struct xfib_nexthop *nexthop, __u32 family,
							 const __u8 *address, __u32 length, struct egress *ret_egress)
{
	struct xfib_nexthop *neighbour = nexthop;
	union {
		__u64 word;
		__u8 byte[8]; /* [6]: state */
	} dmac;

	if (!nexthop->gateway_family) {
		neighbour = xfib_neighbour__find(nexthop->ifindex, family, address, length);
		if (!neighbour) {
			if (!ret_egress->is_dry)
				event__send(XFIB_EVENT_NO_NEIGHBOUR, nexthop->ifindex, family, address, length);
			return XFIB_REASON_NO_NEIGHBOUR;
		}
	}
	dmac.word = XFIB_READ_WORD(neighbour->dmac);
	if (unlikely(dmac.byte[6] == XFIB_NEIGHBOUR_NONE)) {
		if (!ret_egress->is_dry)
			event__send(XFIB_EVENT_NO_NEIGHBOUR, neighbour->ifindex, neighbour->gateway_family,
				    neighbour->gateway, sizeof(neighbour->gateway));
		return XFIB_REASON_NO_NEIGHBOUR;
	}
	if (unlikely(dmac.byte[6] == XFIB_NEIGHBOUR_STALE && !ret_egress->is_dry)) {
		neighbour->state = XFIB_NEIGHBOUR_IN_USE;
		event__send(XFIB_EVENT_STALE, neighbour->ifindex, neighbour->gateway_family, neighbour->gateway,
			    sizeof(neighbour->gateway));
	}
	ret_egress->ifindex = nexthop->ifindex;
	ret_egress->dmac_word = dmac.word;
	ret_egress->smac_word = XFIB_READ_WORD(neighbour->smac);
	return XFIB_REASON_FORWARDED;
}

static __always_inline void mac__write(struct ethhdr *eth, const struct egress *egress)
{
	__builtin_memcpy(eth->h_dest, &egress->dmac_word, ETH_ALEN);
	__builtin_memcpy(eth->h_source, &egress->smac_word, ETH_ALEN);
}

/* Lowers TTL or hop limit of the packet behind an Ethernet header that may be read with 20 bytes more. Was it IPv6? */
static __always_inline bool ip__lower_ttl(struct ethhdr *eth)
{
	if (eth->h_proto == bpf_htons(ETH_P_IP)) {
		struct iphdr *ip = (void *)(eth + 1);

		ip->ttl--;
		ip->check = xfib_checksum__lower_ttl(ip->check);
		return false;
	} else {
		struct ipv6hdr *ip6 = (void *)(eth + 1);

		ip6->hop_limit--;
		return true;
	}
}

#include "vlan.bpf.h"
#include "forward4.bpf.h"
#include "forward6.bpf.h"

/* Checks 1 to 8, then those of the family. */
static __always_inline enum xfib_reason packet__decide(struct packet *packet, struct egress *ret_egress)
{
	const struct ethhdr *eth = packet->frame;
	const struct xfib_state *state;
	__u32 zero = 0, flags;
	enum xfib_reason reason;

	packet->link = xfib_link__find(packet->ifindex, &packet->link_slot);
	state = bpf_map_lookup_elem(&xfib_state, &zero);
	if (!packet->link || !state)
		return XFIB_REASON_UNKNOWN_PORT;
	flags = packet->link->flags;
	if (!(flags & XFIB_LINK_ETHERNET))
		return XFIB_REASON_NOT_ETHERNET;
	if ((const void *)(eth + 1) > packet->data_end)
		return XFIB_REASON_TRUNCATED;
	packet->ethertype = eth->h_proto;
	if (unlikely(packet->is_tagged || ethertype__is_tag(packet->ethertype) || flags & XFIB_LINK_TAGS_HIDDEN)) {
		reason = packet__follow_tags(packet);
		if (reason != XFIB_REASON_FORWARDED)
			return reason;
		flags = packet->link->flags;
	}
	packet__skip_tags(packet);
	if (packet->ethertype != bpf_htons(ETH_P_IP) && packet->ethertype != bpf_htons(ETH_P_IPV6))
		return XFIB_REASON_NOT_IP;
	if (flags & XFIB_LINK_ENSLAVED)
		return XFIB_REASON_ENSLAVED;
	if (packet->ethertype == bpf_htons(ETH_P_IP)) {
		if (!(flags & XFIB_LINK_FORWARDING4))
			return XFIB_REASON_FORWARDING_OFF;
		if (!mac__is_ours(packet))
			return XFIB_REASON_OTHER_MAC;
		return packet__decide4(packet, state, ret_egress);
	}
	if (!(flags & XFIB_LINK_FORWARDING6))
		return XFIB_REASON_FORWARDING_OFF;
	if (!mac__is_ours(packet))
		return XFIB_REASON_OTHER_MAC;
	return packet__decide6(packet, state, ret_egress);
}

/*
 * Rewrites a packet that packet__decide() called forwarded, whose pointers
 * are as they were then; tags stay. `frame`: where the MAC addresses are.
 * Returns whether it was IPv6.
 */
static __always_inline bool packet__rewrite(const struct packet *packet, void *frame, const struct egress *egress)
{
	struct ethhdr *eth = packet->data;

	if ((void *)(eth + 1) + sizeof(struct iphdr) > packet->data_end)
		return false;
	mac__write(frame, egress);
	return ip__lower_ttl(eth);
}

#endif
