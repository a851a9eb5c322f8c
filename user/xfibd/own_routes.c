// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Own routes over a restart. See own_routes.h. */
#include "own_routes.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <time.h>

#include "../lib/change_list.h"
#include "../lib/private.h"
#include "change.h"
#include "log.h"
#include "maps.h"
#include "mirror.h"

/* No client's: see session.c. */
#define ORIGIN UINT64_MAX

/* What is logged one by one; the rest is counted. */
#define LINES_MAX 10

struct restore {
	const struct maps *maps; /* the new ones */
	struct mirror *mirror;   /* that writes them */
	const struct xfib *old;
	struct change_list list;
	bool undone; /* its writer ended in the middle of a change, see xfib_state.own_change: the change is taken back */
	bool named; /* there are some in tables that are mirrored only as rules lead there: not any more then */
	uint32_t dropped;
};

static void drop(struct restore *restore, const struct xfib_route_spec *spec, const char *why)
{
	char text[INET6_ADDRSTRLEN] = "";

	inet_ntop((int)spec->family, spec->prefix, text, sizeof(text));
	if (restore->dropped++ < LINES_MAX)
		log_warning("route %s/%u of table %u, which was written to xfib, is dropped: %s", text,
			    spec->prefix_length, spec->table, why);
}

static bool has_link(const struct maps *maps, uint32_t ifindex)
{
	for (uint32_t probe = 0; probe < XFIB_LINK_PROBES; probe++) {
		if (maps->links[xfib_link__slot(ifindex, maps->sizes.links, probe)].ifindex == ifindex)
			return true;
	}
	return false;
}

/* ---- reading the old set, which nobody writes any more ---- */

static uint32_t seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint32_t)now.tv_sec;
}

/*
 * The route that begins with slot `id`, and the slot behind its last path.
 * False: it has expired, or the maps are damaged.
 */
static bool read_route(const struct xfib *old, uint32_t id, struct change *ret_change,
		       struct xfib_path_spec paths[XFIB_GROUP_MEMBERS], uint32_t *ret_next)
{
	struct xfib_route route, path;
	struct xfib_nexthop nexthop;
	uint32_t count = 0;

	*ret_next = XFIB_NONE;
	if (!instance__route(old, id, &route) || !instance__nexthop(old, route.nexthop, &nexthop))
		return false;
	ret_change->what = XFIB_APPEND;
	xfib_route_spec__from(&route, &nexthop, &ret_change->spec, paths);
	ret_change->spec.flags |= XFIB_SPEC_SCOPE;
	path = route;
	do {
		if (nexthop.ifindex || nexthop.gateway_family)
			xfib_path_spec__from(&path, &nexthop, &paths[count++]);
		*ret_next = path.next;
	} while (count < XFIB_GROUP_MEMBERS && instance__route(old, path.next, &path) &&
		 path.flags & XFIB_ROUTE_MEMBER && instance__nexthop(old, path.nexthop, &nexthop));
	ret_change->spec.path_count = count;
	return !(route.flags & XFIB_ROUTE_EXPIRES) || route.expires > seconds_now();
}

static const char *reason_to_drop(struct restore *restore, const struct xfib_route_spec *spec)
{
	bool is_named = mirror__is_named(restore->mirror, spec->table);

	restore->named |= is_named;
	if (mirror__is_mirrored(restore->mirror, spec->table) && !mirror__is_fed(restore->mirror, spec->table) && !is_named)
		return "the table is mirrored from the kernel now";
	for (uint32_t i = 0; i < spec->path_count; i++) {
		if (spec->paths[i].ifindex && !has_link(restore->maps, spec->paths[i].ifindex))
			return "its interface has gone";
	}
	return NULL;
}

/* Notes the route that begins with slot `id`, and tells the slot behind it. */
static int note_route(struct restore *restore, uint32_t id, uint32_t *ret_next)
{
	struct xfib_path_spec paths[XFIB_GROUP_MEMBERS];
	struct change change;
	const char *why;

	if (!read_route(restore->old, id, &change, paths, ret_next))
		return 0;
	change.restored = true; /* in the order of slots, which is not that in which routes were made */
	why = reason_to_drop(restore, &change.spec);
	if (!why)
		return change_list__add(&restore->list, &change);
	drop(restore, &change.spec, why);
	return 0;
}

/* Notes the routes of the prefix whose first slot is `id`, in their order, but for those that a change was about. */
static int read_prefix(struct restore *restore, uint32_t id)
{
	uint32_t limit = restore->old->routes.count; /* a damaged chain may be a circle */
	struct xfib_route route;
	int err = 0;

	while (!err && limit-- && instance__route(restore->old, id, &route)) {
		if (restore->undone && route.flags & (XFIB_ROUTE_MADE | XFIB_ROUTE_REPLACED))
			id = route.next;
		else
			err = note_route(restore, id, &id);
	}
	return err;
}

/* Is a slot the first one of a prefix of an own table? */
static bool is_first(const struct xfib *old, uint32_t id, const struct xfib_route *route)
{
	return !(route->flags & XFIB_ROUTE_GONE) &&
	       prefix__first(old, route->family, route->table, route->prefix, route->prefix_length) == id;
}

/* Does the slot begin a route that was there before the change, and that the change replaced or deleted? */
static bool is_taken_out(const struct xfib_route *route)
{
	return (route->flags & (XFIB_ROUTE_MADE | XFIB_ROUTE_REPLACED | XFIB_ROUTE_MEMBER)) == XFIB_ROUTE_REPLACED;
}

static int read_slot(struct restore *restore, uint32_t id)
{
	struct xfib_route route;
	uint32_t next;

	if (!instance__route(restore->old, id, &route) || !route.family || route.owner != XFIB_OWNER_XFIB)
		return 0;
	if (restore->undone && is_taken_out(&route))
		return note_route(restore, id, &next);
	return is_first(restore->old, id, &route) ? read_prefix(restore, id) : 0;
}

/* ---- writing the new one ---- */

/* One by one, since not all together can be written: what cannot is dropped. */
static void write_singly(struct restore *restore)
{
	struct change_failure failure;

	for (uint32_t i = 0; i < restore->list.count; i++) {
		const struct change *change = &restore->list.changes[i];

		if (mirror__change(restore->mirror, change, 1, ORIGIN, &failure))
			drop(restore, &change->spec, failure.message);
	}
}

static void write_all(struct restore *restore)
{
	struct change_failure failure;
	uint32_t dropped = restore->dropped;

	if (!restore->list.count)
		return;
	if (mirror__change(restore->mirror, restore->list.changes, restore->list.count, ORIGIN, &failure))
		write_singly(restore);
	log_info("%u routes of xfib's own tables are taken over", restore->list.count - (restore->dropped - dropped));
}

int own_routes__restore(const char *pin, const struct maps *maps, struct mirror *mirror)
{
	struct xfib_open_opts opts = { .size = sizeof(opts), .pin = pin, .backend = XFIB_BACKEND_MAPS };
	struct restore restore = { .maps = maps, .mirror = mirror };
	struct xfib_state state;
	struct xfib *old;
	int err = xfib_instance__open(&opts, &old);

	if (err == -ENOENT) /* a directory that was never filled */
		return 0;
	if (err) {
		log_error("reading the routes of xfib's own tables: %s", xfib_error__last());
		return err;
	}
	restore.old = old;
	err = xfib_instance__state(old, &state);
	restore.undone = !err && state.own_change;
	if (restore.undone)
		log_info("the daemon before this one ended in the middle of a change of own routes: it is taken back");
	for (uint32_t id = 1; !err && id < state.routes_end; id++)
		err = read_slot(&restore, id);
	if (!err)
		write_all(&restore);
	if (restore.named)
		mirror__request_sync(mirror, NULL);
	if (restore.dropped > LINES_MAX)
		log_warning("%u more routes that were written to xfib are dropped", restore.dropped - LINES_MAX);
	change_list__clear(&restore.list);
	xfib_instance__close(old);
	if (err)
		log_error("reading the routes of xfib's own tables: %s", strerror(-err));
	return err;
}
