/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Ethernet frames for tests: built from a few words, and what forwarding makes of them. */
#ifndef TESTS_PROG_FRAME_H
#define TESTS_PROG_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_MAX 8192
#define FRAME_ONE_BUFFER 3000  /* BPF_PROG_RUN has frames that are not longer in one buffer, */
#define FRAME_TWO_BUFFERS 4096 /* and longer ones than this in several */

enum frame_mac { MAC_PORT, MAC_OTHER, MAC_BROADCAST, MAC_MULTICAST };

/* Zero means the usual: an IPv4 UDP packet of 20 bytes of data from 10.0.1.1 to 203.0.113.9 with TTL 64. */
struct frame_spec {
	int family; /* 4 (or 0), 6 */
	const char *source, *destination;
	int ttl;
	bool ttl_zero;
	uint8_t protocol;
	int payload; /* bytes behind the IP header; 0: a UDP header and 20 bytes */
	const uint8_t *data; /* these bytes; NULL: 0, 1, 2, … */
	int tos;     /* IPv6: traffic class */
	uint32_t flow_label;
	int options; /* 32-bit words of IPv4 options */
	int fragment; /* IPv4: offset in units of 8 bytes */
	uint16_t ethertype; /* 0: that of the family */
	uint16_t vlan, tci; /* EtherType of a tag before it, and its VID and priority; 0: VID 100 */
	uint16_t inner, inner_tci; /* of a second tag behind the first one; 0: none; VID 100 */
	enum frame_mac mac;
	int trailer; /* bytes behind the IP packet */
	int cut;     /* length of the frame, shorter than built; 0: as built */
	struct frame_patch {
		int at; /* offset in the frame, 0: none */
		uint8_t value;
	} patch[4];
	bool keep_checksum; /* do not compute it anew after patching */
};

struct frame {
	uint8_t byte[FRAME_MAX];
	size_t length;
};

extern const uint8_t frame_port_mac[6];

void frame__build(const struct frame_spec *spec, struct frame *ret_frame);

bool frame__is_tag(unsigned int ethertype);

/* Takes off the outer tag, of which there is one, or puts one on. */
void frame__pop(struct frame *frame);
void frame__push(struct frame *frame, uint16_t ethertype, uint16_t tci);

/* As a router sends it on, without tags: MAC addresses, TTL lowered by one, IPv4 checksum summed up from nothing. */
void frame__forward(struct frame *frame, const uint8_t dmac[6], const uint8_t smac[6]);

#endif
