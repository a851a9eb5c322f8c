/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Sizes that lookup.bpf.c and lookup.c share. */
#ifndef TESTS_BENCH_LOOKUP_H
#define TESTS_BENCH_LOOKUP_H

#define LOOKUP_ADDRESSES 131072 /* a power of two */
#define LOOKUP_RANDOMS 1048576 /* places that the random read reads: as many as there are lines in its 64 MB */
#define LOOKUP_BATCH 64         /* look-ups of one run */

#endif
