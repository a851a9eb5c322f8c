// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * The configuration file: lines of `option = value`, with the names of the
 * command line's options without their dashes; what needs no value may stand
 * alone. A # begins a comment, at the start of a line or behind a blank.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "options_private.h"

#define FILE_BYTES_MAX (1024 * 1024)

static void complain(struct option_parser *parser, unsigned int line, const char *word, const char *text)
{
	log_error("%s:%u: '%.128s': %s", parser->file, line, word, text);
	parser->wrong = true;
}

static char *trim(char *text)
{
	char *end;

	while (isspace((unsigned char)*text))
		text++;
	end = text + strlen(text);
	while (end > text && isspace((unsigned char)end[-1]))
		*--end = '\0';
	return text;
}

static void cut_comment(char *text)
{
	for (char *byte = text; *byte; byte++) {
		if (*byte == '#' && (byte == text || isspace((unsigned char)byte[-1]))) {
			*byte = '\0';
			return;
		}
	}
}

static void take_line(struct option_parser *parser, unsigned int line, char *text)
{
	struct option_said said = { .parser = parser, .line = line };
	char *name, *equals;

	cut_comment(text);
	name = trim(text);
	if (!*name)
		return;
	equals = strchr(name, '=');
	if (equals) {
		*equals = '\0';
		said.value = trim(equals + 1);
		name = trim(name);
	}
	said.row = option__find(name);
	if (!said.row)
		complain(parser, line, name, "no such option; lines are 'option = value', and 'xfibd --help' shows the options");
	else if (said.row->command)
		complain(parser, line, name, "only the command line has this option");
	else
		option__take(&said);
}

/* The whole file, ended by a zero byte. NULL: it cannot be read, and errno says why. */
static char *read_all(FILE *file, size_t *ret_length)
{
	char *text = malloc(FILE_BYTES_MAX + 1);
	size_t length;

	if (!text)
		return NULL;
	length = fread(text, 1, FILE_BYTES_MAX, file);
	if (ferror(file) || length == FILE_BYTES_MAX) {
		if (!ferror(file))
			errno = EFBIG;
		free(text);
		return NULL;
	}
	text[length] = '\0';
	*ret_length = length;
	return text;
}

static void take_lines(struct option_parser *parser, char *text, size_t length)
{
	char *end = text + length, *next;

	for (unsigned int line = 1; text < end; line++, text = next) {
		char *newline = memchr(text, '\n', (size_t)(end - text));

		next = newline ? newline + 1 : end;
		if (newline)
			*newline = '\0';
		if (text + strlen(text) < (newline ? newline : end))
			complain(parser, line, text, "a zero byte follows, and no text has one");
		else
			take_line(parser, line, text);
	}
}

void options_file__read(struct option_parser *parser, bool is_needed)
{
	FILE *file = fopen(parser->file, "re");
	char *text = NULL;
	size_t length;

	if (!file && errno == ENOENT && !is_needed)
		return;
	if (file)
		text = read_all(file, &length);
	if (text) {
		take_lines(parser, text, length);
		free(text);
	} else {
		log_error("reading the configuration file %s: %s", parser->file, strerror(errno));
		parser->wrong = true;
	}
	if (file)
		fclose(file);
}
