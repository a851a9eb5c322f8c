// SPDX-License-Identifier: GPL-2.0-only
/*
 * What lookup.c times: look-ups by every structure over the same addresses, 64
 * a run, and programs that forward packets, each to another destination.
 *
 * A look-up is a global function in each case, so that the verifier takes it
 * once and all pay the same call. "Dependent" look-ups take an address that is
 * known only when the last answer is: it is xored with zeros of that answer.
 */
#include "vmlinux.h"
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include <xfib/bpf.h>

#include "lookup.h"

#include "../../bpf/compat.bpf.h"

#define AF_INET 2
#define AF_INET6 10
#define MASK (LOOKUP_ADDRESSES - 1)

/* Beside the instance's maps of <xfib/bpf.h>, by its pin. */

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u32);
} xfib_tx SEC(".maps");

/* ---- what lookup.c sets and reads ---- */

/* Host byte order; two halves of IPv6. */
__u32 addresses4[LOOKUP_ADDRESSES];
__u64 addresses6[LOOKUP_ADDRESSES][2];
__u32 randoms[LOOKUP_RANDOMS];
__u32 address_mask; /* how many of them count, less one */

__u32 cursor;    /* the address of the next look-up */
__u32 zero;      /* is 0, but nobody knows */
__u32 fib_flags; /* of bpf_fib_lookup() */
__u32 table;
__u32 slot4, slot6; /* of the table in xfib_fibs */
__u64 answers;      /* their sum, so that they are needed */
__u32 wrong_trie;   /* answers of the compiled FIB that are not those of the trie, of the kernel */
__u32 wrong_kernel;
__u32 left;         /* of wrong_trie: those that the compiled FIB has no room for */
__u32 none;         /* addresses without a route */
__u32 wrong_at;     /* index of the last one */

/* ---- look-ups ---- */

/* 64 MB, of which one word is read at random. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 8 << 20);
	__type(key, __u32);
	__type(value, __u64);
} memory SEC(".maps");

__noinline __u32 loop_32(__u32 address)
{
	barrier_var(address);
	return address;
}

__noinline __u32 loop_128(__u64 high, __u64 low)
{
	barrier_var(high);
	return high + low;
}

__noinline __u32 read_32(__u32 value)
{
	__u32 at = value & ((8 << 20) - 1);
	__u64 *word = bpf_map_lookup_elem(&memory, &at);

	return word ? *word : 0;
}

/* The target of a route, 0 if there is none. */
__noinline __u32 trie4(__u32 address)
{
	struct xfib_rib4_key key = { .prefixlen = 64, .table = table };
	const struct xfib_rib_value *value;

	*(__be32 *)key.address = bpf_htonl(address);
	value = bpf_map_lookup_elem(&xfib_rib4, &key);
	return value ? value->target : 0;
}

__noinline __u32 trie6(__u64 high, __u64 low)
{
	const struct xfib_rib_value *value;
	struct {
		struct xfib_rib6_key key;
		__u64 end;
	} room = { .key.prefixlen = 160, .key.table = table };

	((__be64 *)room.key.address)[0] = bpf_cpu_to_be64(high);
	((__be64 *)room.key.address)[1] = bpf_cpu_to_be64(low);
	value = bpf_map_lookup_elem(&xfib_rib6, &room.key);
	return value ? value->target : 0;
}

/* The gateway, or what stands for it. */
#define ASK(name, function)                                                                                            \
	__noinline __u32 name##4(struct xdp_md *ctx, __u32 address)                                                    \
	{                                                                                                              \
		struct bpf_fib_lookup fib = { .family = AF_INET, .ifindex = ctx->ingress_ifindex };                    \
                                                                                                                       \
		fib.ipv4_src = bpf_htonl(0x0a000101);                                                                  \
		fib.ipv4_dst = bpf_htonl(address);                                                                     \
		return function(ctx, &fib, sizeof(fib), fib_flags) ? 0 : fib.ipv4_dst;                                 \
	}                                                                                                              \
	__noinline __u32 name##6(struct xdp_md *ctx, __u64 high, __u64 low)                                            \
	{                                                                                                              \
		struct bpf_fib_lookup fib = { .family = AF_INET6, .ifindex = ctx->ingress_ifindex };                   \
                                                                                                                       \
		set_ip6(&fib, high, low);                                                                              \
		return function(ctx, &fib, sizeof(fib), fib_flags) ? 0 : fib.ipv6_dst[3];                              \
	}

static __always_inline void set_ip6(struct bpf_fib_lookup *params, __u64 high, __u64 low)
{
	params->ipv6_src[0] = bpf_htonl(0x20010db8);
	params->ipv6_src[1] = bpf_htonl(0x00010000);
	params->ipv6_src[3] = bpf_htonl(1);
	params->ipv6_dst[0] = bpf_htonl(high >> 32);
	params->ipv6_dst[1] = bpf_htonl(high);
	params->ipv6_dst[2] = bpf_htonl(low >> 32);
	params->ipv6_dst[3] = bpf_htonl(low);
}

ASK(kernel, bpf_fib_lookup)
ASK(own, xfib_fib_lookup)

#define LEFT_TO_TRIE 0xffffffffu

/* The target of a route, as the tries have it, or LEFT_TO_TRIE. */
static __always_inline __u32 target_of(struct xfib_fib_step end)
{
	__u32 leaf = end.reference & 0xffff;

	return leaf == XFIB_LEAF_TRIE ? LEFT_TO_TRIE : xfib_fib__target(leaf);
}

/* The root is read anew for each, as packets do it: the daemon moves what it points to. */
__noinline __u32 fib4(__u32 address)
{
	__u32 first = 0, slot = slot4;
	const struct xfib_fib *fib = bpf_map_lookup_elem(&xfib_fibs, &slot);
	const __u64 *words = bpf_map_lookup_elem(&xfib_fib, &first);
	__u64 root;

	if (!words || !fib || !(root = *(const volatile __u64 *)&fib->root))
		return LEFT_TO_TRIE;
	return target_of(xfib_fib__find4(words, xfib_fib_mask, root, address));
}

__noinline __u32 fib6(__u64 high, __u64 low)
{
	__u32 first = 0, slot = slot6;
	const struct xfib_fib *fib = bpf_map_lookup_elem(&xfib_fibs, &slot);
	const __u64 *words = bpf_map_lookup_elem(&xfib_fib, &first);
	__u64 root;

	if (!words || !fib || !(root = *(const volatile __u64 *)&fib->root))
		return LEFT_TO_TRIE;
	return target_of(xfib_fib__find6(words, xfib_fib_mask, root, high, low));
}

/* ---- 64 of them ---- */

#define RUN(name, answer_of)                                                                                           \
	SEC("xdp") int name(struct xdp_md *ctx)                                                                        \
	{                                                                                                              \
		__u32 begin = cursor, sum = 0;                                                                         \
                                                                                                                       \
		for (__u32 i = 0; i < LOOKUP_BATCH; i++) {                                                             \
			__u32 at = begin + i, before = 0;                                                              \
                                                                                                                       \
			sum += answer_of;                                                                              \
		}                                                                                                      \
		answers += sum;                                                                                        \
		cursor = begin + LOOKUP_BATCH;                                                                         \
		return XDP_PASS;                                                                                       \
	}                                                                                                              \
	SEC("xdp") int name##_dependent(struct xdp_md *ctx)                                                            \
	{                                                                                                              \
		__u32 begin = cursor, before = 0, nothing = zero;                                                      \
                                                                                                                       \
		for (__u32 i = 0; i < LOOKUP_BATCH; i++) {                                                             \
			__u32 at = begin + i;                                                                          \
                                                                                                                       \
			before = answer_of & nothing;                                                                  \
		}                                                                                                      \
		answers += before;                                                                                     \
		cursor = begin + LOOKUP_BATCH;                                                                         \
		return XDP_PASS;                                                                                       \
	}

RUN(loop_4, loop_32(addresses4[at & MASK] ^ before))
RUN(loop_6, loop_128(addresses6[at & MASK][0] ^ before, addresses6[at & MASK][1]))
RUN(read_4, read_32(randoms[at & (LOOKUP_RANDOMS - 1)] ^ before))
RUN(read_6, read_32(randoms[at & (LOOKUP_RANDOMS - 1)] ^ before))
RUN(trie_4, trie4(addresses4[at & MASK] ^ before))
RUN(trie_6, trie6(addresses6[at & MASK][0] ^ before, addresses6[at & MASK][1]))
RUN(kernel_4, kernel4(ctx, addresses4[at & MASK] ^ before))
RUN(kernel_6, kernel6(ctx, addresses6[at & MASK][0] ^ before, addresses6[at & MASK][1]))
RUN(own_4, own4(ctx, addresses4[at & MASK] ^ before))
RUN(own_6, own6(ctx, addresses6[at & MASK][0] ^ before, addresses6[at & MASK][1]))
RUN(fib_4, fib4(addresses4[at & MASK] ^ before))
RUN(fib_6, fib6(addresses6[at & MASK][0] ^ before, addresses6[at & MASK][1]))

/* ---- are they right? ---- */

/* The last word of the gateway of a target, 0 if there is none. */
static __always_inline __u32 gateway_of(__u32 target, __u32 word)
{
	const struct xfib_nexthop *nexthop = bpf_map_lookup_elem(&xfib_nexthops, &target);

	return nexthop ? ((const __u32 *)nexthop->gateway)[word] : 0;
}

__noinline int compare4(struct xdp_md *ctx, __u32 at)
{
	__u32 address = addresses4[at & MASK], target = trie4(address), found;

	none += !target;
	found = fib4(address);
	left += found == LEFT_TO_TRIE;
	if (found != target) {
		wrong_trie++;
		wrong_at = at;
	}
	if (kernel4(ctx, address) != gateway_of(target, 0) || own4(ctx, address) != gateway_of(target, 0)) {
		wrong_kernel++;
		wrong_at = at;
	}
	return 0;
}

__noinline int compare6(struct xdp_md *ctx, __u32 at)
{
	__u64 high = addresses6[at & MASK][0], low = addresses6[at & MASK][1];
	__u32 target = trie6(high, low), found;

	none += !target;
	found = fib6(high, low);
	left += found == LEFT_TO_TRIE;
	if (found != target) {
		wrong_trie++;
		wrong_at = at;
	}
	if (kernel6(ctx, high, low) != gateway_of(target, 3) || own6(ctx, high, low) != gateway_of(target, 3)) {
		wrong_kernel++;
		wrong_at = at;
	}
	return 0;
}

SEC("xdp")
int check_4(struct xdp_md *ctx)
{
	__u32 begin = cursor;

	for (__u32 i = 0; i < LOOKUP_BATCH; i++)
		compare4(ctx, begin + i);
	cursor = begin + LOOKUP_BATCH;
	return XDP_PASS;
}

SEC("xdp")
int check_6(struct xdp_md *ctx)
{
	__u32 begin = cursor;

	for (__u32 i = 0; i < LOOKUP_BATCH; i++)
		compare6(ctx, begin + i);
	cursor = begin + LOOKUP_BATCH;
	return XDP_PASS;
}

/* ---- whole programs ---- */

/* The program that a wrapper continues with. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} program SEC(".maps");

__u8 router_mac[6];
__u32 header_sum; /* of an IPv4 header without checksum and destination */
__u32 egress;
__u8 next_mac[8], own_mac[8]; /* those of the program without a look-up */

/* BPF_PROG_RUN gives what a run has written to the next one: all that a router changes is set anew. */
SEC("xdp")
int wrapper_4(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	struct iphdr *ip = data + ETH_HLEN;
	__u32 at = cursor, sum;

	if ((void *)(ip + 1) > data_end)
		return XDP_ABORTED;
	cursor = at + 1;
	__builtin_memcpy(data, router_mac, 6);
	ip->daddr = bpf_htonl(addresses4[at & address_mask & MASK]);
	ip->ttl = 64;
	sum = header_sum + (ip->daddr & 0xffff) + (ip->daddr >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	ip->check = ~((sum & 0xffff) + (sum >> 16));
	bpf_tail_call(ctx, &program, 0);
	return XDP_ABORTED;
}

SEC("xdp")
int wrapper_6(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	struct ipv6hdr *ip6 = data + ETH_HLEN;
	__u32 at = cursor;

	if ((void *)(ip6 + 1) > data_end)
		return XDP_ABORTED;
	cursor = at + 1;
	__builtin_memcpy(data, router_mac, 6);
	*(__be64 *)&ip6->daddr.in6_u.u6_addr32[0] = bpf_cpu_to_be64(addresses6[at & address_mask & MASK][0]);
	*(__be64 *)&ip6->daddr.in6_u.u6_addr32[2] = bpf_cpu_to_be64(addresses6[at & address_mask & MASK][1]);
	ip6->hop_limit = 64;
	bpf_tail_call(ctx, &program, 0);
	return XDP_ABORTED;
}

/* What the wrappers cost by themselves. */
SEC("xdp")
int nothing(struct xdp_md *ctx)
{
	return XDP_REDIRECT;
}

static __always_inline void lower_ttl(struct iphdr *ip)
{
	ip->check = xfib_checksum__lower_ttl(ip->check);
	ip->ttl--;
}

/* Forwards as xdp-tools' xdp-forward does: bpf_fib_lookup(), rewrite, bpf_redirect_map(). */
static __always_inline int forward(struct xdp_md *ctx, bool by_xfib)
{
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	struct bpf_fib_lookup fib = {};
	struct ethhdr *eth = data;
	struct iphdr *ip = data + ETH_HLEN;
	struct ipv6hdr *ip6 = data + ETH_HLEN;
	bool is_ip4;

	if ((void *)(ip + 1) > data_end)
		return XDP_PASS;
	is_ip4 = eth->h_proto == bpf_htons(ETH_P_IP);
	if (is_ip4) {
		if (ip->ttl <= 1)
			return XDP_PASS;
		fib.family = AF_INET;
		fib.tos = ip->tos;
		fib.l4_protocol = ip->protocol;
		fib.tot_len = bpf_ntohs(ip->tot_len);
		fib.ipv4_src = ip->saddr;
		fib.ipv4_dst = ip->daddr;
	} else if (eth->h_proto == bpf_htons(ETH_P_IPV6)) {
		if ((void *)(ip6 + 1) > data_end || ip6->hop_limit <= 1)
			return XDP_PASS;
		fib.family = AF_INET6;
		fib.flowinfo = *(__be32 *)ip6 & bpf_htonl(0x0fffffff);
		fib.l4_protocol = ip6->nexthdr;
		fib.tot_len = bpf_ntohs(ip6->payload_len);
		__builtin_memcpy(fib.ipv6_src, &ip6->saddr, 16);
		__builtin_memcpy(fib.ipv6_dst, &ip6->daddr, 16);
	} else {
		return XDP_PASS;
	}
	fib.ifindex = ctx->ingress_ifindex;
	if (by_xfib ? xfib_fib_lookup(ctx, &fib, sizeof(fib), fib_flags) : bpf_fib_lookup(ctx, &fib, sizeof(fib), fib_flags))
		return XDP_PASS;
	if (is_ip4)
		lower_ttl(ip);
	else
		ip6->hop_limit--;
	__builtin_memcpy(eth->h_dest, fib.dmac, ETH_ALEN);
	__builtin_memcpy(eth->h_source, fib.smac, ETH_ALEN);
	return bpf_redirect_map(&xfib_tx, fib.ifindex, XDP_PASS);
}

SEC("xdp")
int by_helper(struct xdp_md *ctx)
{
	return forward(ctx, false);
}

/* The same with <xfib/bpf.h>. */
SEC("xdp")
int by_own(struct xdp_md *ctx)
{
	return forward(ctx, true);
}

/* The floor: no look-up at all, every packet to the same neighbour. */
SEC("xdp")
int by_nothing(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data;
	struct iphdr *ip = data + ETH_HLEN;
	struct ipv6hdr *ip6 = data + ETH_HLEN;

	if ((void *)(ip + 1) > data_end)
		return XDP_PASS;
	if (eth->h_proto == bpf_htons(ETH_P_IP)) {
		if (ip->ttl <= 1)
			return XDP_PASS;
		lower_ttl(ip);
	} else if (eth->h_proto == bpf_htons(ETH_P_IPV6)) {
		if ((void *)(ip6 + 1) > data_end || ip6->hop_limit <= 1)
			return XDP_PASS;
		ip6->hop_limit--;
	} else {
		return XDP_PASS;
	}
	__builtin_memcpy(eth->h_dest, next_mac, ETH_ALEN);
	__builtin_memcpy(eth->h_source, own_mac, ETH_ALEN);
	return bpf_redirect_map(&xfib_tx, egress, XDP_PASS);
}

char LICENSE[] SEC("license") = "GPL";
