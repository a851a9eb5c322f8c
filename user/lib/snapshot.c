// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * A copy of everything that queries read, all of one moment.
 *
 * The writer makes xfib_state.changes odd while it changes something: a copy
 * counts if the number was even before and is the same after it. The index of
 * prefixes is made anew from the routes: a prefix begins with a slot to which
 * no other slot leads.
 */
#include "snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../mirror/maps.h"
#include "../mirror/prefix_index.h"

#define PATIENCE_MS 5000 /* a full dump of a full table takes one or two seconds */
#define PAUSE_NS 2000000

struct snapshot {
	void *routes, *nexthops, *links, *addresses, *rules, *plans;
	struct xfib_prefix *prefixes;
	uint32_t prefix_count; /* elements of it */
	uint64_t deadline;     /* ms */
	struct xfib_state state;
};

/* Copies the first `count` elements. NULL: out of memory, or they cannot be read. */
static void *copy_array(const struct array *array, uint32_t count)
{
	uint8_t *memory = calloc(count ? count : 1, array->element);

	if (!memory)
		return NULL;
	if (array->memory) {
		memcpy(memory, array->memory, (size_t)count * array->element);
		return memory;
	}
	for (uint32_t i = 0; i < count; i++) {
		if (!array__fetch(array, i, memory + (size_t)i * array->element)) {
			free(memory);
			return NULL;
		}
	}
	return memory;
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static void drop(struct snapshot *snapshot)
{
	free(snapshot->routes);
	free(snapshot->nexthops);
	free(snapshot->links);
	free(snapshot->addresses);
	free(snapshot->rules);
	free(snapshot->plans);
	snapshot->routes = snapshot->nexthops = snapshot->links = snapshot->addresses = snapshot->rules = snapshot->plans = NULL;
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* One attempt. -EAGAIN: something changed meanwhile. Copying takes long enough that instance__steady() must not count. */
static int copy(const struct xfib *instance, const void *query, void *result)
{
	struct snapshot *snapshot = result;
	struct xfib_state scratch;
	uint32_t before = __atomic_load_n(&instance__state(instance, &scratch)->changes, __ATOMIC_ACQUIRE), after;

	(void)query;
	if (before & 1 || now_ms() >= snapshot->deadline)
		return -EAGAIN;
	drop(snapshot); /* of the attempt before */
	snapshot->state = *instance__state(instance, &scratch);
	snapshot->routes = copy_array(&instance->routes, smaller(snapshot->state.routes_end, instance->routes.count));
	snapshot->nexthops = copy_array(&instance->nexthops, smaller(snapshot->state.nexthops_end, instance->nexthops.count));
	snapshot->links = copy_array(&instance->links, instance->links.count);
	snapshot->addresses = copy_array(&instance->addresses, smaller(snapshot->state.addresses_end, instance->addresses.count));
	snapshot->rules = copy_array(&instance->rules, smaller(snapshot->state.rules_end, instance->rules.count));
	snapshot->plans = copy_array(&instance->plans, instance->plans.count);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	after = __atomic_load_n(&instance__state(instance, &scratch)->changes, __ATOMIC_RELAXED);
	if (!snapshot->routes || !snapshot->nexthops || !snapshot->links || !snapshot->addresses || !snapshot->rules ||
	    !snapshot->plans)
		return error__set(-ENOMEM, "taking a snapshot: out of memory");
	return before == after ? 0 : -EAGAIN;
}

static int copy_steadily(const struct xfib *instance, struct snapshot *snapshot)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };

	snapshot->deadline = now_ms() + PATIENCE_MS;
	do {
		int err = instance__steady(instance, copy, NULL, snapshot);

		if (err != -EAGAIN)
			return err;
		nanosleep(&pause, NULL);
	} while (now_ms() < snapshot->deadline);
	return error__set(-EAGAIN, "taking a snapshot: the routes changed all the time");
}

/* ---- the index of prefixes ---- */

static bool is_route(const struct xfib_route *route)
{
	return route->family && !(route->flags & XFIB_ROUTE_GONE);
}

/* `follows`: by slot, whether another one leads to it. */
static void fill_index(struct snapshot *snapshot, const uint8_t *follows, uint32_t count)
{
	const struct xfib_route *routes = snapshot->routes;
	struct prefix_index index;

	snapshot->state.lengths4 = 0;
	memset(snapshot->state.lengths6, 0, sizeof(snapshot->state.lengths6));
	prefix_index__init(&index, routes, snapshot->prefixes, snapshot->prefix_count, &snapshot->state);
	for (uint32_t id = 1; id < count; id++) {
		if (is_route(&routes[id]) && !follows[id] && !(routes[id].flags & XFIB_ROUTE_MEMBER))
			prefix_index__set(&index, id);
	}
}

static int make_index(struct snapshot *snapshot, uint32_t count)
{
	const struct map_sizes sizes = { .routes = count };
	const struct xfib_route *routes = snapshot->routes;
	uint8_t *follows = calloc(count ? count : 1, 1);

	snapshot->prefix_count = map_sizes__prefixes(&sizes);
	snapshot->prefixes = calloc(snapshot->prefix_count, sizeof(*snapshot->prefixes));
	if (!follows || !snapshot->prefixes) {
		free(follows);
		return error__set(-ENOMEM, "taking a snapshot: out of memory");
	}
	for (uint32_t id = 1; id < count; id++) {
		if (is_route(&routes[id]) && routes[id].next < count)
			follows[routes[id].next] = 1;
	}
	fill_index(snapshot, follows, count);
	free(follows);
	return 0;
}

/* ---- the instance ---- */

static struct array array_of(const void *memory, uint32_t count, uint32_t element)
{
	return (struct array){ .memory = memory, .count = count, .element = element, .fd = -1 };
}

static void describe(const struct xfib *from, struct snapshot *snapshot, struct xfib *instance)
{
	const struct xfib_state *state = &snapshot->state;

	instance->backend = XFIB_BACKEND_SNAPSHOT;
	instance->snapshot = snapshot;
	instance->rib4_fd = instance->rib6_fd = instance->stats_fd = instance->nexthop_stats_fd = -1;
	instance->routes = array_of(snapshot->routes, smaller(state->routes_end, from->routes.count), from->routes.element);
	instance->prefixes = array_of(snapshot->prefixes, snapshot->prefix_count, sizeof(*snapshot->prefixes));
	instance->nexthops = array_of(snapshot->nexthops, smaller(state->nexthops_end, from->nexthops.count),
				      from->nexthops.element);
	instance->links = array_of(snapshot->links, from->links.count, from->links.element);
	instance->addresses = array_of(snapshot->addresses, smaller(state->addresses_end, from->addresses.count),
				       from->addresses.element);
	instance->rules = array_of(snapshot->rules, smaller(state->rules_end, from->rules.count), from->rules.element);
	instance->plans = array_of(snapshot->plans, from->plans.count, from->plans.element);
	instance->state = array_of(state, 1, sizeof(*state));
}

void snapshot__free(struct xfib *instance)
{
	struct snapshot *snapshot = instance->snapshot;

	if (!snapshot)
		return;
	drop(snapshot);
	free(snapshot->prefixes);
	free(snapshot);
	instance->snapshot = NULL;
}

XFIB_PUBLIC int xfib_snapshot__take(const struct xfib *instance, struct xfib **ret_snapshot)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));
	struct xfib *taken = calloc(1, sizeof(*taken));
	int err = -ENOMEM;

	if (snapshot && taken)
		err = copy_steadily(instance, snapshot);
	else
		error__set(err, "out of memory");
	if (!err)
		err = make_index(snapshot, smaller(snapshot->state.routes_end, instance->routes.count));
	if (!err)
		describe(instance, snapshot, taken);
	if (err) {
		if (snapshot) {
			struct xfib failed = { .snapshot = snapshot };

			snapshot__free(&failed);
		}
		free(taken);
		return err;
	}
	*ret_snapshot = taken;
	return 0;
}
