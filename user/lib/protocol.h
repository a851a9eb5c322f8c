/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What libxfib and xfibd say to each other: messages over a Unix socket of
 * type SOCK_SEQPACKET, one in each packet. Both ends are on one machine, so
 * numbers are in host byte order; addresses are as in xfib/xfib.h.
 *
 *	library                          daemon
 *	hello                            hello, or a result: why not
 *	begin, changes…, commit          one result
 *	changes with PROTOCOL_ALONE      one result
 *	watch                            one result, then events and resync for ever
 *
 * Until the commit nothing happens, and nothing is answered: whatever was
 * wrong in a transaction is said in the result. A message that is not
 * understood ends the connection.
 *
 * Invariants: a packet is used only after one of the functions below has
 * checked its length and each of its fields. They read memory and nothing
 * else, at any alignment, and leave their outputs untouched on failure.
 */
#ifndef XFIB_LIB_PROTOCOL_H
#define XFIB_LIB_PROTOCOL_H

#include <stdbool.h>
#include <stdint.h>
#include <xfib/xfib.h>

#include "change.h"

#define PROTOCOL_MAGIC 0x62696678u /* "xfib" */
#define PROTOCOL_VERSION 1u        /* moves whenever a struct below does, or one of those in xfib/abi.h that it holds */
#define PROTOCOL_PACKET 65536u     /* no packet is larger */
#define PROTOCOL_MESSAGE CHANGE_MESSAGE

enum protocol_kind {
	PROTOCOL_HELLO = 1,
	PROTOCOL_BEGIN,
	PROTOCOL_CHANGES,
	PROTOCOL_COMMIT,
	PROTOCOL_RESULT,
	PROTOCOL_WATCH,
	PROTOCOL_EVENTS,
	PROTOCOL_RESYNC,
	PROTOCOL_KIND_COUNT,
};

/* Begins each packet; all of a commit and of a resync. */
struct protocol_header {
	uint32_t kind;   /* enum protocol_kind */
	uint32_t length; /* of the packet, this header included */
};
XFIB_ASSERT_SIZE(struct protocol_header, 8);

/* The first message of either side. Its layout is the same in every version up to `version`. */
struct protocol_hello {
	struct protocol_header header;
	uint32_t magic;
	uint32_t version;
	uint32_t pid; /* of the sender, as it sees itself */
	uint32_t pad;
};
XFIB_ASSERT_SIZE(struct protocol_hello, 24);

/* Begins a transaction. */
struct protocol_begin {
	struct protocol_header header;
	uint32_t count; /* of the changes that will be sent */
	uint32_t pad;
};
XFIB_ASSERT_SIZE(struct protocol_begin, 16);

#define PROTOCOL_ALONE 0x1 /* a whole transaction in one packet */

/* Followed by `count` times a change and its paths. */
struct protocol_changes {
	struct protocol_header header;
	uint32_t count; /* at least 1 */
	uint32_t flags;
};
XFIB_ASSERT_SIZE(struct protocol_changes, 16);

/* See struct xfib_route_spec. */
struct protocol_change {
	uint8_t prefix[16];
	uint8_t source[16];
	uint32_t what; /* enum xfib_change */
	uint32_t family;
	uint32_t prefix_length;
	uint32_t table;
	uint32_t metric;
	uint32_t type;
	uint32_t scope;
	uint32_t protocol;
	uint32_t tos;
	uint32_t preference;
	uint32_t mtu;
	uint32_t lifetime;
	uint32_t flags;
	uint32_t path_count; /* of struct protocol_path, which follow */
};
XFIB_ASSERT_SIZE(struct protocol_change, 88);

struct protocol_path {
	uint32_t ifindex;
	uint32_t gateway_family;
	uint8_t gateway[16];
	uint16_t weight;
	uint16_t flags;
	uint32_t pad;
};
XFIB_ASSERT_SIZE(struct protocol_path, 32);

/* Answers a transaction, a watch, or a hello that is refused. */
struct protocol_result {
	struct protocol_header header;
	int32_t err;     /* 0 or -errno */
	uint32_t failed; /* number of the change that failed, the number of changes if it was none of them */
	char message[PROTOCOL_MESSAGE]; /* ends with a zero byte; empty if err is 0 */
};
XFIB_ASSERT_SIZE(struct protocol_result, 16 + PROTOCOL_MESSAGE);

/* See struct xfib_route_filter. */
struct protocol_watch {
	struct protocol_header header;
	uint32_t family;
	uint32_t table;
	uint32_t ifindex;
	uint32_t protocol;
};
XFIB_ASSERT_SIZE(struct protocol_watch, 24);

/* Followed by `count` events. */
struct protocol_events {
	struct protocol_header header;
	uint32_t count; /* at least 1 */
	uint32_t pad;
};
XFIB_ASSERT_SIZE(struct protocol_events, 16);

/* See struct xfib_route_event. */
struct protocol_event {
	uint32_t type;
	uint32_t own; /* 0 or 1 */
	uint32_t link_flags;
	uint32_t link_kind;
	char dev[16]; /* ends with a zero byte */
	struct xfib_route route;
	struct xfib_nexthop nexthop;
};
XFIB_ASSERT_SIZE(struct protocol_event, 160);

/* ---- reading: 0, or -EBADMSG ---- */

/* The header of any packet: a kind that is known, and the length that the packet has. */
int protocol__read_header(const void *packet, size_t length, struct protocol_header *ret_header);

/* A hello of any version: the caller compares it with its own. */
int protocol__read_hello(const void *packet, size_t length, struct protocol_hello *ret_hello);
int protocol__read_begin(const void *packet, size_t length, struct protocol_begin *ret_begin);
int protocol__read_commit(const void *packet, size_t length);
int protocol__read_result(const void *packet, size_t length, struct protocol_result *ret_result);
int protocol__read_watch(const void *packet, size_t length, struct xfib_route_filter *ret_filter);
int protocol__read_resync(const void *packet, size_t length);

/* What is left to read of a packet that has been checked as a whole, and must stay where it is. */
struct protocol_reader {
	const uint8_t *at;
	uint32_t left; /* changes or events */
};

int protocol__read_changes(const void *packet, size_t length, struct protocol_changes *ret_changes,
			   struct protocol_reader *ret_reader);
int protocol__read_events(const void *packet, size_t length, struct protocol_reader *ret_reader);

/* The next change, whose paths are in `ret_paths`, or event. False: there is none. */
bool protocol_reader__next_change(struct protocol_reader *reader, struct change *ret_change,
				  struct xfib_path_spec ret_paths[XFIB_GROUP_MEMBERS]);
bool protocol_reader__next_event(struct protocol_reader *reader, struct xfib_route_event *ret_event);

/* ---- writing ---- */

/* Each writes a packet into `packet`, which has room for PROTOCOL_PACKET bytes, and returns its length. */
size_t protocol__write_hello(void *packet, uint32_t pid);
size_t protocol__write_begin(void *packet, uint32_t count);
size_t protocol__write_commit(void *packet);
size_t protocol__write_result(void *packet, int err, uint32_t failed, const char *message);
size_t protocol__write_watch(void *packet, const struct xfib_route_filter *filter);
size_t protocol__write_resync(void *packet);

/* A packet of changes or events in the making. */
struct protocol_writer {
	uint8_t *packet; /* PROTOCOL_PACKET bytes */
	size_t length;
	uint32_t count;
};

void protocol_writer__begin(struct protocol_writer *writer, void *packet);

/* -EMSGSIZE: the packet is full, begin another one; -EINVAL: no reader would take it. Nothing is added then. */
int protocol_writer__add_change(struct protocol_writer *writer, const struct change *change);
int protocol_writer__add_event(struct protocol_writer *writer, const struct xfib_route_event *event);

/* Completes the packet, which has at least one change or event, and returns its length. */
size_t protocol_writer__end_changes(struct protocol_writer *writer, uint32_t flags);
size_t protocol_writer__end_events(struct protocol_writer *writer);

/* Are the fields of a record in their ranges? What all readers and writers check by. */
bool protocol_change__is_valid(const struct protocol_change *change);
bool protocol_path__is_valid(const struct protocol_path *path);
bool protocol_event__is_valid(const struct protocol_event *event);

#endif
