// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* The machine as `ip -j` describes it. */
#include <arpa/inet.h>
#include <jansson.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oracle.h"

static void give_up(const char *what, const char *text)
{
	fprintf(stderr, "ip says what this test does not understand: %s '%s'\n", what, text ? text : "");
	exit(2);
}

static json_t *ask(const char *command)
{
	FILE *pipe = popen(command, "r");
	json_error_t error;
	json_t *list;

	if (!pipe)
		give_up("command", command);
	list = json_loadf(pipe, JSON_DISABLE_EOF_CHECK, &error);
	pclose(pipe);
	return list; /* NULL: nothing */
}

static const char *string(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static uint32_t number(const json_t *object, const char *key)
{
	return (uint32_t)json_integer_value(json_object_get(object, key));
}

static bool has_flag(const json_t *object, const char *flag)
{
	const json_t *flags = json_object_get(object, "flags"), *value;
	size_t i;

	json_array_foreach(flags, i, value) {
		if (!strcmp(json_string_value(value), flag))
			return true;
	}
	return false;
}

static int read_address(const char *text, uint8_t ret_bytes[16])
{
	int family = strchr(text, ':') ? AF_INET6 : AF_INET;

	memset(ret_bytes, 0, 16);
	if (inet_pton(family, text, ret_bytes) != 1)
		give_up("address", text);
	return family;
}

/* ---- devices and addresses ---- */

static int scope_of(const char *name)
{
	return !name || !strcmp(name, "global") ? RT_SCOPE_UNIVERSE :
	       !strcmp(name, "site")		? RT_SCOPE_SITE :
	       !strcmp(name, "link")		? RT_SCOPE_LINK :
						  RT_SCOPE_HOST;
}

static void read_own(struct world *world, uint32_t index, const json_t *info)
{
	struct own_address *own = &world->addresses[world->address_count++];

	own->family = read_address(string(info, "local"), own->bytes);
	own->length = number(info, "prefixlen");
	own->index = index;
	own->scope = scope_of(string(info, "scope"));
	own->secondary = own->family == AF_INET && json_is_true(json_object_get(info, "secondary"));
	own->deprecated = json_is_true(json_object_get(info, "deprecated"));
	own->temporary = json_is_true(json_object_get(info, "temporary"));
	own->unusable = json_is_true(json_object_get(info, "tentative")) || json_is_true(json_object_get(info, "dadfailed"));
}

static void read_devices(struct world *world)
{
	json_t *list = ask("ip -j address"), *item, *info;
	size_t i, j;

	json_array_foreach(list, i, item) {
		struct device *device = &world->devices[world->device_count];

		if (!string(item, "ifname"))
			continue;
		world->device_count++;
		device->index = number(item, "ifindex");
		snprintf(device->name, sizeof(device->name), "%s", string(item, "ifname"));
		device->loopback = !strcmp(string(item, "link_type"), "loopback");
		device->up = has_flag(item, "UP");
		json_array_foreach(json_object_get(item, "addr_info"), j, info)
			read_own(world, device->index, info);
	}
	json_decref(list);
}

/* ---- routes ---- */

static uint32_t index_of(const struct world *world, const char *name)
{
	for (size_t i = 0; name && i < world->device_count; i++) {
		if (!strcmp(world->devices[i].name, name))
			return world->devices[i].index;
	}
	return 0;
}

static void read_path(const struct world *world, const json_t *item, struct route *route)
{
	struct path *path = &route->paths[route->path_count++];
	const char *gateway = string(item, "gateway");
	const json_t *via = json_object_get(item, "via");

	path->index = index_of(world, string(item, "dev"));
	if (via)
		gateway = string(via, "host");
	if (gateway)
		path->gateway_family = read_address(gateway, path->gateway);
	path->dead = has_flag(item, "dead");
}

static void read_route(struct world *world, int family, const json_t *item)
{
	struct route *route = &world->routes[world->route_count];
	const char *table = string(item, "table"), *dst = string(item, "dst");
	const json_t *several = json_object_get(item, "nexthops"), *path;
	char prefix[64], *slash;
	size_t i;

	if (table && strcmp(table, "local") && strcmp(table, "main"))
		return;
	world->route_count++;
	route->family = family;
	route->local = table && !strcmp(table, "local");
	snprintf(route->type, sizeof(route->type), "%s", string(item, "type") ? string(item, "type") : "unicast");
	snprintf(route->protocol, sizeof(route->protocol), "%s", string(item, "protocol") ? string(item, "protocol") : "");
	route->metric = number(item, "metric");
	route->scope = scope_of(string(item, "scope"));
	if (string(item, "prefsrc"))
		read_address(string(item, "prefsrc"), route->source);
	snprintf(prefix, sizeof(prefix), "%s", strcmp(dst, "default") ? dst : family == AF_INET6 ? "::/0" : "0.0.0.0/0");
	slash = strchr(prefix, '/');
	if (slash)
		*slash++ = '\0';
	route->length = slash ? (uint32_t)atoi(slash) : family == AF_INET6 ? 128 : 32;
	read_address(prefix, route->prefix);
	if (json_array_size(several) > PATHS_MAX)
		give_up("number of paths of", dst);
	json_array_foreach(several, i, path)
		read_path(world, path, route);
	if (!route->path_count)
		read_path(world, item, route);
}

void world__read(struct world *world)
{
	static const struct {
		int family;
		const char *command;
	} lists[] = { { AF_INET, "ip -j -4 route show table all" }, { AF_INET6, "ip -j -6 route show table all" } };

	memset(world, 0, sizeof(*world));
	read_devices(world);
	for (size_t i = 0; i < COUNT(lists); i++) {
		json_t *list = ask(lists[i].command), *item;
		size_t j;

		json_array_foreach(list, j, item) {
			if (json_object_size(item))
				read_route(world, lists[i].family, item);
		}
		json_decref(list);
	}
	if (!world->device_count || !world->route_count)
		give_up("no devices or routes", NULL);
}

const struct device *world__device(const struct world *world, uint32_t index)
{
	for (size_t i = 0; i < world->device_count; i++) {
		if (world->devices[i].index == index)
			return &world->devices[i];
	}
	return NULL;
}
