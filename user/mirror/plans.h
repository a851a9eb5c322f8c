/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The plans in xfib_plans, and which of them each link's packets go by. As with rules, a change is a new list: compiled for
 * every link, written beside the one in use, and then the links are led there. Until that has been done for a link, its
 * packets go up to the kernel.
 *
 * Cost of an update: links times rules; memory: the rules.
 */
#ifndef XFIB_MIRROR_PLANS_H
#define XFIB_MIRROR_PLANS_H

#include "netlink.h"

struct maps;
struct plans;

int plans__new(struct maps *maps, struct plans **ret_plans);
void plans__free(struct plans *plans);

/* The rules, in the kernel's order; plans__update() follows. -ENOMEM */
void plans__begin(struct plans *plans);
int plans__add(struct plans *plans, const struct nl_rule *rule);

/* Calls `visit` for each table that rules lead to, some more than once. */
void plans__each_table(const struct plans *plans, void (*visit)(uint32_t table, void *data), void *data);

/* Rules for which packets of some port go up to the kernel, in ascending order. */
#define PLANS_ASKING 8
struct plans_asking {
	uint32_t count;
	bool more; /* there are others too */
	bool too_many; /* the packets of some port meet more rules than a plan has room for */
	uint32_t priority[PLANS_ASKING];
};

struct plans_opts {
	bool unknown; /* what the rules are: all packets go up */
	bool (*is_held)(uint32_t table, void *data); /* may the table be searched? */
	void *data;
};

/*
 * Brings all plans up to date. -ENOSPC: there are more than there is room for, and the packets of some ports go up to the
 * kernel; else what is returned is defined on success only.
 */
int plans__update(struct plans *plans, const struct plans_opts *opts, struct plans_asking *ret_asking4,
		  struct plans_asking *ret_asking6);

#endif
