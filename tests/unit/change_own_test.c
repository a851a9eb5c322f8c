// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Changes of xfib's own tables: against a list, and what they check as the kernel would. */
#include "change_fixture.h"

/* ---- xfib's own tables against lists ---- */

#define PREFIXES 12
#define CHAIN 32
#define STEPS 4000

struct listed {
	uint32_t metric, protocol, tos, mtu, weight;
	uint8_t gateway, second; /* 0: none */
};

struct list {
	struct listed route[CHAIN];
	uint32_t count;
};

static struct list lists[PREFIXES];

static const char *name_of(int list)
{
	static char text[32];

	snprintf(text, sizeof(text), "%u.%u.0.0/16", 20 + list / 4, list % 4);
	return text;
}

static bool same_class(const struct listed *a, const struct listed *b)
{
	return a->metric == b->metric && a->tos == b->tos;
}

static bool comes_before(const struct listed *a, const struct listed *b)
{
	return a->tos != b->tos ? a->tos > b->tos : a->metric <= b->metric;
}

static void insert(struct list *list, uint32_t at, const struct listed *route)
{
	memmove(&list->route[at + 1], &list->route[at], (list->count - at) * sizeof(*route));
	list->route[at] = *route;
	list->count++;
}

static int list_add(struct list *list, const struct listed *route, enum xfib_change what)
{
	uint32_t at = 0, first = CHAIN;

	for (uint32_t i = 0; i < list->count; i++) {
		if (!same_class(&list->route[i], route))
			continue;
		if (first == CHAIN)
			first = i;
		if (what == XFIB_ADD || (what == XFIB_APPEND && !memcmp(&list->route[i], route, sizeof(*route))))
			return -EEXIST;
	}
	if (what == XFIB_REPLACE && first != CHAIN) {
		list->route[first] = *route;
		return 0;
	}
	while (at < list->count && comes_before(&list->route[at], route))
		at++;
	insert(list, at, route);
	return 0;
}

static int list_delete(struct list *list, const struct listed *pattern)
{
	for (uint32_t i = 0; i < list->count; i++) {
		const struct listed *route = &list->route[i];

		if ((pattern->metric && pattern->metric != route->metric) || (pattern->tos && pattern->tos != route->tos) ||
		    (pattern->protocol && pattern->protocol != route->protocol) ||
		    (pattern->mtu && pattern->mtu != route->mtu) ||
		    (pattern->gateway && pattern->gateway != route->gateway) ||
		    (pattern->second && (pattern->second != route->second || pattern->weight != route->weight)))
			continue;
		list->count--;
		memmove(&list->route[i], &list->route[i + 1], (list->count - i) * sizeof(*route));
		return 0;
	}
	return -ENOENT;
}

static uint32_t head_of(int list)
{
	struct change change = make(XFIB_ADD, name_of(list), OWN, NULL, 0);

	return first_of(AF_INET, OWN, change.spec.prefix, 16);
}

static void check_list(int list)
{
	uint32_t id = head_of(list);

	for (uint32_t i = 0; i < lists[list].count; i++) {
		const struct listed *route = &lists[list].route[i];

		for (int path = 0; path < (route->second ? 2 : 1); path++, id = maps->routes[id].next) {
			const struct xfib_route *held = &maps->routes[id];
			const struct xfib_nexthop *nexthop = &maps->nexthops[held->nexthop];

			assert_int_not_equal(id, XFIB_NONE);
			assert_int_equal(held->flags & XFIB_ROUTE_GONE, 0);
			assert_int_equal(held->owner, XFIB_OWNER_XFIB);
			assert_int_equal(held->metric, route->metric);
			assert_int_equal(held->protocol, route->protocol);
			assert_int_equal(held->tos, route->tos);
			assert_int_equal(held->weight, path ? route->weight : 1);
			assert_int_equal(nexthop->route_mtu, route->mtu);
			assert_int_equal(nexthop->ifindex, path ? t2 : t1);
			assert_int_equal(nexthop->gateway[3], path ? route->second : route->gateway);
		}
	}
	assert_int_equal(id, XFIB_NONE);
}

/* The change that a listed route stands for. */
static void make_listed(int list, enum xfib_change what, const struct listed *route, struct xfib_path_spec paths[2],
			struct change *ret_change)
{
	char gateway[32];

	snprintf(gateway, sizeof(gateway), "10.1.0.%u", route->gateway);
	paths[0] = path_by(t1, gateway);
	snprintf(gateway, sizeof(gateway), "10.2.0.%u", route->second);
	paths[1] = path_by(t2, gateway);
	paths[1].weight = (uint16_t)route->weight;
	*ret_change = make(what, name_of(list), OWN, paths, !route->gateway ? 0 : route->second ? 2 : 1);
	ret_change->spec.metric = route->metric;
	ret_change->spec.protocol = route->protocol;
	ret_change->spec.tos = route->tos;
	ret_change->spec.mtu = route->mtu;
}

static int random_change(struct list *copy, struct xfib_path_spec paths[2], struct change *ret_change)
{
	int list = (int)unit__below(PREFIXES);
	struct listed route = { .metric = unit__below(3), .protocol = 3 + unit__below(2), .tos = 4 * unit__below(2),
				.mtu = unit__below(3) ? 0 : 1400, .gateway = (uint8_t)(1 + unit__below(3)), .weight = 1 };
	enum xfib_change what = 1 + unit__below(4);

	if (copy[list].count > CHAIN - 4)
		what = XFIB_DELETE;
	if (!unit__below(4)) {
		route.second = (uint8_t)(1 + unit__below(2));
		route.weight = 1 + unit__below(3);
	}
	if (what == XFIB_DELETE) {
		route.protocol *= unit__below(2);
		route.mtu = 0;
		if (unit__below(2))
			route.gateway = route.second = 0;
	}
	make_listed(list, what, &route, paths, ret_change);
	return what == XFIB_DELETE ? list_delete(&copy[list], &route) : list_add(&copy[list], &route, what);
}

static void one_by_one(void **state)
{
	(void)state;
	unit__seed();
	catch_events();
	for (int step = 0; step < STEPS; step++) {
		struct xfib_path_spec paths[2];
		struct change change;
		int expected = random_change(lists, paths, &change);

		assert_int_equal(run(&change, 1), expected);
		if (step % 50 == 0) {
			for (int list = 0; list < PREFIXES; list++)
				check_list(list);
			check_events();
		}
	}
	assert_int_equal(foreign, 0);
}

/* Slots, order and age of all own routes. */
static uint32_t copy_own(uint32_t *ret_ids, struct xfib_route *ret_routes)
{
	uint32_t count = 0;

	for (int list = 0; list < PREFIXES; list++) {
		for (uint32_t id = head_of(list); id; id = maps->routes[id].next) {
			ret_ids[count] = id;
			ret_routes[count++] = maps->routes[id];
		}
	}
	return count;
}

/* All changes of a transaction, or none: after one that failed each slot is as it was. */
static void all_or_nothing(void **state)
{
	enum { MOST = 60, HELD = 2 * PREFIXES * CHAIN };
	static struct xfib_path_spec paths[MOST][2];
	static struct xfib_route before[HELD], after[HELD];
	static uint32_t ids[HELD], ids_after[HELD];
	int failures = 0, successes = 0;

	(void)state;
	unit__seed();
	catch_events();
	for (int round = 0; round < 600; round++) {
		struct list copy[PREFIXES];
		struct change changes[MOST];
		uint32_t count = 1 + unit__below(unit__below(2) ? 3 : MOST), held = copy_own(ids, before);
		uint32_t failed = count;
		int expected = 0, err;

		memcpy(copy, lists, sizeof(copy));
		for (uint32_t i = 0; i < count; i++) {
			int one = random_change(copy, paths[i], &changes[i]);

			if (one && !expected) {
				expected = one;
				failed = i;
			}
		}
		err = run(changes, count);
		assert_int_equal(err, expected);
		if (err) {
			failures++;
			assert_int_equal(failure.index, failed);
			assert_non_null(strstr(failure.message, "table 1000"));
			assert_int_equal(copy_own(ids_after, after), held);
			assert_memory_equal(ids, ids_after, held * sizeof(*ids));
			assert_memory_equal(before, after, held * sizeof(*before));
		} else {
			successes++;
			memcpy(lists, copy, sizeof(copy));
		}
		for (int list = 0; list < PREFIXES; list++)
			check_list(list);
		check_events();
	}
	print_message("%d transactions were made, %d were not\n", successes, failures);
	assert_true(successes > 10 && failures > 10);
}

/* ---- own tables: what the kernel would check ---- */

static void own_tables_check_devices_and_gateways(void **state)
{
	struct xfib_path_spec path = path_by(t1, "172.16.0.1");
	struct change change = make(XFIB_ADD, "192.0.2.0/24", OWN, &path, 1);

	(void)state;
	assert_int_equal(run_one(XFIB_ADD, "192.0.2.0/24", OWN, 9999, NULL), -ENODEV);
	assert_non_null(strstr(failure.message, "9999"));
	assert_int_equal(run(&change, 1), -ENETUNREACH);
	assert_non_null(strstr(failure.message, "172.16.0.1"));
	path.flags = XFIB_NEXTHOP_ONLINK;
	assert_int_equal(run(&change, 1), 0);
	assert_int_equal(run_one(XFIB_DELETE, "192.0.2.0/24", OWN, 0, NULL), 0);
	assert_int_equal(run_one(XFIB_ADD, "192.0.2.0/24", OWN, t2, "10.1.0.1"), -ENETUNREACH);
	/* Without a device it is that of the gateway's route; a route of the table itself will do. */
	assert_int_equal(run_one(XFIB_ADD, "192.0.2.0/24", OWN, 0, "10.2.0.1"), 0);
	assert_int_equal(run_one(XFIB_DELETE, "192.0.2.0/24", OWN, t2, "10.2.0.1"), 0);
	assert_int_equal(run_one(XFIB_ADD, "172.16.0.0/16", OWN, t3, NULL), 0);
	assert_int_equal(run_one(XFIB_ADD, "192.0.2.0/24", OWN, 0, "172.16.0.1"), 0);
	assert_int_equal(run_one(XFIB_DELETE, "192.0.2.0/24", OWN, t3, NULL), 0);
	assert_int_equal(run_one(XFIB_DELETE, "172.16.0.0/16", OWN, 0, NULL), 0);
	assert_int_equal(run_one(XFIB_DELETE, "172.16.0.0/16", OWN, 0, NULL), -ENOENT);
	change.spec.source[0] = 10;
	assert_int_equal(run(&change, 1), -EINVAL);
	assert_non_null(strstr(failure.message, "10.0.0.0"));
	assert_int_equal(run_one(XFIB_ADD, "2001:db8:100::/48", OWN, 0, "fe80::1"), -EINVAL);
	assert_int_equal(run_one(XFIB_ADD, "2001:db8:100::/48", OWN, t1, "2001:db8:1::fe"), -EINVAL);
}

static void own_tables_have_defaults(void **state)
{
	struct change change = make(XFIB_ADD, "198.51.100.0/24", OWN, NULL, 0);

	(void)state;
	change.spec.type = XFIB_ROUTE_BLACKHOLE;
	assert_int_equal(run(&change, 1), 0);
	assert_int_equal(find_route("198.51.100.0/24", OWN, 0)->protocol, RTPROT_STATIC);
	assert_int_equal(run(&change, 1), -EEXIST);
	change.what = XFIB_DELETE;
	assert_int_equal(run(&change, 1), 0);
	assert_int_equal(run_one(XFIB_ADD, "2001:db8:100::/48", OWN, 0, "2001:db8:2::1"), 0);
	assert_int_equal(find_route("2001:db8:100::/48", OWN, t2)->metric, 1024);
	assert_int_equal(find_route("2001:db8:100::/48", OWN, t2)->scope, RT_SCOPE_UNIVERSE);
	assert_int_equal(run_one(XFIB_DELETE, "2001:db8:100::/48", OWN, 0, NULL), 0);
	assert_int_equal(run_one(XFIB_ADD, "198.51.100.0/24", OWN, t1, NULL), 0);
	assert_int_equal(find_route("198.51.100.0/24", OWN, t1)->scope, RT_SCOPE_LINK);
	assert_int_equal(run_one(XFIB_DELETE, "198.51.100.0/24", OWN, t1, NULL), 0);
}

static void a_lifetime_ends(void **state)
{
	struct xfib_path_spec path = path_by(t1, NULL);
	struct change change = make(XFIB_ADD, "2001:db8:101::/48", OWN, &path, 1);

	(void)state;
	catch_events();
	change.spec.lifetime = 1;
	assert_int_equal(run(&change, 1), 0);
	assert_true(find_route("2001:db8:101::/48", OWN, t1)->flags & XFIB_ROUTE_EXPIRES);
	for (int i = 0; i < 20 && find_route("2001:db8:101::/48", OWN, t1); i++)
		handle_for(200);
	assert_null(find_route("2001:db8:101::/48", OWN, t1));
	check_events();
}

static void own_routes_go_with_their_device(void **state)
{
	struct xfib_path_spec paths[2] = { path_by(t3, NULL), path_by(t1, NULL) };
	struct change change = make(XFIB_ADD, "198.18.0.0/16", OWN, paths, 2);

	(void)state;
	catch_events();
	assert_int_equal(run(&change, 1), 0);
	assert_int_equal(run_one(XFIB_ADD, "198.19.0.0/16", OWN, t3, NULL), 0);
	assert_int_equal(system("ip link set t3 up && ip link set t3 down"), 0);
	mirror__handle(mirror);
	assert_non_null(find_route("198.19.0.0/16", OWN, t3));
	assert_int_equal(mirror__sync(mirror), 0);
	assert_non_null(find_route("198.19.0.0/16", OWN, t3));
	assert_int_equal(system("ip link delete t3"), 0);
	mirror__handle(mirror);
	assert_null(find_route("198.19.0.0/16", OWN, 0));
	assert_null(find_route("198.18.0.0/16", OWN, t3));
	assert_non_null(find_route("198.18.0.0/16", OWN, t1));
	assert_int_equal(mirror__sync(mirror), 0);
	check_events();
	assert_int_equal(run_one(XFIB_DELETE, "198.18.0.0/16", OWN, 0, NULL), 0);
}

static void what_finds_no_room_changes_nothing(void **state)
{
	enum { TOO_MANY = 300000 };
	struct change *changes = calloc(TOO_MANY, sizeof(*changes));
	struct xfib_path_spec path = path_by(t1, NULL);

	(void)state;
	assert_non_null(changes);
	for (uint32_t i = 0; i < TOO_MANY; i++)
		changes[i] = make(XFIB_APPEND, "198.18.0.0/16", OWN, &path, 1);
	assert_int_equal(run(changes, TOO_MANY), -ENOSPC);
	assert_non_null(strstr(failure.message, "--max-routes"));
	assert_int_equal(failure.index, TOO_MANY);
	free(changes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(own_tables_check_devices_and_gateways),
		cmocka_unit_test(own_tables_have_defaults),
		cmocka_unit_test(one_by_one),
		cmocka_unit_test(all_or_nothing),
		cmocka_unit_test(a_lifetime_ends),
		cmocka_unit_test(own_routes_go_with_their_device),
		cmocka_unit_test(what_finds_no_room_changes_nothing),
	};

	return cmocka_run_group_tests(tests, change_fixture__setup, change_fixture__teardown);
}
