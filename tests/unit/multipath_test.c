// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* user/mirror/multipath.c: from the kernel's settings to the fields that count. */
#include "unit.h"

#include "multipath.h"

static void policies_are_fields(void **state)
{
	static const struct {
		uint8_t family;
		int policy, fields;
		uint16_t hash;
	} cases[] = {
		{ XFIB_INET, 0, 7, 0x0003 },     { XFIB_INET6, 0, 7, 0x000b },
		{ XFIB_INET, 1, 7, 0x1037 },     { XFIB_INET6, 1, 7, 0x1037 },
		{ XFIB_INET, 2, 7, 0x22c3 },     { XFIB_INET6, 2, 7, 0x22cb },
		{ XFIB_INET, 3, 7, 0x3007 },     { XFIB_INET6, 3, 0x8, 0x3008 },
		{ XFIB_INET, 3, 0x8, 0x3000 },   { XFIB_INET, 3, 0xfff, 0x3ff7 },
		{ XFIB_INET6, 3, -1, 0x3fff },   { XFIB_INET, 4, 7, 0x0003 },
		{ XFIB_INET6, -1, 7, 0x000b },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_int_equal(multipath__hash(cases[i].family, cases[i].policy, cases[i].fields), cases[i].hash);
}

static void a_seed_is_of_a_namespace(void **state)
{
	(void)state;
	assert_int_equal(multipath__make_seed(4026531840), multipath__make_seed(4026531840));
	assert_int_not_equal(multipath__make_seed(4026531840), multipath__make_seed(4026531841));
}

static void settings_that_are_not_there(void **state)
{
	(void)state;
	assert_int_equal(setting__read("/proc/sys/net/no/such/setting", 17), 17);
	assert_int_equal(setting__read("/proc/version", 17), 17); /* no number */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(policies_are_fields),
		cmocka_unit_test(a_seed_is_of_a_namespace),
		cmocka_unit_test(settings_that_are_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
