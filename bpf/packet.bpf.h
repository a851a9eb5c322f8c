/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One packet on its way through a program, the same for XDP and TC: what is
 * known of it before its headers are read, and what the decision found.
 */
#ifndef XFIB_PACKET_BPF_H
#define XFIB_PACKET_BPF_H

struct packet {
	void *ctx;       /* xdp_md or __sk_buff */
	bool is_skb;     /* the latter */
	void *frame;     /* where it begins */
	void *data;      /* Ethernet header: `frame`, or as many bytes behind it as its VLAN tags have */
	void *data_end;  /* end of what may be read directly */
	__u32 frame_length; /* of the whole frame, bytes: XDP may read only what is in its first buffer */
	__u32 length;    /* likewise, without its tags */
	__u32 tag_bytes; /* of the tags in the frame */
	__u32 ifindex;   /* ingress; once the tags have been followed, their VLAN device */
	__u32 gso_size;  /* TC: payload bytes of each segment, 0 for a single packet */
	bool is_tagged;  /* TC: this tag has been taken off the frame already */
	struct xfib_vlan_tag tag;
	__be16 ethertype; /* behind the tags */
	bool group_mac;  /* sent to a multicast or broadcast MAC address */
	const struct xfib_link *link; /* ingress */
	__u32 link_slot; /* of `link` in xfib_links, 0 if there is none */
};

/* What the frame becomes, where the reason is XFIB_REASON_FORWARDED. */
struct egress {
	bool is_dry;     /* in: nobody is to notice: no event, no next hop changes its state */
	__u32 route;     /* first one of the prefix, if packets are counted by route */
	__u32 nexthop;   /* id, whatever the reason; XFIB_NONE: the packet did not come so far */
	__u32 ifindex;
	__u64 dmac_word; /* as in struct xfib_nexthop: MAC address in the first six bytes */
	__u64 smac_word; /* likewise; above it xfib_nexthop.vlan */
};

#endif
