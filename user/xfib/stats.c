// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* xfib stats: packets and bytes by reason, by next hop, or by route; with -r how many a second. */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command.h"
#include "format.h"

#define LONGEST 86400

enum subject { REASONS, NEXTHOPS, ROUTES };

struct request {
	enum subject subject;
	bool rates;
	uint32_t ifindex; /* of reasons; 0: all together */
	uint32_t family; /* of routes: those within this prefix; 0: all */
	uint8_t prefix[16], prefix_length;
	uint32_t seconds, count; /* of rates; count 0: until somebody ends it */
};

struct row {
	uint32_t id; /* reason, next hop, or slot of a route */
	struct xfib_counter counter;
	union {
		struct xfib_nexthop nexthop;
		struct xfib_route route;
	};
};

struct sample {
	struct row *rows; /* ascending by id */
	size_t count, room;
	double at; /* seconds */
};

/* ---- reading ---- */

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int add(struct sample *sample, const struct row *row)
{
	if (sample->count == sample->room) {
		size_t room = sample->room ? sample->room * 2 : 64;
		struct row *rows = realloc(sample->rows, room * sizeof(*rows));

		if (!rows)
			return -ENOMEM;
		sample->rows = rows;
		sample->room = room;
	}
	sample->rows[sample->count++] = *row;
	return 0;
}

struct reading {
	const struct xfib *instance;
	struct sample *sample;
};

static int add_nexthop(uint32_t id, const struct xfib_nexthop *nexthop, void *data)
{
	struct reading *reading = data;
	struct row row = { .id = id, .nexthop = *nexthop };
	int err;

	if ((options.family && nexthop->family != options.family) || nexthop->type != XFIB_ROUTE_UNICAST || !nexthop->ifindex)
		return 0;
	err = xfib_stats__read_nexthop(reading->instance, id, &row.counter);
	return err ? err : add(reading->sample, &row);
}

static bool is_within(const struct request *request, const struct xfib_route *route)
{
	uint32_t bytes = request->prefix_length / 8, bits = request->prefix_length % 8;

	return !request->family ||
	       (route->family == request->family && route->prefix_length >= request->prefix_length &&
		!memcmp(route->prefix, request->prefix, bytes) &&
		(!bits || !((route->prefix[bytes] ^ request->prefix[bytes]) >> (8 - bits))));
}

/* Routes by which packets went: of a million there may be few. */
static int read_routes(const struct xfib *instance, const struct request *request, struct sample *sample)
{
	struct xfib_route_filter filter = { .size = sizeof(filter), .family = options.family };
	struct xfib_route_iter *iter;
	struct xfib_nexthop nexthop;
	struct row row = { 0 };
	int err = xfib_stats__read_route(instance, 1, &row.counter); /* says so too where there is no route */

	if (!err)
		err = xfib_route_iter__new(instance, &filter, &iter);
	if (err)
		return err;
	while (!err && xfib_route_iter__next(iter, &row.route, &nexthop)) {
		row.id = xfib_route_iter__id(iter);
		if (!is_within(request, &row.route))
			continue;
		err = xfib_stats__read_route(instance, row.id, &row.counter);
		if (!err && row.counter.packets)
			err = add(sample, &row);
	}
	xfib_route_iter__free(iter);
	return err;
}

static int read_sample(const struct xfib *instance, const struct request *request, struct sample *sample)
{
	struct xfib_counter counters[XFIB_REASON_COUNT];
	struct reading reading = { instance, sample };
	int err;

	sample->count = 0;
	sample->at = now();
	if (request->subject == ROUTES)
		return read_routes(instance, request, sample);
	if (request->subject == NEXTHOPS) {
		struct xfib_counter counter;

		err = xfib_stats__read_nexthop(instance, 1, &counter); /* says so too where there is no next hop */
		return err ? err : xfib_nexthop__each(instance, add_nexthop, &reading);
	}
	err = xfib_stats__read(instance, request->ifindex, counters, XFIB_REASON_COUNT);
	for (uint32_t reason = 0; !err && reason < XFIB_REASON_COUNT; reason++)
		err = add(sample, &(struct row){ .id = reason, .counter = counters[reason] });
	return err;
}

/* What came since another sample, a second. A counter that is lower than before began anew. */
static void make_rates(const struct sample *before, const struct sample *after, struct sample *ret_rates)
{
	double seconds = after->at - before->at;
	size_t old = 0;

	ret_rates->count = 0;
	for (size_t i = 0; i < after->count; i++) {
		struct row row = after->rows[i];

		while (old < before->count && before->rows[old].id < row.id)
			old++;
		if (old < before->count && before->rows[old].id == row.id &&
		    before->rows[old].counter.packets <= row.counter.packets) {
			row.counter.packets -= before->rows[old].counter.packets;
			row.counter.bytes -= before->rows[old].counter.bytes;
		}
		row.counter.packets = (uint64_t)((double)row.counter.packets / seconds + 0.5);
		row.counter.bytes = (uint64_t)((double)row.counter.bytes / seconds + 0.5);
		if (add(ret_rates, &row))
			return;
	}
}

/* ---- printing ---- */

static const char *device_of(const struct row *row, char name[IF_NAMESIZE])
{
	if (!if_indextoname(row->nexthop.ifindex, name))
		snprintf(name, IF_NAMESIZE, "if%u", row->nexthop.ifindex);
	return name;
}

static json_t *object_of_route(const struct xfib_route *route)
{
	char text[TEXT_SIZE];
	json_t *object = json_object();

	format_prefix(text, route->family, route->prefix, route->prefix_length);
	json_set_text(object, "prefix", text);
	format_table(text, route->table);
	json_set_text(object, "table", text);
	return object;
}

static json_t *object_of_nexthop(const struct row *row)
{
	json_t *object = json_pack("{s:I}", "id", (json_int_t)row->id);
	char name[IF_NAMESIZE];

	json_set_gateway(object, row->nexthop.family, &row->nexthop);
	json_set_text(object, "dev", device_of(row, name));
	json_set_text(object, "family", row->nexthop.family == XFIB_INET6 ? "inet6" : "inet");
	return object;
}

static json_t *object_of(const struct request *request, const struct row *row)
{
	const char *packets = request->rates ? "packets_per_second" : "packets", *bytes = request->rates ? "bytes_per_second" : "bytes";
	json_t *object;

	if (request->subject == REASONS)
		return json_pack("{s:s,s:s,s:I,s:I,s:s}", "reason", xfib_reason__name(row->id), "verdict",
				 xfib_verdict__name(xfib_reason__verdict(row->id)), packets, (json_int_t)row->counter.packets,
				 bytes, (json_int_t)row->counter.bytes, "text", xfib_reason__text(row->id));
	object = request->subject == ROUTES ? object_of_route(&row->route) : object_of_nexthop(row);
	json_object_set_new(object, packets, json_integer((json_int_t)row->counter.packets));
	json_object_set_new(object, bytes, json_integer((json_int_t)row->counter.bytes));
	return object;
}

static void print_line(const struct request *request, const struct row *row)
{
	char name[IF_NAMESIZE], address[TEXT_SIZE] = "on-link", table[TEXT_SIZE];

	if (!row->counter.packets)
		return;
	if (request->subject == ROUTES) {
		format_prefix(address, row->route.family, row->route.prefix, row->route.prefix_length);
		format_table(table, row->route.table);
		printf("%-43s %-12s %16llu %20llu\n", address, table, row->counter.packets, row->counter.bytes);
		return;
	}
	if (request->subject == REASONS) {
		printf("%-18s %-8s %16llu %20llu\n", xfib_reason__name(row->id),
		       xfib_verdict__name(xfib_reason__verdict(row->id)), row->counter.packets, row->counter.bytes);
		return;
	}
	if (row->nexthop.gateway_family)
		format_address(address, row->nexthop.gateway_family, row->nexthop.gateway);
	printf("%-8u %-40s %-15s %16llu %20llu\n", row->id, address, device_of(row, name), row->counter.packets, row->counter.bytes);
}

static void print_sample(const struct request *request, const struct sample *sample)
{
	const char *packets = request->rates ? "PACKETS/S" : "PACKETS", *bytes = request->rates ? "BYTES/S" : "BYTES";

	if (options.json) {
		for (size_t i = 0; i < sample->count; i++)
			print_element(i, object_of(request, &sample->rows[i]));
		print_end(sample->count);
		return;
	}
	if (request->subject == ROUTES)
		printf("%-43s %-12s %16s %20s\n", "PREFIX", "TABLE", packets, bytes);
	else if (request->subject == NEXTHOPS)
		printf("%-8s %-40s %-15s %16s %20s\n", "ID", "GATEWAY", "DEV", packets, bytes);
	else
		printf("%-18s %-8s %16s %20s\n", "REASON", "VERDICT", packets, bytes);
	for (size_t i = 0; i < sample->count; i++)
		print_line(request, &sample->rows[i]);
}

static void print_refused(const struct xfib *instance)
{
	struct xfib_state state;

	if (!xfib_instance__state(instance, &state) && state.refused)
		printf("routes refused for want of room: %llu\n", (unsigned long long)state.refused);
}

/* ---- the command ---- */

static int print_rates(const struct xfib *instance, const struct request *request, struct sample samples[2])
{
	struct sample rates = { 0 };
	int err = read_sample(instance, request, &samples[0]), status = STATUS_DONE;

	for (uint32_t i = 1; !err && !status; i++) {
		sleep(request->seconds);
		err = read_sample(instance, request, &samples[i % 2]);
		if (err)
			break;
		make_rates(&samples[(i + 1) % 2], &samples[i % 2], &rates);
		print_sample(request, &rates);
		status = finish_output();
		if (i == request->count)
			break;
		if (!options.json)
			putchar('\n');
	}
	free(rates.rows);
	return err ? fail(STATUS_FAILED, "stats: %s", xfib_error__last()) : status;
}

static int print_stats(const struct xfib *instance, const struct request *request)
{
	struct sample samples[2] = { 0 };
	int status = STATUS_DONE;

	if (request->rates) {
		status = print_rates(instance, request, samples);
	} else if (read_sample(instance, request, &samples[0])) {
		status = fail(STATUS_FAILED, "stats: %s", xfib_error__last());
	} else {
		print_sample(request, &samples[0]);
		if (!options.json && request->subject == REASONS)
			print_refused(instance);
	}
	free(samples[0].rows);
	free(samples[1].rows);
	return status;
}

/* A number that follows -r, if there is one. */
static int take_number(const char *what, int *at, int argc, char **argv, uint32_t *number)
{
	char *end;
	unsigned long value;

	if (*at + 1 >= argc || argv[*at + 1][0] < '0' || argv[*at + 1][0] > '9')
		return STATUS_DONE;
	errno = 0;
	value = strtoul(argv[++*at], &end, 10);
	if (errno || *end || !value || value > LONGEST)
		return fail(STATUS_USAGE, "stats: -r '%s': %s are a number from 1 to %d", argv[*at], what, LONGEST);
	*number = (uint32_t)value;
	return STATUS_DONE;
}

static int parse(int argc, char **argv, struct request *ret_request)
{
	int status = STATUS_DONE;

	for (int i = 0; i < argc && !status; i++) {
		if (!strcmp(argv[i], "-r")) {
			ret_request->rates = true;
			status = take_number("seconds", &i, argc, argv, &ret_request->seconds);
			if (!status)
				status = take_number("times", &i, argc, argv, &ret_request->count);
		} else if (!i && !strcmp(argv[i], "nexthop")) {
			ret_request->subject = NEXTHOPS;
		} else if (!i && !strcmp(argv[i], "route")) {
			ret_request->subject = ROUTES;
		} else if (i == 1 && ret_request->subject == ROUTES) {
			status = parse_prefix(argv[i], &ret_request->family, ret_request->prefix, &ret_request->prefix_length);
		} else if (!i) {
			status = parse_device(argv[i], &ret_request->ifindex);
		} else {
			status = fail(STATUS_USAGE, "stats: unknown word '%s'", argv[i]);
		}
	}
	return status;
}

int command_stats(int argc, char **argv)
{
	struct request request = { .seconds = 1 };
	struct xfib *instance;
	int status = parse(argc, argv, &request);

	if (!status)
		status = open_maps("stats", "the counters", &instance);
	if (status)
		return status;
	status = print_stats(instance, &request);
	xfib_instance__close(instance);
	return status;
}
