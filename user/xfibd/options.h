/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The command line of xfibd. */
#ifndef XFIBD_OPTIONS_H
#define XFIBD_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <xfib/xfib.h>

#include "../lib/socket_path.h"
#include "fpm.h"
#include "maps.h"
#include "peer.h"

#define TABLES_MAX 256

struct options {
	const char *pin;
	const char *socket_name; /* NULL: by the pin directory */
	char socket[SOCKET_PATH_SIZE];
	struct access_groups groups;
	uint32_t tables[TABLES_MAX];
	uint32_t table_count;
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
	char **devices;
	int device_count;
};

/*
 * Reads the command line. -EINVAL: it is wrong, which has been said; 1: it
 * asked for help or the version, which has been printed.
 */
int options__parse(int argc, char **argv, struct options *ret_options);

#endif
