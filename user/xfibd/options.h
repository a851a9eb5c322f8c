/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What xfibd is told by its command line and its configuration file. */
#ifndef XFIBD_OPTIONS_H
#define XFIBD_OPTIONS_H

#include <limits.h>
#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <xfib/xfib.h>

#include "../lib/socket_path.h"
#include "fpm.h"
#include "maps.h"
#include "peer.h"

#define TABLES_MAX 256
#define PORTS_MAX 1024

struct option_tables {
	bool all; /* whatever tables the kernel has */
	uint32_t count;
	uint32_t numbers[TABLES_MAX];
};

struct option_ports {
	uint32_t count;
	char names[PORTS_MAX][IFNAMSIZ];
};

struct options {
	char pin[PATH_MAX]; /* absolute, and shorter than PIN_SIZE (instance.h) */
	char socket_name[SOCKET_PATH_SIZE]; /* empty: by the pin directory */
	char socket[SOCKET_PATH_SIZE];
	struct access_groups groups;
	struct option_tables tables;
	struct fpm_address fpm;
	uint32_t fpm_table;
	uint32_t fpm_hold; /* seconds */
	struct map_sizes sizes;
	uint32_t receive_buffer; /* bytes */
	uint32_t audit_interval; /* seconds, 0: no audit */
	enum xfib_mode mode;
	bool by_trie;  /* no compiled FIB */
	bool teardown; /* on exit */
	bool verbose;
	struct option_ports ports;
};

/*
 * Reads the configuration file, then the command line, which wins; tables and
 * ports of both are taken. Every mistake is said, with file and line where it
 * is in the file. -EINVAL: there is one; 1: help, the version or a check was
 * asked for, and has been given. *ret_options is untouched but after 0.
 */
int options__parse(int argc, char **argv, struct options *ret_options);

/*
 * Names the options that differ, separated by commas: those that a running
 * daemon can change (`live`), or the others. Returns how many there are.
 */
unsigned int options__differences(const struct options *before, const struct options *after, bool live, char *text,
				  size_t size);

/* Takes over what a running daemon can change. */
void options__take_live(struct options *options, const struct options *from);

#endif
