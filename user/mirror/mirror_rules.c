// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Policy rules: what the fast path can follow, and what queries are told. See mirror_private.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "maps.h"
#include "mirror_private.h"

/*
 * Does the kernel search the IPv4 tables local and main apart? It splits them
 * with the first rule that is added, and never joins them again. As long as
 * they are one trie, /proc shows the same figures for both.
 */
static bool tables_are_split(void)
{
	char text[8192] = "", *main_begin, *local_begin, *local_end;
	FILE *file = fopen("/proc/thread-self/net/fib_triestat", "re");
	size_t length;

	if (!file)
		return false;
	length = fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	text[length] = '\0';
	main_begin = strstr(text, "\nMain:\n");
	local_begin = strstr(text, "\nLocal:\n");
	if (!main_begin || !local_begin || main_begin > local_begin)
		return false;
	main_begin += strlen("\nMain:\n");
	local_end = strstr(local_begin + 1, "\nId ");
	*local_begin = '\0';
	local_begin += strlen("\nLocal:\n");
	if (local_end)
		*local_end = '\0';
	length = strlen(main_begin);
	return strncmp(main_begin, local_begin, length) || strlen(local_begin) > length + 1;
}

/*
 * An event tells of each rule that is added; only one that the kernel refuses when it has split the tables comes without.
 * The kernel walks its whole trie for the figures, 0.2 seconds for a full table: so they are read a thousandth of the time
 * at most.
 */
#define SPLIT_INTERVAL_MS SETTINGS_INTERVAL_MS
#define SPLIT_RESTS 1000

static void read_split(struct mirror *mirror)
{
	uint64_t begin = mirror__now_ms(), rest;

	mirror->split4 = tables_are_split();
	mirror->settings_dirty |= mirror->split4;
	rest = (mirror__now_ms() - begin) * SPLIT_RESTS;
	mirror->split_at = mirror__now_ms() + (rest > SPLIT_INTERVAL_MS ? rest : SPLIT_INTERVAL_MS);
}

void mirror__watch_split(struct mirror *mirror)
{
	if (!mirror->split4 && mirror__now_ms() >= mirror->split_at)
		read_split(mirror);
}

void mirror__on_rule(enum nl_change change, const struct nl_rule *rule, void *data)
{
	struct mirror *mirror = data;
	struct found_rules *found;

	if (change != NL_DUMP) {
		mirror->rules_dirty = true;
		return;
	}
	if (rules__add(mirror->rules, rule, !mirror__is_held(mirror, rule->table)) || plans__add(mirror->plans, rule))
		mirror__request_sync(mirror, "out of memory");
	found = rule->family == AF_INET6 ? &mirror->found6 : &mirror->found4;
	if (!rule->selective && rule->priority == 0 && rule->table == XFIB_TABLE_LOCAL)
		found->local = true;
	else if (!rule->selective && rule->priority == 32766 && rule->table == XFIB_TABLE_MAIN)
		found->main = true;
	else if (rule->selective || rule->priority != 32767 || rule->table != XFIB_TABLE_DEFAULT)
		found->beyond = true;
}

static void publish(struct mirror *mirror)
{
	uint64_t muted;

	if (rules__publish(mirror->rules) && log_limit__pass(&mirror->full_limit, &muted))
		log_warning("more policy rules than xfib_rules holds; queries are not answered");
}

int mirror__dump_rules(struct mirror *mirror)
{
	bool has6 = !access("/proc/sys/net/ipv6/conf", F_OK); /* a machine without IPv6 has no rules for it */
	int err;

	mirror->found4 = mirror->found6 = (struct found_rules){ 0 };
	mirror->rules_dirty = false; /* unless an event during the dump says so again */
	mirror->plans_dirty = true;
	rules__begin(mirror->rules);
	plans__begin(mirror->plans);
	err = nl__dump(mirror->nl, NL_RULES, AF_UNSPEC);
	/* Without the rules of priority 0 and 32766, the order is another one too. */
	mirror->found4.beyond |= !mirror->found4.local || !mirror->found4.main;
	mirror->found6.beyond |= has6 && (!mirror->found6.local || !mirror->found6.main);
	mirror->rules_unknown = err; /* not knowing them, follow none */
	if (!err) {
		mirror__name_tables(mirror);
		publish(mirror);
	}
	mirror->split4 |= mirror->found4.beyond;
	if (!mirror->split4)
		read_split(mirror);
	mirror__read_settings(mirror);
	return err;
}

/* ---- what packets go by ---- */

static bool is_held(uint32_t table, void *data)
{
	return mirror__is_held(data, table);
}

/* "100, 200 and others" */
static void list_priorities(const struct plans_asking *asking, char text[PLANS_ASKING * 12 + 16])
{
	char *end = text;

	for (uint32_t i = 0; i < asking->count; i++)
		end += sprintf(end, "%s%u", i ? ", " : "", asking->priority[i]);
	strcpy(end, asking->more ? " and others" : "");
}

/* Says once of each change which rules send packets up. */
static void report(char family, const struct plans_asking *asking, struct plans_asking *said)
{
	char text[PLANS_ASKING * 12 + 16];

	if (!memcmp(asking, said, sizeof(*said)))
		return;
	*said = *asking;
	list_priorities(asking, text);
	if (asking->too_many)
		log_warning("ip rule: IPv%c packets that meet more rules than the %d that there is room for go up to the kernel", family,
			    XFIB_PLAN_STEPS - 1);
	if (asking->count)
		log_warning("ip rule: IPv%c packets that the rules of priority %s may concern go up to the kernel: only it can "
			    "follow these", family, text);
	if (!asking->count && !asking->too_many)
		log_info("ip rule: the fast path follows all IPv%c rules", family);
}

void mirror__update_plans(struct mirror *mirror)
{
	struct plans_opts opts = { .unknown = mirror->rules_unknown, .is_held = is_held, .data = mirror };
	struct plans_asking asking4, asking6;
	uint64_t muted;
	int err;

	if (!mirror->plans_dirty && mirror->fib_tables == mirror->maps->state->fib_tables)
		return;
	err = plans__update(mirror->plans, &opts, &asking4, &asking6);
	if (err && err != -ENOSPC) { /* the former ones are in use */
		mirror->plans_dirty = true;
		log_error("writing the plans of packets: %s", strerror(-err));
		return;
	}
	mirror->plans_dirty = false;
	mirror->fib_tables = mirror->maps->state->fib_tables;
	if (err && log_limit__pass(&mirror->full_limit, &muted))
		log_warning("the rules differ for more ports than xfib_plans has room for; packets of some go up to the kernel");
	if (mirror->rules_unknown)
		return;
	report('4', &asking4, &mirror->asking4);
	report('6', &asking6, &mirror->asking6);
}
