/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The maps that the daemon has pinned, as an instance reads them. */
#ifndef XFIB_LIB_PINNED_H
#define XFIB_LIB_PINNED_H

#include "private.h"

/*
 * Opens the maps at instance->pin and makes it an instance of XFIB_BACKEND_MAPS. On failure, with a message, it is as
 * it was.
 */
int pinned__open(struct xfib *instance);
void pinned__close(struct xfib *instance);

#endif
