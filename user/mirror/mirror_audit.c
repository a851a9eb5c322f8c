// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * The audit: what if something came between the mirror and the kernel, and
 * nothing said so? Every opts.audit_interval a slice of the kernel's routes is
 * compared with the RIB (rib_audit.c), 16,384 routes, 20 ms or less: a full
 * table in a quarter of an hour by slices of 10 seconds. What differs is
 * counted, logged, and asks for a full dump.
 *
 * A round begins anew after a full dump, which has compared everything. When
 * the kernel has announced no change since a round began in which nothing
 * differed, the next one begins after sixty times as long, or the next change:
 * an idle mirror costs as good as nothing.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>

#include "maps.h"
#include "mirror_private.h"

#define SLICE_ROUTES 16384
#define IDLE_INTERVALS 60

static void schedule(struct mirror *mirror, uint32_t intervals)
{
	mirror->audit_at = mirror__now_ms() + mirror->opts.audit_interval * 1000ULL * intervals;
	mirror->audit_idle = intervals > 1;
}

static void stop(struct mirror *mirror)
{
	nl__audit_stop(mirror->nl);
	rib__stop_audit(mirror->rib);
}

void mirror__want_audit(struct mirror *mirror)
{
	mirror->audit_wanted = true;
	if (mirror->opts.audit_interval && (mirror->audit_idle || !mirror->audit_at))
		schedule(mirror, 1);
}

void mirror__restart_audit(struct mirror *mirror)
{
	stop(mirror);
	mirror__want_audit(mirror);
}

void mirror__set_audit_interval(struct mirror *mirror, uint32_t seconds)
{
	mirror->opts.audit_interval = seconds;
	mirror->audit_at = 0;
	mirror__restart_audit(mirror);
}

static void report(struct mirror *mirror, uint32_t count, const struct rib_difference *first)
{
	char text[INET6_ADDRSTRLEN] = "";
	uint64_t muted;

	__atomic_add_fetch(&mirror->maps->state->audit_differences, count, __ATOMIC_RELAXED);
	mirror__request_sync(mirror, NULL);
	if (!log_limit__pass(&mirror->audit_limit, &muted))
		return;
	inet_ntop(first->family, first->prefix, text, sizeof(text));
	log_warning("audit: %u routes are not as the kernel has them, %s/%u of table %u, which %s, is the first; "
		    "comparing everything",
		    count, text, first->prefix_length, first->table,
		    first->stale ? "the kernel does not have" : "is missing here or another one");
}

/* Reads and handles one part. 1: there are more; 0: that was the last one. */
static int handle_part(struct mirror *mirror)
{
	int err;

	rib__begin_audit_part(mirror->rib);
	err = nl__audit_receive(mirror->nl);
	if (err)
		return err;
	err = nl__receive(mirror->nl, INT_MAX); /* what the part knows has been told by now */
	if (err < 0) {
		mirror__note_lost(mirror, err);
		return err;
	}
	return mirror->sync_at ? -ECANCELED : nl__audit_handle(mirror->nl);
}

static int handle_slice(struct mirror *mirror)
{
	int more = 1;

	mirror->audited = 0;
	while (more == 1 && mirror->audited < SLICE_ROUTES)
		more = handle_part(mirror);
	__atomic_add_fetch(&mirror->maps->state->audited, mirror->audited, __ATOMIC_RELAXED);
	if (!more)
		rib__end_audit(mirror->rib);
	return more < 0 ? more : 0;
}

/* What of the last slice is still suspect. False: that was the end of a round, and all is well. */
static bool judge(struct mirror *mirror)
{
	struct rib_difference first;
	bool ended;
	uint32_t count = rib__judge_audit(mirror->rib, &ended, &first);

	if (count)
		report(mirror, count, &first);
	if (count || ended)
		stop(mirror);
	return count || !ended || mirror->audit_wanted;
}

void mirror__audit(struct mirror *mirror)
{
	if (!mirror->audit_at || mirror__now_ms() < mirror->audit_at)
		return;
	schedule(mirror, 1);
	if (mirror->sync_at || mirror->misread || rib__is_incomplete(mirror->rib)) { /* out of step, and known to be */
		mirror__restart_audit(mirror);
		return;
	}
	if (rib__is_auditing(mirror->rib) && !judge(mirror)) {
		schedule(mirror, IDLE_INTERVALS);
		return;
	}
	if (mirror->sync_at)
		return;
	if (!rib__is_auditing(mirror->rib)) {
		mirror->audit_wanted = false;
		if (rib__begin_audit(mirror->rib))
			return;
	}
	if (handle_slice(mirror))
		mirror__restart_audit(mirror);
}
