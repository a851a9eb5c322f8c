/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A private copy: the kernel's links, addresses, rules and routes in the
 * memory of this process, kept current by a thread of it, for processes that
 * have no instance to read. It is the daemon's mirror over plain memory.
 *
 * Readers take a lock that they share, and that the thread takes alone while
 * it changes something. After fork() the child's copy stands still until it
 * is used, and then follows the kernel by a thread of its own.
 */
#ifndef XFIB_LIB_PRIVATE_COPY_H
#define XFIB_LIB_PRIVATE_COPY_H

#include <pthread.h>

#include "../mirror/known_links.h"
#include "private.h"

struct mirror;
struct watch_queue;

struct private_copy {
	struct maps *maps;
	struct mirror *mirror;
	struct known_links links;
	/*
	 * In this order: `work` belongs to whoever drives the mirror (the thread, or a caller who changes a route), `data` to
	 * whoever reads (shared) or changes (alone) what the mirror has written. While the mirror waits for the kernel,
	 * `data` is free.
	 */
	pthread_mutex_t work;
	pthread_rwlock_t data;
	pthread_t thread;
	int stop_fd;
	bool orphan; /* made by a parent process, whose thread does not exist here */
	bool dead;   /* and could not be brought to life */
	struct watch_queue **watches; /* under `work`; see private_change.c */
	size_t watch_count;
	struct private_copy *next;
};

/* Fills in what an instance needs to be read by, and starts the thread. -errno, with a message. */
int private_copy__open(struct xfib *instance);
void private_copy__close(struct xfib *instance);

/* Between the two nothing changes. They do not nest. */
void private_copy__lock(const struct xfib *instance);
void private_copy__unlock(const struct xfib *instance);

/* Between the two the mirror is the caller's to drive. */
void private_copy__begin_work(struct private_copy *copy);
void private_copy__end_work(struct private_copy *copy);

/* Lets the copy's routes be changed and watched: see private_change.c. */
void private_change__init(struct xfib *instance);
void private_change__destroy(struct private_copy *copy);

/* In the child, after fork(): its watches are its own from now on. */
void private_change__after_fork(struct private_copy *copy);

#endif
