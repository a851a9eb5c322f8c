// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Many routes at once: full dumps, devices that go, routes that expire.
 *
 * A dump is the kernel's last word on each prefix at the moment when its part
 * was made: the chain of the prefix becomes what the dump names, in its order.
 * Dump and events come by one socket, so that events before a part have been
 * applied before it, and later ones come after it. One thing can go wrong:
 * since Linux 6.9 a part is not made under the lock under which routes change,
 * so that an event may be queued just before a part that does not know of it.
 * Such an event, between the part before and the one that names its prefix,
 * makes the dump ambiguous, and it has to be repeated.
 *
 * And after a change the kernel finds its place in the IPv6 tree again by
 * counting the prefixes that it has named (fib6_dump_table()): if one of them
 * was deleted, it passes over one that it has not. IPv6 routes that are not
 * named stay when there was a deletion, and make the dump ambiguous. What it
 * passes over for another reason stays too: rib_hidden.c.
 */
#include <errno.h>
#include <string.h>

#include "hash.h"
#include "maps.h"
#include "rib_private.h"

/* ---- the prefix that the dump is at ---- */

static bool is_at(const struct rib *rib, const struct rib_route *route)
{
	const struct dump_cursor *cursor = &rib->cursor;

	return cursor->open && cursor->table == route->table && cursor->family == route->family &&
	       cursor->length == route->prefix_length && !memcmp(cursor->prefix, route->prefix, sizeof(cursor->prefix));
}

uint32_t rib__hash_of(const struct rib_route *route)
{
	struct {
		uint8_t prefix[16];
		uint32_t table, family_and_length;
	} key = { .table = route->table, .family_and_length = (uint32_t)route->family << 8 | route->prefix_length };

	memcpy(key.prefix, route->prefix, sizeof(key.prefix));
	return hash__bytes(&key, sizeof(key));
}

void rib__changed(struct rib *rib, const struct rib_route *route, bool deleted)
{
	bool deleted6 = deleted && route->family == XFIB_INET6;

	if (rib->audit)
		audit__note(rib->audit, rib__hash_of(route), deleted6);
	if (!rib->dumping)
		return;
	rib->deleted6 |= deleted6;
	if (rib->after_part) {
		rib->after_part = false;
		rib->recent_count = 0;
	}
	if (rib->recent_count < RECENT_EVENTS)
		rib->recent[rib->recent_count++] = rib__hash_of(route);
	else
		rib->ambiguous = true;
	if (is_at(rib, route))
		rib->ambiguous = rib->cursor.lost = true;
}

static bool changed_just_before(const struct rib *rib, const struct rib_route *route)
{
	uint32_t hash = rib->recent_count ? rib__hash_of(route) : 0;

	for (uint32_t i = 0; i < rib->recent_count; i++) {
		if (rib->recent[i] == hash)
			return true;
	}
	return false;
}

static uint32_t head_at_cursor(const struct rib *rib)
{
	const struct dump_cursor *cursor = &rib->cursor;

	return prefix_index__find(&rib->index, cursor->table, cursor->family, cursor->prefix, cursor->length);
}

/* Takes the kernel's IPv4 routes out of a chain, from behind slot `previous` to before slot `end`. */
static void remove_between(struct rib *rib, uint32_t previous, uint32_t end)
{
	for (;;) {
		const struct xfib_route *routes = rib->maps->routes;
		struct place place = { .previous = previous };
		uint32_t id;

		place.head = head_at_cursor(rib);
		id = previous ? routes[previous].next : place.head;
		if (!id || id == end)
			return;
		place.old = unit__at(rib, id);
		if (routes[id].owner != XFIB_OWNER_KERNEL)
			previous = place.old.last;
		else if (rib__remove(rib, place))
			return;
	}
}

/*
 * IPv6: which routes may have been passed over is known when the dump has named all that it names of the prefix. So the
 * others stay until then.
 */
static void remove_unnamed(struct rib *rib)
{
	struct place place = { .head = head_at_cursor(rib) };

	for (uint32_t id = place.head; id;) {
		const struct xfib_route *routes = rib->maps->routes;

		place.old = unit__at(rib, id);
		id = routes[place.old.last].next;
		if (routes[place.old.first].owner != XFIB_OWNER_KERNEL || rib->seen[place.old.first] ||
		    unit__may_be_hidden(rib, place.old)) {
			place.previous = place.old.last;
			continue;
		}
		if (rib__remove(rib, place))
			return;
		if (place.head == place.old.first)
			place.head = id;
	}
}

static void finish_prefix(struct rib *rib)
{
	bool settled = rib->cursor.open && !rib->cursor.lost;

	if (settled && rib->cursor.family == XFIB_INET6)
		remove_unnamed(rib);
	else if (settled)
		remove_between(rib, rib->cursor.last, XFIB_NONE);
	rib->cursor.open = false;
}

static void begin_prefix(struct rib *rib, const struct rib_route *route)
{
	rib->cursor = (struct dump_cursor){ .open = true, .table = route->table, .family = route->family,
					    .length = route->prefix_length };
	memcpy(rib->cursor.prefix, route->prefix, sizeof(rib->cursor.prefix));
	/* What an event told before does not count as named: the dump knows better. */
	for (uint32_t id = route->family == XFIB_INET6 ? head_at_cursor(rib) : XFIB_NONE; id; id = rib->maps->routes[id].next)
		rib->seen[id] = 0;
}

/* Is the unit of the kernel's, and may it have become the route by a change of attributes? */
static bool may_have_become(const struct rib *rib, struct unit unit, const struct rib_route *route)
{
	return unit__same_class(&rib->maps->routes[unit.first], route) && unit.count == route->path_count &&
	       unit__named(rib, unit, route, SAME_WAY) == unit.count;
}

/*
 * The unit behind place->previous that is the route (true), else in place->old
 * the first one that goes the same way, and in place->previous what is before it.
 */
static bool find_behind(const struct rib *rib, const struct rib_route *route, struct place *place, struct unit *ret_unit)
{
	const struct xfib_route *routes = rib->maps->routes;
	uint32_t previous = place->previous;
	struct place changed = *place;

	for (uint32_t id = previous ? routes[previous].next : place->head; id;) {
		struct unit unit = unit__at(rib, id);

		if (unit__same(rib, unit, route, SAME_AS_DUMPED)) {
			*ret_unit = unit;
			return true;
		}
		if (!changed.old.count && may_have_become(rib, unit, route)) {
			changed.previous = previous;
			changed.old = unit;
		}
		previous = unit.last;
		id = routes[unit.last].next;
	}
	*place = changed;
	return false;
}

int rib__dump(struct rib *rib, const struct rib_route *route)
{
	struct place place = { 0 };
	struct unit unit;
	int err;

	if (!route->path_count || route->path_count > XFIB_GROUP_MEMBERS)
		return -EINVAL;
	rib->after_part = true;
	if (changed_just_before(rib, route))
		rib->ambiguous = true;
	if (!is_at(rib, route)) {
		finish_prefix(rib);
		begin_prefix(rib, route);
	}
	place.head = prefix_index__find(&rib->index, route->table, route->family, route->prefix, route->prefix_length);
	place.previous = rib->cursor.lost ? XFIB_NONE : rib->cursor.last;
	if (!find_behind(rib, route, &place, &unit)) {
		err = rib__put(rib, route, place, &unit);
		if (err)
			return err;
		if (!rib->cursor.lost && route->family == XFIB_INET)
			remove_between(rib, rib->cursor.last, unit.first);
	} else {
		if (!rib->cursor.lost && route->family == XFIB_INET)
			remove_between(rib, place.previous, unit.first);
		unit__renew(rib, unit, route);
		rib__note(rib, route);
		unit__mark_seen(rib, unit);
	}
	rib->cursor.last = unit.last;
	return 0;
}

/* ---- the whole dump ---- */

void rib__begin_dump(struct rib *rib)
{
	rib__stop_audit(rib); /* both mark what they have seen */
	memset(rib->seen, 0, rib->maps->state->routes_end);
	rib->cursor.open = false;
	rib->recent_count = 0;
	rib->dumping = true;
	rib->refused = rib->ambiguous = rib->after_part = rib->deleted6 = false;
}

/* Removes the route that begins at a slot. */
static void remove_at(struct rib *rib, uint32_t first)
{
	const struct xfib_route *routes = rib->maps->routes, *route = &routes[first];
	struct place place = { 0 };

	place.head = prefix_index__find(&rib->index, route->table, route->family, route->prefix, route->prefix_length);
	for (uint32_t id = place.head; id && id != first; id = routes[id].next)
		place.previous = id;
	place.old = unit__at(rib, first);
	rib__remove(rib, place);
}

bool rib__end_dump(struct rib *rib)
{
	uint32_t end = rib->maps->state->routes_end;

	finish_prefix(rib);
	for (uint32_t first = 1; first < end; first++) {
		const struct xfib_route *route = &rib->maps->routes[first];

		if (!IS_KERNEL_ROUTE(route) || rib->seen[first] || unit__may_be_hidden(rib, unit__at(rib, first)))
			continue;
		if (route->family == XFIB_INET6 && rib->deleted6) /* it may have been passed over */
			rib->ambiguous = true;
		else
			remove_at(rib, first);
	}
	if (!rib->refused) {
		rib->refusing = false;
		target__clear_incomplete(rib);
	}
	local__rebuild(rib);
	rib->dumping = false;
	return !rib->ambiguous;
}

void rib__abort_dump(struct rib *rib)
{
	rib->cursor.open = false;
	rib->dumping = false;
}

/* ---- what routes mean beyond their prefixes ---- */

void rib__note(struct rib *rib, const struct rib_route *route)
{
	struct xfib_route noted = { .family = route->family, .table = route->table, .prefix_length = route->prefix_length };

	memcpy(noted.prefix, route->prefix, sizeof(noted.prefix));
	local__note(&noted, rib->maps->state);
	if (route->flags & XFIB_ROUTE_EXPIRES && route->lifetime) { /* else it has expired, and is still there */
		uint64_t at = rib__now_ms() + route->lifetime;

		if (!rib->next_expiry || at < rib->next_expiry)
			rib->next_expiry = at;
	}
}

/* ---- devices and time ---- */

void rib__flush_device4(struct rib *rib, uint32_t ifindex)
{
	const struct xfib_route *routes = rib->maps->routes;
	uint32_t end = rib->maps->state->routes_end;

	if (rib->dumping)
		rib->ambiguous = rib->cursor.lost = true;
	for (uint32_t first = 1; first < end; first++) {
		struct unit unit;
		uint32_t id = first, through = 0;

		if (!IS_KERNEL_ROUTE(&routes[first]) || routes[first].family != XFIB_INET)
			continue;
		unit = unit__at(rib, first);
		for (uint32_t i = 0; i < unit.count; i++, id = routes[id].next)
			through += rib->maps->nexthops[routes[id].nexthop].ifindex == ifindex;
		if (through == unit.count)
			remove_at(rib, first);
	}
}

#define EXPIRED_INTERVAL_MS 5000 /* until it is looked again whether one that has expired still is there */

uint64_t rib__next_expiry(const struct rib *rib)
{
	return rib->next_expiry;
}

bool rib__expire(struct rib *rib)
{
	const struct xfib_route *routes = rib->maps->routes;
	uint32_t end = rib->maps->state->routes_end;
	bool kernels = false;
	uint64_t again;

	rib->next_expiry = 0;
	for (uint32_t id = 1; id < end; id++) {
		uint64_t expiry = route__expiry(&routes[id]);

		if (!routes[id].family || expiry == UINT64_MAX || routes[id].flags & (XFIB_ROUTE_GONE | XFIB_ROUTE_MEMBER))
			continue;
		if (expiry > rib__now_ms()) {
			if (!rib->next_expiry || expiry < rib->next_expiry)
				rib->next_expiry = expiry;
		} else if (routes[id].owner == XFIB_OWNER_XFIB) {
			remove_at(rib, id);
		} else { /* the kernel removes its own by itself, within a minute, or gives it another life */
			uint32_t head = rib__head_at(rib, id);

			target__publish(rib, head, head);
			kernels = true;
		}
	}
	again = rib__now_ms() + EXPIRED_INTERVAL_MS;
	if (kernels && (!rib->next_expiry || again < rib->next_expiry))
		rib->next_expiry = again;
	return kernels;
}
