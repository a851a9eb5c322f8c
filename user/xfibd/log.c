// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Messages of the daemon. See log.h. */
#include "log.h"

#include <bpf/libbpf.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define LIMIT_NS (10ULL * 1000000000ULL)

static enum log_level threshold = LOG_LEVEL_INFO;

void log__set_level(enum log_level level)
{
	threshold = level;
}

void log__write(enum log_level level, const char *format, ...)
{
	char line[1024];
	va_list args;

	if (level > threshold)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	fprintf(stderr, "xfibd: %s%s\n", level == LOG_LEVEL_WARNING ? "warning: " : "", line);
}

bool log_limit__pass(struct log_limit *limit, uint64_t *ret_muted)
{
	struct timespec now;
	uint64_t ns;

	clock_gettime(CLOCK_MONOTONIC, &now);
	ns = (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
	if (ns < limit->next) {
		limit->muted++;
		return false;
	}
	*ret_muted = limit->muted;
	limit->muted = 0;
	limit->next = ns + LIMIT_NS;
	return true;
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
	if (threshold < LOG_LEVEL_DEBUG)
		return 0;
	vsnprintf(line, sizeof(line), format, args);
	length = strlen(line);
	if (length && line[length - 1] == '\n')
		line[length - 1] = '\0';
	return fprintf(stderr, "xfibd: %s\n", line);
}

void log__adopt_libbpf(void)
{
	libbpf_set_print(print_libbpf);
}
