/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Ports, beyond what <xfib/xfib.h> offers. */
#ifndef XFIB_LIB_PORT_H
#define XFIB_LIB_PORT_H

#include <stdbool.h>
#include <stdint.h>
#include <xfib/xfib.h>

/* As xfib_port__attach(), and replaces the programs of the instance that is pinned at `former` too (NULL: of none). */
int port__attach(uint32_t ifindex, const struct xfib_port_opts *opts, const char *former);

/* As xfib_port__query(), where the programs of either instance count. */
int port__query(uint32_t ifindex, const struct xfib_port_opts *opts, const char *former, struct xfib_port *ret_port);

/*
 * Does the port have a program in libxdp's dispatcher, which `xfib attach DEV via libxdp` has put there? Nobody but that
 * command can replace it, since libxdp finds programs by their ids, which is root's.
 */
bool port__is_by_libxdp(uint32_t ifindex, const char *pin);

/* Removes what is pinned for ports, when nothing is attached any more: see port_pin__path(). */
void ports__remove(const char *pin);

#endif
