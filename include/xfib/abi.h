/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The memory that the BPF programs, the daemon and every reader share: the
 * structs in the pinned maps and the names of what can happen to a packet.
 *
 * Compiled by clang for BPF (after vmlinux.h) and by cc for user space, so it
 * has fixed-width members, explicit padding and asserted sizes only.
 *
 * Invariants that readers rely on, and the daemon, the only writer, keeps:
 *  - a route slot that a reader can reach does not change, except for `next`,
 *    which is one aligned store: a changed route is a new slot;
 *  - in a next hop only `mtu` and the two aligned 64-bit words of MAC
 *    addresses change, each by one store;
 *  - a slot that was released is used again only after a grace period for the
 *    BPF programs, and after `generation` has moved, which tells a reader in
 *    user space that a look-up under way may have seen a slot change its
 *    meaning, and must be repeated.
 *
 * Addresses are in network byte order, bytes as they stand in a packet; an
 * IPv4 address occupies the first four bytes of a 16-byte field and the rest
 * is zero. All numbers are in host byte order unless the comment says else.
 */
#ifndef XFIB_ABI_H
#define XFIB_ABI_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

#ifdef __cplusplus
#define XFIB_ASSERT_SIZE(type, size) static_assert(sizeof(type) == (size), #type)
#else
#define XFIB_ASSERT_SIZE(type, size) _Static_assert(sizeof(type) == (size), #type)
#endif

/* Changes whenever a struct or the meaning of a field below does. */
#define XFIB_LAYOUT 6

/* Address families as Linux numbers them; the BPF side has no <sys/socket.h>. */
#define XFIB_INET 2
#define XFIB_INET6 10

/* Route tables as the kernel numbers them (rtnetlink(7)). */
#define XFIB_TABLE_DEFAULT 253
#define XFIB_TABLE_MAIN 254
#define XFIB_TABLE_LOCAL 255

/* ---- verdicts and reasons ---- */

/* What happens to a packet: each reason below has exactly one. */
enum xfib_verdict {
	XFIB_VERDICT_PASS,     /* up to the kernel: XDP_PASS, TC_ACT_OK */
	XFIB_VERDICT_REDIRECT, /* forwarded here: XDP_REDIRECT, TC_ACT_REDIRECT */
	XFIB_VERDICT_DROP,     /* dropped here, as the kernel would: XDP_DROP, TC_ACT_SHOT */
};

/*
 * Every reason for a verdict: symbol, name, verdict, explanation. The
 * programs, `xfib stats`, the tests and the manual page all take it from here.
 */
#define XFIB_REASONS(X)                                                                                                \
	X(FORWARDED, "forwarded", REDIRECT, "sent out of the egress port by the fast path")                            \
	X(LOCAL, "local", PASS, "the destination is an address of this machine")                                       \
	X(BROADCAST, "broadcast", PASS, "IPv4 broadcast destination")                                                  \
	X(MULTICAST, "multicast", PASS, "multicast destination")                                                       \
	X(BLACKHOLE, "blackhole", DROP, "the best route is of type blackhole")                                         \
	X(UNREACHABLE, "unreachable", PASS, "route of type unreachable: the kernel answers with ICMP")                 \
	X(PROHIBIT, "prohibit", PASS, "route of type prohibit: the kernel answers with ICMP")                          \
	X(NO_ROUTE, "no_route", PASS, "no route covers the destination: the kernel answers with ICMP")                 \
	X(NO_NEIGHBOUR, "no_neighbour", PASS, "MAC address of the next hop not known yet: the kernel resolves it")     \
	X(NEXTHOP_DOWN, "nexthop_down", PASS, "the egress device is down")                                             \
	X(TTL_EXPIRED, "ttl_expired", PASS, "TTL or hop limit of 1 or 0: the kernel answers with ICMP")                \
	X(IP_OPTIONS, "ip_options", PASS, "IPv4 header with options")                                                  \
	X(HOP_BY_HOP, "hop_by_hop", PASS, "IPv6 hop-by-hop options, which every router has to read")                   \
	X(MTU_EXCEEDED, "mtu_exceeded", PASS, "larger than the MTU of route or egress: the kernel fragments or answers") \
	X(FORWARDING_OFF, "forwarding_off", PASS, "forwarding is disabled on the ingress port")                        \
	X(NOT_IP, "not_ip", PASS, "neither IPv4 nor IPv6: ARP, LLDP and others")                                       \
	X(VLAN, "vlan", PASS, "a VLAN tag that no device takes, or that only the kernel deals with")                     \
	X(OTHER_MAC, "other_mac", PASS, "destination MAC address is not that of the ingress port")                     \
	X(MALFORMED, "malformed", PASS, "IP version, header length or total length is impossible")                     \
	X(TRUNCATED, "truncated", PASS, "frame shorter than its headers say")                                          \
	X(BAD_CHECKSUM, "bad_checksum", PASS, "wrong IPv4 header checksum")                                            \
	X(TRAILER, "trailer", PASS, "bytes after the IP packet, beyond the padding of a short frame")                  \
	X(MARTIAN, "martian", PASS, "source or destination that must not be forwarded")                                \
	X(LINK_LOCAL, "link_local", PASS, "IPv6 link-local source or destination")                                     \
	X(RP_FILTER, "rp_filter", PASS, "source fails the reverse-path filter of the ingress port")                    \
	X(SAME_PORT, "same_port", PASS, "leaves by the port it came from: the kernel may send a redirect")             \
	X(NO_REDIRECT, "no_redirect", PASS, "the egress device cannot take redirected frames")                         \
	X(NOT_ETHERNET, "not_ethernet", PASS, "ingress or egress device without Ethernet headers")                     \
	X(UNSUPPORTED_ROUTE, "unsupported_route", PASS, "encapsulated or otherwise special route")                     \
	X(ENSLAVED, "enslaved", PASS, "the ingress port belongs to a bridge or bond")                             \
	X(POLICY_RULE, "policy_rule", PASS, "only the kernel can tell what the policy rules mean for the packet")                           \
	X(PARTIAL_CHECKSUM, "partial_checksum", PASS, "the sender, on this machine, left a checksum to the device, or may have: only the kernel knows") \
	X(UNKNOWN_PORT, "unknown_port", PASS, "no instance describes the ingress port")

enum xfib_reason {
#define XFIB_REASON_ENUM(symbol, name, verdict, text) XFIB_REASON_##symbol,
	XFIB_REASONS(XFIB_REASON_ENUM)
#undef XFIB_REASON_ENUM
	XFIB_REASON_COUNT, /* how many there are, no reason itself */
};

/* ---- keys and values of the LPM tries ---- */

/* Key of xfib_rib4. `prefixlen` counts the 32 bits of `table` too. */
struct xfib_rib4_key {
	__u32 prefixlen; /* 32 + length of the prefix */
	__u32 table;
	__u8 address[4];
};
XFIB_ASSERT_SIZE(struct xfib_rib4_key, 12);

/* Key of xfib_rib6. */
struct xfib_rib6_key {
	__u32 prefixlen; /* 32 + length of the prefix */
	__u32 table;
	__u8 address[16];
};
XFIB_ASSERT_SIZE(struct xfib_rib6_key, 24);

/*
 * Value of both tries: where the routes of the prefix begin, and what the
 * fast path does with a packet. `target` is a next hop, or, with
 * XFIB_TARGET_GROUP set, a group. Targets that are no place to send to
 * (local, blackhole, …) are next hops too: see `type` there.
 */
struct xfib_rib_value {
	__u32 route;  /* first route of the prefix, in order of TOS (the highest first) and metric */
	__u32 target; /* next hop or group of the best route that is usable */
	__u8 prefix_length;
	__u8 pad[3];
};
XFIB_ASSERT_SIZE(struct xfib_rib_value, 12);

/*
 * Element of xfib_prefixes, an open-addressed hash table of all prefixes whose
 * keys are the routes themselves: what a reader in user space searches length
 * by length, in place of system calls on the tries. Its size is a power of
 * two; a prefix is at or behind slot hash modulo size, and no slot between is
 * free. Entries move when one is deleted: what was found counts only if
 * xfib_state.changes was even before and is the same afterwards.
 */
struct xfib_prefix {
	__u32 route; /* first route of the prefix, XFIB_NONE: the slot is free */
	__u32 hash;  /* xfib_prefix__hash() */
};
XFIB_ASSERT_SIZE(struct xfib_prefix, 8);

#define XFIB_TARGET_GROUP 0x80000000u
#define XFIB_NONE 0u /* id of no route, next hop or group: slot 0 is never used */

/* ---- the compiled FIB ---- */

/*
 * Flat arrays made from the routes, which answer "best route for this
 * destination" in two or three cache lines. Written by the daemon beside the
 * tries and after them; read by xfib_fib__* in lookup.h. docs/lookup.md has
 * the structure and why.
 *
 * All of it lies in one arena of 64-bit words, xfib_fib, an array map of a
 * single element. A word is read as it is, as two references (32 bits) or as
 * four leaves (16 bits); a place in the arena is counted in leaves. A look-up
 * starts at a reference of the table's root and ends at a leaf, or at a
 * reference that is a leaf in its lower half. References and leaves change by
 * one aligned store each; anything else that a reader can reach does not.
 *
 * What a leaf says: a next hop, a group, or "ask the trie".
 */
#define XFIB_LEAF_NONE 0u       /* no route */
#define XFIB_LEAF_GROUP 0x8000u /* and the id of a group, below 0x7fff; without it: the id of a next hop */
#define XFIB_LEAF_TRIE 0xffffu  /* what the FIB cannot hold: the trie has it */

/*
 * A reference: a leaf, or, with XFIB_BLOCK, a block, at word
 * (reference & XFIB_BLOCK_WORD), which decides on the next
 * 6 + (reference >> XFIB_BLOCK_WIDTH & 7) bits of the address. The values of
 * these bits form runs: neighbours with the same best route. A block is
 *
 *  - with XFIB_BLOCK_RANGES, which blocks of 8 bits have that have no more than XFIB_RANGES + 1 runs: a word that says
 *    where the runs begin;
 *  - else a bitmap, whose bit n says that a run begins at value n (value 0 aside, where one always does). Before it,
 *    where the block decides on more than 6 bits, for each of the bitmap's words the number of runs that begin in the
 *    words before, four of them a word;
 *  - for each run a leaf; or, with XFIB_BLOCK_WIDE, a reference, since one of
 *    them leads to a block.
 *
 * (reference >> XFIB_BLOCK_FILL & 7) + 1 tells how many eighths of the values begin a run, rounded up: from this a reader
 * guesses where a leaf is before it has read the bitmap.
 */
#define XFIB_BLOCK 0x80000000u
#define XFIB_BLOCK_WIDE 0x40000000u
#define XFIB_BLOCK_RANGES_BIT 29
#define XFIB_BLOCK_RANGES (1u << XFIB_BLOCK_RANGES_BIT)
#define XFIB_BLOCK_FILL 26
#define XFIB_BLOCK_WIDTH 23
#define XFIB_BLOCK_WORD 0x007fffffu
#define XFIB_FIB_MAX_WORDS (XFIB_BLOCK_WORD + 1)
#define XFIB_FIB_SLACK 8 /* bytes behind the last word: a leaf is read together with its neighbour */

/*
 * The word of XFIB_BLOCK_RANGES: where the runs after the first one begin, XFIB_RANGES_BITS bits each, from the lowest
 * on, ascending; XFIB_RANGES_UNUSED, which is no value of 8 bits, behind the last one.
 */
#define XFIB_RANGES 7
#define XFIB_RANGES_BITS 9
#define XFIB_RANGES_UNUSED 0x100u
#define XFIB_RANGES_ONES 0x0040201008040201ULL /* 1 in each of the XFIB_RANGES fields */

/*
 * Where the look-ups of a table and family begin, in one word. At word
 * (root & XFIB_BLOCK_WORD) lies a reference for any address. With
 * XFIB_ROOT_LARGE, references for the addresses of each /18 (IPv4), and of each
 * /20 within 2000::/3 (IPv6, the window) follow from the next word on, and the first one
 * counts for IPv6 addresses outside the window only. 0: no FIB, use the trie.
 *
 * Behind the references of a large IPv6 root lie 1 << XFIB_SHORTCUT_BITS words, a hash table of shortcuts: those of the /32
 * that lead to a block, by xfib_fib__shortcut(), have the 32 bits of the prefix in the upper half and the reference in the
 * lower one. One whose place another one has is reached by the root alone.
 *
 * Below a large root a block of 6 bits (IPv4) or 12 bits (IPv6) comes first;
 * all others are of 8 bits. Blocks of 12 bits, and those at /32 below them, are wide.
 */
#define XFIB_ROOT_LARGE (1ULL << 40)
#define XFIB_ROOT_VALID (1ULL << 41)
#define XFIB_WINDOW_LENGTH 3
#define XFIB_WINDOW_VALUE 1
#define XFIB_ROOT_DEPTH4 18
#define XFIB_ROOT_DEPTH6 20
#define XFIB_SHORTCUT_BITS 16

/* Element of xfib_fib_routes, one beside each word: the routes of its four leaves. For user space only. */
struct xfib_fib_routes {
	__u32 route[4];
};
XFIB_ASSERT_SIZE(struct xfib_fib_routes, 16);

/*
 * Element of xfib_fibs, an open-addressed hash table: that of a table and
 * family is at or behind slot xfib_fib__slot(). The FIB of table main has
 * table local in it too, as packets meet them; its roots are also in
 * xfib_state. A slot is free when `family` is 0, and is never freed.
 */
struct xfib_fib {
	__u32 table;
	__u32 family;
	__u64 root;
};
XFIB_ASSERT_SIZE(struct xfib_fib, 16);

/* ---- routes ---- */

/* Types of routes, numbered as RTN_* in rtnetlink(7). */
enum xfib_route_type {
	XFIB_ROUTE_UNSPEC,
	XFIB_ROUTE_UNICAST,
	XFIB_ROUTE_LOCAL,
	XFIB_ROUTE_BROADCAST,
	XFIB_ROUTE_ANYCAST,
	XFIB_ROUTE_MULTICAST,
	XFIB_ROUTE_BLACKHOLE,
	XFIB_ROUTE_UNREACHABLE,
	XFIB_ROUTE_PROHIBIT,
	XFIB_ROUTE_THROW,
	XFIB_ROUTE_TYPES,
};

/* Who put a route there. */
enum xfib_owner {
	XFIB_OWNER_KERNEL = 1, /* mirrored from the kernel's table */
	XFIB_OWNER_XFIB = 2,   /* written to xfib only */
};

/* xfib_route.flags */
#define XFIB_ROUTE_MEMBER 0x01 /* a further path of the multipath route that the previous slot belongs to */
#define XFIB_ROUTE_EXPIRES 0x02 /* `expires` is valid */
#define XFIB_ROUTE_AUTOCONF 0x04 /* from a router advertisement */
#define XFIB_ROUTE_GONE 0x08 /* no longer a route: the slot waits to be used again, and a walk skips it */
#define XFIB_ROUTE_NEXTHOP_OBJECT 0x20 /* by a next hop object of the kernel's (ip-nexthop(8)) */
#define XFIB_ROUTE_INCOMPLETE 0x10 /* first slot of a prefix below which a route was refused: packets go up */
#define XFIB_ROUTE_MADE 0x40     /* by the change of own routes that is under way, see xfib_state.own_change */
#define XFIB_ROUTE_REPLACED 0x80 /* likewise: replaced or deleted by it */

/* Element of xfib_routes: one path of one route. A slot is free when `family` is 0. */
struct xfib_route {
	__u8 prefix[16];
	__u32 table;
	__u32 metric;  /* the route's own; the interface's is in xfib_link */
	__u32 next;    /* following route or path of the same prefix, or XFIB_NONE */
	__u32 nexthop; /* always a next hop, never a group */
	__u32 created; /* seconds of CLOCK_MONOTONIC */
	__u32 expires; /* likewise */
	__u16 weight;  /* of the path, 1 to 256; 1 where the route has one path */
	__u8 family;   /* XFIB_INET, XFIB_INET6 */
	__u8 prefix_length;
	__u8 type;     /* enum xfib_route_type */
	__u8 scope;    /* RT_SCOPE_* */
	__u8 protocol; /* RTPROT_* */
	__u8 tos;      /* IPv4 only */
	__u8 owner;    /* enum xfib_owner */
	__u8 flags;
	__u8 preference; /* IPv6: RFC 4191, as ICMPV6_ROUTER_PREF_* */
	__u8 pad;
	__u16 expires_ms; /* milliseconds beyond `expires` */
	__u8 pad2[10];
};
XFIB_ASSERT_SIZE(struct xfib_route, 64);

/* ---- next hops ---- */

/* xfib_nexthop.state */
enum xfib_neighbour_state {
	XFIB_NEIGHBOUR_NONE,   /* no MAC address: packets go up and the kernel resolves it */
	XFIB_NEIGHBOUR_VALID,  /* the kernel holds the address for good */
	XFIB_NEIGHBOUR_STALE,  /* usable, but the kernel has not confirmed it lately */
	XFIB_NEIGHBOUR_IN_USE, /* was stale when a packet used it: the daemon has been told */
};

/* xfib_nexthop.flags */
#define XFIB_NEXTHOP_ONLINK 0x01      /* RTNH_F_ONLINK: the gateway needs no route of its own */
#define XFIB_NEXTHOP_DOWN 0x02        /* the device is down, or ignored for want of a carrier */
#define XFIB_NEXTHOP_UNSUPPORTED 0x04 /* encapsulation and the like: for the kernel only */
#define XFIB_NEXTHOP_NOT_ETHERNET 0x08
#define XFIB_NEXTHOP_DEAD 0x20 /* the kernel does not use the path, though the device is up */
#define XFIB_NEXTHOP_GONE 0x10 /* no longer used: as XFIB_ROUTE_GONE */
#define XFIB_NEXTHOP_FAILED 0x40 /* the kernel holds the gateway as one that does not answer (yet): see XFIB_GROUP_PASS_OVER */

/*
 * Element of xfib_nexthops: all that the fast path needs to know of a path, in
 * one cache line. Shared by every route whose device, gateway, preferred
 * source, MTU, metric and type are the same. A path without a gateway (on-link) has
 * gateway_family 0; its MAC address is found by xfib_neighbours. A slot is
 * free when `type` is 0.
 */
struct xfib_nexthop {
	__u32 ifindex; /* 0 where the route names no device (blackhole and the like) */
	__u32 mtu;     /* bytes of an IP packet: the smaller of the device's and the route's */
	/* one aligned word, changed and read as one: */
	__u8 dmac[6];
	__u8 state; /* enum xfib_neighbour_state */
	__u8 flags;
	/* one aligned word, changed and read as one: */
	__u8 smac[6];
	__u16 vlan; /* not 0: the device is a VLAN: XDP sends by another one, see XFIB_LINK_VLAN */
	__u8 gateway[16];
	__u8 source[16]; /* the route's preferred source address, zero for none */
	__u8 family;     /* of the routes that use it */
	__u8 gateway_family; /* 0: on-link; may differ from family (RFC 5549) */
	__u8 type;       /* enum xfib_route_type */
	__u8 metric_high; /* of the routes by it, 24 bits, for bpf.h: xfib_nexthop__metric() */
	__u16 metric_low;
	__u16 route_mtu; /* RTAX_MTU of the route, 0 for none */
};
XFIB_ASSERT_SIZE(struct xfib_nexthop, 64);

#define XFIB_METRIC_LARGE 0xffffffu /* a metric that 24 bits do not hold */

/* Key of xfib_neighbours, whose value is the id of a next hop with gateway = address. */
struct xfib_neighbour_key {
	__u32 ifindex;
	__u32 family;
	__u8 address[16];
};
XFIB_ASSERT_SIZE(struct xfib_neighbour_key, 24);

#define XFIB_GROUP_MEMBERS 511

/* One path of a group: taken when the 31-bit hash of a flow is at most upper_bound. */
struct xfib_group_member {
	__u32 nexthop;
	__u32 upper_bound;
};
XFIB_ASSERT_SIZE(struct xfib_group_member, 8);

/*
 * xfib_group.flags: a member that is XFIB_NEXTHOP_FAILED is passed over, its flows go to the next one that is not, in a
 * circle. As the kernel has it for groups of next hop objects, and for IPv4 with fib_multipath_use_neigh.
 */
#define XFIB_GROUP_PASS_OVER 0x1
#define XFIB_GROUP_RESILIENT 0x2 /* struct xfib_buckets says what a hash takes */

#define XFIB_BUCKETS 3072
#define XFIB_BUCKET_MEMBERS 253

/*
 * The kernel's resilient groups, whose next hops are chosen by a table of buckets that the kernel changes as little as it can:
 * a hash takes bucket hash modulo `buckets`, which is the index of a next hop. Buckets change by one store each, the rest does not.
 */
struct xfib_buckets {
	__u32 buckets;
	__u32 nexthop[XFIB_BUCKET_MEMBERS]; /* xfib_group.count of them; the last one is for packets that only the kernel can treat */
	__u8 bucket[XFIB_BUCKETS];
};

/*
 * Element of xfib_groups: weighted next hops, bounds ascending, the last one
 * 0x7fffffff; or buckets. Free when `count` is 0.
 */
struct xfib_group {
	__u32 count;
	__u32 flags;
	union {
		struct xfib_group_member member[XFIB_GROUP_MEMBERS];
		struct xfib_buckets resilient; /* with XFIB_GROUP_RESILIENT */
	};
};
XFIB_ASSERT_SIZE(struct xfib_group, 4096);

/* ---- links and addresses ---- */

/* xfib_link.flags */
#define XFIB_LINK_UP 0x0001           /* administratively up */
#define XFIB_LINK_CARRIER 0x0002      /* and has a carrier */
#define XFIB_LINK_LOOPBACK 0x0004
#define XFIB_LINK_ETHERNET 0x0008     /* frames have Ethernet headers and addresses are resolved */
#define XFIB_LINK_FORWARDING4 0x0010
#define XFIB_LINK_FORWARDING6 0x0020
#define XFIB_LINK_REDIRECT_TARGET 0x0040 /* in xfib_tx: takes frames that XDP redirects to it */
#define XFIB_LINK_RP_STRICT 0x0080
#define XFIB_LINK_RP_LOOSE 0x0100
#define XFIB_LINK_SEND_REDIRECTS 0x0200 /* IPv4; IPv6 always sends them */
#define XFIB_LINK_ENSLAVED 0x0400 /* to another device than a VRF */
#define XFIB_LINK_SOFTWARE 0x0800 /* no hardware: a sender on this machine may have left checksums to it */
#define XFIB_LINK_ROUTE_LOCALNET 0x2000 /* 127.0.0.0/8 is not martian here */
#define XFIB_LINK_IGNORE_LINKDOWN4 0x4000 /* routes are unusable without a carrier */
#define XFIB_LINK_IGNORE_LINKDOWN6 0x8000
#define XFIB_LINK_TEMPORARY 0x10000 /* IPv6: use_tempaddr > 1, prefer temporary addresses */
#define XFIB_LINK_POINTOPOINT 0x20000
#define XFIB_LINK_HELPER6 0x80000 /* net.ipv6.conf.DEV.forwarding, by which bpf_fib_lookup() goes and forwarding does not */
#define XFIB_LINK_REDIRECT_FRAGS 0x100000 /* such frames may be in several buffers too */
#define XFIB_LINK_VLAN 0x200000 /* frames go by another device, with a tag: see below */
#define XFIB_LINK_TAGS_HIDDEN 0x400000 /* it takes tags off its frames, and is below VLAN devices: XDP cannot tell whose a frame is */
#define XFIB_LINK_VRF 0x40000 /* `table` is the one that the device stands for */

#define XFIB_VLAN_TAGS 2 /* most tags of a frame that a program reads */

/* A tag as it stands in a frame. */
struct xfib_vlan_tag {
	__be16 protocol; /* EtherType: 802.1Q or 802.1ad */
	__be16 id;       /* and priority, which is 0 in what XDP sends */
};
XFIB_ASSERT_SIZE(struct xfib_vlan_tag, 4);

/* Key of xfib_vlans, whose value is the ifindex of the VLAN device that takes the tag off; 0: one for the kernel only. */
struct xfib_vlan_key {
	__u32 ifindex; /* of the device that the frame comes by */
	struct xfib_vlan_tag tag; /* without priority */
};
XFIB_ASSERT_SIZE(struct xfib_vlan_key, 8);

/*
 * Element of xfib_links, an open-addressed hash table: the slot of an
 * interface is one of the XFIB_LINK_PROBES slots from ifindex modulo the
 * number of slots on. Slot 0 is never used. A slot is free when ifindex is 0.
 */
struct xfib_link {
	__u32 ifindex;
	__u32 flags;
	__u32 table; /* where look-ups for packets from here begin: main; of a VRF device, its table */
	__u32 mtu;
	__u32 mtu6;   /* of IPv6, where it is smaller */
	__u32 metric; /* added to the metric of each route through it */
	__u32 master; /* ifindex of bridge, bond or VRF, 0 for none */
	__u16 type;   /* ARPHRD_* */
	__u8 mac[6];
	char name[16];
	__u16 kind; /* IANA interface type, as in a NET_LUID: 6 Ethernet, 24 loopback, … */
	/* The plans of packets from here, see XFIB_PLAN_USUAL: */
	__u16 plan4, plan6;
	__u16 source4; /* in a VRF: of the look-up of their IPv4 sources; elsewhere 0, and the plan of the egress is theirs */
	__u8 zero; /* 0: see packet__skip_tags() in bpf/vlan.bpf.h */
	__u8 pad[3];
	/* Of a VLAN device (XFIB_LINK_VLAN); the tags are those of its frames on `vlan_device`, the outer one first: */
	__u32 parent;      /* ifindex of the device that it is on, 0: of another network namespace */
	__u32 vlan_device; /* ifindex of the device below all VLANs, to which XDP sends; 0: only the kernel can send by this one */
	__u32 vlan_frame;  /* bytes of the longest frame that this device takes, tags included */
	__u32 vlan_bytes;  /* of the tags, 4 each */
	struct xfib_vlan_tag vlan[XFIB_VLAN_TAGS];
	__u8 pad2[40];
};
XFIB_ASSERT_SIZE(struct xfib_link, 128);

#define XFIB_LINK_PROBES 4

/* xfib_address.flags */
#define XFIB_ADDRESS_SECONDARY 0x01
#define XFIB_ADDRESS_DEPRECATED 0x02
#define XFIB_ADDRESS_TENTATIVE 0x04 /* and not optimistic */
#define XFIB_ADDRESS_TEMPORARY 0x08 /* RFC 8981 */
#define XFIB_ADDRESS_HOME 0x10
#define XFIB_ADDRESS_OPTIMISTIC 0x20
#define XFIB_ADDRESS_FAILED 0x40 /* duplicate address detection failed */

/*
 * Element of xfib_addresses: the machine's own addresses, those of an
 * interface in the order in which the kernel holds them. Those from
 * xfib_state.addresses_begin to addresses_end count; a change writes a new
 * list beside them and swings both numbers at once.
 */
struct xfib_address {
	__u8 address[16];
	__u8 network[16]; /* address of the prefix: the peer's on point-to-point links */
	__u32 ifindex;
	__u8 family;
	__u8 prefix_length;
	__u8 scope; /* RT_SCOPE_* */
	__u8 flags;
	__u64 pad;
};
XFIB_ASSERT_SIZE(struct xfib_address, 48);

/* ---- policy rules ---- */

/* What a rule that matches does, numbered as FR_ACT_* in linux/fib_rules.h. */
enum xfib_rule_action {
	XFIB_RULE_TABLE = 1, /* search `table`; no route there: go on with the next rule */
	XFIB_RULE_GOTO = 2,  /* go on with the first rule of priority `target` */
	XFIB_RULE_NOP = 3,
	XFIB_RULE_BLACKHOLE = 6,
	XFIB_RULE_UNREACHABLE = 7,
	XFIB_RULE_PROHIBIT = 8,
};

/* xfib_rule.flags */
#define XFIB_RULE_INVERT 0x01  /* matches what the rest does not */
#define XFIB_RULE_IIF 0x02     /* for packets that came by an interface */
#define XFIB_RULE_IIF_LO 0x04  /* for packets that this machine sends */
#define XFIB_RULE_OIF 0x08     /* for packets that must leave by `oif` */
#define XFIB_RULE_L3MDEV 0x10  /* the table is that of the packet's VRF, if it has one */
#define XFIB_RULE_UID 0x20     /* for sockets of a user between uid_begin and uid_end */
#define XFIB_RULE_OTHER 0x40   /* also for a port, a protocol, a tunnel: no query without them matches */
#define XFIB_RULE_FOREIGN 0x80 /* what it leads to only the kernel knows: the table is not mirrored; of table 0: there are too many rules */

/*
 * Element of xfib_rules: the rules of both families in the order in which the
 * kernel follows them. Those from xfib_state.rules_begin to rules_end count,
 * as in xfib_addresses.
 */
struct xfib_rule {
	__u32 priority;
	__u32 table;
	__u32 target;
	__u32 mark, mask; /* the packet's mark & mask must be mark & mask */
	__u32 uid_begin, uid_end;
	__s32 suppress_prefix_length; /* a route of this length or shorter does not count; -1: all count */
	__u8 source[16], destination[16];
	char oif[16];
	__u8 family;
	__u8 action; /* enum xfib_rule_action */
	__u8 flags;
	__u8 tos;
	__u8 source_length, destination_length;
	__u8 pad[10];
};
XFIB_ASSERT_SIZE(struct xfib_rule, 96);

/* ---- plans: what the rules mean for packets from a port ---- */

/*
 * A plan is what is left of a family's rules for packets from one port: elements of xfib_plans that follow one
 * another, which the packet is compared with in turn, the last one with XFIB_PLAN_VERDICT and no condition. Its number
 * is that of its first element. Ports whose plans are equal share one. A plan that a program can reach does not change:
 * new ones are written elsewhere, then the numbers in xfib_links change, and those elements are used again after a grace
 * period.
 */
#define XFIB_PLAN_USUAL 0  /* no plan: table local, then main */
#define XFIB_PLAN_KERNEL 1 /* every packet goes up to the kernel */
#define XFIB_PLAN_BEGIN 2  /* the first element that other plans are in */
#define XFIB_PLAN_STEPS 128 /* most elements of a plan */

/* What becomes of a packet that a step matches. */
enum xfib_plan_action {
	XFIB_PLAN_TABLE = 1, /* search `table`; no route, a throw route, or one that is suppressed: go on with the next step */
	XFIB_PLAN_GOTO,      /* go on with the step `value` elements further on */
	XFIB_PLAN_VERDICT,   /* `value` is the reason, enum xfib_reason */
};

/* xfib_plan_step.flags */
#define XFIB_PLAN_INVERT 0x01 /* matches what the conditions do not */

/* Element of xfib_plans. Addresses as they stand in a packet, an IPv4 one in the first four bytes. */
struct xfib_plan_step {
	__u64 source[2], source_mask[2];           /* source & source_mask is this, likewise below */
	__u64 destination[2], destination_mask[2];
	__u32 table;
	__u32 fib;      /* 1 + slot in xfib_fibs of the table's compiled FIB; 0: it is searched by the trie */
	__s32 suppress_prefix_length; /* as in struct xfib_rule */
	__u32 priority; /* of the rule */
	__u16 value;
	__u8 action;    /* enum xfib_plan_action */
	__u8 flags;
	__u8 tos, tos_mask; /* of the TOS of IPv4, the traffic class of IPv6 */
	__u8 pad[10];
};
XFIB_ASSERT_SIZE(struct xfib_plan_step, 96);

/* ---- counters, events, state ---- */

struct xfib_counter {
	__u64 packets;
	__u64 bytes; /* of whole frames, as the program sees them */
};

/* Element of xfib_stats, one for each slot of xfib_links; slot 0 counts packets from unknown ports. */
struct xfib_link_stats {
	struct xfib_counter reason[XFIB_REASON_COUNT];
};

/* What the program `explain` returns: enum xfib_reason, and from this bit on the id of the next hop, if it came so far. */
#define XFIB_EXPLAIN_NEXTHOP 8

enum xfib_event_kind {
	XFIB_EVENT_NO_NEIGHBOUR = 1, /* a packet needs the MAC address of a neighbour that is not known */
	XFIB_EVENT_STALE = 2,        /* a packet used a neighbour that the kernel considers stale */
};

/* What the programs send through xfib_events. */
struct xfib_event {
	__u32 kind;
	__u32 ifindex;
	__u32 family;
	__u32 nexthop; /* id, 0 for an on-link neighbour without one */
	__u8 address[16];
};
XFIB_ASSERT_SIZE(struct xfib_event, 32);

/* xfib_state.flags */
#define XFIB_STATE_IPV4 0x1 /* the machine has an IPv4 stack */
#define XFIB_STATE_IPV6 0x2
#define XFIB_STATE_MERGED4 0x4 /* the kernel searches local and main as one: longest prefix of both wins */
#define XFIB_STATE_SYNCED 0x8  /* the first dump is complete */
/* Table local has prefixes of several addresses besides 127.0.0.0/8 and ff00::/8. */
#define XFIB_STATE_WIDE_LOCAL4 0x10
#define XFIB_STATE_WIDE_LOCAL6 0x20
#define XFIB_STATE_RULES4 0x40 /* other rules than the usual three (and those of VRFs): look at xfib_rules */
#define XFIB_STATE_RULES6 0x80
/* The route of table local for an own IPv4 address has been deleted: own_addresses has it, and the kernel decides. */
#define XFIB_STATE_UNROUTED4 0x100

/*
 * xfib_state.hash4 and hash6: what of a packet chooses among the paths of a multipath route. The fields are numbered as in
 * net.ipv4.fib_multipath_hash_fields, those of inner headers XFIB_HASH_INNER bits further up; above them is the policy
 * (net.ipv4.fib_multipath_hash_policy) that they come from.
 */
#define XFIB_HASH_SOURCE 0x01
#define XFIB_HASH_DESTINATION 0x02
#define XFIB_HASH_PROTOCOL 0x04
#define XFIB_HASH_FLOW_LABEL 0x08
#define XFIB_HASH_SOURCE_PORT 0x10
#define XFIB_HASH_DESTINATION_PORT 0x20
#define XFIB_HASH_OUTER_FIELDS 0x3f
#define XFIB_HASH_INNER 6
#define XFIB_HASH_FIELDS 0xfff
#define XFIB_HASH_POLICY 12

enum xfib_hash_policy {
	XFIB_HASH_L3,       /* addresses, IPv6 flow label; an ICMP error as the packet that it is about */
	XFIB_HASH_L4,       /* addresses, protocol, ports, which a fragment is taken to have none of */
	XFIB_HASH_INNER_L3, /* as L3, of the innermost packet */
	XFIB_HASH_CUSTOM,   /* the fields that the administrator names */
};

#define XFIB_FILTER_WORDS 8

/* The one element of xfib_state. In every layout `layout` and `retired` are its first members. */
struct xfib_state {
	__u32 layout;   /* XFIB_LAYOUT of the writer: check before anything else */
	__u32 retired;  /* not 0: nobody keeps this set of maps up to date any more, open the pin directory again */
	__u64 generation; /* moves before released slots are used again */
	__u64 netns;    /* inode of the network namespace that the maps describe */
	__u64 netns_cookie; /* SO_NETNS_COOKIE, 0 where the kernel has none */
	__u32 pid;      /* of the daemon; it may have ended */
	__u32 flags;
	__u32 routes_end; /* no slot from here on has been used yet */
	__u32 nexthops_end;
	/* one aligned word, changed and read as one: the elements of xfib_addresses that count, end excluded */
	__u32 addresses_begin;
	__u32 addresses_end;
	__u32 groups_end;
	__u32 routes4; /* routes held, multipath routes counted once */
	__u32 routes6;
	__u32 changes; /* odd while the daemon changes something that queries read; moves with each change */
	__u64 refused; /* routes that found no room */
	__u64 resyncs; /* full dumps after the first one */
	__u64 started; /* CLOCK_REALTIME, seconds */
	/* one aligned word, changed and read as one: the elements of xfib_rules that count, end excluded */
	__u32 rules_begin;
	__u32 rules_end;
	__u64 prefix_seed; /* of xfib_prefix__hash() */
	__u64 lengths4; /* bit n: xfib_prefixes has IPv4 prefixes of length n, of whatever table */
	__u32 fib_tables; /* tables and families with a compiled FIB */
	/*
	 * Not 0 while own routes change, all together or not at all: whoever takes over from a daemon that was killed then
	 * leaves out the routes that are marked as made, and keeps those marked as replaced. Otherwise the marks mean nothing.
	 */
	__u32 own_change;
	/*
	 * Bloom filters of one cache line each over the single addresses in table
	 * local: what is in none of them, nor in a wide prefix (see
	 * XFIB_STATE_WIDE_LOCAL4), needs no look-up there. See xfib_filter__* in lookup.h.
	 */
	__u64 own_addresses[XFIB_FILTER_WORDS];
	__u64 own_addresses6[XFIB_FILTER_WORDS];
	__u64 root4, root6; /* of table main's compiled FIBs, see XFIB_ROOT_BITS */
	__u64 lengths6[3];
	/* why there were full dumps after the first one, beside changes that have no event of their own: */
	__u64 overruns; /* times that the kernel dropped events for want of room in the daemon's buffer */
	__u64 misread;  /* messages that were truncated, damaged or not known */
	__u64 repeated; /* dumps that were made again since a change interrupted them, or made them ambiguous */
	__u64 fib_words; /* of the arena that hold something: blocks, roots and what waits to be used again */
	__u64 fib_live;  /* those that a reader can reach */
	__u64 fib_escapes; /* times that a part of a FIB was left to the trie for want of room */
	__u64 fib_compiled; /* nanoseconds that the last compilation of whole tables took */
	__u64 fib_compactions;
	__u64 audited;    /* routes of the kernel's that the audit has compared */
	__u64 audit_differences; /* that it found: the mirror was out of step and nothing had said so */
	__u16 hash4, hash6; /* see XFIB_HASH_SOURCE */
	__u32 hash_seed;    /* of the hash that chooses paths: no two machines choose alike */
};
XFIB_ASSERT_SIZE(struct xfib_state, 384);

#endif
