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
 * at once; no query takes a lock, and none talks to the daemon or to netlink.
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

struct xfib_open_opts {
	size_t size;     /* of this struct, so that it can grow */
	const char *pin; /* pin directory; NULL: $XFIB_PIN, else /sys/fs/bpf/xfib */
};

/*
 * Opens the maps of the instance that is pinned, read-only.
 *
 * @opts: NULL for the defaults
 *
 * -ENOENT: no instance is pinned there; -EACCES, -EPERM: it may not be read by
 * this process; -EPROTO: its maps have another layout version; -EXDEV: it
 * belongs to another network namespace; -EINVAL: opts->size is none that is known.
 */
int xfib_instance__open(const struct xfib_open_opts *opts, struct xfib **ret_instance);

/* Closes an instance; NULL is fine. No other thread may be using it. */
void xfib_instance__close(struct xfib *instance);

/*
 * Has another set of maps replaced this one (the daemon was restarted)? Then
 * answers are those of the moment of the replacement: open again.
 */
bool xfib_instance__retired(const struct xfib *instance);

/* The state element of the instance, as it is mapped: it changes under the reader. */
const struct xfib_state *xfib_instance__state(const struct xfib *instance);

/* ---- the best route ---- */

/* xfib_query.flags */
#define XFIB_QUERY_STRONG_HOST 0x1 /* a source confines the query to the interface that owns it, as Windows does */

struct xfib_query {
	size_t size;             /* of this struct */
	uint8_t destination[16];
	uint8_t source[16];      /* of the packet; all zero: none given */
	uint32_t family;         /* AF_INET or AF_INET6 */
	uint32_t ifindex;        /* the route must leave by this interface; 0: any */
	uint32_t table;          /* search this table alone; 0: local, then main */
	uint32_t flags;
	uint32_t destination_scope; /* interface of a link-local destination, 0: `ifindex` says it */
	uint32_t source_scope;      /* interface of a link-local source, 0: any */
};

/* Answer to a query, complete: reading it needs the instance no longer. */
struct xfib_result {
	uint32_t family;
	uint32_t ifindex;    /* the packet leaves by this interface; of a local destination, the loopback interface */
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
 * -EINVAL: query->size is none that is known.
 *
 * Cost: two system calls (one for `table`), one more for each covering prefix that an
 * interface constraint rejects. Safe from any thread. Source of the
 * semantics: the driver documentation of GetBestRoute2, ip-route(8).
 */
int xfib_lookup__best(const struct xfib *instance, const struct xfib_query *query, struct xfib_result *ret_result);

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

/* Name ("no_neighbour"), explanation and verdict of a reason; NULL, NULL and PASS for a number that is none. */
const char *xfib_reason__name(uint32_t reason);
const char *xfib_reason__text(uint32_t reason);
enum xfib_verdict xfib_reason__verdict(uint32_t reason);

/* Name of a verdict ("pass") or of a route type ("unicast"); NULL for a number that is none. */
const char *xfib_verdict__name(uint32_t verdict);
const char *xfib_route_type__name(uint32_t type);

/* ---- ports: where the programs are attached ---- */

enum xfib_hook {
	XFIB_HOOK_XDP,
	XFIB_HOOK_TC, /* clsact ingress: any kind of device, slower than XDP */
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
};

/*
 * Attaches the pinned program to an interface; it stays when the caller ends.
 * Attaching again is fine, and in another mode replaces. A program is the
 * instance's if it uses the instance's maps, whoever attached it.
 *
 * -ENOENT: no instance is pinned; -EBUSY: another program is attached there;
 * -EOPNOTSUPP: the driver has no native XDP; -ENODEV; -EPERM.
 */
int xfib_port__attach(uint32_t ifindex, const struct xfib_port_opts *opts);

/* Detaches it; a port without it is fine (0). Another program is left alone: -EBUSY. */
int xfib_port__detach(uint32_t ifindex, const struct xfib_port_opts *opts);

struct xfib_port {
	bool xdp;            /* the instance's XDP program is attached */
	bool tc;             /* the instance's TC program is attached */
	enum xfib_mode mode; /* of the XDP program, whosoever it is */
	uint32_t xdp_id;     /* id of the XDP program attached, whosoever it is, 0 for none */
};

/* What is attached to an interface. opts->hook and mode are not read. */
int xfib_port__query(uint32_t ifindex, const struct xfib_port_opts *opts, struct xfib_port *ret_port);

#ifdef __cplusplus
}
#endif

#endif
