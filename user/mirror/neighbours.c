// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Neighbours: the kernel's ARP and NDP entries, and the next hops that wait
 * for them. A resolved neighbour has a line of its own among the next hops,
 * to which xfib_neighbours leads from its address, so that packets to
 * destinations on attached networks find a MAC address.
 *
 * A neighbour lives as long as the kernel has it or a next hop needs it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "maps.h"
#include "nexthops_private.h"

static uint32_t bucket_of(uint32_t ifindex, uint8_t family, const uint8_t address[16])
{
	struct xfib_neighbour_key key = { .ifindex = ifindex, .family = family };

	memcpy(key.address, address, 16);
	return hash__bytes(&key, sizeof(key)) % NEIGHBOUR_BUCKETS;
}

static struct neighbour *find(const struct nexthops *nexthops, uint32_t ifindex, uint8_t family,
			      const uint8_t address[16])
{
	struct neighbour *neighbour = nexthops->neighbour[bucket_of(ifindex, family, address)];

	while (neighbour && (neighbour->ifindex != ifindex || neighbour->family != family ||
			     memcmp(neighbour->address, address, 16)))
		neighbour = neighbour->next;
	return neighbour;
}

static struct neighbour *find_or_add(struct nexthops *nexthops, uint32_t ifindex, uint8_t family,
				     const uint8_t address[16])
{
	struct neighbour *neighbour = find(nexthops, ifindex, family, address);
	uint32_t bucket;

	if (neighbour)
		return neighbour;
	neighbour = calloc(1, sizeof(*neighbour));
	if (!neighbour)
		return NULL;
	bucket = bucket_of(ifindex, family, address);
	neighbour->ifindex = ifindex;
	neighbour->family = family;
	memcpy(neighbour->address, address, 16);
	neighbour->next = nexthops->neighbour[bucket];
	nexthops->neighbour[bucket] = neighbour;
	return neighbour;
}

static void drop_if_unused(struct nexthops *nexthops, struct neighbour *neighbour)
{
	struct neighbour **link;

	if (neighbour->held || neighbour->first || neighbour->line)
		return;
	link = &nexthops->neighbour[bucket_of(neighbour->ifindex, neighbour->family, neighbour->address)];
	while (*link != neighbour)
		link = &(*link)->next;
	*link = neighbour->next;
	free(neighbour);
}

/* Writes what is known of a neighbour into the line of a next hop. */
static void write_line(struct nexthops *nexthops, const struct neighbour *neighbour, uint32_t id)
{
	uint8_t flags = nexthops->maps->nexthops[id].flags & (uint8_t)~XFIB_NEXTHOP_FAILED;

	nexthops__write_dmac(nexthops, id, neighbour->mac, neighbour->state,
			     flags | (neighbour->failed ? XFIB_NEXTHOP_FAILED : 0));
}

int neighbours__join(struct nexthops *nexthops, uint32_t id)
{
	struct nexthop_info *info = &nexthops->info[id];
	struct neighbour *neighbour;

	neighbour = find_or_add(nexthops, info->key.ifindex, info->key.gateway_family, info->key.gateway);
	if (!neighbour)
		return -ENOMEM;
	info->neighbour = neighbour;
	info->sibling = neighbour->first;
	neighbour->first = id;
	write_line(nexthops, neighbour, id);
	return 0;
}

void neighbours__leave(struct nexthops *nexthops, uint32_t id)
{
	struct neighbour *neighbour = nexthops->info[id].neighbour;
	uint32_t *link = &neighbour->first;

	while (*link != id)
		link = &nexthops->info[*link].sibling;
	*link = nexthops->info[id].sibling;
	nexthops->info[id].neighbour = NULL;
	drop_if_unused(nexthops, neighbour);
}

void neighbours__destroy(struct nexthops *nexthops)
{
	for (uint32_t bucket = 0; bucket < NEIGHBOUR_BUCKETS; bucket++) {
		while (nexthops->neighbour[bucket]) {
			struct neighbour *neighbour = nexthops->neighbour[bucket];

			nexthops->neighbour[bucket] = neighbour->next;
			free(neighbour);
		}
	}
}

/* Gives a resolved neighbour its line, to which xfib_neighbours then leads. */
static int publish(struct nexthops *nexthops, struct neighbour *neighbour)
{
	struct xfib_neighbour_key map_key = { .ifindex = neighbour->ifindex, .family = neighbour->family };
	struct nexthop_key key;
	uint32_t id;
	int err;

	memset(&key, 0, sizeof(key));
	key.ifindex = neighbour->ifindex;
	key.family = neighbour->family;
	key.gateway_family = neighbour->family;
	key.type = XFIB_ROUTE_UNICAST;
	memcpy(key.gateway, neighbour->address, 16);
	err = nexthops__take(nexthops, &key, &id);
	if (err)
		return err;
	memcpy(map_key.address, neighbour->address, 16);
	err = nexthops->maps->ops->write_neighbour(nexthops->maps, &map_key, id);
	if (err) {
		nexthops__release(nexthops, id);
		return err;
	}
	neighbour->line = id;
	return 0;
}

static void withdraw(struct nexthops *nexthops, struct neighbour *neighbour)
{
	struct xfib_neighbour_key map_key = { .ifindex = neighbour->ifindex, .family = neighbour->family };
	uint32_t line = neighbour->line;

	memcpy(map_key.address, neighbour->address, 16);
	nexthops->maps->ops->write_neighbour(nexthops->maps, &map_key, XFIB_NONE);
	neighbour->line = XFIB_NONE;
	nexthops__release(nexthops, line);
}

/* Writes what is known of a neighbour into every line with its address. */
static void spread(struct nexthops *nexthops, const struct neighbour *neighbour)
{
	for (uint32_t id = neighbour->first; id; id = nexthops->info[id].sibling)
		write_line(nexthops, neighbour, id);
}

int nexthops__set_neighbour(struct nexthops *nexthops, uint32_t ifindex, uint8_t family, const uint8_t address[16],
			    uint8_t state, const uint8_t mac[6], enum neighbour_entry entry)
{
	bool held = entry != ENTRY_NONE;
	struct neighbour *neighbour = held ? find_or_add(nexthops, ifindex, family, address) :
					     find(nexthops, ifindex, family, address);
	int err = 0;

	if (!neighbour)
		return held ? -ENOMEM : 0;
	neighbour->seen = true;
	neighbour->state = state;
	neighbour->failed = entry == ENTRY_FAILED;
	memset(neighbour->mac, 0, sizeof(neighbour->mac));
	if (state != XFIB_NEIGHBOUR_NONE)
		memcpy(neighbour->mac, mac, sizeof(neighbour->mac));
	neighbour->held = true; /* while the lines are rewritten: releasing one must not free it */
	spread(nexthops, neighbour);
	if (state != XFIB_NEIGHBOUR_NONE && !neighbour->line)
		err = publish(nexthops, neighbour);
	else if (state == XFIB_NEIGHBOUR_NONE && neighbour->line)
		withdraw(nexthops, neighbour);
	neighbour->held = held;
	drop_if_unused(nexthops, neighbour);
	return err;
}

void nexthops__begin_neighbours(struct nexthops *nexthops)
{
	for (uint32_t bucket = 0; bucket < NEIGHBOUR_BUCKETS; bucket++) {
		for (struct neighbour *n = nexthops->neighbour[bucket]; n; n = n->next)
			n->seen = false;
	}
}

void nexthops__end_neighbours(struct nexthops *nexthops)
{
	static const uint8_t none[6];

	for (uint32_t bucket = 0; bucket < NEIGHBOUR_BUCKETS; bucket++) {
		struct neighbour *n = nexthops->neighbour[bucket];

		while (n) {
			struct neighbour *next = n->next;

			if (n->held && !n->seen)
				nexthops__set_neighbour(nexthops, n->ifindex, n->family, n->address,
							XFIB_NEIGHBOUR_NONE, none, ENTRY_NONE);
			n = next;
		}
	}
}
