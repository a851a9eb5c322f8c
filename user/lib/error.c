// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* The message of each thread's last error, and the log. */
#include <bpf/libbpf.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "private.h"

static __thread char message[512];
static xfib_log_fn log_fn;
static void *log_data;

XFIB_PUBLIC const char *xfib_version(void)
{
	return XFIB_VERSION;
}

XFIB_PUBLIC const char *xfib_error__last(void)
{
	return message;
}

int error__set(int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	return err;
}

void error__log(const char *line)
{
	if (log_fn)
		log_fn(line, log_data);
}

static int print_libbpf(enum libbpf_print_level level, const char *format, va_list args)
{
	char line[1024];
	size_t length;

	if (!log_fn || level > LIBBPF_WARN) /* formatting costs */
		return 0;
	vsnprintf(line, sizeof(line), format, args);
	length = strlen(line);
	if (length && line[length - 1] == '\n')
		line[length - 1] = '\0';
	error__log(line);
	return 0;
}

XFIB_PUBLIC void xfib_log__set(xfib_log_fn log, void *data)
{
	log_fn = log;
	log_data = data;
	libbpf_set_print(print_libbpf);
}
