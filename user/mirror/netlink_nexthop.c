// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Next hop objects. See netlink_parse.h. */
#include <errno.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "netlink_parse.h"

/* Of more members than a route may have paths here, the first ones are described. */
static int parse_group(const struct nlattr *attribute, struct nl_nexthop *nexthop)
{
	const struct nexthop_grp *member = mnl_attr_get_payload(attribute);
	size_t size = mnl_attr_get_payload_len(attribute), count = size / sizeof(*member);

	if (!count || size % sizeof(*member))
		return -EBADMSG;
	nexthop->member_count = (uint32_t)count;
	for (size_t i = 0; i < count && i < XFIB_GROUP_MEMBERS; i++) {
		nexthop->members[i].id = member[i].id;
		nexthop->members[i].weight = (uint16_t)(member[i].weight + 1);
	}
	return 0;
}

/* A resilient group says how many buckets it has. */
static int parse_resilience(const struct nlattr *attribute, struct nl_nexthop *nexthop)
{
	const struct nlattr *table[NHA_RES_GROUP_MAX + 1];
	uint16_t count = 0;
	int err = nl_parse__nested(attribute, table, NHA_RES_GROUP_MAX);

	if (!err)
		err = nl_parse__copy(table[NHA_RES_GROUP_BUCKETS], &count, sizeof(count));
	if (!err && (!count || !nexthop->member_count))
		err = -EBADMSG;
	nexthop->bucket_count = count;
	return err;
}

int nl_parse__nexthop(const struct nlmsghdr *message, struct nl_nexthop *ret_nexthop)
{
	const struct nhmsg *header = mnl_nlmsg_get_payload(message);
	const struct nlattr *table[NHA_MAX + 1];
	struct nl_nexthop nexthop;
	size_t length;
	int err = nl_parse__attributes(message, sizeof(*header), table, NHA_MAX);

	if (err)
		return err;
	memset(&nexthop, 0, sizeof(nexthop));
	nexthop.blackhole = table[NHA_BLACKHOLE] != NULL;
	nexthop.bridge = table[NHA_FDB] != NULL;
	nexthop.path.weight = 1;
	nexthop.path.flags = (uint8_t)header->nh_flags;
	nexthop.path.encap = table[NHA_ENCAP] != NULL || table[NHA_ENCAP_TYPE] != NULL;
	err = nl_parse__copy(table[NHA_ID], &nexthop.id, sizeof(nexthop.id));
	if (!err && !nexthop.id)
		err = -EBADMSG;
	if (!err)
		err = nl_parse__copy(table[NHA_OIF], &nexthop.path.ifindex, sizeof(nexthop.path.ifindex));
	if (!err && table[NHA_GATEWAY]) {
		length = nl_parse__address_length(header->nh_family);
		nexthop.path.gateway_family = header->nh_family;
		err = length ? nl_parse__copy(table[NHA_GATEWAY], nexthop.path.gateway, length) : -EBADMSG;
	}
	if (!err && table[NHA_GROUP])
		err = parse_group(table[NHA_GROUP], &nexthop);
	if (!err && table[NHA_RES_GROUP])
		err = parse_resilience(table[NHA_RES_GROUP], &nexthop);
	if (!err)
		*ret_nexthop = nexthop;
	return err;
}

int nl_parse__bucket(const struct nlmsghdr *message, struct nl_bucket *ret_bucket)
{
	const struct nlattr *table[NHA_MAX + 1], *inner[NHA_RES_BUCKET_MAX + 1];
	struct nl_bucket bucket;
	int err = nl_parse__attributes(message, sizeof(struct nhmsg), table, NHA_MAX);

	if (err)
		return err;
	memset(&bucket, 0, sizeof(bucket));
	err = nl_parse__copy(table[NHA_ID], &bucket.group, sizeof(bucket.group));
	if (!err && !table[NHA_RES_BUCKET])
		err = -EBADMSG;
	if (!err)
		err = nl_parse__nested(table[NHA_RES_BUCKET], inner, NHA_RES_BUCKET_MAX);
	if (!err && !inner[NHA_RES_BUCKET_INDEX])
		err = -EBADMSG;
	if (!err)
		err = nl_parse__copy(inner[NHA_RES_BUCKET_INDEX], &bucket.index, sizeof(bucket.index));
	if (!err)
		err = nl_parse__copy(inner[NHA_RES_BUCKET_NH_ID], &bucket.member, sizeof(bucket.member));
	if (!err && (!bucket.group || !bucket.member))
		err = -EBADMSG;
	if (!err)
		*ret_bucket = bucket;
	return err;
}
