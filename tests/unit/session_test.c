// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* user/xfibd/session.c: who may say what when, what becomes of a transaction, what a watcher is told, patience. */
#include "unit.h"

#include <errno.h>
#include <sys/socket.h>

#include "event_ring.h"
#include "session.h"

static struct {
	uint32_t calls, count;
	uint64_t origin;
	int err;
} made;

static int make(const struct change *changes, uint32_t count, uint64_t origin, struct change_failure *ret_failure,
		void *data)
{
	(void)changes;
	(void)data;
	made.calls++;
	made.count = count;
	made.origin = origin;
	if (made.err)
		*ret_failure = (struct change_failure){ .index = 1, .message = "it is so" };
	return made.err;
}

static struct session_pool pool;
static const struct peer writer = { .pid = 100, .may_write = true, .may_watch = true };
static const struct peer watcher = { .pid = 101, .may_watch = true };
static uint8_t packet[PROTOCOL_PACKET];

static struct session *open_session(const struct peer *peer)
{
	struct session *session;

	pool.change = make;
	memset(&made, 0, sizeof(made));
	assert_int_equal(session__new(&pool, 5, peer, 1000, &session), 0);
	return session;
}

static void take(struct session *session, size_t length)
{
	session__take(session, packet, length, 2000);
	if (session__wants_commit(session)) {
		assert_true(session__is_busy(session) && !session__has_output(session));
		session__commit(session);
	}
}

static void greet(struct session *session)
{
	struct protocol_hello hello;
	size_t length;

	take(session, protocol__write_hello(packet, 42));
	assert_true(session__is_busy(session));
	length = session__output(session, packet);
	assert_int_equal(protocol__read_hello(packet, length, &hello), 0);
	assert_false(session__is_busy(session));
}

static void assert_result(struct session *session, int err, uint32_t failed, const char *words)
{
	struct protocol_result result;
	size_t length = session__output(session, packet);

	assert_int_equal(protocol__read_result(packet, length, &result), 0);
	assert_int_equal(result.err, err);
	assert_int_equal(result.failed, failed);
	assert_non_null(strstr(result.message, words));
	assert_int_equal(session__output(session, packet), 0);
}

static size_t write_changes(uint32_t count, uint32_t flags)
{
	struct change change = { .what = XFIB_ADD, .spec = { .size = sizeof(change.spec), .family = AF_INET } };
	struct protocol_writer to;

	protocol_writer__begin(&to, packet);
	for (uint32_t i = 0; i < count; i++)
		assert_int_equal(protocol_writer__add_change(&to, &change), 0);
	return protocol_writer__end_changes(&to, flags);
}

static void a_transaction_is_made_at_its_commit(void **state)
{
	struct session *session = open_session(&writer);

	(void)state;
	greet(session);
	take(session, protocol__write_begin(packet, 5));
	take(session, write_changes(2, 0));
	take(session, write_changes(3, 0));
	assert_int_equal(made.calls, 0);
	assert_int_equal(pool.changes, 5);
	take(session, protocol__write_commit(packet));
	assert_int_equal(made.calls, 1);
	assert_int_equal(made.count, 5);
	assert_int_equal(made.origin, 100ULL << 32 | 5);
	assert_result(session, 0, 0, "");
	assert_int_equal(pool.changes, 0);
	assert_int_equal(pool.bytes, 0);
	take(session, write_changes(2, PROTOCOL_ALONE));
	assert_int_equal(made.calls, 2);
	assert_result(session, 0, 0, "");
	take(session, protocol__write_begin(packet, 0));
	take(session, protocol__write_commit(packet));
	assert_int_equal(made.calls, 2);
	assert_result(session, 0, 0, "");
	session__free(session);
}

static void failures_are_told(void **state)
{
	struct session *session = open_session(&writer);

	(void)state;
	greet(session);
	made.err = -EEXIST;
	take(session, write_changes(2, PROTOCOL_ALONE));
	assert_result(session, -EEXIST, 1, "it is so");
	made.err = 0;
	take(session, write_changes(2, PROTOCOL_ALONE));
	assert_result(session, 0, 0, "");
	session__free(session);
}

static void who_may_watch_may_not_change(void **state)
{
	struct session *session = open_session(&watcher);

	(void)state;
	greet(session);
	take(session, write_changes(2, PROTOCOL_ALONE));
	assert_result(session, -EACCES, 2, "group xfib");
	take(session, protocol__write_begin(packet, 3));
	take(session, write_changes(3, 0));
	assert_int_equal(pool.changes, 0);
	take(session, protocol__write_commit(packet));
	assert_result(session, -EACCES, 3, "group xfib");
	assert_int_equal(made.calls, 0);
	take(session, protocol__write_watch(packet, NULL));
	assert_result(session, 0, 0, "");
	assert_true(session__is_watching(session));
	session__free(session);
}

static void one_that_goes_leaves_nothing(void **state)
{
	struct session *session = open_session(&writer);

	(void)state;
	greet(session);
	take(session, protocol__write_begin(packet, 100));
	take(session, write_changes(50, 0));
	assert_int_equal(pool.changes, 50);
	session__free(session);
	assert_int_equal(made.calls, 0);
	assert_int_equal(pool.changes, 0);
	assert_int_equal(pool.bytes, 0);
}

static void too_much_is_refused(void **state)
{
	struct session *session = open_session(&writer);

	(void)state;
	greet(session);
	pool.changes = SESSION_CHANGES_MAX - 2; /* others' */
	take(session, protocol__write_begin(packet, 4));
	take(session, write_changes(2, 0));
	take(session, write_changes(2, 0));
	assert_int_equal(pool.changes, SESSION_CHANGES_MAX - 2);
	take(session, protocol__write_commit(packet));
	assert_result(session, -ENOBUFS, 4, "smaller transactions");
	pool.changes = 0;
	pool.bytes = SESSION_BYTES_MAX - 1;
	take(session, write_changes(1, PROTOCOL_ALONE));
	assert_result(session, -ENOBUFS, 1, "smaller transactions");
	pool.bytes = 0;
	assert_int_equal(made.calls, 0);
	session__free(session);
}

/* ---- what cannot be understood ends the conversation ---- */

static void assert_ended(struct session *session)
{
	assert_true(session__has_ended(session));
	assert_result(session, -EBADMSG, 0, "did not understand");
	take(session, protocol__write_hello(packet, 1)); /* nothing is heard any more */
	assert_int_equal(session__output(session, packet), 0);
	assert_int_equal(made.calls, 0);
	assert_int_equal(pool.changes, 0);
	session__free(session);
}

static void what_comes_out_of_turn_ends_it(void **state)
{
	struct session *session;

	(void)state;
	session = open_session(&writer); /* before hello */
	take(session, protocol__write_begin(packet, 1));
	assert_ended(session);
	session = open_session(&writer);
	take(session, protocol__write_watch(packet, NULL));
	assert_ended(session);
	session = open_session(&writer);
	take(session, write_changes(1, PROTOCOL_ALONE));
	assert_ended(session);
	session = open_session(&writer); /* a second hello */
	greet(session);
	take(session, protocol__write_hello(packet, 42));
	assert_ended(session);
	session = open_session(&writer); /* changes without begin */
	greet(session);
	take(session, write_changes(1, 0));
	assert_ended(session);
	session = open_session(&writer); /* more than announced */
	greet(session);
	take(session, protocol__write_begin(packet, 1));
	take(session, write_changes(2, 0));
	assert_ended(session);
	session = open_session(&writer); /* fewer */
	greet(session);
	take(session, protocol__write_begin(packet, 2));
	take(session, write_changes(1, 0));
	take(session, protocol__write_commit(packet));
	assert_ended(session);
	session = open_session(&writer); /* one in another */
	greet(session);
	take(session, protocol__write_begin(packet, 2));
	take(session, write_changes(2, PROTOCOL_ALONE));
	assert_ended(session);
	session = open_session(&writer); /* what only the daemon says */
	greet(session);
	take(session, protocol__write_resync(packet));
	assert_ended(session);
	session = open_session(&writer); /* anything while watching */
	greet(session);
	take(session, protocol__write_watch(packet, NULL));
	session__output(session, packet);
	take(session, write_changes(1, PROTOCOL_ALONE));
	assert_ended(session);
}

static void another_version_is_told_which(void **state)
{
	struct session *session = open_session(&writer);
	uint32_t version = PROTOCOL_VERSION + 1;
	size_t length = protocol__write_hello(packet, 42);

	(void)state;
	memcpy(packet + offsetof(struct protocol_hello, version), &version, sizeof(version));
	take(session, length);
	assert_true(session__has_ended(session));
	assert_result(session, -EPROTONOSUPPORT, 0, "version 2");
	session__free(session);
}

/* ---- watching ---- */

static struct xfib_route_event event_of(uint32_t metric)
{
	return (struct xfib_route_event){
		.type = XFIB_ROUTE_ADDED,
		.route = { .family = AF_INET, .metric = metric, .weight = 1, .type = XFIB_ROUTE_UNICAST,
			   .owner = XFIB_OWNER_KERNEL },
		.nexthop = { .family = AF_INET, .type = XFIB_ROUTE_UNICAST },
	};
}

static struct session *open_watch(void)
{
	struct session *session = open_session(&watcher);

	greet(session);
	take(session, protocol__write_watch(packet, NULL));
	assert_result(session, 0, 0, "");
	return session;
}

static void events_are_told_with_whose_they_are(void **state)
{
	static const struct {
		uint64_t origin;
		bool own;
	} cases[] = { { 0, false }, { 101ULL << 32 | 9, true }, { 100ULL << 32 | 9, false }, { UINT64_MAX, false } };
	struct session *session = open_watch();
	struct xfib_route_event event;
	struct protocol_reader reader;
	size_t length;

	(void)state;
	for (uint32_t i = 0; i < COUNT(cases); i++) {
		event = event_of(i);
		session__push(session, &event, cases[i].origin);
	}
	length = session__output(session, packet);
	assert_int_equal(protocol__read_events(packet, length, &reader), 0);
	for (uint32_t i = 0; i < COUNT(cases); i++) {
		assert_true(protocol_reader__next_event(&reader, &event));
		assert_int_equal(event.route.metric, i);
		assert_int_equal(event.own, cases[i].own);
	}
	assert_false(protocol_reader__next_event(&reader, &event));
	assert_int_equal(session__output(session, packet), 0);
	session__free(session);
}

/* A packet that could not be sent is the next one again, and what is beyond the bound one resync behind it. */
static void one_who_does_not_read_is_told_so_once(void **state)
{
	struct session *session = open_watch();
	uint32_t count = 3 * EVENT_RING_MAX, expected = 0, resyncs = 0;
	struct xfib_route_event event;
	size_t length;

	(void)state;
	for (uint32_t i = 0; i < count; i++) {
		event = event_of(i);
		session__push(session, &event, 0);
		if (session__has_packet(session) && !session__is_busy(session)) {
			length = session__output(session, packet);
			session__keep(session, packet, length);
		}
	}
	while ((length = session__output(session, packet))) {
		struct protocol_reader reader;

		if (!protocol__read_resync(packet, length)) {
			resyncs++;
			continue;
		}
		assert_int_equal(protocol__read_events(packet, length, &reader), 0);
		while (protocol_reader__next_event(&reader, &event)) {
			assert_true(resyncs ? event.route.metric >= expected : event.route.metric == expected);
			expected = event.route.metric + 1;
		}
	}
	assert_int_equal(resyncs, 1);
	assert_int_equal(expected, count); /* nothing is missing behind it */
	session__free(session);
}

/* An event that no client would understand is not left out in silence. */
static void an_impossible_event_is_a_resync(void **state)
{
	struct session *session = open_watch();
	struct xfib_route_event event = event_of(1);
	struct protocol_reader reader;
	size_t length;

	(void)state;
	session__push(session, &event, 0);
	event.route.weight = 0;
	session__push(session, &event, 0);
	length = session__output(session, packet);
	assert_int_equal(protocol__read_events(packet, length, &reader), 0);
	assert_int_equal(reader.left, 1);
	length = session__output(session, packet);
	assert_int_equal(protocol__read_resync(packet, length), 0);
	assert_int_equal(session__output(session, packet), 0);
	session__free(session);
}

/* ---- patience ---- */

static void silence_has_its_time(void **state)
{
	struct session *session = open_session(&writer);

	(void)state;
	assert_int_equal(session__deadline(session, 1500), 1000 + SESSION_PATIENCE_MS);
	greet(session);
	assert_int_equal(session__deadline(session, 6000), 0);
	session__take(session, packet, protocol__write_begin(packet, 2), 3000);
	assert_int_equal(session__deadline(session, 6000), 3000 + SESSION_PATIENCE_MS);
	session__take(session, packet, write_changes(2, 0), 4000);
	assert_int_equal(session__deadline(session, 6000), 4000 + SESSION_PATIENCE_MS);
	session__take(session, packet, protocol__write_commit(packet), 5000);
	assert_int_equal(session__deadline(session, 6000), 0);
	session__commit(session);
	assert_result(session, 0, 0, "");
	take(session, protocol__write_watch(packet, NULL));
	assert_int_equal(session__deadline(session, 6000), 0);
	session__free(session);
}

/* However often a client says a little, a transaction ends. */
static void a_transaction_has_its_time(void **state)
{
	struct session *session = open_session(&writer);
	uint64_t now = 3000, end = now + SESSION_TRANSACTION_MS;

	(void)state;
	greet(session);
	session__take(session, packet, protocol__write_begin(packet, 1000), now);
	for (; now + SESSION_PATIENCE_MS / 2 < end; now += SESSION_PATIENCE_MS / 2) {
		session__take(session, packet, write_changes(1, 0), now);
		assert_in_range(session__deadline(session, now), now + 1, end);
	}
	assert_int_equal(session__deadline(session, now), end);
	assert_true(pool.changes > 0);
	session__free(session);
	assert_int_equal(pool.changes, 0);
	assert_int_equal(pool.bytes, 0);
}

/* It waits for its turn, keeps nobody, and is not read meanwhile; an answer that is not taken has its time too. */
static void a_complete_transaction_waits_and_its_answer_has_its_time(void **state)
{
	struct session *session = open_session(&writer);
	struct protocol_result result;
	size_t length;

	(void)state;
	greet(session);
	session__take(session, packet, write_changes(3, PROTOCOL_ALONE), 2000);
	assert_true(session__wants_commit(session) && session__is_busy(session));
	assert_false(session__has_output(session));
	assert_int_equal(made.calls, 0);
	assert_int_equal(pool.changes, 3);
	assert_int_equal(session__deadline(session, 9000000), 0);
	session__commit(session);
	assert_int_equal(made.calls, 1);
	assert_int_equal(pool.changes, 0);
	assert_int_equal(session__deadline(session, 7000), 7000 + SESSION_PATIENCE_MS);
	length = session__output(session, packet);
	assert_int_equal(session__deadline(session, 7500), 0);
	session__keep(session, packet, length);
	assert_int_equal(session__deadline(session, 8000), 8000 + SESSION_PATIENCE_MS);
	assert_int_equal(session__deadline(session, 9000), 8000 + SESSION_PATIENCE_MS);
	length = session__output(session, packet);
	assert_int_equal(protocol__read_result(packet, length, &result), 0);
	assert_int_equal(session__deadline(session, 9500), 0);
	session__free(session);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_transaction_is_made_at_its_commit),
		cmocka_unit_test(failures_are_told),
		cmocka_unit_test(who_may_watch_may_not_change),
		cmocka_unit_test(one_that_goes_leaves_nothing),
		cmocka_unit_test(too_much_is_refused),
		cmocka_unit_test(what_comes_out_of_turn_ends_it),
		cmocka_unit_test(another_version_is_told_which),
		cmocka_unit_test(events_are_told_with_whose_they_are),
		cmocka_unit_test(one_who_does_not_read_is_told_so_once),
		cmocka_unit_test(an_impossible_event_is_a_resync),
		cmocka_unit_test(silence_has_its_time),
		cmocka_unit_test(a_transaction_has_its_time),
		cmocka_unit_test(a_complete_transaction_waits_and_its_answer_has_its_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
