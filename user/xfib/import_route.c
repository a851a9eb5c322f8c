// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Lines of `ip route show`. A multipath route is one line, or one for the
 * route and one for each path, which begin with a blank and "nexthop": so a
 * route is complete when the next line is none of those, or at the end. A line of
 * one word may be the first of such a route, or of a list of prefixes.
 */
#include <errno.h>
#include <string.h>

#include "import_private.h"

int import_route__flush(struct import *import)
{
	struct route_words_options options = import->route_options;
	struct why why;
	int err;

	import->route_bad = false;
	if (!import->route_pending)
		return 0;
	import->route_pending = false;
	options.shown = !import->route_alone;
	err = route_words__finish(&options, &import->route, &why);
	if (!err)
		err = import__deliver(import, import->route_place, &import->route.spec, import->route.path, &why);
	return err == -EINVAL ? import__complain(import, import->route_place, import->route_quote, why.text) : err;
}

/* A line of a path. What has been said of the route counts for nothing if one of its paths is bad. */
static int take_path(struct import *import, int count, struct why *ret_why)
{
	int err;

	if (import->route_bad)
		return 0;
	if (!import->route_pending)
		return why__set(ret_why, "a next hop without a route before it");
	import->route_alone = false;
	err = route_words__continue(&import->route_options, count, import->words, &import->route, ret_why);
	import->route_bad = err;
	import->route_pending = !err;
	return err;
}

int import_route__line(struct import *import, int count, bool continues, const char *quote, struct why *ret_why)
{
	int err;

	if (continues && !strcmp(import->words[0], "nexthop"))
		return take_path(import, count, ret_why);
	err = import_route__flush(import);
	if (err)
		return err;
	err = route_words__begin(&import->route_options, count, import->words, &import->route, ret_why);
	import->route_bad = err;
	import->route_pending = !err;
	import->route_place = import->place;
	import->route_alone = count == 1 && import->options.format == IMPORT_AUTO;
	strcpy(import->route_quote, quote);
	return err;
}
