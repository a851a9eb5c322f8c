/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * From one rtnetlink message to one plain struct. Every length is checked; a
 * message that is short or strange gives -EBADMSG and nothing is filled in.
 * 1: the message is about something that is not mirrored (bridge ports,
 * multicast routing, other families).
 */
#ifndef XFIB_MIRROR_NETLINK_PARSE_H
#define XFIB_MIRROR_NETLINK_PARSE_H

#include <libmnl/libmnl.h>

#include "netlink.h"

/* Number of paths that a route may have; a message cannot hold more. */
#define NL_PATHS_MAX 4096

/* Is all of a message within the `left` bytes? mnl_nlmsg_ok() compares signed numbers, and takes 2^31 and more for small ones. */
static inline bool nl_parse__is_whole(const struct nlmsghdr *message, int left)
{
	return left >= (int)sizeof(*message) && message->nlmsg_len >= sizeof(*message) && message->nlmsg_len <= (uint32_t)left;
}

int nl_parse__link(const struct nlmsghdr *message, struct nl_link *ret_link);
int nl_parse__address(const struct nlmsghdr *message, struct nl_address *ret_address);
int nl_parse__neighbour(const struct nlmsghdr *message, struct nl_neighbour *ret_neighbour);
int nl_parse__nexthop(const struct nlmsghdr *message, struct nl_nexthop *ret_nexthop);
int nl_parse__bucket(const struct nlmsghdr *message, struct nl_bucket *ret_bucket);
int nl_parse__rule(const struct nlmsghdr *message, struct nl_rule *ret_rule);

/* `paths`: room for NL_PATHS_MAX, to which ret_route->paths then points. */
int nl_parse__route(const struct nlmsghdr *message, struct nl_path *paths, struct nl_route *ret_route);

/*
 * Sorts the attributes of a message, of a nested attribute, or of a stretch of
 * memory, into a table by type. Types above `max` are passed over: a newer kernel may have more.
 */
int nl_parse__attributes(const struct nlmsghdr *message, size_t header, const struct nlattr **table, uint16_t max);
int nl_parse__range(const void *begin, size_t length, const struct nlattr **table, uint16_t max);
int nl_parse__nested(const struct nlattr *nest, const struct nlattr **table, uint16_t max);

/* Copies an attribute of just `length` bytes; -EBADMSG for another length. An absent one (NULL) leaves 0. */
int nl_parse__copy(const struct nlattr *attribute, void *ret_value, size_t length);

/* Bytes of an address of a family, 0 for families that are not mirrored. */
static inline size_t nl_parse__address_length(uint8_t family)
{
	return family == 2 ? 4 : family == 10 ? 16 : 0;
}

#endif
