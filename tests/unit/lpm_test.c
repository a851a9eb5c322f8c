// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* user/mirror/lpm.c against a list of prefixes that is searched from end to end. */
#include "unit.h"

#include <errno.h>

#include "lpm.h"

#define PREFIXES 300
#define STEPS 20000

static struct {
	struct xfib_rib6_key key;
	uint32_t route;
	bool held;
} list[PREFIXES];

static uint32_t bits; /* of an address */

static bool covers(const struct xfib_rib6_key *prefix, const struct xfib_rib6_key *key)
{
	if (prefix->table != key->table || prefix->prefixlen > key->prefixlen)
		return false;
	for (uint32_t bit = 0; bit < prefix->prefixlen - 32; bit++) {
		if ((prefix->address[bit / 8] ^ key->address[bit / 8]) & (0x80 >> bit % 8))
			return false;
	}
	return true;
}

/* Few bits differ, so that prefixes nest deeply. */
static struct xfib_rib6_key random_key(bool host)
{
	static const uint32_t lengths[] = { 0, 1, 7, 8, 9, 16, 23, 24, 25, 31, 32, 33, 48, 63, 64, 65, 127, 128 };
	struct xfib_rib6_key key = { .table = unit__below(4) ? 254 : 255 };
	uint32_t length = bits;

	for (uint32_t byte = 0; byte < bits / 8; byte++)
		key.address[byte] = (uint8_t)(unit__below(3) ? 0 : unit__below(2) ? 0x80 : 1);
	while (!host) {
		length = lengths[unit__below(COUNT(lengths))];
		if (length <= bits)
			break;
	}
	for (uint32_t bit = length; bit < bits; bit++)
		key.address[bit / 8] &= (uint8_t)~(0x80 >> bit % 8);
	key.prefixlen = 32 + length;
	return key;
}

static void check_lookup(const struct lpm *lpm)
{
	struct xfib_rib6_key key = random_key(unit__below(2));
	struct xfib_rib_value value = { 0 };
	int best = -1, err = lpm__lookup(lpm, &key, &value);

	for (int i = 0; i < PREFIXES; i++) {
		if (list[i].held && covers(&list[i].key, &key) &&
		    (best < 0 || list[i].key.prefixlen > list[best].key.prefixlen))
			best = i;
	}
	assert_int_equal(err, best < 0 ? -ENOENT : 0);
	if (best < 0)
		return;
	assert_int_equal(value.route, list[best].route);
	assert_int_equal(value.prefix_length, list[best].key.prefixlen - 32);
}

static int find(const struct xfib_rib6_key *key)
{
	int free = -1;

	for (int i = 0; i < PREFIXES; i++) {
		if (list[i].held && !memcmp(&list[i].key, key, sizeof(*key)))
			return i;
		if (!list[i].held)
			free = i;
	}
	return free;
}

static void random_changes(void **state)
{
	struct lpm lpm;

	bits = *(uint32_t *)*state;
	memset(list, 0, sizeof(list));
	unit__seed();
	assert_int_equal(lpm__init(&lpm, bits), 0);
	for (uint32_t step = 1; step <= STEPS; step++) {
		struct xfib_rib6_key key = random_key(false);
		struct xfib_rib_value value = { .route = step };
		int at = find(&key);

		if (at >= 0 && unit__below(5) < 3) {
			assert_int_equal(lpm__update(&lpm, &key, &value), 0);
			list[at].key = key;
			list[at].route = step;
			list[at].held = true;
		} else if (at >= 0) {
			assert_int_equal(lpm__delete(&lpm, &key), list[at].held ? 0 : -ENOENT);
			list[at].held = false;
		}
		check_lookup(&lpm);
	}
	for (int i = 0; i < PREFIXES; i++) {
		if (list[i].held)
			assert_int_equal(lpm__delete(&lpm, &list[i].key), 0);
	}
	memset(list, 0, sizeof(list));
	check_lookup(&lpm);
	assert_int_equal(lpm.nodes[0].child[0] | lpm.nodes[0].child[1], 0); /* every node was given back */
	lpm__destroy(&lpm);
}

int main(void)
{
	static uint32_t four = 32, six = 128;
	const struct CMUnitTest tests[] = {
		{ "IPv4: random changes and look-ups", random_changes, NULL, NULL, &four },
		{ "IPv6: random changes and look-ups", random_changes, NULL, NULL, &six },
	};

	return cmocka_run_group_tests_name("lpm", tests, NULL, NULL);
}
