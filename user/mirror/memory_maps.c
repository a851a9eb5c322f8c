// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Maps in plain memory. See memory_maps.h. */
#include "memory_maps.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

/* Packets have no part in it: there are no programs, no neighbours to find, and queries search xfib_prefixes. */
static int write_trie(struct maps *maps, uint32_t family, const struct xfib_rib6_key *key,
		      const struct xfib_rib_value *value)
{
	(void)maps, (void)family, (void)key, (void)value;
	return 0;
}

static int write_neighbour(struct maps *maps, const struct xfib_neighbour_key *key, uint32_t nexthop)
{
	(void)maps, (void)key, (void)nexthop;
	return 0;
}

static int write_target(struct maps *maps, uint32_t ifindex, bool is_target)
{
	(void)maps, (void)ifindex, (void)is_target;
	return -EOPNOTSUPP;
}

static int wait_for_programs(struct maps *maps)
{
	(void)maps;
	return 0;
}

static const struct map_ops ops = {
	.write_trie = write_trie,
	.write_neighbour = write_neighbour,
	.write_target = write_target,
	.wait_for_programs = wait_for_programs,
};

static void *take_array(size_t count, size_t element)
{
	void *memory = mmap(NULL, count * element, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

static void free_array(void *memory, size_t count, size_t element)
{
	if (memory)
		munmap(memory, count * element);
}

int memory_maps__create(const struct map_sizes *sizes, struct maps **ret_maps)
{
	struct maps *maps = calloc(1, sizeof(*maps));

	if (!maps)
		return -ENOMEM;
	maps->ops = &ops;
	maps->sizes = *sizes;
	map_sizes__complete(&maps->sizes);
	sizes = &maps->sizes;
	maps->routes = take_array(sizes->routes, sizeof(*maps->routes));
	maps->prefixes = take_array(map_sizes__prefixes(sizes), sizeof(*maps->prefixes));
	maps->nexthops = take_array(sizes->nexthops, sizeof(*maps->nexthops));
	maps->groups = take_array(sizes->groups, sizeof(*maps->groups));
	maps->links = take_array(sizes->links, sizeof(*maps->links));
	maps->addresses = take_array(sizes->addresses, sizeof(*maps->addresses));
	maps->rules = take_array(sizes->rules, sizeof(*maps->rules));
	maps->plans = take_array(sizes->plans, sizeof(*maps->plans));
	maps->fib_words = take_array(sizes->fib_words + 1, sizeof(*maps->fib_words));
	maps->fib_routes = take_array(sizes->fib_words, sizeof(*maps->fib_routes));
	maps->fibs = take_array(sizes->fibs, sizeof(*maps->fibs));
	maps->state = take_array(1, sizeof(*maps->state));
	if (!maps->routes || !maps->prefixes || !maps->nexthops || !maps->groups || !maps->links || !maps->addresses ||
	    !maps->rules || !maps->plans || !maps->fib_words || !maps->fib_routes || !maps->fibs || !maps->state) {
		memory_maps__destroy(maps);
		return -ENOMEM;
	}
	*ret_maps = maps;
	return 0;
}

void memory_maps__destroy(struct maps *maps)
{
	if (!maps)
		return;
	free_array(maps->routes, maps->sizes.routes, sizeof(*maps->routes));
	free_array(maps->prefixes, map_sizes__prefixes(&maps->sizes), sizeof(*maps->prefixes));
	free_array(maps->nexthops, maps->sizes.nexthops, sizeof(*maps->nexthops));
	free_array(maps->groups, maps->sizes.groups, sizeof(*maps->groups));
	free_array(maps->links, maps->sizes.links, sizeof(*maps->links));
	free_array(maps->addresses, maps->sizes.addresses, sizeof(*maps->addresses));
	free_array(maps->rules, maps->sizes.rules, sizeof(*maps->rules));
	free_array(maps->plans, maps->sizes.plans, sizeof(*maps->plans));
	free_array(maps->fib_words, maps->sizes.fib_words + 1, sizeof(*maps->fib_words));
	free_array(maps->fib_routes, maps->sizes.fib_words, sizeof(*maps->fib_routes));
	free_array(maps->fibs, maps->sizes.fibs, sizeof(*maps->fibs));
	free_array(maps->state, 1, sizeof(*maps->state));
	free(maps);
}
