// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * The XDP and the TC program, run by BPF_PROG_RUN: every case of the table,
 * frames cut at every length, and generated frames against the model.
 * XFIB_SEED chooses other frames.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xfib/xfib.h>

#include "cases.h"
#include "flows.h"
#include "model.h"
#include "multipath.h"
#include "nest.h"

#define RANDOM_WORLDS 400
#define RANDOM_FRAMES 50

static const char *const hook_names[HOOKS] = { "XDP", "XDP of several buffers", "TC" };

static void check_out(enum world_hook hook, const struct frame *in, const struct world_run *run,
		      const struct model_answer *model, enum world_port port, const char *neighbour)
{
	struct frame expected = *in;
	uint8_t dmac[6], smac[6];

	if (model->reason == XFIB_REASON_FORWARDED) {
		expected = model->untagged;
		world__macs(port, neighbour, dmac, smac);
		frame__forward(&expected, dmac, smac);
		world__put_tags_on(hook, port, &expected);
	}
	assert_int_equal(run->out.length, expected.length);
	assert_memory_equal(run->out.byte, expected.byte, expected.length);
}

/*
 * Does BPF_PROG_RUN refuse the frame? It takes none without an Ethernet
 * header, and, as TC, since Linux 6.18 none without a whole IP header, before
 * it none that is larger than a buffer.
 * tests/netns/attach.sh sends such frames through a device.
 */
static bool is_refused(enum world_hook hook, const struct frame *frame, int err)
{
	bool six = frame->byte[12] == 0x86, ip = six || frame->byte[12] == 0x08;

	return err == -EINVAL && (frame->length < 14 || (hook == HOOK_TC && frame->length > FRAME_ONE_BUFFER) ||
				  (hook == HOOK_TC && ip && frame->length < (six ? 54 : 34)));
}

static void check_run(enum world_hook hook, const struct frame *in, const struct world_run *run,
		      const struct model_answer *model, enum world_port port, const char *neighbour)
{
	enum xfib_reason reason = model->reason;

	if (run->moved == 1 && run->reason != reason)
		print_message("counted %s, expected %s\n", xfib_reason__name(run->reason), xfib_reason__name(reason));
	assert_int_equal(run->moved, 1);
	assert_int_equal(run->reason, reason);
	assert_int_equal(run->port, model->port);
	assert_int_equal(run->packets, 1);
	assert_int_equal(run->bytes, in->length);
	assert_int_equal(run->verdict, xfib_reason__verdict(reason));
	check_out(hook, in, run, model, port, neighbour);
}

static void check_event(const struct prog_case *test)
{
	char text[64];
	uint32_t ifindex;

	for (uint32_t kind = XFIB_EVENT_NO_NEIGHBOUR; kind <= XFIB_EVENT_STALE; kind++) {
		int count = world__events(kind, &ifindex, text);

		assert_int_equal(count, kind == test->event);
		if (kind == test->event)
			assert_string_equal(text, test->event_address);
	}
}

/* The expectation of the table, and the model's, which has to be the same. */
static void run_case(const struct prog_case *test, enum world_hook hook)
{
	enum xfib_reason reason = hook == HOOK_TC && test->tc_differs ? test->tc_reason : test->reason;
	const char *neighbour = test->neighbour ? test->neighbour : test->frame.family == 6 ? "2001:db8:2::1" : "10.0.2.1";
	struct world_run run = { .gso_size = test->gso_size };
	struct model_answer model;
	struct frame frame;
	int err;

	frame__build(&test->frame, &frame);
	model = model__decide(hook, &test->settings, base_routes, test->routes, &frame, test->gso_size);
	assert_string_equal(xfib_reason__name(model.reason), xfib_reason__name(reason));
	world__fill(&test->settings, base_routes, test->routes);
	err = world__run(hook, &frame, &run);
	if (is_refused(hook, &frame, err))
		return;
	assert_int_equal(err, 0);
	check_run(hook, &frame, &run, &model, test->port ? test->port : EGRESS, neighbour);
	check_event(test);
}

static void case_by_xdp(void **state)
{
	run_case(*state, HOOK_XDP);
}

static void case_by_xdp_frags(void **state)
{
	run_case(*state, HOOK_XDP_FRAGS);
}

static void case_by_tc(void **state)
{
	run_case(*state, HOOK_TC);
}

static void every_reason_has_a_case(void **state)
{
	bool seen[XFIB_REASON_COUNT] = { false };

	(void)state;
	for (size_t i = 0; i < prog_case_count; i++)
		seen[prog_cases[i].reason] = true;
	for (uint32_t reason = 0; reason < XFIB_REASON_COUNT; reason++) {
		if (!seen[reason])
			print_message("no case for %s\n", xfib_reason__name(reason));
		assert_true(seen[reason]);
	}
}

/* ---- frames cut at every length ---- */

static void cut(const struct frame_spec *spec, enum world_hook hook)
{
	const struct world_settings settings = { 0 };
	struct frame whole;

	world__fill(&settings, base_routes, NULL);
	frame__build(spec, &whole);
	for (size_t length = 0; length <= whole.length; length++) {
		struct world_run run = { 0 };
		struct frame frame = whole;
		struct model_answer model;
		int err;

		frame.length = length;
		model = model__decide(hook, &settings, base_routes, NULL, &frame, 0);
		err = world__run(hook, &frame, &run);
		if (is_refused(hook, &frame, err))
			continue;
		assert_int_equal(err, 0);
		check_run(hook, &frame, &run, &model, EGRESS, spec->family == 6 ? "2001:db8:2::1" : "10.0.2.1");
		assert_true(length == whole.length || run.verdict == XFIB_VERDICT_PASS);
	}
}

static void cut_at_every_length(void **state)
{
	static const struct frame_spec specs[] = {
		{ 0 }, { .family = 6 }, { .protocol = 6, .payload = 40 }, { .options = 10 }, { .vlan = 0x8100 },
		{ .family = 6, .protocol = 44 }, { .vlan = 0x88a8, .tci = 300, .inner = 0x8100 }, { .vlan = 0x8100, .tci = 0xe000 },
		{ .family = 6, .vlan = 0x8100 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
		for (enum world_hook hook = HOOK_XDP; hook < HOOKS; hook++) {
			if (world__runs(hook))
				cut(&specs[i], hook);
		}
	}
}

/* ---- generated frames ---- */

static unsigned int below(unsigned int limit)
{
	return (unsigned int)random() % limit;
}

static bool one_in(unsigned int count)
{
	return !below(count);
}

#define ANY(list) (list)[below(sizeof(list) / sizeof((list)[0]))]

static const char *const addresses4[] = {
	"10.0.1.1", "10.0.1.254", "10.0.1.255", "10.0.2.1", "10.0.2.7", "203.0.113.9", "203.0.113.8", "203.0.113.77",
	"192.0.2.1", "198.51.100.1", "127.0.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "203.0.112.1", "240.0.0.1",
};
static const char *const addresses6[] = {
	"2001:db8:1::1", "2001:db8:1::fe", "2001:db8:2::7", "2001:db8:2::", "2001:db8:100::9", "2001:db8:100::8",
	"2001:db8:100:1::", "2001:db8:fff::1", "::", "::1", "ff02::1", "fe80::1", "::ffff:10.0.0.1", "fec0::1",
};
static const char *const prefixes4[] = {
	"0.0.0.0/0", "203.0.113.0/25", "203.0.113.8/29", "203.0.113.9/32", "203.0.112.0/20", "192.0.2.0/24", "198.51.100.0/24",
};
static const char *const prefixes6[] = {
	"::/0", "2001:db8::/32", "2001:db8:100::/64", "2001:db8:100::8/127", "2001:db8:fff::1/128",
};
static const char *const gateways[] = { "10.0.2.1", "10.0.2.6", "2001:db8:2::1", "fe80::6" };

static void random_path(const char *prefix, struct world_route *route)
{
	static const uint32_t types[] = { 0, 0, 0, 0, 0, XFIB_ROUTE_BLACKHOLE, XFIB_ROUTE_UNREACHABLE, XFIB_ROUTE_THROW,
					  XFIB_ROUTE_PROHIBIT };

	route->prefix = prefix;
	route->type = ANY(types);
	route->dev = (enum world_port)(INGRESS + below(PORTS - INGRESS));
	if (!one_in(4))
		route->via = ANY(gateways);
	route->mtu = one_in(3) ? 48 + below(20) : 0;
	route->flags = (uint8_t)(one_in(5) ? 1u << below(4) : 0);
	route->neighbour = one_in(3) ? NEIGHBOUR_UNKNOWN : one_in(3) ? NEIGHBOUR_FAILED : NEIGHBOUR_VALID;
}

/* Up to seven paths of one family; a prefix occurs once, with one path or with two. */
static void random_routes(struct world_route routes[8])
{
	const char *const *prefixes = one_in(2) ? prefixes4 : prefixes6;
	size_t count = prefixes == prefixes4 ? sizeof(prefixes4) / sizeof(prefixes4[0]) :
					       sizeof(prefixes6) / sizeof(prefixes6[0]);
	int at = 0;

	memset(routes, 0, 8 * sizeof(*routes));
	for (size_t i = 0; i < count && at < 6; i++) {
		uint32_t table = one_in(6) ? XFIB_TABLE_LOCAL : one_in(3) ? 100 + below(2) : 0;
		int paths = one_in(3) ? 2 : 1;

		if (one_in(3))
			continue;
		for (int path = 0; path < paths; path++, at++) {
			random_path(prefixes[i], &routes[at]);
			routes[at].table = table;
			if (paths == 1)
				continue;
			routes[at].type = 0;
			routes[at].weight = (uint16_t)(1 + below(256));
		}
	}
}

/* Up to twelve steps, gotos within them. */
static void random_plan(struct world_step steps[WORLD_STEPS])
{
	static const uint32_t tables[] = { 0, 0, XFIB_TABLE_LOCAL, XFIB_TABLE_LOCAL, 100, 100, 101 };
	static const uint16_t reasons[] = { XFIB_REASON_POLICY_RULE, XFIB_REASON_BLACKHOLE, XFIB_REASON_UNREACHABLE,
					    XFIB_REASON_PROHIBIT, XFIB_REASON_NO_ROUTE };
	uint32_t count = below(WORLD_STEPS - 1);

	memset(steps, 0, WORLD_STEPS * sizeof(*steps));
	for (uint32_t i = 0; i < count; i++) {
		struct world_step *step = &steps[i];

		step->action = one_in(6) ? XFIB_PLAN_VERDICT : one_in(6) ? XFIB_PLAN_GOTO : XFIB_PLAN_TABLE;
		step->table = ANY(tables);
		step->value = step->action == XFIB_PLAN_GOTO ? 1 : ANY(reasons);
		if (one_in(2) || step->action == XFIB_PLAN_VERDICT)
			step->from = one_in(2) ? ANY(prefixes4) : ANY(prefixes6);
		if (one_in(3) || step->action == XFIB_PLAN_VERDICT)
			step->to = !step->from || strchr(step->from, ':') ? ANY(prefixes6) : ANY(prefixes4);
		if (one_in(5))
			step->tos = step->tos_mask = one_in(2) ? 0x1c : 0xff;
		step->suppress = one_in(5) ? (uint8_t)below(30) : 0;
		step->invert = one_in(5);
	}
	for (uint32_t i = 0; i + 3 < count; i++) {
		/* To the next but one, whichever family the packet is of. */
		if (steps[i].action == XFIB_PLAN_GOTO && !steps[i + 1].from && !steps[i + 1].to)
			steps[i].value = 2;
	}
}

static void random_settings(struct world_settings *settings, struct world_step plans[2][WORLD_STEPS])
{
	static const uint32_t set[] = { 0, 0, 0, XFIB_LINK_RP_STRICT, XFIB_LINK_RP_LOOSE, XFIB_LINK_SEND_REDIRECTS,
					XFIB_LINK_ROUTE_LOCALNET, XFIB_LINK_ENSLAVED, XFIB_LINK_TAGS_HIDDEN };
	static const uint32_t clear[] = { 0, 0, 0, 0, 0, XFIB_LINK_FORWARDING4, XFIB_LINK_FORWARDING6 };

	memset(settings, 0, sizeof(*settings));
	settings->link_set = ANY(set);
	settings->link_clear = ANY(clear);
	settings->hash4 = multipath__hash(XFIB_INET, (int)below(4), (int)random());
	settings->hash6 = multipath__hash(XFIB_INET6, (int)below(4), (int)random());
	settings->pass_over = one_in(3);
	settings->state_set = (one_in(2) ? XFIB_STATE_MERGED4 : 0) | (one_in(3) ? XFIB_STATE_WIDE_LOCAL4 : 0);
	settings->own = one_in(3) ? "10.0.1.254" : NULL;
	settings->neighbour = one_in(2) ? "10.0.2.7" : "2001:db8:2::7";
	if (one_in(2))
		return;
	random_plan(plans[0]);
	random_plan(plans[1]);
	settings->state_set |= one_in(5) ? 0 : XFIB_STATE_RULES4;
	settings->plan = one_in(5) ? NULL : plans[0];
	settings->source_plan = one_in(4) ? plans[1] : NULL;
}

/* One tag or two; more often than not a device takes them off. */
static void random_tags(struct frame_spec *spec)
{
	static const uint16_t ids[] = { 100, 100, 100, 300, 300, 0xe000, 101, 102, 0xe064, 4094, 9 };

	spec->vlan = one_in(2) ? 0x88a8 : 0x8100;
	spec->tci = one_in(4) ? ANY(ids) : spec->vlan == 0x88a8 ? 300 : 100;
	if (one_in(2))
		return;
	spec->inner = one_in(6) ? 0x88a8 : 0x8100;
	spec->inner_tci = one_in(4) ? ANY(ids) : 100;
	if (one_in(10)) /* a third one */
		spec->ethertype = 0x8100;
}

static void random_frame(struct frame *ret_frame)
{
	static const int ttls[] = { 1, 2, 64, 64, 64, 255 };
	static const uint8_t protocols[] = { 0, 1, 6, 17, 43, 44, 58, 60 };
	static const int fragments[] = { 0, 0, 0, 0x4000, 0x2000, 0x2010, 0x0010 };
	static uint8_t nested[NEST_MAX];
	struct frame_spec spec = {
		.family = one_in(2) ? 6 : 4,
		.ttl = ANY(ttls),
		.ttl_zero = one_in(20),
		.protocol = ANY(protocols),
		.payload = 1 + (int)below(60),
		.mac = one_in(8) ? (enum frame_mac)below(4) : MAC_PORT,
		.trailer = one_in(6) ? (int)below(20) : 0,
		.options = one_in(15) ? (int)below(11) : 0,
		.keep_checksum = one_in(10),
	};

	if (one_in(4))
		random_tags(&spec);
	spec.source = spec.family == 6 ? ANY(addresses6) : ANY(addresses4);
	spec.destination = spec.family == 6 ? ANY(addresses6) : ANY(addresses4);
	if (one_in(2)) {
		spec.protocol = nest__protocol();
		spec.data = nested;
		spec.payload = (int)nest__fill(spec.protocol, nested);
		spec.fragment = ANY(fragments);
		spec.flow_label = below(3);
	}
	if (!one_in(4)) /* what begins well goes further */
		spec.source = spec.family == 6 ? "2001:db8:1::1" : "10.0.1.1";
	for (int i = 0; i < 2 && one_in(4); i++) {
		spec.patch[i].at = 12 + (int)below(40);
		spec.patch[i].value = (uint8_t)random();
	}
	if (one_in(10))
		spec.cut = 14 + (int)below(40);
	frame__build(&spec, ret_frame);
}

static void run_random(enum world_hook hook, const struct world_settings *settings, const struct world_route *routes,
		       uint32_t *reasons)
{
	struct world_run run = { 0 };
	struct model_answer model;
	struct frame frame;
	int err;

	random_frame(&frame);
	model = model__decide(hook, settings, base_routes, routes, &frame, 0);
	err = world__run(hook, &frame, &run);
	if (is_refused(hook, &frame, err))
		return;
	assert_int_equal(err, 0);
	if (run.moved != 1 || run.reason != model.reason) {
		print_message("%s counted %s, the model says %s (%s)\n", hook_names[hook], xfib_reason__name(run.reason),
			      xfib_reason__name(model.reason), model.route ? model.route->prefix : "no route");
		for (size_t i = 0; i < frame.length; i++)
			printf("%02x%s", frame.byte[i], i + 1 < frame.length ? " " : "\n");
	}
	check_run(hook, &frame, &run, &model, model.route ? model.route->dev : EGRESS,
		  model.route && model.route->via ? model.route->via : model.destination);
	reasons[model.reason]++;
}

static enum world_hook any_hook(void)
{
	enum world_hook hook = (enum world_hook)below(HOOKS);

	return world__runs(hook) ? hook : HOOK_XDP;
}

static void as_the_model_says(void **state)
{
	uint32_t reasons[XFIB_REASON_COUNT] = { 0 }, different = 0;

	(void)state;
	nest__seed();
	for (int world = 0; world < RANDOM_WORLDS; world++) {
		struct world_step plans[2][WORLD_STEPS];
		struct world_settings settings;
		struct world_route routes[8];

		random_settings(&settings, plans);
		random_routes(routes);
		world__fill(&settings, base_routes, routes);
		for (int i = 0; i < RANDOM_FRAMES; i++)
			run_random(any_hook(), &settings, routes, reasons);
	}
	for (uint32_t reason = 0; reason < XFIB_REASON_COUNT; reason++)
		different += reasons[reason] != 0;
	assert_true(different > 20);
	assert_true(reasons[XFIB_REASON_FORWARDED] > RANDOM_WORLDS);
}

/* ---- the list of tests ---- */

static size_t add_cases(struct CMUnitTest *tests)
{
	static const CMUnitTestFunction functions[HOOKS] = { case_by_xdp, case_by_xdp_frags, case_by_tc };
	size_t count = 0;

	for (size_t i = 0; i < prog_case_count; i++) {
		for (enum world_hook hook = HOOK_XDP; hook < HOOKS; hook++) {
			char *name;

			if (!world__runs(hook) || (hook == HOOK_XDP && prog_cases[i].frame.payload > FRAME_ONE_BUFFER))
				continue; /* drivers give the plain program no such frame */
			if (asprintf(&name, "%s: %s", hook_names[hook], prog_cases[i].desc) < 0)
				abort();
			tests[count++] = (struct CMUnitTest){
				.name = name,
				.test_func = functions[hook],
				.initial_state = (void *)(uintptr_t)&prog_cases[i],
			};
		}
	}
	return count;
}

int main(void)
{
	static const struct CMUnitTest others[] = {
		cmocka_unit_test(every_reason_has_a_case),
		cmocka_unit_test(cut_at_every_length),
		cmocka_unit_test(as_the_model_says),
		cmocka_unit_test(flows_keep_their_path),
		cmocka_unit_test(flows_go_as_the_model_says),
	};
	struct CMUnitTest *tests = calloc(prog_case_count * HOOKS + sizeof(others) / sizeof(others[0]), sizeof(*tests));
	size_t count;

	if (world__setup()) {
		fprintf(stderr, "prog_test: the world of the packets could not be made\n");
		return 1;
	}
	count = add_cases(tests);
	memcpy(tests + count, others, sizeof(others));
	return _cmocka_run_group_tests("prog", tests, count + sizeof(others) / sizeof(others[0]), NULL, NULL);
}
