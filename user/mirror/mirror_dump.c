// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Full dumps of what the kernel holds, applied as a difference, and how often. See mirror.h. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "maps.h"
#include "mirror_private.h"

#define DUMP_ATTEMPTS 8
#define BUCKET_DUMPS 64 /* of single groups at once: rather everything than more */
/* From the end of one full dump to the next: four times as long as the dump took, within these bounds. */
#define SYNC_INTERVAL_MS 50
#define SYNC_INTERVAL_MAX_MS 5000
#define RETRY_INTERVAL_MS 30000 /* for routes that found no room, or that were not understood */

static int dump_links(struct mirror *mirror)
{
	int err;

	links__begin_dump(mirror->links);
	err = nl__dump(mirror->nl, NL_LINKS, AF_UNSPEC);
	if (!err)
		links__end_dump(mirror->links, mirror__link_gone, mirror);
	return err;
}

static int dump_addresses(struct mirror *mirror)
{
	uint64_t muted;
	int err;

	addresses__begin(mirror->addresses);
	mirror->addresses_dirty = false; /* unless an event during the dump says so again */
	err = nl__dump(mirror->nl, NL_ADDRESSES, AF_UNSPEC);
	if (err)
		return err;
	err = addresses__publish(mirror->addresses);
	links__update_sources(mirror->links);
	rib__addresses_changed(mirror->rib);
	if (err == -ENOSPC && log_limit__pass(&mirror->full_limit, &muted))
		log_warning("more addresses than xfib_addresses holds; source selection may differ from the kernel's; "
			    "restart with a larger --max-addresses");
	return err == -ENOSPC ? 0 : err;
}

static int dump_neighbours(struct mirror *mirror)
{
	int err;

	nexthops__begin_neighbours(mirror->nexthops);
	err = nl__dump(mirror->nl, NL_NEIGHBOURS, AF_UNSPEC);
	if (!err)
		nexthops__end_neighbours(mirror->nexthops);
	return err;
}

/* What cannot be dumped, by a kernel that has none (before 5.3), no route is by. */
static int dump_objects(struct mirror *mirror)
{
	int err;

	objects__begin_dump(mirror->objects);
	err = nl__dump(mirror->nl, NL_NEXTHOPS, AF_UNSPEC);
	if (!err)
		objects__end_dump(mirror->objects);
	return err == -EOPNOTSUPP || err == -EINVAL ? 0 : err;
}

static int dump_buckets(struct mirror *mirror)
{
	int err;

	objects__unask_buckets(mirror->objects);
	mirror->dumping_buckets = true;
	err = nl__dump(mirror->nl, NL_BUCKETS, AF_UNSPEC);
	mirror->dumping_buckets = false;
	return err;
}

static int dump_routes(struct mirror *mirror)
{
	int err;

	mirror__begin_tables(mirror);
	rib__begin_dump(mirror->rib);
	err = nl__dump(mirror->nl, NL_ROUTES, AF_INET);
	if (!err)
		err = nl__dump(mirror->nl, NL_ROUTES, AF_INET6);
	if (err == -EAFNOSUPPORT || err == -EOPNOTSUPP) /* no such stack, no such routes */
		err = 0;
	if (err)
		rib__abort_dump(mirror->rib);
	else if (!rib__end_dump(mirror->rib)) {
		mirror__count(&mirror->maps->state->repeated);
		mirror__request_sync(mirror, NULL);
	} else {
		mirror__end_tables(mirror);
	}
	return err;
}

/* Repeats a dump that a change interrupted. */
static int dump(struct mirror *mirror, const char *what, int (*once)(struct mirror *mirror))
{
	int err = -EINTR;

	for (int attempt = 0; attempt < DUMP_ATTEMPTS && err == -EINTR; attempt++) {
		if (attempt)
			mirror__count(&mirror->maps->state->repeated);
		err = once(mirror);
	}
	if (err)
		log_error("dump of the kernel's %s: %s", what, strerror(-err));
	return err;
}

/* Asks for the buckets of groups that have changed, again if they move meanwhile; rather for all than for many. */
static void ask_for_buckets(struct mirror *mirror)
{
	uint32_t id;

	for (int dumps = 0; (id = objects__next_asking(mirror->objects)); dumps++) {
		int err;

		if (dumps == BUCKET_DUMPS) {
			objects__ask_buckets(mirror->objects, id);
			if (dump(mirror, "buckets of next hop groups", dump_buckets) || objects__next_asking(mirror->objects))
				mirror__request_sync(mirror, NULL);
			return;
		}
		mirror->dumping_buckets = true;
		err = nl__dump_buckets(mirror->nl, id);
		mirror->dumping_buckets = false;
		if (err == -EINTR)
			objects__ask_buckets(mirror->objects, id);
		else if (err && err != -ENOENT) /* it has gone, and an event will say so */
			mirror__request_sync(mirror, "the buckets of a next hop group could not be dumped");
	}
}

/* Has packets follow buckets that have moved. */
static void update_buckets(struct mirror *mirror)
{
	uint32_t id;

	ask_for_buckets(mirror);
	while ((id = objects__next_moved(mirror->objects)))
		rib__update_buckets(mirror->rib, id);
	if (objects__were_reshaped(mirror->objects))
		mirror->targets_dirty = true;
}

void mirror__settle(struct mirror *mirror)
{
	if (mirror->rules_dirty)
		dump(mirror, "rules", mirror__dump_rules);
	if (mirror->settings_dirty) {
		mirror->settings_dirty = false;
		mirror__read_settings(mirror);
		dump(mirror, "links", dump_links);
		if (objects__have_resilient(mirror->objects)) /* in case that an event got lost: nothing else compares them */
			dump(mirror, "buckets of next hop groups", dump_buckets);
	}
	if (mirror->features_dirty) {
		mirror->features_dirty = false;
		links__update_targets(mirror->links);
	}
	if (mirror->addresses_dirty)
		dump(mirror, "addresses", dump_addresses);
	update_buckets(mirror);
	mirror__settle_objects(mirror, mirror->objects, XFIB_OWNER_KERNEL, true);
	if (mirror->targets_dirty) {
		mirror->targets_dirty = false;
		rib__refresh(mirror->rib);
	}
	rib__settle_fib(mirror->rib);
	mirror__update_plans(mirror);
}

/* Lets time pass before the next full dump, after one that took `took` ms. */
static void rest(struct mirror *mirror, uint64_t took)
{
	uint64_t interval = took * 4;

	if (interval < SYNC_INTERVAL_MS)
		interval = SYNC_INTERVAL_MS;
	if (interval > SYNC_INTERVAL_MAX_MS)
		interval = SYNC_INTERVAL_MAX_MS;
	mirror->rest_until = mirror__now_ms() + interval;
}

int mirror__sync(struct mirror *mirror)
{
	uint64_t begin = mirror__now_ms();
	int err;

	mirror__begin(mirror);
	mirror->syncing = true;
	mirror->misread = false;
	mirror__restart_audit(mirror);
	mirror->sync_at = 0;
	mirror->settings_at = mirror__now_ms() + SETTINGS_INTERVAL_MS;
	mirror->targets_dirty = mirror->settings_dirty = false; /* links and rules tell of all settings */
	err = dump(mirror, "links", dump_links);
	if (!err)
		err = dump(mirror, "rules", mirror__dump_rules);
	if (!err)
		err = dump(mirror, "addresses", dump_addresses);
	if (!err)
		err = dump(mirror, "neighbours", dump_neighbours);
	if (!err)
		err = dump(mirror, "next hop objects", dump_objects);
	if (!err && objects__have_resilient(mirror->objects))
		err = dump(mirror, "buckets of next hop groups", dump_buckets);
	mirror->sync_at = 0; /* what has been asked for so far is done by this */
	if (!err)
		err = dump(mirror, "routes", dump_routes);
	mirror->targets_dirty = true;
	mirror__settle(mirror);
	rest(mirror, mirror__now_ms() - begin);
	if (err)
		mirror->sync_at = mirror__now_ms() + ERROR_INTERVAL_MS;
	else if (mirror->sync_at)
		mirror->sync_at = mirror->rest_until; /* something asked for another one meanwhile */
	else if (mirror->misread || rib__is_incomplete(mirror->rib))
		mirror->sync_at = mirror__now_ms() + RETRY_INTERVAL_MS;
	mirror->syncing = false;
	mirror__end(mirror);
	return err;
}
