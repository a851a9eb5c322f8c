// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* user/lib/names.c: every number has a name of its own, and no number beyond has one. */
#include "unit.h"

#include <ctype.h>
#include <xfib/xfib.h>

static void reasons(void **state)
{
	(void)state;
	for (uint32_t reason = 0; reason < XFIB_REASON_COUNT; reason++) {
		const char *name = xfib_reason__name(reason);

		assert_non_null(name);
		assert_non_null(xfib_reason__text(reason));
		assert_non_null(xfib_verdict__name(xfib_reason__verdict(reason)));
		for (const char *at = name; *at; at++)
			assert_true(islower((unsigned char)*at) || *at == '_');
		for (uint32_t other = 0; other < reason; other++)
			assert_string_not_equal(name, xfib_reason__name(other));
	}
	assert_null(xfib_reason__name(XFIB_REASON_COUNT));
	assert_null(xfib_reason__text(XFIB_REASON_COUNT));
	assert_int_equal(xfib_reason__verdict(XFIB_REASON_COUNT), XFIB_VERDICT_PASS);
}

/* Only what the kernel drops silently too is dropped; only one reason forwards. */
static void verdicts(void **state)
{
	(void)state;
	for (uint32_t reason = 0; reason < XFIB_REASON_COUNT; reason++) {
		enum xfib_verdict expected = reason == XFIB_REASON_FORWARDED ? XFIB_VERDICT_REDIRECT :
					     reason == XFIB_REASON_BLACKHOLE ? XFIB_VERDICT_DROP : XFIB_VERDICT_PASS;

		assert_int_equal(xfib_reason__verdict(reason), expected);
	}
	assert_string_equal(xfib_verdict__name(XFIB_VERDICT_REDIRECT), "redirect");
	assert_null(xfib_verdict__name(3));
}

static void route_types(void **state)
{
	(void)state;
	for (uint32_t type = 0; type < XFIB_ROUTE_TYPES; type++)
		assert_non_null(xfib_route_type__name(type));
	assert_string_equal(xfib_route_type__name(XFIB_ROUTE_BLACKHOLE), "blackhole");
	assert_null(xfib_route_type__name(XFIB_ROUTE_TYPES));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reasons),
		cmocka_unit_test(verdicts),
		cmocka_unit_test(route_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
