// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* include/xfib/lookup.h against slow oracles. */
#include "unit.h"

#include <arpa/inet.h>
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

static void a_bucket_is_the_rest_of_the_hash(void **state)
{
	static struct xfib_group group = { .count = 3, .flags = XFIB_GROUP_RESILIENT };
	struct xfib_buckets *resilient = &group.resilient;

	(void)state;
	assert_int_equal(xfib_group__of_bucket(&group, 5), XFIB_NONE);
	for (uint32_t i = 0; i < 3; i++)
		resilient->nexthop[i] = 70 + i;
	for (resilient->buckets = 1; resilient->buckets <= XFIB_BUCKETS; resilient->buckets += 13) {
		for (uint32_t i = 0; i < resilient->buckets; i++)
			resilient->bucket[i] = (uint8_t)unit__below(3);
		for (int i = 0; i < 100; i++) {
			uint32_t hash = (uint32_t)random();

			assert_int_equal(xfib_group__of_bucket(&group, hash), 70 + resilient->bucket[hash % resilient->buckets]);
		}
	}
	resilient->buckets = 0x80000000; /* damaged */
	assert_int_equal(xfib_group__of_bucket(&group, 0x7fffffff), XFIB_NONE);
	resilient->buckets = 1;
	resilient->bucket[0] = 255;
	assert_int_equal(xfib_group__of_bucket(&group, 5), XFIB_NONE);
}

/* 1 : 3 by weight is 1 : 3 of the flows, to a percent. */
static void flows_spread_by_weight(void **state)
{
	static struct xfib_group group = { .count = 2,
					   .member = { { 1, 0x1fffffff }, { 2, 0x7fffffff } } };
	unsigned int first = 0;

	(void)state;
	for (uint32_t i = 0; i < 100000; i++)
		first += xfib_group__select(&group, xfib_hash__flow(xfib_hash__addresses4(0x0a000000 + i, 0xc0000201), 0, 7)) == 0;
	assert_in_range(first, 24000, 26000);
}

/* Flows that follow one another as real ones do. */
static uint32_t flow_of(int pattern, uint32_t i, uint32_t seed)
{
	uint32_t source[4] = { 0x0120b80d, 0, 0, 1 }, destination[4] = { 0x0220b80d, 0, 0, 9 };

	switch (pattern) {
	case 0: /* hosts of a network */
		return xfib_hash__flow(xfib_hash__addresses4(htonl(0x0a000000 + i), htonl(0xc0000201)), 0, seed);
	case 1: /* networks */
		return xfib_hash__flow(xfib_hash__addresses4(htonl(i << 8), htonl(0xc0000201)), 0, seed);
	case 2: /* ports */
		return xfib_hash__flow(42, xfib_hash__rest(1024 + i % 60000, 80 + i / 60000, 6, 0), seed);
	case 3: /* flow labels */
		return xfib_hash__flow(42, xfib_hash__rest(0, 0, 0, i & 0xfffff), seed);
	case 4: /* hosts of a /64 */
		source[3] = htonl(i);
		break;
	case 5: /* many /64 to many others */
		source[1] = htonl(i);
		destination[1] = htonl(i);
		break;
	default: /* both ends of a pair of networks */
		source[3] = htonl(i & 0x3ff);
		destination[3] = htonl(i >> 10);
	}
	return xfib_hash__flow(xfib_hash__addresses6(source, destination), 0, seed);
}

/* As by chance: the sum of squares is that of independent choices (chi square, to six of its standard deviations). */
static void every_pattern_of_flows_spreads(void **state)
{
	static const uint32_t counts[] = { 2, 3, 64, 300, 511 };
	enum { FLOWS = 300000 };

	(void)state;
	unit__seed();
	for (int pattern = 0; pattern < 7; pattern++) {
		for (size_t i = 0; i < COUNT(counts); i++) {
			uint32_t hits[XFIB_GROUP_MEMBERS] = { 0 }, seed = (uint32_t)random(), count = counts[i];
			double expected = (double)FLOWS / count, chi = 0;

			for (uint32_t flow = 0; flow < FLOWS; flow++)
				hits[(uint64_t)flow_of(pattern, flow, seed) * count >> 31]++;
			for (uint32_t member = 0; member < count; member++)
				chi += (hits[member] - expected) * (hits[member] - expected) / expected;
			/* of two members only the upper tail is long: 40 is further out than six deviations of many */
			if ((chi - count) * (chi - count) > 36 * 2.0 * count + 1600)
				fail_msg("pattern %d, %u members, seed %u: %.0f", pattern, count, seed, chi);
		}
	}
}

static void both_directions_are_one_flow(void **state)
{
	uint32_t one[4], other[4];

	(void)state;
	unit__seed();
	for (int i = 0; i < 1000; i++) {
		for (int word = 0; word < 4; word++) {
			one[word] = (uint32_t)random();
			other[word] = (uint32_t)random();
		}
		assert_true(xfib_hash__addresses4(one[0], other[0]) == xfib_hash__addresses4(other[0], one[0]));
		assert_true(xfib_hash__addresses6(one, other) == xfib_hash__addresses6(other, one));
		assert_true(xfib_hash__rest(one[0] >> 16, other[0] >> 16, 6, 1) == xfib_hash__rest(other[0] >> 16, one[0] >> 16, 6, 1));
	}
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
		cmocka_unit_test(a_bucket_is_the_rest_of_the_hash),
		cmocka_unit_test(flows_spread_by_weight),
		cmocka_unit_test(every_pattern_of_flows_spreads),
		cmocka_unit_test(both_directions_are_one_flow),
		cmocka_unit_test(filter_has_no_false_negatives),
		cmocka_unit_test(link_slots_are_in_range_and_never_0),
		cmocka_unit_test(tables_are_searched_in_turn_or_as_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
