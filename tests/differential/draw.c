// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Steps at random. What nearly always fails, or ends all forwarding, is drawn rarely. */
#include <linux/fib_rules.h>
#include <linux/icmpv6.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "differential.h"

static uint64_t state;

void random__seed(uint64_t seed)
{
	state = seed;
}

uint32_t random__below(uint32_t limit)
{
	uint64_t word;

	state += 0x9e3779b97f4a7c15ULL;
	word = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9ULL;
	word = (word ^ (word >> 27)) * 0x94d049bb133111ebULL;
	word ^= word >> 31;
	return (uint32_t)((word >> 32) * limit >> 32);
}

static bool one_in(uint32_t count)
{
	return !random__below(count);
}

static uint8_t any_family(void)
{
	return one_in(2) ? AF_INET6 : AF_INET;
}

static uint8_t any_port(void)
{
	return (uint8_t)(one_in(8) ? TUNNEL + random__below(3) : VETH1 + random__below(4));
}

/* ---- routes ---- */

static struct hop any_hop(uint8_t family)
{
	struct hop hop = { .device = any_port(), .weight = 1 };

	if (one_in(6))
		return hop; /* on-link */
	hop.family = family == AF_INET && one_in(10) ? AF_INET6 : family;
	hop.gateway = (uint8_t)random__below(one_in(6) ? POOL_HOSTS : POOL_ONLINK - 1);
	hop.onlink = hop.gateway >= POOL_ONLINK || one_in(20);
	hop.encap = (uint8_t)(one_in(20) ? 1 + random__below(ENCAPSULATIONS - 1) : ENCAP_NONE);
	return hop;
}

static enum verb any_verb(void)
{
	static const enum verb verbs[] = { VERB_ADD, VERB_ADD, VERB_REPLACE, VERB_REPLACE, VERB_REPLACE, VERB_APPEND, VERB_CHANGE,
					   VERB_PREPEND, VERB_DELETE, VERB_DELETE, VERB_DELETE, VERB_DELETE };

	return verbs[random__below(COUNT(verbs))];
}

static uint8_t any_type(void)
{
	static const uint8_t types[] = { RTN_BLACKHOLE, RTN_UNREACHABLE, RTN_PROHIBIT, RTN_THROW, RTN_BLACKHOLE, RTN_LOCAL, RTN_ANYCAST };

	return types[random__below(COUNT(types))];
}

static void draw_hops(struct step *step)
{
	step->hop_count = (uint8_t)(one_in(5) ? 2 + random__below(HOPS_MAX - 1) : 1);
	for (uint32_t i = 0; i < step->hop_count; i++) {
		step->hop[i] = any_hop(step->family);
		if (step->hop_count > 1 && one_in(3))
			step->hop[i].weight = (uint8_t)(1 + random__below(20));
	}
}

static void draw_route(struct step *step, bool tables)
{
	static const uint32_t metrics[] = { 0, 0, 0, 10, 20, 1024 };
	static const uint32_t mtus[] = { 1280, 1400, 1500, 9000 };

	step->kind = STEP_ROUTE;
	step->family = any_family();
	step->verb = any_verb();
	step->index = random__below((uint32_t)pool__prefixes(step->family));
	step->metric = metrics[random__below(COUNT(metrics))];
	step->table = tables && one_in(3) ? 100 + random__below(2) : one_in(60) ? RT_TABLE_LOCAL : one_in(40) ? RT_TABLE_DEFAULT : RT_TABLE_MAIN;
	step->protocol = one_in(3) ? RTPROT_STATIC : RTPROT_BOOT;
	step->named = one_in(2);
	step->type = RTN_UNICAST;
	if (one_in(7)) {
		step->type = any_type();
		/* After the first one the kernel checks IPv4 sources for good: not in every world. */
		if (step->type == RTN_LOCAL && step->family == AF_INET && !one_in(8))
			step->type = RTN_UNREACHABLE;
		return;
	}
	if (one_in(8)) {
		step->nexthop = one_in(8) ? 1 + random__below(8) : /* of either family */
				one_in(2) ? (step->family == AF_INET ? 11 : 12) + 2 * random__below(2) :
					    (step->family == AF_INET ? 1 : 5) + random__below(4);
		return;
	}
	draw_hops(step);
	if (one_in(10)) {
		step->mtu = mtus[random__below(COUNT(mtus))];
		step->lock = one_in(3);
	}
	if (one_in(10))
		step->source = (uint8_t)(1 + random__below(POOL_OWN));
	if (step->family == AF_INET && one_in(40))
		step->tos = 0x10;
	if (step->family == AF_INET6 && one_in(8))
		step->preference = one_in(2) ? ICMPV6_ROUTER_PREF_HIGH : ICMPV6_ROUTER_PREF_LOW;
	if (step->family == AF_INET6 && one_in(12))
		step->lifetime = 1 + random__below(one_in(2) ? 2 : 1000); /* some end while the world lasts */
	if (step->family == AF_INET6 && one_in(10))
		step->protocol = RTPROT_RA;
}

/* Objects 1 to 4 are IPv4's, 5 to 8 IPv6's; 11 and 13 groups of the former, 12 and 14 of the latter, 13 and 14 resilient. */
static void draw_nexthop(struct step *step)
{
	step->kind = STEP_NEXTHOP;
	step->verb = one_in(8) ? VERB_DELETE : one_in(2) ? VERB_REPLACE : VERB_ADD;
	if (one_in(2)) {
		step->value = 11 + random__below(4);
		step->family = step->value % 2 ? AF_INET : AF_INET6;
		step->option = one_in(2);
		step->hop_count = (uint8_t)(1 + random__below(3));
		for (uint32_t i = 0; i < step->hop_count; i++) {
			step->hop[i].gateway = (uint8_t)((step->family == AF_INET ? 1 : 5) + random__below(4));
			step->hop[i].weight = (uint8_t)(one_in(3) ? 1 + random__below(9) : 1);
		}
		return;
	}
	step->value = 1 + random__below(8);
	step->family = step->value < 5 ? AF_INET : AF_INET6;
	step->hop_count = 1;
	step->hop[0] = any_hop(step->family);
	if (step->hop[0].family)
		step->hop[0].family = step->family;
	step->option = one_in(12); /* a blackhole */
}

/* ---- the rest ---- */

static void draw_address(struct step *step)
{
	static const uint32_t orders[] = { 0, 0, 0, 0, 1, 2 }; /* see address_message() */

	step->kind = STEP_ADDRESS;
	step->family = any_family();
	step->verb = one_in(2) ? VERB_DELETE : VERB_ADD;
	step->index = random__below(POOL_OWN);
	step->device = one_in(6) ? LOOPBACK : any_port();
	step->option = orders[random__below(COUNT(orders))];
}

static void draw_neighbour(struct step *step)
{
	static const uint16_t states[] = { NUD_PERMANENT, NUD_PERMANENT, NUD_REACHABLE, NUD_REACHABLE, NUD_STALE, NUD_STALE, NUD_STALE,
					   NUD_NOARP, NUD_DELAY, NUD_PROBE, NUD_FAILED, NUD_INCOMPLETE };

	step->kind = STEP_NEIGHBOUR;
	step->family = any_family();
	step->verb = one_in(8) ? VERB_DELETE : VERB_REPLACE;
	step->device = any_port();
	step->index = random__below(POOL_HOSTS);
	step->value = states[random__below(COUNT(states))];
	step->option = random__below(0x10000); /* of its MAC address */
	if (one_in(20))
		step->option |= 0x10000; /* a proxy entry */
}

static void draw_link(struct step *step, bool vrf)
{
	static const uint32_t mtus[] = { 1500, 1500, 1400, 1280, 1000, 2000 };

	step->device = any_port();
	if (vrf && one_in(8)) {
		step->kind = STEP_MASTER;
		step->value = random__below(2);
		return;
	}
	if (vrf && one_in(20))
		step->device = VRF;
	switch (random__below(20)) {
	case 0 ... 1: step->kind = STEP_DOWN; break;
	case 2 ... 7: step->kind = STEP_UP; break;
	case 8: step->kind = STEP_FAR_DOWN; break;
	case 9 ... 12: step->kind = STEP_FAR_UP; break;
	case 13: case 14:
		step->kind = STEP_MTU;
		step->value = mtus[random__below(COUNT(mtus))];
		break;
	case 15:
		step->kind = STEP_MAC;
		step->value = random__below(0x10000);
		break;
	case 16:
		step->kind = STEP_ARP;
		step->value = !one_in(3);
		break;
	case 17:
		step->kind = STEP_GRO;
		step->value = !one_in(3);
		break;
	case 18: step->kind = one_in(2) ? STEP_DELETE : STEP_CREATE; break;
	default: step->kind = STEP_CREATE; break;
	}
	if (step->kind == STEP_CREATE) {
		step->value = random__below(0x10000);
		step->option = one_in(4) ? 50 + random__below(4) : 0; /* its index */
	}
}

static void draw_setting(struct step *step)
{
	step->kind = STEP_SETTING;
	step->device = one_in(5) ? DEVICES : any_port(); /* DEVICES: all */
	step->index = random__below(6);
	step->value = random__below(2);
	if (step->index == 2)
		step->value = random__below(3); /* rp_filter */
	if (step->index == 3)
		step->value = !one_in(4); /* forwarding */
}

static void draw_rule(struct step *step)
{
	static const uint32_t usual[] = { 0, RULE_IIF, RULE_FROM, RULE_FROM, RULE_TO, RULE_TO, RULE_FROM | RULE_TO,
					  RULE_IIF | RULE_FROM, RULE_TOS, RULE_MARK };
	static const uint32_t seldom[] = { RULE_MARK, RULE_PROTOCOL, RULE_LOOPBACK, RULE_OIF, RULE_ROOT, RULE_USERS, RULE_TOS };

	step->kind = STEP_RULE;
	step->family = any_family();
	step->verb = one_in(2) ? VERB_DELETE : VERB_ADD;
	step->metric = 100 + random__below(6); /* its priority */
	step->table = one_in(3) ? RT_TABLE_MAIN : one_in(9) ? RT_TABLE_DEFAULT : 100 + random__below(2);
	step->type = one_in(6) ? (uint8_t)(FR_ACT_BLACKHOLE + random__below(3)) : one_in(6) ? FR_ACT_GOTO : FR_ACT_TO_TBL;
	step->nexthop = one_in(3) ? 32766 : 103 + random__below(3); /* where a goto leads to */
	step->option = usual[random__below(COUNT(usual))] | (one_in(6) ? seldom[random__below(COUNT(seldom))] : 0);
	if (step->family == AF_INET6) /* RTM_GETROUTE asks for nobody there, unlike a packet, which is root's */
		step->option &= ~(uint32_t)(RULE_ROOT | RULE_USERS);
	if (one_in(5))
		step->option |= RULE_NOT;
	if (one_in(6))
		step->option |= RULE_SUPPRESS;
	step->device = any_port();
	step->index = random__below((uint32_t)pool__prefixes(step->family));
	step->value = random__below((uint32_t)pool__prefixes(step->family));
}

static void draw(struct step *step, struct world_kind world)
{
	uint32_t kind = random__below(100);

	memset(step, 0, sizeof(*step));
	step->settles = one_in(2);
	if (kind < 45)
		draw_route(step, world.rules || world.vrf);
	else if (kind < 55)
		draw_nexthop(step);
	else if (kind < 63)
		draw_address(step);
	else if (kind < 82)
		draw_neighbour(step);
	else if (kind < 95)
		draw_link(step, world.vrf);
	else if (kind < 96 || !world.rules)
		draw_setting(step);
	else
		draw_rule(step);
}

void draw__steps(struct step *steps, size_t count, struct world_kind kind)
{
	for (size_t i = 0; i < count; i++)
		draw(&steps[i], kind);
	if (count)
		steps[count - 1].settles = true;
}

static struct step *begin_device(struct step *step, uint8_t device)
{
	*step++ = (struct step){ .kind = STEP_CREATE, .device = device, .value = 0x1000 };
	if (far_names[device]) {
		*step++ = (struct step){ .kind = STEP_GRO, .device = device, .value = 1 };
		*step++ = (struct step){ .kind = STEP_FAR_UP, .device = device };
	}
	*step++ = (struct step){ .kind = STEP_UP, .device = device };
	*step++ = (struct step){ .kind = STEP_ADDRESS, .device = device, .family = AF_INET };
	*step++ = (struct step){ .kind = STEP_ADDRESS, .device = device, .family = AF_INET6 };
	return step;
}

/* The next hop objects, and groups of three of them: seldom would all that a group needs come by chance. */
static struct step *begin_objects(struct step *step)
{
	for (uint32_t id = 1; id <= 8; id++)
		*step++ = (struct step){ .kind = STEP_NEXTHOP, .verb = VERB_ADD, .value = id, .family = id < 5 ? AF_INET : AF_INET6, .hop_count = 1,
					 .hop = { { .device = (uint8_t)(VETH1 + id % 4), .family = id < 5 ? AF_INET : AF_INET6, .gateway = 1, .weight = 1 } } };
	for (uint32_t id = 11; id <= 14; id++) {
		uint8_t first = id % 2 ? 1 : 5;

		*step++ = (struct step){ .kind = STEP_NEXTHOP, .verb = VERB_ADD, .value = id, .family = id % 2 ? AF_INET : AF_INET6, .hop_count = 3,
					 .hop = { { .gateway = first, .weight = 1 }, { .gateway = (uint8_t)(first + 1), .weight = 3 },
						  { .gateway = (uint8_t)(first + 2), .weight = 1 } } };
	}
	return step;
}

size_t draw__beginning(struct step *steps, struct world_kind kind)
{
	struct step *step = steps;

	*step++ = (struct step){ .kind = STEP_UP, .device = LOOPBACK };
	for (uint8_t device = VETH1; device < VRF; device++)
		step = begin_device(step, device);
	for (uint8_t device = VETH1; device <= VETH4; device++) {
		for (uint32_t i = 0; i < POOL_HOSTS; i++) {
			struct step neighbour = { .kind = STEP_NEIGHBOUR, .verb = VERB_REPLACE, .device = device, .index = i, .value = NUD_PERMANENT };

			neighbour.family = AF_INET;
			*step++ = neighbour;
			neighbour.family = AF_INET6;
			*step++ = neighbour;
		}
	}
	step = begin_objects(step);
	if (kind.vrf) {
		*step++ = (struct step){ .kind = STEP_CREATE, .device = VRF, .value = 0x1000 };
		*step++ = (struct step){ .kind = STEP_UP, .device = VRF };
		*step++ = (struct step){ .kind = STEP_MASTER, .device = VETH1, .value = 1 };
		*step++ = (struct step){ .kind = STEP_MASTER, .device = VETH2, .value = 1 };
		for (uint8_t device = VETH1; device <= VETH2; device++) /* they lost theirs */
			*step++ = (struct step){ .kind = STEP_ADDRESS, .device = device, .family = AF_INET6 };
	}
	step[-1].settles = true;
	return (size_t)(step - steps);
}
