// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Pin directories. See pins.h. */
#include "pins.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

int pins__lock(const char *directory, int *ret_fd)
{
	char progs[PATH_MAX];
	int fd, err;

	if (snprintf(progs, sizeof(progs), "%s/progs", directory) >= (int)sizeof(progs))
		return -ENAMETOOLONG;
	fd = open(progs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		err = -errno;
		close(fd);
		return err;
	}
	*ret_fd = fd;
	return 0;
}

/* Unlinks what is pinned in a directory, not the directories in it. */
static void empty(const char *directory)
{
	DIR *dir = opendir(directory);
	struct dirent *entry;
	char path[PATH_MAX];

	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		if (snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name) < (int)sizeof(path))
			unlink(path);
	}
	closedir(dir);
}

void pins__remove(const char *directory)
{
	char progs[PATH_MAX];

	if (snprintf(progs, sizeof(progs), "%s/progs", directory) >= (int)sizeof(progs))
		return;
	empty(progs);
	rmdir(progs);
	empty(directory);
	rmdir(directory);
}
