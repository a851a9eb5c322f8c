// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Ids of the elements of a mapped array. See slots.h. */
#include "slots.h"

#include <errno.h>
#include <stdlib.h>

#include "maps.h"

#define WAITING_MIN 4096

/*
 * So many released ids wait for one another, so that many pay for a grace period, which takes 10 ms: at 4,096 it was half of
 * what changes of a full table cost. No more than a quarter of the rest, since whoever walks the array comes by them.
 */
static uint32_t waiting_max(const struct slots *slots)
{
	uint32_t in_use = *slots->end - slots->waiting.count;

	return in_use / 4 > WAITING_MIN ? in_use / 4 : WAITING_MIN;
}

static int id_list__push(struct id_list *list, uint32_t id)
{
	if (list->count == list->room) {
		uint32_t room = list->room ? list->room * 2 : 64;
		uint32_t *ids = realloc(list->ids, room * sizeof(*ids));

		if (!ids)
			return -ENOMEM;
		list->ids = ids;
		list->room = room;
	}
	list->ids[list->count++] = id;
	return 0;
}

void slots__init(struct slots *slots, struct maps *maps, uint32_t max, uint32_t *end,
		 void (*clear)(struct maps *maps, uint32_t id))
{
	*slots = (struct slots){ .maps = maps, .max = max, .end = end, .clear = clear };
	if (!*end)
		*end = 1;
}

void slots__destroy(struct slots *slots)
{
	free(slots->free.ids);
	free(slots->waiting.ids);
	slots->free = slots->waiting = (struct id_list){ 0 };
}

/* After a grace period, what waited is free. */
static int reclaim(struct slots *slots)
{
	int err = maps__grace(slots->maps);

	if (err)
		return err;
	while (slots->waiting.count) {
		uint32_t id = slots->waiting.ids[slots->waiting.count - 1];

		err = id_list__push(&slots->free, id);
		if (err)
			return err;
		slots->waiting.count--;
		slots->clear(slots->maps, id);
	}
	return 0;
}

int slots__take(struct slots *slots, uint32_t *ret_id)
{
	if (!slots->free.count && slots->waiting.count &&
	    (*slots->end >= slots->max || slots->waiting.count >= waiting_max(slots))) {
		int err = reclaim(slots);

		if (err)
			return err;
	}
	if (slots->free.count) {
		*ret_id = slots->free.ids[--slots->free.count];
		return 0;
	}
	if (*slots->end >= slots->max)
		return -ENOSPC;
	*ret_id = *slots->end;
	__atomic_store_n(slots->end, *slots->end + 1, __ATOMIC_RELEASE);
	return 0;
}

uint32_t slots__room(const struct slots *slots)
{
	return slots->free.count + slots->waiting.count + (slots->max - *slots->end);
}

/* For want of memory for the list the id is lost, which is better than to use it too early. */
void slots__release(struct slots *slots, uint32_t id)
{
	(void)id_list__push(&slots->waiting, id);
}

void slots__cancel(struct slots *slots, uint32_t id)
{
	slots->clear(slots->maps, id);
	(void)id_list__push(&slots->free, id);
}
