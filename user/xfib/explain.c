// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* xfib explain: every route whose prefix covers an address, and why it won or lost. Below it, the answer of `xfib get`. */
#include <stdio.h>
#include <string.h>

#include "get.h"
#include "packet.h"

enum column { PREFIX, TABLE, PATH, METRIC, PROTOCOL, COLUMNS };

#define CELL 192

struct row {
	char cell[COLUMNS][CELL];
};

static const char *const titles[COLUMNS] = { "PREFIX", "TABLE", "PATH", "METRIC", "PROTO" };

/* ---- text ---- */

/* The type where it is not unicast, gateway, device. */
static void format_path(char *text, const struct xfib_candidate *candidate)
{
	const struct xfib_nexthop *nexthop = &candidate->nexthop;
	char *begin = text;

	if (candidate->route.type != XFIB_ROUTE_UNICAST)
		text = format_string(text, xfib_route_type__name(candidate->route.type));
	if (nexthop->gateway_family) {
		text = format_string(text, text > begin ? " " : "");
		text = format_string(text, via_word(candidate->route.family, nexthop));
		text = format_address(text, nexthop->gateway_family, nexthop->gateway);
	}
	if (candidate->dev[0]) {
		text = format_string(text, text > begin ? " dev " : "dev ");
		text = format_string(text, candidate->dev);
	}
	*text = '\0';
}

static void format_row(const struct xfib_candidate *candidate, struct row *ret_row)
{
	const struct xfib_route *route = &candidate->route;

	format_prefix(ret_row->cell[PREFIX], route->family, route->prefix, route->prefix_length);
	format_table(ret_row->cell[TABLE], route->table);
	format_path(ret_row->cell[PATH], candidate);
	format_number(ret_row->cell[METRIC], candidate->metric);
	format_protocol(ret_row->cell[PROTOCOL], route->protocol);
}

static void print_row(const char *mark, const char *const cells[COLUMNS], const size_t widths[COLUMNS], const char *reason,
		      const char *text)
{
	fputs(mark, stdout);
	for (int column = 0; column < COLUMNS; column++)
		printf(column == METRIC ? " %*s" : " %-*s", (int)widths[column], cells[column]);
	printf("  %s%s%s\n", reason, *text ? ": " : "", text);
}

static void print_text(const struct xfib_candidate *candidates, size_t count)
{
	size_t widths[COLUMNS];
	struct row row;

	for (int column = 0; column < COLUMNS; column++)
		widths[column] = strlen(titles[column]);
	for (size_t i = 0; i < count; i++) {
		format_row(&candidates[i], &row);
		for (int column = 0; column < COLUMNS; column++) {
			if (widths[column] < strlen(row.cell[column]))
				widths[column] = strlen(row.cell[column]);
		}
	}
	if (count)
		print_row(" ", titles, widths, "REASON", "");
	for (size_t i = 0; i < count; i++) {
		const char *cells[COLUMNS];

		format_row(&candidates[i], &row);
		for (int column = 0; column < COLUMNS; column++)
			cells[column] = row.cell[column];
		print_row(candidates[i].reason == XFIB_CANDIDATE_BEST ? "*" : " ", cells, widths,
			  xfib_candidate_reason__name(candidates[i].reason),
			  xfib_candidate_reason__text(candidates[i].reason));
	}
}

/* How packets are spread where the answer is one path of several. */
static void print_choice(const struct xfib *instance, const struct xfib_candidate *candidates, size_t count)
{
	size_t best = count, paths = 1;
	struct xfib_state state;
	bool six;

	for (size_t i = 0; i < count; i++) {
		if (candidates[i].reason == XFIB_CANDIDATE_BEST)
			best = i;
		paths += candidates[i].reason == XFIB_CANDIDATE_TIE;
	}
	if (best == count || paths == 1 || xfib_instance__state(instance, &state))
		return;
	six = candidates[best].route.family == XFIB_INET6;
	printf("packets take one of %zu paths, by weight and a hash of %s (net.ipv%d.fib_multipath_hash_policy %d)\n", paths,
	       hash_policy_text(six ? state.hash6 : state.hash4), six ? 6 : 4,
	       (six ? state.hash6 : state.hash4) >> XFIB_HASH_POLICY);
}

/* ---- JSON ---- */

static json_t *object_of(const struct xfib_candidate *candidate)
{
	const struct xfib_route *route = &candidate->route;
	json_t *object = json_object();
	char text[TEXT_SIZE];

	format_prefix(text, route->family, route->prefix, route->prefix_length);
	json_set_text(object, "prefix", text);
	json_set_text(object, "type", xfib_route_type__name(route->type));
	format_protocol(text, route->protocol);
	json_set_text(object, "protocol", text);
	format_table(text, route->table);
	json_set_text(object, "table", text);
	json_set_gateway(object, route->family, &candidate->nexthop);
	if (candidate->dev[0]) {
		json_set_text(object, "dev", candidate->dev);
		json_object_set_new(object, "ifindex", json_integer(candidate->nexthop.ifindex));
	}
	if (!get__is_zero(candidate->nexthop.source)) {
		format_address(text, route->family, candidate->nexthop.source);
		json_set_text(object, "prefsrc", text);
	}
	json_object_set_new(object, "metric", json_integer(candidate->metric));
	json_set_text(object, "reason", xfib_candidate_reason__name(candidate->reason));
	json_set_text(object, "text", xfib_candidate_reason__text(candidate->reason));
	return object;
}

static void print_json(const struct xfib_candidate *candidates, size_t count)
{
	for (size_t i = 0; i < count; i++)
		print_element(i, object_of(&candidates[i]));
	print_end(count);
}

/* ---- the command ---- */

/* Under -j the array is all of the output: its "best" is the answer. An address without one is an error in either form. */
static int answer(const struct xfib *instance, const struct xfib_query *query)
{
	struct xfib_result result;
	struct get_answer found;

	if (options.json && get__look_up(instance, query, &result, &found))
		return STATUS_DONE;
	finish_output();
	return get__answer(instance, query);
}

static int explain(const struct xfib *instance, const struct xfib_query *query)
{
	struct xfib_candidate *candidates = NULL;
	size_t count = 0;

	if (xfib_lookup__explain(instance, query, &candidates, &count))
		return fail(STATUS_FAILED, "explain: %s", xfib_error__last());
	if (options.json)
		print_json(candidates, count);
	else
		print_text(candidates, count);
	if (!options.json)
		print_choice(instance, candidates, count);
	xfib_candidates__free(candidates);
	return answer(instance, query);
}

/* Words of a packet are taken out of argv; what is left are those of a query. */
static int take_packet_words(int *argc, char **argv, struct packet_words *words)
{
	int kept = 0, status = STATUS_DONE;

	for (int i = 0; i < *argc && !status; i++) {
		if (packet__take_word(words, *argc, argv, &i, &status))
			continue;
		argv[kept++] = argv[i];
		if (i + 1 < *argc)
			argv[kept++] = argv[++i];
	}
	*argc = kept;
	return status;
}

static bool has_source(int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		if (!strcmp(argv[i], "from"))
			return true;
	}
	return false;
}

int command_explain(int argc, char **argv)
{
	struct xfib_query query = { .size = sizeof(query) };
	struct packet_words packet = { .ttl = 64 };
	struct xfib *instance;
	int status;

	if (!argc)
		return fail(STATUS_USAGE, "explain: no address: xfib explain ADDR [from SRC] [dev DEV] [exclude DEV] "
			    "[table N|vrf DEV] [mark N|iif DEV], or ADDR from SRC iif DEV proto P [sport N] [dport N] [ttl N] [tos N] "
			    "[length N] [flowlabel N]");
	status = parse_address(argv[0], &query.family, query.destination);
	argc--;
	argv++;
	if (!status)
		status = take_packet_words(&argc, argv, &packet);
	if (!status)
		status = get__parse_words("explain", argc, argv, &query);
	if (!status)
		status = packet__check(&packet, &query, has_source(argc, argv));
	if (!status)
		status = packet.has_protocol ? open_maps("explain", "a program", &instance) : open_instance(&instance);
	if (status)
		return status;
	status = packet.has_protocol ? packet__explain(instance, &packet, &query) : explain(instance, &query);
	xfib_instance__close(instance);
	return status;
}
