// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* The maps of an instance as BPF maps. See bpf_maps.h. */
#include "bpf_maps.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hash.h"
#include "log.h"
#include "xfib.skel.h"

/*
 * Beyond the routes: the value of a prefix can be replaced when they are full, which takes a new node; and one lane may be as
 * far ahead of the other one, which has yet to delete something, as batches have room.
 */
#define TRIE_SLACK (64 + TRIE_LANES * 2 * TRIE_BATCH_ROOM)

static uint32_t arena_bytes(const struct map_sizes *sizes)
{
	return sizes->fib_words * (uint32_t)sizeof(__u64) + XFIB_FIB_SLACK;
}

/* Before Linux 5.18 an element has at most 4 MiB: then the tries serve what the compiled FIB has no room for. */
static void limit_arena(struct map_sizes *sizes)
{
	const uint32_t wanted = sizes->fib_words;
	int fd;

	for (;; sizes->fib_words /= 2) {
		fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "xfib_probe", sizeof(uint32_t), arena_bytes(sizes), 1, NULL);
		if (fd != -E2BIG || sizes->fib_words <= 1 << 16)
			break;
	}
	if (fd >= 0)
		close(fd);
	if (sizes->fib_words != wanted)
		log_warning("this kernel takes a compiled FIB of %u KiB only; routes beyond that are looked up in the LPM tries, "
			    "which is slower", arena_bytes(sizes) / 1024);
}

static int set_sizes(struct xfib_bpf *skeleton, const struct map_sizes *sizes)
{
	const struct {
		struct bpf_map *map;
		uint32_t entries;
	} wanted[] = {
		{ skeleton->maps.xfib_rib4, sizes->routes + TRIE_SLACK },
		{ skeleton->maps.xfib_rib6, sizes->routes + TRIE_SLACK },
		{ skeleton->maps.xfib_routes, sizes->routes },
		{ skeleton->maps.xfib_prefixes, map_sizes__prefixes(sizes) },
		{ skeleton->maps.xfib_nexthops, sizes->nexthops },
		{ skeleton->maps.xfib_groups, sizes->groups },
		{ skeleton->maps.xfib_links, sizes->links },
		{ skeleton->maps.xfib_stats, sizes->links },
		{ skeleton->maps.xfib_nexthop_stats, sizes->count_nexthops ? sizes->nexthops : 1 },
		{ skeleton->maps.xfib_route_stats, sizes->count_routes ? sizes->routes : 1 },
		{ skeleton->maps.xfib_tx, sizes->links },
		{ skeleton->maps.xfib_vlans, sizes->links },
		{ skeleton->maps.xfib_addresses, sizes->addresses },
		{ skeleton->maps.xfib_neighbours, sizes->neighbours },
		{ skeleton->maps.xfib_rules, sizes->rules },
		{ skeleton->maps.xfib_plans, sizes->plans },
		{ skeleton->maps.xfib_fib_routes, sizes->fib_words },
		{ skeleton->maps.xfib_fibs, sizes->fibs },
	};

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		int err = bpf_map__set_max_entries(wanted[i].map, wanted[i].entries);

		if (err)
			return err;
	}
	skeleton->rodata->xfib_link_slots = sizes->links;
	skeleton->rodata->xfib_counts_nexthops = sizes->count_nexthops;
	skeleton->rodata->xfib_counts_routes = sizes->count_routes;
	skeleton->rodata->xfib_fib_mask = sizes->fib_words - 1;
	return bpf_map__set_value_size(skeleton->maps.xfib_fib, arena_bytes(sizes));
}

/* Maps a whole array into memory, for reading and writing. NULL and errno on failure. */
static void *map_array(const struct bpf_map *map, size_t element)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t bytes = (element * bpf_map__max_entries(map) + page - 1) / page * page;
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);

	return memory == MAP_FAILED ? NULL : memory;
}

static void unmap_array(void *memory, const struct bpf_map *map, size_t element)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	if (memory)
		munmap(memory, (element * bpf_map__max_entries(map) + page - 1) / page * page);
}

static int map_arrays(struct bpf_maps *bpf)
{
	struct xfib_bpf *skeleton = bpf->skeleton;
	struct maps *maps = &bpf->maps;

	maps->routes = map_array(skeleton->maps.xfib_routes, sizeof(*maps->routes));
	maps->prefixes = map_array(skeleton->maps.xfib_prefixes, sizeof(*maps->prefixes));
	maps->nexthops = map_array(skeleton->maps.xfib_nexthops, sizeof(*maps->nexthops));
	maps->groups = map_array(skeleton->maps.xfib_groups, sizeof(*maps->groups));
	maps->links = map_array(skeleton->maps.xfib_links, sizeof(*maps->links));
	maps->addresses = map_array(skeleton->maps.xfib_addresses, sizeof(*maps->addresses));
	maps->rules = map_array(skeleton->maps.xfib_rules, sizeof(*maps->rules));
	maps->plans = map_array(skeleton->maps.xfib_plans, sizeof(*maps->plans));
	maps->fib_words = map_array(skeleton->maps.xfib_fib, arena_bytes(&maps->sizes));
	maps->fib_routes = map_array(skeleton->maps.xfib_fib_routes, sizeof(*maps->fib_routes));
	maps->fibs = map_array(skeleton->maps.xfib_fibs, sizeof(*maps->fibs));
	maps->state = map_array(skeleton->maps.xfib_state, sizeof(*maps->state));
	if (maps->sizes.count_routes) {
		maps->route_counters = map_array(skeleton->maps.xfib_route_stats, sizeof(*maps->route_counters));
		if (!maps->route_counters)
			return -errno;
	}
	if (!maps->routes || !maps->prefixes || !maps->nexthops || !maps->groups || !maps->links || !maps->addresses ||
	    !maps->rules || !maps->plans || !maps->fib_words || !maps->fib_routes || !maps->fibs || !maps->state)
		return errno ? -errno : -ENOMEM;
	return 0;
}

/* From Linux 5.18 on; before, a driver with such frames takes no program. */
static int prepare_frags(struct xfib_bpf *skeleton)
{
	struct bpf_program *program = skeleton->progs.xfib_xdp_frags;

	if (libbpf_probe_bpf_helper(BPF_PROG_TYPE_XDP, BPF_FUNC_xdp_get_buff_len, NULL) <= 0)
		return bpf_program__set_autoload(program, false);
	return bpf_program__set_flags(program, bpf_program__flags(program) | BPF_F_XDP_HAS_FRAGS);
}

static void take_descriptors(struct bpf_maps *bpf)
{
	struct xfib_bpf *skeleton = bpf->skeleton;

	for (int i = 0; i < TRIE_LANES; i++) {
		bpf->lanes4[i].fd = bpf_map__fd(skeleton->maps.xfib_rib4);
		bpf->lanes6[i].fd = bpf_map__fd(skeleton->maps.xfib_rib6);
	}
	bpf->neighbours_fd = bpf_map__fd(skeleton->maps.xfib_neighbours);
	bpf->tx_fd = bpf_map__fd(skeleton->maps.xfib_tx);
	bpf->vlans_fd = bpf_map__fd(skeleton->maps.xfib_vlans);
	bpf->nexthop_stats_fd = bpf_map__fd(skeleton->maps.xfib_nexthop_stats);
	bpf->stats_fd = bpf_map__fd(skeleton->maps.xfib_stats);
	bpf->events_fd = bpf_map__fd(skeleton->maps.xfib_events);
	bpf->grace_fd = bpf_map__fd(skeleton->maps.xfib_grace);
}

/* ---- what is written by calls ---- */

/* Always the same one for a prefix, so that its changes stay in order. By a bit of the hash that has no part in the lane's own. */
static struct trie_queue *lane_of(struct bpf_maps *bpf, uint32_t family, const struct xfib_rib6_key *key)
{
	struct trie_queue *lanes = family == XFIB_INET6 ? bpf->lanes6 : bpf->lanes4;

	return &lanes[(hash__bytes(key, lanes->key_size) >> 16) % TRIE_LANES];
}

static int write_trie(struct maps *maps, uint32_t family, const struct xfib_rib6_key *key,
		      const struct xfib_rib_value *value)
{
	struct trie_queue *queue = lane_of((struct bpf_maps *)maps, family, key);
	int err;

	/* Behind what was put off, or else it would be undone by it. */
	if (maps->deferring || trie_queue__waiting(queue))
		err = trie_queue__add(queue, key, value);
	else
		return value ? bpf_map_update_elem(queue->fd, key, value, BPF_ANY) : bpf_map_delete_elem(queue->fd, key);
	return err || maps->deferring ? err : trie_queue__flush(queue);
}

static int flush(struct maps *maps)
{
	struct bpf_maps *bpf = (struct bpf_maps *)maps;
	int first = 0;

	for (int i = 0; i < TRIE_LANES; i++) {
		int err4 = trie_queue__flush(&bpf->lanes4[i]), err6 = trie_queue__flush(&bpf->lanes6[i]), err = err4 ? err4 : err6;

		first = first ? first : err;
	}
	return first;
}

static int write_neighbour(struct maps *maps, const struct xfib_neighbour_key *key, uint32_t nexthop)
{
	const struct bpf_maps *bpf = (const struct bpf_maps *)maps;
	int err = nexthop ? bpf_map_update_elem(bpf->neighbours_fd, key, &nexthop, BPF_ANY) :
			    bpf_map_delete_elem(bpf->neighbours_fd, key);

	return err == -E2BIG ? -ENOSPC : err;
}

static int write_target(struct maps *maps, uint32_t ifindex, bool is_target)
{
	const struct bpf_maps *bpf = (const struct bpf_maps *)maps;

	return is_target ? bpf_map_update_elem(bpf->tx_fd, &ifindex, &ifindex, BPF_ANY) :
			   bpf_map_delete_elem(bpf->tx_fd, &ifindex);
}

static int write_vlan(struct maps *maps, const struct xfib_vlan_key *key, uint32_t ifindex, bool exists)
{
	const struct bpf_maps *bpf = (const struct bpf_maps *)maps;

	return exists ? bpf_map_update_elem(bpf->vlans_fd, key, &ifindex, BPF_ANY) : bpf_map_delete_elem(bpf->vlans_fd, key);
}

static void clear_counter(struct maps *maps, uint32_t nexthop)
{
	const struct bpf_maps *bpf = (const struct bpf_maps *)maps;

	if (maps->sizes.count_nexthops)
		bpf_map_update_elem(bpf->nexthop_stats_fd, &nexthop, bpf->no_counter, BPF_ANY);
}

/* See xfib_grace in bpf/maps.bpf.h. */
static int wait_for_programs(struct maps *maps)
{
	const struct bpf_maps *bpf = (const struct bpf_maps *)maps;
	uint32_t zero = 0;

	return bpf_map_update_elem(bpf->grace_fd, &zero, &bpf->grace_inner_fd, BPF_ANY);
}

static const struct map_ops ops = {
	.write_trie = write_trie,
	.write_neighbour = write_neighbour,
	.write_target = write_target,
	.write_vlan = write_vlan,
	.clear_counter = clear_counter,
	.flush = flush,
	.wait_for_programs = wait_for_programs,
};

/* ---- making them ---- */

int bpf_maps__create(const struct map_sizes *sizes, struct bpf_maps **ret_maps)
{
	struct bpf_maps *bpf = calloc(1, sizeof(*bpf));
	int err;

	if (!bpf)
		return -ENOMEM;
	bpf->grace_inner_fd = -1;
	for (int i = 0; i < TRIE_LANES; i++) {
		trie_queue__init(&bpf->lanes4[i], -1, sizeof(struct xfib_rib4_key));
		trie_queue__init(&bpf->lanes6[i], -1, sizeof(struct xfib_rib6_key));
	}
	bpf->maps.ops = &ops;
	bpf->no_counter = calloc((size_t)libbpf_num_possible_cpus(), sizeof(struct xfib_counter));
	if (!bpf->no_counter) {
		err = -ENOMEM;
		goto fail;
	}
	bpf->maps.sizes = *sizes;
	map_sizes__complete(&bpf->maps.sizes);
	limit_arena(&bpf->maps.sizes);
	sizes = &bpf->maps.sizes;
	bpf->skeleton = xfib_bpf__open();
	if (!bpf->skeleton) {
		err = -errno;
		goto fail;
	}
	err = set_sizes(bpf->skeleton, sizes);
	if (!err)
		err = prepare_frags(bpf->skeleton);
	if (!err)
		err = xfib_bpf__load(bpf->skeleton);
	if (!err)
		err = map_arrays(bpf);
	if (err)
		goto fail;
	take_descriptors(bpf);
	bpf->grace_inner_fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "xfib_grace_in", 4, 4, 1, NULL);
	if (bpf->grace_inner_fd < 0) {
		err = bpf->grace_inner_fd;
		goto fail;
	}
	*ret_maps = bpf;
	return 0;
fail:
	bpf_maps__destroy(bpf);
	return err;
}

void bpf_maps__destroy(struct bpf_maps *bpf)
{
	struct maps *maps;

	if (!bpf)
		return;
	maps = &bpf->maps;
	for (int i = 0; i < TRIE_LANES; i++) {
		trie_queue__end(&bpf->lanes4[i]);
		trie_queue__end(&bpf->lanes6[i]);
	}
	if (bpf->skeleton) {
		struct xfib_bpf *skeleton = bpf->skeleton;

		unmap_array(maps->routes, skeleton->maps.xfib_routes, sizeof(*maps->routes));
		unmap_array(maps->prefixes, skeleton->maps.xfib_prefixes, sizeof(*maps->prefixes));
		unmap_array(maps->nexthops, skeleton->maps.xfib_nexthops, sizeof(*maps->nexthops));
		unmap_array(maps->groups, skeleton->maps.xfib_groups, sizeof(*maps->groups));
		unmap_array(maps->links, skeleton->maps.xfib_links, sizeof(*maps->links));
		unmap_array(maps->addresses, skeleton->maps.xfib_addresses, sizeof(*maps->addresses));
		unmap_array(maps->rules, skeleton->maps.xfib_rules, sizeof(*maps->rules));
		unmap_array(maps->plans, skeleton->maps.xfib_plans, sizeof(*maps->plans));
		unmap_array(maps->fib_words, skeleton->maps.xfib_fib, arena_bytes(&maps->sizes));
		unmap_array(maps->fib_routes, skeleton->maps.xfib_fib_routes, sizeof(*maps->fib_routes));
		unmap_array(maps->fibs, skeleton->maps.xfib_fibs, sizeof(*maps->fibs));
		unmap_array(maps->state, skeleton->maps.xfib_state, sizeof(*maps->state));
		unmap_array(maps->route_counters, skeleton->maps.xfib_route_stats, sizeof(*maps->route_counters));
		xfib_bpf__destroy(skeleton);
	}
	if (bpf->grace_inner_fd >= 0)
		close(bpf->grace_inner_fd);
	free(bpf->no_counter);
	free(bpf);
}
