/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The frames of FRR's forwarding plane manager protocol: version (1), type (1: netlink), length of the whole frame in
 * network order; then messages of rtnetlink, one after the other.
 */
#ifndef XFIBD_FPM_PARSE_H
#define XFIBD_FPM_PARSE_H

#include <stddef.h>
#include <stdint.h>

#define FPM_FRAME_MAX 65535

struct nlmsghdr;

/* Of one message, all of whose bytes are there. */
typedef void (*fpm_message_fn)(const struct nlmsghdr *message, void *data);
/* The messages of a frame end. */
typedef void (*fpm_frame_fn)(void *data);

/*
 * Reads the whole frames that begin `bytes`, and says how many bytes they were: the rest is the beginning of a frame that
 * goes on. -EBADMSG: it is no such frame, or a message in it is cut off; -EPROTONOSUPPORT: of another version or type.
 */
int fpm_parse__frames(const void *bytes, size_t length, fpm_message_fn on_message, fpm_frame_fn on_frame, void *data,
		      size_t *ret_used);

#endif
