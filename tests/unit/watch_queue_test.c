// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* user/lib/watch_queue.c and event_ring.c: order, the bound, one resync in place of what was lost, the descriptor. */
#include "unit.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>

#include "event_ring.h"
#include "watch_queue.h"

/* Events are told apart by their metric. */
static struct xfib_route_event event_of(uint32_t metric)
{
	return (struct xfib_route_event){ .type = XFIB_ROUTE_ADDED, .route = { .family = AF_INET, .metric = metric, .table = 7 } };
}

static void push(struct watch_queue *queue, uint32_t metric)
{
	struct xfib_route_event event = event_of(metric);

	watch_queue__push(queue, &event);
}

static bool is_readable(const struct watch_queue *queue)
{
	struct pollfd fd = { .fd = watch_queue__fd(queue), .events = POLLIN };

	return poll(&fd, 1, 0) == 1;
}

static void assert_next(struct watch_queue *queue, uint32_t metric)
{
	struct xfib_route_event event;

	assert_true(is_readable(queue));
	assert_int_equal(watch_queue__pop(queue, &event), 0);
	assert_int_equal(event.type, XFIB_ROUTE_ADDED);
	assert_int_equal(event.route.metric, metric);
}

static void assert_resync(struct watch_queue *queue)
{
	struct xfib_route_event event;

	assert_true(is_readable(queue));
	assert_int_equal(watch_queue__pop(queue, &event), 0);
	assert_int_equal(event.type, XFIB_ROUTE_RESYNC);
}

static void assert_empty(struct watch_queue *queue)
{
	struct xfib_route_event event;

	assert_false(is_readable(queue));
	assert_int_equal(watch_queue__pop(queue, &event), -EAGAIN);
}

static void events_come_in_order(void **state)
{
	struct watch_queue *queue;
	uint32_t pushed = 0, popped = 0;

	(void)state;
	unit__seed();
	assert_int_equal(watch_queue__new(NULL, &queue), 0);
	assert_empty(queue);
	for (int i = 0; i < 20000; i++) {
		if (unit__below(2) && pushed - popped < EVENT_RING_MAX)
			push(queue, pushed++);
		else if (popped < pushed)
			assert_next(queue, popped++);
		if (popped == pushed)
			assert_empty(queue);
	}
	while (popped < pushed)
		assert_next(queue, popped++);
	assert_empty(queue);
	watch_queue__free(queue);
}

static void the_bound_is_taken_whole(void **state)
{
	struct watch_queue *queue;

	(void)state;
	assert_int_equal(watch_queue__new(NULL, &queue), 0);
	for (uint32_t i = 0; i < EVENT_RING_MAX; i++)
		push(queue, i);
	for (uint32_t i = 0; i < EVENT_RING_MAX; i++)
		assert_next(queue, i);
	assert_empty(queue);
	watch_queue__free(queue);
}

static void more_is_one_resync(void **state)
{
	struct watch_queue *queue;

	(void)state;
	assert_int_equal(watch_queue__new(NULL, &queue), 0);
	for (uint32_t i = 0; i <= EVENT_RING_MAX + 1; i++)
		push(queue, i);
	assert_resync(queue);
	assert_next(queue, EVENT_RING_MAX);
	assert_next(queue, EVENT_RING_MAX + 1);
	assert_empty(queue);
	/* However often it overflows before it is read. */
	for (uint32_t i = 0; i < 5 * EVENT_RING_MAX + 3; i++)
		push(queue, i);
	assert_resync(queue);
	for (uint32_t i = 5 * EVENT_RING_MAX; i < 5 * EVENT_RING_MAX + 3; i++)
		assert_next(queue, i);
	assert_empty(queue);
	watch_queue__free(queue);
}

static void a_resync_takes_the_place_of_all(void **state)
{
	struct xfib_route_event resync = { .type = XFIB_ROUTE_RESYNC };
	struct watch_queue *queue;

	(void)state;
	assert_int_equal(watch_queue__new(NULL, &queue), 0);
	push(queue, 1);
	watch_queue__push(queue, &resync);
	watch_queue__push(queue, &resync);
	push(queue, 2);
	assert_resync(queue);
	assert_next(queue, 2);
	assert_empty(queue);
	watch_queue__free(queue);
}

static void a_ring_without_room_loses_all(void **state)
{
	struct xfib_route_event event = event_of(1);
	struct event_ring ring;

	(void)state;
	event_ring__init(&ring, 0);
	event_ring__push(&ring, &event);
	event_ring__push(&ring, &event);
	assert_true(event_ring__pop(&ring, &event));
	assert_int_equal(event.type, XFIB_ROUTE_RESYNC);
	assert_false(event_ring__pop(&ring, &event));
	event_ring__destroy(&ring);
}

static void filters_narrow(void **state)
{
	struct xfib_route route = { .family = AF_INET, .table = 7, .protocol = 4 };
	struct xfib_nexthop nexthop = { .ifindex = 3 };
	const struct {
		struct xfib_route_filter filter;
		bool passes;
	} cases[] = {
		{ { .family = 0 }, true },
		{ { .family = AF_INET, .table = 7, .ifindex = 3, .protocol = 4 }, true },
		{ { .family = AF_INET6 }, false },
		{ { .table = 8 }, false },
		{ { .ifindex = 4 }, false },
		{ { .protocol = 5 }, false },
	};
	struct watch_queue *queue;

	(void)state;
	assert_true(route_filter__passes(NULL, &route, &nexthop));
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct xfib_route_event event = { .type = XFIB_ROUTE_ADDED, .route = route, .nexthop = nexthop };
		struct xfib_route_event resync = { .type = XFIB_ROUTE_RESYNC }, popped;

		assert_int_equal(watch_queue__new(&cases[i].filter, &queue), 0);
		watch_queue__push(queue, &event);
		assert_int_equal(is_readable(queue), cases[i].passes);
		watch_queue__push(queue, &resync);
		assert_int_equal(watch_queue__pop(queue, &popped), 0);
		assert_int_equal(popped.type, XFIB_ROUTE_RESYNC);
		watch_queue__free(queue);
	}
}

#define PUSHED 200000u

static void *push_all(void *data)
{
	for (uint32_t i = 0; i < PUSHED; i++)
		push(data, i);
	return NULL;
}

/* Another thread pushes: what arrives is in order, and a gap only behind a resync. */
static void threads_share_it(void **state)
{
	struct watch_queue *queue;
	uint32_t expected = 0;
	bool may_jump = false;
	pthread_t thread;

	(void)state;
	assert_int_equal(watch_queue__new(NULL, &queue), 0);
	assert_int_equal(pthread_create(&thread, NULL, push_all, queue), 0);
	while (expected < PUSHED) {
		struct pollfd fd = { .fd = watch_queue__fd(queue), .events = POLLIN };
		struct xfib_route_event event;

		assert_int_equal(poll(&fd, 1, 10000), 1);
		assert_int_equal(watch_queue__pop(queue, &event), 0);
		if (event.type == XFIB_ROUTE_RESYNC) {
			may_jump = true;
			continue;
		}
		if (may_jump)
			assert_true(event.route.metric >= expected);
		else
			assert_int_equal(event.route.metric, expected);
		may_jump = false;
		expected = event.route.metric + 1;
	}
	pthread_join(thread, NULL);
	assert_empty(queue);
	watch_queue__free(queue);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_come_in_order),
		cmocka_unit_test(the_bound_is_taken_whole),
		cmocka_unit_test(more_is_one_resync),
		cmocka_unit_test(a_resync_takes_the_place_of_all),
		cmocka_unit_test(a_ring_without_room_loses_all),
		cmocka_unit_test(filters_narrow),
		cmocka_unit_test(threads_share_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
