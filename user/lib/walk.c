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
	uint32_t next, end;
};

XFIB_PUBLIC int xfib_route_iter__new(const struct xfib *instance, const struct xfib_route_filter *filter,
				     struct xfib_route_iter **ret_iter)
{
	struct xfib_route_iter *iter;
	struct xfib_state state;
	int err;

	if (filter && filter->size != sizeof(*filter))
		return error__set(-EINVAL, "xfib_route_iter__new: size %zu of the filter is not known", filter->size);
	err = xfib_instance__state(instance, &state);
	if (err)
		return err;
	iter = calloc(1, sizeof(*iter));
	if (!iter)
		return error__set(-ENOMEM, "out of memory");
	iter->end = state.routes_end;
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

struct pair {
	struct xfib_route route;
	struct xfib_nexthop nexthop;
};

/* Both elements of one moment. -ENOENT: there is no such route. */
static int copy_pair(const struct xfib *instance, const void *query, void *result)
{
	struct pair *pair = result;

	if (!instance__route(instance, *(const uint32_t *)query, &pair->route) || !pair->route.family ||
	    pair->route.flags & XFIB_ROUTE_GONE ||
	    !instance__nexthop(instance, pair->route.nexthop, &pair->nexthop))
		return -ENOENT;
	return 0;
}

static int copy_nexthop(const struct xfib *instance, const void *query, void *result)
{
	struct xfib_nexthop *nexthop = result;

	if (!instance__nexthop(instance, *(const uint32_t *)query, nexthop) || !nexthop->type ||
	    nexthop->flags & XFIB_NEXTHOP_GONE)
		return -ENOENT;
	return 0;
}

XFIB_PUBLIC int xfib_route__by_id(const struct xfib *instance, uint32_t id, struct xfib_route *ret_route)
{
	struct pair pair;
	int err = instance__steady(instance, copy_pair, &id, &pair);

	if (err)
		return err == -ENOENT ? error__set(err, "there is no route %u", id) : err;
	*ret_route = pair.route;
	return 0;
}

XFIB_PUBLIC int xfib_nexthop__by_id(const struct xfib *instance, uint32_t id, struct xfib_nexthop *ret_nexthop)
{
	struct xfib_nexthop nexthop;
	int err = instance__steady(instance, copy_nexthop, &id, &nexthop);

	if (err)
		return err == -ENOENT ? error__set(err, "there is no next hop %u", id) : err;
	*ret_nexthop = nexthop;
	return 0;
}

XFIB_PUBLIC bool xfib_route_iter__next(struct xfib_route_iter *iter, struct xfib_route *ret_route,
				       struct xfib_nexthop *ret_nexthop)
{
	while (iter->next < iter->end) {
		uint32_t id = iter->next++;
		struct pair pair;

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
	struct xfib_state state;
	int result = xfib_instance__state(instance, &state);

	for (uint32_t id = 1; !result && id < state.nexthops_end; id++) {
		struct xfib_nexthop nexthop;

		if (!instance__steady(instance, copy_nexthop, &id, &nexthop))
			result = visit(id, &nexthop, data);
	}
	return result;
}

/* ---- links ---- */

/* The element of a slot; false if it is free. */
static bool link_at(const struct xfib *instance, uint32_t slot, struct xfib_link *ret_link)
{
	if (instance->links.memory)
		*ret_link = ((const struct xfib_link *)instance->links.memory)[slot];
	else if (!array__fetch(&instance->links, slot, ret_link))
		return false;
	return slot && ret_link->ifindex;
}

const struct xfib_link *instance__find_link(const struct xfib *instance, uint32_t ifindex, struct xfib_link *scratch)
{
	const struct xfib_link *links = instance->links.memory;

	for (uint32_t probe = 0; ifindex && probe < XFIB_LINK_PROBES; probe++) {
		uint32_t slot = xfib_link__slot(ifindex, instance->links.count, probe);

		if (links) {
			if (slot && links[slot].ifindex == ifindex)
				return &links[slot];
		} else if (link_at(instance, slot, scratch) && scratch->ifindex == ifindex) {
			return scratch;
		}
	}
	return NULL;
}

static int copy_link(const struct xfib *instance, const void *query, void *result)
{
	return instance__link(instance, *(const uint32_t *)query, result) ? 0 : -ENODEV;
}

struct links_copy {
	struct xfib_link *link;
	size_t count;
};

static int copy_links(const struct xfib *instance, const void *query, void *result)
{
	struct links_copy *copy = result;

	(void)query;
	copy->count = 0;
	for (uint32_t slot = 1; slot < instance->links.count; slot++)
		copy->count += link_at(instance, slot, &copy->link[copy->count]);
	return 0;
}

static int by_index(const void *a, const void *b)
{
	const struct xfib_link *left = a, *right = b;

	return left->ifindex < right->ifindex ? -1 : left->ifindex > right->ifindex;
}

/* All links in order of their index. copy->link is the caller's to free. */
static int take_links(const struct xfib *instance, struct links_copy *copy)
{
	int err;

	copy->link = calloc(instance->links.count, sizeof(*copy->link));
	if (!copy->link)
		return error__set(-ENOMEM, "out of memory");
	err = instance__steady(instance, copy_links, NULL, copy);
	if (err) {
		free(copy->link);
		return err;
	}
	qsort(copy->link, copy->count, sizeof(*copy->link), by_index);
	return 0;
}

XFIB_PUBLIC int xfib_link__each(const struct xfib *instance, xfib_link_fn visit, void *data)
{
	struct links_copy copy;
	int result = take_links(instance, &copy);

	if (result)
		return result;
	for (size_t i = 0; i < copy.count && !result; i++)
		result = visit(&copy.link[i], data);
	free(copy.link);
	return result;
}

XFIB_PUBLIC int xfib_link__by_index(const struct xfib *instance, uint32_t ifindex, struct xfib_link *ret_link)
{
	struct xfib_link link;
	int err = instance__steady(instance, copy_link, &ifindex, &link);

	if (err)
		return err == -ENODEV ? error__set(err, "interface %u does not exist", ifindex) : err;
	*ret_link = link;
	return 0;
}

XFIB_PUBLIC int xfib_link__by_name(const struct xfib *instance, const char *name, struct xfib_link *ret_link)
{
	struct links_copy copy;
	int err = take_links(instance, &copy);

	if (err)
		return err;
	err = -ENODEV;
	for (size_t i = 0; i < copy.count && err; i++) {
		if (strncmp(copy.link[i].name, name, sizeof(copy.link[i].name)))
			continue;
		*ret_link = copy.link[i];
		err = 0;
	}
	free(copy.link);
	return err ? error__set(err, "device '%s' does not exist", name) : 0;
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

static int add_all(const struct xfib *instance, uint32_t ifindex, struct xfib_link_stats *memory, int processors,
		   struct xfib_counter *counters, size_t count)
{
	int err = 0;

	for (uint32_t slot = 0; slot < instance->links.count && !err; slot++) {
		struct xfib_link link;
		bool is_used = link_at(instance, slot, &link);

		if (ifindex ? is_used && link.ifindex == ifindex : !slot || is_used)
			err = add_slot(instance, slot, memory, processors, counters, count);
	}
	return err;
}

XFIB_PUBLIC int xfib_stats__read(const struct xfib *instance, uint32_t ifindex, struct xfib_counter *ret_counters,
				 size_t count)
{
	struct xfib_counter counters[XFIB_REASON_COUNT] = { 0 };
	struct xfib_link_stats *memory;
	struct xfib_link link;
	int processors, err;

	if (instance->backend != XFIB_BACKEND_MAPS)
		return error__set(-EOPNOTSUPP, "packets are counted by the programs of an instance, and this is a %s copy%s%s",
				  instance->backend == XFIB_BACKEND_PRIVATE ? "private" : "snapshot's",
				  instance->fallback[0] ? ": " : "", instance->fallback);
	if (ifindex && !instance__link(instance, ifindex, &link))
		return error__set(-ENODEV, "interface %u does not exist", ifindex);
	processors = libbpf_num_possible_cpus();
	if (processors < 1)
		return error__set(-EINVAL, "the number of processors is not known");
	if (count > XFIB_REASON_COUNT)
		count = XFIB_REASON_COUNT;
	memory = calloc((size_t)processors, sizeof(*memory));
	if (!memory)
		return error__set(-ENOMEM, "out of memory");
	err = add_all(instance, ifindex, memory, processors, counters, count);
	free(memory);
	if (!err)
		memcpy(ret_counters, counters, count * sizeof(*counters));
	return err;
}

XFIB_PUBLIC int xfib_stats__read_route(const struct xfib *instance, uint32_t id, struct xfib_counter *ret_counter)
{
	if (instance->backend != XFIB_BACKEND_MAPS)
		return error__set(-EOPNOTSUPP, "packets are counted by the programs of an instance, and this is a copy of its routes");
	if (instance->route_counters.count <= 1)
		return error__set(-ENODATA, "packets are not counted by route: start xfibd with --count-routes");
	if (!id || id >= instance->route_counters.count)
		return error__set(-ENOENT, "route %u: there are %u at most", id, instance->route_counters.count);
	if (instance->route_counters.memory)
		*ret_counter = ((const struct xfib_counter *)instance->route_counters.memory)[id];
	else if (!array__fetch(&instance->route_counters, id, ret_counter))
		return error__set(-EIO, "reading xfib_route_stats: %s", strerror(errno));
	return 0;
}

XFIB_PUBLIC int xfib_stats__read_nexthop(const struct xfib *instance, uint32_t id, struct xfib_counter *ret_counter)
{
	struct xfib_counter counter = { 0 }, *each;
	int processors = libbpf_num_possible_cpus(), err;

	if (instance->backend != XFIB_BACKEND_MAPS)
		return error__set(-EOPNOTSUPP, "packets are counted by the programs of an instance, and this is a copy of its routes");
	if (instance->nexthop_counters <= 1)
		return error__set(-ENODATA, "packets are not counted by next hop: start xfibd with --count-nexthops");
	if (!id || id >= instance->nexthop_counters)
		return error__set(-ENOENT, "next hop %u: there are %u at most", id, instance->nexthop_counters);
	if (processors < 1)
		return error__set(-EINVAL, "the number of processors is not known");
	each = calloc((size_t)processors, sizeof(*each));
	if (!each)
		return error__set(-ENOMEM, "out of memory");
	err = bpf_map_lookup_elem(instance->nexthop_stats_fd, &id, each);
	for (int cpu = 0; !err && cpu < processors; cpu++) {
		counter.packets += each[cpu].packets;
		counter.bytes += each[cpu].bytes;
	}
	free(each);
	if (err)
		return error__set(err, "reading xfib_nexthop_stats: %s", strerror(-err));
	*ret_counter = counter;
	return 0;
}
