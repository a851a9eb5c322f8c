// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* What would become of a packet: the instance's own program says it. */
#include <bpf/bpf.h>
#include <errno.h>
#include <limits.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "private.h"

static int open_program(const struct xfib *instance, int *ret_fd)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/progs/explain", instance->pin);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return error__set(fd, "opening %s: %s", path, strerror(-fd));
	*ret_fd = fd;
	return 0;
}

/* Before Linux 5.15 the kernel knows no ingress interface of such a run, and refuses all that is not zero in the context. */
static int run(int program, uint32_t ifindex, void *frame, size_t length, struct xfib_explained *ret_explained)
{
	struct xdp_md context = { .data_end = (uint32_t)length, .ingress_ifindex = ifindex };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = (uint32_t)length, .data_out = frame,
		    .data_size_out = (uint32_t)length + XFIB_EXPLAIN_GROWTH, .ctx_in = &context, .ctx_size_in = sizeof(context), .repeat = 1);
	int err = bpf_prog_test_run_opts(program, &opts);

	if (err == -EPERM)
		return error__set(err, "running the program: %s: only root can ask what becomes of a packet", strerror(-err));
	if (err == -EINVAL)
		return error__set(-EOPNOTSUPP, "running the program on %zu bytes by interface %u: this kernel refuses it: Linux 5.15 "
				  "does it, for frames of less than a page", length, ifindex);
	if (err)
		return error__set(err, "running the program by interface %u: %s", ifindex, strerror(-err));
	ret_explained->reason = opts.retval & ((1U << XFIB_EXPLAIN_NEXTHOP) - 1);
	ret_explained->nexthop = opts.retval >> XFIB_EXPLAIN_NEXTHOP;
	ret_explained->length = opts.data_size_out;
	return 0;
}

XFIB_PUBLIC int xfib_packet__explain(const struct xfib *instance, uint32_t ifindex, void *frame, size_t length,
				     struct xfib_explained *ret_explained)
{
	int err, program;

	if (instance->backend != XFIB_BACKEND_MAPS)
		return error__set(-EOPNOTSUPP, "packets are treated by the programs of an instance, and this is a copy of its routes");
	if (length < 14)
		return error__set(-EINVAL, "a frame of %zu bytes: an Ethernet header has 14", length);
	err = open_program(instance, &program);
	if (err)
		return err;
	err = run(program, ifindex, frame, length, ret_explained);
	close(program);
	return err;
}
