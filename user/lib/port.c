// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Attaching the pinned programs to interfaces, by XDP or by TC. An attached
 * program is an instance's if it is one of those pinned, whoever attached it.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pins.h"
#include "port_memory.h"
#include "port_private.h"
#include "private.h"

uint32_t program_id(int fd)
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

static struct own_programs no_programs(const char *pin)
{
	struct own_programs own = { .pin = pin };

	for (int i = 0; i < OWN_COUNT; i++)
		own.fds[i] = -1;
	return own;
}

/* What is not pinned is not there; one that may not be opened is an error, for nothing can be said then. */
static int open_own(const char *pin, const char *former, struct own_programs *ret_own)
{
	static const char *const names[OWN_COUNT] = { "xdp", "xdp_frags", "tc", "xdp", "xdp_frags", "tc" };
	struct own_programs own = no_programs(pin);

	for (int i = 0; i < OWN_COUNT; i++) {
		const char *directory = i < FORMER_XDP ? pin : former;
		char path[PATH_MAX];

		if (!directory || snprintf(path, sizeof(path), "%s/progs/%s", directory, names[i]) >= (int)sizeof(path))
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

int own_fd(const struct own_programs *own, uint32_t id)
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

/* ---- what outlives a set ---- */

#define SUFFIX "-ports"

bool port_pin__directory(const char *pin, bool make, char *ret_path, size_t size)
{
	if (snprintf(ret_path, size, "%s" SUFFIX, pin) >= (int)size)
		return false;
	return !make || !mkdir(ret_path, 0700) || errno == EEXIST;
}

bool port_pin__path(const char *pin, uint32_t ifindex, const char *what, bool make, char *ret_path, size_t size)
{
	return port_pin__directory(pin, make, ret_path, size) &&
	       snprintf(ret_path, size, "%s" SUFFIX "/%s-%u", pin, what, ifindex) < (int)size;
}

void port_pin__tidy(const char *pin)
{
	char path[PATH_MAX];

	if (port_pin__directory(pin, false, path, sizeof(path)))
		rmdir(path);
}

void port_pin__remove(const char *pin, uint32_t ifindex, const char *what)
{
	char path[PATH_MAX];

	if (!port_pin__path(pin, ifindex, what, false, path, sizeof(path)))
		return;
	unlink(path);
	port_pin__tidy(pin);
}

void ports__remove(const char *pin)
{
	char path[PATH_MAX];

	if (port_pin__directory(pin, false, path, sizeof(path)))
		pins__remove(path);
}

bool port__is_by_libxdp(uint32_t ifindex, const char *pin)
{
	char path[PATH_MAX];

	return port_pin__path(pin, ifindex, PORT_PIN_LIBXDP, false, path, sizeof(path)) && !access(path, F_OK);
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
	bool by_tc = opts->hook != XFIB_HOOK_XDP;
	struct own_programs own;
	int err = open_own(instance__pin(opts->pin), former, &own);

	if (err)
		return err;
	if (own.fds[by_tc ? OWN_TC : OWN_XDP] < 0)
		err = report_missing(instance__pin(opts->pin));
	else
		err = by_tc ? port_tc__attach(ifindex, opts->hook, &own) : port_xdp__attach(ifindex, opts, &own);
	close_own(&own);
	return err;
}

XFIB_PUBLIC int xfib_port__attach(uint32_t ifindex, const struct xfib_port_opts *opts)
{
	struct remembered_port port = { .ifindex = ifindex };
	int err = check_opts(opts);

	if (!err)
		err = port__attach(ifindex, opts, NULL);
	if (err || !if_indextoname(ifindex, port.device))
		return err;
	port.hook = opts->hook;
	port.mode = opts->mode;
	err = port_memory__note(instance__pin(opts->pin), &port);
	return err ? error__set(err, "%s is attached, but not remembered beside %s for when its device comes again: %s", port.device,
				instance__pin(opts->pin), strerror(-err)) : 0;
}

XFIB_PUBLIC int xfib_port__detach(uint32_t ifindex, const struct xfib_port_opts *opts)
{
	struct own_programs own;
	char device[IF_NAMESIZE];
	int err = check_opts(opts);

	if (!err && if_indextoname(ifindex, device))
		port_memory__forget(instance__pin(opts->pin), device, opts->hook);
	if (!err)
		err = open_own(instance__pin(opts->pin), NULL, &own);
	if (err)
		return err;
	err = opts->hook == XFIB_HOOK_XDP ? port_xdp__detach(ifindex, &own) : port_tc__detach(ifindex, opts->hook, &own);
	close_own(&own);
	return err;
}

int port__query(uint32_t ifindex, const struct xfib_port_opts *opts, const char *former, struct xfib_port *ret_port)
{
	struct own_programs own = no_programs(instance__pin(opts->pin));
	struct xdp_state state;
	int err = port_xdp__query(ifindex, &state);

	if (err)
		return err;
	open_own(own.pin, former, &own); /* to who may not see the pins nothing is an instance's */
	ret_port->xdp = own_fd(&own, state.id) >= 0;
	ret_port->tc = port_tc__query(ifindex, &own, &ret_port->tc_hook);
	ret_port->frags = state.id && (state.id == own.ids[OWN_XDP_FRAGS] || state.id == own.ids[FORMER_XDP_FRAGS]);
	ret_port->mode = state.generic ? XFIB_MODE_GENERIC : XFIB_MODE_NATIVE;
	ret_port->xdp_id = state.id;
	close_own(&own);
	return 0;
}

XFIB_PUBLIC int xfib_port__query(uint32_t ifindex, const struct xfib_port_opts *opts, struct xfib_port *ret_port)
{
	int err = check_opts(opts);

	return err ? err : port__query(ifindex, opts, NULL, ret_port);
}
