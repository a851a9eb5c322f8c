/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The BPF filters at clsact ingress of an interface: libbpf finds one by its place only. */
#ifndef XFIB_LIB_TC_FILTER_H
#define XFIB_LIB_TC_FILTER_H

#include <stdint.h>

struct tc_filter {
	uint32_t handle, info; /* priority in the upper half, EtherType in the lower one: tcm_info */
	uint32_t prog_id;
};

/* Calls `visit` for each; stops at the first result that is not 0. An interface without clsact has none. 0 or -errno. */
int tc_filter__each(uint32_t ifindex, int (*visit)(const struct tc_filter *filter, void *data), void *data);

int tc_filter__delete(uint32_t ifindex, const struct tc_filter *filter);

#endif
