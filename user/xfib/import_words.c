// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* xfib route import FILE|- [format F] [table N] [via GW] [dev DEV] … */
#include "import_words.h"

#include <string.h>

#include "command.h"

#define KNOWN "format, table, via, dev, metric, proto, replace, add, append, peer, keep-going, dry-run"

static int take_format(const char *value, struct import_words *words)
{
	static const struct {
		const char *name;
		enum import_format format;
	} formats[] = {
		{ "auto", IMPORT_AUTO }, { "route", IMPORT_ROUTE }, { "prefix", IMPORT_PREFIX }, { "mrt", IMPORT_MRT },
	};

	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (!strcmp(value, formats[i].name)) {
			words->options.format = formats[i].format;
			return STATUS_DONE;
		}
	}
	return fail(STATUS_USAGE, "route import: format '%s': must be auto, route, prefix or mrt", value);
}

static int take_table(const char *value, struct import_words *words)
{
	return parse_table(value, &words->options.table);
}

static int take_protocol(const char *value, struct import_words *words)
{
	return parse_protocol(value, &words->options.protocol);
}

static int take_device(const char *value, struct import_words *words)
{
	return parse_device(value, &words->options.path.ifindex);
}

static int take_metric(const char *value, struct import_words *words)
{
	if (!read_any_number(value, UINT32_MAX, &words->options.metric))
		return fail(STATUS_USAGE, "route import: metric '%s': must be a number from 0 to 4294967295", value);
	words->options.has_metric = true;
	return STATUS_DONE;
}

/* Of any family: -4 and -6 choose the routes. */
static int take_gateway(const char *value, struct import_words *words)
{
	struct xfib_path_spec *path = &words->options.path;
	struct why why;

	if (read_address(value, 0, &path->gateway_family, path->gateway, &why))
		return fail(STATUS_USAGE, "route import: via: %s", why.text);
	return STATUS_DONE;
}

static int take_peer(const char *value, struct import_words *words)
{
	struct import_options *import = &words->options;
	struct why why;

	import->peer = IMPORT_PEER_INDEX;
	if (read_number(value, 65535, &import->peer_index))
		return STATUS_DONE;
	import->peer = IMPORT_PEER_ADDRESS;
	if (read_address(value, 0, &import->peer_family, import->peer_address, &why))
		return fail(STATUS_USAGE, "route import: peer '%s': must be a peer's address or its number in the dump", value);
	return STATUS_DONE;
}

static const struct {
	const char *word;
	int (*take)(const char *value, struct import_words *words);
} arguments[] = {
	{ "format", take_format },   { "table", take_table },	   { "via", take_gateway },	 { "dev", take_device },
	{ "metric", take_metric },   { "preference", take_metric }, { "priority", take_metric }, { "proto", take_protocol },
	{ "protocol", take_protocol }, { "peer", take_peer },
};

/* Words without an argument. */
static bool take_flag(const char *word, struct import_words *words)
{
	if (!strcmp(word, "keep-going"))
		words->keep_going = true;
	else if (!strcmp(word, "dry-run"))
		words->dry_run = true;
	else if (!strcmp(word, "replace"))
		words->change = XFIB_REPLACE;
	else if (!strcmp(word, "add"))
		words->change = XFIB_ADD;
	else if (!strcmp(word, "append"))
		words->change = XFIB_APPEND;
	else
		return false;
	return true;
}

static int take_word(int *at, int argc, char **argv, struct import_words *words)
{
	const char *word = argv[*at], *value;

	for (size_t i = 0; i < sizeof(arguments) / sizeof(arguments[0]); i++) {
		if (strcmp(word, arguments[i].word))
			continue;
		value = argument(word, at, argc, argv);
		if (value && arguments[i].take == take_gateway && (!strcmp(value, "inet") || !strcmp(value, "inet6")))
			value = argument(value, at, argc, argv);
		return value ? arguments[i].take(value, words) : STATUS_USAGE;
	}
	return take_flag(word, words) ? STATUS_DONE :
					fail(STATUS_USAGE, "route import: unknown word '%s': known are " KNOWN, word);
}

int import_words__parse(int argc, char **argv, struct import_words *ret_words)
{
	struct import_words words = { .change = XFIB_REPLACE, .options = { .family = options.family } };
	int status = STATUS_DONE;

	if (!argc)
		return fail(STATUS_USAGE, "route import: no file: xfib route import FILE|- [table N] [via GW] [dev DEV] ...");
	words.file = argv[0];
	for (int i = 1; !status && i < argc; i++)
		status = take_word(&i, argc, argv, &words);
	if (!status && words.options.peer != IMPORT_PEER_FIRST && words.options.format != IMPORT_AUTO &&
	    words.options.format != IMPORT_MRT)
		status = fail(STATUS_USAGE, "route import: 'peer' is for format mrt");
	if (!status)
		*ret_words = words;
	return status;
}
