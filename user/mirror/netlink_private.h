/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What netlink.c and netdev.c share. */
#ifndef XFIB_MIRROR_NETLINK_PRIVATE_H
#define XFIB_MIRROR_NETLINK_PRIVATE_H

#include <libmnl/libmnl.h>

#include "netlink_parse.h"

struct nl {
	struct nl_handlers handlers;
	void *data;
	struct mnl_socket *events;   /* events and dumps */
	struct mnl_socket *requests; /* what expects no answer */
	uint32_t sequence;           /* of the last dump */
	uint32_t request_sequence;   /* of the last request; those of nl__solicit() have 0 */
	int lost;                    /* why events were lost during a dump: -ENOBUFS, -EBADMSG; 0: none were */
	_Alignas(struct nlmsghdr) char request[1024];
	void *buffer;          /* for one datagram */
	struct nl_path *paths; /* of the route being parsed */
	struct mnl_socket *features; /* genetlink: asks about devices; NULL where the kernel cannot say */
	struct mnl_socket *feature_events;
	struct mnl_socket *audit; /* NULL: none is under way */
	void *audit_part;
	size_t audit_length;
	uint32_t audit_sequence;
	uint8_t audit_family;     /* that is being dumped, AF_UNSPEC: none */
	uint16_t feature_family;
	int feature_fd;
	/* A device is asked about while a dump is handled, which has `sequence`, `request` and `buffer`: others here. */
	uint32_t feature_sequence;
	_Alignas(struct nlmsghdr) char feature_request[256];
	_Alignas(struct nlmsghdr) char feature_answer[8192];
};

/* Opens a rtnetlink socket with a receive buffer of so many bytes; `flags`: SOCK_NONBLOCK or 0. */
int nl__open_socket(int receive_buffer, int flags, struct mnl_socket **ret_socket);

/* Receives one datagram from the kernel. Its length; 0: from somebody else; -EAGAIN: none; -EBADMSG: truncated. */
ssize_t nl__receive_datagram(struct mnl_socket *socket, void *buffer, size_t size);

/* Opens genetlink's `netdev` family, where the kernel has it (6.3). */
void netdev__open(struct nl *nl);
void netdev__close(struct nl *nl);

/* Handles the events that wait: any of them means changed features. */
void netdev__receive(struct nl *nl);

#endif
