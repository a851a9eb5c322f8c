// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* xfib: attaches the programs, and shows what the maps hold and how they answer. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "command.h"

struct command_options options;

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *usage, *text;
} commands[] = {
	{ "attach", command_attach, "DEV [hook xdp|tc] [mode native|generic|auto]", "forward what DEV receives" },
	{ "detach", command_detach, "DEV [hook xdp|tc]", "leave what DEV receives to the kernel" },
	{ "get", command_get, "ADDR|- [from SRC] [dev DEV] [table N]", "the best route; - reads addresses, one a line" },
	{ "route", command_route, "show [PREFIX] [table N|all] [dev DEV] [proto P]", "routes that the maps hold" },
	{ "nexthop", command_nexthop, "show", "next hops and their MAC addresses" },
	{ "link", command_link, "show [DEV]", "ports: what is attached, what they are set to" },
	{ "stats", command_stats, "[DEV]", "packets by reason, of one ingress port or of all" },
	{ "unload", command_unload, "", "stop the daemon, detach everything, remove the maps" },
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static int print_help(void)
{
	puts("Usage: xfib [-j] [-p] [-4|-6] [--pin DIR] COMMAND\n");
	for (size_t i = 0; i < COMMANDS; i++) {
		char line[96];

		snprintf(line, sizeof(line), "%s %s", commands[i].name, commands[i].usage);
		printf("  xfib %-54s %s\n", line, commands[i].text);
	}
	puts("\n"
	     "  -j, --json     print JSON, errors included\n"
	     "  -p, --pretty   indent it\n"
	     "  -4, -6         IPv4 or IPv6 only\n"
	     "      --pin DIR  the instance's pin directory (default $XFIB_PIN, else /sys/fs/bpf/xfib)\n"
	     "  -V, --version  print the version\n"
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
		if (!strcmp(argv[0], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
		strcat(strcat(known, i ? ", " : ""), commands[i].name);
	}
	if (!strcmp(argv[0], "help"))
		return print_help();
	return fail(STATUS_USAGE, "unknown command '%s': known are %s, help", argv[0], known);
}

/* True: the command line asked for something that has been done, or is wrong. */
static bool take_options(int argc, char **argv, int *ret_status)
{
	static const struct option long_options[] = {
		{ "json", no_argument, NULL, 'j' },    { "pretty", no_argument, NULL, 'p' },
		{ "pin", required_argument, NULL, 'P' }, { "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },    { NULL, 0, NULL, 0 },
	};
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
		case 'V':
			printf("xfib %s\n", xfib_version());
			*ret_status = finish_output();
			return true;
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
	return false;
}

int main(int argc, char **argv)
{
	int status, written;

	signal(SIGPIPE, SIG_IGN); /* a reader that has gone is an error like any other */
	xfib_log__set(NULL, NULL);
	if (take_options(argc, argv, &status))
		return status;
	if (optind == argc)
		return fail(STATUS_USAGE, "no command: 'xfib --help' lists all");
	status = run_command(argc - optind, argv + optind);
	written = finish_output();
	return status ? status : written;
}
