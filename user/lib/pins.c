// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Pin directories. See pins.h. */
#include "pins.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include <xfib/abi.h>

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

/* Whatever the layout of the set is: see struct xfib_state. */
static void retire(const char *directory)
{
	union {
		struct xfib_state state;
		uint8_t bytes[4096];
	} value = { 0 };
	struct bpf_map_info info = { 0 };
	uint32_t length = sizeof(info), zero = 0;
	char path[PATH_MAX];
	int fd;

	if (snprintf(path, sizeof(path), "%s/xfib_state", directory) >= (int)sizeof(path))
		return;
	fd = bpf_obj_get(path);
	if (fd < 0)
		return;
	if (!bpf_obj_get_info_by_fd(fd, &info, &length) && info.value_size >= 2 * sizeof(uint32_t) &&
	    info.value_size <= sizeof(value) && !bpf_map_lookup_elem(fd, &zero, &value)) {
		value.state.retired = 1;
		bpf_map_update_elem(fd, &zero, &value, BPF_ANY);
	}
	close(fd);
}

void pins__remove(const char *directory)
{
	char progs[PATH_MAX];

	if (snprintf(progs, sizeof(progs), "%s/progs", directory) >= (int)sizeof(progs))
		return;
	retire(directory);
	empty(progs);
	rmdir(progs);
	empty(directory);
	rmdir(directory);
}
