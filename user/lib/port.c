// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Attaching the pinned programs to interfaces, by XDP or by clsact ingress. A
 * program is an instance's if it uses the instance's maps, whoever attached it.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <limits.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "port.h"
#include "private.h"
#include "tc_filter.h"

/* Where the TC program is put; a filter of somebody else's at this place is left alone. */
#define TC_PRIORITY 1
#define TC_HANDLE 1

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

/* Id of the state map of a pinned instance: what its programs can be told by. 0: there is none. */
static uint32_t instance_id(const char *pin)
{
	struct bpf_map_info info = { 0 };
	uint32_t length = sizeof(info);
	char path[PATH_MAX];
	int fd, err;

	if (!pin || snprintf(path, sizeof(path), "%s/xfib_state", pin) >= (int)sizeof(path))
		return 0;
	fd = bpf_obj_get(path);
	if (fd < 0)
		return 0;
	err = bpf_obj_get_info_by_fd(fd, &info, &length);
	close(fd);
	return err ? 0 : info.id;
}

#define PROGRAM_MAPS 64

/* Does the program of an id use the maps of an instance? */
static bool belongs(uint32_t id, uint32_t instance)
{
	uint32_t maps[PROGRAM_MAPS];
	struct bpf_prog_info info = { .nr_map_ids = PROGRAM_MAPS, .map_ids = (uint64_t)(uintptr_t)maps };
	uint32_t length = sizeof(info);
	int err, fd = instance ? bpf_prog_get_fd_by_id(id) : -1;

	if (fd < 0)
		return false;
	err = bpf_obj_get_info_by_fd(fd, &info, &length);
	close(fd);
	for (uint32_t i = 0; !err && i < info.nr_map_ids && i < PROGRAM_MAPS; i++) {
		if (maps[i] == instance)
			return true;
	}
	return false;
}

/* Whose a program is can be seen with CAP_SYS_ADMIN only; who may not look is not told that it is another's. */
static bool is_hidden(uint32_t id)
{
	int fd = bpf_prog_get_fd_by_id(id);

	if (fd >= 0)
		close(fd);
	return fd == -EPERM || fd == -EACCES;
}

static int report_hidden(uint32_t id, uint32_t ifindex)
{
	return error__set(-EPERM, "only root may see whose the XDP program on interface %u (id %u) is, and change it",
			  ifindex, id);
}

/* The instance whose programs are meant, and one that it takes over from. */
struct owners {
	uint32_t current, former;
};

static struct owners owners_of(const struct xfib_port_opts *opts, const char *former)
{
	return (struct owners){ instance_id(instance__pin(opts->pin)), instance_id(former) };
}

static bool is_ours(uint32_t id, struct owners owners)
{
	return belongs(id, owners.current) || belongs(id, owners.former);
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

static int attach_xdp(uint32_t ifindex, const struct xfib_port_opts *opts, struct owners owners)
{
	bool generic = opts->mode == XFIB_MODE_GENERIC;
	struct xdp_state state;
	int fd, err = query_xdp(ifindex, &state);

	if (err)
		return err;
	if (state.id && is_hidden(state.id))
		return report_hidden(state.id, ifindex);
	if (state.id && !is_ours(state.id, owners))
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

static int detach_xdp(uint32_t ifindex, struct owners owners)
{
	struct xdp_state state;
	int err = query_xdp(ifindex, &state);

	if (err || !state.id)
		return err;
	if (is_hidden(state.id))
		return report_hidden(state.id, ifindex);
	if (!is_ours(state.id, owners))
		return error__set(-EBUSY, "the XDP program on interface %u (id %u) is not this instance's: left alone", ifindex,
				  state.id);
	err = remove_xdp(ifindex, &state);
	return err ? error__set(err, "detaching from interface %u: %s", ifindex, strerror(-err)) : 0;
}

/* ---- TC ---- */

struct search {
	struct owners owners;
	struct tc_filter found; /* prog_id 0: none */
};

static int take_ours(const struct tc_filter *filter, void *data)
{
	struct search *search = data;

	if (!is_ours(filter->prog_id, search->owners))
		return 0;
	search->found = *filter;
	return 1;
}

/* The first of the instance's filters, wherever somebody has put it. */
static struct tc_filter query_tc(uint32_t ifindex, struct owners owners)
{
	struct search search = { .owners = owners };

	tc_filter__each(ifindex, take_ours, &search);
	return search.found;
}

static int put_tc(uint32_t ifindex, int fd, const struct tc_filter *old)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)ifindex, .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, filter, .handle = TC_HANDLE, .priority = TC_PRIORITY, .prog_fd = fd);
	int err;

	if (old->prog_id) {
		filter.handle = old->handle;
		filter.priority = old->info >> 16;
		filter.flags = BPF_TC_F_REPLACE;
		return bpf_tc_attach(&hook, &filter);
	}
	err = bpf_tc_hook_create(&hook);
	return err && err != -EEXIST ? err : bpf_tc_attach(&hook, &filter);
}

static int attach_tc(uint32_t ifindex, const struct xfib_port_opts *opts, struct owners owners)
{
	struct tc_filter there = query_tc(ifindex, owners);
	int err, fd;

	err = open_program(opts, "tc", &fd);
	if (err)
		return err;
	if (there.prog_id != program_id(fd))
		err = put_tc(ifindex, fd, &there);
	close(fd);
	if (err == -EEXIST)
		return error__set(-EBUSY, "another filter has priority %d, handle %d at clsact ingress of interface %u: remove "
				  "it first", TC_PRIORITY, TC_HANDLE, ifindex);
	return err ? error__set(err, "attaching to clsact ingress of interface %u: %s", ifindex, strerror(-err)) : 0;
}

static int detach_tc(uint32_t ifindex, struct owners owners)
{
	struct tc_filter there;

	while ((there = query_tc(ifindex, owners)).prog_id) {
		int err = tc_filter__delete(ifindex, &there);

		if (err)
			return error__set(err, "detaching from clsact ingress of interface %u: %s", ifindex, strerror(-err));
	}
	return 0;
}

/* ---- the interface ---- */

static int check_opts(const struct xfib_port_opts *opts)
{
	if (opts->size != sizeof(*opts))
		return error__set(-EINVAL, "size %zu of struct xfib_port_opts is not known", opts->size);
	return 0;
}

int port__attach(uint32_t ifindex, const struct xfib_port_opts *opts, const char *former)
{
	struct owners owners = owners_of(opts, former);

	return opts->hook == XFIB_HOOK_TC ? attach_tc(ifindex, opts, owners) : attach_xdp(ifindex, opts, owners);
}

XFIB_PUBLIC int xfib_port__attach(uint32_t ifindex, const struct xfib_port_opts *opts)
{
	int err = check_opts(opts);

	return err ? err : port__attach(ifindex, opts, NULL);
}

XFIB_PUBLIC int xfib_port__detach(uint32_t ifindex, const struct xfib_port_opts *opts)
{
	struct owners owners;
	int err = check_opts(opts);

	if (err)
		return err;
	owners = owners_of(opts, NULL);
	return opts->hook == XFIB_HOOK_TC ? detach_tc(ifindex, owners) : detach_xdp(ifindex, owners);
}

XFIB_PUBLIC int xfib_port__query(uint32_t ifindex, const struct xfib_port_opts *opts, struct xfib_port *ret_port)
{
	struct xdp_state state;
	struct owners owners;
	int err = check_opts(opts);

	if (!err)
		err = query_xdp(ifindex, &state);
	if (err)
		return err;
	owners = owners_of(opts, NULL);
	ret_port->xdp = state.id && is_ours(state.id, owners);
	ret_port->tc = query_tc(ifindex, owners).prog_id;
	ret_port->mode = state.generic ? XFIB_MODE_GENERIC : XFIB_MODE_NATIVE;
	ret_port->xdp_id = state.id;
	return 0;
}
