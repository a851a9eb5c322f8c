// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * packets SECONDS [COUNT]
 *
 * Mutated packets through the programs by BPF_PROG_RUN, over maps that are drawn too: for SECONDS, or until
 * each program had COUNT. XFIB_SEED, printed, decides. Of each run:
 *
 *  - verdict, reason and counters are those of the model (tests/prog/model.c), which has the list of bpf/forward.bpf.h only;
 *  - the packet keeps its length but for the tags that it loses and gets, and nothing is written behind it;
 *  - one that is not forwarded keeps every byte;
 *  - in one that is, the MAC addresses are those of the next hop, TTL or hop limit is one less, a right checksum of IPv4 is
 *    right again, and no other byte has changed.
 *
 * The first packet that is treated otherwise ends it: it is printed as it was and made smaller, with routes and settings.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <xfib/xfib.h>

#include "../prog/cases.h"
#include "../prog/model.h"
#include "packet_draw.h"

#define PACKETS_PER_WORLD 2000
#define GUARD 0xa5

static struct draw_world world;
static const char *const hook_names[HOOKS] = { "XDP", "XDP of several buffers", "TC" };

static struct {
	unsigned long long packets[HOOKS], worlds, reasons[XFIB_REASON_COUNT];
} totals;

/* ---- what must hold ---- */

static bool checksum_is_right(const uint8_t *ip)
{
	uint32_t sum = 0;

	for (int i = 0; i < 20; i += 2)
		sum += (uint32_t)ip[i] << 8 | ip[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff;
}

/* A forwarded packet but for its MAC addresses. `in`: with the tags that it leaves with, of so many bytes. */
static const char *complain_of_rewrite(const struct frame *in, size_t tags, const uint8_t *out)
{
	bool six = in->byte[12 + tags] == 0x86;
	size_t ip = 14 + tags, ttl = ip + (six ? 7 : 8), checksum = six ? in->length : ip + 10;

	if (out[ttl] != in->byte[ttl] - 1)
		return "TTL not lowered by one";
	if (!six && !checksum_is_right(out + ip))
		return "wrong checksum";
	for (size_t i = 12; i < in->length; i++) {
		if (i != ttl && i != checksum && i != checksum + 1 && out[i] != in->byte[i])
			return "a byte changed that is none of a router's";
	}
	return NULL;
}

static const char *complain_of_macs(const struct model_answer *model, const uint8_t *out)
{
	uint8_t dmac[6], smac[6];

	world__macs(model->route->dev, model->route->via ? model->route->via : model->destination, dmac, smac);
	if (memcmp(out, dmac, 6) || memcmp(out + 6, smac, 6))
		return "MAC addresses are not those of the next hop";
	return NULL;
}

static bool is_guard(const uint8_t *byte, size_t count)
{
	return !count || (byte[0] == GUARD && !memcmp(byte, byte + 1, count - 1));
}

static const char *complain(enum world_hook hook, const struct frame *in, const struct world_run *run,
			    const struct model_answer *model)
{
	struct frame expected = model->reason == XFIB_REASON_FORWARDED ? model->untagged : *in;

	if (model->reason == XFIB_REASON_FORWARDED)
		world__put_tags_on(hook, model->route->dev, &expected);
	if (run->moved != 1 || run->packets != 1 || run->bytes != in->length)
		return "not counted once";
	if (run->reason != model->reason)
		return "the model has another reason";
	if (run->port != model->port)
		return "counted for another port";
	if (run->verdict != xfib_reason__verdict(run->reason))
		return "a verdict that the reason does not have";
	if (run->out.length != expected.length)
		return "another length";
	if (!is_guard(run->out.byte + expected.length, FRAME_MAX - expected.length))
		return "written behind the packet";
	if (run->verdict != XFIB_VERDICT_REDIRECT)
		return memcmp(run->out.byte, in->byte, in->length) ? "not forwarded, and changed" : NULL;
	if (complain_of_macs(model, run->out.byte))
		return complain_of_macs(model, run->out.byte);
	return complain_of_rewrite(&expected, expected.length - model->untagged.length, run->out.byte);
}

/* Since Linux 6.18 BPF_PROG_RUN takes no skb that is shorter than the IP header that its type announces, before it none
 * that is longer than a buffer. */
static bool is_refused(enum world_hook hook, const struct frame *frame, int err)
{
	bool six = frame->byte[12] == 0x86, four = frame->byte[12] == 0x08;

	return err == -EINVAL && hook == HOOK_TC &&
	       (frame->length > FRAME_ONE_BUFFER || ((six || four) && frame->length < (six ? 54 : 34)));
}

/* Runs a program on a packet. NULL: all is as it should be. */
static const char *treat(enum world_hook hook, const struct frame *frame, uint32_t gso_size, uint32_t *ret_reason,
			 uint32_t *ret_model)
{
	static struct world_run run;
	struct model_answer model;
	int err;

	memset(&run, GUARD, sizeof(run));
	run.gso_size = hook == HOOK_TC ? gso_size : 0;
	err = world__run(hook, frame, &run);
	if (is_refused(hook, frame, err))
		return NULL;
	if (err)
		return strerror(-err);
	model = model__decide(hook, &world.settings, base_routes, world.routes, frame, run.gso_size);
	*ret_reason = run.reason;
	*ret_model = model.reason;
	return complain(hook, frame, &run, &model);
}

/* ---- a packet that is treated wrongly ---- */

/* Cuts bytes from its end, and clears others, as long as there is a complaint. */
static void shrink(enum world_hook hook, struct frame *frame, uint32_t gso_size)
{
	uint32_t reason, model;

	for (size_t step = 1024; step; step /= 2) {
		while (frame->length >= 14 + step) {
			frame->length -= step;
			if (treat(hook, frame, gso_size, &reason, &model))
				continue;
			frame->length += step;
			break;
		}
	}
	for (size_t i = 0; i < frame->length; i++) {
		uint8_t byte = frame->byte[i];

		frame->byte[i] = 0;
		if (byte && !treat(hook, frame, gso_size, &reason, &model))
			frame->byte[i] = byte;
	}
}

static void print_packet(const char *what, const struct frame *frame)
{
	printf("# %s, %zu bytes: ", what, frame->length);
	for (size_t i = 0; i < frame->length; i++)
		printf("%02x", frame->byte[i]);
	putchar('\n');
}

static void report(enum world_hook hook, const struct frame *frame, uint32_t gso_size)
{
	struct frame small = *frame;
	uint32_t reason = 0, model = 0;
	const char *complaint = treat(hook, frame, gso_size, &reason, &model);

	printf("# %s, world %llu, gso_size %u: %s: counted %s, the model says %s\n", hook_names[hook], totals.worlds, gso_size,
	       complaint ? complaint : "not a second time", xfib_reason__name(reason), xfib_reason__name(model));
	print_packet("packet", frame);
	if (complaint) {
		shrink(hook, &small, gso_size);
		print_packet("smaller", &small);
	}
	draw__print(&world);
}

/* ---- runs ---- */

/* One packet through all programs. */
static bool run_packet(const struct frame *frame)
{
	uint32_t gso_size = draw__gso_size(), reason, model;

	for (enum world_hook hook = HOOK_XDP; hook < HOOKS; hook++) {
		if (!world__runs(hook) || (hook == HOOK_XDP && frame->length > FRAME_ONE_BUFFER))
			continue; /* drivers give the plain program no such frame */
		reason = XFIB_REASON_COUNT;
		if (treat(hook, frame, gso_size, &reason, &model)) {
			report(hook, frame, gso_size);
			return false;
		}
		totals.packets[hook]++;
		if (reason < XFIB_REASON_COUNT)
			totals.reasons[reason]++;
	}
	return true;
}

static bool run_world(void)
{
	struct frame frame;

	draw__world(&world);
	totals.worlds++;
	world__fill(&world.settings, base_routes, world.routes);
	draw__frame(&frame);
	for (int i = 0; i < PACKETS_PER_WORLD; i++) {
		if (i % 4 == 0)
			draw__frame(&frame);
		else
			draw__mutate(&frame);
		if (!run_packet(&frame))
			return false;
	}
	return true;
}

static int count_reasons(void)
{
	int different = 0;

	for (uint32_t reason = 0; reason < XFIB_REASON_COUNT; reason++)
		different += totals.reasons[reason] != 0;
	return different;
}

int main(int argc, char **argv)
{
	unsigned long seconds = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	unsigned long long count = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
	const char *seed = getenv("XFIB_SEED");
	time_t end = time(NULL) + (time_t)seconds;
	bool right = true;

	if (argc < 2 || argc > 3 || (!seconds && !count)) {
		fputs("usage: packets SECONDS [COUNT]\n", stderr);
		return 2;
	}
	if (world__setup()) {
		fputs("packets: the world of the packets could not be made\n", stderr);
		return 1;
	}
	draw__seed(seed ? strtoull(seed, NULL, 10) : (uint64_t)time(NULL));
	while (right && (count ? totals.packets[HOOK_XDP] < count : time(NULL) < end))
		right = run_world();
	printf("# packets: XDP %llu, of several buffers %llu, TC %llu; worlds %llu, reasons %d, forwarded %llu\n", totals.packets[HOOK_XDP],
	       totals.packets[HOOK_XDP_FRAGS], totals.packets[HOOK_TC], totals.worlds, count_reasons(), totals.reasons[XFIB_REASON_FORWARDED]);
	/* Else it would be a test of very little. */
	return !right || count_reasons() < 24 || totals.reasons[XFIB_REASON_FORWARDED] < totals.packets[HOOK_XDP] / 50;
}
