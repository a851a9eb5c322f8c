/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The RIB: every route of every table, in the maps that the programs and the
 * library read. This is its writer.
 *
 * The routes of a prefix are a chain of slots, in the kernel's order: by TOS,
 * the highest first, and by metric; the paths of a multipath route follow one another.
 * The trie's value names the first slot and the target for packets: the first
 * route that is usable. A change writes new slots, swings one pointer or one
 * trie value, and releases the old slots.
 *
 * Cost: a hash look-up and at most one trie update for each change; five
 * bytes of the daemon's memory for each route slot, beyond the maps; four more
 * once there is a route by a next hop object.
 */
#ifndef XFIB_MIRROR_RIB_H
#define XFIB_MIRROR_RIB_H

#include <stdbool.h>
#include <stdint.h>

#include <xfib/abi.h>

#include "nexthops.h"

struct maps;
struct objects;
struct rib;
struct xfib_route_spec;

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
	uint64_t lifetime; /* milliseconds from now, with XFIB_ROUTE_EXPIRES */
	uint32_t nexthop_id; /* of the next hop object that it is by, with XFIB_ROUTE_NEXTHOP_OBJECT */
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

/* An event: removes the route that is alike (IPv4, or by a next hop object), or the paths that are named (IPv6). -ENOENT: no such route. */
int rib__delete(struct rib *rib, const struct rib_route *route);

/*
 * Since the last time that it was asked, has something happened to an IPv6 route that only a dump can tell all of? It has lost its
 * first path, of which the kernel has told the protocol, preference and life alone; or any, and stands beside others of
 * its metric: where among them is unknown, and a dump may not have named them so far. Or one of several was replaced, and it is
 * unknown which.
 */
bool rib__was_disordered(struct rib *rib);

/* Next hops became usable or not: chooses the targets of all prefixes again. */
void rib__refresh(struct rib *rib);

/*
 * Do IPv4 routes that are not by next hop objects pass over paths whose gateway has failed? Those by objects always do,
 * in either family; IPv6 routes never. Returns whether that is new, and targets have to be chosen again.
 */
bool rib__pass_over_failed4(struct rib *rib, bool does);

/* Removes the kernel's IPv4 routes whose every path leaves by the device, as the kernel does without a message. */
void rib__flush_device4(struct rib *rib, uint32_t ifindex);

/*
 * The device, which is up, has got an IPv4 address: the kernel's paths by it are not dead any more, of which it says nothing.
 * Cost: all next hops, and all slots if one of those was dead.
 */
void rib__revive_device4(struct rib *rib, uint32_t ifindex);

/* xfib_addresses has changed, or the route of table local for one of these: see XFIB_STATE_UNROUTED4. Cost: all addresses. */
void rib__addresses_changed(struct rib *rib);

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

/*
 * The audit: routes of a dump that is only compared, in parts, each of them
 * announced before it is received, with events between them as ever. What of a
 * part or, after rib__end_audit(), of all of it is found to differ is told by
 * rib__judge_audit(), before the next part: how many routes, and the first one.
 * A dump by rib__begin_dump() takes the audit's place.
 */
struct rib_difference {
	uint8_t family, prefix_length;
	bool stale; /* the kernel does not have it; else the RIB lacks it or has another one */
	uint32_t table;
	uint8_t prefix[16];
};

bool rib__is_auditing(const struct rib *rib);
int rib__begin_audit(struct rib *rib);
void rib__begin_audit_part(struct rib *rib);
void rib__audit(struct rib *rib, const struct rib_route *route);
void rib__end_audit(struct rib *rib);
uint32_t rib__judge_audit(struct rib *rib, bool *ret_ended, struct rib_difference *ret_first);
void rib__stop_audit(struct rib *rib);

/* When the next route expires, milliseconds of CLOCK_MONOTONIC, 0: none does. */
uint64_t rib__next_expiry(const struct rib *rib);

/*
 * What is to be done then. True: a route of the kernel's has expired, and is still there. Until a dump tells whether its life is
 * longer now, which the kernel does not say, packets of its prefix go up.
 */
bool rib__expire(struct rib *rib);

/* ---- routes by next hop objects: rib_objects.c ---- */

/*
 * What a route by an object is from now on: `route` and its `paths` are as they were, with room for
 * XFIB_GROUP_MEMBERS. False: it is no more.
 */
typedef bool (*rib_object_fn)(struct rib_route *route, struct rib_path *paths, void *data);

/*
 * Brings the routes of an owner by the objects of which `has_changed` says so up to date. Cost: reads 4 bytes for each
 * slot in use, and changes those routes.
 */
void rib__update_objects(struct rib *rib, uint8_t owner, bool (*has_changed)(uint32_t id, void *data),
			 rib_object_fn update, void *data);

/* The kernel's objects, whose resilient groups its routes are by; rib_buckets.c. */
void rib__set_objects(struct rib *rib, const struct objects *objects);

/* Buckets of a resilient group lead elsewhere. Costs a look at each group, and at each bucket of those by the object. */
void rib__update_buckets(struct rib *rib, uint32_t object);

/* ---- who is told of changes ---- */

/*
 * A path came, went or changed in what a user can see of it (`type` is enum
 * xfib_route_event_type). What it points to is valid during the call, which
 * must not change the RIB. Called when readers see the change.
 */
typedef void (*rib_path_fn)(uint32_t type, const struct xfib_route *route, const struct xfib_nexthop *nexthop,
			    void *data);

/* A whole route of the kernel's: `old` became `made`; either may be NULL, and both for want of memory. */
struct rib_route_change {
	const struct rib_route *old, *made;
	/*
	 * Of IPv4, the routes of its TOS and metric that come before it, in their
	 * order, where it cannot be undone without looking at them: the kernel,
	 * asked to delete `made`, would take one of them, or `old` stood between
	 * them and others.
	 */
	const struct rib_route *before;
	uint32_t before_count;
	bool first; /* there are none such at all */
};

typedef void (*rib_route_fn)(const struct rib_route_change *change, void *data);

/* NULL: nobody is told, which costs nothing. */
void rib__set_path_listener(struct rib *rib, rib_path_fn listener, void *data);
void rib__set_route_listener(struct rib *rib, rib_route_fn listener, void *data);

/* ---- xfib's own routes (XFIB_OWNER_XFIB): rib_own.c ---- */

/*
 * Makes one change between rib__begin_own() and rib__end_own(), which either
 * keeps all of them or takes all back. Taking back needs no slot and no memory:
 * what a change replaced keeps its slots until the end. -EIO: the maps did not
 * take an earlier value back; -ENOMEM: they did not take all changes, which
 * have been taken back though they were to be kept.
 */
void rib__begin_own(struct rib *rib);

/*
 * So many changes of a table will come until rib__end_own(). Where they outnumber what is there, its FIB is made anew
 * after them, in a tenth of the time: the tries serve the table meanwhile. Costs nothing for fewer.
 */
void rib__expect(struct rib *rib, uint32_t table, uint8_t family, uint32_t count);

/* A change of the prefix comes soon. */
void rib__prefetch(const struct rib *rib, uint32_t table, uint8_t family, const uint8_t prefix[16], uint8_t length);

/*
 * Calls `pause` (NULL: nobody) every few dozen steps. It may change routes of the kernel's, but not own ones. All that was
 * made is there and counts when it is kept, in every pause; until rib__end_own() returns, its FIB may not be.
 */
typedef void (*rib_pause_fn)(void *data);
int rib__end_own(struct rib *rib, bool keep, rib_pause_fn pause, void *data);

/* What `how` (enum xfib_change, but DELETE) does. -EEXIST; -ENOSPC: a map is full; -ENOMEM. */
int rib__add_own(struct rib *rib, const struct rib_route *route, uint32_t how);

/* The first route that agrees with all that the spec gives, in `table`. -ENOENT */
int rib__delete_own(struct rib *rib, uint32_t table, const struct xfib_route_spec *spec);

/* Removes paths by devices that are gone, and routes that have no other ones. */
void rib__flush_own(struct rib *rib, bool (*is_gone)(uint32_t ifindex, void *data), void *data);

/* ---- a table of xfib's own that one source keeps: rib_feed.c ---- */

/*
 * The only route of its prefix in the table from now on, beside those of the kernel's. *ret_refreshed: it was marked
 * stale. Nothing happens to one that is there already. -ENOSPC: a map is full; -ENOMEM; -EINVAL: no path, or too many.
 */
int rib__feed(struct rib *rib, const struct rib_route *route, bool *ret_refreshed);

/* The prefix of `route`, of which the rest is not looked at, has none. -ENOENT: it had none. */
int rib__feed_delete(struct rib *rib, const struct rib_route *route);

/* Marks all own routes of a table as stale, until rib__feed() names them; removes those that it did not. Costs a look at each slot. */
int rib__mark_stale(struct rib *rib, uint32_t table);
uint32_t rib__sweep_stale(struct rib *rib, uint32_t table);

/* Calls `visit` for each table that has routes of xfib's own, some more than once. Costs a look at each slot. */
void rib__each_own_table(const struct rib *rib, void (*visit)(uint32_t table, void *data), void *data);

/* How many more paths the RIB has room for. */
uint32_t rib__room(const struct rib *rib);

/*
 * The device of the longest on-link route of a table to an address: by
 * `ifindex`, 0: by any. Types unicast and local count. -ENOENT
 */
int rib__find_on_link(const struct rib *rib, uint32_t table, uint8_t family, const uint8_t address[16], uint32_t ifindex,
		      uint32_t *ret_ifindex, uint8_t *ret_type);

/* Another number after each change that rib__find_on_link() could tell; from 1 on. */
uint64_t rib__on_link_version(const struct rib *rib);

/* ---- the compiled FIB: rib_fib.c ---- */

/* Lets there be one, once all routes are there. */
void rib__want_fib(struct rib *rib);

/* Compiles what has to be: everything after the first full dump, what lost its place or its order later. Costs 0.2 us a route. */
void rib__settle_fib(struct rib *rib);

/* Has a route been refused that a dump, made when there is room again, would bring? */
bool rib__is_incomplete(const struct rib *rib);

#endif
