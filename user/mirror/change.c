// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Changes of routes on request. See change.h; tables of the kernel's are in
 * change_kernel.c, xfib's own in change_own.c.
 *
 * Changes are made in their order, so that a gateway may be reachable by a
 * route that comes before it in the list; those of the kernel's tables that
 * follow one another go in batches.
 */
#include "change.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "change_private.h"
#include "maps.h"

uint32_t change__table(const struct change *change)
{
	const struct xfib_route_spec *spec = &change->spec;

	if (spec->table)
		return spec->table;
	return spec->type == XFIB_ROUTE_LOCAL || spec->type == XFIB_ROUTE_BROADCAST || spec->type == XFIB_ROUTE_ANYCAST ?
		       XFIB_TABLE_LOCAL :
		       XFIB_TABLE_MAIN;
}

void change__describe(const struct change *change, char *ret_text, size_t room)
{
	static const char *const words[] = { [XFIB_ADD] = "add", [XFIB_REPLACE] = "replace", [XFIB_APPEND] = "append",
					     [XFIB_DELETE] = "delete" };
	const struct xfib_route_spec *spec = &change->spec;
	char text[INET6_ADDRSTRLEN] = "?", table[16];
	uint32_t id = change__table(change);

	inet_ntop((int)spec->family, spec->prefix, text, sizeof(text));
	snprintf(table, sizeof(table), "%u", id);
	snprintf(ret_text, room, "%s %s/%u table %s",
		 change->what >= XFIB_ADD && change->what <= XFIB_DELETE ? words[change->what] : "put back", text,
		 spec->prefix_length, id == XFIB_TABLE_MAIN ? "main" : id == XFIB_TABLE_LOCAL ? "local" : table);
}

void changing__fail(struct changing *changing, uint32_t index, int err, const char *format, ...)
{
	char what[96] = "", why[CHANGE_MESSAGE - sizeof(what) - 2];
	va_list args;

	if (changing->err && changing->failure.index <= index)
		return;
	changing->err = err;
	changing->failure.index = index;
	va_start(args, format);
	vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	if (index < changing->count)
		change__describe(&changing->changes[index], what, sizeof(what));
	snprintf(changing->failure.message, sizeof(changing->failure.message), "%s%s%s", what, *what ? ": " : "", why);
}

/* ---- slices of time ---- */

#define SLICE_MS 10
#define SLICE_CHANGES 64 /* between two looks at the clock */

/* Others are served even if the kernel could not be followed: that is tried again before long. */
static int breathe(struct mirror *mirror)
{
	uint64_t origin = mirror->origin;
	int heard;

	mirror->origin = 0; /* what comes now is somebody else's */
	heard = mirror__catch_up(mirror);
	mirror__settle(mirror);
	if (heard) /* who reads the tries sees what the kernel has changed; what fails is tried again at the end */
		maps__flush(mirror->maps);
	if (mirror->opts.breathe)
		mirror->opts.breathe(mirror->opts.breathe_data);
	mirror->origin = origin;
	return heard < 0 ? heard : 0;
}

int changing__breathe(struct changing *changing, uint32_t index)
{
	int err;

	if (mirror__now_ms() < changing->slice_end)
		return 0;
	err = breathe(changing->mirror);
	changing->slice_end = mirror__now_ms() + SLICE_MS;
	if (!err)
		return 0;
	changing__fail(changing, index, -EIO, "comparing with the kernel: %s", strerror(-err));
	return -EIO;
}

/* A rib_pause_fn. An error is not that of a change any more; the mirror tries again. */
static void pause_ending(void *data)
{
	struct changing *changing = data;

	if (mirror__now_ms() < changing->slice_end)
		return;
	breathe(changing->mirror);
	changing->slice_end = mirror__now_ms() + SLICE_MS;
}

/* ---- devices that go meanwhile ---- */

bool changing__note_gone(struct changing *changing, uint32_t ifindex)
{
	if (changing->gone_count < CHANGE_GONE)
		changing->gone[changing->gone_count] = ifindex;
	changing->gone_count++;
	return !changing->ending;
}

/* Those from `first` on, and all that are unknown: another device may have the number of one that has gone. */
struct gone {
	const struct changing *changing;
	uint32_t first;
};

static bool is_gone(uint32_t ifindex, void *data)
{
	const struct gone *gone = data;
	const struct changing *changing = gone->changing;
	uint32_t end = changing->gone_count < CHANGE_GONE ? changing->gone_count : CHANGE_GONE;

	for (uint32_t i = gone->first; i < end; i++) {
		if (changing->gone[i] == ifindex)
			return true;
	}
	return ifindex && !links__find(changing->mirror->links, ifindex);
}

/* Own routes that lead to devices that have gone, the `first` of them or a later one, go too. */
static void flush_gone(struct changing *changing, uint32_t first)
{
	struct gone gone = { changing, first };

	if (changing->gone_count > first)
		rib__flush_own(changing->mirror->rib, is_gone, &gone);
}

/* ---- which changes name a prefix ---- */

/* By family, table, length and prefix. */
static int compare(const void *a, const void *b)
{
	const struct change *change = *(const struct change *const *)a, *other = *(const struct change *const *)b;
	const struct xfib_route_spec *spec = &change->spec;
	uint32_t table = change__table(change), other_table = change__table(other);

	if (spec->family != other->spec.family)
		return spec->family < other->spec.family ? -1 : 1;
	if (table != other_table)
		return table < other_table ? -1 : 1;
	if (spec->prefix_length != other->spec.prefix_length)
		return spec->prefix_length < other->spec.prefix_length ? -1 : 1;
	return memcmp(spec->prefix, other->spec.prefix, sizeof(spec->prefix));
}

bool changing__names(struct changing *changing, uint32_t family, uint32_t table, uint32_t length,
		     const uint8_t prefix[16])
{
	struct change key = { .spec = { .family = family, .table = table, .prefix_length = length } };
	const struct change *pointer = &key;

	memcpy(key.spec.prefix, prefix, sizeof(key.spec.prefix));
	if (!changing->sorted) {
		changing->sorted = calloc(changing->count, sizeof(const struct change *));
		if (!changing->sorted) {
			changing->undo_lost = true;
			return false;
		}
		for (uint32_t i = 0; i < changing->count; i++)
			changing->sorted[i] = &changing->changes[i];
		qsort(changing->sorted, changing->count, sizeof(const struct change *), compare);
	}
	return bsearch(&pointer, changing->sorted, changing->count, sizeof(const struct change *), compare) != NULL;
}

/* ---- all of them ---- */

static bool is_kernel(const struct changing *changing, uint32_t index)
{
	const struct change *change = &changing->changes[index];
	uint32_t table = change__table(change);

	if (change->restored && (mirror__is_fed(changing->mirror, table) || mirror__is_named(changing->mirror, table)))
		return false;
	return mirror__is_mirrored(changing->mirror, table);
}

/* Nothing has changed yet: are all changes possible, and is there room for what they bring? */
static int check(struct changing *changing)
{
	uint64_t needed = 0;
	uint32_t room;

	for (uint32_t i = 0; i < changing->count; i++) {
		const struct change *change = &changing->changes[i];
		char message[CHANGE_MESSAGE];
		int err = change__check(change, message);

		if (err) {
			changing__fail(changing, i, err, "%s", message);
			return err;
		}
		if (change->what != XFIB_DELETE)
			needed += change->spec.path_count ? change->spec.path_count : 1;
		err = i % SLICE_CHANGES ? 0 : changing__breathe(changing, i);
		if (err)
			return err;
	}
	room = rib__room(changing->mirror->rib);
	if (needed > room) {
		changing__fail(changing, changing->count, -ENOSPC,
			       "%llu paths, but there is room for %u more routes: make it several transactions or restart "
			       "xfibd with a larger --max-routes",
			       (unsigned long long)needed, room);
		return -ENOSPC;
	}
	return 0;
}

/* Tells the RIB how much of which own tables will change; of more than a few it need not know. */
static void announce(struct changing *changing)
{
	struct {
		uint32_t table, family, count;
	} found[4] = { 0 };
	const uint32_t room = sizeof(found) / sizeof(found[0]);

	for (uint32_t i = 0, at = 0; i < changing->count; i++) {
		const struct xfib_route_spec *spec = &changing->changes[i].spec;
		uint32_t table = change__table(&changing->changes[i]);

		if (found[at].count && (found[at].table != table || found[at].family != spec->family)) {
			for (at = 0; at < room - 1 && found[at].count; at++) {
				if (found[at].table == table && found[at].family == spec->family)
					break;
			}
			if (found[at].table != table || found[at].family != spec->family)
				found[at].count = 0;
		}
		found[at].table = table;
		found[at].family = spec->family;
		found[at].count++;
	}
	for (uint32_t at = 0; at < room; at++) {
		if (found[at].count && !mirror__is_mirrored(changing->mirror, found[at].table))
			rib__expect(changing->mirror->rib, found[at].table, (uint8_t)found[at].family, found[at].count);
	}
}

#define AHEAD 8 /* changes whose look-ups are under way at a time */

static void prefetch(const struct changing *changing, uint32_t index)
{
	const struct change *change = &changing->changes[index];

	rib__prefetch(changing->mirror->rib, change__table(change), (uint8_t)change->spec.family, change->spec.prefix,
		      (uint8_t)change->spec.prefix_length);
}

static int run(struct changing *changing)
{
	uint32_t begin = 0;
	int err = 0;

	while (!err && begin < changing->count) {
		uint32_t end = begin + 1;

		if (!is_kernel(changing, begin)) {
			if (begin + AHEAD < changing->count)
				prefetch(changing, begin + AHEAD);
			err = change_own__run(changing, begin);
		} else {
			while (end < changing->count && is_kernel(changing, end))
				end++;
			err = change_kernel__run(changing, begin, end);
		}
		begin = end;
		if (!err && begin % SLICE_CHANGES == 0)
			err = changing__breathe(changing, begin);
	}
	return err;
}

/* ---- the end ---- */

static int end_own(struct changing *changing, bool keep)
{
	struct mirror *mirror = changing->mirror;
	int err;

	mirror->origin = changing->origin;
	err = rib__end_own(mirror->rib, keep, pause_ending, changing);
	mirror->origin = 0;
	return err;
}

static int take_back(struct changing *changing)
{
	int err = change_undo__run(changing), own_err = end_own(changing, false);

	flush_gone(changing, 0); /* what has been put back may lead there */
	if (!err)
		err = own_err;
	if (err) {
		char *message = changing->failure.message;
		size_t length = strlen(message);

		snprintf(message + length, CHANGE_MESSAGE - length,
			 "; and what had been changed could not all be taken back: look at the routes");
	}
	return err;
}

/* Keeps the changes. What the maps do not take after all is taken back, with the rest. */
static int finish(struct changing *changing)
{
	uint32_t gone = changing->gone_count;
	int err = end_own(changing, true);

	if (!err) {
		flush_gone(changing, gone);
		return 0;
	}
	changing__fail(changing, changing->count, err, "writing the LPM tries: %s", strerror(-err));
	if (change_undo__run(changing))
		err = -EIO;
	flush_gone(changing, 0);
	return err;
}

int mirror__change(struct mirror *mirror, const struct change *changes, uint32_t count, uint64_t origin,
		   struct change_failure *ret_failure)
{
	struct changing changing = { .mirror = mirror, .changes = changes, .count = count, .origin = origin };
	int err;

	if (!count)
		return 0;
	mirror__begin(mirror);
	mirror__catch_up(mirror);
	changing.slice_end = mirror__now_ms() + SLICE_MS;
	err = check(&changing);
	if (!err) {
		mirror->changing = &changing;
		changing.first_sequence = nl__take_sequences(mirror->nl, count);
		rib__set_route_listener(mirror->rib, change_undo__note, mirror);
		rib__begin_own(mirror->rib);
		announce(&changing);
		err = run(&changing);
		changing.ending = true;
		if (!err)
			err = finish(&changing);
		else if (take_back(&changing))
			err = -EIO;
		rib__set_route_listener(mirror->rib, NULL, NULL);
		mirror->changing = NULL;
		change_undo__free(&changing);
		free(changing.sorted);
	}
	mirror__settle(mirror);
	mirror__end(mirror);
	if (err)
		*ret_failure = changing.failure;
	return err;
}
