// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* NotifyRouteChange2 and CancelMibChangeNotify2: arguments, and what is reported. */
#include "netioapi_watches.h"

/* ---- arguments ---- */

static void arguments(void **state)
{
	static const struct {
		ADDRESS_FAMILY family;
		PIPFORWARD_CHANGE_CALLBACK callback;
		int error;
		NTSTATUS status;
		ULONG number;
	} calls[] = {
		{ AF_INET, NULL, 0, STATUS_INVALID_PARAMETER, 87 },
		{ AF_UNIX, note, 0, STATUS_INVALID_PARAMETER, 87 },
		{ 23, note, 0, STATUS_INVALID_PARAMETER, 87 }, /* Windows' number of AF_INET6 */
		{ AF_INET, note, -ECONNREFUSED, STATUS_NOT_SUPPORTED, 50 },
		{ AF_INET6, note, -EACCES, STATUS_ACCESS_DENIED, 5 },
		{ AF_UNSPEC, note, -ENOMEM, STATUS_NO_MEMORY, 8 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(calls); i++) {
		HANDLE handle = (HANDLE)state, other = (HANDLE)state;

		open_error = calls[i].error;
		assert_int_equal(NotifyRouteChange2(calls[i].family, calls[i].callback, NULL, TRUE, &handle), calls[i].status);
		assert_null(handle);
		assert_int_equal(NotifyRouteChange2_user(calls[i].family, calls[i].callback, NULL, TRUE, &other), calls[i].number);
		assert_null(other);
	}
	open_error = 0;
	assert_int_equal(NotifyRouteChange2(AF_INET, note, NULL, FALSE, NULL), STATUS_INVALID_PARAMETER);
	assert_int_equal(count_watches(), 0);
}

static void handles_that_are_none(void **state)
{
	struct seen *seen = new_seen();
	HANDLE handle = watch_routes(seen), other = watch_routes(seen);

	(void)state;
	assert_int_equal(CancelMibChangeNotify2(NULL), STATUS_INVALID_PARAMETER);
	assert_int_equal(CancelMibChangeNotify2(seen), STATUS_INVALID_HANDLE);
	assert_int_equal(CancelMibChangeNotify2((HANDLE)UINTPTR_MAX), STATUS_INVALID_HANDLE);
	assert_int_equal(CancelMibChangeNotify2_user((HANDLE)UINTPTR_MAX), 6);
	assert_int_equal(CancelMibChangeNotify2_user(handle), 0);
	assert_int_equal(CancelMibChangeNotify2(handle), STATUS_INVALID_HANDLE);
	end_last(other, seen);
	assert_int_equal(CancelMibChangeNotify2(other), STATUS_INVALID_HANDLE);
	assert_int_equal(CancelMibChangeNotify2_user(other), 6);
}

/* ---- what is reported ---- */

static void initial(void **state)
{
	struct seen *seen = new_seen(), *silent = new_seen();
	HANDLE handle, other = watch_routes(silent);

	(void)state;
	for (unsigned int i = 0; i < 100; i++) {
		seen->calls = 0;
		assert_int_equal(NotifyRouteChange2(AF_INET, note, seen, TRUE, &handle), STATUS_SUCCESS);
		assert_int_equal(load(&seen->calls), 1);
		assert_int_equal(seen->type[0], MibInitialNotification);
		assert_true(seen->no_row[0]);
		assert_false(pthread_equal(seen->thread, pthread_self()));
		assert_int_equal(CancelMibChangeNotify2(handle), STATUS_SUCCESS);
	}
	assert_int_equal(load(&silent->calls), 0);
	end_last(other, silent);
	free(seen);
}

static const struct report {
	const char *desc;
	uint32_t type, table, route_type, ifindex;
	int reported; /* -1: not at all */
} reports[] = {
	{ "added", XFIB_ROUTE_ADDED, 254, XFIB_ROUTE_UNICAST, 7, MibAddInstance },
	{ "changed", XFIB_ROUTE_CHANGED, 254, XFIB_ROUTE_UNICAST, 7, MibParameterNotification },
	{ "deleted", XFIB_ROUTE_DELETED, 254, XFIB_ROUTE_UNICAST, 7, MibDeleteInstance },
	{ "of table local", XFIB_ROUTE_ADDED, 255, XFIB_ROUTE_LOCAL, 7, MibAddInstance },
	{ "broadcast", XFIB_ROUTE_DELETED, 255, XFIB_ROUTE_BROADCAST, 7, MibDeleteInstance },
	{ "of another table", XFIB_ROUTE_ADDED, 1000, XFIB_ROUTE_UNICAST, 7, -1 },
	{ "of table default", XFIB_ROUTE_ADDED, 253, XFIB_ROUTE_UNICAST, 7, -1 },
	{ "blackhole", XFIB_ROUTE_ADDED, 254, XFIB_ROUTE_BLACKHOLE, 7, -1 },
	{ "throw", XFIB_ROUTE_DELETED, 254, XFIB_ROUTE_THROW, 7, -1 },
	{ "without an interface", XFIB_ROUTE_ADDED, 254, XFIB_ROUTE_UNICAST, 0, -1 },
};

static void one_report(void **state)
{
	const struct report *report = *state;
	struct xfib_route_event event = event_of(report->type, 5);
	struct seen *seen = new_seen();
	HANDLE handle = watch_routes(seen);

	event.route.table = report->table;
	event.route.type = (uint8_t)report->route_type;
	event.nexthop.ifindex = report->ifindex;
	push(&event);
	push_simple(XFIB_ROUTE_ADDED, 77); /* comes last */
	await(&seen->calls, report->reported < 0 ? 1 : 2);
	assert_int_equal(seen->row[seen->calls - 1].Metric, 77);
	if (report->reported >= 0) {
		assert_int_equal(seen->type[0], report->reported);
		assert_int_equal(seen->row[0].InterfaceIndex, 7);
	}
	end_last(handle, seen);
}

static void whole_row(void **state)
{
	struct seen *seen = new_seen();
	HANDLE handle = watch_routes(seen);
	MIB_IPFORWARD_ROW2 expected = { .InterfaceIndex = 7, .Metric = 5, .Protocol = RouteProtocolBgp, .Loopback = TRUE,
					.ValidLifetime = 0xffffffff, .PreferredLifetime = 0xffffffff, .Immortal = TRUE };
	struct xfib_route_event event = event_of(XFIB_ROUTE_DELETED, 5);

	(void)state;
	expected.InterfaceLuid.Info.NetLuidIndex = 7;
	expected.InterfaceLuid.Info.IfType = 24;
	expected.DestinationPrefix.Prefix.si_family = expected.NextHop.si_family = AF_INET;
	expected.DestinationPrefix.Prefix.Ipv4.sin_addr.s_addr = htonl(0x0a000000);
	expected.DestinationPrefix.PrefixLength = 8;
	expected.NextHop.Ipv4.sin_addr.s_addr = htonl(0xc0000201);
	event.route.created = UINT32_MAX;
	push(&event);
	await(&seen->calls, 1);
	assert_memory_equal(&seen->row[0], &expected, sizeof(expected));
	end_last(handle, seen);
}

static void families(void **state)
{
	static const ADDRESS_FAMILY asked[] = { AF_INET, AF_INET6, AF_UNSPEC };
	struct xfib_route_event six = event_of(XFIB_ROUTE_ADDED, 6);
	struct seen *seen[3];
	HANDLE handles[3];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		seen[i] = new_seen();
		assert_int_equal(NotifyRouteChange2(asked[i], note, seen[i], FALSE, &handles[i]), STATUS_SUCCESS);
	}
	six.route.family = AF_INET6;
	six.nexthop.gateway_family = 0;
	push(&six);
	push_simple(XFIB_ROUTE_ADDED, 4);
	await(&seen[0]->calls, 1);
	await(&seen[1]->calls, 1);
	await(&seen[2]->calls, 2);
	assert_int_equal(seen[0]->row[0].DestinationPrefix.Prefix.si_family, AF_INET);
	assert_int_equal(seen[1]->row[0].DestinationPrefix.Prefix.si_family, AF_INET6);
	assert_int_equal(seen[1]->row[0].NextHop.si_family, AF_INET6);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(CancelMibChangeNotify2(handles[i]), STATUS_SUCCESS);
		free(seen[i]);
	}
	assert_int_equal(count_watches(), 0);
}

static void resync(void **state)
{
	struct xfib_route_event lost = { .type = XFIB_ROUTE_RESYNC };
	struct seen *seen = new_seen();
	HANDLE handle = watch_routes(seen);

	(void)state;
	push_simple(XFIB_ROUTE_ADDED, 1);
	push(&lost);
	push_simple(XFIB_ROUTE_ADDED, 2);
	await(&seen->calls, 3);
	assert_int_equal(seen->type[1], MibInitialNotification);
	assert_true(seen->no_row[1]);
	assert_int_equal(seen->row[2].Metric, 2);
	end_last(handle, seen);
}

/* A watch that fails is opened again, and what was lost is told. */
static void lost_watch(void **state)
{
	struct seen *seen = new_seen();
	HANDLE handle = watch_routes(seen);

	(void)state;
	pthread_mutex_lock(&lock);
	watches->error = -EIO;
	pthread_mutex_unlock(&lock);
	push_simple(XFIB_ROUTE_ADDED, 1);
	await(&seen->calls, 1);
	assert_int_equal(seen->type[0], MibInitialNotification);
	assert_true(seen->no_row[0]);
	push_simple(XFIB_ROUTE_ADDED, 2);
	await(&seen->calls, 2);
	assert_int_equal(seen->row[1].Metric, 2);
	end_last(handle, seen);
}

static void in_order(void **state)
{
	struct seen *seen[3];
	HANDLE handles[3];
	pthread_t thread;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		seen[i] = new_seen();
		handles[i] = watch_routes(seen[i]);
	}
	for (uint32_t metric = 0; metric < CALLS; metric++)
		push_simple(XFIB_ROUTE_ADDED, metric);
	for (size_t i = 0; i < 3; i++) {
		await(&seen[i]->calls, CALLS);
		if (!i)
			thread = seen[i]->thread;
		for (uint32_t metric = 0; metric < CALLS; metric++)
			assert_int_equal(seen[i]->row[metric].Metric, metric);
		assert_true(pthread_equal(seen[i]->thread, thread));
		assert_int_equal(CancelMibChangeNotify2(handles[i]), STATUS_SUCCESS);
		assert_int_equal(load(&seen[i]->calls), CALLS);
		free(seen[i]);
	}
	assert_int_equal(load(&overlaps), 0);
	assert_int_equal(count_watches(), 0);
}

/* ---- a metric set is one change ---- */

static const struct pair {
	const char *desc;
	bool own;
	uint32_t metric;  /* of the route added after one of metric 1 was deleted */
	uint8_t protocol; /* likewise; 0: the same */
	uint8_t other;    /* last byte of its gateway; 0: the same */
	const char *reported; /* + added, - deleted, ! changed, in order */
} pairs[] = {
	{ "own, another metric: changed", true, 2, 0, 0, "!" },
	{ "own, another protocol: changed", true, 1, RTPROT_OSPF, 0, "!" },
	{ "own, the same: deleted and added", true, 1, 0, 0, "-+" },
	{ "own, another gateway", true, 2, 0, 9, "-+" },
	{ "not own", false, 2, 0, 0, "-+" },
};

static void one_pair(void **state)
{
	const struct pair *pair = *state;
	struct xfib_route_event deleted = event_of(XFIB_ROUTE_DELETED, 1), added = event_of(XFIB_ROUTE_ADDED, pair->metric);
	struct seen *seen = new_seen();
	HANDLE handle = watch_routes(seen);
	unsigned int count = (unsigned int)strlen(pair->reported);
	const char types[] = { [MibParameterNotification] = '!', [MibAddInstance] = '+', [MibDeleteInstance] = '-' };

	deleted.own = added.own = pair->own;
	if (pair->protocol)
		added.route.protocol = pair->protocol;
	if (pair->other)
		added.nexthop.gateway[3] = pair->other;
	store(&seen->hold, 1); /* so that both are there before either is looked at */
	push_simple(XFIB_ROUTE_ADDED, 99);
	await(&seen->held, 1);
	push(&deleted);
	push(&added);
	store(&seen->hold, 0);
	push_simple(XFIB_ROUTE_ADDED, 100);
	await(&seen->calls, count + 2);
	for (unsigned int i = 0; i < count; i++)
		assert_int_equal(types[seen->type[i + 1]], pair->reported[i]);
	assert_int_equal(seen->row[count].Metric, pair->metric);
	assert_int_equal(seen->row[count + 1].Metric, 100);
	end_last(handle, seen);
}

static void own_deletion_alone(void **state)
{
	struct xfib_route_event deleted = event_of(XFIB_ROUTE_DELETED, 1);
	struct seen *seen = new_seen();
	HANDLE handle = watch_routes(seen);

	(void)state;
	deleted.own = true;
	push(&deleted);
	await(&seen->calls, 1);
	assert_int_equal(seen->type[0], MibDeleteInstance);
	end_last(handle, seen);
}

int main(void)
{
	static const struct CMUnitTest others[] = {
		cmocka_unit_test(arguments),
		cmocka_unit_test(handles_that_are_none),
		cmocka_unit_test(initial),
		cmocka_unit_test(whole_row),
		cmocka_unit_test(families),
		cmocka_unit_test(resync),
		cmocka_unit_test(lost_watch),
		cmocka_unit_test(in_order),
		cmocka_unit_test(own_deletion_alone),
	};
	struct CMUnitTest tests[COUNT(reports) + COUNT(pairs) + COUNT(others)];
	size_t count = 0;

	for (size_t i = 0; i < COUNT(reports); i++)
		tests[count++] = (struct CMUnitTest){ .name = reports[i].desc, .test_func = one_report,
						      .initial_state = (void *)(uintptr_t)&reports[i] };
	for (size_t i = 0; i < COUNT(pairs); i++)
		tests[count++] = (struct CMUnitTest){ .name = pairs[i].desc, .test_func = one_pair,
						      .initial_state = (void *)(uintptr_t)&pairs[i] };
	memcpy(tests + count, others, sizeof(others));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
