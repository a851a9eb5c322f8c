// SPDX-License-Identifier: GPL-2.0-only
/* Passes everything up, and counts it: a program of somebody else's beside which ours runs. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

__u64 packets;

SEC("xdp")
int count_packets(struct xdp_md *ctx)
{
	__sync_fetch_and_add(&packets, 1);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
