/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Longest-prefix match in plain memory, with the keys and values of the BPF
 * tries xfib_rib4 and xfib_rib6: what a private copy and a snapshot search.
 *
 * A path-compressed binary trie: each node holds a bit string, which its
 * children extend; a node without a value has two children. At most two nodes
 * a prefix. Nodes are in one array and name each other by index.
 *
 * Cost: a look-up visits at most one node for each length at which prefixes
 * branch, some 20 on a full table; 40 bytes a node. Not safe to read while it
 * is written.
 */
#ifndef XFIB_MIRROR_LPM_H
#define XFIB_MIRROR_LPM_H

#include <stdint.h>
#include <xfib/abi.h>

struct lpm_node {
	__u8 bits[20];   /* table (big-endian, so that it comes first), address; zero behind `length` */
	__u8 length;     /* in bits, the 32 of the table included */
	__u8 has_value;
	__u8 pad[2];
	__u32 child[2];  /* by the bit behind `length`; 0: none */
	__u32 route;     /* value.route; of a free node, the next free one */
	__u32 target;    /* value.target */
};

struct lpm {
	struct lpm_node *nodes; /* node 0 is the root, with an empty bit string */
	uint32_t count, room, free;
	uint32_t address_bits; /* 32 or 128 */
};

/* `address_bits`: 32 or 128. -ENOMEM */
int lpm__init(struct lpm *lpm, uint32_t address_bits);
void lpm__destroy(struct lpm *lpm);

/* Sets the value of a prefix. -ENOMEM: nothing has changed. */
int lpm__update(struct lpm *lpm, const struct xfib_rib6_key *key, const struct xfib_rib_value *value);

/* -ENOENT: no such prefix. */
int lpm__delete(struct lpm *lpm, const struct xfib_rib6_key *key);

/* The longest prefix that covers the key and is not longer than it. -ENOENT: none. */
int lpm__lookup(const struct lpm *lpm, const struct xfib_rib6_key *key, struct xfib_rib_value *ret_value);

#endif
