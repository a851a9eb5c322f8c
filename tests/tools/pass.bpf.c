// SPDX-License-Identifier: GPL-2.0-only
/* For the far end of a veth pair, which takes redirected frames only while it has an XDP program. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

SEC("xdp")
int pass(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
