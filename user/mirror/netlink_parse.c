// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Attributes, addresses and neighbours. See netlink_parse.h; links, routes and rules have files of their own. */
#include "netlink_parse.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

int nl_parse__range(const void *begin, size_t length, const struct nlattr **table, uint16_t max)
{
	const struct nlattr *attribute = begin;

	memset(table, 0, (max + 1u) * sizeof(*table));
	while (length >= sizeof(*attribute)) {
		size_t size = attribute->nla_len, step = (size + 3) & ~(size_t)3;
		uint16_t type = mnl_attr_get_type(attribute);

		if (size < sizeof(*attribute) || size > length)
			return -EBADMSG;
		if (type <= max)
			table[type] = attribute;
		if (step >= length)
			return 0;
		attribute = (const struct nlattr *)(const void *)((const char *)attribute + step);
		length -= step;
	}
	return length ? -EBADMSG : 0;
}

int nl_parse__attributes(const struct nlmsghdr *message, size_t header, const struct nlattr **table, uint16_t max)
{
	size_t begin = NLMSG_HDRLEN + ((header + 3) & ~(size_t)3);

	if (message->nlmsg_len < NLMSG_HDRLEN + header)
		return -EBADMSG;
	return nl_parse__range((const char *)message + begin,
			       message->nlmsg_len > begin ? message->nlmsg_len - begin : 0, table, max);
}

int nl_parse__nested(const struct nlattr *nest, const struct nlattr **table, uint16_t max)
{
	return nl_parse__range(mnl_attr_get_payload(nest), mnl_attr_get_payload_len(nest), table, max);
}

int nl_parse__copy(const struct nlattr *attribute, void *ret_value, size_t length)
{
	if (!attribute)
		return 0;
	if (mnl_attr_get_payload_len(attribute) != length)
		return -EBADMSG;
	memcpy(ret_value, mnl_attr_get_payload(attribute), length);
	return 0;
}

int nl_parse__address(const struct nlmsghdr *message, struct nl_address *ret_address)
{
	const struct ifaddrmsg *header = mnl_nlmsg_get_payload(message);
	const struct nlattr *table[IFA_MAX + 1];
	struct nl_address address = { 0 };
	size_t length;
	int err = nl_parse__attributes(message, sizeof(*header), table, IFA_MAX);

	if (err)
		return err;
	length = nl_parse__address_length(header->ifa_family);
	if (!length)
		return 1;
	address.ifindex = header->ifa_index;
	address.flags = header->ifa_flags;
	address.family = header->ifa_family;
	address.prefix_length = header->ifa_prefixlen;
	address.scope = header->ifa_scope;
	if (!address.ifindex || address.prefix_length > length * 8 || (!table[IFA_LOCAL] && !table[IFA_ADDRESS]))
		return -EBADMSG;
	err = nl_parse__copy(table[IFA_ADDRESS] ? table[IFA_ADDRESS] : table[IFA_LOCAL], address.network, length);
	if (!err)
		err = nl_parse__copy(table[IFA_LOCAL] ? table[IFA_LOCAL] : table[IFA_ADDRESS], address.local, length);
	if (!err)
		err = nl_parse__copy(table[IFA_FLAGS], &address.flags, sizeof(address.flags));
	if (!err)
		*ret_address = address;
	return err;
}

int nl_parse__neighbour(const struct nlmsghdr *message, struct nl_neighbour *ret_neighbour)
{
	const struct ndmsg *header = mnl_nlmsg_get_payload(message);
	const struct nlattr *table[NDA_MAX + 1];
	struct nl_neighbour neighbour = { 0 };
	size_t length, mac_length;
	int err = nl_parse__attributes(message, sizeof(*header), table, NDA_MAX);

	if (err)
		return err;
	length = nl_parse__address_length(header->ndm_family);
	if (!length)
		return 1;
	neighbour.ifindex = (uint32_t)header->ndm_ifindex;
	neighbour.state = header->ndm_state;
	neighbour.flags = header->ndm_flags;
	neighbour.family = header->ndm_family;
	if (!table[NDA_DST])
		return -EBADMSG;
	err = nl_parse__copy(table[NDA_DST], neighbour.address, length);
	if (err)
		return err;
	mac_length = table[NDA_LLADDR] ? mnl_attr_get_payload_len(table[NDA_LLADDR]) : 0;
	if (mac_length == sizeof(neighbour.mac))
		memcpy(neighbour.mac, mnl_attr_get_payload(table[NDA_LLADDR]), mac_length);
	neighbour.mac_length = mac_length > UINT8_MAX ? UINT8_MAX : (uint8_t)mac_length;
	*ret_neighbour = neighbour;
	return 0;
}
