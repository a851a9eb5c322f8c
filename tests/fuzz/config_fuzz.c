// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* The configuration file of xfibd, whatever it holds: it is right, or a mistake is said. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "log.h"
#include "options.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned int said;

static void count_line(enum log_level level, const char *line)
{
	(void)line;
	said += level == LOG_LEVEL_ERROR;
}

/* The file: one in memory, which is written anew each time. */
static int open_file(char ret_path[32])
{
	int fd = memfd_create("config", MFD_CLOEXEC);

	if (fd < 0)
		abort();
	snprintf(ret_path, 32, "/proc/self/fd/%d", fd);
	log__set_sink(count_line);
	return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char path[32];
	static int fd = -1;
	char name[] = "xfibd", config[] = "--config", check[] = "--check";
	char *argv[] = { name, config, path, check, NULL };
	struct options options;
	int result;

	if (fd < 0)
		fd = open_file(path);
	if (ftruncate(fd, 0) || pwrite(fd, data, size, 0) != (ssize_t)size)
		abort();
	said = 0;
	result = options__parse(4, argv, &options);
	if (result != (said ? -EINVAL : 1))
		abort();
	return 0;
}
