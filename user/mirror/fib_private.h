/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What the files of the compiled FIB's writer share. */
#ifndef XFIB_MIRROR_FIB_PRIVATE_H
#define XFIB_MIRROR_FIB_PRIVATE_H

#include "fib.h"

typedef unsigned __int128 address_t; /* left-aligned, as the prefixes */

/* ---- the arena: fib_arena.c ---- */

/*
 * Words are given out one after the other within chunks, and a chunk is free
 * again when none of its words is live. Blocks of a chunk that has few live ones are
 * moved elsewhere (fib_compact.c), so that waste is bounded.
 */
#define CHUNK_WORDS 4096u /* the largest block has 2,128 */
#define NO_CHUNK UINT32_MAX

struct chunk {
	uint32_t live;
	bool in_use;
	bool victim; /* being emptied */
};

struct arena {
	__u64 *words;
	struct xfib_fib_routes *routes;
	uint16_t *ranks;        /* by leaf */
	struct chunk *chunks;
	uint32_t *free, *waiting; /* chunks; waiting ones may still have readers */
	uint32_t chunk_count, free_count, waiting_count;
	uint32_t current, next; /* chunk that words are taken from, and the next one of them */
	uint64_t live;
};

/* What a reference or a leaf stands for while the writer has it in hands. */
struct item {
	uint32_t reference; /* of a block, or 0: it is a leaf */
	uint32_t route;
	uint16_t leaf;
	uint16_t rank; /* 0: no prefix covers it; RANK_ESCAPED: what does is not known, the trie is asked */
};

#define RANK_ESCAPED UINT16_MAX
#define ITEM_ESCAPED ((struct item){ .leaf = XFIB_LEAF_TRIE, .rank = RANK_ESCAPED })

struct fib_table {
	__u32 table;
	__u8 family;
	__u8 bits;   /* of the root, 0: a small one */
	bool window;
	uint32_t root; /* word of the arena */
	uint32_t slot; /* of xfib_fibs */
	size_t count;
	size_t grow_above; /* prefixes for which the root is too small */
};

struct piece {
	uint32_t word, words;
};

struct fib {
	struct maps *maps;
	struct arena arena;
	struct piece *pending; /* of the arena, to be released when what replaces them is published */
	uint32_t pending_count, pending_room;
	struct fib_table *tables;
	struct run *old_runs, *new_runs; /* of the block of 12 bits at hand; there is one on any way down */
	uint32_t table_count, table_room;
	struct fib_usage usage;
	bool compacting;
	uint32_t compact_table, compact_entry; /* where it is */
	uint64_t compact_above; /* words used: what the last walk could not empty is not worth another one */
};

int arena__init(struct arena *arena, struct maps *maps);
void arena__destroy(struct arena *arena);

/* -ENOSPC. May wait for a grace period. `words` is at most CHUNK_WORDS. */
int arena__take(struct fib *fib, uint32_t words, uint32_t *ret_word);
/* Likewise of any size, as chunks of its own. */
int arena__take_chunks(struct fib *fib, uint32_t words, uint32_t *ret_word);
/* Releases words at the next flush: the change that replaces them is not published yet. */
void arena__release(struct fib *fib, uint32_t word, uint32_t words);
/* No reader can find any more what was released, though one may still be there. */
void arena__flush(struct fib *fib);
void arena__publish_usage(struct fib *fib);

/* ---- items at a place: fib_block.c ---- */

static inline bool item__is_block(struct item item)
{
	return item.reference & XFIB_BLOCK;
}

static inline bool item__same(struct item a, struct item b)
{
	return a.reference == b.reference && a.route == b.route && a.leaf == b.leaf && a.rank == b.rank;
}

/* A reference and what it stands for: `position` is counted in leaves and even. */
struct item place__read(const struct arena *arena, uint32_t position);
/* One aligned store, after all that it leads to. */
void place__write(struct fib *fib, uint32_t position, struct item item);

/* A run of a block: values from `start` to the next run's start get `item`. Runs that are blocks have length 1. */
struct run {
	uint32_t start;
	struct item item;
};

/* Runs of a block, and two more that a change makes. */
#define MAX_RUNS 258
#define MAX_RUNS_BELOW_ROOT 4098 /* of an IPv6 block of 12 bits */

struct block {
	uint32_t reference, word, words;
	uint32_t width, count;
	uint32_t leaves; /* position of the first one */
	bool wide, ranges;
};

/* How many bits the block at this depth decides on, and whether it is wide in any case. */
uint32_t block__width(uint32_t depth);
bool block__is_wide(uint32_t depth);

struct block block__open(const struct arena *arena, uint32_t reference);
void block__read(const struct arena *arena, const struct block *block, struct run *ret_runs);
/* An item at `depth` of runs that differ from their neighbours, the first one from 0 on: a block, or a leaf if it is one. -ENOSPC */
int block__make(struct fib *fib, const struct run *runs, uint32_t count, uint32_t depth, struct item *ret_item);
/* Are the values from `low` to before `high` just one run? Constant time, and so are the next two. */
bool block__is_run(const struct arena *arena, const struct block *block, uint32_t low, uint32_t high, uint32_t *ret_run);
struct item block__item(const struct arena *arena, const struct block *block, uint32_t run);
/* Changes one run where it is: a leaf to a leaf, or anything in a wide block. */
void block__set(struct fib *fib, const struct block *block, uint32_t run, struct item item);
/* If the block can become these runs where it is, makes it so. */
bool block__update(struct fib *fib, const struct block *block, const struct run *old, const struct run *runs,
		   uint32_t count);
/* Releases what an item is, and with `all` what it leads to. A leaf is nothing. */
void item__release(struct fib *fib, struct item item, bool all);
/* Joins neighbours that are the same. Returns the new count. */
uint32_t runs__join(struct run *runs, uint32_t count);

/* ---- changes: fib_paint.c ---- */

struct paint {
	address_t address;
	uint32_t length;
	__u8 family;
	bool exact;        /* only leaves of this rank, not those of lower ones */
	uint16_t rank;
	struct item item; /* what they become */
	bool replaced;    /* out: leaves of this rank were there */
	bool moved;       /* out: references of a block of 12 bits may have changed, in the range of the change */
};

/* What an item at `depth` becomes; the caller writes it to its place. */
struct item paint__item(struct fib *fib, struct paint *paint, struct item item, uint32_t depth);

/* ---- tables: fib.c ---- */

/* Up to this many prefixes a table's root is a single reference. */
#define FIB_SMALL 4096u
/* Beyond that it has these bits. */
#define FIB_ROOT_BITS4 ((uint32_t)XFIB_ROOT_DEPTH4)
#define FIB_ROOT_BITS6 ((uint32_t)XFIB_ROOT_DEPTH6 - XFIB_WINDOW_LENGTH)

struct fib_table *fib__table(const struct fib *fib, __u32 table, __u8 family);
int fib__add_table(struct fib *fib, __u32 table, __u8 family, struct fib_table **ret_table);
/* Tells readers where the table's root is. */
void fib__publish_root(struct fib *fib, const struct fib_table *table);
void fib__release_root(struct fib *fib, const struct fib_table *table);
/* fib__set() on a table that is being made. */
void fib__paint(struct fib *fib, const struct fib_table *table, const struct fib_prefix *prefix);

/*
 * Shortcuts of a large IPv6 root (see XFIB_SHORTCUT_BITS): fib_shortcut.c. Entry n of the root changed, at the most in the
 * range of a prefix; or all of it was written. To be called before what was replaced is flushed.
 */
void shortcuts__follow(struct fib *fib, const struct fib_table *table, uint32_t n, address_t address, uint32_t length);
void shortcuts__renew(struct fib *fib, const struct fib_table *table, uint32_t n);

uint32_t root__words(const struct fib_table *table);
uint32_t table__entries(const struct fib_table *table);
/* Those, and the one for addresses outside the window, which a small root has alone. */
uint32_t table__references(const struct fib_table *table);
/* Position of entry n of a root; the one outside the window is the last. */
uint32_t table__entry(const struct fib_table *table, uint32_t n);
/* How many bits of the address lead to an entry. */
uint32_t table__depth(const struct fib_table *table, uint32_t n);
uint16_t prefix__rank(const struct fib_prefix *prefix);
struct item prefix__item(const struct fib_prefix *prefix);

/* Some steps of compaction, if it is under way or pays: fib_compact.c */
void compact__consider(struct fib *fib);

#endif
