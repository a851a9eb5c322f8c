/* SPDX-License-Identifier: GPL-2.0-only */
/* Counting packets by reason and ingress port, and telling the daemon what traffic needs. */
#ifndef XFIB_STATS_BPF_H
#define XFIB_STATS_BPF_H

static __always_inline void stats__count(__u32 link_slot, enum xfib_reason reason, __u32 length)
{
	struct xfib_link_stats *stats = bpf_map_lookup_elem(&xfib_stats, &link_slot);

	if (unlikely(!stats || (__u32)reason >= XFIB_REASON_COUNT))
		return;
	stats->reason[reason].packets++;
	stats->reason[reason].bytes += length;
}

/* Counts a packet that is sent to a next hop. */
static __always_inline void stats__count_nexthop(__u32 nexthop, __u32 length)
{
	struct xfib_counter *counter;

	if (!xfib_counts_nexthops)
		return;
	counter = bpf_map_lookup_elem(&xfib_nexthop_stats, &nexthop);
	if (!counter)
		return;
	counter->packets++;
	counter->bytes += length;
}

/*
 * Sends an event, or nothing when the ring is full: then the daemon is behind
 * and a later packet will ask again.
 */
static __always_inline void event__send(__u32 kind, __u32 ifindex, __u32 family, const __u8 *address, __u32 length)
{
	struct xfib_event *event = bpf_ringbuf_reserve(&xfib_events, sizeof(*event), 0);

	if (!event)
		return;
	event->kind = kind;
	event->ifindex = ifindex;
	event->family = family;
	event->nexthop = 0;
	__builtin_memset(event->address, 0, sizeof(event->address));
	__builtin_memcpy(event->address, address, length);
	bpf_ringbuf_submit(event, 0);
}

#endif
