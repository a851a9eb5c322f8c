// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* xfib verify: does the compiled FIB say what the LPM tries say? */
#include <arpa/inet.h>
#include <stdio.h>

#include "command.h"

static size_t printed;

static void print_difference(const struct xfib_difference *difference, void *data)
{
	char address[INET6_ADDRSTRLEN];

	(void)data;
	inet_ntop((int)difference->family, difference->address, address, sizeof(address));
	if (options.json)
		print_element(printed++, json_pack("{s:s,s:I,s:I,s:I}", "dst", address, "table", (json_int_t)difference->table,
						   "fib", (json_int_t)difference->by_fib, "trie", (json_int_t)difference->by_trie));
	else
		printf("%s table %u: target %#x by the compiled FIB, %#x by the trie\n", address, difference->table,
		       difference->by_fib, difference->by_trie);
}

int command_verify(int argc, char **argv)
{
	struct xfib_verification result = { .size = sizeof(result) };
	struct xfib *instance;
	int status;

	if (argc)
		return fail(STATUS_USAGE, "verify: unknown word '%s'", argv[0]);
	status = open_maps("verify", "the LPM tries", &instance);
	if (status)
		return status;
	if (xfib_instance__verify(instance, print_difference, NULL, &result))
		status = fail(STATUS_FAILED, "%s", xfib_error__last());
	else if (options.json)
		print_end(printed);
	else
		printf("%llu addresses compared, %llu of them left to the trie, %llu differences\n",
		       (unsigned long long)result.addresses, (unsigned long long)result.left_to_trie,
		       (unsigned long long)result.differences);
	xfib_instance__close(instance);
	if (!status && result.differences)
		status = STATUS_FAILED;
	return finish_output() ? STATUS_FAILED : status;
}
