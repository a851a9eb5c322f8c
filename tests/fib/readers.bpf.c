// SPDX-License-Identifier: GPL-2.0-only
/*
 * Look-ups of many addresses in the compiled FIB by one run of a program: the
 * first four bytes of the packet say with which question to begin.
 */
#include <vmlinux.h>

#include <bpf/bpf_helpers.h>
#include <xfib/abi.h>
#include <xfib/lookup.h>

#include "readers.h"

char LICENSE[] SEC("license") = "GPL";

/* These two are the instance's: see bpf/maps.bpf.h. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, 64 * sizeof(__u64) + XFIB_FIB_SLACK);
} xfib_fib SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct xfib_state);
} xfib_state SEC(".maps");

const volatile __u32 readers_mask = 63; /* number of words of xfib_fib, less one */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, READERS_QUESTIONS);
	__type(key, __u32);
	__type(value, struct question);
} questions SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, READERS_QUESTIONS);
	__type(key, __u32);
	__type(value, __u64);
} answers SEC(".maps");

__u64 asked, wrong, left_to_trie, first_wrong; /* first_wrong: index and leaf */

/* Global, so that the verifier looks at it once and not for each question. The leaf. */
__attribute__((noinline)) int ask(__u32 index)
{
	__u32 zero = 0;
	struct xfib_fib_step step;
	const __u64 *arena = bpf_map_lookup_elem(&xfib_fib, &zero);
	const struct xfib_state *shared = bpf_map_lookup_elem(&xfib_state, &zero);
	const struct question *question = bpf_map_lookup_elem(&questions, &index);
	__u64 root;

	if (!arena || !shared || !question)
		return -1;
	root = question->family == XFIB_INET6 ? XFIB_READ_WORD(&shared->root6) : XFIB_READ_WORD(&shared->root4);
	if (!root)
		return XFIB_LEAF_TRIE;
	if (question->family == XFIB_INET6)
		step = xfib_fib__find6(arena, readers_mask, root, question->high, question->low);
	else
		step = xfib_fib__find4(arena, readers_mask, root, (__u32)(question->high >> 32));
	return (int)(step.reference & 0xffff);
}

static __always_inline int begin_of(struct xdp_md *ctx, __u32 *ret_begin)
{
	const __u32 *data = (const __u32 *)(long)ctx->data;

	if ((const void *)(data + 1) > (const void *)(long)ctx->data_end)
		return -1;
	*ret_begin = *data;
	return 0;
}

/* Writes the answers down. */
SEC("xdp")
int answer(struct xdp_md *ctx)
{
	__u32 begin;

	if (begin_of(ctx, &begin))
		return XDP_ABORTED;
	for (__u32 i = 0; i < READERS_BATCH; i++) {
		__u32 index = begin + i;
		__u64 *leaf = bpf_map_lookup_elem(&answers, &index);

		if (!leaf)
			return XDP_ABORTED;
		*leaf = (__u32)ask(index);
	}
	return XDP_PASS;
}

/* Compares the answers with what the questions say they should be. */
SEC("xdp")
int check(struct xdp_md *ctx)
{
	__u32 begin, bad = 0, trie = 0;

	if (begin_of(ctx, &begin))
		return XDP_ABORTED;
	for (__u32 i = 0; i < READERS_BATCH; i++) {
		__u32 index = begin + i, leaf = (__u32)ask(index);
		const struct question *question = bpf_map_lookup_elem(&questions, &index);

		if (!question)
			return XDP_ABORTED;
		if (leaf == question->leaf)
			continue;
		if (leaf == XFIB_LEAF_TRIE) {
			trie++;
			continue;
		}
		bad++;
		first_wrong = (__u64)index << 32 | leaf;
	}
	__sync_fetch_and_add(&asked, READERS_BATCH);
	__sync_fetch_and_add(&wrong, bad);
	__sync_fetch_and_add(&left_to_trie, trie);
	return XDP_PASS;
}
