// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Runs the tables of cases that belong to a world, in both contracts, in the
 * network namespace that worlds.sh has made:
 *
 *	conformance WORLD
 */
#include <stdio.h>
#include <string.h>

#include "conformance.h"

int main(int argc, char **argv)
{
	static const char *const worlds[] = { [HOST] = "host", [ISLAND] = "island", [NO6] = "no6", [EMPTY] = "empty",
					      [UNREADABLE] = "unreadable", [UNWRITABLE] = "unwritable", [ABSENT] = "absent" };

	for (size_t i = 0; argc == 2 && i < COUNT(worlds); i++) {
		if (strcmp(argv[1], worlds[i]))
			continue;
#define RUN(name)                                                                                                      \
	name##_driver((enum world)i);                                                                                  \
	name##_user((enum world)i);
		TABLES(RUN)
#undef RUN
		puts("# end");
		return 0;
	}
	fputs("usage: conformance host|island|no6|empty|unreadable|unwritable|absent\n", stderr);
	return 2;
}
