// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Next hops, shared and counted. See nexthops.h; neighbours are in neighbours.c. */
#include "nexthops_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "maps.h"

static void clear(struct maps *maps, uint32_t id)
{
	memset(&maps->nexthops[id], 0, sizeof(maps->nexthops[id]));
}

int nexthops__new(struct maps *maps, nexthop_device_fn device, void *data, struct nexthops **ret_nexthops)
{
	struct nexthops *nexthops = calloc(1, sizeof(*nexthops));

	if (!nexthops)
		return -ENOMEM;
	nexthops->maps = maps;
	nexthops->device = device;
	nexthops->device_data = data;
	nexthops->info = calloc(maps->sizes.nexthops, sizeof(*nexthops->info));
	if (!nexthops->info) {
		free(nexthops);
		return -ENOMEM;
	}
	slots__init(&nexthops->slots, maps, maps->sizes.nexthops, &maps->state->nexthops_end, clear);
	*ret_nexthops = nexthops;
	return 0;
}

void nexthops__free(struct nexthops *nexthops)
{
	if (!nexthops)
		return;
	neighbours__destroy(nexthops);
	slots__destroy(&nexthops->slots);
	free(nexthops->info);
	free(nexthops);
}

static uint32_t bucket_of(const struct nexthop_key *key)
{
	return hash__bytes(key, sizeof(*key)) % NEXTHOP_BUCKETS;
}

/* ---- the mapped line ---- */

void nexthops__write_dmac(struct nexthops *nexthops, uint32_t id, const uint8_t mac[6], uint8_t state, uint8_t flags)
{
	struct xfib_nexthop *line = &nexthops->maps->nexthops[id];
	uint64_t word;
	uint8_t bytes[8];

	memcpy(bytes, mac, 6);
	bytes[6] = state;
	bytes[7] = flags;
	memcpy(&word, bytes, sizeof(word));
	__atomic_store_n((uint64_t *)(void *)line->dmac, word, __ATOMIC_RELEASE);
}

static void write_smac(struct xfib_nexthop *line, const uint8_t mac[6], bool vlan)
{
	uint8_t bytes[8] = { 0 };
	uint64_t word;

	memcpy(bytes, mac, 6);
	bytes[6] = vlan;
	memcpy(&word, bytes, sizeof(word));
	__atomic_store_n((uint64_t *)(void *)line->smac, word, __ATOMIC_RELEASE);
}

/* Brings a line up to date with its device. Returns whether it became usable or unusable. */
static bool refresh(struct nexthops *nexthops, uint32_t id)
{
	struct xfib_nexthop *line = &nexthops->maps->nexthops[id];
	struct nexthop_device device = { 0 };
	uint8_t flags = line->flags & (XFIB_NEXTHOP_ONLINK | XFIB_NEXTHOP_UNSUPPORTED | XFIB_NEXTHOP_DEAD | XFIB_NEXTHOP_FAILED);
	uint8_t before = line->flags;
	uint32_t mtu;

	if (!line->ifindex)
		return false;
	nexthops->device(line->ifindex, &device, nexthops->device_data);
	if (flags & XFIB_NEXTHOP_DEAD || (line->family == XFIB_INET6 ? device.down6 : device.down4))
		flags |= XFIB_NEXTHOP_DOWN;
	if (!device.ethernet)
		flags |= XFIB_NEXTHOP_NOT_ETHERNET;
	mtu = line->family == XFIB_INET6 ? device.mtu6 : device.mtu4;
	if (line->route_mtu && line->route_mtu < mtu)
		mtu = line->route_mtu;
	__atomic_store_n(&line->mtu, mtu, __ATOMIC_RELAXED);
	write_smac(line, device.mac, device.vlan);
	nexthops__write_dmac(nexthops, id, line->dmac, line->state, flags);
	return (before ^ flags) & XFIB_NEXTHOP_DOWN;
}

static void fill(struct xfib_nexthop *line, const struct nexthop_key *key)
{
	line->ifindex = key->ifindex;
	line->flags = key->flags;
	memcpy(line->gateway, key->gateway, sizeof(line->gateway));
	memcpy(line->source, key->source, sizeof(line->source));
	line->family = key->family;
	line->gateway_family = key->gateway_family;
	line->route_mtu = key->route_mtu;
	line->metric_high = (uint8_t)(key->metric >> 16);
	line->metric_low = (uint16_t)key->metric;
	__atomic_store_n(&line->type, key->type, __ATOMIC_RELEASE);
}

/* ---- sharing ---- */

static uint32_t find(const struct nexthops *nexthops, const struct nexthop_key *key)
{
	uint32_t id = nexthops->bucket[bucket_of(key)];

	while (id && memcmp(&nexthops->info[id].key, key, sizeof(*key)))
		id = nexthops->info[id].next;
	return id;
}

int nexthops__take(struct nexthops *nexthops, const struct nexthop_key *key, uint32_t *ret_id)
{
	struct nexthop_info *info;
	uint32_t id = find(nexthops, key);
	int err;

	if (id) {
		nexthops->info[id].references++;
		*ret_id = id;
		return 0;
	}
	err = slots__take(&nexthops->slots, &id);
	if (err)
		return err;
	if (nexthops->maps->ops->clear_counter)
		nexthops->maps->ops->clear_counter(nexthops->maps, id);
	info = &nexthops->info[id];
	*info = (struct nexthop_info){ .key = *key, .references = 1 };
	fill(&nexthops->maps->nexthops[id], key);
	if (key->type == XFIB_ROUTE_UNICAST && key->gateway_family) {
		err = neighbours__join(nexthops, id);
		if (err) {
			slots__cancel(&nexthops->slots, id);
			return err;
		}
	}
	refresh(nexthops, id);
	info->next = nexthops->bucket[bucket_of(key)];
	nexthops->bucket[bucket_of(key)] = id;
	*ret_id = id;
	return 0;
}

void nexthops__release(struct nexthops *nexthops, uint32_t id)
{
	struct nexthop_info *info = &nexthops->info[id];
	struct xfib_nexthop *line = &nexthops->maps->nexthops[id];
	uint32_t *link;

	if (--info->references)
		return;
	link = &nexthops->bucket[bucket_of(&info->key)];
	while (*link != id)
		link = &nexthops->info[*link].next;
	*link = info->next;
	if (info->neighbour)
		neighbours__leave(nexthops, id);
	nexthops__write_dmac(nexthops, id, line->dmac, line->state, line->flags | XFIB_NEXTHOP_GONE);
	slots__release(&nexthops->slots, id);
}

bool nexthops__update_device(struct nexthops *nexthops, uint32_t ifindex)
{
	uint32_t end = nexthops->maps->state->nexthops_end;
	bool changed = false;

	for (uint32_t id = 1; id < end; id++) {
		if (nexthops->info[id].references && (!ifindex || nexthops->info[id].key.ifindex == ifindex))
			changed |= refresh(nexthops, id);
	}
	return changed;
}

bool nexthops__have_dead(const struct nexthops *nexthops, uint8_t family, uint32_t ifindex)
{
	uint32_t end = nexthops->maps->state->nexthops_end;

	for (uint32_t id = 1; id < end; id++) {
		const struct nexthop_info *info = &nexthops->info[id];

		if (info->references && info->key.ifindex == ifindex && info->key.family == family &&
		    info->key.flags & XFIB_NEXTHOP_DEAD)
			return true;
	}
	return false;
}
