// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Plans of packets, as the programs go by them: see XFIB_PLAN_USUAL in abi.h. */
#include <string.h>
#include <sys/socket.h>

#include "private.h"

struct asking {
	const struct xfib_link *link;
	uint32_t family;
};

static void add_rule(struct xfib_link_rules *rules, uint32_t priority)
{
	for (uint32_t i = 0; i < rules->count; i++) {
		if (rules->priority[i] == priority)
			return;
	}
	if (rules->count < XFIB_LINK_RULES)
		rules->priority[rules->count++] = priority;
	else
		rules->more = 1;
}

static int list_rules(const struct xfib *instance, const void *query, void *result)
{
	const struct asking *asking = query;
	struct xfib_link_rules *rules = result;
	uint32_t plan = asking->family == AF_INET6 ? asking->link->plan6 : asking->link->plan4;
	struct xfib_plan_step step;

	memset(rules, 0, sizeof(*rules));
	rules->all = plan == XFIB_PLAN_KERNEL;
	if (plan < XFIB_PLAN_BEGIN)
		return 0;
	for (uint32_t i = 0; i < XFIB_PLAN_STEPS && instance__plan_step(instance, plan + i, &step); i++) {
		bool asks = step.action == XFIB_PLAN_VERDICT && step.value == XFIB_REASON_POLICY_RULE;
		bool last = step.action == XFIB_PLAN_VERDICT && !plan_step__is_conditional(&step);

		/* Behind the last step that there is room for come rules without a name. */
		if (asks && last && i == XFIB_PLAN_STEPS - 1)
			rules->more = 1;
		else if (asks)
			add_rule(rules, step.priority);
		if (last)
			break;
	}
	return 0;
}

XFIB_PUBLIC int xfib_link__rules(const struct xfib *instance, const struct xfib_link *link, uint32_t family,
				 struct xfib_link_rules *ret_rules)
{
	struct asking asking = { .link = link, .family = family };
	struct xfib_link_rules rules;
	int err = instance__steady(instance, list_rules, &asking, &rules);

	if (!err)
		*ret_rules = rules;
	return err;
}
