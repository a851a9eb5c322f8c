// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Changes of the kernel's tables: sent many at once, and after each batch the
 * events that came of it are read, so that the RIB has what was changed and no
 * buffer overflows.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdlib.h>
#include <string.h>

#include "change_private.h"

/* In the terms of xfib_route__change(). */
static int error_of(int err)
{
	switch (err) {
	case -ESRCH:
		return -ENOENT;
	case -EPERM:
		return -EACCES;
	case -EHOSTUNREACH:
		return -ENETUNREACH;
	default:
		return err;
	}
}

/* In words that fit routes; xfib's own tables have the same. */
static const char *reason_of(int err)
{
	switch (err) {
	case -ENOENT:
		return "there is no such route";
	case -EEXIST:
		return "there is such a route already";
	case -EACCES:
		return "the kernel's routes are changed by root, or with CAP_NET_ADMIN";
	default:
		return strerror(-err);
	}
}

static void on_error(uint32_t sequence, int err, const char *text, void *data)
{
	struct changing *changing = data;
	uint32_t index = sequence - changing->first_sequence;
	int reported = error_of(err);

	if (index >= changing->count) /* of an earlier call that did not wait for it */
		return;
	if (*text)
		changing__fail(changing, index, reported, "%s (%s)", text, reason_of(reported));
	else
		changing__fail(changing, index, reported, "%s", reason_of(reported));
}

/* Writes requests from change `begin` on, as many as fit; how many. */
static uint32_t fill(const struct changing *changing, uint32_t begin, uint32_t end, char *buffer, size_t room,
		     size_t *ret_length)
{
	uint32_t at_once = nl__requests_at_once(changing->mirror->nl), count = 0;
	size_t length = 0;
	struct nlmsghdr *last = NULL;

	while (begin + count < end && count < at_once) {
		const struct change *change = &changing->changes[begin + count];

		if (count && length + change_message__room(change) > room)
			break;
		last = (void *)(buffer + length);
		length += change_message__put(change, changing->first_sequence + begin + count, last);
		count++;
	}
	if (last)
		last->nlmsg_flags |= NLM_F_ACK;
	*ret_length = length;
	return count;
}

int change_kernel__run(struct changing *changing, uint32_t begin, uint32_t end)
{
	struct mirror *mirror = changing->mirror;
	char *buffer = malloc(CHANGE_BATCH_BYTES);
	int err;

	if (!buffer) {
		changing__fail(changing, begin, -ENOMEM, "%s", strerror(ENOMEM));
		return -ENOMEM;
	}
	while (begin < end && !changing->err) {
		size_t length;
		uint32_t count = fill(changing, begin, end, buffer, CHANGE_BATCH_BYTES, &length);

		err = nl__request(mirror->nl, buffer, length, changing->first_sequence + begin + count - 1, on_error,
				  changing);
		if (err)
			changing__fail(changing, begin, -EIO, "asking the kernel: %s", strerror(-err));
		err = mirror__catch_up(mirror);
		if (err < 0)
			changing__fail(changing, begin, -EIO, "comparing with the kernel: %s", strerror(-err));
		begin += count;
		if (!changing->err)
			changing__breathe(changing, begin);
	}
	free(buffer);
	return changing->err;
}
