/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Packets whose sender is on this machine (behind a veth pair, a tap device, …) and left the checksum to the device: TCP and
 * UDP have the sum of the pseudo header in its place, SCTP has 0. An skb says so; a frame that XDP redirects has only its
 * bytes, and its receiver would drop it. So these go up to the kernel, which knows.
 *
 * The kernel leaves none so in a fragment, or behind headers that its own protocols do not send. Of packets whose checksum
 * is right one in 65,535 looks the same and goes up too. Cost: 15 instructions, for ports that are no hardware only.
 */
#ifndef XFIB_PARTIAL_BPF_H
#define XFIB_PARTIAL_BPF_H

/* `sum` is that of the words of both addresses, `length` that of what is behind the IP header. */
static __always_inline bool l4__is_partial(const struct packet *packet, const __u8 *l4, __u64 sum, __u32 protocol, __u32 length)
{
	const __u16 *field = (const void *)(l4 + (protocol == IP_PROTOCOL_TCP ? 16 : protocol == IP_PROTOCOL_UDP ? 6 : 8));

	if (protocol == IP_PROTOCOL_SCTP)
		return (void *)(field + 2) <= packet->data_end && !(field[0] | field[1]);
	if ((protocol != IP_PROTOCOL_TCP && protocol != IP_PROTOCOL_UDP) || (void *)(field + 1) > packet->data_end)
		return false;
	sum += bpf_htons(protocol) + bpf_htons(length);
	sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum == *field;
}

/* Of a packet that packet__decide() called forwarded. */
static __always_inline bool packet__is_partial(const struct packet *packet)
{
	const struct ethhdr *eth = packet->data;
	const struct ipv6hdr *ip6 = (const void *)(eth + 1);
	const struct iphdr *ip = (const void *)(eth + 1);
	const __u32 *word;

	if (!(packet->link->flags & XFIB_LINK_SOFTWARE) || (void *)(ip + 1) > packet->data_end)
		return false;
	if (eth->h_proto == bpf_htons(ETH_P_IP))
		return !(ip->frag_off & bpf_htons(0x3fff)) &&
		       l4__is_partial(packet, (const void *)(ip + 1), (__u64)ip->saddr + ip->daddr, ip->protocol,
				      bpf_ntohs(ip->tot_len) - sizeof(*ip));
	if ((void *)(ip6 + 1) > packet->data_end)
		return false;
	word = (const void *)&ip6->saddr;
	return l4__is_partial(packet, (const void *)(ip6 + 1),
			      (__u64)word[0] + word[1] + word[2] + word[3] + word[4] + word[5] + word[6] + word[7], ip6->nexthdr,
			      bpf_ntohs(ip6->payload_len));
}

#endif
