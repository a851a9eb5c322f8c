// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * NotifyRouteChange2 and CancelMibChangeNotify2 over watches of the test's
 * own. The linker puts the functions named __wrap_… in the place of the
 * library's.
 */
#include "unit.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <netioapi.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "netioapi_private.h"

NETIO_STATUS NotifyRouteChange2_user(ADDRESS_FAMILY family, PIPFORWARD_CHANGE_CALLBACK callback, PVOID context,
				     BOOLEAN initial, HANDLE *ret_handle);
NETIO_STATUS CancelMibChangeNotify2_user(HANDLE handle);

/* ---- watches ---- */

#define EVENTS 8192

struct xfib_watch {
	int fd;
	int error; /* of the next xfib_watch__next() */
	uint32_t family;
	unsigned int begin, end;
	struct xfib_route_event *events;
	struct xfib_watch *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct xfib_watch *watches;
static int open_error, opened; /* opened: how many there are */

int __wrap_netio__instance(struct xfib **ret_instance);
int __wrap_xfib_watch__open(const struct xfib *instance, const struct xfib_route_filter *filter,
			    struct xfib_watch **ret_watch);
int __wrap_xfib_watch__fd(const struct xfib_watch *watch);
int __wrap_xfib_watch__next(struct xfib_watch *watch, struct xfib_route_event *ret_event);
void __wrap_xfib_watch__close(struct xfib_watch *watch);

int __wrap_netio__instance(struct xfib **ret_instance)
{
	*ret_instance = (struct xfib *)(uintptr_t)&watches;
	return 0;
}

int __wrap_xfib_watch__open(const struct xfib *instance, const struct xfib_route_filter *filter,
			    struct xfib_watch **ret_watch)
{
	struct xfib_watch *watch;
	int err;

	assert_ptr_equal(instance, &watches);
	assert_int_equal(filter->size, sizeof(*filter));
	pthread_mutex_lock(&lock);
	err = open_error;
	if (!err) {
		watch = calloc(1, sizeof(*watch));
		watch->events = malloc(EVENTS * sizeof(*watch->events));
		watch->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE);
		watch->family = filter->family;
		watch->next = watches;
		*ret_watch = watches = watch;
		opened++;
	}
	pthread_mutex_unlock(&lock);
	return err;
}

int __wrap_xfib_watch__fd(const struct xfib_watch *watch)
{
	return watch->fd;
}

int __wrap_xfib_watch__next(struct xfib_watch *watch, struct xfib_route_event *ret_event)
{
	uint64_t one;
	int err = -EAGAIN;

	pthread_mutex_lock(&lock);
	if (watch->error) {
		err = watch->error;
	} else if (watch->begin != watch->end) {
		*ret_event = watch->events[watch->begin++ % EVENTS];
		assert_int_equal(read(watch->fd, &one, sizeof(one)), sizeof(one));
		err = 0;
	}
	pthread_mutex_unlock(&lock);
	return err;
}

void __wrap_xfib_watch__close(struct xfib_watch *watch)
{
	struct xfib_watch **link = &watches;

	pthread_mutex_lock(&lock);
	while (*link != watch)
		link = &(*link)->next;
	*link = watch->next;
	opened--;
	pthread_mutex_unlock(&lock);
	close(watch->fd);
	free(watch->events);
	free(watch);
}

/* To all watches of the event's family; to those without room nothing. */
static void push(const struct xfib_route_event *event)
{
	const uint64_t one = 1;

	pthread_mutex_lock(&lock);
	for (struct xfib_watch *watch = watches; watch; watch = watch->next) {
		if ((watch->family && event->route.family && watch->family != event->route.family) ||
		    watch->end - watch->begin == EVENTS)
			continue;
		watch->events[watch->end++ % EVENTS] = *event;
		assert_int_equal(write(watch->fd, &one, sizeof(one)), sizeof(one));
	}
	pthread_mutex_unlock(&lock);
}

static int count_watches(void)
{
	int count;

	pthread_mutex_lock(&lock);
	count = opened;
	pthread_mutex_unlock(&lock);
	return count;
}

/* ---- events ---- */

/* 10.0.0.0/8 with a metric, by interface 7. */
static struct xfib_route_event event_of(uint32_t type, uint32_t metric)
{
	return (struct xfib_route_event){
		.type = type,
		.link_flags = XFIB_LINK_LOOPBACK,
		.link_kind = 24,
		.dev = "gone",
		.route = { .prefix = { 10 }, .prefix_length = 8, .family = AF_INET, .type = XFIB_ROUTE_UNICAST,
			   .table = XFIB_TABLE_MAIN, .protocol = RTPROT_BGP, .metric = metric },
		.nexthop = { .ifindex = 7, .gateway = { 192, 0, 2, 1 }, .gateway_family = AF_INET, .family = AF_INET },
	};
}

static void push_simple(uint32_t type, uint32_t metric)
{
	struct xfib_route_event event = event_of(type, metric);

	push(&event);
}

/* ---- what a callback sees ---- */

#define CALLS 4096

struct seen {
	unsigned int calls; /* stored with release when the rest is written */
	MIB_NOTIFICATION_TYPE type[CALLS];
	MIB_IPFORWARD_ROW2 row[CALLS];
	bool no_row[CALLS];
	pthread_t thread;
	HANDLE handle; /* to be cancelled by the callback, in the call of number `at` */
	unsigned int at;
	NETIO_STATUS cancelled;
	unsigned int hold, held; /* the call waits while `hold` is not 0; `held` says that it does */
	unsigned int inside;
};

static unsigned int running; /* calls of any registration */
static unsigned int overlaps;

static unsigned int load(const unsigned int *number)
{
	return __atomic_load_n(number, __ATOMIC_ACQUIRE);
}

static void store(unsigned int *number, unsigned int value)
{
	__atomic_store_n(number, value, __ATOMIC_RELEASE);
}

static void note(void *context, PMIB_IPFORWARD_ROW2 row, MIB_NOTIFICATION_TYPE type)
{
	struct seen *seen = context;
	unsigned int call = seen->calls;

	if (__atomic_add_fetch(&running, 1, __ATOMIC_ACQ_REL) != 1)
		__atomic_add_fetch(&overlaps, 1, __ATOMIC_ACQ_REL);
	store(&seen->inside, 1);
	seen->type[call % CALLS] = type;
	seen->no_row[call % CALLS] = !row;
	if (row)
		seen->row[call % CALLS] = *row;
	seen->thread = pthread_self();
	while (load(&seen->hold)) {
		store(&seen->held, 1);
		usleep(1000);
	}
	if (seen->at && call + 1 == seen->at)
		seen->cancelled = CancelMibChangeNotify2(seen->handle);
	store(&seen->inside, 0);
	__atomic_sub_fetch(&running, 1, __ATOMIC_ACQ_REL);
	store(&seen->calls, call + 1);
}

/* Until the number is there: half a minute, which a busy machine may need. */
static void await(const unsigned int *number, unsigned int value)
{
	for (int i = 0; i < 30000 && load(number) < value; i++)
		usleep(1000);
	assert_in_range(load(number), value, UINT32_MAX);
}

static void await_watches(int count)
{
	for (int i = 0; i < 30000 && count_watches() != count; i++)
		usleep(1000);
	assert_int_equal(count_watches(), count);
}

static struct seen *new_seen(void)
{
	return calloc(1, sizeof(struct seen));
}

static HANDLE watch_routes(struct seen *seen)
{
	HANDLE handle;

	assert_int_equal(NotifyRouteChange2(AF_UNSPEC, note, seen, FALSE, &handle), STATUS_SUCCESS);
	assert_non_null(handle);
	return handle;
}

/* Ends the last registration: then nothing is left. */
static void end_last(HANDLE handle, struct seen *seen)
{
	assert_int_equal(CancelMibChangeNotify2(handle), STATUS_SUCCESS);
	assert_int_equal(count_watches(), 0);
	assert_int_equal(load(&overlaps), 0);
	free(seen);
}

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
