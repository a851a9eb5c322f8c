// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Next hop objects by id. See objects.h. */
#include "objects.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "objects_private.h"

int objects__new(struct objects **ret_objects)
{
	*ret_objects = calloc(1, sizeof(**ret_objects));
	return *ret_objects ? 0 : -ENOMEM;
}

static struct object **chain_of(const struct objects *objects, uint32_t id)
{
	return (struct object **)&objects->chain[hash__bytes(&id, sizeof(id)) % CHAINS];
}

struct object *objects__find(const struct objects *objects, uint32_t id)
{
	struct object *object = *chain_of(objects, id);

	while (object && object->id != id)
		object = object->next;
	return object;
}

/* The entry of an id, made if there is none. */
static int take(struct objects *objects, uint32_t id, struct object **ret_object)
{
	struct object **chain = chain_of(objects, id), *object = objects__find(objects, id);

	if (!object && objects->count == OBJECTS_MAX)
		return -ENOSPC;
	if (!object) {
		object = calloc(1, sizeof(*object));
		if (!object)
			return -ENOMEM;
		object->id = id;
		object->next = *chain;
		*chain = object;
		objects->count++;
	}
	*ret_object = object;
	return 0;
}

static void empty(struct objects *objects, struct object *object)
{
	objects->members -= object->member_count;
	free(object->members);
	object->members = NULL;
	object->member_count = 0;
	objects->buckets -= object->buckets ? object->bucket_count : 0;
	objects->resilient -= object->bucket_count != 0;
	free(object->buckets);
	object->buckets = NULL;
	object->bucket_count = 0;
	object->known = false;
}

void objects__walk(struct objects *objects, bool (*each)(struct objects *objects, struct object *object, uint32_t value),
		   uint32_t value)
{
	for (uint32_t i = 0; i < CHAINS; i++) {
		struct object **link = &objects->chain[i];

		while (*link) {
			struct object *object = *link;

			if (!each(objects, object, value)) {
				link = &object->next;
				continue;
			}
			*link = object->next;
			empty(objects, object);
			objects->count--;
			free(object);
		}
	}
}

static bool any(struct objects *objects, struct object *object, uint32_t value)
{
	(void)objects, (void)object, (void)value;
	return true;
}

void objects__free(struct objects *objects)
{
	if (!objects)
		return;
	objects__walk(objects, any, 0);
	free(objects);
}

static void mark(struct objects *objects, struct object *object)
{
	object->changed = objects->changed = true;
}

/* ---- changes ---- */

static bool same_path(const struct nl_path *path, const struct nl_path *other)
{
	return path->ifindex == other->ifindex && path->flags == other->flags && path->encap == other->encap &&
	       path->gateway_family == other->gateway_family && !memcmp(path->gateway, other->gateway, sizeof(path->gateway));
}

bool nexthop__is_unfit(const struct nl_nexthop *nexthop)
{
	uint32_t members = nexthop->bucket_count ? XFIB_BUCKET_MEMBERS - 1 : XFIB_GROUP_MEMBERS;

	return nexthop->bridge || nexthop->member_count > members || nexthop->bucket_count > XFIB_BUCKETS;
}

static bool same_members(const struct object *object, const struct nl_nexthop *nexthop)
{
	if (object->member_count != (nexthop__is_unfit(nexthop) ? 0 : nexthop->member_count))
		return false;
	for (uint32_t i = 0; i < object->member_count; i++) {
		if (object->members[i].id != nexthop->members[i].id || object->members[i].weight != nexthop->members[i].weight)
			return false;
	}
	return true;
}

static bool is_as(const struct object *object, const struct nl_nexthop *nexthop)
{
	return object->known && object->blackhole == nexthop->blackhole && object->unfit == nexthop__is_unfit(nexthop) &&
	       object->bucket_count == nexthop->bucket_count && same_path(&object->path, &nexthop->path) &&
	       same_members(object, nexthop);
}

static int copy_members(struct objects *objects, const struct nl_nexthop *nexthop, struct nl_nexthop_member **ret_members)
{
	size_t size = nexthop->member_count * sizeof(**ret_members);

	*ret_members = NULL;
	if (!size || nexthop__is_unfit(nexthop))
		return 0;
	if (objects->members + nexthop->member_count > OBJECT_MEMBERS_MAX)
		return -ENOSPC;
	*ret_members = malloc(size);
	if (!*ret_members)
		return -ENOMEM;
	memcpy(*ret_members, nexthop->members, size);
	return 0;
}

int objects__set(struct objects *objects, const struct nl_nexthop *nexthop)
{
	struct nl_nexthop_member *members;
	uint32_t *buckets = NULL;
	struct object *object;
	int err = take(objects, nexthop->id, &object);

	if (err)
		return err;
	object->seen = true;
	if (is_as(object, nexthop))
		return 0;
	err = copy_members(objects, nexthop, &members);
	if (!err) {
		err = buckets__make(objects, object, nexthop, &buckets);
		if (err)
			free(members);
	}
	if (err) { /* nothing is better than what it no longer is */
		objects__remove(objects, nexthop->id);
		return err;
	}
	if (object->known || object->asked) /* no route is by a new one */
		mark(objects, object);
	objects->reshaped |= object->known && object->bucket_count != nexthop->bucket_count;
	empty(objects, object);
	object->known = true;
	object->asked = false;
	object->blackhole = nexthop->blackhole;
	object->unfit = nexthop__is_unfit(nexthop);
	object->path = nexthop->path;
	object->members = members;
	object->member_count = members ? nexthop->member_count : 0;
	objects->members += object->member_count;
	object->buckets = buckets;
	object->bucket_count = nexthop->bucket_count;
	objects->buckets += buckets ? object->bucket_count : 0;
	objects->resilient += object->bucket_count != 0;
	buckets__ask(objects, object);
	return 0;
}

/* Takes `id` out of a group. */
static bool leave_group(struct objects *objects, struct object *object, uint32_t id)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < object->member_count; i++) {
		if (object->members[i].id != id)
			object->members[kept++] = object->members[i];
	}
	if (kept == object->member_count)
		return false;
	mark(objects, object);
	objects->members -= object->member_count - kept;
	object->member_count = kept;
	buckets__ask(objects, object); /* its buckets lead to others now */
	if (!kept) /* the kernel drops a group without members */
		empty(objects, object);
	return false;
}

void objects__remove(struct objects *objects, uint32_t id)
{
	struct object *object = objects__find(objects, id);
	bool is_group = object && object->member_count;

	if (!object || !object->known)
		return;
	mark(objects, object);
	empty(objects, object);
	if (!is_group)
		objects__walk(objects, leave_group, id);
}

static bool leads_by(struct objects *objects, struct object *object, uint32_t ifindex)
{
	if (object->known && !object->member_count && !object->blackhole && object->path.ifindex == ifindex) {
		mark(objects, object);
		empty(objects, object);
	}
	return false;
}

static bool forget_members(struct objects *objects, struct object *object, uint32_t value)
{
	(void)value;
	for (uint32_t i = object->member_count; i--;) {
		const struct object *member = objects__find(objects, object->members[i].id);

		if (!member || !member->known)
			leave_group(objects, object, object->members[i].id);
		if (i > object->member_count)
			i = object->member_count;
	}
	return false;
}

void objects__remove_device(struct objects *objects, uint32_t ifindex)
{
	objects__walk(objects, leads_by, ifindex);
	objects__walk(objects, forget_members, 0);
}

/* ---- dumps ---- */

static bool unsee(struct objects *objects, struct object *object, uint32_t value)
{
	(void)objects, (void)value;
	object->seen = false;
	return false;
}

void objects__begin_dump(struct objects *objects)
{
	objects__walk(objects, unsee, 0);
}

static bool drop_unseen(struct objects *objects, struct object *object, uint32_t value)
{
	(void)value;
	if (object->known && !object->seen) {
		mark(objects, object);
		empty(objects, object);
	}
	return false;
}

void objects__end_dump(struct objects *objects)
{
	objects__walk(objects, drop_unseen, 0);
}

/* ---- what routes see ---- */

int objects__resolve(struct objects *objects, uint32_t id, struct nl_path paths[XFIB_GROUP_MEMBERS], uint32_t *ret_count)
{
	struct object *object = objects__find(objects, id);
	uint32_t count = 0;
	bool blackhole = false;

	if (!object || !object->known) {
		int err = object ? 0 : take(objects, id, &object);

		if (!err)
			object->asked = true;
		return err ? err : -ENOENT;
	}
	if (object->unfit)
		return -EINVAL;
	if (!object->member_count) {
		paths[0] = object->path;
		*ret_count = !object->blackhole;
		return 0;
	}
	for (uint32_t i = 0; i < object->member_count; i++) {
		struct object *member;

		if (take(objects, object->members[i].id, &member))
			continue;
		member->asked |= !member->known;
		blackhole |= member->known && member->blackhole; /* the only member of its group then */
		if (!member->known || member->member_count || member->blackhole)
			continue;
		paths[count] = member->path;
		paths[count++].weight = object->members[i].weight;
	}
	*ret_count = count;
	return count || blackhole ? 0 : -ENOENT;
}

bool objects__have_changed(const struct objects *objects)
{
	return objects->changed;
}

bool objects__has_changed(const struct objects *objects, uint32_t id)
{
	const struct object *object = objects__find(objects, id);

	if (!object || object->changed)
		return object != NULL;
	for (uint32_t i = 0; i < object->member_count; i++) {
		const struct object *member = objects__find(objects, object->members[i].id);

		if (member && member->changed)
			return true;
	}
	return false;
}

bool objects__is_unfit(const struct objects *objects, uint32_t id)
{
	const struct object *object = objects__find(objects, id);

	return object && object->known && object->unfit;
}

bool objects__is_going(const struct objects *objects, uint32_t id)
{
	const struct object *object = objects__find(objects, id);

	return object && object->changed && !object->known;
}

static bool settle(struct objects *objects, struct object *object, uint32_t value)
{
	(void)objects, (void)value;
	object->changed = false;
	return !object->known && !object->asked;
}

void objects__settle(struct objects *objects)
{
	if (objects->changed)
		objects__walk(objects, settle, 0);
	objects->changed = false;
}
