/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The ports that the options name, or `xfib attach` was given, as devices that
 * come and go: one that comes under a port's name is given its program.
 */
#ifndef XFIBD_PORTS_H
#define XFIBD_PORTS_H

#include <stdint.h>

#include "options.h"

struct instance;

struct ports {
	uint32_t devices; /* mirror__devices() when they were looked at */
	uint32_t ifindexes[PORTS_MAX]; /* of the options' ports, 0: not there */
};

/* Remembers which devices the ports are now: they have been attached to. */
void ports__note(struct ports *ports, const struct options *options, uint32_t devices);

/*
 * Attaches to what has come since, and says so. What has its program taken off stays as it is. Cost: nothing unless
 * `devices` has moved, then a system call for each port, and a directory's reading.
 */
void ports__follow(struct ports *ports, const struct options *options, uint32_t devices, const struct instance *instance);

#endif
