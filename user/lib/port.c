// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Attaching the pinned programs to interfaces, by XDP or by clsact ingress. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <limits.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "private.h"

/* Where the TC program sits; a filter of somebody else's at this place is left alone. */
#define TC_PRIORITY 1
#define TC_HANDLE 1

#define XDP_NAME "xfib_xdp"
#define TC_NAME "xfib_tc"

static int open_program(const struct xfib_port_opts *opts, const char *name, int *ret_fd)
{
	const char *pin = instance__pin(opts->pin);
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/progs/%s", pin, name);
	fd = bpf_obj_get(path);
	if (fd == -ENOENT)
		return error__set(fd, "no instance at %s: start xfibd, or name another one with --pin or XFIB_PIN", pin);
	if (fd < 0)
		return error__set(fd, "opening %s: %s", path, strerror(-fd));
	*ret_fd = fd;
	return 0;
}

static uint32_t program_id(int fd)
{
	struct bpf_prog_info info = { 0 };
	uint32_t length = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &length) ? 0 : info.id;
}

/* Is the program of an id one of xfib's, of this instance or of one before it? */
static bool is_ours(uint32_t id, const char *name)
{
	struct bpf_prog_info info = { 0 };
	uint32_t length = sizeof(info);
	int fd = bpf_prog_get_fd_by_id(id);
	bool ours;

	if (fd < 0)
		return false;
	ours = !bpf_obj_get_info_by_fd(fd, &info, &length) && !strcmp(info.name, name);
	close(fd);
	return ours;
}

/* ---- XDP ---- */

struct xdp_state {
	uint32_t id;
	bool generic;
};

static int query_xdp(uint32_t ifindex, struct xdp_state *ret_state)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	int err = bpf_xdp_query((int)ifindex, 0, &query);

	if (err)
		return error__set(err, "asking what is attached to interface %u: %s", ifindex, strerror(-err));
	ret_state->generic = query.attach_mode == XDP_ATTACHED_SKB;
	ret_state->id = query.prog_id ? query.prog_id : query.drv_prog_id ? query.drv_prog_id : query.skb_prog_id;
	return 0;
}

static uint32_t flag_of(bool generic)
{
	return generic ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE;
}

/* Takes off the program that is there, if it is still that one. */
static int remove_xdp(uint32_t ifindex, const struct xdp_state *state)
{
	LIBBPF_OPTS(bpf_xdp_attach_opts, opts);
	int err, fd = bpf_prog_get_fd_by_id(state->id);

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	opts.old_prog_fd = fd;
	err = bpf_xdp_detach((int)ifindex, flag_of(state->generic) | XDP_FLAGS_REPLACE, &opts);
	close(fd);
	return err;
}

static int put_xdp(uint32_t ifindex, int fd, bool generic, const struct xdp_state *state)
{
	LIBBPF_OPTS(bpf_xdp_attach_opts, opts);
	int err, old;

	if (!state->id || state->generic != generic) {
		if (state->id) {
			err = remove_xdp(ifindex, state);
			if (err)
				return err;
		}
		return bpf_xdp_attach((int)ifindex, fd, flag_of(generic) | XDP_FLAGS_UPDATE_IF_NOEXIST, NULL);
	}
	old = bpf_prog_get_fd_by_id(state->id);
	if (old < 0)
		return old;
	opts.old_prog_fd = old;
	err = bpf_xdp_attach((int)ifindex, fd, flag_of(generic) | XDP_FLAGS_REPLACE, &opts);
	close(old);
	return err;
}

static int attach_xdp(uint32_t ifindex, const struct xfib_port_opts *opts)
{
	bool generic = opts->mode == XFIB_MODE_GENERIC;
	struct xdp_state state;
	int fd, err = query_xdp(ifindex, &state);

	if (err)
		return err;
	if (state.id && !is_ours(state.id, XDP_NAME))
		return error__set(-EBUSY, "another XDP program (id %u) is attached to interface %u: detach it first",
				  state.id, ifindex);
	err = open_program(opts, "xdp", &fd);
	if (err)
		return err;
	if (state.id == program_id(fd) && (state.generic == generic || opts->mode == XFIB_MODE_AUTO)) {
		close(fd);
		return 0;
	}
	err = put_xdp(ifindex, fd, generic, &state);
	if (err == -EOPNOTSUPP && opts->mode == XFIB_MODE_AUTO)
		err = put_xdp(ifindex, fd, true, &state);
	close(fd);
	if (err == -EOPNOTSUPP)
		return error__set(err, "the driver of interface %u has no native XDP: ask for mode generic or auto, or hook tc",
				  ifindex);
	return err ? error__set(err, "attaching to interface %u: %s", ifindex, strerror(-err)) : 0;
}

static int detach_xdp(uint32_t ifindex)
{
	struct xdp_state state;
	int err = query_xdp(ifindex, &state);

	if (err || !state.id)
		return err;
	if (!is_ours(state.id, XDP_NAME))
		return error__set(-EBUSY, "the XDP program on interface %u (id %u) is not xfib's: left alone", ifindex,
				  state.id);
	err = remove_xdp(ifindex, &state);
	return err ? error__set(err, "detaching from interface %u: %s", ifindex, strerror(-err)) : 0;
}

/* ---- TC ---- */

/* Id of the program at xfib's place, 0 if there is none. */
static uint32_t query_tc(uint32_t ifindex)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)ifindex, .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, filter, .handle = TC_HANDLE, .priority = TC_PRIORITY);

	return bpf_tc_query(&hook, &filter) ? 0 : filter.prog_id;
}

static int attach_tc(uint32_t ifindex, const struct xfib_port_opts *opts)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)ifindex, .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, filter, .handle = TC_HANDLE, .priority = TC_PRIORITY);
	uint32_t there = query_tc(ifindex);
	int err, fd;

	if (there && !is_ours(there, TC_NAME))
		return error__set(-EBUSY, "another TC program (id %u) is attached to interface %u: detach it first", there,
				  ifindex);
	err = open_program(opts, "tc", &fd);
	if (err)
		return err;
	err = bpf_tc_hook_create(&hook);
	if (!err || err == -EEXIST) {
		filter.prog_fd = fd;
		filter.flags = there ? BPF_TC_F_REPLACE : 0;
		err = bpf_tc_attach(&hook, &filter);
	}
	close(fd);
	return err ? error__set(err, "attaching to clsact ingress of interface %u: %s", ifindex, strerror(-err)) : 0;
}

static int detach_tc(uint32_t ifindex)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)ifindex, .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, filter, .handle = TC_HANDLE, .priority = TC_PRIORITY);
	uint32_t there = query_tc(ifindex);
	int err;

	if (!there)
		return 0;
	if (!is_ours(there, TC_NAME))
		return error__set(-EBUSY, "the TC program on interface %u (id %u) is not xfib's: left alone", ifindex,
				  there);
	err = bpf_tc_detach(&hook, &filter);
	return err ? error__set(err, "detaching from clsact ingress of interface %u: %s", ifindex, strerror(-err)) : 0;
}

/* ---- the interface ---- */

static int check_opts(const struct xfib_port_opts *opts)
{
	if (opts->size != sizeof(*opts))
		return error__set(-EINVAL, "size %zu of struct xfib_port_opts is not known", opts->size);
	return 0;
}

XFIB_PUBLIC int xfib_port__attach(uint32_t ifindex, const struct xfib_port_opts *opts)
{
	int err = check_opts(opts);

	if (err)
		return err;
	return opts->hook == XFIB_HOOK_TC ? attach_tc(ifindex, opts) : attach_xdp(ifindex, opts);
}

XFIB_PUBLIC int xfib_port__detach(uint32_t ifindex, const struct xfib_port_opts *opts)
{
	int err = check_opts(opts);

	if (err)
		return err;
	return opts->hook == XFIB_HOOK_TC ? detach_tc(ifindex) : detach_xdp(ifindex);
}

XFIB_PUBLIC int xfib_port__query(uint32_t ifindex, const struct xfib_port_opts *opts, struct xfib_port *ret_port)
{
	struct xdp_state state;
	uint32_t tc;
	int err = check_opts(opts);

	if (!err)
		err = query_xdp(ifindex, &state);
	if (err)
		return err;
	tc = query_tc(ifindex);
	ret_port->xdp = state.id && is_ours(state.id, XDP_NAME);
	ret_port->tc = tc && is_ours(tc, TC_NAME);
	ret_port->mode = state.generic ? XFIB_MODE_GENERIC : XFIB_MODE_NATIVE;
	ret_port->xdp_id = state.id;
	return 0;
}
