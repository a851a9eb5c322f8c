// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Walks over routes, next hops and links, and the counters. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"

struct xfib_route_iter {
	const struct xfib *instance;
	struct xfib_route_filter filter;
	uint32_t next;
};

XFIB_PUBLIC int xfib_route_iter__new(const struct xfib *instance, const struct xfib_route_filter *filter,
				     struct xfib_route_iter **ret_iter)
{
	struct xfib_route_iter *iter = calloc(1, sizeof(*iter));

	if (!iter)
		return error__set(-ENOMEM, "out of memory");
	iter->instance = instance;
	iter->next = 1;
	if (filter)
		iter->filter = *filter;
	*ret_iter = iter;
	return 0;
}

static bool passes(const struct xfib_route_filter *filter, const struct xfib_route *route,
		   const struct xfib_nexthop *nexthop)
{
	return (!filter->family || filter->family == route->family) &&
	       (!filter->table || filter->table == route->table) &&
	       (!filter->ifindex || filter->ifindex == nexthop->ifindex) &&
	       (!filter->protocol || filter->protocol == route->protocol);
}

/* Both slots, copied while nothing was used again. 1: free. */
static int copy_pair(const struct xfib *instance, const void *query, void *result)
{
	uint32_t id = *(const uint32_t *)query;
	struct {
		struct xfib_route route;
		struct xfib_nexthop nexthop;
	} *pair = result;
	const struct xfib_route *route = instance__route(instance, id);
	const struct xfib_nexthop *nexthop;

	if (!route || !route->family || route->flags & XFIB_ROUTE_GONE)
		return 1;
	pair->route = *route;
	nexthop = instance__nexthop(instance, pair->route.nexthop);
	if (!nexthop)
		return 1;
	pair->nexthop = *nexthop;
	return 0;
}

XFIB_PUBLIC bool xfib_route_iter__next(struct xfib_route_iter *iter, struct xfib_route *ret_route,
				       struct xfib_nexthop *ret_nexthop)
{
	while (iter->next < iter->instance->state->routes_end) {
		struct {
			struct xfib_route route;
			struct xfib_nexthop nexthop;
		} pair;
		uint32_t id = iter->next++;

		if (instance__steady(iter->instance, copy_pair, &id, &pair) ||
		    !passes(&iter->filter, &pair.route, &pair.nexthop))
			continue;
		*ret_route = pair.route;
		*ret_nexthop = pair.nexthop;
		return true;
	}
	return false;
}

XFIB_PUBLIC uint32_t xfib_route_iter__id(const struct xfib_route_iter *iter)
{
	return iter->next - 1;
}

XFIB_PUBLIC void xfib_route_iter__free(struct xfib_route_iter *iter)
{
	free(iter);
}

XFIB_PUBLIC int xfib_nexthop__each(const struct xfib *instance, xfib_nexthop_fn visit, void *data)
{
	for (uint32_t id = 1; id < instance->state->nexthops_end && id < instance->nexthops.count; id++) {
		struct xfib_nexthop nexthop = *instance__nexthop(instance, id);
		int result;

		if (!nexthop.type || nexthop.flags & XFIB_NEXTHOP_GONE)
			continue;
		result = visit(id, &nexthop, data);
		if (result)
			return result;
	}
	return 0;
}

const struct xfib_link *instance__link(const struct xfib *instance, uint32_t ifindex)
{
	const struct xfib_link *links = instance->links.memory;

	if (!ifindex)
		return NULL;
	for (uint32_t probe = 0; probe < XFIB_LINK_PROBES; probe++) {
		uint32_t slot = xfib_link__slot(ifindex, instance->links.count, probe);

		if (links[slot].ifindex == ifindex)
			return &links[slot];
	}
	return NULL;
}

static int by_index(const void *a, const void *b)
{
	const struct xfib_link *left = a, *right = b;

	return left->ifindex < right->ifindex ? -1 : left->ifindex > right->ifindex;
}

XFIB_PUBLIC int xfib_link__each(const struct xfib *instance, xfib_link_fn visit, void *data)
{
	struct xfib_link *copy = calloc(instance->links.count, sizeof(*copy));
	const struct xfib_link *links = instance->links.memory;
	size_t count = 0;
	int result = 0;

	if (!copy)
		return error__set(-ENOMEM, "out of memory");
	for (uint32_t slot = 1; slot < instance->links.count; slot++) {
		if (links[slot].ifindex)
			copy[count++] = links[slot];
	}
	qsort(copy, count, sizeof(*copy), by_index);
	for (size_t i = 0; i < count && !result; i++)
		result = visit(&copy[i], data);
	free(copy);
	return result;
}

XFIB_PUBLIC int xfib_link__by_index(const struct xfib *instance, uint32_t ifindex, struct xfib_link *ret_link)
{
	const struct xfib_link *link = instance__link(instance, ifindex);

	if (!link)
		return error__set(-ENODEV, "interface %u does not exist", ifindex);
	*ret_link = *link;
	return 0;
}

XFIB_PUBLIC int xfib_link__by_name(const struct xfib *instance, const char *name, struct xfib_link *ret_link)
{
	const struct xfib_link *links = instance->links.memory;

	for (uint32_t slot = 1; slot < instance->links.count; slot++) {
		if (links[slot].ifindex && !strncmp(links[slot].name, name, sizeof(links[slot].name))) {
			*ret_link = links[slot];
			return 0;
		}
	}
	return error__set(-ENODEV, "device '%s' does not exist", name);
}

/* ---- counters ---- */

static int add_slot(const struct xfib *instance, uint32_t slot, struct xfib_link_stats *memory, int processors,
		    struct xfib_counter *counters, size_t count)
{
	int err = bpf_map_lookup_elem(instance->stats_fd, &slot, memory);

	if (err)
		return error__set(err, "reading xfib_stats: %s", strerror(-err));
	for (int cpu = 0; cpu < processors; cpu++) {
		for (size_t i = 0; i < count; i++) {
			counters[i].packets += memory[cpu].reason[i].packets;
			counters[i].bytes += memory[cpu].reason[i].bytes;
		}
	}
	return 0;
}

XFIB_PUBLIC int xfib_stats__read(const struct xfib *instance, uint32_t ifindex, struct xfib_counter *ret_counters,
				 size_t count)
{
	const struct xfib_link *links = instance->links.memory, *link = instance__link(instance, ifindex);
	struct xfib_counter counters[XFIB_REASON_COUNT] = { 0 };
	int processors = libbpf_num_possible_cpus(), err = 0;
	struct xfib_link_stats *memory;

	if (ifindex && !link)
		return error__set(-ENODEV, "interface %u does not exist", ifindex);
	if (processors < 1)
		return error__set(-EINVAL, "the number of processors is not known");
	if (count > XFIB_REASON_COUNT)
		count = XFIB_REASON_COUNT;
	memory = calloc((size_t)processors, sizeof(*memory));
	if (!memory)
		return error__set(-ENOMEM, "out of memory");
	for (uint32_t slot = 0; slot < instance->links.count && !err; slot++) {
		if (ifindex ? link == &links[slot] : !slot || links[slot].ifindex)
			err = add_slot(instance, slot, memory, processors, counters, count);
	}
	free(memory);
	if (!err)
		memcpy(ret_counters, counters, count * sizeof(*counters));
	return err;
}
