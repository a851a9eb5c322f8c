// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Policy rules. See netlink_parse.h. */
#include <errno.h>
#include <linux/fib_rules.h>
#include <string.h>

#include "netlink_parse.h"

/* Conditions that newer kernels have (DSCP, flow label, masks) are seen, though not known by name. */
#define ATTRIBUTES_MAX 63
#define ATTRIBUTES_KNOWN FRA_DPORT_RANGE

static int copy_name(const struct nlattr *attribute, char ret_name[16])
{
	size_t length = attribute ? mnl_attr_get_payload_len(attribute) : 0;

	if (length > 16)
		return -EBADMSG;
	if (length)
		memcpy(ret_name, mnl_attr_get_payload(attribute), length);
	ret_name[15] = '\0';
	return 0;
}

/* Conditions on what a routing query does not have. */
static bool has_other(const struct nlattr **table)
{
	static const uint16_t others[] = { FRA_IP_PROTO, FRA_SPORT_RANGE, FRA_DPORT_RANGE };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (table[others[i]])
			return true;
	}
	for (uint16_t type = ATTRIBUTES_KNOWN + 1; type <= ATTRIBUTES_MAX; type++) {
		if (table[type])
			return true;
	}
	return false;
}

static int parse_conditions(const struct fib_rule_hdr *header, const struct nlattr **table, struct nl_rule *rule)
{
	size_t length = nl_parse__address_length(header->family);
	struct fib_rule_uid_range uids = { 0 };
	uint64_t tunnel = 0;
	uint8_t l3mdev = 0;
	int err;

	if (header->src_len > length * 8 || header->dst_len > length * 8 || (header->src_len && !table[FRA_SRC]) ||
	    (header->dst_len && !table[FRA_DST]))
		return -EBADMSG;
	rule->source_length = header->src_len;
	rule->destination_length = header->dst_len;
	rule->tos = header->tos;
	rule->invert = header->flags & FIB_RULE_INVERT;
	rule->iif_detached = header->flags & FIB_RULE_IIF_DETACHED;
	err = nl_parse__copy(table[FRA_SRC], rule->source, length);
	if (!err)
		err = nl_parse__copy(table[FRA_DST], rule->destination, length);
	if (!err)
		err = copy_name(table[FRA_IIFNAME], rule->iif);
	if (!err)
		err = copy_name(table[FRA_OIFNAME], rule->oif);
	if (!err)
		err = nl_parse__copy(table[FRA_FWMARK], &rule->mark, sizeof(rule->mark));
	rule->mask = table[FRA_FWMARK] ? UINT32_MAX : 0;
	if (!err)
		err = nl_parse__copy(table[FRA_FWMASK], &rule->mask, sizeof(rule->mask));
	if (!err)
		err = nl_parse__copy(table[FRA_UID_RANGE], &uids, sizeof(uids));
	if (!err)
		err = nl_parse__copy(table[FRA_L3MDEV], &l3mdev, sizeof(l3mdev));
	if (!err)
		err = nl_parse__copy(table[FRA_TUN_ID], &tunnel, sizeof(tunnel));
	rule->has_uids = table[FRA_UID_RANGE] != NULL;
	rule->uid_begin = uids.start;
	rule->uid_end = uids.end;
	rule->l3mdev = l3mdev;
	rule->other = tunnel || has_other(table);
	return err;
}

int nl_parse__rule(const struct nlmsghdr *message, struct nl_rule *ret_rule)
{
	const struct fib_rule_hdr *header = mnl_nlmsg_get_payload(message);
	const struct nlattr *table[ATTRIBUTES_MAX + 1];
	struct nl_rule rule = { .suppress_prefix_length = -1 };
	int err = nl_parse__attributes(message, sizeof(*header), table, ATTRIBUTES_MAX);

	if (err)
		return err;
	if (!nl_parse__address_length(header->family))
		return 1;
	rule.family = header->family;
	rule.action = header->action;
	rule.table = header->table;
	err = nl_parse__copy(table[FRA_TABLE], &rule.table, sizeof(rule.table));
	if (!err)
		err = nl_parse__copy(table[FRA_PRIORITY], &rule.priority, sizeof(rule.priority));
	if (!err)
		err = nl_parse__copy(table[FRA_GOTO], &rule.target, sizeof(rule.target));
	if (!err)
		err = nl_parse__copy(table[FRA_SUPPRESS_PREFIXLEN], &rule.suppress_prefix_length,
				     sizeof(rule.suppress_prefix_length));
	rule.suppresses_group = table[FRA_SUPPRESS_IFGROUP] != NULL;
	if (!err)
		err = parse_conditions(header, table, &rule);
	if (err)
		return err;
	rule.selective = rule.source_length || rule.destination_length || rule.tos || rule.invert || rule.iif[0] ||
			 rule.oif[0] || rule.mask || rule.has_uids || rule.l3mdev || rule.other ||
			 rule.action != FR_ACT_TO_TBL || rule.suppress_prefix_length >= 0 || rule.suppresses_group ||
			 table[FRA_FLOW];
	*ret_rule = rule;
	return 0;
}
