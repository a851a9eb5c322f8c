// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Changes with copies of their paths. See change_list.h. */
#include "change_list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_PATHS 2047u
#define FIRST_ROOM 16

/* Paths stay where they are: changes point at them. */
struct path_chunk {
	struct path_chunk *next;
	uint32_t count, room;
	struct xfib_path_spec paths[];
};

_Static_assert(CHUNK_PATHS >= XFIB_GROUP_MEMBERS, "the paths of a change are in one chunk");

size_t change__bytes(const struct change *change)
{
	return sizeof(*change) + change->spec.path_count * sizeof(struct xfib_path_spec);
}

size_t change_list__bytes(const struct change_list *list)
{
	return list->count * sizeof(*list->changes) + list->path_count * sizeof(struct xfib_path_spec);
}

static int grow(struct change_list *list)
{
	uint32_t room = list->room ? list->room * 2 : FIRST_ROOM;
	struct change *changes;

	if (room < list->room)
		return -ENOMEM;
	changes = reallocarray(list->changes, room, sizeof(*changes));
	if (!changes)
		return -ENOMEM;
	list->changes = changes;
	list->room = room;
	return 0;
}

/* Copies paths to where they stay. NULL: no memory. */
static struct xfib_path_spec *keep_paths(struct change_list *list, const struct xfib_path_spec *paths, uint32_t count)
{
	struct path_chunk *chunk = list->chunks;
	struct xfib_path_spec *kept;

	if (!chunk || chunk->room - chunk->count < count) {
		/* A list of one change, as most are, takes no more than it needs. */
		uint32_t room = list->count ? CHUNK_PATHS : count;

		chunk = malloc(sizeof(*chunk) + room * sizeof(*paths));
		if (!chunk)
			return NULL;
		*chunk = (struct path_chunk){ .next = list->chunks, .room = room };
		list->chunks = chunk;
	}
	kept = chunk->paths + chunk->count;
	memcpy(kept, paths, count * sizeof(*paths));
	chunk->count += count;
	return kept;
}

int change_list__add(struct change_list *list, const struct change *change)
{
	struct change copy = *change;

	if (copy.spec.path_count > XFIB_GROUP_MEMBERS)
		return -E2BIG;
	if (list->count == list->room && grow(list))
		return -ENOMEM;
	if (copy.spec.path_count) {
		copy.spec.paths = keep_paths(list, change->spec.paths, copy.spec.path_count);
		if (!copy.spec.paths)
			return -ENOMEM;
	}
	list->path_count += copy.spec.path_count;
	list->changes[list->count++] = copy;
	return 0;
}

void change_list__clear(struct change_list *list)
{
	while (list->chunks) {
		struct path_chunk *next = list->chunks->next;

		free(list->chunks);
		list->chunks = next;
	}
	free(list->changes);
	*list = (struct change_list){ 0 };
}
