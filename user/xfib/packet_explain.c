// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* What becomes of a described packet: verdict, reason, route, next hop, and the headers that it leaves with. */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "get.h"
#include "packet.h"

#define ETHERNET 14

struct outcome {
	const struct xfib_query *query;
	struct xfib_explained explained;
	bool has_nexthop, has_route;
	struct xfib_nexthop nexthop;
	struct xfib_candidate candidate; /* the route's path by that next hop */
	const uint8_t *frame;            /* as it leaves */
	struct xfib_link ingress;
	bool is_tagged; /* it comes by the device below the ingress device's VLANs */
	const uint8_t *ip; /* of the frame as it leaves */
};

static int match_nexthop(uint32_t id, const struct xfib_nexthop *nexthop, void *data)
{
	struct outcome *outcome = data;

	if (id != outcome->explained.nexthop)
		return 0;
	outcome->nexthop = *nexthop;
	outcome->has_nexthop = true;
	return 1;
}

/* The first path by the next hop that the program found, in the order in which routes are considered. */
static void find_route(const struct xfib *instance, struct outcome *outcome)
{
	struct xfib_candidate *candidates = NULL;
	size_t count = 0;

	if (xfib_lookup__explain(instance, outcome->query, &candidates, &count))
		return;
	for (size_t i = 0; i < count && !outcome->has_route; i++) {
		outcome->has_route = candidates[i].route.nexthop == outcome->explained.nexthop;
		if (outcome->has_route)
			outcome->candidate = candidates[i];
	}
	xfib_candidates__free(candidates);
}

/* ---- text ---- */

static char *format_mac(char *text, const uint8_t mac[6])
{
	return text + sprintf(text, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}

static uint32_t get16(const uint8_t *at)
{
	return (uint32_t)at[0] << 8 | at[1];
}

static const char *device_name(uint32_t ifindex, char name[IF_NAMESIZE])
{
	if (!if_indextoname(ifindex, name))
		snprintf(name, IF_NAMESIZE, "if%u", ifindex);
	return name;
}

/* The device that the frame leaves by, with tags if that is not the next hop's. */
static uint32_t egress_of(const struct xfib *instance, const struct outcome *outcome)
{
	struct xfib_link link;

	if (outcome->ip == outcome->frame + ETHERNET || xfib_link__by_index(instance, outcome->nexthop.ifindex, &link))
		return outcome->nexthop.ifindex;
	return link.vlan_device;
}

/* " vlan 802.1ad 300 vlan 802.1Q 20" */
static void print_tags(const struct xfib_vlan_tag *tags, size_t count)
{
	for (size_t i = 0; i < count; i++)
		printf(" vlan %s %u", vlan_protocol_name(tags[i].protocol), ntohs(tags[i].id) & 0xfff);
}

static json_t *array_of_tags(const struct xfib_vlan_tag *tags, size_t count)
{
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(array, json_pack("{s:s,s:i}", "protocol", vlan_protocol_name(tags[i].protocol), "id",
						       ntohs(tags[i].id) & 0xfff));
	return array;
}

/* The tags of the frame as it leaves. */
static size_t read_tags(const struct outcome *outcome, struct xfib_vlan_tag ret_tags[XFIB_VLAN_TAGS])
{
	size_t bytes = (size_t)(outcome->ip - outcome->frame) - ETHERNET;

	memcpy(ret_tags, outcome->frame + 12, bytes);
	return bytes / sizeof(ret_tags[0]);
}

static size_t count_tags(const struct xfib_link *link)
{
	return link->vlan_bytes / sizeof(link->vlan[0]);
}

static void print_route(const struct outcome *outcome)
{
	const struct xfib_route *route = &outcome->candidate.route;
	char prefix[TEXT_SIZE], table[TEXT_SIZE], protocol[TEXT_SIZE];

	format_prefix(prefix, route->family, route->prefix, route->prefix_length);
	format_table(table, route->table);
	format_protocol(protocol, route->protocol);
	printf("route: %s %s table %s metric %u proto %s\n", xfib_route_type__name(route->type), prefix, table,
	       outcome->candidate.metric, protocol);
}

static void print_leaving(const struct xfib *instance, const struct outcome *outcome)
{
	bool six = outcome->query->family == XFIB_INET6;
	char name[IF_NAMESIZE], to[TEXT_SIZE], from[TEXT_SIZE];
	struct xfib_vlan_tag tags[XFIB_VLAN_TAGS];
	size_t count = read_tags(outcome, tags);

	format_mac(to, outcome->frame);
	format_mac(from, outcome->frame + 6);
	printf("leaves: to %s from %s", to, from);
	if (count)
		printf(" by %s", device_name(egress_of(instance, outcome), name));
	print_tags(tags, count);
	printf(" %s %u", six ? "hoplimit" : "ttl", outcome->ip[six ? 7 : 8]);
	printf(six ? "\n" : " checksum 0x%04x\n", get16(outcome->ip + 10));
}

static void print_text(const struct xfib *instance, const struct outcome *outcome)
{
	char name[IF_NAMESIZE], text[TEXT_SIZE];
	uint32_t reason = outcome->explained.reason;

	if (outcome->is_tagged) {
		printf("comes: by %s", device_name(outcome->ingress.vlan_device, name));
		print_tags(outcome->ingress.vlan, count_tags(&outcome->ingress));
		putchar('\n');
	}
	printf("verdict: %s\nreason: %s: %s\n", xfib_verdict__name(xfib_reason__verdict(reason)), xfib_reason__name(reason),
	       xfib_reason__text(reason));
	if (outcome->has_route)
		print_route(outcome);
	if (outcome->has_nexthop && outcome->nexthop.ifindex) {
		format_address(text, outcome->nexthop.gateway_family, outcome->nexthop.gateway);
		printf("nexthop: %u %s%s dev %s mtu %u\n", outcome->explained.nexthop,
		       outcome->nexthop.gateway_family ? via_word(outcome->nexthop.family, &outcome->nexthop) : "on-link",
		       outcome->nexthop.gateway_family ? text : "", device_name(outcome->nexthop.ifindex, name), outcome->nexthop.mtu);
	}
	if (reason == XFIB_REASON_FORWARDED)
		print_leaving(instance, outcome);
}

/* ---- JSON ---- */

static json_t *route_object(const struct outcome *outcome)
{
	const struct xfib_route *route = &outcome->candidate.route;
	json_t *object = json_object();
	char text[TEXT_SIZE];

	json_set_text(object, "type", xfib_route_type__name(route->type));
	format_prefix(text, route->family, route->prefix, route->prefix_length);
	json_set_text(object, "prefix", text);
	format_table(text, route->table);
	json_set_text(object, "table", text);
	format_protocol(text, route->protocol);
	json_set_text(object, "protocol", text);
	json_object_set_new(object, "metric", json_integer(outcome->candidate.metric));
	return object;
}

static json_t *nexthop_object(const struct outcome *outcome)
{
	json_t *object = json_pack("{s:I}", "id", (json_int_t)outcome->explained.nexthop);
	char name[IF_NAMESIZE];

	json_set_gateway(object, outcome->nexthop.family, &outcome->nexthop);
	json_set_text(object, "dev", device_name(outcome->nexthop.ifindex, name));
	json_object_set_new(object, "mtu", json_integer(outcome->nexthop.mtu));
	return object;
}

static json_t *header_object(const struct xfib *instance, const struct outcome *outcome)
{
	bool six = outcome->query->family == XFIB_INET6;
	const uint8_t *ip = outcome->ip;
	struct xfib_vlan_tag tags[XFIB_VLAN_TAGS];
	size_t count = read_tags(outcome, tags);
	json_t *object = json_object();
	char text[TEXT_SIZE], name[IF_NAMESIZE];

	format_mac(text, outcome->frame);
	json_set_text(object, "lladdr", text);
	format_mac(text, outcome->frame + 6);
	json_set_text(object, "source_lladdr", text);
	if (count) {
		json_set_text(object, "dev", device_name(egress_of(instance, outcome), name));
		json_object_set_new(object, "vlan", array_of_tags(tags, count));
	}
	json_object_set_new(object, six ? "hoplimit" : "ttl", json_integer(ip[six ? 7 : 8]));
	if (!six)
		json_object_set_new(object, "checksum", json_integer(get16(ip + 10)));
	return object;
}

static json_t *arrival_object(const struct outcome *outcome)
{
	json_t *object = json_object();
	char name[IF_NAMESIZE];

	json_set_text(object, "dev", device_name(outcome->ingress.vlan_device, name));
	json_object_set_new(object, "vlan", array_of_tags(outcome->ingress.vlan, count_tags(&outcome->ingress)));
	return object;
}

static void print_json(const struct xfib *instance, const struct outcome *outcome)
{
	uint32_t reason = outcome->explained.reason;
	json_t *object = json_pack("{s:s,s:s,s:s}", "verdict", xfib_verdict__name(xfib_reason__verdict(reason)), "reason",
				   xfib_reason__name(reason), "text", xfib_reason__text(reason));

	if (outcome->is_tagged)
		json_object_set_new(object, "arrival", arrival_object(outcome));
	if (outcome->has_route)
		json_object_set_new(object, "route", route_object(outcome));
	if (outcome->has_nexthop && outcome->nexthop.ifindex)
		json_object_set_new(object, "nexthop", nexthop_object(outcome));
	if (reason == XFIB_REASON_FORWARDED)
		json_object_set_new(object, "header", header_object(instance, outcome));
	print_element(0, object);
	print_end(1);
}

/* ---- the command ---- */

static size_t put_tags_in(const struct xfib_link *link, uint8_t *frame, size_t length)
{
	memmove(frame + 12 + link->vlan_bytes, frame + 12, length - 12);
	memcpy(frame + 12, link->vlan, link->vlan_bytes);
	return length + link->vlan_bytes;
}

static bool is_tag(const uint8_t *ethertype)
{
	return get16(ethertype) == ETH_P_8021Q || get16(ethertype) == ETH_P_8021AD;
}

int packet__explain(const struct xfib *instance, const struct packet_words *words, const struct xfib_query *query)
{
	static uint8_t frame[PACKET_FRAME + 2 * XFIB_EXPLAIN_GROWTH];
	struct outcome outcome = { .query = query, .frame = frame };
	size_t length;
	uint32_t port;

	if (xfib_link__by_index(instance, query->iif, &outcome.ingress))
		return fail(STATUS_FAILED, "explain: %s", xfib_error__last());
	length = packet__build(words, query, outcome.ingress.mac, frame);
	outcome.is_tagged = outcome.ingress.vlan_device;
	port = outcome.is_tagged ? outcome.ingress.vlan_device : query->iif;
	if (outcome.is_tagged)
		length = put_tags_in(&outcome.ingress, frame, length);
	if (xfib_packet__explain(instance, port, frame, length, &outcome.explained))
		return fail(STATUS_FAILED, "explain: %s", xfib_error__last());
	outcome.ip = frame + ETHERNET;
	while (outcome.explained.reason == XFIB_REASON_FORWARDED && is_tag(outcome.ip - 2))
		outcome.ip += sizeof(struct xfib_vlan_tag);
	if (outcome.explained.nexthop) {
		xfib_nexthop__each(instance, match_nexthop, &outcome);
		find_route(instance, &outcome);
	}
	if (options.json)
		print_json(instance, &outcome);
	else
		print_text(instance, &outcome);
	return STATUS_DONE;
}
