// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* The set of maps and programs of one instance. See maps.h. */
#include "maps.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "log.h"
#include "xfib.skel.h"

/* Beyond the routes, so that the value of a prefix can be replaced when they are full: that takes a new node. */
#define TRIE_SLACK 64

static int set_sizes(struct xfib_bpf *skeleton, const struct map_sizes *sizes)
{
	const struct {
		struct bpf_map *map;
		uint32_t entries;
	} wanted[] = {
		{ skeleton->maps.xfib_rib4, sizes->routes + TRIE_SLACK },
		{ skeleton->maps.xfib_rib6, sizes->routes + TRIE_SLACK },
		{ skeleton->maps.xfib_routes, sizes->routes },
		{ skeleton->maps.xfib_nexthops, sizes->nexthops },
		{ skeleton->maps.xfib_groups, sizes->groups },
		{ skeleton->maps.xfib_links, sizes->links },
		{ skeleton->maps.xfib_stats, sizes->links },
		{ skeleton->maps.xfib_tx, sizes->links },
		{ skeleton->maps.xfib_addresses, sizes->addresses },
		{ skeleton->maps.xfib_neighbours, sizes->neighbours },
	};

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		int err = bpf_map__set_max_entries(wanted[i].map, wanted[i].entries);

		if (err)
			return err;
	}
	skeleton->rodata->xfib_link_slots = sizes->links;
	return 0;
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

static int map_arrays(struct maps *maps)
{
	struct xfib_bpf *skeleton = maps->skeleton;

	maps->routes = map_array(skeleton->maps.xfib_routes, sizeof(*maps->routes));
	maps->nexthops = map_array(skeleton->maps.xfib_nexthops, sizeof(*maps->nexthops));
	maps->groups = map_array(skeleton->maps.xfib_groups, sizeof(*maps->groups));
	maps->links = map_array(skeleton->maps.xfib_links, sizeof(*maps->links));
	maps->addresses = map_array(skeleton->maps.xfib_addresses, sizeof(*maps->addresses));
	maps->state = map_array(skeleton->maps.xfib_state, sizeof(*maps->state));
	if (!maps->routes || !maps->nexthops || !maps->groups || !maps->links || !maps->addresses || !maps->state)
		return errno ? -errno : -ENOMEM;
	return 0;
}

static void take_descriptors(struct maps *maps)
{
	struct xfib_bpf *skeleton = maps->skeleton;

	maps->rib4_fd = bpf_map__fd(skeleton->maps.xfib_rib4);
	maps->rib6_fd = bpf_map__fd(skeleton->maps.xfib_rib6);
	maps->neighbours_fd = bpf_map__fd(skeleton->maps.xfib_neighbours);
	maps->tx_fd = bpf_map__fd(skeleton->maps.xfib_tx);
	maps->stats_fd = bpf_map__fd(skeleton->maps.xfib_stats);
	maps->events_fd = bpf_map__fd(skeleton->maps.xfib_events);
	maps->grace_fd = bpf_map__fd(skeleton->maps.xfib_grace);
}

int maps__create(const struct map_sizes *sizes, struct maps **ret_maps)
{
	struct maps *maps = calloc(1, sizeof(*maps));
	int err;

	if (!maps)
		return -ENOMEM;
	maps->grace_inner_fd = -1;
	maps->sizes = *sizes;
	maps->skeleton = xfib_bpf__open();
	if (!maps->skeleton) {
		err = -errno;
		goto fail;
	}
	err = set_sizes(maps->skeleton, sizes);
	if (!err)
		err = xfib_bpf__load(maps->skeleton);
	if (!err)
		err = map_arrays(maps);
	if (err)
		goto fail;
	take_descriptors(maps);
	maps->grace_inner_fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "xfib_grace_in", 4, 4, 1, NULL);
	if (maps->grace_inner_fd < 0) {
		err = maps->grace_inner_fd;
		goto fail;
	}
	*ret_maps = maps;
	return 0;
fail:
	maps__destroy(maps);
	return err;
}

void maps__destroy(struct maps *maps)
{
	if (!maps)
		return;
	if (maps->skeleton) {
		struct xfib_bpf *skeleton = maps->skeleton;

		unmap_array(maps->routes, skeleton->maps.xfib_routes, sizeof(*maps->routes));
		unmap_array(maps->nexthops, skeleton->maps.xfib_nexthops, sizeof(*maps->nexthops));
		unmap_array(maps->groups, skeleton->maps.xfib_groups, sizeof(*maps->groups));
		unmap_array(maps->links, skeleton->maps.xfib_links, sizeof(*maps->links));
		unmap_array(maps->addresses, skeleton->maps.xfib_addresses, sizeof(*maps->addresses));
		unmap_array(maps->state, skeleton->maps.xfib_state, sizeof(*maps->state));
		xfib_bpf__destroy(skeleton);
	}
	if (maps->grace_inner_fd >= 0)
		close(maps->grace_inner_fd);
	free(maps);
}

int maps__grace(struct maps *maps)
{
	uint32_t zero = 0;
	int err = bpf_map_update_elem(maps->grace_fd, &zero, &maps->grace_inner_fd, BPF_ANY);

	if (err)
		return err;
	__atomic_add_fetch(&maps->state->generation, 1, __ATOMIC_SEQ_CST);
	return 0;
}
