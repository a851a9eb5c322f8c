// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Keeps the maps equal to the kernel. See mirror.h; routes are in mirror_route.c, rules in
 * mirror_rules.c, full dumps in mirror_dump.c.
 *
 * Order: events and the parts of a dump come by one socket, in the order in
 * which they were true, and are applied in that order: what was said last about
 * a thing decides.
 *
 * Much changes without an event: IPv4 routes go with their device or preferred
 * source, IPv6 routes change with the MTU of their device. Whatever may entail
 * such a change asks for a full dump. Routes that change with their next hop
 * objects are looked for among those held (rib_objects.c). Some
 * settings have no event at all: those are looked at every ten seconds, which
 * is nearly all that an idle mirror does, and costs as good as nothing: a dump
 * of the links without their statistics, and what has not changed is not asked
 * about.
 */
#include "mirror.h"

#include <errno.h>
#include <limits.h>
#include <linux/neighbour.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "change_private.h"
#include "log.h"
#include "maps.h"
#include "mirror_private.h"
#include "multipath.h"

#define EVENTS_PER_TURN 4096
#define EXPIRY_MARGIN_MS 10000 /* before a route expires, the kernel is asked whether it still does */
#define SYNC_DELAY_MS 20       /* after an event that asks for a dump: others may follow */

uint64_t mirror__now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void mirror__count(__u64 *counter)
{
	__atomic_add_fetch(counter, 1, __ATOMIC_RELAXED);
}

void mirror__read_settings(struct mirror *mirror)
{
	struct link_settings settings = {
		.forwarding6 = setting__read("/proc/sys/net/ipv6/conf/all/forwarding", 0),
		.rp_filter = (uint8_t)setting__read("/proc/sys/net/ipv4/conf/all/rp_filter", 0),
		.send_redirects = setting__read("/proc/sys/net/ipv4/conf/all/send_redirects", 1),
		.ignore_linkdown4 = setting__read("/proc/sys/net/ipv4/conf/all/ignore_routes_with_linkdown", 0),
		.check_sources = mirror->custom_local4,
		.route_localnet = setting__read("/proc/sys/net/ipv4/conf/all/route_localnet", 0),
	};
	uint32_t kept = mirror->maps->state->flags & (XFIB_STATE_SYNCED | XFIB_STATE_WIDE_LOCAL4 | XFIB_STATE_WIDE_LOCAL6);
	uint32_t flags = XFIB_STATE_IPV4 | kept;

	if (!setting__read("/proc/sys/net/ipv6/conf/all/disable_ipv6", 1))
		flags |= XFIB_STATE_IPV6;
	if (!mirror->split4)
		flags |= XFIB_STATE_MERGED4;
	if (mirror->found4.beyond)
		flags |= XFIB_STATE_RULES4;
	if (mirror->found6.beyond)
		flags |= XFIB_STATE_RULES6;
	__atomic_store_n(&mirror->maps->state->flags, flags, __ATOMIC_RELEASE);
	if (links__apply_settings(mirror->links, &settings) && nexthops__update_device(mirror->nexthops, 0)) {
		mirror->targets_dirty = true;
		mirror__request_sync(mirror, NULL); /* paths are dead or alive again */
	}
	if (rib__pass_over_failed4(mirror->rib, multipath__read_settings(mirror->maps->state, mirror->hash_seed)))
		mirror->targets_dirty = true;
}

/* ---- what the kernel says ---- */

static void device_changed(struct mirror *mirror, uint32_t ifindex)
{
	if (nexthops__update_device(mirror->nexthops, ifindex))
		mirror->targets_dirty = true;
}

static bool is_device(uint32_t ifindex, void *data)
{
	return ifindex == *(const uint32_t *)data;
}

/* The kernel drops IPv4 routes of a device that goes down or away without a word about each. */
static void device_down(struct mirror *mirror, uint32_t ifindex)
{
	objects__remove_device(mirror->objects, ifindex);
	rib__flush_device4(mirror->rib, ifindex);
	mirror__request_sync(mirror, NULL);
}

/* Rules name links, and are attached to them, without an event. */
static void link_renamed(struct mirror *mirror)
{
	mirror->plans_dirty = true;
	mirror->rules_dirty |= mirror->found4.beyond || mirror->found6.beyond;
}

void mirror__link_gone(uint32_t ifindex, void *data)
{
	struct mirror *mirror = data;

	mirror->devices++;
	device_changed(mirror, ifindex);
	device_down(mirror, ifindex);
	if (!mirror->changing || changing__note_gone(mirror->changing, ifindex))
		rib__flush_own(mirror->rib, is_device, &ifindex);
	link_renamed(mirror);
}

/* Next hop objects by it go likewise, and leave their groups; IPv4 routes stay. */
static void carrier_lost(struct mirror *mirror, uint32_t ifindex)
{
	objects__remove_device(mirror->objects, ifindex);
	mirror__request_sync(mirror, NULL);
}

static void on_link(enum nl_change change, const struct nl_link *link, void *data)
{
	const uint32_t entailing = XFIB_LINK_UP | XFIB_LINK_CARRIER | XFIB_LINK_IGNORE_LINKDOWN4 | XFIB_LINK_IGNORE_LINKDOWN6;
	struct mirror *mirror = data;
	const struct xfib_link *held = links__find(mirror->links, link->ifindex);
	struct xfib_link before = held ? *held : (struct xfib_link){ 0 };
	/* A kernel that does not announce which devices take redirected frames is asked each time. */
	bool anew = change != NL_DUMP || mirror->syncing || mirror__feature_fd(mirror) < 0;
	uint64_t muted;

	if (change == NL_DELETED) {
		links__remove(mirror->links, link->ifindex);
		mirror__link_gone(link->ifindex, mirror);
		return;
	}
	if (links__set(mirror->links, link, anew) && log_limit__pass(&mirror->full_limit, &muted))
		log_warning("link %s: no slot for interface index %u in xfib_links; its packets go up to the kernel; "
			    "restart with a larger --max-links",
			    link->name, link->ifindex);
	held = links__find(mirror->links, link->ifindex);
	if (!held || !memcmp(&before, held, sizeof(before)))
		return;
	mirror__want_audit(mirror);
	if (memcmp(before.name, held->name, sizeof(before.name)))
		mirror->devices++;
	device_changed(mirror, link->ifindex);
	if (strncmp(before.name, held->name, sizeof(held->name)) || before.master != held->master)
		link_renamed(mirror);
	if (before.table != held->table && held->flags & XFIB_LINK_VRF) { /* its routes, and rules that lead to them */
		mirror__forget_table(mirror, held->table);
		mirror->rules_dirty = mirror->plans_dirty = true;
		mirror__request_sync(mirror, NULL);
	}
	if (before.flags & XFIB_LINK_UP && !(link->flags & IFF_UP))
		device_down(mirror, link->ifindex);
	/* IPv6 routes follow the MTU, paths are dead or alive again. */
	else if (before.flags & XFIB_LINK_CARRIER && !(held->flags & XFIB_LINK_CARRIER))
		carrier_lost(mirror, link->ifindex);
	else if ((before.flags ^ held->flags) & entailing || before.mtu != held->mtu || before.mtu6 != held->mtu6)
		mirror__request_sync(mirror, NULL);
}

static void on_address(enum nl_change change, const struct nl_address *address, void *data)
{
	struct mirror *mirror = data;

	if (change == NL_DUMP) {
		addresses__add(mirror->addresses, address);
		return;
	}
	mirror__want_audit(mirror);
	mirror->addresses_dirty = true;
	if (address->family == AF_INET6) /* it may have come or gone with disable_ipv6 */
		mirror->settings_dirty = true;
	/*
	 * Routes that prefer an address go with it, without a word about each. Paths by a device that has lost its last one are
	 * dead until it has an address again (fib_sync_up()).
	 */
	if (change == NL_DELETED)
		mirror__request_sync(mirror, NULL);
	else if (address->family == AF_INET)
		rib__revive_device4(mirror->rib, address->ifindex);
}

static uint8_t state_of(const struct nl_neighbour *neighbour)
{
	if (neighbour->mac_length != 6)
		return XFIB_NEIGHBOUR_NONE;
	if (neighbour->state & (NUD_PERMANENT | NUD_NOARP | NUD_REACHABLE | NUD_DELAY | NUD_PROBE))
		return XFIB_NEIGHBOUR_VALID;
	return neighbour->state & NUD_STALE ? XFIB_NEIGHBOUR_STALE : XFIB_NEIGHBOUR_NONE;
}

#define NUD_GOOD (NUD_PERMANENT | NUD_NOARP | NUD_REACHABLE | NUD_DELAY | NUD_PROBE | NUD_STALE) /* the kernel's NUD_VALID */

static void on_neighbour(enum nl_change change, const struct nl_neighbour *neighbour, void *data)
{
	struct mirror *mirror = data;
	enum neighbour_entry entry = change == NL_DELETED ? ENTRY_NONE : neighbour->state & NUD_GOOD ? ENTRY_GOOD : ENTRY_FAILED;
	uint64_t muted;

	if ((neighbour->family != AF_INET && neighbour->family != AF_INET6) || neighbour->flags & NTF_PROXY)
		return;
	if (nexthops__set_neighbour(mirror->nexthops, neighbour->ifindex, neighbour->family, neighbour->address,
				    entry ? state_of(neighbour) : XFIB_NEIGHBOUR_NONE, neighbour->mac, entry) &&
	    log_limit__pass(&mirror->full_limit, &muted))
		log_warning("no room for another neighbour; packets to it go up to the kernel; "
			    "restart with a larger --max-neighbours or --max-nexthops");
}

static void on_setting(void *data)
{
	struct mirror *mirror = data;

	mirror->settings_dirty = true;
}

static void on_feature(void *data)
{
	struct mirror *mirror = data;

	mirror->features_dirty = true;
}

static void on_wait(bool begins, void *data)
{
	const struct mirror *mirror = data;

	if (mirror->opts.wait)
		mirror->opts.wait(begins, mirror->opts.wait_data);
}

static void on_unknown(const char *what, bool dumped, void *data)
{
	struct mirror *mirror = data;
	uint64_t muted;

	mirror__count(&mirror->maps->state->misread);
	if (log_limit__pass(&mirror->unknown_limit, &muted))
		log_warning("a message of the kernel was not understood (%s; %llu more since the last such line); "
			    "comparing everything",
			    what, (unsigned long long)muted);
	if (dumped) /* the next dump may well have it again */
		mirror->misread = true;
	else
		mirror__request_sync(mirror, NULL);
}

static const struct nl_handlers handlers = {
	.link = on_link,
	.address = on_address,
	.neighbour = on_neighbour,
	.route = mirror__on_route,
	.rule = mirror__on_rule,
	.nexthop = mirror__on_nexthop,
	.bucket = mirror__on_bucket,
	.setting = on_setting,
	.feature = on_feature,
	.wait = on_wait,
	.unknown = on_unknown,
};

/* ---- changes ---- */

/* A reader copies what it needs, and again if `changes` was odd or has moved. */
void mirror__begin(struct mirror *mirror)
{
	uint32_t *changes = &mirror->maps->state->changes;

	if (mirror->depth++)
		return;
	maps__defer(mirror->maps);
	__atomic_store_n(changes, *changes + 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

void mirror__end(struct mirror *mirror)
{
	uint32_t *changes = &mirror->maps->state->changes;
	int err;

	if (--mirror->depth)
		return;
	err = maps__end_deferring(mirror->maps);
	if (err) {
		log_error("writing the LPM tries: %s; they are behind, and tried again in a second", strerror(-err));
		mirror->sync_at = mirror__now_ms() + ERROR_INTERVAL_MS;
	}
	__atomic_store_n(changes, *changes + 1, __ATOMIC_RELEASE);
}

void mirror__note_lost(struct mirror *mirror, int err)
{
	uint64_t muted;

	mirror__count(err == -ENOBUFS ? &mirror->maps->state->overruns : &mirror->maps->state->misread);
	mirror__request_sync(mirror, NULL);
	if (log_limit__pass(&mirror->lost_limit, &muted))
		log_warning("comparing everything with the kernel: %s (%llu more such cases since the last such line)",
			    err == -ENOBUFS ? "it dropped events, their buffer was full; --receive-buffer makes it larger" :
			    err == -EBADMSG ? "a message of it was truncated" : strerror(-err),
			    (unsigned long long)muted);
}

int mirror__catch_up(struct mirror *mirror)
{
	int count = nl__receive(mirror->nl, INT_MAX), err;

	if (count >= 0)
		return count > 0;
	mirror__note_lost(mirror, count);
	err = mirror__sync(mirror);
	mirror__count(&mirror->maps->state->resyncs);
	return err ? err : 1;
}

static void on_path(uint32_t type, const struct xfib_route *route, const struct xfib_nexthop *nexthop, void *data)
{
	const struct mirror *mirror = data;
	struct mirror_event event = { .type = type, .origin = mirror->origin, .route = route, .nexthop = nexthop };

	/* What events that were lost would have said of the change under way. */
	if (mirror->syncing && mirror->changing && !event.origin &&
	    changing__names(mirror->changing, route->family, route->table, route->prefix_length, route->prefix))
		event.origin = mirror->changing->origin;
	mirror->listener(&event, mirror->listener_data);
}

void mirror__set_listener(struct mirror *mirror, mirror_listener_fn listener, void *data)
{
	mirror->listener = listener;
	mirror->listener_data = data;
	rib__set_path_listener(mirror->rib, listener ? on_path : NULL, mirror);
}

/* ---- the interface ---- */

int mirror__new(struct maps *maps, const struct mirror_opts *opts, struct mirror **ret_mirror)
{
	struct mirror *mirror = calloc(1, sizeof(*mirror));
	int err;

	if (!mirror)
		return -ENOMEM;
	mirror->maps = maps;
	mirror->opts = *opts;
	mirror->hash_seed = multipath__make_seed(maps->state->netns);
	err = nl__open(&handlers, mirror, opts->receive_buffer, &mirror->nl);
	if (!err)
		err = links__new(maps, mirror->nl, &mirror->links);
	if (!err)
		err = addresses__new(maps, &mirror->addresses);
	if (!err)
		err = rules__new(maps, &mirror->rules);
	if (!err)
		err = plans__new(maps, &mirror->plans);
	if (!err)
		err = nexthops__new(maps, links__describe_device, mirror->links, &mirror->nexthops);
	if (!err)
		err = objects__new(&mirror->objects);
	if (!err)
		err = rib__new(maps, mirror->nexthops, &mirror->rib);
	if (!err)
		rib__set_objects(mirror->rib, mirror->objects);
	if (!err && !opts->by_trie)
		rib__want_fib(mirror->rib);
	if (err) {
		mirror__free(mirror);
		return err;
	}
	*ret_mirror = mirror;
	return 0;
}

void mirror__free(struct mirror *mirror)
{
	if (!mirror)
		return;
	rib__free(mirror->rib);
	nexthops__free(mirror->nexthops);
	objects__free(mirror->objects);
	rules__free(mirror->rules);
	plans__free(mirror->plans);
	mirror__free_tables(mirror);
	addresses__free(mirror->addresses);
	links__free(mirror->links);
	nl__close(mirror->nl);
	free(mirror);
}

int mirror__reopen(struct mirror *mirror)
{
	struct nl *nl;
	int err = nl__open(&handlers, mirror, mirror->opts.receive_buffer, &nl);

	if (err)
		return err;
	nl__close(mirror->nl);
	mirror->nl = nl;
	rib__stop_audit(mirror->rib);
	links__set_netlink(mirror->links, nl);
	return 0;
}

uint32_t mirror__devices(const struct mirror *mirror)
{
	return mirror->devices;
}

int mirror__event_fd(const struct mirror *mirror)
{
	return nl__event_fd(mirror->nl);
}

int mirror__feature_fd(const struct mirror *mirror)
{
	return nl__feature_fd(mirror->nl);
}

void mirror__request_sync(struct mirror *mirror, const char *why)
{
	uint64_t at = mirror__now_ms() + SYNC_DELAY_MS;

	if (why)
		log_info("comparing everything with the kernel: %s", why);
	if (at < mirror->rest_until)
		at = mirror->rest_until;
	if (!mirror->sync_at || mirror->sync_at > at)
		mirror->sync_at = at;
}

/*
 * The kernel does not say when a router advertisement gives a route a longer life. So it is asked in time, and once more
 * when it should be over, and then again until it has removed the route.
 */
static bool has_asked(const struct mirror *mirror, uint64_t expiry)
{
	/* Each message rounds what is left of a life, so that it ends at another millisecond. */
	return expiry + 1000 > mirror->asked_expiry && expiry < mirror->asked_expiry + 1000;
}

static void expire(struct mirror *mirror)
{
	uint64_t expiry = rib__next_expiry(mirror->rib), now = mirror__now_ms();

	if (expiry && now >= expiry) {
		if (rib__expire(mirror->rib)) {
			mirror->asked_expiry = rib__next_expiry(mirror->rib);
			mirror__request_sync(mirror, NULL);
		}
	} else if (expiry && !has_asked(mirror, expiry) && now + EXPIRY_MARGIN_MS >= expiry) {
		mirror->asked_expiry = expiry;
		mirror__request_sync(mirror, NULL);
	}
}

static uint64_t next_expiry(const struct mirror *mirror)
{
	uint64_t expiry = rib__next_expiry(mirror->rib);

	if (!expiry || has_asked(mirror, expiry))
		return expiry;
	return expiry > EXPIRY_MARGIN_MS ? expiry - EXPIRY_MARGIN_MS : 1;
}

void mirror__handle(struct mirror *mirror)
{
	int err;

	mirror__watch_split(mirror); /* before readers are told of a change, for it may take a while */
	mirror__begin(mirror);
	err = nl__receive(mirror->nl, EVENTS_PER_TURN);
	if (err < 0)
		mirror__note_lost(mirror, err);
	if (mirror__now_ms() >= mirror->settings_at) {
		mirror->settings_at = mirror__now_ms() + SETTINGS_INTERVAL_MS;
		mirror->settings_dirty = true;
	}
	expire(mirror);
	mirror__audit(mirror);
	mirror__settle(mirror);
	if (mirror->sync_at && mirror__now_ms() >= mirror->sync_at) {
		mirror__sync(mirror);
		mirror__count(&mirror->maps->state->resyncs);
	}
	mirror__end(mirror);
}

int mirror__timeout(const struct mirror *mirror)
{
	uint64_t now = mirror__now_ms(), at = mirror->settings_at, expiry = next_expiry(mirror);

	if (mirror->sync_at && mirror->sync_at < at)
		at = mirror->sync_at;
	if (expiry && expiry < at)
		at = expiry;
	if (mirror->audit_at && mirror->audit_at < at)
		at = mirror->audit_at;
	return at <= now ? 0 : (int)(at - now);
}

void mirror__solicit(struct mirror *mirror, uint32_t ifindex, uint8_t family, const uint8_t address[16])
{
	int err = nl__solicit(mirror->nl, ifindex, family, address);

	if (err)
		log_debug("asking for a neighbour on interface %u: %s", ifindex, strerror(-err));
}
