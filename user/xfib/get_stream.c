// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * xfib get -: addresses from standard input, one a line, an answer for each.
 *
 * Works by the block: what has been read is answered, and what has been
 * answered is written before the next read that would have to wait, so that a
 * program at both ends of the pipe is never kept waiting. Within a block the
 * addresses of BATCH lines are looked up together, so that their cache misses
 * overlap; lines whose answers wait for that stay where they were read.
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
#define BATCH 64

/* The addresses of a family in a batch, and their answers. */
struct batch_family {
	struct xfib_query query; /* all but the destination */
	uint8_t addresses[BATCH][16]; /* 4 or 16 bytes each, one after the other */
	struct xfib_result results[BATCH];
	int errors[BATCH];
	uint32_t count;
};

/* What a line of a batch holds: an address, or `why` it is answered by that alone. */
struct batch_line {
	const char *text, *why;
	uint64_t number;
	struct batch_family *family;
	uint32_t at; /* which of the family's addresses */
};

struct stream {
	const struct xfib *instance;
	uint32_t family; /* of the source in the query, 0 for none */
	uint64_t line;
	size_t answers;
	bool failed;
	struct batch_family inet, inet6;
	struct batch_line lines[BATCH];
	uint32_t count;
	struct get_memo memo;
	char *end; /* of what waits in `text` */
	char text[8 * GET_LINE];
};

/* ---- output ---- */

static void write_text(struct stream *stream)
{
	fwrite_unlocked(stream->text, 1, (size_t)(stream->end - stream->text), stdout);
	stream->end = stream->text;
}

static void reject(struct stream *stream, const struct batch_line *line)
{
	stream->failed = true;
	write_text(stream);
	if (options.json) {
		json_t *dst = json_string(line->text);

		print_element(stream->answers++,
			      json_pack("{s:o,s:s,s:I}", "dst", dst ? dst : json_string(""), "error", line->why, "line",
					(json_int_t)line->number));
		return;
	}
	printf("%s: line %llu: %s\n", line->text, (unsigned long long)line->number, line->why);
}

static void answer(struct stream *stream, const struct get_answer *found)
{
	if (found->error)
		stream->failed = true;
	if (stream->end > stream->text + sizeof(stream->text) - 2 * GET_LINE)
		write_text(stream);
	if (!options.json) {
		stream->end = get__format(stream->end, found, &stream->memo);
		*stream->end++ = '\n';
	} else if (options.pretty) {
		write_text(stream);
		get__format_json(stream->text, found, NULL);
		print_element_text(stream->answers++, stream->text);
	} else {
		stream->end = format_string(stream->end, stream->answers++ ? ",\n" : "[");
		stream->end = get__format_json(stream->end, found, &stream->memo);
	}
}

/* ---- a batch ---- */

static size_t bytes_of(const struct batch_family *family)
{
	return family->query.family == AF_INET6 ? 16 : 4;
}

/* Errors beyond "no route" have words of their own, which only a single look-up leaves. */
static void answer_line(struct stream *stream, const struct batch_line *line)
{
	struct batch_family *family = line->family;
	uint8_t *destination = family->query.destination;
	int err = family->errors[line->at];
	struct get_answer found = { .family = family->query.family, .destination = destination,
				    .result = &family->results[line->at] };

	memcpy(destination, &family->addresses[0][0] + line->at * bytes_of(family), bytes_of(family));
	if (err && err != -ENETUNREACH)
		get__look_up(stream->instance, &family->query, &family->results[line->at], &found);
	else
		get__judge(&found, err, family->query.ifindex);
	answer(stream, &found);
}

static void look_up(struct stream *stream, struct batch_family *family)
{
	int err = xfib_lookup__many(stream->instance, &family->query, family->addresses, family->count, family->results,
				    family->errors);

	for (uint32_t i = 0; err && i < family->count; i++)
		family->errors[i] = err;
}

static void answer_batch(struct stream *stream)
{
	look_up(stream, &stream->inet);
	look_up(stream, &stream->inet6);
	for (uint32_t i = 0; i < stream->count; i++) {
		if (stream->lines[i].why)
			reject(stream, &stream->lines[i]);
		else
			answer_line(stream, &stream->lines[i]);
	}
	write_text(stream);
	stream->count = stream->inet.count = stream->inet6.count = 0;
}

/* ---- lines ---- */

static const char *read_line(struct stream *stream, struct batch_line *line)
{
	uint8_t address[16];
	uint32_t family;
	struct why why;

	if (read_address(line->text, options.family, &family, address, &why))
		return options.family == AF_INET ? "no IPv4 address" : options.family == AF_INET6 ? "no IPv6 address" : "no address";
	if (stream->family && family != stream->family)
		return "not of the family of the source";
	line->family = family == AF_INET6 ? &stream->inet6 : &stream->inet;
	line->at = line->family->count++;
	memcpy(&line->family->addresses[0][0] + line->at * bytes_of(line->family), address, bytes_of(line->family));
	return NULL;
}

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r';
}

/* One line without its end. */
static void take_line(struct stream *stream, char *text, size_t length)
{
	struct batch_line *line = &stream->lines[stream->count];

	while (length && is_blank(text[length - 1]))
		length--;
	for (; length && is_blank(*text); text++)
		length--;
	text[length] = '\0';
	line->number = ++stream->line;
	line->text = text;
	if (length > LINE_MAX_BYTES) {
		text[40] = '\0';
		line->why = "line too long";
	} else {
		line->why = read_line(stream, line);
	}
	if (++stream->count == BATCH)
		answer_batch(stream);
}

/* Answers the complete lines of a block and moves the rest to its beginning. Returns the length of the rest. */
static size_t take_block(struct stream *stream, char *block, size_t length)
{
	char *line = block, *end;

	while ((end = memchr(line, '\n', length - (size_t)(line - block)))) {
		take_line(stream, line, (size_t)(end - line));
		line = end + 1;
	}
	answer_batch(stream);
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

static void begin_family(struct batch_family *family, const struct xfib_query *query, uint32_t number)
{
	family->query = *query;
	family->query.family = number;
}

int get__stream(const struct xfib *instance, const struct xfib_query *query)
{
	static char block[BLOCK + 1], output[4 * BLOCK];
	static struct stream stream;
	size_t length = 0;
	ssize_t count;

	stream.instance = instance;
	stream.family = query->family;
	stream.end = stream.text;
	begin_family(&stream.inet, query, AF_INET);
	begin_family(&stream.inet6, query, AF_INET6);
	setvbuf(stdout, output, _IOFBF, sizeof(output));
	while ((count = read_more(block + length, BLOCK - length)) > 0 && !ferror(stdout))
		length = take_block(&stream, block, length + (size_t)count);
	if (count < 0)
		return fail(STATUS_FAILED, "reading standard input: %s", strerror(errno));
	if (length) {
		take_line(&stream, block, length);
		answer_batch(&stream);
	}
	if (options.json)
		print_end(stream.answers);
	return finish_output() || stream.failed ? STATUS_FAILED : STATUS_DONE;
}
