// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * The decision, rule by rule. Every route is looked at for every question.
 *
 * IPv4: the kernel holds local and main as one table, as long as no rule has
 * been added. IPv6: local first.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "oracle.h"

/* ---- helpers ---- */

uint32_t common_bits(const uint8_t *a, const uint8_t *b)
{
	uint32_t bits = 0;

	while (bits < 128 && !((a[bits / 8] ^ b[bits / 8]) & (0x80 >> bits % 8)))
		bits++;
	return bits;
}

bool is_zero(const uint8_t bytes[16])
{
	static const uint8_t zero[16];

	return !memcmp(bytes, zero, 16);
}

bool is_loopback(int family, const uint8_t bytes[16])
{
	static const uint8_t one[16] = { [15] = 1 };

	return family == AF_INET ? bytes[0] == 127 : !memcmp(bytes, one, 16);
}

bool is_link_local(int family, const uint8_t bytes[16])
{
	return family == AF_INET6 && bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80;
}

const char *text_of(int family, const uint8_t bytes[16])
{
	static char texts[4][INET6_ADDRSTRLEN];
	static unsigned int next;
	char *text = texts[next++ % 4];

	return inet_ntop(family, bytes, text, INET6_ADDRSTRLEN);
}

static uint64_t state;

void random__seed(uint64_t seed)
{
	state = seed;
}

uint32_t random__below(uint32_t limit)
{
	uint64_t z = state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (uint32_t)((z ^ (z >> 31)) % limit);
}

/* ---- routes ---- */

bool has_row(const struct route *route)
{
	static const char *const types[] = { "unicast", "local", "broadcast", "anycast", "multicast" };

	for (size_t i = 0; i < COUNT(types); i++) {
		if (!strcmp(route->type, types[i]))
			return true;
	}
	return false;
}

static bool goes_before(const struct path *a, const struct path *b)
{
	return a->index != b->index ? a->index < b->index : memcmp(a->gateway, b->gateway, 16) < 0;
}

/* The usable path of lowest interface, then gateway. Routes that lead nowhere have none by a certain interface. */
static const struct path *path_of(const struct route *route, uint32_t index)
{
	const struct path *best = NULL;

	if (!has_row(route))
		return index ? NULL : &route->paths[0];
	for (size_t i = 0; i < route->path_count; i++) {
		const struct path *path = &route->paths[i];

		if (!path->dead && (!index || path->index == index) && (!best || goes_before(path, best)))
			best = path;
	}
	return best;
}

/* Longest prefix, then lowest metric, then the kernel's order, which is that of the list. */
static bool is_better(const struct route *route, const struct route *best)
{
	if (!best)
		return true;
	if (route->length != best->length)
		return route->length > best->length;
	if (route->local != best->local)
		return route->local;
	return route->metric < best->metric;
}

static void search(const struct world *world, const struct question *question, uint32_t index, bool local, bool main,
		   struct answer *answer)
{
	answer->route = NULL;
	for (size_t i = 0; i < world->route_count; i++) {
		const struct route *route = &world->routes[i];
		const struct path *path;

		if (route->family != question->family || (route->local ? !local : !main) ||
		    common_bits(route->prefix, question->destination) < route->length)
			continue;
		path = path_of(route, index);
		if (path && is_better(route, answer->route)) {
			answer->route = route;
			answer->path = path;
		}
	}
}

static void look_up(const struct world *world, const struct question *question, uint32_t index, struct answer *answer)
{
	if (question->family == AF_INET) {
		search(world, question, index, true, true, answer);
	} else {
		search(world, question, index, true, false, answer);
		if (!answer->route)
			search(world, question, index, false, true, answer);
	}
	/* throw ends the search of the last table; the others lead nowhere */
	answer->status = answer->route && has_row(answer->route) ? OK : UNREACHABLE;
}

/* ---- the rules on arguments ---- */

static const struct own_address *owner(const struct world *world, const struct question *question)
{
	for (size_t i = 0; i < world->address_count; i++) {
		const struct own_address *own = &world->addresses[i];

		if (own->family == question->family && !memcmp(own->bytes, question->source, 16))
			return own;
	}
	return NULL;
}

void oracle__ask(const struct world *world, const struct question *question, struct answer *ret_answer)
{
	const struct device *device = world__device(world, question->index);
	bool to_loopback = is_loopback(question->family, question->destination);
	uint32_t index = question->index;

	memset(ret_answer, 0, sizeof(*ret_answer));
	if (index && !device)
		ret_answer->status = NOT_FOUND;
	else if (index && to_loopback && !device->loopback)
		ret_answer->status = INVALID;
	else if (!is_zero(question->source) && is_loopback(question->family, question->source) && !to_loopback)
		ret_answer->status = UNREACHABLE;
	else if (!is_zero(question->source) && !owner(world, question))
		ret_answer->status = NOT_FOUND;
	if (ret_answer->status != OK)
		return;
	if (!is_zero(question->source))
		index = owner(world, question)->index;
	look_up(world, question, index, ret_answer);
	if (ret_answer->status != OK)
		return;
	if (is_zero(question->source))
		source__choose(world, ret_answer->route, ret_answer->path, question->destination, ret_answer->source);
	else
		memcpy(ret_answer->source, question->source, 16);
}

/* ---- rows ---- */

static NL_ROUTE_PROTOCOL protocol_of(const struct route *route, const struct path *path)
{
	static const struct {
		const char *name;
		NL_ROUTE_PROTOCOL protocol;
	} protocols[] = { { "redirect", RouteProtocolIcmp }, { "bgp", RouteProtocolBgp },   { "ospf", RouteProtocolOspf },
			  { "isis", RouteProtocolIsIs },     { "rip", RouteProtocolRip },   { "eigrp", RouteProtocolEigrp },
			  { "dhcp", RouteProtocolDhcp } };

	if (!strcmp(route->type, "local") || (!strcmp(route->protocol, "kernel") && !path->gateway_family))
		return RouteProtocolLocal;
	for (size_t i = 0; i < COUNT(protocols); i++) {
		if (!strcmp(route->protocol, protocols[i].name))
			return protocols[i].protocol;
	}
	return RouteProtocolNetMgmt;
}

static void put(int family, const uint8_t bytes[16], SOCKADDR_INET *ret_address)
{
	ret_address->si_family = (ADDRESS_FAMILY)family;
	if (family == AF_INET6)
		memcpy(&ret_address->Ipv6.sin6_addr, bytes, 16);
	else
		memcpy(&ret_address->Ipv4.sin_addr, bytes, 4);
}

void row__of(const struct world *world, const struct answer *answer, MIB_IPFORWARD_ROW2 *ret_row)
{
	const struct route *route = answer->route;
	const struct path *path = answer->path;
	const struct device *device = world__device(world, path->index);

	memset(ret_row, 0, sizeof(*ret_row));
	ret_row->InterfaceIndex = path->index;
	ret_row->InterfaceLuid.Value = (uint64_t)path->index << 24 | (device->loopback ? 24ull : 6ull) << 48;
	put(route->family, route->prefix, &ret_row->DestinationPrefix.Prefix);
	ret_row->DestinationPrefix.PrefixLength = (UINT8)route->length;
	put(path->gateway_family ? path->gateway_family : route->family, path->gateway, &ret_row->NextHop);
	ret_row->ValidLifetime = ret_row->PreferredLifetime = 0xffffffff;
	ret_row->Metric = route->metric;
	ret_row->Protocol = protocol_of(route, path);
	ret_row->Loopback = device->loopback;
	ret_row->Immortal = TRUE;
	ret_row->Origin = !strcmp(route->protocol, "dhcp") ? NlroDHCP :
			  !strcmp(route->protocol, "kernel") || !strcmp(route->type, "local") ? NlroWellKnown :
												NlroManual;
}
