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

static bool convert_address(const char *token, uint32_t wanted_family, uint32_t *ret_family, uint8_t ret_address[16])
{
	uint8_t address[16] = { 0 };
	int family = strchr(token, ':') ? AF_INET6 : AF_INET;

	if ((wanted_family && (int)wanted_family != family) || inet_pton(family, token, address) != 1)
		return false;
	memcpy(ret_address, address, sizeof(address));
	*ret_family = (uint32_t)family;
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
