// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* NotifyRouteChange2 and CancelMibChangeNotify2: registrations come and go. See netioapi_notify.h. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "netioapi_notify.h"

pthread_mutex_t notifier_lock = PTHREAD_MUTEX_INITIALIZER;
pthread_cond_t notifier_changed = PTHREAD_COND_INITIALIZER;
uint32_t notifier_forks;
static struct notifier *current; /* takes registrations; NULL: there is none */
static uintptr_t last_id;

/*
 * A child has no thread of the library's: registrations are its parent's, and
 * their memory and descriptors stay as they are, since the thread may have
 * been using them.
 */
static void forget(void)
{
	notifier_lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
	notifier_changed = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
	current = NULL;
	notifier_forks++;
}

__attribute__((constructor)) static void watch_fork(void)
{
	pthread_atfork(NULL, NULL, forget);
}

void notifier__end(struct notifier *notifier)
{
	notifier->ending = true;
	current = NULL;
}

void notifier__free(struct notifier *notifier)
{
	close(notifier->epoll);
	close(notifier->wake);
	free(notifier);
}

static void wake(const struct notifier *notifier)
{
	static const uint64_t one = 1;

	if (write(notifier->wake, &one, sizeof(one)) < 0) {
		/* The counter is full: it wakes all the same. */
	}
}

static struct registration *find(const struct notifier *notifier, uintptr_t id)
{
	struct registration *registration = notifier ? notifier->list : NULL;

	while (registration && registration->id != id)
		registration = registration->next;
	return registration;
}

/* ---- registering and cancelling ---- */

static int begin(struct notifier **ret_notifier)
{
	struct epoll_event interest = { .events = EPOLLIN };
	struct notifier *notifier = calloc(1, sizeof(*notifier));
	sigset_t all, before;
	int err;

	if (!notifier)
		return -ENOMEM;
	notifier->forks = notifier_forks;
	notifier->epoll = epoll_create1(EPOLL_CLOEXEC);
	notifier->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (notifier->epoll < 0 || notifier->wake < 0 ||
	    epoll_ctl(notifier->epoll, EPOLL_CTL_ADD, notifier->wake, &interest)) {
		notifier__free(notifier);
		return -ENOMEM;
	}
	sigfillset(&all); /* signals are for the program's own threads */
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&notifier->thread, NULL, notifier__run, notifier);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (err) {
		notifier__free(notifier);
		return -ENOMEM;
	}
	*ret_notifier = current = notifier;
	return 0;
}

static bool is_inside(const struct notifier *notifier)
{
	return pthread_equal(pthread_self(), notifier->thread);
}

/* Gives the lock back, and ends the notifier if nobody needs it any more. */
static void leave(struct notifier *notifier)
{
	bool last = !is_inside(notifier) && !notifier->ending && !notifier->live && !notifier->running &&
		    !notifier->waiters;

	if (last)
		notifier__end(notifier);
	wake(notifier);
	pthread_mutex_unlock(&notifier_lock);
	if (last) {
		pthread_join(notifier->thread, NULL);
		notifier__free(notifier);
	}
}

/* Until the initial notification was made, or is not going to be. */
static void await_initial(struct notifier *notifier, uintptr_t id)
{
	struct registration *registration;

	wake(notifier);
	notifier->waiters++;
	while ((registration = find(notifier, id)) && registration->initial &&
	       (!registration->cancelled || registration->running))
		pthread_cond_wait(&notifier_changed, &notifier_lock);
	notifier->waiters--;
}

/* With the lock. The handle is there before the first call is made. */
static int add(struct registration *registration, HANDLE *ret_handle, struct notifier **ret_notifier)
{
	struct notifier *notifier = current;
	struct registration **link;
	int err = notifier ? 0 : begin(&notifier);

	if (!err)
		err = registration__follow(notifier, registration);
	if (err)
		return err; /* a notifier without a registration ends by itself */
	for (link = &notifier->list; *link;)
		link = &(*link)->next;
	*link = registration;
	notifier->live++;
	registration->id = ++last_id;
	*ret_handle = (HANDLE)registration->id;
	*ret_notifier = notifier;
	return 0;
}

enum outcome netio__notify(ADDRESS_FAMILY family, PIPFORWARD_CHANGE_CALLBACK callback, void *context,
			   bool initial, HANDLE *ret_handle)
{
	struct registration *registration;
	struct notifier *notifier;
	int err;

	if (!ret_handle)
		return OUTCOME_INVALID_PARAMETER;
	*ret_handle = NULL;
	if (!callback || (family != AF_UNSPEC && !netio__is_family(family)))
		return OUTCOME_INVALID_PARAMETER;
	registration = calloc(1, sizeof(*registration));
	if (!registration)
		return OUTCOME_NO_MEMORY;
	*registration = (struct registration){ .callback = callback, .context = context, .initial = initial,
					       .filter = { .size = sizeof(registration->filter), .family = family } };
	err = registration__open(registration);
	if (err) {
		free(registration);
		return netio__outcome(err);
	}
	pthread_mutex_lock(&notifier_lock);
	err = add(registration, ret_handle, &notifier);
	if (err) {
		pthread_mutex_unlock(&notifier_lock);
		xfib_watch__close(registration->watch);
		free(registration);
		return OUTCOME_NO_MEMORY;
	}
	if (initial && is_inside(notifier))
		notifier__call_initial(notifier, registration);
	else if (initial)
		await_initial(notifier, (uintptr_t)*ret_handle);
	leave(notifier);
	return OUTCOME_SUCCESS;
}

enum outcome netio__cancel(HANDLE handle)
{
	uintptr_t id = (uintptr_t)handle;
	struct registration *registration;
	struct notifier *notifier;
	bool first;

	if (!handle)
		return OUTCOME_INVALID_PARAMETER;
	pthread_mutex_lock(&notifier_lock);
	notifier = current;
	registration = find(notifier, id);
	if (!registration) {
		pthread_mutex_unlock(&notifier_lock);
		error__set(0, "cancelling: the handle is none of this process, or was cancelled before");
		return OUTCOME_INVALID_HANDLE;
	}
	first = !registration->cancelled;
	registration->cancelled = true;
	notifier->live -= first;
	pthread_cond_broadcast(&notifier_changed);
	if (!is_inside(notifier)) {
		notifier->waiters++;
		while ((registration = find(notifier, id)) && registration->running)
			pthread_cond_wait(&notifier_changed, &notifier_lock);
		notifier->waiters--;
	}
	leave(notifier);
	return first ? OUTCOME_SUCCESS : OUTCOME_INVALID_HANDLE;
}
