/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What the tests of user/mirror/change*.c share: a mirror in a network namespace of the test's own, changes, and the listener:
 * what its events make of the routes has to be what the maps hold.
 */
#ifndef TESTS_UNIT_CHANGE_FIXTURE_H
#define TESTS_UNIT_CHANGE_FIXTURE_H

#include "unit.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <unistd.h>

#include "change.h"
#include "hash.h"
#include "memory_maps.h"
#include "prefix_index.h"
#include "mirror.h"

#define OWN 1000
#define ORIGIN 77

static const char *const commands[] = {
	"ip link set lo up",
	"ip link add t1 type veth peer name t2",
	"ip link add t3 type veth peer name t4",
	"sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.t1.accept_dad=0 net.ipv6.conf.t2.accept_dad=0",
	"ip address add 10.1.0.254/24 dev t1",
	"ip address add 10.2.0.254/24 dev t2",
	"ip address add 2001:db8:1::fe/64 dev t1 nodad",
	"ip address add 2001:db8:2::fe/64 dev t2 nodad",
	"ip link set t1 up",
	"ip link set t2 up",
	/* Carriers and addresses are made ready by the kernel's workers, a while later: routes come with them. */
	"for i in $(seq 3000); do [ $(ip -o link show up | grep -c 't[12]@.*state UP') = 2 ] && "
	"[ -z \"$(ip -6 address show tentative)\" ] && exit 0; sleep 0.01; done; exit 1",
};

static uint32_t t1, t2, t3;
static struct maps *maps;
static struct mirror *mirror;
static struct change_failure failure;

/* ---- everything that the maps hold, and what events make of it ---- */

struct row {
	struct xfib_route route;
	struct xfib_nexthop nexthop;
	bool used;
};

struct table {
	struct row *rows;
	uint32_t count, room;
};

static struct table seen;       /* kept by events alone */
static uint32_t events, foreign; /* since they were last set to 0 */

static inline void push(struct table *table, const struct xfib_route *route, const struct xfib_nexthop *nexthop)
{
	if (table->count == table->room) {
		table->room = table->room ? table->room * 2 : 1024;
		table->rows = realloc(table->rows, table->room * sizeof(*table->rows));
		assert_non_null(table->rows);
	}
	table->rows[table->count++] = (struct row){ .route = *route, .nexthop = *nexthop };
}

static inline void read_maps(struct table *table)
{
	table->count = 0;
	for (uint32_t id = 1; id < maps->state->routes_end; id++) {
		if (maps->routes[id].family && !(maps->routes[id].flags & XFIB_ROUTE_GONE))
			push(table, &maps->routes[id], &maps->nexthops[maps->routes[id].nexthop]);
	}
}

static inline bool same_key(const struct row *row, const struct xfib_route *route, const struct xfib_nexthop *nexthop)
{
	return row->route.family == route->family && row->route.table == route->table &&
	       row->route.prefix_length == route->prefix_length && !memcmp(row->route.prefix, route->prefix, 16) &&
	       row->nexthop.ifindex == nexthop->ifindex && row->nexthop.gateway_family == nexthop->gateway_family &&
	       !memcmp(row->nexthop.gateway, nexthop->gateway, 16);
}

static inline bool alike(const struct row *row, const struct xfib_route *route, const struct xfib_nexthop *nexthop)
{
	const uint8_t flags = XFIB_ROUTE_EXPIRES | XFIB_ROUTE_AUTOCONF;

	return same_key(row, route, nexthop) && row->route.metric == route->metric &&
	       row->route.protocol == route->protocol && row->route.type == route->type &&
	       row->route.scope == route->scope && row->route.weight == route->weight && row->route.tos == route->tos &&
	       row->route.preference == route->preference && !((row->route.flags ^ route->flags) & flags) &&
	       row->route.owner == route->owner && row->nexthop.route_mtu == nexthop->route_mtu &&
	       !((row->nexthop.flags ^ nexthop->flags) & XFIB_NEXTHOP_ONLINK) &&
	       !memcmp(row->nexthop.source, nexthop->source, 16);
}

static inline struct row *find_row(struct table *table, const struct xfib_route *route, const struct xfib_nexthop *nexthop)
{
	for (uint32_t i = table->count; i-- > 0;) {
		if (!table->rows[i].used && alike(&table->rows[i], route, nexthop))
			return &table->rows[i];
	}
	return NULL;
}

static inline uint32_t count_alike(const struct table *table, const struct row *row)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < table->count; i++)
		count += alike(&table->rows[i], &row->route, &row->nexthop);
	return count;
}

/* First slot of a prefix: what a look-up finds at this moment. */
static inline uint32_t first_of(uint8_t family, uint32_t table, const uint8_t prefix[16], uint8_t length)
{
	struct prefix_index index;

	prefix_index__init(&index, maps->routes, maps->prefixes, map_sizes__prefixes(&maps->sizes), maps->state);
	return prefix_index__find(&index, table, family, prefix, length);
}

/* The chain of a route's prefix. */
static inline void read_chain(const struct xfib_route *route, struct table *table)
{
	uint32_t head = first_of(route->family, route->table, route->prefix, route->prefix_length);

	for (uint32_t id = head; id; id = maps->routes[id].next)
		push(table, &maps->routes[id], &maps->nexthops[maps->routes[id].nexthop]);
}

/* Which one has changed: of those with its key and class, one that the chain no longer has as often. */
static inline struct row *find_changed(const struct mirror_event *event)
{
	struct table held = { 0 };
	struct row *found = NULL;

	read_chain(event->route, &held);
	for (uint32_t i = 0; i < seen.count && !found; i++) {
		struct row *row = &seen.rows[i];

		if (same_key(row, event->route, event->nexthop) && row->route.metric == event->route->metric &&
		    row->route.tos == event->route->tos && count_alike(&seen, row) > count_alike(&held, row))
			found = row;
	}
	free(held.rows);
	return found;
}

static bool fast; /* events are counted only */

static inline void on_event(const struct mirror_event *event, void *data)
{
	struct row *row;

	assert_ptr_equal(data, &seen);
	events++;
	foreign += event->origin != ORIGIN;
	if (fast)
		return;
	if (event->type == XFIB_ROUTE_ADDED) {
		push(&seen, event->route, event->nexthop);
		return;
	}
	row = event->type == XFIB_ROUTE_DELETED ? find_row(&seen, event->route, event->nexthop) : find_changed(event);
	assert_non_null(row);
	if (event->type == XFIB_ROUTE_DELETED) {
		*row = seen.rows[--seen.count];
	} else {
		assert_int_equal(event->type, XFIB_ROUTE_CHANGED);
		assert_false(alike(row, event->route, event->nexthop));
		row->route = *event->route;
		row->nexthop = *event->nexthop;
	}
}

static inline void print_row(const char *what, const struct row *row)
{
	char prefix[64], gateway[64];

	inet_ntop(row->route.family, row->route.prefix, prefix, sizeof(prefix));
	inet_ntop(row->nexthop.gateway_family ? row->nexthop.gateway_family : AF_INET, row->nexthop.gateway, gateway,
		  sizeof(gateway));
	print_message("%s: %s/%u table %u metric %u type %u proto %u dev %u via %s weight %u mtu %u\n", what, prefix,
		      row->route.prefix_length, row->route.table, row->route.metric, row->route.type, row->route.protocol,
		      row->nexthop.ifindex, gateway, row->route.weight, row->nexthop.route_mtu);
}

static inline void check_same(struct table *a, struct table *b)
{
	bool same = true;

	for (uint32_t i = 0; i < a->count; i++) {
		struct row *row = find_row(b, &a->rows[i].route, &a->rows[i].nexthop);

		if (row)
			row->used = true;
		else
			print_row("only in the first", &a->rows[i]);
		same &= row != NULL;
	}
	for (uint32_t i = 0; i < b->count; i++) {
		if (!b->rows[i].used)
			print_row("only in the second", &b->rows[i]);
		b->rows[i].used = false;
	}
	assert_true(same);
	assert_int_equal(a->count, b->count);
}

/* What events have made of the routes is what the maps hold. */
static inline void check_events(void)
{
	struct table held = { 0 };

	read_maps(&held);
	check_same(&held, &seen);
	free(held.rows);
}

static inline void catch_events(void)
{
	fast = false;
	read_maps(&seen);
	events = foreign = 0;
	mirror__set_listener(mirror, on_event, &seen);
}

/* ---- changes ---- */

static inline void set_prefix(struct xfib_route_spec *spec, const char *text)
{
	char address[64];
	const char *slash = strchr(text, '/');

	assert_non_null(slash);
	snprintf(address, sizeof(address), "%.*s", (int)(slash - text), text);
	unit__address(address, spec->prefix);
	spec->size = sizeof(*spec);
	spec->family = strchr(text, ':') ? AF_INET6 : AF_INET;
	spec->prefix_length = (uint32_t)atoi(slash + 1);
}

static inline struct xfib_path_spec path_by(uint32_t ifindex, const char *gateway)
{
	struct xfib_path_spec path = { .ifindex = ifindex };

	if (gateway) {
		path.gateway_family = strchr(gateway, ':') ? AF_INET6 : AF_INET;
		unit__address(gateway, path.gateway);
	}
	return path;
}

static inline struct change make(enum xfib_change what, const char *prefix, uint32_t table, const struct xfib_path_spec *paths,
				 uint32_t count)
{
	struct change change = { .what = what, .spec = { .table = table, .paths = paths, .path_count = count } };

	set_prefix(&change.spec, prefix);
	return change;
}

static inline int run(const struct change *changes, uint32_t count)
{
	uint32_t before = maps->state->changes;
	int err;

	memset(&failure, 0, sizeof(failure));
	err = mirror__change(mirror, changes, count, ORIGIN, &failure);
	assert_int_equal(maps->state->changes, before + 2);
	assert_int_equal(before % 2, 0);
	return err;
}

static inline int run_one(enum xfib_change what, const char *prefix, uint32_t table, uint32_t ifindex, const char *gateway)
{
	struct xfib_path_spec path = path_by(ifindex, gateway);
	struct change change = make(what, prefix, table, &path, ifindex || gateway ? 1 : 0);

	return run(&change, 1);
}

/* ---- what there is ---- */

static inline const struct xfib_route *find_route(const char *prefix, uint32_t table, uint32_t ifindex)
{
	struct change change = make(XFIB_ADD, prefix, table, NULL, 0);

	for (uint32_t id = 1; id < maps->state->routes_end; id++) {
		const struct xfib_route *route = &maps->routes[id];

		if (route->family == change.spec.family && !(route->flags & XFIB_ROUTE_GONE) && route->table == table &&
		    route->prefix_length == change.spec.prefix_length && !memcmp(route->prefix, change.spec.prefix, 16) &&
		    (!ifindex || maps->nexthops[route->nexthop].ifindex == ifindex))
			return route;
	}
	return NULL;
}

static inline void handle_for(int ms)
{
	for (int i = 0; i < ms / 20; i++) {
		usleep(20000);
		mirror__handle(mirror);
	}
}

/* What `ip route show` prints of a prefix, one line, without spaces at its end. */
static inline const char *shown(const char *arguments)
{
	static char text[1024];
	char command[256];
	FILE *pipe;
	size_t length;

	snprintf(command, sizeof(command), "ip %s", arguments);
	pipe = popen(command, "r");
	assert_non_null(pipe);
	length = fread(text, 1, sizeof(text) - 1, pipe);
	pclose(pipe);
	while (length && (text[length - 1] == '\n' || text[length - 1] == ' '))
		length--;
	text[length] = '\0';
	for (char *at; (at = strstr(text, " \n"));)
		memmove(at, at + 1, strlen(at));
	return text;
}

/* ---- set-up ---- */

/* mirror_opts.breathe, if a test sets it before its group is run. */
static void (*change_fixture__breathe)(void *data);

static inline int change_fixture__setup(void **state)
{
	const struct map_sizes sizes = { .routes = 250000, .nexthops = 4096, .groups = 64, .links = 64, .addresses = 256,
					 .neighbours = 64, .rules = 16 };
	const struct mirror_opts opts = { .receive_buffer = 64 << 20, .breathe = change_fixture__breathe };

	(void)state;
	hash__init();
	if (unshare(CLONE_NEWNET) || !unit__run_commands(commands, COUNT(commands)))
		return -1;
	t1 = if_nametoindex("t1");
	t2 = if_nametoindex("t2");
	t3 = if_nametoindex("t3");
	if (memory_maps__create(&sizes, &maps))
		return -1;
	return mirror__new(maps, &opts, &mirror) || mirror__sync(mirror) ? -1 : 0;
}

static inline int change_fixture__teardown(void **state)
{
	(void)state;
	mirror__free(mirror);
	memory_maps__destroy(maps);
	free(seen.rows);
	return 0;
}

#endif
