/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* One request at a time over a socket, and the messages of steps. What world.c, message.c and kernel.c share. */
#ifndef TESTS_DIFFERENTIAL_NETLINK_H
#define TESTS_DIFFERENTIAL_NETLINK_H

#include <libmnl/libmnl.h>
#include <sys/socket.h>

#include "differential.h"

struct channel {
	struct mnl_socket *socket;
	uint32_t sequence;
	char out[8192];
	char in[65536];
};

/* Opens a socket in the namespace that the process is in; ends the program where it can't. */
void channel__open(struct channel *channel, int protocol);
struct nlmsghdr *channel__begin(struct channel *channel, uint16_t type, uint16_t flags);
/* Sends what was begun and hands each part of the answer to `part` (NULL: there is none). 0, or the kernel's -errno. */
int channel__ask(struct channel *channel, struct nlmsghdr *message, void (*part)(const struct nlmsghdr *part, void *data), void *data);

/* Attributes by their type. */
struct attributes {
	const struct nlattr *of[80];
};

void attributes__collect(const void *begin, size_t length, struct attributes *ret_attributes);

static inline void attributes__nested(const struct nlattr *nest, struct attributes *ret_attributes)
{
	attributes__collect(mnl_attr_get_payload(nest), mnl_attr_get_payload_len(nest), ret_attributes);
}

/* Those behind the message's own header of `size` bytes. */
static inline void attributes__of(const struct nlmsghdr *message, size_t size, struct attributes *ret_attributes)
{
	attributes__collect((const char *)mnl_nlmsg_get_payload(message) + size, mnl_nlmsg_get_payload_len(message) - size, ret_attributes);
}

static inline size_t address__length(uint8_t family)
{
	return family == AF_INET6 ? 16 : 4;
}

static inline void put_address(struct nlmsghdr *message, uint16_t type, const struct address *address)
{
	mnl_attr_put(message, type, address__length(address->family), address->byte);
}

/* The request for a step that is one; `indexes` are those of the devices. Returns NULL where a device is not there. */
struct nlmsghdr *step__message(const struct step *step, struct channel *channel, const uint32_t indexes[DEVICES]);

/* What is in an RTM_NEWROUTE message. */
void kernel__parse_route(const struct nlmsghdr *message, struct route_seen *ret_route);

#endif
