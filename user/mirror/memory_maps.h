/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The maps of a private copy, in plain memory of this process. Arrays take
 * memory as they are written, however large they are.
 */
#ifndef XFIB_MIRROR_MEMORY_MAPS_H
#define XFIB_MIRROR_MEMORY_MAPS_H

#include "maps.h"

int memory_maps__create(const struct map_sizes *sizes, struct maps **ret_maps);
void memory_maps__destroy(struct maps *maps);

#endif
