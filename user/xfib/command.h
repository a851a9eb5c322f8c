/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What the files of the command `xfib` share: options, errors, parsing, printing. */
#ifndef XFIB_COMMAND_H
#define XFIB_COMMAND_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <xfib/xfib.h>

/* Exit statuses. */
#define STATUS_DONE 0
#define STATUS_FAILED 1 /* it could not be done, or there is no route */
#define STATUS_USAGE 2  /* the command line is wrong */

struct command_options {
	bool json, pretty;
	uint32_t family; /* AF_INET, AF_INET6, or 0 for both */
	const char *pin; /* NULL: the library's default */
	enum xfib_backend backend;
};

extern struct command_options options;

/* ---- errors: print.c ---- */

/* Prints an error, as JSON under -j, and returns the status. */
int fail(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Opens the instance that the options mean, which may be a private copy; says why if it cannot. Returns a status. */
int open_instance(struct xfib **ret_instance);

/*
 * Likewise, to change routes: without an instance every table is the kernel's, which is noted on standard error unless
 * it was asked for.
 */
int open_for_changes(struct xfib **ret_instance);

/* Likewise for a command that needs what only pinned maps have, `what`, such as "counters". */
int open_maps(const char *command, const char *what, struct xfib **ret_instance);

/* The pin directory that the options mean. */
const char *pin_directory(void);

/* Has everything that was printed arrived? A status. */
int finish_output(void);

/* Prints an element of an array that is written as it is found, and drops it; `printed` came before it. */
void print_element(size_t printed, json_t *element);

/* Likewise an element that is text already, compact. */
void print_element_text(size_t printed, const char *element);

/* Ends that array. */
void print_end(size_t printed);

/* ---- parsing: parse.c. Each takes the whole token, says what is wrong with it, and returns a status. ---- */

int parse_address(const char *token, uint32_t *ret_family, uint8_t ret_address[16]);
int parse_prefix(const char *token, uint32_t *ret_family, uint8_t ret_prefix[16], uint8_t *ret_length);
int parse_table(const char *token, uint32_t *ret_table);
int parse_protocol(const char *token, uint32_t *ret_protocol);
int parse_mark(const char *token, uint32_t *ret_mark);
int parse_device(const char *token, uint32_t *ret_ifindex);

/* The argument of a word such as "table"; NULL if it is missing, which has been said. */
const char *argument(const char *word, int *at, int argc, char **argv);

/* ---- the commands: arguments after the command's own word. Each returns a status. ---- */

int command_attach(int argc, char **argv);
int command_detach(int argc, char **argv);
int command_get(int argc, char **argv);
int command_route(int argc, char **argv);
int command_nexthop(int argc, char **argv);
int command_link(int argc, char **argv);
int command_stats(int argc, char **argv);
int command_unload(int argc, char **argv);
int command_explain(int argc, char **argv);
int command_monitor(int argc, char **argv);
int command_status(int argc, char **argv);
int command_verify(int argc, char **argv);

/* What --version prints. */
int print_version(void);

#endif
