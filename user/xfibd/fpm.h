/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * FRR's routes without the kernel's: zebra's module dplane_fpm_nl connects here and says every route, which fills a table
 * of xfib's own.
 *
 * Each connection begins anew: zebra says everything again, and does not say when it has. What a connection has not named
 * goes when for `hold` seconds no route of before was named again. Without a connection the table stays as it is.
 *
 * Whoever can connect can change routes.
 */
#ifndef XFIBD_FPM_H
#define XFIBD_FPM_H

#include <stdint.h>
#include <sys/socket.h>

struct fpm;
struct mirror;

struct fpm_address {
	struct sockaddr_storage address;
	socklen_t length; /* 0: not wanted */
};

#define FPM_PORT 2620
#define FPM_TABLE 2620
#define FPM_HOLD 60

/* ADDRESS, ADDRESS:PORT, [ADDRESS]:PORT or :PORT; NULL: 127.0.0.1:2620. -EINVAL */
int fpm_address__parse(const char *text, struct fpm_address *ret_address);

/* Listens. What fails is logged. */
int fpm__open(const struct fpm_address *address, struct mirror *mirror, uint32_t table, uint32_t hold, struct fpm **ret_fpm);

/* A descriptor to poll for reading; NULL: -1. */
int fpm__fd(const struct fpm *fpm);

/* Takes what there is, without waiting; removes what is stale when it is time. NULL is fine. */
void fpm__handle(struct fpm *fpm);

/* Milliseconds until fpm__handle() has to be called though nothing is readable, -1: none. */
int fpm__timeout(const struct fpm *fpm);

/* Another `hold`, from the next connection or route on. NULL is fine. */
void fpm__set_hold(struct fpm *fpm, uint32_t hold);

/* Ends the connection; the routes stay. NULL is fine. */
void fpm__close(struct fpm *fpm);

#endif
