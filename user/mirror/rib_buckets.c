// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Routes by resilient groups of the kernel's: which path each bucket leads to. See rib.h.
 *
 * The kernel says the object that a bucket leads to; here it is the path of the route that goes where that object does.
 * A bucket of which that is not known, and of which the path has gone meanwhile, is the kernel's until it is.
 */
#include <errno.h>
#include <string.h>

#include "maps.h"
#include "objects.h"
#include "rib_private.h"

/* What has been found of the members, in the order in which buckets name them. */
struct found {
	uint32_t count;
	uint32_t member[XFIB_BUCKET_MEMBERS];
	uint8_t index[XFIB_BUCKET_MEMBERS];
};

/* Index of the next hop that leads where a member does; the last one, which is the kernel's, if none does. */
static uint8_t index_of(const struct rib *rib, const struct xfib_group *group, uint32_t member)
{
	const struct nl_path *path = member ? objects__path(rib->kernel_objects, member) : NULL;
	uint32_t last = group->count - 1;

	for (uint32_t i = 0; path && i < last; i++) {
		const struct xfib_nexthop *nexthop = &rib->maps->nexthops[group->resilient.nexthop[i]];

		if (nexthop->ifindex == path->ifindex && nexthop->gateway_family == path->gateway_family &&
		    !memcmp(nexthop->gateway, path->gateway, sizeof(path->gateway)))
			return (uint8_t)i;
	}
	return (uint8_t)last;
}

static uint8_t find(const struct rib *rib, const struct xfib_group *group, uint32_t member, struct found *found)
{
	for (uint32_t i = 0; i < found->count; i++) {
		if (found->member[i] == member)
			return found->index[i];
	}
	if (found->count == XFIB_BUCKET_MEMBERS) /* a group has fewer; of what it had before some are left */
		return index_of(rib, group, member);
	found->member[found->count] = member;
	return found->index[found->count++] = index_of(rib, group, member);
}

/* Programs may be reading them: each is one store. */
static void write_buckets(struct rib *rib, struct xfib_group *group, const uint32_t *members)
{
	struct found found = { .count = 0 };

	for (uint32_t i = 0; i < group->resilient.buckets; i++) {
		uint8_t index = find(rib, group, members[i], &found);

		if (group->resilient.bucket[i] != index)
			__atomic_store_n(&group->resilient.bucket[i], index, __ATOMIC_RELAXED);
	}
}

void rib__set_objects(struct rib *rib, const struct objects *objects)
{
	rib->kernel_objects = objects;
}

bool buckets__target(struct rib *rib, struct unit unit, uint32_t *ret_target)
{
	const struct xfib_route *route = &rib->maps->routes[unit.first];
	uint32_t object = route->owner == XFIB_OWNER_KERNEL ? unit__object(rib, unit) : 0, buckets, id;
	uint32_t nexthops[XFIB_BUCKET_MEMBERS], count = 0;
	const uint32_t *members;
	bool is_new;
	int err = object && rib->kernel_objects ? objects__buckets(rib->kernel_objects, object, &members, &buckets) : -ENOENT;

	if (err == -ENOENT)
		return false;
	*ret_target = rib->special;
	if (err || unit.count >= XFIB_BUCKET_MEMBERS)
		return true;
	for (id = unit.first; count < unit.count; id = rib->maps->routes[id].next)
		nexthops[count++] = rib->maps->routes[id].nexthop;
	nexthops[count++] = rib->special;
	if (groups__take_resilient(rib->groups, object, nexthops, count, buckets, &id, &is_new))
		return true;
	if (is_new)
		write_buckets(rib, &rib->maps->groups[id], members);
	*ret_target = id | XFIB_TARGET_GROUP;
	return true;
}

void rib__update_buckets(struct rib *rib, uint32_t object)
{
	const uint32_t *members;
	uint32_t count;

	if (objects__buckets(rib->kernel_objects, object, &members, &count))
		return;
	for (uint32_t id = XFIB_NONE; (id = groups__next_resilient(rib->groups, object, id));) {
		if (rib->maps->groups[id].resilient.buckets == count)
			write_buckets(rib, &rib->maps->groups[id], members);
	}
}
