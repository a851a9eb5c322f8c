// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Giving the instance's maps to BPF programs of others: see <xfib/bpf.h>. */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "private.h"

/* The maps of <xfib/bpf_rib.h>. */
static const char *const map_names[] = {
	"xfib_rib4", "xfib_rib6", "xfib_nexthops", "xfib_neighbours", "xfib_links", "xfib_fib", "xfib_fibs", "xfib_state",
};

#define MAPS (sizeof(map_names) / sizeof(map_names[0]))

/* Flags of the helper that <xfib/bpf.h> answers, where the kernel has them. */
#define FLAG_DIRECT 0x01u
static const uint32_t newer_flags[] = { 0x04 /* SKIP_NEIGH */, 0x08 /* TBID */, 0x10 /* SRC */, 0x20 /* MARK */ };
#define FLAG_READY 0x80000000u

/* ---- what the kernel's helper can do ---- */

/* Has it mtu_result, and does TC look at tot_len? */
static bool helper_is_new(void)
{
	struct utsname name;
	unsigned int major, minor;

	return !uname(&name) && sscanf(name.release, "%u.%u", &major, &minor) == 2 && (major > 5 || (major == 5 && minor >= 12));
}

/*
 * Does it know a flag? It looks at flags first: without a family it says -EAFNOSUPPORT then, and -EINVAL else. Backports
 * are why the version does not tell.
 */
static bool helper_knows(uint32_t flag)
{
	enum { WORDS = sizeof(struct bpf_fib_lookup) / sizeof(uint64_t), TAIL = 6 };
	const struct bpf_insn tail[TAIL] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_2, .src_reg = BPF_REG_10 },
		{ .code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = BPF_REG_2, .imm = -(int)sizeof(struct bpf_fib_lookup) },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3, .imm = sizeof(struct bpf_fib_lookup) },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_4, .imm = (int)flag },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_fib_lookup },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	struct bpf_insn program[WORDS + TAIL];
	uint8_t frame[64] = { 0 };
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame, .data_size_in = sizeof(frame));
	int fd, err;

	for (int i = 0; i < WORDS; i++)
		program[i] = (struct bpf_insn){ .code = BPF_ST | BPF_DW | BPF_MEM, .dst_reg = BPF_REG_10,
						.off = (int16_t)(-8 * (i + 1)) };
	memcpy(program + WORDS, tail, sizeof(tail));
	fd = bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "xfib_probe", "Dual BSD/GPL", program, WORDS + TAIL, NULL);
	if (fd < 0)
		return false;
	err = bpf_prog_test_run_opts(fd, &run);
	close(fd);
	return !err && (int32_t)run.retval == -EAFNOSUPPORT;
}

static uint32_t helper_flags(void)
{
	uint32_t flags = FLAG_DIRECT;

	if (!helper_is_new())
		return 0;
	for (size_t i = 0; i < sizeof(newer_flags) / sizeof(newer_flags[0]); i++) {
		if (helper_knows(newer_flags[i]))
			flags |= newer_flags[i];
	}
	return flags | FLAG_READY;
}

/* ---- constants ---- */

/* Where a constant of the object begins in its .rodata. NULL: it has none of this name and 4 bytes. */
static uint32_t *find_constant(struct bpf_object *object, void *rodata, size_t size, const char *name)
{
	const struct btf *btf = bpf_object__btf(object);
	int id = btf ? btf__find_by_name_kind(btf, ".rodata", BTF_KIND_DATASEC) : -ENOENT;
	const struct btf_type *section = id < 0 ? NULL : btf__type_by_id(btf, (uint32_t)id);
	const struct btf_var_secinfo *variable = section ? btf_var_secinfos(section) : NULL;

	for (int i = 0; section && i < btf_vlen(section); i++, variable++) {
		const struct btf_type *type = btf__type_by_id(btf, variable->type);

		if (!strcmp(btf__name_by_offset(btf, type->name_off), name) && variable->size == sizeof(uint32_t) &&
		    variable->offset % sizeof(uint32_t) == 0 && variable->offset + sizeof(uint32_t) <= size)
			return (uint32_t *)((uint8_t *)rodata + variable->offset);
	}
	return NULL;
}

static struct bpf_map *find_rodata(struct bpf_object *object)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object) {
		const char *suffix = strchr(bpf_map__name(map), '.');

		if (bpf_map__is_internal(map) && suffix && !strcmp(suffix, ".rodata"))
			return map;
	}
	return NULL;
}

struct constants {
	uint32_t link_slots, fib_mask, fib_slots, lookup_flags;
};

static int set_constants(struct bpf_object *object, const struct constants *constants)
{
	const struct {
		const char *name;
		uint32_t value;
	} wanted[] = {
		{ "xfib_link_slots", constants->link_slots },
		{ "xfib_fib_mask", constants->fib_mask },
		{ "xfib_fib_slots", constants->fib_slots },
		{ "xfib_fib_lookup_flags", constants->lookup_flags },
	};
	struct bpf_map *map = find_rodata(object);
	size_t size = 0;
	/* Memory of the object's, as a skeleton writes it; const in older versions of libbpf. */
	void *rodata = map ? (void *)(uintptr_t)bpf_map__initial_value(map, &size) : NULL;

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		uint32_t *constant = rodata ? find_constant(object, rodata, size, wanted[i].name) : NULL;

		if (!constant)
			return error__set(-EINVAL, "the BPF object has no constant %s: does it include <xfib/bpf.h>, and was "
					  "it compiled with -g?", wanted[i].name);
		*constant = wanted[i].value;
	}
	return 0;
}

/* ---- maps ---- */

/* Lets a map of the object be the pinned one of its name, in a directory by its descriptor. */
static int reuse_map(struct bpf_object *object, int directory, const char *name, struct bpf_map_info *ret_info)
{
	struct bpf_map *map = bpf_object__find_map_by_name(object, name);
	uint32_t length = sizeof(*ret_info);
	char path[64];
	int fd, err;

	if (!map)
		return error__set(-EINVAL, "the BPF object has no map %s: does it include <xfib/bpf.h>?", name);
	if (bpf_map__fd(map) >= 0)
		return error__set(-EBUSY, "the BPF object is loaded: maps are given to it between open and load");
	snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", directory, name);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return error__set(fd, "opening the pinned map %s: %s", name, strerror(-fd));
	memset(ret_info, 0, sizeof(*ret_info));
	err = bpf_obj_get_info_by_fd(fd, ret_info, &length);
	if (!err && (bpf_map__key_size(map) != ret_info->key_size ||
		     (bpf_map__value_size(map) != ret_info->value_size && strcmp(name, "xfib_fib"))))
		err = -EPROTO;
	if (!err)
		err = bpf_map__reuse_fd(map, fd);
	close(fd);
	if (err == -EPROTO)
		return error__set(err, "the pinned map %s is not what the <xfib/bpf.h> of the BPF object describes: compile it "
				  "with that of the running xfibd", name);
	return err ? error__set(err, "giving the map %s to the BPF object: %s", name, strerror(-err)) : 0;
}

/* All of them, and what is to be known of their sizes. */
static int reuse_maps(struct bpf_object *object, int directory, struct constants *constants)
{
	for (size_t i = 0; i < MAPS; i++) {
		struct bpf_map_info info;
		int err = reuse_map(object, directory, map_names[i], &info);

		if (err)
			return err;
		if (!strcmp(map_names[i], "xfib_links"))
			constants->link_slots = info.max_entries;
		else if (!strcmp(map_names[i], "xfib_fibs"))
			constants->fib_slots = info.max_entries;
		else if (!strcmp(map_names[i], "xfib_fib"))
			constants->fib_mask = (info.value_size - XFIB_FIB_SLACK) / (uint32_t)sizeof(__u64) - 1;
	}
	return 0;
}

XFIB_PUBLIC int xfib_bpf__reuse_maps(struct bpf_object *object, const struct xfib *instance)
{
	struct constants constants = { .lookup_flags = helper_flags() };
	int err, directory;

	if (!object)
		return error__set(-EINVAL, "no BPF object to give maps to");
	if (!instance || instance->backend != XFIB_BACKEND_MAPS)
		return error__set(-ENOENT, "there are no maps to give to the BPF object: no xfibd runs, or its maps may not be "
				  "read");
	/* By one descriptor, so that all are of one set, though another may take the name meanwhile. */
	directory = open(instance->pin, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		return error__set(-errno, "opening %s: %s", instance->pin, strerror(errno));
	err = reuse_maps(object, directory, &constants);
	close(directory);
	return err ? err : set_constants(object, &constants);
}
