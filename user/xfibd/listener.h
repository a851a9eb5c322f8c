/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The socket on which xfibd takes connections, and its place in the file system. */
#ifndef XFIBD_LISTENER_H
#define XFIBD_LISTENER_H

/*
 * Listens at a path, whose directory is made (0755) if it is missing. A socket
 * that is there is replaced if nobody listens on it. Anybody may connect: who
 * is served is decided by credentials. What fails is logged. -EADDRINUSE:
 * somebody listens there.
 */
int listener__open(const char *path, int *ret_fd);

/* Removes it from the file system and closes it. */
void listener__close(int fd, const char *path);

#endif
