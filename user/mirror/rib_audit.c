// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * The RIB beside a dump that is only looked at. Routes come by rib__audit() in
 * slices, far apart from one another, while the RIB changes by events.
 *
 * A route of the dump that the RIB does not have is suspect, unless an event
 * was about its prefix since before the dump's part was made. A route of the
 * RIB that no part has named is so at the end; what is written meanwhile counts
 * as named. An event may yet be on its way: what is still suspect when the next
 * slice begins, without one, is a difference.
 *
 * Memory 17 KB while it is under way. Cost of a route: a hash look-up.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "maps.h"
#include "rib_private.h"

#define BUCKETS 4096
#define SUSPECTS_MAX 64

struct suspect {
	uint32_t bucket, since; /* an event since this step clears it */
	struct rib_difference difference;
};

struct rib_audit {
	uint32_t step;             /* of the part that is being received or handled */
	uint32_t changed[BUCKETS]; /* step at which an event was about a prefix of this hash, 0: none was */
	struct suspect suspects[SUSPECTS_MAX];
	uint32_t suspect_count;
	bool deleted6; /* the kernel may have passed over IPv6 routes, see rib__deleted() */
	bool ended;    /* all parts have come */
	struct rib_difference at; /* the prefix that the dump is at, and the slot of its last route that was found */
	uint32_t last;
};

bool rib__is_auditing(const struct rib *rib)
{
	return rib->audit != NULL;
}

int rib__begin_audit(struct rib *rib)
{
	rib->audit = calloc(1, sizeof(*rib->audit));
	if (!rib->audit)
		return -ENOMEM;
	rib->audit->step = 1;
	memset(rib->seen, 0, rib->maps->state->routes_end);
	return 0;
}

void rib__stop_audit(struct rib *rib)
{
	free(rib->audit);
	rib->audit = NULL;
}

void rib__begin_audit_part(struct rib *rib)
{
	rib->audit->step++;
}

void audit__note(struct rib_audit *audit, uint32_t hash, bool deleted6)
{
	audit->changed[hash % BUCKETS] = audit->step;
	audit->deleted6 |= deleted6;
}

static struct rib_difference prefix_of(uint8_t family, uint32_t table, const uint8_t prefix[16], uint8_t length)
{
	struct rib_difference difference = { .family = family, .prefix_length = length, .table = table };

	memcpy(difference.prefix, prefix, sizeof(difference.prefix));
	return difference;
}

/*
 * First slot of the unit that is the route; XFIB_NONE: there is none. An IPv4 one must not come before the one that the
 * dump named last; IPv6 dumps may begin a prefix anew.
 */
static uint32_t find(const struct rib *rib, const struct rib_route *route)
{
	const struct xfib_route *routes = rib->maps->routes;
	bool behind = rib->audit->last == XFIB_NONE || route->family == XFIB_INET6;
	uint32_t named = XFIB_NONE; /* already: an IPv6 route may be there twice */

	for (uint32_t id = rib__head_of(rib, route); id;) {
		struct unit unit = unit__at(rib, id);

		behind |= id == rib->audit->last;
		if (behind && unit__same(rib, unit, route, SAME_AS_DUMPED)) {
			if (route->family == XFIB_INET || !rib->seen[id])
				return id;
			named = id;
		}
		id = routes[unit.last].next;
	}
	return named;
}

void rib__audit(struct rib *rib, const struct rib_route *route)
{
	struct rib_audit *audit = rib->audit;
	struct rib_difference at = prefix_of(route->family, route->table, route->prefix, route->prefix_length);
	uint32_t bucket = rib__hash_of(route) % BUCKETS, first;

	if (memcmp(&at, &audit->at, sizeof(at)))
		audit->last = XFIB_NONE;
	audit->at = at;
	first = find(rib, route);
	if (first != XFIB_NONE) {
		audit->last = first;
		unit__mark_seen(rib, unit__at(rib, first));
		return;
	}
	if (audit->changed[bucket] + 1 >= audit->step && audit->changed[bucket]) /* the part was made in the step before */
		return;
	if (audit->suspect_count < SUSPECTS_MAX)
		audit->suspects[audit->suspect_count++] = (struct suspect){ bucket, audit->step - 1, at };
}

void rib__end_audit(struct rib *rib)
{
	rib->audit->ended = true;
}

/* Routes of the kernel's that no part has named. */
static uint32_t judge_unnamed(const struct rib *rib, struct rib_difference *ret_first)
{
	const struct xfib_route *routes = rib->maps->routes;
	uint32_t count = 0, end = rib->maps->state->routes_end;

	for (uint32_t id = 1; id < end; id++) {
		const struct xfib_route *route = &routes[id];

		if (!IS_KERNEL_ROUTE(route) || rib->seen[id] || (route->family == XFIB_INET6 && rib->audit->deleted6) ||
		    unit__may_be_hidden(rib, unit__at(rib, id)))
			continue;
		if (!count++) {
			*ret_first = prefix_of(route->family, route->table, route->prefix, route->prefix_length);
			ret_first->stale = true;
		}
	}
	return count;
}

uint32_t rib__judge_audit(struct rib *rib, bool *ret_ended, struct rib_difference *ret_first)
{
	struct rib_audit *audit = rib->audit;
	struct rib_difference stale;
	uint32_t count = 0, unnamed;

	for (uint32_t i = 0; i < audit->suspect_count; i++) {
		const struct suspect *suspect = &audit->suspects[i];

		if (audit->changed[suspect->bucket] < suspect->since && !count++)
			*ret_first = suspect->difference;
	}
	audit->suspect_count = 0;
	*ret_ended = audit->ended;
	if (!audit->ended)
		return count;
	unnamed = judge_unnamed(rib, &stale);
	if (unnamed && !count)
		*ret_first = stale;
	return count + unnamed;
}
