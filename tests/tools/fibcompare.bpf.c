// SPDX-License-Identifier: GPL-2.0-only
/* Look-ups by the helper and by <xfib/bpf.h>, each on its own copy of the same parameters. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

__u64 asked; /* calls of the helper by xfib_fib_lookup() */

/* The name is taken by a macro, so that calls in the header are counted; (bpf_fib_lookup) is the helper itself. */
#define bpf_fib_lookup(...) (asked++, (bpf_fib_lookup)(__VA_ARGS__))

#include <xfib/bpf.h>

#include "fibcompare.h"

struct lookup lookups[LOOKUPS];
struct answer by_helper[LOOKUPS], by_xfib[LOOKUPS];

#define ASK(hook, context)                                                                                             \
	static __noinline int ask_##hook(context *ctx, __u32 at)                                                       \
	{                                                                                                              \
		struct bpf_fib_lookup params;                                                                          \
                                                                                                                       \
		if (at >= LOOKUPS)                                                                                     \
			return 0;                                                                                      \
		params = lookups[at].params;                                                                           \
		by_helper[at].code = (bpf_fib_lookup)(ctx, &params, sizeof(params), lookups[at].flags);                \
		by_helper[at].params = params;                                                                         \
		params = lookups[at].params;                                                                           \
		by_xfib[at].code = xfib_fib_lookup(ctx, &params, sizeof(params), lookups[at].flags);                   \
		by_xfib[at].params = params;                                                                           \
		return 0;                                                                                              \
	}                                                                                                              \
                                                                                                                       \
	SEC(#hook)                                                                                                     \
	int compare_##hook(context *ctx)                                                                               \
	{                                                                                                              \
		for (__u32 i = 0; i < LOOKUPS; i++)                                                                    \
			ask_##hook(ctx, i);                                                                            \
		return 0;                                                                                              \
	}

ASK(xdp, struct xdp_md)
ASK(tc, struct __sk_buff)

/* The length of the parameters that is asked with: too short for either. */
SEC("xdp")
int compare_short(struct xdp_md *ctx)
{
	struct bpf_fib_lookup params = {};

	by_helper[0].code = (bpf_fib_lookup)(ctx, &params, sizeof(params) - 8, 0);
	by_xfib[0].code = xfib_fib_lookup(ctx, &params, sizeof(params) - 8, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
