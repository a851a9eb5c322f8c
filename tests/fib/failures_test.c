// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * user/mirror/fib*.c where something fails: the n-th piece of the arena or the
 * n-th allocation, for every n that an operation gets to; arenas that are too
 * small for the table, and grace periods that fail there.
 *
 * A compilation that fails leaves the old FIB whole. A change that fails has
 * been made, but for parts that ask the trie. No answer is ever wrong.
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

#define WORDS (1u << 19)
#define ANY_FAILURES 200 /* of one operation */

static struct random shared;
static unsigned int rounds = 1;
static const int families[] = { 32, 128 };

/* ---- what fails ---- */

enum failing { FAIL_ARENA, FAIL_MEMORY, FAILINGS };

static const char *const failing_names[FAILINGS] = { "the arena", "memory" };

static struct {
	bool armed;
	enum failing what;
	unsigned int left; /* calls that succeed before */
	bool failed;
} failure;

static bool fails(enum failing what)
{
	if (!failure.armed || failure.what != what)
		return false;
	if (failure.left) {
		failure.left--;
		return false;
	}
	failure.failed = true;
	return true;
}

struct fib;
int __real_arena__take(struct fib *fib, uint32_t words, uint32_t *ret_word);
int __wrap_arena__take(struct fib *fib, uint32_t words, uint32_t *ret_word);
int __real_arena__take_chunks(struct fib *fib, uint32_t words, uint32_t *ret_word);
int __wrap_arena__take_chunks(struct fib *fib, uint32_t words, uint32_t *ret_word);
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size);

int __wrap_arena__take(struct fib *fib, uint32_t words, uint32_t *ret_word)
{
	return fails(FAIL_ARENA) ? -ENOSPC : __real_arena__take(fib, words, ret_word);
}

int __wrap_arena__take_chunks(struct fib *fib, uint32_t words, uint32_t *ret_word)
{
	return fails(FAIL_ARENA) ? -ENOSPC : __real_arena__take_chunks(fib, words, ret_word);
}

void *__wrap_malloc(size_t size)
{
	return fails(FAIL_MEMORY) ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails(FAIL_MEMORY) ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
	return fails(FAIL_MEMORY) ? NULL : __real_realloc(memory, size);
}

/* Of two grace periods one fails. */
static int wait_for_programs(struct maps *maps)
{
	(void)maps;
	return random__below(&shared, 2) ? -EAGAIN : 0;
}

static const struct map_ops unreliable = { .wait_for_programs = wait_for_programs };

static void arm(enum failing what, unsigned int after)
{
	failure.armed = true;
	failure.what = what;
	failure.left = after;
	failure.failed = false;
}

/* ---- one operation ---- */

enum operation { COMPILE, SET, CLEAR };

struct step {
	enum operation operation;
	address_t address;
	int length;
	uint32_t route, target;
};

/* Without the oracle's own memory among what fails. */
static int apply(struct subject *subject, const struct oracle *before, const struct oracle *after, const struct step *step,
		 enum failing what, unsigned int fail_after)
{
	struct fib_prefix *prefixes = calloc(after->count + 1, sizeof(*prefixes)), prefix, covering;
	struct oracle_prefix *list = oracle__list(after);
	const struct oracle_prefix *cover;
	uint8_t family = subject__family(subject);
	int err;

	for (size_t i = 0; i < after->count; i++)
		prefixes[i] = prefix__of(&list[i]);
	cover = oracle__cover(before, step->address, step->length);
	if (cover)
		covering = prefix__of(cover);
	prefix = prefix__of(oracle__get(step->operation == CLEAR ? before : after, step->address, step->length));
	arm(what, fail_after);
	if (step->operation == COMPILE)
		err = fib__compile(subject->fib, subject->table, family, prefixes, after->count);
	else if (step->operation == SET)
		err = fib__set(subject->fib, subject->table, family, &prefix);
	else
		err = fib__clear(subject->fib, subject->table, family, &prefix, cover ? &covering : NULL);
	failure.armed = false;
	free(prefixes);
	free(list);
	return err;
}

static void copy(const struct oracle *oracle, struct oracle *ret_copy)
{
	struct oracle_prefix *list = oracle__list(oracle);

	oracle__init(ret_copy, oracle->bits);
	for (size_t i = 0; i < oracle->count; i++)
		oracle__set(ret_copy, list[i].address, list[i].length, list[i].route, list[i].target);
	free(list);
}

static void random_step(const struct oracle *oracle, struct step *step)
{
	struct oracle_prefix *list = oracle__list(oracle);
	const struct oracle_prefix *chosen = &list[oracle->count ? random__below(&shared, (uint32_t)oracle->count) : 0];

	step->operation = (enum operation)random__below(&shared, 3);
	if (oracle->count && (step->operation == CLEAR || random__below(&shared, 2))) {
		step->address = chosen->address;
		step->length = chosen->length;
	} else {
		step->operation = SET;
		step->address = table__address(&shared, oracle->bits);
		step->length = (int)random__below(&shared, (uint32_t)oracle->bits + 1);
		if (oracle->count && random__below(&shared, 2)) /* near others, where blocks have to be divided */
			step->address = chosen->address;
		step->address &= address__mask(step->length);
	}
	step->route = (uint32_t)random__next(&shared) | 1;
	step->target = table__target(&shared, 64);
	free(list);
}

/* Lets each call that the step makes fail in turn. Returns how many there were. */
static unsigned int fail_at_each(struct subject *subject, const struct oracle *before, const struct step *step,
				 enum failing what)
{
	struct oracle after;
	unsigned int n = 0;

	copy(before, &after);
	if (step->operation == CLEAR)
		oracle__clear(&after, step->address, step->length);
	else
		oracle__set(&after, step->address, step->length, step->route, step->target);
	for (failure.failed = true; failure.failed && n < ANY_FAILURES; n++) {
		int err;

		subject->may_ask_trie = false;
		assert_int_equal(subject__compile(subject, before), 0);
		err = apply(subject, before, &after, step, what, n);
		if (step->operation == COMPILE && err) {
			assert_true(!subject__compare(subject, before, &shared));
			continue;
		}
		assert_true(failure.failed || !err);
		subject->may_ask_trie = err != 0;
		assert_true(!subject__compare(subject, &after, &shared));
	}
	oracle__free(&after);
	return n - 1;
}

static void each_call_that_fails(enum failing what)
{
	unsigned int failures = 0, steps = 0;

	for (unsigned int round = 0; round < rounds; round++) {
		for (int family = 0; family < 2; family++) {
			for (enum table_kind kind = 0; kind < TABLE_KINDS; kind++) {
				struct subject subject;
				struct oracle oracle;

				subject__open(&subject, families[family], WORDS);
				oracle__init(&oracle, families[family]);
				table__generate(kind, &shared, 150, 64, &oracle);
				for (int i = 0; i < 12; i++, steps++) {
					struct step step;

					random_step(&oracle, &step);
					failures += fail_at_each(&subject, &oracle, &step, what);
				}
				oracle__free(&oracle);
				subject__close(&subject);
			}
		}
	}
	printf("# %s failed %u times in %u operations\n", failing_names[what], failures, steps);
}

static void no_room_in_the_arena(void **state)
{
	(void)state;
	each_call_that_fails(FAIL_ARENA);
}

static void no_memory(void **state)
{
	(void)state;
	each_call_that_fails(FAIL_MEMORY);
}

/* ---- a table that is too large ---- */

static void put_or_remove(struct subject *subject, struct oracle *oracle, const struct oracle_prefix *chosen, bool set)
{
	int err = set ? subject__set(subject, oracle, chosen->address, chosen->length, (uint32_t)random__next(&shared) | 1,
				     table__target(&shared, 64)) :
			subject__clear(subject, oracle, chosen->address, chosen->length);

	subject->may_ask_trie |= err != 0;
}

/* Fills up, and empties again. How often the table was compiled anew after parts of it had been left to the trie. */
static unsigned int fill_and_empty(struct subject *subject, struct oracle *oracle, const struct oracle_prefix *list,
				   size_t count, unsigned int steps)
{
	unsigned int compiled = 0;

	for (unsigned int step = 0; step < steps; step++) {
		const struct oracle_prefix *chosen = &list[random__below(&shared, (uint32_t)count)];
		bool held = oracle__get(oracle, chosen->address, chosen->length), emptying = step > steps / 2;

		if (!held && emptying)
			continue;
		put_or_remove(subject, oracle, chosen, !held || random__below(&shared, 4) >= (emptying ? 3u : 1u));
		if (!(step % 4))
			assert_true(!subject__compare_around(subject, oracle, chosen->address, chosen->length, &shared));
		if (step % 512)
			continue;
		assert_true(!subject__compare(subject, oracle, &shared));
		if (subject->may_ask_trie && !subject__compile(subject, oracle)) { /* whole again */
			subject->may_ask_trie = false;
			compiled++;
		}
		assert_true(!subject__compare(subject, oracle, &shared));
	}
	return compiled;
}

static void outgrow(int bits, uint32_t words, enum table_kind kind, bool reliable)
{
	struct oracle oracle, universe;
	struct oracle_prefix *list;
	struct subject subject;
	const struct map_ops *ops;
	unsigned int compiled;
	uint64_t escapes;

	subject__open(&subject, bits, words);
	ops = subject.maps->ops;
	if (!reliable)
		subject.maps->ops = &unreliable;
	oracle__init(&oracle, bits);
	oracle__init(&universe, bits);
	table__generate(kind, &shared, words / 2, 64, &universe);
	list = oracle__list(&universe);
	assert_int_equal(subject__compile(&subject, &oracle), 0);
	compiled = fill_and_empty(&subject, &oracle, list, universe.count, words / 2);
	escapes = fib__usage(subject.fib).escapes;
	subject.maps->ops = ops;
	for (size_t i = 0; i < universe.count; i++) {
		if (oracle__get(&oracle, list[i].address, list[i].length))
			put_or_remove(&subject, &oracle, &list[i], false);
	}
	assert_true(!subject__compare(&subject, &oracle, &shared));
	/* With nothing in it there is room. */
	assert_int_equal(subject__compile(&subject, &oracle), 0);
	subject.may_ask_trie = false;
	assert_true(!subject__compare(&subject, &oracle, &shared));
	printf("# IPv%d, %u words, kind %s%s: left to the trie %llu times, compiled anew %u times\n", bits == 32 ? 4 : 6,
	       words, table_kinds[kind], reliable ? "" : ", grace periods fail", (unsigned long long)escapes, compiled);
	free(list);
	oracle__free(&oracle);
	oracle__free(&universe);
	subject__close(&subject);
}

static void an_arena_too_small(void **state)
{
	(void)state;
	for (unsigned int round = 0; round < rounds; round++) {
		for (int each = 0; each < 4; each++) {
			outgrow(families[each % 2], 1u << 14, TABLE_SPARSE, each < 2);
			outgrow(families[each % 2], 1u << 14, TABLE_MIXED, each < 2);
			outgrow(families[each % 2], 1u << 14, TABLE_HOSTS, each < 2);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_room_in_the_arena),
		cmocka_unit_test(no_memory),
		cmocka_unit_test(an_arena_too_small),
	};

	shared.state = random__seed();
	if (getenv("ROUNDS"))
		rounds = (unsigned int)strtoul(getenv("ROUNDS"), NULL, 10);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
