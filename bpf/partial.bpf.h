/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Packets whose sender is on this machine (behind a veth pair, a tap device, …) and left the checksum to the device: TCP and
 * UDP have the sum of the pseudo header in its place, SCTP and GRE have 0. An skb says so; a frame that XDP redirects has
 * only its bytes, and its receiver would drop it. So these go up to the kernel, which knows.
 *
 * The checksum that is left may be that of a packet in a tunnel. The headers are walked along to it; what cannot be told
 * goes up: what is in a tunnel over UDP, in one of a rare kind, behind a routing header, with which the pseudo header has
 * another destination, or where headers end too early. The kernel leaves none in fragments, nor in what IPsec made.
 *
 * Of packets whose checksum is right one in 65,535 looks the same and goes up too. Cost: 15 instructions, for ports that
 * are no hardware only; a walk like that of flow.bpf.h for extension headers and tunnels.
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
	if (protocol == IP_PROTOCOL_UDP && udp__may_be_tunnel(*(const __be16 *)(l4 + 2), *field))
		return true;
	return pseudo__sum(sum, protocol, length) == *field;
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
	if (walk->next == IP_PROTOCOL_UDP) {
		field >>= 16;
		if (!walk__load(walk, walk->offset, &word, 1) || udp__may_be_tunnel(word >> 16, field))
			return true;
	}
	if (!walk__load(walk, walk->is_six ? ip + 4 : ip, &word, 1) ||
	    !(walk->is_six ? walk__load(walk, ip + 8, address, 8) : walk__load(walk, ip + 12, address, 2)))
		return true;
	for (int i = 0; i < 8; i++)
		sum += address[i];
	length = walk->is_six ? bpf_ntohs(word) + 40 : bpf_ntohs(word >> 16);
	return pseudo__sum(sum, walk->next, length + ip - walk->offset) == (__be16)field;
}

enum partial { PARTIAL_NO, PARTIAL_YES, PARTIAL_GO_ON };

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
		return walk__ip(walk, 0) ? PARTIAL_GO_ON : PARTIAL_YES;
	case NEXTHDR_HOP:
	case NEXTHDR_DESTINATION:
		return walk->is_six && walk__extension(walk) ? PARTIAL_GO_ON : PARTIAL_YES;
	case IP_PROTOCOL_GRE:
		return walk__partial_gre(walk);
	case IP_PROTOCOL_TCP:
	case IP_PROTOCOL_UDP:
	case IP_PROTOCOL_SCTP:
		return walk__is_partial(walk, *ip_inout) ? PARTIAL_YES : PARTIAL_NO;
	case NEXTHDR_ROUTING:
	case IP_PROTOCOL_ETHERIP:
	case IP_PROTOCOL_L2TP:
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
		if (!protocol__has_checksum(ip->protocol))
			return xfib_is_partial(packet->ctx, offset, IP_PROTOCOL_IPIP);
		return l4__is_partial(packet, (const void *)(ip + 1), (__u64)ip->saddr + ip->daddr, ip->protocol,
				      bpf_ntohs(ip->tot_len) - sizeof(*ip));
	}
	if ((void *)(ip6 + 1) > packet->data_end)
		return false;
	if (!protocol__has_checksum(ip6->nexthdr))
		return xfib_is_partial(packet->ctx, offset, IP_PROTOCOL_IPV6);
	word = (const void *)&ip6->saddr;
	return l4__is_partial(packet, (const void *)(ip6 + 1),
			      (__u64)word[0] + word[1] + word[2] + word[3] + word[4] + word[5] + word[6] + word[7], ip6->nexthdr,
			      bpf_ntohs(ip6->payload_len));
}

#endif
