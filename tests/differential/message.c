// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Steps as requests of rtnetlink. print.c has the same as commands. */
#include <endian.h>
#include <linux/fib_rules.h>
#include <linux/in.h>
#include <linux/lwtunnel.h>
#include <linux/mpls_iptunnel.h>
#include <linux/neighbour.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <linux/seg6.h>
#include <linux/seg6_iptunnel.h>
#include <net/if.h>
#include <string.h>

#include "netlink.h"

/* Numbers of the kernel's interface that Debian 12's headers do not all have. */
#define GROUP_RESILIENT 1
#define RESILIENT_BUCKETS 1
#define RESILIENT_IDLE_TIMER 2

static uint16_t flags_of(enum verb verb)
{
	static const uint16_t flags[] = {
		[VERB_ADD] = NLM_F_CREATE | NLM_F_EXCL,
		[VERB_REPLACE] = NLM_F_CREATE | NLM_F_REPLACE,
		[VERB_APPEND] = NLM_F_CREATE | NLM_F_APPEND,
		[VERB_CHANGE] = NLM_F_REPLACE,
		[VERB_PREPEND] = NLM_F_CREATE,
	};

	return verb == VERB_DELETE ? 0 : flags[verb];
}

/* ---- routes ---- */

static void put_gateway(struct nlmsghdr *message, uint8_t family, const struct hop *hop)
{
	struct address gateway = pool__host(hop->family, hop->device, hop->gateway);
	struct {
		uint16_t family;
		uint8_t byte[16];
	} via = { .family = hop->family };

	if (!hop->family)
		return;
	if (hop->family == family) {
		put_address(message, RTA_GATEWAY, &gateway);
		return;
	}
	memcpy(via.byte, gateway.byte, sizeof(via.byte));
	mnl_attr_put(message, RTA_VIA, 2 + address__length(hop->family), &via);
}

static void put_tunnel(struct nlmsghdr *message, uint8_t family)
{
	struct address to = pool__host(family, VETH1, 1);

	mnl_attr_put_u64(message, family == AF_INET6 ? LWTUNNEL_IP6_ID : LWTUNNEL_IP_ID, htobe64(5));
	put_address(message, family == AF_INET6 ? LWTUNNEL_IP6_DST : LWTUNNEL_IP_DST, &to);
}

/* One segment, in a routing header behind a header of its own. */
static void put_segments(struct nlmsghdr *message)
{
	const struct address segment = pool__anywhere(AF_INET6, 5);
	struct {
		struct seg6_iptunnel_encap encap;
		struct ipv6_sr_hdr routing;
		uint8_t segment[16];
	} tunnel = { .encap.mode = SEG6_IPTUN_MODE_ENCAP, .routing = { .hdrlen = 2, .type = 4 } };

	memcpy(tunnel.segment, segment.byte, sizeof(tunnel.segment));
	mnl_attr_put(message, SEG6_IPTUNNEL_SRH, sizeof(tunnel), &tunnel);
}

static void put_encap(struct nlmsghdr *message, uint8_t family, uint8_t encap, uint16_t type, uint16_t type_attribute)
{
	static const uint16_t types[] = { [ENCAP_MPLS] = LWTUNNEL_ENCAP_MPLS, [ENCAP_SEG6] = LWTUNNEL_ENCAP_SEG6 };
	uint32_t label = htobe32(77 << 12 | 1 << 8); /* and the bottom of the stack */
	struct nlattr *nest;

	mnl_attr_put_u16(message, type_attribute, encap != ENCAP_TUNNEL ? types[encap] :
			 family == AF_INET6 ? LWTUNNEL_ENCAP_IP6 : LWTUNNEL_ENCAP_IP);
	nest = mnl_attr_nest_start(message, type);
	if (encap == ENCAP_TUNNEL)
		put_tunnel(message, family);
	else if (encap == ENCAP_MPLS)
		mnl_attr_put(message, MPLS_IPTUNNEL_DST, sizeof(label), &label);
	else
		put_segments(message);
	mnl_attr_nest_end(message, nest);
}

static bool put_hops(struct nlmsghdr *message, const struct step *step, const uint32_t indexes[DEVICES])
{
	struct nlattr *nest;

	for (uint32_t i = 0; i < step->hop_count; i++) {
		if (!indexes[step->hop[i].device])
			return false;
	}
	if (step->hop_count == 1) {
		put_gateway(message, step->family, &step->hop[0]);
		mnl_attr_put_u32(message, RTA_OIF, indexes[step->hop[0].device]);
		if (step->hop[0].encap)
			put_encap(message, step->family, step->hop[0].encap, RTA_ENCAP, RTA_ENCAP_TYPE);
		return true;
	}
	nest = mnl_attr_nest_start(message, RTA_MULTIPATH);
	for (uint32_t i = 0; i < step->hop_count; i++) {
		const struct hop *hop = &step->hop[i];
		uint32_t begin = message->nlmsg_len;
		struct rtnexthop *next = (void *)((char *)message + begin);

		memset(next, 0, sizeof(*next));
		next->rtnh_ifindex = (int)indexes[hop->device];
		next->rtnh_hops = (uint8_t)(hop->weight - 1);
		next->rtnh_flags = hop->onlink ? RTNH_F_ONLINK : 0;
		message->nlmsg_len += (uint32_t)sizeof(*next);
		put_gateway(message, step->family, hop);
		if (hop->encap)
			put_encap(message, step->family, hop->encap, RTA_ENCAP, RTA_ENCAP_TYPE);
		next->rtnh_len = (uint16_t)(message->nlmsg_len - begin);
	}
	mnl_attr_nest_end(message, nest);
	return true;
}

static uint8_t scope_of(const struct step *step)
{
	if (step->verb == VERB_DELETE)
		return RT_SCOPE_NOWHERE;
	if (step->type == RTN_LOCAL)
		return RT_SCOPE_HOST;
	if (step->family == AF_INET && step->type == RTN_UNICAST && step->hop_count == 1 && !step->hop[0].family)
		return RT_SCOPE_LINK;
	return RT_SCOPE_UNIVERSE;
}

static void put_metrics(struct nlmsghdr *message, const struct step *step)
{
	struct nlattr *nest = mnl_attr_nest_start(message, RTA_METRICS);

	mnl_attr_put_u32(message, RTAX_MTU, step->mtu);
	if (step->lock)
		mnl_attr_put_u32(message, RTAX_LOCK, 1u << RTAX_MTU);
	mnl_attr_nest_end(message, nest);
}

static struct nlmsghdr *route_message(const struct step *step, struct channel *channel, const uint32_t indexes[DEVICES])
{
	bool deletes = step->verb == VERB_DELETE, whole = !deletes || step->named;
	struct nlmsghdr *message = channel__begin(channel, deletes ? RTM_DELROUTE : RTM_NEWROUTE, flags_of(step->verb));
	struct rtmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
	struct prefix prefix = pool__prefix(step->family, step->index);

	header->rtm_family = step->family;
	header->rtm_dst_len = prefix.length;
	header->rtm_table = (uint8_t)step->table;
	header->rtm_scope = scope_of(step);
	header->rtm_type = whole ? step->type : RTN_UNSPEC;
	header->rtm_protocol = whole && !deletes ? step->protocol : RTPROT_UNSPEC;
	header->rtm_tos = step->tos;
	put_address(message, RTA_DST, &prefix.address);
	if (step->metric)
		mnl_attr_put_u32(message, RTA_PRIORITY, step->metric);
	if (!whole)
		return message;
	if (step->hop_count == 1 && step->hop[0].onlink)
		header->rtm_flags = RTNH_F_ONLINK;
	if (step->type != RTN_UNICAST) {
		if (step->type == RTN_LOCAL || step->type == RTN_ANYCAST)
			mnl_attr_put_u32(message, RTA_OIF, indexes[LOOPBACK]);
		return message;
	}
	if (step->nexthop)
		mnl_attr_put_u32(message, RTA_NH_ID, step->nexthop);
	else if (!put_hops(message, step, indexes))
		return NULL;
	if (step->mtu)
		put_metrics(message, step);
	if (step->source) {
		struct prefix own = pool__own(step->family, step->hop[0].device, step->source - 1u);

		put_address(message, RTA_PREFSRC, &own.address);
	}
	if (step->preference)
		mnl_attr_put_u8(message, RTA_PREF, step->preference);
	if (step->lifetime && !deletes)
		mnl_attr_put_u32(message, RTA_EXPIRES, step->lifetime);
	return message;
}

static struct nlmsghdr *nexthop_message(const struct step *step, struct channel *channel, const uint32_t indexes[DEVICES])
{
	bool deletes = step->verb == VERB_DELETE;
	struct nlmsghdr *message = channel__begin(channel, deletes ? RTM_DELNEXTHOP : RTM_NEWNEXTHOP, flags_of(step->verb));
	struct nhmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
	const struct hop *hop = &step->hop[0];

	mnl_attr_put_u32(message, NHA_ID, step->value);
	if (deletes)
		return message;
	if (step->value > 10) {
		struct nexthop_grp group[HOPS_MAX];

		memset(group, 0, sizeof(group));
		for (uint32_t i = 0; i < step->hop_count; i++) {
			group[i].id = step->hop[i].gateway;
			group[i].weight = (uint8_t)(step->hop[i].weight - 1);
		}
		mnl_attr_put(message, NHA_GROUP, step->hop_count * sizeof(group[0]), group);
		if (step->value > 12) {
			struct nlattr *nest;

			mnl_attr_put_u16(message, NHA_GROUP_TYPE, GROUP_RESILIENT);
			nest = mnl_attr_nest_start(message, NHA_RES_GROUP);
			mnl_attr_put_u16(message, RESILIENT_BUCKETS, 32);
			if (step->option) /* all buckets are idle, and any may move */
				mnl_attr_put_u32(message, RESILIENT_IDLE_TIMER, 0);
			mnl_attr_nest_end(message, nest);
		}
		return message;
	}
	header->nh_family = step->family;
	if (step->option) {
		mnl_attr_put(message, NHA_BLACKHOLE, 0, NULL);
		return message;
	}
	if (!indexes[hop->device])
		return NULL;
	header->nh_flags = hop->onlink ? RTNH_F_ONLINK : 0;
	mnl_attr_put_u32(message, NHA_OIF, indexes[hop->device]);
	if (hop->family) {
		struct address gateway = pool__host(hop->family, hop->device, hop->gateway);

		put_address(message, NHA_GATEWAY, &gateway);
	}
	if (hop->encap)
		put_encap(message, step->family, hop->encap, NHA_ENCAP, NHA_ENCAP_TYPE);
	return message;
}

/* ---- addresses, neighbours, rules ---- */

/* Options: 1: without the route of its network, 2: with another metric for it. */
static struct nlmsghdr *address_message(const struct step *step, struct channel *channel, const uint32_t indexes[DEVICES])
{
	bool deletes = step->verb == VERB_DELETE;
	struct nlmsghdr *message = channel__begin(channel, deletes ? RTM_DELADDR : RTM_NEWADDR, flags_of(step->verb));
	struct ifaddrmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
	struct prefix own = pool__own(step->family, step->device, step->index);

	header->ifa_family = step->family;
	header->ifa_prefixlen = own.length;
	header->ifa_index = indexes[step->device];
	put_address(message, IFA_LOCAL, &own.address);
	put_address(message, IFA_ADDRESS, &own.address);
	if (step->option == 1 && !deletes)
		mnl_attr_put_u32(message, IFA_FLAGS, IFA_F_NOPREFIXROUTE);
	if (step->option == 2 && !deletes)
		mnl_attr_put_u32(message, IFA_RT_PRIORITY, 77);
	return header->ifa_index ? message : NULL;
}

static struct nlmsghdr *neighbour_message(const struct step *step, struct channel *channel, const uint32_t indexes[DEVICES])
{
	bool deletes = step->verb == VERB_DELETE;
	struct nlmsghdr *message = channel__begin(channel, deletes ? RTM_DELNEIGH : RTM_NEWNEIGH, flags_of(step->verb));
	struct ndmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
	struct address address = pool__host(step->family, step->device, step->index);
	uint8_t mac[6] = { 2, step->family, step->device, (uint8_t)step->index, (uint8_t)(step->option >> 8), (uint8_t)step->option };

	header->ndm_family = step->family;
	header->ndm_ifindex = (int)indexes[step->device];
	header->ndm_state = (uint16_t)step->value;
	put_address(message, NDA_DST, &address);
	if (step->option & 0x10000)
		header->ndm_flags = NTF_PROXY;
	else if (!deletes && !(step->value & (NUD_INCOMPLETE | NUD_FAILED)))
		mnl_attr_put(message, NDA_LLADDR, sizeof(mac), mac);
	return header->ndm_ifindex ? message : NULL;
}

static void put_rule_prefix(struct nlmsghdr *message, uint16_t type, uint8_t family, uint32_t index, uint8_t *ret_length)
{
	struct prefix prefix = pool__prefix(family, index);

	*ret_length = prefix.length;
	if (prefix.length)
		put_address(message, type, &prefix.address);
}

static void put_conditions(struct nlmsghdr *message, struct fib_rule_hdr *header, const struct step *step)
{
	const struct fib_rule_uid_range users = { step->option & RULE_ROOT ? 0 : 1000, 2000 };

	if (step->option & RULE_LOOPBACK)
		mnl_attr_put_strz(message, FRA_IIFNAME, "lo");
	else if (step->option & RULE_IIF)
		mnl_attr_put_strz(message, FRA_IIFNAME, device_names[step->device]);
	if (step->option & RULE_OIF)
		mnl_attr_put_strz(message, FRA_OIFNAME, device_names[step->device]);
	if (step->option & RULE_FROM)
		put_rule_prefix(message, FRA_SRC, step->family, step->index, &header->src_len);
	if (step->option & RULE_TO)
		put_rule_prefix(message, FRA_DST, step->family, step->value, &header->dst_len);
	if (step->option & RULE_MARK)
		mnl_attr_put_u32(message, FRA_FWMARK, MARK);
	if (step->option & RULE_TOS)
		header->tos = 0x10;
	if (step->option & RULE_NOT)
		header->flags |= FIB_RULE_INVERT;
	if (step->option & (RULE_ROOT | RULE_USERS))
		mnl_attr_put(message, FRA_UID_RANGE, sizeof(users), &users);
	if (step->option & RULE_PROTOCOL)
		mnl_attr_put_u8(message, FRA_IP_PROTO, IPPROTO_TCP);
}

static struct nlmsghdr *rule_message(const struct step *step, struct channel *channel)
{
	bool deletes = step->verb == VERB_DELETE;
	struct nlmsghdr *message = channel__begin(channel, deletes ? RTM_DELRULE : RTM_NEWRULE, flags_of(step->verb));
	struct fib_rule_hdr *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));

	header->family = step->family;
	mnl_attr_put_u32(message, FRA_PRIORITY, step->metric);
	if (deletes)
		return message;
	header->action = step->type;
	if (step->type == FR_ACT_TO_TBL)
		header->table = (uint8_t)step->table;
	if (step->type == FR_ACT_GOTO)
		mnl_attr_put_u32(message, FRA_GOTO, step->nexthop);
	if (step->type == FR_ACT_TO_TBL && step->option & RULE_SUPPRESS)
		mnl_attr_put_u32(message, FRA_SUPPRESS_PREFIXLEN, step->value);
	put_conditions(message, header, step);
	return message;
}

/* ---- devices ---- */

static struct nlmsghdr *link_message(const struct step *step, struct channel *channel, const uint32_t indexes[DEVICES])
{
	bool deletes = step->kind == STEP_DELETE;
	struct nlmsghdr *message = channel__begin(channel, deletes ? RTM_DELLINK : RTM_NEWLINK, 0);
	struct ifinfomsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
	uint8_t mac[6] = { 2, 0xaa, step->device, 0, (uint8_t)(step->value >> 8), (uint8_t)step->value };

	header->ifi_index = (int)indexes[step->device];
	switch (step->kind) {
	case STEP_UP:
	case STEP_DOWN:
		header->ifi_change = IFF_UP;
		header->ifi_flags = step->kind == STEP_UP ? IFF_UP : 0;
		break;
	case STEP_MTU:
		mnl_attr_put_u32(message, IFLA_MTU, step->value);
		break;
	case STEP_MAC:
		mnl_attr_put(message, IFLA_ADDRESS, sizeof(mac), mac);
		break;
	case STEP_MASTER:
		if (step->value && !indexes[VRF])
			return NULL;
		mnl_attr_put_u32(message, IFLA_MASTER, step->value ? indexes[VRF] : 0);
		break;
	case STEP_ARP:
		header->ifi_change = IFF_NOARP;
		header->ifi_flags = step->value ? 0 : IFF_NOARP;
		break;
	default:
		break;
	}
	return header->ifi_index ? message : NULL;
}

struct nlmsghdr *step__message(const struct step *step, struct channel *channel, const uint32_t indexes[DEVICES])
{
	switch (step->kind) {
	case STEP_ROUTE:
		return route_message(step, channel, indexes);
	case STEP_NEXTHOP:
		return nexthop_message(step, channel, indexes);
	case STEP_ADDRESS:
		return address_message(step, channel, indexes);
	case STEP_NEIGHBOUR:
		return neighbour_message(step, channel, indexes);
	case STEP_RULE:
		return rule_message(step, channel);
	default:
		return link_message(step, channel, indexes);
	}
}
