// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* A set of maps and programs in its pin directory. See pinned_set.h. */
#include "pinned_set.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../lib/pins.h"
#include "bpf_maps.h"
#include "peer.h"
#include "xfib.skel.h"

int pinned_set__make(const char *directory, int *ret_fd)
{
	int fd = -1, err = pins__lock(directory, &fd);
	char path[PATH_MAX];

	if (err == -EWOULDBLOCK)
		return err;
	if (!err) { /* left behind */
		pins__remove(directory);
		close(fd);
	}
	rmdir(directory); /* of one that ended here last time */
	if (mkdir(directory, 0700))
		return errno == EEXIST ? -EWOULDBLOCK : -errno;
	snprintf(path, sizeof(path), "%s/progs", directory);
	if (mkdir(path, 0700))
		return -errno;
	return pins__lock(directory, ret_fd);
}

/* Lets a group read what root has; `mode` is that of the file. */
static int share(const char *path, gid_t readers, mode_t mode)
{
	if (readers == NO_GROUP)
		return 0;
	return chown(path, (uid_t)-1, readers) || chmod(path, mode) ? -errno : 0;
}

static int pin_programs(const char *directory, const struct xfib_bpf *skeleton)
{
	const struct {
		const char *name;
		struct bpf_program *program;
	} programs[] = {
		{ "xdp", skeleton->progs.xfib_xdp },
		{ "xdp_frags", skeleton->progs.xfib_xdp_frags },
		{ "explain", skeleton->progs.xfib_explain },
		{ "tc", skeleton->progs.xfib_tc },
	};

	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		char path[PATH_MAX];
		int err;

		if (!bpf_program__autoload(programs[i].program))
			continue; /* this kernel has no such ones */
		snprintf(path, sizeof(path), "%s/progs/%s", directory, programs[i].name);
		err = bpf_program__pin(programs[i].program, path);
		if (err)
			return err;
	}
	return 0;
}

int pinned_set__fill(const char *directory, const struct bpf_maps *maps, gid_t readers)
{
	struct bpf_map *map;
	char path[PATH_MAX];
	int err;

	bpf_object__for_each_map(map, maps->skeleton->obj) {
		const char *name = bpf_map__name(map);

		if (bpf_map__is_internal(map))
			continue;
		snprintf(path, sizeof(path), "%s/%s", directory, name);
		err = bpf_map__pin(map, path);
		if (!err)
			err = share(path, readers, 0640);
		if (err)
			return err;
	}
	err = pin_programs(directory, maps->skeleton);
	return err ? err : share(directory, readers, 0750);
}

int pinned_set__exchange(const char *fresh, const char *directory)
{
	if (!renameat2(AT_FDCWD, fresh, AT_FDCWD, directory, RENAME_EXCHANGE))
		return 0;
	/* Nothing there to exchange, or a kernel whose BPF file system cannot: move the old one aside. */
	if (errno != ENOENT) {
		char aside[PATH_MAX];

		if (snprintf(aside, sizeof(aside), "%s-old", directory) >= (int)sizeof(aside))
			return -ENAMETOOLONG;
		pins__remove(aside);
		if (rename(directory, aside))
			return -errno;
		if (rename(fresh, directory)) {
			int err = -errno;

			rename(aside, directory);
			return err;
		}
		return rename(aside, fresh) ? -errno : 0;
	}
	return rename(fresh, directory) ? -errno : 0;
}

/* Opens the state map of a pinned instance. */
static int open_state(const char *directory, int *ret_fd)
{
	struct bpf_map_info info = { 0 };
	uint32_t length = sizeof(info);
	char path[PATH_MAX];
	int fd, err;

	snprintf(path, sizeof(path), "%s/xfib_state", directory);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return fd;
	err = bpf_obj_get_info_by_fd(fd, &info, &length);
	if (!err && info.value_size != sizeof(struct xfib_state))
		err = -EPROTO;
	if (err) {
		close(fd);
		return err;
	}
	*ret_fd = fd;
	return 0;
}

int pinned_set__read_state(const char *directory, struct xfib_state *ret_state)
{
	struct xfib_state state;
	uint32_t zero = 0;
	int fd, err = open_state(directory, &fd);

	if (err)
		return err;
	err = bpf_map_lookup_elem(fd, &zero, &state);
	close(fd);
	if (!err)
		*ret_state = state;
	return err;
}
