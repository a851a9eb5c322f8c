// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Changes of a trie that wait for one another, against those made one by one. Needs root. */
#include "unit.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <unistd.h>

#include "trie_queue.h"

#define PREFIXES 1500 /* more than a batch has room for */

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

static void run_randomly(bool singly, bool often)
{
	struct trie_queue *queue = malloc(sizeof(*queue));
	int fd = make_trie(2 * PREFIXES), expected = make_trie(2 * PREFIXES);

	unit__seed();
	assert_non_null(queue);
	trie_queue__init(queue, fd, sizeof(struct xfib_rib4_key));
	queue->singly = singly;
	for (uint32_t i = 1; i <= 40000; i++) {
		struct xfib_rib4_key key = key_of(unit__below(PREFIXES));
		struct xfib_rib_value value = { .route = i, .prefix_length = 24 };
		bool deletes = unit__below(100) < (i / 2000 % 3 ? 5 : 60);

		assert_int_equal(trie_queue__add(queue, &key, deletes ? NULL : &value), 0);
		if (deletes)
			bpf_map_delete_elem(expected, &key);
		else
			assert_int_equal(bpf_map_update_elem(expected, &key, &value, BPF_ANY), 0);
		if (unit__below(often ? 400 : 4000))
			continue;
		assert_int_equal(trie_queue__flush(queue), 0);
		assert_alike(fd, expected);
	}
	assert_int_equal(trie_queue__flush(queue), 0);
	assert_int_equal(trie_queue__waiting(queue), 0);
	assert_alike(fd, expected);
	trie_queue__end(queue);
	free(queue);
	close(fd);
	close(expected);
}

static void changes_that_wait_end_as_those_made_one_by_one(void **state)
{
	(void)state;
	run_randomly(false, true);
}

static void so_they_do_where_a_thread_makes_them(void **state)
{
	(void)state;
	run_randomly(false, false);
}

static void so_they_do_where_the_kernel_takes_them_singly(void **state)
{
	(void)state;
	run_randomly(true, true);
	run_randomly(true, false);
}

static void of_those_of_a_prefix_only_the_last_is_made(void **state)
{
	struct trie_queue *queue = malloc(sizeof(*queue));
	struct xfib_rib4_key flapping = key_of(0), other = key_of(1);
	int fd = make_trie(4);

	(void)state;
	assert_non_null(queue);
	trie_queue__init(queue, fd, sizeof(struct xfib_rib4_key));
	for (uint32_t i = 1; i <= 3 * TRIE_BATCH_ROOM; i++) {
		struct xfib_rib_value value = { .route = i };

		assert_int_equal(trie_queue__add(queue, &flapping, i % 3 ? &value : NULL), 0);
		assert_int_equal(trie_queue__add(queue, &other, i % 3 ? NULL : &value), 0);
		assert_int_equal(trie_queue__waiting(queue), 2);
	}
	assert_int_equal(route_of(fd, 1), 0);
	assert_int_equal(trie_queue__flush(queue), 0);
	assert_int_equal(route_of(fd, 0), 0);
	assert_int_equal(route_of(fd, 1), 3 * TRIE_BATCH_ROOM);
	trie_queue__end(queue);
	free(queue);
	close(fd);
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
	left = trie_queue__waiting(queue);
	assert_int_equal(left, 40 - made);
	assert_int_equal(trie_queue__flush(queue), -ENOSPC);
	assert_int_equal(trie_queue__waiting(queue), left);
	key = key_of(0);
	assert_int_equal(trie_queue__add(queue, &key, NULL), 0); /* it has to wait for what is before it */
	assert_int_equal(trie_queue__flush(queue), -ENOSPC);
	assert_int_equal(route_of(fd, 0), 1);
	for (uint32_t n = 0; n < made; n++) {
		key = key_of(n);
		assert_int_equal(bpf_map_delete_elem(fd, &key), 0);
	}
	(void)trie_queue__flush(queue);
	assert_true(trie_queue__waiting(queue) < left);
	assert_int_equal(route_of(fd, made), made + 1);
	trie_queue__end(queue);
	free(queue);
	close(fd);
}

/* A trie with room for few: the writer meets that, and what is added afterwards is refused, not lost among what waits. */
static void what_the_thread_is_refused_stays_in_order_too(void **state)
{
	struct trie_queue *queue = malloc(sizeof(*queue));
	uint32_t added = 0, made = 0;
	int fd = make_trie(20), err = 0;

	(void)state;
	assert_non_null(queue);
	trie_queue__init(queue, fd, sizeof(struct xfib_rib4_key));
	for (; added < 4 * TRIE_BATCH_ROOM; added++) {
		struct xfib_rib4_key key = key_of(added);
		struct xfib_rib_value value = { .route = added + 1 };

		err = trie_queue__add(queue, &key, &value);
		if (err)
			break;
	}
	assert_int_equal(err, -ENOSPC);
	assert_int_equal(added, 2 * TRIE_BATCH_ROOM);
	assert_int_equal(trie_queue__flush(queue), -ENOSPC);
	while (route_of(fd, made) == made + 1)
		made++;
	assert_in_range(made, 1, 20);
	assert_int_equal(trie_queue__waiting(queue), added - made);
	for (uint32_t at = 0; at < added; at += 16) { /* as there is room again, all are made */
		for (uint32_t n = 0; n < added; n++) {
			struct xfib_rib4_key key = key_of(n);

			if (n + 1 != added)
				bpf_map_delete_elem(fd, &key);
		}
		if (!trie_queue__flush(queue))
			break;
	}
	assert_int_equal(trie_queue__waiting(queue), 0);
	assert_int_equal(route_of(fd, added - 1), added);
	trie_queue__end(queue);
	free(queue);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(changes_that_wait_end_as_those_made_one_by_one),
		cmocka_unit_test(so_they_do_where_a_thread_makes_them),
		cmocka_unit_test(so_they_do_where_the_kernel_takes_them_singly),
		cmocka_unit_test(of_those_of_a_prefix_only_the_last_is_made),
		cmocka_unit_test(what_is_refused_stays_in_order),
		cmocka_unit_test(what_the_thread_is_refused_stays_in_order_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
