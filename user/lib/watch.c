// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Watching routes change: by a connection to xfibd, or by a queue that a
 * backend of this process fills.
 *
 * The descriptor that is polled is an epoll instance of three: the connection;
 * a timer, which tells when to try for a new connection; and a counter, which
 * is not 0 while a packet has been read of which events are left. A connection
 * that broke off is tried for again in steps, none of which waits:
 *
 *	WAITING ─timer─▶ GREETING ─hello, result─▶ WATCHING ─end─▶ WAITING
 *
 * Cost: a system call for each packet of up to 409 events.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "client.h"
#include "connection.h"
#include "private.h"
#include "private_copy.h"
#include "watch_queue.h"

#define RETRY_MS 50
#define RETRY_MAX_MS 1000

enum state {
	STATE_WAITING,  /* for the timer */
	STATE_GREETING, /* for the daemon's hello */
	STATE_ASKING,   /* for its answer to the watch */
	STATE_WATCHING,
};

struct xfib_watch {
	const struct xfib *instance;
	struct watch_queue *queue; /* NULL: xfibd tells */
	struct xfib_route_filter filter;
	char path[SOCKET_PATH_SIZE];
	pid_t pid; /* of the process that these descriptors are of */
	int epoll_fd, socket_fd, timer_fd, more_fd;
	enum state state;
	int retry_ms;
	struct protocol_reader reader; /* of `packet` */
	uint8_t packet[PROTOCOL_PACKET];
};

/* ---- descriptors ---- */

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int add_fd(int epoll_fd, int fd)
{
	struct epoll_event event = { .events = EPOLLIN };

	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static int open_descriptors(struct xfib_watch *watch)
{
	int err;

	watch->pid = getpid();
	watch->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	watch->more_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (watch->epoll_fd < 0 || watch->timer_fd < 0 || watch->more_fd < 0)
		return -errno;
	err = add_fd(watch->epoll_fd, watch->timer_fd);
	return err ? err : add_fd(watch->epoll_fd, watch->more_fd);
}

static void set_timer(struct xfib_watch *watch, int ms)
{
	struct itimerspec when = { .it_value = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L } };

	timerfd_settime(watch->timer_fd, 0, &when, NULL);
}

/* Says by the counter whether events are left. */
static void set_more(struct xfib_watch *watch, bool more)
{
	eventfd_t count;

	if (more)
		eventfd_write(watch->more_fd, 1);
	else
		eventfd_read(watch->more_fd, &count);
}

/* The connection broke off: another one is tried for in a while. */
static int lose(struct xfib_watch *watch, const char *message)
{
	if (watch->socket_fd >= 0) /* a child of this process may hold it open, so that closing it would not take it out */
		epoll_ctl(watch->epoll_fd, EPOLL_CTL_DEL, watch->socket_fd, NULL);
	close_fd(&watch->socket_fd);
	watch->state = STATE_WAITING;
	set_timer(watch, watch->retry_ms);
	watch->retry_ms = watch->retry_ms * 2 < RETRY_MAX_MS ? watch->retry_ms * 2 : RETRY_MAX_MS;
	return error__set(-EAGAIN, "watching routes: %s", message);
}

/*
 * After fork() the descriptors are the parent's too, whose events the child
 * must not take: it gets its own, the one that is polled under the same
 * number, and begins anew.
 */
static int renew(struct xfib_watch *watch)
{
	int epoll_fd = epoll_create1(EPOLL_CLOEXEC), err;

	if (epoll_fd < 0 || dup3(epoll_fd, watch->epoll_fd, O_CLOEXEC) < 0) {
		err = -errno;
		close_fd(&epoll_fd);
		return error__set(err, "watching routes after fork: %s", strerror(-err));
	}
	close(epoll_fd);
	close_fd(&watch->socket_fd);
	close_fd(&watch->timer_fd);
	close_fd(&watch->more_fd);
	err = open_descriptors(watch);
	if (err) {
		watch->pid = 0; /* to be tried again */
		return error__set(err, "watching routes after fork: %s", strerror(-err));
	}
	watch->reader.left = 0;
	watch->retry_ms = 1;
	lose(watch, "");
	watch->retry_ms = RETRY_MS;
	return 0;
}

/* ---- the way back to a daemon ---- */

static int reconnect(struct xfib_watch *watch)
{
	char message[PROTOCOL_MESSAGE];
	uint64_t count;
	int err;

	if (read(watch->timer_fd, &count, sizeof(count)) < 0)
		return error__set(-EAGAIN, "watching routes: waiting for xfibd");
	err = connection__start(watch->path, false, message, &watch->socket_fd);
	if (err)
		return lose(watch, message);
	err = add_fd(watch->epoll_fd, watch->socket_fd);
	if (err)
		return lose(watch, strerror(-err));
	watch->state = STATE_GREETING;
	return 0;
}

static int take_hello(struct xfib_watch *watch, size_t length)
{
	uint8_t packet[sizeof(struct protocol_watch)];
	char message[PROTOCOL_MESSAGE];
	int err = connection__check_hello(watch->packet, length, message);

	if (err)
		return lose(watch, message);
	err = connection__send(watch->socket_fd, packet, protocol__write_watch(packet, &watch->filter));
	if (err)
		return lose(watch, strerror(-err));
	watch->state = STATE_ASKING;
	return 0;
}

static void tell_resync(struct xfib_route_event *ret_event)
{
	*ret_event = (struct xfib_route_event){ .type = XFIB_ROUTE_RESYNC };
}

/* 0: it watches again, and whatever happened meanwhile is to be looked for. */
static int take_answer(struct xfib_watch *watch, size_t length, struct xfib_route_event *ret_event)
{
	struct protocol_result result;

	if (protocol__read_result(watch->packet, length, &result))
		return lose(watch, "xfibd sent what is no answer");
	if (result.err)
		return lose(watch, result.message);
	watch->state = STATE_WATCHING;
	watch->retry_ms = RETRY_MS;
	tell_resync(ret_event);
	return 0;
}

/* ---- events ---- */

static int take_events(struct xfib_watch *watch, size_t length, struct xfib_route_event *ret_event)
{
	if (!protocol__read_resync(watch->packet, length)) {
		tell_resync(ret_event);
		return 0;
	}
	if (protocol__read_events(watch->packet, length, &watch->reader))
		return lose(watch, "xfibd sent what is no event");
	protocol_reader__next_event(&watch->reader, ret_event);
	if (watch->reader.left)
		set_more(watch, true);
	return 0;
}

/* The next packet is taken. 0: it gave an event; 1: it gave none, go on. */
static int take_packet(struct xfib_watch *watch, struct xfib_route_event *ret_event)
{
	size_t length;
	int err = connection__receive(watch->socket_fd, watch->packet, sizeof(watch->packet), MSG_DONTWAIT, &length);

	if (err == -EAGAIN)
		return error__set(err, "watching routes: no event yet");
	if (err)
		return lose(watch, "xfibd has ended, or closed the connection");
	if (watch->state == STATE_WATCHING)
		return take_events(watch, length, ret_event);
	if (watch->state == STATE_ASKING)
		return take_answer(watch, length, ret_event);
	err = take_hello(watch, length);
	return err ? err : 1;
}

XFIB_PUBLIC int xfib_watch__next(struct xfib_watch *watch, struct xfib_route_event *ret_event)
{
	int err = 0;

	if (watch->queue) {
		private_copy__lock(watch->instance); /* after fork(), events come when the copy follows the kernel again */
		private_copy__unlock(watch->instance);
		err = watch_queue__pop(watch->queue, ret_event);
		return err ? error__set(err, "watching routes: no event yet") : 0;
	}
	if (watch->pid != getpid())
		err = renew(watch);
	if (err)
		return err;
	if (protocol_reader__next_event(&watch->reader, ret_event)) {
		if (!watch->reader.left)
			set_more(watch, false);
		return 0;
	}
	do {
		if (watch->state == STATE_WAITING)
			err = reconnect(watch);
		if (!err)
			err = take_packet(watch, ret_event);
	} while (err > 0 && !(err = 0));
	return err;
}

XFIB_PUBLIC int xfib_watch__fd(const struct xfib_watch *watch)
{
	return watch->queue ? watch_queue__fd(watch->queue) : watch->epoll_fd;
}

/* ---- beginning and end ---- */

static int watch_queued(struct xfib_watch *watch)
{
	int err;

	if (!watch->instance->ops)
		return error__set(-EOPNOTSUPP, "the routes of a %s cannot be watched",
				  xfib_backend__name(watch->instance->backend));
	err = watch_queue__new(&watch->filter, &watch->queue);
	if (err)
		return error__set(err, "watching routes: %s", strerror(-err));
	err = watch->instance->ops->watch(watch->instance, watch->queue);
	if (!err)
		return 0;
	watch_queue__free(watch->queue);
	watch->queue = NULL;
	return err;
}

/* Connects and has the daemon watch, and waits for its answers. */
static int watch_daemon(struct xfib_watch *watch)
{
	uint8_t packet[sizeof(struct protocol_watch)];
	char message[PROTOCOL_MESSAGE];
	struct protocol_result result;
	int err;

	memcpy(watch->path, client__path(watch->instance->client), sizeof(watch->path));
	if (!*watch->path)
		return error__set(-ENAMETOOLONG, "watching routes: the path of xfibd's socket, which follows from the pin "
				  "directory, is too long: set XFIB_SOCKET");
	watch->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	err = open_descriptors(watch);
	if (err)
		return error__set(err, "watching routes: %s", strerror(-err));
	err = connection__open(watch->path, message, &watch->socket_fd);
	if (err)
		return error__set(err, "watching routes: %s", message);
	err = connection__send(watch->socket_fd, packet, protocol__write_watch(packet, &watch->filter));
	if (err)
		return error__set(err, "watching routes: %s", strerror(-err));
	err = connection__read_result(watch->socket_fd, &result, message);
	if (err)
		return error__set(err, "watching routes: %s", message);
	watch->state = STATE_WATCHING;
	err = add_fd(watch->epoll_fd, watch->socket_fd);
	return err ? error__set(err, "watching routes: %s", strerror(-err)) : 0;
}

/* What a filter may say, so that the daemon takes it. */
static int check_filter(const struct xfib_route_filter *filter)
{
	if (filter->size != sizeof(*filter))
		return error__set(-EINVAL, "watching routes: size %zu of the filter is not known", filter->size);
	if (filter->family && filter->family != AF_INET && filter->family != AF_INET6)
		return error__set(-EINVAL, "watching routes: family %u: AF_INET, AF_INET6 or 0 is expected",
				  filter->family);
	if (filter->protocol > 255)
		return error__set(-EINVAL, "watching routes: protocol %u: at most 255 is possible", filter->protocol);
	return 0;
}

XFIB_PUBLIC int xfib_watch__open(const struct xfib *instance, const struct xfib_route_filter *filter,
				 struct xfib_watch **ret_watch)
{
	struct xfib_watch *watch;
	int err = filter ? check_filter(filter) : 0;

	if (err)
		return err;
	watch = calloc(1, sizeof(*watch));
	if (!watch)
		return error__set(-ENOMEM, "out of memory");
	watch->instance = instance;
	watch->epoll_fd = watch->socket_fd = watch->timer_fd = watch->more_fd = -1;
	watch->retry_ms = RETRY_MS;
	if (filter)
		watch->filter = *filter;
	err = instance->client ? watch_daemon(watch) : watch_queued(watch);
	if (err) {
		xfib_watch__close(watch);
		return err;
	}
	*ret_watch = watch;
	return 0;
}

XFIB_PUBLIC void xfib_watch__close(struct xfib_watch *watch)
{
	if (!watch)
		return;
	if (watch->queue)
		watch->instance->ops->unwatch(watch->instance, watch->queue);
	watch_queue__free(watch->queue);
	close_fd(&watch->socket_fd);
	close_fd(&watch->timer_fd);
	close_fd(&watch->more_fd);
	close_fd(&watch->epoll_fd);
	free(watch);
}
