/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The writer of the compiled FIBs (see XFIB_LEAF_NONE in abi.h, and docs/lookup.md).
 *
 * Every leaf belongs to the prefix that covers it longest, and the daemon
 * remembers, beside each leaf, the rank of that prefix: its length, and
 * whether it is of table local. A change paints the leaves in the range of its
 * prefix whose rank is not higher. So no second structure is needed to tell
 * what lies below a route that goes, but for the route that then covers it,
 * which the caller names.
 *
 * Readers see each address's answer change by one store. A leaf whose run
 * keeps its place is written where it is; else the block is written anew, and
 * one reference changes. What was replaced is used again after a grace period.
 *
 * Where there is no room, the part of the FIB that is concerned is replaced by
 * XFIB_LEAF_TRIE, which needs none: packets for it are looked up in the trie
 * until fib__compile() finds room again.
 *
 * Cost: 24 bytes of shared memory for each word of the arena and 8 of the
 * daemon's; time in proportion to the blocks in the range of the prefix: under
 * a microsecond for nearly all of a full table, milliseconds for a default route.
 *
 * One thread writes.
 */
#ifndef XFIB_MIRROR_FIB_H
#define XFIB_MIRROR_FIB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <xfib/abi.h>

struct fib;
struct maps;

/* Which of two prefixes decides where both cover an address. */
enum fib_tier {
	FIB_OF_TABLE,   /* the longer one */
	FIB_LOCAL,      /* the longer one, and of equal ones this (table local, merged with main) */
	FIB_LOCAL_FIRST /* this, however short (table local, searched before main) */
};

/* A prefix and what its addresses get. No host bits. */
struct fib_prefix {
	__u64 high, low; /* host byte order; an IPv4 address is the upper half of `high` */
	__u32 route;     /* first slot of its routes */
	__u32 target;    /* see struct xfib_rib_value; FIB_ASK_TRIE: whatever the trie says */
	__u8 length;
	__u8 tier;       /* enum fib_tier */
};

#define FIB_ASK_TRIE 0xffffffffu

/* -ENOMEM. The arena and the table of roots are those of `maps`, and empty. */
int fib__new(struct maps *maps, struct fib **ret_fib);
void fib__free(struct fib *fib);

/*
 * Makes the FIB of a table anew from all its prefixes, in any order, none
 * twice; they are sorted in place. Readers see the old one or the new one.
 * -ENOSPC: no room beside the old one, which stays; -ENOMEM likewise.
 */
int fib__compile(struct fib *fib, __u32 table, __u8 family, struct fib_prefix *prefixes, size_t count);

/* From now on the tries serve the table. */
void fib__drop(struct fib *fib, __u32 table, __u8 family);

/* Likewise, until fib__compile(), also where the table has no FIB yet. -ENOMEM; -ENOSPC: there is no room for another table. */
int fib__hold(struct fib *fib, __u32 table, __u8 family);

/*
 * Adds a prefix, or changes what its addresses get. The first prefix of a
 * table makes its FIB. -ENOSPC: part of the FIB was left to the trie.
 */
int fib__set(struct fib *fib, __u32 table, __u8 family, const struct fib_prefix *prefix);

/* The prefix has gone; `cover` is the one that decides on its addresses now, NULL: none does. -ENOSPC as above. */
int fib__clear(struct fib *fib, __u32 table, __u8 family, const struct fib_prefix *prefix,
	       const struct fib_prefix *cover);

/* Is the table one of those with a FIB, or one that is held? For how many more is there room? */
bool fib__has(const struct fib *fib, __u32 table, __u8 family);
uint32_t fib__room(const struct fib *fib);

/* 0: the table has no compiled FIB. */
__u64 fib__root(const struct fib *fib, __u32 table, __u8 family);

/*
 * How many prefixes the table's FIB was made from, by fib__compile(), set and clear; about, since one that longer ones
 * hide altogether is counted with each fib__set().
 */
size_t fib__count(const struct fib *fib, __u32 table, __u8 family);

/* Has the table outgrown its small root, so that it should be compiled anew? */
bool fib__wants_compile(const struct fib *fib, __u32 table, __u8 family);

/* Goes on with compaction, if there is anything to do: some tens of microseconds. False: nothing is left. */
bool fib__work(struct fib *fib);

struct fib_usage {
	uint64_t words_size;  /* of the arena */
	uint64_t words_used;  /* in chunks that hold something, or wait for a grace period */
	uint64_t words_live;  /* that a reader can reach */
	uint64_t in_place;    /* leaves and references that changed where they are */
	uint64_t blocks_written;
	uint64_t graces;
	uint64_t escapes;     /* parts left to the trie */
	uint64_t compactions;
};

struct fib_usage fib__usage(const struct fib *fib);

#endif
