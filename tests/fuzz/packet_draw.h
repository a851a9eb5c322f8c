/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What the fuzzer of packets draws: routes and settings, packets, and what is done to them. */
#ifndef TESTS_FUZZ_PACKET_DRAW_H
#define TESTS_FUZZ_PACKET_DRAW_H

#include "../prog/world.h"

#define DRAW_ROUTES 40

struct draw_world {
	struct world_settings settings;
	struct world_step plans[2][WORLD_STEPS];
	struct world_route routes[DRAW_ROUTES + 1]; /* beside base_routes */
};

/* Prints the seed. */
void draw__seed(uint64_t seed);

void draw__world(struct draw_world *ret_world);
void draw__print(const struct draw_world *world);

/* A packet that is right in most things. */
void draw__frame(struct frame *ret_frame);

/* Changes a packet in one place or a few; half of the time its IPv4 checksum is right then. */
void draw__mutate(struct frame *frame);

/* For TC: 0 for most packets. */
uint32_t draw__gso_size(void);

#endif
