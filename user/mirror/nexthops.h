/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Next hops and the neighbours that give them MAC addresses.
 *
 * A next hop is shared by all routes with the same device, gateway, preferred
 * source, MTU, metric and type, and counted. When a neighbour's MAC address changes,
 * the lines of the next hops with that gateway change, and no route does.
 *
 * Cost: a hash look-up for each operation; a change of a neighbour touches the
 * next hops through it; a change of a device looks at every next hop.
 */
#ifndef XFIB_MIRROR_NEXTHOPS_H
#define XFIB_MIRROR_NEXTHOPS_H

#include <stdbool.h>
#include <stdint.h>

#include <xfib/abi.h>

#include "slots.h"

struct maps;

/* What makes two paths the same next hop. Zero all of it before filling it in: it is compared as memory. */
struct nexthop_key {
	uint32_t ifindex;
	uint32_t metric;    /* nexthop_key__metric(): unit__make() fills it in */
	uint16_t route_mtu; /* nexthop_key__mtu() */
	uint8_t family;
	uint8_t gateway_family;
	uint8_t type;  /* enum xfib_route_type */
	uint8_t flags; /* XFIB_NEXTHOP_ONLINK, _UNSUPPORTED, _DEAD */
	uint8_t gateway[16];
	uint8_t source[16];
	uint16_t pad;
};

/* The MTU of a route as it is kept. The kernel takes no larger one either (ip_metrics_convert()). */
static inline uint16_t nexthop_key__mtu(uint32_t mtu)
{
	return (uint16_t)(mtu < 65520 ? mtu : 65520);
}

/* What a next hop says of the metric of its routes: see XFIB_METRIC_LARGE. No packet is sent by other types. */
static inline uint32_t nexthop_key__metric(uint8_t type, uint32_t metric)
{
	if (type != XFIB_ROUTE_UNICAST)
		return 0;
	return metric < XFIB_METRIC_LARGE ? metric : XFIB_METRIC_LARGE;
}

/* What a device gives to the next hops through it. */
struct nexthop_device {
	uint32_t mtu4, mtu6;
	uint8_t mac[6];
	bool ethernet;
	bool vlan;
	bool down4, down6; /* unusable for routes of that family */
};

/* Fills in what is known of a device; an unknown one is down. */
typedef void (*nexthop_device_fn)(uint32_t ifindex, struct nexthop_device *ret_device, void *data);

struct nexthops;

int nexthops__new(struct maps *maps, nexthop_device_fn device, void *data, struct nexthops **ret_nexthops);
void nexthops__free(struct nexthops *nexthops);

/* The id of the next hop of a key, counted once more. -ENOSPC: the map is full; -ENOMEM. */
int nexthops__take(struct nexthops *nexthops, const struct nexthop_key *key, uint32_t *ret_id);
void nexthops__release(struct nexthops *nexthops, uint32_t id);

/*
 * A device (0: any of them) changed: MAC address, MTU, up or down. Returns whether a next hop became usable or unusable.
 */
bool nexthops__update_device(struct nexthops *nexthops, uint32_t ifindex);

/* Does the kernel call a path by the device dead that a route of the family has? Cost: all next hops. */
bool nexthops__have_dead(const struct nexthops *nexthops, uint8_t family, uint32_t ifindex);

/* What the kernel has of a neighbour. */
enum neighbour_entry {
	ENTRY_NONE,
	ENTRY_FAILED, /* it does not answer, or has not yet */
	ENTRY_GOOD,
};

/* The kernel's word on a neighbour. `mac` is read unless state is XFIB_NEIGHBOUR_NONE. */
int nexthops__set_neighbour(struct nexthops *nexthops, uint32_t ifindex, uint8_t family, const uint8_t address[16],
			    uint8_t state, const uint8_t mac[6], enum neighbour_entry entry);

/* Marks all neighbours as not seen; forgets those that nexthops__set_neighbour() did not name since. */
void nexthops__begin_neighbours(struct nexthops *nexthops);
void nexthops__end_neighbours(struct nexthops *nexthops);

#endif
