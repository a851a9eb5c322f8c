/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What objects.c and objects_buckets.c share. */
#ifndef XFIB_MIRROR_OBJECTS_PRIVATE_H
#define XFIB_MIRROR_OBJECTS_PRIVATE_H

#include "objects.h"

#define CHAINS 16384

struct object {
	struct object *next; /* in its chain */
	uint32_t id;
	bool known;   /* there is one; else it has gone, or a route asked for it before it came */
	bool asked;   /* a route asked for it while it was not known */
	bool changed; /* since objects__settle() */
	bool seen;    /* in the dump under way */
	bool blackhole;
	bool unfit; /* for routes, or for those of xfib: of a bridge, or too large a group */
	struct nl_path path;
	uint32_t member_count; /* 0: no group */
	struct nl_nexthop_member *members;
	bool asks;  /* the kernel has to be asked for its buckets */
	bool moved; /* some of them have changed since objects__next_moved() */
	uint32_t bucket_count; /* of a resilient group, of an unfit one too; else 0 */
	uint32_t *buckets; /* the member that each leads to, 0: not known */
};

struct objects {
	struct object *chain[CHAINS];
	uint32_t count, members, buckets;
	uint32_t resilient; /* groups */
	bool changed;
	bool asks, moved, reshaped; /* some of them */
};

/* NULL: there is no such entry. */
struct object *objects__find(const struct objects *objects, uint32_t id);

/* Calls `each` for every object; one that it says has to go is freed. */
void objects__walk(struct objects *objects, bool (*each)(struct objects *objects, struct object *object, uint32_t value),
		   uint32_t value);

/* Is the object none for routes, or too large a group? */
bool nexthop__is_unfit(const struct nl_nexthop *nexthop);

/* The buckets of the object from now on: those that it has, if they are as many, or unknown ones. */
int buckets__make(struct objects *objects, struct object *object, const struct nl_nexthop *nexthop, uint32_t **ret_buckets);

/* The kernel has to be asked for the buckets of the object, if it has any. */
void buckets__ask(struct objects *objects, struct object *object);

#endif
