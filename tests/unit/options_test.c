// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* user/xfibd/options.c: what is accepted, what is refused. */
#include "unit.h"

#include <errno.h>
#include <getopt.h>

#include "options.h"

static int parse(const char *line, struct options *options)
{
	static char copy[512], *argv[16];
	int argc = 0;

	snprintf(copy, sizeof(copy), "xfibd %s", line);
	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
		argv[argc++] = strcmp(word, "EMPTY") ? word : word + 5;
	argv[argc] = NULL;
	optind = 0;
	return options__parse(argc, argv, options);
}

static void wrong_ones_are_refused(void **state)
{
	static const char *const lines[] = {
		"--table 0", "--table -1", "--table 4294967296", "--table 12abc", "--table EMPTY", "--table main5",
		"--mode fast", "--on-exit maybe", "--max-routes 0", "--max-routes x", "--max-routes +5", "--max-links 1000",
		"--max-groups 0x10", "--unknown", "-x", "nodevice", "lo nodevice", "--table", "--max-nexthops 99999999999",
		"--receive-buffer 4095", "--audit -1", "--audit 86401", "--receive-buffer 64M", "--group nosuchgroup", "--group EMPTY", "--socket EMPTY",
		"--socket /a/path/that/is/longer/than/the/address/of/a/unix/socket/has/room/for/which/is/one/hundred/and/eight/bytes/on/linux",
		"--pin /a/path/that/is/longer/than/the/address/of/a/unix/socket/has/room/for/which/is/one/hundred/and/eight/bytes",
	};
	struct options options;

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		int err = parse(lines[i], &options);

		if (err != -EINVAL)
			print_message("accepted: %s\n", lines[i]);
		assert_int_equal(err, -EINVAL);
	}
}

static void right_ones_are_taken(void **state)
{
	struct options options;

	(void)state;
	assert_int_equal(parse("--table 100 --table 4294967295 --mode auto --on-exit teardown --max-routes 100 --max-links 64 -v lo",
			       &options), 0);
	assert_int_equal(options.table_count, 2);
	assert_int_equal(options.tables[1], 4294967295u);
	assert_int_equal(options.mode, XFIB_MODE_AUTO);
	assert_true(options.teardown && options.verbose);
	assert_int_equal(options.sizes.routes, 100);
	assert_int_equal(options.sizes.links, 64);
	assert_int_equal(options.device_count, 1);
	assert_string_equal(options.devices[0], "lo");
}

static void defaults(void **state)
{
	struct options options;

	(void)state;
	unsetenv("XFIB_PIN");
	assert_int_equal(parse("", &options), 0);
	assert_string_equal(options.pin, "/sys/fs/bpf/xfib");
	assert_int_equal(options.mode, XFIB_MODE_NATIVE);
	assert_false(options.teardown);
	setenv("XFIB_PIN", "/sys/fs/bpf/other", 1);
	assert_int_equal(parse("", &options), 0);
	assert_string_equal(options.pin, "/sys/fs/bpf/other");
	assert_int_equal(parse("--pin /sys/fs/bpf/third", &options), 0);
	assert_string_equal(options.pin, "/sys/fs/bpf/third");
}

static void the_socket_follows_from_the_pin_directory(void **state)
{
	static const struct {
		const char *line, *socket;
	} cases[] = {
		{ "", "/run/xfib/xfibd.sock" },
		{ "--pin /sys/fs/bpf/xfib", "/run/xfib/xfibd.sock" },
		{ "--pin /sys/fs//bpf/xfib/", "/run/xfib/xfibd.sock" },
		{ "--pin /run/bpf-r/xfib", "/run/xfib/_run_bpf-r_xfib.sock" },
		{ "--pin /run/bpf-r/xfib --socket /tmp/other", "/tmp/other" },
	};
	struct options options;

	(void)state;
	unsetenv("XFIB_PIN");
	unsetenv("XFIB_SOCKET");
	for (size_t i = 0; i < COUNT(cases); i++) {
		assert_int_equal(parse(cases[i].line, &options), 0);
		assert_string_equal(options.socket, cases[i].socket);
	}
	setenv("XFIB_SOCKET", "/tmp/named", 1);
	assert_int_equal(parse("--pin /run/bpf-r/xfib", &options), 0);
	assert_string_equal(options.socket, "/tmp/named");
	assert_int_equal(parse("--socket /tmp/other", &options), 0);
	assert_string_equal(options.socket, "/tmp/other");
	unsetenv("XFIB_SOCKET");
}

static void groups_are_looked_up(void **state)
{
	struct options options;

	(void)state;
	assert_int_equal(parse("", &options), 0);
	assert_int_equal(options.groups.watch, NO_GROUP);
	assert_int_equal(parse("--group root", &options), 0);
	assert_int_equal(options.groups.watch, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_socket_follows_from_the_pin_directory),
		cmocka_unit_test(groups_are_looked_up),
		cmocka_unit_test(wrong_ones_are_refused),
		cmocka_unit_test(right_ones_are_taken),
		cmocka_unit_test(defaults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
