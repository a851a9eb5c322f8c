// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * What packets for a prefix get: the target in the trie, chosen from the
 * chain of its routes.
 *
 * A route that finds no room must not send packets astray to the next shorter
 * prefix: that one is marked incomplete, and its packets go up to the kernel,
 * which has all routes, until a dump has found room for everything.
 */
#include <errno.h>
#include <string.h>

#include "log.h"
#include "maps.h"
#include "rib_private.h"

/* Does the kernel pass over a path whose device cannot be used? Addresses of the machine's own stay, whatever their device. */
static bool needs_device(const struct xfib_route *route)
{
	switch (route->type) {
	case XFIB_ROUTE_UNICAST:
	case XFIB_ROUTE_BROADCAST:
	case XFIB_ROUTE_MULTICAST:
		return true;
	case XFIB_ROUTE_ANYCAST:
		return route->family == XFIB_INET;
	default:
		return false;
	}
}

/* Which members of its group the kernel passes over (nexthop_select_path(), fib_select_multipath(), fib6_select_path()). */
static uint32_t group_flags(const struct rib *rib, const struct xfib_route *route)
{
	bool does = route->flags & XFIB_ROUTE_NEXTHOP_OBJECT || (route->family == XFIB_INET && rib->pass_over_failed4);

	return does ? XFIB_GROUP_PASS_OVER : 0;
}

bool rib__pass_over_failed4(struct rib *rib, bool does)
{
	bool changed = rib->pass_over_failed4 != does;

	rib->pass_over_failed4 = does;
	return changed;
}

/* Target of one route; XFIB_NONE if none of its paths can be used. Takes a group if it needs one. */
static uint32_t unit_target(struct rib *rib, struct unit unit)
{
	struct group_path paths[XFIB_GROUP_MEMBERS];
	const struct xfib_route *routes = rib->maps->routes;
	uint32_t count = 0, group, id = unit.first, target;

	if (routes[unit.first].tos)
		return rib->special; /* the choice depends on the packet's TOS */
	for (uint32_t i = 0; i < unit.count && count < XFIB_GROUP_MEMBERS; i++, id = routes[id].next) {
		const struct xfib_nexthop *nexthop = &rib->maps->nexthops[routes[id].nexthop];

		if (needs_device(&routes[id]) && (nexthop->flags & XFIB_NEXTHOP_DOWN))
			continue;
		paths[count].nexthop = routes[id].nexthop;
		paths[count++].weight = routes[id].weight;
	}
	if (!count)
		return XFIB_NONE;
	if (routes[unit.first].flags & XFIB_ROUTE_NEXTHOP_OBJECT && unit.count > 1 && buckets__target(rib, unit, &target))
		return target;
	if (count == 1)
		return paths[0].nexthop;
	if (groups__take(rib->groups, paths, count, group_flags(rib, &routes[unit.first]), &group))
		return rib->special;
	return group | XFIB_TARGET_GROUP;
}

static void release(struct rib *rib, uint32_t target)
{
	if (target & XFIB_TARGET_GROUP)
		groups__release(rib->groups, target & ~XFIB_TARGET_GROUP);
}

static bool is_expired(const struct xfib_route *route)
{
	return route__expiry(route) <= rib__now_ms();
}

/* How the kernel ranks the preference of RFC 4191: low, medium, high. */
static int rank_of(uint8_t preference)
{
	return preference ^ 2;
}

static uint32_t usable_target(struct rib *rib, struct unit unit)
{
	return is_expired(&rib->maps->routes[unit.first]) ? XFIB_NONE : unit_target(rib, unit);
}

static uint32_t choose4(struct rib *rib, uint32_t head)
{
	for (uint32_t id = head; id;) {
		struct unit unit = unit__at(rib, id);
		uint32_t target = usable_target(rib, unit);

		if (target)
			return target;
		id = rib->maps->routes[unit.last].next;
	}
	return XFIB_NONE;
}

static bool is_blackhole_object(const struct xfib_route *route)
{
	return route->type == XFIB_ROUTE_BLACKHOLE && route->flags & XFIB_ROUTE_NEXTHOP_OBJECT;
}

/*
 * As find_rr_leaf() in the kernel has it for a machine that forwards: of the routes with the lowest metric, or, where none
 * of them can be used, of all others whatever their metrics, the one with the highest preference. Between equals
 * the ingress port decides; and a route of several paths has a preference for each, of which only one is known. A
 * next hop object that is a blackhole ends the search where the kernel comes by it, whatever the preferences.
 */
static uint32_t choose6(struct rib *rib, uint32_t head)
{
	const struct xfib_route *routes = rib->maps->routes;
	uint32_t best = XFIB_NONE, metric = routes[head].metric;
	bool is_contested = false, has_several = false;
	int best_rank = -1;

	for (uint32_t id = head; id;) {
		struct unit unit = unit__at(rib, id);
		uint32_t target = usable_target(rib, unit);
		int rank = rank_of(routes[id].preference);

		if (target) {
			has_several |= unit.count > 1 || is_blackhole_object(&routes[id]);
			is_contested = best && (has_several || rank == best_rank || (rank < best_rank && is_contested));
			release(rib, rank > best_rank ? best : target);
			best = rank > best_rank ? target : best;
			best_rank = rank > best_rank ? rank : best_rank;
		}
		id = routes[unit.last].next;
		if (best && id && metric == routes[head].metric && routes[id].metric != metric)
			break;
		metric = id ? routes[id].metric : metric;
	}
	if (!is_contested)
		return best;
	release(rib, best);
	return rib->special;
}

/* Does only the kernel know whether a route counts, for a packet of this TOS, or since its life may be longer than is known? */
static bool is_uncertain(const struct xfib_route *route)
{
	return route->tos || (route->owner == XFIB_OWNER_KERNEL && is_expired(route));
}

/* Target of a chain. A route of which only the kernel knows whether it counts, anywhere in it, leaves the choice to the kernel. */
static uint32_t choose(struct rib *rib, uint32_t head)
{
	const struct xfib_route *routes = rib->maps->routes;
	uint32_t target;

	if (routes[head].flags & XFIB_ROUTE_INCOMPLETE)
		return rib->special;
	for (uint32_t id = head; id; id = routes[id].next) {
		if (is_uncertain(&routes[id]))
			return rib->special;
	}
	target = routes[head].family == XFIB_INET6 ? choose6(rib, head) : choose4(rib, head);
	if (target)
		return target;
	return is_expired(&routes[head]) ? rib->special : routes[head].nexthop; /* the kernel may know a covering prefix */
}

/* Writes the trie value of the prefix of slot `head`, or deletes it where `value` is NULL. */
static int write_trie(struct rib *rib, uint32_t head, const struct xfib_rib_value *value)
{
	const struct xfib_route *route = &rib->maps->routes[head];
	struct xfib_rib6_key key = { .prefixlen = 32u + route->prefix_length, .table = route->table };

	memcpy(key.address, route->prefix, sizeof(key.address));
	return rib->maps->ops->write_trie(rib->maps, route->family, &key, value);
}

static void withdraw(struct rib *rib, uint32_t head)
{
	const struct xfib_route *route = &rib->maps->routes[head];
	bool incomplete = route->flags & XFIB_ROUTE_INCOMPLETE;
	uint32_t target;

	write_trie(rib, head, NULL);
	target = rib->target[head];
	prefix_index__remove(&rib->index, head);
	fib_step__withdraw(rib, head);
	rib->target[head] = XFIB_NONE;
	release(rib, target);
	if (incomplete) {
		rib->incomplete--;
		target__mark_incomplete(rib, route->table, route->family, route->prefix, route->prefix_length);
	}
}

int target__publish(struct rib *rib, uint32_t old_head, uint32_t head)
{
	struct xfib_route *routes = rib->maps->routes;
	struct xfib_rib_value value = { 0 };
	uint32_t old_target = old_head ? rib->target[old_head] : XFIB_NONE;
	int err = 0;

	if (!head) {
		withdraw(rib, old_head);
		return 0;
	}
	if (old_head && old_head != head)
		routes[head].flags |= routes[old_head].flags & XFIB_ROUTE_INCOMPLETE;
	value.route = head;
	value.target = choose(rib, head);
	value.prefix_length = routes[head].prefix_length;
	if (head != old_head || value.target != old_target)
		err = write_trie(rib, head, &value);
	if (err) {
		release(rib, value.target);
		return err;
	}
	if (old_head)
		rib->target[old_head] = XFIB_NONE;
	rib->target[head] = value.target;
	prefix_index__set(&rib->index, head);
	if (head != old_head || value.target != old_target)
		fib_step__publish(rib, head);
	release(rib, old_target);
	return 0;
}

static void clear_host_bits(uint8_t prefix[16], uint8_t length)
{
	for (uint32_t bit = length; bit < 128; bit++)
		prefix[bit / 8] &= (uint8_t)~(0x80 >> (bit % 8));
}

void target__mark_incomplete(struct rib *rib, uint32_t table, uint8_t family, const uint8_t prefix[16],
			     uint8_t length)
{
	uint8_t covering[16];

	memcpy(covering, prefix, sizeof(covering));
	for (int bits = length; bits >= 0; bits--) {
		uint32_t head;

		clear_host_bits(covering, (uint8_t)bits);
		head = prefix_index__find(&rib->index, table, family, covering, (uint8_t)bits);
		if (!head)
			continue;
		if (!(rib->maps->routes[head].flags & XFIB_ROUTE_INCOMPLETE)) {
			rib->maps->routes[head].flags |= XFIB_ROUTE_INCOMPLETE;
			rib->incomplete++;
			if (target__publish(rib, head, head))
				log_error("cannot send packets of a covering prefix up to the kernel; restart xfibd");
		}
		break;
	}
	/* What table local has no match for, the next table decides. */
	if (table == XFIB_TABLE_LOCAL)
		target__mark_incomplete(rib, XFIB_TABLE_MAIN, family, prefix, length);
}

void target__clear_incomplete(struct rib *rib)
{
	for (uint32_t at = 0; rib->incomplete && at < rib->index.size; at++) {
		uint32_t head = rib->index.entries[at].route;

		if (!head || !(rib->maps->routes[head].flags & XFIB_ROUTE_INCOMPLETE))
			continue;
		rib->maps->routes[head].flags &= (uint8_t)~XFIB_ROUTE_INCOMPLETE;
		rib->incomplete--;
		target__publish(rib, head, head);
	}
}

/* By the slots in use, of which there are far fewer than the index has entries where it was made for more routes. */
void rib__refresh(struct rib *rib)
{
	const struct xfib_route *routes = rib->maps->routes;
	uint32_t end = rib->maps->state->routes_end;

	for (uint32_t id = 1; id < end; id++) {
		if (routes[id].family && !(routes[id].flags & (XFIB_ROUTE_GONE | XFIB_ROUTE_MEMBER)) &&
		    rib__head_at(rib, id) == id)
			target__publish(rib, id, id);
	}
}
