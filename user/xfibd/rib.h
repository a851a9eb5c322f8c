/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The RIB: every route of every table, in the maps that the programs and the
 * library read. This is its writer.
 *
 * The routes of a prefix are a chain of slots, in order of effective metric
 * and then of the kernel; the paths of a multipath route follow one another.
 * The trie's value names the first slot and the target for packets: the first
 * route that is usable. A change writes new slots, swings one pointer or one
 * trie value, and releases the old slots.
 *
 * Cost: a hash look-up and at most one trie update for each change; four to
 * eight bytes of the daemon's memory for each prefix, beyond the maps.
 */
#ifndef XFIBD_RIB_H
#define XFIBD_RIB_H

#include <stdbool.h>
#include <stdint.h>

#include "nexthops.h"

struct maps;
struct rib;

struct rib_path {
	struct nexthop_key nexthop;
	uint16_t weight; /* 1 to 256 */
};

/* A route as it is written; its prefix has no host bits. */
struct rib_route {
	uint8_t family;
	uint8_t prefix_length;
	uint8_t type; /* enum xfib_route_type */
	uint8_t scope;
	uint8_t protocol;
	uint8_t tos;
	uint8_t owner;
	uint8_t flags; /* XFIB_ROUTE_EXPIRES, XFIB_ROUTE_AUTOCONF */
	uint8_t preference;
	uint32_t table;
	uint32_t metric;
	uint32_t lifetime; /* seconds from now, with XFIB_ROUTE_EXPIRES */
	uint8_t prefix[16];
	uint32_t path_count; /* at least 1: a route without a device has one path with ifindex 0 */
	const struct rib_path *paths;
};

/* Where a route goes among those of its prefix, TOS and metric. */
enum rib_position {
	RIB_PREPEND,
	RIB_APPEND,
	RIB_REPLACE, /* in place of the first of them */
};

int rib__new(struct maps *maps, struct nexthops *nexthops, struct rib **ret_rib);
void rib__free(struct rib *rib);

/*
 * Adds a route, or replaces one. One that is there already, alike in all
 * things, stays. -ENOSPC: a map is full, and nothing has changed, except that
 * packets under the covering prefix now go up to the kernel, which has the
 * route. -EINVAL: no path, or more than XFIB_GROUP_MEMBERS.
 */
int rib__add(struct rib *rib, const struct rib_route *route, enum rib_position position);

/*
 * Removes the paths that are named from the first route of that prefix, TOS
 * and metric that has them; a route without paths goes. -ENOENT: no such route.
 */
int rib__delete(struct rib *rib, const struct rib_route *route);

/* Next hops became usable or not: chooses the targets of all prefixes again. */
void rib__refresh(struct rib *rib);

/* Removes the kernel's IPv4 routes whose every path leaves by the device, as the kernel does without a message. */
void rib__flush_device4(struct rib *rib, uint32_t ifindex);

/*
 * Brackets a full dump: the kernel's routes that were not added between the
 * two go at the end. `rib__abort_dump` ends the bracket without that.
 */
void rib__begin_dump(struct rib *rib);
void rib__end_dump(struct rib *rib);
void rib__abort_dump(struct rib *rib);

/* Has a route been refused that a dump, made when there is room again, would bring? */
bool rib__is_incomplete(const struct rib *rib);

#endif
