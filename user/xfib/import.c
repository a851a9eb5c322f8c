// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* The import's frame: which format it is, and what is common to all of them. See import.h. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "import_private.h"

int import__give_up(struct import *import, int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(import->error.text, sizeof(import->error.text), format, args);
	va_end(args);
	return err;
}

void import__quote(const char *line, char *ret_quote, size_t room)
{
	size_t length = strlen(line);

	for (size_t i = 0; i < room; i++) {
		char byte = i < length ? line[i] : '\0';

		ret_quote[i] = byte == '\t' ? ' ' : byte && (byte < ' ' || byte > '~') ? '?' : byte;
	}
	ret_quote[room - 1] = '\0';
	if (length >= room)
		strcpy(ret_quote + room - 4, "...");
}

int import__complain(struct import *import, uint64_t place, const char *quote, const char *why)
{
	char printable[WHY_SIZE];

	import__quote(why, printable, sizeof(printable)); /* it may quote more of the input */
	import->counts.bad++;
	return import->sink.bad(import->sink.data, place, quote, printable);
}

/* ---- routes ---- */

static void override(const struct import_options *options, struct xfib_route_spec *spec, struct xfib_path_spec *paths)
{
	if (options->table)
		spec->table = options->table;
	if (options->protocol)
		spec->protocol = options->protocol;
	if (options->has_metric)
		spec->metric = options->metric;
	if (route_type_is_dead_end(spec->type))
		return;
	if (options->path.gateway_family || !spec->path_count) {
		paths[0] = options->path;
		spec->path_count = options->path.gateway_family || options->path.ifindex;
	}
	for (uint32_t i = 0; options->path.ifindex && i < spec->path_count; i++)
		paths[i].ifindex = options->path.ifindex;
}

int import__deliver(struct import *import, uint64_t place, struct xfib_route_spec *spec, struct xfib_path_spec *paths,
		    struct why *ret_why)
{
	int err;

	if (import->options.family && spec->family != import->options.family) {
		import->counts.skipped++;
		return 0;
	}
	override(&import->options, spec, paths);
	if (!spec->path_count && !route_type_is_dead_end(spec->type))
		return why__set(ret_why, "no next hop: give one by via, dev");
	if (spec->family == AF_INET6 && spec->path_count && paths[0].gateway_family == AF_INET)
		return why__set(ret_why, "an IPv6 route cannot have an IPv4 gateway");
	spec->paths = paths;
	err = import->sink.route(import->sink.data, place, spec, ret_why);
	if (!err)
		*(spec->family == AF_INET ? &import->counts.routes4 : &import->counts.routes6) += 1;
	return err;
}

/* ---- formats ---- */

/*
 * Lines and records begin alike: what tells them apart is the first record's
 * type, two bytes of which the first is zero. The beginning is kept in `line`
 * until it is long enough.
 */
static int recognise(struct import *import, const char *memory, size_t length)
{
	char head[MRT_HEADER];
	size_t head_length;
	int err;

	if (import->line_length + length < MRT_HEADER) {
		memcpy(import->line + import->line_length, memory, length);
		import->line_length += length;
		return 0;
	}
	head_length = import->line_length;
	memcpy(head, import->line, head_length);
	memcpy(head + head_length, memory, MRT_HEADER - head_length);
	import->format = import_mrt__begins(head, sizeof(head)) ? IMPORT_MRT : IMPORT_ROUTE;
	import->line_length = 0;
	err = import__feed(import, head, head_length);
	return err ? err : import__feed(import, memory, length);
}

int import__feed(struct import *import, const void *memory, size_t length)
{
	switch (import->format) {
	case IMPORT_AUTO:
		return recognise(import, memory, length);
	case IMPORT_MRT:
		return import_mrt__feed(import, memory, length);
	default:
		return import_lines__feed(import, memory, length);
	}
}

int import__end(struct import *import)
{
	if (import->format == IMPORT_MRT)
		return import_mrt__end(import);
	if (import->format == IMPORT_AUTO) { /* shorter than any record */
		char head[MRT_HEADER];
		size_t length = import->line_length;
		int err;

		memcpy(head, import->line, length);
		import->line_length = 0;
		import->format = IMPORT_ROUTE;
		err = import__feed(import, head, length);
		if (err)
			return err;
	}
	return import_lines__end(import);
}

const char *import__error(const struct import *import)
{
	return import->error.text;
}

const struct import_counts *import__counts(const struct import *import)
{
	return &import->counts;
}

const char *import__unit(const struct import *import)
{
	return import->format == IMPORT_MRT ? "record" : "line";
}

int import__new(const struct import_options *options, const struct import_sink *sink, struct import **ret_import)
{
	struct import *import = malloc(sizeof(*import));

	if (!import)
		return -ENOMEM;
	memset(import, 0, offsetof(struct import, route));
	import->options = *options;
	import->sink = *sink;
	import->format = options->format;
	import->route_options = (struct route_words_options){
		.family = options->family,
		.shown = true,
		.any = true, /* import__deliver() knows what the options add */
		.device = options->device,
		.data = options->device_data,
	};
	*ret_import = import;
	return 0;
}

void import__free(struct import *import)
{
	if (!import)
		return;
	free(import->record);
	free(import->peers);
	free(import);
}
