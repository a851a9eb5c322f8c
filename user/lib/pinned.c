// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Opening and reading the pinned maps. See pinned.h. */
#include "pinned.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

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

static int map_memory(int fd, struct array *array)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), bytes = ((size_t)array->element * array->count + page - 1) / page * page;
	void *memory = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);

	if (memory == MAP_FAILED)
		return -errno;
	array->memory = memory;
	array->bytes = bytes;
	return 0;
}

/*
 * Memory is mapped read-only, but only from a descriptor that could write:
 * mmap() of one that was opened with BPF_F_RDONLY loses VM_SHARED, and
 * bpf_map_mmap() refuses what is not shared. Who may only read the pin gets
 * elements by system call.
 */
static int open_array(const char *pin, const char *name, size_t element, struct array *ret_array)
{
	struct array array = { .element = (uint32_t)element, .fd = -1 };
	struct bpf_map_info info;
	bool may_write = true;
	int err = 0, fd = open_map(pin, name, 0, &info);

	if (fd == -EACCES || fd == -EPERM) {
		may_write = false;
		fd = open_map(pin, name, BPF_F_RDONLY, &info);
	}
	if (fd < 0)
		return fd;
	array.count = info.max_entries;
	if (info.value_size != element)
		err = -EPROTO;
	else if (may_write)
		err = map_memory(fd, &array);
	else
		array.fd = fd;
	if (err || may_write)
		close(fd);
	if (!err)
		*ret_array = array;
	return err;
}

static void close_array(struct array *array)
{
	if (array->bytes)
		munmap((void *)(uintptr_t)array->memory, array->bytes);
	else if (array->element && !array->memory && array->fd >= 0)
		close(array->fd);
	*array = (struct array){ 0 };
}

bool array__fetch(const struct array *array, uint32_t index, void *ret_element)
{
	return index < array->count && !bpf_map_lookup_elem(array->fd, &index, ret_element);
}

static int check_state(const char *pin, const struct xfib_state *state)
{
	struct stat info;

	if (state->layout != XFIB_LAYOUT)
		return error__set(-EPROTO, "the instance at %s has layout version %u, this library reads %u", pin,
				  state->layout, XFIB_LAYOUT);
	if (stat("/proc/thread-self/ns/net", &info) || info.st_ino == state->netns)
		return 0;
	return error__set(-EXDEV,
			  "the instance at %s belongs to network namespace %llu, this process is in %llu: enter that one, "
			  "or name another instance with --pin or XFIB_PIN",
			  pin, (unsigned long long)state->netns, (unsigned long long)info.st_ino);
}

static int report_state(const char *pin, int err)
{
	if (err == -ENOENT)
		return error__set(err, "no instance at %s: start xfibd, or name another one with --pin or XFIB_PIN", pin);
	if (err == -EPROTO)
		return error__set(err, "the instance at %s has another layout version than this library", pin);
	if (err == -EACCES || err == -EPERM)
		return error__set(err, "opening the instance at %s: %s: be root or in the group of xfibd --group, or ask for "
				  "backend private", pin, strerror(-err));
	return error__set(err, "opening the instance at %s: %s", pin, strerror(-err));
}

static int open_state(struct xfib *instance)
{
	struct xfib_state scratch;
	int err = open_array(instance->pin, "xfib_state", sizeof(struct xfib_state), &instance->state);

	return err ? report_state(instance->pin, err) : check_state(instance->pin, instance__state(instance, &scratch));
}

static int open_arrays(struct xfib *instance)
{
	const struct {
		const char *name;
		size_t element;
		struct array *array;
	} arrays[] = {
		{ "xfib_routes", sizeof(struct xfib_route), &instance->routes },
		{ "xfib_prefixes", sizeof(struct xfib_prefix), &instance->prefixes },
		{ "xfib_nexthops", sizeof(struct xfib_nexthop), &instance->nexthops },
		{ "xfib_links", sizeof(struct xfib_link), &instance->links },
		{ "xfib_addresses", sizeof(struct xfib_address), &instance->addresses },
		{ "xfib_rules", sizeof(struct xfib_rule), &instance->rules },
		{ "xfib_plans", sizeof(struct xfib_plan_step), &instance->plans },
		{ "xfib_route_stats", sizeof(struct xfib_counter), &instance->route_counters },
	};

	for (size_t i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++) {
		int err = open_array(instance->pin, arrays[i].name, arrays[i].element, arrays[i].array);

		if (err)
			return error__set(err, "opening %s/%s: %s", instance->pin, arrays[i].name, strerror(-err));
	}
	return 0;
}

/* The compiled FIB is for who can map it: reading it word by word would cost more than the trie. */
static int open_fib(struct xfib *instance)
{
	struct bpf_map_info info;
	int err, fd;

	if (!instance->routes.memory)
		return 0;
	fd = open_map(instance->pin, "xfib_fib", 0, &info);
	if (fd < 0)
		return error__set(fd, "opening %s/xfib_fib: %s", instance->pin, strerror(-fd));
	instance->fib = (struct array){ .element = info.value_size, .count = 1, .fd = -1 };
	err = map_memory(fd, &instance->fib);
	close(fd);
	instance->fib.count = (info.value_size - XFIB_FIB_SLACK) / (uint32_t)sizeof(__u64);
	instance->fib.element = sizeof(__u64);
	if (!err)
		err = open_array(instance->pin, "xfib_fib_routes", sizeof(struct xfib_fib_routes), &instance->fib_routes);
	if (!err)
		err = open_array(instance->pin, "xfib_fibs", sizeof(struct xfib_fib), &instance->fibs);
	if (!err && (instance->fib.count & (instance->fib.count - 1) || instance->fib_routes.count != instance->fib.count))
		err = -EPROTO;
	return err ? error__set(err, "opening the compiled FIB of %s: %s", instance->pin, strerror(-err)) : 0;
}

static int open_tries(struct xfib *instance)
{
	const struct {
		const char *name;
		int *fd;
	} maps[] = {
		{ "xfib_rib4", &instance->rib4_fd },
		{ "xfib_rib6", &instance->rib6_fd },
		{ "xfib_stats", &instance->stats_fd },
		{ "xfib_nexthop_stats", &instance->nexthop_stats_fd },
	};

	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
		struct bpf_map_info info;

		*maps[i].fd = open_map(instance->pin, maps[i].name, BPF_F_RDONLY, &info);
		if (*maps[i].fd < 0)
			return error__set(*maps[i].fd, "opening %s/%s: %s", instance->pin, maps[i].name,
					  strerror(-*maps[i].fd));
		if (maps[i].fd == &instance->nexthop_stats_fd)
			instance->nexthop_counters = info.max_entries;
		if (maps[i].fd == &instance->stats_fd && info.value_size != sizeof(struct xfib_link_stats))
			return error__set(-EPROTO, "%s/xfib_stats counts other reasons than this library knows",
					  instance->pin);
	}
	return 0;
}

int pinned__open(struct xfib *instance)
{
	int err = open_state(instance);

	if (!err)
		err = open_arrays(instance);
	if (!err)
		err = open_fib(instance);
	if (!err)
		err = open_tries(instance);
	if (err)
		pinned__close(instance);
	else
		instance->backend = XFIB_BACKEND_MAPS;
	return err;
}

static void close_map(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void pinned__close(struct xfib *instance)
{
	close_array(&instance->routes);
	close_array(&instance->prefixes);
	close_array(&instance->nexthops);
	close_array(&instance->links);
	close_array(&instance->addresses);
	close_array(&instance->rules);
	close_array(&instance->plans);
	close_array(&instance->route_counters);
	close_array(&instance->fib);
	close_array(&instance->fib_routes);
	close_array(&instance->fibs);
	close_array(&instance->state);
	close_map(&instance->rib4_fd);
	close_map(&instance->rib6_fd);
	close_map(&instance->stats_fd);
	close_map(&instance->nexthop_stats_fd);
}
