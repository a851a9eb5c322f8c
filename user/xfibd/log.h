/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Messages of the daemon, one line each on standard error, where systemd and people look for them. */
#ifndef XFIBD_LOG_H
#define XFIBD_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Messages above the level are dropped. */
void log__set_level(enum log_level level);
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

/* Routes libbpf's messages here: its warnings, and with debug its other ones. */
void log__adopt_libbpf(void);

#endif
