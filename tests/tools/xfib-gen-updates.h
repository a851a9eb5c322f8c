/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A day of updates to a table, part of xfib-gen: `A prefix` announces, `W
 * prefix` withdraws. Its shares are those of what AS3333 sent to RIPE RIS on
 * 2026-05-11 (docs/generator.md compares them):
 *
 * A thousand prefixes flap all day: they get over a quarter of the updates
 * (IPv4; more than half for IPv6), the busiest hundred most of that.
 * Most of the other prefixes have four to seven updates, not far from one
 * another, and then none. Few updates are withdrawals, more of those of
 * prefixes that the table did not have before; the next update of a prefix
 * announces it again.
 */
#ifndef TESTS_TOOLS_XFIB_GEN_UPDATES_H
#define TESTS_TOOLS_XFIB_GEN_UPDATES_H

#define FLAPPING 1000

/* Shares, in parts of MODEL_ONE. */
struct day {
	unsigned int flapping;     /* of updates: of flapping prefixes */
	unsigned int ranks[3];     /* of these: the first, the next 9, 90; the rest: 900 */
	unsigned int counts[8];    /* of other prefixes: with 1 update, 2 to 3, 4 to 7, … */
	unsigned int strange[2];   /* of prefixes that do not flap, and that do: not in the table before */
	unsigned int withdrawn[2]; /* of updates of announced prefixes that were in the table, and that were not */
};

static const struct day days[] = {
	{ 2820, { 1206, 1028, 3120 }, { 332, 1758, 5475, 1530, 510, 192, 145, 58 }, { 285, 3300 }, { 141, 1780 } },
	{ 5840, { 1438, 2158, 3271 }, { 462, 1204, 4220, 1717, 801, 1342, 136, 118 }, { 1270, 1300 }, { 100, 1340 } },
};

struct updated {
	struct prefix prefix;
	bool strange, announced;
};

static struct updated *updated; /* prefixes that have had updates; the flapping ones come first */
static uint32_t updated_count;
static uint32_t *planned; /* of each update that is none of a flapping prefix: its place in `updated`, 0: none yet */

static bool is_in_table(const struct prefix *prefix)
{
	return bsearch(prefix, prefixes, prefix_count, sizeof(*prefixes), by_address);
}

/* One of the table, or the sibling of one, which is not in it. */
static struct updated choose_prefix(unsigned int strange)
{
	struct prefix prefix = prefixes[below(prefix_count)];

	if (!happens(strange))
		return (struct updated){ prefix, false, true };
	for (int tries = 0; tries < 100; tries++) { /* most have their sibling in the table */
		struct prefix sibling = prefixes[below(prefix_count)];

		sibling.address ^= (address_t)1 << (128 - sibling.length);
		if (sibling.length && !is_in_table(&sibling) && kind_of(sibling.address, sibling.length) == CLEAR)
			return (struct updated){ sibling, true, false };
	}
	return (struct updated){ prefix, false, true };
}

/* Among ranks from one power of ten to the next, small ones more often. */
static uint32_t choose_flapping(const struct day *day)
{
	size_t share = below(MODEL_ONE), low = 0, high = 1, rank;

	for (int i = 0; i < 3 && share >= day->ranks[i]; i++) {
		share -= day->ranks[i];
		low = high;
		high *= 10;
	}
	rank = below(high - low);
	return (uint32_t)(low + (chance(50) ? rank : below(rank + 1)));
}

static size_t choose_count(const struct day *day)
{
	size_t share = below(MODEL_ONE), first, second;
	int class = 0;

	while (class < 7 && share >= day->counts[class])
		share -= day->counts[class++];
	first = below((size_t)1 << class);
	second = below((size_t)1 << class);
	return ((size_t)1 << class) + (first < second ? first : second);
}

/* A prefix has its first update now; the others are planned, each at some distance after the one before. */
static uint32_t begin_prefix(const struct day *day, size_t now, size_t end)
{
	size_t at = now;

	updated[updated_count] = choose_prefix(day->strange[0]);
	for (size_t left = choose_count(day) - 1; left; left--) {
		at += 1 + below((size_t)2 << below(17));
		while (at < end && planned[at])
			at++;
		if (at >= end)
			break;
		planned[at] = updated_count;
	}
	return updated_count++;
}

static void print_update(const struct day *day, uint32_t place)
{
	struct updated *at = &updated[place];

	at->announced = !at->announced || !happens(day->withdrawn[at->strange]);
	printf("%c %s/%d\n", at->announced ? 'A' : 'W', format(at->prefix.address), at->prefix.length);
}

static void print_updates(size_t count)
{
	const struct day *day = &days[options.family == AF_INET6];

	updated = calloc(FLAPPING + count, sizeof(*updated));
	planned = calloc(count + 1, sizeof(*planned));
	if (!updated || !planned || !prefix_count) {
		fprintf(stderr, "xfib-gen: --updates %zu: %s\n", count, prefix_count ? "out of memory" : "the table is empty");
		exit(1);
	}
	while (updated_count < FLAPPING)
		updated[updated_count++] = choose_prefix(day->strange[1]);
	for (size_t printed = 0, now = 0; printed < count; printed++) {
		if (happens(day->flapping))
			print_update(day, choose_flapping(day));
		else if (planned[now])
			print_update(day, planned[now++]);
		else
			print_update(day, begin_prefix(day, now, count)), now++;
	}
}

#endif
