// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Full tables through the compiled FIB against the oracle:
 *
 *	full_test [exhaustive]
 *
 * The tables are those of TABLE4 and TABLE6, or generated. Every boundary of
 * every prefix and its neighbours, random addresses (ADDRESSES), the same again
 * after many changes; exhaustive: every IPv4 address too. Some of the
 * generated tables' prefixes are longer than /24 and /48, and there is a default.
 */
#include <string.h>
#include <time.h>
#include <xfib/lookup.h>

#include "subject.h"
#include "tables.h"
#include "tap.h"

#define WORDS (1u << 22)
#define ROUTES4 1042325
#define ROUTES6 246175
#define NEXTHOPS 64
#define CHANGES 50000

static struct random shared;
static uint64_t random_count;
static bool exhaustive;

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Every address of an interval has one answer; positions differ, so that each is looked up. */
static uint64_t sweep(const struct maps *maps, uint64_t root, uint64_t begin, uint64_t end, struct answer expected)
{
	const uint32_t *routes = (const uint32_t *)maps->fib_routes;
	uint32_t mask = maps->sizes.fib_words - 1;
	uint64_t wrong = 0;

	for (uint64_t address = begin; address < end; address++) {
		struct xfib_fib_step step = xfib_fib__find4(maps->fib_words, mask, root, (uint32_t)address);

		wrong += (step.reference & 0xffff) != expected.leaf ||
			 (routes[step.position] != expected.route && expected.leaf != XFIB_LEAF_NONE &&
			  expected.leaf != XFIB_LEAF_TRIE);
	}
	return wrong;
}

static uint64_t sweep_all(const struct subject *subject, const struct intervals *intervals)
{
	uint64_t root = fib__root(subject->fib, subject->table, XFIB_INET), wrong = 0;

	for (size_t i = 0; i < intervals->count; i++) {
		const struct interval *interval = &intervals->list[i];
		uint64_t begin = (uint64_t)(interval->begin >> 96);
		uint64_t end = i + 1 < intervals->count ? (uint64_t)(interval[1].begin >> 96) : 1ull << 32;
		uint64_t here = sweep(subject->maps, root, begin, end, answer__of(&interval->best));

		if (here) /* shows which */
			subject__check((struct subject *)subject, interval->begin, &interval->best);
		wrong += here;
	}
	return wrong;
}

static void compare(struct subject *subject, const struct oracle *oracle, const char *when)
{
	int family = subject->bits == 32 ? 4 : 6;
	struct intervals intervals;
	double begin = seconds();
	uint64_t wrong = subject__compare(subject, oracle, &shared);

	tap__result(!wrong, "IPv%d, %s: every boundary of %zu prefixes and its neighbours, %llu wrong (%.1f s)", family, when,
		    oracle->count, (unsigned long long)wrong, seconds() - begin);
	oracle__intervals(oracle, &intervals);
	begin = seconds();
	wrong = subject__compare_random(subject, &intervals, &shared, random_count);
	tap__result(!wrong, "IPv%d, %s: %llu random addresses, %llu wrong (%.1f s)", family, when,
		    (unsigned long long)random_count, (unsigned long long)wrong, seconds() - begin);
	if (exhaustive && subject->bits == 32) {
		begin = seconds();
		wrong = sweep_all(subject, &intervals);
		tap__result(!wrong, "IPv4, %s: all 4294967296 addresses, %llu wrong (%.1f s)", when, (unsigned long long)wrong,
			    seconds() - begin);
	}
	intervals__free(&intervals);
}

/* Withdraws, announces and changes prefixes of the table, in random order, and some that are not in it. */
static void change(struct subject *subject, struct oracle *oracle)
{
	struct oracle_prefix *list = oracle__list(oracle);
	size_t count = oracle->count;
	uint64_t wrong = 0;
	double begin = seconds();
	int refused = 0;

	for (int i = 0; i < CHANGES; i++) {
		struct oracle_prefix prefix = list[random__next(&shared) % count];

		if (!random__below(&shared, 4))
			prefix.length = (uint8_t)random__below(&shared, (uint32_t)subject->bits + 1);
		if (prefix.length < (subject->bits == 32 ? 8 : 29) && random__below(&shared, 256))
			prefix.length = (uint8_t)(subject->bits == 32 ? 24 : 48); /* the shortest ones take milliseconds */
		prefix.address &= address__mask(prefix.length);
		if (oracle__get(oracle, prefix.address, prefix.length) && random__below(&shared, 2))
			refused += subject__clear(subject, oracle, prefix.address, prefix.length) != 0;
		else
			refused += subject__set(subject, oracle, prefix.address, prefix.length,
						(uint32_t)random__next(&shared) | 1, table__target(&shared, NEXTHOPS)) != 0;
		if (!(i % 16))
			wrong += subject__compare_around(subject, oracle, prefix.address, prefix.length, &shared);
	}
	free(list);
	tap__result(!wrong && !refused, "IPv%d: around each of %d changes, %llu wrong, %d refused (%.1f s)",
		    subject->bits == 32 ? 4 : 6, CHANGES, (unsigned long long)wrong, refused, seconds() - begin);
}

static void test_family(const char *program, int bits)
{
	const char *file = getenv(bits == 32 ? "TABLE4" : "TABLE6");
	struct fib_usage usage;
	struct subject subject;
	struct oracle oracle;
	double begin;
	int err;

	subject__open(&subject, bits, WORDS);
	oracle__init(&oracle, bits);
	if (!file || !*file) {
		table__generate(TABLE_MIXED, &shared, 4000, NEXTHOPS, &oracle);
		oracle__set(&oracle, 0, 0, 1, 1);
	}
	table__read(program, bits == 32 ? ROUTES4 : ROUTES6, NEXTHOPS, &oracle);
	begin = seconds();
	err = subject__compile(&subject, &oracle);
	usage = fib__usage(subject.fib);
	tap__result(!err, "IPv%d: %zu prefixes compile: error %d (%.2f s, sorting included; %.1f MB live, %.1f MB used)",
		    bits == 32 ? 4 : 6, oracle.count, err, seconds() - begin, (double)usage.words_live * 8 / 1e6,
		    (double)usage.words_used * 8 / 1e6);
	if (!err) {
		compare(&subject, &oracle, "compiled");
		change(&subject, &oracle);
		compare(&subject, &oracle, "changed");
		usage = fib__usage(subject.fib);
		printf("# words: %llu live, %llu used; %llu blocks written, %llu changes in place, %llu grace periods, %llu compactions\n",
		       (unsigned long long)usage.words_live, (unsigned long long)usage.words_used,
		       (unsigned long long)usage.blocks_written, (unsigned long long)usage.in_place,
		       (unsigned long long)usage.graces, (unsigned long long)usage.compactions);
	}
	oracle__free(&oracle);
	subject__close(&subject);
}

int main(int argc, char **argv)
{
	exhaustive = argc > 1 && !strcmp(argv[1], "exhaustive");
	random_count = getenv("ADDRESSES") ? strtoull(getenv("ADDRESSES"), NULL, 10) : exhaustive ? 10000000 : 1000000;
	shared.state = random__seed();
	test_family(argv[0], 32);
	test_family(argv[0], 128);
	return tap__finish();
}
