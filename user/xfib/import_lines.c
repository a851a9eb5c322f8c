// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Lines of the import: collected from pieces, counted, split into words. Blank ones and comments end here. */
#include <errno.h>
#include <string.h>

#include "import_private.h"

#define QUOTE 64

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\v' || byte == '\f';
}

/* Splits in place; a word that begins with # ends the line. -EINVAL: too many words. */
static int split(struct import *import, struct why *ret_why)
{
	char *at = import->line;
	int count = 0;

	for (;;) {
		while (is_blank(*at))
			at++;
		if (!*at || *at == '#')
			return count;
		if (count == LINE_WORDS)
			return why__set(ret_why, "more than %d words", LINE_WORDS);
		import->words[count] = at;
		while (*at && !is_blank(*at))
			at++;
		if (*at)
			*at++ = '\0';
		/* `ip -oneline` has a lone backslash in place of the end of a line. */
		if (strcmp(import->words[count], "\\"))
			count++;
	}
}

static int take_words(struct import *import, int count, bool continues, const char *quote, struct why *ret_why)
{
	if (import->format == IMPORT_PREFIX)
		return import_prefix__line(import, count, ret_why);
	return import_route__line(import, count, continues, quote, ret_why);
}

/* The line in `line`, complete, without its end. */
static int take_line(struct import *import)
{
	bool continues = is_blank(import->line[0]);
	char quote[QUOTE];
	struct why why;
	int count;

	import->place++;
	import->line[import->line_length] = '\0';
	import__quote(import->line, quote, sizeof(quote));
	if (import->line_too_long)
		count = why__set(&why, "longer than %d bytes", LINE_LENGTH);
	else if (memchr(import->line, '\0', import->line_length))
		count = why__set(&why, "has a zero byte: it is no text");
	else
		count = split(import, &why);
	import->line_length = 0;
	import->line_too_long = false;
	if (count > 0)
		count = take_words(import, count, continues, quote, &why);
	return count == -EINVAL ? import__complain(import, import->place, quote, why.text) : count;
}

int import_lines__feed(struct import *import, const char *memory, size_t length)
{
	while (length) {
		const char *end = memchr(memory, '\n', length);
		size_t count = end ? (size_t)(end - memory) : length, room = LINE_LENGTH - import->line_length;
		int err;

		import->line_too_long |= count > room;
		memcpy(import->line + import->line_length, memory, count < room ? count : room);
		import->line_length += count < room ? count : room;
		if (!end)
			return 0;
		err = take_line(import);
		if (err)
			return err;
		memory = end + 1;
		length -= count + 1;
	}
	return 0;
}

int import_lines__end(struct import *import)
{
	int err = import->line_length ? take_line(import) : 0;

	return err ? err : import_route__flush(import);
}
