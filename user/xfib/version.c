// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* xfib --version: the version, and where answers come from here. */
#include <stdio.h>

#include "command.h"
#include "format.h"

static void print_text(const struct xfib_description *description)
{
	if (description->backend == XFIB_BACKEND_MAPS)
		printf("backend maps at %s (%s), daemon pid %u\n", description->pin,
		       description->mapped ? "mapped" : "read by system calls", description->pid);
	else
		printf("backend %s: %s\n", xfib_backend__name(description->backend),
		       description->fallback[0] ? description->fallback : "asked for");
}

static void print_json(const struct xfib_description *description)
{
	json_t *object = json_object();

	json_set_text(object, "version", xfib_version());
	json_set_text(object, "backend", xfib_backend__name(description->backend));
	if (description->backend == XFIB_BACKEND_MAPS) {
		json_object_set_new(object, "pin", json_string(description->pin));
		json_object_set_new(object, "mapped", json_boolean(description->mapped));
		json_object_set_new(object, "pid", json_integer(description->pid));
	} else {
		json_object_set_new(object, "reason", json_string(description->fallback));
	}
	print_element(0, object);
	print_end(1);
}

int print_version(void)
{
	struct xfib_description description = { .size = sizeof(description) };
	struct xfib *instance;
	int status;

	if (!options.json)
		printf("xfib %s\n", xfib_version());
	status = open_instance(&instance);
	if (status)
		return status;
	if (xfib_instance__describe(instance, &description))
		status = fail(STATUS_FAILED, "%s", xfib_error__last());
	else if (options.json)
		print_json(&description);
	else
		print_text(&description);
	xfib_instance__close(instance);
	return status ? status : finish_output();
}
