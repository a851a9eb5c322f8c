// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Ports that come and go. See ports.h. */
#include "ports.h"

#include <net/if.h>

#include "instance.h"
#include "log.h"

void ports__note(struct ports *ports, const struct options *options, uint32_t devices)
{
	ports->devices = devices;
	for (uint32_t i = 0; i < options->ports.count; i++)
		ports->ifindexes[i] = if_nametoindex(options->ports.names[i]);
}

void ports__follow(struct ports *ports, const struct options *options, uint32_t devices, const struct instance *instance)
{
	if (devices == ports->devices)
		return;
	ports->devices = devices;
	for (uint32_t i = 0; i < options->ports.count; i++) {
		const char *name = options->ports.names[i];
		uint32_t ifindex = if_nametoindex(name);

		if (ifindex == ports->ifindexes[i])
			continue;
		ports->ifindexes[i] = ifindex;
		if (!ifindex)
			log_info("port %s has gone", name);
		else if (!instance__attach(instance, name, options->mode)) /* else it has been logged */
			log_info("port %s is there again, and has its program", name);
	}
	instance__follow_ports(instance);
}
