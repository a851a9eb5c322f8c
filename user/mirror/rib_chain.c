// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Routes as slots that follow one another (units): compared, written, put into
 * the chain of their prefix and taken out of it. See rib_private.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "maps.h"
#include "rib_private.h"

#define EXPIRY_BLUR_MS 1000

uint64_t rib__now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

uint32_t rib__now(void)
{
	return (uint32_t)(rib__now_ms() / 1000);
}

struct unit unit__at(const struct rib *rib, uint32_t first)
{
	const struct xfib_route *routes = rib->maps->routes;
	struct unit unit = { first, first, 1 };
	uint32_t next;

	while ((next = routes[unit.last].next) && (routes[next].flags & XFIB_ROUTE_MEMBER)) {
		unit.last = next;
		unit.count++;
	}
	return unit;
}

bool unit__same_class(const struct xfib_route *held, const struct rib_route *route)
{
	return held->metric == route->metric && held->tos == route->tos && held->owner == route->owner;
}

/* Do a held path and another one go the same way? One that is encapsulated does not go as one that is not. */
static bool same_way(const struct xfib_nexthop *held, const struct nexthop_key *key)
{
	return held->ifindex == key->ifindex && !((held->flags ^ key->flags) & XFIB_NEXTHOP_UNSUPPORTED) &&
	       held->gateway_family == key->gateway_family && held->type == key->type &&
	       !memcmp(held->gateway, key->gateway, sizeof(key->gateway));
}

bool path__same(const struct rib *rib, const struct xfib_route *held, const struct rib_path *path, enum path_likeness likeness)
{
	const struct xfib_nexthop *nexthop = &rib->maps->nexthops[held->nexthop];
	uint8_t kept = XFIB_NEXTHOP_ONLINK | XFIB_NEXTHOP_UNSUPPORTED;

	if (!same_way(nexthop, &path->nexthop))
		return false;
	if (likeness == SAME_WAY)
		return true;
	if (likeness >= SAME_IN_ALL)
		kept |= XFIB_NEXTHOP_DEAD;
	if ((likeness != SAME_BUT_WEIGHT && held->weight != path->weight) || (nexthop->flags ^ path->nexthop.flags) & kept)
		return false;
	return likeness == SAME_AS_DUMPED || (nexthop->route_mtu == path->nexthop.route_mtu &&
					      !memcmp(nexthop->source, path->nexthop.source, sizeof(nexthop->source)));
}

/* How many of the paths of a unit does the route name? A path that it names twice may be held twice. */
uint32_t unit__named(const struct rib *rib, struct unit unit, const struct rib_route *route, enum path_likeness likeness)
{
	uint8_t taken[XFIB_GROUP_MEMBERS] = { 0 };
	uint32_t named = 0, id = unit.first;

	for (uint32_t i = 0; i < unit.count; i++, id = rib->maps->routes[id].next) {
		for (uint32_t j = 0; j < route->path_count; j++) {
			if (taken[j] || !path__same(rib, &rib->maps->routes[id], &route->paths[j], likeness))
				continue;
			taken[j] = 1;
			named++;
			break;
		}
	}
	return named;
}

/* Are all paths those of the route? */
static bool same_paths(const struct rib *rib, struct unit unit, const struct rib_route *route, enum path_likeness likeness)
{
	const struct rib_route first = { .path_count = 1, .paths = route->paths };

	if (unit.count != route->path_count)
		return false;
	if (likeness == SAME_AS_DUMPED && !unit__named(rib, unit, &first, SAME_IN_ALL))
		return false;
	return unit__named(rib, unit, route, likeness) == unit.count;
}

/* What is left of a life is told in hundredths of a second: 0, at its end, says as much as that it has none. */
static bool ends_now(const struct xfib_route *held)
{
	uint64_t expiry = route__expiry(held), now = rib__now_ms();

	return held->flags & XFIB_ROUTE_EXPIRES && expiry < now + EXPIRY_BLUR_MS && now < expiry + EXPIRY_BLUR_MS;
}

/* That the kernel has let it go, some time after the end of the life, is told by a dump that does not name the path. */
static bool may_expire_unsaid(const struct xfib_route *held)
{
	return held->flags & XFIB_ROUTE_EXPIRES && route__expiry(held) + EXPIRY_TRUST_MS > rib__now_ms();
}

bool unit__same(const struct rib *rib, struct unit unit, const struct rib_route *route, enum path_likeness likeness)
{
	const struct xfib_route *held = &rib->maps->routes[unit.first];
	uint8_t kept = XFIB_ROUTE_EXPIRES | XFIB_ROUTE_AUTOCONF | XFIB_ROUTE_NEXTHOP_OBJECT;
	bool whole = route->family == XFIB_INET || route->nexthop_id || unit.count == 1;

	if (likeness == SAME_AS_DUMPED && !(route->flags & XFIB_ROUTE_EXPIRES) &&
	    (ends_now(held) || (!whole && may_expire_unsaid(held))))
		kept &= (uint8_t)~XFIB_ROUTE_EXPIRES;
	if (likeness == SAME_AS_DUMPED && whole)
		likeness = SAME_IN_ALL;
	return unit__same_class(held, route) && held->type == route->type && held->scope == route->scope &&
	       held->protocol == route->protocol && held->owner == route->owner &&
	       held->preference == route->preference && (held->flags & kept) == route->flags &&
	       unit__object(rib, unit) == route->nexthop_id &&
	       ((route->nexthop_id && likeness != SAME_IN_ALL) || /* by one object, whatever it leads to at present */
		same_paths(rib, unit, route, likeness));
}

void unit__mark_seen(struct rib *rib, struct unit unit)
{
	uint32_t id = unit.first;

	for (uint32_t i = 0; i < unit.count; i++, id = rib->maps->routes[id].next)
		rib->seen[id] = 1;
}

/* A slot that the chain does not lead to any more. */
static void release_slot(struct rib *rib, uint32_t id, bool published)
{
	struct xfib_route *route = &rib->maps->routes[id];

	nexthops__release(rib->nexthops, route->nexthop);
	if (!published) {
		slots__cancel(&rib->slots, id);
		return;
	}
	__atomic_or_fetch(&route->flags, XFIB_ROUTE_GONE, __ATOMIC_RELEASE);
	slots__release(&rib->slots, id);
}

void unit__release(struct rib *rib, struct unit unit, bool published)
{
	uint32_t id = unit.first;

	for (uint32_t i = 0; i < unit.count; i++) {
		uint32_t next = rib->maps->routes[id].next;

		release_slot(rib, id, published);
		id = next;
	}
}

/* One that never comes, nearly, is in 136 years. */
static void set_expiry(struct xfib_route *slot, const struct rib_route *route)
{
	uint64_t expiry = rib__now_ms() + route->lifetime;

	if (expiry / 1000 > UINT32_MAX)
		expiry = UINT32_MAX * 1000ULL;
	__atomic_store_n(&slot->expires, (uint32_t)(expiry / 1000), __ATOMIC_RELAXED);
	__atomic_store_n(&slot->expires_ms, (uint16_t)(expiry % 1000), __ATOMIC_RELAXED);
}

void unit__renew(struct rib *rib, struct unit unit, const struct rib_route *route)
{
	struct xfib_route *slot = &rib->maps->routes[unit.first];
	bool had_expired = route__expiry(slot) <= rib__now_ms();
	uint32_t head;

	if (!(route->flags & slot->flags & XFIB_ROUTE_EXPIRES))
		return;
	set_expiry(slot, route);
	head = had_expired ? rib__head_at(rib, unit.first) : XFIB_NONE;
	if (head)
		target__publish(rib, head, head);
}

static void fill(struct xfib_route *slot, const struct rib_route *route, const struct rib_path *path, uint32_t nexthop)
{
	memcpy(slot->prefix, route->prefix, sizeof(slot->prefix));
	slot->table = route->table;
	slot->metric = route->metric;
	slot->next = XFIB_NONE;
	slot->nexthop = nexthop;
	slot->created = rib__now();
	slot->expires = slot->expires_ms = 0;
	if (route->flags & XFIB_ROUTE_EXPIRES)
		set_expiry(slot, route);
	slot->weight = path->weight;
	slot->prefix_length = route->prefix_length;
	slot->type = route->type;
	slot->scope = route->scope;
	slot->protocol = route->protocol;
	slot->tos = route->tos;
	slot->owner = route->owner;
	slot->flags = route->flags;
	slot->preference = route->preference;
	__atomic_store_n(&slot->family, route->family, __ATOMIC_RELEASE);
}

/* Writes a route into new slots that nothing leads to yet. */
int unit__make(struct rib *rib, const struct rib_route *route, struct unit *ret_unit)
{
	struct xfib_route *routes = rib->maps->routes;
	struct unit unit = { 0 };
	int err = 0;

	if (route->nexthop_id && !rib->objects) {
		rib->objects = calloc(rib->maps->sizes.routes, sizeof(*rib->objects));
		if (!rib->objects)
			return -ENOMEM;
	}
	for (uint32_t i = 0; i < route->path_count; i++) {
		struct nexthop_key key = route->paths[i].nexthop;
		uint32_t id, nexthop;

		key.metric = nexthop_key__metric(key.type, route->metric);
		err = nexthops__take(rib->nexthops, &key, &nexthop);
		if (err)
			break;
		err = slots__take(&rib->slots, &id);
		if (err) {
			nexthops__release(rib->nexthops, nexthop);
			break;
		}
		if (rib->maps->route_counters)
			rib->maps->route_counters[id] = (struct xfib_counter){ 0 };
		fill(&routes[id], route, &route->paths[i], nexthop);
		if (unit.count) {
			routes[id].flags |= XFIB_ROUTE_MEMBER;
			routes[unit.last].next = id;
		} else {
			unit.first = id;
		}
		unit.last = id;
		unit.count++;
	}
	if (err) {
		unit__release(rib, unit, false);
		return err;
	}
	if (rib->objects)
		rib->objects[unit.first] = route->nexthop_id;
	*ret_unit = unit;
	return 0;
}

/* ---- chains ---- */

static bool unit__is_on_link(const struct rib *rib, struct unit unit)
{
	const struct xfib_route *routes = rib->maps->routes;
	uint32_t id = unit.first;

	for (uint32_t i = 0; i < unit.count; i++, id = routes[id].next) {
		if (route__is_on_link(&routes[id], &rib->maps->nexthops[routes[id].nexthop]))
			return true;
	}
	return false;
}

/* Puts `unit` (count 0: nothing) there, so that readers see the chain before or after, never between. */
int place__splice(struct rib *rib, struct place place, struct unit unit)
{
	struct xfib_route *routes = rib->maps->routes;
	uint32_t begin = place.previous ? routes[place.previous].next : place.head;
	uint32_t rest = place.old.count ? routes[place.old.last].next : begin;
	uint32_t next = unit.count ? unit.first : rest;
	int err = own__reserve(rib);

	if (err)
		return err;
	own__mark(rib, place, unit, true);
	if (unit.count)
		routes[unit.last].next = rest;
	if (place.previous) {
		__atomic_store_n(&routes[place.previous].next, next, __ATOMIC_RELEASE);
		err = target__publish(rib, place.head, place.head);
		if (err)
			__atomic_store_n(&routes[place.previous].next, begin, __ATOMIC_RELEASE);
	} else {
		err = target__publish(rib, place.head, next);
	}
	if (err) {
		own__mark(rib, place, unit, false);
		return err;
	}
	if (unit__is_on_link(rib, place.old) || unit__is_on_link(rib, unit))
		rib->on_link_version++;
	rib__tell(rib, place, unit);
	own__replaced(rib, place, unit);
	return 0;
}
