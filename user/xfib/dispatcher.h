/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Ports by libxdp's dispatcher, where the XDP program runs beside those of others: as a BPF extension program of its own
 * for each port, with the maps of the pinned one. It is remembered by a pin, PIN-ports/libxdp-IFINDEX. Only root can do
 * this: libxdp finds programs by their ids.
 */
#ifndef XFIB_DISPATCHER_H
#define XFIB_DISPATCHER_H

#include <stdint.h>
#include <xfib/xfib.h>

/* Of libxdp; programs that name none have 50. Lower ones run first, and see what this one forwards. */
#define DISPATCHER_PRIORITY 60

/*
 * Attaches it, if it is not attached already with the maps of the instance that is pinned now; one with those of an
 * earlier one is replaced, without a gap. `mode` NULL: as the dispatcher that is there, else native. Returns a status,
 * as command_attach() does; if it is not STATUS_DONE nothing has changed.
 */
int dispatcher__attach(const char *device, uint32_t ifindex, const enum xfib_mode *mode);

/* Takes it out, and leaves the programs of others. `*ret_found`: there was one. */
int dispatcher__detach(const char *device, uint32_t ifindex, bool *ret_found);

enum dispatcher_state {
	DISPATCHER_NONE,
	DISPATCHER_CURRENT, /* it runs with the maps of the instance that is pinned */
	DISPATCHER_FORMER,  /* with those of an earlier one, which means that it passes everything up */
};

/* Costs one system call for a port that has never had it. */
enum dispatcher_state dispatcher__query(uint32_t ifindex);

#endif
