// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Requests that change something, many in one datagram: the kernel works off
 * all of it before the send returns, and answers those that failed and the last
 * one, which asks for it. See netlink.h.
 */
#include <errno.h>
#include <linux/netlink.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "netlink_private.h"

#define ANSWER_TIMEOUT_MS 10000
#define ANSWER_BUFFER 8192 /* NETLINK_CAP_ACK keeps them from repeating the request */

/* What a queued message takes of a socket's buffer: an answer, an event about a route (more with many paths). */
#define ANSWER_COST 1024
#define EVENT_COST 4096
#define AT_ONCE_MIN 16

uint32_t nl__requester(const struct nl *nl)
{
	return mnl_socket_get_portid(nl->requests);
}

uint32_t nl__take_sequences(struct nl *nl, uint32_t count)
{
	uint32_t first = nl->request_sequence + 1;

	if (!first || first + count < first) /* the numbers begin anew */
		first = 1;
	nl->request_sequence = first + count - 1;
	return first;
}

static uint32_t buffer_of(struct mnl_socket *socket)
{
	int size = 0;
	socklen_t length = sizeof(size);

	if (getsockopt(mnl_socket_get_fd(socket), SOL_SOCKET, SO_RCVBUF, &size, &length) || size < 0)
		return 0;
	return (uint32_t)size;
}

uint32_t nl__requests_at_once(const struct nl *nl)
{
	uint32_t answers = buffer_of(nl->requests) / ANSWER_COST, events = buffer_of(nl->events) / EVENT_COST;
	uint32_t at_once = answers < events ? answers : events;

	return at_once > AT_ONCE_MIN ? at_once : AT_ONCE_MIN;
}

/* The kernel's words in an answer. */
static const char *text_of(const struct nlmsghdr *message, const struct nlmsgerr *error)
{
	const struct nlattr *table[NLMSGERR_ATTR_MAX + 1];
	size_t skipped = sizeof(*error);

	if (!(message->nlmsg_flags & NLM_F_ACK_TLVS))
		return "";
	if (!(message->nlmsg_flags & NLM_F_CAPPED))
		skipped += (error->msg.nlmsg_len - sizeof(error->msg) + 3) & ~(size_t)3;
	if (mnl_nlmsg_get_payload_len(message) < skipped ||
	    nl_parse__attributes(message, skipped, table, NLMSGERR_ATTR_MAX) || !table[NLMSGERR_ATTR_MSG] ||
	    mnl_attr_validate(table[NLMSGERR_ATTR_MSG], MNL_TYPE_NUL_STRING) < 0)
		return "";
	return mnl_attr_get_str(table[NLMSGERR_ATTR_MSG]);
}

/* True: the request `last` has been answered. */
static bool take_answers(const void *buffer, size_t size, uint32_t last, nl_error_fn on_error, void *data)
{
	const struct nlmsghdr *message = buffer;
	int left = (int)size;
	bool done = false;

	for (; nl_parse__is_whole(message, left); message = mnl_nlmsg_next(message, &left)) {
		const struct nlmsgerr *error = mnl_nlmsg_get_payload(message);

		/* Number 0 are neighbours that could not be asked for: nobody waits for those. */
		if (message->nlmsg_type != NLMSG_ERROR || !message->nlmsg_seq ||
		    mnl_nlmsg_get_payload_len(message) < sizeof(*error))
			continue;
		if (error->error && on_error)
			on_error(message->nlmsg_seq, error->error, text_of(message, error), data);
		done |= message->nlmsg_seq == last;
	}
	return done;
}

/* Receives one datagram of answers. Its length; 0: from somebody else; -EAGAIN: there is none. */
static ssize_t receive(struct nl *nl, void *buffer)
{
	struct sockaddr_nl from = { 0 };
	socklen_t from_length = sizeof(from);
	ssize_t length;

	do {
		length = recvfrom(mnl_socket_get_fd(nl->requests), buffer, ANSWER_BUFFER, MSG_DONTWAIT,
				  (struct sockaddr *)&from, &from_length);
	} while (length < 0 && errno == EINTR);
	if (length < 0)
		return -errno;
	return from.nl_pid ? 0 : length;
}

int nl__request(struct nl *nl, const void *messages, size_t length, uint32_t last, nl_error_fn on_error, void *data)
{
	struct pollfd readable = { .fd = mnl_socket_get_fd(nl->requests), .events = POLLIN };
	_Alignas(struct nlmsghdr) char buffer[ANSWER_BUFFER];
	ssize_t size;

	do { /* what is left of requests that nobody waits for, or that were not answered in time */
		size = receive(nl, buffer);
	} while (size >= 0 || size == -ENOBUFS);
	if (mnl_socket_sendto(nl->requests, messages, length) < 0)
		return -errno;
	for (;;) {
		size = receive(nl, buffer);
		if (size == -EAGAIN) {
			if (!poll(&readable, 1, ANSWER_TIMEOUT_MS))
				return -ETIMEDOUT;
			continue;
		}
		if (size < 0)
			return (int)size;
		if (take_answers(buffer, (size_t)size, last, on_error, data))
			return 0;
	}
}
