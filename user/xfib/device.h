/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Names of devices to indices, each asked of the kernel once: for a million lines. */
#ifndef XFIB_DEVICE_H
#define XFIB_DEVICE_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#define DEVICES 64

struct devices {
	struct {
		char name[IF_NAMESIZE];
		uint32_t ifindex;
	} known[DEVICES];
	bool missed; /* a name was of no device */
};

/* A device_fn, whose data is a struct devices that began as zero. */
bool devices__find(void *data, const char *name, uint32_t *ret_ifindex);

#endif
