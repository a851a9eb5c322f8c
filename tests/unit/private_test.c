// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * What the library offers beyond netioapi, on a private copy in a network
 * namespace of this process: explanations, excluded interfaces, rules by mark,
 * bulk queries, snapshots, and what fork() does to all of it.
 */
#include "unit.h"

#include <errno.h>
#include <netioapi.h>
#include <pthread.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>
#include <xfib/xfib.h>

static struct xfib *instance;

static void run(const char *command)
{
	if (system(command)) {
		print_error("failed: %s\n", command);
		fail();
	}
}

static struct xfib_query query_for(const char *destination)
{
	struct xfib_query query = { .size = sizeof(query), .family = strchr(destination, ':') ? AF_INET6 : AF_INET };

	unit__address(destination, query.destination);
	return query;
}

static uint32_t index_of(const char *name)
{
	struct xfib_link link;

	assert_int_equal(xfib_link__by_name(instance, name, &link), 0);
	return link.ifindex;
}

/* The device that a query leaves by, "" if there is no route. */
static const char *device_of(const struct xfib *from, const struct xfib_query *query)
{
	static struct xfib_result result;
	int err = xfib_lookup__best(from, query, &result);

	assert_true(!err || err == -ENETUNREACH);
	return err ? "" : result.dev;
}

/* Repeats a query until it gives the device: the copy follows the kernel, not at once. */
static void expect_device(const char *device, const struct xfib_query *query)
{
	for (int tries = 0; tries < 500 && strcmp(device_of(instance, query), device); tries++)
		usleep(10000);
	assert_string_equal(device_of(instance, query), device);
}

static void expect_reasons(const struct xfib_query *query, const char *expected)
{
	struct xfib_candidate *candidates;
	char seen[512] = "";
	size_t count;

	assert_int_equal(xfib_lookup__explain(instance, query, &candidates, &count), 0);
	for (size_t i = 0; i < count; i++)
		snprintf(seen + strlen(seen), sizeof(seen) - strlen(seen), "%s%u/%u %s", i ? ", " : "", candidates[i].route.table,
			 candidates[i].route.prefix_length, xfib_candidate_reason__name(candidates[i].reason));
	xfib_candidates__free(candidates);
	assert_string_equal(seen, expected);
}

static int make_network(void **state)
{
	struct xfib_open_opts opts = { .size = sizeof(opts), .backend = XFIB_BACKEND_PRIVATE };

	(void)state;
	if (unshare(CLONE_NEWNET))
		return -1;
	run("ip link set lo up; ip link add v0 type veth peer name p0; ip link add v1 type veth peer name p1;"
	    "for d in v0 v1 p0 p1; do ip link set $d up; done;"
	    "ip address add 10.0.0.1/24 dev v0; ip address add 10.1.0.1/24 dev v1;"
	    "ip route add 10.9.0.0/16 via 10.0.0.2; ip route add 10.9.1.0/24 via 10.1.0.2 metric 5;"
	    "ip route add 10.9.1.0/24 via 10.0.0.3 metric 9; ip route add 10.9.1.128/25 via 10.0.0.4 tos 4;"
	    "ip route add 10.8.0.0/16 nexthop via 10.1.0.2 nexthop via 10.0.0.2;"
	    "ip route add throw 10.7.0.0/24 table 100; ip route add 10.7.0.0/16 via 10.0.0.2 table 100;"
	    "ip route add 10.7.0.0/16 via 10.1.0.2; ip route add 10.6.0.0/16 via 10.0.0.2 table 100");
	return xfib_instance__open(&opts, &instance);
}

static int remove_network(void **state)
{
	(void)state;
	xfib_instance__close(instance);
	return 0;
}

static void says_what_it_is(void **state)
{
	struct xfib_description description = { .size = sizeof(description) };
	struct xfib_open_opts opts = { .size = sizeof(opts), .pin = "/nowhere", .backend = XFIB_BACKEND_AUTO };
	struct xfib *other;

	(void)state;
	assert_int_equal(xfib_instance__describe(instance, &description), 0);
	assert_int_equal(description.backend, XFIB_BACKEND_PRIVATE);
	assert_string_equal(description.fallback, "");
	assert_int_equal(xfib_instance__open(&opts, &other), -ENOENT); /* a pin that is named is meant */
	setenv("XFIB_PIN", "/nowhere", 1);
	assert_int_equal(xfib_instance__open(NULL, &other), 0);
	unsetenv("XFIB_PIN");
	assert_int_equal(xfib_instance__describe(other, &description), 0);
	assert_int_equal(description.backend, XFIB_BACKEND_PRIVATE);
	assert_non_null(strstr(description.fallback, "/nowhere"));
	xfib_instance__close(other);
	setenv("XFIB_BACKEND", "map", 1);
	assert_int_equal(xfib_instance__open(NULL, &other), -EINVAL);
	assert_non_null(strstr(xfib_error__last(), "'map'"));
	unsetenv("XFIB_BACKEND");
}

static void explains(void **state)
{
	struct xfib_query query = query_for("10.9.1.200");

	(void)state;
	expect_reasons(&query, "254/25 tos, 254/24 best, 254/24 metric, 254/16 shorter");
	query.ifindex = index_of("v0");
	expect_reasons(&query, "254/25 tos, 254/24 interface, 254/24 best, 254/16 shorter");
	query.exclude_ifindex = query.ifindex;
	expect_reasons(&query, "254/25 tos, 254/24 interface, 254/24 excluded, 254/16 excluded");
	query = query_for("10.8.1.1");
	expect_reasons(&query, "254/16 tie, 254/16 best"); /* the lower interface index */
	query = query_for("10.0.0.1");
	expect_reasons(&query, "255/32 best, 254/24 shorter");
	query = query_for("192.0.2.1");
	expect_reasons(&query, "");
}

static void excludes_interfaces(void **state)
{
	struct xfib_query query = query_for("10.9.1.1");

	(void)state;
	assert_string_equal(device_of(instance, &query), "v1");
	query.exclude_ifindex = index_of("v1");
	assert_string_equal(device_of(instance, &query), "v0");
	query.exclude_ifindex = 0;
	query.exclude_luid = (uint64_t)6 << 48 | (uint64_t)index_of("v1") << 24;
	assert_string_equal(device_of(instance, &query), "v0");
	query.exclude_luid = 0;
	query.luid = (uint64_t)6 << 48 | (uint64_t)index_of("v0") << 24;
	assert_string_equal(device_of(instance, &query), "v0");
	query.luid = (uint64_t)24 << 48 | (uint64_t)index_of("v0") << 24; /* another kind of interface */
	assert_int_equal(xfib_lookup__best(instance, &query, &(struct xfib_result){ 0 }), -ENODEV);
}

static void follows_rules(void **state)
{
	struct xfib_query plain = query_for("10.6.0.1"), marked = query_for("10.6.0.1"), thrown = query_for("10.7.0.1");

	(void)state;
	marked.mark = 0x15;
	thrown.mark = 5;
	assert_string_equal(device_of(instance, &marked), "");
	run("ip rule add fwmark 5/0xf table 100 pref 50; ip rule add to 10.5.0.0/16 blackhole pref 60");
	expect_device("v0", &marked);
	assert_string_equal(device_of(instance, &plain), "");
	assert_string_equal(device_of(instance, &thrown), "v1"); /* a throw route leaves table 100 */
	expect_reasons(&thrown, "100/24 throw, 100/16 thrown, 254/16 best");
	run("ip rule add fwmark 7 goto 80 pref 40; ip rule add fwmark 7 table 100 pref 80");
	marked.mark = 7;
	expect_device("v0", &marked);
	run("ip rule add fwmark 9 table 100 suppress_prefixlength 16 pref 90");
	marked.mark = 9;
	for (int tries = 0; tries < 50; tries++) {
		assert_string_equal(device_of(instance, &marked), "");
		usleep(2000);
	}
	run("ip rule del pref 40; ip rule del pref 50; ip rule del pref 60; ip rule del pref 80; ip rule del pref 90");
	marked.mark = 0x15;
	expect_device("", &marked);
}

static void answers_in_bulk(void **state)
{
	uint8_t destinations[1000][4];
	struct xfib_hop hops[1000];

	(void)state;
	unit__seed();
	for (int i = 0; i < 1000; i++) {
		uint8_t address[4] = { 10, (uint8_t)unit__below(11), (uint8_t)unit__below(3), (uint8_t)unit__below(256) };

		memcpy(destinations[i], address, 4);
	}
	assert_int_equal(xfib_lookup__bulk(instance, AF_INET, destinations, 1000, hops), 0);
	for (int i = 0; i < 1000; i++) {
		struct xfib_query query = { .size = sizeof(query), .family = AF_INET };
		struct xfib_result result = { 0 };

		memcpy(query.destination, destinations[i], 4);
		xfib_lookup__best(instance, &query, &result);
		assert_int_equal(hops[i].route, result.route_id);
		assert_int_equal(hops[i].nexthop, result.route.nexthop);
	}
	assert_int_equal(xfib_lookup__bulk(instance, AF_UNIX, destinations, 1, hops), -EAFNOSUPPORT);
}

/* Each answer and each error is that of a single look-up, with and without an interface. */
static void answers_many(void **state)
{
	static struct xfib_result results[1000];
	static uint8_t destinations[1000][4];
	static int errors[1000];
	unsigned int found = 0;

	(void)state;
	unit__seed();
	for (int i = 0; i < 1000; i++) {
		uint8_t address[4] = { 10, (uint8_t)unit__below(11), (uint8_t)unit__below(3), (uint8_t)unit__below(256) };

		memcpy(destinations[i], address, 4);
	}
	for (uint32_t ifindex = 0; ifindex < 4; ifindex++) {
		struct xfib_query query = { .size = sizeof(query), .family = AF_INET, .ifindex = ifindex };

		assert_int_equal(xfib_lookup__many(instance, &query, destinations, 1000, results, errors), 0);
		for (int i = 0; i < 1000; i++) {
			struct xfib_result result;

			memcpy(query.destination, destinations[i], 4);
			assert_int_equal(errors[i], xfib_lookup__best(instance, &query, &result));
			if (!errors[i])
				assert_memory_equal(&results[i], &result, sizeof(result));
			found += !errors[i];
		}
	}
	assert_true(found > 100);
	assert_int_equal(xfib_lookup__many(instance, &(struct xfib_query){ .size = sizeof(struct xfib_query) }, destinations, 1,
					   results, errors), -EAFNOSUPPORT);
	assert_int_equal(xfib_lookup__many(instance, &(struct xfib_query){ .family = AF_INET }, destinations, 1, results, errors),
			 -EINVAL);
}

static void keeps_snapshots(void **state)
{
	struct xfib_query query = query_for("10.3.0.1");
	struct xfib *snapshot, *again;

	(void)state;
	run("ip route add 10.3.0.0/16 via 10.0.0.2");
	expect_device("v0", &query);
	assert_int_equal(xfib_snapshot__take(instance, &snapshot), 0);
	run("ip route replace 10.3.0.0/16 via 10.1.0.2");
	expect_device("v1", &query);
	assert_string_equal(device_of(snapshot, &query), "v0");
	assert_int_equal(xfib_snapshot__take(snapshot, &again), 0);
	xfib_instance__close(snapshot);
	assert_string_equal(device_of(again, &query), "v0");
	xfib_instance__close(again);
	run("ip route del 10.3.0.0/16");
}

static void lives_in_a_child(void **state)
{
	struct xfib_query query = query_for("10.2.0.1");
	int status;
	pid_t child;

	(void)state;
	child = fork();
	if (!child) {
		/* The child's copy follows the kernel by itself. */
		bool before = !strcmp(device_of(instance, &query), "");

		run("ip route add 10.2.0.0/16 via 10.0.0.2");
		for (int tries = 0; tries < 500 && strcmp(device_of(instance, &query), "v0"); tries++)
			usleep(10000);
		_exit(before && !strcmp(device_of(instance, &query), "v0") ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	expect_device("v0", &query); /* and the parent's went on */
}

static void *open_by_netioapi(void *data)
{
	PMIB_IPFORWARD_TABLE2 table;

	if (!GetIpForwardTable2(AF_UNSPEC, &table))
		FreeMibTable(table);
	return data;
}

/* Forks while another thread is opening the process's instance, which the child then opens for itself. */
static void fork_and_open(void)
{
	int status;
	pid_t child = fork();

	if (!child) {
		alarm(20);
		open_by_netioapi(NULL);
		_exit(0);
	}
	_exit(waitpid(child, &status, 0) == child && !status ? 0 : 1);
}

__attribute__((unused)) static void forks_while_a_thread_opens(void **state)
{
	int status;

	(void)state;
	for (useconds_t pause = 0; pause < 4000; pause += 400) {
		pid_t child = fork(); /* that has no instance yet */

		if (!child) {
			pthread_t thread;

			setenv("XFIB_BACKEND", "private", 1);
			if (pthread_create(&thread, NULL, open_by_netioapi, NULL))
				_exit(2);
			usleep(pause);
			fork_and_open();
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(status, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_what_it_is), cmocka_unit_test(explains),	    cmocka_unit_test(excludes_interfaces),
		cmocka_unit_test(follows_rules),   cmocka_unit_test(answers_in_bulk), cmocka_unit_test(answers_many), cmocka_unit_test(keeps_snapshots),
		cmocka_unit_test(lives_in_a_child),
#ifndef __SANITIZE_ADDRESS__ /* whose allocator a child may find locked for good; tests/run has the plain program too */
		cmocka_unit_test(forks_while_a_thread_opens),
#endif
	};

	return cmocka_run_group_tests(tests, make_network, remove_network);
}
