/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Options that change while the daemon runs. */
#ifndef XFIBD_RELOAD_H
#define XFIBD_RELOAD_H

struct fpm;
struct instance;
struct mirror;
struct options;

/* What runs by the options. */
struct running {
	struct instance *instance;
	struct mirror *mirror;
	struct fpm *fpm; /* NULL: none */
};

/*
 * Reads the configuration file and the command line again, and changes
 * `options` and what runs in what can be changed; says what takes a restart.
 * With a mistake in them everything stays as it is.
 */
void reload__options(int argc, char **argv, struct options *options, const struct running *running);

#endif
