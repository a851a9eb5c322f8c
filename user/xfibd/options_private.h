/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What options*.c share: a row of the table of options, and a value that is being read. */
#ifndef XFIBD_OPTIONS_PRIVATE_H
#define XFIBD_OPTIONS_PRIVATE_H

#include "options.h"

#define OPTIONS_COUNT_MAX 48

struct option_said;

/* One option: command line, configuration file and help are made from it. */
struct option_row {
	const char *name;
	const char *argument; /* what stands for it in the help, in brackets if it can be left out; NULL: there is none */
	const char *help;     /* a line for each \n */
	/* Checks the value, and puts it into the option's field; says what is wrong otherwise. */
	void (*take)(struct option_said *said, void *field);
	size_t offset, size; /* of its field in struct options */
	uint32_t low, high;  /* of a number */
	char letter;         /* short form, 0: none */
	bool command;        /* of the command line alone: says what to do, not how */
	bool repeatable;
	bool live;           /* SIGHUP changes it while the daemon runs */
};

struct option_parser {
	struct options options;
	const char *file; /* configuration file */
	unsigned int lines[OPTIONS_COUNT_MAX]; /* by row: where the file says it; 0: it does not, or the command line does too */
	bool wrong; /* a mistake has been said */
};

/* A value, and where it stands. */
struct option_said {
	struct option_parser *parser;
	const struct option_row *row;
	const char *value; /* NULL: none is given */
	unsigned int line; /* of the file, 0: in the command line */
	bool bare;         /* in the command line without the option's name */
};

/* Says what is wrong with a value, and what it must be. */
void option__complain(const struct option_said *said, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Takers of the table (option_values.c). */
void option__take_flag(struct option_said *said, void *field);     /* bool */
void option__take_number(struct option_said *said, void *field);   /* uint32_t, from low to high */
void option__take_power(struct option_said *said, void *field);    /* likewise, a power of two */
void option__take_tables(struct option_said *said, void *field);   /* struct option_tables */
void option__take_port(struct option_said *said, void *field);     /* struct option_ports */
void option__take_mode(struct option_said *said, void *field);     /* enum xfib_mode */
void option__take_on_exit(struct option_said *said, void *field);  /* bool: teardown */
void option__take_lookup(struct option_said *said, void *field);   /* bool: by the tries */
void option__take_group(struct option_said *said, void *field);    /* gid_t */
void option__take_pin(struct option_said *said, void *field);      /* PATH_MAX bytes */
void option__take_socket(struct option_said *said, void *field);   /* SOCKET_PATH_SIZE bytes */
void option__take_fpm(struct option_said *said, void *field);      /* struct fpm_address */
void option__take_fpm_table(struct option_said *said, void *field); /* uint32_t */

/* The option of a name; NULL: there is none. */
const struct option_row *option__find(const char *name);

/* Takes a value for an option, and notes where it stood. */
void option__take(struct option_said *said);

/* Reads the parser's file (options_file.c). One that need not be there may be missing. */
void options_file__read(struct option_parser *parser, bool is_needed);

#endif
