// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Tokens as addresses, prefixes, numbers and names: what is taken is the same again when it has been written and read. */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "format.h"
#include "read.h"

#define CHECK(condition)                                                                                               \
	do {                                                                                                           \
		if (!(condition))                                                                                      \
			abort();                                                                                       \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length);

static void check_address(const char *token, uint32_t wanted)
{
	uint8_t address[16], again[16];
	uint32_t family, family_again;
	char text[TEXT_SIZE];
	struct why why;

	if (read_address(token, wanted, &family, address, &why)) {
		CHECK(why.text[0]);
		return;
	}
	CHECK(!wanted || family == wanted);
	format_address(text, family, address);
	CHECK(!read_address(text, 0, &family_again, again, &why));
	CHECK(family == family_again && !memcmp(address, again, sizeof(address)));
}

static void check_prefix(const char *token, uint32_t wanted)
{
	uint8_t prefix[16], again[16], length, length_again;
	uint32_t family, family_again;
	char text[TEXT_SIZE];
	struct why why;

	if (read_prefix(token, wanted, &family, prefix, &length, &why)) {
		CHECK(why.text[0]);
		return;
	}
	CHECK(!wanted || family == wanted);
	CHECK(length <= (family == AF_INET ? 32 : 128));
	format_prefix(text, family, prefix, length);
	CHECK(!read_prefix(text, 0, &family_again, again, &length_again, &why));
	CHECK(family == family_again && length == length_again && !memcmp(prefix, again, sizeof(prefix)));
}

static void check_names(const char *token)
{
	char text[TEXT_SIZE];
	uint32_t number, again;
	struct why why;

	if (!read_table(token, &number, &why)) {
		format_table(text, number);
		CHECK(number && !read_table(text, &again, &why) && again == number);
	}
	if (!read_protocol(token, &number, &why)) {
		format_protocol(text, number);
		CHECK(number && number < 256 && !read_protocol(text, &again, &why) && again == number);
	}
	if (!read_scope(token, &number, &why)) {
		format_scope(text, number);
		CHECK(number < 256 && !read_scope(text, &again, &why) && again == number);
	}
	if (!read_tos(token, &number, &why))
		CHECK(number < 256);
	if (!read_mark(token, &number, &why)) {
		format_number(text, number);
		CHECK(!read_mark(text, &again, &why) && again == number);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
	char *token = malloc(length + 1); /* so that the sanitizers see a byte read too far */

	CHECK(token);
	memcpy(token, data, length);
	token[length] = '\0';
	check_address(token, 0);
	check_address(token, AF_INET);
	check_address(token, AF_INET6);
	check_prefix(token, 0);
	check_prefix(token, AF_INET);
	check_prefix(token, AF_INET6);
	check_names(token);
	free(token);
	return 0;
}
