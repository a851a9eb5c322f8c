// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Why: every path whose prefix covers a destination. The winner is the one
 * that search__best() finds; all paths are then listed, table by table, and
 * each loser is compared with the winner.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"
#include "search.h"
#include "tables.h"

/* Tables that are listed; rules that lead to more of them are passed over. */
#define TABLES_MAX 64

/* What is known of a candidate beyond what the caller gets. */
struct note {
	uint32_t step;  /* in which its table was searched */
	uint32_t unit;  /* first slot of its route */
	int32_t suppress;
	bool thrown;    /* a throw route of the table comes before it */
};

struct list {
	struct xfib_candidate *candidates;
	struct note *notes;
	size_t count, room;
};

static int grow(struct list *list)
{
	size_t room = list->room ? list->room * 2 : 16;
	struct xfib_candidate *candidates = realloc(list->candidates, room * sizeof(*candidates));
	struct note *notes;

	if (!candidates)
		return -ENOMEM;
	list->candidates = candidates;
	notes = realloc(list->notes, room * sizeof(*notes));
	if (!notes)
		return -ENOMEM;
	list->notes = notes;
	list->room = room;
	return 0;
}

static int add(const struct xfib *instance, struct list *list, const struct xfib_query *query,
	       const struct xfib_candidate *candidate, const struct note *note)
{
	struct xfib_candidate *added;
	struct xfib_link link;

	if (list->count == list->room && grow(list))
		return error__set(-ENOMEM, "out of memory");
	list->notes[list->count] = *note;
	added = &list->candidates[list->count++];
	*added = *candidate;
	added->reason = search__judge(query, &candidate->route, &candidate->nexthop);
	added->metric = candidate->route.metric;
	if (!instance__link(instance, candidate->nexthop.ifindex, &link))
		return 0;
	added->metric += link.metric;
	memcpy(added->dev, link.name, sizeof(added->dev));
	added->dev[sizeof(added->dev) - 1] = '\0';
	return 0;
}

/* Lists the chain that begins with a slot. */
static int list_chain(const struct xfib *instance, struct list *list, const struct xfib_query *query, uint32_t head,
		      struct note *note)
{
	uint32_t id = head;
	int err = 0;

	for (uint32_t steps = 0; !err && id && steps < instance->routes.count; steps++) {
		struct xfib_candidate candidate = { .route_id = id };

		if (!instance__route(instance, id, &candidate.route) ||
		    !instance__nexthop(instance, candidate.route.nexthop, &candidate.nexthop))
			break;
		if (!(candidate.route.flags & XFIB_ROUTE_MEMBER))
			note->unit = id;
		err = add(instance, list, query, &candidate, note);
		id = candidate.route.next;
	}
	return err;
}

static bool has_usable_throw(const struct list *list, size_t from)
{
	for (size_t i = from; i < list->count; i++) {
		if (list->candidates[i].reason == XFIB_CANDIDATE_BEST)
			return list->candidates[i].route.type == XFIB_ROUTE_THROW;
	}
	return false;
}

/* Lists one step: the longest of its prefixes first, those of table local before equal ones of table main. */
static int list_step(const struct xfib *instance, struct list *list, const struct xfib_query *query,
		     const struct table_step *step, uint32_t number)
{
	struct note note = { .step = number, .suppress = step->suppress };
	int longest = query->family == XFIB_INET6 ? 128 : 32, err = 0;
	uint32_t tables[2] = { step->table, XFIB_TABLE_MAIN };
	int length[2] = { longest, step->merged ? longest : -1 };

	while (!err && (length[0] >= 0 || length[1] >= 0)) {
		struct prefix_match found[2];
		size_t from = list->count;
		int best = -1;

		for (int i = 0; i < 2; i++) {
			if (length[i] < 0 || !prefix__match(instance, query->family, tables[i], query->destination,
							  (uint32_t)length[i], &found[i])) {
				length[i] = -1;
				continue;
			}
			length[i] = (int)found[i].length;
			if (best < 0 || length[i] > length[best])
				best = i;
		}
		if (best < 0)
			break;
		err = list_chain(instance, list, query, found[best].route, &note);
		note.thrown |= has_usable_throw(list, from);
		length[best]--;
	}
	return err;
}

/* Lists all tables that the rules lead to, each once. The outcome of the search is not looked at. */
static int list_all(const struct xfib *instance, struct list *list, const struct xfib_query *query)
{
	uint32_t seen[TABLES_MAX], count = 0;
	struct table_walk walk;
	struct table_step step;
	int err = 0;

	tables__begin(instance, query, &walk);
	while (!err && count < TABLES_MAX && tables__next(&walk, &step) > 0) {
		bool again = false;

		for (uint32_t i = 0; i < count; i++)
			again |= seen[i] == step.table;
		if (again)
			continue;
		seen[count++] = step.table;
		err = list_step(instance, list, query, &step, count);
	}
	return err;
}

/* ---- why ---- */

/* Why a usable path lost though its table was searched without an answer, or before anything won. */
static enum xfib_candidate_reason without_winner(const struct xfib_candidate *candidate, const struct note *note)
{
	if (note->thrown)
		return XFIB_CANDIDATE_THROWN;
	if (candidate->route.type == XFIB_ROUTE_THROW)
		return XFIB_CANDIDATE_THROW;
	if ((int32_t)candidate->route.prefix_length <= note->suppress)
		return XFIB_CANDIDATE_SUPPRESSED;
	return XFIB_CANDIDATE_LATER_TABLE; /* a rule ended the search before it */
}

static enum xfib_candidate_reason compare(const struct list *list, size_t loser, size_t winner)
{
	const struct xfib_candidate *lost = &list->candidates[loser], *won = &list->candidates[winner];
	const struct note *lost_note = &list->notes[loser], *won_note = &list->notes[winner];

	if (lost_note->step > won_note->step)
		return XFIB_CANDIDATE_LATER_TABLE;
	if (lost_note->step < won_note->step)
		return without_winner(lost, lost_note);
	if (lost->route.prefix_length != won->route.prefix_length || lost->route.table != won->route.table)
		return XFIB_CANDIDATE_SHORTER;
	if (lost_note->unit == won_note->unit)
		return XFIB_CANDIDATE_TIE;
	if (lost->route.metric != won->route.metric)
		return XFIB_CANDIDATE_METRIC;
	if (search__preference(&lost->route) != search__preference(&won->route))
		return XFIB_CANDIDATE_PREFERENCE;
	return XFIB_CANDIDATE_ORDER;
}

static void judge(struct list *list, const struct match *match)
{
	size_t winner = list->count;

	for (size_t i = 0; match->found && i < list->count && winner == list->count; i++) {
		if (list->candidates[i].route_id == match->route_id)
			winner = i;
	}
	for (size_t i = 0; i < list->count; i++) {
		struct xfib_candidate *candidate = &list->candidates[i];

		if (i == winner || candidate->reason != XFIB_CANDIDATE_BEST)
			continue;
		candidate->reason = winner < list->count ? compare(list, i, winner) :
							   without_winner(candidate, &list->notes[i]);
	}
}

static int explain(const struct xfib *instance, const void *from, void *to)
{
	struct xfib_query query;
	struct list *list = to;
	struct match match;
	int err = search__prepare(instance, from, &query);

	if (err)
		return err;
	list->count = 0;
	err = list_all(instance, list, &query);
	if (err)
		return err;
	err = search__best(instance, &query, &match);
	if (err && err != -ENETUNREACH)
		return err;
	match.found = !err;
	judge(list, &match);
	return 0;
}

XFIB_PUBLIC int xfib_lookup__explain(const struct xfib *instance, const struct xfib_query *query,
				     struct xfib_candidate **ret_candidates, size_t *ret_count)
{
	struct list list = { 0 };
	int err = search__check(query, "xfib_lookup__explain");

	if (!err)
		err = instance__steady(instance, explain, query, &list);
	free(list.notes);
	if (err || !list.count) {
		free(list.candidates);
		list.candidates = NULL;
	}
	if (err)
		return err;
	*ret_candidates = list.candidates;
	*ret_count = list.count;
	return 0;
}

XFIB_PUBLIC void xfib_candidates__free(struct xfib_candidate *candidates)
{
	free(candidates);
}
