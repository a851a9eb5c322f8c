/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What the mirror writes to: the arrays that readers map into memory, and the
 * maps that are written by calls. The daemon's are BPF maps (xfibd/bpf_maps.h);
 * those of a private copy are plain memory (memory_maps.h).
 */
#ifndef XFIB_MIRROR_MAPS_H
#define XFIB_MIRROR_MAPS_H

#include <stdbool.h>
#include <stdint.h>
#include <xfib/abi.h>

/* Numbers of elements. Arrays take their memory at creation, tries and hashes as they grow. */
struct map_sizes {
	uint32_t routes; /* 64 bytes each; the tries hold as many prefixes */
	uint32_t nexthops;
	uint32_t groups;
	uint32_t links; /* a power of two */
	uint32_t addresses;
	uint32_t neighbours;
	uint32_t rules;
	uint32_t plans;     /* steps of plans; at most 65536. 0: enough for few rules */
	uint32_t fib_words; /* 24 bytes each; a power of two, at most XFIB_FIB_MAX_WORDS. 0: no compiled FIB */
	bool count_nexthops; /* 16 bytes more for each, on each processor */
	bool count_routes; /* 16 bytes more for each */
	uint32_t fibs;      /* tables and families with one; a power of two */
};

/* Elements of xfib_prefixes: a power of two, at most half of them used. */
static inline uint32_t map_sizes__prefixes(const struct map_sizes *sizes)
{
	uint32_t count = 64;

	while (count < 2 * sizes->routes)
		count *= 2;
	return count;
}

/*
 * Words of the compiled FIBs' arena that serve so many routes: a full table of both families uses 0.8 of a word for a
 * route, and as much again must be free while a table is compiled anew.
 */
static inline uint32_t map_sizes__fib_words(uint32_t routes)
{
	uint32_t words = 1 << 16;

	while (words < routes && words < XFIB_FIB_MAX_WORDS)
		words *= 2;
	return words;
}

/* For callers that do not care about the compiled FIB and plans. */
static inline void map_sizes__complete(struct map_sizes *sizes)
{
	if (!sizes->fib_words)
		sizes->fib_words = map_sizes__fib_words(sizes->routes);
	if (!sizes->fibs)
		sizes->fibs = 256;
	if (!sizes->plans)
		sizes->plans = 1024;
}

struct maps;

/* Each returns 0 or -errno. */
struct map_ops {
	/* Sets the value of a prefix, or deletes it where `value` is NULL. The IPv4 key is the same struct with a shorter
	 * address. Between maps__defer() and maps__flush() it may be done later, in the same order. */
	int (*write_trie)(struct maps *maps, uint32_t family, const struct xfib_rib6_key *key,
			  const struct xfib_rib_value *value);
	/* Leads a neighbour to its next hop, or to none (XFIB_NONE). -ENOSPC */
	int (*write_neighbour)(struct maps *maps, const struct xfib_neighbour_key *key, uint32_t nexthop);
	/* Lets packets be redirected to a device, or no longer. */
	int (*write_target)(struct maps *maps, uint32_t ifindex, bool is_target);
	/* Leads a tag to the VLAN device of that ifindex, or, where it does not `exist`, to none. NULL: nobody asks. */
	int (*write_vlan)(struct maps *maps, const struct xfib_vlan_key *key, uint32_t ifindex, bool exists);
	/* Lets the counter of a next hop begin at zero. NULL: there is none. */
	void (*clear_counter)(struct maps *maps, uint32_t nexthop);
	/* Does what was put off. What cannot be done stays, and is tried again. NULL: nothing is ever put off. */
	int (*flush)(struct maps *maps);
	/* Waits until the programs that run have ended. */
	int (*wait_for_programs)(struct maps *maps);
};

struct maps {
	const struct map_ops *ops;
	struct map_sizes sizes;
	bool deferring;
	struct xfib_route *routes;
	struct xfib_counter *route_counters; /* NULL: packets are not counted by route */
	struct xfib_prefix *prefixes; /* map_sizes__prefixes() of them */
	struct xfib_nexthop *nexthops;
	struct xfib_group *groups;
	struct xfib_link *links;
	struct xfib_address *addresses;
	struct xfib_rule *rules;
	struct xfib_plan_step *plans;
	__u64 *fib_words;
	struct xfib_fib_routes *fib_routes; /* as many */
	struct xfib_fib *fibs;
	struct xfib_state *state;
};

/* From now on changes of the tries may be put off: many together cost a quarter of what each costs alone. */
static inline void maps__defer(struct maps *maps)
{
	maps->deferring = true;
}

/* Does what was put off; whether more may be is as it was. */
static inline int maps__flush(struct maps *maps)
{
	return maps->ops->flush ? maps->ops->flush(maps) : 0;
}

/* No change is put off any more. */
static inline int maps__end_deferring(struct maps *maps)
{
	maps->deferring = false;
	return maps__flush(maps);
}

/*
 * Waits until no BPF program and no reader in user space can still use what
 * was released before the call: some milliseconds in the kernel, then one
 * store. Every pool of slots may be refilled afterwards: until the tries say
 * what they should, they may still lead to what was released.
 */
static inline int maps__grace(struct maps *maps)
{
	int err = maps__flush(maps);

	if (!err)
		err = maps->ops->wait_for_programs(maps);
	if (err)
		return err;
	__atomic_add_fetch(&maps->state->generation, 1, __ATOMIC_SEQ_CST);
	return 0;
}

#endif
