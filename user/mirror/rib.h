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
#ifndef XFIB_MIRROR_RIB_H
#define XFIB_MIRROR_RIB_H

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
	uint8_t flags; /* XFIB_ROUTE_EXPIRES, _AUTOCONF, _NEXTHOP_OBJECT */
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
 * An event: adds a route, or replaces one. One that is there already, alike in
 * all things, stays. IPv6 messages name all paths of a route that got one more.
 * -ENOSPC: a map is full, and nothing has changed, except that packets that
 * the route could be for now go up to the kernel, which has it. -EINVAL: no
 * path, or more than XFIB_GROUP_MEMBERS.
 */
int rib__add(struct rib *rib, const struct rib_route *route, enum rib_position position);

/* An event: removes the route that is alike (IPv4), or the paths that are named (IPv6). -ENOENT: no such route. */
int rib__delete(struct rib *rib, const struct rib_route *route);

/* Next hops became usable or not: chooses the targets of all prefixes again. */
void rib__refresh(struct rib *rib);

/* Removes the kernel's IPv4 routes whose every path leaves by the device, as the kernel does without a message. */
void rib__flush_device4(struct rib *rib, uint32_t ifindex);

/*
 * Brackets a full dump: routes come by rib__dump(), those of one prefix one
 * after the other in the kernel's order, events between them as ever; what of
 * the kernel's was not named goes at the end. False: an event came so close to
 * a part of the dump that it may have been undone: dump again.
 * `rib__abort_dump` ends the bracket without all that.
 */
void rib__begin_dump(struct rib *rib);
int rib__dump(struct rib *rib, const struct rib_route *route);
bool rib__end_dump(struct rib *rib);
void rib__abort_dump(struct rib *rib);

/* When the next route expires, seconds of CLOCK_MONOTONIC, 0: none does; and what is to be done then. */
uint32_t rib__next_expiry(const struct rib *rib);
void rib__expire(struct rib *rib);

/* Has a route been refused that a dump, made when there is room again, would bring? */
bool rib__is_incomplete(const struct rib *rib);

#endif
