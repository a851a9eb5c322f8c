// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Groups of weighted next hops. See groups.h. */
#include "groups.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "maps.h"
#include "slots.h"

#define BUCKETS 1024

struct group_info {
	uint32_t references;
	uint32_t next; /* in its bucket */
	uint32_t hash;
	uint32_t object; /* the kernel's resilient group that it is, 0: none */
};

struct groups {
	struct maps *maps;
	struct slots slots;
	struct group_info *info; /* by id */
	uint32_t bucket[BUCKETS];
};

static void clear(struct maps *maps, uint32_t id)
{
	maps->groups[id].count = 0;
}

int groups__new(struct maps *maps, struct groups **ret_groups)
{
	struct groups *groups = calloc(1, sizeof(*groups));

	if (!groups)
		return -ENOMEM;
	groups->info = calloc(maps->sizes.groups, sizeof(*groups->info));
	if (!groups->info) {
		free(groups);
		return -ENOMEM;
	}
	groups->maps = maps;
	slots__init(&groups->slots, maps, maps->sizes.groups, &maps->state->groups_end, clear);
	*ret_groups = groups;
	return 0;
}

void groups__free(struct groups *groups)
{
	if (!groups)
		return;
	slots__destroy(&groups->slots);
	free(groups->info);
	free(groups);
}

/*
 * Bounds that share 2^31 by weight, as the kernel's fib_rebalance() makes
 * them: each is the running sum of the weights, scaled and rounded to the closest.
 */
static void make_members(const struct group_path *paths, uint32_t count, struct xfib_group_member *ret_members)
{
	uint64_t total = 0, sum = 0;

	for (uint32_t i = 0; i < count; i++)
		total += paths[i].weight;
	for (uint32_t i = 0; i < count; i++) {
		sum += paths[i].weight;
		ret_members[i].nexthop = paths[i].nexthop;
		ret_members[i].upper_bound = (uint32_t)(((sum << 31) + total / 2) / total - 1);
	}
}

/* Takes the group of `object` whose line begins with the `size` first bytes of `wanted`, or makes it. */
static int take(struct groups *groups, const struct xfib_group *wanted, size_t size, uint32_t object, uint32_t *ret_id,
		bool *ret_new)
{
	size_t flags = offsetof(struct xfib_group, flags);
	uint32_t hash = hash__bytes(wanted, size) ^ object, id;
	struct xfib_group *line;
	int err;

	*ret_new = false;
	for (id = groups->bucket[hash % BUCKETS]; id; id = groups->info[id].next) {
		if (groups->info[id].hash == hash && groups->info[id].object == object &&
		    !memcmp(&groups->maps->groups[id], wanted, size)) {
			groups->info[id].references++;
			*ret_id = id;
			return 0;
		}
	}
	err = slots__take(&groups->slots, &id);
	if (err)
		return err;
	line = &groups->maps->groups[id];
	memcpy((char *)line + flags, (const char *)wanted + flags, size - flags);
	__atomic_store_n(&line->count, wanted->count, __ATOMIC_RELEASE);
	groups->info[id] = (struct group_info){ 1, groups->bucket[hash % BUCKETS], hash, object };
	groups->bucket[hash % BUCKETS] = id;
	*ret_id = id;
	*ret_new = true;
	return 0;
}

int groups__take(struct groups *groups, const struct group_path *paths, uint32_t count, uint32_t flags,
		 uint32_t *ret_id)
{
	struct xfib_group wanted = { .count = count, .flags = flags };
	bool is_new;

	if (count > XFIB_GROUP_MEMBERS)
		return -E2BIG;
	make_members(paths, count, wanted.member);
	return take(groups, &wanted, offsetof(struct xfib_group, member[count]), 0, ret_id, &is_new);
}

int groups__take_resilient(struct groups *groups, uint32_t object, const uint32_t *nexthops, uint32_t count, uint32_t buckets,
			   uint32_t *ret_id, bool *ret_new)
{
	struct xfib_group wanted = { .count = count, .flags = XFIB_GROUP_RESILIENT, .resilient.buckets = buckets };

	if (count > XFIB_BUCKET_MEMBERS || buckets > XFIB_BUCKETS)
		return -E2BIG;
	memcpy(wanted.resilient.nexthop, nexthops, count * sizeof(*nexthops));
	return take(groups, &wanted, offsetof(struct xfib_group, resilient.nexthop[count]), object, ret_id, ret_new);
}

uint32_t groups__next_resilient(const struct groups *groups, uint32_t object, uint32_t after)
{
	for (uint32_t id = after + 1; id < groups->maps->state->groups_end; id++) {
		if (groups->info[id].references && groups->info[id].object == object)
			return id;
	}
	return XFIB_NONE;
}

uint32_t groups__object(const struct groups *groups, uint32_t id)
{
	return groups->info[id].object;
}

void groups__release(struct groups *groups, uint32_t id)
{
	struct group_info *info = &groups->info[id];
	uint32_t *link = &groups->bucket[info->hash % BUCKETS];

	if (--info->references)
		return;
	while (*link != id)
		link = &groups->info[*link].next;
	*link = info->next;
	slots__release(&groups->slots, id);
}
