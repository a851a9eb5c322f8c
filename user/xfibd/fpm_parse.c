// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* See fpm_parse.h. */
#include "fpm_parse.h"

#include <errno.h>
#include <linux/netlink.h>
#include <string.h>

#define VERSION 1
#define TYPE_NETLINK 1
#define HEADER 4

/* Messages are copied to where they are aligned: a frame may begin anywhere. */
static int parse_messages(const uint8_t *at, size_t left, fpm_message_fn on_message, void *data)
{
	static _Alignas(struct nlmsghdr) uint8_t copy[FPM_FRAME_MAX + 1];
	const struct nlmsghdr *message = (const void *)copy;

	while (left) {
		struct nlmsghdr header;
		size_t step;

		if (left < sizeof(header))
			return -EBADMSG;
		memcpy(&header, at, sizeof(header));
		if (header.nlmsg_len < sizeof(header) || header.nlmsg_len > left)
			return -EBADMSG;
		memcpy(copy, at, header.nlmsg_len);
		on_message(message, data);
		step = ((size_t)header.nlmsg_len + 3) & ~(size_t)3;
		if (step >= left)
			break;
		at += step;
		left -= step;
	}
	return 0;
}

int fpm_parse__frames(const void *bytes, size_t length, fpm_message_fn on_message, fpm_frame_fn on_frame, void *data,
		      size_t *ret_used)
{
	const uint8_t *at = bytes;
	size_t used = 0;

	while (length - used >= HEADER) {
		size_t size = (size_t)at[used + 2] << 8 | at[used + 3];
		int err;

		if (at[used] != VERSION || at[used + 1] != TYPE_NETLINK)
			return -EPROTONOSUPPORT;
		if (size <= HEADER)
			return -EBADMSG;
		if (size > length - used)
			break;
		err = parse_messages(at + used + HEADER, size - HEADER, on_message, data);
		if (err)
			return err;
		on_frame(data);
		used += size;
	}
	*ret_used = used;
	return 0;
}
