// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* What the process and the kernel must be able to do. See requirements.h. */
#include "requirements.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cap-ng.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "log.h"

#define DEFAULT_BPFFS "/sys/fs/bpf"

int requirements__check_capabilities(void)
{
	static const struct {
		unsigned int capability;
		const char *name, *use;
		bool admin_will_do; /* CAP_SYS_ADMIN includes it */
	} needed[] = {
		{ CAP_BPF, "CAP_BPF", "create maps and load programs", true },
		{ CAP_PERFMON, "CAP_PERFMON", "load programs", true },
		{ CAP_NET_ADMIN, "CAP_NET_ADMIN", "attach programs and see all of the network's state", false },
	};
	int err = 0;

	if (prctl(PR_CAPBSET_READ, CAP_BPF, 0, 0, 0) < 0) {
		log_error("this kernel has no capability CAP_BPF, which exists since Linux 5.8");
		return -EOPNOTSUPP;
	}
	if (capng_get_caps_process()) {
		log_error("reading the capabilities of the process failed");
		return -EPERM;
	}
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		if (capng_have_capability(CAPNG_EFFECTIVE, needed[i].capability) ||
		    (needed[i].admin_will_do && capng_have_capability(CAPNG_EFFECTIVE, CAP_SYS_ADMIN)))
			continue;
		log_error("capability %s is missing, which is needed to %s: run xfibd as root or grant it",
			  needed[i].name, needed[i].use);
		err = -EPERM;
	}
	return err;
}

static bool has_mmapable_arrays(void)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE);
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "xfib_probe", 4, 8, 1, &opts);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

int requirements__check_kernel(void)
{
	static const struct {
		enum bpf_map_type type;
		const char *name, *since;
	} maps[] = {
		{ BPF_MAP_TYPE_LPM_TRIE, "maps of type LPM_TRIE", "4.11" },
		{ BPF_MAP_TYPE_ARRAY_OF_MAPS, "maps of type ARRAY_OF_MAPS", "4.12" },
		{ BPF_MAP_TYPE_DEVMAP_HASH, "maps of type DEVMAP_HASH", "5.4" },
		{ BPF_MAP_TYPE_RINGBUF, "maps of type RINGBUF", "5.8" },
	};
	static const struct {
		enum bpf_prog_type type;
		const char *name, *since;
	} programs[] = {
		{ BPF_PROG_TYPE_XDP, "programs of type XDP", "4.8" },
		{ BPF_PROG_TYPE_SCHED_CLS, "programs of type SCHED_CLS", "4.1" },
	};
	int err = 0;

	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
		if (libbpf_probe_bpf_map_type(maps[i].type, NULL) > 0)
			continue;
		log_error("this kernel has no BPF %s, which exist since Linux %s", maps[i].name, maps[i].since);
		err = -EOPNOTSUPP;
	}
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		if (libbpf_probe_bpf_prog_type(programs[i].type, NULL) > 0)
			continue;
		log_error("this kernel has no BPF %s, which exist since Linux %s", programs[i].name,
			  programs[i].since);
		err = -EOPNOTSUPP;
	}
	if (!err && !has_mmapable_arrays()) {
		log_error("this kernel has no BPF arrays that can be mapped into memory, which exist since Linux 5.5");
		err = -EOPNOTSUPP;
	}
	return err;
}

static bool is_bpffs(const char *directory)
{
	struct statfs info;

	return !statfs(directory, &info) && (unsigned long)info.f_type == BPF_FS_MAGIC;
}

static bool is_private_mount_namespace(void)
{
	struct stat own, first;

	return !stat("/proc/self/ns/mnt", &own) && !stat("/proc/1/ns/mnt", &first) && own.st_ino != first.st_ino;
}

int requirements__check_bpffs(const char *directory)
{
	int err;

	if (is_bpffs(directory))
		return 0;
	if (access(directory, F_OK)) {
		log_error("pin directory: %s: %s", directory, strerror(errno));
		return -errno;
	}
	if (strcmp(directory, DEFAULT_BPFFS)) {
		log_error("pin directory: %s is not in a BPF file system: mount -t bpf bpf %s", directory, directory);
		return -EINVAL;
	}
	if (!mount("bpf", DEFAULT_BPFFS, "bpf", 0, "mode=0700")) {
		if (is_private_mount_namespace())
			log_warning("mounted the BPF file system at %s in a mount namespace of this process (ip netns exec "
				    "makes one): no other process sees what is pinned there; better choose a --pin directory "
				    "on one that is mounted before", DEFAULT_BPFFS);
		return 0;
	}
	err = -errno;
	log_error("mounting the BPF file system at %s: %s%s", DEFAULT_BPFFS, strerror(-err),
		  err == -EPERM ? " (it takes the capability CAP_SYS_ADMIN)" : "");
	return err;
}
