/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* A packet as words describe it: `xfib explain ADDR from SRC iif DEV proto P ...`. */
#ifndef XFIB_PACKET_H
#define XFIB_PACKET_H

#include <stddef.h>

#include "command.h"

#define PACKET_MAX 3000 /* bytes of an IP packet: it has to fit into a page with what the kernel puts around it */
#define PACKET_FRAME (14 + PACKET_MAX)

struct packet_words {
	bool has_protocol; /* else no packet is described */
	bool has_ports, has_label, has_others;
	uint32_t protocol, source_port, destination_port, ttl, tos, flow_label;
	uint32_t length; /* of the IP packet; 0: headers only */
};

/* Takes one word and its argument at *at; false: it is no word of a packet's. */
bool packet__take_word(struct packet_words *words, int argc, char **argv, int *at, int *ret_status);

/* Is what the words say a packet? A status; all is fine where none of them was there. */
int packet__check(const struct packet_words *words, const struct xfib_query *query, bool has_source);

/* Builds the frame, to the MAC address of the ingress device; returns its length. */
size_t packet__build(const struct packet_words *words, const struct xfib_query *query, const uint8_t mac[6],
		     uint8_t frame[PACKET_FRAME]);

/* Runs the program on the packet and prints what it says: a status. */
int packet__explain(const struct xfib *instance, const struct packet_words *words, const struct xfib_query *query);

#endif
