// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* include/xfib/lookup.h against slow oracles. */
#include "unit.h"

#include <xfib/lookup.h>

/* ---- checksum ---- */

static unsigned int sum_of(const uint8_t header[20])
{
	unsigned int sum = 0;

	for (int i = 0; i < 20; i += 2)
		sum += (unsigned int)header[i] << 8 | header[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void put_checksum(uint8_t header[20])
{
	unsigned int checksum;

	header[10] = header[11] = 0;
	checksum = ~sum_of(header) & 0xffff;
	header[10] = (uint8_t)(checksum >> 8);
	header[11] = (uint8_t)checksum;
}

/* Every checksum that a header can have, each with several TTLs. */
static void checksum_is_that_of_the_whole_header(void **state)
{
	static const uint8_t ttls[] = { 2, 3, 64, 128, 255 };

	(void)state;
	for (unsigned int id = 0; id < 65536; id++) {
		for (size_t i = 0; i < COUNT(ttls); i++) {
			uint8_t header[20] = { 0x45, 0, 0, 48, (uint8_t)(id >> 8), (uint8_t)id, 0, 0, ttls[i], 17,
					       0, 0, 10, 0, 1, 1, 203, 0, 113, 9 };
			uint16_t checksum;

			put_checksum(header);
			memcpy(&checksum, header + 10, 2);
			checksum = xfib_checksum__lower_ttl(checksum);
			header[8]--;
			put_checksum(header);
			assert_memory_equal(&checksum, header + 10, 2);
		}
	}
}

/* ---- groups ---- */

static uint32_t select_slowly(const struct xfib_group *group, uint32_t hash)
{
	for (uint32_t i = 0; i < group->count; i++) {
		if (hash <= group->member[i].upper_bound)
			return i;
	}
	return group->count;
}

static void random_group(struct xfib_group *group)
{
	uint64_t total = 0, sum = 0;
	uint32_t weights[XFIB_GROUP_MEMBERS];

	group->count = 1 + unit__below(XFIB_GROUP_MEMBERS);
	for (uint32_t i = 0; i < group->count; i++)
		total += weights[i] = 1 + unit__below(256);
	for (uint32_t i = 0; i < group->count; i++) {
		sum += weights[i];
		group->member[i].upper_bound = (uint32_t)((sum << 31) / total - 1);
	}
	assert_int_equal(group->member[group->count - 1].upper_bound, 0x7fffffff);
}

static void group_select_is_a_linear_search(void **state)
{
	static struct xfib_group group;

	(void)state;
	unit__seed();
	for (int round = 0; round < 300; round++) {
		random_group(&group);
		for (int i = 0; i < 300; i++) {
			uint32_t hash = (uint32_t)random(), bound = group.member[unit__below(group.count)].upper_bound;

			assert_int_equal(xfib_group__select(&group, hash), select_slowly(&group, hash));
			assert_int_equal(xfib_group__select(&group, bound), select_slowly(&group, bound));
			if (bound < 0x7fffffff)
				assert_int_equal(xfib_group__select(&group, bound + 1), select_slowly(&group, bound + 1));
		}
		assert_int_equal(xfib_group__select(&group, 0), 0);
		assert_int_equal(xfib_group__select(&group, 0x7fffffff), group.count - 1);
	}
}

static void an_empty_group_selects_nothing_beyond_it(void **state)
{
	static struct xfib_group group;

	(void)state;
	group.count = 0;
	assert_int_equal(xfib_group__select(&group, 5), 0);
	group.count = 0xffffffff; /* damaged */
	assert_true(xfib_group__select(&group, 0x7fffffff) <= XFIB_GROUP_MEMBERS);
}

/* 1 : 3 by weight is 1 : 3 of the flows, to a percent. */
static void flows_spread_by_weight(void **state)
{
	static struct xfib_group group = { .count = 2,
					   .member = { { 1, 0x1fffffff }, { 2, 0x7fffffff } } };
	unsigned int first = 0;

	(void)state;
	for (uint32_t i = 0; i < 100000; i++) {
		uint32_t source = 0x0a000000 + i, destination = 0xc0000201;

		first += xfib_group__select(&group, xfib_hash__flow(&source, &destination, 1)) == 0;
	}
	assert_in_range(first, 24000, 26000);
}

/* ---- the rest ---- */

static void filter_has_no_false_negatives(void **state)
{
	__u64 filter[XFIB_FILTER_WORDS] = { 0 };
	uint32_t own[20], first, second, hits = 0;

	(void)state;
	unit__seed();
	for (size_t i = 0; i < COUNT(own); i++) {
		own[i] = (uint32_t)random() * 2;
		xfib_filter__bits(own[i], &first, &second);
		assert_true(first < XFIB_FILTER_WORDS * 64 && second < XFIB_FILTER_WORDS * 64);
		filter[first / 64] |= 1ull << (first % 64);
		filter[second / 64] |= 1ull << (second % 64);
	}
	for (size_t i = 0; i < COUNT(own); i++)
		assert_true(xfib_filter__may_contain(filter, own[i]));
	for (int i = 0; i < 10000; i++)
		hits += (uint32_t)xfib_filter__may_contain(filter, (uint32_t)random());
	assert_true(hits < 500); /* 40 of 512 bits: 0.6 % */
}

static void link_slots_are_in_range_and_never_0(void **state)
{
	(void)state;
	for (uint32_t slots = 2; slots <= 4096; slots *= 2) {
		for (uint32_t ifindex = 1; ifindex < 10000; ifindex += 7) {
			for (uint32_t probe = 0; probe < XFIB_LINK_PROBES; probe++) {
				uint32_t slot = xfib_link__slot(ifindex, slots, probe);

				assert_true(slot > 0 && slot < slots);
			}
		}
	}
}

static void tables_are_searched_in_turn_or_as_one(void **state)
{
	const struct xfib_rib_value short_one = { .prefix_length = 8 }, long_one = { .prefix_length = 24 };

	(void)state;
	assert_null(xfib_rib__decide(NULL, NULL, 1));
	assert_ptr_equal(xfib_rib__decide(NULL, &short_one, 1), &short_one);
	assert_ptr_equal(xfib_rib__decide(&short_one, NULL, 1), &short_one);
	assert_ptr_equal(xfib_rib__decide(&short_one, &long_one, 0), &short_one);
	assert_ptr_equal(xfib_rib__decide(&short_one, &long_one, 1), &long_one);
	assert_ptr_equal(xfib_rib__decide(&long_one, &short_one, 1), &long_one);
	assert_ptr_equal(xfib_rib__decide(&short_one, &short_one, 1), &short_one);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checksum_is_that_of_the_whole_header),
		cmocka_unit_test(group_select_is_a_linear_search),
		cmocka_unit_test(an_empty_group_selects_nothing_beyond_it),
		cmocka_unit_test(flows_spread_by_weight),
		cmocka_unit_test(filter_has_no_false_negatives),
		cmocka_unit_test(link_slots_are_in_range_and_never_0),
		cmocka_unit_test(tables_are_searched_in_turn_or_as_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
