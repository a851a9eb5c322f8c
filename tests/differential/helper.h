/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What helper.bpf.c leaves behind of each packet, for BPF and for user space. */
#ifndef TESTS_DIFFERENTIAL_HELPER_H
#define TESTS_DIFFERENTIAL_HELPER_H

struct helper_answer {
	__s64 status; /* BPF_FIB_LKUP_RET_*, or -errno */
	__u32 ifindex;
	__u8 dmac[6], smac[6];
	__u32 pad;
};

#endif
