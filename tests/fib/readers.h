/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What readers.bpf.c and readers_test.c share. */
#ifndef TESTS_FIB_READERS_H
#define TESTS_FIB_READERS_H

#define READERS_QUESTIONS (1u << 20)
#define READERS_BATCH 64u            /* look-ups of one run */

struct question {
	__u64 high, low;
	__u32 family;
	__u32 leaf; /* the right answer */
	__u32 route;
	__u32 pad;
};

#endif
