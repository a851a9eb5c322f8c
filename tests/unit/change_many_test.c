// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Transactions of many changes, in slices: what others do and get to see meanwhile. */
#include "change_fixture.h"

#define MANY 100000

/* ---- many ---- */

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void set_many(struct change *changes, enum xfib_change what, uint32_t family, uint32_t table,
		     const struct xfib_path_spec *path)
{
	for (uint32_t i = 0; i < MANY; i++) {
		struct xfib_route_spec *spec = &changes[i].spec;

		changes[i] = make(what, family == AF_INET ? "11.0.0.0/32" : "2001:db9::/64", table, path, 1);
		spec->prefix[family == AF_INET ? 1 : 5] = (uint8_t)(i >> 16);
		spec->prefix[family == AF_INET ? 2 : 6] = (uint8_t)(i >> 8);
		spec->prefix[family == AF_INET ? 3 : 7] = (uint8_t)i;
	}
}

static void many_at_once(const char *what, uint32_t family, uint32_t table, const struct xfib_path_spec *path)
{
	struct change *changes = calloc(MANY, sizeof(*changes));
	uint32_t *counter = family == AF_INET ? &maps->state->routes4 : &maps->state->routes6, before = *counter;
	double begin = seconds(), middle;

	assert_non_null(changes);
	catch_events();
	fast = true;
	set_many(changes, XFIB_ADD, family, table, path);
	begin = seconds();
	assert_int_equal(run(changes, MANY), 0);
	middle = seconds();
	assert_int_equal(*counter, before + MANY);
	assert_int_equal(events, MANY);
	for (uint32_t i = 0; i < MANY; i++)
		changes[i].what = XFIB_DELETE;
	assert_int_equal(run(changes, MANY), 0);
	print_message("%s: %u routes added in %.3f s, deleted in %.3f s\n", what, MANY, middle - begin, seconds() - middle);
	assert_int_equal(*counter, before);
	/* The last one fails: all others are taken back. */
	for (uint32_t i = 0; i < MANY; i++)
		changes[i].what = i + 1 < MANY ? XFIB_ADD : XFIB_DELETE;
	begin = seconds();
	assert_int_equal(run(changes, MANY), -ENOENT);
	print_message("%s: added and taken back in %.3f s\n", what, seconds() - begin);
	assert_int_equal(failure.index, MANY - 1);
	assert_int_equal(*counter, before);
	assert_int_equal(foreign, 0);
	assert_int_equal(events, MANY * 4 - 2);
	free(changes);
}

static void many(void **state)
{
	struct xfib_path_spec four = path_by(t1, "10.1.0.1"), six = path_by(t1, "2001:db8:1::7");

	(void)state;
	many_at_once("own IPv4 table", AF_INET, OWN, &four);
	many_at_once("own IPv6 table", AF_INET6, OWN, &six);
	many_at_once("kernel's IPv4 table", AF_INET, 0, &four);
	many_at_once("kernel's IPv6 table", AF_INET6, 0, &six);
}

/* ---- what others do meanwhile ---- */

#define MEANWHILE 60000 /* routes, so that taking them back takes several slices */

static struct {
	bool watched;
	uint32_t least;   /* routes before */
	uint32_t most;    /* that there were in a pause */
	uint32_t falling; /* pauses in which there were less: changes were being taken back */
	uint32_t act_at;  /* in which of these `command` is run; 0: in the first one after some changes */
	const char *command;
	bool acted;
} meanwhile;

static void act(void)
{
	meanwhile.acted = true;
	assert_int_equal(system(meanwhile.command), 0);
}

/* mirror_opts.breathe */
static void on_pause(void *data)
{
	(void)data;
	if (!meanwhile.watched)
		return;
	if (maps->state->routes4 >= meanwhile.most)
		meanwhile.most = maps->state->routes4;
	else
		meanwhile.falling++;
	assert_int_equal(maps->state->changes % 2, 1);
	if (!meanwhile.acted && (meanwhile.act_at ? meanwhile.falling == meanwhile.act_at : meanwhile.most > meanwhile.least))
		act();
}

static int run_meanwhile(const struct change *changes, uint32_t count, uint32_t act_at, const char *command)
{
	int err;

	memset(&meanwhile, 0, sizeof(meanwhile));
	meanwhile.act_at = act_at;
	meanwhile.command = command;
	meanwhile.least = maps->state->routes4;
	meanwhile.watched = true;
	err = run(changes, count);
	meanwhile.watched = false;
	if (!meanwhile.acted)
		act();
	mirror__handle(mirror);
	return err;
}

static void set_up_meanwhile(struct xfib_path_spec paths[2], uint32_t named)
{
	struct change both;

	assert_int_equal(system("ip link add t5 type veth peer name t6 && ip link set t5 up"), 0);
	mirror__handle(mirror);
	paths[0] = path_by(if_nametoindex("t5"), NULL);
	assert_int_equal(run_one(XFIB_ADD, "198.18.0.0/16", OWN, paths[0].ifindex, NULL), 0);
	paths[1] = path_by(t1, NULL);
	both = make(XFIB_ADD, "198.19.0.0/16", OWN, paths, 2);
	assert_int_equal(run(&both, 1), 0);
	assert_int_equal(run_one(XFIB_ADD, "198.20.0.0/16", named, t1, NULL), 0);
}

/*
 * Deletes or replaces what there was, adds many routes, and the last change fails or not. In one of the pauses a device goes
 * and another one takes its number, a route of the kernel's comes, and a rule leads to an own table that seems to be empty.
 */
static void meanwhile_in(struct change *changes, uint32_t act_at, bool fails)
{
	char command[512];
	struct xfib_path_spec paths[2], path = path_by(t1, "10.1.0.1");
	static uint32_t named = 1001; /* an own table; once a rule leads to one that is not, that is the kernel's for good */
	uint32_t device;

	set_up_meanwhile(paths, named);
	device = paths[0].ifindex;
	snprintf(command, sizeof(command), "ip route add 192.0.2.0/24 via 10.1.0.1 && ip link delete t5 && "
		 "ip link add t5 index %u type veth peer name t6 && ip rule add from 10.9.9.9 table %u", device, named);
	for (uint32_t i = 4; i < MEANWHILE - 2; i++) {
		changes[i] = make(XFIB_ADD, "11.0.0.0/32", OWN, &path, 1);
		changes[i].spec.prefix[1] = (uint8_t)(i >> 16);
		changes[i].spec.prefix[2] = (uint8_t)(i >> 8);
		changes[i].spec.prefix[3] = (uint8_t)i;
	}
	changes[0] = make(XFIB_DELETE, "198.18.0.0/16", OWN, NULL, 0);
	changes[1] = make(XFIB_REPLACE, "198.19.0.0/16", OWN, &path, 1);
	changes[2] = make(XFIB_DELETE, "198.20.0.0/16", named, NULL, 0);
	changes[3] = make(XFIB_ADD, "198.22.0.0/16", OWN, paths, 1);
	changes[MEANWHILE - 2] = make(XFIB_ADD, "198.23.0.0/16", named, &path, 1);
	changes[MEANWHILE - 1] = make(fails ? XFIB_DELETE : XFIB_ADD, "198.21.0.0/16", OWN, &path, 1);
	catch_events();
	fast = true;
	assert_int_equal(run_meanwhile(changes, MEANWHILE, act_at, command), fails ? -ENOENT : 0);
	assert_int_equal(failure.index, fails ? MEANWHILE - 1 : 0);
	assert_true(foreign >= 1); /* the kernel's route, and what went with the device */
	assert_true(foreign <= 5);
	assert_null(find_route("198.18.0.0/16", OWN, 0));
	assert_null(find_route("198.19.0.0/16", OWN, device));
	assert_non_null(find_route("198.19.0.0/16", OWN, t1));
	assert_non_null(find_route("192.0.2.0/24", 254, t1));
	assert_null(find_route("198.22.0.0/16", OWN, 0));
	assert_int_equal(find_route("198.20.0.0/16", named, t1) != NULL, fails);
	assert_int_equal(find_route("198.23.0.0/16", named, t1) != NULL, !fails);
	assert_string_equal(shown("route show table all dev t1 proto static root 198.23.0.0/16"), "");
	assert_int_equal(find_route("11.0.0.9/32", OWN, t1) != NULL, !fails);
	assert_false(mirror__is_mirrored(mirror, named));
	for (uint32_t i = 4; i < MEANWHILE; i++)
		changes[i].what = XFIB_DELETE;
	if (fails)
		assert_int_equal(run_one(XFIB_DELETE, "198.20.0.0/16", named, 0, NULL), 0);
	else
		assert_int_equal(run(&changes[4], MEANWHILE - 4), 0);
	assert_int_equal(run_one(XFIB_DELETE, "198.19.0.0/16", OWN, 0, NULL), 0);
	snprintf(command, sizeof(command), "ip route del 192.0.2.0/24; ip rule del table %u; ip link del t5", named);
	assert_int_equal(system(command), 0);
	mirror__handle(mirror);
	assert_int_equal(mirror__sync(mirror), 0);
	named++;
}

static void others_are_served_meanwhile(void **state)
{
	struct change *changes = calloc(MEANWHILE, sizeof(*changes));
	uint32_t before = maps->state->routes4;

	(void)state;
	assert_non_null(changes);
	meanwhile_in(changes, 0, false);
	for (uint32_t act_at = 0; act_at < 2; act_at++) {
		meanwhile_in(changes, act_at, true);
		assert_true(meanwhile.falling > 0);
	}
	assert_int_equal(maps->state->routes4, before);
	free(changes);
}

/* Likewise of the kernel's: what it says meanwhile, and others that it serves. */
static void others_are_served_while_the_kernel_takes_back(void **state)
{
	enum { ROUTES = 20000 };
	struct change *changes = calloc(MANY, sizeof(*changes));
	struct xfib_path_spec path = path_by(t1, "10.1.0.1");
	uint32_t before = maps->state->routes4;

	(void)state;
	assert_non_null(changes);
	set_many(changes, XFIB_ADD, AF_INET, 0, &path);
	changes[ROUTES - 1].what = XFIB_DELETE;
	catch_events();
	fast = true;
	assert_int_equal(run_meanwhile(changes, ROUTES, 1, "ip route add 192.0.2.0/24 via 10.1.0.1"), -ENOENT);
	assert_int_equal(failure.index, ROUTES - 1);
	assert_true(meanwhile.falling > 0);
	assert_int_equal(foreign, 1);
	assert_string_equal(shown("route show root 11.0.0.0/8"), "");
	assert_int_equal(system("ip route del 192.0.2.0/24"), 0);
	mirror__handle(mirror);
	assert_int_equal(maps->state->routes4, before);
	free(changes);
}

/* A buffer of events that is far too small: everything is found by a dump. */
static void lost_events_are_made_good(void **state)
{
	const struct mirror_opts opts = { .receive_buffer = 4096 };
	struct xfib_path_spec paths[400];
	struct change changes[300];

	(void)state;
	mirror__set_listener(mirror, NULL, NULL);
	mirror__free(mirror);
	memory_maps__destroy(maps);
	assert_int_equal(memory_maps__create(&(struct map_sizes){ .routes = 400000, .nexthops = 4096, .groups = 64, .links = 64,
								  .addresses = 256, .neighbours = 64, .rules = 16 },
					     &maps), 0);
	assert_int_equal(mirror__new(maps, &opts, &mirror), 0);
	assert_int_equal(mirror__sync(mirror), 0);
	catch_events();
	for (size_t i = 0; i < COUNT(paths); i++) { /* long messages */
		paths[i] = path_by(t1, "10.1.0.0");
		paths[i].gateway[3] = (uint8_t)(1 + i % 250);
	}
	for (uint32_t i = 0; i < COUNT(changes); i++) {
		changes[i] = make(i + 1 < COUNT(changes) ? XFIB_ADD : XFIB_DELETE, "11.0.0.0/32", 0, paths, 100);
		changes[i].spec.prefix[2] = (uint8_t)(i >> 8);
		changes[i].spec.prefix[3] = (uint8_t)i;
	}
	assert_int_equal(run(changes, COUNT(changes)), -ENOENT);
	assert_true(maps->state->resyncs > 0);
	assert_string_equal(shown("route show root 11.0.0.0/8"), "");
	assert_null(find_route("11.0.0.0/32", 254, 0));
	assert_int_equal(foreign, 0);
	check_events();
	assert_int_equal(run(changes, 100), 0);
	assert_non_null(find_route("11.0.0.99/32", 254, 0));
	check_events();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many),
		cmocka_unit_test(others_are_served_meanwhile),
		cmocka_unit_test(others_are_served_while_the_kernel_takes_back),
		cmocka_unit_test(lost_events_are_made_good),
	};

	change_fixture__breathe = on_pause;
	return cmocka_run_group_tests(tests, change_fixture__setup, change_fixture__teardown);
}
