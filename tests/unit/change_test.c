// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * user/mirror/change*.c and the listener of the mirror, in a network namespace
 * of the test's own: xfib's tables against a list, the kernel's against
 * `ip route show`, events against the difference that they made.
 */
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
#define MANY 100000

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

static void push(struct table *table, const struct xfib_route *route, const struct xfib_nexthop *nexthop)
{
	if (table->count == table->room) {
		table->room = table->room ? table->room * 2 : 1024;
		table->rows = realloc(table->rows, table->room * sizeof(*table->rows));
		assert_non_null(table->rows);
	}
	table->rows[table->count++] = (struct row){ .route = *route, .nexthop = *nexthop };
}

static void read_maps(struct table *table)
{
	table->count = 0;
	for (uint32_t id = 1; id < maps->state->routes_end; id++) {
		if (maps->routes[id].family && !(maps->routes[id].flags & XFIB_ROUTE_GONE))
			push(table, &maps->routes[id], &maps->nexthops[maps->routes[id].nexthop]);
	}
}

static bool same_key(const struct row *row, const struct xfib_route *route, const struct xfib_nexthop *nexthop)
{
	return row->route.family == route->family && row->route.table == route->table &&
	       row->route.prefix_length == route->prefix_length && !memcmp(row->route.prefix, route->prefix, 16) &&
	       row->nexthop.ifindex == nexthop->ifindex && row->nexthop.gateway_family == nexthop->gateway_family &&
	       !memcmp(row->nexthop.gateway, nexthop->gateway, 16);
}

static bool alike(const struct row *row, const struct xfib_route *route, const struct xfib_nexthop *nexthop)
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

static struct row *find_row(struct table *table, const struct xfib_route *route, const struct xfib_nexthop *nexthop)
{
	for (uint32_t i = table->count; i-- > 0;) {
		if (!table->rows[i].used && alike(&table->rows[i], route, nexthop))
			return &table->rows[i];
	}
	return NULL;
}

static uint32_t count_alike(const struct table *table, const struct row *row)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < table->count; i++)
		count += alike(&table->rows[i], &row->route, &row->nexthop);
	return count;
}

/* First slot of a prefix: what a look-up finds at this moment. */
static uint32_t first_of(uint8_t family, uint32_t table, const uint8_t prefix[16], uint8_t length)
{
	struct prefix_index index;

	prefix_index__init(&index, maps->routes, maps->prefixes, map_sizes__prefixes(&maps->sizes), maps->state);
	return prefix_index__find(&index, table, family, prefix, length);
}

/* The chain of a route's prefix. */
static void read_chain(const struct xfib_route *route, struct table *table)
{
	uint32_t head = first_of(route->family, route->table, route->prefix, route->prefix_length);

	for (uint32_t id = head; id; id = maps->routes[id].next)
		push(table, &maps->routes[id], &maps->nexthops[maps->routes[id].nexthop]);
}

/* Which one has changed: of those with its key and class, one that the chain no longer has as often. */
static struct row *find_changed(const struct mirror_event *event)
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

static void on_event(const struct mirror_event *event, void *data)
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

static void print_row(const char *what, const struct row *row)
{
	char prefix[64], gateway[64];

	inet_ntop(row->route.family, row->route.prefix, prefix, sizeof(prefix));
	inet_ntop(row->nexthop.gateway_family ? row->nexthop.gateway_family : AF_INET, row->nexthop.gateway, gateway,
		  sizeof(gateway));
	print_message("%s: %s/%u table %u metric %u type %u proto %u dev %u via %s weight %u mtu %u\n", what, prefix,
		      row->route.prefix_length, row->route.table, row->route.metric, row->route.type, row->route.protocol,
		      row->nexthop.ifindex, gateway, row->route.weight, row->nexthop.route_mtu);
}

static void check_same(struct table *a, struct table *b)
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
static void check_events(void)
{
	struct table held = { 0 };

	read_maps(&held);
	check_same(&held, &seen);
	free(held.rows);
}

static void catch_events(void)
{
	fast = false;
	read_maps(&seen);
	events = foreign = 0;
	mirror__set_listener(mirror, on_event, &seen);
}

/* ---- changes ---- */

static void set_prefix(struct xfib_route_spec *spec, const char *text)
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

static struct xfib_path_spec path_by(uint32_t ifindex, const char *gateway)
{
	struct xfib_path_spec path = { .ifindex = ifindex };

	if (gateway) {
		path.gateway_family = strchr(gateway, ':') ? AF_INET6 : AF_INET;
		unit__address(gateway, path.gateway);
	}
	return path;
}

static struct change make(enum xfib_change what, const char *prefix, uint32_t table, const struct xfib_path_spec *paths,
			  uint32_t count)
{
	struct change change = { .what = what, .spec = { .table = table, .paths = paths, .path_count = count } };

	set_prefix(&change.spec, prefix);
	return change;
}

static int run(const struct change *changes, uint32_t count)
{
	uint32_t before = maps->state->changes;
	int err;

	memset(&failure, 0, sizeof(failure));
	err = mirror__change(mirror, changes, count, ORIGIN, &failure);
	assert_int_equal(maps->state->changes, before + 2);
	assert_int_equal(before % 2, 0);
	return err;
}

static int run_one(enum xfib_change what, const char *prefix, uint32_t table, uint32_t ifindex, const char *gateway)
{
	struct xfib_path_spec path = path_by(ifindex, gateway);
	struct change change = make(what, prefix, table, &path, ifindex || gateway ? 1 : 0);

	return run(&change, 1);
}

/* ---- what is impossible ---- */

static void spoil_nothing(struct change *change) { (void)change; }
static void spoil_what(struct change *change) { change->what = 9; }
static void spoil_size(struct change *change) { change->spec.size = 8; }
static void spoil_family(struct change *change) { change->spec.family = 5; }
static void spoil_length(struct change *change) { change->spec.prefix_length = 33; }
static void spoil_host_bits(struct change *change) { change->spec.prefix[3] = 1; }
static void spoil_tail(struct change *change) { change->spec.prefix[9] = 1; }
static void spoil_type(struct change *change) { change->spec.type = XFIB_ROUTE_TYPES; }
static void spoil_flags(struct change *change) { change->spec.flags = 0x10; }
static void spoil_scope(struct change *change) { change->spec.flags = XFIB_SPEC_SCOPE; change->spec.scope = 256; }
static void spoil_protocol(struct change *change) { change->spec.protocol = 256; }
static void spoil_tos(struct change *change) { change->spec.tos = 0x103; }
static void spoil_preference(struct change *change) { change->spec.preference = 1; }
static void spoil_lifetime(struct change *change) { change->spec.lifetime = 60; }
static void spoil_source(struct change *change) { change->spec.source[15] = 60; }
static void spoil_count(struct change *change) { change->spec.path_count = 512; }
static void spoil_no_path(struct change *change) { change->spec.path_count = 0; }
static void spoil_paths(struct change *change) { change->spec.paths = NULL; }

static struct xfib_path_spec spoilt;
static void spoil_path(struct change *change) { change->spec.paths = &spoilt; }

static const struct {
	const char *desc;
	void (*spoil)(struct change *change);
	struct xfib_path_spec path;
	const char *quoted; /* in the message; NULL: it is possible */
} spoilers[] = {
	{ "nothing wrong", spoil_nothing },
	{ "unknown change", spoil_what, .quoted = "9" },
	{ "size", spoil_size, .quoted = "8" },
	{ "family", spoil_family, .quoted = "5" },
	{ "prefix length", spoil_length, .quoted = "33" },
	{ "host bits", spoil_host_bits, .quoted = "192.0.2.1/24" },
	{ "bytes behind the address", spoil_tail, .quoted = "192.0.2.0" },
	{ "type", spoil_type, .quoted = "10" },
	{ "flags", spoil_flags, .quoted = "0x10" },
	{ "scope", spoil_scope, .quoted = "256" },
	{ "protocol", spoil_protocol, .quoted = "256" },
	{ "tos", spoil_tos, .quoted = "0x103" },
	{ "preference of IPv4", spoil_preference, .quoted = "preference 1" },
	{ "lifetime of IPv4", spoil_lifetime, .quoted = "60" },
	{ "bytes behind the source", spoil_source, .quoted = "source" },
	{ "too many paths", spoil_count, .quoted = "512" },
	{ "no path", spoil_no_path, .quoted = "unicast" },
	{ "paths without any", spoil_paths, .quoted = "1 paths" },
	{ "path to nowhere", spoil_path, { 0 }, "neither" },
	{ "gateway without a family", spoil_path, { .ifindex = 1, .gateway = { 10 } }, "no family" },
	{ "gateway of another family", spoil_path, { .gateway_family = 7, .gateway = { 10 } }, "7" },
	{ "unspecified gateway", spoil_path, { .gateway_family = AF_INET }, "0.0.0.0" },
	{ "bytes behind the gateway", spoil_path, { .gateway_family = AF_INET, .gateway = { [0] = 10, [8] = 1 } }, "10.0.0.0" },
	{ "IPv6 gateway", spoil_path, { .gateway_family = AF_INET6, .gateway = { 0x20, 1 } } },
	{ "weight", spoil_path, { .ifindex = 1, .weight = 257 }, "257" },
	{ "flags of a path", spoil_path, { .ifindex = 1, .flags = 0x40 }, "0x40" },
	{ "onlink without a gateway", spoil_path, { .ifindex = 1, .flags = XFIB_NEXTHOP_ONLINK }, "onlink" },
};

static void what_is_impossible_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(spoilers); i++) {
		struct xfib_path_spec good = path_by(1, NULL);
		struct change change = make(XFIB_ADD, "192.0.2.0/24", 0, &good, 1);
		char message[CHANGE_MESSAGE] = "";

		spoilt = spoilers[i].path;
		spoilers[i].spoil(&change);
		assert_int_equal(change__check(&change, message), spoilers[i].quoted ? -EINVAL : 0);
		if (spoilers[i].quoted && !strstr(message, spoilers[i].quoted))
			fail_msg("%s: %s", spoilers[i].desc, message);
	}
}

static void ipv6_has_its_own_rules(void **state)
{
	struct xfib_path_spec path = path_by(1, "10.0.0.1");
	struct change change = make(XFIB_ADD, "2001:db8::/32", 0, &path, 1);
	char message[CHANGE_MESSAGE] = "";

	(void)state;
	assert_int_equal(change__check(&change, message), -EINVAL);
	assert_non_null(strstr(message, "10.0.0.1"));
	path = path_by(1, NULL);
	assert_int_equal(change__check(&change, message), 0);
	change.spec.lifetime = 60;
	change.spec.preference = 3;
	assert_int_equal(change__check(&change, message), 0);
	change.spec.preference = 2;
	assert_int_equal(change__check(&change, message), -EINVAL);
	change.spec.preference = 0;
	change.spec.tos = 4;
	assert_int_equal(change__check(&change, message), -EINVAL);
}

/* ---- xfib's own tables against lists ---- */

#define PREFIXES 12
#define CHAIN 32
#define STEPS 4000

struct listed {
	uint32_t metric, protocol, tos, mtu, weight;
	uint8_t gateway, second; /* 0: none */
};

struct list {
	struct listed route[CHAIN];
	uint32_t count;
};

static struct list lists[PREFIXES];

static const char *name_of(int list)
{
	static char text[32];

	snprintf(text, sizeof(text), "%u.%u.0.0/16", 20 + list / 4, list % 4);
	return text;
}

static bool same_class(const struct listed *a, const struct listed *b)
{
	return a->metric == b->metric && a->tos == b->tos;
}

static bool comes_before(const struct listed *a, const struct listed *b)
{
	return a->tos != b->tos ? a->tos > b->tos : a->metric <= b->metric;
}

static void insert(struct list *list, uint32_t at, const struct listed *route)
{
	memmove(&list->route[at + 1], &list->route[at], (list->count - at) * sizeof(*route));
	list->route[at] = *route;
	list->count++;
}

static int list_add(struct list *list, const struct listed *route, enum xfib_change what)
{
	uint32_t at = 0, first = CHAIN;

	for (uint32_t i = 0; i < list->count; i++) {
		if (!same_class(&list->route[i], route))
			continue;
		if (first == CHAIN)
			first = i;
		if (what == XFIB_ADD || (what == XFIB_APPEND && !memcmp(&list->route[i], route, sizeof(*route))))
			return -EEXIST;
	}
	if (what == XFIB_REPLACE && first != CHAIN) {
		list->route[first] = *route;
		return 0;
	}
	while (at < list->count && comes_before(&list->route[at], route))
		at++;
	insert(list, at, route);
	return 0;
}

static int list_delete(struct list *list, const struct listed *pattern)
{
	for (uint32_t i = 0; i < list->count; i++) {
		const struct listed *route = &list->route[i];

		if ((pattern->metric && pattern->metric != route->metric) || (pattern->tos && pattern->tos != route->tos) ||
		    (pattern->protocol && pattern->protocol != route->protocol) ||
		    (pattern->mtu && pattern->mtu != route->mtu) ||
		    (pattern->gateway && pattern->gateway != route->gateway) ||
		    (pattern->second && (pattern->second != route->second || pattern->weight != route->weight)))
			continue;
		list->count--;
		memmove(&list->route[i], &list->route[i + 1], (list->count - i) * sizeof(*route));
		return 0;
	}
	return -ENOENT;
}

static uint32_t head_of(int list)
{
	struct change change = make(XFIB_ADD, name_of(list), OWN, NULL, 0);

	return first_of(AF_INET, OWN, change.spec.prefix, 16);
}

static void check_list(int list)
{
	uint32_t id = head_of(list);

	for (uint32_t i = 0; i < lists[list].count; i++) {
		const struct listed *route = &lists[list].route[i];

		for (int path = 0; path < (route->second ? 2 : 1); path++, id = maps->routes[id].next) {
			const struct xfib_route *held = &maps->routes[id];
			const struct xfib_nexthop *nexthop = &maps->nexthops[held->nexthop];

			assert_int_not_equal(id, XFIB_NONE);
			assert_int_equal(held->flags & XFIB_ROUTE_GONE, 0);
			assert_int_equal(held->owner, XFIB_OWNER_XFIB);
			assert_int_equal(held->metric, route->metric);
			assert_int_equal(held->protocol, route->protocol);
			assert_int_equal(held->tos, route->tos);
			assert_int_equal(held->weight, path ? route->weight : 1);
			assert_int_equal(nexthop->route_mtu, route->mtu);
			assert_int_equal(nexthop->ifindex, path ? t2 : t1);
			assert_int_equal(nexthop->gateway[3], path ? route->second : route->gateway);
		}
	}
	assert_int_equal(id, XFIB_NONE);
}

/* The change that a listed route stands for. */
static void make_listed(int list, enum xfib_change what, const struct listed *route, struct xfib_path_spec paths[2],
			struct change *ret_change)
{
	char gateway[32];

	snprintf(gateway, sizeof(gateway), "10.1.0.%u", route->gateway);
	paths[0] = path_by(t1, gateway);
	snprintf(gateway, sizeof(gateway), "10.2.0.%u", route->second);
	paths[1] = path_by(t2, gateway);
	paths[1].weight = (uint16_t)route->weight;
	*ret_change = make(what, name_of(list), OWN, paths, !route->gateway ? 0 : route->second ? 2 : 1);
	ret_change->spec.metric = route->metric;
	ret_change->spec.protocol = route->protocol;
	ret_change->spec.tos = route->tos;
	ret_change->spec.mtu = route->mtu;
}

static int random_change(struct list *copy, struct xfib_path_spec paths[2], struct change *ret_change)
{
	int list = (int)unit__below(PREFIXES);
	struct listed route = { .metric = unit__below(3), .protocol = 3 + unit__below(2), .tos = 4 * unit__below(2),
				.mtu = unit__below(3) ? 0 : 1400, .gateway = (uint8_t)(1 + unit__below(3)), .weight = 1 };
	enum xfib_change what = 1 + unit__below(4);

	if (copy[list].count > CHAIN - 4)
		what = XFIB_DELETE;
	if (!unit__below(4)) {
		route.second = (uint8_t)(1 + unit__below(2));
		route.weight = 1 + unit__below(3);
	}
	if (what == XFIB_DELETE) {
		route.protocol *= unit__below(2);
		route.mtu = 0;
		if (unit__below(2))
			route.gateway = route.second = 0;
	}
	make_listed(list, what, &route, paths, ret_change);
	return what == XFIB_DELETE ? list_delete(&copy[list], &route) : list_add(&copy[list], &route, what);
}

static void one_by_one(void **state)
{
	(void)state;
	unit__seed();
	catch_events();
	for (int step = 0; step < STEPS; step++) {
		struct xfib_path_spec paths[2];
		struct change change;
		int expected = random_change(lists, paths, &change);

		assert_int_equal(run(&change, 1), expected);
		if (step % 50 == 0) {
			for (int list = 0; list < PREFIXES; list++)
				check_list(list);
			check_events();
		}
	}
	assert_int_equal(foreign, 0);
}

/* Slots, order and age of all own routes. */
static uint32_t copy_own(uint32_t *ret_ids, struct xfib_route *ret_routes)
{
	uint32_t count = 0;

	for (int list = 0; list < PREFIXES; list++) {
		for (uint32_t id = head_of(list); id; id = maps->routes[id].next) {
			ret_ids[count] = id;
			ret_routes[count++] = maps->routes[id];
		}
	}
	return count;
}

/* All changes of a transaction, or none: after one that failed each slot is as it was. */
static void all_or_nothing(void **state)
{
	enum { MOST = 60, HELD = 2 * PREFIXES * CHAIN };
	static struct xfib_path_spec paths[MOST][2];
	static struct xfib_route before[HELD], after[HELD];
	static uint32_t ids[HELD], ids_after[HELD];
	int failures = 0, successes = 0;

	(void)state;
	unit__seed();
	catch_events();
	for (int round = 0; round < 600; round++) {
		struct list copy[PREFIXES];
		struct change changes[MOST];
		uint32_t count = 1 + unit__below(unit__below(2) ? 3 : MOST), held = copy_own(ids, before);
		uint32_t failed = count;
		int expected = 0, err;

		memcpy(copy, lists, sizeof(copy));
		for (uint32_t i = 0; i < count; i++) {
			int one = random_change(copy, paths[i], &changes[i]);

			if (one && !expected) {
				expected = one;
				failed = i;
			}
		}
		err = run(changes, count);
		assert_int_equal(err, expected);
		if (err) {
			failures++;
			assert_int_equal(failure.index, failed);
			assert_non_null(strstr(failure.message, "table 1000"));
			assert_int_equal(copy_own(ids_after, after), held);
			assert_memory_equal(ids, ids_after, held * sizeof(*ids));
			assert_memory_equal(before, after, held * sizeof(*before));
		} else {
			successes++;
			memcpy(lists, copy, sizeof(copy));
		}
		for (int list = 0; list < PREFIXES; list++)
			check_list(list);
		check_events();
	}
	print_message("%d transactions were made, %d were not\n", successes, failures);
	assert_true(successes > 10 && failures > 10);
}

/* ---- own tables: what the kernel would check ---- */

static void own_tables_check_devices_and_gateways(void **state)
{
	struct xfib_path_spec path = path_by(t1, "172.16.0.1");
	struct change change = make(XFIB_ADD, "192.0.2.0/24", OWN, &path, 1);

	(void)state;
	assert_int_equal(run_one(XFIB_ADD, "192.0.2.0/24", OWN, 9999, NULL), -ENODEV);
	assert_non_null(strstr(failure.message, "9999"));
	assert_int_equal(run(&change, 1), -ENETUNREACH);
	assert_non_null(strstr(failure.message, "172.16.0.1"));
	path.flags = XFIB_NEXTHOP_ONLINK;
	assert_int_equal(run(&change, 1), 0);
	assert_int_equal(run_one(XFIB_DELETE, "192.0.2.0/24", OWN, 0, NULL), 0);
	assert_int_equal(run_one(XFIB_ADD, "192.0.2.0/24", OWN, t2, "10.1.0.1"), -ENETUNREACH);
	/* Without a device it is that of the gateway's route; a route of the table itself will do. */
	assert_int_equal(run_one(XFIB_ADD, "192.0.2.0/24", OWN, 0, "10.2.0.1"), 0);
	assert_int_equal(run_one(XFIB_DELETE, "192.0.2.0/24", OWN, t2, "10.2.0.1"), 0);
	assert_int_equal(run_one(XFIB_ADD, "172.16.0.0/16", OWN, t3, NULL), 0);
	assert_int_equal(run_one(XFIB_ADD, "192.0.2.0/24", OWN, 0, "172.16.0.1"), 0);
	assert_int_equal(run_one(XFIB_DELETE, "192.0.2.0/24", OWN, t3, NULL), 0);
	assert_int_equal(run_one(XFIB_DELETE, "172.16.0.0/16", OWN, 0, NULL), 0);
	assert_int_equal(run_one(XFIB_DELETE, "172.16.0.0/16", OWN, 0, NULL), -ENOENT);
	change.spec.source[0] = 10;
	assert_int_equal(run(&change, 1), -EINVAL);
	assert_non_null(strstr(failure.message, "10.0.0.0"));
	assert_int_equal(run_one(XFIB_ADD, "2001:db8:100::/48", OWN, 0, "fe80::1"), -EINVAL);
	assert_int_equal(run_one(XFIB_ADD, "2001:db8:100::/48", OWN, t1, "2001:db8:1::fe"), -EINVAL);
}

static const struct xfib_route *find_route(const char *prefix, uint32_t table, uint32_t ifindex)
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

static void own_tables_have_defaults(void **state)
{
	struct change change = make(XFIB_ADD, "198.51.100.0/24", OWN, NULL, 0);

	(void)state;
	change.spec.type = XFIB_ROUTE_BLACKHOLE;
	assert_int_equal(run(&change, 1), 0);
	assert_int_equal(find_route("198.51.100.0/24", OWN, 0)->protocol, RTPROT_STATIC);
	assert_int_equal(run(&change, 1), -EEXIST);
	change.what = XFIB_DELETE;
	assert_int_equal(run(&change, 1), 0);
	assert_int_equal(run_one(XFIB_ADD, "2001:db8:100::/48", OWN, 0, "2001:db8:2::1"), 0);
	assert_int_equal(find_route("2001:db8:100::/48", OWN, t2)->metric, 1024);
	assert_int_equal(find_route("2001:db8:100::/48", OWN, t2)->scope, RT_SCOPE_UNIVERSE);
	assert_int_equal(run_one(XFIB_DELETE, "2001:db8:100::/48", OWN, 0, NULL), 0);
	assert_int_equal(run_one(XFIB_ADD, "198.51.100.0/24", OWN, t1, NULL), 0);
	assert_int_equal(find_route("198.51.100.0/24", OWN, t1)->scope, RT_SCOPE_LINK);
	assert_int_equal(run_one(XFIB_DELETE, "198.51.100.0/24", OWN, t1, NULL), 0);
}

static void handle_for(int ms)
{
	for (int i = 0; i < ms / 20; i++) {
		usleep(20000);
		mirror__handle(mirror);
	}
}

static void a_lifetime_ends(void **state)
{
	struct xfib_path_spec path = path_by(t1, NULL);
	struct change change = make(XFIB_ADD, "2001:db8:101::/48", OWN, &path, 1);

	(void)state;
	catch_events();
	change.spec.lifetime = 1;
	assert_int_equal(run(&change, 1), 0);
	assert_true(find_route("2001:db8:101::/48", OWN, t1)->flags & XFIB_ROUTE_EXPIRES);
	for (int i = 0; i < 20 && find_route("2001:db8:101::/48", OWN, t1); i++)
		handle_for(200);
	assert_null(find_route("2001:db8:101::/48", OWN, t1));
	check_events();
}

static void own_routes_go_with_their_device(void **state)
{
	struct xfib_path_spec paths[2] = { path_by(t3, NULL), path_by(t1, NULL) };
	struct change change = make(XFIB_ADD, "198.18.0.0/16", OWN, paths, 2);

	(void)state;
	catch_events();
	assert_int_equal(run(&change, 1), 0);
	assert_int_equal(run_one(XFIB_ADD, "198.19.0.0/16", OWN, t3, NULL), 0);
	assert_int_equal(system("ip link set t3 up && ip link set t3 down"), 0);
	mirror__handle(mirror);
	assert_non_null(find_route("198.19.0.0/16", OWN, t3));
	assert_int_equal(mirror__sync(mirror), 0);
	assert_non_null(find_route("198.19.0.0/16", OWN, t3));
	assert_int_equal(system("ip link delete t3"), 0);
	mirror__handle(mirror);
	assert_null(find_route("198.19.0.0/16", OWN, 0));
	assert_null(find_route("198.18.0.0/16", OWN, t3));
	assert_non_null(find_route("198.18.0.0/16", OWN, t1));
	assert_int_equal(mirror__sync(mirror), 0);
	check_events();
	assert_int_equal(run_one(XFIB_DELETE, "198.18.0.0/16", OWN, 0, NULL), 0);
}

static void what_finds_no_room_changes_nothing(void **state)
{
	enum { TOO_MANY = 300000 };
	struct change *changes = calloc(TOO_MANY, sizeof(*changes));
	struct xfib_path_spec path = path_by(t1, NULL);

	(void)state;
	assert_non_null(changes);
	for (uint32_t i = 0; i < TOO_MANY; i++)
		changes[i] = make(XFIB_APPEND, "198.18.0.0/16", OWN, &path, 1);
	assert_int_equal(run(changes, TOO_MANY), -ENOSPC);
	assert_non_null(strstr(failure.message, "--max-routes"));
	assert_int_equal(failure.index, TOO_MANY);
	free(changes);
}

/* ---- the kernel's tables ---- */

/* What `ip route show` prints of a prefix, one line, without spaces at its end. */
static const char *shown(const char *arguments)
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

static int setup(void **state)
{
	const struct map_sizes sizes = { .routes = 250000, .nexthops = 4096, .groups = 64, .links = 64, .addresses = 256,
					 .neighbours = 64, .rules = 16 };
	const struct mirror_opts opts = { .receive_buffer = 64 << 20, .breathe = on_pause };

	(void)state;
	hash__init();
	if (unshare(CLONE_NEWNET))
		return -1;
	for (size_t i = 0; i < COUNT(commands); i++) {
		if (system(commands[i])) {
			print_message("failed: %s\n", commands[i]);
			return -1;
		}
	}
	t1 = if_nametoindex("t1");
	t2 = if_nametoindex("t2");
	t3 = if_nametoindex("t3");
	if (memory_maps__create(&sizes, &maps))
		return -1;
	return mirror__new(maps, &opts, &mirror) || mirror__sync(mirror) ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	mirror__free(mirror);
	memory_maps__destroy(maps);
	free(seen.rows);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_impossible_is_refused),
		cmocka_unit_test(ipv6_has_its_own_rules),
		cmocka_unit_test(own_tables_check_devices_and_gateways),
		cmocka_unit_test(own_tables_have_defaults),
		cmocka_unit_test(one_by_one),
		cmocka_unit_test(all_or_nothing),
		cmocka_unit_test(a_lifetime_ends),
		cmocka_unit_test(own_routes_go_with_their_device),
		cmocka_unit_test(what_finds_no_room_changes_nothing),
		cmocka_unit_test(kernel_routes_are_written),
		cmocka_unit_test(kernel_routes_of_every_kind),
		cmocka_unit_test(kernel_routes_of_ipv6),
		cmocka_unit_test(others_have_no_origin),
		cmocka_unit_test(a_dump_tells_the_difference),
		cmocka_unit_test(kernel_changes_are_taken_back),
		cmocka_unit_test(kernel_changes_at_random),
		cmocka_unit_test(many),
		cmocka_unit_test(others_are_served_meanwhile),
		cmocka_unit_test(others_are_served_while_the_kernel_takes_back),
		cmocka_unit_test(lost_events_are_made_good),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
