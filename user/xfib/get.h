/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What `get ADDR` (get.c) and `get -` (get_stream.c) share: an answer, and its text (get_format.c). */
#ifndef XFIB_GET_H
#define XFIB_GET_H

#include <stddef.h>

#include "command.h"
#include "format.h"

#define GET_LINE 8192 /* room for any answer, as a line or as an object */

struct get_answer {
	uint32_t family;
	const uint8_t *destination;
	const struct xfib_result *result; /* valid if routed */
	bool routed;
	const char *error; /* NULL: packets can go there. With `routed`: the route's type is why they cannot */
};

/* Looks up, into *result; returns whether packets can go there. */
bool get__look_up(const struct xfib *instance, const struct xfib_query *query, struct xfib_result *result,
		  struct get_answer *ret_answer);

/* What an error of the look-up, or the result, says of an answer; `confined`: to a device. */
void get__judge(struct get_answer *answer, int err, bool confined);

/* Texts of paths, as lines or as JSON, to be used again. All zero to begin with. */
#define GET_PATHS 256
#define GET_PATH_KEY 60
#define GET_PATH_COPY 64

struct get_memo {
	struct get_path {
		uint8_t key[GET_PATH_KEY];
		uint32_t length; /* of the text; 0: there is none */
		char text[320];
	} path[GET_PATHS];
};

/* Writes the answer as a line without its end; returns the end of the text. `memo`: NULL, or for one of the two formats. */
char *get__format(char *text, const struct get_answer *answer, struct get_memo *memo);

/* Likewise as a JSON object, compact. */
char *get__format_json(char *text, const struct get_answer *answer, struct get_memo *memo);

/* Answers the addresses of standard input, in order. `query` says all but the destination. A status. */
int get__stream(const struct xfib *instance, const struct xfib_query *query);

bool get__is_zero(const uint8_t address[16]);

/*
 * Takes the words [from SRC] [dev DEV] [exclude DEV] [table N|vrf DEV] [mark N|iif DEV]; `command` is named where they
 * are wrong.
 */
int get__parse_words(const char *command, int argc, char **argv, struct xfib_query *query);

/* Prints the answer, or says that there is none: a status. */
int get__answer(const struct xfib *instance, const struct xfib_query *query);

#endif
