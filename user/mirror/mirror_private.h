/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What mirror.c and mirror_route.c share. */
#ifndef XFIB_MIRROR_PRIVATE_H
#define XFIB_MIRROR_PRIVATE_H

#include <stdbool.h>

#include "addresses.h"
#include "links.h"
#include "log.h"
#include "mirror.h"
#include "netlink.h"
#include "nexthops.h"
#include "rib.h"

/* What a dump of the rules of a family has named. */
struct found_rules {
	bool local, main, other;
};

struct mirror {
	struct maps *maps;
	struct mirror_opts opts;
	struct nl *nl;
	struct links *links;
	struct addresses *addresses;
	struct nexthops *nexthops;
	struct rib *rib;
	bool rules4, rules6;   /* rules that the fast path can't follow */
	struct found_rules found4, found6;
	bool split4;           /* there once were such rules: local and main are searched apart */
	bool rules_dirty, settings_dirty, addresses_dirty, targets_dirty;
	uint64_t sync_at;      /* ms; 0: no dump is due */
	uint64_t rest_until;   /* ms; no full dump before */
	uint64_t settings_at;  /* ms; when settings are looked at again */
	bool nexthop_objects;  /* a route by one has been seen */
	struct log_limit full_limit, refused_limit, unknown_limit;
};

/* Handler of routes: nl_handlers.route. */
void mirror__on_route(enum nl_change change, const struct nl_route *route, void *data);

#endif
