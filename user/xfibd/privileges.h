/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What the daemon may do once it forwards. */
#ifndef XFIBD_PRIVILEGES_H
#define XFIBD_PRIVILEGES_H

/*
 * Gives up, for good, every capability but CAP_NET_ADMIN (routes, neighbours,
 * attaching), and CAP_BPF where maps cannot be written without it, all that
 * could be got by executing a program included. What fails is logged.
 *
 * From here on root has no right to what another user alone may read or write.
 *
 * @map_fd: any map, to try what is allowed without CAP_BPF
 */
int privileges__drop(int map_fd);

#endif
