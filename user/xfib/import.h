/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Routes from text or from an MRT dump, as specs. Pure: it is fed memory in
 * pieces of any size and hands routes and complaints to a sink, and reads,
 * prints and opens nothing.
 *
 * Cost: one copy of each line or record; memory for the longest one.
 */
#ifndef XFIB_IMPORT_H
#define XFIB_IMPORT_H

#include <stddef.h>
#include <xfib/xfib.h>

#include "read.h"
#include "route_words.h"

enum import_format {
	IMPORT_AUTO,
	IMPORT_ROUTE,  /* lines of `ip route show` or `xfib route export` */
	IMPORT_PREFIX, /* a prefix a line */
	IMPORT_MRT,    /* TABLE_DUMP_V2, RFC 6396 and RFC 8050 */
};

/* Which entry of an MRT record counts. */
enum import_peer {
	IMPORT_PEER_FIRST, /* the first one, whosesoever it is */
	IMPORT_PEER_INDEX,
	IMPORT_PEER_ADDRESS,
};

struct import_options {
	enum import_format format;
	uint32_t family; /* take routes of this one only; 0: of both */
	/* In place of what the input says; 0: as it says. */
	uint32_t table, protocol, metric;
	bool has_metric;
	struct xfib_path_spec path; /* with a gateway: in place of all paths; with a device only: the device of each */
	enum import_peer peer;
	uint32_t peer_index;
	uint32_t peer_family;
	uint8_t peer_address[16];
	device_fn device; /* for names in lines */
	void *device_data;
};

/* Each function returns 0, or a negative errno value, which ends the import and is what feed() returns. */
struct import_sink {
	/*
	 * A route. `place` is the number of its line or record, from 1. Spec and
	 * paths are valid during the call. -EINVAL with a reason does not end the
	 * import: then the line is a bad one.
	 */
	int (*route)(void *data, uint64_t place, const struct xfib_route_spec *spec, struct why *ret_why);
	/* Something that is no route. `quote` is how it begins, printable; "" for a record. Never -EINVAL. */
	int (*bad)(void *data, uint64_t place, const char *quote, const char *why);
	void *data;
};

struct import_counts {
	uint64_t routes4, routes6; /* handed to the sink */
	uint64_t bad;
	uint64_t skipped; /* of a family that is not wanted, without an entry of the peer, of kinds of records that are no routes */
};

struct import;

/* The options are copied. -ENOMEM. */
int import__new(const struct import_options *options, const struct import_sink *sink, struct import **ret_import);

/* Takes the next piece. -EBADMSG: the input is no such thing at all, see import__error(); -ENOMEM; what the sink returned. */
int import__feed(struct import *import, const void *memory, size_t length);

/* The input is complete. Errors as import__feed(). */
int import__end(struct import *import);

/* What was wrong when a call returned -EBADMSG or -ENOMEM by itself; "" if it was the sink that ended it. */
const char *import__error(const struct import *import);

const struct import_counts *import__counts(const struct import *import);

/* What `place` counts: "line" or "record". */
const char *import__unit(const struct import *import);

void import__free(struct import *import);

#endif
