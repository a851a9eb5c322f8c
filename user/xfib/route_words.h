/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A route in the words of ip-route(8), as `xfib route add` and lines of
 * `ip route show` have them, made into a spec. Pure: nothing is printed.
 *
 *	err = route_words__begin(&options, count, words, &route, &why);
 *	err = err ?: route_words__continue(&options, count, words, &route, &why);   any number of times
 *	err = err ?: route_words__finish(&options, &route, &why);
 */
#ifndef XFIB_ROUTE_WORDS_H
#define XFIB_ROUTE_WORDS_H

#include <xfib/xfib.h>

#include "read.h"

#define ROUTE_PATHS 511 /* as many as a route can have */

/* The index of a device. False: there is none of that name. */
typedef bool (*device_fn)(void *data, const char *name, uint32_t *ret_ifindex);

struct route_words_options {
	uint32_t family; /* of a `default` whose family no other word tells; 0: IPv4 */
	bool shown;      /* printed by `ip route show`: words about a route's state are passed over; no proto means boot */
	bool any;        /* what is not said may be anything, as for a route that is to be deleted */
	device_fn device;
	void *data;
};

/* 16 KB: not for the stack of a deep call, and never cleared as a whole. */
struct route_words {
	struct xfib_route_spec spec; /* its paths are `path` */
	uint32_t given;              /* which attributes were there, as bits of route_words.c */
	bool bare_default;           /* `default`: of which family is not known yet */
	struct xfib_path_spec path[ROUTE_PATHS];
};

/* Takes the words of a route, but does not yet look at it as a whole. 0, or -EINVAL with the reason. */
int route_words__begin(const struct route_words_options *options, int count, char *const *words,
		       struct route_words *ret_route, struct why *ret_why);

/* Takes further words, such as those of the line "nexthop via …" that follows. */
int route_words__continue(const struct route_words_options *options, int count, char *const *words,
			  struct route_words *route, struct why *ret_why);

/* Is it a route? Settles what was left open: the family, and that a blackhole has no path. */
int route_words__finish(const struct route_words_options *options, struct route_words *route, struct why *ret_why);

/* Number of a word such as "blackhole"; false: no type of routes. */
bool route_type_number(const char *name, uint32_t *ret_type);

/* Is it a type of routes that lead nowhere, and so have no path? */
static inline bool route_type_is_dead_end(uint32_t type)
{
	return type >= XFIB_ROUTE_BLACKHOLE && type <= XFIB_ROUTE_THROW;
}

#endif
