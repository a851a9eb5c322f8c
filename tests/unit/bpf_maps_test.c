// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Changes of both tries that are put off and shared out among lanes, against a list of what each prefix has. Needs root. */
#include "unit.h"

#include <bpf/bpf.h>

#include "bpf_maps.h"
#include "hash.h"

#define ROUTES 4096 /* more than the batches of all lanes have room for */
#define CHANGES 60000

static struct bpf_maps *bpf;
static struct maps *maps;
static uint32_t expected[2][2 * ROUTES]; /* by family: the route that each prefix leads to, 0: none */

static struct xfib_rib6_key key_of(bool six, uint32_t n)
{
	return (struct xfib_rib6_key){ .prefixlen = 32 + (six ? 48 : 24), .table = XFIB_TABLE_MAIN,
				       .address = { six ? 0x20 : 10, (uint8_t)(n >> 8), (uint8_t)n } };
}

static void write_route(bool six, uint32_t n, uint32_t route)
{
	struct xfib_rib6_key key = key_of(six, n);
	struct xfib_rib_value value = { .route = route, .prefix_length = six ? 48 : 24 };

	assert_int_equal(maps->ops->write_trie(maps, six ? XFIB_INET6 : XFIB_INET, &key, route ? &value : NULL), 0);
	expected[six][n] = route;
}

static void check_tries(void)
{
	for (int six = 0; six < 2; six++) {
		for (uint32_t n = 0; n < COUNT(expected[six]); n++) {
			struct xfib_rib6_key key = key_of(six, n);
			struct xfib_rib_value value = { 0 };
			int err = bpf_map_lookup_elem((six ? bpf->lanes6 : bpf->lanes4)[0].fd, &key, &value);

			assert_int_equal(err ? 0 : value.route, expected[six][n]);
		}
	}
}

static void the_last_change_of_each_prefix_counts(void **state)
{
	(void)state;
	unit__seed();
	maps__defer(maps);
	for (uint32_t i = 1; i <= CHANGES; i++) {
		bool deletes = unit__below(100) < (i / 8000 % 2 ? 5 : 60);

		write_route(unit__below(2), unit__below(ROUTES), deletes ? 0 : i);
		if (unit__below(9000))
			continue;
		assert_int_equal(maps__flush(maps), 0);
		check_tries();
	}
	assert_int_equal(maps__end_deferring(maps), 0);
	check_tries();
	for (uint32_t i = 1; i <= 200; i++) { /* at once; nobody deletes what is not there then */
		bool six = unit__below(2);
		uint32_t n = unit__below(ROUTES);

		write_route(six, n, expected[six][n] && i % 2 ? 0 : i);
	}
	check_tries();
}

static void full_tries_take_what_takes_the_place_of_others(void **state)
{
	(void)state;
	maps__defer(maps);
	for (uint32_t n = 0; n < ROUTES; n++) {
		for (int six = 0; six < 2; six++)
			write_route(six, n, n + 1);
	}
	for (uint32_t round = 0; round < 8; round++) {
		uint32_t from = round % 2 ? ROUTES : 0, to = ROUTES - from;

		for (uint32_t n = 0; n < ROUTES; n++) {
			for (int six = 0; six < 2; six++) {
				write_route(six, from + n, 0);
				write_route(six, to + n, n + 1);
			}
		}
	}
	assert_int_equal(maps__end_deferring(maps), 0);
	check_tries();
}

static int setup(void **state)
{
	const struct map_sizes sizes = { .routes = ROUTES, .nexthops = 64, .groups = 16, .links = 64, .addresses = 64, .neighbours = 64,
					 .rules = 16 };

	(void)state;
	hash__init();
	if (bpf_maps__create(&sizes, &bpf))
		return -1;
	maps = &bpf->maps;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	bpf_maps__destroy(bpf);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_change_of_each_prefix_counts),
		cmocka_unit_test(full_tries_take_what_takes_the_place_of_others),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
