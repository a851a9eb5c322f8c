/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Results of a test program that does not need cmocka, as TAP. */
#ifndef TESTS_FIB_TAP_H
#define TESTS_FIB_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

static int tap_count, tap_failed;

static inline void __attribute__((format(printf, 2, 3))) tap__result(bool passed, const char *format, ...)
{
	va_list arguments;

	tap_failed += !passed;
	printf("%sok %d - ", passed ? "" : "not ", ++tap_count);
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	putchar('\n');
	fflush(stdout);
}

static inline void tap__skip(const char *what, const char *why)
{
	printf("ok %d - %s # SKIP %s\n", ++tap_count, what, why);
	fflush(stdout);
}

/* Prints the plan. The program's status. */
static inline int tap__finish(void)
{
	printf("1..%d\n", tap_count);
	return tap_failed != 0;
}

#endif
