// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * The RIB of an instance against the kernel. The kernel's side is a private
 * copy, made for the occasion, which follows the kernel meanwhile as the daemon
 * does: what differs is looked at again until both have had time to take what
 * was under way. A microsecond a prefix, and what the private copy takes.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "private.h"

/* How long what differs is looked at again: longer than the daemon lets pass between two full dumps. */
#define SETTLE_MS 10000
#define PAUSE_MS 20

struct prefix {
	uint32_t family, table;
	uint8_t address[16];
	uint8_t length;
};

/* The routes of a prefix that are the kernel's, path by path. */
struct chain {
	struct xfib_route_path *path;
	uint32_t count;
	size_t room;
};

struct comparison {
	const struct xfib *held, *kernel;
	uint32_t *tables; /* that are compared */
	size_t table_count;
	struct prefix *suspects;
	size_t suspect_count, suspect_room;
	struct chain held_chain, kernel_chain;
	uint64_t prefixes;
};

/* Room for one more element of an array. -ENOMEM */
static int make_room(void *array, size_t element, size_t count, size_t *room)
{
	void **memory = array, *larger;
	size_t wanted = *room ? *room * 2 : 64;

	if (count < *room)
		return 0;
	larger = realloc(*memory, wanted * element);
	if (!larger)
		return error__set(-ENOMEM, "out of memory");
	*memory = larger;
	*room = wanted;
	return 0;
}

/* ---- reading both sides ---- */

static bool has_table(const struct comparison *comparison, uint32_t table)
{
	for (size_t i = 0; i < comparison->table_count; i++) {
		if (comparison->tables[i] == table)
			return true;
	}
	return false;
}

static int add_table(struct comparison *comparison, uint32_t table)
{
	uint32_t *larger;

	if (has_table(comparison, table))
		return 0;
	larger = realloc(comparison->tables, (comparison->table_count + 1) * sizeof(*larger));
	if (!larger)
		return error__set(-ENOMEM, "out of memory");
	larger[comparison->table_count++] = table;
	comparison->tables = larger;
	return 0;
}

static int add_vrf(const struct xfib_link *link, void *data)
{
	return link->flags & XFIB_LINK_VRF ? add_table(data, link->table) : 0;
}

static bool is_of(const struct xfib_route *route, const struct prefix *prefix)
{
	return route->family == prefix->family && route->table == prefix->table &&
	       route->prefix_length == prefix->length && !memcmp(route->prefix, prefix->address, sizeof(prefix->address));
}

static int copy_chain(const struct xfib *instance, const void *query, void *result)
{
	const struct prefix *prefix = query;
	struct chain *chain = result;
	uint32_t limit = instance->routes.count; /* what changes meanwhile may be a circle */
	uint32_t id = prefix__first(instance, prefix->family, prefix->table, prefix->address, prefix->length);

	chain->count = 0;
	while (id != XFIB_NONE && limit--) {
		struct xfib_route_path path;
		int err;

		if (!instance__route(instance, id, &path.route) || !is_of(&path.route, prefix) ||
		    !instance__nexthop(instance, path.route.nexthop, &path.nexthop))
			return 0;
		id = path.route.next;
		if (path.route.owner != XFIB_OWNER_KERNEL)
			continue;
		err = make_room(&chain->path, sizeof(path), chain->count, &chain->room);
		if (err)
			return err;
		chain->path[chain->count++] = path;
	}
	return 0;
}

/* The prefix that begins with a slot. -ENOENT: none does. */
struct slot_query {
	uint32_t id;
	const struct comparison *comparison;
};

static int copy_prefix(const struct xfib *instance, const void *query, void *result)
{
	const struct slot_query *slot = query;
	struct prefix *prefix = result;
	struct xfib_route route;

	if (!instance__route(instance, slot->id, &route) || !route.family || route.owner != XFIB_OWNER_KERNEL ||
	    route.flags & (XFIB_ROUTE_GONE | XFIB_ROUTE_MEMBER) ||
	    (slot->comparison && !has_table(slot->comparison, route.table)) ||
	    prefix__first(instance, route.family, route.table, route.prefix, route.prefix_length) != slot->id)
		return -ENOENT;
	*prefix = (struct prefix){ .family = route.family, .table = route.table, .length = route.prefix_length };
	memcpy(prefix->address, route.prefix, sizeof(prefix->address));
	return 0;
}

/* ---- comparing ---- */

static bool same_route(const struct xfib_route *a, const struct xfib_route *b)
{
	const uint8_t flags = XFIB_ROUTE_EXPIRES | XFIB_ROUTE_AUTOCONF | XFIB_ROUTE_NEXTHOP_OBJECT;

	return a->metric == b->metric && a->type == b->type && a->scope == b->scope && a->protocol == b->protocol &&
	       a->tos == b->tos && a->preference == b->preference && (a->flags & flags) == (b->flags & flags);
}

/* MTU and preferred source of several IPv6 paths that are no object's: the kernel's dumps tell those of the first one only. */
static bool same_path(const struct xfib_route_path *a, const struct xfib_route_path *b, bool whole)
{
	const uint8_t flags = XFIB_NEXTHOP_ONLINK | XFIB_NEXTHOP_UNSUPPORTED | XFIB_NEXTHOP_DEAD;
	const struct xfib_nexthop *left = &a->nexthop, *right = &b->nexthop;

	return same_route(&a->route, &b->route) && a->route.weight == b->route.weight && left->ifindex == right->ifindex &&
	       left->gateway_family == right->gateway_family && left->type == right->type &&
	       (left->flags & flags) == (right->flags & flags) &&
	       !memcmp(left->gateway, right->gateway, sizeof(left->gateway)) &&
	       (!whole || (left->route_mtu == right->route_mtu && !memcmp(left->source, right->source, sizeof(left->source))));
}

/* How many paths the route that begins at a path has. */
static uint32_t paths_of(const struct chain *chain, uint32_t first)
{
	uint32_t end = first + 1;

	while (end < chain->count && chain->path[end].route.flags & XFIB_ROUTE_MEMBER)
		end++;
	return end - first;
}

/* Is path `named` of the kernel's route one of the `count` that are held from `at` on? */
static bool has_path(const struct chain *held, uint32_t at, uint32_t count, const struct chain *kernel, uint32_t named)
{
	const struct xfib_route *route = &kernel->path[named].route;
	bool whole = !(route->flags & XFIB_ROUTE_MEMBER) || route->family == XFIB_INET || route->flags & XFIB_ROUTE_NEXTHOP_OBJECT;

	for (uint32_t i = at; i < at + count; i++) {
		if (same_path(&held->path[i], &kernel->path[named], whole))
			return true;
	}
	return false;
}

/* Are the routes that begin there the same? Their paths have no order. */
static bool same_paths(const struct chain *held, uint32_t at, const struct chain *kernel, uint32_t first)
{
	uint32_t count = paths_of(kernel, first);

	if (at >= held->count || paths_of(held, at) != count)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		if (!has_path(held, at, count, kernel, first + i))
			return false;
	}
	return true;
}

/* May the kernel have a route that its dumps do not name, between paths of one that they do? See user/mirror/rib_hidden.c. */
static bool may_be_hidden(const struct xfib_route_path *held, const struct chain *kernel)
{
	const uint8_t alone = XFIB_ROUTE_NEXTHOP_OBJECT | XFIB_ROUTE_AUTOCONF;

	if (held->route.family != XFIB_INET6 || (held->nexthop.gateway_family && !(held->route.flags & alone)))
		return false;
	for (uint32_t i = 0; i < kernel->count; i++) {
		const struct xfib_route *route = &kernel->path[i].route;

		if (route->flags & XFIB_ROUTE_MEMBER && !(route->flags & XFIB_ROUTE_NEXTHOP_OBJECT) && route->metric == held->route.metric)
			return true;
	}
	return false;
}

/* Routes have an order. */
static bool same_chain(const struct chain *held, const struct chain *kernel)
{
	uint32_t at = 0, first = 0;

	while (at < held->count || first < kernel->count) {
		if (first < kernel->count && same_paths(held, at, kernel, first))
			first += paths_of(kernel, first);
		else if (at >= held->count || !may_be_hidden(&held->path[at], kernel))
			return false;
		at += paths_of(held, at);
	}
	return true;
}

/* 1: the routes of the prefix are the same on both sides; 0: they differ. */
static int compare(struct comparison *comparison, const struct prefix *prefix)
{
	int err = instance__steady(comparison->held, copy_chain, prefix, &comparison->held_chain);

	if (!err)
		err = instance__steady(comparison->kernel, copy_chain, prefix, &comparison->kernel_chain);
	return err ? err : same_chain(&comparison->held_chain, &comparison->kernel_chain);
}

static int check(struct comparison *comparison, const struct prefix *prefix)
{
	int result = compare(comparison, prefix);

	comparison->prefixes++;
	if (result)
		return result < 0 ? result : 0;
	result = make_room(&comparison->suspects, sizeof(*prefix), comparison->suspect_count, &comparison->suspect_room);
	if (!result)
		comparison->suspects[comparison->suspect_count++] = *prefix;
	return result;
}

/* Every prefix of one side; of the kernel's those alone that the other one has no route of. */
static int check_side(struct comparison *comparison, bool kernel)
{
	const struct xfib *instance = kernel ? comparison->kernel : comparison->held;
	struct xfib_state state;
	int err = xfib_instance__state(instance, &state);

	for (uint32_t id = 1; !err && id < state.routes_end && id < instance->routes.count; id++) {
		struct slot_query query = { .id = id, .comparison = kernel ? comparison : NULL };
		struct prefix prefix;

		if (instance__steady(instance, copy_prefix, &query, &prefix))
			continue;
		if (!kernel)
			err = add_table(comparison, prefix.table);
		else
			err = instance__steady(comparison->held, copy_chain, &prefix, &comparison->held_chain);
		if (!err && (!kernel || !comparison->held_chain.count))
			err = check(comparison, &prefix);
	}
	return err;
}

/* What differs is looked at again, as long as somebody is there who may yet change it. */
static int settle(struct comparison *comparison)
{
	const struct timespec pause = { .tv_nsec = PAUSE_MS * 1000000 };
	struct xfib_state state;
	int err = xfib_instance__state(comparison->held, &state);

	for (int ms = 0; !err && comparison->suspect_count && ms < SETTLE_MS; ms += PAUSE_MS) {
		size_t left = 0;

		if (state.pid && kill((pid_t)state.pid, 0) && errno == ESRCH)
			return 0;
		nanosleep(&pause, NULL);
		for (size_t i = 0; i < comparison->suspect_count; i++) {
			int result = compare(comparison, &comparison->suspects[i]);

			if (result < 0)
				return result;
			if (!result)
				comparison->suspects[left++] = comparison->suspects[i];
		}
		comparison->suspect_count = left;
	}
	return err;
}

static int report_all(struct comparison *comparison, xfib_mismatch_fn report, void *data)
{
	int result = 0;

	for (size_t i = 0; report && i < comparison->suspect_count; i++) {
		const struct prefix *prefix = &comparison->suspects[i];
		struct xfib_mismatch mismatch = { .family = prefix->family, .table = prefix->table,
						  .prefix_length = prefix->length };

		result = compare(comparison, prefix);
		if (result < 0)
			return result;
		memcpy(mismatch.prefix, prefix->address, sizeof(mismatch.prefix));
		mismatch.held = comparison->held_chain.path;
		mismatch.held_count = comparison->held_chain.count;
		mismatch.kernel = comparison->kernel_chain.path;
		mismatch.kernel_count = comparison->kernel_chain.count;
		report(&mismatch, data);
	}
	return 0;
}

static int verify(struct comparison *comparison, const uint32_t *tables, size_t table_count)
{
	static const uint32_t usual[] = { XFIB_TABLE_LOCAL, XFIB_TABLE_MAIN, XFIB_TABLE_DEFAULT };
	int err = xfib_link__each(comparison->held, add_vrf, comparison);

	for (size_t i = 0; !err && i < sizeof(usual) / sizeof(usual[0]); i++)
		err = add_table(comparison, usual[i]);
	for (size_t i = 0; !err && i < table_count; i++)
		err = add_table(comparison, tables[i]);
	if (!err)
		err = check_side(comparison, false);
	if (!err)
		err = check_side(comparison, true);
	if (!err)
		err = settle(comparison);
	if (!err && xfib_instance__retired(comparison->held))
		err = error__set(-EAGAIN, "another xfibd has taken over meanwhile: open the instance anew");
	return err;
}

XFIB_PUBLIC int xfib_instance__verify_routes(const struct xfib *instance, const uint32_t *tables, size_t table_count,
					     xfib_mismatch_fn report, void *data,
					     struct xfib_route_verification *ret_result)
{
	struct xfib_open_opts opts = { .size = sizeof(opts), .backend = XFIB_BACKEND_PRIVATE };
	struct comparison comparison = { .held = instance };
	struct xfib *kernel;
	int err;

	if (ret_result->size != sizeof(*ret_result))
		return error__set(-EINVAL, "xfib_instance__verify_routes: size %zu of the result is not known", ret_result->size);
	if (instance->backend != XFIB_BACKEND_MAPS)
		return error__set(-EOPNOTSUPP, "only maps of a daemon can be compared with the kernel");
	err = xfib_instance__open(&opts, &kernel);
	if (err)
		return err;
	comparison.kernel = kernel;
	err = verify(&comparison, tables, table_count);
	if (!err)
		err = report_all(&comparison, report, data);
	if (!err) {
		ret_result->prefixes = comparison.prefixes;
		ret_result->differences = comparison.suspect_count;
	}
	xfib_instance__close(kernel);
	free(comparison.tables);
	free(comparison.suspects);
	free(comparison.held_chain.path);
	free(comparison.kernel_chain.path);
	return err;
}
