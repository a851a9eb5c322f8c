// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* From the rules to a plan. See plan.h. */
#include "plan.h"

#include <fcntl.h>
#include <linux/fib_rules.h>
#include <linux/nsfs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define TOS_MASK4 0x1c /* what the kernel compares (IPTOS_RT_MASK) */
#define ECN_MASK 0x03
#define NOWHERE UINT32_MAX
#define INITIAL_USER_NAMESPACE 0xeffffffd /* its inode (PROC_USER_INIT_INO) */

/* A goto whose place is not known yet. */
struct jump {
	uint32_t step, rule;
};

struct compiler {
	const struct plan_context *context;
	const struct nl_rule *rules;
	uint32_t count;
	struct plan *plan;
	uint32_t at;         /* the rule being compiled */
	bool reached;        /* by packets that came past the rules before it */
	bool local_searched; /* every packet that comes here has found nothing in table local */
	struct jump jumps[XFIB_PLAN_STEPS];
	uint32_t jump_count;
};

/* What is known of a condition before the packet is there. */
enum known { NEVER, ALWAYS, PERHAPS };

/* ---- conditions ---- */

/*
 * An IPv6 packet in a VRF comes by the VRF device when its route is looked up (ip6_rcv_finish()). An IPv4 packet comes by
 * the member (ip_rcv_finish()): before Linux 5.18 only rules by the VRF count then, since then those by the member, and with
 * a correction of 6.15, which distributors have taken over, both (l3mdev_update_flow(), fib_rule_iif_match()).
 */
static enum known check_iif(const struct plan_context *context, const struct nl_rule *rule)
{
	enum plan_device device;

	if (!rule->iif[0])
		return ALWAYS;
	/* What is forwarded comes by no loopback device; nor do look-ups of its source: iif is the egress there. */
	if (rule->iif_detached || !strcmp(rule->iif, "lo"))
		return NEVER;
	device = context->find_device(rule->iif, context->data);
	if (device == PLAN_NO_DEVICE)
		return PERHAPS;
	if (context->vrf && context->family == XFIB_INET6)
		return strcmp(rule->iif, context->vrf) ? NEVER : ALWAYS;
	if (device == PLAN_VRF && context->vrf && !strcmp(rule->iif, context->vrf))
		return PERHAPS;
	if (device == PLAN_VRF || (context->port && strcmp(rule->iif, context->port)))
		return NEVER;
	return context->port && !context->vrf ? ALWAYS : PERHAPS;
}

static enum known check_user(const struct plan_context *context, const struct nl_rule *rule)
{
	if (!rule->has_uids)
		return ALWAYS;
	if (!context->is_root)
		return PERHAPS;
	return rule->uid_begin ? NEVER : ALWAYS;
}

/* All conditions together but those that steps compare. */
static enum known check(const struct plan_context *context, const struct nl_rule *rule)
{
	enum known iif = check_iif(context, rule), user = check_user(context, rule);

	/* No packet that is forwarded has been told where to leave. */
	if (iif == NEVER || user == NEVER || rule->oif[0] || (rule->l3mdev && !context->vrf_table))
		return NEVER;
	/* Firewalls may mark a packet after it has been seen here, ports and the like are not looked at. */
	return iif == PERHAPS || user == PERHAPS || rule->mask || rule->other ? PERHAPS : ALWAYS;
}

static void set_prefix(__u64 value[2], __u64 mask[2], const uint8_t prefix[16], uint32_t length)
{
	uint8_t bits[16] = { 0 }, kept[16];

	for (uint32_t bit = 0; bit < length; bit++)
		bits[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	for (uint32_t i = 0; i < sizeof(bits); i++)
		kept[i] = prefix[i] & bits[i];
	memcpy(value, kept, sizeof(kept));
	memcpy(mask, bits, sizeof(bits));
}

static bool is_conditional(const struct xfib_plan_step *step)
{
	return step->source_mask[0] || step->source_mask[1] || step->destination_mask[0] || step->destination_mask[1] ||
	       step->tos_mask;
}

/* A step with the conditions of the rule, without an action. */
static struct xfib_plan_step conditions_of(const struct nl_rule *rule)
{
	struct xfib_plan_step step = { .priority = rule->priority, .suppress_prefix_length = -1 };

	set_prefix(step.source, step.source_mask, rule->source, rule->source_length);
	set_prefix(step.destination, step.destination_mask, rule->destination, rule->destination_length);
	if (rule->tos) {
		step.tos = rule->tos;
		step.tos_mask = rule->family == XFIB_INET6 ? 0xff : TOS_MASK4;
	}
	return step;
}

/* ---- steps ---- */

/* Behind the last step that there is room for come the kernel's decisions. */
static void emit(struct compiler *compiler, const struct xfib_plan_step *step)
{
	struct plan *plan = compiler->plan;

	if (plan->count < XFIB_PLAN_STEPS - 1)
		plan->step[plan->count++] = *step;
	else
		plan->complete = false;
	if (step->action == XFIB_PLAN_VERDICT && !is_conditional(step))
		compiler->reached = false;
}

static void emit_kernel(struct compiler *compiler, struct xfib_plan_step step)
{
	step.action = XFIB_PLAN_VERDICT;
	step.value = XFIB_REASON_POLICY_RULE;
	step.flags = 0;
	emit(compiler, &step);
}

static void emit_table(struct compiler *compiler, const struct nl_rule *rule, struct xfib_plan_step step)
{
	const struct plan_context *context = compiler->context;
	bool always = !is_conditional(&step) && !compiler->jump_count && rule->suppress_prefix_length < 0;

	step.table = rule->l3mdev ? context->vrf_table : rule->table;
	if (!step.table || rule->suppresses_group || !context->is_held(step.table, context->data)) {
		step.action = XFIB_PLAN_VERDICT;
		step.value = XFIB_REASON_POLICY_RULE;
		emit(compiler, &step);
		return;
	}
	step.action = XFIB_PLAN_TABLE;
	step.suppress_prefix_length = rule->suppress_prefix_length;
	/* The FIB of table main has table local in it: it serves those who have found nothing there. */
	if (step.table != XFIB_TABLE_LOCAL && (step.table != XFIB_TABLE_MAIN || compiler->local_searched))
		step.fib = context->find_fib(step.table, context->family, context->data);
	if (step.table == XFIB_TABLE_LOCAL && always)
		compiler->local_searched = true;
	emit(compiler, &step);
}

/* The kernel goes on with the first rule of that priority, which comes later; without one the goto does nothing. */
static uint32_t find_target(const struct compiler *compiler, const struct nl_rule *rule)
{
	for (uint32_t i = compiler->at + 1; i < compiler->count; i++) {
		if (compiler->rules[i].family == rule->family && compiler->rules[i].priority == rule->target)
			return i;
	}
	return NOWHERE;
}

static void emit_goto(struct compiler *compiler, const struct nl_rule *rule, struct xfib_plan_step step)
{
	uint32_t target = find_target(compiler, rule);

	if (target == NOWHERE)
		return;
	step.action = XFIB_PLAN_GOTO;
	if (compiler->plan->count < XFIB_PLAN_STEPS - 1)
		compiler->jumps[compiler->jump_count++] = (struct jump){ compiler->plan->count, target };
	emit(compiler, &step);
	if (!is_conditional(&step))
		compiler->reached = false;
}

/* What the rule does with packets for which the conditions of `step` hold. */
static void emit_action(struct compiler *compiler, const struct nl_rule *rule, struct xfib_plan_step step)
{
	static const uint16_t reasons[] = {
		[FR_ACT_BLACKHOLE] = XFIB_REASON_BLACKHOLE,
		[FR_ACT_UNREACHABLE] = XFIB_REASON_UNREACHABLE,
		[FR_ACT_PROHIBIT] = XFIB_REASON_PROHIBIT,
	};

	step.action = XFIB_PLAN_VERDICT;
	switch (rule->action) {
	case FR_ACT_TO_TBL:
		emit_table(compiler, rule, step);
		break;
	case FR_ACT_GOTO:
		emit_goto(compiler, rule, step);
		break;
	case FR_ACT_NOP:
		break;
	case FR_ACT_BLACKHOLE:
	case FR_ACT_UNREACHABLE:
	case FR_ACT_PROHIBIT:
		step.value = reasons[rule->action];
		emit(compiler, &step);
		break;
	default:
		step.value = XFIB_REASON_POLICY_RULE;
		emit(compiler, &step);
	}
}

/* ---- rules ---- */

/*
 * IPv6 rules by a traffic class: since Linux 5.17 the ECN bits of the packet do not count, before they do. The kernel tells
 * for packets that have them.
 */
static void emit_ecn(struct compiler *compiler, const struct xfib_plan_step *conditions)
{
	struct xfib_plan_step step = *conditions;

	if (step.tos_mask != 0xff || step.tos & ECN_MASK)
		return;
	for (uint8_t ecn = 1; ecn <= ECN_MASK; ecn++) {
		step.tos = conditions->tos | ecn;
		emit_kernel(compiler, step);
	}
}

static void compile_rule(struct compiler *compiler, const struct nl_rule *rule)
{
	struct xfib_plan_step step = conditions_of(rule), always = { .priority = rule->priority, .suppress_prefix_length = -1 };
	enum known known = check(compiler->context, rule);

	if (known == NEVER) {
		if (rule->invert)
			emit_action(compiler, rule, always);
		return;
	}
	if (rule->action == FR_ACT_NOP)
		return;
	emit_ecn(compiler, &step);
	if (known == ALWAYS) {
		step.flags = rule->invert ? XFIB_PLAN_INVERT : 0;
		if (!rule->invert || is_conditional(&step))
			emit_action(compiler, rule, step);
		return;
	}
	/* For whom the conditions hold that are known, the rest decides; the others do not match, and an inverted rule does. */
	emit_kernel(compiler, step);
	if (rule->invert && is_conditional(&step))
		emit_action(compiler, rule, always);
}

/* Has gotos to the rule lead to where its steps begin. Are there any? Then packets come here whatever was before. */
static bool land(struct compiler *compiler, uint32_t rule)
{
	struct plan *plan = compiler->plan;
	bool landed = false;

	for (uint32_t i = 0; i < compiler->jump_count; i++) {
		const struct jump *jump = &compiler->jumps[i];

		if (jump->rule != rule)
			continue;
		plan->step[jump->step].value = (uint16_t)(plan->count - jump->step);
		landed = true;
	}
	return landed;
}

/* Gotos to rules that there is no room for lead to the end. */
static void land_rest(struct compiler *compiler)
{
	struct plan *plan = compiler->plan;

	for (uint32_t i = 0; i < compiler->jump_count; i++) {
		struct xfib_plan_step *step = &plan->step[compiler->jumps[i].step];

		if (compiler->jumps[i].rule > compiler->at)
			step->value = (uint16_t)(plan->count - compiler->jumps[i].step);
	}
}

void plan__compile(const struct plan_context *context, const struct nl_rule *rules, uint32_t count, struct plan *ret_plan)
{
	struct compiler compiler = { .context = context, .rules = rules, .count = count, .plan = ret_plan, .reached = true };
	struct xfib_plan_step end = { .action = XFIB_PLAN_VERDICT, .value = XFIB_REASON_NO_ROUTE, .suppress_prefix_length = -1 };

	ret_plan->count = 0;
	ret_plan->complete = true;
	for (uint32_t i = 0; i < count && ret_plan->complete; i++) {
		compiler.at = i;
		compiler.reached |= land(&compiler, i);
		if (compiler.reached && rules[i].family == context->family)
			compile_rule(&compiler, &rules[i]);
	}
	if (!ret_plan->complete) {
		end.value = XFIB_REASON_POLICY_RULE;
		land_rest(&compiler);
	}
	ret_plan->step[ret_plan->count++] = end;
}

/* ---- what is asked about plans ---- */

static bool is_search(const struct xfib_plan_step *step, uint32_t table)
{
	return step->action == XFIB_PLAN_TABLE && step->table == table && step->suppress_prefix_length < 0 && !is_conditional(step);
}

bool plan__is_usual(const struct plan *plan, uint8_t family)
{
	const struct xfib_plan_step *step = plan->step;
	uint32_t tables = plan->count - 1;

	if (tables != (family == XFIB_INET ? 3 : 2) || step[tables].value != XFIB_REASON_NO_ROUTE)
		return false;
	return is_search(&step[0], XFIB_TABLE_LOCAL) && is_search(&step[1], XFIB_TABLE_MAIN) &&
	       (family != XFIB_INET || is_search(&step[2], XFIB_TABLE_DEFAULT));
}

static ino_t inode_of(int fd)
{
	struct stat status;

	return fd >= 0 && !fstat(fd, &status) ? status.st_ino : 0;
}

bool plan__user_is_root(void)
{
	int net = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	int own = open("/proc/thread-self/ns/user", O_RDONLY | O_CLOEXEC);
	int owner = net < 0 ? -1 : ioctl(net, NS_GET_USERNS);
	bool is_root = inode_of(own) == INITIAL_USER_NAMESPACE && inode_of(owner) == INITIAL_USER_NAMESPACE;

	if (owner >= 0)
		close(owner);
	if (own >= 0)
		close(own);
	if (net >= 0)
		close(net);
	return is_root;
}
