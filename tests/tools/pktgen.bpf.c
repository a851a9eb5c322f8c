// SPDX-License-Identifier: GPL-2.0-only
/* Sends UDP packets to changing destinations out of a device, and counts those that arrive at another one. */
#include "vmlinux.h"
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define DESTINATIONS 65536

const volatile __u32 out_ifindex;
const volatile __u32 destination_count = 1;
const volatile __u8 router_mac[6];

/* Destinations, network byte order. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, DESTINATIONS);
	__type(key, __u32);
	__type(value, __be32);
} destinations SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} arrived SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} cursor SEC(".maps");

/* Live frames keep what was written to them the last time: every field that a router changes is set anew. */
SEC("xdp")
int send(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	struct iphdr *ip = data + 14;
	__u32 zero = 0, *at = bpf_map_lookup_elem(&cursor, &zero), index;
	__be32 *destination;
	__u32 sum = 0;

	if ((void *)(ip + 1) > data_end || !at)
		return XDP_ABORTED;
	index = *at;
	*at = index + 1 < destination_count ? index + 1 : 0;
	destination = bpf_map_lookup_elem(&destinations, &index);
	if (!destination)
		return XDP_ABORTED;
	for (int i = 0; i < 6; i++)
		((__u8 *)data)[i] = router_mac[i];
	ip->ttl = 64;
	ip->daddr = *destination;
	ip->check = 0;
	for (int i = 0; i < 10; i++)
		sum += ((__u16 *)ip)[i];
	sum = (sum & 0xffff) + (sum >> 16);
	ip->check = ~((sum & 0xffff) + (sum >> 16));
	return bpf_redirect(out_ifindex, 0);
}

SEC("xdp")
int sink(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	const struct iphdr *ip = data + 14;
	const struct ethhdr *eth = data;
	__u32 zero = 0;
	__u64 *count;

	if ((void *)(ip + 1) > data_end || eth->h_proto != bpf_htons(0x0800) || ip->protocol != 17)
		return XDP_PASS; /* ARP and the like */
	count = bpf_map_lookup_elem(&arrived, &zero);
	if (count)
		(*count)++;
	return XDP_DROP;
}

char LICENSE[] SEC("license") = "GPL";
