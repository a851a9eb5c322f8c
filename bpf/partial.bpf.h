/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Packets whose sender is on this machine (behind a veth pair, a tap device, …) and left the checksum to the device: TCP and
 * UDP have the sum of the pseudo header in its place, SCTP and GRE have 0. An skb says so; a frame that XDP redirects has
 * only its bytes, and its receiver would drop it. So these go up to the kernel, which knows.
 *
 * The checksum that is left may be that of a packet in a tunnel. The headers are walked along to it; those of tunnels over
 * UDP are known by what they look like, for their ports are anybody's. What cannot be told goes up: what is in GRE of a rare
 * kind or in MPLS, behind a routing header, with which the pseudo header has another destination, or where headers end too
 * early. The kernel leaves none in fragments, nor in what IPsec, L2TP or GTP made.
 *
 * Of packets whose checksum is right one in 65,535 looks the same and goes up too. Cost, for ports that are no hardware only:
 * some 30 instructions for TCP, UDP and SCTP; a walk like that of flow.bpf.h for what is neither, and for tunnels over UDP.
 */
#ifndef XFIB_PARTIAL_BPF_H
#define XFIB_PARTIAL_BPF_H

#define PARTIAL_HEADERS 6 /* with more of them a packet goes up */

/* Of the words of both addresses, the protocol, and the length of what is behind the IP headers. */
static __always_inline __u16 pseudo__sum(__u64 addresses, __u32 protocol, __u32 length)
{
	__u64 sum = addresses + bpf_htons(protocol) + bpf_htons(length);

	sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

/* `sum` is that of the words of both addresses, `length` that of what is behind the IP header. */
static __always_inline bool l4__is_partial(const struct packet *packet, const __u8 *l4, __u64 sum, __u32 protocol, __u32 length)
{
	const __be16 *field = (const void *)(l4 + (protocol == IP_PROTOCOL_TCP ? 16 : protocol == IP_PROTOCOL_UDP ? 6 : 8));

	if ((void *)(field + (protocol == IP_PROTOCOL_UDP ? 1 : 2)) > packet->data_end) /* the whole header, as in a walk */
		return true;
	if (protocol == IP_PROTOCOL_SCTP)
		return !(field[0] | field[1]);
	return pseudo__sum(sum, protocol, length) == *field;
}

/* What the first word behind a UDP header looks like the beginning of. */
enum tunnel { TUNNEL_NONE, TUNNEL_IP, TUNNEL_VXLAN, TUNNEL_GENEVE, TUNNEL_GUE };

static __always_inline enum tunnel udp__tunnel(__u32 word)
{
	__u32 type = word & 0xffff;

	if (word >> 24 == 0x45 || word >> 28 == 6)
		return TUNNEL_IP; /* FOU, bareudp */
	if (word == 0x08000000 || word >> 24 == 0x88) /* the latter with a group policy */
		return TUNNEL_VXLAN;
	if (!(word & 0xc03f0000) && (type == ETH_P_TEB || type == ETH_P_IP || type == ETH_P_IPV6))
		return TUNNEL_GENEVE;
	if (word == IP_PROTOCOL_IPIP << 16 || word == IP_PROTOCOL_IPV6 << 16 || word == IP_PROTOCOL_GRE << 16)
		return TUNNEL_GUE;
	return TUNNEL_NONE;
}

/* Of a UDP packet that is not in a tunnel itself. */
static __always_inline bool udp__is_tunnel(const struct packet *packet, const __u8 *udp)
{
	return (void *)(udp + 12) <= packet->data_end && udp__tunnel(bpf_ntohl(*(const __u32 *)(udp + 8))) != TUNNEL_NONE;
}

/* ---- behind extension headers, and in tunnels ---- */

/* TCP, UDP or SCTP, which a walk has come to, in the packet whose IP header is at `ip`. */
static __always_inline bool walk__is_partial(const struct walk *walk, __u32 ip)
{
	__u32 at = walk->next == IP_PROTOCOL_TCP ? 16 : walk->next == IP_PROTOCOL_UDP ? 4 : 8;
	__u32 field, word, length, address[8] = {};
	__u64 sum = 0;

	if (!walk__load(walk, walk->offset + at, &field, 1))
		return true;
	if (walk->next == IP_PROTOCOL_SCTP)
		return !field;
	if (walk->next == IP_PROTOCOL_UDP)
		field >>= 16;
	if (!walk__load(walk, walk->is_six ? ip + 4 : ip, &word, 1) ||
	    !(walk->is_six ? walk__load(walk, ip + 8, address, 8) : walk__load(walk, ip + 12, address, 2)))
		return true;
	for (int i = 0; i < 8; i++)
		sum += address[i];
	length = walk->is_six ? bpf_ntohs(word) + 40 : bpf_ntohs(word >> 16);
	return pseudo__sum(sum, walk->next, length + ip - walk->offset) == (__be16)field;
}

enum partial { PARTIAL_NO, PARTIAL_YES, PARTIAL_GO_ON };

/* On to the packet in a frame, which may have a tag. */
static __always_inline enum partial walk__partial_frame(struct walk *walk)
{
	__u32 word, type;

	if (!walk__load(walk, walk->offset + 12, &word, 1))
		return PARTIAL_YES;
	type = bpf_ntohl(word) >> 16;
	walk->offset += ETH_HLEN;
	if (type == ETH_P_8021Q) {
		if (!walk__load(walk, walk->offset, &word, 1))
			return PARTIAL_YES;
		type = bpf_ntohl(word) & 0xffff;
		walk->offset += 4;
	}
	walk->next = type == ETH_P_IP ? IP_PROTOCOL_IPIP : IP_PROTOCOL_IPV6;
	return type == ETH_P_IP || type == ETH_P_IPV6 ? PARTIAL_GO_ON : PARTIAL_NO;
}

/* An IP packet behind a UDP header is taken for one if it has the right length. */
static __always_inline enum partial walk__partial_udp_ip(struct walk *walk, __u32 word)
{
	__u32 header, length;

	if (!walk__load(walk, walk->offset - 4, &header, 1) || !walk__load(walk, walk->offset + 4, &length, 1))
		return PARTIAL_NO;
	walk->next = word >> 28 == 6 ? IP_PROTOCOL_IPV6 : IP_PROTOCOL_IPIP;
	length = word >> 28 == 6 ? (bpf_ntohl(length) >> 16) + 40 : word & 0xffff;
	return length + 8 == bpf_ntohl(header) >> 16 ? PARTIAL_GO_ON : PARTIAL_NO;
}

/* On to what is in a tunnel over UDP. */
static __always_inline enum partial walk__partial_udp(struct walk *walk)
{
	__u32 word;

	walk->offset += 8;
	if (!walk__load(walk, walk->offset, &word, 1))
		return PARTIAL_NO;
	word = bpf_ntohl(word);
	switch (udp__tunnel(word)) {
	case TUNNEL_IP:
		return walk__partial_udp_ip(walk, word);
	case TUNNEL_VXLAN:
		walk->offset += 8;
		return walk__partial_frame(walk);
	case TUNNEL_GENEVE:
		walk->offset += 8 + (word >> 24) * 4;
		if ((word & 0xffff) == ETH_P_TEB)
			return walk__partial_frame(walk);
		walk->next = (word & 0xffff) == ETH_P_IP ? IP_PROTOCOL_IPIP : IP_PROTOCOL_IPV6;
		return PARTIAL_GO_ON;
	case TUNNEL_GUE:
		walk->offset += 4;
		walk->next = word >> 16;
		return PARTIAL_GO_ON;
	default:
		return PARTIAL_NO;
	}
}

static __always_inline enum partial walk__partial_gre(struct walk *walk)
{
	__u32 word;

	if (!walk__load(walk, walk->offset, &word, 1))
		return PARTIAL_YES;
	/* Its own checksum, if it has one, may be the one that is left. */
	if (word & bpf_htonl(0x80000000) && (!walk__load(walk, walk->offset + 4, &word, 1) || !(word & 0xffff)))
		return PARTIAL_YES;
	return walk__gre(walk) ? PARTIAL_GO_ON : PARTIAL_YES;
}

/* Goes past one header. `ip_inout`: where the last IP header is. */
static __always_inline enum partial walk__partial_step(struct walk *walk, __u32 *ip_inout)
{
	switch (walk->next) {
	case IP_PROTOCOL_IPIP:
	case IP_PROTOCOL_IPV6:
		*ip_inout = walk->offset;
		if (!walk__ip(walk, 0))
			return PARTIAL_YES;
		return walk->next == FLOW_END ? PARTIAL_NO : PARTIAL_GO_ON; /* a fragment */
	case NEXTHDR_HOP:
	case NEXTHDR_DESTINATION:
		return walk->is_six && walk__extension(walk) ? PARTIAL_GO_ON : PARTIAL_YES;
	case IP_PROTOCOL_GRE:
		return walk__partial_gre(walk);
	case IP_PROTOCOL_UDP:
		return walk__is_partial(walk, *ip_inout) ? PARTIAL_YES : walk__partial_udp(walk);
	case IP_PROTOCOL_TCP:
	case IP_PROTOCOL_SCTP:
		return walk__is_partial(walk, *ip_inout) ? PARTIAL_YES : PARTIAL_NO;
	case NEXTHDR_ROUTING:
	case IP_PROTOCOL_MPLS:
		return PARTIAL_YES;
	default:
		return PARTIAL_NO;
	}
}

/* As xfib_flow_hash_xdp(). */
__noinline int xfib_is_partial(struct xdp_md *ctx, __u32 offset, __u32 protocol)
{
	struct walk walk = { .ctx = ctx, .offset = offset, .next = protocol };
	enum partial partial = PARTIAL_GO_ON;
	__u32 ip = offset;

	for (__u32 i = 0; i < PARTIAL_HEADERS && partial == PARTIAL_GO_ON; i++)
		partial = walk__partial_step(&walk, &ip);
	return partial != PARTIAL_NO;
}

/* ---- any packet ---- */

static __always_inline bool protocol__has_checksum(__u32 protocol)
{
	return protocol == IP_PROTOCOL_TCP || protocol == IP_PROTOCOL_UDP || protocol == IP_PROTOCOL_SCTP;
}

/* Of a packet that packet__decide() called forwarded. */
static __always_inline bool packet__is_partial(const struct packet *packet)
{
	const struct ethhdr *eth = packet->data;
	const struct ipv6hdr *ip6 = (const void *)(eth + 1);
	const struct iphdr *ip = (const void *)(eth + 1);
	__u32 offset = ETH_HLEN + packet->tag_bytes;
	const __u32 *word;

	if (!(packet->link->flags & XFIB_LINK_SOFTWARE) || (void *)(ip + 1) > packet->data_end)
		return false;
	if (eth->h_proto == bpf_htons(ETH_P_IP)) {
		if (ip->frag_off & bpf_htons(0x3fff))
			return false;
		if (!protocol__has_checksum(ip->protocol) ||
		    (ip->protocol == IP_PROTOCOL_UDP && udp__is_tunnel(packet, (const void *)(ip + 1))))
			return xfib_is_partial(packet->ctx, offset, IP_PROTOCOL_IPIP);
		return l4__is_partial(packet, (const void *)(ip + 1), (__u64)ip->saddr + ip->daddr, ip->protocol,
				      bpf_ntohs(ip->tot_len) - sizeof(*ip));
	}
	if ((void *)(ip6 + 1) > packet->data_end)
		return false;
	if (!protocol__has_checksum(ip6->nexthdr) ||
	    (ip6->nexthdr == IP_PROTOCOL_UDP && udp__is_tunnel(packet, (const void *)(ip6 + 1))))
		return xfib_is_partial(packet->ctx, offset, IP_PROTOCOL_IPV6);
	word = (const void *)&ip6->saddr;
	return l4__is_partial(packet, (const void *)(ip6 + 1),
			      (__u64)word[0] + word[1] + word[2] + word[3] + word[4] + word[5] + word[6] + word[7], ip6->nexthdr,
			      bpf_ntohs(ip6->payload_len));
}

#endif
