/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Which routes a command is for, and those routes in the order of `ip route show`. */
#ifndef XFIB_PATHS_H
#define XFIB_PATHS_H

#include <stdbool.h>
#include <stddef.h>
#include <xfib/xfib.h>

/* What the words [PREFIX] [table N|all] [dev DEV] [proto P] select. */
struct selection {
	struct xfib_route_filter filter; /* table main unless `has_table` */
	bool has_prefix, has_table;
	uint8_t prefix[16], prefix_length;
};

/* Takes the words; `command` is named where they are wrong. A status. */
int selection__parse(const char *command, int argc, char **argv, struct selection *ret_selection);

/* Is a route that the filter let through one of them? */
bool selection__takes(const struct selection *selection, const struct xfib_route *route);

struct path {
	struct xfib_route route;
	struct xfib_nexthop nexthop;
	uint32_t id, rank;
	bool follows; /* another path's `next` */
};

/* Paths of one route follow one another. */
struct paths {
	struct path *path;
	size_t count, room;
};

/* All paths that are selected, but for the device. A status. */
int paths__collect(const struct xfib *instance, const struct selection *selection, struct paths *ret_paths);

/* The first path of the next route of which a path leaves by the selected device, and how many it has. NULL: no more. */
const struct path *paths__next(const struct paths *paths, const struct selection *selection, size_t *at, size_t *ret_count);

void paths__free(struct paths *paths);

/* The spec by which this route, and no other, is deleted. `ret_paths` has room for its `count` paths. */
void paths__spec(const struct path *path, size_t count, struct xfib_route_spec *ret_spec, struct xfib_path_spec *ret_paths);

#endif
