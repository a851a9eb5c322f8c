// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* user/mirror/objects.c: what next hop objects lead to, and which routes a change concerns. */
#include "unit.h"

#include <errno.h>
#include <stdlib.h>

#include "objects.h"

static struct objects *objects;
static struct nl_path paths[XFIB_GROUP_MEMBERS];

static int set_up(void **state)
{
	(void)state;
	return objects__new(&objects);
}

static int tear_down(void **state)
{
	(void)state;
	objects__free(objects);
	return 0;
}

static int set(uint32_t id, uint32_t ifindex)
{
	struct nl_nexthop nexthop = { .id = id, .path = { .ifindex = ifindex, .weight = 1 } };

	return objects__set(objects, &nexthop);
}

static int set_group(uint32_t id, uint32_t first, uint32_t second)
{
	struct nl_nexthop nexthop = { .id = id, .member_count = 2, .members = { { first, 1 }, { second, 3 } } };

	return objects__set(objects, &nexthop);
}

/* How many paths: -1 for none. */
static int count_of(uint32_t id)
{
	uint32_t count;

	return objects__resolve(objects, id, paths, &count) ? -1 : (int)count;
}

static void what_is_set_is_resolved(void **state)
{
	struct nl_nexthop blackhole = { .id = 5, .blackhole = true }, bridge = { .id = 6, .bridge = true };

	(void)state;
	assert_int_equal(set(1, 11), 0);
	assert_int_equal(set(2, 12), 0);
	assert_int_equal(set_group(10, 1, 2), 0);
	assert_int_equal(objects__set(objects, &blackhole), 0);
	assert_int_equal(objects__set(objects, &bridge), 0);
	assert_false(objects__have_changed(objects)); /* nothing can be by a new one */
	assert_int_equal(count_of(1), 1);
	assert_int_equal(paths[0].ifindex, 11);
	assert_int_equal(count_of(10), 2);
	assert_int_equal(paths[1].ifindex, 12);
	assert_int_equal(paths[1].weight, 3);
	assert_int_equal(count_of(5), 0);
	assert_int_equal(count_of(6), -1);
}

static void a_change_concerns_its_groups(void **state)
{
	(void)state;
	set(1, 11);
	set(2, 12);
	set(3, 13);
	set_group(10, 1, 2);
	set_group(11, 2, 3);
	assert_int_equal(set(1, 11), 0);
	assert_false(objects__have_changed(objects));
	assert_int_equal(set(1, 21), 0);
	assert_true(objects__has_changed(objects, 1) && objects__has_changed(objects, 10));
	assert_false(objects__has_changed(objects, 2) || objects__has_changed(objects, 11));
	objects__settle(objects);
	assert_false(objects__have_changed(objects) || objects__has_changed(objects, 10));
	objects__remove(objects, 2);
	assert_true(objects__is_going(objects, 2));
	assert_true(objects__has_changed(objects, 10) && objects__has_changed(objects, 11));
	assert_int_equal(count_of(10), 1);
	objects__remove(objects, 1);
	assert_int_equal(count_of(10), -1); /* a group without members goes */
	assert_int_equal(count_of(11), 1);
	objects__settle(objects);
	set(2, 12); /* it does not come back to its groups */
	assert_int_equal(count_of(11), 1);
}

static void what_was_asked_for_counts_as_changed_when_it_comes(void **state)
{
	(void)state;
	assert_int_equal(count_of(1), -1);
	set_group(10, 2, 3);
	assert_int_equal(count_of(10), -1);
	objects__settle(objects);
	set(1, 11);
	set(3, 13);
	set(4, 14);
	assert_true(objects__has_changed(objects, 1) && objects__has_changed(objects, 10));
	assert_false(objects__has_changed(objects, 4));
	assert_int_equal(count_of(10), 1);
}

static void a_device_takes_its_objects_along(void **state)
{
	(void)state;
	set(1, 11);
	set(2, 12);
	set(3, 12);
	set_group(10, 1, 2);
	set_group(11, 2, 3);
	objects__remove_device(objects, 12);
	assert_int_equal(count_of(1), 1);
	assert_int_equal(count_of(2), -1);
	assert_int_equal(count_of(10), 1);
	assert_int_equal(count_of(11), -1);
}

/* Only as the only one: the kernel takes no other. */
static void a_member_that_becomes_a_blackhole_makes_one_of_its_group(void **state)
{
	struct nl_nexthop group = { .id = 10, .member_count = 1, .members = { { 1, 1 } } };
	struct nl_nexthop blackhole = { .id = 1, .blackhole = true };

	(void)state;
	set(1, 11);
	assert_int_equal(objects__set(objects, &group), 0);
	assert_int_equal(count_of(10), 1);
	assert_int_equal(objects__set(objects, &blackhole), 0);
	assert_true(objects__has_changed(objects, 10));
	assert_int_equal(count_of(10), 0);
}

static int set_resilient(uint32_t id, uint32_t buckets, uint32_t members)
{
	struct nl_nexthop nexthop = { .id = id, .member_count = members, .bucket_count = buckets };

	for (uint32_t i = 0; i < members && i < XFIB_GROUP_MEMBERS; i++)
		nexthop.members[i] = (struct nl_nexthop_member){ 1 + i, 1 };
	return objects__set(objects, &nexthop);
}

static void set_bucket(uint32_t group, uint16_t index, uint32_t member)
{
	struct nl_bucket bucket = { .group = group, .member = member, .index = index };

	objects__set_bucket(objects, &bucket);
}

static void buckets_are_asked_for_and_told(void **state)
{
	const uint32_t *members;
	uint32_t count;

	(void)state;
	set(1, 11);
	set(2, 12);
	set_group(10, 1, 2);
	assert_false(objects__have_resilient(objects));
	assert_int_equal(objects__buckets(objects, 10, &members, &count), -ENOENT);
	assert_int_equal(set_resilient(20, 4, 2), 0);
	assert_true(objects__have_resilient(objects));
	assert_int_equal(objects__next_asking(objects), 20);
	assert_int_equal(objects__next_asking(objects), 0);
	set_bucket(20, 0, 1);
	set_bucket(20, 3, 2);
	set_bucket(20, 4, 2); /* there is none, nor such groups */
	set_bucket(10, 0, 2);
	set_bucket(77, 0, 2);
	assert_int_equal(objects__next_moved(objects), 20);
	assert_int_equal(objects__next_moved(objects), 0);
	set_bucket(20, 3, 2);
	assert_int_equal(objects__next_moved(objects), 0);
	assert_int_equal(objects__buckets(objects, 20, &members, &count), 0);
	assert_int_equal(count, 4);
	assert_true(members[0] == 1 && !members[1] && members[3] == 2);
	assert_int_equal(objects__path(objects, 1)->ifindex, 11);
	assert_null(objects__path(objects, 20));
	assert_false(objects__were_reshaped(objects));
}

static void buckets_stay_while_their_group_changes(void **state)
{
	const uint32_t *members;
	uint32_t count;

	(void)state;
	set(1, 11);
	set(2, 12);
	set_resilient(20, 4, 2);
	set_bucket(20, 1, 2);
	objects__unask_buckets(objects);
	assert_int_equal(objects__next_asking(objects), 0);
	objects__remove(objects, 2);
	assert_int_equal(objects__next_asking(objects), 20);
	assert_int_equal(objects__buckets(objects, 20, &members, &count), 0);
	assert_int_equal(members[1], 2);
	set(2, 12);
	set_resilient(20, 4, 2);
	assert_int_equal(objects__buckets(objects, 20, &members, &count), 0);
	assert_int_equal(members[1], 2);
	assert_false(objects__were_reshaped(objects));
	set_resilient(20, 8, 2); /* another group: that the former one went has not been seen */
	assert_true(objects__were_reshaped(objects));
	assert_int_equal(objects__buckets(objects, 20, &members, &count), 0);
	assert_true(count == 8 && !members[1]);
}

static void too_many_buckets_are_not_held(void **state)
{
	const uint32_t *members;
	uint32_t count;

	(void)state;
	set_resilient(20, XFIB_BUCKETS, XFIB_BUCKET_MEMBERS - 1);
	assert_int_equal(objects__buckets(objects, 20, &members, &count), 0);
	set_resilient(21, XFIB_BUCKETS + 1, 2);
	set_resilient(22, 4, XFIB_BUCKET_MEMBERS);
	for (uint32_t id = 21; id <= 22; id++) {
		assert_true(objects__is_unfit(objects, id));
		assert_int_equal(objects__buckets(objects, id, &members, &count), -E2BIG);
		assert_int_equal(count_of(id), -1);
	}
	objects__remove(objects, 20);
	objects__remove(objects, 21);
	objects__remove(objects, 22);
	assert_false(objects__have_resilient(objects));
	for (uint32_t id = 1; id <= OBJECT_BUCKETS_MAX / XFIB_BUCKETS; id++)
		assert_int_equal(set_resilient(id, XFIB_BUCKETS, 1), 0);
	assert_int_equal(set_resilient(1 << 20, XFIB_BUCKETS, 1), -ENOSPC);
	objects__remove(objects, 7);
	assert_int_equal(set_resilient(1 << 20, XFIB_BUCKETS, 1), 0);
}

static void what_a_dump_does_not_name_goes(void **state)
{
	(void)state;
	set(1, 11);
	set(2, 12);
	objects__begin_dump(objects);
	set(1, 11);
	objects__end_dump(objects);
	assert_false(objects__has_changed(objects, 1));
	assert_true(objects__is_going(objects, 2));
	assert_int_equal(count_of(2), -1);
}

static void too_many_members_are_unfit(void **state)
{
	struct nl_nexthop *nexthop = calloc(1, sizeof(*nexthop));
	uint32_t count;

	(void)state;
	assert_non_null(nexthop);
	nexthop->id = 1;
	nexthop->member_count = XFIB_GROUP_MEMBERS + 1;
	assert_int_equal(objects__set(objects, nexthop), 0);
	assert_int_equal(objects__resolve(objects, 1, paths, &count), -EINVAL);
	assert_int_equal(objects__set(objects, nexthop), 0);
	assert_false(objects__have_changed(objects));
	free(nexthop);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_set_is_resolved),
		TEST(a_change_concerns_its_groups),
		TEST(what_was_asked_for_counts_as_changed_when_it_comes),
		TEST(a_device_takes_its_objects_along),
		TEST(a_member_that_becomes_a_blackhole_makes_one_of_its_group),
		TEST(buckets_are_asked_for_and_told),
		TEST(buckets_stay_while_their_group_changes),
		TEST(too_many_buckets_are_not_held),
		TEST(what_a_dump_does_not_name_goes),
		TEST(too_many_members_are_unfit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
