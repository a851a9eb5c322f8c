// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Words of the command line: as read.h takes them, and what is wrong with them is printed. */
#include <net/if.h>

#include "command.h"
#include "read.h"

static int complain(int err, const struct why *why)
{
	return err ? fail(STATUS_USAGE, "%s", why->text) : STATUS_DONE;
}

int parse_address(const char *token, uint32_t *ret_family, uint8_t ret_address[16])
{
	struct why why;

	return complain(read_address(token, options.family, ret_family, ret_address, &why), &why);
}

int parse_prefix(const char *token, uint32_t *ret_family, uint8_t ret_prefix[16], uint8_t *ret_length)
{
	struct why why;

	return complain(read_prefix(token, options.family, ret_family, ret_prefix, ret_length, &why), &why);
}

int parse_table(const char *token, uint32_t *ret_table)
{
	struct why why;

	return complain(read_table(token, ret_table, &why), &why);
}

int parse_protocol(const char *token, uint32_t *ret_protocol)
{
	struct why why;

	return complain(read_protocol(token, ret_protocol, &why), &why);
}

int parse_mark(const char *token, uint32_t *ret_mark)
{
	struct why why;

	return complain(read_mark(token, ret_mark, &why), &why);
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
