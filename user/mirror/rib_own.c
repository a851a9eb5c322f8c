// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Routes that only xfib has (XFIB_OWNER_XFIB), changed on request.
 *
 * Changes come between rib__begin_own() and rib__end_own(). Until the end every
 * unit that was replaced keeps its slots, so that taking the steps back, last
 * one first, puts the very slots into their chains again: it needs no room, and
 * even the age of a route is as it was. Whatever changes own routes meanwhile
 * (a device that goes) is a step too. While the end is under way nothing but it
 * changes them, though the kernel's routes may change in its pauses.
 *
 * Should the daemon be killed in between, the marks XFIB_ROUTE_MADE and XFIB_ROUTE_REPLACED in the slots tell the next one
 * what the routes were before (xfibd/own_routes.c). The store that says that they count no more keeps the changes.
 *
 * Cost: 28 bytes a step; the slots of what was replaced, until the end.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <xfib/xfib.h>

#include "maps.h"
#include "rib_private.h"

#define IS_OWN_ROUTE(route)                                                                                            \
	((route)->family && (route)->owner == XFIB_OWNER_XFIB && !((route)->flags & (XFIB_ROUTE_GONE | XFIB_ROUTE_MEMBER)))

/* ---- steps ---- */

int own__reserve(struct rib *rib)
{
	uint32_t room = rib->step_room ? rib->step_room * 2 : 64;
	struct own_step *steps;

	if (rib->own_mode != OWN_NOTED || rib->step_count < rib->step_room)
		return 0;
	steps = realloc(rib->steps, room * sizeof(*steps));
	if (!steps)
		return -ENOMEM;
	rib->steps = steps;
	rib->step_room = room;
	return 0;
}

static void set_flags(struct rib *rib, struct unit unit, uint8_t flags, bool on)
{
	struct xfib_route *routes = rib->maps->routes;
	uint32_t id = unit.first;

	for (uint32_t i = 0; i < unit.count; i++, id = routes[id].next) {
		if (on)
			__atomic_or_fetch(&routes[id].flags, flags, __ATOMIC_RELEASE);
		else
			__atomic_and_fetch(&routes[id].flags, (uint8_t)~flags, __ATOMIC_RELEASE);
	}
}

/* Has walks over all slots pass the unit by, or not any more. */
static void set_gone(struct rib *rib, struct unit unit, bool gone)
{
	set_flags(rib, unit, XFIB_ROUTE_GONE, gone);
}

void own__mark(struct rib *rib, struct place place, struct unit made, bool on)
{
	uint32_t any = made.count ? made.first : place.old.first;

	if (rib->own_mode != OWN_NOTED || rib->maps->routes[any].owner != XFIB_OWNER_XFIB)
		return;
	set_flags(rib, made, XFIB_ROUTE_MADE, on);
	set_flags(rib, place.old, XFIB_ROUTE_REPLACED, on);
}

static void set_change_open(struct rib *rib, bool open)
{
	__atomic_store_n(&rib->maps->state->own_change, open, __ATOMIC_SEQ_CST);
}

void own__replaced(struct rib *rib, struct place place, struct unit made)
{
	uint32_t any = made.count ? made.first : place.old.first;

	if (rib->own_mode == OWN_AT_ONCE || rib->maps->routes[any].owner != XFIB_OWNER_XFIB) {
		if (place.old.count)
			unit__release(rib, place.old, true);
		return;
	}
	set_gone(rib, place.old, true);
	if (rib->own_mode == OWN_NOTED)
		rib->steps[rib->step_count++] = (struct own_step){ place.previous, place.old, made };
}

void rib__begin_own(struct rib *rib)
{
	rib->own_mode = OWN_NOTED;
	rib->step_count = 0;
	set_change_open(rib, true);
}

/* ---- the end: steps are kept, or taken back ---- */

/* Others may do something every so many steps. */
#define STEPS_AT_ONCE 64

struct ending {
	struct rib *rib;
	rib_pause_fn pause;
	void *data;
	uint32_t steps; /* since the last pause */
};

static void step_is_done(struct ending *ending)
{
	if (++ending->steps % STEPS_AT_ONCE == 0 && ending->pause)
		ending->pause(ending->data);
}

/* The slot before `id` in a chain; XFIB_NONE: it is the first one. */
static uint32_t slot_before(const struct rib *rib, uint32_t head, uint32_t id)
{
	uint32_t previous = XFIB_NONE;

	for (uint32_t at = head; at && at != id; at = rib->maps->routes[at].next)
		previous = at;
	return previous;
}

static bool is_in_chain(const struct rib *rib, uint32_t head, uint32_t id)
{
	uint32_t at = head;

	while (at && at != id)
		at = rib->maps->routes[at].next;
	return at != XFIB_NONE;
}

/*
 * Where a step is to be taken back. The own routes of the chain are as the step left them, since later ones have been taken
 * back, but routes of the kernel's may have come and gone among them.
 */
static struct place place_of(const struct rib *rib, const struct own_step *step)
{
	uint32_t any = step->made.count ? step->made.first : step->old.first;
	const struct xfib_route *route = &rib->maps->routes[any];
	const struct rib_route order = { .metric = route->metric, .tos = route->tos, .owner = route->owner };
	struct place place = { .head = rib__head_at(rib, any), .old = step->made };

	if (step->made.count)
		place.previous = slot_before(rib, place.head, step->made.first);
	else if (step->previous && is_in_chain(rib, place.head, step->previous))
		place.previous = step->previous;
	else if (step->previous)
		rib__find_between(rib, &order, true, &place);
	return place;
}

static int take_back(struct rib *rib, const struct own_step *step)
{
	uint8_t family = rib->maps->routes[step->made.count ? step->made.first : step->old.first].family;
	int err;

	set_gone(rib, step->old, false);
	err = place__splice(rib, place_of(rib, step), step->old);
	if (err) {
		set_gone(rib, step->old, true);
		return err;
	}
	rib__count(rib, family, (step->old.count > 0) - (step->made.count > 0));
	return 0;
}

/* Last one first, as far as it goes; how many could not be goes to *ret_kept. */
static int take_all_back(struct ending *ending, uint32_t *ret_kept)
{
	struct rib *rib = ending->rib;
	int err = 0;

	rib->own_mode = OWN_BACK;
	for (*ret_kept = rib->step_count; *ret_kept && !err; step_is_done(ending)) {
		err = take_back(rib, &rib->steps[*ret_kept - 1]);
		*ret_kept -= !err;
	}
	return err;
}

/* Of all steps, before the next change, and before the first slot is used again. */
static void clear_marks(struct ending *ending)
{
	struct rib *rib = ending->rib;

	for (uint32_t i = 0; i < rib->step_count; i++, step_is_done(ending)) {
		set_flags(rib, rib->steps[i].made, XFIB_ROUTE_MADE | XFIB_ROUTE_REPLACED, false);
		set_flags(rib, rib->steps[i].old, XFIB_ROUTE_MADE | XFIB_ROUTE_REPLACED, false);
	}
}

static void forget_steps(struct ending *ending, uint32_t kept)
{
	struct rib *rib = ending->rib;

	for (uint32_t i = 0; i < rib->step_count; i++, step_is_done(ending)) {
		struct unit unreachable = i < kept ? rib->steps[i].old : rib->steps[i].made;

		if (unreachable.count)
			unit__release(rib, unreachable, true);
	}
	rib->step_count = 0;
	free(rib->steps);
	rib->steps = NULL;
	rib->step_room = 0;
}

int rib__end_own(struct rib *rib, bool keep, rib_pause_fn pause, void *data)
{
	struct ending ending = { .rib = rib, .pause = pause, .data = data };
	int flushed = keep ? maps__flush(rib->maps) : 0, err = 0;
	uint32_t kept = rib->step_count;

	if (!keep || flushed)
		err = take_all_back(&ending, &kept);
	rib->own_mode = OWN_AT_ONCE;
	set_change_open(rib, false);
	clear_marks(&ending);
	forget_steps(&ending, kept);
	rib__compile_held(rib);
	return err ? -EIO : flushed;
}

/* ---- adding ---- */

/* The first own route of the class of `route`, in ret_place->old; and whether one is alike in all things. */
static bool find_class(const struct rib *rib, const struct rib_route *route, struct place *ret_place)
{
	const struct xfib_route *routes = rib->maps->routes;
	uint32_t previous = XFIB_NONE;
	bool alike = false;

	ret_place->head = rib__head_of(rib, route);
	for (uint32_t id = ret_place->head; id && !alike;) {
		struct unit unit = unit__at(rib, id);

		if (unit__same_class(&routes[id], route)) {
			if (!ret_place->old.count) {
				ret_place->previous = previous;
				ret_place->old = unit;
			}
			alike = unit__same(rib, unit, route, SAME_BUT_STATE);
		}
		previous = unit.last;
		id = routes[unit.last].next;
	}
	return alike;
}

int rib__add_own(struct rib *rib, const struct rib_route *route, uint32_t how)
{
	struct place place = { 0 };
	bool alike = find_class(rib, route, &place);
	struct unit unit;

	if ((how == XFIB_ADD && place.old.count) || (how == XFIB_APPEND && alike))
		return -EEXIST;
	if (how != XFIB_REPLACE || !place.old.count) {
		place.old = (struct unit){ 0 };
		place.previous = XFIB_NONE;
		rib__find_between(rib, route, true, &place);
	}
	return rib__put(rib, route, place, &unit);
}

/* ---- deleting ---- */

static bool is_zero(const uint8_t address[16])
{
	static const uint8_t zero[16];

	return !memcmp(address, zero, sizeof(zero));
}

/* Does a held path agree with all that is given of one? */
static bool path_agrees(const struct xfib_nexthop *held, const struct xfib_path_spec *path)
{
	if (path->ifindex && path->ifindex != held->ifindex)
		return false;
	if (path->flags & XFIB_NEXTHOP_ONLINK && !(held->flags & XFIB_NEXTHOP_ONLINK))
		return false;
	return !path->gateway_family || (path->gateway_family == held->gateway_family &&
					 !memcmp(path->gateway, held->gateway, sizeof(held->gateway)));
}

/* As fib_nh_match() has it: one path is compared with the first one, several with all. */
static bool paths_agree(const struct rib *rib, struct unit unit, const struct xfib_route_spec *spec)
{
	const struct xfib_route *routes = rib->maps->routes;
	uint32_t id = unit.first;

	if (spec->path_count > 1 && spec->path_count != unit.count)
		return false;
	for (uint32_t i = 0; i < spec->path_count; i++, id = routes[id].next) {
		const struct xfib_path_spec *path = &spec->paths[i];

		if (!path_agrees(&rib->maps->nexthops[routes[id].nexthop], path) ||
		    (path->weight && spec->path_count > 1 && path->weight != routes[id].weight))
			return false;
	}
	return true;
}

static bool agrees(const struct rib *rib, struct unit unit, const struct xfib_route_spec *spec)
{
	const struct xfib_route *held = &rib->maps->routes[unit.first];
	const struct xfib_nexthop *nexthop = &rib->maps->nexthops[held->nexthop];

	return held->owner == XFIB_OWNER_XFIB && (!spec->metric || spec->metric == held->metric) &&
	       (!spec->tos || spec->tos == held->tos) && (!spec->type || spec->type == held->type) &&
	       (!spec->protocol || spec->protocol == held->protocol) &&
	       (!(spec->flags & XFIB_SPEC_SCOPE) || spec->scope == held->scope) &&
	       (!spec->preference || spec->preference == held->preference) &&
	       (!spec->mtu || nexthop_key__mtu(spec->mtu) == nexthop->route_mtu) &&
	       (is_zero(spec->source) || !memcmp(spec->source, nexthop->source, sizeof(nexthop->source))) &&
	       paths_agree(rib, unit, spec);
}

int rib__delete_own(struct rib *rib, uint32_t table, const struct xfib_route_spec *spec)
{
	const struct xfib_route *routes = rib->maps->routes;
	struct place place = { 0 };

	place.head = prefix_index__find(&rib->index, table, (uint8_t)spec->family, spec->prefix, (uint8_t)spec->prefix_length);
	for (uint32_t id = place.head; id;) {
		place.old = unit__at(rib, id);
		if (agrees(rib, place.old, spec))
			return rib__remove(rib, place);
		place.previous = place.old.last;
		id = routes[place.old.last].next;
	}
	return -ENOENT;
}

/* ---- devices that go ---- */

/* Takes paths out of the unit of `place`; for want of memory or room, all of it: a path to nowhere must not stay. */
static void remove_gone(struct rib *rib, struct place place, bool (*is_gone)(uint32_t ifindex, void *data), void *data)
{
	struct rib_path *paths = calloc(place.old.count, sizeof(*paths));
	struct rib_route rest;
	uint32_t count = 0;

	if (paths) {
		unit__read(rib, place.old, paths, &rest);
		for (uint32_t i = 0; i < rest.path_count; i++) {
			if (!is_gone(paths[i].nexthop.ifindex, data))
				paths[count++] = paths[i];
		}
		rest.path_count = count;
	}
	if (!count || rib__put_rest(rib, place, &rest))
		rib__remove(rib, place);
	free(paths);
}

void rib__flush_own(struct rib *rib, bool (*is_gone)(uint32_t ifindex, void *data), void *data)
{
	const struct xfib_route *routes = rib->maps->routes;
	uint32_t end = rib->maps->state->routes_end;

	for (uint32_t first = 1; first < end; first++) {
		struct place place = { 0 };
		uint32_t id = first, gone = 0;

		if (!IS_OWN_ROUTE(&routes[first]))
			continue;
		place.old = unit__at(rib, first);
		for (uint32_t i = 0; i < place.old.count; i++, id = routes[id].next)
			gone += is_gone(rib->maps->nexthops[routes[id].nexthop].ifindex, data);
		if (!gone)
			continue;
		place.head = rib__head_at(rib, first);
		for (id = place.head; id && id != first; id = routes[id].next)
			place.previous = id;
		remove_gone(rib, place, is_gone, data);
	}
}

/* ---- room, gateways ---- */

uint32_t rib__room(const struct rib *rib)
{
	return slots__room(&rib->slots);
}

uint64_t rib__on_link_version(const struct rib *rib)
{
	return rib->on_link_version;
}

/* An on-link path of a route of the chain, by `ifindex` or any device; XFIB_NONE if there is none. */
static uint32_t find_on_link_path(const struct rib *rib, uint32_t head, uint32_t ifindex)
{
	const struct xfib_route *routes = rib->maps->routes;

	for (uint32_t id = head; id; id = routes[id].next) {
		const struct xfib_nexthop *nexthop = &rib->maps->nexthops[routes[id].nexthop];

		if (route__is_on_link(&routes[id], nexthop) && (!ifindex || nexthop->ifindex == ifindex))
			return id;
	}
	return XFIB_NONE;
}

int rib__find_on_link(const struct rib *rib, uint32_t table, uint8_t family, const uint8_t address[16], uint32_t ifindex,
		      uint32_t *ret_ifindex, uint8_t *ret_type)
{
	uint8_t covering[16];

	memcpy(covering, address, sizeof(covering));
	for (int length = family == XFIB_INET6 ? 128 : 32; length >= 0; length--) {
		uint32_t id;

		if (length < 128)
			covering[length / 8] &= (uint8_t)(0xff00 >> (length % 8));
		if (!rib->index.of_length[family == XFIB_INET6][length])
			continue;
		id = prefix_index__find(&rib->index, table, family, covering, (uint8_t)length);
		id = find_on_link_path(rib, id, ifindex);
		if (id) {
			*ret_ifindex = rib->maps->nexthops[rib->maps->routes[id].nexthop].ifindex;
			*ret_type = rib->maps->routes[id].type;
			return 0;
		}
	}
	return -ENOENT;
}

/* The change under way has replaced or deleted the route; it is an own one. */
static bool may_come_back(const struct rib *rib, const struct xfib_route *route)
{
	return rib->own_mode != OWN_AT_ONCE && route->family && route->flags & XFIB_ROUTE_REPLACED;
}

void rib__each_own_table(const struct rib *rib, void (*visit)(uint32_t table, void *data), void *data)
{
	const struct xfib_route *routes = rib->maps->routes;
	uint32_t last = 0;

	for (uint32_t id = 1; id < rib->maps->state->routes_end; id++) {
		if (!(IS_OWN_ROUTE(&routes[id]) || may_come_back(rib, &routes[id])) || routes[id].table == last)
			continue;
		last = routes[id].table;
		visit(last, data);
	}
}
