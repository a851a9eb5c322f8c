/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What every unit test begins with. */
#ifndef TESTS_UNIT_UNIT_H
#define TESTS_UNIT_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* Seeds random() from XFIB_SEED or the clock, and prints the seed. */
static inline void unit__seed(void)
{
	const char *text = getenv("XFIB_SEED");
	unsigned int seed = text ? (unsigned int)strtoul(text, NULL, 10) : (unsigned int)time(NULL);

	print_message("XFIB_SEED=%u\n", seed);
	srandom(seed);
}

static inline unsigned int unit__below(unsigned int limit)
{
	return (unsigned int)random() % limit;
}

/* Reads an address of either family into sixteen bytes. */
static inline void unit__address(const char *text, uint8_t address[16])
{
	memset(address, 0, 16);
	assert_int_equal(inet_pton(strchr(text, ':') ? AF_INET6 : AF_INET, text, address), 1);
}

/* Runs commands by the shell, in their order, to the first that fails: it is printed, and the result is false. */
static inline bool unit__run_commands(const char *const *commands, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (system(commands[i])) {
			print_message("failed: %s\n", commands[i]);
			return false;
		}
	}
	return true;
}

#endif
