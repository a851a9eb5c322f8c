/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What the tests of the import share: a sink that writes down all it gets, a line each. */
#ifndef TESTS_UNIT_IMPORT_UNIT_H
#define TESTS_UNIT_IMPORT_UNIT_H

#include <errno.h>

#include "format.h"
#include "import.h"
#include "unit.h"

#define NOTES 16384

struct notes {
	char text[NOTES]; /* what does not fit is left out */
	size_t length, routes, bad;
	bool stop; /* at the first bad line */
};

static inline void notes__add(struct notes *notes, const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(notes->text + notes->length, sizeof(notes->text) - notes->length, format, args);
	va_end(args);
	notes->length += (size_t)length;
	if (notes->length >= sizeof(notes->text))
		notes->length = sizeof(notes->text) - 1;
}

static inline void notes__path(struct notes *notes, const struct xfib_path_spec *path)
{
	char text[TEXT_SIZE];

	if (path->gateway_family) {
		format_address(text, path->gateway_family, path->gateway);
		notes__add(notes, " via %s", text);
	}
	if (path->ifindex)
		notes__add(notes, " if %u", path->ifindex);
	if (path->weight)
		notes__add(notes, " weight %u", path->weight);
	if (path->flags & XFIB_NEXTHOP_ONLINK)
		notes__add(notes, " onlink");
}

/* "3: blackhole 10.0.0.0/8 table 5 metric 7": members that are not 0, in the order of the struct. */
static inline int notes__route(void *data, uint64_t place, const struct xfib_route_spec *spec, struct why *ret_why)
{
	static const uint8_t zero[16];
	struct notes *notes = data;
	char text[TEXT_SIZE];

	(void)ret_why;
	assert_int_equal(spec->size, sizeof(*spec));
	assert_true(spec->family == AF_INET || spec->family == AF_INET6);
	assert_true(spec->prefix_length <= (spec->family == AF_INET ? 32 : 128));
	assert_true(spec->path_count <= ROUTE_PATHS);
	notes->routes++;
	format_prefix(text, spec->family, spec->prefix, (uint8_t)spec->prefix_length);
	notes__add(notes, "%llu:%s%s %s", (unsigned long long)place, spec->type ? " " : "",
		   spec->type ? xfib_route_type__name(spec->type) : "", text);
	if (memcmp(spec->source, zero, sizeof(zero))) {
		format_address(text, spec->family, spec->source);
		notes__add(notes, " src %s", text);
	}
#define NOTE(member)                                                                                                   \
	if (spec->member)                                                                                              \
		notes__add(notes, " " #member " %u", spec->member);
	NOTE(table)
	NOTE(metric)
	if (spec->flags & XFIB_SPEC_SCOPE)
		notes__add(notes, " scope %u", spec->scope);
	NOTE(protocol)
	NOTE(tos)
	NOTE(preference)
	NOTE(mtu)
	NOTE(lifetime)
#undef NOTE
	for (uint32_t i = 0; i < spec->path_count; i++)
		notes__path(notes, &spec->paths[i]);
	notes__add(notes, "\n");
	return 0;
}

static inline int notes__bad(void *data, uint64_t place, const char *quote, const char *why)
{
	struct notes *notes = data;

	(void)quote;
	notes->bad++;
	notes__add(notes, "%llu! %s\n", (unsigned long long)place, why);
	return notes->stop ? -ECANCELED : 0;
}

/* eth1 is 1, eth2 is 2, and so on. */
static inline bool notes__device(void *data, const char *name, uint32_t *ret_ifindex)
{
	(void)data;
	return !strncmp(name, "eth", 3) && read_number(name + 3, 9, ret_ifindex);
}

/* Feeds the input in pieces of `piece` bytes (0: at once). Returns what the import did; *ret_error has room for WHY_SIZE. */
static inline int notes__import(struct notes *notes, const struct import_options *given, const void *input, size_t length,
				size_t piece, char *ret_error)
{
	struct import_sink sink = { .route = notes__route, .bad = notes__bad, .data = notes };
	struct import_options options = *given;
	const uint8_t *at = input;
	struct import *import;
	int err = 0;

	options.device = notes__device;
	notes->length = notes->routes = notes->bad = 0;
	notes->text[0] = '\0';
	assert_int_equal(import__new(&options, &sink, &import), 0);
	while (!err && length) {
		size_t count = piece && piece < length ? piece : length;
		uint8_t *copy = malloc(count); /* so that the sanitizers see a byte read too far */

		assert_non_null(copy);
		memcpy(copy, at, count);
		err = import__feed(import, copy, count);
		free(copy);
		at += count;
		length -= count;
	}
	if (!err)
		err = import__end(import);
	if (ret_error)
		strcpy(ret_error, import__error(import));
	assert_int_equal(import__counts(import)->routes4 + import__counts(import)->routes6, notes->routes);
	assert_int_equal(import__counts(import)->bad, notes->bad);
	import__free(import);
	return err;
}

#endif
