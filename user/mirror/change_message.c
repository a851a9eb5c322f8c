// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Changes of routes as rtnetlink has them. Defaults, scopes and flags are those
 * of ip-route(8).
 */
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "change_private.h"

#define ROUTE_ROOM 256 /* without paths */
#define PATH_ROOM 40   /* struct rtnexthop, RTA_VIA with an IPv6 address */

_Static_assert(CHANGE_BATCH_BYTES >= ROUTE_ROOM + XFIB_GROUP_MEMBERS * PATH_ROOM, "a batch holds any request");

size_t change_message__room(const struct change *change)
{
	return ROUTE_ROOM + (size_t)change->spec.path_count * PATH_ROOM;
}

static size_t length_of(uint32_t family)
{
	return family == AF_INET6 ? 16 : 4;
}

static bool is_given(const uint8_t address[16])
{
	static const uint8_t zero[16];

	return memcmp(address, zero, sizeof(zero)) != 0;
}

static uint16_t flags_of(const struct change *change)
{
	switch ((int)change->what) {
	case XFIB_ADD:
		return NLM_F_CREATE | NLM_F_EXCL;
	case XFIB_REPLACE:
		return NLM_F_CREATE | NLM_F_REPLACE;
	case XFIB_APPEND:
		return NLM_F_CREATE | NLM_F_APPEND;
	case CHANGE_PREPEND:
		return NLM_F_CREATE;
	default:
		return 0;
	}
}

/* How far the destination is. What is deleted may have any scope, which IPv4 has a value for. */
static uint8_t scope_of(const struct change *change)
{
	const struct xfib_route_spec *spec = &change->spec;

	if (spec->flags & XFIB_SPEC_SCOPE)
		return (uint8_t)spec->scope;
	if (change->what == XFIB_DELETE)
		return RT_SCOPE_NOWHERE;
	switch (spec->type) {
	case XFIB_ROUTE_LOCAL:
		return RT_SCOPE_HOST;
	case XFIB_ROUTE_BROADCAST:
	case XFIB_ROUTE_ANYCAST:
	case XFIB_ROUTE_MULTICAST:
		return RT_SCOPE_LINK;
	case XFIB_ROUTE_UNSPEC:
	case XFIB_ROUTE_UNICAST:
		return spec->path_count == 1 && !spec->paths[0].gateway_family ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
	default:
		return RT_SCOPE_UNIVERSE;
	}
}

static void put_gateway(struct nlmsghdr *message, uint32_t family, const struct xfib_path_spec *path)
{
	struct {
		uint16_t family;
		uint8_t address[16];
	} via = { .family = (uint16_t)path->gateway_family };
	size_t length = length_of(path->gateway_family);

	if (!path->gateway_family)
		return;
	if (path->gateway_family == family) {
		mnl_attr_put(message, RTA_GATEWAY, length, path->gateway);
		return;
	}
	memcpy(via.address, path->gateway, length);
	mnl_attr_put(message, RTA_VIA, sizeof(via.family) + length, &via);
}

static unsigned char path_flags(const struct xfib_path_spec *path)
{
	return path->flags & XFIB_NEXTHOP_ONLINK ? RTNH_F_ONLINK : 0;
}

static void put_paths(struct nlmsghdr *message, const struct xfib_route_spec *spec)
{
	struct nlattr *nest = mnl_attr_nest_start(message, RTA_MULTIPATH);

	for (uint32_t i = 0; i < spec->path_count; i++) {
		const struct xfib_path_spec *path = &spec->paths[i];
		struct rtnexthop *hop = mnl_nlmsg_get_payload_tail(message);
		uint32_t begin = message->nlmsg_len;

		memset(hop, 0, sizeof(*hop));
		hop->rtnh_ifindex = (int)path->ifindex;
		hop->rtnh_hops = (unsigned char)(path->weight ? path->weight - 1 : 0);
		hop->rtnh_flags = path_flags(path);
		message->nlmsg_len += (uint32_t)sizeof(*hop);
		put_gateway(message, spec->family, path);
		hop->rtnh_len = (unsigned short)(message->nlmsg_len - begin);
	}
	mnl_attr_nest_end(message, nest);
}

static void put_attributes(struct nlmsghdr *message, const struct change *change, struct rtmsg *route)
{
	const struct xfib_route_spec *spec = &change->spec;
	size_t length = length_of(spec->family);

	mnl_attr_put(message, RTA_DST, length, spec->prefix);
	mnl_attr_put_u32(message, RTA_TABLE, change__table(change));
	if (spec->metric)
		mnl_attr_put_u32(message, RTA_PRIORITY, spec->metric);
	if (is_given(spec->source))
		mnl_attr_put(message, RTA_PREFSRC, length, spec->source);
	if (spec->preference)
		mnl_attr_put_u8(message, RTA_PREF, (uint8_t)spec->preference);
	if (spec->lifetime && change->what != XFIB_DELETE)
		mnl_attr_put_u32(message, RTA_EXPIRES, spec->lifetime);
	if (spec->mtu) {
		struct nlattr *nest = mnl_attr_nest_start(message, RTA_METRICS);

		mnl_attr_put_u32(message, RTAX_MTU, spec->mtu);
		mnl_attr_nest_end(message, nest);
	}
	if (spec->path_count > 1) {
		put_paths(message, spec);
	} else if (spec->path_count) {
		if (spec->paths[0].ifindex)
			mnl_attr_put_u32(message, RTA_OIF, spec->paths[0].ifindex);
		put_gateway(message, spec->family, &spec->paths[0]);
		route->rtm_flags |= path_flags(&spec->paths[0]);
	}
}

size_t change_message__put(const struct change *change, uint32_t sequence, void *at)
{
	const struct xfib_route_spec *spec = &change->spec;
	bool deleting = change->what == XFIB_DELETE;
	uint32_t table = change__table(change);
	struct nlmsghdr *message = mnl_nlmsg_put_header(at);
	struct rtmsg *route;

	message->nlmsg_type = deleting ? RTM_DELROUTE : RTM_NEWROUTE;
	message->nlmsg_flags = NLM_F_REQUEST | flags_of(change);
	message->nlmsg_seq = sequence;
	route = mnl_nlmsg_put_extra_header(message, sizeof(*route));
	route->rtm_family = (unsigned char)spec->family;
	route->rtm_dst_len = (unsigned char)spec->prefix_length;
	route->rtm_tos = (unsigned char)spec->tos;
	route->rtm_table = (unsigned char)(table < 256 ? table : RT_TABLE_COMPAT);
	route->rtm_type = (unsigned char)(spec->type || deleting ? spec->type : RTN_UNICAST);
	route->rtm_protocol = (unsigned char)(spec->protocol || deleting ? spec->protocol : RTPROT_STATIC);
	route->rtm_scope = scope_of(change);
	put_attributes(message, change, route);
	return message->nlmsg_len;
}
