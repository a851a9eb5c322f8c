/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Pin directories, as the daemon that fills them and the command that removes them both see them. */
#ifndef XFIB_LIB_PINS_H
#define XFIB_LIB_PINS_H

#include <stdint.h>
#include <xfib/abi.h>

/*
 * Locks a pin directory, which its daemon does as long as it runs, by the directory of programs in it: that one only
 * root can open, while who may read the maps could lock the other, and so pass for a daemon. -ENOENT: there is none, or
 * it has just been made; -EWOULDBLOCK: it is locked.
 */
int pins__lock(const char *directory, int *ret_fd);

/* The element of xfib_state of any layout. Only where `state.layout` is XFIB_LAYOUT there is more than its first two members. */
union pins_state {
	struct xfib_state state;
	uint8_t bytes[4096];
};

/*
 * Reads it, and keeps the map open in *ret_fd for the caller to close. -ENOENT: nothing is pinned; -EPROTO: no layout has
 * an element of such a size.
 */
int pins__read_state(const char *directory, union pins_state *ret_value, int *ret_fd);

/*
 * Removes a directory with all that is pinned in it, and tells those that hold its maps that nobody keeps them up to
 * date any more (xfib_state.retired). One that does not exist is fine.
 */
void pins__remove(const char *directory);

/*
 * Empties xfib_links of a set that is to be removed: a program that nobody can detach here, such as one in libxdp's
 * dispatcher, is not to forward by routes of the past, and without a link it passes everything up.
 */
void pins__forget_links(const char *directory);

#endif
