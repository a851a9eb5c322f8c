// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* xfib get: the best route for one address. */
#include "get.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* ---- one answer ---- */

void get__judge(struct get_answer *answer, int err, bool confined)
{
	const struct xfib_route *route = &answer->result->route;

	answer->routed = !err;
	answer->error = NULL;
	if (err == -ENETUNREACH)
		answer->error = confined ? "no route by this device" : "no route";
	else if (err)
		answer->error = xfib_error__last();
	else if (route->type == XFIB_ROUTE_BLACKHOLE || route->type == XFIB_ROUTE_UNREACHABLE ||
		 route->type == XFIB_ROUTE_PROHIBIT)
		answer->error = xfib_route_type__name(route->type);
}

bool get__look_up(const struct xfib *instance, const struct xfib_query *query, struct xfib_result *result,
		  struct get_answer *ret_answer)
{
	int err = xfib_lookup__best(instance, query, result);

	*ret_answer = (struct get_answer){ .family = query->family, .destination = query->destination, .result = result };
	get__judge(ret_answer, err, query->ifindex);
	return !ret_answer->error;
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

static int take_ingress(const char *value, struct xfib_query *query)
{
	return parse_device(value, &query->iif);
}

static const struct {
	const char *word;
	int (*take)(const char *value, struct xfib_query *query);
} words[] = {
	{ "from", take_source },  { "dev", take_device }, { "exclude", take_excluded },
	{ "table", take_table }, { "vrf", take_vrf },    { "mark", take_mark },
	{ "iif", take_ingress },
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
			return fail(STATUS_USAGE, "%s: unknown word '%s': known are from, dev, exclude, table, vrf, mark, iif", command,
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
	if (query->iif && query->mark)
		return fail(STATUS_USAGE, "%s: 'iif' and 'mark': the mark of a packet that is forwarded is not known", command);
	return STATUS_DONE;
}

int get__answer(const struct xfib *instance, const struct xfib_query *query)
{
	struct xfib_result result;
	struct get_answer answer;
	char text[GET_LINE];

	if (!get__look_up(instance, query, &result, &answer)) {
		if (options.json) {
			get__format_json(text, &answer, NULL);
			fprintf(stderr, "%s\n", text);
			return STATUS_FAILED;
		}
		get__format(text, &answer, NULL);
		return fail(STATUS_FAILED, "%s", text);
	}
	if (options.json) {
		get__format_json(text, &answer, NULL);
		print_element_text(0, text);
		print_end(1);
	} else {
		get__format(text, &answer, NULL);
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
		return fail(STATUS_USAGE, "get: no address: xfib get ADDR [from SRC] [dev DEV] [exclude DEV] "
			    "[table N|vrf DEV] [mark N|iif DEV]");
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
