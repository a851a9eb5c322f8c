// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* The routes of a private copy changed and watched, as the daemon does it for its clients. See private_copy.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../mirror/change.h"
#include "../mirror/mirror.h"
#include "private_copy.h"
#include "watch_queue.h"

#define ORIGIN 1 /* of all changes of this process */

/* A mirror_listener_fn, called under `work`. */
static void on_event(const struct mirror_event *from, void *data)
{
	struct private_copy *copy = data;
	struct xfib_route_event event = { .type = from->type, .own = from->origin == ORIGIN, .route = *from->route,
					  .nexthop = *from->nexthop };

	known_links__describe(&copy->links, &event);
	for (size_t i = 0; i < copy->watch_count; i++)
		watch_queue__push(copy->watches[i], &event);
}

static int change(const struct xfib *instance, const struct change *changes, uint32_t count,
		  struct change_failure *ret_failure)
{
	struct private_copy *copy = instance->copy;
	int err;

	private_copy__lock(instance); /* after fork(), the copy needs sockets of its own first */
	private_copy__unlock(instance);
	private_copy__begin_work(copy);
	err = mirror__change(copy->mirror, changes, count, ORIGIN, ret_failure);
	private_copy__end_work(copy);
	return err == -EPERM ? -EACCES : err;
}

static int watch(const struct xfib *instance, struct watch_queue *queue)
{
	struct private_copy *copy = instance->copy;
	struct watch_queue **watches;
	int err = 0;

	private_copy__lock(instance);
	private_copy__unlock(instance);
	private_copy__begin_work(copy);
	watches = realloc(copy->watches, (copy->watch_count + 1) * sizeof(*watches));
	if (watches) {
		copy->watches = watches;
		watches[copy->watch_count++] = queue;
	} else {
		err = error__set(-ENOMEM, "out of memory");
	}
	private_copy__end_work(copy);
	return err;
}

static void unwatch(const struct xfib *instance, struct watch_queue *queue)
{
	struct private_copy *copy = instance->copy;

	private_copy__begin_work(copy);
	for (size_t i = 0; i < copy->watch_count; i++) {
		if (copy->watches[i] == queue)
			copy->watches[i--] = copy->watches[--copy->watch_count];
	}
	private_copy__end_work(copy);
}

void private_change__init(struct xfib *instance)
{
	static const struct backend_ops ops = { .change = change, .watch = watch, .unwatch = unwatch };
	struct private_copy *copy = instance->copy;

	instance->ops = &ops;
	private_copy__begin_work(copy);
	known_links__init(&copy->links, copy->maps);
	mirror__set_listener(copy->mirror, on_event, copy);
	private_copy__end_work(copy);
}

void private_change__destroy(struct private_copy *copy)
{
	known_links__destroy(&copy->links);
	free(copy->watches);
}

void private_change__after_fork(struct private_copy *copy)
{
	for (size_t i = 0; i < copy->watch_count; i++)
		watch_queue__after_fork(copy->watches[i]);
}
