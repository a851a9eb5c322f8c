// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* What an event says of its interface. See known_links.h. */
#include "known_links.h"

#include <stdlib.h>
#include <string.h>
#include <xfib/lookup.h>

#include "maps.h"

void known_links__init(struct known_links *links, const struct maps *maps)
{
	links->maps = maps;
	links->copy = calloc(maps->sizes.links, sizeof(*links->copy));
	if (links->copy)
		memcpy(links->copy, maps->links, maps->sizes.links * sizeof(*links->copy));
}

void known_links__destroy(struct known_links *links)
{
	free(links->copy);
}

static const struct xfib_link *find(const struct xfib_link *links, uint32_t count, uint32_t ifindex)
{
	for (uint32_t probe = 0; probe < XFIB_LINK_PROBES; probe++) {
		const struct xfib_link *link = &links[xfib_link__slot(ifindex, count, probe)];

		if (link->ifindex == ifindex)
			return link;
	}
	return NULL;
}

void known_links__describe(struct known_links *links, struct xfib_route_event *event)
{
	uint32_t count = links->maps->sizes.links, ifindex = event->nexthop.ifindex;
	const struct xfib_link *link = ifindex ? find(links->maps->links, count, ifindex) : NULL;

	if (link && links->copy)
		links->copy[link - links->maps->links] = *link;
	else if (!link && ifindex && links->copy)
		link = find(links->copy, count, ifindex);
	if (!link)
		return;
	event->link_flags = link->flags;
	event->link_kind = link->kind;
	memcpy(event->dev, link->name, sizeof(event->dev));
}
