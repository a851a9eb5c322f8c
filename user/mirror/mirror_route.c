// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* From a route as rtnetlink describes it to a route of the RIB. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "change_private.h"
#include "maps.h"
#include "mirror_private.h"

/* Types that have no meaning here are for the kernel. */
static bool is_known_type(uint8_t type)
{
	return type > XFIB_ROUTE_UNSPEC && type < XFIB_ROUTE_TYPES;
}

/*
 * Does the kernel call a path dead though its device is up? Those of devices that are down need no mark, nor do those of
 * devices without a carrier which it calls dead in messages, not in its tables, because ignore_routes_with_linkdown says so:
 * links tell of both, and no message of a route says that it is over.
 */
static bool is_dead(const struct mirror *mirror, uint8_t family, const struct nl_path *path)
{
	const struct xfib_link *link = path->flags & RTNH_F_DEAD ? links__find(mirror->links, path->ifindex) : NULL;
	uint32_t ignored = family == AF_INET6 ? XFIB_LINK_IGNORE_LINKDOWN6 : XFIB_LINK_IGNORE_LINKDOWN4;

	return link && link->flags & XFIB_LINK_UP && (link->flags & XFIB_LINK_CARRIER || !(link->flags & ignored));
}

static void make_path(const struct mirror *mirror, const struct nl_route *route, const struct nl_path *from,
		      struct rib_path *ret_path)
{
	struct nexthop_key *key = &ret_path->nexthop;
	bool unsupported = !is_known_type(route->type) || route->source_specific;

	memset(ret_path, 0, sizeof(*ret_path));
	ret_path->weight = 1;
	key->family = route->family;
	key->type = is_known_type(route->type) ? route->type : XFIB_ROUTE_UNICAST;
	key->route_mtu = nexthop_key__mtu(route->mtu);
	memcpy(key->source, route->source, sizeof(key->source));
	if (from) {
		ret_path->weight = from->weight ? from->weight : 1;
		key->ifindex = from->ifindex;
		key->gateway_family = from->gateway_family;
		memcpy(key->gateway, from->gateway, sizeof(key->gateway));
		if (from->flags & RTNH_F_ONLINK)
			key->flags |= XFIB_NEXTHOP_ONLINK;
		if (is_dead(mirror, route->family, from))
			key->flags |= XFIB_NEXTHOP_DEAD;
		unsupported |= from->encap;
	} else if (key->type == XFIB_ROUTE_UNICAST) {
		unsupported = true; /* a place to send to that was not described */
	}
	if (unsupported)
		key->flags |= XFIB_NEXTHOP_UNSUPPORTED;
}

/* The paths of a route that says only by which object it is; a blackhole's type. The route is as `from` otherwise. */
static void resolve(const struct nl_route *from, struct objects *objects, struct nl_path paths[XFIB_GROUP_MEMBERS],
		    struct nl_route *ret_route)
{
	*ret_route = *from;
	if (objects__resolve(objects, from->nexthop_id, paths, &ret_route->path_count))
		return;
	ret_route->paths = paths;
	if (!ret_route->path_count)
		ret_route->type = RTN_BLACKHOLE;
}

/* A message may say that an object that is a blackhole leads to lo, or may say nothing: it leads nowhere. */
static uint32_t paths_of(const struct nl_route *route)
{
	return route->nexthop_id && route->type == RTN_BLACKHOLE ? 0 : route->path_count;
}

void mirror__make_route(const struct mirror *mirror, const struct nl_route *from, struct objects *objects, uint8_t owner,
			struct rib_path *paths, struct rib_route *ret_route)
{
	struct nl_path resolved_paths[XFIB_GROUP_MEMBERS];
	struct nl_route resolved;
	uint32_t named, count;

	if (from->nexthop_id && !from->path_count && from->type == RTN_UNICAST) {
		resolve(from, objects, resolved_paths, &resolved);
		from = &resolved;
	}
	named = paths_of(from);
	count = named ? named : 1;
	if (count > MIRROR_PATHS_MAX) /* too many to choose from here */
		count = 1;
	for (uint32_t i = 0; i < count; i++)
		make_path(mirror, from, named ? &from->paths[i] : NULL, &paths[i]);
	if (named > MIRROR_PATHS_MAX)
		paths[0].nexthop.flags |= XFIB_NEXTHOP_UNSUPPORTED;
	if (count == 1)
		paths[0].weight = 1;
	*ret_route = (struct rib_route){
		.family = from->family,
		.prefix_length = from->prefix_length,
		.type = paths[0].nexthop.type,
		.scope = from->scope,
		.protocol = from->protocol,
		.tos = from->tos,
		.owner = owner,
		.preference = from->preference,
		.table = from->table,
		.metric = from->metric,
		.path_count = count,
		.paths = paths,
	};
	memcpy(ret_route->prefix, from->prefix, sizeof(ret_route->prefix));
	if (from->expires) {
		ret_route->flags |= XFIB_ROUTE_EXPIRES;
		ret_route->lifetime = from->lifetime;
	}
	if (from->protocol == RTPROT_RA)
		ret_route->flags |= XFIB_ROUTE_AUTOCONF;
	if (from->nexthop_id) {
		ret_route->flags |= XFIB_ROUTE_NEXTHOP_OBJECT;
		ret_route->nexthop_id = from->nexthop_id;
	}
}

static void report_refused(struct mirror *mirror, const struct nl_route *route, int err)
{
	char text[INET6_ADDRSTRLEN] = "";
	uint64_t muted;

	if (!log_limit__pass(&mirror->refused_limit, &muted))
		return;
	inet_ntop(route->family, route->prefix, text, sizeof(text));
	log_warning("route %s/%u table %u refused: %s (%llu more since the last such line); packets for it go up to "
		    "the kernel; restart with a larger --max-routes or --max-nexthops",
		    text, route->prefix_length, route->table, err == -ENOSPC ? "a map is full" : strerror(-err),
		    (unsigned long long)muted);
}

void mirror__on_route(enum nl_change change, const struct nl_route *route, void *data)
{
	struct mirror *mirror = data;
	enum rib_position position = RIB_PREPEND;
	bool is_ours = mirror->changing && (change == NL_NEW || change == NL_DELETED) && route->requester == nl__requester(mirror->nl);
	struct rib_path paths[MIRROR_PATHS_MAX];
	struct rib_route made;
	int err;

	/* From the first one on, whatever becomes of it, the kernel looks at the routes of sources. */
	if (route->family == AF_INET && route->type == RTN_LOCAL && route->protocol != RTPROT_KERNEL && !mirror->custom_local4)
		mirror->custom_local4 = mirror->settings_dirty = true;
	if (!mirror__is_mirrored(mirror, route->table) || route->flags & RTM_F_CLONED)
		return;
	mirror__make_route(mirror, route, mirror->objects, XFIB_OWNER_KERNEL, paths, &made);
	if (route->message_flags & NLM_F_APPEND || route->family == AF_INET6)
		position = RIB_APPEND;
	if (change == NL_NEW && route->message_flags & NLM_F_REPLACE)
		position = RIB_REPLACE;
	if (change == NL_AUDIT) {
		rib__audit(mirror->rib, &made);
		mirror->audited++;
		return;
	}
	mirror__want_audit(mirror);
	/* The address may stay. */
	if (change != NL_DUMP && route->family == AF_INET && route->table == RT_TABLE_LOCAL && route->prefix_length == 32 &&
	    (change == NL_DELETED || mirror->maps->state->flags & XFIB_STATE_UNROUTED4))
		mirror->addresses_dirty = true;
	if (is_ours)
		mirror->origin = mirror->changing->origin;
	if (change == NL_DELETED) {
		err = rib__delete(mirror->rib, &made);
		/* Gone already: flushed with its device, or never held. */
		if (err && err != -ENOENT)
			mirror__request_sync(mirror, "a route could not be deleted");
	} else {
		err = change == NL_DUMP ? rib__dump(mirror->rib, &made) : rib__add(mirror->rib, &made, position);
		if (err)
			report_refused(mirror, route, err);
		if (err && is_ours)
			change_undo__note_refused(mirror->changing, &made, route->sequence, err);
	}
	if (rib__was_disordered(mirror->rib))
		mirror__request_sync(mirror, NULL);
	mirror->origin = 0;
}

/* ---- routes by next hop objects ---- */

struct settling {
	struct mirror *mirror;
	struct objects *objects;
	bool remove;
};

static bool has_changed(uint32_t id, void *data)
{
	const struct settling *settling = data;

	return objects__has_changed(settling->objects, id);
}

/* A rib_object_fn: what the message of such a route would say now. */
static bool update_route(struct rib_route *route, struct rib_path *paths, void *data)
{
	const struct settling *settling = data;
	const struct nexthop_key *key = &paths[0].nexthop;
	struct nl_path resolved[XFIB_GROUP_MEMBERS];
	struct nl_route from = { .family = route->family, .type = RTN_UNICAST, .mtu = key->route_mtu, .paths = resolved };
	int err = objects__resolve(settling->objects, route->nexthop_id, resolved, &from.path_count);
	uint32_t count;

	if (err == -ENOENT && settling->remove)
		return false;
	if (!err && !from.path_count)
		from.type = RTN_BLACKHOLE;
	memcpy(from.source, key->source, sizeof(from.source));
	count = err || !from.path_count ? 1 : from.path_count;
	for (uint32_t i = 0; i < count; i++)
		make_path(settling->mirror, &from, err || !from.path_count ? NULL : &resolved[i], &paths[i]);
	if (count == 1)
		paths[0].weight = 1;
	route->type = paths[0].nexthop.type;
	route->path_count = count;
	return true;
}

void mirror__settle_objects(struct mirror *mirror, struct objects *objects, uint8_t owner, bool remove)
{
	struct settling settling = { .mirror = mirror, .objects = objects, .remove = remove };

	if (!objects__have_changed(objects))
		return;
	rib__update_objects(mirror->rib, owner, has_changed, update_route, &settling);
	objects__settle(objects);
}

static void report_buckets(struct mirror *mirror, const struct nl_nexthop *nexthop)
{
	uint64_t muted;

	if ((nexthop->bucket_count > XFIB_BUCKETS || nexthop->member_count >= XFIB_BUCKET_MEMBERS) &&
	    !objects__is_unfit(mirror->objects, nexthop->id) && log_limit__pass(&mirror->full_limit, &muted))
		log_warning("resilient next hop group %u has %u buckets and %u members, more than %u and %u: packets by it go up to "
			    "the kernel (unsupported_route)",
			    nexthop->id, nexthop->bucket_count, nexthop->member_count, XFIB_BUCKETS, XFIB_BUCKET_MEMBERS - 1);
}

void mirror__on_nexthop(enum nl_change change, const struct nl_nexthop *nexthop, void *data)
{
	struct mirror *mirror = data;

	mirror__want_audit(mirror);
	if (change == NL_DELETED) {
		objects__remove(mirror->objects, nexthop->id);
		return;
	}
	if (objects__is_going(mirror->objects, nexthop->id)) /* routes by the former one went with it */
		mirror__settle_objects(mirror, mirror->objects, XFIB_OWNER_KERNEL, true);
	if (nexthop->bucket_count)
		report_buckets(mirror, nexthop);
	if (objects__set(mirror->objects, nexthop))
		mirror__request_sync(mirror, "a next hop object that there is no room for");
	if (change == NL_NEW) /* buckets move with a group, without a word about each */
		objects__ask_buckets(mirror->objects, nexthop->id);
}

/* A dump does not keep buckets from moving, so that what it says may be older than an event before it. */
void mirror__on_bucket(enum nl_change change, const struct nl_bucket *bucket, void *data)
{
	struct mirror *mirror = data;

	objects__set_bucket(mirror->objects, bucket);
	if (change != NL_DUMP && mirror->dumping_buckets)
		objects__ask_buckets(mirror->objects, bucket->group);
}
