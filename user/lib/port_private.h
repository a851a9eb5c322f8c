/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What the files about ports share: port.c the interface, port_xdp.c and port_tc.c the hooks. */
#ifndef XFIB_LIB_PORT_PRIVATE_H
#define XFIB_LIB_PORT_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>
#include <xfib/xfib.h>

#include "port.h"

/*
 * The programs of the instance that is meant, and of one that it takes over from. They are known by their pins, since only
 * with CAP_SYS_ADMIN the kernel gives a program by its id, and says by that which maps it uses.
 */
enum { OWN_XDP, OWN_XDP_FRAGS, OWN_TC, FORMER_XDP, FORMER_XDP_FRAGS, FORMER_TC, OWN_COUNT };

struct own_programs {
	int fds[OWN_COUNT]; /* -1: not there; XDP_FRAGS is not before Linux 5.18 */
	uint32_t ids[OWN_COUNT];
	const char *pin;
};

uint32_t program_id(int fd);

/* The descriptor of an attached program that is one of these, -1: it is somebody else's. */
int own_fd(const struct own_programs *own, uint32_t id);

/* The directory beside that of the instance for what belongs to a port and not to a set of maps; it is made if `make`. */
bool port_pin__directory(const char *pin, bool make, char *ret_path, size_t size);

/* Removes it when nothing is left in it. */
void port_pin__tidy(const char *pin);

/*
 * Where something of a port is pinned in it. False: the path is too long. `what`: "tcx", the link by which the TC program is attached; "xdp", the
 * program of somebody else's that was there before; PORT_PIN_LIBXDP, ours in libxdp's dispatcher.
 */
#define PORT_PIN_LIBXDP "libxdp"
bool port_pin__path(const char *pin, uint32_t ifindex, const char *what, bool make, char *ret_path, size_t size);

/* Removes it, and the directory when nothing is left in it. */
void port_pin__remove(const char *pin, uint32_t ifindex, const char *what);

struct xdp_state {
	uint32_t id; /* 0: nothing is attached */
	bool generic;
};

int port_xdp__query(uint32_t ifindex, struct xdp_state *ret_state);
int port_xdp__attach(uint32_t ifindex, const struct xfib_port_opts *opts, const struct own_programs *own);
int port_xdp__detach(uint32_t ifindex, const struct own_programs *own);

int port_tc__attach(uint32_t ifindex, enum xfib_hook hook, const struct own_programs *own);
int port_tc__detach(uint32_t ifindex, enum xfib_hook hook, const struct own_programs *own);

/* Is the TC program attached, and how? False: it is not. */
bool port_tc__query(uint32_t ifindex, const struct own_programs *own, enum xfib_hook *ret_hook);

#endif
