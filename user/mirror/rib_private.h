/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What rib.c (chains of routes) and rib_target.c (what packets get) share. */
#ifndef XFIB_MIRROR_RIB_PRIVATE_H
#define XFIB_MIRROR_RIB_PRIVATE_H

#include "fib.h"
#include "groups.h"
#include "log.h"
#include "prefix_index.h"
#include "rib.h"
#include "slots.h"

/* One route: its slots follow one another from `first` to `last`. */
struct unit {
	uint32_t first, last, count;
};

/* The prefix that a dump is at. */
struct dump_cursor {
	bool open;
	bool lost; /* an event changed the chain meanwhile */
	uint8_t family, length;
	uint32_t table;
	uint8_t prefix[16];
	uint32_t last; /* slot behind which the next route of the prefix belongs */
};

#define RECENT_EVENTS 64
#define HELD_FIBS 8

/* A table whose FIB is made anew after the change under way. */
struct held_fib {
	uint32_t table;
	uint8_t family;
};

/* Does a slot begin a route that is the kernel's? */
#define IS_KERNEL_ROUTE(route)                                                                                         \
	((route)->family && (route)->owner == XFIB_OWNER_KERNEL && !((route)->flags & (XFIB_ROUTE_GONE | XFIB_ROUTE_MEMBER)))

struct rib_audit;

/* A change of an own route that may be taken back: what was where. */
struct own_step {
	uint32_t previous; /* slot before it */
	struct unit old, made;
};

enum own_mode {
	OWN_AT_ONCE, /* what is replaced is released at once */
	OWN_NOTED,   /* it is kept, and the step noted */
	OWN_BACK,    /* steps are being taken back */
};

struct rib {
	struct maps *maps;
	struct nexthops *nexthops;
	struct groups *groups;
	struct slots slots;
	struct prefix_index index;
	struct fib *fib;
	bool fib_wanted, fib_ready; /* ready: it follows every change */
	bool fib_merged;            /* it was made for table local merged with main */
	bool fib_behind;            /* a part found no room */
	uint32_t fib_retry_at;      /* seconds of CLOCK_MONOTONIC: all tables */
	uint32_t fib_retry;         /* seconds from one attempt at all of them to the next */
	uint32_t fib_table_retry_at; /* one that a change found no room in: others that never fit do not hold it up */
	struct log_limit fib_limit;
	uint32_t *target;   /* by first slot of a prefix: what the trie says, counted if it is a group */
	uint8_t *seen;      /* by slot: named in the dump or audit under way, or written since it began */
	uint32_t *objects;  /* by first slot of a route: the next hop object that it is by, 0: none. NULL while no route is */
	const struct objects *kernel_objects; /* NULL: there are none */
	uint8_t *stale;     /* by first slot: not named since rib__mark_stale(). NULL before the first one */
	bool pass_over_failed4; /* see rib__pass_over_failed4() */
	uint32_t special;   /* next hop of packets that only the kernel can treat */
	uint32_t incomplete; /* prefixes marked XFIB_ROUTE_INCOMPLETE */
	bool dumping;
	bool refused;       /* in the dump under way */
	bool refusing;      /* since the last dump in which all routes found room */
	uint64_t next_expiry; /* milliseconds of CLOCK_MONOTONIC, 0: nothing expires */
	uint64_t on_link_version;
	/* of the dump under way, see rib_dump.c: */
	struct dump_cursor cursor;
	uint32_t recent[RECENT_EVENTS]; /* prefixes changed by events since the last part */
	uint32_t recent_count;
	bool after_part; /* a part has come since the last event */
	bool ambiguous;
	bool deleted6;
	bool disordered;         /* see rib__was_disordered() */
	struct rib_audit *audit; /* under way, NULL: none; see rib_audit.c */
	/* of the change of own routes under way, see rib_own.c: */
	enum own_mode own_mode;
	struct held_fib held[HELD_FIBS];
	uint32_t held_count;
	struct own_step *steps;
	uint32_t step_count, step_room;
	/* who is told of changes, see rib_tell.c: */
	rib_path_fn path_listener;
	void *path_data;
	rib_route_fn route_listener;
	void *route_data;
};

#define EXPIRY_TRUST_MS 120000 /* the kernel removes routes within a minute of their end */

/* The route that begins at a slot. */
struct unit unit__at(const struct rib *rib, uint32_t first);

/* May the route be one path of several, added one by one? As rt6_qualify_for_ecmp() in the kernel has it. */
static inline bool route__is_joinable(uint8_t flags, uint8_t gateway_family)
{
	return gateway_family && !(flags & (XFIB_ROUTE_AUTOCONF | XFIB_ROUTE_NEXTHOP_OBJECT));
}

/* Does a path say that what it leads to is on a link? */
static inline bool route__is_on_link(const struct xfib_route *route, const struct xfib_nexthop *nexthop)
{
	return (route->type == XFIB_ROUTE_UNICAST || route->type == XFIB_ROUTE_LOCAL) && !nexthop->gateway_family &&
	       nexthop->ifindex;
}

enum path_likeness {
	SAME_WAY,        /* device, gateway, type */
	SAME_BUT_WEIGHT, /* and MTU and preferred source */
	SAME_BUT_STATE,  /* and weight; not whether the kernel calls the path dead */
	SAME_IN_ALL,
	SAME_AS_DUMPED,  /* in all that a dump tells, see unit__same() */
};

bool path__same(const struct rib *rib, const struct xfib_route *held, const struct rib_path *path,
		enum path_likeness likeness);
void unit__read_path(const struct rib *rib, uint32_t id, struct rib_path *ret_path);

/* Metric and TOS, and the owner: what the kernel orders the routes of a prefix by. */
bool unit__same_class(const struct xfib_route *held, const struct rib_route *route);

/*
 * How many paths of the unit the route names; whether it is the route but for its lifetime. A dump tells the MTU, the
 * preferred source and the life of the first of several IPv6 paths only, and says them of all.
 */
uint32_t unit__named(const struct rib *rib, struct unit unit, const struct rib_route *route,
		     enum path_likeness likeness);
bool unit__same(const struct rib *rib, struct unit unit, const struct rib_route *route, enum path_likeness likeness);

/* Writes a route into new slots that nothing leads to yet. */
int unit__make(struct rib *rib, const struct rib_route *route, struct unit *ret_unit);
void unit__release(struct rib *rib, struct unit unit, bool published);
void unit__mark_seen(struct rib *rib, struct unit unit);

/*
 * May the kernel have the unit though the dump or audit, by what is seen so far, does not name it? Looks at the routes of
 * its prefix. rib_hidden.c.
 */
bool unit__may_be_hidden(const struct rib *rib, struct unit unit);

/* The next hop object that a route is by, 0: none. */
static inline uint32_t unit__object(const struct rib *rib, struct unit unit)
{
	return rib->objects ? rib->objects[unit.first] : 0;
}

/* Where a change goes: after slot `previous` (XFIB_NONE: first), in place of `old` (count 0: of nothing). */
struct place {
	uint32_t head, previous;
	struct unit old;
};

/* Puts `unit` (count 0: nothing) there, so that readers see the chain before or after, never between. */
int place__splice(struct rib *rib, struct place place, struct unit unit);

/* Writes a route and puts it there. What finds no room is refused, and counted. */
int rib__put(struct rib *rib, const struct rib_route *route, struct place place, struct unit *ret_unit);

/* First slot of the prefix of a route, or of the route in a slot. */
uint32_t rib__head_of(const struct rib *rib, const struct rib_route *route);
uint32_t rib__head_at(const struct rib *rib, uint32_t id);

/* Behind all that come before it: a higher TOS, lower metrics of its own TOS, and with `last` the same metric. */
void rib__find_between(const struct rib *rib, const struct rib_route *route, bool last, struct place *place);

/* Replaces the unit of `place` by one that differs in its paths alone; an only path has weight 1. */
int rib__put_rest(struct rib *rib, struct place place, const struct rib_route *rest);

/* Reads a route back; `paths` has room for unit.count. */
void unit__read(const struct rib *rib, struct unit unit, struct rib_path *paths, struct rib_route *ret_route);

/* Room for one more step, where steps are noted. -ENOMEM */
int own__reserve(struct rib *rib);

/* Before `made` comes in place of place.old, both marked for whoever takes over if that is not the end of it; or not. */
void own__mark(struct rib *rib, struct place place, struct unit made, bool on);

/* The unit of `place` is no longer reachable, `made` is in its place. */
void own__replaced(struct rib *rib, struct place place, struct unit made);

/* Tells the listeners that `made` has come in place of place.old. */
void rib__tell(struct rib *rib, struct place place, struct unit made);

/* Takes the unit of `place` out of its chain. */
int rib__remove(struct rib *rib, struct place place);

void rib__count(struct rib *rib, uint8_t family, int change);

/* An event is about to change the routes of a prefix; `deleted`: to take one away. */
void rib__changed(struct rib *rib, const struct rib_route *route, bool deleted);

/* Of the prefix of a route. */
uint32_t rib__hash_of(const struct rib_route *route);

/* Likewise for the audit. */
void audit__note(struct rib_audit *audit, uint32_t hash, bool deleted6);

/* Takes note of what a route means beyond its prefix: own addresses, the next time at which one expires. */
void rib__note(struct rib *rib, const struct rib_route *route);

/* Takes note of a route of table local in the filters and flags of the state, so that a look-up there can be spared. */
void local__note(const struct xfib_route *route, struct xfib_state *state);

/* Makes those filters and flags anew, without what has gone. Cost: all slots. */
void local__rebuild(struct rib *rib);

/* The trie's value of a prefix has changed: so does the compiled FIB; rib_fib.c. */
void fib_step__publish(struct rib *rib, uint32_t head);
/* The prefix that began with slot `head`, whose route can still be read, is in no trie and no index any more. */
void fib_step__withdraw(struct rib *rib, uint32_t head);

/*
 * The target of a route by a resilient group of the kernel's, all of whose paths are in it, for the kernel passes over none.
 * False: it is by no such group. rib_buckets.c.
 */
bool buckets__target(struct rib *rib, struct unit unit, uint32_t *ret_target);

/* Makes the FIBs anew that rib__expect() held. */
void rib__compile_held(struct rib *rib);

uint32_t rib__now(void);    /* seconds of CLOCK_MONOTONIC */
uint64_t rib__now_ms(void); /* milliseconds */

/* When a route expires, likewise; UINT64_MAX: never. */
static inline uint64_t route__expiry(const struct xfib_route *route)
{
	return route->flags & XFIB_ROUTE_EXPIRES ? route->expires * 1000ULL + route->expires_ms : UINT64_MAX;
}

/* The unit, which is the route but for its lifetime, has that of the route from now on. */
void unit__renew(struct rib *rib, struct unit unit, const struct rib_route *route);

/*
 * Makes the trie say what the chain from `head` means, which began with
 * `old_head` before; XFIB_NONE: the prefix did not exist, or does no longer.
 * On failure the trie is as it was.
 */
int target__publish(struct rib *rib, uint32_t old_head, uint32_t head);

/* A route was refused: from now on packets that it could have been for go up to the kernel. */
void target__mark_incomplete(struct rib *rib, uint32_t table, uint8_t family, const uint8_t prefix[16],
			     uint8_t length);

/* Every route has found room: forget all such marks. */
void target__clear_incomplete(struct rib *rib);

#endif
