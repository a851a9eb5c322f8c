/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Links in xfib_links and xfib_tx, as the kernel's links and settings make them. */
#ifndef XFIB_MIRROR_LINKS_H
#define XFIB_MIRROR_LINKS_H

#include <stdbool.h>
#include <stdint.h>

#include "netlink.h"
#include "nexthops.h"

struct maps;
struct links;

/* What holds for all links of the network namespace. */
struct link_settings {
	bool forwarding6;      /* net.ipv6.conf.all.forwarding */
	uint8_t rp_filter;     /* net.ipv4.conf.all.rp_filter: the larger of this and the link's counts */
	bool send_redirects;   /* net.ipv4.conf.all.send_redirects: this or the link's */
	bool ignore_linkdown4; /* net.ipv4.conf.all.ignore_routes_with_linkdown: likewise (IPv6 writes its own to each link) */
	bool route_localnet;   /* net.ipv4.conf.all.route_localnet: likewise */
	bool check_sources;    /* IPv4: also where no rp_filter says so (fib_has_custom_local_routes in the kernel) */
};

int links__new(struct maps *maps, struct nl *nl, struct links **ret_links);
void links__free(struct links *links);

/* Asks by other sockets from now on. */
void links__set_netlink(struct links *links, struct nl *nl);

/*
 * -ENOSPC: no slot for another link; its packets go up to the kernel. Without
 * `anew`, a link that is as it was costs nothing: whether it takes redirected
 * frames is not asked again.
 */
int links__set(struct links *links, const struct nl_link *link, bool anew);
void links__remove(struct links *links, uint32_t ifindex);

/* Brackets a dump: links that were not set between the two go. `gone` is told of each. */
void links__begin_dump(struct links *links);
void links__end_dump(struct links *links, void (*gone)(uint32_t ifindex, void *data), void *data);

/* Applies settings to every link. Returns whether they are others than before. */
bool links__apply_settings(struct links *links, const struct link_settings *settings);

/* Addresses have come or gone, which the reverse-path filter of some links depends on. */
void links__update_sources(struct links *links);

/* Asks anew which devices take redirected frames. */
void links__update_targets(struct links *links);

/* Is there a VRF device whose table this is? */
bool links__has_vrf(const struct links *links, uint32_t table);

/* Calls `visit` for the table of each VRF device. */
void links__each_vrf(const struct links *links, void (*visit)(uint32_t table, void *data), void *data);

/* The slot of a link, NULL if it has none. */
const struct xfib_link *links__find(const struct links *links, uint32_t ifindex);

/* What a device gives to next hops: a nexthop_device_fn; `data` is the links. */
void links__describe_device(uint32_t ifindex, struct nexthop_device *ret_device, void *data);

#endif
