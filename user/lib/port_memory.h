/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Which ports have been given a program by xfib_port__attach(), so that the daemon gives it to a device that comes again
 * under the same name. A bpf file system holds BPF objects, directories and symbolic links: each port is such a link, whose
 * name says hook, interface and device, and whose target how it is attached.
 */
#ifndef XFIB_LIB_PORT_MEMORY_H
#define XFIB_LIB_PORT_MEMORY_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <xfib/xfib.h>

struct remembered_port {
	char device[IF_NAMESIZE];
	uint32_t ifindex; /* of the device that has the program, 0: it has gone */
	enum xfib_hook hook;
	enum xfib_mode mode; /* of XFIB_HOOK_XDP */
};

/* Instead of what is remembered of this hook of the device; XFIB_HOOK_TC, TCX and CLSACT are one in this. */
int port_memory__note(const char *pin, const struct remembered_port *port);

/* Was there something to be forgotten? */
bool port_memory__forget(const char *pin, const char *device, enum xfib_hook hook);

/* Calls `visit` for each port, which may forget or move it. */
void port_memory__each(const char *pin, void (*visit)(const struct remembered_port *port, void *data), void *data);

/* The device is another one now. False: the port has been forgotten meanwhile. */
bool port_memory__move(const char *pin, const struct remembered_port *port, uint32_t ifindex);

#endif
