// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * VLAN devices: which tags lead to them (xfib_vlans), and with which tags and
 * by which device frames leave (xfib_link).
 *
 * Cost: a change of a device looks at every link if there are VLAN devices.
 */
#include <linux/if_ether.h>
#include <string.h>

#include "ethtool.h"
#include "links_private.h"
#include "maps.h"

#define VLAN_HEADER 4

static bool is_vlan(const struct nl_link *link)
{
	return link->vlan_protocol;
}

static bool is_up(const struct xfib_link *line)
{
	return line->flags & XFIB_LINK_UP && line->flags & XFIB_LINK_ETHERNET;
}

/* ---- frames that come ---- */

void links__claim_tag(struct links *links, const struct nl_link *link, bool takes)
{
	struct xfib_vlan_key key = { link->parent, { link->vlan_protocol, link->vlan_id } };

	if (!is_vlan(link) || !link->parent || !links->maps->ops->write_vlan)
		return;
	/* Without reorder_hdr the tag stays in what the device receives: the kernel does that. */
	links->maps->ops->write_vlan(links->maps, &key, link->vlan_reorder ? link->ifindex : 0, takes);
}

static bool has_vlans(const struct links *links, uint32_t ifindex)
{
	for (uint32_t slot = 1; links->vlans && slot < links->maps->sizes.links; slot++) {
		if (links->maps->links[slot].ifindex && links->info[slot].link.parent == ifindex)
			return true;
	}
	return false;
}

uint32_t links__vlan_flags(const struct links *links, const struct nl_link *link)
{
	if (is_vlan(link))
		return XFIB_LINK_VLAN;
	if (!links->maps->ops->write_vlan || !has_vlans(links, link->ifindex))
		return 0;
	return ethtool__hides_tags(link->name) ? XFIB_LINK_TAGS_HIDDEN : 0;
}

/* ---- frames that leave ---- */

/* The device below a VLAN device and those below that one; NULL: XDP cannot send there. Tags: the inner one first. */
static const struct xfib_link *go_down(const struct links *links, const struct nl_link *link,
				       struct xfib_vlan_tag tags[XFIB_VLAN_TAGS], uint32_t *ret_count)
{
	for (uint32_t count = 0; is_vlan(link) && count < XFIB_VLAN_TAGS;) {
		uint32_t slot = link->parent ? links__slot(links, link->parent) : 0;

		tags[count++] = (struct xfib_vlan_tag){ link->vlan_protocol, link->vlan_id };
		*ret_count = count;
		if (!slot || link->vlan_marks || !is_up(&links->maps->links[slot]))
			return NULL;
		link = &links->info[slot].link;
		if (!is_vlan(link))
			return &links->maps->links[slot];
	}
	return NULL;
}

void links__write_vlan(struct links *links, uint32_t slot)
{
	const struct nl_link *link = &links->info[slot].link;
	struct xfib_link *line = &links->maps->links[slot];
	struct xfib_vlan_tag tags[XFIB_VLAN_TAGS] = { 0 };
	uint32_t count = 0;
	const struct xfib_link *below = go_down(links, link, tags, &count);

	line->parent = link->parent;
	line->vlan_bytes = count * VLAN_HEADER;
	for (uint32_t i = 0; i < XFIB_VLAN_TAGS; i++)
		line->vlan[i] = i < count ? tags[count - 1 - i] : (struct xfib_vlan_tag){ 0 };
	/* As xdp_ok_fwd_dev() has it: room for one tag beyond the MTU. */
	line->vlan_frame = below ? below->mtu + ETH_HLEN + VLAN_HEADER : 0;
	__atomic_store_n(&line->vlan_device, below ? below->ifindex : 0, __ATOMIC_RELEASE);
}

void links__update_vlans(struct links *links, uint32_t ifindex)
{
	for (uint32_t slot = 1; links->vlans && slot < links->maps->sizes.links; slot++) {
		const struct nl_link *link = &links->info[slot].link;

		if (!links->maps->links[slot].ifindex || !ifindex || link->parent != ifindex)
			continue;
		links__write_vlan(links, slot);
		/* Not below itself, whatever a message says. */
		for (uint32_t above = 1; above < links->maps->sizes.links; above++) {
			if (links->maps->links[above].ifindex && links->info[above].link.parent == link->ifindex)
				links__write_vlan(links, above);
		}
	}
}
