/* SPDX-License-Identifier: GPL-2.0-only */
/* What fibcompare.c and its programs share: look-ups by the helper and by <xfib/bpf.h>, side by side. */
#ifndef XFIB_TEST_FIBCOMPARE_H
#define XFIB_TEST_FIBCOMPARE_H

#define LOOKUPS 32 /* a run */

struct lookup {
	struct bpf_fib_lookup params;
	__u32 flags;
	__u32 pad;
};

struct answer {
	struct bpf_fib_lookup params;
	__s64 code;
};

#endif
