// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * user/mirror/rib.c, with next hops, groups and slots, against lists: after
 * each of many random changes the chain of the prefix is compared, and now and
 * then what the trie says about random addresses.
 */
#include "unit.h"

#include <bpf/bpf.h>
#include <errno.h>

#include "hash.h"
#include "bpf_maps.h"
#include "rib.h"

#define PREFIXES 24
#define CHAIN 64
#define DEVICES 4
#define STEPS 6000

/* ---- the oracle: a list of routes for each prefix ---- */

struct listed {
	uint32_t metric;
	uint8_t count; /* of paths */
	uint8_t device[3], gateway[3], weight[3];
};

static struct {
	uint8_t address[4], length;
	struct listed route[CHAIN];
	int count;
} lists[PREFIXES];

static bool up[DEVICES + 1];

static bool same_paths(const struct listed *a, const struct listed *b)
{
	return a->count == b->count && !memcmp(a->device, b->device, a->count) && !memcmp(a->gateway, b->gateway, a->count) &&
	       !memcmp(a->weight, b->weight, a->count);
}

static void list_insert(int list, int at, const struct listed *route)
{
	memmove(&lists[list].route[at + 1], &lists[list].route[at], (size_t)(lists[list].count - at) * sizeof(*route));
	lists[list].route[at] = *route;
	lists[list].count++;
}

static void list_remove(int list, int at)
{
	lists[list].count--;
	memmove(&lists[list].route[at], &lists[list].route[at + 1],
		(size_t)(lists[list].count - at) * sizeof(struct listed));
}

/* As rib.h has it. Returns whether the list changed. */
static void list_add(int list, const struct listed *route, enum rib_position position)
{
	int at = 0;

	for (int i = 0; i < lists[list].count; i++) {
		if (lists[list].route[i].metric == route->metric && same_paths(&lists[list].route[i], route))
			return;
	}
	while (at < lists[list].count && (lists[list].route[at].metric < route->metric ||
					  (position == RIB_APPEND && lists[list].route[at].metric == route->metric)))
		at++;
	if (position == RIB_REPLACE && at < lists[list].count && lists[list].route[at].metric == route->metric)
		list_remove(list, at);
	else if (position == RIB_REPLACE)
		while (at < lists[list].count && lists[list].route[at].metric == route->metric)
			at++;
	list_insert(list, at, route);
}

/* ---- the RIB ---- */

static struct bpf_maps *bpf;
static struct maps *maps;
static struct nexthops *nexthops;
static struct rib *rib;

static void device(uint32_t ifindex, struct nexthop_device *ret_device, void *data)
{
	(void)data;
	memset(ret_device, 0, sizeof(*ret_device));
	ret_device->mtu4 = ret_device->mtu6 = 1500;
	ret_device->ethernet = true;
	ret_device->down4 = ret_device->down6 = ifindex > DEVICES || !up[ifindex];
}

static void make_route(int list, const struct listed *from, struct rib_path paths[3], struct rib_route *ret_route)
{
	memset(paths, 0, 3 * sizeof(*paths));
	memset(ret_route, 0, sizeof(*ret_route));
	ret_route->family = XFIB_INET;
	ret_route->type = XFIB_ROUTE_UNICAST;
	ret_route->owner = XFIB_OWNER_KERNEL;
	ret_route->table = XFIB_TABLE_MAIN;
	ret_route->metric = from->metric;
	ret_route->prefix_length = lists[list].length;
	memcpy(ret_route->prefix, lists[list].address, 4);
	ret_route->path_count = from->count;
	ret_route->paths = paths;
	for (int i = 0; i < from->count; i++) {
		paths[i].weight = from->weight[i];
		paths[i].nexthop.ifindex = from->device[i];
		paths[i].nexthop.family = paths[i].nexthop.gateway_family = XFIB_INET;
		paths[i].nexthop.type = XFIB_ROUTE_UNICAST;
		paths[i].nexthop.gateway[0] = 10;
		paths[i].nexthop.gateway[3] = from->gateway[i];
	}
}

static bool find(int list, struct xfib_rib_value *ret_value)
{
	struct xfib_rib4_key key = { .prefixlen = 32u + lists[list].length, .table = XFIB_TABLE_MAIN };

	memcpy(key.address, lists[list].address, 4);
	return !bpf_map_lookup_elem(bpf->lanes4[0].fd, &key, ret_value) && ret_value->prefix_length == lists[list].length;
}

static void check_path(const struct xfib_route *route, const struct listed *expected, int path)
{
	const struct xfib_nexthop *nexthop = &maps->nexthops[route->nexthop];

	assert_int_equal(route->metric, expected->metric);
	assert_int_equal(route->weight, expected->weight[path]);
	assert_int_equal(!!(route->flags & XFIB_ROUTE_MEMBER), path > 0);
	assert_int_equal(route->flags & XFIB_ROUTE_GONE, 0);
	assert_int_equal(nexthop->ifindex, expected->device[path]);
	assert_int_equal(nexthop->gateway[3], expected->gateway[path]);
	assert_int_equal(!!(nexthop->flags & XFIB_NEXTHOP_DOWN), !up[expected->device[path]]);
}

static int live_paths(const struct listed *route)
{
	int live = 0;

	for (int i = 0; i < route->count; i++)
		live += up[route->device[i]];
	return live;
}

/* The first route with a path that is up; of several such paths a group, in order, by weight. */
static void check_target(int list, uint32_t target)
{
	const struct listed *best = NULL;
	const struct xfib_group *group;
	int member = 0;

	for (int i = 0; i < lists[list].count && !best; i++) {
		if (live_paths(&lists[list].route[i]))
			best = &lists[list].route[i];
	}
	if (!best) {
		assert_int_equal(target & XFIB_TARGET_GROUP, 0);
		assert_true(maps->nexthops[target].flags & XFIB_NEXTHOP_DOWN);
		return;
	}
	assert_int_equal(!!(target & XFIB_TARGET_GROUP), live_paths(best) > 1);
	group = &maps->groups[target & ~XFIB_TARGET_GROUP];
	if (live_paths(best) > 1)
		assert_int_equal(group->count, live_paths(best));
	for (int i = 0; i < best->count; i++) {
		const struct xfib_nexthop *nexthop;

		if (!up[best->device[i]])
			continue;
		nexthop = &maps->nexthops[live_paths(best) > 1 ? group->member[member++].nexthop : target];
		assert_int_equal(nexthop->ifindex, best->device[i]);
		assert_int_equal(nexthop->gateway[3], best->gateway[i]);
	}
}

static void check_list(int list)
{
	struct xfib_rib_value value;
	uint32_t id;

	if (!lists[list].count) {
		assert_false(find(list, &value));
		return;
	}
	assert_true(find(list, &value));
	id = value.route;
	for (int i = 0; i < lists[list].count; i++) {
		for (int path = 0; path < lists[list].route[i].count; path++) {
			assert_int_not_equal(id, XFIB_NONE);
			check_path(&maps->routes[id], &lists[list].route[i], path);
			id = maps->routes[id].next;
		}
	}
	assert_int_equal(id, XFIB_NONE);
	check_target(list, value.target);
}

/* ---- random changes ---- */

static void random_route(struct listed *route)
{
	memset(route, 0, sizeof(*route));
	route->metric = unit__below(3) * 100;
	route->count = (uint8_t)(unit__below(3) ? 1 : 2 + unit__below(2));
	for (int i = 0; i < route->count; i++) {
		/* Paths of one route differ: a gateway of their own each. */
		route->device[i] = (uint8_t)(1 + unit__below(DEVICES));
		route->gateway[i] = (uint8_t)(1 + (unsigned)i * 3 + unit__below(3));
		route->weight[i] = (uint8_t)(route->count == 1 ? 1 : 1 + unit__below(8));
	}
}

static void add_random(int list)
{
	struct rib_path paths[3];
	struct rib_route route;
	struct listed listed;
	enum rib_position position = (enum rib_position)unit__below(3);

	if (lists[list].count == CHAIN)
		return;
	random_route(&listed);
	make_route(list, &listed, paths, &route);
	assert_int_equal(rib__add(rib, &route, position), 0);
	list_add(list, &listed, position);
}

static void delete_random(int list)
{
	struct rib_path paths[3];
	struct rib_route route;
	struct listed listed;
	int at;

	if (!lists[list].count) {
		random_route(&listed);
		make_route(list, &listed, paths, &route);
		assert_int_equal(rib__delete(rib, &route), -ENOENT);
		return;
	}
	at = (int)unit__below((unsigned)lists[list].count);
	listed = lists[list].route[at];
	make_route(list, &listed, paths, &route);
	assert_int_equal(rib__delete(rib, &route), 0);
	list_remove(list, at);
}

static void toggle_device(void)
{
	uint32_t ifindex = 1 + unit__below(DEVICES);

	up[ifindex] = !up[ifindex];
	if (nexthops__update_device(nexthops, ifindex))
		rib__refresh(rib);
	for (int list = 0; list < PREFIXES; list++)
		check_list(list);
}

static uint32_t routes_listed(void)
{
	uint32_t count = 0;

	for (int list = 0; list < PREFIXES; list++)
		count += (uint32_t)lists[list].count;
	return count;
}

static void chains_are_the_lists(void **state)
{
	(void)state;
	unit__seed();
	for (int step = 0; step < STEPS; step++) {
		int list = (int)unit__below(PREFIXES);

		if (unit__below(5) < 3)
			add_random(list);
		else
			delete_random(list);
		check_list(list);
		assert_int_equal(maps->state->routes4, routes_listed());
		if (!unit__below(200))
			toggle_device();
	}
}

/* A dump that names half of the routes leaves those and no others. */
static void a_dump_removes_what_it_does_not_name(void **state)
{
	(void)state;
	rib__begin_dump(rib);
	for (int list = 0; list < PREFIXES; list++) {
		if (list % 2) {
			lists[list].count = 0;
			continue;
		}
		for (int i = 0; i < lists[list].count; i++) {
			struct rib_path paths[3];
			struct rib_route route;

			make_route(list, &lists[list].route[i], paths, &route);
			assert_int_equal(rib__dump(rib, &route), 0);
		}
	}
	assert_true(rib__end_dump(rib));
	for (int list = 0; list < PREFIXES; list++)
		check_list(list);
	assert_int_equal(maps->state->routes4, routes_listed());
}

static void dump_list(int list)
{
	for (int i = 0; i < lists[list].count; i++) {
		struct rib_path paths[3];
		struct rib_route route;

		make_route(list, &lists[list].route[i], paths, &route);
		assert_int_equal(rib__dump(rib, &route), 0);
	}
}

/* Whatever was held, the chain becomes what the dump names, in its order. */
static void a_dump_has_the_last_word(void **state)
{
	(void)state;
	unit__seed();
	for (int round = 0; round < 200; round++) {
		for (int i = 0; i < 20; i++)
			add_random((int)unit__below(PREFIXES));
		/* The kernel has changed without a word: other routes, in another order. */
		for (int list = 0; list < PREFIXES; list++) {
			for (int i = lists[list].count; i > 1; i--) {
				int other = (int)unit__below((unsigned)i);
				struct listed route = lists[list].route[i - 1];

				lists[list].route[i - 1] = lists[list].route[other];
				lists[list].route[other] = route;
			}
			while (lists[list].count && unit__below(2))
				list_remove(list, 0);
		}
		rib__begin_dump(rib);
		for (int list = 0; list < PREFIXES; list++)
			dump_list(list);
		assert_true(rib__end_dump(rib));
		for (int list = 0; list < PREFIXES; list++)
			check_list(list);
		assert_int_equal(maps->state->routes4, routes_listed());
	}
	/* What follows adds by metric again. */
	rib__begin_dump(rib);
	assert_true(rib__end_dump(rib));
	for (int list = 0; list < PREFIXES; list++)
		lists[list].count = 0;
}

/* An event just before the part of the dump that names its prefix may be newer than that part. */
static void an_event_close_to_a_part_makes_a_dump_ambiguous(void **state)
{
	(void)state;
	add_random(0);
	add_random(1);
	rib__begin_dump(rib);
	dump_list(0);
	dump_list(1);
	add_random(0);
	assert_true(rib__end_dump(rib));
	check_list(0);
	rib__begin_dump(rib);
	dump_list(1);
	add_random(0);
	dump_list(0);
	assert_false(rib__end_dump(rib));
	rib__begin_dump(rib);
	rib__end_dump(rib);
	lists[0].count = lists[1].count = 0;
}

/* All slots of routes and next hops come back. */
static void nothing_leaks(void **state)
{
	struct listed listed = { .count = 1, .device = { 1 }, .gateway = { 200 }, .weight = { 1 } };
	struct rib_path paths[3];
	struct rib_route route;

	(void)state;
	rib__begin_dump(rib);
	rib__end_dump(rib);
	assert_int_equal(maps->state->routes4, 0);
	for (uint32_t i = 0; i + 1 < maps->sizes.routes; i++) {
		make_route(0, &listed, paths, &route);
		route.prefix[1] = (uint8_t)(i >> 8);
		route.prefix[2] = (uint8_t)i;
		route.prefix_length = 24;
		assert_int_equal(rib__add(rib, &route, RIB_APPEND), 0);
	}
	route.prefix[0]++;
	assert_int_equal(rib__add(rib, &route, RIB_APPEND), -ENOSPC);
	assert_true(maps->state->refused > 0);
	assert_true(rib__is_incomplete(rib));
}

/* Packets for a refused route must not follow a shorter prefix that is added later: they go up until a dump fits. */
static void what_was_refused_does_not_go_astray(void **state)
{
	struct listed listed = { .count = 1, .device = { 1 }, .gateway = { 200 }, .weight = { 1 } };
	struct xfib_rib_value value;
	struct rib_path paths[3];
	struct rib_route route;

	(void)state;
	make_route(0, &listed, paths, &route);
	route.prefix_length = 24;
	route.prefix[1] = 0;
	for (int i = 0; i < 10; i++) { /* room again */
		route.prefix[2] = (uint8_t)i;
		assert_int_equal(rib__delete(rib, &route), 0);
	}
	lists[1].address[0] = 10;
	make_route(1, &listed, paths, &route);
	assert_int_equal(rib__add(rib, &route, RIB_APPEND), 0);
	assert_true(find(1, &value));
	assert_true(maps->nexthops[value.target].flags & XFIB_NEXTHOP_UNSUPPORTED);
	rib__begin_dump(rib);
	assert_int_equal(rib__dump(rib, &route), 0);
	assert_true(rib__end_dump(rib));
	assert_false(rib__is_incomplete(rib));
	assert_true(find(1, &value));
	assert_false(maps->nexthops[value.target].flags & XFIB_NEXTHOP_UNSUPPORTED);
}

/* A route that expires is one no longer, though the kernel still lists it. */
static void an_expired_route_is_not_used(void **state)
{
	struct listed listed = { .count = 1, .device = { 1 }, .gateway = { 200 }, .weight = { 1 } };
	struct xfib_rib_value value;
	struct rib_path paths[3];
	struct rib_route route;

	(void)state;
	make_route(1, &listed, paths, &route);
	route.metric = 5;
	route.flags = XFIB_ROUTE_EXPIRES;
	route.lifetime = 1000000;
	assert_int_equal(rib__add(rib, &route, RIB_APPEND), 0);
	assert_true(rib__next_expiry(rib) > 0);
	route.lifetime = 0;
	route.metric = 6;
	lists[2].address[0] = 11;
	memcpy(route.prefix, lists[2].address, 4);
	route.prefix_length = lists[2].length;
	assert_int_equal(rib__add(rib, &route, RIB_APPEND), 0);
	rib__expire(rib);
	assert_true(find(2, &value));
	assert_true(maps->nexthops[value.target].flags & XFIB_NEXTHOP_UNSUPPORTED);
	assert_true(rib__next_expiry(rib) > 0);
}

/* What the kernel says of a life that ends in this moment is that there is none. */
static void a_life_at_its_end_is_not_forgotten(void **state)
{
	struct listed listed = { .count = 1, .device = { 1 }, .gateway = { 7 }, .weight = { 1 } };
	struct xfib_rib_value value;
	struct rib_path paths[3];
	struct rib_route route;

	(void)state;
	lists[4].address[0] = 78;
	make_route(4, &listed, paths, &route);
	route.flags = XFIB_ROUTE_EXPIRES;
	assert_int_equal(rib__add(rib, &route, RIB_APPEND), 0);
	route.flags = 0;
	rib__begin_dump(rib);
	assert_int_equal(rib__dump(rib, &route), 0);
	assert_true(rib__end_dump(rib));
	assert_true(find(4, &value));
	assert_true(maps->routes[value.route].flags & XFIB_ROUTE_EXPIRES);
	rib__begin_dump(rib);
	assert_true(rib__end_dump(rib));
}

/* What the kernel says of a route whose next hop object was replaced: it must not take the place of another route. */
static void a_replaced_object_replaces_its_own_route(void **state)
{
	struct listed first = { .count = 1, .device = { 1 }, .gateway = { 1 }, .weight = { 1 } };
	struct listed second = { .count = 1, .device = { 2 }, .gateway = { 2 }, .weight = { 1 } };
	struct xfib_rib_value value;
	struct rib_path paths[3];
	struct rib_route route;

	(void)state;
	lists[3].address[0] = 77;
	lists[3].length = 16;
	make_route(3, &first, paths, &route);
	assert_int_equal(rib__add(rib, &route, RIB_APPEND), 0);
	make_route(3, &second, paths, &route);
	route.nexthop_id = 9;
	route.flags = XFIB_ROUTE_NEXTHOP_OBJECT;
	assert_int_equal(rib__add(rib, &route, RIB_APPEND), 0);
	paths[0].nexthop.gateway[3] = 3;
	assert_int_equal(rib__add(rib, &route, RIB_REPLACE), 0);
	assert_true(find(3, &value));
	check_path(&maps->routes[value.route], &first, 0);
	second.gateway[0] = 3;
	check_path(&maps->routes[maps->routes[value.route].next], &second, 0);
	assert_int_equal(maps->routes[maps->routes[value.route].next].next, XFIB_NONE);
}

static int setup(void **state)
{
	const struct map_sizes sizes = { .routes = 2048, .nexthops = 512, .groups = 512, .links = 64, .addresses = 64,
					 .neighbours = 64, .rules = 16 };

	(void)state;
	hash__init();
	for (int i = 0; i < PREFIXES; i++) {
		lists[i].address[0] = (uint8_t)(20 + i / 3);
		lists[i].address[1] = i % 3 ? 128 : 0;
		lists[i].length = (uint8_t)(i % 3 == 2 ? 32 : 8 + 4 * (i % 3));
	}
	for (int i = 1; i <= DEVICES; i++)
		up[i] = true;
	if (bpf_maps__create(&sizes, &bpf))
		return -1;
	maps = &bpf->maps;
	if (nexthops__new(maps, device, NULL, &nexthops))
		return -1;
	return rib__new(maps, nexthops, &rib);
}

static int teardown(void **state)
{
	(void)state;
	rib__free(rib);
	nexthops__free(nexthops);
	bpf_maps__destroy(bpf);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chains_are_the_lists),
		cmocka_unit_test(a_dump_removes_what_it_does_not_name),
		cmocka_unit_test(a_dump_has_the_last_word),
		cmocka_unit_test(an_event_close_to_a_part_makes_a_dump_ambiguous),
		cmocka_unit_test(nothing_leaks),
		cmocka_unit_test(what_was_refused_does_not_go_astray),
		cmocka_unit_test(an_expired_route_is_not_used),
		cmocka_unit_test(a_life_at_its_end_is_not_forgotten),
		cmocka_unit_test(a_replaced_object_replaces_its_own_route),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
