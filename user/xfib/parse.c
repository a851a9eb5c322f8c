// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* From words of the command line to numbers and addresses. */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

bool read_address(const char *token, uint32_t *ret_family, uint8_t ret_address[16])
{
	uint8_t address[16] = { 0 };
	int family = strchr(token, ':') ? AF_INET6 : AF_INET;

	if ((options.family && (int)options.family != family) || inet_pton(family, token, address) != 1)
		return false;
	memcpy(ret_address, address, sizeof(address));
	*ret_family = (uint32_t)family;
	return true;
}

static const char *wanted_family(void)
{
	return options.family == AF_INET ? "IPv4" : options.family == AF_INET6 ? "IPv6" : "IPv4 or IPv6";
}

int parse_address(const char *token, uint32_t *ret_family, uint8_t ret_address[16])
{
	if (read_address(token, ret_family, ret_address))
		return STATUS_DONE;
	return fail(STATUS_USAGE, "'%s' is no %s address", token, wanted_family());
}

/* A whole number, with nothing before or behind it. */
static bool read_number(const char *token, uint32_t high, uint32_t *ret_number)
{
	unsigned long long value;
	char *end;

	if (token[0] < '0' || token[0] > '9')
		return false;
	errno = 0;
	value = strtoull(token, &end, 10);
	if (errno || *end || value > high)
		return false;
	*ret_number = (uint32_t)value;
	return true;
}

/* Clears the bits behind the prefix. True: some were set. */
static bool clear_host_bits(uint8_t address[16], uint32_t length)
{
	bool found = false;

	for (uint32_t bit = length; bit < 128; bit++) {
		uint8_t mask = (uint8_t)(0x80 >> (bit % 8));

		found |= address[bit / 8] & mask;
		address[bit / 8] &= (uint8_t)~mask;
	}
	return found;
}

int parse_prefix(const char *token, uint32_t *ret_family, uint8_t ret_prefix[16], uint8_t *ret_length)
{
	char copy[TEXT_SIZE], text[TEXT_SIZE];
	uint32_t family, length, longest;
	uint8_t prefix[16] = { 0 };
	char *slash;

	if (!strcmp(token, "default")) {
		memset(ret_prefix, 0, 16);
		*ret_family = options.family ? options.family : AF_INET;
		*ret_length = 0;
		return STATUS_DONE;
	}
	if (strlen(token) >= sizeof(copy))
		return fail(STATUS_USAGE, "'%s' is no prefix", token);
	strcpy(copy, token);
	slash = strchr(copy, '/');
	if (slash)
		*slash = '\0';
	if (!read_address(copy, &family, prefix))
		return fail(STATUS_USAGE, "'%s' is no %s prefix", token, wanted_family());
	longest = length = family == AF_INET6 ? 128 : 32;
	if (slash && !read_number(slash + 1, longest, &length))
		return fail(STATUS_USAGE, "'%s': the length of the prefix must be a number from 0 to %u", token, longest);
	if (clear_host_bits(prefix, length)) {
		format_prefix(text, family, prefix, (uint8_t)length);
		return fail(STATUS_USAGE, "'%s' has bits behind its prefix length: did you mean %s?", token, text);
	}
	memcpy(ret_prefix, prefix, sizeof(prefix));
	*ret_family = family;
	*ret_length = (uint8_t)length;
	return STATUS_DONE;
}

int parse_table(const char *token, uint32_t *ret_table)
{
	uint32_t table;

	if ((!table_number(token, &table) && !read_number(token, UINT32_MAX, &table)) || !table)
		return fail(STATUS_USAGE, "table '%s': must be main, local, default or a number from 1 to 4294967295", token);
	*ret_table = table;
	return STATUS_DONE;
}

int parse_protocol(const char *token, uint32_t *ret_protocol)
{
	uint32_t protocol;

	if ((!protocol_number(token, &protocol) && !read_number(token, 255, &protocol)) || !protocol)
		return fail(STATUS_USAGE, "proto '%s': must be a routing protocol's name or a number from 1 to 255", token);
	*ret_protocol = protocol;
	return STATUS_DONE;
}

int parse_device(const char *token, uint32_t *ret_ifindex)
{
	uint32_t ifindex = if_nametoindex(token);

	if (!ifindex)
		return fail(STATUS_FAILED, "device '%s' does not exist", token);
	*ret_ifindex = ifindex;
	return STATUS_DONE;
}

const char *argument(const char *word, int *at, int argc, char **argv)
{
	if (*at + 1 < argc)
		return argv[++*at];
	fail(STATUS_USAGE, "'%s' needs an argument", word);
	return NULL;
}
