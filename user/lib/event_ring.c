// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Events that wait for a reader. See event_ring.h. */
#include "event_ring.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 64u

void event_ring__init(struct event_ring *ring, uint32_t limit)
{
	*ring = (struct event_ring){ .limit = limit };
}

void event_ring__destroy(struct event_ring *ring)
{
	free(ring->events);
	event_ring__init(ring, ring->limit);
}

/* False: the bound is reached, or there is no memory. */
static bool grow(struct event_ring *ring)
{
	uint32_t room = ring->room ? ring->room * 2 : FIRST_ROOM, wrapped;
	struct xfib_route_event *events;

	if (room > ring->limit)
		room = ring->limit;
	if (room <= ring->room)
		return false;
	events = calloc(room, sizeof(*events));
	if (!events)
		return false;
	wrapped = ring->first + ring->count > ring->room ? ring->first + ring->count - ring->room : 0;
	if (ring->count) {
		memcpy(events, ring->events + ring->first, (ring->count - wrapped) * sizeof(*events));
		memcpy(events + (ring->count - wrapped), ring->events, wrapped * sizeof(*events));
	}
	free(ring->events);
	ring->events = events;
	ring->room = room;
	ring->first = 0;
	return true;
}

static void lose(struct event_ring *ring)
{
	ring->lost = true;
	ring->first = ring->count = 0;
}

void event_ring__push(struct event_ring *ring, const struct xfib_route_event *event)
{
	if (event->type == XFIB_ROUTE_RESYNC) {
		lose(ring);
		return;
	}
	if (ring->count == ring->room && !grow(ring))
		lose(ring);
	if (ring->room) /* else there is no memory for a single one */
		ring->events[(ring->first + ring->count++) % ring->room] = *event;
}

bool event_ring__pop(struct event_ring *ring, struct xfib_route_event *ret_event)
{
	if (ring->lost) {
		ring->lost = false;
		*ret_event = (struct xfib_route_event){ .type = XFIB_ROUTE_RESYNC };
		return true;
	}
	if (!ring->count)
		return false;
	*ret_event = ring->events[ring->first];
	ring->first = (ring->first + 1) % ring->room;
	ring->count--;
	if (!ring->count && ring->room > FIRST_ROOM)
		event_ring__destroy(ring); /* a reader that keeps up costs little memory */
	return true;
}

bool route_filter__passes(const struct xfib_route_filter *filter, const struct xfib_route *route,
			  const struct xfib_nexthop *nexthop)
{
	return !filter || ((!filter->family || filter->family == route->family) &&
			   (!filter->table || filter->table == route->table) &&
			   (!filter->ifindex || filter->ifindex == nexthop->ifindex) &&
			   (!filter->protocol || filter->protocol == route->protocol));
}
