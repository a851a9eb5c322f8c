/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What NotifyRouteChange2 and its thread share.
 *
 * One thread of the library's waits for the events of all registrations and
 * makes all calls; it begins with the first registration and ends with the
 * last. A registration has a watch of its own, so its events are in order.
 *
 * Invariants:
 *  - only the thread uses watches and frees registrations, and only between
 *    calls: whoever else wants one to end marks it, and waits for its call;
 *  - a handle is a number, looked up in the list: one that has ended, or never
 *    was, is recognized without touching memory that may be gone;
 *  - whoever sets `ending` takes the notifier away from new registrations; if
 *    that is not the thread itself, it joins the thread and frees the notifier.
 *
 * Cost: a registration is one watch. An event costs each registration of its
 * family one row and one call.
 */
#ifndef XFIB_LIB_NETIOAPI_NOTIFY_H
#define XFIB_LIB_NETIOAPI_NOTIFY_H

#include <pthread.h>

#include "netioapi_private.h"

struct registration {
	uintptr_t id;
	PIPFORWARD_CHANGE_CALLBACK callback;
	void *context;
	struct xfib_route_filter filter;
	struct xfib_watch *watch; /* NULL: lost, to be opened again */
	struct xfib_route_event held; /* a deletion that may turn out to be half of a change; type 0: none */
	uint32_t running;         /* calls under way; more than one where a callback registers another time */
	bool initial;             /* its initial notification has not been made */
	bool cancelled;
	bool ready;               /* the watch has something to say */
	struct registration *next;
};

struct notifier {
	pthread_t thread;
	int epoll;
	int wake;         /* eventfd: there is something new in the list */
	uint32_t live;    /* registrations not cancelled */
	uint32_t running; /* calls under way */
	uint32_t waiters; /* other threads that need the notifier to stay */
	uint32_t forks;   /* of the process, when it began */
	bool ending;
	struct registration *list;
};

/* Guards all of the above, but for the watches, which are the thread's. */
extern pthread_mutex_t notifier_lock;
extern pthread_cond_t notifier_changed; /* a call ended, a registration was cancelled */
extern uint32_t notifier_forks;         /* how many forks this process is from the first one */

/* The thread. `data` is the notifier. */
void *notifier__run(void *data);

/* With the lock: nothing is added to it any more. */
void notifier__end(struct notifier *notifier);
void notifier__free(struct notifier *notifier);

/* By the thread, with the lock, which it gives up during the call. */
void notifier__call_initial(struct notifier *notifier, struct registration *registration);

/* 0 or -errno. */
int registration__open(struct registration *registration);
int registration__follow(const struct notifier *notifier, struct registration *registration);

#endif
