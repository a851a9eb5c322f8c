// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* The rtnetlink sockets: dumps, events, requests. See netlink.h. */
#include "netlink_private.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#ifndef SOL_NETLINK
#define SOL_NETLINK 270
#endif

/* A part of a dump is made when the one before is received, so that the next one is there: none comes if one got lost. */
#define DUMP_TIMEOUT_MS 2000
#define DUMP_BUFFER (1024 * 1024)

static int subscribe(struct mnl_socket *socket)
{
	static const int groups[] = {
		RTNLGRP_LINK,	    RTNLGRP_NEIGH,	RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR,  RTNLGRP_IPV4_ROUTE,
		RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV4_RULE,	RTNLGRP_IPV6_RULE,   RTNLGRP_IPV4_NETCONF, RTNLGRP_IPV6_NETCONF,
		RTNLGRP_NEXTHOP,
	};

	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		int group = groups[i];

		if (mnl_socket_setsockopt(socket, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)))
			return -errno;
	}
	return 0;
}

int nl__open_socket(int receive_buffer, int flags, struct mnl_socket **ret_socket)
{
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | flags);
	int one = 1, err, fd;

	if (!socket)
		return -errno;
	fd = mnl_socket_get_fd(socket);
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &receive_buffer, sizeof(receive_buffer)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
	/* All only make answers shorter or say more: a kernel without them is fine. */
	setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &one, sizeof(one));
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID)) {
		err = -errno;
		mnl_socket_close(socket);
		return err;
	}
	*ret_socket = socket;
	return 0;
}

int nl__open(const struct nl_handlers *handlers, void *data, int receive_buffer, struct nl **ret_nl)
{
	struct nl *nl = calloc(1, sizeof(*nl));
	int err = -ENOMEM;

	if (!nl)
		return -ENOMEM;
	nl->handlers = *handlers;
	nl->data = data;
	nl->feature_fd = -1;
	nl->buffer = malloc(DUMP_BUFFER);
	nl->paths = calloc(NL_PATHS_MAX, sizeof(*nl->paths));
	if (nl->buffer && nl->paths)
		err = nl__open_socket(receive_buffer, SOCK_NONBLOCK, &nl->events);
	if (!err)
		err = subscribe(nl->events);
	if (!err)
		err = nl__open_socket(DUMP_BUFFER, 0, &nl->requests);
	if (err) {
		nl__close(nl);
		return err;
	}
	netdev__open(nl);
	*ret_nl = nl;
	return 0;
}

void nl__close(struct nl *nl)
{
	if (!nl)
		return;
	netdev__close(nl);
	nl__audit_stop(nl);
	if (nl->events)
		mnl_socket_close(nl->events);
	if (nl->requests)
		mnl_socket_close(nl->requests);
	free(nl->buffer);
	free(nl->paths);
	free(nl);
}

int nl__event_fd(const struct nl *nl)
{
	return mnl_socket_get_fd(nl->events);
}

int nl__feature_fd(const struct nl *nl)
{
	return nl->feature_fd;
}

/* ---- one message ---- */

#define DISPATCH(nl, kind, change, message, ...)                                                                       \
	({                                                                                                             \
		struct nl_##kind object;                                                                               \
		int parsed = nl_parse__##kind((message), ##__VA_ARGS__, &object);                                      \
                                                                                                                       \
		if (!parsed && (nl)->handlers.kind)                                                                    \
			(nl)->handlers.kind((change), &object, (nl)->data);                                            \
		parsed;                                                                                                \
	})

static void report(struct nl *nl, bool dump, const char *what, uint32_t number, uint32_t bytes)
{
	char text[64];

	if (!nl->handlers.unknown)
		return;
	snprintf(text, sizeof(text), "%s %u, %u bytes", what, number, bytes);
	nl->handlers.unknown(text, dump, nl->data);
}

static void dispatch(struct nl *nl, const struct nlmsghdr *message, bool dump)
{
	uint16_t type = message->nlmsg_type;
	bool deleted = type == RTM_DELLINK || type == RTM_DELADDR || type == RTM_DELNEIGH || type == RTM_DELROUTE ||
		       type == RTM_DELRULE || type == RTM_DELNEXTHOP;
	enum nl_change change = dump ? NL_DUMP : deleted ? NL_DELETED : NL_NEW;
	int err = 0;

	switch (type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		err = DISPATCH(nl, link, change, message);
		break;
	case RTM_NEWADDR:
	case RTM_DELADDR:
		err = DISPATCH(nl, address, change, message);
		break;
	case RTM_NEWNEIGH:
	case RTM_DELNEIGH:
		err = DISPATCH(nl, neighbour, change, message);
		break;
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		err = DISPATCH(nl, route, change, message, nl->paths);
		break;
	case RTM_NEWRULE:
	case RTM_DELRULE:
		err = DISPATCH(nl, rule, change, message);
		break;
	case RTM_NEWNEXTHOP:
	case RTM_DELNEXTHOP:
		err = DISPATCH(nl, nexthop, change, message);
		break;
	case RTM_NEWNEXTHOPBUCKET:
		err = DISPATCH(nl, bucket, change, message);
		break;
	case RTM_DELNEXTHOPBUCKET: /* the kernel never says so: a bucket leads to another member, or its group goes */
		break;
	case RTM_NEWNETCONF:
	case RTM_DELNETCONF:
		if (nl->handlers.setting)
			nl->handlers.setting(nl->data);
		break;
	case NLMSG_NOOP:
	case NLMSG_ERROR:
	case NLMSG_DONE:
		break;
	default: /* of a group that was subscribed to, and so about something that is held */
		err = -EBADMSG;
		break;
	}
	if (err < 0)
		report(nl, dump, "type", type, message->nlmsg_len);
}

/* Is the message of a dump that this socket asked for? Events have the number of another socket, or none. */
static bool is_dumped(const struct nl *nl, const struct nlmsghdr *message)
{
	return message->nlmsg_pid == mnl_socket_get_portid(nl->events);
}

/* What is behind the last message of a datagram: nothing, or something damaged. */
static void check_rest(struct nl *nl, bool dump, ssize_t length, int left)
{
	if (left > 0)
		report(nl, dump, "damaged from byte", (uint32_t)(length - left), (uint32_t)length);
}

ssize_t nl__receive_datagram(struct mnl_socket *socket, void *buffer, size_t size)
{
	struct sockaddr_nl from = { 0 };
	struct iovec vector = { buffer, size };
	struct msghdr header = { .msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &vector, .msg_iovlen = 1 };
	ssize_t length;

	do {
		length = recvmsg(mnl_socket_get_fd(socket), &header, 0);
	} while (length < 0 && errno == EINTR);
	if (length < 0)
		return -errno;
	if (header.msg_flags & MSG_TRUNC)
		return -EBADMSG;
	return from.nl_pid ? 0 : length;
}

int nl__receive(struct nl *nl, int limit)
{
	int handled = 0;

	netdev__receive(nl);
	if (nl->lost) { /* during a dump */
		int err = nl->lost;

		nl->lost = 0;
		return err;
	}
	while (handled < limit) {
		ssize_t length = nl__receive_datagram(nl->events, nl->buffer, DUMP_BUFFER);
		const struct nlmsghdr *message = nl->buffer;
		int left;

		if (length == -EAGAIN)
			break;
		if (length < 0)
			return (int)length;
		left = (int)length;
		for (; nl_parse__is_whole(message, left); message = mnl_nlmsg_next(message, &left), handled++) {
			if (!is_dumped(nl, message)) /* as is the rest of a dump that was given up */
				dispatch(nl, message, false);
		}
		check_rest(nl, false, length, left);
	}
	return handled;
}

/* ---- dumps ---- */

static struct nlmsghdr *make_dump(struct nl *nl, enum nl_object object, uint8_t family)
{
	static const struct {
		uint16_t type;
		size_t size;
	} requests[] = {
		[NL_LINKS] = { RTM_GETLINK, sizeof(struct ifinfomsg) },
		[NL_ADDRESSES] = { RTM_GETADDR, sizeof(struct ifaddrmsg) },
		[NL_NEIGHBOURS] = { RTM_GETNEIGH, sizeof(struct ndmsg) },
		[NL_ROUTES] = { RTM_GETROUTE, sizeof(struct rtmsg) },
		[NL_RULES] = { RTM_GETRULE, sizeof(struct fib_rule_hdr) },
		[NL_NEXTHOPS] = { RTM_GETNEXTHOP, sizeof(struct nhmsg) },
		[NL_BUCKETS] = { RTM_GETNEXTHOPBUCKET, sizeof(struct nhmsg) },
	};
	struct nlmsghdr *message = mnl_nlmsg_put_header(nl->request);
	uint8_t *header;

	message->nlmsg_type = requests[object].type;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	message->nlmsg_seq = ++nl->sequence;
	header = mnl_nlmsg_put_extra_header(message, requests[object].size);
	header[0] = family; /* the first byte of each of these headers */
	if (object == NL_LINKS) /* most of the work, and most of the bytes */
		mnl_attr_put_u32(message, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	return message;
}

/* True: the dump is complete, with its result in *ret_result. */
static bool take_part(struct nl *nl, ssize_t length, bool *interrupted, int *ret_result)
{
	const struct nlmsghdr *message = nl->buffer;
	int left = (int)length;

	for (; nl_parse__is_whole(message, left); message = mnl_nlmsg_next(message, &left)) {
		if (!is_dumped(nl, message)) {
			dispatch(nl, message, false);
			continue;
		}
		if (message->nlmsg_seq != nl->sequence) /* the rest of a dump that was given up */
			continue;
		if (message->nlmsg_flags & NLM_F_DUMP_INTR)
			*interrupted = true;
		if (message->nlmsg_type == NLMSG_DONE || message->nlmsg_type == NLMSG_ERROR) {
			int result = 0;

			if (mnl_nlmsg_get_payload_len(message) >= sizeof(result))
				memcpy(&result, mnl_nlmsg_get_payload(message), sizeof(result));
			*ret_result = result ? result : *interrupted ? -EINTR : 0;
			return true;
		}
		dispatch(nl, message, true);
	}
	check_rest(nl, true, length, left);
	return false;
}

/* Receives the next datagram of a dump, and lets others read what is held meanwhile. */
static ssize_t await_part(struct nl *nl)
{
	struct pollfd readable = { .fd = mnl_socket_get_fd(nl->events), .events = POLLIN };
	ssize_t length;

	if (nl->handlers.wait)
		nl->handlers.wait(true, nl->data);
	do {
		length = nl__receive_datagram(nl->events, nl->buffer, DUMP_BUFFER);
		if (length == -EAGAIN && !poll(&readable, 1, DUMP_TIMEOUT_MS))
			length = -ETIMEDOUT;
	} while (length == -EAGAIN);
	if (nl->handlers.wait)
		nl->handlers.wait(false, nl->data);
	return length;
}

/* Sends the request for a dump, and handles its parts. */
static int run_dump(struct nl *nl, const struct nlmsghdr *message)
{
	bool interrupted = false;
	int result;

	if (mnl_socket_sendto(nl->events, message, message->nlmsg_len) < 0)
		return -errno;
	for (;;) {
		ssize_t length = await_part(nl);

		if (length == -ENOBUFS || length == -EBADMSG) {
			/* Events were lost, perhaps a part too: go on to the end, then all of it again. */
			interrupted = true;
			nl->lost = (int)length;
			continue;
		}
		if (length < 0)
			return (int)length;
		if (take_part(nl, length, &interrupted, &result))
			return result;
	}
}

int nl__dump(struct nl *nl, enum nl_object object, uint8_t family)
{
	return run_dump(nl, make_dump(nl, object, family));
}

int nl__dump_buckets(struct nl *nl, uint32_t group)
{
	struct nlmsghdr *message = make_dump(nl, NL_BUCKETS, AF_UNSPEC);

	mnl_attr_put_u32(message, NHA_ID, group);
	return run_dump(nl, message);
}

int nl__solicit(struct nl *nl, uint32_t ifindex, uint8_t family, const uint8_t address[16])
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(nl->request);
	size_t length = nl_parse__address_length(family);
	struct ndmsg *header;

	if (!length)
		return -EAFNOSUPPORT;
	message->nlmsg_type = RTM_NEWNEIGH;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE;
	header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
	header->ndm_family = family;
	header->ndm_ifindex = (int)ifindex;
	header->ndm_state = NUD_NONE;
	header->ndm_flags = NTF_USE;
	mnl_attr_put(message, NDA_DST, length, address);
	if (mnl_socket_sendto(nl->requests, message, message->nlmsg_len) < 0)
		return -errno;
	return 0;
}
