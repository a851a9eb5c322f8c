/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What an event says of its interface. A route may go after its interface has
 * gone: what was last known of it is kept until another one takes its slot.
 */
#ifndef XFIB_MIRROR_KNOWN_LINKS_H
#define XFIB_MIRROR_KNOWN_LINKS_H

#include <xfib/xfib.h>

struct maps;

struct known_links {
	const struct maps *maps;
	struct xfib_link *copy; /* by slot; NULL: there was no memory for it */
};

void known_links__init(struct known_links *links, const struct maps *maps);
void known_links__destroy(struct known_links *links);

/* Fills in link_flags, link_kind and dev by the next hop's interface; a path without one has none of them. */
void known_links__describe(struct known_links *links, struct xfib_route_event *event);

#endif
