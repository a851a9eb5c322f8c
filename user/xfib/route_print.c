// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* A route as text and as JSON, with the words and keys of `ip route show`. */
#include "route_print.h"

#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "format.h"

const char *route_print__device(uint32_t ifindex)
{
	static struct {
		uint32_t ifindex;
		char name[IF_NAMESIZE];
	} known[64];
	char *name = known[ifindex % 64].name;

	if (!ifindex)
		return NULL;
	if (known[ifindex % 64].ifindex == ifindex)
		return name;
	known[ifindex % 64].ifindex = ifindex;
	if (!if_indextoname(ifindex, name))
		snprintf(name, IF_NAMESIZE, "if%u", ifindex);
	return name;
}

static void print_path(const struct path *path)
{
	const struct xfib_nexthop *nexthop = &path->nexthop;
	const char *device = route_print__device(nexthop->ifindex);
	char text[TEXT_SIZE];

	if (nexthop->gateway_family) {
		format_address(text, nexthop->gateway_family, nexthop->gateway);
		printf(" %s%s", via_word(path->route.family, nexthop), text);
	}
	if (device)
		printf(" dev %s", device);
}

/* Seconds until a route expires; 0: it does not, or has. */
static uint32_t seconds_left(const struct xfib_route *route)
{
	struct timespec now;

	if (!(route->flags & XFIB_ROUTE_EXPIRES))
		return 0;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return route->expires > (uint32_t)now.tv_sec ? route->expires - (uint32_t)now.tv_sec : 0;
}

static void print_flags(const struct xfib_nexthop *nexthop)
{
	if (nexthop->flags & XFIB_NEXTHOP_DOWN)
		printf(" dead");
	if (nexthop->flags & XFIB_NEXTHOP_ONLINK)
		printf(" onlink");
}

void route_print__text(const struct path *path, size_t count)
{
	static const uint8_t zero[16];
	const struct xfib_route *route = &path->route;
	char text[TEXT_SIZE];

	if (route->type != XFIB_ROUTE_UNICAST)
		printf("%s ", xfib_route_type__name(route->type));
	format_destination(text, route);
	fputs(text, stdout);
	if (count == 1)
		print_path(path);
	if (route->table != XFIB_TABLE_MAIN) {
		format_table(text, route->table);
		printf(" table %s", text);
	}
	if (route->protocol != RTPROT_BOOT) { /* as ip leaves it out */
		format_protocol(text, route->protocol);
		printf(" proto %s", text);
	}
	if (route->family == AF_INET && route->scope) {
		format_scope(text, route->scope);
		printf(" scope %s", text);
	}
	if (memcmp(path->nexthop.source, zero, sizeof(zero))) {
		format_address(text, route->family, path->nexthop.source);
		printf(" src %s", text);
	}
	if (route->tos)
		printf(" tos 0x%02x", route->tos);
	if (route->metric)
		printf(" metric %u", route->metric);
	if (path->nexthop.route_mtu)
		printf(" mtu %u", path->nexthop.route_mtu);
	if (seconds_left(route))
		printf(" expires %usec", seconds_left(route));
	if (route->family == AF_INET6)
		printf(" pref %s", preference_name(route->preference));
	if (count == 1)
		print_flags(&path->nexthop);
	putchar('\n');
	for (size_t i = 0; count > 1 && i < count; i++) {
		printf("\tnexthop");
		print_path(&path[i]);
		printf(" weight %u", path[i].route.weight);
		print_flags(&path[i].nexthop);
		putchar('\n');
	}
}

/* ---- JSON ---- */

static json_t *flags_of(const struct xfib_nexthop *nexthop)
{
	json_t *flags = json_array();

	if (nexthop->flags & XFIB_NEXTHOP_DOWN)
		json_array_append_new(flags, json_string("dead"));
	if (nexthop->flags & XFIB_NEXTHOP_ONLINK)
		json_array_append_new(flags, json_string("onlink"));
	return flags;
}

static void set_path(json_t *object, const struct path *path)
{
	const char *device = route_print__device(path->nexthop.ifindex);

	json_set_gateway(object, path->route.family, &path->nexthop);
	if (device)
		json_set_text(object, "dev", device);
}

static json_t *nexthops_of(const struct path *path, size_t count)
{
	json_t *nexthops = json_array();

	for (size_t i = 0; i < count; i++) {
		json_t *nexthop = json_object();

		set_path(nexthop, &path[i]);
		json_object_set_new(nexthop, "weight", json_integer(path[i].route.weight));
		json_object_set_new(nexthop, "flags", flags_of(&path[i].nexthop));
		json_array_append_new(nexthops, nexthop);
	}
	return nexthops;
}

json_t *route_print__object(const struct path *path, size_t count)
{
	static const uint8_t zero[16];
	const struct xfib_route *route = &path->route;
	json_t *object = json_object();
	char text[TEXT_SIZE];

	if (route->type != XFIB_ROUTE_UNICAST)
		json_set_text(object, "type", xfib_route_type__name(route->type));
	format_destination(text, route);
	json_set_text(object, "dst", text);
	if (count == 1)
		set_path(object, path);
	format_table(text, route->table);
	json_set_text(object, "table", text);
	format_protocol(text, route->protocol);
	json_set_text(object, "protocol", text);
	if (route->family == AF_INET && route->scope) {
		format_scope(text, route->scope);
		json_set_text(object, "scope", text);
	}
	if (memcmp(path->nexthop.source, zero, sizeof(zero))) {
		format_address(text, route->family, path->nexthop.source);
		json_set_text(object, "prefsrc", text);
	}
	if (route->tos)
		json_object_set_new(object, "tos", json_integer(route->tos));
	if (route->metric)
		json_object_set_new(object, "metric", json_integer(route->metric));
	if (path->nexthop.route_mtu)
		json_object_set_new(object, "metrics", json_pack("[{s:I}]", "mtu", (json_int_t)path->nexthop.route_mtu));
	if (seconds_left(route))
		json_object_set_new(object, "expires", json_integer(seconds_left(route)));
	json_object_set_new(object, "flags", count == 1 ? flags_of(&path->nexthop) : json_array());
	if (count > 1)
		json_object_set_new(object, "nexthops", nexthops_of(path, count));
	if (route->family == AF_INET6)
		json_set_text(object, "pref", preference_name(route->preference));
	return object;
}
