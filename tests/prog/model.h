/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The decision about a packet, slowly: the order of checks in
 * bpf/forward.bpf.h over lists that are searched from end to end. The oracle
 * of the programs.
 */
#ifndef TESTS_PROG_MODEL_H
#define TESTS_PROG_MODEL_H

#include "world.h"

struct model_answer {
	enum xfib_reason reason;
	enum world_port port; /* that the packet came by: of a VLAN, once its tags are followed; NO_PORT: unknown */
	struct frame untagged; /* what is decided about: the frame without the tags that were followed */
	const struct world_route *route; /* the path, where one was found */
	char destination[64];
};

struct model_answer model__decide(enum world_hook hook, const struct world_settings *settings,
				  const struct world_route *routes, const struct world_route *more,
				  const struct frame *frame, uint32_t gso_size);

/* The hash of the flow of a packet, 31 bits; model_flow.c. */
uint32_t model_flow__hash(const struct world_settings *settings, const uint8_t *ip, const uint8_t *end, bool six);

/* May something else be in a UDP packet? */
bool model_partial__may_be_tunnel(const uint8_t udp[8]);

/* Was a checksum left to the device, or can nobody tell? model_partial.c. */
bool model_partial__is_left(const uint8_t *ip, const uint8_t *end, bool six);

/* Makes it so, where there is a checksum of TCP, UDP or SCTP. */
void model_partial__leave(uint8_t *ip, const uint8_t *end, bool six);

#endif
