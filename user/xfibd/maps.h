/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The set of maps and programs of one instance: created, mapped into memory,
 * and the grace period after which a released slot may be used again.
 */
#ifndef XFIBD_MAPS_H
#define XFIBD_MAPS_H

#include <stdint.h>
#include <xfib/abi.h>

/* Numbers of elements. Arrays take their memory at creation, tries and hashes as they grow. */
struct map_sizes {
	uint32_t routes; /* 64 bytes each; the tries hold as many prefixes */
	uint32_t nexthops;
	uint32_t groups;
	uint32_t links; /* a power of two */
	uint32_t addresses;
	uint32_t neighbours;
};

struct xfib_bpf;

struct maps {
	struct xfib_bpf *skeleton;
	struct map_sizes sizes;
	struct xfib_route *routes;
	struct xfib_nexthop *nexthops;
	struct xfib_group *groups;
	struct xfib_link *links;
	struct xfib_address *addresses;
	struct xfib_state *state;
	int rib4_fd, rib6_fd, neighbours_fd, tx_fd, stats_fd, events_fd, grace_fd;
	int grace_inner_fd;
};

/* Loads programs and maps of these sizes. On failure says why in *ret_reason (static text, or NULL). */
int maps__create(const struct map_sizes *sizes, struct maps **ret_maps);
void maps__destroy(struct maps *maps);

/*
 * Waits until no BPF program and no reader in user space can still use what
 * was released before the call: some milliseconds in the kernel, then one
 * store. Every pool of slots may be refilled afterwards.
 */
int maps__grace(struct maps *maps);

#endif
