/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * From the policy rules to a plan (see XFIB_PLAN_USUAL in abi.h): what fib_rules_lookup() in net/core/fib_rules.c may meet
 * for a packet that comes by one port and is forwarded. What is known of such a packet decides rules here, once; what only
 * the packet tells is left to the steps; and where a rule asks for what the programs cannot know, those packets go up to
 * the kernel that it could concern.
 */
#ifndef XFIB_MIRROR_PLAN_H
#define XFIB_MIRROR_PLAN_H

#include <stdbool.h>
#include <stdint.h>
#include <xfib/abi.h>

#include "netlink.h"

enum plan_device { PLAN_NO_DEVICE, PLAN_PORT, PLAN_VRF };

/* The packets that a plan is for, and what it may lead to. */
struct plan_context {
	uint8_t family;
	const char *port;    /* name of the interface that they come by; NULL: any one, but no VRF device */
	const char *vrf;     /* name of the VRF that they are in, NULL: none */
	uint32_t vrf_table;
	bool is_root;        /* the user that rules by uidrange are asked for is 0: see plan__user_is_root() */
	/* What is the device of that name? One that there is not may be another name of one. */
	enum plan_device (*find_device)(const char *name, void *data);
	/* May the table be searched? One of which not all routes are held may not. */
	bool (*is_held)(uint32_t table, void *data);
	/* 1 + slot of the table's compiled FIB, 0: it has none. */
	uint32_t (*find_fib)(uint32_t table, uint8_t family, void *data);
	void *data;
};

struct plan {
	uint32_t count;
	bool complete; /* false: there are more steps than a plan takes, and the last one leads to the kernel */
	struct xfib_plan_step step[XFIB_PLAN_STEPS];
};

/* Compiles the rules, of which those of the other family are passed over. Cost: in proportion to their number. */
void plan__compile(const struct plan_context *context, const struct nl_rule *rules, uint32_t count, struct plan *ret_plan);

/* Does the plan lead to the tables local and main, and IPv4 then to default, as without any rules of the user's? */
bool plan__is_usual(const struct plan *plan, uint8_t family);

/*
 * Is a packet that is forwarded root's, seen from here? The kernel asks rules for user 0 of the network namespace's owner
 * (ip_route_input_slow()) or of the machine (ip6_route_input()), the same where no other user namespace is at play.
 */
bool plan__user_is_root(void);

#endif
