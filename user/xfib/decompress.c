// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Decompression by zlib, liblzma and libbz2: see decompress.h.
 *
 * Each format is a struct of functions over the same input block. The format
 * is known after the first six bytes, or at the end of a shorter input.
 */
#include "decompress.h"

#include <bzlib.h>
#include <errno.h>
#include <lzma.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define BLOCK 65536
#define MAGIC_LENGTH 6
#define XZ_MEMORY (256ull << 20)

/* How a step ended. */
enum step {
	STEP_MORE, /* it can go on, with more input or room */
	STEP_END,  /* a member is complete */
	STEP_DAMAGED,
	STEP_MEMORY,
};

struct format {
	const char *name;
	uint8_t magic[MAGIC_LENGTH];
	size_t magic_length;
	bool several; /* the library takes one member at a time: begin anew for each */
	int (*begin)(struct decompress *stream);
	/* Moves `input` on and returns how much of `room` it has filled. */
	enum step (*step)(struct decompress *stream, uint8_t *memory, size_t room, size_t *ret_filled);
	void (*end)(struct decompress *stream);
};

struct decompress {
	decompress_read_fn read;
	void *data;
	const struct format *format; /* NULL: not compressed */
	bool known;                  /* `format` is decided */
	bool begun;                  /* the format's state exists */
	bool ended;                  /* the input is at its end */
	uint64_t consumed;
	const uint8_t *input; /* what is left of the block */
	size_t input_length;
	char error[96];
	union {
		z_stream gzip;
		lzma_stream xz;
		bz_stream bzip2;
	};
	uint8_t block[BLOCK];
};

/* ---- gzip ---- */

static int gzip_begin(struct decompress *stream)
{
	stream->gzip = (z_stream){ 0 };
	return inflateInit2(&stream->gzip, 16 + MAX_WBITS) == Z_OK ? 0 : -ENOMEM;
}

static enum step gzip_step(struct decompress *stream, uint8_t *memory, size_t room, size_t *ret_filled)
{
	int result;

	stream->gzip.next_in = (uint8_t *)stream->input;
	stream->gzip.avail_in = (uInt)stream->input_length;
	stream->gzip.next_out = memory;
	stream->gzip.avail_out = (uInt)room;
	result = inflate(&stream->gzip, Z_NO_FLUSH);
	stream->input = stream->gzip.next_in;
	stream->input_length = stream->gzip.avail_in;
	*ret_filled = room - stream->gzip.avail_out;
	if (result == Z_STREAM_END)
		return STEP_END;
	if (result == Z_MEM_ERROR)
		return STEP_MEMORY;
	return result == Z_OK || result == Z_BUF_ERROR ? STEP_MORE : STEP_DAMAGED;
}

static void gzip_end(struct decompress *stream)
{
	inflateEnd(&stream->gzip);
}

/* ---- xz ---- */

static int xz_begin(struct decompress *stream)
{
	stream->xz = (lzma_stream)LZMA_STREAM_INIT;
	return lzma_stream_decoder(&stream->xz, XZ_MEMORY, LZMA_CONCATENATED) == LZMA_OK ? 0 : -ENOMEM;
}

static enum step xz_step(struct decompress *stream, uint8_t *memory, size_t room, size_t *ret_filled)
{
	lzma_ret result;

	stream->xz.next_in = stream->input;
	stream->xz.avail_in = stream->input_length;
	stream->xz.next_out = memory;
	stream->xz.avail_out = room;
	result = lzma_code(&stream->xz, stream->ended && !stream->input_length ? LZMA_FINISH : LZMA_RUN);
	stream->input = stream->xz.next_in;
	stream->input_length = stream->xz.avail_in;
	*ret_filled = room - stream->xz.avail_out;
	if (result == LZMA_STREAM_END)
		return STEP_END;
	if (result == LZMA_MEM_ERROR || result == LZMA_MEMLIMIT_ERROR)
		return STEP_MEMORY;
	return result == LZMA_OK || result == LZMA_BUF_ERROR ? STEP_MORE : STEP_DAMAGED;
}

static void xz_end(struct decompress *stream)
{
	lzma_end(&stream->xz);
}

/* ---- bzip2 ---- */

static int bzip2_begin(struct decompress *stream)
{
	stream->bzip2 = (bz_stream){ 0 };
	return BZ2_bzDecompressInit(&stream->bzip2, 0, 0) == BZ_OK ? 0 : -ENOMEM;
}

static enum step bzip2_step(struct decompress *stream, uint8_t *memory, size_t room, size_t *ret_filled)
{
	int result;

	stream->bzip2.next_in = (char *)stream->input;
	stream->bzip2.avail_in = (unsigned int)stream->input_length;
	stream->bzip2.next_out = (char *)memory;
	stream->bzip2.avail_out = (unsigned int)room;
	result = BZ2_bzDecompress(&stream->bzip2);
	stream->input = (uint8_t *)stream->bzip2.next_in;
	stream->input_length = stream->bzip2.avail_in;
	*ret_filled = room - stream->bzip2.avail_out;
	if (result == BZ_STREAM_END)
		return STEP_END;
	if (result == BZ_MEM_ERROR)
		return STEP_MEMORY;
	return result == BZ_OK ? STEP_MORE : STEP_DAMAGED;
}

static void bzip2_end(struct decompress *stream)
{
	BZ2_bzDecompressEnd(&stream->bzip2);
}

static const struct format formats[] = {
	{ "gzip", { 0x1f, 0x8b, 8 }, 3, true, gzip_begin, gzip_step, gzip_end },
	{ "xz", { 0xfd, '7', 'z', 'X', 'Z', 0 }, 6, false, xz_begin, xz_step, xz_end },
	{ "bzip2", { 'B', 'Z', 'h' }, 3, true, bzip2_begin, bzip2_step, bzip2_end },
};

/* ---- the stream ---- */

static int report(struct decompress *stream, int err, const char *what)
{
	snprintf(stream->error, sizeof(stream->error), "its %s data %s", stream->format->name, what);
	return err;
}

/* Reads on behind what is left of the block. */
static int refill(struct decompress *stream)
{
	ssize_t count;

	memmove(stream->block, stream->input, stream->input_length);
	stream->input = stream->block;
	count = stream->read(stream->data, stream->block + stream->input_length, BLOCK - stream->input_length);
	if (count < 0) {
		snprintf(stream->error, sizeof(stream->error), "%s", strerror((int)-count));
		return (int)count;
	}
	stream->ended = !count;
	stream->input_length += (size_t)count;
	stream->consumed += (uint64_t)count;
	return 0;
}

static int recognise(struct decompress *stream)
{
	while (stream->input_length < MAGIC_LENGTH && !stream->ended) {
		int err = refill(stream);

		if (err)
			return err;
	}
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (stream->input_length >= formats[i].magic_length &&
		    !memcmp(stream->input, formats[i].magic, formats[i].magic_length))
			stream->format = &formats[i];
	}
	stream->known = true;
	return 0;
}

static ssize_t copy(struct decompress *stream, void *memory, size_t room)
{
	int err = stream->input_length || stream->ended ? 0 : refill(stream);

	if (err)
		return err;
	if (room > stream->input_length)
		room = stream->input_length;
	memcpy(memory, stream->input, room);
	stream->input += room;
	stream->input_length -= room;
	return (ssize_t)room;
}

static void end_member(struct decompress *stream)
{
	stream->format->end(stream);
	stream->begun = false;
}

/* One step. *ret_filled may be 0 though the stream goes on; *ret_over: it does not. */
static int advance(struct decompress *stream, uint8_t *memory, size_t room, size_t *ret_filled, bool *ret_over)
{
	int err = stream->input_length || stream->ended ? 0 : refill(stream);
	bool starved;

	*ret_over = !stream->begun && !stream->input_length;
	if (err || *ret_over)
		return err;
	if (!stream->begun && stream->format->begin(stream))
		return report(stream, -ENOMEM, "needs more memory than there is");
	stream->begun = true;
	starved = !stream->input_length;
	switch (stream->format->step(stream, memory, room, ret_filled)) {
	case STEP_END:
		end_member(stream);
		*ret_over = !stream->format->several;
		return 0;
	case STEP_MEMORY:
		return report(stream, -ENOMEM, "needs too much memory");
	case STEP_DAMAGED:
		return report(stream, -EBADMSG, "is damaged");
	default:
		return starved && !*ret_filled ? report(stream, -EBADMSG, "is truncated") : 0;
	}
}

ssize_t decompress__read(struct decompress *stream, void *memory, size_t room)
{
	int err = stream->known ? 0 : recognise(stream);
	size_t filled = 0;
	bool over = false;

	if (err)
		return err;
	if (!stream->format)
		return copy(stream, memory, room);
	while (!err && !filled && !over)
		err = advance(stream, memory, room, &filled, &over);
	return err ? err : (ssize_t)filled;
}

const char *decompress__error(const struct decompress *stream)
{
	return stream->error;
}

uint64_t decompress__consumed(const struct decompress *stream)
{
	return stream->consumed;
}

int decompress__new(decompress_read_fn read, void *data, struct decompress **ret_stream)
{
	struct decompress *stream = calloc(1, sizeof(*stream));

	if (!stream)
		return -ENOMEM;
	stream->read = read;
	stream->data = data;
	stream->input = stream->block;
	*ret_stream = stream;
	return 0;
}

void decompress__free(struct decompress *stream)
{
	if (!stream)
		return;
	if (stream->begun)
		stream->format->end(stream);
	free(stream);
}
