// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Names of devices to indices: a table by a hash of the name, where the last one of a place stays. */
#include "device.h"

#include <string.h>

bool devices__find(void *data, const char *name, uint32_t *ret_ifindex)
{
	struct devices *devices = data;
	uint32_t hash = 0, ifindex;

	for (const char *at = name; *at; at++)
		hash = hash * 31 + (unsigned char)*at;
	hash %= DEVICES;
	if (devices->known[hash].ifindex && !strcmp(devices->known[hash].name, name)) {
		*ret_ifindex = devices->known[hash].ifindex;
		return true;
	}
	ifindex = strlen(name) < IF_NAMESIZE ? if_nametoindex(name) : 0;
	if (!ifindex) {
		devices->missed = true;
		return false;
	}
	strcpy(devices->known[hash].name, name);
	devices->known[hash].ifindex = ifindex;
	*ret_ifindex = ifindex;
	return true;
}
