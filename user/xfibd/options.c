// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* The command line of xfibd. See options.h. */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <grp.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

static const char usage[] =
	"Usage: xfibd [OPTION]... [DEV]...\n"
	"Mirrors the kernel's routes into BPF maps, by which XDP and TC programs forward.\n"
	"Runs in the foreground. Attaches the XDP program to each DEV.\n"
	"\n"
	"      --table N            mirror table N (1 to 4294967295) beside local and main; may be repeated\n"
	"      --mode MODE          attach to each DEV in mode native (default), generic or auto\n"
	"      --on-exit WHAT       at SIGTERM or SIGINT: keep forwarding in place (default), or teardown\n"
	"      --pin DIR            pin directory (default $XFIB_PIN, else /sys/fs/bpf/xfib)\n"
	"      --socket PATH        take clients there (default $XFIB_SOCKET, else by the pin directory, see xfibd(8))\n"
	"      --group NAME         let members of group NAME read the maps and watch routes\n"
	"      --fpm[=ADDRESS:PORT] fill a table with what FRR's module dplane_fpm_nl says; it connects there\n"
	"                           (default 127.0.0.1:2620)\n"
	"      --fpm-table N        that table: one of xfib's own (default 2620), or main, beside the kernel's routes\n"
	"      --fpm-hold SECONDS   what FRR does not name again goes so long after the last that it did (default 60)\n"
	"      --max-routes N       room for N routes of both families, 64 bytes each (default 1572864)\n"
	"      --max-nexthops N     room for N next hops (default 65536)\n"
	"      --max-groups N       room for N multipath groups, 4 KiB each (default 1024)\n"
	"      --lookup WHAT        packets and queries by the compiled FIB: fib (default), or by the LPM tries: trie\n"
	"      --max-links N        room for N links, a power of two (default 1024)\n"
	"      --max-addresses N    room for N addresses of this machine (default 4096)\n"
	"      --max-neighbours N   room for N neighbours (default 65536)\n"
	"      --audit SECONDS      compare a slice of the routes with the kernel's every SECONDS (default 10; 0: never)\n"
	"      --receive-buffer N   bytes for changes that the kernel has announced and xfibd has not read (default 67108864)\n"
	"  -v, --verbose            say more, what libbpf says included\n"
	"  -V, --version            print the version\n"
	"  -h, --help               print this\n"
	"\n"
	"SIGHUP compares everything with the kernel anew. See xfibd(8).\n";

enum {
	OPTION_TABLE = 256,
	OPTION_MODE,
	OPTION_ON_EXIT,
	OPTION_PIN,
	OPTION_SOCKET,
	OPTION_GROUP,
	OPTION_FPM,
	OPTION_FPM_TABLE,
	OPTION_FPM_HOLD,
	OPTION_ROUTES,
	OPTION_NEXTHOPS,
	OPTION_GROUPS,
	OPTION_LINKS,
	OPTION_LOOKUP,
	OPTION_ADDRESSES,
	OPTION_NEIGHBOURS,
	OPTION_AUDIT,
	OPTION_RECEIVE_BUFFER,
};

static const struct option long_options[] = {
	{ "table", required_argument, NULL, OPTION_TABLE },
	{ "mode", required_argument, NULL, OPTION_MODE },
	{ "on-exit", required_argument, NULL, OPTION_ON_EXIT },
	{ "pin", required_argument, NULL, OPTION_PIN },
	{ "socket", required_argument, NULL, OPTION_SOCKET },
	{ "group", required_argument, NULL, OPTION_GROUP },
	{ "fpm", optional_argument, NULL, OPTION_FPM },
	{ "fpm-table", required_argument, NULL, OPTION_FPM_TABLE },
	{ "fpm-hold", required_argument, NULL, OPTION_FPM_HOLD },
	{ "lookup", required_argument, NULL, OPTION_LOOKUP },
	{ "max-routes", required_argument, NULL, OPTION_ROUTES },
	{ "max-nexthops", required_argument, NULL, OPTION_NEXTHOPS },
	{ "max-groups", required_argument, NULL, OPTION_GROUPS },
	{ "max-links", required_argument, NULL, OPTION_LINKS },
	{ "max-addresses", required_argument, NULL, OPTION_ADDRESSES },
	{ "max-neighbours", required_argument, NULL, OPTION_NEIGHBOURS },
	{ "audit", required_argument, NULL, OPTION_AUDIT },
	{ "receive-buffer", required_argument, NULL, OPTION_RECEIVE_BUFFER },
	{ "verbose", no_argument, NULL, 'v' },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

/* Reads a whole number of a range; says what is wrong with it otherwise. */
static int parse_number(const char *option, const char *text, uint32_t low, uint32_t high, uint32_t *ret_number)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno || text[0] < '0' || text[0] > '9' || *end || value < low || value > high) {
		log_error("--%s '%s': must be a number from %u to %u", option, text, low, high);
		return -EINVAL;
	}
	*ret_number = (uint32_t)value;
	return 0;
}

static int add_table(struct options *options, const char *text)
{
	if (options->table_count == TABLES_MAX) {
		log_error("--table '%s': at most %d tables can be named", text, TABLES_MAX);
		return -EINVAL;
	}
	return parse_number("table", text, 1, UINT32_MAX, &options->tables[options->table_count++]);
}

static int parse_mode(const char *text, enum xfib_mode *ret_mode)
{
	static const char *const names[] = {
		[XFIB_MODE_NATIVE] = "native",
		[XFIB_MODE_GENERIC] = "generic",
		[XFIB_MODE_AUTO] = "auto",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcmp(text, names[i])) {
			*ret_mode = (enum xfib_mode)i;
			return 0;
		}
	}
	log_error("--mode '%s': must be native, generic or auto", text);
	return -EINVAL;
}

static int parse_on_exit(const char *text, bool *ret_teardown)
{
	if (strcmp(text, "keep") && strcmp(text, "teardown")) {
		log_error("--on-exit '%s': must be keep or teardown", text);
		return -EINVAL;
	}
	*ret_teardown = !strcmp(text, "teardown");
	return 0;
}

static int parse_links(const char *text, uint32_t *ret_links)
{
	uint32_t links;
	int err = parse_number("max-links", text, 16, 65536, &links);

	if (err)
		return err;
	if (links & (links - 1)) {
		log_error("--max-links '%s': must be a power of two", text);
		return -EINVAL;
	}
	*ret_links = links;
	return 0;
}

static int parse_group(const char *text, gid_t *ret_group)
{
	const struct group *group = getgrnam(text);

	if (!group) {
		log_error("--group '%s': there is no such group; groupadd(8) makes one", text);
		return -EINVAL;
	}
	*ret_group = group->gr_gid;
	return 0;
}

/* Where clients find the daemon, which follows from the pin directory unless it is said. */
static int choose_socket(struct options *options)
{
	int err = socket_path__of(options->socket_name, options->pin, options->socket);

	if (err == -ENAMETOOLONG)
		log_error("the path of the socket is longer than %d bytes: name another one with --socket",
			  SOCKET_PATH_SIZE - 1);
	else if (err && options->socket_name)
		log_error("--socket '%s': must be a path", options->socket_name);
	else if (err) /* of a relative pin directory, which is said later */
		return 0;
	return err ? -EINVAL : 0;
}

static int parse_lookup(const char *value, bool *ret_by_trie)
{
	*ret_by_trie = !strcmp(value, "trie");
	if (*ret_by_trie || !strcmp(value, "fib"))
		return 0;
	log_error("--lookup '%s': must be fib or trie", value);
	return -EINVAL;
}

static int parse_fpm(const char *text, struct fpm_address *ret_address)
{
	int err = fpm_address__parse(text, ret_address);

	if (err)
		log_error("--fpm '%s': must be an IPv4 address or an IPv6 one in brackets, and may have a :PORT", text);
	return err;
}

static int parse_fpm_table(const char *text, uint32_t *ret_table)
{
	int err;

	*ret_table = XFIB_TABLE_MAIN;
	if (!strcmp(text, "main"))
		return 0;
	err = parse_number("fpm-table", text, 1, UINT32_MAX, ret_table);
	if (!err && (*ret_table == XFIB_TABLE_LOCAL || *ret_table == XFIB_TABLE_DEFAULT)) {
		log_error("--fpm-table '%s': the kernel's tables local and default cannot be filled", text);
		err = -EINVAL;
	}
	return err;
}

/* A table that the kernel fills too holds one route of a prefix from each: only main is meant so. */
static int check_fpm(const struct options *options)
{
	for (uint32_t i = 0; options->fpm.length && i < options->table_count; i++) {
		if (options->tables[i] == options->fpm_table && options->fpm_table != XFIB_TABLE_MAIN) {
			log_error("--fpm-table %u: --table mirrors it from the kernel; choose another one", options->fpm_table);
			return -EINVAL;
		}
	}
	return 0;
}

static int take_option(int option, const char *value, struct options *options)
{
	struct map_sizes *sizes = &options->sizes;
	int err;

	switch (option) {
	case OPTION_TABLE:
		return add_table(options, value);
	case OPTION_MODE:
		return parse_mode(value, &options->mode);
	case OPTION_ON_EXIT:
		return parse_on_exit(value, &options->teardown);
	case OPTION_PIN:
		options->pin = value;
		return 0;
	case OPTION_SOCKET:
		options->socket_name = value;
		return 0;
	case OPTION_GROUP:
		return parse_group(value, &options->groups.watch);
	case OPTION_FPM:
		return parse_fpm(value, &options->fpm);
	case OPTION_FPM_TABLE:
		return parse_fpm_table(value, &options->fpm_table);
	case OPTION_FPM_HOLD:
		return parse_number("fpm-hold", value, 1, 86400, &options->fpm_hold);
	case OPTION_ROUTES:
		return parse_number("max-routes", value, 16, 1U << 26, &sizes->routes);
	case OPTION_LOOKUP:
		return parse_lookup(value, &options->by_trie);
	case OPTION_NEXTHOPS:
		return parse_number("max-nexthops", value, 16, 1U << 24, &sizes->nexthops);
	case OPTION_GROUPS:
		return parse_number("max-groups", value, 2, 1U << 18, &sizes->groups);
	case OPTION_LINKS:
		return parse_links(value, &sizes->links);
	case OPTION_ADDRESSES:
		err = parse_number("max-addresses", value, 16, 1U << 20, &sizes->addresses);
		sizes->addresses *= err ? 1 : 2; /* two lists, see addresses.h */
		return err;
	case OPTION_NEIGHBOURS:
		return parse_number("max-neighbours", value, 16, 1U << 24, &sizes->neighbours);
	case OPTION_AUDIT:
		return parse_number("audit", value, 0, 86400, &options->audit_interval);
	case OPTION_RECEIVE_BUFFER:
		return parse_number("receive-buffer", value, 4096, 1U << 30, &options->receive_buffer);
	case 'v':
		options->verbose = true;
		return 0;
	case 'V':
		printf("xfibd %s\n", xfib_version());
		return 1;
	case 'h':
		fputs(usage, stdout);
		return 1;
	default: /* getopt has said what it is */
		fputs("Try 'xfibd --help'.\n", stderr);
		return -EINVAL;
	}
}

int options__parse(int argc, char **argv, struct options *ret_options)
{
	const char *pin = getenv("XFIB_PIN");
	struct options options = {
		.pin = pin && *pin ? pin : "/sys/fs/bpf/xfib",
		.fpm_table = FPM_TABLE,
		.fpm_hold = FPM_HOLD,
		.groups = { .write = NO_GROUP, .watch = NO_GROUP },
		.receive_buffer = 64 * 1024 * 1024,
		.audit_interval = 10,
		.sizes = { .routes = 1572864, .nexthops = 65536, .groups = 1024, .links = 1024, .addresses = 8192,
			   .neighbours = 65536, .rules = 2048, .fibs = 1024 },
	};
	const struct group *writers;
	int option, err;

	while ((option = getopt_long(argc, argv, "vVh", long_options, NULL)) != -1) {
		err = take_option(option, optarg, &options);
		if (err)
			return err;
	}
	options.sizes.fib_words = map_sizes__fib_words(options.by_trie ? 0 : options.sizes.routes);
	err = check_fpm(&options);
	if (!err)
		err = choose_socket(&options);
	if (err)
		return err;
	writers = getgrnam("xfib");
	if (writers)
		options.groups.write = writers->gr_gid;
	options.devices = argv + optind;
	options.device_count = argc - optind;
	for (int i = 0; i < options.device_count; i++) {
		if (!if_nametoindex(options.devices[i])) {
			log_error("device '%s' does not exist", options.devices[i]);
			return -EINVAL;
		}
	}
	*ret_options = options;
	return 0;
}
