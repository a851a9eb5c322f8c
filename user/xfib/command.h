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
};

extern struct command_options options;

/* Prints an error, as JSON under -j, and returns the status. */
int fail(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Opens the instance; says why if it cannot. Returns a status. */
int open_instance(struct xfib **ret_instance);

/* Each takes the whole token, says what is wrong with it, and returns a status. */
int parse_address(const char *token, uint32_t *ret_family, uint8_t ret_address[16]);
int parse_prefix(const char *token, uint32_t *ret_family, uint8_t ret_prefix[16], uint8_t *ret_length);
int parse_table(const char *token, uint32_t *ret_table);
int parse_device(const char *token, uint32_t *ret_ifindex);

/* Address or prefix as text; `text` has room for 64 bytes. Returns it. */
const char *format_address(uint32_t family, const uint8_t address[16], char *text);
const char *format_prefix(const struct xfib_route *route, char *text);
const char *format_table(uint32_t table, char *text);
const char *format_protocol(uint32_t protocol, char *text);

/* Prints a JSON value and drops it. */
void print_json(json_t *value);

/* Has everything that was printed arrived? A status. */
int finish_output(void);

/* The commands: arguments after the command's own word(s). Each returns a status. */
int command_attach(int argc, char **argv);
int command_detach(int argc, char **argv);
int command_get(int argc, char **argv);
int command_route(int argc, char **argv);
int command_nexthop(int argc, char **argv);
int command_link(int argc, char **argv);
int command_stats(int argc, char **argv);
int command_unload(int argc, char **argv);

#endif
