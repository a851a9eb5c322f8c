/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Events of routes from one thread to another, with a descriptor to poll: how
 * a private copy's watches are fed. What is beyond the bound of event_ring.h
 * becomes one resync. Any thread may push, any may pop.
 */
#ifndef XFIB_LIB_WATCH_QUEUE_H
#define XFIB_LIB_WATCH_QUEUE_H

#include <xfib/xfib.h>

struct watch_queue;

/* The filter may be NULL. -ENOMEM; -EMFILE and the like: no descriptor. */
int watch_queue__new(const struct xfib_route_filter *filter, struct watch_queue **ret_queue);
void watch_queue__free(struct watch_queue *queue);

/* Appends an event if it passes the filter; a resync always does. */
void watch_queue__push(struct watch_queue *queue, const struct xfib_route_event *event);

/* The next event. -EAGAIN: there is none. */
int watch_queue__pop(struct watch_queue *queue, struct xfib_route_event *ret_event);

/*
 * In the child, after fork(): the counter behind the descriptor is the parent's too. The child's queue gets another one
 * under the same number, and begins with a resync.
 */
void watch_queue__after_fork(struct watch_queue *queue);

/* Polls readable while there are events. */
int watch_queue__fd(const struct watch_queue *queue);

#endif
