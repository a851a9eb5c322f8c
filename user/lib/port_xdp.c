// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Ports by XDP. A program of somebody else's is replaced only if that is
 * asked for by force; then it is pinned, and detaching puts it back.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <limits.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <string.h>
#include <unistd.h>

#include "port_private.h"
#include "private.h"

#define REPLACED "xdp" /* see port_pin__path() */

int port_xdp__query(uint32_t ifindex, struct xdp_state *ret_state)
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
static int take_off(uint32_t ifindex, const struct xdp_state *state, int fd)
{
	LIBBPF_OPTS(bpf_xdp_attach_opts, opts, .old_prog_fd = fd);

	return bpf_xdp_detach((int)ifindex, flag_of(state->generic) | XDP_FLAGS_REPLACE, &opts);
}

/* `old`: the descriptor of what is attached, if something is. It is gone for a moment if the mode is another one. */
static int put(uint32_t ifindex, int fd, bool generic, const struct xdp_state *state, int old)
{
	LIBBPF_OPTS(bpf_xdp_attach_opts, opts, .old_prog_fd = old);
	int err;

	if (state->id && state->generic == generic)
		return bpf_xdp_attach((int)ifindex, fd, flag_of(generic) | XDP_FLAGS_REPLACE, &opts);
	if (state->id) {
		err = take_off(ifindex, state, old);
		if (err)
			return err;
	}
	err = bpf_xdp_attach((int)ifindex, fd, flag_of(generic) | XDP_FLAGS_UPDATE_IF_NOEXIST, NULL);
	if (err && state->id)
		bpf_xdp_attach((int)ifindex, old, flag_of(state->generic) | XDP_FLAGS_UPDATE_IF_NOEXIST, NULL);
	return err;
}

/* A driver refuses the plain program, each with another error, if its MTU is too large for one buffer. */
static int put_either(uint32_t ifindex, const struct own_programs *own, bool generic, const struct xdp_state *state, int old)
{
	int frags = own->fds[OWN_XDP_FRAGS], err = put(ifindex, own->fds[OWN_XDP], generic, state, old);

	if (!err || err == -EBUSY || err == -EEXIST || err == -EPERM || frags < 0)
		return err;
	return put(ifindex, frags, generic, state, old) ? err : 0;
}

/* ---- programs of others ---- */

/* Keeps the program of somebody else's that is to be replaced, if none is kept for the port already. */
static int keep(uint32_t ifindex, const char *pin, uint32_t id, int *ret_fd)
{
	char path[PATH_MAX];
	int err, fd = bpf_prog_get_fd_by_id(id);

	if (fd < 0)
		return error__set(fd, "the XDP program on interface %u (id %u), which is to be put back some time: %s", ifindex, id,
				  fd == -EPERM ? "only root may take it" : strerror(-fd));
	port_pin__remove(pin, ifindex, REPLACED); /* of a time when something else was replaced */
	err = port_pin__path(pin, ifindex, REPLACED, true, path, sizeof(path)) ? bpf_obj_pin(fd, path) : -ENAMETOOLONG;
	if (err) {
		close(fd);
		return error__set(err, "keeping the XDP program on interface %u (id %u) at %s: %s", ifindex, id, path, strerror(-err));
	}
	*ret_fd = fd;
	return 0;
}

static int open_kept(uint32_t ifindex, const char *pin)
{
	char path[PATH_MAX];

	return port_pin__path(pin, ifindex, REPLACED, false, path, sizeof(path)) ? bpf_obj_get(path) : -ENOENT;
}

/* Name of a program, "" for who may not see it. */
static void read_name(uint32_t id, char name[BPF_OBJ_NAME_LEN])
{
	struct bpf_prog_info info = { 0 };
	uint32_t length = sizeof(info);
	int fd = bpf_prog_get_fd_by_id(id);

	name[0] = '\0';
	if (fd < 0)
		return;
	if (!bpf_obj_get_info_by_fd(fd, &info, &length))
		memcpy(name, info.name, BPF_OBJ_NAME_LEN);
	name[BPF_OBJ_NAME_LEN - 1] = '\0';
	close(fd);
}

static int report_foreign(uint32_t ifindex, uint32_t id)
{
	char name[BPF_OBJ_NAME_LEN];

	read_name(id, name);
	if (!strcmp(name, "xdp_dispatcher"))
		return error__set(-EBUSY, "the dispatcher of libxdp (id %u) is attached to interface %u: ask for via libxdp "
				  "(xfib attach), which joins its programs, or for hook tc, or replace them by force until xfib is detached", id, ifindex);
	return error__set(-EBUSY, "another XDP program (id %u%s%s) is attached to interface %u: detach it first, or ask for hook tc, or "
			  "replace it by force until xfib is detached", id, *name ? ", " : "", name, ifindex);
}

static int report(uint32_t ifindex, const struct xdp_state *state, int err)
{
	if (err == -EOPNOTSUPP)
		return error__set(err, "the driver of interface %u has no native XDP: ask for mode generic or auto, or hook tc",
				  ifindex);
	if (err == -EBUSY && state->id)
		return error__set(err, "the XDP program on interface %u (id %u) is held there by a BPF link, which only its owner can "
				  "remove: ask for hook tc", ifindex, state->id);
	return error__set(err, "attaching to interface %u: %s", ifindex, strerror(-err));
}

/* ---- the port ---- */

int port_xdp__attach(uint32_t ifindex, const struct xfib_port_opts *opts, const struct own_programs *own)
{
	bool generic = opts->mode == XFIB_MODE_GENERIC, is_foreign;
	int err, old, fd = own->fds[OWN_XDP];
	struct xdp_state state;

	err = port_xdp__query(ifindex, &state);
	if (err)
		return err;
	old = own_fd(own, state.id);
	is_foreign = state.id && old < 0;
	if (is_foreign && !opts->force)
		return report_foreign(ifindex, state.id);
	if (is_foreign)
		err = keep(ifindex, own->pin, state.id, &old);
	if (err)
		return err;
	if (old == fd && (state.generic == generic || opts->mode == XFIB_MODE_AUTO))
		return 0;
	err = put_either(ifindex, own, generic, &state, old);
	if (err == -EOPNOTSUPP && opts->mode == XFIB_MODE_AUTO)
		err = put(ifindex, fd, true, &state, old);
	if (is_foreign)
		close(old);
	if (err && is_foreign)
		port_pin__remove(own->pin, ifindex, REPLACED);
	if (!err && !state.id)
		port_pin__remove(own->pin, ifindex, REPLACED); /* that was taken off meanwhile: it is not to come back */
	return err ? report(ifindex, &state, err) : 0;
}

int port_xdp__detach(uint32_t ifindex, const struct own_programs *own)
{
	struct xdp_state state;
	int err = port_xdp__query(ifindex, &state), mine, kept;

	if (err || !state.id)
		return err;
	mine = own_fd(own, state.id);
	if (mine < 0)
		return error__set(-EBUSY, "the XDP program on interface %u (id %u) is not this instance's: left alone", ifindex,
				  state.id);
	kept = open_kept(ifindex, own->pin);
	err = kept < 0 ? take_off(ifindex, &state, mine) : put(ifindex, kept, state.generic, &state, mine);
	if (kept >= 0)
		close(kept);
	if (!err)
		port_pin__remove(own->pin, ifindex, REPLACED);
	return err ? error__set(err, "detaching from interface %u: %s", ifindex, strerror(-err)) : 0;
}
