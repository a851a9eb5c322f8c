// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Links, and the settings of their IPv4 and IPv6 parts. See netlink_parse.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/if_vlan.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "netlink_parse.h"

/* Newer than Debian 12's <linux/ipv6.h>: DEVCONF_FORCE_FORWARDING, Linux 6.17. */
#define FORCE_FORWARDING 59

/* Element of an array of 32-bit settings; 0 where the kernel's is shorter. */
static int32_t setting(const struct nlattr *array, uint32_t index)
{
	int32_t value = 0;

	if (mnl_attr_get_payload_len(array) >= (index + 1) * sizeof(value))
		memcpy(&value, (const char *)mnl_attr_get_payload(array) + index * sizeof(value), sizeof(value));
	return value;
}

static int parse_inet(const struct nlattr *nest, struct nl_link *link)
{
	const struct nlattr *table[IFLA_INET_MAX + 1], *conf;
	int err = nl_parse__nested(nest, table, IFLA_INET_MAX);

	if (err)
		return err;
	conf = table[IFLA_INET_CONF];
	if (!conf)
		return 0;
	/* The array begins with setting 1. */
	link->inet = true;
	link->forwarding4 = setting(conf, IPV4_DEVCONF_FORWARDING - 1);
	link->rp_filter = (uint8_t)setting(conf, IPV4_DEVCONF_RP_FILTER - 1);
	link->send_redirects = setting(conf, IPV4_DEVCONF_SEND_REDIRECTS - 1);
	link->route_localnet = setting(conf, IPV4_DEVCONF_ROUTE_LOCALNET - 1);
	link->ignore_linkdown4 = setting(conf, IPV4_DEVCONF_IGNORE_ROUTES_WITH_LINKDOWN - 1);
	return 0;
}

static int parse_inet6(const struct nlattr *nest, struct nl_link *link)
{
	const struct nlattr *table[IFLA_INET6_MAX + 1], *conf;
	int err = nl_parse__nested(nest, table, IFLA_INET6_MAX);

	if (err)
		return err;
	conf = table[IFLA_INET6_CONF];
	if (!conf)
		return 0;
	link->inet6 = true;
	link->mtu6 = (uint32_t)setting(conf, DEVCONF_MTU6);
	link->use_tempaddr = setting(conf, DEVCONF_USE_TEMPADDR);
	link->ignore_linkdown6 = setting(conf, DEVCONF_IGNORE_ROUTES_WITH_LINKDOWN);
	link->disabled6 = setting(conf, DEVCONF_DISABLE_IPV6);
	link->forwarding6 = setting(conf, DEVCONF_FORWARDING);
	link->force_forwarding6 = setting(conf, FORCE_FORWARDING);
	return 0;
}

static int parse_families(const struct nlattr *nest, struct nl_link *link)
{
	const struct nlattr *table[AF_INET6 + 1];
	int err = nl_parse__nested(nest, table, AF_INET6);

	if (!err && table[AF_INET])
		err = parse_inet(table[AF_INET], link);
	if (!err && table[AF_INET6])
		err = parse_inet6(table[AF_INET6], link);
	return err;
}

/* Copies a string that the kernel ends with a zero byte. */
static int copy_name(const struct nlattr *attribute, char *ret_name, size_t room)
{
	size_t length = mnl_attr_get_payload_len(attribute);
	const char *text = mnl_attr_get_payload(attribute);

	if (!length || text[length - 1] || length > room)
		return -EBADMSG;
	memcpy(ret_name, text, length);
	return 0;
}

static int parse_vlan(const struct nlattr *nest, struct nl_link *link)
{
	const struct nlattr *table[IFLA_VLAN_MAX + 1];
	struct ifla_vlan_flags flags = { 0 };
	uint16_t id = 0;
	int err = nl_parse__nested(nest, table, IFLA_VLAN_MAX);

	if (!err)
		err = nl_parse__copy(table[IFLA_VLAN_PROTOCOL], &link->vlan_protocol, sizeof(link->vlan_protocol));
	if (!err)
		err = nl_parse__copy(table[IFLA_VLAN_ID], &id, sizeof(id));
	if (!err)
		err = nl_parse__copy(table[IFLA_VLAN_FLAGS], &flags, sizeof(flags));
	link->vlan_id = htons(id);
	link->vlan_reorder = flags.flags & VLAN_FLAG_REORDER_HDR;
	link->vlan_marks = table[IFLA_VLAN_EGRESS_QOS] != NULL;
	return err;
}

static int parse_info(const struct nlattr *nest, struct nl_link *link)
{
	const struct nlattr *table[IFLA_INFO_MAX + 1], *vrf[IFLA_VRF_MAX + 1];
	int err = nl_parse__nested(nest, table, IFLA_INFO_MAX);

	if (err || !table[IFLA_INFO_KIND])
		return err;
	/* A kind with a long name is none that matters here. */
	if (copy_name(table[IFLA_INFO_KIND], link->kind, sizeof(link->kind)))
		return 0;
	if (!strcmp(link->kind, "vlan") && table[IFLA_INFO_DATA])
		return parse_vlan(table[IFLA_INFO_DATA], link);
	if (strcmp(link->kind, "vrf") || !table[IFLA_INFO_DATA])
		return 0;
	err = nl_parse__nested(table[IFLA_INFO_DATA], vrf, IFLA_VRF_MAX);
	return err ? err : nl_parse__copy(vrf[IFLA_VRF_TABLE], &link->table, sizeof(link->table));
}

int nl_parse__link(const struct nlmsghdr *message, struct nl_link *ret_link)
{
	const struct ifinfomsg *header = mnl_nlmsg_get_payload(message);
	const struct nlattr *table[IFLA_MAX + 1];
	struct nl_link link = { 0 };
	int err = nl_parse__attributes(message, sizeof(*header), table, IFLA_MAX);

	if (err)
		return err;
	if (header->ifi_family != AF_UNSPEC) /* a bridge speaks of its ports by messages of its own family */
		return 1;
	if (header->ifi_index <= 0 || !table[IFLA_IFNAME])
		return -EBADMSG;
	link.ifindex = (uint32_t)header->ifi_index;
	link.flags = header->ifi_flags;
	link.type = header->ifi_type;
	err = copy_name(table[IFLA_IFNAME], link.name, sizeof(link.name));
	if (!err)
		err = nl_parse__copy(table[IFLA_MTU], &link.mtu, sizeof(link.mtu));
	if (!err)
		err = nl_parse__copy(table[IFLA_MAX_MTU], &link.max_mtu, sizeof(link.max_mtu));
	if (!err)
		err = nl_parse__copy(table[IFLA_MASTER], &link.master, sizeof(link.master));
	if (!err && table[IFLA_AF_SPEC])
		err = parse_families(table[IFLA_AF_SPEC], &link);
	if (!err && table[IFLA_LINKINFO])
		err = parse_info(table[IFLA_LINKINFO], &link);
	if (!err && link.vlan_protocol && !table[IFLA_LINK_NETNSID])
		err = nl_parse__copy(table[IFLA_LINK], &link.parent, sizeof(link.parent));
	if (err)
		return err;
	if (table[IFLA_ADDRESS]) {
		size_t length = mnl_attr_get_payload_len(table[IFLA_ADDRESS]);

		link.mac_length = length > UINT8_MAX ? UINT8_MAX : (uint8_t)length;
		if (length == sizeof(link.mac))
			memcpy(link.mac, mnl_attr_get_payload(table[IFLA_ADDRESS]), length);
	}
	*ret_link = link;
	return 0;
}
