// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Steps as commands of iproute2, for who wants to see a failure by hand. */
#include <linux/fib_rules.h>
#include <linux/icmpv6.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "differential.h"

static const char *const verbs[] = { "add", "replace", "append", "change", "prepend", "del" };

static const char *type_name(uint8_t type)
{
	static const char *const names[] = {
		[RTN_UNICAST] = "unicast", [RTN_LOCAL] = "local", [RTN_ANYCAST] = "anycast", [RTN_BLACKHOLE] = "blackhole",
		[RTN_UNREACHABLE] = "unreachable", [RTN_PROHIBIT] = "prohibit", [RTN_THROW] = "throw",
	};

	return names[type];
}

static void print_hop(const struct step *step, const struct hop *hop, FILE *file)
{
	struct address to = pool__host(step->family, VETH1, 1), gateway = pool__host(hop->family, hop->device, hop->gateway);

	if (hop->encap == ENCAP_TUNNEL)
		fprintf(file, " encap %s id 5 dst %s", step->family == AF_INET6 ? "ip6" : "ip", text_of(&to));
	else if (hop->encap == ENCAP_MPLS)
		fputs(" encap mpls 77", file);
	else if (hop->encap == ENCAP_SEG6)
		fputs(" encap seg6 mode encap segs 2001:db8:77::77", file);
	if (hop->family)
		fprintf(file, " via %s%s", hop->family == step->family ? "" : "inet6 ", text_of(&gateway));
	fprintf(file, " dev %s%s", device_names[hop->device], hop->onlink ? " onlink" : "");
}

static void print_route(const struct step *step, FILE *file)
{
	struct prefix prefix = pool__prefix(step->family, step->index);
	bool whole = step->verb != VERB_DELETE || step->named;

	fprintf(file, "ip -%c route %s %s %s/%u table %u", step->family == AF_INET6 ? '6' : '4', verbs[step->verb],
		whole ? type_name(step->type) : "", text_of(&prefix.address), prefix.length, step->table);
	if (step->metric)
		fprintf(file, " metric %u", step->metric);
	if (step->tos)
		fprintf(file, " tos %#x", step->tos);
	if (!whole)
		return;
	if (step->verb != VERB_DELETE)
		fprintf(file, " proto %s", step->protocol == RTPROT_STATIC ? "static" : step->protocol == RTPROT_RA ? "ra" : "boot");
	if (step->type == RTN_LOCAL || step->type == RTN_ANYCAST)
		fputs(" dev lo", file);
	if (step->type != RTN_UNICAST)
		return;
	if (step->mtu)
		fprintf(file, " mtu %s%u", step->lock ? "lock " : "", step->mtu);
	if (step->preference)
		fprintf(file, " pref %s", step->preference == ICMPV6_ROUTER_PREF_HIGH ? "high" : "low");
	if (step->lifetime)
		fprintf(file, " expires %u", step->lifetime);
	if (step->source) {
		struct prefix own = pool__own(step->family, step->hop[0].device, step->source - 1u);

		fprintf(file, " src %s", text_of(&own.address));
	}
	if (step->nexthop) {
		fprintf(file, " nhid %u", step->nexthop);
		return;
	}
	for (uint32_t i = 0; i < step->hop_count; i++) {
		if (step->hop_count > 1)
			fputs(" nexthop", file);
		print_hop(step, &step->hop[i], file);
		if (step->hop_count > 1)
			fprintf(file, " weight %u", step->hop[i].weight);
	}
}

static void print_nexthop(const struct step *step, FILE *file)
{
	fprintf(file, "ip nexthop %s id %u", verbs[step->verb], step->value);
	if (step->verb == VERB_DELETE)
		return;
	if (step->value < 10) {
		if (step->option)
			fprintf(file, " family %s blackhole", step->family == AF_INET6 ? "inet6" : "inet");
		else
			print_hop(step, &step->hop[0], file);
		return;
	}
	for (uint32_t i = 0; i < step->hop_count; i++)
		fprintf(file, "%s%u,%u", i ? "/" : " group ", step->hop[i].gateway, step->hop[i].weight);
	if (step->value > 12)
		fprintf(file, " type resilient buckets 32%s", step->option ? " idle_timer 0" : "");
}

static void print_address(const struct step *step, FILE *file)
{
	struct prefix own = pool__own(step->family, step->device, step->index);

	fprintf(file, "ip address %s %s/%u dev %s", verbs[step->verb], text_of(&own.address), own.length, device_names[step->device]);
	if (step->verb != VERB_DELETE && step->option)
		fputs(step->option == 1 ? " noprefixroute" : " metric 77", file);
}

static void print_neighbour(const struct step *step, FILE *file)
{
	static const struct {
		uint16_t state;
		const char *name;
	} states[] = { { NUD_PERMANENT, "permanent" }, { NUD_REACHABLE, "reachable" }, { NUD_STALE, "stale" }, { NUD_NOARP, "noarp" },
		       { NUD_DELAY, "delay" }, { NUD_PROBE, "probe" }, { NUD_FAILED, "failed" }, { NUD_INCOMPLETE, "incomplete" } };
	struct address address = pool__host(step->family, step->device, step->index);

	fprintf(file, "ip neigh %s %s%s dev %s", verbs[step->verb], step->option & 0x10000 ? "proxy " : "", text_of(&address),
		device_names[step->device]);
	if (step->verb == VERB_DELETE || step->option & 0x10000)
		return;
	if (!(step->value & (NUD_INCOMPLETE | NUD_FAILED)))
		fprintf(file, " lladdr 02:%02x:%02x:%02x:%02x:%02x", step->family, step->device, step->index, step->option >> 8 & 255, step->option & 255);
	for (size_t i = 0; i < COUNT(states); i++) {
		if (states[i].state == step->value)
			fprintf(file, " nud %s", states[i].name);
	}
}

static void print_conditions(const struct step *step, FILE *file)
{
	struct prefix from = pool__prefix(step->family, step->index), to = pool__prefix(step->family, step->value);

	if (step->option & RULE_NOT)
		fputs(" not", file);
	if (step->option & RULE_LOOPBACK)
		fputs(" iif lo", file);
	else if (step->option & RULE_IIF)
		fprintf(file, " iif %s", device_names[step->device]);
	if (step->option & RULE_OIF)
		fprintf(file, " oif %s", device_names[step->device]);
	if (step->option & RULE_FROM)
		fprintf(file, " from %s/%u", text_of(&from.address), from.length);
	if (step->option & RULE_TO)
		fprintf(file, " to %s/%u", text_of(&to.address), to.length);
	if (step->option & RULE_MARK)
		fprintf(file, " fwmark %u", MARK);
	if (step->option & RULE_TOS)
		fputs(" tos 0x10", file);
	if (step->option & (RULE_ROOT | RULE_USERS))
		fprintf(file, " uidrange %u-2000", step->option & RULE_ROOT ? 0 : 1000);
	if (step->option & RULE_PROTOCOL)
		fputs(" ipproto tcp", file);
}

static void print_rule(const struct step *step, FILE *file)
{
	fprintf(file, "ip -%c rule %s priority %u", step->family == AF_INET6 ? '6' : '4', verbs[step->verb], step->metric);
	if (step->verb == VERB_DELETE)
		return;
	print_conditions(step, file);
	if (step->type == FR_ACT_TO_TBL)
		fprintf(file, " table %u", step->table);
	else if (step->type == FR_ACT_GOTO)
		fprintf(file, " goto %u", step->nexthop);
	else
		fputs(step->type == FR_ACT_BLACKHOLE ? " blackhole" : step->type == FR_ACT_UNREACHABLE ? " unreachable" : " prohibit", file);
	if (step->type == FR_ACT_TO_TBL && step->option & RULE_SUPPRESS)
		fprintf(file, " suppress_prefixlength %u", step->value);
}

static void print_setting(const struct step *step, FILE *file)
{
	static const char *const names[] = { "ipv4.conf.%s.ignore_routes_with_linkdown", "ipv6.conf.%s.ignore_routes_with_linkdown",
					     "ipv4.conf.%s.rp_filter", "ipv4.conf.%s.forwarding", "ipv4.conf.%s.send_redirects",
					     "ipv6.conf.%s.keep_addr_on_down" };

	fputs("sysctl -w net.", file);
	fprintf(file, names[step->index % COUNT(names)], step->device < DEVICES ? device_names[step->device] : "all");
	fprintf(file, "=%u", step->value);
}

static void print_create(const struct step *step, FILE *file)
{
	const char *name = device_names[step->device];

	if (step->device == TUNNEL || step->device == TAP) {
		fprintf(file, "ip tuntap add %s mode %s # as long as a process holds it", name, step->device == TAP ? "tap" : "tun");
		return;
	}
	fprintf(file, "ip link add %s", name);
	if (step->option)
		fprintf(file, " index %u", step->option);
	fprintf(file, " address 02:aa:%02x:01:%02x:%02x", step->device, step->value >> 8 & 255, step->value & 255);
	if (far_names[step->device])
		fprintf(file, " type veth peer name %s netns far", far_names[step->device]);
	else if (step->device == VRF)
		fprintf(file, " type vrf table %u", VRF_TABLE);
	else
		fputs(" type bridge", file);
}

static void print_link(const struct step *step, FILE *file)
{
	const char *name = device_names[step->device], *far = far_names[step->device];

	switch (step->kind) {
	case STEP_FAR_UP:
	case STEP_FAR_DOWN:
		if (far)
			fprintf(file, "ip -n far link set %s %s", far, step->kind == STEP_FAR_UP ? "up" : "down");
		else
			fprintf(file, "ip link set %s carrier %s", name, step->kind == STEP_FAR_UP ? "on" : "off");
		break;
	case STEP_GRO:
		fprintf(file, "ip netns exec far ethtool -K %s gro %s", far ? far : "-", step->value ? "on" : "off");
		break;
	case STEP_DELETE:
		fprintf(file, "ip link del %s", name);
		break;
	case STEP_MTU:
		fprintf(file, "ip link set %s mtu %u", name, step->value);
		break;
	case STEP_MAC:
		fprintf(file, "ip link set %s address 02:aa:%02x:00:%02x:%02x", name, step->device, step->value >> 8, step->value & 255);
		break;
	case STEP_MASTER:
		fprintf(file, "ip link set %s %s", name, step->value ? "master v1" : "nomaster");
		break;
	case STEP_ARP:
		fprintf(file, "ip link set %s arp %s", name, step->value ? "on" : "off");
		break;
	default:
		fprintf(file, "ip link set %s %s", name, step->kind == STEP_UP ? "up" : "down");
		break;
	}
}

void step__print(const struct step *step, FILE *file)
{
	switch (step->kind) {
	case STEP_ROUTE: print_route(step, file); break;
	case STEP_NEXTHOP: print_nexthop(step, file); break;
	case STEP_ADDRESS: print_address(step, file); break;
	case STEP_NEIGHBOUR: print_neighbour(step, file); break;
	case STEP_RULE: print_rule(step, file); break;
	case STEP_SETTING: print_setting(step, file); break;
	case STEP_CREATE: print_create(step, file); break;
	default: print_link(step, file); break;
	}
	fputs(step->settles ? " # then compared\n" : "\n", file);
}
