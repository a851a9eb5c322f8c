/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What the tests of NotifyRouteChange2 and CancelMibChangeNotify2 share: watches of their own, which the linker puts in the
 * place of the library's by the names __wrap_…, events that come by them, and callbacks that note what they see.
 */
#ifndef TESTS_UNIT_NETIOAPI_WATCHES_H
#define TESTS_UNIT_NETIOAPI_WATCHES_H

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
static inline void push(const struct xfib_route_event *event)
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

static inline int count_watches(void)
{
	int count;

	pthread_mutex_lock(&lock);
	count = opened;
	pthread_mutex_unlock(&lock);
	return count;
}

/* ---- events ---- */

/* 10.0.0.0/8 with a metric, by interface 7. */
static inline struct xfib_route_event event_of(uint32_t type, uint32_t metric)
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

static inline void push_simple(uint32_t type, uint32_t metric)
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

static inline unsigned int load(const unsigned int *number)
{
	return __atomic_load_n(number, __ATOMIC_ACQUIRE);
}

static inline void store(unsigned int *number, unsigned int value)
{
	__atomic_store_n(number, value, __ATOMIC_RELEASE);
}

static inline void note(void *context, PMIB_IPFORWARD_ROW2 row, MIB_NOTIFICATION_TYPE type)
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
static inline void await(const unsigned int *number, unsigned int value)
{
	for (int i = 0; i < 30000 && load(number) < value; i++)
		usleep(1000);
	assert_in_range(load(number), value, UINT32_MAX);
}

static inline void await_watches(int count)
{
	for (int i = 0; i < 30000 && count_watches() != count; i++)
		usleep(1000);
	assert_int_equal(count_watches(), count);
}

static inline struct seen *new_seen(void)
{
	return calloc(1, sizeof(struct seen));
}

static inline HANDLE watch_routes(struct seen *seen)
{
	HANDLE handle;

	assert_int_equal(NotifyRouteChange2(AF_UNSPEC, note, seen, FALSE, &handle), STATUS_SUCCESS);
	assert_non_null(handle);
	return handle;
}

/* Ends the last registration: then nothing is left. */
static inline void end_last(HANDLE handle, struct seen *seen)
{
	assert_int_equal(CancelMibChangeNotify2(handle), STATUS_SUCCESS);
	assert_int_equal(count_watches(), 0);
	assert_int_equal(load(&overlaps), 0);
	free(seen);
}

#endif
