/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The maps as a test wants them, written by hand and not by the daemon, in a
 * network namespace of the test's own; and runs of the programs.
 *
 * Ports: INGRESS, where every packet comes from; EGRESS and OTHER, in xfib_tx,
 * EGRESS for frames in several buffers too; NO_TX, which is not. The others
 * are VLAN devices, of which only the maps know: see world_vlans.
 */
#ifndef TESTS_PROG_WORLD_H
#define TESTS_PROG_WORLD_H

#include <xfib/abi.h>

#include "frame.h"

enum world_hook { HOOK_XDP, HOOK_XDP_FRAGS, HOOK_TC, HOOKS };
enum world_port {
	NO_PORT, INGRESS, EGRESS, OTHER, NO_TX,
	VLAN_IN, VLAN_AD, VLAN_QINQ, VLAN_THIRD, VLAN_DOWN, VLAN_KERNEL, VLAN_OUT, VLAN_OUT_AD, VLAN_OUT_QINQ, VLAN_NO_TX,
	PORTS
};

/* A VLAN device, and on what it is. */
struct world_vlan {
	enum world_port device, on;
	uint16_t protocol, id;
	bool is_down, is_the_kernels; /* without reorder_hdr */
};
extern const struct world_vlan world_vlans[];
extern const int world_vlan_count;

/* The VLAN device itself, NULL for other ports. */
const struct world_vlan *world__vlan(enum world_port port);

/* The tags that a frame gets on its way to the device below all VLANs: the inner one first. TC leaves that to the device. */
void world__put_tags_on(enum world_hook hook, enum world_port port, struct frame *frame);

#define WORLD_FRAME_LIMIT 1518 /* of EGRESS and OTHER */

/* State of the MAC address of a path's gateway, or of an on-link destination. */
enum world_neighbour { NEIGHBOUR_VALID, NEIGHBOUR_UNKNOWN, NEIGHBOUR_STALE, NEIGHBOUR_FAILED };

#define WORLD_HASH_SEED 0x12345678

struct world_route {
	const char *prefix; /* NULL ends a list */
	uint32_t table;     /* 0: main */
	uint32_t type;      /* 0: unicast */
	const char *via;    /* NULL: on-link */
	enum world_port dev;
	uint32_t mtu;       /* 0: 1500 */
	uint8_t flags;      /* XFIB_NEXTHOP_* */
	enum world_neighbour neighbour;
	uint16_t weight; /* not 0: a path of a multipath route; the paths of one prefix follow one another */
};

/* A step of a plan; one with an action of 0 ends the list, and stands for "no route". */
struct world_step {
	uint32_t action;          /* enum xfib_plan_action */
	uint32_t table;           /* 0: main */
	uint16_t value;
	const char *from, *to;    /* prefixes; NULL: any. Packets of the other family never meet the step */
	uint8_t tos, tos_mask;
	uint8_t suppress;         /* 1 + the length of a prefix that does not count; 0: all count */
	bool invert;
};

struct world_settings {
	uint32_t link_set, link_clear; /* flags of the ingress port */
	uint32_t state_set;            /* XFIB_STATE_* */
	uint16_t hash4, hash6;         /* 0: policy 0 */
	bool pass_over;                /* groups pass over failed members */
	bool unknown_port;             /* the ingress port is not in xfib_links */
	const char *own;               /* an address of this machine in the filter */
	const char *neighbour;         /* on-link neighbour of EGRESS */
	const struct world_step *plan; /* of packets from each port, and so of their sources; NULL: the usual one */
	const struct world_step *source_plan; /* of the sources of packets from the ingress port, which is in a VRF then */
};

struct world_run {
	enum xfib_verdict verdict;
	struct frame out;
	int moved;           /* how many counters moved */
	uint32_t reason;     /* the one that moved */
	uint64_t packets, bytes; /* by how much */
	enum world_port port;    /* of which port */
	uint32_t gso_size;   /* in: TC only */
};

/* The steps that packets of a family meet, in a list of at most WORLD_STEPS. Returns their number. */
#define WORLD_STEPS 14
uint32_t world__steps(const struct world_step *list, bool six, struct world_step ret_steps[WORLD_STEPS]);

/* Makes namespace, devices and maps. */
int world__setup(void);

/* Empties the maps and fills them with both lists of routes. */
void world__fill(const struct world_settings *settings, const struct world_route *routes,
		 const struct world_route *more);

/*
 * Has the kernel the program? And does BPF_PROG_RUN take a frame's ingress port? Before Linux 5.15 it does not: XDP programs are then run with the
 * loopback device as INGRESS, TC programs cannot be run.
 */
bool world__runs(enum world_hook hook);

/* Runs a program on a frame. -EINVAL: the kernel takes no frame of this length. */
int world__run(enum world_hook hook, const struct frame *frame, struct world_run *run);

/* MAC addresses with which a path through a port with this gateway or destination sends. */
void world__macs(enum world_port port, const char *neighbour, uint8_t dmac[6], uint8_t smac[6]);

/* How many events of a kind the programs have sent since world__fill(), and where the last one asks. */
int world__events(uint32_t kind, uint32_t *ret_ifindex, char text[64]);

uint32_t world__ifindex(enum world_port port);

#endif
