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

int pins__read_state(const char *directory, union pins_state *ret_value, int *ret_fd)
{
	struct bpf_map_info info = { 0 };
	uint32_t length = sizeof(info), zero = 0;
	char path[PATH_MAX];
	int fd, err;

	memset(ret_value, 0, sizeof(*ret_value));
	if (snprintf(path, sizeof(path), "%s/xfib_state", directory) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = bpf_obj_get(path);
	if (fd < 0)
		return fd;
	err = bpf_obj_get_info_by_fd(fd, &info, &length);
	if (!err && (info.value_size < 2 * sizeof(uint32_t) || info.value_size > sizeof(*ret_value)))
		err = -EPROTO;
	if (!err)
		err = bpf_map_lookup_elem(fd, &zero, ret_value);
	if (err) {
		close(fd);
		return err;
	}
	if (info.value_size != sizeof(ret_value->state) && ret_value->state.layout == XFIB_LAYOUT)
		ret_value->state.layout = 0;
	*ret_fd = fd;
	return 0;
}

void pins__forget_links(const char *directory)
{
	struct bpf_map_info info = { 0 };
	uint32_t length = sizeof(info);
	struct xfib_link none = { 0 };
	char path[PATH_MAX];
	int fd;

	if (snprintf(path, sizeof(path), "%s/xfib_links", directory) >= (int)sizeof(path))
		return;
	fd = bpf_obj_get(path);
	if (fd < 0)
		return;
	if (!bpf_obj_get_info_by_fd(fd, &info, &length) && info.value_size == sizeof(none)) {
		for (uint32_t slot = 0; slot < info.max_entries; slot++)
			bpf_map_update_elem(fd, &slot, &none, BPF_ANY);
	}
	close(fd);
}

/* Whatever the layout of the set is: see struct xfib_state. */
static void retire(const char *directory)
{
	union pins_state value;
	uint32_t zero = 0;
	int fd;

	if (pins__read_state(directory, &value, &fd))
		return;
	value.state.retired = 1;
	bpf_map_update_elem(fd, &zero, &value, BPF_ANY);
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
