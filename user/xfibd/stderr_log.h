/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The daemon's messages, one line each on standard error, where systemd and people look for them. */
#ifndef XFIBD_STDERR_LOG_H
#define XFIBD_STDERR_LOG_H

/* Sends the messages of log.h there, and libbpf's that are for --verbose. */
void stderr_log__begin(void);

#endif
