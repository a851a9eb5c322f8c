/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* A set of maps and programs in its pin directory: made, filled, exchanged. The lock on it is in ../lib/pins.h. */
#ifndef XFIBD_PINNED_SET_H
#define XFIBD_PINNED_SET_H

#include <sys/types.h>
#include <xfib/abi.h>

struct bpf_maps;

/* Makes an empty directory (mode 0700) in place of what an aborted start left there, and locks it. */
int pinned_set__make(const char *directory, int *ret_fd);

/*
 * Pins all maps under their names, and the programs under progs/. Members of
 * `readers`, if it is not NO_GROUP, may then open the maps for reading.
 */
int pinned_set__fill(const char *directory, const struct bpf_maps *maps, gid_t readers);

/* Lets `fresh` take the name of `directory`; what was there is then called `fresh`, or is nowhere. */
int pinned_set__exchange(const char *fresh, const char *directory);

/* Reads the state of a pinned instance. -ENOENT: there is none; -EPROTO: its struct has another size. */
int pinned_set__read_state(const char *directory, struct xfib_state *ret_state);

#endif
