// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* See subject.h. */
#include "subject.h"

#include <string.h>
#include <xfib/lookup.h>

#include "memory_maps.h"
#include "tables.h"

#define SHOWN 10 /* wrong answers, of the whole run */

void subject__open(struct subject *subject, int bits, uint32_t words)
{
	const struct map_sizes sizes = { .routes = 64, .nexthops = 64, .groups = 4, .links = 64, .addresses = 64,
					 .neighbours = 64, .rules = 16, .fib_words = words, .fibs = 1024 };
	int err;

	memset(subject, 0, sizeof(*subject));
	subject->bits = bits;
	subject->table = 100;
	err = memory_maps__create(&sizes, &subject->maps);
	if (!err)
		err = fib__new(subject->maps, &subject->fib);
	if (!err)
		return;
	fprintf(stderr, "making a FIB of %u words: %s\n", words, strerror(-err));
	exit(2);
}

void subject__close(struct subject *subject)
{
	fib__free(subject->fib);
	memory_maps__destroy(subject->maps);
}

/* ---- answers ---- */

struct answer subject__ask(const struct subject *subject, address_t address)
{
	const struct maps *maps = subject->maps;
	uint64_t root = fib__root(subject->fib, subject->table, subject__family(subject));
	uint32_t mask = maps->sizes.fib_words - 1;
	struct xfib_fib_step step;

	if (!root)
		return (struct answer){ .leaf = XFIB_LEAF_TRIE };
	if (subject->bits == 32)
		step = xfib_fib__find4(maps->fib_words, mask, root, (uint32_t)(address >> 96));
	else
		step = xfib_fib__find6(maps->fib_words, mask, root, (uint64_t)(address >> 64), (uint64_t)address);
	return (struct answer){ (uint16_t)step.reference, ((const uint32_t *)maps->fib_routes)[step.position] };
}

struct answer answer__of(const struct oracle_prefix *prefix)
{
	uint32_t id;

	if (!prefix || !prefix->used)
		return (struct answer){ .leaf = XFIB_LEAF_NONE };
	id = prefix->target & ~XFIB_TARGET_GROUP;
	if (!(prefix->target & XFIB_TARGET_GROUP))
		return (struct answer){ id < XFIB_LEAF_GROUP ? id : XFIB_LEAF_TRIE, prefix->route };
	return (struct answer){ id < XFIB_LEAF_TRIE - XFIB_LEAF_GROUP ? XFIB_LEAF_GROUP | id : XFIB_LEAF_TRIE, prefix->route };
}

struct fib_prefix prefix__of(const struct oracle_prefix *prefix)
{
	return (struct fib_prefix){ .high = (uint64_t)(prefix->address >> 64), .low = (uint64_t)prefix->address,
				    .route = prefix->route, .target = prefix->target, .length = prefix->length };
}

static void show(const struct subject *subject, address_t address, struct answer expected, struct answer seen)
{
	static int shown;
	char text[64];

	if (shown++ < SHOWN)
		printf("# %s: leaf %#x of route %u, not leaf %#x of route %u\n",
		       address__format(address, subject->bits, text), seen.leaf, seen.route, expected.leaf, expected.route);
}

uint64_t subject__check(struct subject *subject, address_t address, const struct oracle_prefix *best)
{
	struct answer expected = answer__of(best), seen = subject__ask(subject, address);

	if (seen.leaf == XFIB_LEAF_TRIE && expected.leaf != XFIB_LEAF_TRIE && subject->may_ask_trie) {
		subject->left_to_trie++;
		return 0;
	}
	/* Where there is no route, none is named; what the trie is asked for, it names. */
	if (seen.leaf == expected.leaf &&
	    (seen.route == expected.route || seen.leaf == XFIB_LEAF_NONE || seen.leaf == XFIB_LEAF_TRIE))
		return 0;
	show(subject, address, expected, seen);
	return 1;
}

/* ---- changes ---- */

int subject__compile(struct subject *subject, const struct oracle *oracle)
{
	struct oracle_prefix *list = oracle__list(oracle);
	struct fib_prefix *prefixes = calloc(oracle->count + 1, sizeof(*prefixes));
	int err;

	/* From the last to the first: the order is the FIB's own business. */
	for (size_t i = 0; i < oracle->count; i++)
		prefixes[oracle->count - 1 - i] = prefix__of(&list[i]);
	free(list);
	err = fib__compile(subject->fib, subject->table, subject__family(subject), prefixes, oracle->count);
	free(prefixes);
	return err;
}

int subject__set(struct subject *subject, struct oracle *oracle, address_t address, int length, uint32_t route,
		 uint32_t target)
{
	struct fib_prefix prefix;

	address &= address__mask(length);
	oracle__set(oracle, address, length, route, target);
	prefix = prefix__of(oracle__get(oracle, address, length));
	return fib__set(subject->fib, subject->table, subject__family(subject), &prefix);
}

int subject__clear(struct subject *subject, struct oracle *oracle, address_t address, int length)
{
	const struct oracle_prefix *cover = oracle__cover(oracle, address, length);
	struct fib_prefix prefix = prefix__of(oracle__get(oracle, address, length)), covering;

	if (cover)
		covering = prefix__of(cover);
	oracle__clear(oracle, address, length);
	return fib__clear(subject->fib, subject->table, subject__family(subject), &prefix, cover ? &covering : NULL);
}

/* ---- comparisons ---- */

uint64_t subject__compare(struct subject *subject, const struct oracle *oracle, struct random *random)
{
	address_t step = address__step(subject->bits), all = address__mask(subject->bits);
	struct intervals intervals;
	uint64_t wrong = 0;

	oracle__intervals(oracle, &intervals);
	for (size_t i = 0; i < intervals.count; i++) {
		const struct interval *interval = &intervals.list[i];
		address_t begin = interval->begin, last = (i + 1 < intervals.count ? interval[1].begin : 0) - step, within;

		last &= all;
		within = (address_t)random__next(random) << 64 | random__next(random);
		if (last - begin != ~(address_t)0)
			within %= last - begin + 1;
		wrong += subject__check(subject, begin, &interval->best) + subject__check(subject, last, &interval->best) +
			 subject__check(subject, (begin + within) & all, &interval->best);
		if (last != begin)
			wrong += subject__check(subject, begin + step, &interval->best) +
				 subject__check(subject, last - step, &interval->best);
	}
	intervals__free(&intervals);
	return wrong;
}

uint64_t subject__compare_random(struct subject *subject, const struct intervals *intervals, struct random *random,
				 uint64_t count)
{
	uint64_t wrong = 0;

	for (uint64_t i = 0; i < count; i++) {
		address_t address = table__address(random, subject->bits);

		/* One of two shares a random number of bits with a prefix of the table. */
		if (i % 2) {
			const struct interval *near = &intervals->list[random__next(random) % intervals->count];
			address_t keep = address__mask((int)random__below(random, (uint32_t)subject->bits + 1));

			address = (near->begin & keep) | (address & ~keep);
		}
		wrong += subject__check(subject, address, &intervals__find(intervals, address)->best);
	}
	return wrong;
}

static uint64_t check_best(struct subject *subject, const struct oracle *oracle, address_t address)
{
	return subject__check(subject, address, oracle__best(oracle, address));
}

uint64_t subject__compare_around(struct subject *subject, const struct oracle *oracle, address_t address, int length,
				 struct random *random)
{
	address_t step = address__step(subject->bits), all = address__mask(subject->bits);
	uint64_t wrong = 0;

	/* The prefix, those that it lies in, and those that it is divided into. */
	for (int each = 0; each <= subject->bits; each++) {
		address_t first, last;

		if (each > length + 2 && random__below(random, 8))
			continue;
		first = address & address__mask(each);
		last = address__last(first, each, subject->bits);
		wrong += check_best(subject, oracle, first) + check_best(subject, oracle, (first - step) & all) +
			 check_best(subject, oracle, last) + check_best(subject, oracle, (last + step) & all);
	}
	for (int i = 0; i < 16; i++) {
		address_t keep = address__mask(length + (int)random__below(random, (uint32_t)(subject->bits - length) + 1));

		wrong += check_best(subject, oracle, (address & keep) | (table__address(random, subject->bits) & ~keep));
	}
	return wrong;
}
