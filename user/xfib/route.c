// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * xfib route show: what the RIB holds, in the order and with the words of
 * `ip route show`.
 *
 * The walk gives paths in order of their slots. They are sorted by prefix, and
 * within a prefix by their rank: their place in the chain that `next` makes.
 * The paths of one multipath route follow its first one there.
 */
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "command.h"

struct path {
	struct xfib_route route;
	struct xfib_nexthop nexthop;
	uint32_t id, rank;
	bool follows; /* another path's `next` */
};

struct paths {
	struct path *path;
	size_t count, room;
};

struct selection {
	struct xfib_route_filter filter;
	bool has_prefix;
	uint8_t prefix[16], prefix_length;
};

/* ---- collecting ---- */

static bool selected(const struct selection *selection, const struct xfib_route *route)
{
	return !selection->has_prefix || (route->prefix_length == selection->prefix_length &&
					  !memcmp(route->prefix, selection->prefix, sizeof(route->prefix)));
}

static int add(struct paths *paths, const struct path *path)
{
	if (paths->count == paths->room) {
		size_t room = paths->room ? paths->room * 2 : 256;
		struct path *grown = realloc(paths->path, room * sizeof(*grown));

		if (!grown)
			return fail(STATUS_FAILED, "out of memory after %zu routes", paths->count);
		paths->path = grown;
		paths->room = room;
	}
	paths->path[paths->count++] = *path;
	return STATUS_DONE;
}

static int collect(const struct xfib *instance, const struct selection *selection, struct paths *paths)
{
	struct xfib_route_filter filter = selection->filter;
	struct path path = { 0 };
	struct xfib_route_iter *iter;
	int status = STATUS_DONE;

	filter.ifindex = 0; /* a multipath route is shown whole if one of its paths matches */
	if (xfib_route_iter__new(instance, &filter, &iter))
		return fail(STATUS_FAILED, "%s", xfib_error__last());
	while (!status && xfib_route_iter__next(iter, &path.route, &path.nexthop)) {
		path.id = xfib_route_iter__id(iter);
		if (selected(selection, &path.route))
			status = add(paths, &path);
	}
	xfib_route_iter__free(iter);
	return status;
}

/* ---- order ---- */

static struct path *path_of(const struct paths *paths, uint32_t id)
{
	size_t low = 0, high = paths->count; /* still in order of slots */

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (paths->path[middle].id == id)
			return &paths->path[middle];
		if (paths->path[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* The next path of the same prefix. Chains that change during the walk may lead elsewhere: then they end. */
static struct path *next_of(const struct paths *paths, const struct path *path)
{
	struct path *next = path->route.next ? path_of(paths, path->route.next) : NULL;

	if (!next || next->rank || next->route.table != path->route.table || next->route.family != path->route.family ||
	    next->route.prefix_length != path->route.prefix_length ||
	    memcmp(next->route.prefix, path->route.prefix, sizeof(path->route.prefix)))
		return NULL;
	return next;
}

static int by_prefix(const void *left, const void *right)
{
	const struct path *a = left, *b = right;
	int order;

	if (a->route.family != b->route.family)
		return a->route.family < b->route.family ? -1 : 1;
	if (a->route.table != b->route.table)
		return a->route.table < b->route.table ? -1 : 1;
	order = memcmp(a->route.prefix, b->route.prefix, sizeof(a->route.prefix));
	if (order)
		return order;
	if (a->route.prefix_length != b->route.prefix_length)
		return a->route.prefix_length < b->route.prefix_length ? -1 : 1;
	return a->rank < b->rank ? -1 : a->rank > b->rank;
}

static void sort(struct paths *paths)
{
	for (size_t i = 0; i < paths->count; i++) {
		struct path *next = next_of(paths, &paths->path[i]);

		if (next)
			next->follows = true;
	}
	for (size_t i = 0; i < paths->count; i++) {
		uint32_t rank = 0;

		if (paths->path[i].follows)
			continue;
		for (struct path *path = &paths->path[i]; path; path = next_of(paths, path))
			path->rank = ++rank;
	}
	if (paths->count)
		qsort(paths->path, paths->count, sizeof(*paths->path), by_prefix);
}

/* How many paths the route has that begins here. */
static size_t paths_of(const struct paths *paths, size_t first)
{
	size_t count = 1;

	while (first + count < paths->count && paths->path[first + count].route.flags & XFIB_ROUTE_MEMBER)
		count++;
	return count;
}

/* RFC 4191 */
static const char *preference_of(const struct xfib_route *route)
{
	return route->preference == 1 ? "high" : route->preference == 3 ? "low" : "medium";
}

/* ---- text ---- */

/* As ip has it: "default", a host without its length. */
static char *format_destination(char *text, const struct xfib_route *route)
{
	if (!route->prefix_length)
		return format_string(text, "default");
	if (route->prefix_length == (route->family == AF_INET6 ? 128 : 32))
		return format_address(text, route->family, route->prefix);
	return format_prefix(text, route->family, route->prefix, route->prefix_length);
}

static const char *device_of(const struct xfib_nexthop *nexthop, char name[IF_NAMESIZE])
{
	if (!nexthop->ifindex)
		return NULL;
	if (!if_indextoname(nexthop->ifindex, name))
		snprintf(name, IF_NAMESIZE, "if%u", nexthop->ifindex);
	return name;
}

static void print_path(const struct path *path)
{
	const struct xfib_nexthop *nexthop = &path->nexthop;
	char text[TEXT_SIZE], name[IF_NAMESIZE];

	if (nexthop->gateway_family) {
		format_address(text, nexthop->gateway_family, nexthop->gateway);
		printf(" via %s%s", !is_via(path->route.family, nexthop) ? "" :
				    nexthop->gateway_family == AF_INET6 ? "inet6 " : "inet ", text);
	}
	if (device_of(nexthop, name))
		printf(" dev %s", name);
}

static void print_flags(const struct xfib_nexthop *nexthop)
{
	if (nexthop->flags & XFIB_NEXTHOP_DOWN)
		printf(" dead");
	if (nexthop->flags & XFIB_NEXTHOP_ONLINK)
		printf(" onlink");
}

static void print_route(const struct path *path, size_t count)
{
	static const uint8_t zero[16];
	const struct xfib_route *route = &path->route;
	char text[TEXT_SIZE];

	if (route->type != XFIB_ROUTE_UNICAST)
		printf("%s ", xfib_route_type__name(route->type));
	format_destination(text, route);
	fputs(text, stdout);
	if (count == 1)
		print_path(path);
	if (route->table != 254) {
		format_table(text, route->table);
		printf(" table %s", text);
	}
	if (route->protocol != RTPROT_BOOT) { /* as ip leaves it out */
		format_protocol(text, route->protocol);
		printf(" proto %s", text);
	}
	if (route->family == AF_INET && route->scope) {
		format_scope(text, route->scope);
		printf(" scope %s", text);
	}
	if (memcmp(path->nexthop.source, zero, sizeof(zero))) {
		format_address(text, route->family, path->nexthop.source);
		printf(" src %s", text);
	}
	if (route->tos)
		printf(" tos 0x%02x", route->tos);
	if (route->metric)
		printf(" metric %u", route->metric);
	if (path->nexthop.route_mtu)
		printf(" mtu %u", path->nexthop.route_mtu);
	if (route->family == AF_INET6)
		printf(" pref %s", preference_of(route));
	if (count == 1)
		print_flags(&path->nexthop);
	putchar('\n');
	for (size_t i = 0; count > 1 && i < count; i++) {
		printf("\tnexthop");
		print_path(&path[i]);
		printf(" weight %u", path[i].route.weight);
		print_flags(&path[i].nexthop);
		putchar('\n');
	}
}

/* ---- JSON ---- */

static json_t *flags_of(const struct xfib_nexthop *nexthop)
{
	json_t *flags = json_array();

	if (nexthop->flags & XFIB_NEXTHOP_DOWN)
		json_array_append_new(flags, json_string("dead"));
	if (nexthop->flags & XFIB_NEXTHOP_ONLINK)
		json_array_append_new(flags, json_string("onlink"));
	return flags;
}

static void set_path(json_t *object, const struct path *path)
{
	char name[IF_NAMESIZE];

	json_set_gateway(object, path->route.family, &path->nexthop);
	if (device_of(&path->nexthop, name))
		json_set_text(object, "dev", name);
}

static json_t *nexthops_of(const struct path *path, size_t count)
{
	json_t *nexthops = json_array();

	for (size_t i = 0; i < count; i++) {
		json_t *nexthop = json_object();

		set_path(nexthop, &path[i]);
		json_object_set_new(nexthop, "weight", json_integer(path[i].route.weight));
		json_object_set_new(nexthop, "flags", flags_of(&path[i].nexthop));
		json_array_append_new(nexthops, nexthop);
	}
	return nexthops;
}

static json_t *route_object(const struct path *path, size_t count)
{
	static const uint8_t zero[16];
	const struct xfib_route *route = &path->route;
	json_t *object = json_object();
	char text[TEXT_SIZE];

	if (route->type != XFIB_ROUTE_UNICAST)
		json_set_text(object, "type", xfib_route_type__name(route->type));
	format_destination(text, route);
	json_set_text(object, "dst", text);
	if (count == 1)
		set_path(object, path);
	format_table(text, route->table);
	json_set_text(object, "table", text);
	format_protocol(text, route->protocol);
	json_set_text(object, "protocol", text);
	if (route->family == AF_INET && route->scope) {
		format_scope(text, route->scope);
		json_set_text(object, "scope", text);
	}
	if (memcmp(path->nexthop.source, zero, sizeof(zero))) {
		format_address(text, route->family, path->nexthop.source);
		json_set_text(object, "prefsrc", text);
	}
	if (route->tos)
		json_object_set_new(object, "tos", json_integer(route->tos));
	if (route->metric)
		json_object_set_new(object, "metric", json_integer(route->metric));
	if (path->nexthop.route_mtu)
		json_object_set_new(object, "metrics", json_pack("[{s:I}]", "mtu", (json_int_t)path->nexthop.route_mtu));
	json_object_set_new(object, "flags", count == 1 ? flags_of(&path->nexthop) : json_array());
	if (count > 1)
		json_object_set_new(object, "nexthops", nexthops_of(path, count));
	if (route->family == AF_INET6)
		json_set_text(object, "pref", preference_of(route));
	return object;
}

/* ---- the command ---- */

static bool leaves_by(const struct path *path, size_t count, uint32_t ifindex)
{
	for (size_t i = 0; i < count; i++) {
		if (!ifindex || path[i].nexthop.ifindex == ifindex)
			return true;
	}
	return false;
}

static void print_all(const struct paths *paths, uint32_t ifindex)
{
	size_t count, printed = 0;

	for (size_t i = 0; i < paths->count; i += count) {
		const struct path *path = &paths->path[i];

		count = paths_of(paths, i);
		if (!leaves_by(path, count, ifindex))
			continue;
		if (options.json)
			print_element(printed++, route_object(path, count));
		else
			print_route(path, count);
	}
	if (options.json)
		print_end(printed);
}

static int parse_words(int argc, char **argv, struct selection *selection)
{
	struct xfib_route_filter *filter = &selection->filter;

	for (int i = 0; i < argc; i++) {
		const char *word = argv[i], *value;
		int status = STATUS_DONE;

		if (!strcmp(word, "table") || !strcmp(word, "dev") || !strcmp(word, "proto")) {
			value = argument(word, &i, argc, argv);
			if (!value)
				return STATUS_USAGE;
			if (word[0] == 'd')
				status = parse_device(value, &filter->ifindex);
			else if (word[0] == 'p')
				status = parse_protocol(value, &filter->protocol);
			else if (!strcmp(value, "all"))
				filter->table = 0;
			else
				status = parse_table(value, &filter->table);
		} else if (!selection->has_prefix) {
			status = parse_prefix(word, &filter->family, selection->prefix, &selection->prefix_length);
			selection->has_prefix = true;
		} else {
			return fail(STATUS_USAGE, "route show: unknown word '%s': known are table, dev, proto", word);
		}
		if (status)
			return status;
	}
	return STATUS_DONE;
}

int command_route(int argc, char **argv)
{
	struct selection selection = { .filter = { .size = sizeof(selection.filter), .family = options.family, .table = 254 } };
	struct paths paths = { 0 };
	struct xfib *instance;
	int status;

	if (argc && strcmp(argv[0], "show"))
		return fail(STATUS_USAGE, "route: unknown word '%s': known is show", argv[0]);
	status = parse_words(argc - 1, argv + 1, &selection);
	if (!status)
		status = open_instance(&instance);
	if (status)
		return status;
	status = collect(instance, &selection, &paths);
	if (!status) {
		sort(&paths);
		print_all(&paths, selection.filter.ifindex);
	}
	free(paths.path);
	xfib_instance__close(instance);
	return status;
}
