// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * xfib unload: stops the daemon, detaches the programs from every interface,
 * removes what is pinned. Works on maps of any layout version: of xfib_state
 * it then only trusts the first member, and asks for the daemon to be stopped
 * by hand if one runs.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../lib/pins.h"
#include "../lib/port.h"
#include "command.h"
#include "dispatcher.h"

#define STOP_SECONDS 10
#define POLL_MICROSECONDS 20000

static int check_namespace(const char *pin, const struct xfib_state *state)
{
	struct stat info;

	if (state->layout != XFIB_LAYOUT || stat("/proc/self/ns/net", &info) || info.st_ino == state->netns)
		return STATUS_DONE;
	return fail(STATUS_FAILED, "unload: the instance at %s belongs to network namespace %llu, this process is in %llu: "
		    "enter that one", pin, (unsigned long long)state->netns, (unsigned long long)info.st_ino);
}

/* Ends the daemon if one holds the lock of the directory, and takes the lock. */
static int stop_daemon(const char *pin, const struct xfib_state *state, int *ret_lock)
{
	int err = pins__lock(pin, ret_lock);

	if (err != -EWOULDBLOCK)
		return err && err != -ENOENT ? fail(STATUS_FAILED, "unload: locking %s: %s", pin, strerror(-err)) : STATUS_DONE;
	if (state->layout != XFIB_LAYOUT)
		return fail(STATUS_FAILED, "unload: an xfibd of another version runs at %s: stop it first", pin);
	if (kill((pid_t)state->pid, SIGTERM) && errno != ESRCH)
		return fail(STATUS_FAILED, "unload: stopping xfibd (pid %u): %s", state->pid, strerror(errno));
	for (int waited = 0; waited < STOP_SECONDS * 1000000; waited += POLL_MICROSECONDS) {
		err = pins__lock(pin, ret_lock);
		if (!err || err == -ENOENT)
			return STATUS_DONE;
		usleep(POLL_MICROSECONDS);
	}
	return fail(STATUS_FAILED, "unload: xfibd (pid %u) has not ended %d seconds after SIGTERM", state->pid, STOP_SECONDS);
}

static int detach_hook(const struct if_nameindex *device, struct xfib_port_opts *opts, enum xfib_hook hook)
{
	opts->hook = hook;
	if (!xfib_port__detach(device->if_index, opts))
		return STATUS_DONE;
	return fail(STATUS_FAILED, "unload: %s: %s", device->if_name, xfib_error__last());
}

static int detach_all(const char *pin)
{
	struct xfib_port_opts opts = { .size = sizeof(opts), .pin = pin };
	struct if_nameindex *devices = if_nameindex();
	int status = STATUS_DONE;

	if (!devices)
		return fail(STATUS_FAILED, "unload: listing interfaces: %s", strerror(errno));
	for (struct if_nameindex *device = devices; device->if_index; device++) {
		struct xfib_port port;
		bool found;

		if (dispatcher__detach(device->if_name, device->if_index, &found))
			status = STATUS_FAILED;
		if (xfib_port__query(device->if_index, &opts, &port))
			continue; /* has gone */
		if (port.xdp && detach_hook(device, &opts, XFIB_HOOK_XDP))
			status = STATUS_FAILED;
		if (port.tc && detach_hook(device, &opts, XFIB_HOOK_TC))
			status = STATUS_FAILED;
	}
	if_freenameindex(devices);
	return status;
}

static void remove_sets(const char *pin)
{
	static const char *const suffixes[] = { "", "-new", "-old" }; /* what an aborted start or exchange may leave */
	char path[PATH_MAX];

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		if (snprintf(path, sizeof(path), "%s%s", pin, suffixes[i]) < (int)sizeof(path))
			pins__remove(path);
	}
}

int command_unload(int argc, char **argv)
{
	const char *pin = pin_directory();
	union pins_state value;
	const struct xfib_state *state = &value.state;
	int err, fd, lock = -1, status;

	if (argc)
		return fail(STATUS_USAGE, "unload: unknown word '%s'", argv[0]);
	err = pins__read_state(pin, &value, &fd);
	if (err == -ENOENT)
		return STATUS_DONE; /* nothing there is what was asked for */
	if (err)
		return fail(STATUS_FAILED, "unload: reading %s/xfib_state: %s", pin, strerror(-err));
	close(fd);
	status = check_namespace(pin, state);
	if (!status)
		status = stop_daemon(pin, state, &lock);
	if (!status)
		status = detach_all(pin);
	if (!status) {
		remove_sets(pin);
		ports__remove(pin);
	}
	if (lock >= 0)
		close(lock);
	return status;
}
