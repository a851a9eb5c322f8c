/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * VLAN tags: which device a tagged frame came by, and sending by a VLAN
 * device.
 *
 * XDP finds tags in the frame, TC the outer one taken off already. What XDP
 * sends by a VLAN device goes to the one below, with the tags that the devices
 * between would have put on; TC sends by the VLAN device itself.
 *
 * Cost: a hash look-up for each tag of a frame that comes; a look-up of the
 * link for one that leaves with tags. Frames without tags pay a dozen
 * instructions.
 */
#ifndef XFIB_VLAN_BPF_H
#define XFIB_VLAN_BPF_H

#define VLAN_ID 0x0fff /* of a tag; the rest is priority */
#define XFIB_SMAC_VLAN 48 /* where xfib_nexthop.vlan is in the word with the source MAC address */

/* Most bytes of tags, as a mask. */
#define TAG_BYTES 0xc

struct vlan_header {
	__be16 tci;
	__be16 ethertype; /* of what is behind it */
};

static __always_inline bool ethertype__is_tag(__be16 type)
{
	return type == bpf_htons(ETH_P_8021Q) || type == bpf_htons(ETH_P_8021AD);
}

enum tag { TAG_FOLLOWED, TAG_PRIORITY, TAG_UNKNOWN };

/* Goes on with the VLAN device that takes a tag off. Without one, VID 0 means the same device (vlan_do_receive()). */
static __always_inline enum tag packet__follow_tag(struct packet *packet, struct xfib_vlan_tag tag)
{
	const __u32 wanted = XFIB_LINK_UP | XFIB_LINK_ETHERNET;
	struct xfib_vlan_key key = { packet->ifindex, { tag.protocol, tag.id & bpf_htons(VLAN_ID) } };
	const __u32 *ifindex = bpf_map_lookup_elem(&xfib_vlans, &key);
	const struct xfib_link *link;
	__u32 slot = 0;

	if (!ifindex)
		return key.tag.id ? TAG_UNKNOWN : TAG_PRIORITY;
	link = xfib_link__find(*ifindex, &slot);
	if (!link || (link->flags & wanted) != wanted)
		return TAG_UNKNOWN;
	packet->ifindex = link->ifindex;
	packet->link = link;
	packet->link_slot = slot;
	return TAG_FOLLOWED;
}

/*
 * Check 4: the tags of a frame, at most XFIB_VLAN_TAGS. A tag behind a priority tag is left to the kernel, of which not
 * every version looks at it.
 */
static __always_inline enum xfib_reason packet__follow_tags(struct packet *packet)
{
	const struct ethhdr *eth = packet->frame;
	const struct vlan_header *header = (const void *)(eth + 1);
	enum tag tag = TAG_FOLLOWED;
	__be16 type = packet->ethertype;
	__u32 count = 0;

	if (!packet->is_skb && packet->link->flags & XFIB_LINK_TAGS_HIDDEN)
		return XFIB_REASON_VLAN;
	if (packet->is_tagged) {
		tag = packet__follow_tag(packet, packet->tag);
		count++;
	}
#pragma unroll
	for (int i = 0; i < XFIB_VLAN_TAGS; i++) {
		if (tag == TAG_UNKNOWN)
			return XFIB_REASON_VLAN;
		if (!ethertype__is_tag(type))
			break;
		if (tag == TAG_PRIORITY || count == XFIB_VLAN_TAGS)
			return XFIB_REASON_VLAN;
		if ((const void *)(header + 1) > packet->data_end)
			return XFIB_REASON_TRUNCATED;
		tag = packet__follow_tag(packet, (struct xfib_vlan_tag){ type, header->tci });
		type = header->ethertype;
		header++;
		count++;
	}
	if (tag == TAG_UNKNOWN || ethertype__is_tag(type))
		return XFIB_REASON_VLAN;
	packet->tag_bytes = (const void *)header - (const void *)(eth + 1);
	packet->ethertype = type;
	return XFIB_REASON_FORWARDED;
}

/*
 * From here on the frame is one without tags. What is added is nothing, but the verifier does not know that: if it could
 * tell frames with one tag from those without, it would go through the decision once for each.
 */
static __always_inline void packet__skip_tags(struct packet *packet)
{
	packet->tag_bytes = (packet->tag_bytes + packet->link->zero) & TAG_BYTES;
	packet->data = packet->frame + packet->tag_bytes;
	packet->length = packet->frame_length;
	/* Or the compiler subtracts the sum of two halves of pointers, which the verifier does not accept. */
	asm volatile("" : "+r"(packet->length));
	packet->length -= packet->tag_bytes;
}

/* A frame in several buffers that is redirected to a driver which takes only one is lost. */
static __always_inline bool xdp__takes_frags(__u32 ifindex)
{
	__u32 slot;
	const struct xfib_link *link = xfib_link__find(ifindex, &slot);

	return link && link->flags & XFIB_LINK_REDIRECT_FRAGS;
}

/* The tags of a VLAN device, to be put on, and where frames go by it. */
struct tagging {
	struct xfib_vlan_tag tag[XFIB_VLAN_TAGS];
	__u32 bytes;
	__u32 ifindex;
};

static __always_inline bool tagging__find(__u32 ifindex, __u32 length, struct tagging *ret_tagging)
{
	__u32 slot;
	const struct xfib_link *link = xfib_link__find(ifindex, &slot);

	if (!link)
		return false;
	ret_tagging->ifindex = link->vlan_device;
	ret_tagging->bytes = link->vlan_bytes & TAG_BYTES;
	__builtin_memcpy(ret_tagging->tag, link->vlan, sizeof(link->vlan));
	return ret_tagging->ifindex && length + ret_tagging->bytes <= link->vlan_frame;
}

/* Writes MAC addresses and tags, and lowers the TTL. The EtherType of the packet stays where it is, right before it. */
static __always_inline bool frame__write(struct xdp_md *ctx, __u64 dmac, __u64 smac, const struct tagging *tagging)
{
	const struct egress egress = { .dmac_word = dmac, .smac_word = smac };
	void *frame = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end, *eth = frame + tagging->bytes;

	if (frame + ETH_HLEN + sizeof(tagging->tag) > data_end || eth + ETH_HLEN + sizeof(struct iphdr) > data_end)
		return false;
	mac__write(frame, &egress);
	if (tagging->bytes)
		__builtin_memcpy(frame + 2 * ETH_ALEN, &tagging->tag[0], sizeof(tagging->tag[0]));
	if (tagging->bytes > sizeof(tagging->tag[0]))
		__builtin_memcpy(frame + 2 * ETH_ALEN + sizeof(tagging->tag[0]), &tagging->tag[1], sizeof(tagging->tag[1]));
	ip__lower_ttl(eth);
	return true;
}

/*
 * Sends a frame that came or leaves with tags: a reason. All that may fail is
 * done before anything is written: then the frame goes up as it came. Global,
 * and with arguments that are numbers, so that the frames without tags pay
 * nothing for it; used by XDP only. `length_and_tags`: bytes of the whole
 * frame in the upper half, those of its tags in the lower one.
 */
__noinline int xfib_send_tagged(struct xdp_md *ctx, __u32 ifindex, __u64 length_and_tags, __u64 dmac, __u64 smac)
{
	void *data_end = (void *)(long)ctx->data_end, *data = (void *)(long)ctx->data;
	__u32 length = length_and_tags >> 32, tag_bytes = length_and_tags & TAG_BYTES, first = data_end - data;
	struct tagging tagging = { .ifindex = ifindex };

	asm volatile("" : "+r"(first)); /* or the compiler keeps the pointers, halves of which the verifier does not accept */
	if (smac >> XFIB_SMAC_VLAN && !tagging__find(ifindex, length - tag_bytes, &tagging))
		return XFIB_REASON_NO_REDIRECT;
	if (length > first && !xdp__takes_frags(tagging.ifindex))
		return XFIB_REASON_NO_REDIRECT;
	if (bpf_redirect_map(&xfib_tx, tagging.ifindex, XDP_PASS) != XDP_REDIRECT)
		return XFIB_REASON_NO_REDIRECT;
	/* It fails where there is no room for a tag before the frame. */
	if (tag_bytes != tagging.bytes && bpf_xdp_adjust_head(ctx, (int)tag_bytes - (int)tagging.bytes))
		return XFIB_REASON_NO_REDIRECT;
	/* A packet that is forwarded has an IP header, so this is always so. */
	return frame__write(ctx, dmac, smac, &tagging) ? XFIB_REASON_FORWARDED : XFIB_REASON_NO_REDIRECT;
}

/*
 * Takes all tags off what is about to be sent: each call takes off the outer one, and the next one out of the frame. It
 * cannot fail, for the headers are linear and nobody else's since the program has written to them.
 */
static __always_inline void skb__pop_tags(struct __sk_buff *skb, __u32 tag_bytes)
{
	__u32 count = !!skb->vlan_present + tag_bytes / sizeof(struct vlan_header);

	if (likely(!count))
		return;
	bpf_skb_vlan_pop(skb);
	if (count > 1)
		bpf_skb_vlan_pop(skb);
}

#endif
