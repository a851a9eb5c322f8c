// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* From text to numbers and addresses: see read.h. */
#include "read.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"

int why__set(struct why *ret_why, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(ret_why->text, sizeof(ret_why->text), format, args);
	va_end(args);
	return -EINVAL;
}

static bool read_based(const char *token, int base, uint32_t high, uint32_t *ret_number)
{
	unsigned long long value;
	char *end;

	/* strtoull() takes blanks, signs and a second 0x in front, which are no part of a number here. */
	if (!strchr(base == 16 ? "0123456789abcdefABCDEF" : "0123456789", token[0]) || !token[0] ||
	    (token[0] == '0' && (token[1] == 'x' || token[1] == 'X')))
		return false;
	errno = 0;
	value = strtoull(token, &end, base);
	if (errno || *end || value > high)
		return false;
	*ret_number = (uint32_t)value;
	return true;
}

bool read_number(const char *token, uint32_t high, uint32_t *ret_number)
{
	return read_based(token, 10, high, ret_number);
}

bool read_any_number(const char *token, uint32_t high, uint32_t *ret_number)
{
	if (token[0] == '0' && (token[1] == 'x' || token[1] == 'X'))
		return read_based(token + 2, 16, high, ret_number);
	return read_number(token, high, ret_number);
}

/* ---- addresses ---- */

static const char *wanted(uint32_t family)
{
	return family == AF_INET ? "IPv4" : family == AF_INET6 ? "IPv6" : "IPv4 or IPv6";
}

/* Four decimal numbers to 255 without zeros in front: what inet_pton() takes, in a third of the time. */
static bool convert_address4(const char *token, uint8_t ret_address[4])
{
	uint8_t bytes[4];

	for (int i = 0; i < 4; i++) {
		uint32_t byte = (uint8_t)*token++ - (uint32_t)'0';

		if (byte > 9)
			return false;
		for (; byte && *token >= '0' && *token <= '9'; token++) {
			byte = byte * 10 + (uint32_t)(*token - '0');
			if (byte > 255)
				return false;
		}
		if (*token++ != (i < 3 ? '.' : '\0'))
			return false;
		bytes[i] = (uint8_t)byte;
	}
	memcpy(ret_address, bytes, sizeof(bytes));
	return true;
}

/* What a hexadecimal digit stands for, counted from 1. */
static const uint8_t hexadecimal[256] = {
	['0'] = 1,  ['1'] = 2,	['2'] = 3,  ['3'] = 4,	['4'] = 5,  ['5'] = 6,	['6'] = 7,  ['7'] = 8,
	['8'] = 9,  ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
	['A'] = 11, ['B'] = 12, ['C'] = 13, ['D'] = 14, ['E'] = 15, ['F'] = 16,
};

/* Groups of one to four digits, up to a character that is none. Returns how many there were, *token behind the last one's digits. */
static int read_groups(const char **token, int most, uint8_t *ret_bytes)
{
	const char *at = *token;

	for (int count = 0;; count++) {
		uint32_t group = 0;
		int digits = 0;

		for (; hexadecimal[(uint8_t)*at] && digits < 5; at++, digits++)
			group = group << 4 | (hexadecimal[(uint8_t)*at] - 1U);
		if (!digits || digits > 4 || count == most)
			return count;
		ret_bytes[2 * count] = (uint8_t)(group >> 8);
		ret_bytes[2 * count + 1] = (uint8_t)group;
		*token = at;
		if (*at++ != ':')
			return count + 1;
	}
}

/* The usual forms, groups with one :: or none. False: it is another one, or no address; inet_pton() tells. */
static bool convert_address6(const char *token, uint8_t ret_address[16])
{
	uint8_t address[16] = { 0 }, behind[16];
	int before = read_groups(&token, 8, address), after = 0;

	if (before < 8) {
		if (*token++ != ':' || *token++ != ':')
			return false;
		after = read_groups(&token, 7 - before, behind);
		memcpy(address + 16 - 2 * after, behind, 2 * (size_t)after);
	}
	if (*token)
		return false;
	memcpy(ret_address, address, sizeof(address));
	return true;
}

static bool convert_address(const char *token, uint32_t wanted_family, uint32_t *ret_family, uint8_t ret_address[16])
{
	uint8_t address[16] = { 0 };
	uint32_t family = AF_INET;

	if (!convert_address4(token, address)) {
		family = AF_INET6;
		if (!convert_address6(token, address) && inet_pton(AF_INET6, token, address) != 1)
			return false;
	}
	if (wanted_family && wanted_family != family)
		return false;
	memcpy(ret_address, address, sizeof(address));
	*ret_family = family;
	return true;
}

int read_address(const char *token, uint32_t family, uint32_t *ret_family, uint8_t ret_address[16], struct why *ret_why)
{
	if (convert_address(token, family, ret_family, ret_address))
		return 0;
	return why__set(ret_why, QUOTED " is no %s address", token, wanted(family));
}

bool clear_host_bits(uint8_t address[16], uint32_t length)
{
	bool found = false;

	for (uint32_t byte = length / 8; byte < 16; byte++) {
		uint32_t kept = byte == length / 8 ? 0xff00u >> (length % 8) & 0xff : 0;

		found = found || address[byte] & ~kept;
		address[byte] = (uint8_t)(address[byte] & kept);
	}
	return found;
}

static int check_host_bits(const char *token, uint32_t family, uint8_t prefix[16], uint32_t length, struct why *ret_why)
{
	char text[TEXT_SIZE];

	if (!clear_host_bits(prefix, length))
		return 0;
	format_prefix(text, family, prefix, (uint8_t)length);
	return why__set(ret_why, QUOTED " has bits behind its prefix length: did you mean %s?", token, text);
}

int read_prefix(const char *token, uint32_t family, uint32_t *ret_family, uint8_t ret_prefix[16], uint8_t *ret_length,
		struct why *ret_why)
{
	uint32_t found, length, longest;
	uint8_t prefix[16] = { 0 };
	char copy[TEXT_SIZE];
	char *slash;

	if (!strcmp(token, "default")) {
		memset(ret_prefix, 0, 16);
		*ret_family = family ? family : AF_INET;
		*ret_length = 0;
		return 0;
	}
	if (strlen(token) >= sizeof(copy))
		return why__set(ret_why, QUOTED " is no prefix", token);
	strcpy(copy, token);
	slash = strchr(copy, '/');
	if (slash)
		*slash = '\0';
	if (!convert_address(copy, family, &found, prefix))
		return why__set(ret_why, QUOTED " is no %s prefix", token, wanted(family));
	longest = length = found == AF_INET6 ? 128 : 32;
	if (slash && !read_number(slash + 1, longest, &length))
		return why__set(ret_why, QUOTED ": the length of the prefix must be a number from 0 to %u", token, longest);
	if (check_host_bits(token, found, prefix, length, ret_why))
		return -EINVAL;
	memcpy(ret_prefix, prefix, sizeof(prefix));
	*ret_family = found;
	*ret_length = (uint8_t)length;
	return 0;
}

/* ---- what has names ---- */

int read_table(const char *token, uint32_t *ret_table, struct why *ret_why)
{
	uint32_t table;

	if ((!table_number(token, &table) && !read_number(token, UINT32_MAX, &table)) || !table)
		return why__set(ret_why, "table " QUOTED ": must be main, local, default or a number from 1 to 4294967295",
				token);
	*ret_table = table;
	return 0;
}

int read_protocol(const char *token, uint32_t *ret_protocol, struct why *ret_why)
{
	uint32_t protocol;

	if ((!protocol_number(token, &protocol) && !read_number(token, 255, &protocol)) || !protocol)
		return why__set(ret_why, "proto " QUOTED ": must be a routing protocol's name or a number from 1 to 255", token);
	*ret_protocol = protocol;
	return 0;
}

int read_scope(const char *token, uint32_t *ret_scope, struct why *ret_why)
{
	if (!scope_number(token, ret_scope) && !read_number(token, 255, ret_scope))
		return why__set(ret_why, "scope " QUOTED ": must be global, site, link, host, nowhere or a number to 255", token);
	return 0;
}

int read_tos(const char *token, uint32_t *ret_tos, struct why *ret_why)
{
	if (!tos_number(token, ret_tos) && !read_any_number(token, 255, ret_tos))
		return why__set(ret_why, "tos " QUOTED ": must be a number to 255 (0xff), or a name such as CS1, AF11, EF", token);
	return 0;
}

int read_mark(const char *token, uint32_t *ret_mark, struct why *ret_why)
{
	if (!read_any_number(token, UINT32_MAX, ret_mark))
		return why__set(ret_why, "mark " QUOTED ": must be a number to 4294967295 (0xffffffff)", token);
	return 0;
}
