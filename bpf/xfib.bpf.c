// SPDX-License-Identifier: GPL-2.0-only
/* Entry points only: what a hook gives a program, and how its verdict is returned there. */
#include "vmlinux.h"
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include <xfib/abi.h>
#include <xfib/bpf_rib.h>
#include <xfib/lookup.h>

#include "compat.bpf.h"
#include "maps.bpf.h"
#include "packet.bpf.h"
#include "rib.bpf.h"
#include "plan.bpf.h"
#include "stats.bpf.h"
#include "route_stats.bpf.h"
#include "flow.bpf.h"
#include "forward.bpf.h"
#include "partial.bpf.h"

/* `length` of the whole frame. */
static __always_inline struct packet xdp__packet(struct xdp_md *ctx, __u32 length)
{
	return (struct packet){
		.ctx = ctx,
		.frame = (void *)(long)ctx->data,
		.data_end = (void *)(long)ctx->data_end,
		.frame_length = length,
		.ifindex = ctx->ingress_ifindex,
	};
}

/* What becomes of a packet, which is rewritten if it is forwarded. */
static __always_inline enum xfib_reason xdp__treat(struct packet *packet, struct egress *egress, bool frags)
{
	enum xfib_reason reason = packet__decide(packet, egress);

	if (unlikely(reason != XFIB_REASON_FORWARDED))
		return reason;
	if (packet__is_partial(packet))
		return XFIB_REASON_PARTIAL_CHECKSUM;
	if (unlikely(packet->tag_bytes || egress->smac_word >> XFIB_SMAC_VLAN))
		return xfib_send_tagged(packet->ctx, egress->ifindex, (__u64)packet->frame_length << 32 | packet->tag_bytes,
					egress->dmac_word, egress->smac_word);
	if (frags && packet->length > packet->data_end - packet->data && !xdp__takes_frags(egress->ifindex))
		return XFIB_REASON_NO_REDIRECT;
	if (unlikely(bpf_redirect_map(&xfib_tx, egress->ifindex, XDP_PASS) != XDP_REDIRECT))
		return XFIB_REASON_NO_REDIRECT;
	packet__rewrite(packet, packet->data, egress);
	return XFIB_REASON_FORWARDED;
}

static __always_inline int xdp__run(struct xdp_md *ctx, __u32 length, bool frags)
{
	struct packet packet = xdp__packet(ctx, length);
	struct egress egress = {};
	enum xfib_reason reason = xdp__treat(&packet, &egress, frags);

	stats__count(packet.link_slot, reason, packet.frame_length);
	if (likely(reason == XFIB_REASON_FORWARDED)) {
		stats__count_nexthop(egress.nexthop, packet.frame_length);
		stats__count_route(egress.route, packet.frame_length);
		return XDP_REDIRECT;
	}
	return reason == XFIB_REASON_BLACKHOLE ? XDP_DROP : XDP_PASS;
}

SEC("xdp")
int xfib_xdp(struct xdp_md *ctx)
{
	return xdp__run(ctx, ctx->data_end - ctx->data, false);
}

/*
 * For ports whose frames may be in several buffers: a larger MTU than a page holds. All headers are in the first one, or
 * else the packet goes up. A program of its own, since a driver that knows that one takes such frames leaves large segments
 * whole (veth), which then are beyond the MTU, and since the length is asked for by a call.
 */
SEC("xdp")
int xfib_xdp_frags(struct xdp_md *ctx)
{
	return xdp__run(ctx, bpf_xdp_get_buff_len(ctx), true);
}

/*
 * The same for BPF_PROG_RUN: what it returns is the reason and the next hop, and nobody notices that it ran. It is never
 * attached.
 */
SEC("xdp")
int xfib_explain(struct xdp_md *ctx)
{
	struct packet packet = xdp__packet(ctx, ctx->data_end - ctx->data);
	struct egress egress = { .is_dry = true };
	enum xfib_reason reason = xdp__treat(&packet, &egress, false);

	return reason | egress.nexthop << XFIB_EXPLAIN_NEXTHOP;
}

/* Bytes of headers that the decision may read: Ethernet, a VLAN tag within another one, IPv6, TCP without options. */
#define HEADERS (ETH_HLEN + 4 + 40 + 20)

SEC("tc")
int xfib_tc(struct __sk_buff *skb)
{
	struct packet packet = {
		.ctx = skb,
		.is_skb = true,
		.frame_length = skb->len,
		.ifindex = skb->ingress_ifindex,
		.gso_size = skb->gso_size,
		.is_tagged = skb->vlan_present,
		.tag = { skb->vlan_proto, bpf_htons(skb->vlan_tci) },
	};
	struct egress egress = {};
	enum xfib_reason reason;
	int action = TC_ACT_OK;

	if ((void *)(long)skb->data + HEADERS > (void *)(long)skb->data_end)
		bpf_skb_pull_data(skb, skb->len < HEADERS ? skb->len : HEADERS);
	/* Without this the compiler keeps skb + constant in registers, which the verifier does not accept. */
	asm volatile("" : "+r"(skb));
	packet.frame = (void *)(long)skb->data;
	packet.data_end = (void *)(long)skb->data_end;
	reason = packet__decide(&packet, &egress);
	if (likely(reason == XFIB_REASON_FORWARDED)) {
		/* The one byte of IPv6 that changes is not in a checksum of its own, so the whole packet's has to follow. */
		if (packet__rewrite(&packet, packet.frame, &egress))
			bpf_csum_update(skb, ~(__u32)bpf_htons(1));
		else
			skb->priority = ip4__priority(packet.data + ETH_HLEN);
		skb__pop_tags(skb, packet.tag_bytes);
		action = (int)bpf_redirect(egress.ifindex, 0);
		stats__count_nexthop(egress.nexthop, packet.frame_length);
		stats__count_route(egress.route, packet.frame_length);
	} else if (reason == XFIB_REASON_BLACKHOLE) {
		action = TC_ACT_SHOT;
	}
	stats__count(packet.link_slot, reason, packet.frame_length);
	return action;
}

char LICENSE[] SEC("license") = "GPL";
