/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A stream of bytes, decompressed if its first bytes say that it is gzip, xz
 * or bzip2. Several members one after the other are one stream, as their own
 * tools have it. Memory: a block of input, and what the format needs (xz at
 * most 256 MiB).
 */
#ifndef XFIB_DECOMPRESS_H
#define XFIB_DECOMPRESS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Fills `memory` with the next bytes of the input. Their number, 0 at its end, -errno. */
typedef ssize_t (*decompress_read_fn)(void *data, void *memory, size_t room);

struct decompress;

/* -ENOMEM. */
int decompress__new(decompress_read_fn read, void *data, struct decompress **ret_stream);

/* The next bytes, 0 at the end, or -errno: see decompress__error(). */
ssize_t decompress__read(struct decompress *stream, void *memory, size_t room);

/* What the last call that failed has found wrong: "its gzip data is truncated". */
const char *decompress__error(const struct decompress *stream);

/* How many bytes of the input have been read. */
uint64_t decompress__consumed(const struct decompress *stream);

void decompress__free(struct decompress *stream);

#endif
