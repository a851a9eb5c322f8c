// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Attaching the pinned programs to interfaces, by XDP or by clsact ingress. An
 * attached program is an instance's if it is one of those pinned, whoever
 * attached it.
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

/*
 * The programs of the instance that is meant, and of one that it takes over from. They are known by their pins, since only
 * with CAP_SYS_ADMIN the kernel gives a program by its id, and says by that which maps it uses.
 */
enum { OWN_XDP, OWN_TC, FORMER_XDP, FORMER_TC, OWN_COUNT };

struct own_programs {
	int fds[OWN_COUNT]; /* -1: not there */
	uint32_t ids[OWN_COUNT];
};

static uint32_t program_id(int fd)
{
	struct bpf_prog_info info = { 0 };
	uint32_t length = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &length) ? 0 : info.id;
}

static void close_own(const struct own_programs *own)
{
	for (int i = 0; i < OWN_COUNT; i++) {
		if (own->fds[i] >= 0)
			close(own->fds[i]);
	}
}

/* What is not pinned is not there; one that may not be opened is an error, for nothing can be said then. */
static int open_own(const char *pin, const char *former, struct own_programs *ret_own)
{
	const char *const directories[OWN_COUNT] = { pin, pin, former, former };
	const char *const names[OWN_COUNT] = { "xdp", "tc", "xdp", "tc" };
	struct own_programs own = { .fds = { -1, -1, -1, -1 } };

	for (int i = 0; i < OWN_COUNT; i++) {
		char path[PATH_MAX];

		if (!directories[i] || snprintf(path, sizeof(path), "%s/progs/%s", directories[i], names[i]) >= (int)sizeof(path))
			continue;
		own.fds[i] = bpf_obj_get(path);
		if (own.fds[i] >= 0) {
			own.ids[i] = program_id(own.fds[i]);
		} else if (own.fds[i] != -ENOENT) {
			int err = own.fds[i];

			close_own(&own);
			return error__set(err, "opening %s: %s", path, strerror(-err));
		}
	}
	*ret_own = own;
	return 0;
}

/* The descriptor of an attached program that is one of these, -1: it is somebody else's. */
static int own_fd(const struct own_programs *own, uint32_t id)
{
	for (int i = 0; i < OWN_COUNT; i++) {
		if (id && own->fds[i] >= 0 && own->ids[i] == id)
			return own->fds[i];
	}
	return -1;
}

static int report_missing(const char *pin)
{
	return error__set(-ENOENT, "no instance at %s: start xfibd, or name another one with --pin or XFIB_PIN", pin);
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
static int remove_xdp(uint32_t ifindex, const struct xdp_state *state, int fd)
{
	LIBBPF_OPTS(bpf_xdp_attach_opts, opts, .old_prog_fd = fd);

	return bpf_xdp_detach((int)ifindex, flag_of(state->generic) | XDP_FLAGS_REPLACE, &opts);
}

/* `old`: the descriptor of what is attached, if something is. */
static int put_xdp(uint32_t ifindex, int fd, bool generic, const struct xdp_state *state, int old)
{
	LIBBPF_OPTS(bpf_xdp_attach_opts, opts, .old_prog_fd = old);
	int err;

	if (state->id && state->generic == generic)
		return bpf_xdp_attach((int)ifindex, fd, flag_of(generic) | XDP_FLAGS_REPLACE, &opts);
	if (state->id) {
		err = remove_xdp(ifindex, state, old);
		if (err)
			return err;
	}
	return bpf_xdp_attach((int)ifindex, fd, flag_of(generic) | XDP_FLAGS_UPDATE_IF_NOEXIST, NULL);
}

static int attach_xdp(uint32_t ifindex, const struct xfib_port_opts *opts, const struct own_programs *own)
{
	bool generic = opts->mode == XFIB_MODE_GENERIC;
	int err, old, fd = own->fds[OWN_XDP];
	struct xdp_state state;

	err = query_xdp(ifindex, &state);
	if (err)
		return err;
	old = own_fd(own, state.id);
	if (state.id && old < 0)
		return error__set(-EBUSY, "another XDP program (id %u) is attached to interface %u: detach it first",
				  state.id, ifindex);
	if (old == fd && (state.generic == generic || opts->mode == XFIB_MODE_AUTO))
		return 0;
	err = put_xdp(ifindex, fd, generic, &state, old);
	if (err == -EOPNOTSUPP && opts->mode == XFIB_MODE_AUTO)
		err = put_xdp(ifindex, fd, true, &state, old);
	if (err == -EOPNOTSUPP)
		return error__set(err, "the driver of interface %u has no native XDP: ask for mode generic or auto, or hook tc",
				  ifindex);
	return err ? error__set(err, "attaching to interface %u: %s", ifindex, strerror(-err)) : 0;
}

static int detach_xdp(uint32_t ifindex, const struct own_programs *own)
{
	struct xdp_state state;
	int err = query_xdp(ifindex, &state);

	if (err || !state.id)
		return err;
	if (own_fd(own, state.id) < 0)
		return error__set(-EBUSY, "the XDP program on interface %u (id %u) is not this instance's: left alone", ifindex,
				  state.id);
	err = remove_xdp(ifindex, &state, own_fd(own, state.id));
	return err ? error__set(err, "detaching from interface %u: %s", ifindex, strerror(-err)) : 0;
}

/* ---- TC ---- */

struct search {
	const struct own_programs *own;
	struct tc_filter found; /* prog_id 0: none */
};

static int take_ours(const struct tc_filter *filter, void *data)
{
	struct search *search = data;

	if (own_fd(search->own, filter->prog_id) < 0)
		return 0;
	search->found = *filter;
	return 1;
}

/* The first of the instance's filters, wherever somebody has put it. */
static struct tc_filter query_tc(uint32_t ifindex, const struct own_programs *own)
{
	struct search search = { .own = own };

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

static int attach_tc(uint32_t ifindex, const struct own_programs *own)
{
	struct tc_filter there = query_tc(ifindex, own);
	int err = 0;

	if (there.prog_id != own->ids[OWN_TC])
		err = put_tc(ifindex, own->fds[OWN_TC], &there);
	if (err == -EEXIST)
		return error__set(-EBUSY, "another filter has priority %d, handle %d at clsact ingress of interface %u: remove "
				  "it first", TC_PRIORITY, TC_HANDLE, ifindex);
	return err ? error__set(err, "attaching to clsact ingress of interface %u: %s", ifindex, strerror(-err)) : 0;
}

static int detach_tc(uint32_t ifindex, const struct own_programs *own)
{
	struct tc_filter there;

	while ((there = query_tc(ifindex, own)).prog_id) {
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
	bool by_tc = opts->hook == XFIB_HOOK_TC;
	struct own_programs own;
	int err = open_own(instance__pin(opts->pin), former, &own);

	if (err)
		return err;
	if (own.fds[by_tc ? OWN_TC : OWN_XDP] < 0)
		err = report_missing(instance__pin(opts->pin));
	else
		err = by_tc ? attach_tc(ifindex, &own) : attach_xdp(ifindex, opts, &own);
	close_own(&own);
	return err;
}

XFIB_PUBLIC int xfib_port__attach(uint32_t ifindex, const struct xfib_port_opts *opts)
{
	int err = check_opts(opts);

	return err ? err : port__attach(ifindex, opts, NULL);
}

XFIB_PUBLIC int xfib_port__detach(uint32_t ifindex, const struct xfib_port_opts *opts)
{
	struct own_programs own;
	int err = check_opts(opts);

	if (!err)
		err = open_own(instance__pin(opts->pin), NULL, &own);
	if (err)
		return err;
	err = opts->hook == XFIB_HOOK_TC ? detach_tc(ifindex, &own) : detach_xdp(ifindex, &own);
	close_own(&own);
	return err;
}

XFIB_PUBLIC int xfib_port__query(uint32_t ifindex, const struct xfib_port_opts *opts, struct xfib_port *ret_port)
{
	struct own_programs own = { .fds = { -1, -1, -1, -1 } };
	struct xdp_state state;
	int err = check_opts(opts);

	if (!err)
		err = query_xdp(ifindex, &state);
	if (err)
		return err;
	open_own(instance__pin(opts->pin), NULL, &own); /* to who may not see the pins nothing is an instance's */
	ret_port->xdp = own_fd(&own, state.id) >= 0;
	ret_port->tc = query_tc(ifindex, &own).prog_id;
	ret_port->mode = state.generic ? XFIB_MODE_GENERIC : XFIB_MODE_NATIVE;
	ret_port->xdp_id = state.id;
	close_own(&own);
	return 0;
}
