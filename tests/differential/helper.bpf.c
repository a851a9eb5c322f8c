// SPDX-License-Identifier: GPL-2.0-only
/* What bpf_fib_lookup() says of a frame: the second judge of the differential test. */
#include "vmlinux.h"
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "helper.h"

#define AF_INET 2
#define AF_INET6 10

struct helper_answer answer;

SEC("xdp")
int ask_helper(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	struct bpf_fib_lookup fib = { .ifindex = ctx->ingress_ifindex };
	struct ethhdr *eth = data;
	struct iphdr *ip = data + sizeof(*eth);
	struct ipv6hdr *ip6 = data + sizeof(*eth);

	if ((void *)(ip + 1) > data_end)
		return XDP_ABORTED;
	if (eth->h_proto == bpf_htons(0x0800)) {
		fib.family = AF_INET;
		fib.tos = ip->tos;
		fib.tot_len = bpf_ntohs(ip->tot_len);
		fib.ipv4_src = ip->saddr;
		fib.ipv4_dst = ip->daddr;
	} else {
		if ((void *)(ip6 + 1) > data_end)
			return XDP_ABORTED;
		fib.family = AF_INET6;
		fib.flowinfo = *(__be32 *)ip6 & bpf_htonl(0x0fffffff);
		fib.tot_len = bpf_ntohs(ip6->payload_len) + 40;
		__builtin_memcpy(fib.ipv6_src, &ip6->saddr, 16);
		__builtin_memcpy(fib.ipv6_dst, &ip6->daddr, 16);
	}
	answer.status = bpf_fib_lookup(ctx, &fib, sizeof(fib), 0);
	answer.ifindex = fib.ifindex;
	__builtin_memcpy(answer.dmac, fib.dmac, 6);
	__builtin_memcpy(answer.smac, fib.smac, 6);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
