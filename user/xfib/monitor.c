// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * xfib monitor: routes as they change, a line each, in the manner of
 * `ip monitor route`. Whatever is there is printed before it waits again.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "format.h"
#include "paths.h"
#include "route_print.h"

static volatile sig_atomic_t ended;

static void end(int number)
{
	(void)number;
	ended = 1;
}

/* Signals arrive while it waits, and only then, so that none is missed. */
static void prepare_signals(sigset_t *ret_waiting)
{
	struct sigaction action = { .sa_handler = end };
	sigset_t blocked;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGINT);
	sigaddset(&blocked, SIGTERM);
	sigprocmask(SIG_BLOCK, &blocked, ret_waiting);
	sigdelset(ret_waiting, SIGINT);
	sigdelset(ret_waiting, SIGTERM);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

/* ---- one event ---- */

static const char *name_of(uint32_t type)
{
	static const char *const names[] = {
		[XFIB_ROUTE_ADDED] = "added",
		[XFIB_ROUTE_CHANGED] = "changed",
		[XFIB_ROUTE_DELETED] = "deleted",
		[XFIB_ROUTE_RESYNC] = "resync",
	};

	return type && type < sizeof(names) / sizeof(names[0]) ? names[type] : "unknown";
}

static void print_json(const struct xfib_route_event *event)
{
	struct path path = { .route = event->route, .nexthop = event->nexthop };
	json_t *object = event->type == XFIB_ROUTE_RESYNC ? json_object() : route_print__object(&path, 1);

	json_set_text(object, "event", name_of(event->type));
	if (event->type != XFIB_ROUTE_RESYNC) {
		json_object_set_new(object, "own", json_boolean(event->own));
		if (event->route.weight > 1)
			json_object_set_new(object, "weight", json_integer(event->route.weight));
	}
	json_dumpf(object, stdout, options.pretty ? JSON_INDENT(4) : JSON_COMPACT);
	putchar('\n');
	json_decref(object);
}

static void print_text(const struct xfib_route_event *event)
{
	struct path path = { .route = event->route, .nexthop = event->nexthop };

	if (event->type == XFIB_ROUTE_RESYNC) {
		puts("resync: some changes were lost, look at everything anew");
		return;
	}
	if (event->type == XFIB_ROUTE_DELETED)
		fputs("Deleted ", stdout);
	else if (event->type == XFIB_ROUTE_CHANGED)
		fputs("Changed ", stdout);
	if (event->own)
		fputs("[own] ", stdout);
	route_print__text(&path, 1);
}

static void print_event(const struct selection *selection, const struct xfib_route_event *event)
{
	if (event->type != XFIB_ROUTE_RESYNC && !selection__takes(selection, &event->route))
		return;
	if (options.json)
		print_json(event);
	else
		print_text(event);
}

/* ---- the command ---- */

/* Everything that is there. */
static int print_batch(struct xfib_watch *watch, const struct selection *selection)
{
	struct xfib_route_event event;
	int err;

	while (!(err = xfib_watch__next(watch, &event)))
		print_event(selection, &event);
	if (err != -EAGAIN)
		return fail(STATUS_FAILED, "monitor: %s", xfib_error__last());
	return finish_output();
}

static int follow(struct xfib_watch *watch, const struct selection *selection, const sigset_t *waiting)
{
	struct pollfd wait = { .fd = xfib_watch__fd(watch), .events = POLLIN };
	int status = print_batch(watch, selection);

	while (!status && !ended) {
		if (ppoll(&wait, 1, NULL, waiting) >= 0)
			status = print_batch(watch, selection);
		else if (errno != EINTR)
			status = fail(STATUS_FAILED, "monitor: waiting: %s", strerror(errno));
	}
	return status;
}

int command_monitor(int argc, char **argv)
{
	struct selection selection;
	struct xfib_watch *watch;
	struct xfib *instance;
	sigset_t waiting;
	int status = selection__parse("monitor", argc, argv, &selection);

	prepare_signals(&waiting);
	if (!status)
		status = open_instance(&instance);
	if (status)
		return status;
	if (xfib_watch__open(instance, &selection.filter, &watch)) {
		status = fail(STATUS_FAILED, "monitor: %s", xfib_error__last());
	} else {
		status = follow(watch, &selection, &waiting);
		xfib_watch__close(watch);
	}
	xfib_instance__close(instance);
	return status;
}
