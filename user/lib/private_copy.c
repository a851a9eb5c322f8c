// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* A private copy of the kernel's routes: opened, kept current, locked, forked. See private_copy.h. */
#include "private_copy.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "../mirror/hash.h"
#include "../mirror/log.h"
#include "../mirror/memory_maps.h"
#include "../mirror/mirror.h"

#define RECEIVE_BUFFER (8 * 1024 * 1024)

/* Memory is taken as it is used: room for what a machine could have. */
static const struct map_sizes sizes = { .routes = 1 << 22, .nexthops = 1 << 18, .groups = 4096, .links = 4096,
					.addresses = 1 << 16, .neighbours = 1, .rules = 1 << 13, .plans = 1 << 13, .fib_words = 1 << 22, .fibs = 1 << 12 };

/* All copies of the process, for fork(). */
static struct private_copy *copies;
static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;

/* ---- locks ---- */

static void init_locks(struct private_copy *copy)
{
	pthread_rwlockattr_t attributes;

	pthread_mutex_init(&copy->work, NULL);
	pthread_rwlockattr_init(&attributes);
	/* Many readers must not keep changes out for ever. */
	pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&copy->data, &attributes);
	pthread_rwlockattr_destroy(&attributes);
}

void private_copy__begin_work(struct private_copy *copy)
{
	pthread_mutex_lock(&copy->work);
	pthread_rwlock_wrlock(&copy->data);
}

void private_copy__end_work(struct private_copy *copy)
{
	pthread_rwlock_unlock(&copy->data);
	pthread_mutex_unlock(&copy->work);
}

/* Called by the mirror around each wait for the kernel. */
static void on_wait(bool begins, void *data)
{
	struct private_copy *copy = data;

	if (begins)
		pthread_rwlock_unlock(&copy->data);
	else
		pthread_rwlock_wrlock(&copy->data);
}

/* ---- fork ---- */

static void before_fork(void)
{
	pthread_mutex_lock(&list_lock);
	for (struct private_copy *copy = copies; copy; copy = copy->next)
		private_copy__begin_work(copy);
}

static void after_fork_in_parent(void)
{
	for (struct private_copy *copy = copies; copy; copy = copy->next)
		private_copy__end_work(copy);
	pthread_mutex_unlock(&list_lock);
}

static void after_fork_in_child(void)
{
	for (struct private_copy *copy = copies; copy; copy = copy->next) {
		init_locks(copy);
		copy->orphan = true;
		private_change__after_fork(copy);
	}
	pthread_mutex_init(&list_lock, NULL);
}

/* ---- messages ---- */

static void write_log(enum log_level level, const char *line)
{
	if (level <= LOG_LEVEL_WARNING)
		error__log(line);
}

static void init_process(void)
{
	hash__init();
	log__set_sink(write_log);
	pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
}

/* ---- the thread ---- */

static void *follow(void *data)
{
	struct private_copy *copy = data;
	struct pollfd fds[] = {
		{ .fd = copy->stop_fd, .events = POLLIN },
		{ .fd = mirror__event_fd(copy->mirror), .events = POLLIN },
		{ .fd = mirror__feature_fd(copy->mirror), .events = POLLIN },
	};

	for (;;) {
		int timeout;

		pthread_mutex_lock(&copy->work);
		timeout = mirror__timeout(copy->mirror);
		pthread_mutex_unlock(&copy->work);
		if (poll(fds, sizeof(fds) / sizeof(fds[0]), timeout) < 0 && errno != EINTR)
			return NULL;
		if (fds[0].revents)
			return NULL;
		private_copy__begin_work(copy);
		mirror__handle(copy->mirror);
		private_copy__end_work(copy);
	}
}

/* Starts the thread, which takes no signals: those are for the program. */
static int start(struct private_copy *copy)
{
	sigset_t all, before;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = -pthread_create(&copy->thread, NULL, follow, copy);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return err;
}

/* ---- opening ---- */

static int make(struct private_copy *copy)
{
	const struct mirror_opts opts = { .all_tables = true, .receive_buffer = RECEIVE_BUFFER, .wait = on_wait,
					  .wait_data = copy };
	int err = memory_maps__create(&sizes, &copy->maps);

	if (err)
		return error__set(err, "private copy: out of memory");
	copy->maps->state->layout = XFIB_LAYOUT;
	err = mirror__new(copy->maps, &opts, &copy->mirror);
	if (err)
		return error__set(err, "private copy: opening rtnetlink: %s", strerror(-err));
	private_copy__begin_work(copy);
	err = mirror__sync(copy->mirror);
	private_copy__end_work(copy);
	if (err)
		return error__set(err, "private copy: reading the kernel's routes: %s", strerror(-err));
	copy->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (copy->stop_fd < 0)
		return error__set(-errno, "private copy: %s", strerror(errno));
	err = start(copy);
	return err ? error__set(err, "private copy: starting a thread: %s", strerror(-err)) : 0;
}

static void destroy(struct private_copy *copy)
{
	private_change__destroy(copy);
	mirror__free(copy->mirror);
	memory_maps__destroy(copy->maps);
	if (copy->stop_fd >= 0)
		close(copy->stop_fd);
	pthread_rwlock_destroy(&copy->data);
	pthread_mutex_destroy(&copy->work);
	free(copy);
}

static struct array array_of(const void *memory, uint32_t count, size_t element)
{
	return (struct array){ .memory = memory, .count = count, .element = (uint32_t)element, .fd = -1 };
}

static void describe(struct xfib *instance, struct private_copy *copy)
{
	const struct maps *maps = copy->maps;

	instance->backend = XFIB_BACKEND_PRIVATE;
	instance->copy = copy;
	instance->routes = array_of(maps->routes, maps->sizes.routes, sizeof(*maps->routes));
	instance->prefixes = array_of(maps->prefixes, map_sizes__prefixes(&maps->sizes), sizeof(*maps->prefixes));
	instance->nexthops = array_of(maps->nexthops, maps->sizes.nexthops, sizeof(*maps->nexthops));
	instance->links = array_of(maps->links, maps->sizes.links, sizeof(*maps->links));
	instance->addresses = array_of(maps->addresses, maps->sizes.addresses, sizeof(*maps->addresses));
	instance->rules = array_of(maps->rules, maps->sizes.rules, sizeof(*maps->rules));
	instance->plans = array_of(maps->plans, maps->sizes.plans, sizeof(*maps->plans));
	instance->fib = array_of(maps->fib_words, maps->sizes.fib_words, sizeof(*maps->fib_words));
	instance->fib_routes = array_of(maps->fib_routes, maps->sizes.fib_words, sizeof(*maps->fib_routes));
	instance->fibs = array_of(maps->fibs, maps->sizes.fibs, sizeof(*maps->fibs));
	instance->state = array_of(maps->state, 1, sizeof(*maps->state));
}

int private_copy__open(struct xfib *instance)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct private_copy *copy = calloc(1, sizeof(*copy));
	int err;

	if (!copy)
		return error__set(-ENOMEM, "out of memory");
	pthread_once(&once, init_process);
	copy->stop_fd = -1;
	init_locks(copy);
	err = make(copy);
	if (err) {
		destroy(copy);
		return err;
	}
	pthread_mutex_lock(&list_lock);
	copy->next = copies;
	copies = copy;
	pthread_mutex_unlock(&list_lock);
	describe(instance, copy);
	private_change__init(instance);
	return 0;
}

void private_copy__close(struct xfib *instance)
{
	struct private_copy *copy = instance->copy, **link = &copies;
	uint64_t one = 1;

	if (!copy)
		return;
	pthread_mutex_lock(&list_lock);
	while (*link != copy)
		link = &(*link)->next;
	*link = copy->next;
	pthread_mutex_unlock(&list_lock);
	if (!copy->orphan && write(copy->stop_fd, &one, sizeof(one)) == (ssize_t)sizeof(one))
		pthread_join(copy->thread, NULL);
	destroy(copy);
	instance->copy = NULL;
}

/* ---- reading and changing ---- */

/* After fork(): sockets and a thread of this process's own, and what changed meanwhile. */
static void adopt(struct private_copy *copy)
{
	int stop_fd, err;

	private_copy__begin_work(copy);
	if (copy->orphan && !copy->dead) {
		stop_fd = eventfd(0, EFD_CLOEXEC);
		err = stop_fd < 0 ? -errno : mirror__reopen(copy->mirror);
		if (!err) {
			close(copy->stop_fd); /* the parent's, whose thread waits for it */
			copy->stop_fd = stop_fd;
			err = mirror__sync(copy->mirror);
		}
		if (!err)
			err = start(copy);
		if (err) {
			log_error("private copy after fork(): %s; answers are those of the moment of the fork", strerror(-err));
			copy->dead = true;
		}
		__atomic_store_n(&copy->orphan, err != 0, __ATOMIC_RELEASE);
	}
	private_copy__end_work(copy);
}

void private_copy__lock(const struct xfib *instance)
{
	struct private_copy *copy = instance->copy;

	if (!copy)
		return;
	if (__atomic_load_n(&copy->orphan, __ATOMIC_ACQUIRE) && !copy->dead)
		adopt(copy);
	pthread_rwlock_rdlock(&copy->data);
}

void private_copy__unlock(const struct xfib *instance)
{
	if (instance->copy)
		pthread_rwlock_unlock(&instance->copy->data);
}
