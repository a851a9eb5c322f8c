// SPDX-License-Identifier: GPL-2.0-only
/* What the programs are compared with: one that only returns, and the kernel's own look-up helper. */
#include "vmlinux.h"
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define AF_INET 2
#define AF_INET6 10

SEC("xdp")
int nothing(struct xdp_md *ctx)
{
	return XDP_PASS;
}

/* Forwards by bpf_fib_lookup(), as samples/bpf/xdp_fwd_kern.c does. */
SEC("xdp")
int by_helper(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	struct bpf_fib_lookup fib = { .ifindex = ctx->ingress_ifindex };
	struct ethhdr *eth = data;
	struct iphdr *ip = data + sizeof(*eth);
	struct ipv6hdr *ip6 = data + sizeof(*eth);

	if ((void *)(ip + 1) > data_end)
		return XDP_PASS;
	if (eth->h_proto == bpf_htons(0x0800)) {
		fib.family = AF_INET;
		fib.tot_len = bpf_ntohs(ip->tot_len);
		fib.ipv4_src = ip->saddr;
		fib.ipv4_dst = ip->daddr;
	} else {
		if ((void *)(ip6 + 1) > data_end)
			return XDP_PASS;
		fib.family = AF_INET6;
		fib.tot_len = bpf_ntohs(ip6->payload_len) + 40;
		__builtin_memcpy(fib.ipv6_src, &ip6->saddr, 16);
		__builtin_memcpy(fib.ipv6_dst, &ip6->daddr, 16);
	}
	if (bpf_fib_lookup(ctx, &fib, sizeof(fib), 0) != 0)
		return XDP_PASS;
	if (eth->h_proto == bpf_htons(0x0800)) {
		ip->ttl--;
		ip->check += ip->check >= bpf_htons(0xfeff) ? bpf_htons(0x0100) + 1 : bpf_htons(0x0100);
	} else {
		ip6->hop_limit--;
	}
	__builtin_memcpy(eth->h_dest, fib.dmac, 6);
	__builtin_memcpy(eth->h_source, fib.smac, 6);
	return bpf_redirect(fib.ifindex, 0);
}

char LICENSE[] SEC("license") = "GPL";
