// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Changes of tables that only xfib has: what the kernel would check is checked
 * here, then the RIB is changed.
 *
 * Other than in the kernel a device need not be up, and an IPv6 route that is
 * appended is a route of its own behind the others: it does not join them as a
 * path.
 *
 * Cost: a look-up of a hash for each length in use, to find the gateway's
 * route; spared for gateways that were checked since an on-link route changed.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "change_private.h"
#include "maps.h"

#define METRIC6 1024 /* IP6_RT_PRIO_USER */

static bool is_given(const uint8_t address[16])
{
	static const uint8_t zero[16];

	return memcmp(address, zero, sizeof(zero)) != 0;
}

/* ---- gateways ---- */

/* The device by which a gateway is on the link, by a route of the table itself, of local or of main. */
static int find_gateway(struct changing *changing, uint32_t table, const struct xfib_path_spec *path,
			uint32_t *ret_ifindex)
{
	const uint32_t tables[] = { table, XFIB_TABLE_LOCAL, XFIB_TABLE_MAIN };
	struct rib *rib = changing->mirror->rib;

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		uint8_t type;
		int err = rib__find_on_link(rib, tables[i], (uint8_t)path->gateway_family, path->gateway, path->ifindex,
					    ret_ifindex, &type);

		if (!err && type == XFIB_ROUTE_LOCAL && path->gateway_family == AF_INET6)
			return -EINVAL;
		if (!err)
			return 0;
	}
	return -ENETUNREACH;
}

/* Where the gateway of a path is among those that were checked, or would be. */
static struct checked_gateway *checked_gateway__at(struct changing *changing, uint32_t table,
						   const struct xfib_path_spec *path)
{
	uint64_t words[2], hash;

	memcpy(words, path->gateway, sizeof(words));
	hash = (words[0] ^ words[1] ^ table) * 0x9e3779b97f4a7c15ULL;
	return &changing->gateways[hash >> 32 & (CHECKED_GATEWAYS - 1)];
}

static bool is_checked(const struct changing *changing, const struct checked_gateway *checked, uint32_t table,
		       const struct xfib_path_spec *path)
{
	return checked->version == rib__on_link_version(changing->mirror->rib) && checked->table == table &&
	       checked->ifindex == path->ifindex && checked->gateway_family == path->gateway_family &&
	       !memcmp(checked->gateway, path->gateway, sizeof(checked->gateway));
}

static int check_gateway(struct changing *changing, uint32_t index, const struct xfib_path_spec *path,
			 uint32_t *ret_ifindex)
{
	uint32_t table = change__table(&changing->changes[index]);
	bool link_local = path->gateway_family == AF_INET6 && path->gateway[0] == 0xfe && (path->gateway[1] & 0xc0) == 0x80;
	struct checked_gateway *checked = checked_gateway__at(changing, table, path);
	char text[INET6_ADDRSTRLEN] = "";
	int err;

	*ret_ifindex = path->ifindex;
	if (path->flags & XFIB_NEXTHOP_ONLINK ||
	    (path->ifindex && (link_local || changing->changes[index].restored)))
		return 0;
	if (is_checked(changing, checked, table, path)) {
		*ret_ifindex = checked->found;
		return 0;
	}
	err = link_local ? -EINVAL : find_gateway(changing, table, path, ret_ifindex);
	if (!err) {
		*checked = (struct checked_gateway){
			.version = rib__on_link_version(changing->mirror->rib),
			.table = table,
			.ifindex = path->ifindex,
			.gateway_family = (uint8_t)path->gateway_family,
			.found = *ret_ifindex,
		};
		memcpy(checked->gateway, path->gateway, sizeof(path->gateway));
		return 0;
	}
	inet_ntop((int)path->gateway_family, path->gateway, text, sizeof(text));
	if (link_local)
		changing__fail(changing, index, err, "gateway %s: a link-local one needs an interface", text);
	else if (err == -EINVAL)
		changing__fail(changing, index, err, "gateway %s is an address of this machine", text);
	else
		changing__fail(changing, index, err,
			       "gateway %s is not on the link: no on-link route leads to it; add one, or use onlink", text);
	return err;
}

/* ---- the route ---- */

static int check_source(struct changing *changing, uint32_t index)
{
	const struct xfib_route_spec *spec = &changing->changes[index].spec;
	char text[INET6_ADDRSTRLEN] = "";
	uint32_t ifindex;
	uint8_t type;

	if (!is_given(spec->source) || (!rib__find_on_link(changing->mirror->rib, XFIB_TABLE_LOCAL, (uint8_t)spec->family,
							   spec->source, 0, &ifindex, &type) &&
					type == XFIB_ROUTE_LOCAL))
		return 0;
	inet_ntop((int)spec->family, spec->source, text, sizeof(text));
	changing__fail(changing, index, -EINVAL, "source %s is no address of this machine", text);
	return -EINVAL;
}

static uint32_t type_of(const struct xfib_route_spec *spec)
{
	return spec->type ? spec->type : XFIB_ROUTE_UNICAST;
}

static int make_path(struct changing *changing, uint32_t index, const struct xfib_path_spec *from, struct rib_path *ret_path)
{
	const struct xfib_route_spec *spec = &changing->changes[index].spec;
	struct nexthop_key *key = &ret_path->nexthop;
	int err = 0;

	memset(ret_path, 0, sizeof(*ret_path));
	ret_path->weight = from && from->weight && spec->path_count > 1 ? from->weight : 1;
	key->family = (uint8_t)spec->family;
	key->type = (uint8_t)type_of(spec);
	key->route_mtu = nexthop_key__mtu(spec->mtu);
	memcpy(key->source, spec->source, sizeof(key->source));
	if (!from)
		return 0;
	key->ifindex = from->ifindex;
	key->gateway_family = (uint8_t)from->gateway_family;
	memcpy(key->gateway, from->gateway, sizeof(key->gateway));
	key->flags = from->flags & XFIB_NEXTHOP_ONLINK;
	if (from->ifindex && !links__find(changing->mirror->links, from->ifindex)) {
		changing__fail(changing, index, -ENODEV, "there is no interface %u", from->ifindex);
		return -ENODEV;
	}
	if (from->gateway_family)
		err = check_gateway(changing, index, from, &key->ifindex);
	return err;
}

/* As ip-route(8) chooses it; IPv6 has none. */
static uint8_t scope_of(const struct xfib_route_spec *spec)
{
	if (spec->family == AF_INET6)
		return RT_SCOPE_UNIVERSE;
	if (spec->flags & XFIB_SPEC_SCOPE)
		return (uint8_t)spec->scope;
	switch (type_of(spec)) {
	case XFIB_ROUTE_LOCAL:
		return RT_SCOPE_HOST;
	case XFIB_ROUTE_BROADCAST:
	case XFIB_ROUTE_ANYCAST:
	case XFIB_ROUTE_MULTICAST:
		return RT_SCOPE_LINK;
	case XFIB_ROUTE_UNICAST:
		return spec->path_count == 1 && !spec->paths[0].gateway_family ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
	default:
		return RT_SCOPE_UNIVERSE;
	}
}

static int make_route(struct changing *changing, uint32_t index, struct rib_path *paths, struct rib_route *ret_route)
{
	const struct xfib_route_spec *spec = &changing->changes[index].spec;
	uint32_t count = spec->path_count ? spec->path_count : 1;
	int err = check_source(changing, index);

	for (uint32_t i = 0; i < count && !err; i++)
		err = make_path(changing, index, spec->path_count ? &spec->paths[i] : NULL, &paths[i]);
	if (err)
		return err;
	*ret_route = (struct rib_route){
		.family = (uint8_t)spec->family,
		.prefix_length = (uint8_t)spec->prefix_length,
		.type = (uint8_t)type_of(spec),
		.scope = scope_of(spec),
		.protocol = (uint8_t)(spec->protocol ? spec->protocol : RTPROT_STATIC),
		.tos = (uint8_t)spec->tos,
		.owner = XFIB_OWNER_XFIB,
		.flags = spec->lifetime ? XFIB_ROUTE_EXPIRES : 0,
		.preference = (uint8_t)spec->preference,
		.table = change__table(&changing->changes[index]),
		.metric = spec->metric || spec->family == AF_INET ? spec->metric : METRIC6,
		.lifetime = spec->lifetime * 1000ULL,
		.path_count = count,
		.paths = paths,
	};
	memcpy(ret_route->prefix, spec->prefix, sizeof(ret_route->prefix));
	return 0;
}

static const char *explain(int err)
{
	switch (err) {
	case -EEXIST:
		return "there is such a route already";
	case -ENOENT:
		return "there is no such route";
	case -ENOSPC:
		return "the maps are full; restart xfibd with a larger --max-routes or --max-nexthops";
	default:
		return strerror(-err);
	}
}

int change_own__run(struct changing *changing, uint32_t index)
{
	const struct change *change = &changing->changes[index];
	struct mirror *mirror = changing->mirror;
	struct rib_path paths[XFIB_GROUP_MEMBERS];
	struct rib_route route;
	int err = 0;

	if (change->what != XFIB_DELETE) {
		err = make_route(changing, index, paths, &route);
		if (err)
			return err;
	}
	mirror->origin = changing->origin;
	err = change->what == XFIB_DELETE ? rib__delete_own(mirror->rib, change__table(change), &change->spec) :
					    rib__add_own(mirror->rib, &route, change->what);
	mirror->origin = 0;
	if (err)
		changing__fail(changing, index, err, "%s", explain(err));
	return err;
}
