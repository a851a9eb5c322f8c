// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Changes of the kernel's tables, against `ip route show`, and what is left of them when they are taken back. */
#include "change_fixture.h"

/* ---- the kernel's tables ---- */

static void kernel_routes_are_written(void **state)
{
	struct xfib_path_spec paths[2] = { path_by(t1, "10.1.0.1"), path_by(t2, "10.2.0.1") };
	struct change change = make(XFIB_ADD, "203.0.113.0/24", 0, paths, 1);

	(void)state;
	catch_events();
	change.spec.metric = 7;
	change.spec.mtu = 1400;
	unit__address("10.1.0.254", change.spec.source);
	assert_int_equal(run(&change, 1), 0);
	assert_string_equal(shown("route show 203.0.113.0/24"),
			    "203.0.113.0/24 via 10.1.0.1 dev t1 proto static src 10.1.0.254 metric 7 mtu 1400");
	assert_non_null(find_route("203.0.113.0/24", 254, t1));
	assert_int_equal(run(&change, 1), -EEXIST);
	paths[0].weight = 3;
	change.what = XFIB_REPLACE;
	change.spec.path_count = 2;
	change.spec.mtu = 0;
	assert_int_equal(run(&change, 1), 0);
	assert_string_equal(shown("route show 203.0.113.0/24"),
			    "203.0.113.0/24 proto static src 10.1.0.254 metric 7\n"
			    "\tnexthop via 10.1.0.1 dev t1 weight 3\n\tnexthop via 10.2.0.1 dev t2 weight 1");
	assert_non_null(find_route("203.0.113.0/24", 254, t2));
	check_events();
	assert_int_equal(run_one(XFIB_DELETE, "203.0.113.0/24", 0, 0, NULL), 0);
	assert_string_equal(shown("route show 203.0.113.0/24"), "");
	assert_int_equal(run_one(XFIB_DELETE, "203.0.113.0/24", 0, 0, NULL), -ENOENT);
	assert_int_equal(foreign, 0);
	assert_int_equal(events, 1 + 2 + 2); /* added; changed and added; both deleted */
	check_events();
}

static void kernel_routes_of_every_kind(void **state)
{
	struct xfib_path_spec path = path_by(t1, "2001:db8:1::7");
	struct change change = make(XFIB_ADD, "203.0.113.0/24", 0, &path, 1);

	(void)state;
	catch_events();
	assert_int_equal(run(&change, 1), 0);
	assert_string_equal(shown("route show 203.0.113.0/24"), "203.0.113.0/24 via inet6 2001:db8:1::7 dev t1 proto static");
	assert_int_equal(run_one(XFIB_DELETE, "203.0.113.0/24", 0, 0, NULL), 0);
	path = path_by(t1, "172.16.0.1");
	assert_int_equal(run(&change, 1), -ENETUNREACH);
	assert_non_null(strstr(failure.message, "gateway")); /* the kernel's words */
	path.flags = XFIB_NEXTHOP_ONLINK;
	assert_int_equal(run(&change, 1), 0);
	assert_string_equal(shown("route show 203.0.113.0/24"), "203.0.113.0/24 via 172.16.0.1 dev t1 proto static onlink");
	change.spec.path_count = 0;
	change.spec.type = XFIB_ROUTE_BLACKHOLE;
	change.what = XFIB_REPLACE;
	assert_int_equal(run(&change, 1), 0);
	assert_string_equal(shown("route show 203.0.113.0/24"), "blackhole 203.0.113.0/24 proto static");
	assert_int_equal(run_one(XFIB_DELETE, "203.0.113.0/24", 0, 0, NULL), 0);
	path = path_by(t1, NULL);
	change = make(XFIB_ADD, "10.1.0.9/32", 0, &path, 1);
	change.spec.type = XFIB_ROUTE_LOCAL;
	assert_int_equal(run(&change, 1), 0);
	assert_string_equal(shown("route show table local 10.1.0.9"), "local 10.1.0.9 dev t1 proto static scope host");
	change.what = XFIB_DELETE;
	assert_int_equal(run(&change, 1), 0);
	assert_int_equal(run_one(XFIB_ADD, "203.0.113.0/24", 253, t1, NULL), 0);
	assert_string_equal(shown("route show table 253"), "203.0.113.0/24 dev t1 proto static scope link");
	assert_int_equal(run_one(XFIB_DELETE, "203.0.113.0/24", 253, 0, NULL), 0);
	assert_int_equal(run_one(XFIB_ADD, "203.0.113.0/24", 0, 9999, NULL), -ENODEV);
	check_events();
	assert_int_equal(foreign, 0);
}

static void kernel_routes_of_ipv6(void **state)
{
	struct xfib_path_spec path = path_by(t1, "2001:db8:1::7");
	struct change change = make(XFIB_ADD, "2001:db8:100::/48", 0, &path, 1);

	(void)state;
	catch_events();
	change.spec.lifetime = 600;
	change.spec.preference = 1;
	assert_int_equal(run(&change, 1), 0);
	assert_non_null(strstr(shown("-6 route show 2001:db8:100::/48"), "via 2001:db8:1::7 dev t1 proto static metric 1024 expires"));
	assert_non_null(strstr(shown("-6 route show 2001:db8:100::/48"), "pref high"));
	assert_true(find_route("2001:db8:100::/48", 254, t1)->flags & XFIB_ROUTE_EXPIRES);
	change.spec.lifetime = change.spec.preference = 0;
	change.what = XFIB_REPLACE;
	assert_int_equal(run(&change, 1), 0);
	path = path_by(t2, "2001:db8:2::7");
	change.what = XFIB_APPEND;
	assert_int_equal(run(&change, 1), 0);
	assert_non_null(strstr(shown("-6 route show 2001:db8:100::/48"), "nexthop via 2001:db8:2::7 dev t2"));
	check_events();
	change.what = XFIB_DELETE;
	assert_int_equal(run(&change, 1), 0);
	check_events();
	assert_int_equal(run_one(XFIB_DELETE, "2001:db8:100::/48", 0, 0, NULL), 0);
	assert_string_equal(shown("-6 route show 2001:db8:100::/48"), "");
	check_events();
	assert_int_equal(foreign, 0);
}

/* What other processes change between is not ours. */
static void others_have_no_origin(void **state)
{
	(void)state;
	catch_events();
	assert_int_equal(system("ip route add 192.0.2.0/25 via 10.1.0.1"), 0);
	assert_int_equal(run_one(XFIB_ADD, "192.0.2.0/24", 0, t1, NULL), 0);
	assert_int_equal(events, 2);
	assert_int_equal(foreign, 1);
	assert_int_equal(system("ip route delete 192.0.2.0/25"), 0);
	assert_int_equal(system("ip route change 192.0.2.0/24 dev t1 proto 99"), 0);
	mirror__handle(mirror);
	assert_int_equal(foreign, 3);
	assert_int_equal(run_one(XFIB_DELETE, "192.0.2.0/24", 0, 0, NULL), 0);
	assert_int_equal(mirror__sync(mirror), 0);
	assert_int_equal(events, 5);
	check_events();
}

/* After changes without a word, a dump makes just the events of the difference. */
static void a_dump_tells_the_difference(void **state)
{
	(void)state;
	assert_int_equal(system("ip -6 route add 2001:db8:200::/48 via 2001:db8:1::7 mtu 1400; ip route add 192.0.2.0/24 dev t1"), 0);
	mirror__handle(mirror);
	catch_events();
	assert_int_equal(mirror__sync(mirror), 0);
	assert_int_equal(events, 0);
	/* The kernel lowers the MTU of IPv6 routes with that of their device, and sends no event. */
	assert_int_equal(system("ip link set t1 mtu 1300"), 0);
	mirror__handle(mirror);
	assert_int_equal(mirror__sync(mirror), 0);
	check_events();
	assert_int_equal(system("ip link set t1 mtu 1500"), 0);
	mirror__handle(mirror);
	assert_int_equal(mirror__sync(mirror), 0);
	check_events();
	/* So do carriers: what is not usable is still there. */
	events = 0;
	assert_int_equal(system("ip link set t2 down"), 0);
	mirror__handle(mirror);
	assert_int_equal(mirror__sync(mirror), 0);
	check_events();
	assert_int_equal(system("ip link set t2 up; ip address add 2001:db8:2::fe/64 dev t2 nodad"), 0);
	handle_for(200);
	assert_int_equal(mirror__sync(mirror), 0);
	check_events();
	assert_int_equal(system("ip route delete 192.0.2.0/24; ip -6 route delete 2001:db8:200::/48"), 0);
	mirror__handle(mirror);
	check_events();
}

/* ---- the kernel's tables: taking back ---- */

static void kernel_changes_are_taken_back(void **state)
{
	static const char *const setup_commands[] = {
		"ip route add 203.0.113.0/24 via 10.1.0.1 proto bgp metric 5 mtu 1300",
		"ip route append 203.0.113.0/24 via 10.1.0.2 proto bgp metric 5",
		"ip route add 203.0.113.0/24 via 10.2.0.1 metric 6",
		"ip route add 198.51.100.0/24 nexthop via 10.1.0.1 weight 2 nexthop via 10.2.0.1",
		"ip -6 route add 2001:db8:100::/48 nexthop via 2001:db8:1::7 nexthop via 2001:db8:2::7",
		"ip -6 route add blackhole 2001:db8:101::/48",
	};
	static const char *const leftovers[] = { "198.51.100.0/24", "203.0.113.0/24", "203.0.113.0/24", "2001:db8:100::/48",
						 "2001:db8:101::/48", "192.0.2.0/25" };
	struct xfib_path_spec one = path_by(t1, "10.1.0.3"), six = path_by(t1, "2001:db8:1::9"), wrong = path_by(t1, "1.2.3.4");
	struct xfib_path_spec seven = path_by(t1, "2001:db8:1::7");
	struct change changes[] = {
		make(XFIB_ADD, "192.0.2.0/24", 0, &one, 1),
		make(XFIB_REPLACE, "198.51.100.0/24", 0, &one, 1),
		make(XFIB_DELETE, "203.0.113.0/24", 0, NULL, 0),
		make(XFIB_APPEND, "2001:db8:100::/48", 0, &six, 1),
		make(XFIB_DELETE, "2001:db8:100::/48", 0, &seven, 1),
		make(XFIB_DELETE, "192.0.2.0/24", 0, NULL, 0),
		make(XFIB_REPLACE, "2001:db8:101::/48", 0, &six, 1),
		make(XFIB_ADD, "192.0.2.0/24", OWN, &one, 1),
		make(XFIB_ADD, "192.0.2.0/25", 0, &one, 1),
		make(XFIB_ADD, "192.0.2.128/25", 0, &wrong, 1),
		make(XFIB_ADD, "192.0.2.64/26", 0, &one, 1), /* the kernel makes it before we know */
	};
	char before[1024], after[1024];
	struct table held = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(setup_commands); i++)
		assert_int_equal(system(setup_commands[i]), 0);
	mirror__handle(mirror);
	catch_events();
	read_maps(&held);
	snprintf(before, sizeof(before), "%s", shown("route show; ip -6 route show | sort"));
	assert_int_equal(run(changes, COUNT(changes)), -ENETUNREACH);
	assert_int_equal(failure.index, 9);
	assert_null(strstr(failure.message, "taken back"));
	snprintf(after, sizeof(after), "%s", shown("route show; ip -6 route show | sort"));
	assert_string_equal(before, after);
	check_events();
	check_same(&held, &seen);
	assert_int_equal(foreign, 0);
	assert_int_equal(run(changes, 9), 0);
	assert_int_equal(run_one(XFIB_DELETE, "192.0.2.0/24", OWN, 0, NULL), 0);
	check_events();
	for (size_t i = 0; i < COUNT(leftovers); i++)
		assert_int_equal(run_one(XFIB_DELETE, leftovers[i], 0, 0, NULL), 0);
	mirror__handle(mirror);
	check_events();
	free(held.rows);
}

/* Every route of the kernel's, a line each, in its order. */
static void show_all(char *ret_text, size_t room)
{
	FILE *pipe = popen("{ ip -o route show table all; ip -o -6 route show table all; } | grep -v 'proto kernel'", "r");
	size_t length;

	assert_non_null(pipe);
	length = fread(ret_text, 1, room - 1, pipe);
	ret_text[length] = '\0';
	pclose(pipe);
}

/* Prints the lines of `a` that `b` does not have. */
static void print_missing(const char *what, const char *a, const char *b)
{
	while (*a) {
		size_t length = strcspn(a, "\n");
		char line[1024];

		snprintf(line, sizeof(line), "%.*s", (int)length, a);
		if (!strstr(b, line))
			print_message("%s: %s\n", what, line);
		a += length + (a[length] == '\n');
	}
}

static void make_random(struct xfib_path_spec paths[2], struct change *ret_change)
{
	bool six = unit__below(2), two = !unit__below(4);
	char text[64];

	for (int i = 0; i < 2; i++) {
		snprintf(text, sizeof(text), six ? "2001:db8:%u::%u" : "10.%u.0.%u", i + 1, 1 + unit__below(3));
		paths[i] = path_by(i ? t2 : t1, text);
		paths[i].weight = (uint16_t)unit__below(3);
	}
	snprintf(text, sizeof(text), six ? "2001:db8:%u::/48" : "20.%u.0.0/16", 100 + unit__below(4));
	*ret_change = make(1 + unit__below(4), text, 0, paths, two ? 2 : 1);
	ret_change->spec.metric = unit__below(3);
	ret_change->spec.protocol = unit__below(2) ? 0 : 99;
	/* Paths that join an IPv6 route bring attributes that a dump does not tell: all are alike here. */
	ret_change->spec.mtu = unit__below(3) || six ? 0 : 1400;
	if (six)
		ret_change->spec.protocol = 0;
	if (ret_change->what == XFIB_DELETE) {
		ret_change->spec.mtu = ret_change->spec.protocol = 0;
		ret_change->spec.path_count *= unit__below(2);
	} else if (!six && !unit__below(5)) { /* dumps leave IPv6 routes out that stand among paths of one metric */
		ret_change->spec.type = XFIB_ROUTE_BLACKHOLE;
		ret_change->spec.path_count = 0;
	}
}

/* Whatever the kernel makes of changes at random: the maps follow, and what failed leaves nothing. */
static void kernel_changes_at_random(void **state)
{
	enum { MOST = 8 };
	static char before[1 << 16], after[1 << 16];
	struct xfib_path_spec paths[MOST][2];
	struct change changes[MOST];
	int failures = 0, successes = 0;

	(void)state;
	unit__seed();
	catch_events();
	for (int round = 0; round < 120; round++) {
		uint32_t count = 1 + unit__below(MOST);
		int err;

		for (uint32_t i = 0; i < count; i++)
			make_random(paths[i], &changes[i]);
		show_all(before, sizeof(before));
		err = run(changes, count);
		check_events();
		if (err) {
			failures++;
			show_all(after, sizeof(after));
			print_missing("only before", before, after);
			print_missing("only after", after, before);
			if (strcmp(before, after))
				fail_msg("round %d: %s", round, failure.message);
		} else {
			successes++;
		}
		/* Nothing that a dump would find different. */
		events = 0;
		assert_int_equal(mirror__sync(mirror), 0);
		assert_int_equal(events, 0);
	}
	print_message("%d transactions were made, %d were not\n", successes, failures);
	assert_true(successes > 10 && failures > 10);
	assert_int_equal(system("ip route flush proto static; ip route flush proto 99; ip -6 route flush proto static;"
				"ip -6 route flush proto 99; true"), 0);
	mirror__handle(mirror);
	assert_int_equal(mirror__sync(mirror), 0);
	check_events();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kernel_routes_are_written),
		cmocka_unit_test(kernel_routes_of_every_kind),
		cmocka_unit_test(kernel_routes_of_ipv6),
		cmocka_unit_test(others_have_no_origin),
		cmocka_unit_test(a_dump_tells_the_difference),
		cmocka_unit_test(kernel_changes_are_taken_back),
		cmocka_unit_test(kernel_changes_at_random),
	};

	return cmocka_run_group_tests(tests, change_fixture__setup, change_fixture__teardown);
}
