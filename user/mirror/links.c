// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Links in xfib_links and xfib_tx. See links.h. */
#include "ethtool.h"
#include "links_private.h"
#include "log.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <stdlib.h>
#include <string.h>
#include <xfib/lookup.h>

#include "maps.h"

int links__new(struct maps *maps, struct nl *nl, struct links **ret_links)
{
	struct links *links = calloc(1, sizeof(*links));

	if (!links)
		return -ENOMEM;
	links->maps = maps;
	links->nl = nl;
	links->info = calloc(maps->sizes.links, sizeof(*links->info));
	if (!links->info) {
		free(links);
		return -ENOMEM;
	}
	*ret_links = links;
	return 0;
}

void links__free(struct links *links)
{
	if (!links)
		return;
	free(links->info);
	free(links);
}

void links__set_netlink(struct links *links, struct nl *nl)
{
	links->nl = nl;
}

uint32_t links__slot(const struct links *links, uint32_t ifindex)
{
	for (uint32_t probe = 0; probe < XFIB_LINK_PROBES; probe++) {
		uint32_t slot = xfib_link__slot(ifindex, links->maps->sizes.links, probe);

		if (links->maps->links[slot].ifindex == ifindex)
			return slot;
	}
	return 0;
}

static uint32_t find_free(const struct links *links, uint32_t ifindex)
{
	for (uint32_t probe = 0; probe < XFIB_LINK_PROBES; probe++) {
		uint32_t slot = xfib_link__slot(ifindex, links->maps->sizes.links, probe);

		if (!links->maps->links[slot].ifindex)
			return slot;
	}
	return 0;
}

const struct xfib_link *links__find(const struct links *links, uint32_t ifindex)
{
	uint32_t slot = ifindex ? links__slot(links, ifindex) : 0;

	return slot ? &links->maps->links[slot] : NULL;
}

bool links__has_vrf(const struct links *links, uint32_t table)
{
	uint32_t left = links->vrfs;

	for (uint32_t slot = 1; left && slot < links->maps->sizes.links; slot++) {
		const struct xfib_link *line = &links->maps->links[slot];

		if (!line->ifindex || !(line->flags & XFIB_LINK_VRF))
			continue;
		if (line->table == table)
			return true;
		left--;
	}
	return false;
}

void links__each_vrf(const struct links *links, void (*visit)(uint32_t table, void *data), void *data)
{
	for (uint32_t slot = 1; links->vrfs && slot < links->maps->sizes.links; slot++) {
		const struct xfib_link *line = &links->maps->links[slot];

		if (line->ifindex && line->flags & XFIB_LINK_VRF)
			visit(line->table, data);
	}
}

/* Does the device have Ethernet headers, and addresses to resolve? */
static bool is_ethernet(const struct nl_link *link)
{
	return link->type == ARPHRD_ETHER && link->mac_length == 6 && !(link->flags & (IFF_LOOPBACK | IFF_NOARP));
}

/* IANA's interface type, as Windows puts it into a LUID. */
static uint16_t kind_of(const struct nl_link *link)
{
	if (link->flags & IFF_LOOPBACK)
		return 24;
	switch (link->type) {
	case ARPHRD_ETHER:
		return 6;
	case ARPHRD_PPP:
		return 23;
	case ARPHRD_TUNNEL:
	case ARPHRD_TUNNEL6:
	case ARPHRD_SIT:
	case ARPHRD_IPGRE:
	case ARPHRD_IP6GRE:
		return 131;
	case ARPHRD_IEEE80211:
	case ARPHRD_IEEE80211_RADIOTAP:
		return 71;
	default:
		return 1;
	}
}

static uint32_t state_flags(const struct nl_link *link)
{
	uint32_t flags = 0;

	if (link->flags & IFF_UP)
		flags |= XFIB_LINK_UP;
	if (link->flags & IFF_LOWER_UP)
		flags |= XFIB_LINK_CARRIER;
	if (link->flags & IFF_LOOPBACK)
		flags |= XFIB_LINK_LOOPBACK;
	if (link->flags & IFF_POINTOPOINT)
		flags |= XFIB_LINK_POINTOPOINT;
	if (is_ethernet(link))
		flags |= XFIB_LINK_ETHERNET;
	if (link->table)
		flags |= XFIB_LINK_VRF;
	return flags;
}

static uint8_t rp_filter_of(const struct nl_link *link, const struct link_settings *settings)
{
	return link->rp_filter > settings->rp_filter ? link->rp_filter : settings->rp_filter;
}

static bool has_address4(const struct maps *maps, uint32_t ifindex)
{
	for (uint32_t i = maps->state->addresses_begin; i < maps->state->addresses_end; i++) {
		if (maps->addresses[i].family == XFIB_INET && maps->addresses[i].ifindex == ifindex)
			return true;
	}
	return false;
}

/* On a port without an IPv4 address the kernel is strict in either mode (no_addr in __fib_validate_source()). */
static uint32_t source_flags(const struct links *links, const struct nl_link *link)
{
	uint8_t rp_filter = rp_filter_of(link, &links->settings);

	if (rp_filter == 1 || (rp_filter && !has_address4(links->maps, link->ifindex)))
		return XFIB_LINK_RP_STRICT;
	return rp_filter || links->settings.check_sources ? XFIB_LINK_RP_LOOSE : 0;
}

static uint32_t setting_flags(const struct links *links, const struct nl_link *link)
{
	const struct link_settings *settings = &links->settings;
	uint32_t flags = 0;

	if (link->inet) {
		flags |= link->forwarding4 ? XFIB_LINK_FORWARDING4 : 0;
		flags |= link->send_redirects || settings->send_redirects ? XFIB_LINK_SEND_REDIRECTS : 0;
		flags |= link->route_localnet || settings->route_localnet ? XFIB_LINK_ROUTE_LOCALNET : 0;
		flags |= link->ignore_linkdown4 || settings->ignore_linkdown4 ? XFIB_LINK_IGNORE_LINKDOWN4 : 0;
		flags |= source_flags(links, link);
	}
	if (link->inet6) {
		flags |= !link->disabled6 && (settings->forwarding6 || link->force_forwarding6) ? XFIB_LINK_FORWARDING6 : 0;
		flags |= !link->disabled6 && link->forwarding6 ? XFIB_LINK_HELPER6 : 0;
		flags |= link->ignore_linkdown6 ? XFIB_LINK_IGNORE_LINKDOWN6 : 0;
		flags |= link->use_tempaddr > 1 ? XFIB_LINK_TEMPORARY : 0;
	}
	return flags;
}

/* To anything but a VRF, whose members go by plans: also to what is not known yet. */
static uint32_t master_flag(const struct links *links, const struct nl_link *link)
{
	const struct xfib_link *master = links__find(links, link->master);

	return link->master && !(master && master->flags & XFIB_LINK_VRF) ? XFIB_LINK_ENSLAVED : 0;
}

/*
 * Of a kernel that cannot say whether a device takes frames (before 6.3). One of a veth pair does while the other end has
 * XDP, and loses them else: that end, which may be in another network namespace, shows in what it leaves this one for a
 * largest MTU. (It does with GRO too, which does not show.) Of any other device native XDP says so: drivers prepare for both
 * at once.
 */
static bool seems_to_take_redirects(const struct nl_link *link)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);

	if (!strcmp(link->kind, "veth"))
		return link->max_mtu && link->max_mtu != ETH_MAX_MTU;
	return !bpf_xdp_query((int)link->ifindex, 0, &query) && query.attach_mode == XDP_ATTACHED_DRV;
}

/* Puts the device into xfib_tx, or takes it out. */
static uint32_t target_flags(struct links *links, const struct nl_link *link, bool is_target)
{
	uint32_t flags = 0;

	if (is_ethernet(link) && link->flags & IFF_UP &&
	    nl__takes_redirects(links->nl, link->ifindex, &flags) == -EOPNOTSUPP && seems_to_take_redirects(link))
		flags = XFIB_LINK_REDIRECT_TARGET;
	if (flags && !is_target && links->maps->ops->write_target(links->maps, link->ifindex, true))
		flags = 0;
	else if (!flags)
		links->maps->ops->write_target(links->maps, link->ifindex, false);
	return flags;
}

static bool has_xdp(uint32_t ifindex)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);

	return !bpf_xdp_query((int)ifindex, 0, &query) && query.attach_mode != XDP_ATTACHED_NONE;
}

/* What is on a VLAN comes by the device below; one that is not known is taken for software, which is right, if slower. */
static uint32_t software_flag(const struct links *links, const struct nl_link *link)
{
	const struct xfib_link *below = strcmp(link->kind, "vlan") ? NULL : links__find(links, link->parent);

	return below ? below->flags & XFIB_LINK_SOFTWARE : link->kind[0] ? XFIB_LINK_SOFTWARE : 0;
}

static void write_slot(struct links *links, uint32_t slot)
{
	const struct nl_link *link = &links->info[slot].link;
	struct xfib_link *line = &links->maps->links[slot];
	bool is_target = line->ifindex == link->ifindex && line->flags & XFIB_LINK_REDIRECT_TARGET;
	uint32_t flags = state_flags(link) | setting_flags(links, link) | master_flag(links, link) |
			 target_flags(links, link, is_target) | links__vlan_flags(links, link) | software_flag(links, link);

	if (flags & ~line->flags & XFIB_LINK_TAGS_HIDDEN && line->ifindex == link->ifindex && has_xdp(link->ifindex))
		log_warning("%s: " HIDDEN_TAGS_TEXT, link->name, link->name);
	/* Until plans__update() knows better. */
	if (line->ifindex != link->ifindex || line->master != link->master)
		line->plan4 = line->plan6 = line->source4 = XFIB_PLAN_KERNEL;
	line->table = link->table ? link->table : XFIB_TABLE_MAIN;
	line->mtu = link->mtu;
	line->mtu6 = link->inet6 && link->mtu6 && link->mtu6 < link->mtu ? link->mtu6 : link->mtu;
	line->master = link->master;
	line->type = link->type;
	memcpy(line->mac, link->mac, sizeof(line->mac));
	memcpy(line->name, link->name, sizeof(line->name));
	line->kind = kind_of(link);
	links__write_vlan(links, slot);
	__atomic_store_n(&line->flags, flags, __ATOMIC_RELEASE);
	__atomic_store_n(&line->ifindex, link->ifindex, __ATOMIC_RELEASE);
}

/* A VRF has become known. */
static void update_members(struct links *links, uint32_t vrf)
{
	for (uint32_t slot = 1; slot < links->maps->sizes.links; slot++) {
		if (links->maps->links[slot].ifindex && links->info[slot].link.master == vrf)
			write_slot(links, slot);
	}
}

static bool has_tag_of(const struct nl_link *link, const struct nl_link *other)
{
	return link->parent == other->parent && link->vlan_protocol == other->vlan_protocol && link->vlan_id == other->vlan_id;
}

static void count_kinds(struct links *links, const struct nl_link *link, int by)
{
	links->vrfs += link->table ? (uint32_t)by : 0;
	links->vlans += link->vlan_protocol ? (uint32_t)by : 0;
}

/* Those that a device is below, and the one that it is on, for which the first one above it makes a difference. */
static void update_around(struct links *links, const struct nl_link *link)
{
	uint32_t below = link->parent ? links__slot(links, link->parent) : 0;

	links__update_vlans(links, link->ifindex);
	if (below)
		write_slot(links, below);
}

int links__set(struct links *links, const struct nl_link *link, bool anew)
{
	uint32_t slot = links__slot(links, link->ifindex);
	struct nl_link before;

	if (slot && !anew && !memcmp(&links->info[slot].link, link, sizeof(*link))) {
		links->info[slot].seen = true;
		return 0;
	}
	if (!slot)
		slot = find_free(links, link->ifindex);
	if (!slot)
		return -ENOSPC;
	before = links->info[slot].link;
	count_kinds(links, &before, -1);
	count_kinds(links, link, 1);
	links->info[slot].link = *link;
	links->info[slot].seen = true;
	write_slot(links, slot);
	if (link->table)
		update_members(links, link->ifindex);
	if (memcmp(&before, link, sizeof(before))) {
		if (!has_tag_of(&before, link))
			links__claim_tag(links, &before, false);
		links__claim_tag(links, link, true);
		update_around(links, link);
	}
	return 0;
}

void links__remove(struct links *links, uint32_t ifindex)
{
	uint32_t slot = links__slot(links, ifindex);
	struct nl_link before;

	if (!slot)
		return;
	links->maps->ops->write_target(links->maps, ifindex, false);
	__atomic_store_n(&links->maps->links[slot].ifindex, 0, __ATOMIC_RELEASE);
	before = links->info[slot].link;
	links->info[slot] = (struct link_info){ 0 };
	count_kinds(links, &before, -1);
	links__claim_tag(links, &before, false);
	update_around(links, &before);
}

void links__begin_dump(struct links *links)
{
	for (uint32_t slot = 1; slot < links->maps->sizes.links; slot++)
		links->info[slot].seen = false;
}

void links__end_dump(struct links *links, void (*gone)(uint32_t ifindex, void *data), void *data)
{
	for (uint32_t slot = 1; slot < links->maps->sizes.links; slot++) {
		uint32_t ifindex = links->maps->links[slot].ifindex;

		if (!ifindex || links->info[slot].seen)
			continue;
		links__remove(links, ifindex);
		gone(ifindex, data);
	}
}

bool links__apply_settings(struct links *links, const struct link_settings *settings)
{
	if (!memcmp(&links->settings, settings, sizeof(*settings)))
		return false;
	links->settings = *settings;
	links__update_targets(links);
	return true;
}

void links__update_sources(struct links *links)
{
	for (uint32_t slot = 1; slot < links->maps->sizes.links; slot++) {
		if (links->maps->links[slot].ifindex && rp_filter_of(&links->info[slot].link, &links->settings) > 1)
			write_slot(links, slot);
	}
}

void links__update_targets(struct links *links)
{
	for (uint32_t slot = 1; slot < links->maps->sizes.links; slot++) {
		if (links->maps->links[slot].ifindex)
			write_slot(links, slot);
	}
}

void links__describe_device(uint32_t ifindex, struct nexthop_device *ret_device, void *data)
{
	const struct links *links = data;
	const struct xfib_link *line = links__find(links, ifindex);
	bool up, carrier;

	memset(ret_device, 0, sizeof(*ret_device));
	ret_device->down4 = ret_device->down6 = true;
	if (!line)
		return;
	up = line->flags & XFIB_LINK_UP;
	carrier = line->flags & XFIB_LINK_CARRIER;
	ret_device->mtu4 = line->mtu;
	ret_device->mtu6 = line->mtu6;
	memcpy(ret_device->mac, line->mac, sizeof(ret_device->mac));
	ret_device->ethernet = line->flags & XFIB_LINK_ETHERNET;
	ret_device->vlan = line->flags & XFIB_LINK_VLAN;
	ret_device->down4 = !up || (!carrier && line->flags & XFIB_LINK_IGNORE_LINKDOWN4);
	ret_device->down6 = !up || (!carrier && line->flags & XFIB_LINK_IGNORE_LINKDOWN6);
}
