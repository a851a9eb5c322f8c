/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The same packets through two routers, one of which has xfib: what is in common to the parts of side-by-side, and the world
 * that tests/netns/side_by_side.sh makes.
 *
 * Port N of either router has the MAC address 02:00:00:00:00:0N and the addresses 10.0.N.254/24 and 2001:db8:N::fe/64. At its
 * other end are neighbours 1 to 3, 10.0.N.1 and 2001:db8:N::1 and so on, with the MAC addresses 02:00:00:00:0N:01 to 03.
 *
 * Where the kernel has VLAN devices there are networks beyond those of the ports, likewise: 6 is VLAN 10 of port 0, 7 is
 * VLAN 300 of port 1 by 802.1ad, 8 is VLAN 20 in that. Their devices have the MAC addresses of their ports.
 */
#ifndef TESTS_PARITY_H
#define TESTS_PARITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PORTS 6
#define NETWORKS 9
#define FRAME_MOST 3014 /* no port takes longer frames */
#define FRAME_ROOM 4096

struct packet {
	int port;    /* that it comes by */
	int network; /* the port's, or that of a VLAN there */
	size_t length;
	uint8_t byte[FRAME_ROOM];
};

/* ---- draw.c ---- */

void draw__seed(uint64_t seed);

/* How many networks there are: as many as ports, or with VLANs. */
void draw__set_networks(int count);

/* The next packet, from a network: of all kinds, most of them well formed. */
void draw__packet(int network, struct packet *ret_packet);

/* ---- normal.c ---- */

/* Is the frame, which a router sent, to be compared? Then it is changed into what both have to be the same in. */
bool normal__frame(uint8_t *frame, size_t *length_inout);

/* Where the type of a frame is, behind its tags. Two bytes are there if the frame has 14 or more. */
size_t normal__type_at(const uint8_t *frame, size_t length);

/* A number for the flow that a frame belongs to: frames of one flow must come in the same order. */
uint64_t normal__flow(const uint8_t *frame, size_t length);

/* The sum of words in network byte order, folded. */
uint32_t normal__sum(const uint8_t *at, size_t length, uint32_t sum);

#endif
