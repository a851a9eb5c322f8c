// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* user/xfibd/options.c: what is accepted, what is refused. */
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>

#include "options.h"

static int parse(const char *line, struct options *options)
{
	static char copy[512], *argv[24];
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
		"--receive-buffer 4095", "--audit -1", "--audit 86401", "--receive-buffer 64M",
		"--fpm=10.0.0.1.2", "--fpm=10.0.0.1:0", "--fpm=10.0.0.1:65536", "--fpm=10.0.0.1:", "--fpm=[::1", "--fpm=::1", "--fpm=[::1]x",
		"--fpm=localhost", "--fpm-table 0", "--fpm-table 255", "--fpm-table 253", "--fpm-table x", "--fpm-hold 0",
		"--fpm --fpm-table 7 --table 7", "--group nosuchgroup", "--group EMPTY", "--socket EMPTY",
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

static void fpm_is_taken(void **state)
{
	struct options options;
	struct sockaddr_in four;
	struct sockaddr_in6 six;

	(void)state;
	assert_int_equal(parse("", &options), 0);
	assert_int_equal(options.fpm.length, 0);
	assert_int_equal(parse("--fpm", &options), 0);
	memcpy(&four, &options.fpm.address, sizeof(four));
	assert_int_equal(four.sin_family, AF_INET);
	assert_int_equal(four.sin_addr.s_addr, htonl(INADDR_LOOPBACK));
	assert_int_equal(four.sin_port, htons(2620));
	assert_int_equal(options.fpm_table, 2620);
	assert_int_equal(options.fpm_hold, 60);
	assert_int_equal(parse("--fpm=192.0.2.1:77 --fpm-table main --fpm-hold 5 --table 7", &options), 0);
	memcpy(&four, &options.fpm.address, sizeof(four));
	assert_int_equal(four.sin_addr.s_addr, htonl(0xc0000201));
	assert_int_equal(four.sin_port, htons(77));
	assert_int_equal(options.fpm_table, XFIB_TABLE_MAIN);
	assert_int_equal(options.fpm_hold, 5);
	assert_int_equal(parse("--fpm=[::1]:78", &options), 0);
	memcpy(&six, &options.fpm.address, sizeof(six));
	assert_int_equal(six.sin6_family, AF_INET6);
	assert_true(IN6_IS_ADDR_LOOPBACK(&six.sin6_addr));
	assert_int_equal(six.sin6_port, htons(78));
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
		cmocka_unit_test(fpm_is_taken),
		cmocka_unit_test(defaults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
