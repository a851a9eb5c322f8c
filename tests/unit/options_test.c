// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* user/xfibd/option*.c: what is accepted, what is refused, and where it is said to be. */
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <unistd.h>

#include "log.h"
#include "options.h"

static int parse(const char *line, struct options *options)
{
	static char copy[512], *argv[24];
	int argc = 0;

	snprintf(copy, sizeof(copy), "xfibd %s", line);
	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
		argv[argc++] = strcmp(word, "EMPTY") ? word : word + 5;
	argv[argc] = NULL;
	return options__parse(argc, argv, options);
}

static void wrong_ones_are_refused(void **state)
{
	static const char *const lines[] = {
		"--table 0", "--table -1", "--table 4294967296", "--table 12abc", "--table EMPTY", "--table main5", "--table al",
		"--mode fast", "--on-exit maybe", "--max-routes 0", "--max-routes x", "--max-routes +5", "--max-links 1000",
		"--max-groups 0x10", "--unknown", "-x", "nodevice", "lo nodevice", "--table", "--max-nexthops 99999999999",
		"--port nodevice", "--pin relative", "--pin EMPTY", "--config /nonexistent", "--config", "--check=yes", "--verbose=yes", "--receive-buffer 4095", "--audit -1", "--audit 86401", "--receive-buffer 64M",
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
	assert_int_equal(parse("--table 7 --table all", &options), 0);
	assert_true(options.tables.all);
	assert_int_equal(options.tables.count, 1);
	assert_int_equal(parse("--table 100 --table 4294967295 --mode auto --on-exit teardown --max-routes 100 --max-links 64 -v lo",
			       &options), 0);
	assert_int_equal(options.tables.count, 2);
	assert_int_equal(options.tables.numbers[1], 4294967295u);
	assert_int_equal(options.mode, XFIB_MODE_AUTO);
	assert_true(options.teardown && options.verbose);
	assert_int_equal(options.sizes.routes, 100);
	assert_int_equal(options.sizes.links, 64);
	assert_int_equal(options.ports.count, 1);
	assert_string_equal(options.ports.names[0], "lo");
	assert_int_equal(parse("lo --port lo lo", &options), 0);
	assert_int_equal(options.ports.count, 1);
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

/* ---- the configuration file ---- */

static char path[] = "/tmp/xfib-options-XXXXXX";
static char said[4096]; /* what was logged, a line each */

static void note_line(enum log_level level, const char *line)
{
	(void)level;
	snprintf(said + strlen(said), sizeof(said) - strlen(said), "%s\n", line);
}

static int parse_file(const char *text, size_t length, const char *line, struct options *options)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fwrite(text, 1, length, file);
	fclose(file);
	said[0] = '\0';
	return parse(line, options);
}

static void a_file_gives_options(void **state)
{
	static const char text[] = "# a comment\n"
				   "\n"
				   "table = 100\n"
				   "  table=200   # another one\r\n"
				   "port = lo\n"
				   "mode\t=\tgeneric\n"
				   "verbose\n"
				   "fpm\n"
				   "fpm-table = 7\n"
				   "max-addresses = 100\n"
				   "socket = /tmp/a#b\n"
				   "max-routes = 5000";
	struct options options;

	(void)state;
	assert_int_equal(parse_file(text, strlen(text), "", &options), 0);
	assert_int_equal(options.tables.count, 2);
	assert_int_equal(options.tables.numbers[1], 200);
	assert_string_equal(options.ports.names[0], "lo");
	assert_int_equal(options.mode, XFIB_MODE_GENERIC);
	assert_true(options.verbose && options.fpm.length);
	assert_int_equal(options.fpm_table, 7);
	assert_int_equal(options.sizes.addresses, 200);
	assert_int_equal(options.sizes.routes, 5000);
	assert_string_equal(options.socket, "/tmp/a#b");
	/* The command line wins, and adds to lists. */
	assert_int_equal(parse("--max-routes 6000 --mode auto --table 300 --socket /tmp/c", &options), 0);
	assert_int_equal(options.sizes.routes, 6000);
	assert_int_equal(options.mode, XFIB_MODE_AUTO);
	assert_int_equal(options.tables.count, 3);
	assert_string_equal(options.socket, "/tmp/c");
	/* So does the environment, by which clients go too. */
	setenv("XFIB_SOCKET", "/tmp/d", 1);
	assert_int_equal(parse("", &options), 0);
	assert_string_equal(options.socket, "/tmp/d");
	unsetenv("XFIB_SOCKET");
	assert_int_equal(parse_file("verbose = no\n", 13, "", &options), 0);
	assert_false(options.verbose);
}

/* Each mistake is said with file and line, not the first one alone. */
static void mistakes_in_a_file_are_named(void **state)
{
	static const struct {
		const char *text, *said; /* behind "PATH:LINE: "; %: the line's number is 2 and not 1 */
	} cases[] = {
		{ "max-routes = many\n", "max-routes 'many': must be a number from 16 to" },
		{ "max-routes =\n", "max-routes '': must be a number" },
		{ "max-routes\n", "max-routes: needs a value: max-routes = N" },
		{ "= 5\n", "'': no such option" },
		{ "max-route = 5\n", "'max-route': no such option; lines are 'option = value', and 'xfibd --help'" },
		{ "--table = 5\n", "'--table': no such option" },
		{ "config = /tmp/x\n", "'config': only the command line has this option" },
		{ "check\n", "'check': only the command line" },
		{ "verbose = 1\n", "verbose '1': must be yes or no" },
		{ "mode = fast # so\n", "mode 'fast': must be native, generic or auto" },
		{ "port = nodevice\n", "port 'nodevice': does not exist" },
		{ "port = lo lo\n", "port 'lo lo': does not exist" },
		{ "pin = relative\n", "pin 'relative': must be an absolute path" },
		{ "max-links = 1000\n", "max-links '1000': must be a power of two" },
		{ "mode = auto\nmode = auto\n", "%mode 'auto': line 1 says it already" },
		{ "fpm\nfpm-table = 7\ntable = 7\n", "%fpm-table '7': option table mirrors it" },
		{ "\nmode\n", "%mode: needs a value: mode = MODE" },
	};
	char wanted[512];
	struct options options;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		bool second = cases[i].said[0] == '%';

		assert_int_equal(parse_file(cases[i].text, strlen(cases[i].text), "", &options), -EINVAL);
		snprintf(wanted, sizeof(wanted), "%s:%d: %s", path, second ? 2 : 1, cases[i].said + second);
		if (!strstr(said, wanted))
			print_message("of %s said: %s\n", cases[i].text, said);
		assert_non_null(strstr(said, wanted));
	}
	assert_int_equal(parse_file("mode = x\nmode\n\ntable=0", 23, "--audit x --check", &options), -EINVAL);
	for (int line = 1; line <= 4; line += line == 2 ? 2 : 1) {
		snprintf(wanted, sizeof(wanted), "%s:%d: ", path, line);
		assert_non_null(strstr(said, wanted));
	}
	assert_non_null(strstr(said, "--audit 'x': must be a number"));
	assert_int_equal(parse_file("verb\0ose\n", 10, "", &options), -EINVAL);
	assert_non_null(strstr(said, ":1: 'verb': a zero byte"));
	assert_int_equal(parse_file("mode = auto\n", 12, "--check", &options), 1);
}

static void no_file_is_too_long(void **state)
{
	size_t length = 2 * 1024 * 1024;
	char *text = malloc(length);
	struct options options;

	(void)state;
	memset(text, '\n', length);
	assert_int_equal(parse_file(text, length, "", &options), -EINVAL);
	assert_non_null(strstr(said, "File too large"));
	memset(text, 'x', length);
	assert_int_equal(parse_file(text, 100000, "", &options), -EINVAL);
	assert_non_null(strstr(said, ":1: 'xxx"));
	free(text);
	assert_int_equal(parse_file("", 0, "", &options), 0);
}

static void differences_are_named(void **state)
{
	struct options before, after;
	char text[256];

	(void)state;
	assert_int_equal(parse("", &before), 0);
	assert_int_equal(parse("", &after), 0);
	assert_int_equal(options__differences(&before, &after, true, text, sizeof(text)), 0);
	assert_int_equal(options__differences(&before, &after, false, text, sizeof(text)), 0);
	assert_string_equal(text, "");
	assert_int_equal(parse("--max-routes 100 --fpm --audit 0 lo --table 5", &after), 0);
	assert_int_equal(options__differences(&before, &after, true, text, sizeof(text)), 2);
	assert_string_equal(text, "port, audit");
	assert_int_equal(options__differences(&before, &after, false, text, sizeof(text)), 3);
	assert_string_equal(text, "table, fpm, max-routes");
	assert_int_equal(options__differences(&before, &after, false, text, 8), 3);
	assert_string_equal(text, "table, ");
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
		cmocka_unit_test(a_file_gives_options),
		cmocka_unit_test(mistakes_in_a_file_are_named),
		cmocka_unit_test(no_file_is_too_long),
		cmocka_unit_test(differences_are_named),
	};
	int failed, fd = mkstemp(path);

	if (fd < 0)
		return 1;
	close(fd);
	unsetenv("XFIB_PIN");
	unsetenv("XFIB_SOCKET");
	setenv("XFIB_CONFIG", path, 1);
	log__set_sink(note_line);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	return failed;
}
