/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The policy rules in xfib_rules. As with addresses, a change is a new list:
 * collected from a full dump, then published at once.
 */
#ifndef XFIB_MIRROR_RULES_H
#define XFIB_MIRROR_RULES_H

#include "netlink.h"

struct maps;
struct rules;

int rules__new(struct maps *maps, struct rules **ret_rules);
void rules__free(struct rules *rules);

void rules__begin(struct rules *rules);

/* `foreign`: the table of the rule is not mirrored. -ENOMEM */
int rules__add(struct rules *rules, const struct nl_rule *rule, bool foreign);

/*
 * -ENOSPC: more than half the map holds; then the list that counts has a rule for each family that queries get no answer
 * by, and the caller says so.
 */
int rules__publish(struct rules *rules);

#endif
