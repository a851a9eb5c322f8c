/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The kernel's settings that say by what of a packet it chooses among the paths of a route. */
#ifndef XFIB_MIRROR_MULTIPATH_H
#define XFIB_MIRROR_MULTIPATH_H

#include <stdbool.h>
#include <stdint.h>
#include <xfib/abi.h>

/* A number from a file under /proc/sys/net; `otherwise` if it isn't there. */
int setting__read(const char *path, int otherwise);

/*
 * xfib_state.hash4 or hash6 from the policy of a family and the fields of policy 3. A policy that is not known is taken
 * for policy 0.
 */
__u16 multipath__hash(uint8_t family, int policy, int fields);

/* A seed that stays until the machine is started anew, so that flows keep their paths when the daemon is. */
__u32 multipath__make_seed(__u64 netns);

/*
 * Writes hash4, hash6 and hash_seed; `seed` counts where the administrator has set none (fib_multipath_hash_seed). Returns
 * whether IPv4 passes over paths by gateways that have failed (fib_multipath_use_neigh).
 */
bool multipath__read_settings(struct xfib_state *state, __u32 seed);

#endif
