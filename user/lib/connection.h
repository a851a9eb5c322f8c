/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The library's end of a connection to xfibd. See protocol.h. Nothing here raises SIGPIPE. */
#ifndef XFIB_LIB_CONNECTION_H
#define XFIB_LIB_CONNECTION_H

#include <stddef.h>

#include "protocol.h"

/*
 * Connects and says hello, without waiting for anything (with `wait`: but for
 * the daemon's queue of connections). `message`: what is wrong, on failure.
 * -ECONNREFUSED: nobody listens; -EACCES; -EAGAIN: the queue is full.
 */
int connection__start(const char *path, bool wait, char message[PROTOCOL_MESSAGE], int *ret_fd);

/* Likewise, and waits for the daemon's hello, or what it says instead. */
int connection__open(const char *path, char message[PROTOCOL_MESSAGE], int *ret_fd);

/* Is a packet the daemon's hello? Else the error that it is, with a message. */
int connection__check_hello(const void *packet, size_t length, char message[PROTOCOL_MESSAGE]);

/* -EPIPE, -ECONNRESET: the daemon has closed the connection. */
int connection__send(int fd, const void *packet, size_t length);

/*
 * The next packet. -ECONNRESET: the daemon has closed the connection; -EMSGSIZE:
 * it has more than `room` bytes; -EAGAIN: there is none, with flag MSG_DONTWAIT
 * only.
 */
int connection__receive(int fd, void *packet, size_t room, int flags, size_t *ret_length);

/*
 * Waits for a result: 0, or its error, with its message in `message` too.
 * -ECONNRESET, -EBADMSG: there is none, and *ret_result is untouched.
 */
int connection__read_result(int fd, struct protocol_result *ret_result, char message[PROTOCOL_MESSAGE]);

#endif
