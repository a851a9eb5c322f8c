// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* The thread that makes the calls of NotifyRouteChange2: from events to rows. See netioapi_notify.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "netioapi_notify.h"

#define RETRY_MS 1000
#define BATCH 64 /* events of one registration before the next one has its turn */
#define PAIR_MS 20 /* how long a deleted route of this process may take to come back changed */

/* ---- calls ---- */

/* The lock is held, and given up during the call. */
static void call(struct notifier *notifier, struct registration *registration, MIB_IPFORWARD_ROW2 *row,
		 MIB_NOTIFICATION_TYPE type)
{
	if (registration->cancelled)
		return;
	registration->running++;
	notifier->running++;
	pthread_mutex_unlock(&notifier_lock);
	registration->callback(registration->context, row, type);
	pthread_mutex_lock(&notifier_lock);
	if (notifier->forks != notifier_forks) { /* the callback forked, and this is the child, which has no such thread */
		pthread_mutex_unlock(&notifier_lock);
		pthread_exit(NULL);
	}
	registration->running--;
	notifier->running--;
	pthread_cond_broadcast(&notifier_changed);
}

void notifier__call_initial(struct notifier *notifier, struct registration *registration)
{
	call(notifier, registration, NULL, MibInitialNotification);
	registration->initial = false;
}

static void report(struct notifier *notifier, struct registration *registration, const struct xfib_route_event *event,
		   MIB_NOTIFICATION_TYPE type)
{
	struct xfib_link link = { .ifindex = event->nexthop.ifindex, .flags = event->link_flags,
				  .kind = (uint16_t)event->link_kind };
	MIB_IPFORWARD_ROW2 row;

	netio__fill_row_of(&link, &event->route, &event->nexthop, &row);
	call(notifier, registration, &row, type);
}

/* ---- events ---- */

static bool has_row(const struct xfib_route_event *event)
{
	return (event->route.table == XFIB_TABLE_MAIN || event->route.table == XFIB_TABLE_LOCAL) &&
	       netio__has_row(event->route.type) && event->nexthop.ifindex;
}

/*
 * SetIpForwardEntry2 changes a metric by deleting one route and adding
 * another, and sometimes a protocol, which for its caller are one row: does
 * `event` add the row that was deleted, with something changed?
 */
static bool is_other_half(const struct xfib_route_event *deleted, const struct xfib_route_event *event)
{
	return event->type == XFIB_ROUTE_ADDED && event->own && event->route.table == deleted->route.table &&
	       event->route.family == deleted->route.family &&
	       event->route.prefix_length == deleted->route.prefix_length &&
	       !memcmp(event->route.prefix, deleted->route.prefix, sizeof(event->route.prefix)) &&
	       event->nexthop.ifindex == deleted->nexthop.ifindex &&
	       event->nexthop.gateway_family == deleted->nexthop.gateway_family &&
	       !memcmp(event->nexthop.gateway, deleted->nexthop.gateway, sizeof(event->nexthop.gateway)) &&
	       (event->route.metric != deleted->route.metric || event->route.protocol != deleted->route.protocol);
}

/* The deletion that was held back was nothing but that. */
static void release(struct notifier *notifier, struct registration *registration)
{
	struct xfib_route_event event = registration->held;

	registration->held.type = 0;
	if (event.type)
		report(notifier, registration, &event, MibDeleteInstance);
}

static void take(struct notifier *notifier, struct registration *registration, const struct xfib_route_event *event)
{
	if (event->type == XFIB_ROUTE_RESYNC) {
		release(notifier, registration);
		call(notifier, registration, NULL, MibInitialNotification);
		return;
	}
	if (!has_row(event))
		return;
	if (registration->held.type && is_other_half(&registration->held, event)) {
		registration->held.type = 0;
		report(notifier, registration, event, MibParameterNotification);
		return;
	}
	release(notifier, registration);
	if (event->type == XFIB_ROUTE_DELETED && event->own)
		registration->held = *event;
	else
		report(notifier, registration, event,
		       event->type == XFIB_ROUTE_ADDED	 ? MibAddInstance :
		       event->type == XFIB_ROUTE_DELETED ? MibDeleteInstance :
							   MibParameterNotification);
}

/* ---- watches ---- */

int registration__open(struct registration *registration)
{
	struct xfib *instance;
	int err = netio__instance(&instance);

	return err ? err : xfib_watch__open(instance, &registration->filter, &registration->watch);
}

int registration__follow(const struct notifier *notifier, struct registration *registration)
{
	struct epoll_event interest = { .events = EPOLLIN, .data.ptr = registration };

	return epoll_ctl(notifier->epoll, EPOLL_CTL_ADD, xfib_watch__fd(registration->watch), &interest) ? -errno : 0;
}

/* Without the lock, as whatever takes the watch's time. */
static void close_watch(const struct notifier *notifier, struct registration *registration)
{
	if (!registration->watch)
		return;
	/* A child of this process may hold a copy of the descriptor, so that closing it does not take it out. */
	epoll_ctl(notifier->epoll, EPOLL_CTL_DEL, xfib_watch__fd(registration->watch), NULL);
	xfib_watch__close(registration->watch);
	registration->watch = NULL;
}

static void drain(struct notifier *notifier, struct registration *registration)
{
	struct xfib_route_event event;
	int err = 0;

	for (int i = 0; i < BATCH && !err && !registration->cancelled; i++) {
		pthread_mutex_unlock(&notifier_lock);
		err = xfib_watch__next(registration->watch, &event);
		if (err && err != -EAGAIN)
			close_watch(notifier, registration);
		pthread_mutex_lock(&notifier_lock);
		if (!err)
			take(notifier, registration, &event);
	}
}

/* Opens a watch that failed again; what happened meanwhile is lost. */
static void reopen(struct notifier *notifier, struct registration *registration)
{
	int err;

	pthread_mutex_unlock(&notifier_lock);
	err = registration__open(registration);
	if (!err && registration__follow(notifier, registration)) {
		xfib_watch__close(registration->watch);
		registration->watch = NULL;
	}
	pthread_mutex_lock(&notifier_lock);
	if (registration->watch)
		call(notifier, registration, NULL, MibInitialNotification);
}

/* ---- the thread ---- */

/* Frees what was cancelled; from the beginning each time, since the list may change without the lock. */
static void sweep(struct notifier *notifier)
{
	struct registration **link = &notifier->list;

	while (*link) {
		struct registration *registration = *link;

		if (!registration->cancelled) {
			link = &registration->next;
			continue;
		}
		*link = registration->next;
		pthread_mutex_unlock(&notifier_lock);
		close_watch(notifier, registration);
		free(registration);
		pthread_mutex_lock(&notifier_lock);
		link = &notifier->list;
	}
}

/* Waits for something to do; marks who has it. True: the time was over. */
static bool await_events(struct notifier *notifier)
{
	struct epoll_event events[16];
	int timeout = -1, count;
	uint64_t number;

	for (struct registration *registration = notifier->list; registration; registration = registration->next) {
		registration->ready = false;
		if (registration->held.type)
			timeout = PAIR_MS;
		else if (!registration->watch && timeout < 0)
			timeout = RETRY_MS;
	}
	pthread_mutex_unlock(&notifier_lock);
	count = epoll_wait(notifier->epoll, events, sizeof(events) / sizeof(events[0]), timeout);
	if (read(notifier->wake, &number, sizeof(number)) < 0) {
		/* Nobody woke the thread. */
	}
	pthread_mutex_lock(&notifier_lock);
	for (int i = 0; i < count; i++) {
		if (events[i].data.ptr)
			((struct registration *)events[i].data.ptr)->ready = true;
	}
	return !count;
}

static void step(struct notifier *notifier)
{
	bool timed_out = await_events(notifier);

	for (struct registration *registration = notifier->list; registration; registration = registration->next) {
		if (registration->initial)
			notifier__call_initial(notifier, registration);
		if (registration->ready)
			drain(notifier, registration);
		else
			release(notifier, registration);
		if (!registration->watch && timed_out && !registration->cancelled)
			reopen(notifier, registration);
	}
}

void *notifier__run(void *data)
{
	struct notifier *notifier = data;
	bool alone = false; /* nobody is going to join this thread */

	pthread_mutex_lock(&notifier_lock);
	for (;;) {
		sweep(notifier);
		if (!notifier->ending && !notifier->live && !notifier->waiters) {
			notifier__end(notifier);
			alone = true;
		}
		if (notifier->ending)
			break;
		step(notifier);
	}
	pthread_mutex_unlock(&notifier_lock);
	if (alone) {
		pthread_detach(pthread_self());
		notifier__free(notifier);
	}
	return NULL;
}
