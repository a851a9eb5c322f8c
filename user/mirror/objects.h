/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Next hop objects (`ip nexthop`): what each id leads to, and which have
 * changed since the routes by them were last brought up to date.
 *
 * Cost: a hash look-up to set or resolve one; one that goes is taken out of its
 * groups by a look at each group.
 */
#ifndef XFIB_MIRROR_OBJECTS_H
#define XFIB_MIRROR_OBJECTS_H

#include "netlink.h"

/* Objects, and members of groups in all, beyond which none are taken. */
#define OBJECTS_MAX (1u << 18)
#define OBJECT_MEMBERS_MAX (1u << 21)
#define OBJECT_BUCKETS_MAX (1u << 22)

struct objects;

int objects__new(struct objects **ret_objects);
void objects__free(struct objects *objects);

/* The object is as described from now on. -ENOSPC: there are too many; -ENOMEM */
int objects__set(struct objects *objects, const struct nl_nexthop *nexthop);

/* It goes, also from the groups that it is in. */
void objects__remove(struct objects *objects, uint32_t id);

/* All that lead out by a device go, as the kernel drops them without a word when it loses its carrier or goes down. */
void objects__remove_device(struct objects *objects, uint32_t ifindex);

/*
 * Resilient groups, which lead a hash to a member by a table of buckets. What is known of the buckets stays while the group
 * changes, and the kernel has to be asked for them: of each group by objects__next_asking(), 0: of no other one. Then those
 * that lead elsewhere are told by objects__next_moved().
 */
bool objects__have_resilient(const struct objects *objects);
void objects__set_bucket(struct objects *objects, const struct nl_bucket *bucket);
void objects__ask_buckets(struct objects *objects, uint32_t id);
void objects__unask_buckets(struct objects *objects); /* all are being asked for */
uint32_t objects__next_asking(struct objects *objects);
uint32_t objects__next_moved(struct objects *objects);

/* Has a group got another number of buckets, or become a resilient one, since this was last called? */
bool objects__were_reshaped(struct objects *objects);

/* The member that each bucket of a group leads to, 0: not known. -ENOENT: it is no resilient group; -E2BIG: it has too many. */
int objects__buckets(const struct objects *objects, uint32_t id, const uint32_t **ret_members, uint32_t *ret_count);

/* Where an object leads that is no group; NULL: nowhere. */
const struct nl_path *objects__path(const struct objects *objects, uint32_t id);

/* Brackets a dump: what it does not name goes at its end. */
void objects__begin_dump(struct objects *objects);
void objects__end_dump(struct objects *objects);

/*
 * The paths of a route by an object: none for a blackhole. -ENOENT: there is no such object, or nothing in it leads
 * anywhere; should it come, it counts as changed. -EINVAL: it is not for routes, or has more members or buckets than a group here.
 */
int objects__resolve(struct objects *objects, uint32_t id, struct nl_path paths[XFIB_GROUP_MEMBERS], uint32_t *ret_count);

/* Has anything changed that a route may be by; does it concern this id? */
bool objects__have_changed(const struct objects *objects);
bool objects__has_changed(const struct objects *objects, uint32_t id);

/* Is the object held as one that is not for routes here? */
bool objects__is_unfit(const struct objects *objects, uint32_t id);

/* Is it known that the object has gone, though routes by it have not been looked at? */
bool objects__is_going(const struct objects *objects, uint32_t id);

/* Routes by all of them are up to date. */
void objects__settle(struct objects *objects);

#endif
