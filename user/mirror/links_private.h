/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What links.c and links_vlan.c share. */
#ifndef XFIB_MIRROR_LINKS_PRIVATE_H
#define XFIB_MIRROR_LINKS_PRIVATE_H

#include "links.h"

/* What is kept of a link beside its slot, for the settings that change under it. */
struct link_info {
	struct nl_link link;
	bool seen;
};

struct links {
	struct maps *maps;
	struct nl *nl;
	struct link_settings settings;
	struct link_info *info; /* by slot */
	uint32_t vrfs;  /* how many are VRF devices */
	uint32_t vlans; /* how many are VLAN devices */
};

/* Slot of a link, 0 if it has none. */
uint32_t links__slot(const struct links *links, uint32_t ifindex);

/* XFIB_LINK_VLAN, XFIB_LINK_TAGS_HIDDEN; asks the kernel for the latter. */
uint32_t links__vlan_flags(const struct links *links, const struct nl_link *link);

/* Writes how frames leave by the VLAN device in a slot. */
void links__write_vlan(struct links *links, uint32_t slot);

/* Likewise for all VLAN devices on a device that has changed, and those on them. */
void links__update_vlans(struct links *links, uint32_t ifindex);

/* Frames with the tag of a VLAN device are its own from now on, or no longer. */
void links__claim_tag(struct links *links, const struct nl_link *link, bool takes);

#endif
