/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A table of xfib's own that a routing daemon keeps by messages of rtnetlink, which it would send to a kernel: routes
 * (RTM_NEWROUTE, RTM_DELROUTE) and the next hop objects that they may be by. It holds one route of a prefix: a new one
 * takes the place of the former.
 *
 * Messages are anybody's bytes: each is checked as those of the kernel are.
 */
#ifndef XFIB_MIRROR_FEED_H
#define XFIB_MIRROR_FEED_H

#include <stdbool.h>
#include <stdint.h>

struct feed;
struct mirror;
struct nlmsghdr;

int feed__new(struct mirror *mirror, uint32_t table, struct feed **ret_feed);
void feed__free(struct feed *feed);

/* The daemon will say everything again: what there is, is stale until it is named. -ENOMEM */
int feed__restart(struct feed *feed);

/* It has: what is stale goes. Returns how many routes. */
uint32_t feed__sweep(struct feed *feed);

/* Bracket messages that come together: look-ups wait meanwhile as for any change. */
void feed__begin(struct feed *feed);
void feed__end(struct feed *feed);

/*
 * Applies a message, all of whose bytes are there. What is none of the table's business (other tables, connected routes,
 * which the kernel has itself, other objects) is passed over, and so is, with a line in the log, what is damaged: the
 * daemon would only say it again.
 */
void feed__take(struct feed *feed, const struct nlmsghdr *message);

/* The messages of a frame end: a route that was deleted, and not put back by the next message, goes. */
void feed__end_frame(struct feed *feed);

/* Stale routes that were named again since the last call. */
uint32_t feed__refreshed(struct feed *feed);

#endif
