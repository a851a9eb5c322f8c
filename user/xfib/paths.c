// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * The routes of an instance, or some of them, in the order of `ip route show`.
 *
 * The walk gives paths in order of their slots. They are sorted by prefix, and
 * within a prefix by their rank: their place in the chain that `next` makes.
 * The paths of one multipath route follow its first one there.
 */
#include "paths.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "command.h"
#include "route_words.h"

/* ---- selections ---- */

int selection__parse(const char *command, int argc, char **argv, struct selection *ret_selection)
{
	struct selection selection = { .filter = { .size = sizeof(selection.filter), .family = options.family } };
	struct xfib_route_filter *filter = &selection.filter;

	for (int i = 0; i < argc; i++) {
		const char *word = argv[i], *value;
		int status = STATUS_DONE;

		if (!strcmp(word, "table") || !strcmp(word, "dev") || !strcmp(word, "proto")) {
			value = argument(word, &i, argc, argv);
			if (!value)
				return STATUS_USAGE;
			selection.has_table |= word[0] == 't';
			if (word[0] == 'd')
				status = parse_device(value, &filter->ifindex);
			else if (word[0] == 'p')
				status = parse_protocol(value, &filter->protocol);
			else if (!strcmp(value, "all"))
				filter->table = 0;
			else
				status = parse_table(value, &filter->table);
		} else if (!selection.has_prefix) {
			status = parse_prefix(word, &filter->family, selection.prefix, &selection.prefix_length);
			selection.has_prefix = true;
		} else {
			return fail(STATUS_USAGE, "%s: unknown word '%s': known are table, dev, proto", command, word);
		}
		if (status)
			return status;
	}
	if (!selection.has_table)
		filter->table = XFIB_TABLE_MAIN;
	*ret_selection = selection;
	return STATUS_DONE;
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

/* ---- collecting ---- */

bool selection__takes(const struct selection *selection, const struct xfib_route *route)
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

void paths__free(struct paths *paths)
{
	free(paths->path);
	*paths = (struct paths){ 0 };
}

int paths__collect(const struct xfib *instance, const struct selection *selection, struct paths *ret_paths)
{
	struct xfib_route_filter filter = selection->filter;
	struct paths paths = { 0 };
	struct path path = { 0 };
	struct xfib_route_iter *iter;
	int status = STATUS_DONE;

	filter.ifindex = 0; /* a multipath route is shown whole if one of its paths matches */
	if (xfib_route_iter__new(instance, &filter, &iter))
		return fail(STATUS_FAILED, "%s", xfib_error__last());
	while (!status && xfib_route_iter__next(iter, &path.route, &path.nexthop)) {
		path.id = xfib_route_iter__id(iter);
		if (selection__takes(selection, &path.route))
			status = add(&paths, &path);
	}
	xfib_route_iter__free(iter);
	if (status) {
		paths__free(&paths);
		return status;
	}
	sort(&paths);
	*ret_paths = paths;
	return STATUS_DONE;
}

/* ---- routes ---- */

/* How many paths the route has that begins here. */
static size_t paths_of(const struct paths *paths, size_t first)
{
	size_t count = 1;

	while (first + count < paths->count && paths->path[first + count].route.flags & XFIB_ROUTE_MEMBER)
		count++;
	return count;
}

static bool leaves_by(const struct path *path, size_t count, uint32_t ifindex)
{
	for (size_t i = 0; i < count; i++) {
		if (!ifindex || path[i].nexthop.ifindex == ifindex)
			return true;
	}
	return false;
}

const struct path *paths__next(const struct paths *paths, const struct selection *selection, size_t *at, size_t *ret_count)
{
	while (*at < paths->count) {
		const struct path *path = &paths->path[*at];
		size_t count = paths_of(paths, *at);

		*at += count;
		if (leaves_by(path, count, selection->filter.ifindex)) {
			*ret_count = count;
			return path;
		}
	}
	return NULL;
}

/*
 * A route by a next hop object has the paths of the object, which the kernel
 * does not compare: it is named without them.
 */
void paths__spec(const struct path *path, size_t count, struct xfib_route_spec *ret_spec, struct xfib_path_spec *ret_paths)
{
	const struct xfib_route *route = &path->route;

	xfib_route_spec__from(route, &path->nexthop, ret_spec, ret_paths);
	/* They are written as they were, not named by what runs down or is no part of what they are. */
	ret_spec->preference = ret_spec->mtu = ret_spec->lifetime = 0;
	ret_spec->path_count = 0;
	if (!route_type_is_dead_end(route->type) && !(route->flags & XFIB_ROUTE_NEXTHOP_OBJECT))
		ret_spec->path_count = (uint32_t)count;
	for (uint32_t i = 0; i < ret_spec->path_count; i++)
		xfib_path_spec__from(&path[i].route, &path[i].nexthop, &ret_paths[i]);
}
