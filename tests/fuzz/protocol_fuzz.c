// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * user/lib/protocol.c and user/xfibd/session.c on any bytes. An input is
 * first one packet, given to every reader, as it is and with the length in its
 * header made right; then a script of steps for a session, whose changes are
 * made by nobody:
 *
 *	0 length(2) bytes…        a packet as it is
 *	1 kind length(2) bytes…   a packet with a header that is right
 *	2 count(2)                that many events come
 *	3                         the client takes a packet
 *	4                         the client takes none: what was sent is kept
 *
 * What must hold: what is read is written again as the same bytes; every
 * packet that a session sends is one that a client reads; nothing is left of
 * a session that ends.
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "event_ring.h"
#include "protocol.h"
#include "session.h"

/* Events of one script: more than wait, but not for long. */
#define EVENTS_MAX (EVENT_RING_MAX + 500)

static uint8_t again[PROTOCOL_PACKET];

static void require(bool holds)
{
	if (!holds)
		abort();
}

/* ---- readers ---- */

static void read_changes(const uint8_t *data, size_t size)
{
	struct xfib_path_spec paths[XFIB_GROUP_MEMBERS];
	struct protocol_changes changes;
	struct protocol_reader reader;
	struct protocol_writer writer;
	struct change change;
	char message[CHANGE_MESSAGE];

	if (protocol__read_changes(data, size, &changes, &reader))
		return;
	protocol_writer__begin(&writer, again);
	while (protocol_reader__next_change(&reader, &change, paths)) {
		change__check(&change, message); /* whatever a packet may say */
		require(!protocol_writer__add_change(&writer, &change));
	}
	require(protocol_writer__end_changes(&writer, changes.flags) == size && !memcmp(again, data, size));
}

static void read_events(const uint8_t *data, size_t size)
{
	struct protocol_reader reader;
	struct protocol_writer writer;
	struct xfib_route_event event;

	if (protocol__read_events(data, size, &reader))
		return;
	protocol_writer__begin(&writer, again);
	while (protocol_reader__next_event(&reader, &event))
		require(!protocol_writer__add_event(&writer, &event));
	require(protocol_writer__end_events(&writer) == size && !memcmp(again, data, size));
}

static void read_all(const uint8_t *data, size_t size)
{
	struct protocol_header header;
	struct protocol_hello hello;
	struct protocol_begin begin;
	struct protocol_result result;
	struct xfib_route_filter filter;
	int read = 0;

	read += !protocol__read_hello(data, size, &hello);
	read += !protocol__read_begin(data, size, &begin);
	read += !protocol__read_commit(data, size);
	read += !protocol__read_resync(data, size);
	read += !protocol__read_result(data, size, &result);
	if (!protocol__read_watch(data, size, &filter)) {
		read++;
		require(protocol__write_watch(again, &filter) == size && !memcmp(again, data, size));
	}
	require(read <= 1 && (!read || !protocol__read_header(data, size, &header)));
	read_changes(data, size);
	read_events(data, size);
}

/* Readers get memory that has no byte to spare, so that one read too many is seen. */
static uint8_t *copy_of(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	require(copy);
	memcpy(copy, data, size);
	return copy;
}

static void read_with_length(const uint8_t *data, size_t size)
{
	uint32_t length = (uint32_t)size;
	uint8_t *copy;

	if (size < sizeof(struct protocol_header))
		return;
	copy = copy_of(data, size);
	memcpy(copy + offsetof(struct protocol_header, length), &length, sizeof(length));
	read_all(copy, size);
	free(copy);
}

/* ---- a session ---- */

static int make(const struct change *changes, uint32_t count, uint64_t origin, struct change_failure *ret_failure,
		void *data)
{
	uint32_t sum = 0;

	(void)data;
	require(count && origin);
	for (uint32_t i = 0; i < count; i++) {
		for (uint32_t path = 0; path < changes[i].spec.path_count; path++)
			sum += changes[i].spec.paths[path].ifindex;
	}
	if (sum % 3)
		return 0;
	*ret_failure = (struct change_failure){ .index = sum % (count + 1), .message = "no" };
	return -EEXIST;
}

static void push_events(struct session *session, uint32_t count, uint32_t *left)
{
	struct xfib_route_event event = {
		.type = XFIB_ROUTE_ADDED,
		.route = { .family = AF_INET, .weight = 1, .type = XFIB_ROUTE_UNICAST, .owner = XFIB_OWNER_XFIB },
		.nexthop = { .family = AF_INET, .type = XFIB_ROUTE_UNICAST },
	};

	for (uint32_t i = 0; i < count && *left && session__is_watching(session); i++, --*left) {
		event.route.weight = i % 300 ? 1 : 0; /* now and then one that cannot be said */
		session__push(session, &event, i % 2 ? 100ULL << 32 | 1 : 0);
	}
}

/* Takes what the session sends: it must be something that a client reads. */
static void take_output(struct session *session, bool keep)
{
	size_t length = session__output(session, again);
	struct protocol_result result;
	struct protocol_reader reader;
	struct protocol_hello hello;

	if (!length) {
		require(!session__has_output(session));
		return;
	}
	require(!protocol__read_hello(again, length, &hello) || !protocol__read_result(again, length, &result) ||
		!protocol__read_events(again, length, &reader) || !protocol__read_resync(again, length));
	if (keep)
		session__keep(session, again, length);
}

struct script {
	const uint8_t *at;
	size_t left;
};

static uint32_t next_number(struct script *script, size_t bytes)
{
	uint32_t number = 0;

	for (; bytes && script->left; bytes--, script->at++, script->left--)
		number = number << 8 | *script->at;
	return number;
}

/* Lets the session take a packet of the script, unless it waits for the client. */
static void give_packet(struct session *session, struct script *script, bool with_header)
{
	uint32_t kind = with_header ? next_number(script, 1) : 0;
	size_t length = next_number(script, 2), head = with_header ? sizeof(struct protocol_header) : 0;

	uint8_t *packet;

	if (length > script->left)
		length = script->left;
	packet = malloc(length + head + 1);
	require(packet);
	if (with_header) {
		struct protocol_header header = { .kind = kind, .length = (uint32_t)(length + head) };

		memcpy(packet, &header, sizeof(header));
	}
	memcpy(packet + head, script->at, length);
	script->at += length;
	script->left -= length;
	if (!session__is_busy(session)) {
		uint8_t *exact = copy_of(packet, length + head);

		session__take(session, exact, length + head, 2000);
		if (session__wants_commit(session))
			session__commit(session);
		free(exact);
	}
	free(packet);
}

static void run_script(const uint8_t *data, size_t size)
{
	struct session_pool pool = { .change = make };
	struct script script = { .at = data, .left = size };
	struct peer peer = { .pid = size & 1 ? 100 : 0, .may_watch = true, .may_write = !(size & 2) };
	uint32_t events = EVENTS_MAX;
	struct session *session;

	if (session__new(&pool, 1, &peer, 1000, &session))
		return;
	while (script.left) {
		switch (next_number(&script, 1)) {
		case 0:
			give_packet(session, &script, false);
			break;
		case 1:
			give_packet(session, &script, true);
			break;
		case 2:
			push_events(session, next_number(&script, 2), &events);
			break;
		case 3:
			take_output(session, false);
			break;
		default:
			take_output(session, true);
		}
	}
	while (session__has_output(session))
		take_output(session, false);
	session__free(session);
	require(!pool.changes && !pool.bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_all(data, size);
	read_with_length(data, size);
	run_script(data, size);
	return 0;
}
