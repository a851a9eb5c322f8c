// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Changes of a trie that wait for one another, against those made one by one. Needs root. */
#include "unit.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <unistd.h>

#include "trie_queue.h"

#define PREFIXES 300

static int make_trie(uint32_t room)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_NO_PREALLOC);
	int fd = bpf_map_create(BPF_MAP_TYPE_LPM_TRIE, "xfib_test", sizeof(struct xfib_rib4_key),
				sizeof(struct xfib_rib_value), room, &opts);

	assert_true(fd >= 0);
	return fd;
}

static struct xfib_rib4_key key_of(uint32_t n)
{
	return (struct xfib_rib4_key){ .prefixlen = 32 + 24, .table = 254, .address = { 10, (uint8_t)(n >> 8), (uint8_t)n } };
}

/* The route that the trie leads to for a prefix, 0: none. */
static uint32_t route_of(int fd, uint32_t n)
{
	struct xfib_rib4_key key = key_of(n);
	struct xfib_rib_value value;

	return bpf_map_lookup_elem(fd, &key, &value) ? 0 : value.route;
}

static void assert_alike(int fd, int expected)
{
	for (uint32_t n = 0; n < PREFIXES; n++)
		assert_int_equal(route_of(fd, n), route_of(expected, n));
}

static void run_randomly(bool singly)
{
	struct trie_queue *queue = malloc(sizeof(*queue));
	int fd = make_trie(PREFIXES + 1), expected = make_trie(PREFIXES + 1);

	unit__seed();
	assert_non_null(queue);
	trie_queue__init(queue, fd, sizeof(struct xfib_rib4_key));
	queue->singly = singly;
	for (uint32_t i = 1; i <= 20000; i++) {
		struct xfib_rib4_key key = key_of(unit__below(PREFIXES));
		struct xfib_rib_value value = { .route = i, .prefix_length = 24 };
		bool deletes = unit__below(100) < (i / 2000 % 2 ? 60 : 5);

		assert_int_equal(trie_queue__add(queue, &key, deletes ? NULL : &value), 0);
		if (deletes)
			bpf_map_delete_elem(expected, &key);
		else
			assert_int_equal(bpf_map_update_elem(expected, &key, &value, BPF_ANY), 0);
		if (unit__below(400))
			continue;
		assert_int_equal(trie_queue__flush(queue), 0);
		assert_alike(fd, expected);
	}
	assert_int_equal(trie_queue__flush(queue), 0);
	assert_int_equal(queue->count, 0);
	assert_alike(fd, expected);
	free(queue);
	close(fd);
	close(expected);
}

static void changes_that_wait_end_as_those_made_one_by_one(void **state)
{
	(void)state;
	run_randomly(false);
}

static void so_they_do_where_the_kernel_takes_them_singly(void **state)
{
	(void)state;
	run_randomly(true);
}

static void what_is_refused_stays_in_order(void **state)
{
	struct trie_queue *queue = malloc(sizeof(*queue));
	int fd = make_trie(20); /* nodes between prefixes count too */
	uint32_t made = 0, left;
	struct xfib_rib4_key key;

	(void)state;
	assert_non_null(queue);
	trie_queue__init(queue, fd, sizeof(struct xfib_rib4_key));
	for (uint32_t n = 0; n < 40; n++) {
		struct xfib_rib_value value = { .route = n + 1 };

		key = key_of(n);
		assert_int_equal(trie_queue__add(queue, &key, &value), 0);
	}
	assert_int_equal(trie_queue__flush(queue), -ENOSPC);
	while (route_of(fd, made) == made + 1)
		made++;
	assert_in_range(made, 1, 39);
	for (uint32_t n = made; n < 40; n++)
		assert_int_equal(route_of(fd, n), 0);
	left = queue->count;
	assert_int_equal(left, 40 - made);
	assert_int_equal(trie_queue__flush(queue), -ENOSPC);
	assert_int_equal(queue->count, left);
	key = key_of(0);
	assert_int_equal(trie_queue__add(queue, &key, NULL), -ENOSPC); /* it has to wait for what is before it */
	for (uint32_t n = 0; n < made; n++) {
		key = key_of(n);
		assert_int_equal(bpf_map_delete_elem(fd, &key), 0);
	}
	(void)trie_queue__flush(queue);
	assert_true(queue->count < left);
	assert_int_equal(route_of(fd, made), made + 1);
	free(queue);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(changes_that_wait_end_as_those_made_one_by_one),
		cmocka_unit_test(so_they_do_where_the_kernel_takes_them_singly),
		cmocka_unit_test(what_is_refused_stays_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
