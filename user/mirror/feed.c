// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * A table that a routing daemon keeps. See feed.h.
 *
 * A changed route comes as a deletion and a route: the deletion waits for the next message, so that no packet sees the
 * moment in between.
 */
#include "feed.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "mirror_private.h"
#include "netlink_parse.h"

struct feed {
	struct mirror *mirror;
	uint32_t table;
	struct objects *objects;
	uint32_t refreshed;
	bool deletes; /* `deleted` waits */
	struct rib_route deleted;
	struct nl_path paths[NL_PATHS_MAX];
};

int feed__new(struct mirror *mirror, uint32_t table, struct feed **ret_feed)
{
	struct feed *feed = calloc(1, sizeof(*feed));
	int err = feed ? objects__new(&feed->objects) : -ENOMEM;

	if (err) {
		free(feed);
		return err;
	}
	feed->mirror = mirror;
	feed->table = table;
	*ret_feed = feed;
	return 0;
}

void feed__free(struct feed *feed)
{
	if (!feed)
		return;
	objects__free(feed->objects);
	free(feed);
}

int feed__restart(struct feed *feed)
{
	objects__begin_dump(feed->objects);
	return rib__mark_stale(feed->mirror->rib, feed->table);
}

uint32_t feed__sweep(struct feed *feed)
{
	uint32_t swept;

	feed__begin(feed);
	objects__end_dump(feed->objects);
	swept = rib__sweep_stale(feed->mirror->rib, feed->table);
	feed__end(feed);
	return swept;
}

void feed__begin(struct feed *feed)
{
	mirror__begin(feed->mirror);
}

void feed__end(struct feed *feed)
{
	feed__end_frame(feed);
	mirror__settle_objects(feed->mirror, feed->objects, XFIB_OWNER_XFIB, false);
	mirror__settle(feed->mirror);
	mirror__end(feed->mirror);
}

uint32_t feed__refreshed(struct feed *feed)
{
	uint32_t refreshed = feed->refreshed;

	feed->refreshed = 0;
	return refreshed;
}

/* ---- routes ---- */

void feed__end_frame(struct feed *feed)
{
	if (feed->deletes)
		rib__feed_delete(feed->mirror->rib, &feed->deleted);
	feed->deletes = false;
}

/* Those that the table holds: of the daemon's table main, and not the kernel's own. */
static bool is_wanted(const struct nl_route *route)
{
	switch (route->type) {
	case RTN_UNICAST:
	case RTN_BLACKHOLE:
	case RTN_UNREACHABLE:
	case RTN_PROHIBIT:
	case RTN_THROW:
	case RTN_UNSPEC: /* of a deletion */
		break;
	default:
		return false;
	}
	return route->table == RT_TABLE_MAIN && route->protocol != RTPROT_KERNEL && !route->tos && !route->source_specific;
}

static bool same_prefix(const struct rib_route *route, const struct rib_route *other)
{
	return route->family == other->family && route->prefix_length == other->prefix_length &&
	       !memcmp(route->prefix, other->prefix, sizeof(route->prefix));
}

static void report_refused(struct feed *feed, const struct rib_route *route, int err)
{
	char text[INET6_ADDRSTRLEN] = "";
	uint64_t muted;

	if (!log_limit__pass(&feed->mirror->refused_limit, &muted))
		return;
	inet_ntop(route->family, route->prefix, text, sizeof(text));
	log_warning("route %s/%u of the FPM client refused: %s (%llu more since the last such line); restart with a larger "
		    "--max-routes or --max-nexthops",
		    text, route->prefix_length, err == -ENOSPC ? "a map is full" : strerror(-err), (unsigned long long)muted);
}

static int take_route(struct feed *feed, const struct nlmsghdr *message)
{
	struct rib_path paths[MIRROR_PATHS_MAX];
	struct nl_route route;
	struct rib_route made;
	bool refreshed = false;
	int err = nl_parse__route(message, feed->paths, &route);

	if (err)
		return err < 0 ? err : 0;
	if (!is_wanted(&route) || (message->nlmsg_type == RTM_NEWROUTE && route.type == RTN_UNSPEC))
		return 0;
	mirror__make_route(feed->mirror, &route, feed->objects, XFIB_OWNER_XFIB, paths, &made);
	made.table = feed->table;
	if (message->nlmsg_type == RTM_DELROUTE) {
		feed__end_frame(feed);
		made.paths = NULL;
		feed->deleted = made;
		feed->deletes = true;
		return 0;
	}
	if (feed->deletes && same_prefix(&feed->deleted, &made))
		feed->deletes = false;
	feed__end_frame(feed);
	err = rib__feed(feed->mirror->rib, &made, &refreshed);
	feed->refreshed += refreshed;
	if (err)
		report_refused(feed, &made, err);
	return 0;
}

/* ---- next hop objects ---- */

static int take_nexthop(struct feed *feed, const struct nlmsghdr *message)
{
	struct nl_nexthop nexthop;
	uint64_t muted;
	int err = nl_parse__nexthop(message, &nexthop);

	if (err)
		return err;
	nexthop.bucket_count = 0; /* the kernel makes the buckets, and has none of this group */
	if (message->nlmsg_type == RTM_DELNEXTHOP)
		objects__remove(feed->objects, nexthop.id);
	else
		err = objects__set(feed->objects, &nexthop);
	if (err && log_limit__pass(&feed->mirror->refused_limit, &muted))
		log_warning("next hop %u of the FPM client refused: %s; packets of its routes go up to the kernel", nexthop.id,
			    err == -ENOSPC ? "there are too many" : strerror(-err));
	return 0;
}

void feed__take(struct feed *feed, const struct nlmsghdr *message)
{
	uint64_t muted;
	int err = 0;

	switch (message->nlmsg_type) {
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		err = take_route(feed, message);
		break;
	case RTM_NEWNEXTHOP:
	case RTM_DELNEXTHOP:
		feed__end_frame(feed);
		err = take_nexthop(feed, message);
		break;
	default: /* labels, neighbours and others */
		break;
	}
	if (err && log_limit__pass(&feed->mirror->unknown_limit, &muted))
		log_warning("a message of the FPM client was not understood (type %u, %u bytes), and is passed over (%llu more "
			    "since the last such line)",
			    message->nlmsg_type, message->nlmsg_len, (unsigned long long)muted);
}
