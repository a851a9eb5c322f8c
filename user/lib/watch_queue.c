// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Events of routes from one thread to another. See watch_queue.h. */
#include "watch_queue.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "event_ring.h"

struct watch_queue {
	pthread_mutex_t lock;
	struct event_ring ring;
	struct xfib_route_filter filter;
	int fd; /* its counter is 1 while the ring is not empty, else 0 */
};

int watch_queue__new(const struct xfib_route_filter *filter, struct watch_queue **ret_queue)
{
	struct watch_queue *queue = calloc(1, sizeof(*queue));
	int err;

	if (!queue)
		return -ENOMEM;
	queue->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (queue->fd < 0) {
		err = -errno;
		free(queue);
		return err;
	}
	pthread_mutex_init(&queue->lock, NULL);
	event_ring__init(&queue->ring, EVENT_RING_MAX);
	if (filter)
		queue->filter = *filter;
	*ret_queue = queue;
	return 0;
}

void watch_queue__free(struct watch_queue *queue)
{
	if (!queue)
		return;
	event_ring__destroy(&queue->ring);
	pthread_mutex_destroy(&queue->lock);
	close(queue->fd);
	free(queue);
}

void watch_queue__push(struct watch_queue *queue, const struct xfib_route_event *event)
{
	bool was_empty;

	if (event->type != XFIB_ROUTE_RESYNC && !route_filter__passes(&queue->filter, &event->route, &event->nexthop))
		return;
	pthread_mutex_lock(&queue->lock);
	was_empty = event_ring__is_empty(&queue->ring);
	event_ring__push(&queue->ring, event);
	if (was_empty)
		eventfd_write(queue->fd, 1);
	pthread_mutex_unlock(&queue->lock);
}

int watch_queue__pop(struct watch_queue *queue, struct xfib_route_event *ret_event)
{
	eventfd_t count;
	bool found;

	pthread_mutex_lock(&queue->lock);
	found = event_ring__pop(&queue->ring, ret_event);
	if (found && event_ring__is_empty(&queue->ring))
		eventfd_read(queue->fd, &count);
	pthread_mutex_unlock(&queue->lock);
	return found ? 0 : -EAGAIN;
}

void watch_queue__after_fork(struct watch_queue *queue)
{
	const struct xfib_route_event resync = { .type = XFIB_ROUTE_RESYNC };
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	pthread_mutex_init(&queue->lock, NULL); /* a thread of the parent's may have held it */
	event_ring__destroy(&queue->ring);
	event_ring__init(&queue->ring, EVENT_RING_MAX);
	if (fd < 0 || dup3(fd, queue->fd, O_CLOEXEC) < 0)
		close(queue->fd); /* better none than the parent's */
	if (fd >= 0)
		close(fd);
	watch_queue__push(queue, &resync);
}

int watch_queue__fd(const struct watch_queue *queue)
{
	return queue->fd;
}
