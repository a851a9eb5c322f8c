/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * From text to numbers and addresses, without a word to anybody: what is wrong
 * is said in a `struct why`. Each function takes the whole token, and returns
 * 0, or -EINVAL and then leaves its outputs untouched. Every string ends in a
 * zero byte and may hold any other bytes, at any length.
 */
#ifndef XFIB_READ_H
#define XFIB_READ_H

#include <stdbool.h>
#include <stdint.h>

#define WHY_SIZE 256

/* Why something cannot be taken: one line, which quotes it. */
struct why {
	char text[WHY_SIZE];
};

/* Writes the text and returns -EINVAL. */
int why__set(struct why *ret_why, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* How a message quotes a token: its beginning is enough to find it. */
#define QUOTED "'%.64s'"

/* A whole number in decimal digits up to `high`, with nothing before or behind it. */
bool read_number(const char *token, uint32_t high, uint32_t *ret_number);

/* Likewise, or 0x and hexadecimal digits. */
bool read_any_number(const char *token, uint32_t high, uint32_t *ret_number);

/* `family` is AF_INET, AF_INET6, or 0 for both. */
int read_address(const char *token, uint32_t family, uint32_t *ret_family, uint8_t ret_address[16], struct why *ret_why);

/* An address without a length is a prefix of one address; "default" one of length 0, of IPv4 if `family` is 0. */
int read_prefix(const char *token, uint32_t family, uint32_t *ret_family, uint8_t ret_prefix[16], uint8_t *ret_length,
		struct why *ret_why);

int read_table(const char *token, uint32_t *ret_table, struct why *ret_why);
int read_protocol(const char *token, uint32_t *ret_protocol, struct why *ret_why);
int read_scope(const char *token, uint32_t *ret_scope, struct why *ret_why);
int read_tos(const char *token, uint32_t *ret_tos, struct why *ret_why);
int read_mark(const char *token, uint32_t *ret_mark, struct why *ret_why);

/* Clears the bits behind the prefix. True: some were set. */
bool clear_host_bits(uint8_t address[16], uint32_t length);

#endif
