// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Opening the pinned maps, and the reader's half of the protocol against slots that are used again. */
#include <asm/socket.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "private.h"

/* A slot is reused at most once in a grace period of milliseconds: two moves in a row are rare already. */
#define STEADY_ATTEMPTS 100

const char *instance__pin(const char *pin)
{
	const char *variable = getenv("XFIB_PIN");

	if (pin)
		return pin;
	return variable && *variable ? variable : XFIB_DEFAULT_PIN;
}

static int open_map(const char *pin, const char *name, uint32_t flags, struct bpf_map_info *ret_info)
{
	LIBBPF_OPTS(bpf_obj_get_opts, opts, .file_flags = flags);
	uint32_t length = sizeof(*ret_info);
	char path[PATH_MAX];
	int fd, err;

	if (snprintf(path, sizeof(path), "%s/%s", pin, name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = bpf_obj_get_opts(path, &opts);
	if (fd < 0)
		return fd;
	memset(ret_info, 0, sizeof(*ret_info));
	err = bpf_obj_get_info_by_fd(fd, ret_info, &length);
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

/*
 * The memory is read-only, the descriptor for a moment is not: mmap() of one
 * that was opened with BPF_F_RDONLY loses VM_SHARED, and bpf_map_mmap()
 * refuses what is not shared.
 */
static int map_array(const char *pin, const char *name, size_t element, struct mapped *ret_mapped)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct bpf_map_info info;
	struct mapped mapped;
	void *memory;
	int fd = open_map(pin, name, 0, &info);

	if (fd < 0)
		return fd;
	if (info.value_size != element) {
		close(fd);
		return -EPROTO;
	}
	mapped.count = info.max_entries;
	mapped.bytes = (element * mapped.count + page - 1) / page * page;
	memory = mmap(NULL, mapped.bytes, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (memory == MAP_FAILED)
		return -errno;
	mapped.memory = memory;
	*ret_mapped = mapped;
	return 0;
}

static void unmap(struct mapped *mapped)
{
	if (mapped->memory)
		munmap((void *)(uintptr_t)mapped->memory, mapped->bytes);
	mapped->memory = NULL;
}

static int check_state(const char *pin, const struct xfib_state *state)
{
	struct stat info;

	if (state->layout != XFIB_LAYOUT)
		return error__set(-EPROTO, "the instance at %s has layout version %u, this library reads %u", pin,
				  state->layout, XFIB_LAYOUT);
	if (stat("/proc/self/ns/net", &info) || info.st_ino == state->netns)
		return 0;
	return error__set(-EXDEV,
			  "the instance at %s belongs to network namespace %llu, this process is in %llu: enter that one, "
			  "or name another instance with --pin or XFIB_PIN",
			  pin, (unsigned long long)state->netns, (unsigned long long)info.st_ino);
}

static int map_arrays(const char *pin, struct xfib *instance)
{
	const struct {
		const char *name;
		size_t element;
		struct mapped *mapped;
	} arrays[] = {
		{ "xfib_routes", sizeof(struct xfib_route), &instance->routes },
		{ "xfib_nexthops", sizeof(struct xfib_nexthop), &instance->nexthops },
		{ "xfib_groups", sizeof(struct xfib_group), &instance->groups },
		{ "xfib_links", sizeof(struct xfib_link), &instance->links },
		{ "xfib_addresses", sizeof(struct xfib_address), &instance->addresses },
	};

	for (size_t i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++) {
		int err = map_array(pin, arrays[i].name, arrays[i].element, arrays[i].mapped);

		if (err)
			return error__set(err, "opening %s/%s: %s", pin, arrays[i].name, strerror(-err));
	}
	return 0;
}

static int open_tries(const char *pin, struct xfib *instance)
{
	const struct {
		const char *name;
		int *fd;
	} maps[] = {
		{ "xfib_rib4", &instance->rib4_fd },
		{ "xfib_rib6", &instance->rib6_fd },
		{ "xfib_stats", &instance->stats_fd },
	};

	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
		struct bpf_map_info info;

		*maps[i].fd = open_map(pin, maps[i].name, BPF_F_RDONLY, &info);
		if (*maps[i].fd < 0)
			return error__set(*maps[i].fd, "opening %s/%s: %s", pin, maps[i].name,
					  strerror(-*maps[i].fd));
		if (maps[i].fd == &instance->stats_fd && info.value_size != sizeof(struct xfib_link_stats))
			return error__set(-EPROTO, "%s/xfib_stats counts other reasons than this library knows", pin);
	}
	return 0;
}

static int report_state(const char *pin, int err)
{
	if (err == -ENOENT)
		return error__set(err, "no instance at %s: start xfibd, or name another one with --pin or XFIB_PIN", pin);
	if (err == -EPROTO)
		return error__set(err, "the instance at %s has another layout version than this library", pin);
	return error__set(err, "opening the instance at %s: %s", pin, strerror(-err));
}

XFIB_PUBLIC int xfib_instance__open(const struct xfib_open_opts *opts, struct xfib **ret_instance)
{
	struct xfib *instance;
	const char *pin;
	int err;

	if (opts && opts->size != sizeof(*opts))
		return error__set(-EINVAL, "xfib_instance__open: size %zu of the options is not known", opts->size);
	pin = instance__pin(opts ? opts->pin : NULL);
	instance = calloc(1, sizeof(*instance));
	if (!instance)
		return error__set(-ENOMEM, "out of memory");
	instance->rib4_fd = instance->rib6_fd = instance->stats_fd = -1;
	err = map_array(pin, "xfib_state", sizeof(struct xfib_state), &instance->state_map);
	if (err) {
		report_state(pin, err);
		goto fail;
	}
	instance->state = instance->state_map.memory;
	err = check_state(pin, instance->state);
	if (!err)
		err = map_arrays(pin, instance);
	if (!err)
		err = open_tries(pin, instance);
	if (err)
		goto fail;
	*ret_instance = instance;
	return 0;
fail:
	xfib_instance__close(instance);
	return err;
}

XFIB_PUBLIC void xfib_instance__close(struct xfib *instance)
{
	if (!instance)
		return;
	unmap(&instance->routes);
	unmap(&instance->nexthops);
	unmap(&instance->groups);
	unmap(&instance->links);
	unmap(&instance->addresses);
	unmap(&instance->state_map);
	if (instance->rib4_fd >= 0)
		close(instance->rib4_fd);
	if (instance->rib6_fd >= 0)
		close(instance->rib6_fd);
	if (instance->stats_fd >= 0)
		close(instance->stats_fd);
	free(instance);
}

XFIB_PUBLIC bool xfib_instance__retired(const struct xfib *instance)
{
	return __atomic_load_n(&instance->state->retired, __ATOMIC_ACQUIRE);
}

XFIB_PUBLIC const struct xfib_state *xfib_instance__state(const struct xfib *instance)
{
	return instance->state;
}

int instance__steady(const struct xfib *instance,
		     int (*look)(const struct xfib *instance, const void *query, void *result), const void *query,
		     void *result)
{
	for (int attempt = 0; attempt < STEADY_ATTEMPTS; attempt++) {
		uint64_t before = __atomic_load_n(&instance->state->generation, __ATOMIC_ACQUIRE);
		int err = look(instance, query, result);

		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (__atomic_load_n(&instance->state->generation, __ATOMIC_RELAXED) == before)
			return err;
	}
	return error__set(-EAGAIN, "the maps changed all the time during a look-up");
}
