/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The clients of the daemon: they change routes and watch them, over a Unix
 * socket. See ../lib/protocol.h for what is said, session.h for one client.
 *
 * Nothing here waits: sockets are non-blocking, each client gets a share of a
 * turn, and what a client does not take is dropped and replaced by one message
 * that says so.
 *
 * Cost: a descriptor for each client, of which there are at most
 * SERVER_CLIENTS; for the rest see session.h.
 */
#ifndef XFIBD_SERVER_H
#define XFIBD_SERVER_H

#include "peer.h"

#define SERVER_CLIENTS 256
#define SERVER_RESERVED 16 /* of those for root, whom members of groups cannot shut out */

struct maps;
struct mirror;
struct server;

/* Listens; clients are served from the first server__handle() on. What fails is logged. */
int server__open(const char *socket, const struct access_groups *groups, struct server **ret_server);

/* Serves the routes of a mirror, whose listener this is from now on. */
void server__serve(struct server *server, struct mirror *mirror, const struct maps *maps);

/* A descriptor to poll for reading. */
int server__fd(const struct server *server);

/* Takes and sends what there is, without waiting. */
void server__handle(struct server *server);

/* Likewise in the middle of a mirror__change(): changes wait, the rest does not. */
void server__breathe(struct server *server);

/* Milliseconds until server__handle() has to be called though nothing is readable, -1: none. */
int server__timeout(const struct server *server);

/* Ends all connections and removes the socket. NULL is fine. */
void server__close(struct server *server);

#endif
