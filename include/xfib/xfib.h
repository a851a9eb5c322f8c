/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * libxfib: best-route queries against the maps by which the XDP and TC
 * programs forward.
 *
 *	struct xfib *instance;
 *	int err = xfib_instance__open(NULL, &instance);
 *	if (err)
 *		errx(1, "%s", xfib_error__last());
 *	struct xfib_query query = { .size = sizeof(query), .family = AF_INET };
 *	inet_pton(AF_INET, "192.0.2.1", query.destination);
 *	struct xfib_result result;
 *	err = xfib_lookup__best(instance, &query, &result);
 *
 * Every function that returns int returns 0, or a negative errno value and
 * then leaves its outputs (named ret_…) untouched; xfib_error__last() says
 * what happened in words. An instance may be used from any number of threads
 * at once, and after fork(). A query on mapped maps takes no lock, and none
 * talks to the daemon or to netlink. Structs that begin with `size` can grow:
 * set it to sizeof, and what is not named to 0.
 *
 * Addresses are bytes in network byte order, IPv4 in the first four of
 * sixteen, the others zero; numbers are in host byte order.
 */
#ifndef XFIB_XFIB_H
#define XFIB_XFIB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xfib/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Version of the library, "1.2.3". */
const char *xfib_version(void);

/* ---- messages ---- */

/* What the last failed call of this thread could not do, why, and what to do about it: one line. Never NULL. */
const char *xfib_error__last(void);

/*
 * Called with each message that the library has for people, libbpf's
 * warnings among them; NULL: no message at all. It sets libbpf's print
 * function for the whole process: until it is called, libbpf writes its own
 * warnings to standard error, as in any program. Call it before other threads
 * use the library.
 */
typedef void (*xfib_log_fn)(const char *message, void *data);
void xfib_log__set(xfib_log_fn log, void *data);

/* ---- instances ---- */

struct xfib;

/* Where answers come from. */
enum xfib_backend {
	XFIB_BACKEND_AUTO,    /* the pinned maps if there are any that may be read here, else private */
	XFIB_BACKEND_MAPS,    /* the maps that xfibd has pinned, by which packets are forwarded */
	XFIB_BACKEND_PRIVATE, /* a copy of the kernel's routes in this process, kept current by a thread of it */
	XFIB_BACKEND_SNAPSHOT, /* what xfib_snapshot__take() made; not to be asked for */
};

struct xfib_open_opts {
	size_t size;     /* of this struct, so that it can grow */
	const char *pin; /* pin directory; NULL: $XFIB_PIN, else /sys/fs/bpf/xfib. With one given, AUTO means MAPS */
	enum xfib_backend backend; /* AUTO: what $XFIB_BACKEND says (maps, private or auto), if anything */
	const char *socket; /* of the daemon; NULL: $XFIB_SOCKET, else by the pin directory, see xfibd(8) */
};

/*
 * Opens the maps of the instance that is pinned, read-only, or a private copy
 * of the kernel's routes, which needs no privilege.
 *
 * @opts: NULL for the defaults
 *
 * -ENOENT: no instance is pinned there; -EACCES, -EPERM: it may not be read by
 * this process; -EPROTO: its maps have another layout version; -EXDEV: it
 * belongs to another network namespace (with XFIB_BACKEND_AUTO, these four
 * mean a private copy); -EINVAL: opts->size is none that is known, or
 * $XFIB_BACKEND names no backend.
 *
 * Cost: a private copy takes a dump of everything (a second for a million
 * routes) and 64 bytes a route; a thread then follows the kernel.
 */
int xfib_instance__open(const struct xfib_open_opts *opts, struct xfib **ret_instance);

struct xfib_description {
	size_t size;
	enum xfib_backend backend;
	bool mapped;      /* the maps are mapped into memory; else each element is read by a system call */
	char pin[256];    /* pin directory, "" for a private copy */
	char socket[128]; /* the daemon's, "" for a private copy */
	uint32_t pid;     /* of the daemon; it may have ended */
	char fallback[256]; /* why the pinned maps are not used, "" if nobody wanted them */
};

/* What an instance is. ret_description->size is read, the rest written. -EINVAL: size is none that is known. */
int xfib_instance__describe(const struct xfib *instance, struct xfib_description *ret_description);

/* "maps", "private", "snapshot" or "auto"; NULL for a number that is none. */
const char *xfib_backend__name(uint32_t backend);

/* Closes an instance; NULL is fine. No other thread may be using it. */
void xfib_instance__close(struct xfib *instance);

/*
 * Does nobody keep this set of maps up to date any more, because another one has replaced it (the daemon was restarted),
 * or the instance was unloaded? Then answers are those of that moment: open again.
 */
bool xfib_instance__retired(const struct xfib *instance);

struct bpf_object;

/*
 * Gives an object of BPF programs that includes <xfib/bpf.h>, opened and not yet loaded by libbpf, the maps of an
 * instance, and sets the constants that go with them. When the instance is retired, the object's programs ask the
 * kernel's helper: load it anew. -ENOENT: the instance has no maps (see xfib_instance__describe()), or is NULL; the object
 * may be loaded all the same and then asks the helper each time. -EINVAL: the object does not include the header;
 * -EPROTO: it includes that of another version; -EBUSY: it is loaded. Needs what loading programs needs.
 */
int xfib_bpf__reuse_maps(struct bpf_object *object, const struct xfib *instance);

/* A copy of the state element of the instance. */
int xfib_instance__state(const struct xfib *instance, struct xfib_state *ret_state);

/* ---- the best route ---- */

/* xfib_query.flags */
#define XFIB_QUERY_STRONG_HOST 0x1 /* a source confines the query to the interface that owns it, as Windows does */

struct xfib_query {
	size_t size;             /* of this struct */
	uint8_t destination[16];
	uint8_t source[16];      /* of the packet; all zero: none given */
	uint32_t family;         /* AF_INET or AF_INET6 */
	uint32_t ifindex;        /* the route must leave by this interface; 0: any */
	uint32_t table;          /* search this table alone; 0: those that the policy rules name, usually local, then main */
	uint32_t flags;
	uint32_t destination_scope; /* interface of a link-local destination, 0: `ifindex` says it */
	uint32_t source_scope;      /* interface of a link-local source, 0: any */
	uint32_t exclude_ifindex;   /* no route that leaves by this interface; 0: all may */
	uint32_t vrf;        /* ifindex of a VRF device: search its table; 0: none */
	uint32_t mark;       /* of the packet (SO_MARK), for rules by fwmark */
	uint32_t iif;        /* the packet comes by this interface and is forwarded; 0: this machine sends it */
	uint64_t luid;         /* value of a NET_LUID: as `ifindex`; 0: none */
	uint64_t exclude_luid; /* likewise, as `exclude_ifindex` */
};

/* Answer to a query, complete: reading it needs the instance no longer. */
struct xfib_result {
	uint32_t family;
	uint32_t ifindex;    /* the packet leaves by this interface; a local destination: of the loopback or VRF device */
	char dev[16];        /* its name */
	uint8_t gateway[16]; /* where gateway_family is not 0 */
	uint8_t source[16];  /* the address to send from: the query's, else the preferred one */
	uint32_t gateway_family; /* 0: on-link */
	uint32_t source_scope;   /* ifindex for a link-local source, else 0 */
	uint32_t mtu;        /* bytes of an IP packet */
	uint32_t route_ifindex;  /* interface that the route names; differs from `ifindex` for local destinations */
	uint32_t metric;     /* effective: the route's plus the interface's */
	uint32_t paths;      /* how many paths the route has; the one reported is that of lowest interface, then gateway */
	uint32_t route_id;   /* slot of xfib_routes, XFIB_NONE if none */
	struct xfib_route route;     /* the winning path of the winning route */
	struct xfib_nexthop nexthop; /* its next hop; `state` tells whether the fast path can use it */
};

/*
 * The best route for a destination: longest prefix, then lowest effective
 * metric, then the order of the kernel; of equal paths the one through the
 * lowest interface index, then the lowest gateway. Routes through interfaces
 * that are down are skipped. Routes of type blackhole, unreachable and
 * prohibit are results, not errors: look at ret_result->route.type.
 *
 * -ENETUNREACH: no route, or none by the interface asked for;
 * -EAFNOSUPPORT: family is neither, or the machine has no such stack;
 * -ENODEV: ifindex is no interface that the instance knows;
 * -EADDRNOTAVAIL: with XFIB_QUERY_STRONG_HOST, the source is no address of this machine;
 * -EOPNOTSUPP: a policy rule leads to a table that is not mirrored, or only the kernel can follow it;
 * -EINVAL: query->size is none that is known, or `vrf` is no VRF device.
 *
 * Policy rules are followed as the kernel follows them for a packet that this
 * machine sends, with `mark`; with `table` or `vrf` they are not looked at. With
 * `iif` they are followed as the programs do it for a packet from there: where
 * a rule asks for more than addresses (`mark` does not count), -EOPNOTSUPP.
 *
 * Cost: three or four cache lines of the compiled FIB, those of route, next hop and link, and the choice of a source;
 * where an interface constraint rejects the longest prefix, a probe of a hash table for each length that is in use. Safe from any thread. Source of the
 * semantics: the driver documentation of GetBestRoute2, ip-route(8).
 */
int xfib_lookup__best(const struct xfib *instance, const struct xfib_query *query, struct xfib_result *ret_result);

/* ---- many destinations ---- */

/*
 * The answers of xfib_lookup__best() to queries that differ in nothing but the
 * destination. Each answer is true of one moment, not all of the same one.
 *
 * @query: all but the destination, which is not read
 * @destinations: addresses one after the other, 4 or 16 bytes each by query->family, network byte order
 * @ret_results, @ret_errors: room for `count` elements; an error is 0 or what xfib_lookup__best() would return, and
 *	then the result beside it is not defined
 *
 * -EINVAL, -EAFNOSUPPORT: query->size or family is none that is known. xfib_error__last() tells of one error only: ask
 * singly for others. Safe from any thread.
 *
 * Cost: as that of xfib_lookup__best(), but the cache misses of 32 destinations overlap.
 */
int xfib_lookup__many(const struct xfib *instance, const struct xfib_query *query, const void *destinations, size_t count,
		      struct xfib_result *ret_results, int *ret_errors);

/* ---- the compiled FIB against the tries ---- */

/* An address for which they differ: see struct xfib_rib_value for targets. */
struct xfib_difference {
	uint32_t family;
	uint32_t table;
	uint8_t address[16]; /* network byte order */
	uint32_t by_fib, by_trie;
};

typedef void (*xfib_difference_fn)(const struct xfib_difference *difference, void *data);

struct xfib_verification {
	size_t size;           /* sizeof(struct xfib_verification) */
	uint64_t addresses;    /* compared */
	uint64_t left_to_trie; /* of them: the compiled FIB has no room for them, or there is none */
	uint64_t differences;  /* after looking again for a tenth of a second */
};

/*
 * Compares what packets get by the compiled FIB with what they get by the LPM
 * tries, for the first and last address of every prefix and the one behind.
 * `report` may be NULL. -EOPNOTSUPP: this instance has no tries that can be
 * asked; -EAGAIN: the daemon ended in the middle of a change. Two system calls an address: some seconds for a full table.
 */
int xfib_instance__verify(const struct xfib *instance, xfib_difference_fn report, void *data,
			  struct xfib_verification *ret_result);

/* ---- the RIB against the kernel ---- */

struct xfib_route_path {
	struct xfib_route route;
	struct xfib_nexthop nexthop;
};

/* A prefix whose routes are not those that the kernel has: paths in order, those of one route after one another. */
struct xfib_mismatch {
	uint32_t family;
	uint32_t table;
	uint8_t prefix[16]; /* network byte order */
	uint8_t prefix_length;
	uint32_t held_count, kernel_count; /* 0: no route at all */
	const struct xfib_route_path *held, *kernel; /* valid during the call */
};

typedef void (*xfib_mismatch_fn)(const struct xfib_mismatch *mismatch, void *data);

struct xfib_route_verification {
	size_t size;          /* sizeof(struct xfib_route_verification) */
	uint64_t prefixes;    /* compared */
	uint64_t differences; /* prefixes that still differed after looking again for ten seconds */
};

/*
 * Compares the routes that the instance mirrors with those of the kernel, of
 * which a private copy is made: of the tables local, main and default, those of
 * VRFs, those of which it holds a route of the kernel's, and `table_count` more
 * `tables` (NULL with 0). How long a route has yet to live is not compared.
 * `report` may be NULL. -EOPNOTSUPP: this instance is a copy itself. -EAGAIN:
 * another daemon took over meanwhile. Memory of a private copy (192 bytes a
 * route), seconds for a full table.
 */
int xfib_instance__verify_routes(const struct xfib *instance, const uint32_t *tables, size_t table_count,
				 xfib_mismatch_fn report, void *data, struct xfib_route_verification *ret_result);

/* The short answer for one destination: ids for xfib_route__by_id() and xfib_nexthop__by_id(). */
struct xfib_hop {
	uint32_t route;   /* first route of the prefix, whose chain has the one that is used; XFIB_NONE: no route */
	uint32_t nexthop; /* of the path that xfib_lookup__best() reports */
};

/*
 * The best routes of `count` destinations, as xfib_lookup__best() finds them
 * without any constraint: of the tables that the policy rules name, not of
 * xfib's own.
 *
 * @family: AF_INET or AF_INET6
 * @destinations: addresses one after the other, 4 or 16 bytes each, network byte order
 * @ret_hops: room for `count` answers
 *
 * -EAFNOSUPPORT. Safe from any thread.
 */
int xfib_lookup__bulk(const struct xfib *instance, uint32_t family, const void *destinations, size_t count,
		      struct xfib_hop *ret_hops);

/* Copies of what ids name at this moment. -ENOENT: nothing. */
int xfib_route__by_id(const struct xfib *instance, uint32_t id, struct xfib_route *ret_route);
int xfib_nexthop__by_id(const struct xfib *instance, uint32_t id, struct xfib_nexthop *ret_nexthop);

/* ---- why: every candidate ---- */

/* Why a path won or lost: symbol, name, explanation. */
#define XFIB_CANDIDATE_REASONS(X)                                                                                      \
	X(BEST, "best", "this is the answer")                                                                          \
	X(SHORTER, "shorter", "a longer prefix has a usable route")                                                    \
	X(LATER_TABLE, "later_table", "a table that is searched before has a usable route")                            \
	X(METRIC, "metric", "another route of the prefix has a lower effective metric")                                \
	X(PREFERENCE, "preference", "another route has a higher router preference")                                    \
	X(ORDER, "order", "an equal route comes before it in the kernel's order")                                      \
	X(TIE, "tie", "an equal path has a lower interface index or gateway")                                          \
	X(INTERFACE, "interface", "it leaves by another interface than the one asked for")                             \
	X(EXCLUDED, "excluded", "it leaves by the interface that is excluded")                                         \
	X(DOWN, "down", "its interface is down, or the path is dead")                                                  \
	X(EXPIRED, "expired", "its lifetime is over")                                                                  \
	X(TOS, "tos", "it is for packets with a type of service only")                                                 \
	X(THROW, "throw", "it ends the search of its table without an answer")                                         \
	X(THROWN, "thrown", "a throw route ended the search of its table")                                             \
	X(SUPPRESSED, "suppressed", "the policy rule that leads here counts no route of so short a prefix")

enum xfib_candidate_reason {
#define XFIB_CANDIDATE_ENUM(symbol, name, text) XFIB_CANDIDATE_##symbol,
	XFIB_CANDIDATE_REASONS(XFIB_CANDIDATE_ENUM)
#undef XFIB_CANDIDATE_ENUM
	XFIB_CANDIDATE_REASON_COUNT,
};

/* Name and explanation; NULL for a number that is none. */
const char *xfib_candidate_reason__name(uint32_t reason);
const char *xfib_candidate_reason__text(uint32_t reason);

/* One path of one route whose prefix covers the destination. */
struct xfib_candidate {
	uint32_t reason;   /* enum xfib_candidate_reason */
	uint32_t metric;   /* effective: the route's plus the interface's */
	uint32_t route_id;
	char dev[16];
	uint32_t pad;
	struct xfib_route route;
	struct xfib_nexthop nexthop;
};

/*
 * Every path whose prefix covers the destination, in the order in which they
 * are considered: table by table, longest prefix first, then the order of the
 * kernel; and why each won or lost. At most one is BEST.
 *
 * @ret_candidates: an array that xfib_candidates__free() frees; NULL if there is none
 *
 * Errors are those of xfib_lookup__best() but -ENETUNREACH: without a winner
 * the array tells why.
 */
int xfib_lookup__explain(const struct xfib *instance, const struct xfib_query *query,
			 struct xfib_candidate **ret_candidates, size_t *ret_count);
void xfib_candidates__free(struct xfib_candidate *candidates);

/* ---- snapshots ---- */

/*
 * A copy of everything that queries read, all of one moment, which nothing
 * changes any more: queries, walks and explanations work on it as on any
 * instance. xfib_instance__close() frees it.
 *
 * -EAGAIN: the routes changed all the time; -ENOMEM; -EACCES: the daemon
 * gives this process none.
 *
 * Cost: 64 bytes a route, and the time to copy them.
 */
int xfib_snapshot__take(const struct xfib *instance, struct xfib **ret_snapshot);

/* ---- changing routes ---- */

/* What a change does, as the commands of ip-route(8) have it. Routes that differ in TOS or metric are different ones. */
enum xfib_change {
	XFIB_ADD = 1, /* -EEXIST: there is a route of that prefix, TOS and metric */
	XFIB_REPLACE, /* in place of the first route of that prefix, TOS and metric, or a new one */
	XFIB_APPEND,  /* behind those of that prefix, TOS and metric. -EEXIST: there is one alike in all things */
	XFIB_DELETE,  /* the first route that agrees with all that is given. -ENOENT: there is none */
};

struct xfib_path_spec {
	uint32_t ifindex;
	uint32_t gateway_family; /* AF_INET, AF_INET6; 0: on-link */
	uint8_t gateway[16];
	uint16_t weight; /* 1 to 256; 0: 1 */
	uint16_t flags;  /* XFIB_NEXTHOP_ONLINK */
	uint32_t pad;
};

/*
 * A route to be written. A member of 0 has the default of ip-route(8): type
 * unicast, table main (local for type local), protocol static, and what the
 * kernel makes of scope and, for IPv6, of metric. For XFIB_DELETE, 0 (and no
 * path) means any, but for `table`.
 */
struct xfib_route_spec {
	size_t size;
	uint8_t prefix[16]; /* without host bits */
	uint8_t source[16]; /* preferred source; zero: none */
	uint32_t family;
	uint32_t prefix_length;
	uint32_t table;
	uint32_t metric;
	uint32_t type;     /* enum xfib_route_type */
	uint32_t scope;    /* RT_SCOPE_*; it counts with XFIB_SPEC_SCOPE */
	uint32_t protocol; /* RTPROT_* */
	uint32_t tos;
	uint32_t preference; /* IPv6: ICMPV6_ROUTER_PREF_* */
	uint32_t mtu;      /* of the route; 0: none */
	uint32_t lifetime; /* seconds, IPv6; 0: for ever */
	uint32_t flags;    /* XFIB_SPEC_* */
	uint32_t path_count; /* 0 for blackhole and the like, at most 511 */
	const struct xfib_path_spec *paths;
};

#define XFIB_SPEC_SCOPE 0x1 /* `scope` is given */

/*
 * Changes one route. A table of the kernel's (local, main, those that xfibd
 * mirrors, and with a private copy every table) is changed by rtnetlink, and
 * the call returns when the instance answers by the change. Any other table is
 * xfib's own from its first route on: it is changed in the maps, and outlives
 * the daemon, but not its maps (`xfib unload`, the machine's restart).
 *
 * -EACCES: root or the group xfib may, with a private copy CAP_NET_ADMIN;
 * -ECONNREFUSED: xfibd is not running; -EEXIST, -ENOENT: see enum xfib_change;
 * -EINVAL: something in the spec is impossible, or the kernel says so;
 * -ENODEV: no such interface; -ENETUNREACH: the gateway is not on the link;
 * -ENOSPC: the maps are full; -ENOBUFS: more changes than xfibd keeps before
 * they are committed; -EUSERS: it has as many clients as it serves; -ECONNRESET:
 * it ended before it answered, and may have made the change.
 * xfib_error__last() has the kernel's words.
 */
int xfib_route__change(const struct xfib *instance, enum xfib_change change, const struct xfib_route_spec *spec);

/*
 * What would write a route that is there, with one path: for what a look-up, a
 * walk or an event has told. Further paths of a multipath route are made by
 * xfib_path_spec__from() behind it, with spec->path_count raised.
 *
 * @ret_path: room for the path, to which ret_spec->paths points then; a route
 * without a device has none, and path_count is 0
 */
void xfib_route_spec__from(const struct xfib_route *route, const struct xfib_nexthop *nexthop,
			   struct xfib_route_spec *ret_spec, struct xfib_path_spec *ret_path);
void xfib_path_spec__from(const struct xfib_route *route, const struct xfib_nexthop *nexthop,
			  struct xfib_path_spec *ret_path);

/*
 * Many changes, of which all are made, in their order, or none. While they are
 * being made, readers see some of them already, and xfibd follows no change of
 * the kernel's. In the kernel's tables a failure is undone by opposite changes:
 * what xfib does not keep of a route (metrics but the MTU, the id of a next
 * hop object) does not come back.
 */
struct xfib_transaction;

int xfib_transaction__new(const struct xfib *instance, struct xfib_transaction **ret_transaction);

/* Notes a change; nothing happens yet. -EINVAL: impossible; -ENOMEM. */
int xfib_transaction__add(struct xfib_transaction *transaction, enum xfib_change change,
			  const struct xfib_route_spec *spec);

/* How many changes it has. */
size_t xfib_transaction__count(const struct xfib_transaction *transaction);

/*
 * Makes the changes. Errors as xfib_route__change(); then nothing has changed,
 * and *ret_failed (NULL: not wanted) is the number of the change that failed,
 * from 0, or xfib_transaction__count() if it was none of them. A transaction
 * can be committed once.
 *
 * Whoever makes the changes, xfibd or with a private copy this process, makes
 * them one after the other: if it is killed meanwhile, those made so far stay
 * (-ECONNRESET where it was xfibd).
 */
int xfib_transaction__commit(struct xfib_transaction *transaction, size_t *ret_failed);

/* Frees it, committed or not; NULL is fine. */
void xfib_transaction__free(struct xfib_transaction *transaction);

/* ---- routes, next hops, links ---- */

struct xfib_route_iter;

/* Which routes to walk: each member that is not 0 (or NULL) narrows the walk. */
struct xfib_route_filter {
	size_t size;
	uint32_t family;
	uint32_t table;
	uint32_t ifindex;
	uint32_t protocol;
};

/*
 * Begins a walk over all routes, one path at a time, in order of slots. A
 * route that is changed during the walk may be seen before, after, or, if it
 * changed its slot, not at all or twice. -ENOMEM.
 */
int xfib_route_iter__new(const struct xfib *instance, const struct xfib_route_filter *filter,
			 struct xfib_route_iter **ret_iter);

/* The next route and its next hop. False at the end. */
bool xfib_route_iter__next(struct xfib_route_iter *iter, struct xfib_route *ret_route, struct xfib_nexthop *ret_nexthop);

/* Slot of the route that the last next() returned: what xfib_route.next of another path means. */
uint32_t xfib_route_iter__id(const struct xfib_route_iter *iter);
void xfib_route_iter__free(struct xfib_route_iter *iter);

/* Calls `visit` for each next hop in use, with its id; stops at the first result that is not 0 and returns it. */
typedef int (*xfib_nexthop_fn)(uint32_t id, const struct xfib_nexthop *nexthop, void *data);
int xfib_nexthop__each(const struct xfib *instance, xfib_nexthop_fn visit, void *data);

/* Likewise for links, in order of their index. */
typedef int (*xfib_link_fn)(const struct xfib_link *link, void *data);
int xfib_link__each(const struct xfib *instance, xfib_link_fn visit, void *data);

/*
 * The policy rules that send packets of a link up to the kernel, since only it can follow them (marks, ports, …): those
 * packets that they could concern. `link` is as xfib_link__each() gives it.
 */
#define XFIB_LINK_RULES 16
struct xfib_link_rules {
	uint32_t all;   /* not 0: all packets go up, whatever the rules are */
	uint32_t more;  /* not 0: there are more than are named */
	uint32_t count;
	uint32_t priority[XFIB_LINK_RULES];
};

int xfib_link__rules(const struct xfib *instance, const struct xfib_link *link, uint32_t family,
		     struct xfib_link_rules *ret_rules);

/* The link of an index or of a name. -ENODEV: none such. */
int xfib_link__by_index(const struct xfib *instance, uint32_t ifindex, struct xfib_link *ret_link);
int xfib_link__by_name(const struct xfib *instance, const char *name, struct xfib_link *ret_link);

/* ---- counters ---- */

/*
 * Packets and bytes for each reason, summed over the processors.
 *
 * @ifindex: ingress interface; 0: all together
 * @ret_counters: array of `count` elements, indexed by enum xfib_reason; at most XFIB_REASON_COUNT are written
 *
 * -ENODEV: no such interface. One system call for each interface.
 */
int xfib_stats__read(const struct xfib *instance, uint32_t ifindex, struct xfib_counter *ret_counters, size_t count);

/*
 * Packets and bytes sent to a next hop since it got its id, summed over the processors.
 *
 * @id: as xfib_nexthop__each() says it
 *
 * -ENODATA: the daemon does not count them (xfibd --count-nexthops); -ENOENT: there can be no such next hop. One system call.
 */
int xfib_stats__read_nexthop(const struct xfib *instance, uint32_t id, struct xfib_counter *ret_counter);

/*
 * Packets and bytes sent by the routes of a prefix, whichever of their paths they took, since the first of these routes was
 * made or changed, or xfibd started.
 *
 * @id: as xfib_route_iter__id() says it, of the first route of the prefix; of another one, nothing is counted
 *
 * -ENODATA: the daemon does not count them (xfibd --count-routes); -ENOENT: there can be no such route.
 */
int xfib_stats__read_route(const struct xfib *instance, uint32_t id, struct xfib_counter *ret_counter);

/* ---- packets ---- */

struct xfib_explained {
	uint32_t reason;   /* enum xfib_reason */
	uint32_t nexthop;  /* id; 0: the packet did not come so far */
	uint32_t length;   /* of the frame that would be sent */
};

#define XFIB_EXPLAIN_GROWTH 8 /* bytes by which a frame may be longer when it leaves: VLAN tags */

/*
 * What would become of a frame that comes by an interface: runs the decision of the instance's XDP program on it
 * (BPF_PROG_RUN). Nothing is sent, counted or asked for.
 *
 * @frame: an Ethernet frame of `length` bytes, at least 14, VLAN tags included, in a buffer with room for
 *         XFIB_EXPLAIN_GROWTH more; it is overwritten by what would be sent
 * @ifindex: ingress interface, of this network namespace
 *
 * -EOPNOTSUPP: no pinned maps, or a kernel before Linux 5.15; -EPERM: only who may run BPF programs can ask.
 */
int xfib_packet__explain(const struct xfib *instance, uint32_t ifindex, void *frame, size_t length,
			 struct xfib_explained *ret_explained);

/* Name ("no_neighbour"), explanation and verdict of a reason; NULL, NULL and PASS for a number that is none. */
const char *xfib_reason__name(uint32_t reason);
const char *xfib_reason__text(uint32_t reason);
enum xfib_verdict xfib_reason__verdict(uint32_t reason);

/* Name of a verdict ("pass") or of a route type ("unicast"); NULL for a number that is none. */
const char *xfib_verdict__name(uint32_t verdict);
const char *xfib_route_type__name(uint32_t type);

/* ---- watching routes change ---- */

enum xfib_route_event_type {
	XFIB_ROUTE_ADDED = 1,
	XFIB_ROUTE_CHANGED, /* other attributes; prefix, interface and gateway are the same */
	XFIB_ROUTE_DELETED,
	XFIB_ROUTE_RESYNC, /* some were lost: look at everything anew. Nothing else in the event counts */
};

/* A path that came, went or changed, complete: reading it needs the instance no longer. */
struct xfib_route_event {
	uint32_t type; /* enum xfib_route_event_type */
	bool own;      /* this process asked for the change */
	uint8_t pad[3];
	uint32_t link_flags; /* XFIB_LINK_*, of the interface */
	uint32_t link_kind;  /* IANA interface type */
	char dev[16];
	struct xfib_route route;     /* of a deleted one, as it was */
	struct xfib_nexthop nexthop;
};

struct xfib_watch;

/*
 * Begins to watch. What changes after this call returns is reported, in order,
 * each change once; the filter may be NULL. Some 3,400 events are kept for who
 * does not read them; when there are more, XFIB_ROUTE_RESYNC stands for what
 * was lost. A transaction of more changes leads to that always.
 *
 * -ECONNREFUSED: xfibd is not running; -EACCES: it does not serve this process.
 */
int xfib_watch__open(const struct xfib *instance, const struct xfib_route_filter *filter, struct xfib_watch **ret_watch);

/* A descriptor that polls readable when xfib_watch__next() has something to say. */
int xfib_watch__fd(const struct xfib_watch *watch);

/*
 * The next event; never waits. -EAGAIN: none yet. When the daemon ends, the
 * watch waits for its return by itself and then reports XFIB_ROUTE_RESYNC.
 * Not for two threads at once.
 */
int xfib_watch__next(struct xfib_watch *watch, struct xfib_route_event *ret_event);

void xfib_watch__close(struct xfib_watch *watch);

/* ---- ports: where the programs are attached ---- */

enum xfib_hook {
	XFIB_HOOK_XDP,
	XFIB_HOOK_TC,     /* any kind of device, slower than XDP: TCX where the kernel has it (Linux 6.6), else clsact */
	XFIB_HOOK_TCX,    /* by a link, beside those of others; it is pinned */
	XFIB_HOOK_CLSACT, /* by a filter at clsact ingress */
};

enum xfib_mode {
	XFIB_MODE_NATIVE,  /* in the driver; fails where the driver has no XDP */
	XFIB_MODE_GENERIC, /* in the network stack, any device, slow */
	XFIB_MODE_AUTO,    /* native, else generic */
};

struct xfib_port_opts {
	size_t size;
	const char *pin; /* as in struct xfib_open_opts */
	enum xfib_hook hook;
	enum xfib_mode mode; /* of XFIB_HOOK_XDP */
	bool force; /* replace an XDP program of somebody else's, which detaching puts back; root only */
};

/*
 * Attaches the pinned program to an interface; it stays when the caller ends.
 * Attaching again is fine, and in another mode replaces. A program is the
 * instance's if it is one of those pinned there, whoever attached it.
 * Of XDP programs there are two from Linux 5.18 on: a driver whose MTU is too
 * large for one buffer takes only the one for frames in several.
 * The daemon attaches likewise to a device that comes later under the same
 * name, when this one has gone.
 *
 * -ENOENT: no instance is pinned; -EBUSY: another program is attached there;
 * -EOPNOTSUPP: the driver has no native XDP, the kernel no TCX; -ENODEV; -EPERM.
 */
int xfib_port__attach(uint32_t ifindex, const struct xfib_port_opts *opts);

/*
 * Detaches it, XFIB_HOOK_TC from TCX and clsact; a port without it is fine (0). What was replaced by force is put back.
 * Another program is left alone: -EBUSY.
 */
int xfib_port__detach(uint32_t ifindex, const struct xfib_port_opts *opts);

struct xfib_port {
	bool xdp;            /* the instance's XDP program is attached */
	bool tc;             /* the instance's TC program is attached */
	bool frags;          /* the XDP program is the instance's for frames in several buffers: see xfib_port__attach() */
	enum xfib_hook tc_hook; /* by which it is: TCX or CLSACT */
	enum xfib_mode mode; /* of the XDP program, whosoever it is */
	uint32_t xdp_id;     /* id of the XDP program attached, whosoever it is, 0 for none */
};

/* What is attached to an interface. opts->hook and mode are not read. */
int xfib_port__query(uint32_t ifindex, const struct xfib_port_opts *opts, struct xfib_port *ret_port);

#ifdef __cplusplus
}
#endif

#endif
