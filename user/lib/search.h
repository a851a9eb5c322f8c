/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The search for the best path, as look-ups and explanations share it. Within instance__steady(). */
#ifndef XFIB_LIB_SEARCH_H
#define XFIB_LIB_SEARCH_H

#include "private.h"

/* The path that won, and where it stands. */
struct match {
	bool found;
	uint32_t route_id;
	uint32_t paths; /* of its route */
	struct xfib_route route;
	struct xfib_nexthop nexthop;
};

/*
 * The best path for a query whose interfaces are given by index. 0, or -ENETUNREACH, -EOPNOTSUPP with a message;
 * *ret_match is defined on success only.
 */
int search__best(const struct xfib *instance, const struct xfib_query *query, struct match *ret_match);

/* Why a path may not be used for a query; XFIB_CANDIDATE_BEST: it may. */
enum xfib_candidate_reason search__judge(const struct xfib_query *query, const struct xfib_route *route,
					 const struct xfib_nexthop *nexthop);

/* Of two routes with one metric the one with the higher preference comes first (RFC 4191, IPv6). */
int search__preference(const struct xfib_route *route);

/*
 * Reads a query as callers give it: checks it, and turns LUIDs, the VRF and a source that confines it
 * (XFIB_QUERY_STRONG_HOST) into indexes and a table. Errors as xfib_lookup__best().
 */
int search__prepare(const struct xfib *instance, const struct xfib_query *query, struct xfib_query *ret_query);

/* What xfib_lookup__best() checks before it looks. */
int search__check(const struct xfib_query *query, const char *function);

#endif
