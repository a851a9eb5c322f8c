/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* A progress bar on standard error, where that is a terminal; else nothing. */
#ifndef XFIB_PROGRESS_H
#define XFIB_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	bool shown;     /* there is somebody to look at it */
	uint64_t total; /* bytes; 0: not known */
	uint64_t drawn; /* milliseconds of CLOCK_MONOTONIC */
};

/* `total`: bytes to be read, 0 if nobody knows. */
void progress__begin(struct progress *ret_progress, uint64_t total);

/* Draws it anew if the last time is a tenth of a second ago. */
void progress__update(struct progress *progress, uint64_t bytes, uint64_t routes);

/* Says what is being done in place of the bar. */
void progress__say(const struct progress *progress, const char *text);

/* Makes room for other output. */
void progress__clear(const struct progress *progress);

/* Milliseconds of CLOCK_MONOTONIC. */
uint64_t progress__now(void);

#endif
