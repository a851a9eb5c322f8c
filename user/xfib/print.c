// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Errors and output. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

struct command_options options;

int fail(int status, const char *format, ...)
{
	char message[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	if (options.json) {
		/* Arguments may be any bytes, JSON only holds UTF-8. */
		json_t *text = json_string(message);
		json_t *error = json_pack("{s:o}", "error", text ? text : json_string("the arguments are not UTF-8"));

		json_dumpf(error, stderr, JSON_COMPACT);
		fputc('\n', stderr);
		json_decref(error);
	} else {
		fprintf(stderr, "xfib: %s\n", message);
	}
	return status;
}

const char *pin_directory(void)
{
	const char *variable = getenv("XFIB_PIN");

	if (options.pin)
		return options.pin;
	return variable && *variable ? variable : "/sys/fs/bpf/xfib";
}

int open_instance(struct xfib **ret_instance)
{
	struct xfib_open_opts opts = { .size = sizeof(opts), .pin = options.pin, .backend = options.backend };

	if (xfib_instance__open(&opts, ret_instance))
		return fail(STATUS_FAILED, "%s", xfib_error__last());
	return STATUS_DONE;
}

int open_maps(const char *command, const char *what, struct xfib **ret_instance)
{
	struct xfib_open_opts opts = { .size = sizeof(opts), .pin = pin_directory(), .backend = XFIB_BACKEND_MAPS };

	if (options.backend == XFIB_BACKEND_PRIVATE)
		return fail(STATUS_USAGE, "%s: a private copy does not have %s: leave out --backend private", command, what);
	if (xfib_instance__open(&opts, ret_instance))
		return fail(STATUS_FAILED, "%s: it needs %s of the pinned maps: %s", command, what, xfib_error__last());
	return STATUS_DONE;
}

static void note(const char *message)
{
	if (options.json) {
		json_t *object = json_pack("{s:s}", "note", message);

		json_dumpf(object, stderr, JSON_COMPACT);
		fputc('\n', stderr);
		json_decref(object);
	} else {
		fprintf(stderr, "xfib: note: %s\n", message);
	}
}

int open_for_changes(struct xfib **ret_instance)
{
	struct xfib_description description = { .size = sizeof(description) };
	char message[512];
	int status = open_instance(ret_instance);

	if (status || xfib_instance__describe(*ret_instance, &description) || !description.fallback[0])
		return status;
	snprintf(message, sizeof(message), "%s; until then every table is the kernel's, and is changed there", description.fallback);
	note(message);
	return status;
}

int finish_output(void)
{
	static bool reported;
	int failed = ferror(stdout);

	errno = 0;
	if ((fflush(stdout) || failed) && !reported) {
		reported = true;
		return fail(STATUS_FAILED, "writing to standard output: %s", errno ? strerror(errno) : "failed");
	}
	return reported ? STATUS_FAILED : STATUS_DONE;
}

void print_element(size_t printed, json_t *element)
{
	fputs(printed ? ",\n" : "[", stdout);
	json_dumpf(element, stdout, options.pretty ? JSON_INDENT(4) : JSON_COMPACT);
	json_decref(element);
}

void print_element_text(size_t printed, const char *element)
{
	if (options.pretty) {
		print_element(printed, json_loads(element, 0, NULL));
		return;
	}
	fputs_unlocked(printed ? ",\n" : "[", stdout);
	fputs_unlocked(element, stdout);
}

void print_end(size_t printed)
{
	puts(printed ? "]" : "[]");
}
