/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Which tables a query searches, in which order: the one it names, or those
 * to which the policy rules lead a packet that this machine sends
 * (fib_rules_lookup() in net/core/fib_rules.c), or those of the plan of the
 * port that a packet comes by. Within instance__steady().
 */
#ifndef XFIB_LIB_TABLES_H
#define XFIB_LIB_TABLES_H

#include "private.h"

struct table_step {
	uint32_t table;
	bool merged;      /* tables local and main are searched as one, see XFIB_STATE_MERGED4 */
	int32_t suppress; /* a route of a prefix of this length or shorter does not count; -1: all count */
};

enum table_walk_kind { TABLES_ONE, TABLES_USUAL, TABLES_BY_RULES, TABLES_BY_PLAN };

struct table_walk {
	const struct xfib *instance;
	const struct xfib_query *query;
	enum table_walk_kind kind;
	bool merged;
	uint32_t at;      /* step, or element of xfib_rules or xfib_plans */
	uint32_t steps;   /* of the plan that are left */
	struct range rules;
	uint32_t vrf_table; /* of the interface asked for, 0: it belongs to no VRF */
	char oif[16];     /* name of that interface */
};

void tables__begin(const struct xfib *instance, const struct xfib_query *query, struct table_walk *ret_walk);

/*
 * The next table to search. 1: there is one; 0: no more; -ENETUNREACH: a rule ends the search; -EOPNOTSUPP: a rule leads
 * where only the kernel knows the way.
 */
int tables__next(struct table_walk *walk, struct table_step *ret_step);

#endif
