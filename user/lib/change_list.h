/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Changes with copies of their paths: what a transaction holds, on either side
 * of the socket.
 *
 * Cost: constant time for each change on average; change_list__bytes(), twice
 * that while the array grows.
 */
#ifndef XFIB_LIB_CHANGE_LIST_H
#define XFIB_LIB_CHANGE_LIST_H

#include <stddef.h>

#include "change.h"

struct path_chunk;

struct change_list { /* zero: empty */
	struct change *changes;
	uint32_t count, room;
	size_t path_count;
	struct path_chunk *chunks; /* the one that is being filled first */
};

/* Bytes that a change takes in a list. */
size_t change__bytes(const struct change *change);

/* Appends a copy of a change, which has at most XFIB_GROUP_MEMBERS paths. -ENOMEM, -E2BIG: nothing has changed. */
int change_list__add(struct change_list *list, const struct change *change);

size_t change_list__bytes(const struct change_list *list);

/* Frees what the list holds; it is empty then. */
void change_list__clear(struct change_list *list);

#endif
