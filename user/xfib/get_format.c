// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Answers of `get` as text: lines and JSON objects. See get.h. */
#include "get.h"

#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

bool get__is_zero(const uint8_t address[16])
{
	static const uint8_t zero[16];

	return !memcmp(address, zero, sizeof(zero));
}

/* ---- what is the same for all answers by a next hop ---- */

/* The beginning of an answer, up to the gateway's family, says all that there is to say of its path but for route_dev. */
_Static_assert(GET_PATH_KEY == offsetof(struct xfib_result, source_scope), "GET_PATH_KEY");

/* Writes what `format` makes of the answer, which is taken from the memo if the last answer by that next hop had the same. */
static char *recall_path(char *text, const struct xfib_result *result,
			 char *(*format)(char *text, const struct xfib_result *result), struct get_memo *memo)
{
	struct get_path *path;
	char *end;

	if (!memo || result->route_ifindex != result->ifindex)
		return format(text, result);
	path = &memo->path[result->route.nexthop % GET_PATHS];
	if (path->length && !memcmp(path->key, result, sizeof(path->key))) {
		memcpy(text, path->text, GET_PATH_COPY); /* a constant, for speed: there is room */
		if (path->length > GET_PATH_COPY)
			memcpy(text + GET_PATH_COPY, path->text + GET_PATH_COPY, path->length - GET_PATH_COPY);
		return text + path->length;
	}
	end = format(text, result);
	path->length = end - text <= (ptrdiff_t)sizeof(path->text) ? (uint32_t)(end - text) : 0;
	memcpy(path->text, text, path->length);
	memcpy(path->key, result, sizeof(path->key));
	return end;
}

/* ---- lines ---- */

static char *format_error(char *text, const struct get_answer *answer)
{
	const struct xfib_route *route = &answer->result->route;

	text = format_address(text, answer->family, answer->destination);
	text = format_string(text, ": ");
	text = format_string(text, answer->error);
	if (!answer->routed)
		return text;
	text = format_string(text, " (route ");
	text = format_prefix(text, route->family, route->prefix, route->prefix_length);
	text = format_string(text, " table ");
	text = format_table(text, route->table);
	return format_string(text, ")");
}

/* ` via GATEWAY dev DEV src SOURCE`, with what of these there is. */
static char *format_path(char *text, const struct xfib_result *result)
{
	if (result->gateway_family) {
		text = format_string(text, is_via(result->family, &result->nexthop) ?
					   result->gateway_family == AF_INET6 ? " via inet6 " : " via inet " : " via ");
		text = format_address(text, result->gateway_family, result->gateway);
	}
	if (result->dev[0]) {
		text = format_string(text, " dev ");
		text = format_string(text, result->dev);
	}
	if (!get__is_zero(result->source)) {
		text = format_string(text, " src ");
		text = format_address(text, result->family, result->source);
	}
	return text;
}

char *get__format(char *text, const struct get_answer *answer, struct get_memo *memo)
{
	const struct xfib_result *result = answer->result;
	const struct xfib_route *route = &result->route;

	if (answer->error)
		return format_error(text, answer);
	if (route->type != XFIB_ROUTE_UNICAST) {
		text = format_string(text, xfib_route_type__name(route->type));
		*text++ = ' ';
	}
	text = format_address(text, result->family, answer->destination);
	text = recall_path(text, result, format_path, memo);
	text = format_string(text, " prefix ");
	text = format_prefix(text, result->family, route->prefix, route->prefix_length);
	text = format_string(text, " table ");
	text = format_table(text, route->table);
	text = format_string(text, " proto ");
	text = format_protocol(text, route->protocol);
	if (result->metric) {
		text = format_string(text, " metric ");
		text = format_number(text, result->metric);
	}
	if (result->paths > 1) {
		text = format_string(text, " paths ");
		text = format_number(text, result->paths);
	}
	if (result->nexthop.route_mtu) {
		text = format_string(text, " mtu ");
		text = format_number(text, result->nexthop.route_mtu);
	}
	return text;
}

/*
 * JSON is written by hand here: building and printing a tree of values takes
 * four times as long as the look-up itself. See format_json_string().
 */
static char *member(char *text, const char *key)
{
	if (text[-1] != '{')
		*text++ = ',';
	*text++ = '"';
	text = format_string(text, key);
	*text++ = '"';
	*text++ = ':';
	return text;
}

static char *quote(char *text)
{
	*text++ = '"';
	return text;
}

static char *string_member(char *text, const char *key, const char *value)
{
	return format_json_string(member(text, key), value);
}

static char *number_member(char *text, const char *key, uint32_t value)
{
	return format_number(member(text, key), value);
}

static char *address_member(char *text, const char *key, uint32_t family, const uint8_t address[16])
{
	return quote(format_address(quote(member(text, key)), family, address));
}

static char *route_members(char *text, const struct xfib_route *route)
{
	text = quote(member(text, "prefix"));
	text = quote(format_prefix(text, route->family, route->prefix, route->prefix_length));
	text = string_member(text, "type", xfib_route_type__name(route->type));
	text = quote(format_protocol(quote(member(text, "protocol")), route->protocol));
	return quote(format_table(quote(member(text, "table")), route->table));
}

static char *gateway_member(char *text, const struct xfib_result *result)
{
	if (!result->gateway_family)
		return text;
	if (!is_via(result->family, &result->nexthop))
		return address_member(text, "gateway", result->gateway_family, result->gateway);
	text = member(text, "via");
	*text++ = '{';
	text = string_member(text, "family", result->gateway_family == AF_INET6 ? "inet6" : "inet");
	text = address_member(text, "host", result->gateway_family, result->gateway);
	*text++ = '}';
	return text;
}

/* Where a local destination is delivered, `dev` is the loopback interface and this the one that owns the address. */
static char *route_device_member(char *text, uint32_t ifindex)
{
	char name[IF_NAMESIZE];

	return if_indextoname(ifindex, name) ? string_member(text, "route_dev", name) : text;
}

/* From the gateway to the source: what of these there is. They follow other members. */
static char *path_members(char *text, const struct xfib_result *result)
{
	text = gateway_member(text, result);
	if (result->dev[0]) { /* a route whose device the kernel did not tell has none */
		text = string_member(text, "dev", result->dev);
		text = number_member(text, "ifindex", result->ifindex);
	}
	if (result->route_ifindex != result->ifindex)
		text = route_device_member(text, result->route_ifindex);
	if (!get__is_zero(result->source))
		text = address_member(text, "prefsrc", result->family, result->source);
	return text;
}

static char *metric_members(char *text, const struct xfib_result *result)
{
	text = number_member(text, "metric", result->metric);
	if (result->paths > 1)
		text = number_member(text, "paths", result->paths);
	if (result->nexthop.route_mtu) {
		text = format_string(member(text, "metrics"), "[{\"mtu\":");
		text = format_string(format_number(text, result->nexthop.route_mtu), "}]");
	}
	return text;
}

char *get__format_json(char *text, const struct get_answer *answer, struct get_memo *memo)
{
	*text++ = '{';
	text = address_member(text, "dst", answer->family, answer->destination);
	if (answer->error)
		text = string_member(text, "error", answer->error);
	if (answer->routed)
		text = route_members(text, &answer->result->route);
	if (!answer->error) {
		text = recall_path(text, answer->result, path_members, memo);
		text = metric_members(text, answer->result);
	}
	*text++ = '}';
	*text = '\0';
	return text;
}
