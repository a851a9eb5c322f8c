/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What the fuzzers of the import share: a sink that checks what every route must be. */
#ifndef TESTS_FUZZ_IMPORT_FUZZ_H
#define TESTS_FUZZ_IMPORT_FUZZ_H

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "import.h"

#define CHECK(condition)                                                                                               \
	do {                                                                                                           \
		if (!(condition))                                                                                      \
			abort();                                                                                       \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length);

static inline int import_fuzz__route(void *data, uint64_t place, const struct xfib_route_spec *spec, struct why *ret_why)
{
	uint8_t prefix[16];

	(void)data;
	(void)ret_why;
	CHECK(place && spec->size == sizeof(*spec));
	CHECK(spec->family == AF_INET || spec->family == AF_INET6);
	CHECK(spec->prefix_length <= (spec->family == AF_INET ? 32 : 128));
	CHECK(spec->type < XFIB_ROUTE_TYPES && spec->path_count <= ROUTE_PATHS && spec->tos < 256 && spec->scope < 256);
	CHECK(spec->path_count || route_type_is_dead_end(spec->type));
	memcpy(prefix, spec->prefix, sizeof(prefix));
	CHECK(!clear_host_bits(prefix, spec->prefix_length));
	for (uint32_t i = 0; i < spec->path_count; i++) {
		const struct xfib_path_spec *path = &spec->paths[i];

		CHECK(path->gateway_family || path->ifindex);
		CHECK(path->weight <= 256);
		CHECK(spec->family == AF_INET || path->gateway_family != AF_INET);
	}
	return 0;
}

/* What is quoted can be printed. */
static inline int import_fuzz__bad(void *data, uint64_t place, const char *quote, const char *why)
{
	(void)data;
	CHECK(place && *why && strlen(quote) < 64);
	for (const char *at = quote; *at; at++)
		CHECK(*at >= ' ' && *at <= '~');
	for (const char *at = why; *at; at++)
		CHECK(*at >= ' ' && *at <= '~');
	return 0;
}

static inline bool import_fuzz__device(void *data, const char *name, uint32_t *ret_ifindex)
{
	(void)data;
	*ret_ifindex = 7;
	return name[0] == 'e';
}

static inline void import_fuzz__run(struct import_options *options, const uint8_t *at, size_t length, size_t piece)
{
	struct import_sink sink = { .route = import_fuzz__route, .bad = import_fuzz__bad };
	struct import *import;
	int err = 0;

	options->device = import_fuzz__device;
	CHECK(!import__new(options, &sink, &import));
	while (!err && length) {
		size_t count = piece && piece < length ? piece : length;

		err = import__feed(import, at, count);
		at += count;
		length -= count;
	}
	if (!err)
		err = import__end(import);
	CHECK(!err || *import__error(import));
	import__free(import);
}

#endif
