/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What mirror*.c and change*.c share. */
#ifndef XFIB_MIRROR_PRIVATE_H
#define XFIB_MIRROR_PRIVATE_H

#include <stdbool.h>

#include "addresses.h"
#include "links.h"
#include "log.h"
#include "mirror.h"
#include "netlink.h"
#include "nexthops.h"
#include "objects.h"
#include "plans.h"
#include "rib.h"
#include "rules.h"

/* What a dump of the rules of a family has named. */
struct found_rules {
	bool local, main;
	bool beyond; /* others, or not these two */
};

struct table_set {
	uint32_t *tables;
	uint32_t count, room;
};

struct changing;

struct mirror {
	struct maps *maps;
	struct mirror_opts opts;
	struct nl *nl;
	struct links *links;
	struct addresses *addresses;
	struct rules *rules;
	struct nexthops *nexthops;
	struct rib *rib;
	struct plans *plans;
	bool rules_unknown;    /* they could not be dumped */
	uint32_t devices; /* mirror__devices() */
	uint32_t hash_seed; /* of xfib_state, where the administrator sets none */
	struct found_rules found4, found6;
	struct plans_asking asking4, asking6; /* what the log has said of them */
	uint32_t fib_tables;   /* that there were when plans were made */
	struct table_set named;  /* tables that only rules lead to */
	struct table_set held;   /* those of rules and VRFs of which all routes are here */
	struct table_set dumped; /* likewise, once the dump under way is complete */
	bool custom_local4;    /* there once was a route of type local that is nobody's address */
	bool split4;           /* there once were such rules: local and main are searched apart */
	uint64_t split_at;     /* ms; when to look whether they are */
	bool rules_dirty, plans_dirty, settings_dirty, features_dirty, addresses_dirty, targets_dirty;
	uint64_t sync_at;      /* ms; 0: no dump is due */
	uint64_t rest_until;   /* ms; no full dump before */
	uint64_t settings_at;  /* ms; when settings are looked at again */
	struct objects *objects; /* the kernel's next hop objects */
	uint64_t asked_expiry;   /* ms; of a route that expires, once a dump has been asked for */
	bool dumping_buckets;    /* of resilient groups */
	mirror_listener_fn listener;
	void *listener_data;
	struct changing *changing; /* the mirror__change() under way, NULL: none */
	uint64_t origin;           /* of what is being applied, 0: somebody else's */
	bool syncing;
	uint64_t audit_at;    /* ms; 0: there is no audit */
	bool audit_idle;      /* it rests after a round without a difference */
	bool audit_wanted;    /* something changed since the round of the audit began */
	uint32_t audited;     /* routes of the slice under way */
	bool misread; /* a part of the dumps under way was not understood */
	uint32_t depth;            /* of mirror__begin() */
	struct log_limit full_limit, refused_limit, unknown_limit, lost_limit, audit_limit;
};

/*
 * Brackets whatever changes something that queries read, and may be nested:
 * xfib_state.changes is odd in between.
 */
void mirror__begin(struct mirror *mirror);
void mirror__end(struct mirror *mirror);

/* Compares the next slice of the routes with the kernel's, if it is time; mirror_audit.c. */
void mirror__audit(struct mirror *mirror);
/* Something has changed: there is something to audit. A dump under way compares everything: the audit begins anew. */
void mirror__want_audit(struct mirror *mirror);
void mirror__restart_audit(struct mirror *mirror);

/* Events are lost; asks for a full dump, and says why. */
void mirror__note_lost(struct mirror *mirror, int err);

/* Applies all events that wait; if some were lost, dumps everything. 1: there were some, 0: there were none. */
int mirror__catch_up(struct mirror *mirror);

#define SETTINGS_INTERVAL_MS 10000 /* for settings that change without an event */
#define ERROR_INTERVAL_MS 1000     /* after something that failed is tried again */

uint64_t mirror__now_ms(void);

/* One more in a counter of the state. */
void mirror__count(__u64 *counter);

/* A device is no more; `data` is the mirror. */
void mirror__link_gone(uint32_t ifindex, void *data);

/* Does what the changes so far entail. */
void mirror__settle(struct mirror *mirror);

/* Reads the settings that apply to all links, and what follows from the rules. */
void mirror__read_settings(struct mirror *mirror);

/* Dumps the rules and publishes them. */
int mirror__dump_rules(struct mirror *mirror);

/* Brings the plans of packets up to date, if what they depend on has changed. */
void mirror__update_plans(struct mirror *mirror);

/* The rules have been dumped: which tables do they lead to? One that is new asks for a full dump. */
void mirror__name_tables(struct mirror *mirror);
/* Brackets a complete dump of the routes, of the tables as they are mirrored when it begins. */
void mirror__begin_tables(struct mirror *mirror);
void mirror__end_tables(struct mirror *mirror);
/* The table has not been mirrored all the time. */
void mirror__forget_table(struct mirror *mirror, uint32_t table);
void mirror__free_tables(struct mirror *mirror);

/* Looks now and then whether the kernel still searches the IPv4 tables local and main as one. */
void mirror__watch_split(struct mirror *mirror);

/* Most paths, and the one that stands for a route without any. */
#define MIRROR_PATHS_MAX XFIB_GROUP_MEMBERS

/*
 * From a route as rtnetlink describes it to one of the RIB, with the next hop objects of whoever says it; its paths are
 * in `paths`, which has room for MIRROR_PATHS_MAX.
 */
void mirror__make_route(const struct mirror *mirror, const struct nl_route *from, struct objects *objects, uint8_t owner,
			struct rib_path *paths, struct rib_route *ret_route);

/* Brings the routes of an owner up to date with the objects that have changed; with `remove`, those by none go. */
void mirror__settle_objects(struct mirror *mirror, struct objects *objects, uint8_t owner, bool remove);

/* Handlers of nl_handlers. */
void mirror__on_nexthop(enum nl_change change, const struct nl_nexthop *nexthop, void *data);
void mirror__on_bucket(enum nl_change change, const struct nl_bucket *bucket, void *data);
void mirror__on_rule(enum nl_change change, const struct nl_rule *rule, void *data);
void mirror__on_route(enum nl_change change, const struct nl_route *route, void *data);

#endif
