// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* xfib nexthop show: the paths that routes share, and whether the fast path can use them. */
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <xfib/lookup.h>

#include "command.h"
#include "format.h"

static const char *state_of(const struct xfib_nexthop *nexthop)
{
	static const char *const names[] = { "none", "valid", "stale", "in use" };

	return nexthop->state < sizeof(names) / sizeof(names[0]) ? names[nexthop->state] : "unknown";
}

static void format_mac(char *text, const uint8_t mac[6])
{
	snprintf(text, TEXT_SIZE, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}

static const struct {
	uint8_t flag;
	const char *name;
} flags[] = {
	{ XFIB_NEXTHOP_ONLINK, "onlink" },
	{ XFIB_NEXTHOP_DOWN, "down" },
	{ XFIB_NEXTHOP_DEAD, "dead" },
	{ XFIB_NEXTHOP_FAILED, "failed" },
	{ XFIB_NEXTHOP_UNSUPPORTED, "unsupported" },
	{ XFIB_NEXTHOP_NOT_ETHERNET, "not-ethernet" },
};

#define FLAGS (sizeof(flags) / sizeof(flags[0]))

static void print_text(uint32_t id, const struct xfib_nexthop *nexthop, const char *dev)
{
	char text[TEXT_SIZE];

	printf("%u: %s", id, xfib_route_type__name(nexthop->type));
	if (nexthop->gateway_family) {
		format_address(text, nexthop->gateway_family, nexthop->gateway);
		printf(" %s%s", via_word(nexthop->family, nexthop), text);
	}
	if (dev)
		printf(" dev %s mtu %u", dev, nexthop->mtu);
	if (xfib_nexthop__metric(nexthop))
		printf(" metric %u", xfib_nexthop__metric(nexthop));
	if (nexthop->gateway_family) {
		format_mac(text, nexthop->dmac);
		printf(" neighbour %s", state_of(nexthop));
		if (nexthop->state != XFIB_NEIGHBOUR_NONE)
			printf(" %s", text);
	}
	for (size_t i = 0; i < FLAGS; i++) {
		if (nexthop->flags & flags[i].flag)
			printf(" %s", flags[i].name);
	}
	putchar('\n');
}

static json_t *object_of(uint32_t id, const struct xfib_nexthop *nexthop, const char *dev)
{
	json_t *object = json_object(), *names = json_array();
	char text[TEXT_SIZE];

	json_object_set_new(object, "id", json_integer(id));
	json_set_text(object, "family", nexthop->family == AF_INET6 ? "inet6" : "inet");
	json_set_text(object, "type", xfib_route_type__name(nexthop->type));
	json_set_gateway(object, nexthop->family, nexthop);
	if (dev) {
		json_set_text(object, "dev", dev);
		json_object_set_new(object, "ifindex", json_integer(nexthop->ifindex));
		json_object_set_new(object, "mtu", json_integer(nexthop->mtu));
		json_object_set_new(object, "metric", json_integer(xfib_nexthop__metric(nexthop)));
	}
	if (nexthop->gateway_family)
		json_set_text(object, "state", state_of(nexthop));
	if (nexthop->gateway_family && nexthop->state != XFIB_NEIGHBOUR_NONE) {
		format_mac(text, nexthop->dmac);
		json_set_text(object, "lladdr", text);
		format_mac(text, nexthop->smac);
		json_set_text(object, "source_lladdr", text);
	}
	for (size_t i = 0; i < FLAGS; i++) {
		if (nexthop->flags & flags[i].flag)
			json_array_append_new(names, json_string(flags[i].name));
	}
	json_object_set_new(object, "flags", names);
	return object;
}

/* The kernel has an entry for each multicast address that it sends to; no route leads there. */
static bool is_multicast(const struct xfib_nexthop *nexthop)
{
	if (nexthop->gateway_family == AF_INET6)
		return nexthop->gateway[0] == 0xff;
	return nexthop->gateway_family && (nexthop->gateway[0] & 0xf0) == 0xe0;
}

struct show {
	bool all;
	size_t printed;
};

static int print_nexthop(uint32_t id, const struct xfib_nexthop *nexthop, void *data)
{
	char name[IF_NAMESIZE] = "";
	struct show *show = data;

	if ((options.family && nexthop->family != options.family) || (!show->all && is_multicast(nexthop)))
		return 0;
	if (!nexthop->ifindex && !nexthop->family) /* the program's own, for routes that only the kernel can follow */
		return 0;
	if (nexthop->ifindex && !if_indextoname(nexthop->ifindex, name))
		snprintf(name, sizeof(name), "if%u", nexthop->ifindex);
	if (options.json)
		print_element(show->printed++, object_of(id, nexthop, *name ? name : NULL));
	else
		print_text(id, nexthop, *name ? name : NULL);
	return 0;
}

int command_nexthop(int argc, char **argv)
{
	struct show show = { .all = argc > 1 && !strcmp(argv[1], "all") };
	struct xfib *instance;
	int status;

	if (argc && strcmp(argv[0], "show"))
		return fail(STATUS_USAGE, "nexthop: unknown word '%s': known is show", argv[0]);
	if (argc > 1 + show.all)
		return fail(STATUS_USAGE, "nexthop show: unknown word '%s': known is all", argv[1 + show.all]);
	status = open_maps("nexthop show", "the next hops", &instance);
	if (status)
		return status;
	xfib_nexthop__each(instance, print_nexthop, &show);
	if (options.json)
		print_end(show.printed);
	xfib_instance__close(instance);
	return STATUS_DONE;
}
