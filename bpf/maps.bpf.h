/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The maps of an instance beside those in <xfib/bpf_rib.h>, as <xfib/abi.h>
 * describes their contents. The sizes here serve a program that somebody loads
 * from the object file on its own, whose maps stay empty; the daemon sets real
 * ones between open and load.
 */
#ifndef XFIB_MAPS_BPF_H
#define XFIB_MAPS_BPF_H

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
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct xfib_group);
} xfib_groups SEC(".maps");

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

/* What the rules mean for packets. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct xfib_plan_step);
} xfib_plans SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u32);
} xfib_tx SEC(".maps");

/* Which VLAN device takes a tag off. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, struct xfib_vlan_key);
	__type(value, __u32);
} xfib_vlans SEC(".maps");

/* Key: slot of the ingress port in xfib_links. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct xfib_link_stats);
} xfib_stats SEC(".maps");

/* Key: id of the next hop. One element where they are not counted. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct xfib_counter);
} xfib_nexthop_stats SEC(".maps");

/* Whether they are: see xfibd --count-nexthops. */
const volatile __u8 xfib_counts_nexthops = 1;

/* Key: slot of the first route of a prefix. One element where routes are not counted. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct xfib_counter);
} xfib_route_stats SEC(".maps");

/* Whether they are: see xfibd --count-routes. */
const volatile __u8 xfib_counts_routes = 0;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 * 1024);
} xfib_events SEC(".maps");

/* Beside each word of xfib_fib the routes of its leaves. Programs read them only to count by route. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct xfib_fib_routes);
} xfib_fib_routes SEC(".maps");

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

#endif
