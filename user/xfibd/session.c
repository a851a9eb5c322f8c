// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* The conversation with one client. See session.h. */
#include "session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../lib/change_list.h"
#include "../lib/event_ring.h"

enum state {
	STATE_NEW,      /* hello has not been said */
	STATE_READY,
	STATE_CHANGING, /* between begin and commit */
	STATE_COMMITTING,
	STATE_WATCHING,
	STATE_ENDED,
};

struct session {
	struct session_pool *pool;
	enum state state;
	uint32_t id;
	uint32_t process; /* the same for all sessions of a process, not 0 */
	struct peer peer;
	uint64_t deadline;
	uint64_t answer_deadline; /* 0: no answer has been waiting to be sent */
	uint64_t transaction_deadline;
	/* of the transaction: */
	struct change_list list;
	uint32_t announced, received;
	int err; /* why it will not be made */
	struct change_failure failure;
	/* of a watch: */
	struct xfib_route_filter filter;
	struct event_ring ring;
	/* to be sent: */
	uint8_t answer[sizeof(struct protocol_result)];
	size_t answer_length;
	uint8_t *kept;
	size_t kept_length;
};

_Static_assert(sizeof(struct protocol_hello) <= sizeof(struct protocol_result), "an answer has room for a hello");

int session__new(struct session_pool *pool, uint32_t id, const struct peer *peer, uint64_t now,
		 struct session **ret_session)
{
	struct session *session = calloc(1, sizeof(*session));

	if (!session)
		return -ENOMEM;
	session->pool = pool;
	session->id = id;
	session->peer = *peer;
	session->process = peer->pid;
	session->deadline = now + SESSION_PATIENCE_MS;
	event_ring__init(&session->ring, EVENT_RING_MAX);
	*ret_session = session;
	return 0;
}

static void forget_changes(struct session *session)
{
	session->pool->changes -= session->list.count;
	session->pool->bytes -= change_list__bytes(&session->list);
	change_list__clear(&session->list);
}

void session__free(struct session *session)
{
	if (!session)
		return;
	forget_changes(session);
	event_ring__destroy(&session->ring);
	free(session->kept);
	free(session);
}

static void answer(struct session *session, int err, uint32_t failed, const char *message)
{
	session->answer_length = protocol__write_result(session->answer, err, failed, message);
}

void session__refuse(struct session *session, int err, const char *message)
{
	forget_changes(session);
	answer(session, err, 0, message);
	session->state = STATE_ENDED;
}

/* ---- transactions ---- */

/* The transaction will not be made, for none of its changes' sake; what still comes of it is read and forgotten. */
static void fail(struct session *session, int err, const char *message)
{
	session->err = err;
	session->failure.index = session->announced;
	snprintf(session->failure.message, sizeof(session->failure.message), "%s", message);
	forget_changes(session);
}

static void begin(struct session *session, uint32_t count)
{
	session->state = STATE_CHANGING;
	session->announced = count;
	session->received = 0;
	session->err = 0;
	session->failure = (struct change_failure){ 0 };
	if (!session->peer.may_write)
		fail(session, -EACCES, "only root and members of the group xfib may change routes");
}

static void add_change(struct session *session, const struct change *change)
{
	struct session_pool *pool = session->pool;
	char message[CHANGE_MESSAGE];

	if (pool->changes >= SESSION_CHANGES_MAX || pool->bytes + change__bytes(change) > SESSION_BYTES_MAX) {
		snprintf(message, sizeof(message), "xfibd holds as many changes as it can before they are committed (%u, %u "
			 "MiB): make them in smaller transactions", SESSION_CHANGES_MAX, SESSION_BYTES_MAX >> 20);
		fail(session, -ENOBUFS, message);
		return;
	}
	if (change_list__add(&session->list, change)) {
		fail(session, -ENOMEM, "xfibd is out of memory");
		return;
	}
	pool->changes++;
	pool->bytes += change__bytes(change);
}

static void take_changes(struct session *session, struct protocol_reader *reader)
{
	struct xfib_path_spec paths[XFIB_GROUP_MEMBERS];
	struct change change;

	while (protocol_reader__next_change(reader, &change, paths)) {
		if (!session->err)
			add_change(session, &change);
		session->received++;
	}
}

bool session__wants_commit(const struct session *session)
{
	return session->state == STATE_COMMITTING;
}

void session__commit(struct session *session)
{
	uint64_t origin = (uint64_t)session->process << 32 | session->id;
	uint32_t count = session->list.count;
	int err = session->err;

	if (!err && count)
		err = session->pool->change(session->list.changes, count, origin, &session->failure,
					    session->pool->data);
	answer(session, err, session->failure.index, session->failure.message);
	forget_changes(session);
	session->state = STATE_READY;
}

static void ask_for_commit(struct session *session)
{
	session->state = STATE_COMMITTING;
	session->deadline = 0;
}

/* ---- packets ---- */

/* Each takes a packet of one kind; false: it says something that cannot be understood here. */

static bool take_hello(struct session *session, const void *packet, size_t length)
{
	struct protocol_hello hello;
	char message[PROTOCOL_MESSAGE];

	if (session->state != STATE_NEW || protocol__read_hello(packet, length, &hello))
		return false;
	if (hello.version != PROTOCOL_VERSION) {
		snprintf(message, sizeof(message), "xfibd speaks version %u of its protocol, this program version %u: "
			 "they must be of one release", PROTOCOL_VERSION, hello.version);
		session__refuse(session, -EPROTONOSUPPORT, message);
		return true;
	}
	if (!session->process) /* of a process that the kernel has no number for here: its own one, apart from others */
		session->process = hello.pid | 0x80000000u;
	session->answer_length = protocol__write_hello(session->answer, (uint32_t)getpid());
	session->state = STATE_READY;
	session->deadline = 0;
	return true;
}

static bool take_begin(struct session *session, const void *packet, size_t length)
{
	struct protocol_begin message;

	if (session->state != STATE_READY || protocol__read_begin(packet, length, &message))
		return false;
	begin(session, message.count);
	return true;
}

static bool take_some_changes(struct session *session, const void *packet, size_t length)
{
	struct protocol_changes changes;
	struct protocol_reader reader;

	if (protocol__read_changes(packet, length, &changes, &reader))
		return false;
	if (changes.flags & PROTOCOL_ALONE) {
		if (session->state != STATE_READY)
			return false;
		begin(session, changes.count);
		take_changes(session, &reader);
		ask_for_commit(session);
		return true;
	}
	if (session->state != STATE_CHANGING || changes.count > session->announced - session->received)
		return false;
	take_changes(session, &reader);
	return true;
}

static bool take_commit(struct session *session, const void *packet, size_t length)
{
	if (session->state != STATE_CHANGING || protocol__read_commit(packet, length) ||
	    session->received != session->announced)
		return false;
	ask_for_commit(session);
	return true;
}

static bool take_watch(struct session *session, const void *packet, size_t length)
{
	if (session->state != STATE_READY || protocol__read_watch(packet, length, &session->filter))
		return false;
	session->state = STATE_WATCHING;
	answer(session, 0, 0, "");
	return true;
}

/* The next packet of a transaction, and before long the last one. */
static void expect_more(struct session *session, bool begins, uint64_t now)
{
	if (begins)
		session->transaction_deadline = now + SESSION_TRANSACTION_MS;
	session->deadline = now + SESSION_PATIENCE_MS;
	if (session->deadline > session->transaction_deadline)
		session->deadline = session->transaction_deadline;
}

void session__take(struct session *session, const void *packet, size_t length, uint64_t now)
{
	static bool (*const takers[PROTOCOL_KIND_COUNT])(struct session *session, const void *packet, size_t length) = {
		[PROTOCOL_HELLO] = take_hello,
		[PROTOCOL_BEGIN] = take_begin,
		[PROTOCOL_CHANGES] = take_some_changes,
		[PROTOCOL_COMMIT] = take_commit,
		[PROTOCOL_WATCH] = take_watch,
	};
	struct protocol_header header;

	if (session->state == STATE_ENDED)
		return;
	if (session->state == STATE_NEW)
		session->deadline = now + SESSION_PATIENCE_MS;
	if (protocol__read_header(packet, length, &header) || !takers[header.kind] ||
	    !takers[header.kind](session, packet, length))
		session__refuse(session, -EBADMSG, "xfibd did not understand a message");
	else if (session->state == STATE_CHANGING)
		expect_more(session, header.kind == PROTOCOL_BEGIN, now);
}

bool session__is_busy(const struct session *session)
{
	return session->answer_length || session->kept_length || session->state == STATE_COMMITTING;
}

bool session__has_ended(const struct session *session)
{
	return session->state == STATE_ENDED;
}

bool session__is_watching(const struct session *session)
{
	return session->state == STATE_WATCHING;
}

/* Events that a client does not take cost no more than their ring, for as long as it likes. */
uint64_t session__deadline(struct session *session, uint64_t now)
{
	bool waits = session->state != STATE_WATCHING && (session->answer_length || session->kept_length);

	if (!waits)
		session->answer_deadline = 0;
	else if (!session->answer_deadline)
		session->answer_deadline = now + SESSION_PATIENCE_MS;
	return waits ? session->answer_deadline : session->deadline;
}

/* ---- what is sent ---- */

void session__push(struct session *session, const struct xfib_route_event *event, uint64_t origin)
{
	struct xfib_route_event copy = *event;

	if (!route_filter__passes(&session->filter, &event->route, &event->nexthop))
		return;
	copy.own = origin >> 32 == session->process;
	event_ring__push(&session->ring, &copy);
}

bool session__has_packet(const struct session *session)
{
	return session->ring.count * sizeof(struct protocol_event) + sizeof(struct protocol_events) >= PROTOCOL_PACKET;
}

bool session__has_output(const struct session *session)
{
	return session->answer_length || session->kept_length || !event_ring__is_empty(&session->ring);
}

/* As many events as fit, or the resync that comes before them. */
static size_t write_events(struct session *session, void *packet)
{
	struct protocol_writer writer;
	struct xfib_route_event event;

	protocol_writer__begin(&writer, packet);
	while (writer.length + sizeof(struct protocol_event) <= PROTOCOL_PACKET &&
	       event_ring__pop(&session->ring, &event)) {
		if (event.type == XFIB_ROUTE_RESYNC) /* always the first */
			return protocol__write_resync(packet);
		if (protocol_writer__add_event(&writer, &event)) /* nothing that a client would understand: no gap */
			event_ring__push(&session->ring, &(struct xfib_route_event){ .type = XFIB_ROUTE_RESYNC });
		if (session->ring.lost)
			break;
	}
	if (writer.count)
		return protocol_writer__end_events(&writer);
	return event_ring__pop(&session->ring, &event) ? protocol__write_resync(packet) : 0;
}

size_t session__output(struct session *session, void *packet)
{
	size_t length = session->kept_length;

	if (length) {
		memcpy(packet, session->kept, length);
		free(session->kept);
		session->kept = NULL;
		session->kept_length = 0;
		return length;
	}
	length = session->answer_length;
	if (length) {
		memcpy(packet, session->answer, length);
		session->answer_length = 0;
		return length;
	}
	return write_events(session, packet);
}

void session__keep(struct session *session, const void *packet, size_t length)
{
	struct protocol_header header;

	session->kept = malloc(length);
	if (session->kept) {
		memcpy(session->kept, packet, length);
		session->kept_length = length;
		return;
	}
	/* Events that cannot be kept are lost, which the client is told; an answer without which it would wait is not. */
	memcpy(&header, packet, sizeof(header));
	if (header.kind == PROTOCOL_EVENTS || header.kind == PROTOCOL_RESYNC)
		event_ring__push(&session->ring, &(struct xfib_route_event){ .type = XFIB_ROUTE_RESYNC });
	else
		session->state = STATE_ENDED;
}
