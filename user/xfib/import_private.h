/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What the files of the import share. */
#ifndef XFIB_IMPORT_PRIVATE_H
#define XFIB_IMPORT_PRIVATE_H

#include "import.h"

#define LINE_LENGTH 65536 /* a route of 511 paths takes 40,000 bytes */
#define LINE_WORDS 8192
#define MRT_HEADER 12

struct mrt_peer {
	uint32_t family;
	uint8_t address[16];
};

struct import {
	struct import_options options;
	struct import_sink sink;
	struct import_counts counts;
	enum import_format format; /* IMPORT_AUTO: not known yet */
	struct why error;
	uint64_t place; /* the line or record that is being read */

	/* Lines: how much of `line` the current one takes. */
	size_t line_length;
	bool line_too_long;

	/* The route that lines "nexthop …" may still belong to: `route`. */
	struct route_words_options route_options;
	uint64_t route_place;
	bool route_pending;
	bool route_alone; /* it is a prefix and nothing else, where the format is open: not a line of `ip route show` */
	bool route_bad; /* the lines "nexthop …" that follow are of a bad one */
	char route_quote[64];

	/* MRT: header and body of the current record, as far as they have been read. */
	uint8_t *record;
	size_t record_length, record_room;
	uint64_t record_offset; /* its place in the input */
	struct mrt_peer *peers;
	uint32_t peer_count;
	bool peers_known;
	uint64_t rib_records, old_records; /* of TABLE_DUMP_V2, of TABLE_DUMP */

	/* From here on nothing is cleared at the beginning. */
	struct route_words route;
	char *words[LINE_WORDS];
	char line[LINE_LENGTH + 1];
};

/* Puts a route right by the options and hands it over, unless it is of an unwanted family. `why` is written on -EINVAL. */
int import__deliver(struct import *import, uint64_t place, struct xfib_route_spec *spec, struct xfib_path_spec *paths,
		    struct why *ret_why);

/* Tells the sink of a bad line or record. What the sink returns. */
int import__complain(struct import *import, uint64_t place, const char *quote, const char *why);

/* Notes why the import ends, and returns `err`. */
int import__give_up(struct import *import, int err, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Copies the beginning of a line, printable, cut to the room. */
void import__quote(const char *line, char *ret_quote, size_t room);

/* ---- lines: import_lines.c ---- */

int import_lines__feed(struct import *import, const char *memory, size_t length);
int import_lines__end(struct import *import);

/* ---- one line, split into words: import_route.c, import_prefix.c. -EINVAL: it is bad, see *ret_why. ---- */

/* `continues`: the line begins with a blank. `quote`: how it begins. */
int import_route__line(struct import *import, int count, bool continues, const char *quote, struct why *ret_why);

/* No further line belongs to the route before. What the sink returns. */
int import_route__flush(struct import *import);

int import_prefix__line(struct import *import, int count, struct why *ret_why);

/* ---- records: import_mrt.c, import_mrt_rib.c ---- */

int import_mrt__feed(struct import *import, const uint8_t *memory, size_t length);
int import_mrt__end(struct import *import);

/* Does it begin as an MRT file does? */
bool import_mrt__begins(const void *memory, size_t length);

/* Bytes that are taken from the front; every take checks that they are there. */
struct bytes {
	const uint8_t *at;
	size_t left;
};

bool bytes__skip(struct bytes *bytes, size_t count);
bool bytes__take(struct bytes *bytes, size_t count, void *ret_memory);
bool bytes__take_number(struct bytes *bytes, size_t count, uint32_t *ret_number);

/* Cuts off a part of its own. */
bool bytes__split(struct bytes *bytes, size_t count, struct bytes *ret_part);

/* A body of RIB_IPV4_UNICAST, RIB_IPV6_UNICAST or their *_ADDPATH. -EINVAL: it is bad. */
int import_mrt__rib(struct import *import, struct bytes body, uint32_t family, bool addpath, struct why *ret_why);

/* The body of PEER_INDEX_TABLE. -EINVAL: it is bad. -EBADMSG: the wanted peer is not in it. */
int import_mrt__peers(struct import *import, struct bytes body, struct why *ret_why);

#endif
