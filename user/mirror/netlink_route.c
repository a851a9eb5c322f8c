// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Routes with their paths. See netlink_parse.h. */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host_bits.h"
#include "netlink_parse.h"

/* A gateway of the route's family, or of the other one (RTA_VIA). */
static int parse_gateway(uint8_t family, const struct nlattr *gateway, const struct nlattr *via, struct nl_path *path)
{
	size_t length = nl_parse__address_length(family);

	if (gateway) {
		path->gateway_family = family;
		return nl_parse__copy(gateway, path->gateway, length);
	}
	if (via) {
		const struct rtvia *other = mnl_attr_get_payload(via);
		size_t size = mnl_attr_get_payload_len(via);

		if (size < sizeof(*other))
			return -EBADMSG;
		length = nl_parse__address_length((uint8_t)other->rtvia_family);
		if (!length) { /* MPLS and others: nothing that the fast path could send to */
			path->encap = true;
			return 0;
		}
		if (size != sizeof(*other) + length)
			return -EBADMSG;
		path->gateway_family = (uint8_t)other->rtvia_family;
		memcpy(path->gateway, other->rtvia_addr, length);
	}
	return 0;
}

static int parse_multipath(uint8_t family, const struct nlattr *attribute, struct nl_path *paths, uint32_t *ret_count)
{
	const struct rtnexthop *hop = mnl_attr_get_payload(attribute);
	size_t left = mnl_attr_get_payload_len(attribute);
	uint32_t count = 0;

	while (left >= sizeof(*hop)) {
		const struct nlattr *table[RTA_MAX + 1];
		struct nl_path *path = &paths[count];
		size_t size = hop->rtnh_len, step = (size + 3) & ~(size_t)3;
		int err;

		if (size < sizeof(*hop) || size > left || count == NL_PATHS_MAX)
			return -EBADMSG;
		err = nl_parse__range(hop + 1, size - sizeof(*hop), table, RTA_MAX);
		if (err)
			return err;
		memset(path, 0, sizeof(*path));
		path->ifindex = (uint32_t)hop->rtnh_ifindex;
		path->weight = (uint16_t)(hop->rtnh_hops + 1);
		path->flags = hop->rtnh_flags;
		path->encap = table[RTA_ENCAP] != NULL;
		err = parse_gateway(family, table[RTA_GATEWAY], table[RTA_VIA], path);
		if (err)
			return err;
		count++;
		if (step >= left)
			break;
		hop = (const struct rtnexthop *)(const void *)((const char *)hop + step);
		left -= step;
	}
	*ret_count = count;
	return 0;
}

static int parse_metrics(const struct nlattr *nest, struct nl_route *route)
{
	const struct nlattr *table[RTAX_MAX + 1];
	uint32_t lock = 0;
	int err = nl_parse__nested(nest, table, RTAX_MAX);

	if (!err)
		err = nl_parse__copy(table[RTAX_MTU], &route->mtu, sizeof(route->mtu));
	if (!err)
		err = nl_parse__copy(table[RTAX_LOCK], &lock, sizeof(lock));
	route->mtu_locked = lock & (1u << RTAX_MTU);
	return err;
}

/* How long an IPv6 route has yet to live: in ticks of USER_HZ, among the facts of a cache. */
static void parse_lifetime(const struct nlattr *attribute, struct nl_route *route)
{
	struct rta_cacheinfo info;
	long ticks = sysconf(_SC_CLK_TCK);

	if (mnl_attr_get_payload_len(attribute) < sizeof(info))
		return;
	memcpy(&info, mnl_attr_get_payload(attribute), sizeof(info));
	if (!info.rta_expires || ticks <= 0)
		return;
	route->expires = true;
	route->lifetime = info.rta_expires > 0 ? (uint64_t)info.rta_expires * 1000 / (uint64_t)ticks : 0;
}

static int parse_paths(const struct rtmsg *header, const struct nlattr **table, struct nl_path *paths,
		       uint32_t *ret_count)
{
	uint32_t ifindex = 0;
	int err;

	if (table[RTA_MULTIPATH])
		return parse_multipath(header->rtm_family, table[RTA_MULTIPATH], paths, ret_count);
	err = nl_parse__copy(table[RTA_OIF], &ifindex, sizeof(ifindex));
	if (err)
		return err;
	memset(&paths[0], 0, sizeof(paths[0]));
	paths[0].ifindex = ifindex;
	paths[0].weight = 1;
	paths[0].flags = (uint8_t)(header->rtm_flags & 0xff); /* RTNH_F_* of the only path */
	paths[0].encap = table[RTA_ENCAP] != NULL;
	err = parse_gateway(header->rtm_family, table[RTA_GATEWAY], table[RTA_VIA], &paths[0]);
	if (!err)
		*ret_count = ifindex || paths[0].gateway_family || paths[0].encap;
	return err;
}

int nl_parse__route(const struct nlmsghdr *message, struct nl_path *paths, struct nl_route *ret_route)
{
	const struct rtmsg *header = mnl_nlmsg_get_payload(message);
	const struct nlattr *table[RTA_MAX + 1];
	struct nl_route route = { 0 };
	size_t length;
	int err = nl_parse__attributes(message, sizeof(*header), table, RTA_MAX);

	if (err)
		return err;
	length = nl_parse__address_length(header->rtm_family);
	if (!length)
		return 1;
	if (header->rtm_dst_len > length * 8 || (header->rtm_dst_len && !table[RTA_DST]))
		return -EBADMSG;
	route.family = header->rtm_family;
	route.prefix_length = header->rtm_dst_len;
	route.type = header->rtm_type;
	route.scope = header->rtm_scope;
	route.protocol = header->rtm_protocol;
	route.tos = header->rtm_tos;
	route.flags = header->rtm_flags;
	route.table = header->rtm_table;
	route.source_specific = header->rtm_src_len;
	route.message_flags = message->nlmsg_flags;
	route.requester = message->nlmsg_pid;
	route.sequence = message->nlmsg_seq;
	err = nl_parse__copy(table[RTA_DST], route.prefix, length);
	if (!err && !address__is_zero_from(route.prefix, route.prefix_length))
		err = -EBADMSG;
	if (!err)
		err = nl_parse__copy(table[RTA_TABLE], &route.table, sizeof(route.table));
	if (!err)
		err = nl_parse__copy(table[RTA_PRIORITY], &route.metric, sizeof(route.metric));
	if (!err)
		err = nl_parse__copy(table[RTA_NH_ID], &route.nexthop_id, sizeof(route.nexthop_id));
	if (!err)
		err = nl_parse__copy(table[RTA_PREFSRC], route.source, length);
	if (!err)
		err = nl_parse__copy(table[RTA_PREF], &route.preference, sizeof(route.preference));
	if (!err && table[RTA_METRICS])
		err = parse_metrics(table[RTA_METRICS], &route);
	if (!err)
		err = parse_paths(header, table, paths, &route.path_count);
	if (err)
		return err;
	if (table[RTA_CACHEINFO])
		parse_lifetime(table[RTA_CACHEINFO], &route);
	route.paths = paths;
	*ret_route = route;
	return 0;
}
