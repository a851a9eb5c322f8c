// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* xfib: attaches the programs, and shows what the maps hold and how they answer. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "command.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *usage, *text;
} commands[] = {
	{ "attach", command_attach, "DEV [hook xdp|tc|tcx|clsact] [mode native|generic|auto] [via libxdp] [force]", "forward what DEV receives" },
	{ "detach", command_detach, "DEV [hook xdp|tc|tcx|clsact]", "leave what DEV receives to the kernel" },
	{ "get", command_get, "ADDR|- [from SRC] [dev DEV] [exclude DEV] [table N|vrf DEV] [mark N|iif DEV]",
	  "the best route; - reads addresses, one a line" },
	{ "explain", command_explain, "ADDR [the same words]", "every route for ADDR, and why it wins or loses" },
	{ "explain", NULL, "ADDR from SRC iif DEV proto P [sport N] [dport N] [ttl N] ...",
	  "what becomes of such a packet, and why" },
	{ "route", command_route, "show [PREFIX] [table N|all] [dev DEV] [proto P]", "routes, as ip route shows them" },
	{ "route", NULL, "add|replace|append|del [TYPE] PREFIX [via GW] [dev DEV] [table N] ...", "change one" },
	{ "route", NULL, "flush|export [the words of show]", "delete routes at once; write them for import" },
	{ "route", NULL, "import FILE|- [table N] [via GW] [dev DEV] [keep-going] [dry-run] ...",
	  "add routes at once: lines, prefixes, MRT" },
	{ "monitor", command_monitor, "[the words of route show]", "print routes as they change" },
	{ "nexthop", command_nexthop, "show [all]", "next hops and their MAC addresses" },
	{ "link", command_link, "show [DEV]", "ports: what is attached, what they are set to" },
	{ "stats", command_stats, "[DEV] [-r [SECONDS [TIMES]]]", "packets by reason, of one ingress port or of all; a second" },
	{ "stats", NULL, "nexthop [-r [SECONDS [TIMES]]]", "by next hop (xfibd --count-nexthops)" },
	{ "stats", NULL, "route [PREFIX] [-r [SECONDS [TIMES]]]", "by route, of those within PREFIX (xfibd --count-routes)" },
	{ "status", command_status, "", "what the daemon holds, and how often it had to compare all with the kernel" },
	{ "verify", command_verify, "[table N] ...", "compare the routes with the kernel's, the compiled FIB with the tries" },
	{ "unload", command_unload, "", "stop the daemon, detach everything, remove the maps" },
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static int print_help(void)
{
	puts("Usage: xfib [-j] [-p] [-4|-6] [--pin DIR] [--backend maps|private|auto] COMMAND\n");
	for (size_t i = 0; i < COMMANDS; i++) {
		char line[128];

		snprintf(line, sizeof(line), "%s %s", commands[i].name, commands[i].usage);
		printf(strlen(line) > 54 ? "  xfib %s\n%62s%s\n" : "  xfib %-54s %s%s\n", line, "", commands[i].text);
	}
	puts("\n"
	     "  -j, --json     print JSON, errors included\n"
	     "  -p, --pretty   indent it\n"
	     "  -4, -6         IPv4 or IPv6 only\n"
	     "      --pin DIR  the instance's pin directory (default $XFIB_PIN, else /sys/fs/bpf/xfib)\n"
	     "      --backend maps|private|auto  ask the pinned maps, or a copy of the kernel's routes in this\n"
	     "                 process (default $XFIB_BACKEND, else auto: the maps if there are any)\n"
	     "  -V, --version  print the version, and which backend is used here\n"
	     "  -h, --help     print this\n"
	     "\n"
	     "Status: 0 done; 1 it could not be done, or there is no route; 2 the command line is wrong.\n"
	     "See xfib(8).");
	return finish_output();
}

static int run_command(int argc, char **argv)
{
	char known[256] = "";

	for (size_t i = 0; i < COMMANDS; i++) {
		if (!commands[i].run)
			continue;
		if (!strcmp(argv[0], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
		strcat(strcat(known, i ? ", " : ""), commands[i].name);
	}
	if (!strcmp(argv[0], "help"))
		return print_help();
	return fail(STATUS_USAGE, "unknown command '%s': known are %s, help", argv[0], known);
}

static int take_backend(const char *name)
{
	for (uint32_t backend = XFIB_BACKEND_AUTO; backend <= XFIB_BACKEND_PRIVATE; backend++) {
		static const char *const names[] = { "auto", "maps", "private" };

		if (!strcmp(name, names[backend])) {
			options.backend = backend;
			return STATUS_DONE;
		}
	}
	return fail(STATUS_USAGE, "--backend '%s': must be maps, private or auto", name);
}

/* True: the command line asked for something that has been done, or is wrong. */
static bool take_options(int argc, char **argv, int *ret_status)
{
	static const struct option long_options[] = {
		{ "json", no_argument, NULL, 'j' },    { "pretty", no_argument, NULL, 'p' },
		{ "pin", required_argument, NULL, 'P' }, { "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },    { "backend", required_argument, NULL, 'B' },
		{ NULL, 0, NULL, 0 },
	};
	bool version = false;
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "+:jp46Vh", long_options, NULL)) != -1) {
		switch (option) {
		case 'j':
			options.json = true;
			break;
		case 'p':
			options.pretty = true;
			break;
		case '4':
		case '6':
			options.family = option == '4' ? AF_INET : AF_INET6;
			break;
		case 'P':
			options.pin = optarg;
			break;
		case 'B':
			*ret_status = take_backend(optarg);
			if (*ret_status)
				return true;
			break;
		case 'V':
			version = true; /* of the backend that the other options choose */
			break;
		case 'h':
			*ret_status = print_help();
			return true;
		case ':':
			*ret_status = fail(STATUS_USAGE, "option '%s' needs an argument", argv[optind - 1]);
			return true;
		default:
			*ret_status = fail(STATUS_USAGE, "unknown option '%s': 'xfib --help' lists all", argv[optind - 1]);
			return true;
		}
	}
	if (version)
		*ret_status = print_version();
	return version;
}

/* The first word of a command that is an option, which getopt did not come to; else NULL. */
static const char *misplaced_option(int argc, char **argv)
{
	static const char *const words[] = { "-j", "--json", "-p", "--pretty", "-4", "-6", "--pin", "--backend",
					     "-V", "--version", "-h", "--help" };

	for (int i = 1; i < argc; i++) {
		for (size_t k = 0; k < sizeof(words) / sizeof(words[0]); k++) {
			if (!strcmp(argv[i], words[k]))
				return words[k];
		}
	}
	return NULL;
}

int main(int argc, char **argv)
{
	const char *misplaced;
	int status, written;

	signal(SIGPIPE, SIG_IGN); /* a reader that has gone is an error like any other */
	xfib_log__set(NULL, NULL);
	if (take_options(argc, argv, &status))
		return status;
	if (optind == argc)
		return fail(STATUS_USAGE, "no command: 'xfib --help' lists all");
	misplaced = misplaced_option(argc - optind, argv + optind);
	if (misplaced)
		return fail(STATUS_USAGE, "option '%s' must stand before the command: xfib %s %s ...", misplaced, misplaced,
			    argv[optind]);
	status = run_command(argc - optind, argv + optind);
	written = finish_output();
	return status ? status : written;
}
