/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* A route as text and as JSON, with the words and keys of `ip route show`. */
#ifndef XFIB_ROUTE_PRINT_H
#define XFIB_ROUTE_PRINT_H

#include <jansson.h>

#include "paths.h"

/* Prints a route with its paths: one line, and one more for each of several paths. */
void route_print__text(const struct path *path, size_t count);

/* The same as an object. */
json_t *route_print__object(const struct path *path, size_t count);

/*
 * The name of a device, "if7" if it has none any more; NULL for index 0. Names
 * are asked for once: for commands that print and end.
 */
const char *route_print__device(uint32_t ifindex);

#endif
