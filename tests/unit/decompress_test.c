// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* user/xfib/decompress.c: the same text in each format, several members, truncated, damaged. */
#include "unit.h"

#include <bzlib.h>
#include <errno.h>
#include <lzma.h>
#include <zlib.h>

#include "decompress.h"

#define TEXT_LENGTH 100000
#define ROOM 200000

static char text[TEXT_LENGTH];

/* ---- compressors ---- */

static size_t by_gzip(const char *from, size_t length, uint8_t *to, size_t room)
{
	z_stream stream = { .next_in = (uint8_t *)from, .avail_in = (uInt)length, .next_out = to, .avail_out = (uInt)room };

	assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	deflateEnd(&stream);
	return stream.total_out;
}

static size_t by_xz(const char *from, size_t length, uint8_t *to, size_t room)
{
	size_t at = 0;

	assert_int_equal(lzma_easy_buffer_encode(0, LZMA_CHECK_CRC64, NULL, (const uint8_t *)from, length, to, &at, room), LZMA_OK);
	return at;
}

static size_t by_bzip2(const char *from, size_t length, uint8_t *to, size_t room)
{
	unsigned int at = (unsigned int)room;

	assert_int_equal(BZ2_bzBuffToBuffCompress((char *)to, &at, (char *)from, (unsigned int)length, 1, 0, 0), BZ_OK);
	return at;
}

static size_t by_nothing(const char *from, size_t length, uint8_t *to, size_t room)
{
	assert_true(length <= room);
	memcpy(to, from, length);
	return length;
}

static const struct {
	const char *name;
	size_t (*compress)(const char *from, size_t length, uint8_t *to, size_t room);
} formats[] = { { "gzip", by_gzip }, { "xz", by_xz }, { "bzip2", by_bzip2 }, { "none", by_nothing } };

#define COMPRESSED 3 /* the first ones */

/* ---- input from memory ---- */

struct input {
	const uint8_t *at;
	size_t left, piece;
	int err; /* after the last byte */
};

static ssize_t read_input(void *data, void *memory, size_t room)
{
	struct input *input = data;
	size_t count = room;

	if (!input->left && input->err)
		return input->err;
	if (count > input->left)
		count = input->left;
	if (input->piece && count > input->piece)
		count = input->piece;
	memcpy(memory, input->at, count);
	input->at += count;
	input->left -= count;
	return (ssize_t)count;
}

/* Decompresses all of it. Returns the last result: 0 or -errno. */
static int decompress(struct input input, size_t room, char *ret_text, size_t *ret_length, char *ret_error)
{
	struct decompress *stream;
	size_t length = 0, total = input.left;
	ssize_t count;

	assert_int_equal(decompress__new(read_input, &input, &stream), 0);
	while ((count = decompress__read(stream, ret_text + length, room < ROOM - length ? room : ROOM - length)) > 0) {
		length += (size_t)count;
		assert_true(length < ROOM);
	}
	if (!count) {
		assert_int_equal(decompress__read(stream, ret_text, 1), 0); /* the end remains the end */
		assert_int_equal(decompress__consumed(stream), total);
	}
	strcpy(ret_error, decompress__error(stream));
	decompress__free(stream);
	*ret_length = length;
	return (int)count;
}

static char seen[ROOM], error[256];
static uint8_t packed[ROOM];

static void the_same_text(void **state)
{
	static const size_t pieces[] = { 0, 1, 5, 4096 }, rooms[] = { ROOM, 100, 65536 };
	size_t length;

	(void)state;
	for (size_t format = 0; format < COUNT(formats); format++) {
		size_t count = formats[format].compress(text, TEXT_LENGTH, packed, ROOM);

		for (size_t i = 0; i < COUNT(pieces) * COUNT(rooms); i++) {
			struct input input = { .at = packed, .left = count, .piece = pieces[i % COUNT(pieces)] };

			assert_int_equal(decompress(input, rooms[i / COUNT(pieces)], seen, &length, error), 0);
			assert_int_equal(length, TEXT_LENGTH);
			assert_memory_equal(seen, text, TEXT_LENGTH);
		}
	}
}

static void several_members(void **state)
{
	size_t length;

	(void)state;
	for (size_t format = 0; format < COUNT(formats); format++) {
		size_t count = formats[format].compress(text, 50000, packed, ROOM);

		count += formats[format].compress(text, 0, packed + count, ROOM - count);
		count += formats[format].compress(text + 50000, 50000, packed + count, ROOM - count);
		for (size_t piece = 0; piece < 3; piece++) {
			assert_int_equal(decompress((struct input){ .at = packed, .left = count, .piece = piece }, 1000, seen, &length, error), 0);
			assert_int_equal(length, TEXT_LENGTH);
			assert_memory_equal(seen, text, TEXT_LENGTH);
		}
	}
}

static void nothing_and_little(void **state)
{
	size_t length;

	(void)state;
	for (size_t format = 0; format < COUNT(formats); format++) {
		for (size_t short_length = 0; short_length < 8; short_length++) {
			size_t count = formats[format].compress(text, short_length, packed, ROOM);

			assert_int_equal(decompress((struct input){ .at = packed, .left = count }, 100, seen, &length, error), 0);
			assert_int_equal(length, short_length);
		}
	}
}

/* From the magic bytes on, every cut is an error that names the format, but between members. */
static void truncated(void **state)
{
	static const size_t magic[] = { 3, 6, 3 };
	char expected[64];
	size_t length;

	(void)state;
	for (size_t format = 0; format < COMPRESSED; format++) {
		size_t first = formats[format].compress(text, 600, packed, ROOM);
		size_t count = first + formats[format].compress(text, 600, packed + first, ROOM - first);

		snprintf(expected, sizeof(expected), "its %s data is truncated", formats[format].name);
		for (size_t cut = magic[format]; cut < count; cut++) {
			int err = decompress((struct input){ .at = packed, .left = cut, .piece = cut % 3 }, 100, seen, &length, error);

			assert_true(length <= 1200 && !memcmp(seen, text, length < 600 ? length : 600));
			if (cut == first) {
				assert_int_equal(err, 0);
			} else {
				assert_int_equal(err, -EBADMSG);
				assert_string_equal(error, expected);
			}
		}
	}
}

/* A flipped bit is an error that names the format. A few have no meaning: then the text is the same. */
static void damaged(void **state)
{
	char expected[64];
	size_t length;

	(void)state;
	unit__seed();
	for (size_t format = 0; format < COMPRESSED; format++) {
		int errors = 0;

		snprintf(expected, sizeof(expected), "its %s data ", formats[format].name);
		for (int round = 0; round < 100; round++) {
			size_t count = formats[format].compress(text, 600, packed, ROOM), at = 10 + unit__below((unsigned int)count - 10);
			int err;

			packed[at] = (uint8_t)(packed[at] ^ (1 << unit__below(8)));
			err = decompress((struct input){ .at = packed, .left = count }, 100, seen, &length, error);
			if (err)
				assert_int_equal(strncmp(error, expected, strlen(expected)), 0);
			else
				assert_true(length == 600 && !memcmp(seen, text, length));
			errors += err == -EBADMSG;
		}
		assert_true(errors > 80);
		length = formats[format].compress(text, 600, packed, ROOM);
		memcpy(packed + length, "garbage", 8);
		assert_int_equal(decompress((struct input){ .at = packed, .left = length + 7 }, 100, seen, &length, error), -EBADMSG);
	}
}

static void a_read_that_fails(void **state)
{
	size_t length;

	(void)state;
	for (size_t format = 0; format < COUNT(formats); format++) {
		size_t count = formats[format].compress(text, TEXT_LENGTH, packed, ROOM);
		struct input input = { .at = packed, .left = count / 2, .err = -EIO };

		assert_int_equal(decompress(input, 1000, seen, &length, error), -EIO);
		assert_string_equal(error, "Input/output error");
	}
}

static int make_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < TEXT_LENGTH; i++) /* lines with some noise */
		text[i] = i % 40 == 39 ? '\n' : (char)('0' + (i * i / 7 + i / 40) % 10);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_text), cmocka_unit_test(several_members), cmocka_unit_test(nothing_and_little),
		cmocka_unit_test(truncated),	 cmocka_unit_test(damaged),	    cmocka_unit_test(a_read_that_fails),
	};

	return cmocka_run_group_tests(tests, make_text, NULL);
}
