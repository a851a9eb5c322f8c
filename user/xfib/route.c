// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* xfib route: its verbs. `show`: what the RIB holds, in the order and with the words of `ip route show`. */
#include "route.h"

#include <string.h>

#include "command.h"
#include "paths.h"
#include "route_print.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} verbs[] = {
	{ "show", route_show },	    { "add", route_add },     { "replace", route_replace }, { "append", route_append },
	{ "del", route_del },	    { "flush", route_flush }, { "import", route_import },   { "export", route_export },
};

int route_show(int argc, char **argv)
{
	struct selection selection;
	const struct path *path;
	struct paths paths;
	struct xfib *instance;
	size_t at = 0, count, printed = 0;
	int status = selection__parse("route show", argc, argv, &selection);

	if (!status)
		status = open_instance(&instance);
	if (status)
		return status;
	status = paths__collect(instance, &selection, &paths);
	xfib_instance__close(instance);
	if (status)
		return status;
	while ((path = paths__next(&paths, &selection, &at, &count))) {
		if (options.json)
			print_element(printed++, route_print__object(path, count));
		else
			route_print__text(path, count);
	}
	if (options.json)
		print_end(printed);
	paths__free(&paths);
	return STATUS_DONE;
}

int command_route(int argc, char **argv)
{
	char known[128] = "";

	if (!argc)
		return route_show(0, NULL);
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (!strcmp(argv[0], verbs[i].name))
			return verbs[i].run(argc - 1, argv + 1);
		strcat(strcat(known, i ? ", " : ""), verbs[i].name);
	}
	return fail(STATUS_USAGE, "route: unknown word '%s': known are %s", argv[0], known);
}
