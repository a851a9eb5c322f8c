/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hash of the flow of a packet, by which it takes one of several paths: of
 * the fields in xfib_state.hash4 and hash6, which are those of the kernel's
 * fib_multipath_hash_policy. The kernel's own hash has a secret; which path a
 * flow gets is another one here, but it is one.
 *
 * What policy 0 needs of nearly every packet lies in its IP header and is read
 * where the decision is made. All else is the work of a global function, which
 * walks along the headers as the kernel's dissector does (__skb_flow_dissect()):
 * past IPv6 extension headers, into IP in IP and GRE where inner fields count.
 * A fragment has no ports, the first one neither, for the others' sake.
 *
 * Cost: nothing for routes of a single path; by policy 0 four multiplications,
 * twelve for IPv6; else some dozen instructions for each header.
 */
#ifndef XFIB_FLOW_BPF_H
#define XFIB_FLOW_BPF_H

#define FLOW_HEADERS 8 /* what is further in does not count */
#define FLOW_REACH 0x1fff /* bytes of a packet within which headers are read */
#define FLOW_END 256 /* no protocol: nothing more to read */

/* A walk along the headers of a packet. */
struct walk {
	void *ctx; /* xdp_md or __sk_buff */
	bool is_skb;
	bool is_six;   /* the last IP header was of IPv6 */
	__u32 offset;  /* of the header that is read next */
	__u32 next;    /* its protocol; IPIP and IPV6 are IP headers */
	__u32 fields;  /* XFIB_HASH_* that count of the packet whose headers are being read; what was read of it: */
	__u64 addresses;
	__u32 ports, protocol, label;
};

/* Reads words at an offset; false, and nothing read, where the packet does not have them. */
static __always_inline bool walk__load(const struct walk *walk, __u32 offset, __u32 *ret_words, __u32 count)
{
	const struct xdp_md *xdp = walk->ctx;
	const __u32 *words;

	if (walk->is_skb)
		return !bpf_skb_load_bytes(walk->ctx, offset, ret_words, count * sizeof(*words));
	offset &= FLOW_REACH;
	asm volatile("" : "+r"(offset)); /* or the compiler leaves out what the verifier has to see */
	words = (void *)(long)xdp->data + offset;
	if ((void *)(words + count) > (void *)(long)xdp->data_end)
		return false;
	for (__u32 i = 0; i < count; i++)
		ret_words[i] = words[i];
	return true;
}

static __always_inline bool walk__ip4(struct walk *walk, __u32 fields)
{
	__u32 words[5], header;

	if (!walk__load(walk, walk->offset, words, 5))
		return false;
	header = (words[0] & 0xf) * 4;
	walk->is_six = false;
	walk->fields = fields;
	walk->ports = walk->label = 0;
	walk->addresses = xfib_hash__addresses4(fields & XFIB_HASH_SOURCE ? words[3] : 0,
						fields & XFIB_HASH_DESTINATION ? words[4] : 0);
	walk->protocol = (bpf_ntohl(words[2]) >> 16) & 0xff;
	walk->next = bpf_ntohl(words[1]) & 0x3fff || header < sizeof(words) ? FLOW_END : walk->protocol;
	walk->offset += header;
	return true;
}

static __always_inline bool walk__ip6(struct walk *walk, __u32 fields)
{
	__u32 words[10], none[4] = {};

	if (!walk__load(walk, walk->offset, words, 10))
		return false;
	walk->is_six = true;
	walk->fields = fields;
	walk->ports = 0;
	walk->addresses = xfib_hash__addresses6(fields & XFIB_HASH_SOURCE ? words + 2 : none,
						fields & XFIB_HASH_DESTINATION ? words + 6 : none);
	walk->label = bpf_ntohl(words[0]) & 0xfffff;
	walk->protocol = (bpf_ntohl(words[1]) >> 8) & 0xff;
	walk->next = walk->protocol;
	walk->offset += sizeof(words);
	return true;
}

/* An IP header of a packet of which `fields` count. Where there is none, what was read of the one around it still does. */
static __always_inline bool walk__ip(struct walk *walk, __u32 fields)
{
	return walk->next == IP_PROTOCOL_IPV6 ? walk__ip6(walk, fields) : walk__ip4(walk, fields);
}

/* An IPv6 extension header that can be skipped, or a fragment header, behind which there is nothing to read. */
static __always_inline bool walk__extension(struct walk *walk)
{
	__u32 word;

	if (!walk->is_six || !walk__load(walk, walk->offset, &word, 1))
		return false;
	walk->protocol = bpf_ntohl(word) >> 24;
	if (walk->next == NEXTHDR_FRAGMENT)
		return false;
	walk->next = walk->protocol;
	walk->offset += (((bpf_ntohl(word) >> 16) & 0xff) + 1) * 8;
	return true;
}

/* GRE of version 0 without routing: IPv4, IPv6, or a frame with one of them. */
static __always_inline bool walk__gre(struct walk *walk)
{
	__u32 word, type;

	if (!walk__load(walk, walk->offset, &word, 1) || bpf_ntohl(word) & 0x40070000)
		return false;
	word = bpf_ntohl(word);
	type = word & 0xffff;
	/* a checksum, a key, a sequence number */
	walk->offset += 4 + ((word >> 31) + ((word >> 29) & 1) + ((word >> 28) & 1)) * 4;
	if (type == ETH_P_TEB) {
		if (!walk__load(walk, walk->offset + 12, &word, 1))
			return false;
		type = bpf_ntohl(word) >> 16;
		walk->offset += ETH_HLEN;
	}
	walk->next = type == ETH_P_IP ? IP_PROTOCOL_IPIP : IP_PROTOCOL_IPV6;
	return type == ETH_P_IP || type == ETH_P_IPV6;
}

/* The ports, and what the kernel takes for them (proto_ports_offset()): a security association's number. */
static __always_inline void walk__ports(struct walk *walk)
{
	__u32 word;

	if (walk__load(walk, walk->offset + (walk->next == IP_PROTOCOL_AH ? 4 : 0), &word, 1))
		walk->ports = bpf_ntohl(word);
}

static __always_inline __u32 walk__hash(const struct walk *walk, __u32 seed)
{
	return xfib_hash__flow(walk->addresses,
			       xfib_hash__rest(walk->fields & XFIB_HASH_SOURCE_PORT ? walk->ports >> 16 : 0,
					       walk->fields & XFIB_HASH_DESTINATION_PORT ? walk->ports & 0xffff : 0,
					       walk->fields & XFIB_HASH_PROTOCOL ? walk->protocol : 0,
					       walk->fields & XFIB_HASH_FLOW_LABEL ? walk->label : 0), seed);
}

static __always_inline bool icmp__is_error(bool is_six, __u32 type)
{
	if (is_six)
		return type >= 1 && type <= 4;
	return type == 3 || type == 4 || type == 5 || type == 11 || type == 12; /* icmp_is_err() */
}

/* Policy 0 (ip_multipath_l3_keys()): the packet, or that which the ICMP error in it is about. */
static __always_inline void walk__error(struct walk *walk, __u32 fields)
{
	__u32 word;

	if (!walk__ip(walk, fields) || walk->next != (walk->is_six ? IP_PROTOCOL_ICMPV6 : IP_PROTOCOL_ICMP) ||
	    !walk__load(walk, walk->offset, &word, 1) || !icmp__is_error(walk->is_six, bpf_ntohl(word) >> 24))
		return;
	walk->offset += 8;
	walk->next = walk->is_six ? IP_PROTOCOL_IPV6 : IP_PROTOCOL_IPIP;
	walk__ip(walk, fields);
}

/* Reads one header; `fields` count if it is an IP header, `inner` of a packet within. False: the walk ends here. */
static __always_inline bool walk__step(struct walk *walk, __u32 fields, __u32 inner)
{
	switch (walk->next) {
	case IP_PROTOCOL_IPIP:
	case IP_PROTOCOL_IPV6:
		return walk__ip(walk, fields);
	case IP_PROTOCOL_GRE:
		return inner && walk__gre(walk);
	case NEXTHDR_HOP:
	case NEXTHDR_ROUTING:
	case NEXTHDR_FRAGMENT:
	case NEXTHDR_DESTINATION:
		return walk__extension(walk);
	case IP_PROTOCOL_TCP:
	case IP_PROTOCOL_UDP:
	case IP_PROTOCOL_DCCP:
	case IP_PROTOCOL_ESP:
	case IP_PROTOCOL_AH:
	case IP_PROTOCOL_SCTP:
	case IP_PROTOCOL_UDPLITE:
		walk__ports(walk);
		return false;
	default:
		return false;
	}
}

/* Policies 1 to 3. `seed` becomes that of the outer packet's hash where inner fields count beside it. */
static __always_inline void walk__all(struct walk *walk, __u32 how, __u32 *seed)
{
	__u32 inner = how >> XFIB_HASH_INNER & XFIB_HASH_OUTER_FIELDS, fields = how & XFIB_HASH_OUTER_FIELDS;
	bool is_inner = false;

	for (__u32 i = 0; i < FLOW_HEADERS; i++) {
		if (i && (walk->next == IP_PROTOCOL_IPIP || walk->next == IP_PROTOCOL_IPV6)) {
			if (!inner)
				break;
			if (!is_inner && how >> XFIB_HASH_POLICY == XFIB_HASH_CUSTOM)
				*seed ^= walk__hash(walk, *seed);
			is_inner = true;
			fields = inner;
		}
		if (!walk__step(walk, fields, inner))
			break;
	}
}

static __always_inline __u32 flow__read(struct walk *walk)
{
	const struct xfib_state *state;
	__u32 zero = 0, how, seed;

	state = bpf_map_lookup_elem(&xfib_state, &zero);
	if (!state)
		return 0;
	how = walk->next == IP_PROTOCOL_IPV6 ? state->hash6 : state->hash4;
	seed = state->hash_seed;
	if (how >> XFIB_HASH_POLICY == XFIB_HASH_L3)
		walk__error(walk, how & XFIB_HASH_OUTER_FIELDS);
	else
		walk__all(walk, how, &seed);
	return walk__hash(walk, seed);
}

/* The 31-bit hash of a packet whose IP header is at `offset`; `protocol` is IPIP or IPV6. Global, so that they are verified once. */
__noinline __u32 xfib_flow_hash_xdp(struct xdp_md *ctx, __u32 offset, __u32 protocol)
{
	struct walk walk = { .ctx = ctx, .offset = offset, .next = protocol };

	return flow__read(&walk);
}

__noinline __u32 xfib_flow_hash_tc(struct __sk_buff *skb, __u32 offset, __u32 protocol)
{
	struct walk walk = { .ctx = skb, .is_skb = true, .offset = offset, .next = protocol };

	return flow__read(&walk);
}

static __always_inline __u32 flow__hash(const struct packet *packet, const void *ip, __u32 protocol)
{
	__u32 offset = ip - packet->data + packet->tag_bytes;

	return packet->is_skb ? xfib_flow_hash_tc(packet->ctx, offset, protocol) :
				xfib_flow_hash_xdp(packet->ctx, offset, protocol);
}

/* The hash of an IPv4 packet: by policy 0 and unless it may be an ICMP error, its addresses are all that is read. */
static __always_inline __u32 flow4__hash(const struct packet *packet, const struct xfib_state *state, const struct iphdr *ip)
{
	if (unlikely(state->hash4 >> XFIB_HASH_POLICY || ip->protocol == IP_PROTOCOL_ICMP))
		return flow__hash(packet, ip, IP_PROTOCOL_IPIP);
	return xfib_hash__flow(xfib_hash__addresses4(ip->saddr, ip->daddr), 0, state->hash_seed);
}

/* Likewise of an IPv6 packet, its addresses and flow label. */
static __always_inline __u32 flow6__hash(const struct packet *packet, const struct xfib_state *state, const struct ipv6hdr *ip6)
{
	__u32 label = bpf_ntohl(*(const __u32 *)ip6) & 0xfffff;

	if (unlikely(state->hash6 >> XFIB_HASH_POLICY || ip6->nexthdr == IP_PROTOCOL_ICMPV6))
		return flow__hash(packet, ip6, IP_PROTOCOL_IPV6);
	return xfib_hash__flow(xfib_hash__addresses6((const void *)&ip6->saddr, (const void *)&ip6->daddr), label,
			       state->hash_seed);
}

#endif
