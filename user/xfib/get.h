/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What `get ADDR` (get.c) and `get -` (get_stream.c) share: an answer and its text. */
#ifndef XFIB_GET_H
#define XFIB_GET_H

#include "command.h"
#include "format.h"

#define GET_LINE 8192 /* room for any answer, as a line or as an object */

struct get_answer {
	const struct xfib_query *query;
	struct xfib_result result; /* valid if routed */
	bool routed;
	const char *error; /* NULL: packets can go there. With `routed`: the route's type is why they cannot */
};

/* Looks up; returns whether packets can go there. */
bool get__look_up(const struct xfib *instance, const struct xfib_query *query, struct get_answer *ret_answer);

/* Writes the answer as a line without its end; returns the end of the text. */
char *get__format(char *text, const struct get_answer *answer);

/* Likewise as a JSON object, compact. */
char *get__format_json(char *text, const struct get_answer *answer);

/* Answers the addresses of standard input, in order. `query` says all but the destination. A status. */
int get__stream(const struct xfib *instance, struct xfib_query *query);

bool get__is_zero(const uint8_t address[16]);

/* Takes the words [from SRC] [dev DEV] [exclude DEV] [table N|vrf DEV] [mark N]; `command` is named where they are wrong. */
int get__parse_words(const char *command, int argc, char **argv, struct xfib_query *query);

/* Prints the answer, or says that there is none: a status. */
int get__answer(const struct xfib *instance, const struct xfib_query *query);

#endif
