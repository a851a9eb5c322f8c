// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Ports by TC: by TCX where the kernel has it (Linux 6.6), where the program
 * has a link of its own beside those of others, and by a filter at clsact
 * ingress elsewhere. The link is pinned, so that it stays; its program is
 * replaced by that of another set without a packet going past it.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <limits.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "port_private.h"
#include "private.h"
#include "tc_filter.h"

/* Where the filter is put; one of somebody else's at this place is left alone. */
#define TC_PRIORITY 1
#define TC_HANDLE 1

#define LINK "tcx" /* see port_pin__path() */
#define TCX_INGRESS 46 /* BPF_TCX_INGRESS, which older headers lack */

/* ---- TCX ---- */

/* By the system call: libbpf knows TCX from version 1.3 on. */
static int create_link(uint32_t ifindex, int program)
{
	union bpf_attr attr;
	long fd;

	memset(&attr, 0, sizeof(attr));
	attr.link_create.prog_fd = (uint32_t)program;
	attr.link_create.target_ifindex = ifindex;
	attr.link_create.attach_type = TCX_INGRESS;
	fd = syscall(SYS_bpf, BPF_LINK_CREATE, &attr, sizeof(attr));
	return fd < 0 ? -errno : (int)fd;
}

/* The pinned link of a port, and the program that it has. -ENOENT: there is none, or its device has gone. */
static int open_link(uint32_t ifindex, const struct own_programs *own, uint32_t *ret_program)
{
	struct bpf_link_info info = { 0 };
	uint32_t length = sizeof(info);
	char path[PATH_MAX];
	int fd, err;

	if (!port_pin__path(own->pin, ifindex, LINK, false, path, sizeof(path)))
		return -ENOENT;
	fd = bpf_obj_get(path);
	if (fd < 0)
		return fd;
	err = bpf_obj_get_info_by_fd(fd, &info, &length);
	if (!err && info.xdp.ifindex != ifindex) /* tcx.ifindex, which older headers lack, is at the same place */
		err = -ENOENT;
	if (err) {
		close(fd);
		return err;
	}
	*ret_program = info.prog_id;
	return fd;
}

/* -EOPNOTSUPP: the kernel has no TCX. */
static int attach_tcx(uint32_t ifindex, const struct own_programs *own)
{
	char path[PATH_MAX];
	uint32_t program;
	int err, fd = open_link(ifindex, own, &program);

	if (fd >= 0) {
		err = program == own->ids[OWN_TC] ? 0 : bpf_link_update(fd, own->fds[OWN_TC], NULL);
		close(fd);
		return err;
	}
	port_pin__remove(own->pin, ifindex, LINK);
	fd = create_link(ifindex, own->fds[OWN_TC]);
	if (fd == -EINVAL)
		return -EOPNOTSUPP;
	if (fd < 0)
		return fd;
	err = port_pin__path(own->pin, ifindex, LINK, true, path, sizeof(path)) ? bpf_obj_pin(fd, path) : -ENAMETOOLONG;
	close(fd);
	return err;
}

static int detach_tcx(uint32_t ifindex, const struct own_programs *own)
{
	uint32_t program;
	int err, fd = open_link(ifindex, own, &program);

	if (fd >= 0) {
		err = bpf_link_detach(fd);
		close(fd);
		if (err)
			return error__set(err, "detaching from TCX of interface %u: %s", ifindex, strerror(-err));
	}
	port_pin__remove(own->pin, ifindex, LINK);
	return 0;
}

/* ---- clsact ---- */

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
static struct tc_filter query_filter(uint32_t ifindex, const struct own_programs *own)
{
	struct search search = { .own = own };

	tc_filter__each(ifindex, take_ours, &search);
	return search.found;
}

static int put_filter(uint32_t ifindex, int fd, const struct tc_filter *old)
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

static int attach_filter(uint32_t ifindex, const struct own_programs *own, const struct tc_filter *there)
{
	int err = 0;

	if (there->prog_id != own->ids[OWN_TC])
		err = put_filter(ifindex, own->fds[OWN_TC], there);
	if (err == -EEXIST)
		return error__set(-EBUSY, "another filter has priority %d, handle %d at clsact ingress of interface %u: remove "
				  "it first", TC_PRIORITY, TC_HANDLE, ifindex);
	return err ? error__set(err, "attaching to clsact ingress of interface %u: %s", ifindex, strerror(-err)) : 0;
}

static int detach_filters(uint32_t ifindex, const struct own_programs *own)
{
	struct tc_filter there;

	while ((there = query_filter(ifindex, own)).prog_id) {
		int err = tc_filter__delete(ifindex, &there);

		if (err)
			return error__set(err, "detaching from clsact ingress of interface %u: %s", ifindex, strerror(-err));
	}
	return 0;
}

/* ---- the port ---- */

/* A filter that is there already is used, unless TCX is asked for by name. */
int port_tc__attach(uint32_t ifindex, enum xfib_hook hook, const struct own_programs *own)
{
	struct tc_filter there = query_filter(ifindex, own);
	int err;

	if (hook == XFIB_HOOK_CLSACT || (hook == XFIB_HOOK_TC && there.prog_id))
		return attach_filter(ifindex, own, &there);
	err = attach_tcx(ifindex, own);
	if (err == -EOPNOTSUPP && hook == XFIB_HOOK_TC)
		return attach_filter(ifindex, own, &there);
	if (err == -EOPNOTSUPP)
		return error__set(err, "this kernel has no TCX, which begins with Linux 6.6: ask for hook tc or clsact");
	return err ? error__set(err, "attaching to TCX of interface %u: %s", ifindex, strerror(-err)) : 0;
}

int port_tc__detach(uint32_t ifindex, enum xfib_hook hook, const struct own_programs *own)
{
	int err = hook == XFIB_HOOK_CLSACT ? 0 : detach_tcx(ifindex, own);

	return err || hook == XFIB_HOOK_TCX ? err : detach_filters(ifindex, own);
}

bool port_tc__query(uint32_t ifindex, const struct own_programs *own, enum xfib_hook *ret_hook)
{
	uint32_t program;
	int fd = open_link(ifindex, own, &program);

	if (fd >= 0)
		close(fd);
	*ret_hook = fd >= 0 ? XFIB_HOOK_TCX : XFIB_HOOK_CLSACT;
	return (fd >= 0 && own_fd(own, program) >= 0) || query_filter(ifindex, own).prog_id;
}
