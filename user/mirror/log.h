/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Messages for people: the daemon's go to standard error, the library's to the callback of its user. */
#ifndef XFIB_MIRROR_LOG_H
#define XFIB_MIRROR_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Where messages go: a whole line without its end. NULL, as at the start: nowhere. */
typedef void (*log_sink_fn)(enum log_level level, const char *line);
void log__set_sink(log_sink_fn sink);

/* Messages above the level are dropped. */
void log__set_level(enum log_level level);
enum log_level log__level(void);
void log__write(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log__write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log__write(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...) log__write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log__write(LOG_LEVEL_DEBUG, __VA_ARGS__)

/* Lets a message that could come by the thousand through at most once in ten seconds. */
struct log_limit {
	uint64_t next;  /* CLOCK_MONOTONIC, ns */
	uint64_t muted; /* since the last one that passed */
};

/* True: write the message; *ret_muted others were dropped since the last. */
bool log_limit__pass(struct log_limit *limit, uint64_t *ret_muted);

#endif
