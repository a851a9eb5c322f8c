// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Messages for people. See log.h. */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#define LIMIT_NS (10ULL * 1000000000ULL)

static enum log_level threshold = LOG_LEVEL_INFO;
static log_sink_fn sink;

void log__set_sink(log_sink_fn chosen)
{
	__atomic_store_n(&sink, chosen, __ATOMIC_RELEASE);
}

void log__set_level(enum log_level level)
{
	threshold = level;
}

enum log_level log__level(void)
{
	return threshold;
}

void log__write(enum log_level level, const char *format, ...)
{
	log_sink_fn chosen = __atomic_load_n(&sink, __ATOMIC_ACQUIRE);
	char line[1024];
	va_list args;

	if (level > threshold || !chosen)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	chosen(level, line);
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
