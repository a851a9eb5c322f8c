// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* What the kernel says, by netlink: the way of a packet, neighbours, routes. */
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/neighbour.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "netlink.h"

/* Numbers of genetlink's family `netdev` that Debian 12's headers do not have. */
#define NETDEV_CMD_DEV_GET 1
#define NETDEV_A_DEV_IFINDEX 1
#define NETDEV_A_DEV_XDP_FEATURES 3
#define NETDEV_XDP_ACT_NDO_XMIT 4

#define FORGOTTEN_TABLE 77 /* that nothing else uses, and nobody mirrors */

static struct channel channel, generic;
static uint16_t netdev_family;

void channel__open(struct channel *opened, int protocol)
{
	int one = 1;

	opened->socket = mnl_socket_open2(protocol, SOCK_CLOEXEC);
	if (!opened->socket || mnl_socket_bind(opened->socket, 0, MNL_SOCKET_AUTOPID)) {
		perror("differential: netlink socket");
		exit(2);
	}
	mnl_socket_setsockopt(opened->socket, NETLINK_GET_STRICT_CHK, &one, sizeof(one));
}

struct nlmsghdr *channel__begin(struct channel *used, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *message;

	memset(used->out, 0, sizeof(used->out));
	message = mnl_nlmsg_put_header(used->out);
	message->nlmsg_type = type;
	message->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	message->nlmsg_seq = ++used->sequence;
	return message;
}

/* Reads parts until the error message or the end of a dump. 1: more will come. */
static int read_parts(struct channel *used, size_t length, void (*part)(const struct nlmsghdr *part, void *data), void *data)
{
	const struct nlmsghdr *message = (const void *)used->in;

	for (int left = (int)length; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left)) {
		if (message->nlmsg_seq != used->sequence)
			continue;
		if (message->nlmsg_type == NLMSG_ERROR)
			return ((const struct nlmsgerr *)mnl_nlmsg_get_payload(message))->error;
		if (message->nlmsg_type == NLMSG_DONE)
			return 0;
		if (part)
			part(message, data);
	}
	return 1;
}

int channel__ask(struct channel *used, struct nlmsghdr *message, void (*part)(const struct nlmsghdr *part, void *data), void *data)
{
	int err;

	if ((message->nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP)
		message->nlmsg_flags |= NLM_F_ACK;
	if (mnl_socket_sendto(used->socket, message, message->nlmsg_len) < 0)
		return -errno;
	do {
		ssize_t length = mnl_socket_recvfrom(used->socket, used->in, sizeof(used->in));

		if (length < 0)
			return -errno;
		err = read_parts(used, (size_t)length, part, data);
	} while (err > 0);
	return err;
}

/* ---- routes ---- */

void attributes__collect(const void *begin, size_t length, struct attributes *ret_attributes)
{
	const char *end = (const char *)begin + length;

	memset(ret_attributes, 0, sizeof(*ret_attributes));
	for (const struct nlattr *attribute = begin; mnl_attr_ok(attribute, (int)(end - (const char *)attribute));
	     attribute = mnl_attr_next(attribute)) {
		if (mnl_attr_get_type(attribute) < COUNT(ret_attributes->of))
			ret_attributes->of[mnl_attr_get_type(attribute)] = attribute;
	}
}

static void read_address(const struct nlattr *attribute, uint8_t family, struct address *ret_address)
{
	ret_address->family = family;
	memcpy(ret_address->byte, mnl_attr_get_payload(attribute), address__length(family));
}

static void read_path(uint8_t family, const struct attributes *attributes, struct path_seen *ret_path)
{
	const struct nlattr *via = attributes->of[RTA_VIA];

	if (attributes->of[RTA_GATEWAY])
		read_address(attributes->of[RTA_GATEWAY], family, &ret_path->gateway);
	if (via) {
		ret_path->gateway.family = (uint8_t)*(const uint16_t *)mnl_attr_get_payload(via);
		memcpy(ret_path->gateway.byte, (const char *)mnl_attr_get_payload(via) + 2, mnl_attr_get_payload_len(via) - 2u);
	}
	ret_path->encap = attributes->of[RTA_ENCAP] != NULL;
}

static void read_paths(const struct nlattr *multipath, struct route_seen *route)
{
	const char *at = mnl_attr_get_payload(multipath), *end = at + mnl_attr_get_payload_len(multipath);

	while (at + sizeof(struct rtnexthop) <= end && route->path_count < PATHS_MAX) {
		const struct rtnexthop *hop = (const void *)at;
		struct path_seen *path = &route->path[route->path_count++];
		struct attributes attributes;

		attributes__collect(hop + 1, hop->rtnh_len - sizeof(*hop), &attributes);
		path->ifindex = (uint32_t)hop->rtnh_ifindex;
		path->flags = hop->rtnh_flags;
		read_path(route->family, &attributes, path);
		at += (hop->rtnh_len + 3u) & ~3u;
	}
}

void kernel__parse_route(const struct nlmsghdr *message, struct route_seen *ret_route)
{
	const struct rtmsg *header = mnl_nlmsg_get_payload(message);
	struct attributes attributes, metrics;
	struct route_seen *route = ret_route;

	memset(route, 0, sizeof(*route));
	attributes__of(message, sizeof(*header), &attributes);
	route->family = header->rtm_family;
	route->type = header->rtm_type;
	route->tos = header->rtm_tos;
	route->length = header->rtm_dst_len;
	route->flags = header->rtm_flags;
	route->source_specific = header->rtm_src_len;
	route->table = attributes.of[RTA_TABLE] ? mnl_attr_get_u32(attributes.of[RTA_TABLE]) : header->rtm_table;
	route->metric = attributes.of[RTA_PRIORITY] ? mnl_attr_get_u32(attributes.of[RTA_PRIORITY]) : 0;
	route->preference = attributes.of[RTA_PREF] ? mnl_attr_get_u8(attributes.of[RTA_PREF]) : 0;
	route->nexthop = attributes.of[RTA_NH_ID] ? mnl_attr_get_u32(attributes.of[RTA_NH_ID]) : 0;
	route->destination.family = route->family;
	if (attributes.of[RTA_DST])
		read_address(attributes.of[RTA_DST], route->family, &route->destination);
	if (attributes.of[RTA_CACHEINFO]) {
		struct rta_cacheinfo info;

		memcpy(&info, mnl_attr_get_payload(attributes.of[RTA_CACHEINFO]), sizeof(info));
		route->expired = info.rta_expires < 0;
	}
	if (attributes.of[RTA_METRICS]) {
		const struct nlattr *nest = attributes.of[RTA_METRICS];

		attributes__nested(nest, &metrics);
		route->mtu = metrics.of[RTAX_MTU] ? mnl_attr_get_u32(metrics.of[RTAX_MTU]) : 0;
	}
	if (attributes.of[RTA_MULTIPATH]) {
		read_paths(attributes.of[RTA_MULTIPATH], route);
	} else {
		route->path_count = 1;
		route->path[0].ifindex = attributes.of[RTA_OIF] ? mnl_attr_get_u32(attributes.of[RTA_OIF]) : 0;
		route->path[0].flags = (uint8_t)header->rtm_flags;
		read_path(route->family, &attributes, &route->path[0]);
	}
}

static void on_answer(const struct nlmsghdr *part, void *data)
{
	if (part->nlmsg_type == RTM_NEWROUTE)
		kernel__parse_route(part, data);
}

void kernel__ask(const struct question *question, uint32_t ifindex, bool match, struct route_seen *ret_seen)
{
	struct nlmsghdr *message = channel__begin(&channel, RTM_GETROUTE, 0);
	struct rtmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
	int err;

	header->rtm_family = question->family;
	header->rtm_dst_len = header->rtm_src_len = (uint8_t)(address__length(question->family) * 8);
	header->rtm_tos = question->tos;
	header->rtm_flags = match ? RTM_F_FIB_MATCH : question->family == AF_INET ? RTM_F_LOOKUP_TABLE : 0;
	put_address(message, RTA_DST, &question->destination);
	put_address(message, RTA_SRC, &question->source);
	mnl_attr_put_u32(message, RTA_IIF, ifindex);
	if (question->mark)
		mnl_attr_put_u32(message, RTA_MARK, question->mark);
	memset(ret_seen, 0, sizeof(*ret_seen));
	err = channel__ask(&channel, message, on_answer, ret_seen);
	ret_seen->error = err;
}

static void change_forgotten(uint16_t type, uint16_t flags)
{
	static const struct address destination = { .family = AF_INET6, .byte = { 0x20, 0x01, 0x0d, 0xb8 } };
	struct nlmsghdr *message = channel__begin(&channel, type, flags);
	struct rtmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));

	header->rtm_family = AF_INET6;
	header->rtm_dst_len = 128;
	header->rtm_table = FORGOTTEN_TABLE;
	header->rtm_type = RTN_BLACKHOLE;
	header->rtm_protocol = RTPROT_STATIC;
	put_address(message, RTA_DST, &destination);
	channel__ask(&channel, message, NULL, NULL);
}

void kernel__forget_answers(void)
{
	change_forgotten(RTM_NEWROUTE, NLM_F_CREATE);
	change_forgotten(RTM_DELROUTE, 0);
}

static struct {
	struct route_seen *list;
	size_t count, room;
} routes;

static void on_route(const struct nlmsghdr *part, void *data)
{
	(void)data;
	if (part->nlmsg_type != RTM_NEWROUTE)
		return;
	if (routes.count == routes.room) {
		routes.room = routes.room ? routes.room * 2 : 256;
		routes.list = realloc(routes.list, routes.room * sizeof(*routes.list));
		if (!routes.list)
			abort();
	}
	kernel__parse_route(part, &routes.list[routes.count++]);
}

size_t kernel__routes(uint8_t family, const struct route_seen **ret_routes)
{
	struct nlmsghdr *message = channel__begin(&channel, RTM_GETROUTE, NLM_F_DUMP);
	struct rtmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));

	header->rtm_family = family;
	routes.count = 0;
	channel__ask(&channel, message, on_route, NULL);
	*ret_routes = routes.list;
	return routes.count;
}

/* ---- next hop objects ---- */

struct buckets_seen {
	uint32_t *objects;
	size_t count;
};

static void on_bucket(const struct nlmsghdr *part, void *data)
{
	struct buckets_seen *seen = data;
	struct attributes attributes, bucket;
	uint16_t index;

	if (part->nlmsg_type != RTM_NEWNEXTHOPBUCKET)
		return;
	attributes__of(part, sizeof(struct nhmsg), &attributes);
	attributes__nested(attributes.of[NHA_RES_BUCKET], &bucket);
	index = mnl_attr_get_u16(bucket.of[NHA_RES_BUCKET_INDEX]);
	if (index >= BUCKETS_MAX)
		abort();
	seen->objects[index] = mnl_attr_get_u32(bucket.of[NHA_RES_BUCKET_NH_ID]);
	seen->count++;
}

size_t kernel__buckets(uint32_t group, uint32_t ret_objects[BUCKETS_MAX])
{
	struct nlmsghdr *message = channel__begin(&channel, RTM_GETNEXTHOPBUCKET, NLM_F_DUMP);
	struct buckets_seen seen = { .objects = ret_objects };

	mnl_nlmsg_put_extra_header(message, sizeof(struct nhmsg));
	mnl_attr_put_u32(message, NHA_ID, group);
	return channel__ask(&channel, message, on_bucket, &seen) ? 0 : seen.count;
}

static void on_object(const struct nlmsghdr *part, void *data)
{
	const struct nhmsg *header = mnl_nlmsg_get_payload(part);
	struct path_seen *path = data;
	struct attributes attributes;

	if (part->nlmsg_type != RTM_NEWNEXTHOP)
		return;
	attributes__of(part, sizeof(*header), &attributes);
	if (!attributes.of[NHA_OIF])
		return;
	path->ifindex = mnl_attr_get_u32(attributes.of[NHA_OIF]);
	if (attributes.of[NHA_GATEWAY])
		read_address(attributes.of[NHA_GATEWAY], header->nh_family, &path->gateway);
}

bool kernel__object(uint32_t id, struct path_seen *ret_path)
{
	struct nlmsghdr *message = channel__begin(&channel, RTM_GETNEXTHOP, 0);

	mnl_nlmsg_put_extra_header(message, sizeof(struct nhmsg));
	mnl_attr_put_u32(message, NHA_ID, id);
	memset(ret_path, 0, sizeof(*ret_path));
	return !channel__ask(&channel, message, on_object, ret_path) && ret_path->ifindex;
}

/* ---- neighbours ---- */

struct neighbour_seen {
	bool usable;
	uint8_t mac[6];
};

static void on_neighbour(const struct nlmsghdr *part, void *data)
{
	const struct ndmsg *header = mnl_nlmsg_get_payload(part);
	struct neighbour_seen *seen = data;
	struct attributes attributes;

	if (part->nlmsg_type != RTM_NEWNEIGH)
		return;
	attributes__of(part, sizeof(*header), &attributes);
	seen->usable = header->ndm_state & (NUD_PERMANENT | NUD_NOARP | NUD_REACHABLE | NUD_PROBE | NUD_STALE | NUD_DELAY);
	if (attributes.of[NDA_LLADDR] && mnl_attr_get_payload_len(attributes.of[NDA_LLADDR]) == 6)
		memcpy(seen->mac, mnl_attr_get_payload(attributes.of[NDA_LLADDR]), 6);
	else
		seen->usable = false;
}

bool kernel__neighbour(uint32_t ifindex, const struct address *address, uint8_t ret_mac[6])
{
	struct nlmsghdr *message = channel__begin(&channel, RTM_GETNEIGH, 0);
	struct ndmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
	struct neighbour_seen seen = { 0 };

	header->ndm_family = address->family;
	header->ndm_ifindex = (int)ifindex;
	put_address(message, NDA_DST, address);
	if (channel__ask(&channel, message, on_neighbour, &seen) || !seen.usable)
		return false;
	memcpy(ret_mac, seen.mac, 6);
	return true;
}

/* ---- XDP features ---- */

static struct nlmsghdr *begin_generic(uint16_t family, uint8_t command)
{
	struct nlmsghdr *message = channel__begin(&generic, family, 0);
	struct genlmsghdr *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));

	header->cmd = command;
	header->version = 1;
	return message;
}

static void on_family(const struct nlmsghdr *part, void *data)
{
	struct attributes attributes;

	attributes__of(part, sizeof(struct genlmsghdr), &attributes);
	if (attributes.of[CTRL_ATTR_FAMILY_ID])
		*(uint16_t *)data = mnl_attr_get_u16(attributes.of[CTRL_ATTR_FAMILY_ID]);
}

static void on_features(const struct nlmsghdr *part, void *data)
{
	struct attributes attributes;

	attributes__of(part, sizeof(struct genlmsghdr), &attributes);
	if (attributes.of[NETDEV_A_DEV_XDP_FEATURES])
		*(uint64_t *)data = mnl_attr_get_u64(attributes.of[NETDEV_A_DEV_XDP_FEATURES]);
}

bool kernel__takes_redirects(uint32_t ifindex)
{
	struct nlmsghdr *message = begin_generic(netdev_family, NETDEV_CMD_DEV_GET);
	uint64_t features = 0;

	if (!netdev_family)
		return false; /* before Linux 6.3: nobody knows */
	mnl_attr_put_u32(message, NETDEV_A_DEV_IFINDEX, ifindex);
	channel__ask(&generic, message, on_features, &features);
	return features & NETDEV_XDP_ACT_NDO_XMIT;
}

void kernel__open(void)
{
	struct nlmsghdr *message;

	channel__open(&channel, NETLINK_ROUTE);
	channel__open(&generic, NETLINK_GENERIC);
	message = begin_generic(GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
	mnl_attr_put_strz(message, CTRL_ATTR_FAMILY_NAME, "netdev");
	channel__ask(&generic, message, on_family, &netdev_family);
}
