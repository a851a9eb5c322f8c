/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What nexthops.c and neighbours.c share. */
#ifndef XFIB_MIRROR_NEXTHOPS_PRIVATE_H
#define XFIB_MIRROR_NEXTHOPS_PRIVATE_H

#include "nexthops.h"

#define NEXTHOP_BUCKETS 16384
#define NEIGHBOUR_BUCKETS 16384

/* A neighbour that the kernel knows, or that a next hop waits for. */
struct neighbour {
	struct neighbour *next; /* in its bucket */
	uint32_t ifindex;
	uint8_t family;
	uint8_t state; /* enum xfib_neighbour_state */
	bool held;     /* the kernel has an entry */
	bool failed;   /* ENTRY_FAILED */
	bool seen;     /* named since nexthops__begin_neighbours() */
	uint8_t address[16];
	uint8_t mac[6];
	uint32_t first; /* next hop with this gateway; the others follow by nexthop_info.sibling */
	uint32_t line;  /* next hop that xfib_neighbours leads to, XFIB_NONE if it does not */
};

struct nexthop_info {
	struct nexthop_key key;
	uint32_t references;
	uint32_t next;    /* in its bucket */
	uint32_t sibling; /* next hop with the same gateway */
	struct neighbour *neighbour;
};

struct nexthops {
	struct maps *maps;
	nexthop_device_fn device;
	void *device_data;
	struct slots slots;
	struct nexthop_info *info; /* by id */
	uint32_t bucket[NEXTHOP_BUCKETS];
	struct neighbour *neighbour[NEIGHBOUR_BUCKETS];
};

/* Sets MAC address, state and flags of a line by one store. */
void nexthops__write_dmac(struct nexthops *nexthops, uint32_t id, const uint8_t mac[6], uint8_t state, uint8_t flags);

/* Binds a new next hop to the neighbour that is its gateway, and takes the MAC address from it. -ENOMEM. */
int neighbours__join(struct nexthops *nexthops, uint32_t id);
void neighbours__leave(struct nexthops *nexthops, uint32_t id);
void neighbours__destroy(struct nexthops *nexthops);

#endif
