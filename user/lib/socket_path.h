/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Where xfibd listens and libxfib finds it: one rule for both. */
#ifndef XFIB_LIB_SOCKET_PATH_H
#define XFIB_LIB_SOCKET_PATH_H

#define SOCKET_PATH_DIRECTORY "/run/xfib"
#define SOCKET_PATH_SIZE 108 /* of sockaddr_un.sun_path */

/*
 * The socket of the instance pinned at `pin`: `socket` if it is not NULL, else
 * $XFIB_SOCKET, else /run/xfib/xfibd.sock for the default pin directory, and
 * for another one /run/xfib/ and the directory with _ for each /, and .sock.
 *
 * -ENAMETOOLONG: the path does not fit a socket's address; -EINVAL: `socket`
 * is empty; other errors: `pin` is relative and cannot be resolved.
 */
int socket_path__of(const char *socket, const char *pin, char ret_path[SOCKET_PATH_SIZE]);

#endif
