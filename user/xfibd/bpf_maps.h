/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The maps of an instance as BPF maps, with the programs that use them. */
#ifndef XFIBD_BPF_MAPS_H
#define XFIBD_BPF_MAPS_H

#include "maps.h"
#include "trie_queue.h"

struct xfib_bpf;

/* Threads that write a trie where there is much to write. A third one would only wait for the trie's lock. */
#define TRIE_LANES 2

struct bpf_maps {
	struct maps maps; /* first: map_ops are given this one */
	struct xfib_bpf *skeleton;
	struct trie_queue lanes4[TRIE_LANES], lanes6[TRIE_LANES]; /* of xfib_rib4, xfib_rib6; each has its share of the prefixes */
	int neighbours_fd, tx_fd, vlans_fd, stats_fd, nexthop_stats_fd, events_fd, grace_fd;
	int grace_inner_fd;
	struct xfib_counter *no_counter; /* of all processors */
};

/* Loads programs and maps of these sizes. 0 or -errno. */
int bpf_maps__create(const struct map_sizes *sizes, struct bpf_maps **ret_maps);
void bpf_maps__destroy(struct bpf_maps *maps);

#endif
