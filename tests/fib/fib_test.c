// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * user/mirror/fib*.c and xfib_fib__* of lookup.h against the oracle, on
 * generated tables: as compiled, and after each of many changes. SEED repeats
 * a run; ROUNDS makes it longer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "subject.h"
#include "tables.h"

#define WORDS (1u << 20)
#define STEPS 600

static uint64_t seed;
static unsigned int rounds = 1;
static struct random shared;

static const int families[] = { 32, 128 };
static const uint32_t nexthop_counts[] = { 1, 2, 64, 4096 };

/* Calls the body for each family and kind of table. */
#define FOR_EACH_TABLE(bits, kind)                                                                                     \
	for (unsigned int round_ = 0; round_ < rounds; round_++)                                                       \
		for (int family_ = 0, bits; family_ < 2 && (bits = families[family_]); family_++)                      \
			for (enum table_kind kind = 0; kind < TABLE_KINDS; kind++)

/* What of a table is being looked at, should it fail. */
static void note(const char *what, int bits, enum table_kind kind, uint64_t wrong)
{
	if (wrong)
		printf("# %s, IPv%d, kind %s: %llu wrong answers\n", what, bits == 32 ? 4 : 6, table_kinds[kind],
		       (unsigned long long)wrong);
	assert_true(!wrong);
}

/* ---- the oracle itself ---- */

static const struct oracle_prefix *find_slowly(const struct oracle_prefix *list, size_t count, address_t address)
{
	const struct oracle_prefix *best = NULL;

	for (size_t i = 0; i < count; i++) {
		if (!((address ^ list[i].address) & address__mask(list[i].length)) && (!best || list[i].length >= best->length))
			best = &list[i];
	}
	return best;
}

static bool same(const struct oracle_prefix *a, const struct oracle_prefix *b)
{
	if (!a || !a->used)
		return !b || !b->used;
	return b && b->used && a->address == b->address && a->length == b->length && a->route == b->route;
}

static void the_oracle_agrees_with_a_linear_search(void **state)
{
	(void)state;
	FOR_EACH_TABLE(bits, kind) {
		struct oracle oracle;
		struct intervals intervals;
		struct oracle_prefix *list;

		oracle__init(&oracle, bits);
		table__generate(kind, &shared, 100, 64, &oracle);
		list = oracle__list(&oracle);
		for (size_t i = 0; i < oracle.count; i += 3) { /* some go, and come back */
			oracle__clear(&oracle, list[i].address, list[i].length);
			assert_null(oracle__get(&oracle, list[i].address, list[i].length));
			oracle__set(&oracle, list[i].address, list[i].length, list[i].route, list[i].target);
		}
		oracle__intervals(&oracle, &intervals);
		for (int i = 0; i < 200; i++) {
			address_t address = oracle.count && i % 2 ? list[i % (int)oracle.count].address - (i % 3 == 0) :
								    table__address(&shared, bits);
			const struct oracle_prefix *expected;

			address &= address__mask(bits);
			expected = find_slowly(list, oracle.count, address);
			assert_true(same(expected, oracle__best(&oracle, address)));
			assert_true(same(expected, &intervals__find(&intervals, address)->best));
		}
		free(list);
		intervals__free(&intervals);
		oracle__free(&oracle);
	}
}

/* ---- whole tables and changes ---- */

static void compile_and_compare(int bits, enum table_kind kind, size_t count, uint32_t nexthops)
{
	struct subject subject;
	struct oracle oracle;
	struct intervals intervals;

	subject__open(&subject, bits, WORDS);
	oracle__init(&oracle, bits);
	table__generate(kind, &shared, count, nexthops, &oracle);
	assert_int_equal(subject__compile(&subject, &oracle), 0);
	assert_int_equal(fib__count(subject.fib, subject.table, subject__family(&subject)), oracle.count);
	note("compiled", bits, kind, subject__compare(&subject, &oracle, &shared));
	oracle__intervals(&oracle, &intervals);
	note("compiled, at random", bits, kind, subject__compare_random(&subject, &intervals, &shared, 2000));
	intervals__free(&intervals);
	oracle__free(&oracle);
	subject__close(&subject);
}

static void a_compiled_table_is_the_oracle(void **state)
{
	(void)state;
	FOR_EACH_TABLE(bits, kind) {
		for (size_t i = 0; i < sizeof(nexthop_counts) / sizeof(nexthop_counts[0]); i++) {
			compile_and_compare(bits, kind, 30, nexthop_counts[i]);
			compile_and_compare(bits, kind, 600, nexthop_counts[i]);
		}
		compile_and_compare(bits, kind, 8000, 64); /* large enough for a root of many entries */
	}
}

/* One random change of a prefix out of `list`, or near it. What the FIB's function returns. */
static int change(struct subject *subject, struct oracle *oracle, const struct oracle_prefix *list, size_t count,
		  uint32_t nexthops, address_t *ret_address, int *ret_length)
{
	uint32_t chosen = count ? random__below(&shared, (uint32_t)count) : 0;
	address_t address = count ? list[chosen].address : table__address(&shared, subject->bits);
	int length = count ? list[chosen].length : (int)random__below(&shared, (uint32_t)subject->bits + 1);
	const struct oracle_prefix *held;

	if (!random__below(&shared, 8)) /* any other length, so that blocks of all depths come and go */
		length = (int)random__below(&shared, (uint32_t)subject->bits + 1);
	address &= address__mask(length);
	*ret_address = address;
	*ret_length = length;
	held = oracle__get(oracle, address, length);
	if (held && random__below(&shared, 3))
		return subject__clear(subject, oracle, address, length);
	/* The same route by another next hop, or another route. */
	return subject__set(subject, oracle, address, length,
			    held && random__below(&shared, 2) ? held->route : (uint32_t)random__next(&shared) | 1,
			    table__target(&shared, nexthops));
}

static void clear_all(struct subject *subject, struct oracle *oracle)
{
	struct oracle_prefix *list = oracle__list(oracle);
	size_t count = oracle->count;

	for (size_t i = count; i > 1; i--) {
		uint32_t other = random__below(&shared, (uint32_t)i);
		struct oracle_prefix swapped = list[other];

		list[other] = list[i - 1];
		list[i - 1] = swapped;
	}
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(subject__clear(subject, oracle, list[i].address, list[i].length), 0);
		if (!(i % 64))
			assert_true(!subject__compare_around(subject, oracle, list[i].address, list[i].length, &shared));
	}
	free(list);
}

/* The same prefixes compiled in another table of the same FIB answer alike, and their words go with it. */
static void compare_with_compiled(struct subject *subject, const struct oracle *oracle, enum table_kind kind)
{
	struct subject other = *subject;
	uint64_t live = fib__usage(subject->fib).words_live;

	other.table = subject->table + 1;
	assert_int_equal(subject__compile(&other, oracle), 0);
	note("compiled beside the changed one", subject->bits, kind, subject__compare(&other, oracle, &shared));
	fib__drop(subject->fib, other.table, subject__family(subject));
	assert_int_equal(fib__root(subject->fib, other.table, subject__family(subject)), 0);
	assert_int_equal(fib__usage(subject->fib).words_live, live);
}

static void change_and_compare(int bits, enum table_kind kind, size_t count, unsigned int steps, bool from_compiled)
{
	uint32_t nexthops = nexthop_counts[random__below(&shared, 4)];
	struct oracle oracle, universe;
	struct oracle_prefix *list;
	struct subject subject;
	uint64_t live;

	subject__open(&subject, bits, WORDS);
	oracle__init(&oracle, bits);
	oracle__init(&universe, bits);
	table__generate(kind, &shared, count, nexthops, &universe);
	list = oracle__list(&universe);
	assert_int_equal(subject__compile(&subject, &oracle), 0);
	live = fib__usage(subject.fib).words_live;
	if (from_compiled) {
		for (size_t i = 0; i < universe.count; i++)
			oracle__set(&oracle, list[i].address, list[i].length, list[i].route, list[i].target);
		assert_int_equal(subject__compile(&subject, &oracle), 0);
	}
	for (unsigned int step = 0; step < steps; step++) {
		address_t address;
		int length;

		assert_int_equal(change(&subject, &oracle, list, universe.count, nexthops, &address, &length), 0);
		note("after a change", bits, kind, subject__compare_around(&subject, &oracle, address, length, &shared));
		if (!((step + 1) % 128))
			note("after changes", bits, kind, subject__compare(&subject, &oracle, &shared));
		if (!random__below(&shared, 16))
			fib__work(subject.fib);
	}
	note("after all changes", bits, kind, subject__compare(&subject, &oracle, &shared));
	compare_with_compiled(&subject, &oracle, kind);
	clear_all(&subject, &oracle);
	note("cleared", bits, kind, subject__compare(&subject, &oracle, &shared));
	if (fib__usage(subject.fib).words_live > live) { /* a root that has grown stays until the next compilation */
		assert_true(from_compiled);
		assert_int_equal(subject__compile(&subject, &oracle), 0);
	}
	assert_int_equal(fib__usage(subject.fib).words_live, live);
	free(list);
	oracle__free(&oracle);
	oracle__free(&universe);
	subject__close(&subject);
}

static void changes_are_the_oracle(void **state)
{
	(void)state;
	FOR_EACH_TABLE(bits, kind) {
		change_and_compare(bits, kind, 8, STEPS / 2, false);
		change_and_compare(bits, kind, 300, STEPS, false);
		change_and_compare(bits, kind, 300, STEPS / 2, true);
	}
	change_and_compare(32, TABLE_MIXED, 12000, STEPS, true);
	change_and_compare(128, TABLE_MIXED, 12000, STEPS, true);
}

/* ---- many tables in one arena ---- */

static void small_tables_are_small_and_their_own(void **state)
{
	enum { TABLES = 200 };
	static struct oracle oracles[TABLES];
	struct subject subject, each;
	uint64_t before, words;

	(void)state;
	subject__open(&subject, 32, WORDS);
	before = fib__usage(subject.fib).words_live;
	for (int i = 0; i < TABLES; i++) {
		oracle__init(&oracles[i], families[i % 2]);
		table__generate(TABLE_FEW, &shared, 0, 64, &oracles[i]);
	}
	for (int pass = 0; pass < 2; pass++) { /* each is set, then changed when all others are there */
		for (int i = 0; i < TABLES; i++) {
			struct oracle_prefix *list = oracle__list(&oracles[i]);

			each = subject;
			each.bits = families[i % 2];
			each.table = (uint32_t)(i * 7919);
			for (size_t j = 0; j < oracles[i].count; j++)
				assert_int_equal(subject__set(&each, &oracles[i], list[j].address, list[j].length, list[j].route,
							      table__target(&shared, 64)), 0);
			free(list);
		}
	}
	words = fib__usage(subject.fib).words_live - before;
	printf("# %d tables of one to ten routes: %llu bytes each\n", TABLES, (unsigned long long)words * 8 / TABLES);
	assert_in_range(words * 8 / TABLES, 1, 8192);
	for (int i = 0; i < TABLES; i++) {
		each = subject;
		each.bits = families[i % 2];
		each.table = (uint32_t)(i * 7919);
		note("one of many tables", each.bits, TABLE_FEW, subject__compare(&each, &oracles[i], &shared));
		clear_all(&each, &oracles[i]);
		oracle__free(&oracles[i]);
		fib__drop(subject.fib, each.table, subject__family(&each));
	}
	assert_int_equal(fib__usage(subject.fib).words_live, before);
	subject__close(&subject);
}

/* Once a table is compiled anew, over and over, nothing of the old ones stays. */
static void compiling_again_leaks_nothing(void **state)
{
	(void)state;
	for (int family = 0; family < 2; family++) {
		struct subject subject;
		struct oracle oracle;
		uint64_t live = 0;

		subject__open(&subject, families[family], WORDS);
		oracle__init(&oracle, families[family]);
		table__generate(TABLE_MIXED, &shared, 6000, 64, &oracle);
		for (int i = 0; i < 40; i++) {
			assert_int_equal(subject__compile(&subject, &oracle), 0);
			if (!i)
				live = fib__usage(subject.fib).words_live;
			assert_int_equal(fib__usage(subject.fib).words_live, live);
		}
		note("compiled again", families[family], TABLE_MIXED, subject__compare(&subject, &oracle, &shared));
		oracle__free(&oracle);
		subject__close(&subject);
	}
}

/* One block from no run to 256 and back, in random order: its head is now ranges, now a bitmap. */
static void a_block_has_any_number_of_runs(void **state)
{
	(void)state;
	for (int family = 0; family < 2; family++) {
		int bits = families[family], length = bits == 32 ? 32 : 48;
		struct subject subject;
		struct oracle oracle;
		uint8_t order[256];

		subject__open(&subject, bits, WORDS);
		oracle__init(&oracle, bits);
		for (int i = 0; i < 256; i++) {
			int other = (int)random__below(&shared, (uint32_t)i + 1);

			order[i] = order[other];
			order[other] = (uint8_t)i;
		}
		for (int i = 0; i < 512; i++) {
			address_t address = (address_t)0x20010d0000000000u << 64 | (address_t)order[i % 256] << (128 - length);

			if (i < 256)
				assert_int_equal(subject__set(&subject, &oracle, address, length, (uint32_t)i + 1, 1), 0);
			else
				assert_int_equal(subject__clear(&subject, &oracle, address, length), 0);
			note("a block", bits, TABLE_MIXED, subject__compare(&subject, &oracle, &shared));
			if (i % 16 == 15)
				compare_with_compiled(&subject, &oracle, TABLE_MIXED);
		}
		oracle__free(&oracle);
		subject__close(&subject);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_oracle_agrees_with_a_linear_search),
		cmocka_unit_test(a_compiled_table_is_the_oracle),
		cmocka_unit_test(changes_are_the_oracle),
		cmocka_unit_test(small_tables_are_small_and_their_own),
		cmocka_unit_test(compiling_again_leaks_nothing),
		cmocka_unit_test(a_block_has_any_number_of_runs),
	};

	seed = random__seed();
	shared.state = seed;
	if (getenv("ROUNDS"))
		rounds = (unsigned int)strtoul(getenv("ROUNDS"), NULL, 10);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
