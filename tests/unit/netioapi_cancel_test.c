// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* NotifyRouteChange2 and CancelMibChangeNotify2 from inside callbacks, from several threads, and in children. */
#include "netioapi_watches.h"

/* ---- cancelling ---- */

static void cancel_from_inside(void **state)
{
	struct seen *seen = new_seen();

	(void)state;
	seen->handle = watch_routes(seen);
	seen->at = 3;
	for (uint32_t metric = 0; metric < 100; metric++)
		push_simple(XFIB_ROUTE_ADDED, metric);
	await(&seen->calls, 3);
	await_watches(0);
	assert_int_equal(seen->cancelled, STATUS_SUCCESS);
	assert_int_equal(load(&seen->calls), 3);
	assert_int_equal(CancelMibChangeNotify2(seen->handle), STATUS_INVALID_HANDLE);
	free(seen);
}

static void cancel_from_the_initial_call(void **state)
{
	struct seen *seen = new_seen();

	(void)state;
	seen->at = 1;
	assert_int_equal(NotifyRouteChange2(AF_INET, note, seen, TRUE, &seen->handle), STATUS_SUCCESS);
	assert_int_equal(seen->cancelled, STATUS_SUCCESS);
	push_simple(XFIB_ROUTE_ADDED, 1);
	await_watches(0);
	assert_int_equal(load(&seen->calls), 1);
	free(seen);
}

static void cancel_another_from_inside(void **state)
{
	struct seen *one = new_seen(), *two = new_seen();
	HANDLE handle = watch_routes(one);
	unsigned int calls;

	(void)state;
	one->handle = watch_routes(two);
	one->at = 1;
	push_simple(XFIB_ROUTE_ADDED, 1);
	await(&one->calls, 1);
	assert_int_equal(one->cancelled, STATUS_SUCCESS);
	calls = load(&two->calls); /* it may have had its turn before */
	push_simple(XFIB_ROUTE_ADDED, 2);
	await(&one->calls, 2);
	push_simple(XFIB_ROUTE_ADDED, 3);
	await(&one->calls, 3);
	assert_int_equal(load(&two->calls), calls);
	assert_int_equal(CancelMibChangeNotify2(one->handle), STATUS_INVALID_HANDLE);
	end_last(handle, one);
	free(two);
}

struct canceller {
	HANDLE handle;
	struct seen *seen;
	NETIO_STATUS status;
	unsigned int inside; /* a call was under way when it returned */
	unsigned int returned;
};

static void *cancel(void *data)
{
	struct canceller *canceller = data;

	canceller->status = CancelMibChangeNotify2(canceller->handle);
	canceller->inside = load(&canceller->seen->inside);
	store(&canceller->returned, 1);
	return NULL;
}

static void cancel_waits(void **state)
{
	struct seen *seen = new_seen();
	struct canceller cancellers[4];
	HANDLE handle = watch_routes(seen);
	pthread_t threads[COUNT(cancellers)];
	int succeeded = 0;

	(void)state;
	store(&seen->hold, 1);
	push_simple(XFIB_ROUTE_ADDED, 1);
	push_simple(XFIB_ROUTE_ADDED, 2);
	await(&seen->held, 1);
	for (size_t i = 0; i < COUNT(cancellers); i++) {
		cancellers[i] = (struct canceller){ .handle = handle, .seen = seen };
		assert_int_equal(pthread_create(&threads[i], NULL, cancel, &cancellers[i]), 0);
	}
	usleep(50000); /* enough to find one that does not wait */
	for (size_t i = 0; i < COUNT(cancellers); i++)
		assert_int_equal(load(&cancellers[i].returned), 0);
	store(&seen->hold, 0);
	for (size_t i = 0; i < COUNT(cancellers); i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(cancellers[i].inside, 0);
		if (cancellers[i].status == STATUS_SUCCESS)
			succeeded++;
		else
			assert_int_equal(cancellers[i].status, STATUS_INVALID_HANDLE);
	}
	assert_int_equal(succeeded, 1);
	assert_int_equal(load(&seen->calls), 1);
	await_watches(0);
	free(seen);
}

/* Cancelling one registration does not wait for the call of another. */
static void cancel_does_not_wait_for_others(void **state)
{
	struct seen *one = new_seen(), *two = new_seen();
	HANDLE first = watch_routes(one), second = watch_routes(two);
	unsigned int calls;

	(void)state;
	store(&one->hold, 1);
	push_simple(XFIB_ROUTE_ADDED, 1);
	await(&one->held, 1);
	assert_int_equal(CancelMibChangeNotify2(second), STATUS_SUCCESS);
	assert_int_equal(load(&one->inside), 1);
	calls = load(&two->calls);
	store(&one->hold, 0);
	end_last(first, one);
	assert_int_equal(load(&two->calls), calls);
	free(two);
}

/* ---- registering from inside a callback ---- */

struct nested {
	struct seen *inner;
	HANDLE inner_handle;
	NETIO_STATUS status;
	unsigned int inner_calls; /* when the registration returned */
	unsigned int calls;
};

static void register_inside(void *context, PMIB_IPFORWARD_ROW2 row, MIB_NOTIFICATION_TYPE type)
{
	struct nested *nested = context;

	(void)row;
	(void)type;
	if (!nested->calls) {
		nested->status = NotifyRouteChange2(AF_INET, note, nested->inner, TRUE, &nested->inner_handle);
		nested->inner_calls = load(&nested->inner->calls);
	}
	__atomic_add_fetch(&nested->calls, 1, __ATOMIC_ACQ_REL);
}

static void register_from_inside(void **state)
{
	struct nested nested = { .inner = new_seen() };
	HANDLE handle;

	(void)state;
	assert_int_equal(NotifyRouteChange2(AF_INET, register_inside, &nested, TRUE, &handle), STATUS_SUCCESS);
	assert_int_equal(nested.status, STATUS_SUCCESS);
	assert_int_equal(nested.inner_calls, 1);
	push_simple(XFIB_ROUTE_ADDED, 1);
	await(&nested.inner->calls, 2);
	await(&nested.calls, 2);
	assert_int_equal(CancelMibChangeNotify2(handle), STATUS_SUCCESS);
	end_last(nested.inner_handle, nested.inner);
}

/* ---- storms ---- */

static unsigned int stop;
static unsigned int late; /* calls after a cancellation returned */

struct flags {
	unsigned int over;
};

static void check_over(void *context, PMIB_IPFORWARD_ROW2 row, MIB_NOTIFICATION_TYPE type)
{
	struct flags *flags = context;

	(void)row;
	(void)type;
	if (load(&flags->over))
		__atomic_add_fetch(&late, 1, __ATOMIC_ACQ_REL);
}

static void *come_and_go(void *data)
{
	unsigned int *failed = data;
	struct flags *all = calloc(200, sizeof(*all));

	for (int i = 0; i < 200; i++) {
		HANDLE handle;

		if (NotifyRouteChange2(AF_UNSPEC, check_over, &all[i], i % 2 ? TRUE : FALSE, &handle) != STATUS_SUCCESS ||
		    CancelMibChangeNotify2(handle) != STATUS_SUCCESS)
			__atomic_add_fetch(failed, 1, __ATOMIC_ACQ_REL);
		store(&all[i].over, 1);
	}
	usleep(20000);
	free(all);
	return NULL;
}

static void *push_often(void *data)
{
	while (!load(&stop)) {
		push_simple(XFIB_ROUTE_ADDED, 1);
		usleep(100);
	}
	return data;
}

static void storm(void **state)
{
	unsigned int failed = 0;
	pthread_t threads[6], pusher;

	(void)state;
	store(&stop, 0);
	assert_int_equal(pthread_create(&pusher, NULL, push_often, NULL), 0);
	for (size_t i = 0; i < COUNT(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, &failed), 0);
	for (size_t i = 0; i < COUNT(threads); i++)
		pthread_join(threads[i], NULL);
	store(&stop, 1);
	pthread_join(pusher, NULL);
	assert_int_equal(failed, 0);
	assert_int_equal(load(&late), 0);
	await_watches(0);
}

/* ---- children ---- */

/* In a child: the parent's registration is none, and a new one works. Its status. */
static int in_child(HANDLE handle)
{
	struct seen *seen = new_seen();
	HANDLE own;

	alarm(60);
	pthread_mutex_init(&lock, NULL);
	watches = NULL;
	opened = 0;
	if (CancelMibChangeNotify2(handle) != STATUS_INVALID_HANDLE)
		return 1;
#ifdef __SANITIZE_THREAD__ /* which knows no threads in a child */
	free(seen);
	return 0;
#endif
	if (NotifyRouteChange2(AF_INET, note, seen, TRUE, &own) != STATUS_SUCCESS || load(&seen->calls) != 1 || own == handle)
		return 2;
	push_simple(XFIB_ROUTE_ADDED, 1);
	while (load(&seen->calls) < 2)
		usleep(1000);
	return CancelMibChangeNotify2(own) == STATUS_SUCCESS ? 0 : 3;
}

static void after_fork(void **state)
{
	struct seen *seen = new_seen();
	HANDLE handle = watch_routes(seen);
	pthread_t pusher;

	(void)state;
	store(&stop, 0);
	assert_int_equal(pthread_create(&pusher, NULL, push_often, NULL), 0);
	for (int i = 0; i < 20; i++) {
		int status = -1;
		pid_t child = fork();

		if (!child)
			_exit(in_child(handle));
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(status, 0);
	}
	store(&stop, 1);
	pthread_join(pusher, NULL);
	await(&seen->calls, 1);
	end_last(handle, seen);
}

/* A callback that forks: the child that returns from it ends, and calls nobody. */
static pid_t forked;

/* Before the sanitizer looks for leaks, of which a child without its parent's stacks has many. */
static void leave_now(void)
{
	_exit(0);
}

static void fork_inside(void *context, PMIB_IPFORWARD_ROW2 row, MIB_NOTIFICATION_TYPE type)
{
	unsigned int *calls = context;

	(void)row;
	(void)type;
	if (!load(calls)) {
		forked = fork();
		if (!forked)
			atexit(leave_now);
	} else if (!forked) {
		_exit(1);
	}
	__atomic_add_fetch(calls, 1, __ATOMIC_ACQ_REL);
}

static void fork_from_inside(void **state)
{
	unsigned int calls = 0;
	int status = -1;
	HANDLE handle;

	(void)state;
	assert_int_equal(NotifyRouteChange2(AF_INET, fork_inside, &calls, FALSE, &handle), STATUS_SUCCESS);
	push_simple(XFIB_ROUTE_ADDED, 1);
	push_simple(XFIB_ROUTE_ADDED, 2);
	await(&calls, 2);
	assert_int_equal(waitpid(forked, &status, 0), forked);
	assert_int_equal(status, 0);
	assert_int_equal(CancelMibChangeNotify2(handle), STATUS_SUCCESS);
	assert_int_equal(count_watches(), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(cancel_from_inside),
		cmocka_unit_test(cancel_from_the_initial_call),
		cmocka_unit_test(cancel_another_from_inside),
		cmocka_unit_test(cancel_waits),
		cmocka_unit_test(cancel_does_not_wait_for_others),
		cmocka_unit_test(register_from_inside),
		cmocka_unit_test(storm),
		cmocka_unit_test(after_fork),
		cmocka_unit_test(fork_from_inside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
