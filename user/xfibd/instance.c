// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* An instance and its pin directory. See instance.h. */
#include "instance.h"

#include <asm/socket.h>
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <xfib/lookup.h>

#include "../lib/bypass.h"
#include "../lib/pins.h"
#include "../lib/port.h"
#include "../lib/port_memory.h"
#include "ethtool.h"
#include "log.h"
#include "pinned_set.h"
#include "requirements.h"

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71 /* asm-generic/socket.h, Linux 5.14 */
#endif

struct instance {
	char pin[PIN_SIZE];
	char fresh[PATH_MAX]; /* where the new set is until it is published */
	struct bpf_maps *maps;
	gid_t readers;   /* of the pinned maps beside root, or NO_GROUP */
	int lock_fd;     /* on the new set's directory */
	int old_lock_fd; /* on the old one's, while both exist */
	bool published;
	bool took_over; /* ports that had an older set's programs */
};

struct bpf_maps *instance__maps(const struct instance *instance)
{
	return instance->maps;
}

/* ---- before anything is made ---- */

static uint64_t netns_inode(void)
{
	struct stat info;

	return stat("/proc/self/ns/net", &info) ? 0 : info.st_ino;
}

static uint64_t netns_cookie(void)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t length = sizeof(uint64_t);
	uint64_t cookie = 0;

	if (fd < 0)
		return 0;
	if (getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &length))
		cookie = 0;
	close(fd);
	return cookie;
}

static void report_running(const char *pin)
{
	struct xfib_state state;

	if (pinned_set__read_state(pin, &state))
		log_error("an instance runs already at %s", pin);
	else
		log_error("an instance runs already at %s (pid %u); stop it with 'kill %u' or 'xfib unload'", pin,
			  state.pid, state.pid);
}

/* Is what is pinned there something that this daemon may replace? */
static int check_old(const char *pin)
{
	struct xfib_state state;
	int err = pinned_set__read_state(pin, &state);

	if (err == -ENOENT)
		return 0; /* an empty directory, or one that is not finished */
	if (err && err != -EPROTO) {
		log_error("reading the instance pinned at %s: %s", pin, strerror(-err));
		return err;
	}
	if (err == -EPROTO || state.layout != XFIB_LAYOUT) {
		char version[16] = "unknown";

		if (!err)
			snprintf(version, sizeof(version), "%u", state.layout);
		log_error("the maps pinned at %s have layout version %s, this xfibd has %u: 'xfib unload' removes them",
			  pin, version, XFIB_LAYOUT);
		return -EPROTO;
	}
	if (state.netns != netns_inode()) {
		log_error("the instance pinned at %s belongs to network namespace %llu, this process is in %llu: "
			  "choose another directory with --pin, or enter that namespace",
			  pin, (unsigned long long)state.netns, (unsigned long long)netns_inode());
		return -EXDEV;
	}
	return 0;
}

/* The maps are of use to a group only if its members can get to them. */
static void warn_of_parent(const struct instance *instance, const char *parent)
{
	struct stat info;

	if (instance->readers == NO_GROUP || stat(parent, &info) || info.st_mode & S_IXOTH ||
	    (info.st_gid == instance->readers && info.st_mode & S_IXGRP))
		return;
	log_warning("%s has mode %04o, so that the members of the group cannot get to the maps in it: chmod a+x %s",
		    parent, info.st_mode & 07777, parent);
}

static int check_directories(struct instance *instance)
{
	char copy[PATH_MAX];
	int err;

	snprintf(copy, sizeof(copy), "%s", instance->pin);
	err = requirements__check_bpffs(dirname(copy));
	if (err)
		return err;
	warn_of_parent(instance, copy);
	err = pins__lock(instance->pin, &instance->old_lock_fd);
	if (err == -EWOULDBLOCK) {
		report_running(instance->pin);
		return -EBUSY;
	}
	if (!err)
		return check_old(instance->pin);
	if (err != -ENOENT)
		log_error("pin directory %s: %s", instance->pin, strerror(-err));
	return err == -ENOENT ? 0 : err;
}

/* ---- ports ---- */

/* Calls `visit` for each interface that has one of the programs of the instance, or of the one pinned at `former`. */
static void each_port(struct instance *instance, const char *former,
		      void (*visit)(struct instance *instance, const struct if_nameindex *device,
				    const struct xfib_port *port))
{
	struct xfib_port_opts opts = { .size = sizeof(opts), .pin = instance->pin };
	struct if_nameindex *devices = if_nameindex();

	for (struct if_nameindex *device = devices; device && device->if_index; device++) {
		struct xfib_port port;

		if (!port__query(device->if_index, &opts, former, &port) && (port.xdp || port.tc))
			visit(instance, device, &port);
	}
	if (devices)
		if_freenameindex(devices);
}

static void replace_programs(struct instance *instance, const struct if_nameindex *device,
			     const struct xfib_port *port)
{
	struct xfib_port_opts opts = { .size = sizeof(opts), .pin = instance->pin, .mode = port->mode };

	instance->took_over = true;
	if (port->xdp && port__attach(device->if_index, &opts, instance->fresh))
		log_error("%s: %s", device->if_name, xfib_error__last());
	opts.hook = XFIB_HOOK_TC;
	if (port->tc && port__attach(device->if_index, &opts, instance->fresh))
		log_error("%s: %s", device->if_name, xfib_error__last());
}

/*
 * Programs that only root can replace are to pass everything up when their set goes, which is pinned at `directory`: says
 * which these are. `former`: there is another set now.
 */
static void end_libxdp(const struct instance *instance, const char *directory, bool former)
{
	struct if_nameindex *devices = if_nameindex();

	for (struct if_nameindex *device = devices; device && device->if_index; device++) {
		if (!port__is_by_libxdp(device->if_index, instance->pin))
			continue;
		pins__forget_links(directory);
		if (former)
			log_warning("%s: xfib's program in libxdp's dispatcher is that of an earlier xfibd, and passes everything "
				    "up until 'xfib attach %s via libxdp' replaces it", device->if_name, device->if_name);
		else
			log_warning("%s: xfib's program stays in libxdp's dispatcher, and passes everything up: 'xdp-loader "
				    "unload' takes it out", device->if_name);
	}
	if (devices)
		if_freenameindex(devices);
}

static void detach_programs(struct instance *instance, const struct if_nameindex *device,
			    const struct xfib_port *port)
{
	struct xfib_port_opts opts = { .size = sizeof(opts), .pin = instance->pin };

	if (port->xdp && xfib_port__detach(device->if_index, &opts))
		log_error("%s: %s", device->if_name, xfib_error__last());
	opts.hook = XFIB_HOOK_TC;
	if (port->tc && xfib_port__detach(device->if_index, &opts))
		log_error("%s: %s", device->if_name, xfib_error__last());
}

/* ---- the new set ---- */

static void describe(const struct maps *maps)
{
	struct xfib_state *state = maps->state;

	state->layout = XFIB_LAYOUT;
	state->netns = netns_inode();
	state->netns_cookie = netns_cookie();
	state->pid = (uint32_t)getpid();
	state->started = (uint64_t)time(NULL);
	state->flags = XFIB_STATE_IPV4;
}

/*
 * A daemon that was killed when it had published its set and not yet given its programs to all ports left the older set at
 * `fresh`. Once that is removed, nobody knows any more whose the programs of the other ports are: they get the later ones now.
 */
static void finish_replacing(struct instance *instance)
{
	int fd;

	if (pins__lock(instance->fresh, &fd))
		return;
	if (instance->old_lock_fd >= 0)
		each_port(instance, instance->fresh, replace_programs);
	end_libxdp(instance, instance->fresh, true);
	close(fd);
}

static int create_set(struct instance *instance, const struct map_sizes *sizes)
{
	int err = bpf_maps__create(sizes, &instance->maps);

	if (err) {
		log_error("creating maps and loading programs: %s%s", strerror(-err),
			  err == -ENOMEM || err == -E2BIG ? "; ask for smaller maps with --max-routes and the like" :
							    "; --verbose shows what the kernel says");
		return err;
	}
	describe(&instance->maps->maps);
	finish_replacing(instance);
	err = pinned_set__make(instance->fresh, &instance->lock_fd);
	if (err == -EWOULDBLOCK) {
		log_error("another xfibd is starting at %s", instance->pin);
		instance->fresh[0] = '\0'; /* not ours to remove */
		return -EBUSY;
	}
	if (!err)
		err = pinned_set__fill(instance->fresh, instance->maps, instance->readers);
	if (err)
		log_error("pinning the maps at %s: %s", instance->fresh, strerror(-err));
	return err;
}

int instance__create(const char *pin, const struct map_sizes *sizes, gid_t readers, struct instance **ret_instance)
{
	struct instance *instance = calloc(1, sizeof(*instance));
	int err;

	if (!instance)
		return -ENOMEM;
	instance->lock_fd = instance->old_lock_fd = -1;
	instance->readers = readers;
	snprintf(instance->pin, sizeof(instance->pin), "%s", pin);
	snprintf(instance->fresh, sizeof(instance->fresh), "%s-new", instance->pin);
	err = requirements__check_capabilities();
	if (!err)
		err = check_directories(instance);
	if (err) /* nothing was made that instance__free() would have to remove */
		instance->fresh[0] = '\0';
	if (!err)
		err = requirements__check_kernel();
	if (!err)
		err = create_set(instance, sizes);
	if (err) {
		instance__free(instance);
		return err;
	}
	*ret_instance = instance;
	return 0;
}

/* ---- ports and pins ---- */

int instance__publish(struct instance *instance)
{
	int err;

	__atomic_or_fetch(&instance->maps->maps.state->flags, XFIB_STATE_SYNCED, __ATOMIC_RELEASE);
	err = pinned_set__exchange(instance->fresh, instance->pin);
	if (err) {
		log_error("pinning the maps at %s: %s", instance->pin, strerror(-err));
		return err;
	}
	instance->published = true;
	each_port(instance, instance->fresh, replace_programs); /* where the old set is now */
	end_libxdp(instance, instance->fresh, true);
	pins__remove(instance->fresh);
	if (instance->old_lock_fd >= 0)
		close(instance->old_lock_fd);
	instance->old_lock_fd = -1;
	return 0;
}

static void warn_of_bypass(const struct bypass *bypass, void *data)
{
	const char *device = data;
	char text[256];

	log_warning("%s: packets that xfib forwards go past netfilter: %s", device, bypass__describe(bypass, text, sizeof(text)));
}

/* XDP does not see whose frames are that lost their tags before: they go up. */
static void warn_of_hidden_tags(const struct instance *instance, const char *device, uint32_t ifindex)
{
	const struct maps *maps = &instance->maps->maps;

	for (uint32_t probe = 0; probe < XFIB_LINK_PROBES; probe++) {
		const struct xfib_link *link = &maps->links[xfib_link__slot(ifindex, maps->sizes.links, probe)];

		if (link->ifindex == ifindex && link->flags & XFIB_LINK_TAGS_HIDDEN)
			log_warning("%s: " HIDDEN_TAGS_TEXT, device, device);
	}
}

int instance__attach(const struct instance *instance, const char *device, enum xfib_mode mode)
{
	struct xfib_port_opts opts = { .size = sizeof(opts), .pin = instance->pin, .mode = mode };
	uint32_t ifindex = if_nametoindex(device);
	int err;

	if (!ifindex) {
		log_error("device '%s' does not exist", device);
		return -ENODEV;
	}
	port_memory__forget(instance->pin, device, XFIB_HOOK_XDP); /* the options say what it is to have */
	err = port__attach(ifindex, &opts, NULL);
	if (err) {
		log_error("attaching to '%s': %s", device, xfib_error__last());
		return err;
	}
	bypass__each(ifindex, warn_of_bypass, (void *)(uintptr_t)device);
	warn_of_hidden_tags(instance, device, ifindex);
	return 0;
}

static void follow_remembered(const struct remembered_port *port, void *data)
{
	const struct instance *instance = data;
	struct xfib_port_opts opts = { .size = sizeof(opts), .pin = instance->pin, .hook = port->hook, .mode = port->mode };
	uint32_t ifindex = if_nametoindex(port->device);

	/* Moved first: what is detached meanwhile is not remembered again. */
	if (ifindex == port->ifindex || !port_memory__move(instance->pin, port, ifindex))
		return;
	if (!ifindex)
		log_info("port %s has gone", port->device);
	else if (port__attach(ifindex, &opts, NULL))
		log_error("attaching to '%s': %s", port->device, xfib_error__last());
	else
		log_info("port %s is there again, and has its program", port->device);
}

void instance__follow_ports(const struct instance *instance)
{
	port_memory__each(instance->pin, follow_remembered, (void *)(uintptr_t)instance);
}

void instance__teardown(struct instance *instance)
{
	if (!instance->published)
		return;
	each_port(instance, NULL, detach_programs);
	end_libxdp(instance, instance->pin, false);
	pins__remove(instance->pin);
	ports__remove(instance->pin);
}

bool instance__has_old(const struct instance *instance)
{
	return instance->old_lock_fd >= 0 && !instance->published;
}

bool instance__took_over(const struct instance *instance)
{
	return instance->took_over;
}

void instance__free(struct instance *instance)
{
	if (!instance)
		return;
	if (!instance->published && instance->fresh[0])
		pins__remove(instance->fresh);
	bpf_maps__destroy(instance->maps);
	if (instance->lock_fd >= 0)
		close(instance->lock_fd);
	if (instance->old_lock_fd >= 0)
		close(instance->old_lock_fd);
	free(instance);
}
