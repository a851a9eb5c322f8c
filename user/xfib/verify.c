// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* xfib verify: does the RIB hold what the kernel does, and does the compiled FIB say what the LPM tries say? */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "format.h"
#include "route_print.h"

#define TABLES_MAX 256

static size_t printed;

/* ---- the RIB and the kernel ---- */

/* The first path of the next route, and how many it has; NULL: no more. */
static const struct path *next_route(const struct xfib_route_path *from, uint32_t count, uint32_t *at, struct path *room,
				     size_t *ret_count)
{
	size_t taken = 0;

	while (*at < count && (!taken || from[*at].route.flags & XFIB_ROUTE_MEMBER)) {
		room[taken++] = (struct path){ .route = from[*at].route, .nexthop = from[*at].nexthop };
		++*at;
	}
	*ret_count = taken;
	return taken ? room : NULL;
}

static void print_side(const char *side, const struct xfib_route_path *from, uint32_t count, struct path *room)
{
	const struct path *path;
	uint32_t at = 0;
	size_t paths;

	if (!count)
		printf("  %s: nothing\n", side);
	while ((path = next_route(from, count, &at, room, &paths))) {
		printf("  %s: ", side);
		route_print__text(path, paths);
	}
}

static json_t *objects_of(const struct xfib_route_path *from, uint32_t count, struct path *room)
{
	json_t *objects = json_array();
	const struct path *path;
	uint32_t at = 0;
	size_t paths;

	while ((path = next_route(from, count, &at, room, &paths)))
		json_array_append_new(objects, route_print__object(path, paths));
	return objects;
}

static void print_mismatch(const struct xfib_mismatch *mismatch, void *data)
{
	uint32_t most = mismatch->held_count > mismatch->kernel_count ? mismatch->held_count : mismatch->kernel_count;
	struct path *room = calloc(most ? most : 1, sizeof(*room));
	char prefix[INET6_ADDRSTRLEN], text[INET6_ADDRSTRLEN + 4], table[TEXT_SIZE];

	(void)data;
	inet_ntop((int)mismatch->family, mismatch->prefix, prefix, sizeof(prefix));
	snprintf(text, sizeof(text), "%s/%u", prefix, mismatch->prefix_length);
	format_table(table, mismatch->table);
	if (!room) {
		fail(STATUS_FAILED, "%s table %s differs; out of memory to say how", text, table);
	} else if (options.json) {
		print_element(printed++, json_pack("{s:s,s:s,s:o,s:o}", "dst", text, "table", table, "held",
						   objects_of(mismatch->held, mismatch->held_count, room), "kernel",
						   objects_of(mismatch->kernel, mismatch->kernel_count, room)));
	} else {
		printf("%s table %s\n", text, table);
		print_side("held", mismatch->held, mismatch->held_count, room);
		print_side("kernel", mismatch->kernel, mismatch->kernel_count, room);
	}
	free(room);
}

/* ---- the compiled FIB and the tries ---- */

static void print_difference(const struct xfib_difference *difference, void *data)
{
	char address[INET6_ADDRSTRLEN], table[TEXT_SIZE];

	(void)data;
	inet_ntop((int)difference->family, difference->address, address, sizeof(address));
	format_table(table, difference->table);
	if (options.json)
		print_element(printed++, json_pack("{s:s,s:s,s:I,s:I}", "dst", address, "table", table, "fib",
						   (json_int_t)difference->by_fib, "trie", (json_int_t)difference->by_trie));
	else
		printf("%s table %s: target %#x by the compiled FIB, %#x by the trie\n", address, table,
		       difference->by_fib, difference->by_trie);
}

/* ---- the command ---- */

static int parse(int argc, char **argv, uint32_t tables[TABLES_MAX], size_t *ret_count)
{
	size_t count = 0;

	for (int at = 0; at < argc; at++) {
		const char *token;
		int status;

		if (strcmp(argv[at], "table"))
			return fail(STATUS_USAGE, "verify: unknown word '%s': known is table", argv[at]);
		token = argument("table", &at, argc, argv);
		if (!token)
			return STATUS_USAGE;
		if (count == TABLES_MAX)
			return fail(STATUS_USAGE, "verify: at most %d tables can be named", TABLES_MAX);
		status = parse_table(token, &tables[count++]);
		if (status)
			return status;
	}
	*ret_count = count;
	return STATUS_DONE;
}

static int verify(const struct xfib *instance, const uint32_t *tables, size_t table_count)
{
	struct xfib_route_verification routes = { .size = sizeof(routes) };
	struct xfib_verification addresses = { .size = sizeof(addresses) };

	if (xfib_instance__verify_routes(instance, tables, table_count, print_mismatch, NULL, &routes) ||
	    xfib_instance__verify(instance, print_difference, NULL, &addresses))
		return fail(STATUS_FAILED, "%s", xfib_error__last());
	if (options.json) {
		print_end(printed);
	} else {
		printf("%llu prefixes compared with the kernel, %llu of them differ\n", (unsigned long long)routes.prefixes,
		       (unsigned long long)routes.differences);
		printf("%llu addresses compared, %llu of them left to the trie, %llu differences\n",
		       (unsigned long long)addresses.addresses, (unsigned long long)addresses.left_to_trie,
		       (unsigned long long)addresses.differences);
	}
	return routes.differences || addresses.differences ? STATUS_FAILED : STATUS_DONE;
}

int command_verify(int argc, char **argv)
{
	uint32_t tables[TABLES_MAX];
	struct xfib *instance;
	size_t table_count = 0;
	int status = parse(argc, argv, tables, &table_count);

	if (!status)
		status = open_maps("verify", "routes and tries", &instance);
	if (status)
		return status;
	status = verify(instance, tables, table_count);
	xfib_instance__close(instance);
	return finish_output() ? STATUS_FAILED : status;
}
