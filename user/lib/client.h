/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * An instance as a client of xfibd: one connection, opened when it is first
 * needed, one request at a time. Any thread may call; after fork() the child
 * opens a connection of its own.
 */
#ifndef XFIB_LIB_CLIENT_H
#define XFIB_LIB_CLIENT_H

#include "change.h"
#include "socket_path.h"

struct client;

/* `socket` may be NULL: see socket_path__of(). A path that is impossible is an error of the first request. -ENOMEM */
int client__new(const char *socket, const char *pin, struct client **ret_client);
void client__free(struct client *client);

/* Where the daemon listens; "": nowhere, the path is impossible. */
const char *client__path(const struct client *client);

/*
 * Has the daemon make changes, all or none. When it was restarted since the
 * last request, the connection is opened anew. Errors are those of
 * xfib_transaction__commit(); -ECONNRESET: the daemon ended before it
 * answered, and may have made them.
 */
int client__change(struct client *client, const struct change *changes, uint32_t count,
		   struct change_failure *ret_failure);

#endif
