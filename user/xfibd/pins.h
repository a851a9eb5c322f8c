/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Pin directories: made, filled, exchanged, removed, and the lock on them. */
#ifndef XFIBD_PINS_H
#define XFIBD_PINS_H

#include <xfib/abi.h>

struct maps;

/* Opens a directory and locks it. -ENOENT; -EWOULDBLOCK: somebody else has the lock. */
int pins__lock(const char *directory, int *ret_fd);

/* Makes an empty directory (mode 0700) in place of what an aborted start left there, and locks it. */
int pins__make(const char *directory, int *ret_fd);

/* Pins all maps under their names, and the programs under progs/. */
int pins__fill(const char *directory, const struct maps *maps);

/* Removes a directory with all that is pinned in it. One that does not exist is fine. */
void pins__remove(const char *directory);

/* Lets `fresh` take the name of `directory`; what was there is then called `fresh`, or is nowhere. */
int pins__exchange(const char *fresh, const char *directory);

/* Reads the state of a pinned instance. -ENOENT: there is none; -EPROTO: its struct has another size. */
int pins__read_state(const char *directory, struct xfib_state *ret_state);

/* Tells the readers of a pinned instance that another one has taken over. */
void pins__retire(const char *directory);

#endif
