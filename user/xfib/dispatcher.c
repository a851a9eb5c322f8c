// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Ports by libxdp's dispatcher. See dispatcher.h.
 *
 * Where the kernel has no extension programs, libxdp would attach the program plainly without a word, and no other could
 * run beside it. That cannot happen: the program is given to libxdp as one for a devmap, which libxdp changes for its
 * dispatcher, and which the kernel attaches to no device otherwise.
 */
#include "dispatcher.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <limits.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <xfib.skel.h>

#include "../lib/port_private.h"
#include "command.h"
#include "libxdp.h"

#define PROGRAM "xfib_xdp"
#define MAPS_MAX 64

/* A port and what is asked for. */
struct port {
	const char *device;
	uint32_t ifindex;
	const struct libxdp *xdp;
	struct xdp_multiprog *there; /* what is attached, NULL: nothing */
};

/* ---- which maps a program has ---- */

static uint32_t maps_of(int program_fd, uint32_t ids[MAPS_MAX])
{
	struct bpf_prog_info info = { .nr_map_ids = MAPS_MAX, .map_ids = (uintptr_t)ids };
	uint32_t length = sizeof(info);

	if (bpf_obj_get_info_by_fd(program_fd, &info, &length))
		return 0;
	return info.nr_map_ids < MAPS_MAX ? info.nr_map_ids : MAPS_MAX;
}

static int map_info(int fd, struct bpf_map_info *ret_info)
{
	uint32_t length = sizeof(*ret_info);

	memset(ret_info, 0, sizeof(*ret_info));
	return bpf_obj_get_info_by_fd(fd, ret_info, &length);
}

/* Descriptor of the map that a program has of the section of this name, such as .rodata. */
static int open_section(int program_fd, const char *section)
{
	uint32_t ids[MAPS_MAX], count = maps_of(program_fd, ids);

	for (uint32_t i = 0; i < count; i++) {
		int fd = bpf_map_get_fd_by_id(ids[i]);
		struct bpf_map_info info;
		const char *suffix;

		if (fd < 0)
			return fd;
		suffix = map_info(fd, &info) ? NULL : strchr(info.name, '.');
		if (suffix && !strcmp(suffix, section))
			return fd;
		close(fd);
	}
	return -ENOENT;
}

static int open_pinned(const char *name)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%s", pin_directory(), name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	return bpf_obj_get(path);
}

static bool is_current(int program_fd)
{
	uint32_t ids[MAPS_MAX], count = maps_of(program_fd, ids);
	int fd = open_pinned("xfib_state");
	struct bpf_map_info info;
	bool found = false;

	for (uint32_t i = 0; fd >= 0 && !map_info(fd, &info) && i < count; i++)
		found |= ids[i] == info.id;
	if (fd >= 0)
		close(fd);
	return found;
}

/* ---- the program with the pinned maps ---- */

static int reuse_map(struct bpf_map *map, int program_fd)
{
	const char *name = bpf_map__name(map), *section = strchr(name, '.');
	struct bpf_map_info info;
	int fd, err;

	fd = bpf_map__is_internal(map) ? open_section(program_fd, section ? section : name) : open_pinned(name);
	if (fd < 0)
		return fail(STATUS_FAILED, "attach: opening the map %s of the instance at %s: %s", name, pin_directory(),
			    strerror(-fd));
	err = map_info(fd, &info);
	if (!err && (info.key_size != bpf_map__key_size(map) ||
		     (info.value_size != bpf_map__value_size(map) && strcmp(name, "xfib_fib"))))
		err = -EPROTO;
	if (!err)
		err = bpf_map__reuse_fd(map, fd);
	close(fd);
	if (err == -EPROTO)
		return fail(STATUS_FAILED, "attach: the map %s is that of an xfibd of another version than this xfib: start "
			    "the xfibd of this one", name);
	return err ? fail(STATUS_FAILED, "attach: giving the map %s to the program: %s", name, strerror(-err)) : STATUS_DONE;
}

/* Every map of the object is one of the instance's: none is made. */
static int reuse_maps(struct bpf_object *object)
{
	int program_fd = open_pinned("progs/xdp"), status = STATUS_DONE;
	struct bpf_map *map;

	if (program_fd < 0)
		return fail(STATUS_FAILED, "attach: opening %s/progs/xdp: %s", pin_directory(), strerror(-program_fd));
	bpf_object__for_each_map(map, object) {
		if (!status)
			status = reuse_map(map, program_fd);
	}
	close(program_fd);
	return status;
}

static int open_object(struct bpf_object **ret_object)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = "xfib_bpf");
	struct bpf_program *program;
	struct bpf_object *object;
	size_t size;
	const void *bytes = xfib_bpf__elf_bytes(&size);
	int status;

	object = bpf_object__open_mem(bytes, size, &opts);
	if (!object)
		return fail(STATUS_FAILED, "attach: opening the BPF object: %s", strerror(errno));
	bpf_object__for_each_program(program, object) {
		bool ours = !strcmp(bpf_program__name(program), PROGRAM);

		bpf_program__set_autoload(program, ours);
		if (!ours)
			continue;
		bpf_program__set_type(program, BPF_PROG_TYPE_EXT);
		bpf_program__set_expected_attach_type(program, BPF_XDP_DEVMAP); /* see above */
	}
	status = reuse_maps(object);
	if (status)
		bpf_object__close(object);
	else
		*ret_object = object;
	return status;
}

/* ---- what is attached ---- */

/* Loads libxdp and asks it. 0, or -ENOSYS: there is no libxdp. */
static int open_port(struct port *port)
{
	struct xdp_multiprog *there;

	port->xdp = libxdp__load();
	if (!port->xdp)
		return -ENOSYS;
	there = port->xdp->multiprog_get((int)port->ifindex);
	port->there = port->xdp->get_error(there) ? NULL : there;
	return 0;
}

static void close_port(struct port *port)
{
	if (port->there)
		port->xdp->multiprog_close(port->there);
	port->there = NULL;
}

/* Does the dispatcher run this program? */
static bool runs(const struct port *port, uint32_t id)
{
	struct xdp_program *program = NULL;

	if (!port->there || port->xdp->multiprog_is_legacy(port->there))
		return false;
	while ((program = port->xdp->multiprog_next(program, port->there))) {
		if (id && port->xdp->program_id(program) == id)
			return true;
	}
	return false;
}

/* Descriptor of the program that is remembered for the port. */
static int open_remembered(uint32_t ifindex)
{
	char path[PATH_MAX];

	if (!port_pin__path(pin_directory(), ifindex, PORT_PIN_LIBXDP, false, path, sizeof(path)))
		return -ENOENT;
	return bpf_obj_get(path);
}

static int remember(uint32_t ifindex, int program_fd)
{
	char path[PATH_MAX];

	port_pin__remove(pin_directory(), ifindex, PORT_PIN_LIBXDP);
	if (!port_pin__path(pin_directory(), ifindex, PORT_PIN_LIBXDP, true, path, sizeof(path)))
		return -ENAMETOOLONG;
	return bpf_obj_pin(program_fd, path);
}

enum dispatcher_state dispatcher__query(uint32_t ifindex)
{
	struct port port = { .ifindex = ifindex };
	enum dispatcher_state state = DISPATCHER_NONE;
	int fd = open_remembered(ifindex);

	if (fd < 0)
		return DISPATCHER_NONE;
	if (!open_port(&port) && runs(&port, program_id(fd)))
		state = is_current(fd) ? DISPATCHER_CURRENT : DISPATCHER_FORMER;
	close_port(&port);
	close(fd);
	return state;
}

/* ---- attaching ---- */

/* May this be a kernel that compares them: from Linux 6.6 on? */
static bool compares_effects(void)
{
	struct utsname name;
	unsigned int major, minor;

	return !uname(&name) && sscanf(name.release, "%u.%u", &major, &minor) == 2 && (major > 6 || (major == 6 && minor >= 6));
}

static int report_attach(const struct port *port, const struct bpf_program *program, int err)
{
	if (bpf_program__type(program) != BPF_PROG_TYPE_EXT) /* libxdp has tried to attach it plainly */
		return fail(STATUS_FAILED, "attach %s: this kernel has no BPF extension programs for libxdp's dispatcher%s: attach "
			    "without it, or by hook tc", port->device, libxdp__complaint());
	/* Newer kernels compare what an extension and the dispatcher's function do to packets; ours adds and takes off VLAN tags. */
	if (err == -EINVAL && bpf_program__fd(program) < 0)
		return fail(STATUS_FAILED, "attach %s: the kernel refuses the program in this libxdp's dispatcher%s: %s; attach "
			    "without it, or by hook tc", port->device, libxdp__complaint(), compares_effects() ?
			    "Linux 6.13 and newer, and updates of 6.6 and 6.12, need libxdp 1.5.5" :
			    "it is known to work from Linux 6.1 on");
	return fail(STATUS_FAILED, "attach %s: libxdp: %s%s", port->device, strerror(-err), libxdp__complaint());
}

/* The mode for libxdp; a dispatcher that is there has one already. */
static int choose_mode(const struct port *port, const enum xfib_mode *mode, enum xdp_attach_mode *ret_mode)
{
	enum xdp_attach_mode wanted = mode && *mode == XFIB_MODE_GENERIC ? XDP_MODE_SKB : XDP_MODE_NATIVE;

	*ret_mode = port->there ? port->xdp->multiprog_mode(port->there) : wanted;
	if (mode && *mode != XFIB_MODE_AUTO && *ret_mode != wanted)
		return fail(STATUS_FAILED, "attach %s: libxdp's dispatcher is attached in %s mode there: leave mode out",
			    port->device, *ret_mode == XDP_MODE_SKB ? "generic" : "native");
	return STATUS_DONE;
}

static int check_there(const struct port *port)
{
	struct xfib_port_opts opts = { .size = sizeof(opts), .pin = pin_directory() };
	struct xfib_port plain;

	if (xfib_port__query(port->ifindex, &opts, &plain))
		return fail(STATUS_FAILED, "attach %s: %s", port->device, xfib_error__last());
	if (plain.xdp)
		return fail(STATUS_FAILED, "attach %s: xfib's program is attached there without libxdp: 'xfib detach %s hook xdp' "
			    "first, and do not name it to xfibd", port->device, port->device);
	if (plain.xdp_id && !port->there)
		return fail(STATUS_FAILED, "attach %s: libxdp cannot tell what is attached there (id %u)%s", port->device,
			    plain.xdp_id, libxdp__complaint());
	if (port->there && port->xdp->multiprog_is_legacy(port->there))
		return fail(STATUS_FAILED, "attach %s: another XDP program (id %u) is attached there without libxdp's dispatcher: "
			    "detach it, and attach it again by xdp-loader", port->device, plain.xdp_id);
	return STATUS_DONE;
}

/* Takes a program out of the dispatcher that is there now. */
static int take_out(struct port *port, int program_fd)
{
	struct xdp_program *program;
	int err;

	close_port(port);
	open_port(port);
	if (!runs(port, program_id(program_fd)))
		return -ENOENT;
	program = port->xdp->program_from_fd(program_fd);
	err = (int)port->xdp->get_error(program);
	if (err)
		return err;
	err = port->xdp->detach(program, (int)port->ifindex, port->xdp->multiprog_mode(port->there), 0);
	port->xdp->program_close(program);
	return err;
}

/* Is what has just been attached one of the dispatcher's? */
static bool has_joined(struct port *port, uint32_t id)
{
	close_port(port);
	open_port(port);
	return runs(port, id);
}

static int attach_program(struct port *port, struct bpf_object *object, struct xdp_program *program, enum xdp_attach_mode mode,
			  bool or_generic)
{
	const struct bpf_program *bpf = bpf_object__find_program_by_name(object, PROGRAM);
	int err;

	if (strcmp(port->xdp->program_name(program), PROGRAM))
		return fail(STATUS_FAILED, "attach %s: libxdp took the program %s", port->device,
			    port->xdp->program_name(program));
	err = port->xdp->set_priority(program, DISPATCHER_PRIORITY);
	for (unsigned int action = XDP_ABORTED; !err && action <= XDP_REDIRECT; action++)
		err = port->xdp->set_chain_call(program, action, action == XDP_PASS);
	if (!err)
		err = port->xdp->attach(program, (int)port->ifindex, mode, 0);
	if (err == -EOPNOTSUPP && or_generic && mode == XDP_MODE_NATIVE && bpf_program__type(bpf) == BPF_PROG_TYPE_EXT)
		err = port->xdp->attach(program, (int)port->ifindex, XDP_MODE_SKB, 0);
	if (err)
		return report_attach(port, bpf, err);
	if (!has_joined(port, port->xdp->program_id(program)))
		return fail(STATUS_FAILED, "attach %s: libxdp says that the program is attached, but its dispatcher does not "
			    "run it%s", port->device, libxdp__complaint());
	return STATUS_DONE;
}

/* In the place of `former` (-1: of nothing): both run for a moment, the first of which forwards. */
static int attach(struct port *port, struct bpf_object *object, enum xdp_attach_mode mode, bool or_generic, int former)
{
	struct xdp_program *program = port->xdp->program_from_object(object, "xdp");
	int err, status;

	if (port->xdp->get_error(program))
		return fail(STATUS_FAILED, "attach %s: libxdp does not take the program%s", port->device, libxdp__complaint());
	status = attach_program(port, object, program, mode, or_generic);
	if (!status) {
		err = remember(port->ifindex, port->xdp->program_fd(program));
		if (!err && former >= 0)
			err = take_out(port, former);
		if (err && err != -ENOENT) {
			take_out(port, port->xdp->program_fd(program));
			if (former >= 0)
				remember(port->ifindex, former);
			status = fail(STATUS_FAILED, "attach %s: remembering it beside %s, in the place of what was there: %s",
				      port->device, pin_directory(), strerror(-err));
		}
	}
	port->xdp->program_close(program);
	return status;
}

static int report_library(const char *operation, const char *device)
{
	return fail(STATUS_FAILED, "%s %s: libxdp cannot be loaded%s: install it (Debian: libxdp1)", operation, device,
		    libxdp__complaint());
}

int dispatcher__attach(const char *device, uint32_t ifindex, const enum xfib_mode *mode)
{
	struct port port = { .device = device, .ifindex = ifindex };
	struct bpf_object *object = NULL;
	enum xdp_attach_mode chosen;
	int status, former;

	if (open_port(&port))
		return report_library("attach", device);
	former = open_remembered(ifindex);
	status = check_there(&port);
	if (!status)
		status = choose_mode(&port, mode, &chosen);
	if (status || (former >= 0 && is_current(former) && runs(&port, program_id(former))))
		goto end;
	status = open_object(&object);
	if (status)
		goto end;
	status = attach(&port, object, chosen, !port.there && mode && *mode == XFIB_MODE_AUTO, former);
	bpf_object__close(object);
end:
	close_port(&port);
	if (former >= 0)
		close(former);
	return status;
}

int dispatcher__detach(const char *device, uint32_t ifindex, bool *ret_found)
{
	struct port port = { .device = device, .ifindex = ifindex };
	int fd = open_remembered(ifindex), err, status = STATUS_DONE;

	*ret_found = false;
	if (fd == -ENOENT)
		return STATUS_DONE;
	if (fd < 0)
		return fail(STATUS_FAILED, "detach %s: opening what is remembered of it beside %s: %s", device, pin_directory(),
			    strerror(-fd));
	if (open_port(&port)) {
		close(fd);
		return report_library("detach", device);
	}
	err = take_out(&port, fd);
	if (err && err != -ENOENT)
		status = fail(STATUS_FAILED, "detach %s: libxdp: %s%s", device, strerror(-err), libxdp__complaint());
	else
		port_pin__remove(pin_directory(), ifindex, PORT_PIN_LIBXDP);
	*ret_found = !err;
	close_port(&port);
	close(fd);
	return status;
}
