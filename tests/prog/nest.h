/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Generated packets within packets: what stands behind an IP header of a protocol. */
#ifndef TESTS_PROG_NEST_H
#define TESTS_PROG_NEST_H

#include <stddef.h>
#include <stdint.h>

#define NEST_MAX 1024

/* Takes random() from XFIB_SEED, else the clock, and prints it. */
void nest__seed(void);

/* A protocol of which nest__fill() knows something to write, by random(). */
uint8_t nest__protocol(void);

/* Writes headers of a protocol, and what they lead to; returns how many bytes, at most NEST_MAX, some of them too few. */
size_t nest__fill(uint8_t protocol, uint8_t *to);

#endif
