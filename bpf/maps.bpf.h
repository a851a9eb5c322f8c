/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The maps, as <xfib/abi.h> describes their contents. The sizes here serve a
 * program that somebody loads from the object file on its own, whose maps stay
 * empty; the daemon sets real ones between open and load.
 */
#ifndef XFIB_MAPS_BPF_H
#define XFIB_MAPS_BPF_H

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

/* No program reads the routes; they are here so that they have types and load with the rest. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct xfib_route);
} xfib_routes SEC(".maps");

/* Likewise the index of prefixes. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct xfib_prefix);
} xfib_prefixes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct xfib_nexthop);
} xfib_nexthops SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct xfib_group);
} xfib_groups SEC(".maps");

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

/* No program reads the addresses: they are for the choice of a source in user space. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct xfib_address);
} xfib_addresses SEC(".maps");

/* Likewise the rules. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct xfib_rule);
} xfib_rules SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u32);
} xfib_tx SEC(".maps");

/* Key: slot of the ingress port in xfib_links. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct xfib_link_stats);
} xfib_stats SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 * 1024);
} xfib_events SEC(".maps");

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

/* Likewise: beside each word of it the routes of its leaves. No program reads them. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct xfib_fib_routes);
} xfib_fib_routes SEC(".maps");

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

/*
 * Holds nothing. The kernel returns from an update of its element only when
 * every program that ran at the time has finished: the daemon's grace period
 * (maybe_wait_bpf_programs() in kernel/bpf/syscall.c).
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct {
		__uint(type, BPF_MAP_TYPE_ARRAY);
		__uint(max_entries, 1);
		__type(key, __u32);
		__type(value, __u32);
	});
} xfib_grace SEC(".maps");

/* Number of slots of xfib_links, a power of two. The daemon sets it with the map's size. */
const volatile __u32 xfib_link_slots = 64;

/* Number of words of xfib_fib, a power of two, less one. Likewise. */
const volatile __u32 xfib_fib_mask = 63;

#endif
