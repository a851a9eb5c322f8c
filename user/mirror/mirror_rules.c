// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Policy rules: what the fast path can follow, and what queries are told. See mirror_private.h. */
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
	if (rules__add(mirror->rules, rule, !mirror__is_mirrored(mirror, rule->table)))
		mirror__request_sync(mirror, "out of memory");
	found = rule->family == AF_INET6 ? &mirror->found6 : &mirror->found4;
	if (!rule->selective && rule->priority == 0 && rule->table == XFIB_TABLE_LOCAL)
		found->local = true;
	else if (!rule->selective && rule->priority == 32766 && rule->table == XFIB_TABLE_MAIN)
		found->main = true;
	else if (rule->l3mdev)
		found->beyond = true;
	else if (rule->selective || rule->priority != 32767 || rule->table != XFIB_TABLE_DEFAULT)
		found->other = found->beyond = true;
}

static void publish(struct mirror *mirror)
{
	uint64_t muted;

	if (rules__publish(mirror->rules) && log_limit__pass(&mirror->full_limit, &muted))
		log_warning("more policy rules than xfib_rules holds; queries are not answered");
}

int mirror__dump_rules(struct mirror *mirror)
{
	bool before4 = mirror->rules4, before6 = mirror->rules6;
	bool has6 = !access("/proc/sys/net/ipv6/conf", F_OK); /* a machine without IPv6 has no rules for it */
	int err;

	mirror->found4 = mirror->found6 = (struct found_rules){ 0 };
	mirror->rules_dirty = false; /* unless an event during the dump says so again */
	rules__begin(mirror->rules);
	err = nl__dump(mirror->nl, NL_RULES, AF_UNSPEC);
	/* Without the rules of priority 0 and 32766, the order is another one too. */
	mirror->found4.other |= !mirror->found4.local || !mirror->found4.main;
	mirror->found6.other |= has6 && (!mirror->found6.local || !mirror->found6.main);
	mirror->found4.beyond |= mirror->found4.other;
	mirror->found6.beyond |= mirror->found6.other;
	/* Not knowing them, follow none. */
	mirror->rules4 = err || mirror->found4.other;
	mirror->rules6 = err || mirror->found6.other;
	if (!err) {
		publish(mirror);
		if (mirror->rules4 && !before4)
			log_warning("ip rule: other IPv4 rules than the usual three; IPv4 packets go up to the kernel");
		if (mirror->rules6 && !before6)
			log_warning("ip rule: other IPv6 rules than the usual three; IPv6 packets go up to the kernel");
	}
	mirror->split4 |= mirror->rules4;
	if (!mirror->split4)
		read_split(mirror);
	mirror__read_settings(mirror);
	return err;
}
