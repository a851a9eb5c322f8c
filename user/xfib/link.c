// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* xfib link show: interfaces as the programs see them, and what is attached to each. */
#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "command.h"
#include "dispatcher.h"
#include "format.h"

struct shown {
	const struct xfib *instance;
	uint32_t ifindex; /* 0: all */
	size_t printed;
};

static const struct {
	uint32_t flag;
	const char *name;
} settings[] = {
	{ XFIB_LINK_UP, "up" },
	{ XFIB_LINK_CARRIER, "carrier" },
	{ XFIB_LINK_FORWARDING4, "forwarding4" },
	{ XFIB_LINK_FORWARDING6, "forwarding6" },
	{ XFIB_LINK_REDIRECT_TARGET, "redirect_target" },
	{ XFIB_LINK_REDIRECT_FRAGS, "redirect_frags" },
	{ XFIB_LINK_SEND_REDIRECTS, "send_redirects" },
	{ XFIB_LINK_ENSLAVED, "enslaved" },
	{ XFIB_LINK_TAGS_HIDDEN, "tags_hidden" },
};

#define SETTINGS (sizeof(settings) / sizeof(settings[0]))

static const char *rp_filter_of(const struct xfib_link *link)
{
	return link->flags & XFIB_LINK_RP_STRICT ? "strict" : link->flags & XFIB_LINK_RP_LOOSE ? "loose" : "off";
}

static const char *hook_of(const struct xfib_port *port)
{
	const char *tc = port->tc_hook == XFIB_HOOK_TCX ? "tcx" : "tc";

	if (port->xdp && port->tc)
		return port->tc_hook == XFIB_HOOK_TCX ? "xdp+tcx" : "xdp+tc";
	return port->xdp ? "xdp" : port->tc ? tc : NULL;
}

static const char *mode_of(const struct xfib_port *port)
{
	return port->mode == XFIB_MODE_GENERIC ? "generic" : "native";
}

static const struct {
	uint32_t family;
	const char *name;
} families[] = { { AF_INET, "rules4" }, { AF_INET6, "rules6" } };

#define FAMILIES (sizeof(families) / sizeof(families[0]))

/* " rules4 100,200": these send packets up. */
static void print_rules(const char *name, const struct xfib_link_rules *rules)
{
	if (rules->all)
		printf(" %s all", name);
	else if (rules->count || rules->more)
		printf(" %s", name);
	for (uint32_t i = 0; i < rules->count; i++)
		printf("%c%u", i ? ',' : ' ', rules->priority[i]);
	if (rules->more)
		printf("%smore", rules->count ? "," : " ");
}

static json_t *array_of(const struct xfib_link_rules *rules)
{
	json_t *array = json_array();

	if (rules->all || rules->more)
		json_array_append_new(array, json_string(rules->all ? "all" : "more"));
	for (uint32_t i = 0; i < rules->count; i++)
		json_array_append_new(array, json_integer(rules->priority[i]));
	return array;
}

/* All that is shown of a link. */
struct facts {
	const struct xfib_link *link;
	struct xfib_port port; /* xdp: also if it is attached by libxdp's dispatcher */
	enum dispatcher_state dispatcher;
	struct xfib_link_rules rules[FAMILIES];
	char vrf[IF_NAMESIZE + 1]; /* that it is in, "" for none */
	char parent[IF_NAMESIZE + 1]; /* of a VLAN device: that it is on, "" if that is not known */
};

static int read_facts(const struct xfib *instance, const struct xfib_link *link, struct facts *ret_facts)
{
	struct xfib_port_opts opts = { .size = sizeof(opts), .pin = pin_directory() };
	struct xfib_link master, parent;

	*ret_facts = (struct facts){ .link = link };
	xfib_port__query(link->ifindex, &opts, &ret_facts->port); /* of one that has just gone: nothing attached */
	ret_facts->dispatcher = dispatcher__query(link->ifindex);
	ret_facts->port.xdp |= ret_facts->dispatcher != DISPATCHER_NONE;
	if (link->master && !xfib_link__by_index(instance, link->master, &master) && master.flags & XFIB_LINK_VRF)
		memcpy(ret_facts->vrf, master.name, sizeof(master.name));
	if (link->parent && !xfib_link__by_index(instance, link->parent, &parent))
		memcpy(ret_facts->parent, parent.name, sizeof(parent.name));
	for (size_t i = 0; i < FAMILIES; i++) {
		int err = xfib_link__rules(instance, link, families[i].family, &ret_facts->rules[i]);

		if (err)
			return err;
	}
	return 0;
}

/* The device's own tag is the inner one. */
static const struct xfib_vlan_tag *tag_of(const struct xfib_link *link)
{
	return &link->vlan[link->vlan_bytes == sizeof(link->vlan)];
}

static void print_vlan(const struct facts *facts)
{
	const struct xfib_vlan_tag *tag = tag_of(facts->link);

	printf(" vlan %s %u", vlan_protocol_name(tag->protocol), ntohs(tag->id));
	if (facts->parent[0])
		printf(" on %s", facts->parent);
}

static void set_vlan(json_t *object, const struct facts *facts)
{
	const struct xfib_vlan_tag *tag = tag_of(facts->link);

	json_set_text(object, "vlan_protocol", vlan_protocol_name(tag->protocol));
	json_object_set_new(object, "vlan_id", json_integer(ntohs(tag->id)));
	if (facts->parent[0])
		json_set_text(object, "link", facts->parent);
}

static void print_text(const struct facts *facts)
{
	const struct xfib_link *link = facts->link;
	const struct xfib_port *port = &facts->port;
	char table[TEXT_SIZE];

	format_table(table, link->table);
	printf("%u: %.*s:", link->ifindex, (int)sizeof(link->name), link->name);
	if (hook_of(port))
		printf(" attached %s", hook_of(port));
	else
		printf(" not attached");
	if (port->xdp)
		printf(" %s%s", mode_of(port), port->frags ? " frags" : "");
	if (facts->dispatcher)
		printf(" via libxdp%s", facts->dispatcher == DISPATCHER_FORMER ? " (of an earlier xfibd: attach it again)" : "");
	if (port->xdp_id && !port->xdp)
		printf(" (another XDP program, id %u, is)", port->xdp_id);
	printf(" table %s mtu %u rp_filter %s", table, link->mtu, rp_filter_of(link));
	for (size_t i = 0; i < SETTINGS; i++) {
		if (link->flags & settings[i].flag)
			printf(" %s", settings[i].name);
	}
	if (facts->vrf[0])
		printf(" vrf %s", facts->vrf);
	if (link->flags & XFIB_LINK_VLAN)
		print_vlan(facts);
	for (size_t i = 0; i < FAMILIES; i++)
		print_rules(families[i].name, &facts->rules[i]);
	putchar('\n');
}

static json_t *object_of(const struct facts *facts)
{
	const struct xfib_link *link = facts->link;
	const struct xfib_port *port = &facts->port;
	json_t *object = json_object();
	char text[TEXT_SIZE], name[IF_NAMESIZE + 1] = "";

	json_object_set_new(object, "ifindex", json_integer(link->ifindex));
	memcpy(name, link->name, sizeof(link->name));
	json_set_text(object, "ifname", name);
	if (hook_of(port))
		json_set_text(object, "hook", hook_of(port));
	if (port->xdp)
		json_set_text(object, "mode", mode_of(port));
	if (port->xdp)
		json_object_set_new(object, "frags", json_boolean(port->frags));
	if (facts->dispatcher)
		json_set_text(object, "via", "libxdp");
	if (facts->dispatcher)
		json_object_set_new(object, "current", json_boolean(facts->dispatcher == DISPATCHER_CURRENT));
	if (port->xdp_id)
		json_object_set_new(object, "xdp_id", json_integer(port->xdp_id));
	format_table(text, link->table);
	json_set_text(object, "table", text);
	json_object_set_new(object, "mtu", json_integer(link->mtu));
	if (link->mtu6 && link->mtu6 != link->mtu)
		json_object_set_new(object, "mtu6", json_integer(link->mtu6));
	if (link->metric)
		json_object_set_new(object, "metric", json_integer(link->metric));
	if (link->flags & XFIB_LINK_ETHERNET) {
		snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", link->mac[0], link->mac[1], link->mac[2],
			 link->mac[3], link->mac[4], link->mac[5]);
		json_set_text(object, "address", text);
	}
	json_set_text(object, "rp_filter", rp_filter_of(link));
	for (size_t i = 0; i < SETTINGS; i++)
		json_object_set_new(object, settings[i].name, json_boolean(link->flags & settings[i].flag));
	if (facts->vrf[0])
		json_set_text(object, "vrf", facts->vrf);
	if (link->flags & XFIB_LINK_VLAN)
		set_vlan(object, facts);
	for (size_t i = 0; i < FAMILIES; i++)
		json_object_set_new(object, families[i].name, array_of(&facts->rules[i]));
	return object;
}

static int print_link(const struct xfib_link *link, void *data)
{
	struct shown *shown = data;
	struct facts facts;

	if (shown->ifindex && shown->ifindex != link->ifindex)
		return 0;
	if (read_facts(shown->instance, link, &facts))
		return -1;
	if (options.json)
		print_element(shown->printed, object_of(&facts));
	else
		print_text(&facts);
	shown->printed++;
	return 0;
}

int command_link(int argc, char **argv)
{
	struct shown shown = { 0 };
	struct xfib *instance;
	int status = STATUS_DONE;

	if (argc && strcmp(argv[0], "show"))
		return fail(STATUS_USAGE, "link: unknown word '%s': known is show", argv[0]);
	if (argc > 2)
		return fail(STATUS_USAGE, "link show: unknown word '%s'", argv[2]);
	if (argc == 2)
		status = parse_device(argv[1], &shown.ifindex);
	if (!status)
		status = open_instance(&instance);
	if (status)
		return status;
	shown.instance = instance;
	if (xfib_link__each(instance, print_link, &shown))
		status = fail(STATUS_FAILED, "%s", xfib_error__last());
	else if (shown.ifindex && !shown.printed)
		status = fail(STATUS_FAILED, "device '%s' is not known to the instance", argv[1]);
	else if (options.json)
		print_end(shown.printed);
	xfib_instance__close(instance);
	return status;
}
