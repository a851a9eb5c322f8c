// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Plans in xfib_plans. See plans.h. */
#include "plans.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/fib_rules.h>
#include <xfib/lookup.h>

#include "maps.h"
#include "plan.h"

/* Numbers of a link's plans as if their list were in the first half of the map. */
struct ids {
	uint16_t plan4, plan6, source4;
};

struct device {
	char name[16];
	enum plan_device kind;
};

struct plans {
	struct maps *maps;
	bool is_root;
	struct nl_rule *rules;
	uint32_t count, room;
	uint32_t begin, end; /* the elements in use */
	/* of the update under way: */
	const struct plans_opts *opts;
	struct xfib_plan_step *list; /* all plans that it has made, one after the other */
	struct ids *ids;             /* by slot of xfib_links */
	struct device *devices;      /* all links, by name */
	uint32_t device_count;
	uint32_t steps;
	bool full;
	struct plans_asking asking4, asking6;
};

/* Elements that one list may take: the next one is written beside it. */
static uint32_t half_of(const struct plans *plans)
{
	return (plans->maps->sizes.plans - XFIB_PLAN_BEGIN) / 2;
}

int plans__new(struct maps *maps, struct plans **ret_plans)
{
	struct plans *plans = calloc(1, sizeof(*plans));

	if (!plans)
		return -ENOMEM;
	plans->maps = maps;
	plans->is_root = plan__user_is_root();
	plans->begin = plans->end = XFIB_PLAN_BEGIN;
	plans->list = calloc(half_of(plans), sizeof(*plans->list));
	plans->ids = calloc(maps->sizes.links, sizeof(*plans->ids));
	plans->devices = calloc(maps->sizes.links, sizeof(*plans->devices));
	if (!plans->list || !plans->ids || !plans->devices) {
		plans__free(plans);
		return -ENOMEM;
	}
	maps->plans[XFIB_PLAN_KERNEL] = (struct xfib_plan_step){ .action = XFIB_PLAN_VERDICT, .value = XFIB_REASON_POLICY_RULE,
								 .suppress_prefix_length = -1 };
	*ret_plans = plans;
	return 0;
}

void plans__free(struct plans *plans)
{
	if (!plans)
		return;
	free(plans->rules);
	free(plans->list);
	free(plans->ids);
	free(plans->devices);
	free(plans);
}

void plans__begin(struct plans *plans)
{
	plans->count = 0;
}

int plans__add(struct plans *plans, const struct nl_rule *rule)
{
	if (plans->count == plans->room) {
		uint32_t room = plans->room ? plans->room * 2 : 16;
		struct nl_rule *rules = realloc(plans->rules, room * sizeof(*rules));

		if (!rules)
			return -ENOMEM;
		plans->rules = rules;
		plans->room = room;
	}
	plans->rules[plans->count++] = *rule;
	return 0;
}

void plans__each_table(const struct plans *plans, void (*visit)(uint32_t table, void *data), void *data)
{
	for (uint32_t i = 0; i < plans->count; i++) {
		if (plans->rules[i].action == FR_ACT_TO_TBL && !plans->rules[i].l3mdev && plans->rules[i].table)
			visit(plans->rules[i].table, data);
	}
}

/* ---- what a plan depends on ---- */

static const struct xfib_link *find_link(const struct plans *plans, uint32_t ifindex)
{
	for (uint32_t probe = 0; ifindex && probe < XFIB_LINK_PROBES; probe++) {
		const struct xfib_link *link = &plans->maps->links[xfib_link__slot(ifindex, plans->maps->sizes.links, probe)];

		if (link->ifindex == ifindex)
			return link;
	}
	return NULL;
}

static int compare_names(const void *a, const void *b)
{
	return strncmp(((const struct device *)a)->name, ((const struct device *)b)->name, sizeof(((const struct device *)a)->name));
}

/* Each link and each rule that names one looks them up. */
static void sort_devices(struct plans *plans)
{
	plans->device_count = 0;
	for (uint32_t slot = 1; slot < plans->maps->sizes.links; slot++) {
		const struct xfib_link *link = &plans->maps->links[slot];
		struct device *device = &plans->devices[plans->device_count];

		if (!link->ifindex)
			continue;
		memcpy(device->name, link->name, sizeof(device->name));
		device->kind = link->flags & XFIB_LINK_VRF ? PLAN_VRF : PLAN_PORT;
		plans->device_count++;
	}
	qsort(plans->devices, plans->device_count, sizeof(*plans->devices), compare_names);
}

static enum plan_device find_device(const char *name, void *data)
{
	const struct plans *plans = data;
	const struct device *device;
	struct device wanted = { .kind = PLAN_NO_DEVICE };

	memccpy(wanted.name, name, '\0', sizeof(wanted.name));
	device = bsearch(&wanted, plans->devices, plans->device_count, sizeof(wanted), compare_names);
	return device ? device->kind : PLAN_NO_DEVICE;
}

static bool is_held(uint32_t table, void *data)
{
	const struct plans *plans = data;

	return plans->opts->is_held(table, plans->opts->data);
}

static uint32_t find_fib(uint32_t table, uint8_t family, void *data)
{
	const struct plans *plans = data;
	const struct xfib_fib *fibs = plans->maps->fibs;
	uint32_t slots = plans->maps->sizes.fibs, slot = xfib_fib__slot(table, family, slots);

	for (uint32_t i = 0; i < slots && fibs[slot].family; i++, slot = (slot + 1) & (slots - 1)) {
		if (fibs[slot].table == table && fibs[slot].family == family)
			return slot + 1;
	}
	return 0;
}

/* ---- the list ---- */

/* Jumps are relative, so that what equals a plan is one, wherever it begins. */
static bool is_at(const struct plans *plans, uint32_t at, const struct plan *plan)
{
	return at + plan->count <= plans->steps && !memcmp(&plans->list[at], plan->step, plan->count * sizeof(plan->step[0]));
}

static uint16_t place(struct plans *plans, const struct plan *plan)
{

	for (uint32_t at = 0; at < plans->steps; at++) {
		if (is_at(plans, at, plan))
			return (uint16_t)(XFIB_PLAN_BEGIN + at);
	}
	if (plans->steps + plan->count > half_of(plans)) {
		plans->full = true;
		return XFIB_PLAN_KERNEL;
	}
	memcpy(&plans->list[plans->steps], plan->step, plan->count * sizeof(plan->step[0]));
	plans->steps += plan->count;
	return (uint16_t)(XFIB_PLAN_BEGIN + plans->steps - plan->count);
}

/* ---- links ---- */

/* Takes note of the rules for which packets go up. */
static void note_asking(struct plans_asking *asking, const struct plan *plan)
{
	asking->too_many |= !plan->complete;
	for (uint32_t i = 0; i + 1 < plan->count; i++) {
		const struct xfib_plan_step *step = &plan->step[i];
		uint32_t at = 0;

		if (step->action != XFIB_PLAN_VERDICT || step->value != XFIB_REASON_POLICY_RULE)
			continue;
		while (at < asking->count && asking->priority[at] != step->priority)
			at++;
		if (at == PLANS_ASKING)
			asking->more = true;
		else if (at == asking->count)
			asking->priority[asking->count++] = step->priority;
	}
}

static uint16_t compile(struct plans *plans, const struct xfib_link *link, uint8_t family, bool from_port)
{
	const struct xfib_link *master = find_link(plans, link->master);
	struct plan_context context = { .family = family, .port = from_port ? link->name : NULL, .is_root = plans->is_root,
					.find_device = find_device, .is_held = is_held, .find_fib = find_fib, .data = plans };
	struct plan plan;

	if (plans->opts->unknown)
		return XFIB_PLAN_KERNEL;
	if (link->flags & XFIB_LINK_VRF)
		master = link;
	if (master && master->flags & XFIB_LINK_VRF) {
		context.vrf = master->name;
		context.vrf_table = master->table;
	}
	plan__compile(&context, plans->rules, plans->count, &plan);
	note_asking(family == XFIB_INET6 ? &plans->asking6 : &plans->asking4, &plan);
	return plan__is_usual(&plan, family) ? XFIB_PLAN_USUAL : place(plans, &plan);
}

static struct ids compile_link(struct plans *plans, const struct xfib_link *link)
{
	const struct xfib_link *master = find_link(plans, link->master);
	struct ids ids = { .plan4 = compile(plans, link, XFIB_INET, true), .plan6 = compile(plans, link, XFIB_INET6, true) };

	/* The table of a source is that of the VRF, whatever interface the packet leaves by (__fib_validate_source()). */
	if (link->flags & XFIB_LINK_VRF || (master && master->flags & XFIB_LINK_VRF))
		ids.source4 = compile(plans, link, XFIB_INET, false);
	return ids;
}

/* ---- publishing ---- */

static bool is_published(const struct plans *plans)
{
	return plans->end - plans->begin == plans->steps &&
	       (!plans->steps || !memcmp(&plans->maps->plans[plans->begin], plans->list, plans->steps * sizeof(*plans->list)));
}

/* Programs may still be at the list before the one in use. */
static int publish(struct plans *plans)
{
	uint32_t begin = plans->begin == XFIB_PLAN_BEGIN ? XFIB_PLAN_BEGIN + half_of(plans) : XFIB_PLAN_BEGIN;
	int err;

	if (is_published(plans))
		return 0;
	err = maps__grace(plans->maps);
	if (err)
		return err;
	if (plans->steps)
		memcpy(&plans->maps->plans[begin], plans->list, plans->steps * sizeof(*plans->list));
	plans->begin = begin;
	plans->end = begin + plans->steps;
	return 0;
}

static uint16_t number_of(const struct plans *plans, uint16_t id)
{
	return id < XFIB_PLAN_BEGIN ? id : (uint16_t)(id - XFIB_PLAN_BEGIN + plans->begin);
}

static void lead_link(const struct plans *plans, struct xfib_link *link, const struct ids *ids)
{
	__atomic_store_n(&link->plan4, number_of(plans, ids->plan4), __ATOMIC_RELEASE);
	__atomic_store_n(&link->plan6, number_of(plans, ids->plan6), __ATOMIC_RELEASE);
	__atomic_store_n(&link->source4, number_of(plans, ids->source4), __ATOMIC_RELEASE);
}

static int compare_numbers(const void *a, const void *b)
{
	uint32_t one = *(const uint32_t *)a, other = *(const uint32_t *)b;

	return one < other ? -1 : one > other;
}

int plans__update(struct plans *plans, const struct plans_opts *opts, struct plans_asking *ret_asking4,
		  struct plans_asking *ret_asking6)
{
	struct maps *maps = plans->maps;
	int err;

	plans->opts = opts;
	plans->steps = 0;
	plans->full = false;
	plans->asking4 = plans->asking6 = (struct plans_asking){ 0 };
	sort_devices(plans);
	for (uint32_t slot = 1; slot < maps->sizes.links; slot++) {
		if (maps->links[slot].ifindex)
			plans->ids[slot] = compile_link(plans, &maps->links[slot]);
	}
	err = publish(plans);
	if (err)
		return err;
	for (uint32_t slot = 1; slot < maps->sizes.links; slot++) {
		if (maps->links[slot].ifindex)
			lead_link(plans, &maps->links[slot], &plans->ids[slot]);
	}
	qsort(plans->asking4.priority, plans->asking4.count, sizeof(uint32_t), compare_numbers);
	qsort(plans->asking6.priority, plans->asking6.count, sizeof(uint32_t), compare_numbers);
	*ret_asking4 = plans->asking4;
	*ret_asking6 = plans->asking6;
	return plans->full ? -ENOSPC : 0;
}
