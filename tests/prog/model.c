// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "model.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xfib/lookup.h>

struct question {
	enum world_hook hook;
	const struct world_settings *settings;
	const struct world_route *lists[2];
	const struct frame *frame; /* without tags */
	uint32_t gso_size;
	uint32_t flags; /* of the ingress port */
	enum world_port port; /* that port */
	size_t length;  /* of the frame as it came */
};

static unsigned int get16(const uint8_t *at)
{
	return (unsigned int)at[0] << 8 | at[1];
}

/* ---- routes ---- */

static int length_of_match(const struct world_route *route, bool six, const uint8_t *address)
{
	char copy[64], *slash;
	uint8_t prefix[16] = { 0 };
	int length;

	if ((strchr(route->prefix, ':') != NULL) != six)
		return -1;
	strcpy(copy, route->prefix);
	slash = strchr(copy, '/');
	*slash = '\0';
	length = atoi(slash + 1);
	inet_pton(six ? AF_INET6 : AF_INET, copy, prefix);
	for (int bit = 0; bit < length; bit++) {
		if ((prefix[bit / 8] ^ address[bit / 8]) & (0x80 >> bit % 8))
			return -1;
	}
	return length;
}

/* First path of the longest prefix. Later routes replace earlier ones of the same prefix, as a map does. */
static const struct world_route *search(const struct question *question, uint32_t table, bool six,
					const uint8_t *address, int *ret_length)
{
	const struct world_route *best = NULL;

	*ret_length = -1;
	for (int list = 0; list < 2; list++) {
		for (const struct world_route *route = question->lists[list]; route && route->prefix; route++) {
			int length = length_of_match(route, six, address);

			if ((route->table ? route->table : XFIB_TABLE_MAIN) == table && length >= 0 && length >= *ret_length) {
				best = route;
				*ret_length = length;
			}
			while (route->weight && route[1].weight && !strcmp(route->prefix, route[1].prefix))
				route++;
		}
	}
	return best;
}

/* ---- plans ---- */

static bool is_within(const char *prefix, bool six, const uint8_t *address)
{
	const struct world_route route = { .prefix = prefix };

	return !prefix || length_of_match(&route, six, address) >= 0;
}

/* Does the filter let table local be searched? */
static bool may_be_local(const struct question *question, bool six, const uint8_t *address)
{
	uint8_t own[16];

	if (question->settings->state_set & (six ? XFIB_STATE_WIDE_LOCAL6 : XFIB_STATE_WIDE_LOCAL4))
		return true;
	return !six && (address[0] == 127 || (question->settings->own && inet_pton(AF_INET, question->settings->own, own) &&
					      !memcmp(own, address, 4)));
}

/* What a table says; a route by several paths, and one that leads nowhere, are never of type throw. */
static const struct world_route *search_by_step(const struct question *question, const struct world_step *step, bool six,
						const uint8_t *address)
{
	uint32_t table = step->table ? step->table : XFIB_TABLE_MAIN;
	bool leads_nowhere, is_the_kernels;
	const struct world_route *route;
	int length;

	if (table == XFIB_TABLE_LOCAL && !may_be_local(question, six, address))
		return NULL;
	route = search(question, table, six, address, &length);
	if (!route || (!route->weight && route->type == XFIB_ROUTE_THROW))
		return NULL;
	leads_nowhere = route->type == XFIB_ROUTE_BLACKHOLE || route->type == XFIB_ROUTE_UNREACHABLE || route->type == XFIB_ROUTE_PROHIBIT;
	is_the_kernels = route->flags & (XFIB_NEXTHOP_DOWN | XFIB_NEXTHOP_UNSUPPORTED | XFIB_NEXTHOP_DEAD);
	if (!route->weight && (leads_nowhere || is_the_kernels))
		return route;
	return length >= step->suppress ? route : NULL;
}

/* The route, or NULL and a reason. */
static const struct world_route *by_plan(const struct question *question, const struct world_step *plan, bool six,
					 const uint8_t *source, const uint8_t *destination, uint8_t tos, enum xfib_reason *ret_reason)
{
	struct world_step steps[WORLD_STEPS];
	uint32_t count = world__steps(plan, six, steps);

	for (uint32_t at = 0; at < count; at++) {
		const struct world_step *step = &steps[at];
		bool holds = is_within(step->from, six, source) && is_within(step->to, six, destination) &&
			     (tos & step->tos_mask) == (step->tos & step->tos_mask);
		const struct world_route *route;

		if (holds == step->invert)
			continue;
		if (step->action == XFIB_PLAN_VERDICT) {
			*ret_reason = step->value;
			return NULL;
		}
		if (step->action == XFIB_PLAN_GOTO) {
			at += step->value - 1u;
			continue;
		}
		route = search_by_step(question, step, six, destination);
		if (route)
			return route;
	}
	*ret_reason = XFIB_REASON_NO_ROUTE;
	return NULL;
}

static uint8_t tos_of(const uint8_t *ip, bool six)
{
	return six ? (uint8_t)(ip[0] << 4 | ip[1] >> 4) : ip[1];
}

/* ---- both tables ---- */

static const struct world_route *best(const struct question *question, bool six, const uint8_t *address)
{
	bool merged = !six && question->settings->state_set & XFIB_STATE_MERGED4;
	int local_length, length;
	const struct world_route *local = search(question, XFIB_TABLE_LOCAL, six, address, &local_length);
	const struct world_route *main = search(question, XFIB_TABLE_MAIN, six, address, &length);

	if (local && local->type == XFIB_ROUTE_THROW && !merged)
		local = NULL;
	if (!local || (merged && main && length > local_length))
		return main;
	return local;
}

/* The next path in the circle whose neighbour has not failed. */
static const struct world_route *pass_over(const struct world_route *route, int index, int count)
{
	for (int i = 0; i < count; i++) {
		const struct world_route *path = &route[(index + i) % count];

		if (!path->via || path->neighbour != NEIGHBOUR_FAILED)
			return path;
	}
	return &route[index];
}

static const struct world_route *choose_path(const struct question *question, const struct world_route *route,
					     const uint8_t *ip, bool six)
{
	uint64_t total = 0, sum = 0, hash;
	int count = 0, index = 0;

	if (!route->weight)
		return route;
	hash = model_flow__hash(question->settings, ip, question->frame->byte + question->frame->length, six);
	while (route[count].weight && !strcmp(route[count].prefix, route->prefix))
		total += route[count++].weight;
	for (; index < count - 1; index++) {
		sum += route[index].weight;
		if ((hash + 1) * total <= sum << 31)
			break;
	}
	return question->settings->pass_over ? pass_over(route, index, count) : &route[index];
}

static enum xfib_reason by_type(uint32_t type)
{
	static const enum xfib_reason reasons[XFIB_ROUTE_TYPES] = {
		[XFIB_ROUTE_LOCAL] = XFIB_REASON_LOCAL,
		[XFIB_ROUTE_BROADCAST] = XFIB_REASON_BROADCAST,
		[XFIB_ROUTE_ANYCAST] = XFIB_REASON_LOCAL,
		[XFIB_ROUTE_MULTICAST] = XFIB_REASON_MULTICAST,
		[XFIB_ROUTE_BLACKHOLE] = XFIB_REASON_BLACKHOLE,
		[XFIB_ROUTE_UNREACHABLE] = XFIB_REASON_UNREACHABLE,
		[XFIB_ROUTE_PROHIBIT] = XFIB_REASON_PROHIBIT,
		[XFIB_ROUTE_THROW] = XFIB_REASON_NO_ROUTE,
	};

	return type < XFIB_ROUTE_TYPES ? reasons[type] : XFIB_REASON_UNSUPPORTED_ROUTE;
}

/* Without rp_filter a source may be nobody's, but not this machine's own, nor that of many. */
static bool may_be_nowhere(const struct question *question, const struct world_route *route)
{
	if (question->flags & (XFIB_LINK_RP_STRICT | XFIB_LINK_RP_LOOSE))
		return false;
	return !route || route->type == XFIB_ROUTE_BLACKHOLE || route->type == XFIB_ROUTE_UNREACHABLE ||
	       route->type == XFIB_ROUTE_PROHIBIT || route->type == XFIB_ROUTE_THROW;
}

static bool is_reached(const struct question *question, const struct world_route *route)
{
	if (!route || (!route->weight && route->type && route->type != XFIB_ROUTE_UNICAST))
		return may_be_nowhere(question, route);
	if (!route->weight && route->flags & XFIB_NEXTHOP_DOWN)
		return false;
	if (!(question->flags & XFIB_LINK_RP_STRICT))
		return true;
	for (const struct world_route *path = route;; path++) {
		if (path->dev == question->port)
			return true;
		if (!path->weight || !path[1].weight || strcmp(path->prefix, path[1].prefix))
			return false;
	}
}

/* ---- checks 20 to 31 ---- */

static enum xfib_reason source_reason(const struct question *question, const uint8_t *ip)
{
	const struct world_settings *settings = question->settings;
	const struct world_step *plan = settings->source_plan ? settings->source_plan : settings->plan;
	enum xfib_reason reason = XFIB_REASON_FORWARDED;
	const struct world_route *route;

	if (!(question->flags & (XFIB_LINK_RP_STRICT | XFIB_LINK_RP_LOOSE)) && !(settings->state_set & XFIB_STATE_RULES4))
		return XFIB_REASON_FORWARDED;
	if (settings->state_set & XFIB_STATE_RULES4 && plan)
		route = by_plan(question, plan, false, ip + 16, ip + 12, tos_of(ip, false), &reason);
	else
		route = best(question, false, ip + 12);
	if (reason == XFIB_REASON_POLICY_RULE)
		return reason;
	return is_reached(question, route) ? XFIB_REASON_FORWARDED : XFIB_REASON_RP_FILTER;
}

static bool fits(const struct question *question, const uint8_t *ip, bool six, uint32_t mtu)
{
	const uint8_t *l4 = ip + (six ? 40 : 20);
	uint32_t length = six ? 40 + get16(ip + 4) : get16(ip + 2), header = six ? 40 : 20;
	uint8_t protocol = six ? ip[6] : ip[9];

	if (length <= mtu)
		return true;
	if (question->hook != HOOK_TC || !question->gso_size || (protocol != 6 && protocol != 17))
		return false;
	if (protocol == 17 && model_partial__may_be_tunnel(l4))
		return false;
	return header + (protocol == 17 ? 8u : (l4[12] >> 4) * 4u) + question->gso_size <= mtu;
}

/* A VLAN device leads to the one below; what leaves there may have two tags, and has to be short enough. */
static bool takes_redirects(const struct question *question, enum world_port port)
{
	size_t tags = 0;

	for (const struct world_vlan *vlan = world__vlan(port); vlan; vlan = world__vlan(port)) {
		port = vlan->on;
		tags++;
	}
	if (question->hook == HOOK_XDP_FRAGS && question->length > FRAME_ONE_BUFFER && port != EGRESS)
		return false;
	return (port == EGRESS || port == OTHER) && tags <= XFIB_VLAN_TAGS &&
	       (!tags || question->frame->length + 4 * tags <= WORLD_FRAME_LIMIT);
}

static enum xfib_reason route_reason(const struct question *question, const uint8_t *ip, bool six,
				     struct model_answer *answer)
{
	const uint8_t *source = ip + (six ? 8 : 12), *destination = ip + (six ? 24 : 16);
	enum xfib_reason reason = XFIB_REASON_NO_ROUTE;
	const struct world_route *route;

	if (question->settings->plan)
		route = by_plan(question, question->settings->plan, six, source, destination, tos_of(ip, six), &reason);
	else
		route = best(question, six, destination);
	if (!route)
		return reason;
	answer->route = route = choose_path(question, route, ip, six);
	if (route->type && route->type != XFIB_ROUTE_UNICAST)
		return by_type(route->type);
	reason = six ? XFIB_REASON_FORWARDED : source_reason(question, ip);
	if (reason != XFIB_REASON_FORWARDED)
		return reason;
	if (ip[six ? 7 : 8] <= 1)
		return XFIB_REASON_TTL_EXPIRED;
	if (route->flags & XFIB_NEXTHOP_UNSUPPORTED)
		return XFIB_REASON_UNSUPPORTED_ROUTE;
	if (route->flags & XFIB_NEXTHOP_DOWN)
		return XFIB_REASON_NEXTHOP_DOWN;
	if (route->flags & XFIB_NEXTHOP_NOT_ETHERNET)
		return XFIB_REASON_NOT_ETHERNET;
	if (!fits(question, ip, six, route->mtu ? route->mtu : 1500))
		return XFIB_REASON_MTU_EXCEEDED;
	if (six && question->settings->plan && route->mtu && route->mtu < 1280)
		return XFIB_REASON_POLICY_RULE;
	if (route->dev == question->port && (six || question->flags & XFIB_LINK_SEND_REDIRECTS))
		return XFIB_REASON_SAME_PORT;
	inet_ntop(six ? AF_INET6 : AF_INET, destination, answer->destination, sizeof(answer->destination));
	if (route->via ? route->neighbour == NEIGHBOUR_UNKNOWN || route->neighbour == NEIGHBOUR_FAILED :
			 !question->settings->neighbour || route->dev != EGRESS ||
				 strcmp(question->settings->neighbour, answer->destination))
		return XFIB_REASON_NO_NEIGHBOUR;
	if (question->hook != HOOK_TC && question->flags & XFIB_LINK_SOFTWARE &&
	    model_partial__is_left(ip, question->frame->byte + question->frame->length, six))
		return XFIB_REASON_PARTIAL_CHECKSUM;
	if (question->hook != HOOK_TC && !takes_redirects(question, route->dev))
		return XFIB_REASON_NO_REDIRECT;
	return XFIB_REASON_FORWARDED;
}

/* ---- checks 9 to 19; FORWARDED: go on ---- */

static bool checksum_ok(const uint8_t *ip)
{
	unsigned int sum = 0;

	for (int i = 0; i < 20; i += 2)
		sum += get16(ip + i);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff;
}

static enum xfib_reason header4(const uint8_t *ip, size_t room)
{
	size_t header, total;

	if (room < 20)
		return XFIB_REASON_TRUNCATED;
	header = (ip[0] & 15) * 4u;
	total = get16(ip + 2);
	if (ip[0] >> 4 != 4 || header < 20)
		return XFIB_REASON_MALFORMED;
	if (header > 20)
		return header > room ? XFIB_REASON_TRUNCATED : XFIB_REASON_IP_OPTIONS;
	if (total < 20)
		return XFIB_REASON_MALFORMED;
	if (total > room)
		return XFIB_REASON_TRUNCATED;
	if (!checksum_ok(ip))
		return XFIB_REASON_BAD_CHECKSUM;
	return total < room && room + 14 > 60 ? XFIB_REASON_TRAILER : XFIB_REASON_FORWARDED;
}

static enum xfib_reason addresses4(const struct question *question, const uint8_t *ip)
{
	const uint8_t *source = ip + 12, *destination = ip + 16;
	bool localnet = question->flags & XFIB_LINK_ROUTE_LOCALNET, is_own;
	uint8_t own[16];

	if (destination[0] >= 224 && destination[0] < 240)
		return XFIB_REASON_MULTICAST;
	if (!memcmp(destination, "\xff\xff\xff\xff", 4))
		return XFIB_REASON_BROADCAST;
	if (source[0] == 0 || (source[0] >= 224 && source[0] < 240) || !memcmp(source, "\xff\xff\xff\xff", 4) ||
	    destination[0] == 0 || (!localnet && (source[0] == 127 || destination[0] == 127)))
		return XFIB_REASON_MARTIAN;
	if (question->frame->byte[0] & 1)
		return XFIB_REASON_OTHER_MAC;
	is_own = question->settings->own && inet_pton(AF_INET, question->settings->own, own) && !memcmp(own, source, 4);
	if (is_own && question->settings->state_set & XFIB_STATE_UNROUTED4)
		return XFIB_REASON_MARTIAN;
	if (question->settings->state_set & XFIB_STATE_WIDE_LOCAL4 || is_own) {
		int length;
		const struct world_route *route = search(question, XFIB_TABLE_LOCAL, false, source, &length);

		if (route && (length == 32 || route->type == XFIB_ROUTE_LOCAL || route->type == XFIB_ROUTE_BROADCAST))
			return XFIB_REASON_MARTIAN;
	}
	return XFIB_REASON_FORWARDED;
}

static enum xfib_reason header6(const uint8_t *ip, size_t room)
{
	size_t total;

	if (room < 40)
		return XFIB_REASON_TRUNCATED;
	total = 40 + get16(ip + 4);
	if (ip[0] >> 4 != 6)
		return XFIB_REASON_MALFORMED;
	if (total > room)
		return XFIB_REASON_TRUNCATED;
	if (ip[6] == 0)
		return XFIB_REASON_HOP_BY_HOP;
	return total < room && room + 14 > 60 ? XFIB_REASON_TRAILER : XFIB_REASON_FORWARDED;
}

static enum xfib_reason addresses6(const struct question *question, const uint8_t *ip)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff }, zero[15];
	const uint8_t *source = ip + 8, *destination = ip + 24;

	if (destination[0] == 0xff)
		return XFIB_REASON_MULTICAST;
	if (source[0] == 0xff || !memcmp(source, mapped, 12) || (!memcmp(source, zero, 15) && source[15] <= 1) ||
	    (!memcmp(destination, zero, 15) && destination[15] <= 1))
		return XFIB_REASON_MARTIAN;
	if ((source[0] == 0xfe && (source[1] & 0xc0) == 0x80) || (destination[0] == 0xfe && (destination[1] & 0xc0) == 0x80))
		return XFIB_REASON_LINK_LOCAL;
	return question->frame->byte[0] & 1 ? XFIB_REASON_OTHER_MAC : XFIB_REASON_FORWARDED;
}

/* ---- checks 1 to 8 ---- */

static bool follow_tag(unsigned int protocol, unsigned int tci, enum world_port *port, bool *ret_is_priority)
{
	*ret_is_priority = false;
	for (int i = 0; i < world_vlan_count; i++) {
		const struct world_vlan *vlan = &world_vlans[i];

		if (vlan->on != *port || vlan->protocol != protocol || vlan->id != (tci & 0xfff))
			continue;
		*port = vlan->device;
		return !vlan->is_down && !vlan->is_the_kernels;
	}
	*ret_is_priority = !(tci & 0xfff);
	return *ret_is_priority;
}

/* Takes the tags off. */
static enum xfib_reason tags_reason(struct frame *frame, enum world_port *port)
{
	bool is_priority = false;
	enum world_port at = *port;

	for (int count = 0; frame__is_tag(get16(frame->byte + 12)); count++) {
		if (count == XFIB_VLAN_TAGS || is_priority)
			return XFIB_REASON_VLAN;
		if (frame->length < 18)
			return XFIB_REASON_TRUNCATED;
		if (!follow_tag(get16(frame->byte + 12), get16(frame->byte + 14), &at, &is_priority))
			return XFIB_REASON_VLAN;
		*port = at;
		frame__pop(frame);
	}
	return XFIB_REASON_FORWARDED;
}

static enum xfib_reason frame_reason(const struct question *question)
{
	const uint8_t *byte = question->frame->byte;
	unsigned int type = get16(byte + 12);

	if (type != 0x0800 && type != 0x86dd)
		return XFIB_REASON_NOT_IP;
	if (question->flags & XFIB_LINK_ENSLAVED)
		return XFIB_REASON_ENSLAVED;
	if (!(question->flags & (type == 0x0800 ? XFIB_LINK_FORWARDING4 : XFIB_LINK_FORWARDING6)))
		return XFIB_REASON_FORWARDING_OFF;
	if (!(byte[0] & 1) && memcmp(byte, frame_port_mac, 6))
		return XFIB_REASON_OTHER_MAC;
	return XFIB_REASON_FORWARDED;
}

/* Checks 1 to 4. */
static enum xfib_reason port_reason(const struct question *question, struct frame *frame, enum world_port *port)
{
	if (question->settings->unknown_port) {
		*port = NO_PORT;
		return XFIB_REASON_UNKNOWN_PORT;
	}
	if (!(question->flags & XFIB_LINK_ETHERNET))
		return XFIB_REASON_NOT_ETHERNET;
	if (frame->length < 14)
		return XFIB_REASON_TRUNCATED;
	if (question->hook != HOOK_TC && question->flags & XFIB_LINK_TAGS_HIDDEN)
		return XFIB_REASON_VLAN;
	return tags_reason(frame, port);
}

struct model_answer model__decide(enum world_hook hook, const struct world_settings *settings,
				  const struct world_route *routes, const struct world_route *more,
				  const struct frame *frame, uint32_t gso_size)
{
	struct model_answer answer = { XFIB_REASON_FORWARDED, .port = INGRESS, .untagged = *frame };
	struct question question = { hook, settings, { routes, more }, &answer.untagged, gso_size, .port = INGRESS, .length = frame->length };
	const uint8_t *ip = answer.untagged.byte + 14;
	bool six;

	question.flags = (XFIB_LINK_ETHERNET | XFIB_LINK_FORWARDING4 | XFIB_LINK_FORWARDING6 | settings->link_set) &
			 ~settings->link_clear;
	answer.reason = port_reason(&question, &answer.untagged, &answer.port);
	question.port = answer.port;
	six = get16(answer.untagged.byte + 12) == 0x86dd;
	if (answer.reason == XFIB_REASON_FORWARDED)
		answer.reason = frame_reason(&question);
	if (answer.reason == XFIB_REASON_FORWARDED)
		answer.reason = six ? header6(ip, question.frame->length - 14) : header4(ip, question.frame->length - 14);
	if (answer.reason == XFIB_REASON_FORWARDED)
		answer.reason = six ? addresses6(&question, ip) : addresses4(&question, ip);
	if (answer.reason == XFIB_REASON_FORWARDED)
		answer.reason = route_reason(&question, ip, six, &answer);
	return answer;
}
