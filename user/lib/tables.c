// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* The order of tables. See tables.h. */
#include "tables.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

bool address__is_within(const uint8_t address[16], const uint8_t prefix[16], uint32_t length)
{
	if (memcmp(address, prefix, length / 8))
		return false;
	return !(length % 8) || !((address[length / 8] ^ prefix[length / 8]) & (0xff00 >> (length % 8)) & 0xff);
}

/* What rules ask about the interface that the query names. */
static void describe_interface(struct table_walk *walk)
{
	struct xfib_link link, master;

	if (!walk->query->ifindex || !instance__link(walk->instance, walk->query->ifindex, &link))
		return;
	memcpy(walk->oif, link.name, sizeof(walk->oif));
	if (link.flags & XFIB_LINK_VRF)
		walk->vrf_table = link.table;
	else if (link.master && instance__link(walk->instance, link.master, &master) && master.flags & XFIB_LINK_VRF)
		walk->vrf_table = master.table;
}

/* The plan of packets from the port that the query names. */
static uint32_t plan_of(const struct xfib *instance, const struct xfib_query *query)
{
	struct xfib_link link;

	if (!instance__link(instance, query->iif, &link))
		return XFIB_PLAN_KERNEL;
	return query->family == XFIB_INET6 ? link.plan6 : link.plan4;
}

void tables__begin(const struct xfib *instance, const struct xfib_query *query, struct table_walk *ret_walk)
{
	struct xfib_state scratch;
	const struct xfib_state *state = instance__state(instance, &scratch);
	uint32_t rules = query->family == XFIB_INET6 ? XFIB_STATE_RULES6 : XFIB_STATE_RULES4;

	ret_walk->instance = instance;
	ret_walk->query = query;
	ret_walk->at = 0;
	ret_walk->merged = false;
	if (query->table) {
		ret_walk->kind = TABLES_ONE;
	} else if (query->iif && (ret_walk->at = plan_of(instance, query))) {
		ret_walk->kind = TABLES_BY_PLAN;
		ret_walk->steps = XFIB_PLAN_STEPS;
	} else if (query->iif) {
		ret_walk->kind = TABLES_USUAL;
		ret_walk->merged = query->family == XFIB_INET && state->flags & XFIB_STATE_MERGED4;
	} else if (!(state->flags & rules)) {
		ret_walk->kind = TABLES_USUAL;
		ret_walk->merged = query->family == XFIB_INET && state->flags & XFIB_STATE_MERGED4;
	} else {
		ret_walk->kind = TABLES_BY_RULES;
		ret_walk->rules = range__read(&state->rules_begin, instance->rules.count);
		ret_walk->at = ret_walk->rules.begin;
		ret_walk->vrf_table = 0;
		memset(ret_walk->oif, 0, sizeof(ret_walk->oif));
		describe_interface(ret_walk);
	}
}

/* ---- rules ---- */

static bool read_rule(const struct table_walk *walk, uint32_t at, struct xfib_rule *ret_rule)
{
	if (!walk->instance->rules.memory)
		return array__fetch(&walk->instance->rules, at, ret_rule);
	*ret_rule = ((const struct xfib_rule *)walk->instance->rules.memory)[at];
	return true;
}

static bool conditions_hold(const struct table_walk *walk, const struct xfib_rule *rule)
{
	const struct xfib_query *query = walk->query;
	uint32_t uid = rule->flags & XFIB_RULE_UID ? getuid() : 0;

	if (rule->flags & (XFIB_RULE_IIF | XFIB_RULE_OTHER) || rule->tos)
		return false;
	if (rule->flags & XFIB_RULE_OIF && (!walk->oif[0] || strncmp(rule->oif, walk->oif, sizeof(rule->oif))))
		return false;
	if ((query->mark ^ rule->mark) & rule->mask)
		return false;
	if (rule->flags & XFIB_RULE_L3MDEV && !walk->vrf_table)
		return false;
	if (rule->flags & XFIB_RULE_UID && (uid < rule->uid_begin || uid > rule->uid_end))
		return false;
	/* Without a source IPv6 matches no rule by source (fib6_rule_match()); IPv4 takes it for 0.0.0.0 (fib4_rule_match()). */
	if (rule->source_length && ((query->family == XFIB_INET6 && address__is_zero(query->source)) ||
				    !address__is_within(query->source, rule->source, rule->source_length)))
		return false;
	return address__is_within(query->destination, rule->destination, rule->destination_length);
}

static bool matches(const struct table_walk *walk, const struct xfib_rule *rule)
{
	return rule->family == walk->query->family &&
	       conditions_hold(walk, rule) == !(rule->flags & XFIB_RULE_INVERT);
}

/* The kernel goes on with the first rule of that priority, which comes later; without one the goto does nothing. */
static uint32_t find_target(const struct table_walk *walk, const struct xfib_rule *from)
{
	struct xfib_rule rule;

	for (uint32_t at = walk->at; at < walk->rules.end && read_rule(walk, at, &rule); at++) {
		if (rule.family == from->family && rule.priority == from->target)
			return at;
	}
	return walk->at;
}

static int next_by_rules(struct table_walk *walk, struct table_step *ret_step)
{
	struct xfib_rule rule;

	while (walk->at < walk->rules.end && read_rule(walk, walk->at, &rule)) {
		walk->at++;
		if (!matches(walk, &rule))
			continue;
		if (rule.flags & XFIB_RULE_FOREIGN && !rule.table)
			return error__set(-EOPNOTSUPP, "there are more policy rules than xfib has room for");
		if (rule.flags & XFIB_RULE_FOREIGN)
			return error__set(-EOPNOTSUPP, "rule %u leads to table %u, which is not mirrored: name it to xfibd with "
					  "--table %u", rule.priority, rule.table, rule.table);
		switch (rule.action) {
		case XFIB_RULE_TABLE:
			ret_step->table = rule.flags & XFIB_RULE_L3MDEV ? walk->vrf_table : rule.table;
			ret_step->suppress = rule.suppress_prefix_length;
			ret_step->merged = false;
			return 1;
		case XFIB_RULE_GOTO:
			walk->at = find_target(walk, &rule);
			break;
		case XFIB_RULE_NOP:
			break;
		default:
			return error__set(-ENETUNREACH, "rule %u says that there is no route", rule.priority);
		}
	}
	return 0;
}

/* ---- plans ---- */

static bool step_matches(const struct xfib_query *query, const struct xfib_plan_step *step)
{
	uint64_t source[2], destination[2], differs = step->tos & step->tos_mask;

	memcpy(source, query->source, sizeof(source));
	memcpy(destination, query->destination, sizeof(destination));
	for (int i = 0; i < 2; i++)
		differs |= ((source[i] & step->source_mask[i]) ^ step->source[i]) |
			   ((destination[i] & step->destination_mask[i]) ^ step->destination[i]);
	return !differs != !!(step->flags & XFIB_PLAN_INVERT);
}

static int next_by_plan(struct table_walk *walk, struct table_step *ret_step)
{
	struct xfib_plan_step step;

	while (walk->steps && instance__plan_step(walk->instance, walk->at, &step)) {
		walk->at++;
		walk->steps--;
		if (!step_matches(walk->query, &step))
			continue;
		if (step.action == XFIB_PLAN_TABLE) {
			*ret_step = (struct table_step){ .table = step.table, .suppress = step.suppress_prefix_length };
			return 1;
		}
		if (step.action == XFIB_PLAN_GOTO) {
			walk->at += step.value - 1u;
			continue;
		}
		if (step.value == XFIB_REASON_NO_ROUTE)
			return 0;
		if (step.value != XFIB_REASON_POLICY_RULE)
			return error__set(-ENETUNREACH, "rule %u says that there is no route", step.priority);
		return error__set(-EOPNOTSUPP, "rule %u: only the kernel can tell what it means for the packet", step.priority);
	}
	return error__set(-EOPNOTSUPP, "only the kernel can tell what the rules mean for the packet");
}

int tables__next(struct table_walk *walk, struct table_step *ret_step)
{
	static const uint32_t usual[] = { XFIB_TABLE_LOCAL, XFIB_TABLE_MAIN, XFIB_TABLE_DEFAULT };
	uint32_t end = walk->query->family == XFIB_INET6 ? 2 : 3; /* IPv6 has no rule for table default */

	if (walk->kind == TABLES_BY_RULES)
		return next_by_rules(walk, ret_step);
	if (walk->kind == TABLES_BY_PLAN)
		return next_by_plan(walk, ret_step);
	if (walk->at == (walk->kind == TABLES_ONE ? 1 : end))
		return 0;
	ret_step->table = walk->kind == TABLES_ONE ? walk->query->table : usual[walk->at];
	ret_step->merged = walk->merged && !walk->at;
	ret_step->suppress = -1;
	walk->at += ret_step->merged ? 2 : 1;
	return 1;
}
