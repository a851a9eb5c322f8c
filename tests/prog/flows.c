// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Pairs of packets that are of the same flow by a policy, or are not: by one path of 250, or by two. */
#include "flows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"
#include "multipath.h"
#include "nest.h"
#include "world.h"

#define PATHS 250

#define CLIENT "10.9.0.1"
#define SERVER "203.0.113.9"
#define CLIENT6 "2001:db8:9::1"
#define SERVER6 "2001:db8:100::9"
#define SIX .family = 6, .source = CLIENT6, .destination = SERVER6
#define FOUR .source = CLIENT, .destination = SERVER
#define DATA(bytes) .data = bytes, .payload = sizeof(bytes)

static const uint8_t ports[20] = { 0x30, 0x39, 0, 80 }, other_ports[20] = { 0x30, 0x3a, 0, 80 }, longer[90] = { 0x30, 0x39, 0, 80 },
		     back_ports[20] = { 0, 80, 0x30, 0x39 }, far_port[20] = { 0x30, 0x39, 1, 0xbb };
/* An IPv4 packet from 192.168.0.1 to 192.168.0.2, one to 192.168.0.3, and an IPv6 packet; what may be before them. */
#define INNER4(last) 0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 192, 168, 0, 1, 192, 168, 0, last, 0x30, 0x39, 0, 80, 0, 8, 0, 0
#define INNER6(label, last) 0x60, 0, 0, label, 0, 8, 17, 64, 0x20, 1, 0xd, 0xb8, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, \
			    0x20, 1, 0xd, 0xb8, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, last, 0x30, 0x39, 0, 80, 0, 8, 0, 0
#define GRE(flags, type) flags, 0, (type) >> 8, (type) & 0xff
#define KEY 0, 0, 0, 1
#define ETHERNET 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2
static const uint8_t inner4[] = { INNER4(2) }, inner4_other[] = { INNER4(3) };
static const uint8_t inner6[] = { INNER6(1, 2) }, inner6_other[] = { INNER6(1, 3) }, inner6_label[] = { INNER6(2, 2) };
static const uint8_t gre4[] = { GRE(0, 0x0800), INNER4(2) }, gre4_key[] = { GRE(0x20, 0x0800), KEY, INNER4(2) };
static const uint8_t gre4_other[] = { GRE(0x20, 0x0800), KEY, INNER4(3) };
static const uint8_t gre6[] = { GRE(0x30, 0x86dd), KEY, KEY, INNER6(1, 2) };
static const uint8_t gre_ethernet[] = { GRE(0, 0x6558), ETHERNET, 0x08, 0x00, INNER4(2) };
static const uint8_t destination_options[] = { 17, 0, 1, 4, 0, 0, 0, 0, 0x30, 0x39, 0, 80, 0, 8, 0, 0 };
static const uint8_t first_fragment[] = { 17, 0, 0, 1, 0, 0, 0, 7, 0x30, 0x39, 0, 80, 0, 8, 0, 0 };
static const uint8_t last_fragment[] = { 17, 0, 0, 0x18, 0, 0, 0, 7, 1, 2, 3, 4, 5, 6, 7, 8 };
/* Errors about packets from the client to the server, UDP from port 12345 to port 80. */
static const uint8_t error4[] = { 11, 0, 0, 0, 0, 0, 0, 0, 0x45, 0, 0, 28, 0, 0, 0, 0, 1, 17, 0, 0, 10, 9, 0, 1, 203, 0, 113, 9,
				  0x30, 0x39, 0, 80, 0, 8, 0, 0 };
static const uint8_t echo4[] = { 8, 0, 0, 0, 0, 0, 0, 0, 0x45, 0, 0, 28, 0, 0, 0, 0, 1, 17, 0, 0, 10, 9, 0, 1, 203, 0, 113, 9,
				 0x30, 0x39, 0, 80, 0, 8, 0, 0 };
static const uint8_t error6[] = { 3, 0, 0, 0, 0, 0, 0, 0, 0x60, 0, 0, 0, 0, 8, 17, 1,
				  0x20, 1, 0xd, 0xb8, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
				  0x20, 1, 0xd, 0xb8, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0x30, 0x39, 0, 80, 0, 8, 0, 0 };

static const struct pair {
	const char *desc;
	int policy, fields;
	bool same;
	struct frame_spec one, other;
} pairs[] = {
	{ "L3: other ports", 0, 0, true, { FOUR, DATA(ports) }, { FOUR, DATA(other_ports) } },
	{ "L3: another protocol", 0, 0, true, { FOUR, DATA(ports) }, { FOUR, DATA(ports), .protocol = 6 } },
	{ "L3: TTL, TOS, length", 0, 0, true, { FOUR, DATA(ports) }, { FOUR, DATA(longer), .ttl = 9, .tos = 0xb8 } },
	{ "L3: a fragment", 0, 0, true, { FOUR, DATA(ports) }, { FOUR, DATA(ports), .fragment = 0x2010 } },
	{ "L3: the way back", 0, 0, true, { FOUR, DATA(ports) }, { .source = SERVER, .destination = CLIENT } },
	{ "L3: another source", 0, 0, false, { FOUR }, { .source = "10.9.0.2", .destination = SERVER } },
	{ "L3: another destination", 0, 0, false, { FOUR }, { .source = CLIENT, .destination = "203.0.113.10" } },
	{ "L3: an ICMP error about it", 0, 0, true, { FOUR },
	  { .source = "198.51.100.77", .destination = CLIENT, .protocol = 1, DATA(error4) } },
	{ "L3: no ICMP error", 0, 0, false, { FOUR }, { .source = "198.51.100.77", .destination = CLIENT, .protocol = 1, DATA(echo4) } },
	{ "L3: a later fragment of what may be an ICMP error", 0, 0, false, { FOUR },
	  { .source = "198.51.100.77", .destination = CLIENT, .protocol = 1, .fragment = 0x2010, DATA(error4) } },
	{ "L3: inner packets do not count", 0, 0, true, { FOUR, .protocol = 4, DATA(inner4) }, { FOUR, .protocol = 4, DATA(inner4_other) } },
	{ "IPv6, L3: other ports", 0, 0, true, { SIX, DATA(ports) }, { SIX, DATA(other_ports) } },
	{ "IPv6, L3: hop limit, class, length", 0, 0, true, { SIX, DATA(ports) }, { SIX, DATA(longer), .ttl = 9, .tos = 0xb8 } },
	{ "IPv6, L3: a fragment", 0, 0, true, { SIX, DATA(ports) }, { SIX, .protocol = 44, DATA(last_fragment) } },
	{ "IPv6, L3: another flow label", 0, 0, false, { SIX }, { SIX, .flow_label = 0x54321 } },
	{ "IPv6, L3: the way back", 0, 0, true, { SIX }, { .family = 6, .source = SERVER6, .destination = CLIENT6 } },
	{ "IPv6, L3: an ICMP error about it", 0, 0, true, { SIX },
	  { .family = 6, .source = "2001:db8:77::1", .destination = CLIENT6, .protocol = 58, DATA(error6) } },

	{ "L4: TTL, TOS, length", 1, 0, true, { FOUR, DATA(ports) }, { FOUR, DATA(longer), .ttl = 9, .tos = 0xb8 } },
	{ "L4: another source port", 1, 0, false, { FOUR, DATA(ports) }, { FOUR, DATA(other_ports) } },
	{ "L4: another destination port", 1, 0, false, { FOUR, DATA(ports) }, { FOUR, DATA(far_port) } },
	{ "L4: another protocol", 1, 0, false, { FOUR, DATA(ports) }, { FOUR, DATA(ports), .protocol = 6 } },
	{ "L4: the way back", 1, 0, true, { FOUR, DATA(ports) }, { .source = SERVER, .destination = CLIENT, DATA(back_ports) } },
	{ "L4: first and later fragment", 1, 0, true, { FOUR, DATA(ports), .fragment = 0x2000 }, { FOUR, .fragment = 0x2010 } },
	{ "L4: later and last fragment", 1, 0, true, { FOUR, .fragment = 0x2010 }, { FOUR, DATA(longer), .fragment = 0x0020 } },
	{ "L4: first fragments of two ports", 1, 0, true, { FOUR, DATA(ports), .fragment = 0x2000 },
	  { FOUR, DATA(other_ports), .fragment = 0x2000 } },
	{ "L4: don't fragment is none", 1, 0, true, { FOUR, DATA(ports), .fragment = 0x4000 }, { FOUR, DATA(ports) } },
	{ "L4: the security parameters index of ESP", 1, 0, false, { FOUR, .protocol = 50, DATA(ports) },
	  { FOUR, .protocol = 50, DATA(other_ports) } },
	{ "L4: ICMP has no ports", 1, 0, true, { FOUR, .protocol = 1, DATA(ports) }, { FOUR, .protocol = 1, DATA(other_ports) } },
	{ "L4: inner packets do not count", 1, 0, true, { FOUR, .protocol = 4, DATA(inner4) }, { FOUR, .protocol = 4, DATA(inner4_other) } },
	{ "IPv6, L4: another port", 1, 0, false, { SIX, DATA(ports) }, { SIX, DATA(other_ports) } },
	{ "IPv6, L4: another flow label", 1, 0, true, { SIX, DATA(ports) }, { SIX, DATA(ports), .flow_label = 0x54321 } },
	{ "IPv6, L4: behind destination options", 1, 0, true, { SIX, DATA(ports) }, { SIX, .protocol = 60, DATA(destination_options) } },
	{ "IPv6, L4: first and last fragment", 1, 0, true, { SIX, .protocol = 44, DATA(first_fragment) },
	  { SIX, .protocol = 44, DATA(last_fragment) } },

	{ "inner L3: IPIP, whoever carries it", 2, 0, true, { FOUR, .protocol = 4, DATA(inner4) },
	  { .source = "10.9.0.7", .destination = "203.0.113.10", .protocol = 4, DATA(inner4) } },
	{ "inner L3: another packet", 2, 0, false, { FOUR, .protocol = 4, DATA(inner4) }, { FOUR, .protocol = 4, DATA(inner4_other) } },
	{ "inner L3: GRE as IPIP", 2, 0, true, { FOUR, .protocol = 4, DATA(inner4) }, { FOUR, .protocol = 47, DATA(gre4) } },
	{ "inner L3: GRE with a key", 2, 0, true, { FOUR, .protocol = 47, DATA(gre4) }, { FOUR, .protocol = 47, DATA(gre4_key) } },
	{ "inner L3: GRE, another packet", 2, 0, false, { FOUR, .protocol = 47, DATA(gre4) }, { FOUR, .protocol = 47, DATA(gre4_other) } },
	{ "inner L3: a frame by GRE", 2, 0, true, { FOUR, .protocol = 47, DATA(gre4) }, { FOUR, .protocol = 47, DATA(gre_ethernet) } },
	{ "inner L3: IPv6 by GRE and by itself", 2, 0, true, { FOUR, .protocol = 41, DATA(inner6) }, { FOUR, .protocol = 47, DATA(gre6) } },
	{ "inner L3: IPv6 in IPv4, another packet", 2, 0, false, { FOUR, .protocol = 41, DATA(inner6) },
	  { FOUR, .protocol = 41, DATA(inner6_other) } },
	{ "inner L3: IPv6 in IPv4, another flow label", 2, 0, false, { FOUR, .protocol = 41, DATA(inner6) },
	  { FOUR, .protocol = 41, DATA(inner6_label) } },
	{ "inner L3: in IPv6 as in IPv4", 2, 0, true, { FOUR, .protocol = 4, DATA(inner4) }, { SIX, .protocol = 4, DATA(inner4) } },
	{ "inner L3: a fragment of a tunnel's packet", 2, 0, true, { FOUR, .protocol = 4, DATA(inner4), .fragment = 0x2000 },
	  { FOUR, .protocol = 4, DATA(inner4_other), .fragment = 0x2010 } },
	{ "inner L3: no tunnel, other ports", 2, 0, true, { FOUR, DATA(ports) }, { FOUR, DATA(other_ports) } },

	{ "custom, source: another destination", 3, 0x01, true, { FOUR }, { .source = CLIENT, .destination = "203.0.113.10" } },
	{ "custom, source: another source", 3, 0x01, false, { FOUR }, { .source = "10.9.0.2", .destination = SERVER } },
	{ "custom, destination port: another source port", 3, 0x20, true, { FOUR, DATA(ports) }, { FOUR, DATA(other_ports) } },
	{ "custom, destination port: another one", 3, 0x20, false, { FOUR, DATA(ports) }, { FOUR, DATA(far_port) } },
	{ "custom, inner destination: whoever carries it", 3, 0x80, true, { FOUR, .protocol = 4, DATA(inner4) },
	  { .source = "10.9.0.7", .destination = "203.0.113.10", .protocol = 4, DATA(inner4) } },
	{ "custom, inner destination: another one", 3, 0x80, false, { FOUR, .protocol = 4, DATA(inner4) },
	  { FOUR, .protocol = 4, DATA(inner4_other) } },
	{ "custom, source and inner destination: another source", 3, 0x81, false, { FOUR, .protocol = 4, DATA(inner4) },
	  { .source = "10.9.0.7", .destination = SERVER, .protocol = 4, DATA(inner4) } },
	{ "IPv6, custom, flow label: all else", 3, 0x08, true, { SIX }, { .family = 6, .source = CLIENT6, .destination = "2001:db8:100::a" } },
	{ "IPv6, custom, flow label: another one", 3, 0x08, false, { SIX }, { SIX, .flow_label = 1 } },
};

static void make_paths(struct world_route *routes, const char *prefix)
{
	static char gateways[PATHS][16];

	for (int i = 0; i < PATHS; i++) {
		snprintf(gateways[i], sizeof(gateways[i]), "10.0.2.%d", i + 2);
		routes[i] = (struct world_route){ prefix, .via = gateways[i], .dev = OTHER, .weight = 1 };
	}
}

/* The last byte of the gateway's MAC address: which path it was. */
static int path_of(enum world_hook hook, const struct frame_spec *spec)
{
	struct world_run run = { 0 };
	struct frame frame;

	frame__build(spec, &frame);
	assert_int_equal(world__run(hook, &frame, &run), 0);
	assert_int_equal(run.reason, XFIB_REASON_FORWARDED);
	return run.out.byte[5];
}

/* Routes for the client's side and the server's by the same paths, of one family or the other: they take too many slots for both. */
static void try_pair(const struct pair *pair, enum world_hook hook)
{
	struct world_settings settings = { .hash4 = multipath__hash(XFIB_INET, pair->policy, pair->fields),
					   .hash6 = multipath__hash(XFIB_INET6, pair->policy, pair->fields) };
	bool six = pair->one.family == 6, both = six != (pair->other.family == 6);
	static struct world_route routes[2 * PATHS + 1];
	int one, other;

	make_paths(routes, six ? "2001:db8:100::/48" : "203.0.113.0/24");
	make_paths(routes + PATHS, both ? "2001:db8:100::/48" : six ? "2001:db8:9::/48" : "10.9.0.0/24");
	world__fill(&settings, routes, NULL);
	one = path_of(hook, &pair->one);
	other = path_of(hook, &pair->other);
	if ((one == other) != pair->same)
		print_message("%s: by paths %d and %d\n", pair->desc, one, other);
	assert_int_equal(one == other, pair->same);
}

void flows_keep_their_path(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		for (enum world_hook hook = HOOK_XDP; hook < HOOKS; hook++) {
			if (world__runs(hook))
				try_pair(&pairs[i], hook);
		}
	}
}

/* ---- generated packets ---- */

#define WORLDS 60
#define FRAMES 400

static void random_spec(struct frame_spec *ret_spec, bool six)
{
	static const int fragments[] = { 0, 0, 0, 0, 0, 0x4000, 0x2000, 0x2010, 0x0010 };
	static uint8_t nested[NEST_MAX];

	memset(ret_spec, 0, sizeof(*ret_spec));
	ret_spec->family = six ? 6 : 4;
	ret_spec->source = six ? CLIENT6 : CLIENT;
	ret_spec->destination = six ? SERVER6 : SERVER;
	do
		ret_spec->protocol = nest__protocol();
	while (!ret_spec->protocol); /* hop-by-hop options go up to the kernel */
	ret_spec->data = nested;
	ret_spec->payload = (int)nest__fill(ret_spec->protocol, nested);
	ret_spec->fragment = fragments[random() % 9];
	ret_spec->flow_label = (uint32_t)random() % 3;
}

static void go_as_the_model_says(enum world_hook hook, const struct world_settings *settings, const struct world_route *routes,
				 bool six)
{
	struct model_answer model;
	struct frame_spec spec;
	uint8_t dmac[6], smac[6];
	struct frame frame;
	int path;

	random_spec(&spec, six);
	frame__build(&spec, &frame);
	model = model__decide(hook, settings, routes, NULL, &frame, 0);
	assert_int_equal(model.reason, XFIB_REASON_FORWARDED);
	world__macs(OTHER, model.route->via, dmac, smac);
	path = path_of(hook, &spec);
	if (path != dmac[5]) {
		print_message("by path %d, the model says %d; hash4 %x, hash6 %x\n", path, dmac[5], settings->hash4, settings->hash6);
		for (size_t i = 0; i < frame.length; i++)
			printf("%02x%s", frame.byte[i], i + 1 < frame.length ? " " : "\n");
	}
	assert_int_equal(path, dmac[5]);
}

void flows_go_as_the_model_says(void **state)
{
	static struct world_route routes[PATHS + 1];

	(void)state;
	nest__seed();
	for (int world = 0; world < WORLDS; world++) {
		bool six = world % 2;
		struct world_settings settings = { .hash4 = multipath__hash(XFIB_INET, world / 2 % 4, (int)random()),
						   .hash6 = multipath__hash(XFIB_INET6, world / 2 % 4, (int)random()) };

		make_paths(routes, six ? "2001:db8:100::/48" : "203.0.113.0/24");
		world__fill(&settings, routes, NULL);
		for (int i = 0; i < FRAMES; i++)
			go_as_the_model_says(i % 2 && world__runs(HOOK_TC) ? HOOK_TC : HOOK_XDP, &settings, routes, six);
	}
}
