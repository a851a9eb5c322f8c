// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * The options of xfibd: one table, from which the command line, the
 * configuration file and the help are made. See options.h.
 */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../lib/private.h"
#include "log.h"
#include "options_private.h"

#define CONFIG_FILE "/etc/xfib/xfibd.conf"

#define FIELD(member) .offset = offsetof(struct options, member), .size = sizeof(((struct options *)0)->member)

static const struct option_row rows[] = {
	{ "config", "FILE", .command = true,
	  .help = "read options from FILE, as lines 'option = value', before those given here\n"
		  "(default $XFIB_CONFIG, else " CONFIG_FILE " if it is there)" },
	{ "check", .command = true, .help = "say what is wrong with file and options, and start nothing" },
	{ "port", "DEV", .take = option__take_port, FIELD(ports), .repeatable = true, .live = true,
	  .help = "attach the XDP program to DEV, like a DEV without option; may be repeated" },
	{ "mode", "MODE", .take = option__take_mode, FIELD(mode), .live = true,
	  .help = "attach to each DEV in mode native (default), generic or auto" },
	{ "table", "N", .take = option__take_tables, FIELD(tables), .low = 1, .high = UINT32_MAX, .repeatable = true,
	  .help = "mirror table N (1 to 4294967295), or all there are, though no rule leads there;\n"
		  "may be repeated" },
	{ "on-exit", "WHAT", .take = option__take_on_exit, FIELD(teardown), .live = true,
	  .help = "at SIGTERM or SIGINT: keep forwarding in place (default), or teardown" },
	{ "pin", "DIR", .take = option__take_pin, FIELD(pin),
	  .help = "pin directory (default $XFIB_PIN, else " XFIB_DEFAULT_PIN ")" },
	{ "socket", "PATH", .take = option__take_socket, FIELD(socket_name),
	  .help = "take clients there (default $XFIB_SOCKET, else by the pin directory, see xfibd(8))" },
	{ "group", "NAME", .take = option__take_group, FIELD(groups.watch),
	  .help = "let members of group NAME read the maps and watch routes" },
	{ "fpm", "[ADDRESS:PORT]", .take = option__take_fpm, FIELD(fpm),
	  .help = "fill a table with what FRR's module dplane_fpm_nl says; it connects there\n"
		  "(default 127.0.0.1:2620)" },
	{ "fpm-table", "N", .take = option__take_fpm_table, FIELD(fpm_table), .low = 1, .high = UINT32_MAX,
	  .help = "that table: one of xfib's own (default 2620), or main, beside the kernel's routes" },
	{ "fpm-hold", "SECONDS", .take = option__take_number, FIELD(fpm_hold), .low = 1, .high = 86400, .live = true,
	  .help = "what FRR does not name again goes so long after the last that it did (default 60)" },
	{ "lookup", "WHAT", .take = option__take_lookup, FIELD(by_trie),
	  .help = "packets and queries by the compiled FIB: fib (default), or by the LPM tries: trie" },
	{ "max-routes", "N", .take = option__take_number, FIELD(sizes.routes), .low = 16, .high = 1U << 26,
	  .help = "room for N routes of both families, 64 bytes each (default 1572864)" },
	{ "max-nexthops", "N", .take = option__take_number, FIELD(sizes.nexthops), .low = 16, .high = 1U << 24,
	  .help = "room for N next hops (default 65536)" },
	{ "max-groups", "N", .take = option__take_number, FIELD(sizes.groups), .low = 2, .high = 1U << 18,
	  .help = "room for N multipath groups, 4 KiB each (default 1024)" },
	{ "max-links", "N", .take = option__take_power, FIELD(sizes.links), .low = 16, .high = 65536,
	  .help = "room for N links, a power of two (default 1024)" },
	{ "max-addresses", "N", .take = option__take_number, FIELD(sizes.addresses), .low = 16, .high = 1U << 20,
	  .help = "room for N addresses of this machine (default 4096)" },
	{ "max-neighbours", "N", .take = option__take_number, FIELD(sizes.neighbours), .low = 16, .high = 1U << 24,
	  .help = "room for N neighbours (default 65536)" },
	{ "count-nexthops", .take = option__take_flag, FIELD(sizes.count_nexthops),
	  .help = "count packets and bytes of each next hop, for 'xfib stats nexthop'" },
	{ "count-routes", .take = option__take_flag, FIELD(sizes.count_routes),
	  .help = "count packets and bytes of each route, for 'xfib stats route'; costs packets a second look-up" },
	{ "audit", "SECONDS", .take = option__take_number, FIELD(audit_interval), .low = 0, .high = 86400, .live = true,
	  .help = "compare a slice of the routes with the kernel's every SECONDS (default 10; 0: never)" },
	{ "receive-buffer", "N", .take = option__take_number, FIELD(receive_buffer), .low = 4096, .high = 1U << 30,
	  .help = "bytes for changes that the kernel has announced and xfibd has not read (default 67108864)" },
	{ "verbose", .letter = 'v', .take = option__take_flag, FIELD(verbose), .live = true,
	  .help = "say more, what libbpf says included" },
	{ "version", .letter = 'V', .command = true, .help = "print the version" },
	{ "help", .letter = 'h', .command = true, .help = "print this" },
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

_Static_assert(ROWS <= OPTIONS_COUNT_MAX, "a parser has a line for each option");

static const struct options defaults = {
	.pin = XFIB_DEFAULT_PIN,
	.groups = { .write = NO_GROUP, .watch = NO_GROUP },
	.fpm_table = FPM_TABLE,
	.fpm_hold = FPM_HOLD,
	.receive_buffer = 64 * 1024 * 1024,
	.audit_interval = 10,
	.sizes = { .routes = 1572864, .nexthops = 65536, .groups = 1024, .links = 1024, .addresses = 4096,
		   .neighbours = 65536, .rules = 2048, .plans = 16384, .fibs = 1024 },
};

const struct option_row *option__find(const char *name)
{
	for (size_t i = 0; i < ROWS; i++) {
		if (!strcmp(rows[i].name, name))
			return &rows[i];
	}
	return NULL;
}

void option__take(struct option_said *said)
{
	const struct option_row *row = said->row;
	unsigned int *line = &said->parser->lines[row - rows];

	if (said->line && *line && !row->repeatable)
		option__complain(said, "line %u says it already, and only one can count", *line);
	else if (!said->value && row->argument && row->argument[0] != '[')
		option__complain(said, "needs a value: %s = %s", row->name, row->argument);
	else
		row->take(said, (char *)&said->parser->options + row->offset);
	*line = said->line;
}

/* ---- the help ---- */

static void print_row(const struct option_row *row)
{
	const char *line = row->help;
	char left[32], letter[8] = "    ";
	bool optional = row->argument && row->argument[0] == '[';

	if (row->letter)
		snprintf(letter, sizeof(letter), "-%c, ", row->letter);
	snprintf(left, sizeof(left), "  %s--%s%s%s", letter, row->name, !row->argument ? "" : optional ? "[=" : " ",
		 !row->argument ? "" : row->argument + optional);
	for (;;) {
		size_t length = strcspn(line, "\n");

		printf("%-27s%.*s\n", left, (int)length, line);
		if (!line[length])
			return;
		line += length + 1;
		left[0] = '\0';
	}
}

static void print_help(void)
{
	puts("Usage: xfibd [OPTION]... [DEV]...\n"
	     "Mirrors the kernel's routes into BPF maps, by which XDP and TC programs forward.\n"
	     "Runs in the foreground. Attaches the XDP program to each DEV.\n");
	for (size_t i = 0; i < ROWS; i++)
		print_row(&rows[i]);
	puts("\nSIGHUP reads the configuration file again and compares everything with the kernel anew. See xfibd(8).");
}

/* ---- the command line ---- */

#define LONG_OPTION 256 /* and the row's number: what getopt_long() returns for a row without a letter */

/* getopt_long()'s form of the table, which is made each time: it is small. */
struct getopt_table {
	struct option options[ROWS + 1];
	char letters[ROWS + 1];
};

static void make_getopt_table(struct getopt_table *table)
{
	char *letter = table->letters;

	memset(table, 0, sizeof(*table));
	for (size_t i = 0; i < ROWS; i++) {
		const char *argument = rows[i].argument;

		table->options[i] = (struct option){ rows[i].name,
						     !argument ? no_argument : argument[0] == '[' ? optional_argument : required_argument,
						     NULL, LONG_OPTION + (int)i };
		if (rows[i].letter)
			*letter++ = rows[i].letter;
	}
}

/* The row of what getopt_long() returned, NULL: it knows no such option, or the argument is missing. */
static const struct option_row *row_of(int option)
{
	for (size_t i = 0; i < ROWS; i++) {
		if (option == LONG_OPTION + (int)i || (rows[i].letter && option == rows[i].letter))
			return &rows[i];
	}
	return NULL;
}

/* --help and --version. Always true. */
static bool answer(const struct option_row *row)
{
	if (!strcmp(row->name, "version"))
		printf("xfibd %s\n", xfib_version());
	else
		print_help();
	return true;
}

/* What to do rather than how, and the file: known before anything else is read. True: it has been done. */
static bool take_commands(int argc, char **argv, const struct getopt_table *table, const char **ret_file, bool *ret_check)
{
	int option;

	optind = 0;
	opterr = 0;
	while ((option = getopt_long(argc, argv, table->letters, table->options, NULL)) != -1) {
		const struct option_row *row = row_of(option);

		if (!row || !row->command)
			continue;
		if (!strcmp(row->name, "config"))
			*ret_file = optarg;
		else if (!strcmp(row->name, "check"))
			*ret_check = true;
		else
			return answer(row);
	}
	return false;
}

static void take_command_line(struct option_parser *parser, int argc, char **argv, const struct getopt_table *table)
{
	struct option_said said = { .parser = parser };
	bool unknown = false;
	int option;

	optind = 0;
	opterr = 1;
	while ((option = getopt_long(argc, argv, table->letters, table->options, NULL)) != -1) {
		said.row = row_of(option);
		said.value = optarg;
		if (!said.row) /* getopt has said what it is */
			unknown = true;
		else if (!said.row->command)
			option__take(&said);
	}
	said.row = option__find("port");
	said.bare = true;
	for (int i = optind; i < argc; i++) {
		said.value = argv[i];
		option__take(&said);
	}
	if (unknown)
		fputs("Try 'xfibd --help'.\n", stderr);
	parser->wrong |= unknown;
}

/* ---- what several options together must be ---- */

static struct option_said said_of(struct option_parser *parser, const char *name, const char *value)
{
	const struct option_row *row = option__find(name);

	return (struct option_said){ .parser = parser, .row = row, .value = value, .line = parser->lines[row - rows] };
}

/* A table that the kernel fills too holds one route of a prefix from each: only main is meant so. */
static void check_fpm(struct option_parser *parser)
{
	const struct options *options = &parser->options;

	for (uint32_t i = 0; options->fpm.length && i < options->tables.count; i++) {
		struct option_said said;
		char value[16];

		if (options->tables.numbers[i] != options->fpm_table || options->fpm_table == XFIB_TABLE_MAIN)
			continue;
		snprintf(value, sizeof(value), "%u", options->fpm_table);
		said = said_of(parser, "fpm-table", value);
		option__complain(&said, "option table mirrors it from the kernel; choose another one");
	}
}

/* Where clients find the daemon, which follows from the pin directory unless it is said. */
static void choose_socket(struct option_parser *parser)
{
	struct options *options = &parser->options;
	const char *name = options->socket_name[0] ? options->socket_name : NULL;

	if (!socket_path__of(name, options->pin, options->socket))
		return;
	log_error("the path of the socket, which follows from the pin directory %.128s, is longer than %d bytes: name "
		  "another one with --socket", options->pin, SOCKET_PATH_SIZE - 1);
	parser->wrong = true;
}

/* What clients go by too: so it comes before the file. */
static void take_environment(struct option_parser *parser)
{
	static const char *const variables[][2] = { { "XFIB_PIN", "pin" }, { "XFIB_SOCKET", "socket" } };

	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
		struct option_said said = { .parser = parser, .value = getenv(variables[i][0]) };

		said.row = option__find(variables[i][1]);
		if (said.value && *said.value)
			option__take(&said);
	}
}

static void finish(struct option_parser *parser)
{
	struct options *options = &parser->options;
	const struct group *writers = getgrnam("xfib");

	check_fpm(parser);
	choose_socket(parser);
	if (writers)
		options->groups.write = writers->gr_gid;
	options->sizes.addresses *= 2; /* two lists, see addresses.h */
	options->sizes.fib_words = map_sizes__fib_words(options->by_trie ? 0 : options->sizes.routes);
}

/* ---- the interface ---- */

int options__parse(int argc, char **argv, struct options *ret_options)
{
	const char *named = getenv("XFIB_CONFIG");
	struct option_parser *parser;
	struct getopt_table table;
	bool check = false;
	int result;

	named = named && *named ? named : NULL;
	make_getopt_table(&table);
	if (take_commands(argc, argv, &table, &named, &check))
		return 1;
	parser = calloc(1, sizeof(*parser));
	if (!parser)
		return -ENOMEM;
	parser->options = defaults;
	parser->file = named ? named : CONFIG_FILE;
	options_file__read(parser, named != NULL);
	take_environment(parser);
	take_command_line(parser, argc, argv, &table);
	finish(parser);
	result = parser->wrong ? -EINVAL : check;
	if (check && !parser->wrong)
		log_info("no mistake in %s and the command line", parser->file);
	if (!result)
		*ret_options = parser->options;
	free(parser);
	return result;
}

unsigned int options__differences(const struct options *before, const struct options *after, bool live, char *text,
				  size_t size)
{
	unsigned int count = 0;
	size_t length = 0;

	text[0] = '\0';
	for (size_t i = 0; i < ROWS; i++) {
		const struct option_row *row = &rows[i];

		if (row->live != live || !memcmp((const char *)before + row->offset, (const char *)after + row->offset, row->size))
			continue;
		if (length < size)
			length += (size_t)snprintf(text + length, size - length, "%s%s", count ? ", " : "", row->name);
		count++;
	}
	return count;
}

void options__take_live(struct options *options, const struct options *from)
{
	for (size_t i = 0; i < ROWS; i++) {
		if (rows[i].live)
			memcpy((char *)options + rows[i].offset, (const char *)from + rows[i].offset, rows[i].size);
	}
}
