// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* user/xfib/read.c: numbers, addresses, prefixes, names; what is refused, and that it leaves outputs alone. */
#include "unit.h"

#include <errno.h>

#include "format.h"
#include "read.h"

static void numbers(void **state)
{
	static const struct {
		const char *token;
		uint32_t high;
		bool decimal, any;
		uint32_t number;
	} cases[] = {
		{ "0", 9, true, true, 0 },	     { "9", 9, true, true, 9 },
		{ "10", 9, false, false, 0 },	     { "4294967295", UINT32_MAX, true, true, UINT32_MAX },
		{ "4294967296", UINT32_MAX, false, false, 0 }, { "99999999999999999999", UINT32_MAX, false, false, 0 },
		{ "", 9, false, false, 0 },	     { " 1", 9, false, false, 0 },
		{ "1 ", 9, false, false, 0 },	     { "+1", 9, false, false, 0 },
		{ "-1", UINT32_MAX, false, false, 0 }, { "1x", 9, false, false, 0 },
		{ "0x1f", 99, false, true, 31 },     { "0XFF", 255, false, true, 255 },
		{ "0x", 9, false, false, 0 },	     { "0x0x1", 9, false, false, 0 },
		{ "0x-1", UINT32_MAX, false, false, 0 }, { "ff", 255, false, false, 0 },
		{ "007", 9, true, true, 7 },	     { "0x100000000", UINT32_MAX, false, false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint32_t number = 12345;

		assert_int_equal(read_number(cases[i].token, cases[i].high, &number), cases[i].decimal);
		assert_int_equal(number, cases[i].decimal ? cases[i].number : 12345);
		number = 12345;
		assert_int_equal(read_any_number(cases[i].token, cases[i].high, &number), cases[i].any);
		assert_int_equal(number, cases[i].any ? cases[i].number : 12345);
	}
}

/* Every prefix of every length, as text and back. */
static void prefixes_round_trip(void **state)
{
	struct why why;

	(void)state;
	unit__seed();
	for (int round = 0; round < 5000; round++) {
		uint32_t family = unit__below(2) ? AF_INET : AF_INET6, longest = family == AF_INET ? 32 : 128, seen_family;
		uint8_t prefix[16] = { 0 }, seen[16], seen_length, length = (uint8_t)unit__below(longest + 1);
		char text[TEXT_SIZE];

		for (size_t i = 0; i < longest / 8; i++)
			prefix[i] = (uint8_t)unit__below(256);
		clear_host_bits(prefix, length);
		assert_false(clear_host_bits(prefix, length));
		format_prefix(text, family, prefix, length);
		assert_int_equal(read_prefix(text, 0, &seen_family, seen, &seen_length, &why), 0);
		assert_int_equal(seen_family, family);
		assert_int_equal(seen_length, length);
		assert_memory_equal(seen, prefix, 16);
		if (length < longest) {
			prefix[(longest - 1) / 8] |= 1;
			format_prefix(text, family, prefix, length);
			assert_int_equal(read_prefix(text, 0, &seen_family, seen, &seen_length, &why), -EINVAL);
			assert_non_null(strstr(why.text, "did you mean"));
		}
	}
}

static void wrong_ones_are_refused(void **state)
{
	static const char *const tokens[] = {
		"", "/", "/8", "10", "10.0.0", "10.0.0.0.0", "10.0.0.256", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/8", "10.0.0.0/ 8",
		"::/129", ":", ":::", "1::2::3", "fe80::1%lo", "2001:db8::/32x", "defaultx", "Default",
		"1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111/64",
	};
	struct why why;

	(void)state;
	for (size_t i = 0; i < COUNT(tokens); i++) {
		uint8_t prefix[16] = { 7 }, length = 77;
		uint32_t family = 777;

		if (!read_prefix(tokens[i], 0, &family, prefix, &length, &why))
			print_message("accepted: '%s'\n", tokens[i]);
		assert_true(family == 777 && prefix[0] == 7 && length == 77);
		assert_int_equal(read_address(tokens[i], 0, &family, prefix, &why), -EINVAL);
		assert_true(family == 777 && prefix[0] == 7);
	}
}

static void families(void **state)
{
	uint8_t address[16], length;
	uint32_t family;
	struct why why;

	(void)state;
	assert_int_equal(read_address("::1", AF_INET, &family, address, &why), -EINVAL);
	assert_string_equal(why.text, "'::1' is no IPv4 address");
	assert_int_equal(read_prefix("10.0.0.0/8", AF_INET6, &family, address, &length, &why), -EINVAL);
	assert_string_equal(why.text, "'10.0.0.0/8' is no IPv6 prefix");
	assert_int_equal(read_prefix("default", AF_INET6, &family, address, &length, &why), 0);
	assert_int_equal(family, AF_INET6);
	assert_int_equal(length, 0);
}

static void names(void **state)
{
	uint32_t number;
	struct why why;

	(void)state;
	assert_int_equal(read_table("main", &number, &why), 0);
	assert_int_equal(number, 254);
	assert_int_equal(read_table("0", &number, &why), -EINVAL);
	assert_int_equal(read_protocol("bgp", &number, &why), 0);
	assert_int_equal(number, 186);
	assert_int_equal(read_protocol("256", &number, &why), -EINVAL);
	assert_int_equal(read_scope("link", &number, &why), 0);
	assert_int_equal(number, 253);
	assert_int_equal(read_scope("global", &number, &why), 0);
	assert_int_equal(number, 0);
	assert_int_equal(read_scope("far", &number, &why), -EINVAL);
	assert_int_equal(read_tos("EF", &number, &why), 0);
	assert_int_equal(number, 0xb8);
	assert_int_equal(read_tos("0x10", &number, &why), 0);
	assert_int_equal(number, 0x10);
	assert_int_equal(read_mark("0xffffffff", &number, &why), 0);
	assert_int_equal(number, UINT32_MAX);
	assert_int_equal(read_mark("0x1/0xff", &number, &why), -EINVAL);
}

/* However long, a token's beginning is in the message, and the message in its room. */
static void long_tokens(void **state)
{
	static char token[100000];
	uint8_t address[16], length;
	uint32_t family;
	struct why why;

	(void)state;
	memset(token, 'a', sizeof(token) - 1);
	assert_int_equal(read_address(token, 0, &family, address, &why), -EINVAL);
	assert_int_equal(read_prefix(token, 0, &family, address, &length, &why), -EINVAL);
	assert_true(strlen(why.text) < 100);
	assert_int_equal(read_table(token, &family, &why), -EINVAL);
	assert_int_equal(read_tos(token, &family, &why), -EINVAL);
}

/* A token of pieces that addresses are made of, more or less. */
static void random_token(char *token, size_t pieces)
{
	static const char *const usual[] = { "0", "1", "12", "255", "256", "00", "fe80", "FFFF", "12345", "ab", ":", ":", ":",
					     ":", "::", ".", ".", ".", "", "g", "1.2.3.4", "::ffff:", " " };

	*token = '\0';
	for (size_t i = 0; i < pieces; i++)
		strcat(token, usual[unit__below(COUNT(usual))]);
}

/* Eight groups, some of them zero, in one of the forms that people write. */
static void random_address6(char *token)
{
	uint8_t address[16];

	for (size_t i = 0; i < 16; i += 2) {
		bool zero = unit__below(2);

		address[i] = zero ? 0 : (uint8_t)(unit__below(2) * unit__below(256));
		address[i + 1] = zero ? 0 : (uint8_t)unit__below(256);
	}
	inet_ntop(AF_INET6, address, token, INET6_ADDRSTRLEN);
	if (!unit__below(4)) /* one character is another one */
		token[unit__below((unsigned int)strlen(token))] = ":.0f9"[unit__below(5)];
}

/* What inet_pton() takes is taken, and nothing else; it is written as inet_ntop() does. */
static void addresses_are_those_of_the_c_library(void **state)
{
	unsigned int taken = 0;

	(void)state;
	unit__seed();
	for (int round = 0; round < 300000; round++) {
		uint8_t expected[16] = { 0 }, seen[16];
		char token[256], text[TEXT_SIZE], expected_text[INET6_ADDRSTRLEN];
		uint32_t family, expected_family = 0;
		struct why why;

		if (unit__below(2))
			random_address6(token);
		else
			random_token(token, 1 + unit__below(16));
		if (inet_pton(AF_INET, token, expected) == 1)
			expected_family = AF_INET;
		else if (inet_pton(AF_INET6, token, expected) == 1)
			expected_family = AF_INET6;
		if (read_address(token, 0, &family, seen, &why)) {
			if (expected_family)
				fail_msg("'%s' is refused", token);
			continue;
		}
		taken++;
		if (family != expected_family || memcmp(seen, expected, sizeof(seen)))
			fail_msg("'%s' is taken for another one", token);
		*format_address(text, family, seen) = '\0';
		assert_string_equal(text, inet_ntop((int)family, seen, expected_text, sizeof(expected_text)));
	}
	assert_true(taken > 50000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers),  cmocka_unit_test(prefixes_round_trip), cmocka_unit_test(wrong_ones_are_refused),
		cmocka_unit_test(families), cmocka_unit_test(names),		   cmocka_unit_test(long_tokens),
		cmocka_unit_test(addresses_are_those_of_the_c_library),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
