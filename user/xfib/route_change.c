// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* xfib route add, replace, append, del, flush. */
#include "route.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "device.h"
#include "format.h"
#include "paths.h"
#include "route_words.h"

#define FLUSHES 5 /* attempts, while others delete routes of the selection */

/* ---- one route ---- */

static int check_family(const char *command, const struct xfib_route_spec *spec)
{
	char text[TEXT_SIZE];

	if (!options.family || options.family == spec->family)
		return STATUS_DONE;
	format_prefix(text, spec->family, spec->prefix, (uint8_t)spec->prefix_length);
	return fail(STATUS_USAGE, "%s: '%s' is no %s prefix", command, text, options.family == AF_INET ? "IPv4" : "IPv6");
}

static int parse_route(const char *command, bool any, int argc, char **argv, struct route_words *ret_route)
{
	struct devices devices = { 0 };
	struct route_words_options words = {
		.family = options.family,
		.any = any,
		.device = devices__find,
		.data = &devices,
	};
	struct why why;

	if (!argc)
		return fail(STATUS_USAGE, "%s: no prefix: xfib %s [TYPE] PREFIX [via GW] [dev DEV] [table N] ...", command,
			    command);
	if (route_words__begin(&words, argc, argv, ret_route, &why) || route_words__finish(&words, ret_route, &why))
		return fail(devices.missed ? STATUS_FAILED : STATUS_USAGE, "%s: %s", command, why.text);
	return check_family(command, &ret_route->spec);
}

static int change(const char *command, enum xfib_change what, int argc, char **argv)
{
	static struct route_words route;
	struct xfib *instance;
	int status = parse_route(command, what == XFIB_DELETE, argc, argv, &route);

	if (!status)
		status = open_for_changes(&instance);
	if (status)
		return status;
	if (xfib_route__change(instance, what, &route.spec))
		status = fail(STATUS_FAILED, "%s: %s", command, xfib_error__last());
	xfib_instance__close(instance);
	return status;
}

int route_add(int argc, char **argv)
{
	return change("route add", XFIB_ADD, argc, argv);
}

int route_replace(int argc, char **argv)
{
	return change("route replace", XFIB_REPLACE, argc, argv);
}

int route_append(int argc, char **argv)
{
	return change("route append", XFIB_APPEND, argc, argv);
}

int route_del(int argc, char **argv)
{
	return change("route del", XFIB_DELETE, argc, argv);
}

/* ---- flush ---- */

/* Notes the deletion of each selected route. */
static int note_deletions(const struct paths *paths, const struct selection *selection, struct xfib_transaction *transaction)
{
	struct xfib_path_spec *room = calloc(ROUTE_PATHS, sizeof(*room));
	struct xfib_route_spec spec;
	const struct path *path;
	size_t at = 0, count;
	int status = STATUS_DONE;

	if (!room)
		return fail(STATUS_FAILED, "route flush: out of memory");
	while (!status && (path = paths__next(paths, selection, &at, &count))) {
		paths__spec(path, count < ROUTE_PATHS ? count : ROUTE_PATHS, &spec, room);
		if (xfib_transaction__add(transaction, XFIB_DELETE, &spec))
			status = fail(STATUS_FAILED, "route flush: %s", xfib_error__last());
	}
	free(room);
	return status;
}

/* One attempt. *ret_again: a route has gone in the meantime, and with it the transaction. */
static int flush(const struct xfib *instance, const struct selection *selection, bool *ret_again)
{
	struct xfib_transaction *transaction;
	struct paths paths;
	int status = paths__collect(instance, selection, &paths), err;

	if (status)
		return status;
	if (xfib_transaction__new(instance, &transaction)) {
		paths__free(&paths);
		return fail(STATUS_FAILED, "route flush: %s", xfib_error__last());
	}
	status = note_deletions(&paths, selection, transaction);
	paths__free(&paths);
	err = status || !xfib_transaction__count(transaction) ? 0 : xfib_transaction__commit(transaction, NULL);
	*ret_again = err == -ENOENT;
	if (err && !*ret_again)
		status = fail(STATUS_FAILED, "route flush: %s", xfib_error__last());
	xfib_transaction__free(transaction);
	return status;
}

int route_flush(int argc, char **argv)
{
	struct selection selection;
	struct xfib *instance;
	bool again = true;
	int status;

	if (!argc)
		return fail(STATUS_USAGE, "route flush: which routes? All of table main: xfib route flush table main");
	status = selection__parse("route flush", argc, argv, &selection);
	if (!status)
		status = open_for_changes(&instance);
	if (status)
		return status;
	for (int i = 0; !status && again && i < FLUSHES; i++)
		status = flush(instance, &selection, &again);
	if (!status && again)
		status = fail(STATUS_FAILED, "route flush: the routes change all the time: nothing was changed");
	xfib_instance__close(instance);
	return status;
}
