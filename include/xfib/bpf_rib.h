/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * From an address to a next hop in a BPF program, by an instance's maps: the
 * compiled FIB, or the LPM tries where it does not serve, then neighbours on
 * attached networks. Both xfib's own programs and those of others that include
 * <xfib/bpf.h> look up by these functions.
 *
 * Include it after vmlinux.h or <linux/bpf.h>.
 *
 * Cost: two to four cache lines of the compiled FIB; where it does not serve,
 * two trie look-ups (table local, then the port's), each one cache miss
 * for every few bits of the prefix.
 */
#ifndef XFIB_BPF_RIB_H
#define XFIB_BPF_RIB_H

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include <xfib/abi.h>
#include <xfib/lookup.h>

/* ---- the maps, as <xfib/abi.h> describes their contents ---- */

/*
 * The sizes here serve a program that is loaded without an instance, whose
 * maps stay empty. The daemon sets real ones between open and load; programs
 * of others get the daemon's maps by xfib_bpf__reuse_maps().
 */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1024);
	__type(key, struct xfib_rib4_key);
	__type(value, struct xfib_rib_value);
} xfib_rib4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1024);
	__type(key, struct xfib_rib6_key);
	__type(value, struct xfib_rib_value);
} xfib_rib6 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct xfib_nexthop);
} xfib_nexthops SEC(".maps");

/* Neighbours on attached networks: where a route has no gateway, the destination itself is looked up here. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 64);
	__type(key, struct xfib_neighbour_key);
	__type(value, __u32);
} xfib_neighbours SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct xfib_link);
} xfib_links SEC(".maps");

/*
 * The arena of the compiled FIBs: one element, so that a program looks it up once and then reads words by a masked
 * index, which the verifier can follow since the mask is a constant to it.
 */
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
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct xfib_fib);
} xfib_fibs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct xfib_state);
} xfib_state SEC(".maps");

/* Constants that who sets the sizes of the maps sets too; at the latest the compiler, where a loader cannot. */
#ifndef XFIB_LINK_SLOTS
#define XFIB_LINK_SLOTS 64
#endif
#ifndef XFIB_FIB_MASK
#define XFIB_FIB_MASK 63
#endif

/* Number of slots of xfib_links, a power of two. */
const volatile __u32 xfib_link_slots = XFIB_LINK_SLOTS;

/* Number of words of xfib_fib, a power of two, less one. */
const volatile __u32 xfib_fib_mask = XFIB_FIB_MASK;

/* ---- elements ---- */

XFIB_INLINE struct xfib_nexthop *xfib_nexthop__get(__u32 id)
{
	return bpf_map_lookup_elem(&xfib_nexthops, &id);
}

/* The link of an interface, and its slot. NULL: it is not known. */
XFIB_INLINE const struct xfib_link *xfib_link__find(__u32 ifindex, __u32 *ret_slot)
{
	for (__u32 probe = 0; probe < XFIB_LINK_PROBES; probe++) {
		__u32 slot = xfib_link__slot(ifindex, xfib_link_slots, probe);
		const struct xfib_link *link = bpf_map_lookup_elem(&xfib_links, &slot);

		if (!link)
			return NULL;
		if (__builtin_expect(link->ifindex == ifindex, 1)) {
			*ret_slot = slot;
			return link;
		}
	}
	return NULL;
}

/* The line with the MAC address of a destination on an attached network. NULL: unknown. */
XFIB_INLINE struct xfib_nexthop *xfib_neighbour__find(__u32 ifindex, __u32 family, const __u8 *address, __u32 length)
{
	struct xfib_neighbour_key key = { .ifindex = ifindex, .family = family };
	const __u32 *id;

	__builtin_memcpy(key.address, address, length);
	id = bpf_map_lookup_elem(&xfib_neighbours, &key);
	return id ? xfib_nexthop__get(*id) : NULL;
}

/* ---- by the tries ---- */

XFIB_INLINE const struct xfib_rib_value *xfib_rib4__match(__u32 table, const __u8 *address)
{
	struct xfib_rib4_key key = { .prefixlen = 32 + 32, .table = table };

	__builtin_memcpy(key.address, address, sizeof(key.address));
	return bpf_map_lookup_elem(&xfib_rib4, &key);
}

XFIB_INLINE const struct xfib_rib_value *xfib_rib6__match(__u32 table, const __u8 *address)
{
	struct xfib_rib6_key key = { .prefixlen = 32 + 128, .table = table };

	__builtin_memcpy(key.address, address, sizeof(key.address));
	return bpf_map_lookup_elem(&xfib_rib6, &key);
}

XFIB_INLINE int xfib_rib__is_throw(const struct xfib_rib_value *value)
{
	const struct xfib_nexthop *nexthop;

	if (value->target & XFIB_TARGET_GROUP)
		return 0;
	nexthop = xfib_nexthop__get(value->target);
	return nexthop && nexthop->type == XFIB_ROUTE_THROW;
}

/* By table local, then `table`, as packets meet them. Global functions, so that the verifier takes them once. */
__attribute__((noinline, weak)) __u32 xfib_rib4_target(__u32 table, __u32 destination)
{
	const struct xfib_rib_value *local, *value;
	const __u8 *address = (const __u8 *)&destination;
	const struct xfib_state *state;
	__u32 zero = 0;

	state = bpf_map_lookup_elem(&xfib_state, &zero);
	if (!state)
		return XFIB_NONE;
	local = xfib_rib4__match(XFIB_TABLE_LOCAL, address);
	/* In one trie a throw route of table local throws the search of table main out too. */
	if (state->flags & XFIB_STATE_MERGED4)
		value = xfib_rib__decide(local, xfib_rib4__match(table, address), 1);
	else if (local && __builtin_expect(!xfib_rib__is_throw(local), 1))
		value = local;
	else
		value = xfib_rib4__match(table, address);
	return value ? value->target : XFIB_NONE;
}

__attribute__((noinline, weak)) __u32 xfib_rib6_target(__u32 table, __u64 first, __u64 second)
{
	const __u64 words[2] = { first, second };
	const struct xfib_rib_value *value = xfib_rib6__match(XFIB_TABLE_LOCAL, (const __u8 *)words);

	if (!value || __builtin_expect(xfib_rib__is_throw(value), 0))
		value = xfib_rib6__match(table, (const __u8 *)words);
	return value ? value->target : XFIB_NONE;
}

/* ---- by the compiled FIB, where there is one ---- */

/* The leaf of an address by the FIB that begins at `root`; XFIB_LEAF_TRIE where the trie has to be asked. */
XFIB_INLINE __u32 xfib_fib__leaf4(__u64 root, __u32 address)
{
	__u32 zero = 0;
	const __u64 *words = bpf_map_lookup_elem(&xfib_fib, &zero);

	if (!words)
		return XFIB_LEAF_TRIE;
	return xfib_fib__find4(words, xfib_fib_mask, root, bpf_ntohl(address)).reference & 0xffff;
}

XFIB_INLINE __u32 xfib_fib__leaf6(__u64 root, __u64 first, __u64 second)
{
	__u32 zero = 0;
	const __u64 *words = bpf_map_lookup_elem(&xfib_fib, &zero);

	if (!words)
		return XFIB_LEAF_TRIE;
	return xfib_fib__find6(words, xfib_fib_mask, root, bpf_be64_to_cpu(first), bpf_be64_to_cpu(second)).reference & 0xffff;
}

/* Target of packets for an IPv4 address as it stands in a packet, by table local and `table`; XFIB_NONE: no route. */
XFIB_INLINE __u32 xfib_rib4__best(const struct xfib_state *state, __u32 table, __u32 address)
{
	__u64 root = state->root4;

	if (__builtin_expect(root && table == XFIB_TABLE_MAIN, 1)) {
		__u32 leaf = xfib_fib__leaf4(root, address);

		if (__builtin_expect(leaf != XFIB_LEAF_TRIE, 1))
			return xfib_fib__target(leaf);
	}
	return xfib_rib4_target(table, address);
}

/* Likewise for an IPv6 address. */
XFIB_INLINE __u32 xfib_rib6__best(const struct xfib_state *state, __u32 table, const __u32 *address)
{
	__u64 root = state->root6, first, second;

	__builtin_memcpy(&first, address, sizeof(first));
	__builtin_memcpy(&second, address + 2, sizeof(second));
	if (__builtin_expect(root && table == XFIB_TABLE_MAIN, 1)) {
		__u32 leaf = xfib_fib__leaf6(root, first, second);

		if (__builtin_expect(leaf != XFIB_LEAF_TRIE, 1))
			return xfib_fib__target(leaf);
	}
	return xfib_rib6_target(table, first, second);
}

#endif
