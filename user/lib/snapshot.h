/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Snapshots: see xfib_snapshot__take() in <xfib/xfib.h>. */
#ifndef XFIB_LIB_SNAPSHOT_H
#define XFIB_LIB_SNAPSHOT_H

#include "private.h"

/* Frees what an instance has as a snapshot. Nothing for other instances. */
void snapshot__free(struct xfib *instance);

#endif
