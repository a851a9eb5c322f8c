// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * user/mirror/plan.c: plans of random rules against an interpreter that follows the rules one by one, as the kernel does,
 * and knows of a packet what no plan knows. Where a plan decides, the interpreter must come to the same, whatever that is.
 */
#include "unit.h"

#include <linux/fib_rules.h>

#include "hash.h"
#include "plan.h"

#define WORLDS 4000
#define PACKETS 40
#define RULES 10

static const char *const ports[] = { "p1", "p2", "red", "blue", "lo", "gone" };

struct packet {
	uint8_t source[16], destination[16];
	uint8_t tos;
	uint32_t mark, uid; /* what plans do not know, from here on */
	bool other, altname;
	bool by_vrf;        /* the kernel compares the name of the VRF with iif, not that of its member; IPv6: it always does */
};

/* What a table says of an address, or what a rule does. */
struct outcome {
	enum { NONE, FOUND, NOWHERE, ENDED, ASKED } kind;
	uint32_t table;  /* FOUND, NOWHERE */
	uint32_t reason; /* ENDED */
};

static uint32_t salt;
static struct nl_rule rules[RULES];
static uint32_t rule_count;

/* ---- the tables ---- */

static struct outcome search(uint32_t table, const uint8_t *address, int32_t suppress)
{
	uint32_t word, hash;
	int32_t length;

	memcpy(&word, address + 12, 4);
	memcpy(&hash, address, 4);
	hash = (word ^ hash ^ (table + salt) * 0x9e3779b1u) * 0x85ebca6bu;
	length = (int32_t)(hash >> 8) % 33;
	switch (hash >> 28) {
	case 0 ... 6:
		return (struct outcome){ NONE, 0, 0 };
	case 7: /* throw */
		return (struct outcome){ NONE, 0, 0 };
	case 8:
		return (struct outcome){ NOWHERE, table, 0 };
	default:
		return length > suppress ? (struct outcome){ FOUND, table, 0 } : (struct outcome){ NONE, 0, 0 };
	}
}

/* ---- the interpreter ---- */

static bool within(const uint8_t *address, const uint8_t *prefix, uint32_t length)
{
	for (uint32_t bit = 0; bit < length; bit++) {
		if ((address[bit / 8] ^ prefix[bit / 8]) & (0x80 >> bit % 8))
			return false;
	}
	return true;
}

static bool iif_matches(const struct plan_context *context, const struct nl_rule *rule, const struct packet *packet)
{
	bool by_vrf = context->family == XFIB_INET6 || packet->by_vrf;
	const char *name = context->vrf && by_vrf ? context->vrf : context->port ? context->port : "p2";

	if (!strcmp(rule->iif, "gone"))
		return !rule->iif_detached && packet->altname;
	return !rule->iif[0] || !strcmp(rule->iif, name);
}

static bool matches(const struct plan_context *context, const struct nl_rule *rule, const struct packet *packet)
{
	bool all = iif_matches(context, rule, packet) && !rule->oif[0] && !((packet->mark ^ rule->mark) & rule->mask) &&
		   (!rule->l3mdev || context->vrf_table) && (!rule->other || packet->other) &&
		   (!rule->has_uids || (packet->uid >= rule->uid_begin && packet->uid <= rule->uid_end)) &&
		   within(packet->source, rule->source, rule->source_length) &&
		   within(packet->destination, rule->destination, rule->destination_length);

	if (rule->tos && rule->family == XFIB_INET)
		all &= (packet->tos & 0x1c) == rule->tos;
	else if (rule->tos)
		all &= (packet->by_vrf ? packet->tos : packet->tos & 0xfc) == rule->tos;
	return all != rule->invert;
}

static struct outcome act(const struct plan_context *context, const struct nl_rule *rule, const struct packet *packet)
{
	struct outcome outcome = { ENDED, 0, 0 };

	switch (rule->action) {
	case FR_ACT_BLACKHOLE:
		outcome.reason = XFIB_REASON_BLACKHOLE;
		return outcome;
	case FR_ACT_UNREACHABLE:
		outcome.reason = XFIB_REASON_UNREACHABLE;
		return outcome;
	case FR_ACT_PROHIBIT:
		outcome.reason = XFIB_REASON_PROHIBIT;
		return outcome;
	case FR_ACT_TO_TBL:
		return search(rule->l3mdev ? context->vrf_table : rule->table, packet->destination, rule->suppress_prefix_length);
	default:
		return (struct outcome){ NONE, 0, 0 };
	}
}

static struct outcome follow(const struct plan_context *context, const struct packet *packet)
{
	for (uint32_t i = 0; i < rule_count; i++) {
		struct outcome outcome;

		if (rules[i].family != context->family || !matches(context, &rules[i], packet))
			continue;
		if (rules[i].action == FR_ACT_GOTO) {
			for (uint32_t to = i + 1; to < rule_count; to++) {
				if (rules[to].family != context->family || rules[to].priority != rules[i].target)
					continue;
				i = to - 1;
				break;
			}
			continue;
		}
		outcome = act(context, &rules[i], packet);
		if (outcome.kind != NONE)
			return outcome;
	}
	return (struct outcome){ ENDED, 0, XFIB_REASON_NO_ROUTE };
}

/* ---- plans ---- */

static bool step_matches(const struct xfib_plan_step *step, const struct packet *packet)
{
	uint64_t source[2], destination[2];
	bool all = !((packet->tos ^ step->tos) & step->tos_mask);

	memcpy(source, packet->source, 16);
	memcpy(destination, packet->destination, 16);
	for (int i = 0; i < 2; i++)
		all &= (source[i] & step->source_mask[i]) == step->source[i] &&
		       (destination[i] & step->destination_mask[i]) == step->destination[i];
	return all != !!(step->flags & XFIB_PLAN_INVERT);
}

static struct outcome run(const struct plan *plan, const struct packet *packet)
{
	for (uint32_t at = 0;; at++) {
		const struct xfib_plan_step *step = &plan->step[at];
		struct outcome outcome;

		assert_true(at < plan->count);
		if (!step_matches(step, packet))
			continue;
		if (step->action == XFIB_PLAN_VERDICT)
			return (struct outcome){ step->value == XFIB_REASON_POLICY_RULE ? ASKED : ENDED, 0, step->value };
		if (step->action == XFIB_PLAN_GOTO) {
			assert_true(step->value);
			at += step->value - 1u;
			continue;
		}
		outcome = search(step->table, packet->destination, step->suppress_prefix_length);
		if (outcome.kind != NONE)
			return outcome;
	}
}

static enum plan_device find_device(const char *name, void *data)
{
	(void)data;
	return !strcmp(name, "gone") ? PLAN_NO_DEVICE : strcmp(name, "red") && strcmp(name, "blue") ? PLAN_PORT : PLAN_VRF;
}

static bool is_held(uint32_t table, void *data)
{
	(void)data;
	return table != 66;
}

static uint32_t find_fib(uint32_t table, uint8_t family, void *data)
{
	(void)data;
	return table * 2 + (family == XFIB_INET6);
}

/* ---- random rules ---- */

static bool one_in(unsigned int count)
{
	return !unit__below(count);
}

/* Few addresses, so that prefixes meet them. */
static void draw_address(uint8_t address[16])
{
	memset(address, 0, 16);
	for (int i = 0; i < 4; i++)
		address[i] = (uint8_t)(unit__below(2) * 0x81);
	address[15] = 0;
}

static void draw_rule(struct nl_rule *rule, uint8_t family, bool simple)
{
	static const uint8_t actions[] = { FR_ACT_TO_TBL, FR_ACT_TO_TBL, FR_ACT_TO_TBL, FR_ACT_TO_TBL, FR_ACT_GOTO, FR_ACT_GOTO, FR_ACT_NOP,
					   FR_ACT_BLACKHOLE, FR_ACT_UNREACHABLE, FR_ACT_PROHIBIT };
	static const uint32_t tables[] = { XFIB_TABLE_LOCAL, XFIB_TABLE_MAIN, XFIB_TABLE_DEFAULT, 100, 101, 102 };

	*rule = (struct nl_rule){ .family = family, .suppress_prefix_length = -1, .action = actions[unit__below(COUNT(actions))] };
	rule->table = tables[unit__below(COUNT(tables))];
	rule->target = unit__below(RULES * 2);
	if (one_in(3))
		strcpy(rule->iif, ports[unit__below(simple ? COUNT(ports) - 1 : COUNT(ports))]);
	rule->iif_detached = !strcmp(rule->iif, "gone") && one_in(2);
	if (one_in(8))
		strcpy(rule->oif, "p1");
	rule->invert = one_in(5);
	rule->l3mdev = one_in(6);
	if (one_in(3))
		rule->source_length = (uint8_t)unit__below(33);
	if (one_in(3))
		rule->destination_length = (uint8_t)unit__below(33);
	draw_address(rule->source);
	draw_address(rule->destination);
	if (one_in(6))
		rule->tos = (uint8_t)(unit__below(7) << 2);
	if (one_in(5))
		rule->suppress_prefix_length = (int32_t)unit__below(20);
	if (simple) {
		rule->l3mdev &= !rule->invert; /* which leads to a table that nobody has named */
		return;
	}
	rule->mask = one_in(5) ? 3 : 0;
	rule->mark = unit__below(4);
	rule->other = one_in(12);
	rule->has_uids = one_in(8);
	rule->uid_begin = one_in(2) ? 0 : 1000;
	rule->uid_end = 2000;
	if (one_in(10))
		rule->table = 66; /* not held */
}

static void draw_rules(uint8_t family, bool simple)
{
	rule_count = 1 + unit__below(RULES);
	for (uint32_t i = 0; i < rule_count; i++) {
		draw_rule(&rules[i], one_in(6) ? XFIB_INET + XFIB_INET6 - family : family, simple);
		rules[i].priority = i * 2 - (i && one_in(4)); /* some have that of another family's, none twice */
	}
}

static void draw_packet(struct packet *packet, bool is_root)
{
	draw_address(packet->source);
	draw_address(packet->destination);
	packet->destination[15] = (uint8_t)unit__below(256);
	packet->tos = (uint8_t)(unit__below(8) << 2 | (one_in(3) ? unit__below(4) : 0));
	packet->mark = unit__below(4);
	packet->uid = is_root ? 0 : unit__below(3) * 700;
	packet->other = one_in(2);
	packet->altname = one_in(2);
	packet->by_vrf = one_in(2);
}

static struct plan_context draw_context(void)
{
	struct plan_context context = { .family = one_in(2) ? XFIB_INET6 : XFIB_INET, .port = "p1", .is_root = one_in(2),
					.find_device = find_device, .is_held = is_held, .find_fib = find_fib };

	if (one_in(3)) {
		context.vrf = "red";
		context.vrf_table = 102;
		if (one_in(4))
			context.port = NULL;
	}
	return context;
}

/* ---- the tests ---- */

static void check_packet(const struct plan_context *context, const struct plan *plan, const struct packet *packet, uint32_t *counts)
{
	struct outcome decided = run(plan, packet), meant = follow(context, packet);

	counts[decided.kind]++;
	if (decided.kind == ASKED)
		return;
	assert_int_equal(decided.kind, meant.kind);
	assert_int_equal(decided.table, meant.table);
	assert_int_equal(decided.reason, meant.reason);
}

static void check_worlds(bool simple, uint32_t counts[ASKED + 1])
{
	unit__seed();
	for (int world = 0; world < WORLDS; world++) {
		struct plan_context context = draw_context();
		struct plan plan;

		salt = (uint32_t)random();
		draw_rules(context.family, simple);
		plan__compile(&context, rules, rule_count, &plan);
		assert_true(plan.complete);
		for (int i = 0; i < PACKETS; i++) {
			struct packet packet;

			draw_packet(&packet, context.is_root);
			check_packet(&context, &plan, &packet, counts);
		}
	}
}

static void plans_mean_what_the_rules_do(void **state)
{
	uint32_t counts[ASKED + 1] = { 0 };

	(void)state;
	check_worlds(false, counts);
	assert_true(counts[FOUND] > WORLDS && counts[NOWHERE] > WORLDS / 10 && counts[ENDED] > WORLDS);
	assert_true(counts[ASKED] > WORLDS && counts[ASKED] < WORLDS * PACKETS / 2);
}

/* By tables, sources, destinations, gotos: all that a packet from outside a VRF says of itself. */
static void simple_rules_need_no_kernel(void **state)
{
	(void)state;
	unit__seed();
	for (int world = 0; world < WORLDS; world++) {
		struct plan_context context = { .family = XFIB_INET, .port = "p1", .find_device = find_device, .is_held = is_held,
						.find_fib = find_fib };
		struct plan plan;

		draw_rules(context.family, true);
		plan__compile(&context, rules, rule_count, &plan);
		for (uint32_t i = 0; i < plan.count; i++)
			assert_false(plan.step[i].action == XFIB_PLAN_VERDICT && plan.step[i].value == XFIB_REASON_POLICY_RULE);
	}
}

static void usual(struct nl_rule list[3], uint8_t family)
{
	const uint32_t tables[] = { XFIB_TABLE_LOCAL, XFIB_TABLE_MAIN, XFIB_TABLE_DEFAULT };
	const uint32_t priorities[] = { 0, 32766, 32767 };

	for (int i = 0; i < 3; i++)
		list[i] = (struct nl_rule){ .family = family, .priority = priorities[i], .table = tables[i], .action = FR_ACT_TO_TBL,
					    .suppress_prefix_length = -1 };
}

static struct plan compile_for(const struct nl_rule *list, uint32_t count, uint8_t family)
{
	struct plan_context context = { .family = family, .port = "p1", .find_device = find_device, .is_held = is_held, .find_fib = find_fib };
	struct plan plan;

	plan__compile(&context, list, count, &plan);
	return plan;
}

static void usual_rules_are_no_plan(void **state)
{
	struct nl_rule list[3];
	struct plan plan;

	(void)state;
	usual(list, XFIB_INET);
	plan = compile_for(list, 3, XFIB_INET);
	assert_true(plan__is_usual(&plan, XFIB_INET));
	plan = compile_for(list, 2, XFIB_INET);
	assert_false(plan__is_usual(&plan, XFIB_INET));
	plan = compile_for(list + 1, 2, XFIB_INET);
	assert_false(plan__is_usual(&plan, XFIB_INET));
	plan = compile_for(list, 1, XFIB_INET);
	assert_false(plan__is_usual(&plan, XFIB_INET));
	/* A rule by another port does not concern this one. */
	usual(list, XFIB_INET6);
	strcpy(list[2].iif, "p2");
	plan = compile_for(list, 3, XFIB_INET6);
	assert_true(plan__is_usual(&plan, XFIB_INET6));
	strcpy(list[2].iif, "p1");
	plan = compile_for(list, 3, XFIB_INET6);
	assert_false(plan__is_usual(&plan, XFIB_INET6));
	usual(list, XFIB_INET6);
	plan = compile_for(list, 2, XFIB_INET6);
	assert_true(plan__is_usual(&plan, XFIB_INET6));
	plan = compile_for(list, 3, XFIB_INET6);
	assert_false(plan__is_usual(&plan, XFIB_INET6));
}

/* Table main's has table local in it: only who has found nothing there may go by it. */
static void fib_of_main_comes_after_local(void **state)
{
	struct nl_rule list[3];
	struct plan plan;

	(void)state;
	usual(list, XFIB_INET);
	plan = compile_for(list, 3, XFIB_INET);
	assert_int_equal(plan.step[0].fib, 0);
	assert_int_equal(plan.step[1].fib, 2 * XFIB_TABLE_MAIN);
	list[0].source_length = 8;
	plan = compile_for(list, 3, XFIB_INET);
	assert_int_equal(plan.step[1].fib, 0);
	list[0].source_length = 0;
	list[0].suppress_prefix_length = 0;
	plan = compile_for(list, 3, XFIB_INET);
	assert_int_equal(plan.step[1].fib, 0);
	plan = compile_for(list + 1, 2, XFIB_INET);
	assert_int_equal(plan.step[0].fib, 0);
	assert_int_equal(plan.step[1].fib, 2 * XFIB_TABLE_DEFAULT);
	/* A goto may pass table local by. */
	usual(list, XFIB_INET);
	list[2] = list[1];
	list[1] = list[0];
	list[0] = (struct nl_rule){ .family = XFIB_INET, .action = FR_ACT_GOTO, .target = 32766, .source_length = 8,
				    .suppress_prefix_length = -1 };
	list[1].priority = 1;
	plan = compile_for(list, 3, XFIB_INET);
	assert_int_equal(plan.step[2].table, XFIB_TABLE_MAIN);
	assert_int_equal(plan.step[2].fib, 0);
}

/* Packets that come past the last step that there is room for go up. */
static void too_many_steps_end_at_the_kernel(void **state)
{
	struct nl_rule list[2 * XFIB_PLAN_STEPS];
	struct packet packet = { .destination = { 9 } };
	struct plan plan;

	(void)state;
	for (uint32_t i = 0; i < COUNT(list); i++)
		list[i] = (struct nl_rule){ .family = XFIB_INET, .priority = i, .action = i ? FR_ACT_UNREACHABLE : FR_ACT_GOTO,
					    .target = COUNT(list) - 1, .source_length = 16, .source = { (uint8_t)i, 1 },
					    .suppress_prefix_length = -1 };
	plan = compile_for(list, COUNT(list), XFIB_INET);
	assert_false(plan.complete);
	assert_int_equal(plan.count, XFIB_PLAN_STEPS);
	packet.source[1] = 1;
	assert_int_equal(run(&plan, &packet).kind, ASKED);
	packet.source[0] = 5;
	assert_int_equal(run(&plan, &packet).reason, XFIB_REASON_UNREACHABLE);
	packet.source[0] = XFIB_PLAN_STEPS;
	assert_int_equal(run(&plan, &packet).kind, ASKED);
	plan = compile_for(list, XFIB_PLAN_STEPS - 1, XFIB_INET);
	assert_true(plan.complete);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plans_mean_what_the_rules_do),
		cmocka_unit_test(simple_rules_need_no_kernel),
		cmocka_unit_test(usual_rules_are_no_plan),
		cmocka_unit_test(fib_of_main_comes_after_local),
		cmocka_unit_test(too_many_steps_end_at_the_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
