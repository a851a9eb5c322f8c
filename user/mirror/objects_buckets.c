// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* The buckets of resilient groups of next hop objects. See objects.h. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#include "objects_private.h"

int buckets__make(struct objects *objects, struct object *object, const struct nl_nexthop *nexthop, uint32_t **ret_buckets)
{
	*ret_buckets = NULL;
	if (!nexthop->bucket_count || nexthop__is_unfit(nexthop))
		return 0;
	if (object->buckets && object->bucket_count == nexthop->bucket_count) {
		*ret_buckets = object->buckets;
		objects->buckets -= object->bucket_count;
		object->buckets = NULL;
		return 0;
	}
	if (objects->buckets + nexthop->bucket_count > OBJECT_BUCKETS_MAX)
		return -ENOSPC;
	*ret_buckets = calloc(nexthop->bucket_count, sizeof(**ret_buckets));
	return *ret_buckets ? 0 : -ENOMEM;
}

void buckets__ask(struct objects *objects, struct object *object)
{
	if (object->buckets)
		object->asks = objects->asks = true;
}

bool objects__have_resilient(const struct objects *objects)
{
	return objects->resilient;
}

void objects__set_bucket(struct objects *objects, const struct nl_bucket *bucket)
{
	struct object *object = objects__find(objects, bucket->group);

	if (!object || !object->buckets || bucket->index >= object->bucket_count || object->buckets[bucket->index] == bucket->member)
		return;
	object->buckets[bucket->index] = bucket->member;
	object->moved = objects->moved = true;
}

void objects__ask_buckets(struct objects *objects, uint32_t id)
{
	struct object *object = objects__find(objects, id);

	if (object)
		buckets__ask(objects, object);
}

static bool unask(struct objects *objects, struct object *object, uint32_t value)
{
	(void)objects, (void)value;
	return object->asks = false;
}

void objects__unask_buckets(struct objects *objects)
{
	if (objects->asks)
		objects__walk(objects, unask, 0);
	objects->asks = false;
}

/* An object of which the flag is set, which then no longer is; *some tells whether there may be one. */
static uint32_t next_flagged(struct objects *objects, bool *some, size_t flag)
{
	for (uint32_t i = 0; *some && i < CHAINS; i++) {
		for (struct object *object = objects->chain[i]; object; object = object->next) {
			bool *is_set = (bool *)((char *)object + flag);

			if (*is_set) {
				*is_set = false;
				return object->id;
			}
		}
	}
	*some = false;
	return 0;
}

uint32_t objects__next_asking(struct objects *objects)
{
	return next_flagged(objects, &objects->asks, offsetof(struct object, asks));
}

uint32_t objects__next_moved(struct objects *objects)
{
	return next_flagged(objects, &objects->moved, offsetof(struct object, moved));
}

bool objects__were_reshaped(struct objects *objects)
{
	bool reshaped = objects->reshaped;

	objects->reshaped = false;
	return reshaped;
}

int objects__buckets(const struct objects *objects, uint32_t id, const uint32_t **ret_members, uint32_t *ret_count)
{
	const struct object *object = objects->resilient ? objects__find(objects, id) : NULL;

	if (!object || !object->bucket_count)
		return -ENOENT;
	if (!object->buckets)
		return -E2BIG;
	*ret_members = object->buckets;
	*ret_count = object->bucket_count;
	return 0;
}

const struct nl_path *objects__path(const struct objects *objects, uint32_t id)
{
	const struct object *object = objects__find(objects, id);

	return object && object->known && !object->member_count && !object->blackhole && !object->unfit ? &object->path : NULL;
}
