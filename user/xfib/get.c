// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* xfib get: the best route for one address. Answers are printed here for `get -` too. */
#include "get.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* ---- one answer ---- */

bool get__look_up(const struct xfib *instance, const struct xfib_query *query, struct get_answer *ret_answer)
{
	int err = xfib_lookup__best(instance, query, &ret_answer->result);
	const struct xfib_route *route = &ret_answer->result.route;

	ret_answer->query = query;
	ret_answer->routed = !err;
	ret_answer->error = NULL;
	if (err == -ENETUNREACH)
		ret_answer->error = query->ifindex ? "no route by this device" : "no route";
	else if (err)
		ret_answer->error = xfib_error__last();
	else if (route->type == XFIB_ROUTE_BLACKHOLE || route->type == XFIB_ROUTE_UNREACHABLE ||
		 route->type == XFIB_ROUTE_PROHIBIT)
		ret_answer->error = xfib_route_type__name(route->type);
	return !ret_answer->error;
}

static char *format_error(char *text, const struct get_answer *answer)
{
	const struct xfib_route *route = &answer->result.route;

	text = format_address(text, answer->query->family, answer->query->destination);
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

char *get__format(char *text, const struct get_answer *answer)
{
	const struct xfib_result *result = &answer->result;
	const struct xfib_route *route = &result->route;

	if (answer->error)
		return format_error(text, answer);
	if (route->type != XFIB_ROUTE_UNICAST) {
		text = format_string(text, xfib_route_type__name(route->type));
		*text++ = ' ';
	}
	text = format_address(text, result->family, answer->query->destination);
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
	text = number_member(text, "metric", result->metric);
	if (result->paths > 1)
		text = number_member(text, "paths", result->paths);
	if (result->nexthop.route_mtu) {
		text = format_string(member(text, "metrics"), "[{\"mtu\":");
		text = format_string(format_number(text, result->nexthop.route_mtu), "}]");
	}
	return text;
}

char *get__format_json(char *text, const struct get_answer *answer)
{
	*text++ = '{';
	text = address_member(text, "dst", answer->query->family, answer->query->destination);
	if (answer->error)
		text = string_member(text, "error", answer->error);
	if (answer->routed)
		text = route_members(text, &answer->result.route);
	if (!answer->error)
		text = path_members(text, &answer->result);
	*text++ = '}';
	*text = '\0';
	return text;
}

bool get__is_zero(const uint8_t address[16])
{
	static const uint8_t zero[16];

	return !memcmp(address, zero, sizeof(zero));
}

/* ---- the command ---- */

static int take_source(const char *value, struct xfib_query *query)
{
	uint32_t family;
	int status = parse_address(value, &family, query->source);

	if (!status && query->family && family != query->family)
		status = fail(STATUS_USAGE, "from '%s': not of the family of the destination", value);
	if (!status)
		query->family = family;
	return status;
}

static int take_device(const char *value, struct xfib_query *query)
{
	return parse_device(value, &query->ifindex);
}

static int take_excluded(const char *value, struct xfib_query *query)
{
	return parse_device(value, &query->exclude_ifindex);
}

static int take_table(const char *value, struct xfib_query *query)
{
	return parse_table(value, &query->table);
}

static int take_vrf(const char *value, struct xfib_query *query)
{
	return parse_device(value, &query->vrf);
}

static int take_mark(const char *value, struct xfib_query *query)
{
	return parse_mark(value, &query->mark);
}

static const struct {
	const char *word;
	int (*take)(const char *value, struct xfib_query *query);
} words[] = {
	{ "from", take_source },  { "dev", take_device }, { "exclude", take_excluded },
	{ "table", take_table }, { "vrf", take_vrf },    { "mark", take_mark },
};

#define WORDS (sizeof(words) / sizeof(words[0]))

int get__parse_words(const char *command, int argc, char **argv, struct xfib_query *query)
{
	for (int i = 0; i < argc; i++) {
		const char *word = argv[i], *value;
		size_t known = 0;
		int status;

		while (known < WORDS && strcmp(words[known].word, word))
			known++;
		if (known == WORDS)
			return fail(STATUS_USAGE, "%s: unknown word '%s': known are from, dev, exclude, table, vrf, mark", command,
				    word);
		value = argument(word, &i, argc, argv);
		if (!value)
			return STATUS_USAGE;
		status = words[known].take(value, query);
		if (status)
			return status;
	}
	if (query->table && query->vrf)
		return fail(STATUS_USAGE, "%s: 'table' and 'vrf': one of them names the table", command);
	return STATUS_DONE;
}

int get__answer(const struct xfib *instance, const struct xfib_query *query)
{
	struct get_answer answer;
	char text[GET_LINE];

	if (!get__look_up(instance, query, &answer)) {
		if (options.json) {
			get__format_json(text, &answer);
			fprintf(stderr, "%s\n", text);
			return STATUS_FAILED;
		}
		get__format(text, &answer);
		return fail(STATUS_FAILED, "%s", text);
	}
	if (options.json) {
		get__format_json(text, &answer);
		print_element_text(0, text);
		print_end(1);
	} else {
		get__format(text, &answer);
		puts(text);
	}
	return STATUS_DONE;
}

int command_get(int argc, char **argv)
{
	struct xfib_query query = { .size = sizeof(query) };
	struct xfib *instance;
	bool stream;
	int status;

	if (!argc)
		return fail(STATUS_USAGE, "get: no address: xfib get ADDR [from SRC] [dev DEV] [exclude DEV] [table N|vrf DEV] [mark N]");
	stream = !strcmp(argv[0], "-");
	status = stream ? STATUS_DONE : parse_address(argv[0], &query.family, query.destination);
	if (!status)
		status = get__parse_words("get", argc - 1, argv + 1, &query);
	if (!status)
		status = open_instance(&instance);
	if (status)
		return status;
	status = stream ? get__stream(instance, &query) : get__answer(instance, &query);
	xfib_instance__close(instance);
	return status;
}
