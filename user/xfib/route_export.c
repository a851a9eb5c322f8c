// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * xfib route export: lines that `xfib route import` reads back, a route a
 * line, with all that makes it the route it is and nothing about its state.
 * What the kernel would choose by itself (scope) is said, so that the same
 * route comes of it anywhere.
 */
#include "route.h"

#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "command.h"
#include "format.h"
#include "paths.h"
#include "route_print.h"
#include "route_words.h"

#define ROUTE_TEXT 512 /* room for a route without its paths, and for one path */

static char *append(char *text, const char *word, const char *value)
{
	*text++ = ' ';
	text = format_string(text, word);
	*text++ = ' ';
	return format_string(text, value);
}

static char *append_number(char *text, const char *word, uint32_t number)
{
	char value[TEXT_SIZE];

	format_number(value, number);
	return append(text, word, value);
}

/* Types that lead nowhere have a path in the maps, but none in words. */
static void print_path(const struct path *path)
{
	const struct xfib_nexthop *nexthop = &path->nexthop;
	const char *device = route_print__device(nexthop->ifindex);
	char line[ROUTE_TEXT], *text = line;

	if (route_type_is_dead_end(path->route.type))
		return;
	*text = '\0';
	if (nexthop->gateway_family) {
		*text++ = ' ';
		text = format_string(text, via_word(path->route.family, nexthop));
		text = format_address(text, nexthop->gateway_family, nexthop->gateway);
	}
	if (device)
		text = append(text, "dev", device);
	if (nexthop->flags & XFIB_NEXTHOP_ONLINK)
		text = format_string(text, " onlink");
	fputs_unlocked(line, stdout);
}

/* Where the scope is not said, the kernel takes link for what is on-link, host for local addresses, else global. */
static bool scope_matters(const struct path *path)
{
	const struct xfib_route *route = &path->route;

	if (route->family != AF_INET)
		return false;
	return route->scope || !(route_type_is_dead_end(route->type) || path->nexthop.gateway_family);
}

static char *append_attributes(char *text, const struct path *path)
{
	const struct xfib_route *route = &path->route;
	static const uint8_t zero[16];
	char value[TEXT_SIZE];

	format_table(value, route->table);
	text = append(text, "table", value);
	format_protocol(value, route->protocol);
	text = append(text, "proto", value);
	if (scope_matters(path)) {
		format_scope(value, route->scope);
		text = append(text, "scope", value);
	}
	if (memcmp(path->nexthop.source, zero, sizeof(zero))) {
		format_address(value, route->family, path->nexthop.source);
		text = append(text, "src", value);
	}
	if (route->tos)
		text = append_number(text, "tos", route->tos);
	if (route->metric)
		text = append_number(text, "metric", route->metric);
	if (path->nexthop.route_mtu)
		text = append_number(text, "mtu", path->nexthop.route_mtu);
	if (route->family == AF_INET6 && route->preference)
		text = append(text, "pref", preference_name(route->preference));
	return text;
}

/* `default` would not say of which family it is. */
static char *format_head(char *text, const struct xfib_route *route)
{
	if (route->type != XFIB_ROUTE_UNICAST) {
		text = format_string(text, xfib_route_type__name(route->type));
		*text++ = ' ';
	}
	return format_prefix(text, route->family, route->prefix, route->prefix_length);
}

/* `now` in seconds of CLOCK_MONOTONIC. One whose lifetime is over is none any more. */
static void export_route(const struct path *path, size_t count, uint32_t now)
{
	const struct xfib_route *route = &path->route;
	bool expires = route->flags & XFIB_ROUTE_EXPIRES;
	char line[ROUTE_TEXT], *text;

	if (expires && route->expires <= now)
		return;
	format_head(line, route);
	fputs_unlocked(line, stdout);
	if (count == 1)
		print_path(path);
	text = append_attributes(line, path);
	if (expires)
		append_number(text, "expires", route->expires - now);
	fputs_unlocked(line, stdout);
	for (size_t i = 0; count > 1 && i < count; i++) {
		fputs_unlocked(" nexthop", stdout);
		print_path(&path[i]);
		printf(" weight %u", path[i].route.weight ? path[i].route.weight : 1);
	}
	putchar_unlocked('\n');
}

static int export_all(const struct paths *paths, const struct selection *selection)
{
	const struct path *path;
	struct timespec now;
	size_t at = 0, count;

	clock_gettime(CLOCK_MONOTONIC, &now);
	while ((path = paths__next(paths, selection, &at, &count)) && !ferror(stdout))
		export_route(path, count, (uint32_t)now.tv_sec);
	return finish_output();
}

int route_export(int argc, char **argv)
{
	struct selection selection;
	struct paths paths;
	struct xfib *instance;
	int status = selection__parse("route export", argc, argv, &selection);

	if (!status && options.json)
		status = fail(STATUS_USAGE, "route export: has lines only, no JSON: 'xfib -j route show' has that");
	if (!status)
		status = open_instance(&instance);
	if (status)
		return status;
	status = paths__collect(instance, &selection, &paths);
	xfib_instance__close(instance);
	if (status)
		return status;
	status = export_all(&paths, &selection);
	paths__free(&paths);
	return status;
}
