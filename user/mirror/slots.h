/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Ids of the elements of a mapped array: given out, released, and given out
 * again only after a grace period. Id 0 (XFIB_NONE) is never given out.
 *
 * Cost: constant time; four bytes for each id that is free or waiting. One
 * grace period serves all ids that wait at the time.
 */
#ifndef XFIB_MIRROR_SLOTS_H
#define XFIB_MIRROR_SLOTS_H

#include <stdint.h>

struct maps;

struct id_list {
	uint32_t *ids;
	uint32_t count, room;
};

struct slots {
	struct maps *maps;
	uint32_t max;   /* ids are below this */
	uint32_t *end;  /* in xfib_state: none from here on was ever given out */
	struct id_list free, waiting;
	void (*clear)(struct maps *maps, uint32_t id); /* called when an id stops waiting */
};

/* `clear` marks the element as free for those who walk the array. */
void slots__init(struct slots *slots, struct maps *maps, uint32_t max, uint32_t *end,
		 void (*clear)(struct maps *maps, uint32_t id));
void slots__destroy(struct slots *slots);

/* -ENOSPC: all are in use. May wait for a grace period. */
int slots__take(struct slots *slots, uint32_t *ret_id);

/* How many ids can be taken before there is -ENOSPC. */
uint32_t slots__room(const struct slots *slots);

/* Gives an id back that no reader can find any more, though one may still hold it. */
void slots__release(struct slots *slots, uint32_t id);

/* Gives an id back that no reader ever saw. */
void slots__cancel(struct slots *slots, uint32_t id);

#endif
