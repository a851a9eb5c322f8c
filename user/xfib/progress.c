// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* A progress bar: see progress.h. */
#include "progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "command.h"

#define WIDTH 40
#define INTERVAL 100

uint64_t progress__now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void progress__begin(struct progress *ret_progress, uint64_t total)
{
	*ret_progress = (struct progress){ .shown = !options.json && isatty(STDERR_FILENO), .total = total };
}

void progress__update(struct progress *progress, uint64_t bytes, uint64_t routes)
{
	uint64_t now, done;

	if (!progress->shown)
		return;
	now = progress__now();
	if (now - progress->drawn < INTERVAL)
		return;
	progress->drawn = now;
	if (!progress->total) {
		fprintf(stderr, "\r\033[Kreading: %llu routes", (unsigned long long)routes);
		return;
	}
	if (bytes > progress->total)
		bytes = progress->total;
	done = bytes * WIDTH / progress->total;
	fprintf(stderr, "\r\033[Kreading [%.*s%*s] %3llu %%, %llu routes", (int)done,
		"########################################", (int)(WIDTH - done), "",
		(unsigned long long)(bytes * 100 / progress->total), (unsigned long long)routes);
}

void progress__say(const struct progress *progress, const char *text)
{
	if (progress->shown)
		fprintf(stderr, "\r\033[K%s", text);
}

void progress__clear(const struct progress *progress)
{
	progress__say(progress, "");
}
