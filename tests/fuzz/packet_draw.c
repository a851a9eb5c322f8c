// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "packet_draw.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xfib/lookup.h>

#include "../prog/model.h"
#include "../prog/nest.h"
#include "multipath.h"

/* The same generator as nest.c: one seed decides everything. */
static unsigned int below(unsigned int limit)
{
	return (unsigned int)random() % limit;
}

static bool one_in(unsigned int count)
{
	return !below(count);
}

#define ANY(list) (list)[below(sizeof(list) / sizeof((list)[0]))]
#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

void draw__seed(uint64_t seed)
{
	printf("# XFIB_SEED=%llu\n", (unsigned long long)seed);
	srandom((unsigned int)(seed ^ seed >> 32));
}

/* ---- routes and settings ---- */

/* Nested ones, those beside base_routes, and every length that is an edge of something. */
static const char *const prefixes[] = {
	"0.0.0.0/0",	   "203.0.112.0/20",  "203.0.113.0/25",	  "203.0.113.0/26",  "203.0.113.8/29",	"203.0.113.9/32",
	"203.0.113.255/32", "192.0.2.0/24",   "198.51.100.0/24",  "10.0.0.0/8",	     "10.0.2.4/30",	"127.0.0.0/8",
	"127.9.0.0/16",	   "240.0.0.0/4",     "0.0.0.0/1",	  "128.0.0.0/1",     "169.254.0.0/16",	"224.0.0.0/4",
	"::/0",		   "2000::/3",	      "2001:db8::/32",	  "2001:db8:100::/49", "2001:db8:100::/64", "2001:db8:100::8/125",
	"2001:db8:100::9/128", "2001:db8:fff::/48", "2001:db8:fff::1/128", "fe80::/10", "ff00::/8",	"::/96",
	"fec0::/10",	   "2001:db8:2::/64",
};
static const char *const gateways[] = { "10.0.2.1", "10.0.2.6", "10.0.1.9", "2001:db8:2::1", "fe80::6" };

static void draw_path(const char *prefix, struct world_route *route)
{
	static const uint32_t mtus[] = { 0, 0, 0, 0, 68, 576, 1280, 1279, 1499, 1501, 9000, 65535 };
	static const uint32_t types[] = { 0, 0, 0, 0, 0, 0, 0, 0, XFIB_ROUTE_LOCAL, XFIB_ROUTE_BROADCAST, XFIB_ROUTE_ANYCAST,
					  XFIB_ROUTE_MULTICAST, XFIB_ROUTE_BLACKHOLE, XFIB_ROUTE_UNREACHABLE, XFIB_ROUTE_PROHIBIT,
					  XFIB_ROUTE_THROW, 10, 11, 200 };
	static const enum world_neighbour states[] = { NEIGHBOUR_VALID, NEIGHBOUR_VALID, NEIGHBOUR_VALID, NEIGHBOUR_VALID,
						       NEIGHBOUR_STALE, NEIGHBOUR_UNKNOWN, NEIGHBOUR_FAILED };

	route->prefix = prefix;
	route->type = ANY(types);
	route->dev = one_in(3) ? (enum world_port)(INGRESS + below(PORTS - INGRESS)) : EGRESS;
	route->via = one_in(6) ? NULL : ANY(gateways);
	route->mtu = ANY(mtus);
	route->flags = (uint8_t)(one_in(8) ? 1u << below(6) : 0);
	route->neighbour = ANY(states);
}

/* Paths of a prefix from `at` on; a prefix occurs once in a table. */
static size_t draw_prefix(const char *prefix, struct world_route *routes, size_t at)
{
	static const uint32_t tables[] = { 0, 0, 0, 0, 0, XFIB_TABLE_LOCAL, 100, 101 };
	uint32_t table = ANY(tables);
	size_t paths = one_in(4) ? 2 + below(7) : 1;

	if (at + paths > DRAW_ROUTES)
		return at;
	for (size_t i = 0; i < paths; i++) {
		draw_path(prefix, &routes[at + i]);
		routes[at + i].table = table;
		if (paths == 1)
			continue;
		routes[at + i].type = 0;
		routes[at + i].weight = (uint16_t)(one_in(2) ? 1 : 1 + below(256));
	}
	return at + paths;
}

static void draw_routes(struct world_route *routes)
{
	size_t at = 0;

	for (size_t i = 0; i < COUNT(prefixes); i++) {
		if (one_in(2))
			at = draw_prefix(prefixes[i], routes, at);
	}
}

static bool is_six(const char *prefix)
{
	return strchr(prefix, ':') != NULL;
}

static void draw_step(struct world_step *step)
{
	static const uint32_t tables[] = { 0, 0, XFIB_TABLE_LOCAL, XFIB_TABLE_LOCAL, 100, 100, 101 };
	static const uint16_t reasons[] = { XFIB_REASON_POLICY_RULE, XFIB_REASON_BLACKHOLE, XFIB_REASON_UNREACHABLE,
					    XFIB_REASON_PROHIBIT, XFIB_REASON_NO_ROUTE };
	bool has_source;

	step->action = one_in(6) ? XFIB_PLAN_VERDICT : one_in(6) ? XFIB_PLAN_GOTO : XFIB_PLAN_TABLE;
	step->table = ANY(tables);
	step->value = step->action == XFIB_PLAN_GOTO ? 1 : ANY(reasons);
	has_source = step->action == XFIB_PLAN_VERDICT || one_in(2);
	if (has_source)
		step->from = ANY(prefixes);
	if (one_in(3) || step->action == XFIB_PLAN_VERDICT)
		step->to = ANY(prefixes);
	if (step->from && step->to && is_six(step->from) != is_six(step->to))
		step->to = step->from;
	if (one_in(5))
		step->tos = step->tos_mask = one_in(2) ? 0x1c : 0xff;
	step->suppress = one_in(5) ? (uint8_t)below(30) : 0;
	step->invert = one_in(5);
}

static void draw_plan(struct world_step steps[WORLD_STEPS])
{
	uint32_t count = below(WORLD_STEPS - 1);

	for (uint32_t i = 0; i < count; i++)
		draw_step(&steps[i]);
	for (uint32_t i = 0; i + 3 < count; i++) {
		/* To the next but one, whichever family the packet is of. */
		if (steps[i].action == XFIB_PLAN_GOTO && !steps[i + 1].from && !steps[i + 1].to)
			steps[i].value = 2;
	}
}

static void draw_settings(struct draw_world *world)
{
	static const uint32_t set[] = { XFIB_LINK_RP_STRICT, XFIB_LINK_RP_LOOSE, XFIB_LINK_SEND_REDIRECTS, XFIB_LINK_ROUTE_LOCALNET,
					XFIB_LINK_SOFTWARE };
	static const uint32_t state[] = { XFIB_STATE_MERGED4, XFIB_STATE_WIDE_LOCAL4, XFIB_STATE_WIDE_LOCAL6 };
	struct world_settings *settings = &world->settings;

	for (size_t i = 0; i < COUNT(set); i++)
		settings->link_set |= one_in(4) ? set[i] : 0;
	for (size_t i = 0; i < COUNT(state); i++)
		settings->state_set |= one_in(3) ? state[i] : 0;
	settings->link_set |= one_in(40) ? XFIB_LINK_ENSLAVED : 0;
	settings->link_clear = one_in(20) ? XFIB_LINK_FORWARDING4 : one_in(20) ? XFIB_LINK_FORWARDING6 :
			       one_in(60) ? XFIB_LINK_ETHERNET : 0;
	settings->unknown_port = one_in(60);
	settings->hash4 = multipath__hash(XFIB_INET, (int)below(4), (int)random());
	settings->hash6 = multipath__hash(XFIB_INET6, (int)below(4), (int)random());
	settings->pass_over = one_in(3);
	settings->own = one_in(3) ? "10.0.1.254" : NULL;
	settings->neighbour = one_in(2) ? "10.0.2.7" : "2001:db8:2::7";
	if (one_in(2))
		return;
	draw_plan(world->plans[0]);
	draw_plan(world->plans[1]);
	settings->state_set |= one_in(5) ? 0 : XFIB_STATE_RULES4;
	settings->plan = one_in(5) ? NULL : world->plans[0];
	settings->source_plan = one_in(4) ? world->plans[1] : NULL;
}

void draw__world(struct draw_world *ret_world)
{
	memset(ret_world, 0, sizeof(*ret_world));
	draw_routes(ret_world->routes);
	draw_settings(ret_world);
}

static void print_plan(const char *name, const struct world_step *step)
{
	for (; step && step->action; step++)
		printf("# %s: action %u table %u value %u from %s to %s tos %u/%u suppress %u invert %d\n", name, step->action,
		       step->table, step->value, step->from ? step->from : "all", step->to ? step->to : "all", step->tos,
		       step->tos_mask, step->suppress, step->invert);
}

void draw__print(const struct draw_world *world)
{
	const struct world_settings *settings = &world->settings;

	printf("# link +%#x -%#x state %#x hash %#x %#x own %s neighbour %s%s%s\n", settings->link_set, settings->link_clear,
	       settings->state_set, settings->hash4, settings->hash6, settings->own ? settings->own : "-", settings->neighbour,
	       settings->pass_over ? " pass over" : "", settings->unknown_port ? " unknown port" : "");
	for (const struct world_route *route = world->routes; route->prefix; route++)
		printf("# %s table %u type %u via %s dev %d mtu %u flags %#x neighbour %d weight %u\n", route->prefix, route->table,
		       route->type, route->via ? route->via : "-", (int)route->dev, route->mtu, route->flags, (int)route->neighbour,
		       route->weight);
	print_plan("plan", settings->plan);
	print_plan("source", settings->source_plan);
}

/* ---- packets ---- */

static const char *const addresses4[] = {
	"10.0.1.1",	"10.0.1.254", "10.0.1.255", "10.0.2.1",	 "10.0.2.7",  "203.0.113.9",  "203.0.113.8", "203.0.113.77",
	"192.0.2.1",	"198.51.100.1", "127.0.0.1", "0.0.0.0",	 "224.0.0.1", "255.255.255.255", "203.0.112.1", "240.0.0.1",
	"203.0.113.255", "127.9.1.1", "10.0.2.5",   "169.254.3.4", "1.2.3.4", "223.255.255.255",
};
static const char *const addresses6[] = {
	"2001:db8:1::1",   "2001:db8:1::fe",  "2001:db8:2::7", "2001:db8:2::", "2001:db8:100::9", "2001:db8:100::8",
	"2001:db8:100:1::", "2001:db8:fff::1", "::",	       "::1",	       "ff02::1",	  "fe80::1",
	"::ffff:10.0.0.1", "fec0::1",	      "::10.0.0.1",    "3fff::1",      "4000::1",	  "2001:db8:100:8000::1",
};

static void draw_payload(struct frame_spec *spec)
{
	static uint8_t nested[NEST_MAX];
	static const int sizes[] = { 1, 8, 20, 28, 60, 548, 1240, 1252, 1260, 1460, 1472, 1480, 1481, 1900 };

	spec->payload = one_in(2) ? 1 + (int)below(60) : ANY(sizes);
	if (one_in(2))
		return;
	spec->protocol = nest__protocol();
	spec->data = nested;
	spec->payload = (int)nest__fill(spec->protocol, nested);
	spec->flow_label = below(3);
}

/* One tag or two, of VLAN devices (see world_vlans) or not. */
static void draw_tags(struct frame_spec *spec)
{
	static const uint16_t ids[] = { 100, 300, 0xe000, 101, 102, 0xe064, 9 };

	spec->vlan = one_in(2) ? 0x88a8 : 0x8100;
	spec->tci = one_in(5) ? ANY(ids) : spec->vlan == 0x88a8 ? 300 : 100;
	if (one_in(2))
		return;
	spec->inner = one_in(8) ? 0x88a8 : 0x8100;
	spec->inner_tci = one_in(5) ? ANY(ids) : 100;
}

void draw__frame(struct frame *ret_frame)
{
	static const int ttls[] = { 1, 2, 64, 64, 64, 64, 128, 255 };
	static const uint8_t protocols[] = { 0, 1, 6, 6, 17, 17, 43, 44, 47, 50, 58, 60 };
	static const int fragments[] = { 0, 0, 0, 0x4000, 0x2000, 0x2010, 0x0010 };
	struct frame_spec spec = {
		.family = one_in(2) ? 6 : 4,
		.ttl = ANY(ttls),
		.ttl_zero = one_in(30),
		.protocol = ANY(protocols),
		.fragment = ANY(fragments),
		.tos = one_in(3) ? (int)below(256) : 0,
		.mac = one_in(12) ? (enum frame_mac)below(4) : MAC_PORT,
		.trailer = one_in(10) ? (int)below(40) : 0,
		.options = one_in(20) ? (int)below(11) : 0,
	};

	draw_payload(&spec);
	if (one_in(8))
		draw_tags(&spec);
	spec.source = spec.family == 6 ? "2001:db8:1::1" : "10.0.1.1";
	spec.destination = spec.family == 6 ? "2001:db8:100::9" : "203.0.113.9";
	if (one_in(3))
		spec.source = spec.family == 6 ? ANY(addresses6) : ANY(addresses4);
	if (!one_in(4))
		spec.destination = spec.family == 6 ? ANY(addresses6) : ANY(addresses4);
	frame__build(&spec, ret_frame);
}

static void right_checksum(struct frame *frame)
{
	uint8_t *ip = frame->byte + 14;
	uint32_t sum = 0;

	for (int i = 0; i < XFIB_VLAN_TAGS && frame__is_tag((unsigned int)ip[-2] << 8 | ip[-1]); i++)
		ip += 4;
	if (frame->length < (size_t)(ip - frame->byte) + 20 || ip[-2] != 0x08)
		return;
	ip[10] = ip[11] = 0;
	for (int i = 0; i < 20; i += 2)
		sum += (uint32_t)ip[i] << 8 | ip[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	ip[10] = (uint8_t)(~sum >> 8);
	ip[11] = (uint8_t)~sum;
}

/* Most marks go where headers are. */
static size_t draw_place(const struct frame *frame)
{
	size_t reach = one_in(4) ? frame->length : frame->length < 74 ? frame->length : 74;

	return below((unsigned int)reach);
}

static void change_length(struct frame *frame)
{
	size_t length = one_in(2) ? 14 + below(70) : one_in(2) ? frame->length + below(64) : one_in(8) ? 14 + below(FRAME_MAX - 14) :
			14 + below(1600);

	if (length > FRAME_MAX)
		length = FRAME_MAX;
	if (length > FRAME_ONE_BUFFER && length <= FRAME_TWO_BUFFERS) /* it depends on the kernel in how many it is */
		length = FRAME_ONE_BUFFER;
	for (size_t i = frame->length; i < length; i++)
		frame->byte[i] = (uint8_t)random();
	frame->length = length;
}

/* The checksum becomes one that a sender leaves to a device. */
static void partial_checksum(struct frame *frame)
{
	uint8_t *ip = frame->byte + 14;

	for (int i = 0; i < XFIB_VLAN_TAGS && frame__is_tag((unsigned int)ip[-2] << 8 | ip[-1]); i++)
		ip += 4;
	model_partial__leave(ip, frame->byte + frame->length, ip[-2] == 0x86);
}

/* The length that the header says becomes that of the frame. */
static void right_length(struct frame *frame)
{
	bool six = frame->byte[12] == 0x86;
	size_t room = frame->length - (six ? 54 : 14), at = six ? 18 : 16;

	if (frame->length < 54)
		return;
	frame->byte[at] = (uint8_t)(room >> 8);
	frame->byte[at + 1] = (uint8_t)room;
}

static void mutate_once(struct frame *frame)
{
	static const uint8_t values[] = { 0, 1, 2, 4, 6, 0x0f, 0x10, 0x40, 0x45, 0x46, 0x60, 0x7f, 0x80, 0xfe, 0xff };
	size_t at = draw_place(frame), from = draw_place(frame);

	switch (below(9)) {
	case 0:
	case 1:
		frame->byte[at] ^= (uint8_t)(1u << below(8));
		break;
	case 2:
		frame->byte[at] = ANY(values);
		break;
	case 3:
		frame->byte[at] = (uint8_t)random();
		break;
	case 4:
		frame->byte[at] = (uint8_t)(frame->byte[at] + (one_in(2) ? 1 : -1));
		break;
	case 5:
		for (size_t i = 0; i < 8 && at + i < frame->length && from + i < frame->length; i++)
			frame->byte[at + i] = frame->byte[from + i];
		break;
	case 6:
		change_length(frame);
		break;
	case 7:
		partial_checksum(frame);
		break;
	default:
		right_length(frame);
	}
}

void draw__mutate(struct frame *frame)
{
	for (unsigned int i = 0; i <= below(2); i++)
		mutate_once(frame);
	if (one_in(2))
		right_checksum(frame);
}

uint32_t draw__gso_size(void)
{
	static const uint32_t sizes[] = { 0, 0, 0, 0, 1, 500, 1208, 1240, 1448, 1460, 1472, 8948 };

	return ANY(sizes);
}
