/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Events that wait for a reader, up to a bound. When there is no room for
 * another one, all that wait are dropped and one XFIB_ROUTE_RESYNC stands in
 * their place, behind which events go on: the reader sees each event once, or
 * that some are missing, before those that came later.
 *
 * Cost: 160 bytes for each event that waits. Not for two threads at once.
 */
#ifndef XFIB_LIB_EVENT_RING_H
#define XFIB_LIB_EVENT_RING_H

#include <xfib/xfib.h>

/* Events that may wait: 1 MiB of them. */
#define EVENT_RING_MAX 6553u

struct event_ring { /* zero: empty, with a bound of 0 */
	struct xfib_route_event *events;
	uint32_t limit; /* no more may wait */
	uint32_t room, first, count;
	bool lost; /* a resync comes before `first` */
};

void event_ring__init(struct event_ring *ring, uint32_t limit);
void event_ring__destroy(struct event_ring *ring);

/* Appends an event; one of type XFIB_ROUTE_RESYNC takes the place of all that wait. */
void event_ring__push(struct event_ring *ring, const struct xfib_route_event *event);

/* The next event. False: none waits. */
bool event_ring__pop(struct event_ring *ring, struct xfib_route_event *ret_event);

/* Does an event wait, or a resync? */
static inline bool event_ring__is_empty(const struct event_ring *ring)
{
	return !ring->count && !ring->lost;
}

/* Does a path of a route pass a filter, which may be NULL? */
bool route_filter__passes(const struct xfib_route_filter *filter, const struct xfib_route *route,
			  const struct xfib_nexthop *nexthop);

#endif
