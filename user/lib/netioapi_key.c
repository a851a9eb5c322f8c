// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Rows by their key: interface, prefix and next hop. On Linux one key can
 * have several rows, of other metrics: the first in the kernel's order is it.
 * A row is one path; what belongs to the same multipath route is found with it.
 */
#include <errno.h>
#include <string.h>

#include "netioapi_private.h"

static bool has_host_bits(const uint8_t prefix[16], uint32_t length, uint32_t bits)
{
	for (uint32_t bit = length; bit < bits; bit++) {
		if (prefix[bit / 8] & (0x80 >> bit % 8))
			return true;
	}
	return false;
}

bool netio__read_key(const MIB_IPFORWARD_ROW2 *row, struct netio_key *ret_key)
{
	ADDRESS_FAMILY family = row->DestinationPrefix.Prefix.si_family, next = row->NextHop.si_family;
	size_t bytes = family == AF_INET6 ? 16 : 4;

	memset(ret_key, 0, sizeof(*ret_key));
	if (!netio__is_family(family) || row->DestinationPrefix.PrefixLength > bytes * 8 ||
	    (next && !netio__is_family(next)) || (!row->InterfaceLuid.Value && !row->InterfaceIndex))
		return false;
	ret_key->family = family;
	ret_key->length = row->DestinationPrefix.PrefixLength;
	memcpy(ret_key->prefix, netio__bytes(&row->DestinationPrefix.Prefix), bytes);
	ret_key->any_next_hop = !next;
	if (next) {
		memcpy(ret_key->gateway, netio__bytes(&row->NextHop), next == AF_INET6 ? 16 : 4);
		ret_key->gateway_family = address__is_zero(ret_key->gateway) ? 0 : next;
	}
	return !has_host_bits(ret_key->prefix, ret_key->length, (uint32_t)bytes * 8);
}

enum outcome netio__find_interface(const struct xfib *instance, const MIB_IPFORWARD_ROW2 *row, struct netio_key *key)
{
	bool by_luid = row->InterfaceLuid.Value != 0;
	struct xfib_link link;
	NET_LUID luid;

	if (xfib_link__by_index(instance, by_luid ? (uint32_t)row->InterfaceLuid.Info.NetLuidIndex : row->InterfaceIndex,
				&link))
		return OUTCOME_NOT_FOUND;
	netio__luid_of(&link, &luid);
	if (by_luid && luid.Value != row->InterfaceLuid.Value) {
		error__set(0, "no interface has the LUID 0x%llx", (unsigned long long)row->InterfaceLuid.Value);
		return OUTCOME_NOT_FOUND;
	}
	key->ifindex = link.ifindex;
	return OUTCOME_SUCCESS;
}

enum outcome netio__check_stack(const struct xfib *instance, uint32_t family)
{
	struct xfib_state state;
	int err = xfib_instance__state(instance, &state);

	if (err)
		return netio__outcome(err);
	return state.flags & (family == AF_INET6 ? XFIB_STATE_IPV6 : XFIB_STATE_IPV4) ? OUTCOME_SUCCESS :
											OUTCOME_NOT_SUPPORTED;
}

/* ---- the row ---- */

static bool is_key(const struct netio_key *key, const struct xfib_route *route, const struct xfib_nexthop *nexthop)
{
	return netio__has_row(route->type) && nexthop->ifindex == key->ifindex &&
	       (key->any_next_hop || (nexthop->gateway_family == key->gateway_family &&
				      !memcmp(nexthop->gateway, key->gateway, sizeof(key->gateway))));
}

static bool read_path(const struct xfib *instance, uint32_t id, struct xfib_route *ret_route,
		      struct xfib_nexthop *ret_nexthop)
{
	return instance__route(instance, id, ret_route) && instance__nexthop(instance, ret_route->nexthop, ret_nexthop);
}

static void note_path(struct netio_found *found, const struct xfib_route *route, const struct xfib_nexthop *nexthop)
{
	struct xfib_path_spec *path = &found->paths[found->path_count++];

	*path = (struct xfib_path_spec){ .ifindex = nexthop->ifindex, .gateway_family = nexthop->gateway_family,
					 .weight = route->weight,
					 .flags = nexthop->flags & XFIB_NEXTHOP_ONLINK };
	memcpy(path->gateway, nexthop->gateway, sizeof(path->gateway));
	if ((route->flags & XFIB_ROUTE_NEXTHOP_OBJECT) || (nexthop->flags & XFIB_NEXTHOP_UNSUPPORTED))
		found->plain = false;
}

/* The first slot of the route that has the row, from `first` on, which begins a prefix; XFIB_NONE: it is not there. */
static uint32_t find_row(const struct xfib *instance, const struct netio_key *key, uint32_t first,
			 struct netio_found *found, uint32_t *ret_row)
{
	uint32_t head = first, id = first;

	for (uint32_t steps = 0; id && steps < instance->routes.count; steps++) {
		if (!read_path(instance, id, &found->route, &found->nexthop))
			break;
		if (!(found->route.flags & XFIB_ROUTE_MEMBER))
			head = id;
		if (is_key(key, &found->route, &found->nexthop)) {
			*ret_row = id;
			return head;
		}
		id = found->route.next;
	}
	return XFIB_NONE;
}

/* What else there is of the prefix: the row's route from slot `head` on, and routes alike. */
static void describe(const struct xfib *instance, uint32_t first, uint32_t head, uint32_t row, struct netio_found *found)
{
	struct xfib_nexthop nexthop;
	struct xfib_route route;
	bool inside = false;

	found->alone = found->plain = true;
	found->path = found->path_count = 0;
	for (uint32_t id = first, steps = 0; id && steps < instance->routes.count; id = route.next, steps++) {
		if (!read_path(instance, id, &route, &nexthop))
			break;
		if (!(route.flags & XFIB_ROUTE_MEMBER)) {
			inside = id == head;
			if (!inside && route.metric == found->route.metric && route.tos == found->route.tos)
				found->alone = false;
		}
		if (!inside || found->path_count == XFIB_GROUP_MEMBERS)
			continue;
		if (id == row)
			found->path = found->path_count;
		note_path(found, &route, &nexthop);
	}
}

static int find(const struct xfib *instance, const void *query, void *result)
{
	static const uint32_t tables[] = { XFIB_TABLE_MAIN, XFIB_TABLE_LOCAL };
	const struct netio_key *key = query;
	struct netio_found *found = result;

	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		uint32_t first = prefix__first(instance, key->family, tables[i], key->prefix, key->length), row = XFIB_NONE;
		uint32_t head = find_row(instance, key, first, found, &row);

		if (head) {
			describe(instance, first, head, row, found);
			return 0;
		}
	}
	return -ENOENT;
}

int netio__find(const struct xfib *instance, const struct netio_key *key, struct netio_found *ret_found)
{
	return instance__steady(instance, find, key, ret_found);
}
