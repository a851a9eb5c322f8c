// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Messages on standard error. See stderr_log.h. */
#include "stderr_log.h"

#include <bpf/libbpf.h>
#include <stdio.h>
#include <string.h>

#include "log.h"

static void write_line(enum log_level level, const char *line)
{
	fprintf(stderr, "xfibd: %s%s\n", level == LOG_LEVEL_WARNING ? "warning: " : "", line);
}

/*
 * libbpf explains a failed load over many lines, of which the caller's own
 * message is the sum: they are kept for --verbose.
 */
static int print_libbpf(enum libbpf_print_level level, const char *format, va_list args)
{
	char line[2048];
	size_t length;

	(void)level;
	if (log__level() < LOG_LEVEL_DEBUG)
		return 0;
	vsnprintf(line, sizeof(line), format, args);
	length = strlen(line);
	if (length && line[length - 1] == '\n')
		line[length - 1] = '\0';
	return fprintf(stderr, "xfibd: %s\n", line);
}

void stderr_log__begin(void)
{
	log__set_sink(write_line);
	libbpf_set_print(print_libbpf);
}
