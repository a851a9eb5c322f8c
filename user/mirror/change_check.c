// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Is a change possible, whatever the tables hold? See change.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/icmpv6.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "change_private.h"
#include "host_bits.h"

#define LIFETIME_MAX 0x7fffffffu

static int refuse(char ret_message[CHANGE_MESSAGE], const char *format, ...) __attribute__((format(printf, 2, 3)));

static int refuse(char ret_message[CHANGE_MESSAGE], const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(ret_message, CHANGE_MESSAGE, format, args);
	va_end(args);
	return -EINVAL;
}

static uint32_t bits_of(uint32_t family)
{
	return family == AF_INET6 ? 128 : 32;
}

static bool leads_nowhere(uint32_t type)
{
	return type == XFIB_ROUTE_BLACKHOLE || type == XFIB_ROUTE_UNREACHABLE || type == XFIB_ROUTE_PROHIBIT ||
	       type == XFIB_ROUTE_THROW;
}

static int check_prefix(const struct xfib_route_spec *spec, char ret_message[CHANGE_MESSAGE])
{
	char text[INET6_ADDRSTRLEN] = "";

	if (spec->family != AF_INET && spec->family != AF_INET6)
		return refuse(ret_message, "family %u: AF_INET or AF_INET6 is expected", spec->family);
	if (spec->prefix_length > bits_of(spec->family))
		return refuse(ret_message, "prefix length %u: at most %u is possible", spec->prefix_length,
			      bits_of(spec->family));
	if (!address__is_zero_from(spec->prefix, spec->prefix_length)) {
		inet_ntop((int)spec->family, spec->prefix, text, sizeof(text));
		if (!address__is_zero_from(spec->prefix, bits_of(spec->family)))
			return refuse(ret_message, "prefix %s: the bytes behind an IPv4 address must be zero", text);
		return refuse(ret_message, "prefix %s/%u: bits behind the prefix are set", text, spec->prefix_length);
	}
	if (!address__is_zero_from(spec->source, bits_of(spec->family)))
		return refuse(ret_message, "source address: the bytes behind an IPv4 address must be zero");
	return 0;
}

static int check_six(const struct xfib_route_spec *spec, char ret_message[CHANGE_MESSAGE])
{
	if (spec->tos)
		return refuse(ret_message, "tos %u: IPv6 routes have none", spec->tos);
	if (spec->preference == ICMPV6_ROUTER_PREF_INVALID || spec->preference > ICMPV6_ROUTER_PREF_LOW)
		return refuse(ret_message, "preference %u: 0 (medium), 1 (high) or 3 (low) is possible", spec->preference);
	if (spec->lifetime > LIFETIME_MAX)
		return refuse(ret_message, "lifetime %u: at most %u seconds are possible", spec->lifetime, LIFETIME_MAX);
	return 0;
}

static int check_attributes(const struct xfib_route_spec *spec, char ret_message[CHANGE_MESSAGE])
{
	if (spec->flags & ~(uint32_t)XFIB_SPEC_SCOPE)
		return refuse(ret_message, "flags 0x%x: unknown ones are set", spec->flags);
	if (spec->type >= XFIB_ROUTE_TYPES)
		return refuse(ret_message, "route type %u is not known", spec->type);
	if (spec->flags & XFIB_SPEC_SCOPE && spec->scope > 255)
		return refuse(ret_message, "scope %u: at most 255 is possible", spec->scope);
	if (spec->protocol > 255)
		return refuse(ret_message, "protocol %u: at most 255 is possible", spec->protocol);
	if (spec->family == AF_INET6)
		return check_six(spec, ret_message);
	if (spec->tos & ~0xfcu)
		return refuse(ret_message, "tos 0x%x: bits that are no part of it are set", spec->tos);
	if (spec->preference)
		return refuse(ret_message, "preference %u: IPv4 routes have none", spec->preference);
	if (spec->lifetime)
		return refuse(ret_message, "lifetime %u: IPv4 routes have none", spec->lifetime);
	return 0;
}

static int check_gateway(const struct xfib_route_spec *spec, const struct xfib_path_spec *path,
			 char ret_message[CHANGE_MESSAGE])
{
	const char *why = NULL;
	char text[INET6_ADDRSTRLEN] = "";

	if (!path->gateway_family) {
		if (!address__is_zero_from(path->gateway, 0))
			return refuse(ret_message, "gateway: an address is given, but no family");
		return 0;
	}
	if (path->gateway_family != AF_INET && path->gateway_family != AF_INET6)
		return refuse(ret_message, "gateway family %u: AF_INET, AF_INET6 or 0 is expected", path->gateway_family);
	if (spec->family == AF_INET6 && path->gateway_family == AF_INET)
		why = "an IPv6 route cannot have an IPv4 gateway";
	else if (address__is_zero_from(path->gateway, 0))
		why = "the unspecified address is none; give no family for an on-link route";
	else if (!address__is_zero_from(path->gateway, bits_of(path->gateway_family)))
		why = "the bytes behind an IPv4 address must be zero";
	if (!why && spec->type <= XFIB_ROUTE_UNICAST)
		return 0;
	inet_ntop((int)path->gateway_family, path->gateway, text, sizeof(text));
	if (why)
		return refuse(ret_message, "gateway %s: %s", text, why);
	return refuse(ret_message, "gateway %s: a route of type %s has none", text, xfib_route_type__name(spec->type));
}

static int check_path(const struct change *change, const struct xfib_path_spec *path, char ret_message[CHANGE_MESSAGE])
{
	int err = check_gateway(&change->spec, path, ret_message);

	if (err)
		return err;
	if (path->weight > 256)
		return refuse(ret_message, "weight %u: at most 256 is possible", path->weight);
	if (path->flags & ~XFIB_NEXTHOP_ONLINK)
		return refuse(ret_message, "flags 0x%x of a path: unknown ones are set", path->flags);
	if (path->ifindex > INT32_MAX)
		return refuse(ret_message, "interface index %u is impossible", path->ifindex);
	if (change->what == XFIB_DELETE)
		return 0;
	if (!path->ifindex && !path->gateway_family)
		return refuse(ret_message, "a path names neither an interface nor a gateway");
	if (path->flags & XFIB_NEXTHOP_ONLINK && (!path->ifindex || !path->gateway_family))
		return refuse(ret_message, "onlink: a path of that kind names its interface and its gateway");
	return 0;
}

static int check_paths(const struct change *change, char ret_message[CHANGE_MESSAGE])
{
	const struct xfib_route_spec *spec = &change->spec;
	int err = 0;

	if (spec->path_count > XFIB_GROUP_MEMBERS)
		return refuse(ret_message, "%u paths: at most %u are possible", spec->path_count, XFIB_GROUP_MEMBERS);
	if (spec->path_count && !spec->paths)
		return refuse(ret_message, "%u paths: none are given", spec->path_count);
	if (change->what != XFIB_DELETE && !spec->path_count && !leads_nowhere(spec->type))
		return refuse(ret_message, "no path: a route of type %s needs an interface or a gateway",
			      xfib_route_type__name(spec->type ? spec->type : XFIB_ROUTE_UNICAST));
	if (change->what != XFIB_DELETE && spec->path_count > 1 && spec->type > XFIB_ROUTE_UNICAST)
		return refuse(ret_message, "%u paths: a route of type %s has one at most", spec->path_count,
			      xfib_route_type__name(spec->type));
	for (uint32_t i = 0; i < spec->path_count && !err; i++)
		err = check_path(change, &spec->paths[i], ret_message);
	return err;
}

int change__check(const struct change *change, char ret_message[CHANGE_MESSAGE])
{
	const struct xfib_route_spec *spec = &change->spec;
	int err;

	if (change->what < XFIB_ADD || change->what > XFIB_DELETE)
		return refuse(ret_message, "change %u is not known", change->what);
	if (spec->size != sizeof(*spec))
		return refuse(ret_message, "size %zu of a route: %zu is expected", spec->size, sizeof(*spec));
	err = check_prefix(spec, ret_message);
	if (!err)
		err = check_attributes(spec, ret_message);
	if (!err)
		err = check_paths(change, ret_message);
	return err;
}
