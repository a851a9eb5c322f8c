// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* The policy rules. See rules.h. */
#include "rules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "maps.h"

struct rules {
	struct maps *maps;
	struct xfib_rule *list; /* being collected */
	uint32_t count, room;
};

int rules__new(struct maps *maps, struct rules **ret_rules)
{
	struct rules *rules = calloc(1, sizeof(*rules));

	if (!rules)
		return -ENOMEM;
	rules->maps = maps;
	*ret_rules = rules;
	return 0;
}

void rules__free(struct rules *rules)
{
	if (!rules)
		return;
	free(rules->list);
	free(rules);
}

void rules__begin(struct rules *rules)
{
	rules->count = 0;
}

static uint8_t flags_of(const struct nl_rule *rule, bool foreign)
{
	uint8_t flags = 0;

	flags |= rule->invert ? XFIB_RULE_INVERT : 0;
	flags |= rule->iif[0] ? strcmp(rule->iif, "lo") ? XFIB_RULE_IIF : XFIB_RULE_IIF_LO : 0;
	flags |= rule->oif[0] ? XFIB_RULE_OIF : 0;
	flags |= rule->l3mdev ? XFIB_RULE_L3MDEV : 0;
	flags |= rule->has_uids ? XFIB_RULE_UID : 0;
	flags |= rule->other ? XFIB_RULE_OTHER : 0;
	/* The devices of a group are not held either. */
	flags |= foreign || rule->suppresses_group ? XFIB_RULE_FOREIGN : 0;
	return flags;
}

static void fill(struct xfib_rule *entry, const struct nl_rule *rule, bool foreign)
{
	memset(entry, 0, sizeof(*entry));
	entry->priority = rule->priority;
	entry->table = rule->table;
	entry->target = rule->target;
	entry->mark = rule->mark;
	entry->mask = rule->mask;
	entry->uid_begin = rule->uid_begin;
	entry->uid_end = rule->uid_end;
	entry->suppress_prefix_length = rule->suppress_prefix_length;
	memcpy(entry->source, rule->source, sizeof(entry->source));
	memcpy(entry->destination, rule->destination, sizeof(entry->destination));
	memcpy(entry->oif, rule->oif, sizeof(entry->oif));
	entry->family = rule->family;
	entry->action = rule->action;
	entry->flags = flags_of(rule, foreign && rule->action == XFIB_RULE_TABLE && !rule->l3mdev);
	entry->tos = rule->tos;
	entry->source_length = rule->source_length;
	entry->destination_length = rule->destination_length;
}

int rules__add(struct rules *rules, const struct nl_rule *rule, bool foreign)
{
	if (rules->count == rules->room) {
		uint32_t room = rules->room ? rules->room * 2 : 16;
		struct xfib_rule *list = realloc(rules->list, room * sizeof(*list));

		if (!list)
			return -ENOMEM;
		rules->list = list;
		rules->room = room;
	}
	fill(&rules->list[rules->count++], rule, foreign);
	return 0;
}

static bool is_published(const struct rules *rules, uint32_t count)
{
	const struct xfib_state *state = rules->maps->state;

	return state->rules_end - state->rules_begin == count &&
	       (!count || !memcmp(&rules->maps->rules[state->rules_begin], rules->list, count * sizeof(*rules->list)));
}

/* In place of more rules than there is room for: one a family that leads nobody knows where, to table 0. */
static void replace_all(struct rules *rules)
{
	static const uint8_t families[] = { XFIB_INET, XFIB_INET6 };

	rules->count = sizeof(families);
	for (uint32_t i = 0; i < rules->count; i++)
		rules->list[i] = (struct xfib_rule){ .family = families[i], .action = XFIB_RULE_TABLE,
						     .flags = XFIB_RULE_FOREIGN, .suppress_prefix_length = -1 };
}

int rules__publish(struct rules *rules)
{
	struct maps *maps = rules->maps;
	uint32_t half = maps->sizes.rules / 2;
	bool too_many = rules->count > half;
	uint32_t count;
	uint32_t begin = maps->state->rules_begin ? 0 : half;
	uint32_t pair[2] = { begin };
	uint64_t word;
	int err;

	if (too_many)
		replace_all(rules);
	count = rules->count;
	pair[1] = begin + count;
	if (!is_published(rules, count)) {
		/* Readers of the list before the one now published may still be at it. */
		err = maps__grace(maps);
		if (err)
			return err;
		if (count)
			memcpy(&maps->rules[begin], rules->list, count * sizeof(*rules->list));
		memcpy(&word, pair, sizeof(word));
		__atomic_store_n((uint64_t *)(void *)&maps->state->rules_begin, word, __ATOMIC_RELEASE);
	}
	return too_many ? -ENOSPC : 0;
}
