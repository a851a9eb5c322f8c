// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * xfib get -: addresses from standard input, one a line, an answer for each.
 *
 * Works by the block: what has been read is answered, and what has been
 * answered is written before the next read that would have to wait, so that a
 * program at both ends of the pipe is never kept waiting.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "get.h"
#include "read.h"

#define BLOCK 65536
#define LINE_MAX_BYTES 255

struct stream {
	const struct xfib *instance;
	struct xfib_query *query;
	uint32_t family; /* of the source in the query, 0 for none */
	uint64_t line;
	size_t answers;
	bool failed;
};

static void reject(struct stream *stream, const char *line, const char *why)
{
	stream->failed = true;
	if (options.json) {
		json_t *dst = json_string(line);

		print_element(stream->answers++,
			      json_pack("{s:o,s:s,s:I}", "dst", dst ? dst : json_string(""), "error", why, "line",
					(json_int_t)stream->line));
		return;
	}
	printf("%s: line %llu: %s\n", line, (unsigned long long)stream->line, why);
}

static void answer(struct stream *stream, const char *line)
{
	struct get_answer found;
	char text[GET_LINE], *end;
	struct why why;

	if (read_address(line, options.family, &stream->query->family, stream->query->destination, &why)) {
		reject(stream, line, options.family == AF_INET ? "no IPv4 address" :
				     options.family == AF_INET6 ? "no IPv6 address" : "no address");
		return;
	}
	if (stream->family && stream->query->family != stream->family) {
		reject(stream, line, "not of the family of the source");
		return;
	}
	if (!get__look_up(stream->instance, stream->query, &found))
		stream->failed = true;
	if (options.json) {
		get__format_json(text, &found);
		print_element_text(stream->answers++, text);
		return;
	}
	end = get__format(text, &found);
	*end++ = '\n';
	fwrite_unlocked(text, 1, (size_t)(end - text), stdout);
}

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r';
}

/* One line without its end. */
static void take_line(struct stream *stream, char *line, size_t length)
{
	stream->line++;
	while (length && is_blank(line[length - 1]))
		length--;
	for (; length && is_blank(*line); line++)
		length--;
	line[length] = '\0';
	if (length > LINE_MAX_BYTES) {
		line[40] = '\0';
		reject(stream, line, "line too long");
	} else {
		answer(stream, line);
	}
}

/* Answers the complete lines of a block and moves the rest to its beginning. Returns the length of the rest. */
static size_t take_block(struct stream *stream, char *block, size_t length)
{
	char *line = block, *end;

	while ((end = memchr(line, '\n', length - (size_t)(line - block)))) {
		take_line(stream, line, (size_t)(end - line));
		line = end + 1;
	}
	length -= (size_t)(line - block);
	if (length > LINE_MAX_BYTES + 1) /* its end will tell no more than this */
		length = LINE_MAX_BYTES + 2;
	memmove(block, line, length);
	return length;
}

static ssize_t read_more(char *memory, size_t room)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
	ssize_t count;

	if (poll(&input, 1, 0) == 0)
		fflush(stdout);
	do {
		count = read(STDIN_FILENO, memory, room);
	} while (count < 0 && errno == EINTR);
	return count;
}

int get__stream(const struct xfib *instance, struct xfib_query *query)
{
	static char block[BLOCK + 1], output[4 * BLOCK];
	struct stream stream = { .instance = instance, .query = query, .family = query->family };
	size_t length = 0;
	ssize_t count;

	setvbuf(stdout, output, _IOFBF, sizeof(output));
	while ((count = read_more(block + length, BLOCK - length)) > 0 && !ferror(stdout))
		length = take_block(&stream, block, length + (size_t)count);
	if (count < 0)
		return fail(STATUS_FAILED, "reading standard input: %s", strerror(errno));
	if (length)
		take_line(&stream, block, length);
	if (options.json)
		print_end(stream.answers);
	return finish_output() || stream.failed ? STATUS_FAILED : STATUS_DONE;
}
