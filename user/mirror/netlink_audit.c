// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * The routes' dump that the audit reads: by a socket of its own, a part at a
 * time, with as long a pause in between as the audit likes. The kernel makes a
 * part when the one before is received. See netlink.h.
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "netlink_private.h"

/* Parts are of 32 KiB at most. */
#define PART_BUFFER (64 * 1024)
#define RECEIVE_BUFFER (256 * 1024)

void nl__audit_stop(struct nl *nl)
{
	if (nl->audit)
		mnl_socket_close(nl->audit); /* ends the kernel's part in it too */
	free(nl->audit_part);
	nl->audit = NULL;
	nl->audit_part = NULL;
	nl->audit_family = AF_UNSPEC;
}

static int request(struct nl *nl, uint8_t family)
{
	_Alignas(struct nlmsghdr) char buffer[NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct rtmsg))] = { 0 };
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct rtmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));

	message->nlmsg_type = RTM_GETROUTE;
	message->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	message->nlmsg_seq = ++nl->audit_sequence;
	header->rtm_family = family;
	nl->audit_family = family;
	return mnl_socket_sendto(nl->audit, message, message->nlmsg_len) < 0 ? -errno : 0;
}

int nl__audit_receive(struct nl *nl)
{
	ssize_t length;
	int err = 0;

	if (!nl->audit) {
		nl->audit_part = malloc(PART_BUFFER);
		err = nl->audit_part ? nl__open_socket(RECEIVE_BUFFER, SOCK_NONBLOCK, &nl->audit) : -ENOMEM;
	}
	if (!err && nl->audit_family == AF_UNSPEC)
		err = request(nl, AF_INET);
	if (err)
		return err;
	length = nl__receive_datagram(nl->audit, nl->audit_part, PART_BUFFER);
	if (length < 0)
		return (int)length;
	nl->audit_length = (size_t)length;
	return 0;
}

/* What a dump of a family ended with. */
static int end_family(struct nl *nl, const struct nlmsghdr *message)
{
	int result = 0;

	if (mnl_nlmsg_get_payload_len(message) >= sizeof(result))
		memcpy(&result, mnl_nlmsg_get_payload(message), sizeof(result));
	if (result == -EAFNOSUPPORT || result == -EOPNOTSUPP) /* no such stack, no such routes */
		result = 0;
	if (result)
		return result;
	if (nl->audit_family == AF_INET) {
		result = request(nl, AF_INET6);
		return result ? result : 1;
	}
	nl->audit_family = AF_UNSPEC;
	return 0;
}

int nl__audit_handle(struct nl *nl)
{
	const struct nlmsghdr *message = nl->audit_part;
	int left = (int)nl->audit_length;

	for (; nl_parse__is_whole(message, left); message = mnl_nlmsg_next(message, &left)) {
		struct nl_route route;
		int err;

		if (message->nlmsg_seq != nl->audit_sequence)
			continue;
		if (message->nlmsg_flags & NLM_F_DUMP_INTR)
			return -EINTR;
		if (message->nlmsg_type == NLMSG_DONE || message->nlmsg_type == NLMSG_ERROR)
			return end_family(nl, message);
		if (message->nlmsg_type != RTM_NEWROUTE)
			continue;
		err = nl_parse__route(message, nl->paths, &route);
		if (err < 0)
			return err;
		if (!err)
			nl->handlers.route(NL_AUDIT, &route, nl->data);
	}
	return left > 0 ? -EBADMSG : 1;
}
