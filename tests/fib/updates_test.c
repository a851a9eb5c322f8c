// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * A day of updates, applied to the RIB and its compiled FIB:
 *
 *	updates_test            a small table in plain memory, against the oracle
 *	updates_test full       full tables, likewise, then in BPF maps
 *	updates_test time       full tables in BPF maps (as root, else memory): prints one JSON array
 *
 * Tables are those of TABLE4 and TABLE6, updates (`A PREFIX` or `W PREFIX` a
 * line, .xz and .gz too) those of UPDATES4 and UPDATES6, or generated.
 * An announcement takes a next hop by a hash of the prefix and its position, so that
 * nearly each changes something. What withdraws a route that is not there is not counted.
 *
 * After every COMPARE_EVERY updates each boundary of each prefix is compared;
 * then all updates are taken back, last one first, and the look-ups are those
 * of the beginning.
 */
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <xfib/lookup.h>

#include "bpf_maps.h"
#include "hash.h"
#include "memory_maps.h"
#include "rib.h"
#include "subject.h"
#include "tables.h"
#include "tap.h"

#define NEXTHOPS 64
#define COMPARE_EVERY 10000
#define SETTLE_EVERY 64 /* as the daemon does after each batch of messages */

struct update {
	address_t address;
	uint8_t length;
	uint8_t nexthop; /* from 1 on; 0: withdrawn */
	uint8_t before;  /* likewise, what there was when it was applied */
};

/* What one run replays. */
struct replay {
	int bits;
	struct oracle oracle; /* target: number of the next hop */
	struct update *updates;
	size_t count;
	struct maps *maps;
	struct bpf_maps *bpf; /* NULL: in plain memory */
	struct nexthops *nexthops;
	struct rib *rib;
	uint32_t *took; /* nanoseconds, of each change */
	size_t changes, applied, failed;
	bool loaded; /* the compiled FIB follows, as after a first dump */
};

static size_t table_count[2], update_count;

static _Noreturn void fail(const char *what, const char *why)
{
	fprintf(stderr, "updates_test: %s: %s\n", what, why);
	exit(2);
}

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* ---- updates ---- */

static FILE *open_updates(const char *program, int bits, const char **ret_path)
{
	const char *path = getenv(bits == 32 ? "UPDATES4" : "UPDATES6");
	FILE *file;

	*ret_path = path && *path ? path : "xfib-gen --updates";
	file = path && *path ? table__open(path) : table__generate_updates(program, table_count[bits == 128], update_count, bits);
	if (!file)
		fail(*ret_path, strerror(errno));
	return file;
}

static void read_updates(struct replay *replay, const char *program)
{
	size_t room = 1024;
	const char *path;
	FILE *file = open_updates(program, replay->bits, &path);
	char line[256];

	replay->updates = calloc(room, sizeof(*replay->updates));
	while (replay->updates && fgets(line, sizeof(line), file)) {
		struct update *update = &replay->updates[replay->count];
		int length;

		if ((line[0] != 'A' && line[0] != 'W') || line[1] != ' ' ||
		    prefix__parse(line + 2, replay->bits, &update->address, &length))
			fail(path, "a line is neither A PREFIX nor W PREFIX of the family");
		update->length = (uint8_t)length;
		update->nexthop = line[0] == 'W' ? 0 :
				  (uint8_t)(1 + random__mix(random__mix((uint64_t)(update->address >> 64) + update->length) +
							    replay->count) % NEXTHOPS);
		if (++replay->count == room) {
			replay->updates = realloc(replay->updates, 2 * room * sizeof(*replay->updates));
			memset(replay->updates + room, 0, room * sizeof(*replay->updates));
			room *= 2;
		}
	}
	table__close(file, path);
	replay->took = calloc(replay->count + 1, sizeof(*replay->took));
	if (!replay->updates || !replay->took)
		fail(path, "out of memory");
}

/* ---- the RIB ---- */

static void device(uint32_t ifindex, struct nexthop_device *ret_device, void *data)
{
	(void)ifindex, (void)data;
	*ret_device = (struct nexthop_device){ .mtu4 = 1500, .mtu6 = 1500, .ethernet = true };
}

static void open_rib(struct replay *replay, bool in_bpf)
{
	uint32_t room = (uint32_t)(replay->oracle.count + replay->oracle.count / 4 + replay->count / 4 + 100000);
	/* Twice the words: those of a small IPv6 table are scattered, and nothing here shall be left to the trie. */
	const struct map_sizes sizes = { .routes = room, .nexthops = 1024, .groups = 64, .links = 64, .addresses = 64,
					 .neighbours = 64, .rules = 16, .fib_words = 2 * map_sizes__fib_words(room) };
	int err;

	err = in_bpf ? bpf_maps__create(&sizes, &replay->bpf) : memory_maps__create(&sizes, &replay->maps);
	if (!err && in_bpf)
		replay->maps = &replay->bpf->maps;
	if (!err)
		err = nexthops__new(replay->maps, device, NULL, &replay->nexthops);
	if (!err)
		err = rib__new(replay->maps, replay->nexthops, &replay->rib);
	if (err)
		fail("making the maps", strerror(-err));
	rib__want_fib(replay->rib);
}

static void close_rib(struct replay *replay)
{
	rib__free(replay->rib);
	nexthops__free(replay->nexthops);
	if (replay->bpf)
		bpf_maps__destroy(replay->bpf);
	else
		memory_maps__destroy(replay->maps);
	replay->bpf = NULL;
}

static void put_address(address_t address, uint8_t bytes[16])
{
	for (int i = 0; i < 16; i++)
		bytes[i] = (uint8_t)(address >> (120 - 8 * i));
}

static void make_route(int bits, address_t address, int length, uint32_t nexthop, struct rib_path *path,
		       struct rib_route *ret_route)
{
	uint8_t family = bits == 32 ? XFIB_INET : XFIB_INET6;

	memset(path, 0, sizeof(*path));
	path->weight = 1;
	path->nexthop.ifindex = 1;
	path->nexthop.family = path->nexthop.gateway_family = family;
	path->nexthop.type = XFIB_ROUTE_UNICAST;
	path->nexthop.gateway[0] = 10;
	path->nexthop.gateway[3] = (uint8_t)nexthop;
	*ret_route = (struct rib_route){ .family = family, .prefix_length = (uint8_t)length, .type = XFIB_ROUTE_UNICAST,
					 .owner = XFIB_OWNER_KERNEL, .table = XFIB_TABLE_MAIN, .path_count = 1, .paths = path };
	put_address(address, ret_route->prefix);
}

/* Makes a prefix lead to a next hop, or with 0 to none. `held`: where it leads now. Nanoseconds that it took. */
static uint64_t apply(struct replay *replay, address_t address, int length, uint32_t held, uint32_t nexthop)
{
	struct rib_route route;
	struct rib_path path;
	uint64_t begin, took;
	int err;

	make_route(replay->bits, address, length, nexthop ? nexthop : held, &path, &route);
	begin = now();
	err = nexthop ? rib__add(replay->rib, &route, RIB_REPLACE) : rib__delete(replay->rib, &route);
	if (replay->loaded && !(++replay->applied % SETTLE_EVERY))
		rib__settle_fib(replay->rib);
	took = now() - begin;
	if (err)
		replay->failed++;
	else if (nexthop)
		oracle__set(&replay->oracle, address, length, 0, nexthop);
	else
		oracle__clear(&replay->oracle, address, length);
	return took;
}

static uint32_t held_by(const struct replay *replay, address_t address, int length)
{
	const struct oracle_prefix *prefix = oracle__get(&replay->oracle, address, length);

	return prefix ? prefix->target : 0;
}

static void load(struct replay *replay)
{
	struct oracle_prefix *list = oracle__list(&replay->oracle);
	uint64_t begin = now();

	for (size_t i = 0, count = replay->oracle.count; i < count; i++)
		apply(replay, list[i].address, list[i].length, 0, list[i].target);
	free(list);
	replay->loaded = true;
	rib__settle_fib(replay->rib);
	fprintf(stderr, "# IPv%d: %zu routes into the RIB in %.2f s, of it %.2f s compiling\n", replay->bits == 32 ? 4 : 6,
		replay->oracle.count, (double)(now() - begin) / 1e9, (double)replay->maps->state->fib_compiled / 1e9);
}

/* ---- look-ups ---- */

/* The answer in the compiled FIB, as far as it can be compared: next hop and length of the route, or "left to the trie". */
static bool is_right(const struct replay *replay, address_t address, const struct oracle_prefix *best, uint64_t *trie)
{
	const struct maps *maps = replay->maps;
	uint32_t mask = maps->sizes.fib_words - 1, leaf;
	uint64_t root = replay->bits == 32 ? maps->state->root4 : maps->state->root6;
	const struct xfib_route *route;
	struct xfib_fib_step step;

	if (!root) {
		++*trie;
		return true;
	}
	step = replay->bits == 32 ?
		       xfib_fib__find4(maps->fib_words, mask, root, (uint32_t)(address >> 96)) :
		       xfib_fib__find6(maps->fib_words, mask, root, (uint64_t)(address >> 64), (uint64_t)address);
	leaf = step.reference & 0xffff;
	*trie += leaf == XFIB_LEAF_TRIE;
	if (leaf == XFIB_LEAF_TRIE)
		return true;
	if (!best->used || leaf == XFIB_LEAF_NONE)
		return !best->used && leaf == XFIB_LEAF_NONE;
	route = &maps->routes[((const uint32_t *)maps->fib_routes)[step.position]];
	return maps->nexthops[leaf].gateway[3] == best->target && route->nexthop == leaf &&
	       route->prefix_length == best->length;
}

static uint64_t compare(const struct replay *replay, uint64_t *trie)
{
	address_t step = address__step(replay->bits), all = address__mask(replay->bits);
	struct intervals intervals;
	uint64_t wrong = 0;

	oracle__intervals(&replay->oracle, &intervals);
	for (size_t i = 0; i < intervals.count; i++) {
		const struct interval *interval = &intervals.list[i];
		address_t last = ((i + 1 < intervals.count ? interval[1].begin : 0) - step) & all;

		wrong += !is_right(replay, interval->begin, &interval->best, trie);
		wrong += !is_right(replay, last, &interval->best, trie);
		wrong += !is_right(replay, interval->begin + (((last - interval->begin) / 2) & all), &interval->best, trie);
	}
	intervals__free(&intervals);
	return wrong;
}

/* ---- replaying ---- */

static void forward(struct replay *replay, bool compared, uint64_t *wrong, uint64_t *trie)
{
	replay->changes = 0;
	for (size_t i = 0; i < replay->count; i++) {
		struct update *update = &replay->updates[i];
		uint32_t held = held_by(replay, update->address, update->length);

		update->before = (uint8_t)held;
		if (held || update->nexthop)
			replay->took[replay->changes++] =
				(uint32_t)apply(replay, update->address, update->length, held, update->nexthop);
		if (compared && (i + 1) % COMPARE_EVERY == 0)
			*wrong += compare(replay, trie);
	}
}

static void backward(struct replay *replay)
{
	for (size_t i = replay->count; i--;) {
		const struct update *update = &replay->updates[i];
		uint32_t held = held_by(replay, update->address, update->length);

		if (held != update->before)
			apply(replay, update->address, update->length, held, update->before);
	}
}

static bool same_tables(const struct oracle *a, const struct oracle *b)
{
	struct oracle_prefix *left = oracle__list(a), *right = oracle__list(b);
	bool same = a->count == b->count;

	for (size_t i = 0; same && i < a->count; i++)
		same = left[i].address == right[i].address && left[i].length == right[i].length && left[i].target == right[i].target;
	free(left);
	free(right);
	return same;
}

static void read_table(struct replay *replay, const char *program, int bits)
{
	memset(replay, 0, sizeof(*replay));
	replay->bits = bits;
	oracle__init(&replay->oracle, bits);
	table__read(program, table_count[bits == 128], NEXTHOPS, &replay->oracle);
	read_updates(replay, program);
}

static void free_replay(struct replay *replay)
{
	oracle__free(&replay->oracle);
	free(replay->updates);
	free(replay->took);
}

static int by_number(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

	return a < b ? -1 : a > b;
}

struct figures {
	double per_second, p50, p99, longest; /* microseconds */
	size_t changes;
};

static struct figures figures_of(const struct replay *replay)
{
	struct figures figures = { .changes = replay->changes };
	uint64_t total = 0;

	qsort(replay->took, replay->changes, sizeof(*replay->took), by_number);
	for (size_t i = 0; i < replay->changes; i++)
		total += replay->took[i];
	if (!replay->changes)
		return figures;
	figures.per_second = (double)replay->changes * 1e9 / (double)total;
	figures.p50 = replay->took[replay->changes / 2] / 1e3;
	figures.p99 = replay->took[replay->changes - 1 - replay->changes / 100] / 1e3;
	figures.longest = replay->took[replay->changes - 1] / 1e3;
	return figures;
}

static void test_family(const char *program, int bits, bool in_bpf)
{
	int family = bits == 32 ? 4 : 6;
	const char *where = in_bpf ? "BPF maps" : "memory";
	uint64_t wrong = 0, trie = 0;
	struct figures figures;
	struct replay replay;
	struct oracle first;

	read_table(&replay, program, bits);
	oracle__init(&first, bits);
	table__read(program, table_count[bits == 128], NEXTHOPS, &first);
	open_rib(&replay, in_bpf);
	load(&replay);
	wrong = compare(&replay, &trie);
	tap__result(!wrong && !trie && !replay.failed, "IPv%d, %s: %zu routes loaded: %llu wrong, %llu left to the trie", family,
		    where, replay.oracle.count, (unsigned long long)wrong, (unsigned long long)trie);
	wrong = trie = 0;
	forward(&replay, true, &wrong, &trie);
	wrong += compare(&replay, &trie);
	figures = figures_of(&replay);
	tap__result(!wrong && !trie && !replay.failed,
		    "IPv%d, %s: %zu changes, compared after every %d updates: %llu wrong, %llu left to the trie, %zu failed", family,
		    where, figures.changes, COMPARE_EVERY, (unsigned long long)wrong, (unsigned long long)trie, replay.failed);
	printf("# %.0f changes a second; one takes %.1f us, 99 of 100 at most %.1f us, the longest %.1f us\n", figures.per_second,
	       figures.p50, figures.p99, figures.longest);
	backward(&replay);
	wrong = compare(&replay, &trie);
	tap__result(!wrong && !trie && !replay.failed && same_tables(&first, &replay.oracle),
		    "IPv%d, %s: taken back, last one first: the look-ups of the beginning, %llu wrong, %llu left to the trie, %zu failed",
		    family, where, (unsigned long long)wrong, (unsigned long long)trie, replay.failed);
	printf("# words: %llu live, %llu used of %u; %llu times left to the trie, %llu compactions\n",
	       (unsigned long long)replay.maps->state->fib_live, (unsigned long long)replay.maps->state->fib_words,
	       replay.maps->sizes.fib_words, (unsigned long long)replay.maps->state->fib_escapes,
	       (unsigned long long)replay.maps->state->fib_compactions);
	close_rib(&replay);
	oracle__free(&first);
	free_replay(&replay);
}

/* ---- time ---- */

static void print_figure(const char *name, double value, const char *unit, double target, int direction)
{
	static bool printed;

	printf("%s{\"name\":\"%s\",\"value\":%.1f,\"unit\":\"%s\"", printed ? ",\n" : "[", name, value, unit);
	if (target > 0)
		printf(",\"target\":%.0f,\"met\":%s", target, direction * (value - target) >= 0 ? "true" : "false");
	printf(",\"baseline\":null}");
	printed = true;
}

static void time_updates(const char *program)
{
	struct replay replay;
	struct figures all = { 0 };
	uint32_t *took = NULL;
	size_t count = 0;

	for (int bits = 32; bits <= 128; bits *= 4) {
		uint64_t wrong = 0, trie = 0;

		read_table(&replay, program, bits);
		open_rib(&replay, !geteuid());
		load(&replay);
		forward(&replay, false, &wrong, &trie);
		if (replay.failed || compare(&replay, &trie))
			fail("replaying the updates", "changes failed, or look-ups are wrong afterwards");
		if (trie)
			fprintf(stderr, "updates_test: %llu look-ups are left to the trie\n", (unsigned long long)trie);
		took = realloc(took, (count + replay.changes + 1) * sizeof(*took));
		if (!took)
			fail("taking the times together", "out of memory");
		memcpy(took + count, replay.took, replay.changes * sizeof(*took));
		count += replay.changes;
		close_rib(&replay);
		free_replay(&replay);
	}
	all = figures_of(&(struct replay){ .took = took, .changes = count });
	print_figure("updates, RIB and FIB", all.per_second, "changes a second", 300000, 1);
	print_figure("updates, median of one", all.p50, "us", 0, 0);
	print_figure("updates, p99 of one", all.p99, "us", 50, -1);
	print_figure("updates, longest", all.longest, "us", 0, 0);
	print_figure("updates", (double)all.changes, "changes", 0, 0);
	puts("]");
	free(took);
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";
	bool small = !*mode;

	hash__init();
	table_count[0] = small ? 60000 : 1042325;
	table_count[1] = small ? 30000 : 246175;
	update_count = small ? 60000 : 1300000;
	if (!strcmp(mode, "time")) {
		time_updates(argv[0]);
		return 0;
	}
	if (!small && strcmp(mode, "full"))
		fail(mode, "must be full, time or nothing");
	for (int bits = 32; bits <= 128; bits *= 4) {
		test_family(argv[0], bits, false);
		if (geteuid())
			tap__skip("in BPF maps", "only root may make them");
		else
			test_family(argv[0], bits, true);
	}
	return tap__finish();
}
