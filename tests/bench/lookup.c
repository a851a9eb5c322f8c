// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Nanoseconds a look-up and a packet, on the instance of $XFIB_PIN, in a
 * process of one processor:
 *
 *	lookup addresses COUNT <PREFIXES                  so many, each within a random one of the prefixes
 *	lookup find INGRESS TABLE NAME <ADDRESSES         look-ups in BPF; TABLE 254 also by bpf_fib_lookup(), with targets
 *	lookup programs INGRESS EGRESS <ADDRESSES         whole XDP programs
 *	lookup pin INGRESS EGRESS DIRECTORY               the programs that xfib's is compared with, for live frames
 *	lookup state                                      words in use, words in reach, ns of the last compilation
 *
 * Each figure is a line (figures.h): medians of ROUNDS rounds, in each of which
 * everything is measured in turn; a ratio is the median of the rounds' ratios.
 * A round takes all addresses once, by BPF_PROG_RUN, right after it did so
 * without being timed: a router that is busy has its table in the caches, as
 * far as it fits. The random read takes LOOKUP_RANDOMS places, so that all of its
 * 64 MB are read and not the lines of so few places as there are addresses. Before anything is timed the answers are compared: the compiled FIB's with the
 * trie's and the kernel's, frames with those of the program that asks the kernel.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <limits.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <xfib/lookup.h>
#include <xfib/xfib.h>

#include "addresses.h"
#include "figures.h"
#include "lookup.h"
#include "lookup.skel.h"

#define ROUNDS 7
#define RUNS (LOOKUP_ADDRESSES / LOOKUP_BATCH)
#define FRAME 80
#define FRAMES_COMPARED 2000
#define FIB_LOOKUP_DIRECT 1 /* BPF_FIB_LOOKUP_*, which older headers lack */
#define FIB_LOOKUP_SKIP_NEIGH 4

static struct lookup *bpf;
static struct xfib_link ingress;
static uint32_t counts[2]; /* addresses of each family */

static _Noreturn void fail(const char *what, const char *why)
{
	fprintf(stderr, "lookup: %s: %s\n", what, why);
	exit(1);
}

/* ---- addresses ---- */

static uint64_t next_number(void)
{
	static uint64_t state = 1;
	uint64_t z = state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* Sets the bits of an address behind the prefix length at random. */
static void fill_host(uint8_t bytes[16], int length, int bits)
{
	for (int bit = length; bit < bits; bit++) {
		if (next_number() & 1)
			bytes[bit / 8] |= (uint8_t)(0x80 >> (bit % 8));
	}
}

static void print_addresses(size_t count)
{
	char **lines = NULL, line[80], text[INET6_ADDRSTRLEN];
	size_t prefixes = 0, room = 0;

	while (fgets(line, sizeof(line), stdin)) {
		if (prefixes == room && !(lines = reallocarray(lines, room = room * 2 + 1024, sizeof(*lines))))
			fail("prefixes", strerror(errno));
		lines[prefixes++] = strdup(line);
	}
	if (!prefixes)
		fail("standard input", "no prefixes");
	while (count--) {
		int family;
		uint8_t bytes[16] = { 0 };
		char *slash;

		snprintf(line, sizeof(line), "%s", lines[next_number() % prefixes]);
		slash = strchr(line, '/');
		if (slash)
			*slash = '\0';
		family = strchr(line, ':') ? AF_INET6 : AF_INET;
		if (!slash || inet_pton(family, line, bytes) != 1)
			fail(line, "is no prefix");
		fill_host(bytes, atoi(slash + 1), family == AF_INET ? 32 : 128);
		puts(inet_ntop(family, bytes, text, sizeof(text)));
	}
}

static uint64_t read_half(const uint8_t *bytes)
{
	uint64_t half = 0;

	for (int i = 0; i < 8; i++)
		half = half << 8 | bytes[i];
	return half;
}

/* Those of standard input go to the programs; where there are fewer than they take, they come again. */
static void give_addresses(void)
{
	char line[80];

	while (fgets(line, sizeof(line), stdin)) {
		uint8_t bytes[16] = { 0 };
		bool is6 = strchr(line, ':');

		line[strcspn(line, "\n")] = '\0';
		if (counts[is6] == LOOKUP_ADDRESSES || inet_pton(is6 ? AF_INET6 : AF_INET, line, bytes) != 1)
			continue;
		if (is6) {
			bpf->bss->addresses6[counts[1]][0] = read_half(bytes);
			bpf->bss->addresses6[counts[1]++][1] = read_half(bytes + 8);
		} else {
			bpf->bss->addresses4[counts[0]++] = (uint32_t)(read_half(bytes) >> 32);
		}
	}
	for (uint32_t i = 0; i < LOOKUP_RANDOMS; i++)
		bpf->bss->randoms[i] = (uint32_t)next_number();
	for (uint32_t i = 0; i < LOOKUP_ADDRESSES; i++) {
		if (i >= counts[0] && counts[0])
			bpf->bss->addresses4[i] = bpf->bss->addresses4[i % counts[0]];
		if (i >= counts[1] && counts[1])
			memcpy(bpf->bss->addresses6[i], bpf->bss->addresses6[i % counts[1]], 16);
	}
	bpf->bss->address_mask = LOOKUP_ADDRESSES - 1;
}

/* ---- programs ---- */

static int open_pinned(const char *name)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", getenv("XFIB_PIN"), name);
	fd = bpf_obj_get(path);
	if (fd < 0)
		fail(path, strerror(errno));
	return fd;
}

/* Loads the programs, with the instance's maps in place of their own of the same name. */
static void load(const char *device)
{
	struct xfib *instance;

	if (xfib_instance__open(NULL, &instance) || xfib_link__by_index(instance, if_nametoindex(device), &ingress))
		fail(device, xfib_error__last());
	bpf = lookup__open();
	if (!bpf)
		fail("opening the programs", strerror(errno));
	if (xfib_bpf__reuse_maps(bpf->obj, instance))
		fail("the maps", xfib_error__last());
	if (bpf_map__reuse_fd(bpf->maps.xfib_tx, open_pinned("xfib_tx")))
		fail("xfib_tx", strerror(errno));
	if (lookup__load(bpf))
		fail("loading the programs", strerror(errno));
}

/* Nanoseconds of one of `repeat` runs. The last one's action has to be `action`. */
static double run(const struct bpf_program *program, const uint8_t frame[FRAME], int repeat, uint32_t action)
{
	struct xdp_md context = { .data_end = FRAME, .ingress_ifindex = ingress.ifindex };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = FRAME, .ctx_in = &context,
		    .ctx_size_in = sizeof(context), .repeat = repeat);
	int err;

	bpf->bss->cursor = 0;
	err = bpf_prog_test_run_opts(bpf_program__fd(program), &opts);
	if (err)
		fail(bpf_program__name(program), strerror(-err));
	if (opts.retval != action)
		fail(bpf_program__name(program), "packets get another verdict than XDP_REDIRECT: `xfib stats` has the reasons");
	return opts.duration;
}

/* Nanoseconds of this thread's processor time: finer than the whole ones of `duration`, for runs of a few. */
static double cpu_now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* Of the rounds, whose order median() would not keep. */
static double median_time(const double *times)
{
	double copy[ROUNDS];

	memcpy(copy, times, sizeof(copy));
	return median(copy, ROUNDS);
}

static double median_ratio(const double *values, const double *baselines)
{
	double ratios[ROUNDS];

	for (int i = 0; i < ROUNDS; i++)
		ratios[i] = values[i] / baselines[i];
	return median(ratios, ROUNDS);
}

/* ---- look-ups ---- */

enum way { LOOP, READ, TRIE, FIB, KERNEL, OWN, WAYS };

static const char *const way_names[WAYS] = { "empty loop", "one random read of 64 MB", "LPM_TRIE", "compiled FIB",
					     "bpf_fib_lookup", "xfib_fib_lookup" };

/* What the compiled FIB is compared with; at most: its own time. */
static const struct {
	enum way way;
	bool at_most;
	double targets[2]; /* IPv4, IPv6 */
} comparisons[] = {
	{ KERNEL, false, { 20, 30 } },
	{ TRIE, false, { 40, 15 } },
	{ READ, true, { 1.1, 2.0 } },
};

static const struct bpf_program *program_of(enum way way, bool is6, bool dependent)
{
	static const char *const names[WAYS] = { "loop", "read", "trie", "fib", "kernel", "own" };
	char name[32];

	snprintf(name, sizeof(name), "%s_%d%s", names[way], is6 ? 6 : 4, dependent ? "_dependent" : "");
	return bpf_object__find_program_by_name(bpf->obj, name);
}

static void check_answers(bool is6, bool with_kernel)
{
	static const uint8_t frame[FRAME];
	struct lookup__bss *bss = bpf->bss;

	bss->wrong_trie = bss->wrong_kernel = bss->left = bss->none = 0;
	run(is6 ? bpf->progs.check_6 : bpf->progs.check_4, frame, RUNS, XDP_PASS);
	fprintf(stderr, "lookup: IPv%d, table %u: %u addresses compared, %u without a route\n", is6 ? 6 : 4, bss->table,
		LOOKUP_ADDRESSES, bss->none);
	if (!bss->wrong_trie && (!bss->wrong_kernel || !with_kernel))
		return;
	if (is6)
		fprintf(stderr, "lookup: such as 0x%016llx%016llx:\n",
			(unsigned long long)bss->addresses6[bss->wrong_at % LOOKUP_ADDRESSES][0],
			(unsigned long long)bss->addresses6[bss->wrong_at % LOOKUP_ADDRESSES][1]);
	else
		fprintf(stderr, "lookup: such as 0x%08x:\n", bss->addresses4[bss->wrong_at % LOOKUP_ADDRESSES]);
	fprintf(stderr, "lookup: the compiled FIB differs from the trie at %u addresses, of which it leaves %u to the trie for "
		"want of room", bss->wrong_trie, bss->left);
	if (with_kernel)
		fprintf(stderr, ", the kernel at %u", bss->wrong_kernel);
	fputc('\n', stderr);
	exit(1);
}

static void measure_lookups(bool is6, bool dependent, bool with_kernel, const char *table_name)
{
	const char *kind = dependent ? ", each needs the last" : "";
	static const uint8_t frame[FRAME];
	double times[WAYS][ROUNDS];
	char name[128];

	for (int round = 0; round < ROUNDS; round++) {
		for (enum way way = 0; way < (with_kernel ? WAYS : KERNEL); way++) {
			const struct bpf_program *program = program_of(way, is6, dependent);
			int runs = way == READ ? LOOKUP_RANDOMS / LOOKUP_BATCH : RUNS;

			run(program, frame, runs, XDP_PASS); /* the caches hold what they can of it, and nothing of the others */
			times[way][round] = run(program, frame, runs, XDP_PASS) / LOOKUP_BATCH;
		}
	}
	for (size_t i = 0; with_kernel && i < sizeof(comparisons) / sizeof(comparisons[0]); i++) {
		const double *other = times[comparisons[i].way], *fib = times[FIB];
		double baseline = median_time(other), ratio = comparisons[i].at_most ? median_ratio(fib, other) : median_ratio(other, fib);

		snprintf(name, sizeof(name), "IPv%d look-up in BPF, %s, against %s%s", is6 ? 6 : 4, table_name,
			 way_names[comparisons[i].way], kind);
		if (dependent)
			figure__ratio(name, ratio, baseline);
		else if (comparisons[i].at_most)
			figure__at_most(name, ratio, "times", comparisons[i].targets[is6], baseline);
		else
			figure__at_least(name, ratio, "times", comparisons[i].targets[is6], baseline);
	}
	if (with_kernel && !dependent) {
		snprintf(name, sizeof(name), "IPv%d look-up in BPF, %s, xfib_fib_lookup against bpf_fib_lookup", is6 ? 6 : 4, table_name);
		figure__at_least(name, median_ratio(times[KERNEL], times[OWN]), "times", 20, median_time(times[KERNEL]));
	}
	for (enum way way = 0; way < (with_kernel ? WAYS : KERNEL); way++) {
		snprintf(name, sizeof(name), "IPv%d look-up in BPF, %s, %s%s", is6 ? 6 : 4, table_name, way_names[way], kind);
		figure__plain(name, median_time(times[way]), "ns");
	}
}

/* Slot of a table in xfib_fibs. */
static uint32_t find_slot(uint32_t table, uint32_t family)
{
	uint32_t slots = bpf_map__max_entries(bpf->maps.xfib_fibs), slot;

	slot = xfib_fib__slot(table, family, slots);
	for (uint32_t i = 0; i < slots; i++, slot = (slot + 1) & (slots - 1)) {
		struct xfib_fib fib;

		if (bpf_map__lookup_elem(bpf->maps.xfib_fibs, &slot, sizeof(slot), &fib, sizeof(fib), 0) || !fib.family)
			break;
		if (fib.table == table && fib.family == family && fib.root)
			return slot;
	}
	fprintf(stderr, "lookup: table %u has no compiled FIB of IPv%c: what xfibd logged says why\n", table,
		family == AF_INET6 ? '6' : '4');
	exit(1);
}

static void find(const char *table, const char *table_name)
{
	bool with_kernel = atoi(table) == XFIB_TABLE_MAIN;

	bpf->bss->table = (uint32_t)strtoul(table, NULL, 10);
	bpf->bss->fib_flags = FIB_LOOKUP_SKIP_NEIGH;
	for (int is6 = 0; is6 < 2; is6++) {
		if (!counts[is6])
			continue;
		*(is6 ? &bpf->bss->slot6 : &bpf->bss->slot4) = find_slot(bpf->bss->table, is6 ? AF_INET6 : AF_INET);
		check_answers(is6, with_kernel);
		measure_lookups(is6, false, with_kernel, table_name);
		measure_lookups(is6, true, with_kernel, table_name);
	}
}

/* ---- whole programs ---- */

enum forwarder { NOTHING, XFIB, HELPER, HELPER_DIRECT, OWN_HELPER, FLOOR, FORWARDERS };

static const char *const forwarder_names[FORWARDERS] = { "the wrapper", "xfib", "bpf_fib_lookup", "bpf_fib_lookup, direct", "xfib_fib_lookup",
							  "no look-up" };
static int forwarder_fds[FORWARDERS];

static void choose(enum forwarder forwarder)
{
	uint32_t first = 0;

	bpf->bss->fib_flags = forwarder == HELPER_DIRECT ? FIB_LOOKUP_DIRECT : 0;
	if (bpf_map__update_elem(bpf->maps.program, &first, 4, &forwarder_fds[forwarder], 4, 0))
		fail("the wrapper's next program", strerror(errno));
}

static void make_frame(bool is6, uint8_t frame[FRAME])
{
	static const uint8_t header4[] = { 0x45, 0, 0, FRAME - 14, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 1, 1 };
	static const uint8_t header6[] = { 0x60, 0, 0, 0, 0, FRAME - 54, 17, 64, 0x20, 1, 0xd, 0xb8, 0, 1 };
	uint32_t sum = 0;

	memset(frame, 0, FRAME);
	frame[12] = is6 ? 0x86 : 0x08;
	frame[13] = is6 ? 0xdd : 0;
	memcpy(frame + 14, is6 ? header6 : header4, is6 ? sizeof(header6) : sizeof(header4));
	if (is6)
		frame[14 + 23] = 1;
	for (size_t i = 0; i < sizeof(header4); i += 2) /* the words as they stand in memory */
		sum += (uint32_t)header4[i] | (uint32_t)header4[i + 1] << 8;
	bpf->bss->header_sum = sum;
	memcpy(bpf->bss->router_mac, ingress.mac, 6);
}

/* The frame that a program makes of the one to the address of that number. Its verdict is redirect. */
static void frame_to(bool is6, uint32_t number, uint8_t ret_frame[FRAME])
{
	struct xdp_md context = { .data_end = FRAME, .ingress_ifindex = ingress.ifindex };
	uint8_t frame[FRAME];
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = FRAME, .ctx_in = &context,
		    .ctx_size_in = sizeof(context), .data_out = ret_frame, .data_size_out = FRAME, .repeat = 1);

	make_frame(is6, frame);
	bpf->bss->cursor = number;
	if (bpf_prog_test_run_opts(bpf_program__fd(is6 ? bpf->progs.wrapper_6 : bpf->progs.wrapper_4), &opts))
		fail("a packet", strerror(errno));
	if (opts.retval != XDP_REDIRECT)
		memset(ret_frame, 0, FRAME);
}

static void compare_frames(bool is6)
{
	static uint8_t expected[FRAMES_COMPARED][FRAME];
	uint32_t redirected = 0;

	choose(HELPER);
	for (uint32_t i = 0; i < FRAMES_COMPARED; i++)
		frame_to(is6, i, expected[i]);
	choose(XFIB);
	for (uint32_t i = 0; i < FRAMES_COMPARED; i++) {
		uint8_t frame[FRAME];

		frame_to(is6, i, frame);
		if (memcmp(frame, expected[i], FRAME)) {
			fprintf(stderr, "lookup: IPv%d: xfib makes another frame of packet %u than bpf_fib_lookup does\n",
				is6 ? 6 : 4, i);
			exit(1);
		}
		redirected += frame[12] != 0;
	}
	fprintf(stderr, "lookup: IPv%d: %u frames compared, %u redirected\n", is6 ? 6 : 4, FRAMES_COMPARED, redirected);
	if (redirected < FRAMES_COMPARED * 9 / 10)
		fail("packets", "fewer than nine of ten are redirected");
}

static void measure_programs(bool is6)
{
	const struct bpf_program *wrapper = is6 ? bpf->progs.wrapper_6 : bpf->progs.wrapper_4;
	double times[FORWARDERS][ROUNDS], *helper = times[HELPER], ratio, floor_ratio, begin;
	const char *family = is6 ? "IPv6" : "IPv4";
	uint8_t frame[FRAME];
	char name[128];

	compare_frames(is6);
	for (int round = 0; round < ROUNDS; round++) {
		for (enum forwarder i = 0; i < FORWARDERS; i++) {
			choose(i);
			make_frame(is6, frame);
			run(wrapper, frame, LOOKUP_ADDRESSES, XDP_REDIRECT);
			begin = cpu_now();
			run(wrapper, frame, LOOKUP_ADDRESSES, XDP_REDIRECT);
			times[i][round] = (cpu_now() - begin) / LOOKUP_ADDRESSES;
			if (i != NOTHING)
				times[i][round] -= times[NOTHING][round];
		}
	}
	ratio = median_ratio(helper, times[XFIB]);
	if (median_ratio(times[HELPER_DIRECT], times[XFIB]) < ratio) {
		helper = times[HELPER_DIRECT]; /* the faster of its two modes */
		ratio = median_ratio(helper, times[XFIB]);
	}
	floor_ratio = median_ratio(times[XFIB], times[FLOOR]);
	snprintf(name, sizeof(name), "%s whole XDP program against xdp-forward's logic", family);
	figure__at_least(name, ratio, "times", is6 ? 20 : 12, median_time(helper));
	snprintf(name, sizeof(name), "%s whole XDP program against no look-up", family);
	figure__at_most(name, floor_ratio, "times", is6 ? 5 : 3, median_time(times[FLOOR]));
	snprintf(name, sizeof(name), "%s xdp-forward's logic by xfib_fib_lookup, against itself by bpf_fib_lookup", family);
	figure__ratio(name, median_ratio(helper, times[OWN_HELPER]), median_time(helper));
	for (enum forwarder i = 0; i < FORWARDERS; i++) { /* without the wrapper's own */
		snprintf(name, sizeof(name), "%s whole XDP program, random prefixes, %s", family, forwarder_names[i]);
		figure__plain(name, median_time(times[i]), "ns");
	}
}

/* What the program without a look-up writes; a neighbour's address of no host. */
static void set_floor(const char *egress)
{
	bpf->bss->egress = if_nametoindex(egress);
	if (!bpf->bss->egress)
		fail(egress, "no such device");
	memcpy(bpf->bss->next_mac, "\2\0\0\0\4\13", 6);
	memcpy(bpf->bss->own_mac, ingress.mac, 6);
}

static void measure_all_programs(const char *egress)
{
	set_floor(egress);
	forwarder_fds[NOTHING] = bpf_program__fd(bpf->progs.nothing);
	forwarder_fds[XFIB] = open_pinned("progs/xdp");
	forwarder_fds[HELPER] = forwarder_fds[HELPER_DIRECT] = bpf_program__fd(bpf->progs.by_helper);
	forwarder_fds[OWN_HELPER] = bpf_program__fd(bpf->progs.by_own);
	forwarder_fds[FLOOR] = bpf_program__fd(bpf->progs.by_nothing);
	for (int is6 = 0; is6 < 2; is6++) {
		if (counts[is6])
			measure_programs(is6);
	}
}

/* Words of the arena that hold something, those that readers can reach, nanoseconds of the last compilation. */
static void print_state(void)
{
	struct xfib_state state;
	uint32_t first = 0;

	if (bpf_map_lookup_elem(open_pinned("xfib_state"), &first, &state))
		fail("xfib_state", strerror(errno));
	printf("%llu %llu %llu\n", (unsigned long long)state.fib_words, (unsigned long long)state.fib_live,
	       (unsigned long long)state.fib_compiled);
}

static void pin(const struct bpf_program *program, const char *directory)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", directory, bpf_program__name(program));
	if (bpf_obj_pin(bpf_program__fd(program), path))
		fail(path, strerror(errno));
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "addresses") && argc == 3) {
		print_addresses(strtoul(argv[2], NULL, 10));
		return 0;
	}
	if (!getenv("XFIB_PIN"))
		fail("XFIB_PIN", "is not set: it names the pin directory of the instance to measure");
	if (!strcmp(what, "state") && argc == 2) {
		print_state();
		return 0;
	}
	if (argc < 4) {
		fputs("usage: lookup addresses COUNT <PREFIXES\n       lookup find INGRESS TABLE NAME <ADDRESSES\n"
		      "       lookup programs INGRESS EGRESS <ADDRESSES\n       lookup pin INGRESS EGRESS DIRECTORY\n"
		      "       lookup state\n", stderr);
		return 2;
	}
	load(argv[2]);
	if (!strcmp(what, "pin") && argc == 5) {
		set_floor(argv[3]);
		pin(bpf->progs.by_helper, argv[4]);
		pin(bpf->progs.by_nothing, argv[4]);
		return 0;
	}
	give_addresses();
	if (!strcmp(what, "find") && argc == 5)
		find(argv[3], argv[4]);
	else if (!strcmp(what, "programs") && argc == 4)
		measure_all_programs(argv[3]);
	else
		fail(what, "no such measurement");
	return 0;
}
