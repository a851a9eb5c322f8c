// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* user/mirror/prefix_index.c against a linear search, with insertions and removals at random. */
#include "unit.h"

#include "hash.h"
#include "prefix_index.h"

#define ROUTES 2000
#define SIZE 4096

static struct xfib_prefix entries[SIZE];
static struct xfib_state shared;
static struct xfib_route routes[ROUTES + 1];
static bool held[ROUTES + 1];

static uint32_t find_slowly(const struct xfib_route *wanted)
{
	for (uint32_t id = 1; id <= ROUTES; id++) {
		if (held[id] && routes[id].table == wanted->table && routes[id].family == wanted->family &&
		    routes[id].prefix_length == wanted->prefix_length && !memcmp(routes[id].prefix, wanted->prefix, 16))
			return id;
	}
	return XFIB_NONE;
}

static uint32_t find(const struct prefix_index *index, const struct xfib_route *wanted)
{
	return prefix_index__find(index, wanted->table, wanted->family, wanted->prefix, wanted->prefix_length);
}

/* Few different ones, so that a slot often takes the prefix of another. */
static void random_route(struct xfib_route *route)
{
	memset(route, 0, sizeof(*route));
	route->table = unit__below(2) ? 254 : 100;
	route->family = unit__below(2) ? XFIB_INET : XFIB_INET6;
	route->prefix_length = (uint8_t)(24 + unit__below(2));
	route->prefix[1] = (uint8_t)unit__below(16);
	route->prefix[2] = (uint8_t)unit__below(16);
}

static void finds_what_a_linear_search_finds(void **state)
{
	struct prefix_index index;
	uint32_t count = 0;

	(void)state;
	unit__seed();
	hash__init();
	prefix_index__init(&index, routes, entries, SIZE, &shared);
	for (int step = 0; step < 40000; step++) {
		uint32_t id = 1 + unit__below(ROUTES), other;

		if (held[id]) {
			prefix_index__remove(&index, id);
			held[id] = false;
			count--;
		} else {
			random_route(&routes[id]);
			other = find_slowly(&routes[id]);
			prefix_index__set(&index, id);
			held[id] = true;
			held[other] = false; /* of the same prefix: replaced */
			count += other == XFIB_NONE;
		}
		assert_int_equal(index.count, count);
		for (int i = 0; i < 3; i++) {
			struct xfib_route wanted;

			random_route(&wanted);
			assert_int_equal(find(&index, &wanted), find_slowly(&wanted));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(finds_what_a_linear_search_finds) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
