// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * CreateIpForwardEntry2, SetIpForwardEntry2, DeleteIpForwardEntry2: what they
 * make of a row, over routes and a transaction of the test's own. The linker
 * puts the functions named __wrap_… in the place of the library's.
 */
#include "unit.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <netioapi.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "netioapi_private.h"

NETIO_STATUS CreateIpForwardEntry2_user(const MIB_IPFORWARD_ROW2 *row);
NETIO_STATUS SetIpForwardEntry2_user(const MIB_IPFORWARD_ROW2 *row);
NETIO_STATUS DeleteIpForwardEntry2_user(const MIB_IPFORWARD_ROW2 *row);

/* ---- the world: three links, and the routes of a case ---- */

#define ETH 2     /* Ethernet */
#define TUNNEL 3
#define LOOPBACK 1
#define NOWHERE 99

struct path {
	uint32_t dev;
	const char *via; /* NULL: on-link */
	uint16_t weight;
	uint8_t flags;
};

struct route {
	const char *prefix; /* NULL: no route */
	uint32_t metric;
	uint8_t protocol; /* 0: static */
	uint8_t type;     /* 0: unicast */
	uint32_t table;   /* 0: main */
	uint8_t flags;
	const char *source;
	uint32_t mtu;
	struct path paths[4];
};

static const struct route *routes; /* the case's; NULL: none */
static int instance_error, find_error, errors[4]; /* of the first, second, … change */
static uint32_t stacks;
static char done[1024]; /* what was changed, in words */
static unsigned int changes;

int __wrap_netio__instance(struct xfib **ret_instance);
int __wrap_xfib_instance__state(const struct xfib *instance, struct xfib_state *ret_state);
int __wrap_xfib_link__by_index(const struct xfib *instance, uint32_t ifindex, struct xfib_link *ret_link);
int __wrap_netio__find(const struct xfib *instance, const struct netio_key *key, struct netio_found *ret_found);
int __wrap_xfib_route__change(const struct xfib *instance, enum xfib_change change, const struct xfib_route_spec *spec);
int __wrap_xfib_transaction__new(const struct xfib *instance, struct xfib_transaction **ret_transaction);
int __wrap_xfib_transaction__add(struct xfib_transaction *transaction, enum xfib_change change,
				 const struct xfib_route_spec *spec);
int __wrap_xfib_transaction__commit(struct xfib_transaction *transaction, size_t *ret_failed);
void __wrap_xfib_transaction__free(struct xfib_transaction *transaction);

int __wrap_netio__instance(struct xfib **ret_instance)
{
	if (!instance_error)
		*ret_instance = (struct xfib *)(uintptr_t)&stacks;
	return instance_error;
}

int __wrap_xfib_instance__state(const struct xfib *instance, struct xfib_state *ret_state)
{
	(void)instance;
	*ret_state = (struct xfib_state){ .flags = stacks };
	return 0;
}

int __wrap_xfib_link__by_index(const struct xfib *instance, uint32_t ifindex, struct xfib_link *ret_link)
{
	static const uint16_t kinds[] = { 0, 24, 6, 131 };

	(void)instance;
	if (!ifindex || ifindex >= COUNT(kinds))
		return -ENODEV;
	*ret_link = (struct xfib_link){ .ifindex = ifindex, .kind = kinds[ifindex], .name = "xfib-test" };
	return 0;
}

static uint32_t parse(const char *text, uint8_t address[16], uint8_t *ret_length)
{
	char copy[64];
	char *slash;

	snprintf(copy, sizeof(copy), "%s", text);
	slash = strchr(copy, '/');
	if (slash) {
		*slash = '\0';
		*ret_length = (uint8_t)atoi(slash + 1);
	}
	unit__address(copy, address);
	return strchr(copy, ':') ? AF_INET6 : AF_INET;
}

static void find_path(const struct route *route, const struct path *path, struct netio_found *found)
{
	found->nexthop = (struct xfib_nexthop){ .ifindex = path->dev, .type = found->route.type, .flags = path->flags,
						.family = found->route.family, .route_mtu = (uint16_t)route->mtu };
	if (path->via)
		found->nexthop.gateway_family = (uint8_t)parse(path->via, found->nexthop.gateway, NULL);
	if (route->source)
		unit__address(route->source, found->nexthop.source);
}

static bool find_in(const struct route *route, const struct netio_key *key, struct netio_found *found)
{
	bool is_there = false;

	memset(found, 0, sizeof(*found));
	found->plain = true;
	found->route = (struct xfib_route){ .metric = route->metric, .flags = route->flags, .weight = 1,
					    .type = route->type ? route->type : XFIB_ROUTE_UNICAST,
					    .table = route->table ? route->table : XFIB_TABLE_MAIN,
					    .protocol = route->protocol ? route->protocol : RTPROT_STATIC };
	found->route.family = (uint8_t)parse(route->prefix, found->route.prefix, &found->route.prefix_length);
	if (route->flags & XFIB_ROUTE_NEXTHOP_OBJECT)
		found->plain = false;
	for (uint32_t i = 0; i < COUNT(route->paths) && route->paths[i].dev; i++) {
		struct xfib_nexthop row = found->nexthop;
		struct xfib_path_spec *path = &found->paths[found->path_count++];

		find_path(route, &route->paths[i], found);
		path->ifindex = found->nexthop.ifindex;
		path->gateway_family = found->nexthop.gateway_family;
		memcpy(path->gateway, found->nexthop.gateway, 16);
		path->weight = route->paths[i].weight ? route->paths[i].weight : 1;
		path->flags = route->paths[i].flags & XFIB_NEXTHOP_ONLINK;
		if (!is_there && path->ifindex == key->ifindex && path->gateway_family == key->gateway_family &&
		    !memcmp(path->gateway, key->gateway, 16) && found->route.family == key->family &&
		    found->route.prefix_length == key->length && !memcmp(found->route.prefix, key->prefix, 16)) {
			is_there = true;
			found->path = i;
		} else {
			found->nexthop = row;
		}
	}
	return is_there;
}

int __wrap_netio__find(const struct xfib *instance, const struct netio_key *key, struct netio_found *ret_found)
{
	(void)instance;
	if (find_error)
		return find_error;
	for (const struct route *route = routes; route && route->prefix; route++) {
		if (!find_in(route, key, ret_found))
			continue;
		ret_found->alone = true;
		for (const struct route *other = routes; other->prefix; other++) {
			if (other != route && !strcmp(other->prefix, route->prefix) && other->metric == route->metric)
				ret_found->alone = false;
		}
		return 0;
	}
	return -ENOENT;
}

/* ---- changes, noted in words ---- */

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *format, ...)
{
	size_t length = strlen(done);
	va_list args;

	va_start(args, format);
	vsnprintf(done + length, sizeof(done) - length, format, args);
	va_end(args);
}

static const char *name_of(uint32_t family, const uint8_t *address)
{
	static char text[INET6_ADDRSTRLEN];

	return inet_ntop((int)family, address, text, sizeof(text));
}

static int note(enum xfib_change change, const struct xfib_route_spec *spec)
{
	static const char *const names[] = { "?", "add", "replace", "append", "delete" };
	static const uint8_t zero[16];
	int err = changes < COUNT(errors) ? errors[changes] : 0;

	changes++;
	if (err)
		return err;
	assert_int_equal(spec->size, sizeof(*spec));
	assert_int_equal(spec->table, XFIB_TABLE_MAIN);
	assert_int_equal(spec->type, XFIB_ROUTE_UNICAST);
	say("%s%s %s/%u metric %u proto %u", *done ? "; " : "", names[change], name_of(spec->family, spec->prefix),
	    spec->prefix_length, spec->metric, spec->protocol);
	if (memcmp(spec->source, zero, 16))
		say(" src %s", name_of(spec->family, spec->source));
	if (spec->mtu)
		say(" mtu %u", spec->mtu);
	if (spec->lifetime)
		say(" lifetime %u", spec->lifetime);
	for (uint32_t i = 0; i < spec->path_count; i++) {
		const struct xfib_path_spec *path = &spec->paths[i];

		if (spec->path_count > 1)
			say(" nexthop");
		if (path->gateway_family)
			say(" via %s", name_of(path->gateway_family, path->gateway));
		say(" dev %u", path->ifindex);
		if (path->weight > 1)
			say(" weight %u", path->weight);
		if (path->flags & XFIB_NEXTHOP_ONLINK)
			say(" onlink");
	}
	return 0;
}

int __wrap_xfib_route__change(const struct xfib *instance, enum xfib_change change, const struct xfib_route_spec *spec)
{
	assert_ptr_equal(instance, &stacks);
	return note(change, spec);
}

struct xfib_transaction {
	bool committed;
};

static int transactions;

int __wrap_xfib_transaction__new(const struct xfib *instance, struct xfib_transaction **ret_transaction)
{
	assert_ptr_equal(instance, &stacks);
	*ret_transaction = calloc(1, sizeof(**ret_transaction));
	transactions++;
	return 0;
}

int __wrap_xfib_transaction__add(struct xfib_transaction *transaction, enum xfib_change change,
				 const struct xfib_route_spec *spec)
{
	assert_false(transaction->committed);
	return note(change, spec);
}

int __wrap_xfib_transaction__commit(struct xfib_transaction *transaction, size_t *ret_failed)
{
	(void)ret_failed;
	transaction->committed = true;
	say(".");
	return 0;
}

void __wrap_xfib_transaction__free(struct xfib_transaction *transaction)
{
	transactions--;
	free(transaction);
}

/* ---- rows ---- */

struct call {
	const char *desc;
	char what; /* C, S, D */
	const char *prefix, *next_hop; /* next_hop "": all zeros of the prefix's family; NULL: family 0 */
	enum outcome outcome;
	const char *done; /* NULL: nothing */
	uint32_t dev;     /* 0: ETH */
	bool zeroed;      /* the row began as zeros; else by InitializeIpForwardEntry() */
	uint32_t metric;  /* 0: as the row began */
	int protocol;
	uint32_t valid, preferred;
	uint8_t site;
	uint32_t scope;   /* of the next hop */
	NET_LUID luid;
	bool no_index;
	int instance_error, find_error, errors[4];
	uint32_t no_stack;
	struct route routes[4];
};

static void address(const char *text, ADDRESS_FAMILY like, uint32_t scope, SOCKADDR_INET *ret_address, uint8_t *ret_length)
{
	uint8_t bytes[16] = { 0 };
	uint32_t family = *text ? parse(text, bytes, ret_length) : like;

	netio__put_address(family, bytes, scope, ret_address);
}

static void make_row(const struct call *call, MIB_IPFORWARD_ROW2 *row)
{
	if (call->zeroed)
		memset(row, 0, sizeof(*row));
	else
		InitializeIpForwardEntry(row);
	row->InterfaceLuid = call->luid;
	row->InterfaceIndex = call->no_index ? 0 : call->dev ? call->dev : ETH;
	if (call->prefix)
		address(call->prefix, 0, 0, &row->DestinationPrefix.Prefix, &row->DestinationPrefix.PrefixLength);
	if (call->next_hop)
		address(call->next_hop, row->DestinationPrefix.Prefix.si_family, call->scope, &row->NextHop, NULL);
	if (call->metric)
		row->Metric = call->metric;
	if (call->protocol)
		row->Protocol = (NL_ROUTE_PROTOCOL)call->protocol;
	if (call->valid || call->preferred) {
		row->ValidLifetime = call->valid;
		row->PreferredLifetime = call->preferred;
	}
	if (call->site)
		row->SitePrefixLength = call->site;
}

#define P4 "203.0.113.0/24"
#define P6 "2001:db8:9::/48"
#define OK OUTCOME_SUCCESS
#define INVALID OUTCOME_INVALID_PARAMETER
#define LUID(index, type) { .Info = { .NetLuidIndex = index, .IfType = type } }
#define ONE4(...) .routes = { { P4, __VA_ARGS__, .paths = { { ETH, "10.1.0.1" } } } }
#define MULTI4 { P4, .metric = 5, .source = "10.1.0.254", .mtu = 1400,                                                 \
		 .paths = { { ETH, "10.1.0.1", 2 }, { TUNNEL, NULL, 3 }, { ETH, "10.1.0.2", 4 } } }
#define MULTI6 { P6, .metric = 5, .paths = { { ETH, "fe80::1" }, { TUNNEL, "fe80::2" } } }

static const struct call calls[] = {
	/* Create: what is written */
	{ "create via a gateway", 'C', P4, "10.1.0.1", OK, "append 203.0.113.0/24 metric 0 proto 4 via 10.1.0.1 dev 2" },
	{ "create on-link", 'C', P4, "", OK, "append 203.0.113.0/24 metric 0 proto 4 dev 2" },
	{ "create IPv6", 'C', P6, "fe80::1", OK, "append 2001:db8:9::/48 metric 1024 proto 4 via fe80::1 dev 2" },
	{ "create IPv6 on-link", 'C', P6, "", OK, "append 2001:db8:9::/48 metric 1024 proto 4 dev 2" },
	{ "create the default route", 'C', "0.0.0.0/0", "10.1.0.1", OK, "append 0.0.0.0/0 metric 0 proto 4 via 10.1.0.1 dev 2" },
	{ "create a host route", 'C', "10.9.9.9/32", "", OK, "append 10.9.9.9/32 metric 0 proto 4 dev 2" },
	{ "create with a metric", 'C', P4, "10.1.0.1", OK, "append 203.0.113.0/24 metric 7 proto 4 via 10.1.0.1 dev 2", .metric = 7 },
	{ "create from a zeroed row", 'C', P4, "10.1.0.1", OK, "append 203.0.113.0/24 metric 0 proto 4 via 10.1.0.1 dev 2", .zeroed = true },
	{ "create from a zeroed IPv6 row", 'C', P6, "", OK, "append 2001:db8:9::/48 metric 1024 proto 4 dev 2", .zeroed = true },
	{ "create on the loopback interface", 'C', P4, "", OK, "append 203.0.113.0/24 metric 0 proto 4 dev 1", .dev = LOOPBACK },
	{ "create RFC 5549", 'C', P4, "fe80::1", OK, "append 203.0.113.0/24 metric 0 proto 4 via fe80::1 dev 2" },
	{ "create by LUID, whatever the index", 'C', P4, "", OK, "append 203.0.113.0/24 metric 0 proto 4 dev 3", .luid = LUID(TUNNEL, 131), .dev = NOWHERE },
	{ "create with the scope of the interface", 'C', P6, "fe80::1", OK, "append 2001:db8:9::/48 metric 1024 proto 4 via fe80::1 dev 2", .scope = ETH },
	{ "create IPv6 with a lifetime", 'C', P6, "", OK, "append 2001:db8:9::/48 metric 1024 proto 4 lifetime 60 dev 2", .valid = 60, .preferred = 30 },
	{ "create IPv4 with a lifetime, which it has not", 'C', P4, "", OK, "append 203.0.113.0/24 metric 0 proto 4 dev 2", .valid = 60, .preferred = 30 },
	{ "create beside another next hop", 'C', P4, "10.1.0.9", OK, "append 203.0.113.0/24 metric 0 proto 4 via 10.1.0.9 dev 2", ONE4(0) },
	{ "create by another interface", 'C', P4, "10.1.0.1", OK, "append 203.0.113.0/24 metric 0 proto 4 via 10.1.0.1 dev 3", .dev = TUNNEL, ONE4(0) },
	{ "create through a gateway that is not on the link", 'C', P4, "192.0.2.1", OK, "append 203.0.113.0/24 metric 0 proto 4 via 192.0.2.1 dev 2 onlink", .errors = { -ENETUNREACH } },
	{ "create IPv6 through such a gateway", 'C', P6, "2001:db8::1", OK, "append 2001:db8:9::/48 metric 1024 proto 4 via 2001:db8::1 dev 2 onlink", .errors = { -EHOSTUNREACH } },
	/* Create: protocols */
	{ "protocol BGP", 'C', P4, "", OK, "append 203.0.113.0/24 metric 0 proto 186 dev 2", .protocol = MIB_IPPROTO_BGP },
	{ "protocol OSPF", 'C', P4, "", OK, "append 203.0.113.0/24 metric 0 proto 188 dev 2", .protocol = RouteProtocolOspf },
	{ "protocol IS-IS", 'C', P4, "", OK, "append 203.0.113.0/24 metric 0 proto 187 dev 2", .protocol = RouteProtocolIsIs },
	{ "protocol RIP", 'C', P4, "", OK, "append 203.0.113.0/24 metric 0 proto 189 dev 2", .protocol = RouteProtocolRip },
	{ "protocol EIGRP", 'C', P4, "", OK, "append 203.0.113.0/24 metric 0 proto 192 dev 2", .protocol = RouteProtocolEigrp },
	{ "protocol DHCP", 'C', P4, "", OK, "append 203.0.113.0/24 metric 0 proto 16 dev 2", .protocol = RouteProtocolDhcp },
	{ "protocol ICMP", 'C', P4, "", OK, "append 203.0.113.0/24 metric 0 proto 1 dev 2", .protocol = RouteProtocolIcmp },
	{ "protocol Local", 'C', P4, "", OK, "append 203.0.113.0/24 metric 0 proto 2 dev 2", .protocol = RouteProtocolLocal },
	{ "protocol NT_STATIC", 'C', P4, "", OK, "append 203.0.113.0/24 metric 0 proto 4 dev 2", .protocol = MIB_IPPROTO_NT_STATIC },
	{ "protocol NT_AUTOSTATIC", 'C', P4, "", OK, "append 203.0.113.0/24 metric 0 proto 4 dev 2", .protocol = MIB_IPPROTO_NT_AUTOSTATIC },
	{ "protocol Other", 'C', P4, "", OK, "append 203.0.113.0/24 metric 0 proto 4 dev 2", .protocol = RouteProtocolOther },
	{ "protocol RPL", 'C', P4, "", OK, "append 203.0.113.0/24 metric 0 proto 4 dev 2", .protocol = RouteProtocolRpl },
	{ "protocol that is none", 'C', P4, "", INVALID, .protocol = 20 },
	{ "protocol that is none, far out", 'C', P4, "", INVALID, .protocol = 10003 },
	{ "protocol below -1", 'C', P4, "", INVALID, .protocol = -2 },
	/* Create: arguments */
	{ "no prefix", 'C', NULL, "10.1.0.1", INVALID },
	{ "no next hop", 'C', P4, NULL, INVALID },
	{ "no interface", 'C', P4, "", INVALID, .no_index = true },
	{ "host bits in the prefix", 'C', "203.0.113.1/24", "", INVALID },
	{ "prefix too long", 'C', "203.0.113.1/33", "", INVALID },
	{ "IPv6 prefix too long", 'C', "2001:db8::/129", "", INVALID },
	{ "IPv4 next hop for an IPv6 prefix", 'C', P6, "10.1.0.1", INVALID },
	{ "preferred lifetime longer than valid", 'C', P6, "", INVALID, .valid = 60, .preferred = 61 },
	{ "preferred lifetime left for ever, valid not", 'C', P6, "", INVALID, .valid = 60, .preferred = 0xffffffff },
	{ "preferred lifetime alone", 'C', P6, "", INVALID, .preferred = 1 },
	{ "site prefix longer than the prefix", 'C', P6, "", INVALID, .site = 49 },
	{ "site prefix as long as the prefix", 'C', P6, "", OK, "append 2001:db8:9::/48 metric 1024 proto 4 dev 2", .site = 48 },
	{ "scope of another interface", 'C', P6, "fe80::1", INVALID, .scope = TUNNEL },
	{ "arguments go before the interface", 'C', "203.0.113.1/24", "", INVALID, .dev = NOWHERE },
	/* Create: the other outcomes, in order */
	{ "unknown index", 'C', P4, "", OUTCOME_NOT_FOUND, .dev = NOWHERE },
	{ "unknown LUID", 'C', P4, "", OUTCOME_NOT_FOUND, .luid = LUID(NOWHERE, 6) },
	{ "LUID of another type", 'C', P4, "", OUTCOME_NOT_FOUND, .luid = LUID(ETH, 24) },
	{ "interface goes before the stack", 'C', P6, "", OUTCOME_NOT_FOUND, .dev = NOWHERE, .no_stack = XFIB_STATE_IPV6 },
	{ "no IPv6 stack", 'C', P6, "", OUTCOME_NOT_SUPPORTED, .no_stack = XFIB_STATE_IPV6 },
	{ "no IPv4 stack", 'C', P4, "", OUTCOME_NOT_SUPPORTED, .no_stack = XFIB_STATE_IPV4 },
	{ "stack goes before existence", 'C', P4, "10.1.0.1", OUTCOME_NOT_SUPPORTED, .no_stack = XFIB_STATE_IPV4, ONE4(0) },
	{ "exists", 'C', P4, "10.1.0.1", OUTCOME_ALREADY_EXISTS, ONE4(0) },
	{ "exists with another metric", 'C', P4, "10.1.0.1", OUTCOME_ALREADY_EXISTS, .metric = 9, ONE4(7) },
	{ "exists as one path of several", 'C', P4, "10.1.0.2", OUTCOME_ALREADY_EXISTS, .routes = { MULTI4 } },
	{ "existence goes before access", 'C', P4, "10.1.0.1", OUTCOME_ALREADY_EXISTS, .errors = { -EACCES }, ONE4(0) },
	{ "access denied", 'C', P4, "", OUTCOME_ACCESS_DENIED, .errors = { -EACCES } },
	{ "not permitted", 'C', P4, "", OUTCOME_ACCESS_DENIED, .errors = { -EPERM } },
	{ "the kernel says that it exists", 'C', P4, "", OUTCOME_ALREADY_EXISTS, .errors = { -EEXIST } },
	{ "the daemon is not running", 'C', P4, "", OUTCOME_NOT_SUPPORTED, .errors = { -ECONNREFUSED } },
	{ "the interface is down", 'C', P4, "", OUTCOME_NOT_SUPPORTED, .errors = { -ENETDOWN } },
	{ "the kernel finds it impossible", 'C', P4, "", INVALID, .errors = { -EINVAL } },
	{ "the gateway is impossible on-link too", 'C', P4, "10.1.0.1", OUTCOME_NETWORK_UNREACHABLE, .errors = { -ENETUNREACH, -ENETUNREACH } },
	{ "an on-link route is tried once", 'C', P4, "", OUTCOME_NETWORK_UNREACHABLE, .errors = { -ENETUNREACH, -EINVAL } },
	{ "the interface went away", 'C', P4, "", OUTCOME_NOT_FOUND, .errors = { -ENODEV } },
	{ "full", 'C', P4, "", OUTCOME_NO_MEMORY, .errors = { -ENOSPC } },
	{ "no instance", 'C', P4, "", OUTCOME_NOT_SUPPORTED, .instance_error = -ENOENT },
	{ "an instance that may not be read", 'C', P4, "", OUTCOME_ACCESS_DENIED, .instance_error = -EACCES },
	{ "arguments go before the instance", 'C', P4, NULL, INVALID, .instance_error = -ENOENT },
	{ "look-up fails", 'C', P4, "", OUTCOME_NO_MEMORY, .find_error = -ENOMEM },

	/* Set */
	{ "set a metric", 'S', P4, "10.1.0.1", OK, "delete 203.0.113.0/24 metric 3 proto 4 via 10.1.0.1 dev 2; append 203.0.113.0/24 metric 7 proto 4 via 10.1.0.1 dev 2.", .metric = 7, ONE4(3) },
	{ "set a metric, the rest stays", 'S', P4, "10.1.0.1", OK,
	  "delete 203.0.113.0/24 metric 3 proto 4 src 10.1.0.254 via 10.1.0.1 dev 2; "
	  "append 203.0.113.0/24 metric 7 proto 4 src 10.1.0.254 mtu 1400 via 10.1.0.1 dev 2.", .metric = 7,
	  ONE4(3, .source = "10.1.0.254", .mtu = 1400) },
	{ "set a protocol", 'S', P4, "10.1.0.1", OK, "replace 203.0.113.0/24 metric 3 proto 186 via 10.1.0.1 dev 2.", .metric = 3, .protocol = MIB_IPPROTO_BGP, ONE4(3) },
	{ "set nothing new", 'S', P4, "10.1.0.1", OK, NULL, .metric = 3, .protocol = MIB_IPPROTO_NETMGMT, ONE4(3) },
	{ "set unset to what it is", 'S', P4, "10.1.0.1", OK, NULL, ONE4(0) },
	{ "a protocol that reads the same stays", 'S', P4, "10.1.0.1", OK, NULL, .metric = 3, .protocol = MIB_IPPROTO_NETMGMT, ONE4(3, .protocol = RTPROT_BOOT) },
	{ "also with another metric", 'S', P4, "10.1.0.1", OK, "delete 203.0.113.0/24 metric 3 proto 3 via 10.1.0.1 dev 2; append 203.0.113.0/24 metric 4 proto 3 via 10.1.0.1 dev 2.", .metric = 4, ONE4(3, .protocol = RTPROT_BOOT) },
	{ "set unset metric and protocol", 'S', P4, "10.1.0.1", OK, "delete 203.0.113.0/24 metric 3 proto 186 via 10.1.0.1 dev 2; append 203.0.113.0/24 metric 0 proto 4 via 10.1.0.1 dev 2.", ONE4(3, .protocol = RTPROT_BGP) },
	{ "set where others have prefix and metric", 'S', P4, "10.1.0.1", OK, "delete 203.0.113.0/24 metric 3 proto 4 via 10.1.0.1 dev 2; append 203.0.113.0/24 metric 3 proto 186 via 10.1.0.1 dev 2.", .metric = 3, .protocol = MIB_IPPROTO_BGP,
	  .routes = { { P4, 3, .paths = { { ETH, "10.1.0.9" } } }, { P4, 3, .paths = { { ETH, "10.1.0.1" } } } } },
	{ "set an IPv6 lifetime", 'S', P6, "fe80::1", OK, "replace 2001:db8:9::/48 metric 1024 proto 4 lifetime 60 via fe80::1 dev 2.", .valid = 60, .preferred = 60, .routes = { { P6, 1024, .paths = { { ETH, "fe80::1" } } } } },
	{ "set IPv6 unset metric", 'S', P6, "fe80::1", OK, NULL, .routes = { { P6, 1024, .paths = { { ETH, "fe80::1" } } } } },
	{ "an IPv4 lifetime changes nothing", 'S', P4, "10.1.0.1", OK, NULL, .valid = 60, .preferred = 60, ONE4(0) },
	{ "set the protocol of one path of several", 'S', P4, "", OK,
	  "replace 203.0.113.0/24 metric 5 proto 186 src 10.1.0.254 mtu 1400 nexthop via 10.1.0.1 dev 2 weight 2 "
	  "nexthop dev 3 weight 3 nexthop via 10.1.0.2 dev 2 weight 4.", .dev = TUNNEL, .metric = 5, .protocol = MIB_IPPROTO_BGP, .routes = { MULTI4 } },
	{ "set the metric of one path of several", 'S', P4, "", OK,
	  "replace 203.0.113.0/24 metric 5 proto 4 src 10.1.0.254 mtu 1400 nexthop via 10.1.0.1 dev 2 weight 2 nexthop via 10.1.0.2 dev 2 weight 4; "
	  "append 203.0.113.0/24 metric 9 proto 4 src 10.1.0.254 mtu 1400 dev 3.", .dev = TUNNEL, .metric = 9, .routes = { MULTI4 } },
	{ "set the metric of one IPv6 path of several", 'S', P6, "fe80::2", OK,
	  "delete 2001:db8:9::/48 metric 5 proto 4 via fe80::2 dev 3; append 2001:db8:9::/48 metric 9 proto 4 via fe80::2 dev 3.",
	  .dev = TUNNEL, .metric = 9, .routes = { MULTI6 } },
	{ "on-link flag stays", 'S', P4, "192.0.2.1", OK, "delete 203.0.113.0/24 metric 1 proto 4 via 192.0.2.1 dev 2 onlink; append 203.0.113.0/24 metric 2 proto 4 via 192.0.2.1 dev 2 onlink.", .metric = 2, .routes = { { P4, 1, .paths = { { ETH, "192.0.2.1", 1, XFIB_NEXTHOP_ONLINK } } } } },
	{ "set what is not there", 'S', P4, "10.1.0.1", OUTCOME_NOT_FOUND },
	{ "set by another next hop", 'S', P4, "10.1.0.2", OUTCOME_NOT_FOUND, ONE4(0) },
	{ "set with an unknown interface", 'S', P4, "", OUTCOME_NOT_FOUND, .dev = NOWHERE },
	{ "set without a next hop", 'S', P4, NULL, INVALID, ONE4(0) },
	{ "set with wrong lifetimes", 'S', P4, "10.1.0.1", INVALID, .valid = 1, .preferred = 2, ONE4(0) },
	{ "set with host bits", 'S', "203.0.113.1/24", "10.1.0.1", INVALID, ONE4(0) },
	{ "set a route of table local", 'S', "10.1.0.254/32", "", OUTCOME_ACCESS_DENIED, .metric = 1, .routes = { { "10.1.0.254/32", .table = 255, .type = XFIB_ROUTE_LOCAL, .protocol = RTPROT_KERNEL, .paths = { { ETH } } } } },
	{ "set it to what it is", 'S', "10.1.0.254/32", "", OK, NULL, .protocol = MIB_IPPROTO_LOCAL, .routes = { { "10.1.0.254/32", .table = 255, .type = XFIB_ROUTE_LOCAL, .protocol = RTPROT_KERNEL, .paths = { { ETH } } } } },
	{ "set a route by a next hop object", 'S', P4, "10.1.0.1", OUTCOME_NOT_SUPPORTED, .metric = 4, ONE4(3, .flags = XFIB_ROUTE_NEXTHOP_OBJECT) },
	{ "set, denied", 'S', P4, "10.1.0.1", OUTCOME_ACCESS_DENIED, .metric = 4, .errors = { -EACCES }, ONE4(3) },
	{ "set, gone meanwhile", 'S', P4, "10.1.0.1", OUTCOME_NOT_FOUND, .metric = 4, .errors = { -ENOENT }, ONE4(3) },

	/* Delete */
	{ "delete", 'D', P4, "10.1.0.1", OK, "delete 203.0.113.0/24 metric 3 proto 4 via 10.1.0.1 dev 2.", ONE4(3) },
	{ "delete by a zeroed row", 'D', P4, "10.1.0.1", OK, "delete 203.0.113.0/24 metric 3 proto 186 via 10.1.0.1 dev 2.", .zeroed = true, ONE4(3, .protocol = RTPROT_BGP) },
	{ "delete reads nothing but the key", 'D', P4, "10.1.0.1", OK, "delete 203.0.113.0/24 metric 3 proto 4 via 10.1.0.1 dev 2.", .metric = 9, .protocol = 5555, .valid = 1, .preferred = 2, .site = 99, ONE4(3) },
	{ "delete an on-link route by LUID", 'D', P6, "", OK, "delete 2001:db8:9::/48 metric 256 proto 2 dev 3.", .luid = LUID(TUNNEL, 131), .no_index = true, .routes = { { P6, 256, .protocol = RTPROT_KERNEL, .paths = { { TUNNEL } } } } },
	{ "delete one path of several", 'D', P4, "10.1.0.1", OK, "replace 203.0.113.0/24 metric 5 proto 4 src 10.1.0.254 mtu 1400 nexthop dev 3 weight 3 nexthop via 10.1.0.2 dev 2 weight 4.", .routes = { MULTI4 } },
	{ "delete the last of several", 'D', P4, "10.1.0.2", OK, "replace 203.0.113.0/24 metric 5 proto 4 src 10.1.0.254 mtu 1400 nexthop via 10.1.0.1 dev 2 weight 2 nexthop dev 3 weight 3.", .routes = { MULTI4 } },
	{ "delete one of two", 'D', P4, "10.1.0.1", OK, "replace 203.0.113.0/24 metric 5 proto 4 via 10.1.0.2 dev 2.", .routes = { { P4, 5, .paths = { { ETH, "10.1.0.1", 2 }, { ETH, "10.1.0.2", 3 } } } } },
	{ "delete one path where another route has the metric", 'D', P4, "10.1.0.1", OK,
	  "delete 203.0.113.0/24 metric 5 proto 4 nexthop via 10.1.0.1 dev 2 weight 2 nexthop via 10.1.0.2 dev 2 weight 3; append 203.0.113.0/24 metric 5 proto 4 via 10.1.0.2 dev 2.",
	  .routes = { { P4, 5, .paths = { { TUNNEL } } }, { P4, 5, .paths = { { ETH, "10.1.0.1", 2 }, { ETH, "10.1.0.2", 3 } } } } },
	{ "delete one IPv6 path of several", 'D', P6, "fe80::1", OK, "delete 2001:db8:9::/48 metric 5 proto 4 via fe80::1 dev 2.", .routes = { MULTI6 } },
	{ "delete a route by a next hop object", 'D', P4, "10.1.0.1", OK, "delete 203.0.113.0/24 metric 3 proto 4.", ONE4(3, .flags = XFIB_ROUTE_NEXTHOP_OBJECT) },
	{ "delete one path of a next hop group", 'D', P4, "10.1.0.1", OUTCOME_NOT_SUPPORTED, .routes = { { P4, 5, .flags = XFIB_ROUTE_NEXTHOP_OBJECT, .paths = { { ETH, "10.1.0.1" }, { ETH, "10.1.0.2" } } } } },
	{ "delete what is not there", 'D', P4, "10.1.0.1", OUTCOME_NOT_FOUND },
	{ "delete by another interface", 'D', P4, "10.1.0.1", OUTCOME_NOT_FOUND, .dev = TUNNEL, ONE4(3) },
	{ "delete by an unknown interface", 'D', P4, "10.1.0.1", OUTCOME_NOT_FOUND, .dev = NOWHERE, ONE4(3) },
	{ "delete without a next hop", 'D', P4, NULL, INVALID, ONE4(3) },
	{ "delete without an interface", 'D', P4, "10.1.0.1", INVALID, .no_index = true, ONE4(3) },
	{ "delete a route of table local", 'D', "10.1.0.254/32", "", OUTCOME_ACCESS_DENIED, .routes = { { "10.1.0.254/32", .table = 255, .type = XFIB_ROUTE_LOCAL, .paths = { { ETH } } } } },
	{ "delete, denied", 'D', P4, "10.1.0.1", OUTCOME_ACCESS_DENIED, .errors = { -EPERM }, ONE4(3) },
	{ "delete, the daemon is not running", 'D', P4, "10.1.0.1", OUTCOME_NOT_SUPPORTED, .errors = { -ECONNREFUSED }, ONE4(3) },
	{ "delete, gone meanwhile", 'D', P4, "10.1.0.1", OUTCOME_NOT_FOUND, .errors = { -ESRCH }, ONE4(3) },
};

/* The numbers of both contracts, as Microsoft's headers have them. */
static const struct {
	NTSTATUS status;
	ULONG error;
} numbers[] = {
	[OUTCOME_SUCCESS] = { 0, 0 },
	[OUTCOME_ACCESS_DENIED] = { STATUS_ACCESS_DENIED, 5 },
	[OUTCOME_NO_MEMORY] = { STATUS_NO_MEMORY, 8 },
	[OUTCOME_NOT_SUPPORTED] = { STATUS_NOT_SUPPORTED, 50 },
	[OUTCOME_INVALID_PARAMETER] = { STATUS_INVALID_PARAMETER, 87 },
	[OUTCOME_NOT_FOUND] = { STATUS_NOT_FOUND, 1168 },
	[OUTCOME_NETWORK_UNREACHABLE] = { STATUS_NETWORK_UNREACHABLE, 1231 },
	[OUTCOME_ALREADY_EXISTS] = { STATUS_DUPLICATE_OBJECTID, 5010 },
};

typedef NETIO_STATUS (*function)(const MIB_IPFORWARD_ROW2 *row);

static function function_of(char what, bool user)
{
	switch (what) {
	case 'C':
		return user ? CreateIpForwardEntry2_user : CreateIpForwardEntry2;
	case 'S':
		return user ? SetIpForwardEntry2_user : SetIpForwardEntry2;
	default:
		return user ? DeleteIpForwardEntry2_user : DeleteIpForwardEntry2;
	}
}

static void one_call(void **state)
{
	const struct call *call = *state;
	MIB_IPFORWARD_ROW2 row, before;

	make_row(call, &row);
	before = row;
	for (int user = 0; user < 2; user++) {
		NTSTATUS expected = user ? (NTSTATUS)numbers[call->outcome].error : numbers[call->outcome].status;

		routes = call->routes;
		stacks = (XFIB_STATE_IPV4 | XFIB_STATE_IPV6) & ~call->no_stack;
		instance_error = call->instance_error;
		find_error = call->find_error;
		memcpy(errors, call->errors, sizeof(errors));
		changes = 0;
		done[0] = '\0';
		assert_int_equal(function_of(call->what, user)(&row), expected);
		assert_string_equal(done, call->done ? call->done : "");
		assert_int_equal(transactions, 0);
		assert_memory_equal(&row, &before, sizeof(row));
	}
}

static void null_rows(void **state)
{
	(void)state;
	for (const char *what = "CSD"; *what; what++) {
		assert_int_equal(function_of(*what, false)(NULL), STATUS_INVALID_PARAMETER);
		assert_int_equal(function_of(*what, true)(NULL), 87);
	}
}

/* What is written as a protocol is read as the same one, where Linux has it. */
static void protocols_read_back(void **state)
{
	static const NL_ROUTE_PROTOCOL kept[] = { RouteProtocolLocal, RouteProtocolNetMgmt, RouteProtocolIcmp,
						  RouteProtocolRip,   RouteProtocolIsIs,    RouteProtocolOspf,
						  RouteProtocolBgp,   RouteProtocolEigrp,   RouteProtocolDhcp };
	struct xfib_route route = { .type = XFIB_ROUTE_UNICAST };

	(void)state;
	for (int number = -1; number <= RouteProtocolDhcp; number++) {
		NL_ROUTE_PROTOCOL expected = RouteProtocolNetMgmt;

		for (size_t i = 0; i < COUNT(kept); i++) {
			if ((int)kept[i] == number)
				expected = kept[i];
		}
		assert_int_equal(netio__rtprot_of((NL_ROUTE_PROTOCOL)number, &route.protocol), 0);
		assert_int_equal(netio__protocol_of(&route), expected);
	}
}

/* ---- threads and processes ---- */

static void *create_often(void *data)
{
	static const struct call call = { "", 'C', P4, "10.1.0.1" };
	bool *stop = data;
	MIB_IPFORWARD_ROW2 row;

	make_row(&call, &row);
	while (!__atomic_load_n(stop, __ATOMIC_RELAXED)) {
		if (CreateIpForwardEntry2(&row) != STATUS_DUPLICATE_OBJECTID)
			return data;
	}
	return NULL;
}

/* A child can change routes, whatever the threads of its parent were at when it began. */
static void after_fork(void **state)
{
	static const struct route there[2] = { { P4, .paths = { { ETH, "10.1.0.1" } } } };
	bool stop = false, wrong = false;
	pthread_t thread;
	void *result;

	(void)state;
	routes = there;
	stacks = XFIB_STATE_IPV4;
	instance_error = find_error = 0;
	assert_int_equal(pthread_create(&thread, NULL, create_often, &stop), 0);
	for (int i = 0; i < 50 && !wrong; i++) {
		int status = -1;
		pid_t child = fork();

		if (!child) {
			static const struct call call = { "", 'C', P4, "10.1.0.1" };
			MIB_IPFORWARD_ROW2 row;

			alarm(20);
			make_row(&call, &row);
			_exit(CreateIpForwardEntry2(&row) != STATUS_DUPLICATE_OBJECTID);
		}
		wrong = waitpid(child, &status, 0) != child || status;
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, &result);
	assert_null(result);
	assert_false(wrong);
}

int main(void)
{
	static const struct CMUnitTest others[] = {
		cmocka_unit_test(null_rows),
		cmocka_unit_test(protocols_read_back),
		cmocka_unit_test(after_fork),
	};
	struct CMUnitTest tests[COUNT(calls) + COUNT(others)];

	for (size_t i = 0; i < COUNT(calls); i++)
		tests[i] = (struct CMUnitTest){ .name = calls[i].desc, .test_func = one_call,
						.initial_state = (void *)(uintptr_t)&calls[i] };
	memcpy(tests + COUNT(calls), others, sizeof(others));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
