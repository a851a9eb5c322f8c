/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What the service manager is told: sd_notify(3)'s protocol, datagrams to the socket that $NOTIFY_SOCKET names. */
#ifndef XFIBD_NOTIFY_H
#define XFIBD_NOTIFY_H

/* Sends lines of VARIABLE=value; without $NOTIFY_SOCKET nothing happens. */
void notify__send(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
