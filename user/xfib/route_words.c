// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * A route in the words of ip-route(8): see route_words.h.
 *
 * One cursor goes over the words; each word has a function in a table, which
 * takes the word's argument if it has one.
 */
#include "route_words.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "format.h"

/* Bits of route_words.given. */
enum {
	NEXTHOP = 0x001,
	PROTOCOL = 0x002,
	METRIC = 0x004,
	TABLE = 0x008,
	SCOPE = 0x010,
	SOURCE = 0x020,
	TOS = 0x040,
	MTU = 0x080,
	PREFERENCE = 0x100,
	EXPIRES = 0x200,
};

struct cursor {
	const struct route_words_options *options;
	char *const *words;
	int at, count;
	struct route_words *route;
	struct xfib_path_spec *path; /* that via, dev, weight and onlink are said of */
	struct why *why;
};

/* The argument of the word at the cursor; NULL: it is missing, which has been said. */
static const char *take(struct cursor *cursor)
{
	if (cursor->at + 1 < cursor->count)
		return cursor->words[++cursor->at];
	why__set(cursor->why, "'%s' needs an argument", cursor->words[cursor->at]);
	return NULL;
}

static int take_number(struct cursor *cursor, uint32_t low, uint32_t high, uint32_t *ret_number)
{
	const char *word = cursor->words[cursor->at], *value = take(cursor);
	uint32_t number;

	if (!value)
		return -EINVAL;
	if (!read_any_number(value, high, &number) || number < low)
		return why__set(cursor->why, "%s " QUOTED ": must be a number from %u to %u", word, value, low, high);
	*ret_number = number;
	return 0;
}

/* A word tells the family of `default`. */
static int hint_family(struct cursor *cursor, uint32_t family)
{
	if (cursor->route->bare_default)
		cursor->route->spec.family = family;
	cursor->route->bare_default = false;
	return 0;
}

/* ---- paths ---- */

/* The path of a route that has one only. */
static int need_path(struct cursor *cursor)
{
	struct xfib_route_spec *spec = &cursor->route->spec;

	if (cursor->path)
		return 0;
	if (spec->path_count)
		return why__set(cursor->why, "'%s' must stand behind 'nexthop', or all 'nexthop' be left out",
				cursor->words[cursor->at]);
	cursor->path = &cursor->route->path[spec->path_count++];
	*cursor->path = (struct xfib_path_spec){ 0 };
	return 0;
}

static int take_nexthop(struct cursor *cursor)
{
	struct xfib_route_spec *spec = &cursor->route->spec;

	if (spec->path_count && !(cursor->route->given & NEXTHOP))
		return why__set(cursor->why, "'nexthop' and a path that stands before it");
	if (spec->path_count == ROUTE_PATHS)
		return why__set(cursor->why, "more than %d next hops", ROUTE_PATHS);
	cursor->route->given |= NEXTHOP;
	cursor->path = &cursor->route->path[spec->path_count++];
	*cursor->path = (struct xfib_path_spec){ 0 };
	return 0;
}

static int take_via(struct cursor *cursor)
{
	const char *value = take(cursor);
	uint32_t family = 0;

	if (!value || need_path(cursor))
		return -EINVAL;
	if (cursor->path->gateway_family)
		return why__set(cursor->why, "'via' twice");
	if (!strcmp(value, "inet") || !strcmp(value, "inet6")) {
		family = value[4] ? AF_INET6 : AF_INET;
		value = take(cursor);
		if (!value)
			return -EINVAL;
	}
	if (read_address(value, family, &cursor->path->gateway_family, cursor->path->gateway, cursor->why))
		return -EINVAL;
	/* "via inet6" is for gateways of another family than the route's. */
	return family ? 0 : hint_family(cursor, cursor->path->gateway_family);
}

static int take_dev(struct cursor *cursor)
{
	const char *value = take(cursor);

	if (!value || need_path(cursor))
		return -EINVAL;
	if (cursor->path->ifindex)
		return why__set(cursor->why, "'dev' twice");
	if (!cursor->options->device(cursor->options->data, value, &cursor->path->ifindex))
		return why__set(cursor->why, "device " QUOTED " does not exist", value);
	return 0;
}

static int take_weight(struct cursor *cursor)
{
	uint32_t weight = 0;

	if (!cursor->path)
		return why__set(cursor->why, "'weight' must stand behind 'nexthop'");
	if (take_number(cursor, 1, 256, &weight))
		return -EINVAL;
	cursor->path->weight = (uint16_t)weight;
	return 0;
}

static int take_onlink(struct cursor *cursor)
{
	if (need_path(cursor))
		return -EINVAL;
	cursor->path->flags |= XFIB_NEXTHOP_ONLINK;
	return 0;
}

/* ---- attributes ---- */

static int take_table(struct cursor *cursor)
{
	const char *value = take(cursor);

	return value ? read_table(value, &cursor->route->spec.table, cursor->why) : -EINVAL;
}

static int take_protocol(struct cursor *cursor)
{
	const char *value = take(cursor);

	return value ? read_protocol(value, &cursor->route->spec.protocol, cursor->why) : -EINVAL;
}

static int take_scope(struct cursor *cursor)
{
	const char *value = take(cursor);

	cursor->route->spec.flags |= XFIB_SPEC_SCOPE;
	return value ? read_scope(value, &cursor->route->spec.scope, cursor->why) : -EINVAL;
}

static int take_tos(struct cursor *cursor)
{
	const char *value = take(cursor);

	return value ? read_tos(value, &cursor->route->spec.tos, cursor->why) : -EINVAL;
}

static int take_metric(struct cursor *cursor)
{
	return take_number(cursor, 0, UINT32_MAX, &cursor->route->spec.metric);
}

static int take_mtu(struct cursor *cursor)
{
	if (cursor->at + 1 < cursor->count && !strcmp(cursor->words[cursor->at + 1], "lock"))
		return why__set(cursor->why, "'mtu lock': a locked MTU cannot be kept");
	return take_number(cursor, 1, UINT32_MAX, &cursor->route->spec.mtu);
}

static int take_source(struct cursor *cursor)
{
	const char *value = take(cursor);
	uint8_t source[16];
	uint32_t family;

	if (!value || read_address(value, 0, &family, source, cursor->why))
		return -EINVAL;
	hint_family(cursor, family);
	if (family != cursor->route->spec.family)
		return why__set(cursor->why, "src " QUOTED ": not of the family of the prefix", value);
	memcpy(cursor->route->spec.source, source, sizeof(source));
	return 0;
}

static int take_preference(struct cursor *cursor)
{
	const char *value = take(cursor);

	if (!value)
		return -EINVAL;
	if (!preference_number(value, &cursor->route->spec.preference))
		return why__set(cursor->why, "pref " QUOTED ": must be low, medium or high", value);
	return 0;
}

/* `ip route show` writes "60sec". */
static int take_expires(struct cursor *cursor)
{
	const char *value = take(cursor);
	char digits[16];
	size_t length;

	if (!value)
		return -EINVAL;
	length = strspn(value, "0123456789");
	if (length && length < sizeof(digits) && (!value[length] || !strcmp(value + length, "sec"))) {
		memcpy(digits, value, length);
		digits[length] = '\0';
		if (read_number(digits, UINT32_MAX / 1000, &cursor->route->spec.lifetime) && cursor->route->spec.lifetime)
			return 0;
	}
	return why__set(cursor->why, "expires " QUOTED ": must be a number of seconds from 1 to %u", value, UINT32_MAX / 1000);
}

static int take_nothing(struct cursor *cursor)
{
	(void)cursor;
	return 0;
}

static int take_any(struct cursor *cursor)
{
	return take(cursor) ? 0 : -EINVAL;
}

/* ---- the words ---- */

/* Words with the same function are synonyms. */
static const struct word {
	const char *word;
	int (*take)(struct cursor *cursor);
	uint32_t given; /* an attribute of the route: once only */
	bool shown;     /* says a route's state, not what it is: in lines of `ip route show` only */
} table[] = {
	{ "nexthop", take_nexthop, 0, false },
	{ "via", take_via, 0, false },
	{ "dev", take_dev, 0, false },
	{ "weight", take_weight, 0, false },
	{ "onlink", take_onlink, 0, false },
	{ "proto", take_protocol, PROTOCOL, false },
	{ "protocol", take_protocol, PROTOCOL, false },
	{ "metric", take_metric, METRIC, false },
	{ "preference", take_metric, METRIC, false },
	{ "priority", take_metric, METRIC, false },
	{ "table", take_table, TABLE, false },
	{ "scope", take_scope, SCOPE, false },
	{ "src", take_source, SOURCE, false },
	{ "tos", take_tos, TOS, false },
	{ "dsfield", take_tos, TOS, false },
	{ "mtu", take_mtu, MTU, false },
	{ "pref", take_preference, PREFERENCE, false },
	{ "expires", take_expires, EXPIRES, false },
	{ "dead", take_nothing, 0, true },
	{ "linkdown", take_nothing, 0, true },
	{ "pervasive", take_nothing, 0, true },
	{ "offload", take_nothing, 0, true },
	{ "offload_failed", take_nothing, 0, true },
	{ "trap", take_nothing, 0, true },
	{ "rt_offload", take_nothing, 0, true },
	{ "rt_offload_failed", take_nothing, 0, true },
	{ "rt_trap", take_nothing, 0, true },
	{ "error", take_any, 0, true },
	{ "nhid", take_any, 0, true },
};

#define WORDS (sizeof(table) / sizeof(table[0]))

static int take_word(struct cursor *cursor)
{
	const char *token = cursor->words[cursor->at];

	for (const struct word *word = table; word < table + WORDS; word++) {
		if (strcmp(word->word, token) || (word->shown && !cursor->options->shown))
			continue;
		if (cursor->route->given & word->given)
			return why__set(cursor->why, "'%s' twice", token);
		cursor->route->given |= word->given;
		return word->take(cursor);
	}
	return why__set(cursor->why, "unknown word " QUOTED ": known are via, dev, table, metric, proto, scope, src, tos, mtu, "
			"onlink, pref, expires, nexthop", token);
}

bool route_type_number(const char *name, uint32_t *ret_type)
{
	for (uint32_t type = XFIB_ROUTE_UNICAST; type < XFIB_ROUTE_TYPES; type++) {
		if (!strcmp(xfib_route_type__name(type), name)) {
			*ret_type = type;
			return true;
		}
	}
	return false;
}

/* [TYPE] [to] PREFIX */
static int take_prefix(struct cursor *cursor)
{
	struct route_words *route = cursor->route;
	uint8_t length = 0;

	if (cursor->at < cursor->count && route_type_number(cursor->words[cursor->at], &route->spec.type))
		cursor->at++;
	if (cursor->at < cursor->count && !strcmp(cursor->words[cursor->at], "to"))
		cursor->at++;
	if (cursor->at == cursor->count)
		return why__set(cursor->why, "no prefix");
	route->bare_default = !strcmp(cursor->words[cursor->at], "default");
	if (read_prefix(cursor->words[cursor->at], 0, &route->spec.family, route->spec.prefix, &length, cursor->why))
		return -EINVAL;
	route->spec.prefix_length = length;
	cursor->at++;
	return 0;
}

int route_words__continue(const struct route_words_options *options, int count, char *const *words,
			  struct route_words *route, struct why *ret_why)
{
	struct cursor cursor = { .options = options, .words = words, .count = count, .route = route, .why = ret_why };
	int err = 0;

	for (; !err && cursor.at < count; cursor.at++)
		err = take_word(&cursor);
	return err;
}

int route_words__begin(const struct route_words_options *options, int count, char *const *words,
		       struct route_words *ret_route, struct why *ret_why)
{
	struct cursor cursor = { .options = options, .words = words, .count = count, .route = ret_route, .why = ret_why };

	ret_route->spec = (struct xfib_route_spec){ .size = sizeof(ret_route->spec), .paths = ret_route->path };
	ret_route->given = 0;
	if (take_prefix(&cursor))
		return -EINVAL;
	return route_words__continue(options, count - cursor.at, words + cursor.at, ret_route, ret_why);
}

/* ---- the route as a whole ---- */

static void settle_family(const struct route_words_options *options, struct route_words *route)
{
	if (!route->bare_default)
		return;
	if (route->given & (PREFERENCE | EXPIRES))
		route->spec.family = AF_INET6;
	else
		route->spec.family = options->family ? options->family : AF_INET;
}

static int check_path(const struct route_words *route, const struct xfib_path_spec *path, struct why *ret_why)
{
	if (path->gateway_family == AF_INET && route->spec.family == AF_INET6)
		return why__set(ret_why, "an IPv6 route cannot have an IPv4 gateway");
	if (!path->gateway_family && !path->ifindex)
		return why__set(ret_why, "a next hop has neither via nor dev");
	if (path->flags & XFIB_NEXTHOP_ONLINK && (!path->gateway_family || !path->ifindex))
		return why__set(ret_why, "onlink needs both via and dev");
	return 0;
}

/* The kernel shows IPv6 routes of these types with the loopback device, and takes none of IPv4 with a device. */
static int check_dead_end(struct route_words *route, struct why *ret_why)
{
	struct xfib_route_spec *spec = &route->spec;

	for (uint32_t i = 0; i < spec->path_count; i++) {
		if (spec->paths[i].gateway_family || spec->family == AF_INET || spec->path_count > 1)
			return why__set(ret_why, "a route of type %s has no via and no dev", xfib_route_type__name(spec->type));
	}
	spec->path_count = 0;
	return 0;
}

int route_words__finish(const struct route_words_options *options, struct route_words *route, struct why *ret_why)
{
	struct xfib_route_spec *spec = &route->spec;

	settle_family(options, route);
	if (spec->family == AF_INET && route->given & (PREFERENCE | EXPIRES))
		return why__set(ret_why, "only IPv6 routes have pref and expires");
	if (spec->family == AF_INET6 && spec->tos)
		return why__set(ret_why, "only IPv4 routes have a tos");
	if (options->shown && !spec->protocol)
		spec->protocol = RTPROT_BOOT;
	if (route_type_is_dead_end(spec->type))
		return check_dead_end(route, ret_why);
	if (!spec->path_count && !options->any)
		return why__set(ret_why, "neither via nor dev");
	for (uint32_t i = 0; i < spec->path_count; i++) {
		if (check_path(route, &spec->paths[i], ret_why))
			return -EINVAL;
	}
	return 0;
}
