/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What the files of the library share. */
#ifndef XFIB_LIB_PRIVATE_H
#define XFIB_LIB_PRIVATE_H

#include <xfib/lookup.h>
#include <xfib/xfib.h>

#define XFIB_PUBLIC __attribute__((visibility("default")))
#define XFIB_DEFAULT_PIN "/sys/fs/bpf/xfib"

/*
 * An array of elements, read from mapped memory, or, where this process may
 * not map it, by a system call for each.
 */
struct array {
	const void *memory; /* NULL: by `fd` */
	size_t bytes;       /* of memory that instance__close() unmaps, 0: none of its own */
	uint32_t count;
	uint32_t element;
	int fd;
};

struct change;
struct change_failure;
struct client;
struct private_copy;
struct watch_queue;

/* How a private copy's routes are changed and watched. */
struct backend_ops {
	/* Makes all changes or none; see mirror__change(). */
	int (*change)(const struct xfib *instance, const struct change *changes, uint32_t count,
		      struct change_failure *ret_failure);
	/* Pushes events to the queue from now on; and no longer. */
	int (*watch)(const struct xfib *instance, struct watch_queue *queue);
	void (*unwatch)(const struct xfib *instance, struct watch_queue *queue);
};

struct xfib {
	enum xfib_backend backend;
	const struct backend_ops *ops; /* XFIB_BACKEND_PRIVATE; NULL: not at all */
	struct client *client;         /* XFIB_BACKEND_MAPS: of the daemon */
	struct array routes, prefixes, nexthops, links, addresses, rules, plans, state;
	struct array route_counters; /* XFIB_BACKEND_MAPS: see xfibd --count-routes; one element: they are not counted */
	struct array fib, fib_routes, fibs; /* the compiled FIB; not there in snapshots, and where nothing is mapped */
	uint64_t *sources; /* choices of source addresses, see source.c; NULL: none are remembered */
	int rib4_fd, rib6_fd, stats_fd, nexthop_stats_fd; /* XFIB_BACKEND_MAPS; else -1 */
	uint32_t nexthop_counters;       /* elements of the latter */
	struct private_copy *copy;       /* XFIB_BACKEND_PRIVATE: see private_copy.h */
	struct snapshot *snapshot;       /* XFIB_BACKEND_SNAPSHOT: see snapshot.c */
	char pin[256];
	char socket[128]; /* that was asked for, "" for none */
	char fallback[256];
};

/* Sets the message of this thread's last error and returns `err`. */
int error__set(int err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Gives a message for people to the callback of xfib_log__set(). */
void error__log(const char *line);

/* The pin directory of options that may be NULL. */
const char *instance__pin(const char *pin);

/* ---- reading, within instance__steady() ---- */

/*
 * Runs `look` so that no slot changes its meaning under it: with the maps,
 * again until the generation did not move; with a private copy under its lock.
 * Nothing that `look` calls may call this again.
 */
int instance__steady(const struct xfib *instance, int (*look)(const struct xfib *instance, const void *query, void *result),
		   const void *query, void *result);

/* An element by system call. False: there is none. */
bool array__fetch(const struct array *array, uint32_t index, void *ret_element);

/* Copies of elements; false for an id that is none, so that a damaged map does no harm. */
static inline bool instance__route(const struct xfib *instance, uint32_t id, struct xfib_route *ret_route)
{
	if (!id || id >= instance->routes.count)
		return false;
	if (!instance->routes.memory)
		return array__fetch(&instance->routes, id, ret_route);
	*ret_route = ((const struct xfib_route *)instance->routes.memory)[id];
	return true;
}

static inline bool instance__nexthop(const struct xfib *instance, uint32_t id, struct xfib_nexthop *ret_nexthop)
{
	if (!id || id >= instance->nexthops.count)
		return false;
	if (!instance->nexthops.memory)
		return array__fetch(&instance->nexthops, id, ret_nexthop);
	*ret_nexthop = ((const struct xfib_nexthop *)instance->nexthops.memory)[id];
	return true;
}

/* The link of an index, where it is mapped or in `scratch`; NULL if there is none. */
const struct xfib_link *instance__find_link(const struct xfib *instance, uint32_t ifindex, struct xfib_link *scratch);

/* A copy of it; false if there is none. */
static inline bool instance__link(const struct xfib *instance, uint32_t ifindex, struct xfib_link *ret_link)
{
	const struct xfib_link *link = instance__find_link(instance, ifindex, ret_link);

	if (link && link != ret_link)
		*ret_link = *link;
	return link;
}

/* A copy of an element of xfib_plans; false if there is none. */
static inline bool instance__plan_step(const struct xfib *instance, uint32_t at, struct xfib_plan_step *ret_step)
{
	if (at >= instance->plans.count)
		return false;
	if (!instance->plans.memory)
		return array__fetch(&instance->plans, at, ret_step);
	*ret_step = ((const struct xfib_plan_step *)instance->plans.memory)[at];
	return true;
}

static inline bool plan_step__is_conditional(const struct xfib_plan_step *step)
{
	return step->source_mask[0] || step->source_mask[1] || step->destination_mask[0] || step->destination_mask[1] ||
	       step->tos_mask;
}

/* The state: where it is mapped, or what was read into `scratch`. */
static inline const struct xfib_state *instance__state(const struct xfib *instance, struct xfib_state *scratch)
{
	if (instance->state.memory)
		return instance->state.memory;
	if (!array__fetch(&instance->state, 0, scratch))
		*scratch = (struct xfib_state){ 0 };
	return scratch;
}

/* Has another set of maps replaced those of the instance? */
static inline bool instance__is_retired(const struct xfib *instance)
{
	struct xfib_state scratch;

	return instance->backend == XFIB_BACKEND_MAPS &&
	       __atomic_load_n(&instance__state(instance, &scratch)->retired, __ATOMIC_ACQUIRE);
}

/* Begin and end of a list (addresses, rules) that change as one word. */
struct range {
	uint32_t begin, end;
};

static inline struct range range__read(const uint32_t *begin, uint32_t count)
{
	uint64_t word = __atomic_load_n((const uint64_t *)(const void *)begin, __ATOMIC_ACQUIRE);
	struct range range;

	__builtin_memcpy(&range, &word, sizeof(range));
	if (range.end > count || range.begin > range.end)
		return (struct range){ 0, 0 };
	return range;
}

/* ---- look-ups, within instance__steady() ---- */

/*
 * The longest prefix of a table that covers the first `length` bits of an address, and the first slot of its routes.
 * False: there is none.
 */
struct prefix_match {
	uint32_t route;
	uint32_t length;
};

bool prefix__match(const struct xfib *instance, uint32_t family, uint32_t table, const uint8_t address[16],
		   uint32_t length, struct prefix_match *ret_match);

/* First route slot of just this prefix, XFIB_NONE if it has none. */
uint32_t prefix__first(const struct xfib *instance, uint32_t family, uint32_t table, const uint8_t prefix[16],
		       uint8_t length);

/*
 * The address that a packet by this route to this destination would be sent
 * from, as the kernel chooses it. False: the machine has none.
 */
bool source__select(const struct xfib *instance, uint32_t family, const struct xfib_route *route,
		    const struct xfib_nexthop *nexthop, const uint8_t destination[16], uint8_t ret_source[16]);

/* Lets the instance, of which all maps are open, remember choices of source addresses. */
void source__remember(struct xfib *instance);

/* The machine's own address that is `address`, on `ifindex` (0: on any). False: none. */
bool source__own(const struct xfib *instance, uint32_t family, const uint8_t address[16], uint32_t ifindex,
		 struct xfib_address *ret_own);

/* ---- addresses ---- */

static inline bool address__is_zero(const uint8_t address[16])
{
	uint64_t word[2];

	__builtin_memcpy(word, address, sizeof(word));
	return !(word[0] | word[1]);
}

static inline bool address__is_link_local(uint32_t family, const uint8_t address[16])
{
	return family == XFIB_INET6 && address[0] == 0xfe && (address[1] & 0xc0) == 0x80;
}

/* Do the first `length` bits agree? */
bool address__is_within(const uint8_t address[16], const uint8_t prefix[16], uint32_t length);

#endif
