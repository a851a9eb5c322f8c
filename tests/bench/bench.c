// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Nanoseconds a packet and queries a second, on the instance of $XFIB_PIN:
 *
 *	bench INGRESS EGRESS <ADDRESSES
 *
 * Prints a line for each figure (figures.h). Packets: BPF_PROG_RUN of the pinned XDP program, of
 * one that forwards by bpf_fib_lookup(), and of one that only returns, in
 * turn, over the same destinations; medians of ROUNDS rounds. "hot": HOT
 * destinations, each REPEAT times in a row; "spread": each packet to another one, less
 * the time of the program that only returns.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <limits.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <netioapi.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xfib/xfib.h>

#include "addresses.h"
#include "figures.h"
#include "reference.skel.h"

#define ROUNDS 9
#define REPEAT 128 /* less than a TTL */
#define HOT 50     /* destinations of a round of repeated runs, each of which costs the kernel milliseconds */
#define FRAME 80

static uint32_t ifindex;
static struct xfib_link link;
static struct xfib *instance;

static int fail(const char *what)
{
	fprintf(stderr, "bench: %s\n", what);
	return 1;
}

/* ---- packets ---- */

static void put_checksum(uint8_t *ip)
{
	uint32_t sum = 0;

	for (int i = 0; i < 20; i += 2)
		sum += (uint32_t)ip[i] << 8 | ip[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	sum = ~((sum & 0xffff) + (sum >> 16));
	ip[10] = (uint8_t)(sum >> 8);
	ip[11] = (uint8_t)sum;
}

static void make_frame(const struct address *to, uint8_t frame[FRAME])
{
	uint8_t *ip = frame + 14;

	memset(frame, 0, FRAME);
	memcpy(frame, link.mac, 6);
	frame[6] = 2;
	if (to->family == AF_INET) {
		static const uint8_t header[] = { 0x45, 0, 0, FRAME - 14, 0, 0, 0, 0, 255, 17, 0, 0, 10, 0, 1, 1 };

		frame[12] = 0x08;
		memcpy(ip, header, sizeof(header));
		memcpy(ip + 16, to->bytes, 4);
		put_checksum(ip);
	} else {
		frame[12] = 0x86;
		frame[13] = 0xdd;
		ip[0] = 0x60;
		ip[5] = FRAME - 14 - 40;
		ip[6] = 17;
		ip[7] = 255;
		inet_pton(AF_INET6, "2001:db8:1::1", ip + 8);
		memcpy(ip + 24, to->bytes, 16);
	}
}

/* Mean of a pass over destinations of a family; packets that get another verdict are not counted. */
static double pass(int fd, int family, int repeat, uint32_t action, uint32_t *ret_count)
{
	uint64_t total = 0;
	uint32_t count = 0;

	for (uint32_t i = 0; i < address_count && (repeat == 1 || count < HOT); i++) {
		struct xdp_md context = { .data_end = FRAME, .ingress_ifindex = ifindex };
		uint8_t frame[FRAME];
		LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = FRAME, .ctx_in = &context,
			    .ctx_size_in = sizeof(context), .repeat = repeat);

		if (addresses[i].family != family)
			continue;
		make_frame(&addresses[i], frame);
		if (bpf_prog_test_run_opts(fd, &opts) || opts.retval != action)
			continue;
		total += opts.duration;
		count++;
	}
	*ret_count = count;
	return count ? (double)total / count : 0;
}

struct packet_times {
	double xfib_hot, helper_hot, xfib_spread, helper_spread;
	uint32_t packets; /* of a round that were forwarded */
};

static void time_packets(int xfib_fd, const struct reference *reference, int family, struct packet_times *ret_times)
{
	int helper = bpf_program__fd(reference->progs.by_helper), nothing = bpf_program__fd(reference->progs.nothing);
	double values[4][ROUNDS];
	uint32_t count, helped;

	for (int round = 0; round < ROUNDS; round++) {
		double base = pass(nothing, family, 1, XDP_PASS, &count);

		values[0][round] = pass(xfib_fd, family, REPEAT, XDP_REDIRECT, &count);
		values[1][round] = pass(helper, family, REPEAT, XDP_REDIRECT, &helped);
		values[2][round] = pass(xfib_fd, family, 1, XDP_REDIRECT, &count) - base;
		values[3][round] = pass(helper, family, 1, XDP_REDIRECT, &helped) - base;
	}
	ret_times->packets = count;
	ret_times->xfib_hot = median(values[0], ROUNDS);
	ret_times->helper_hot = median(values[1], ROUNDS);
	ret_times->xfib_spread = median(values[2], ROUNDS);
	ret_times->helper_spread = median(values[3], ROUNDS);
}

/* ---- queries ---- */

static bool query_library(const struct address *to)
{
	struct xfib_query query = { .size = sizeof(query), .family = (uint32_t)to->family };
	struct xfib_result result;

	memcpy(query.destination, to->bytes, 16);
	return !xfib_lookup__best(instance, &query, &result);
}

static uint32_t egress;

static bool query_netioapi(const struct address *to)
{
	SOCKADDR_INET destination = { 0 }, source;
	MIB_IPFORWARD_ROW2 row;

	destination.si_family = (ADDRESS_FAMILY)to->family;
	if (to->family == AF_INET6)
		memcpy(&destination.Ipv6.sin6_addr, to->bytes, 16);
	else
		memcpy(&destination.Ipv4.sin_addr, to->bytes, 4);
	return GetBestRoute2(NULL, egress, NULL, &destination, 0, &row, &source) == STATUS_SUCCESS;
}

static double time_queries(bool (*query)(const struct address *to), int family, uint32_t *ret_found)
{
	double values[ROUNDS];

	for (int round = 0; round < ROUNDS; round++) {
		uint32_t count = 0, found = 0;
		double begin = now();

		for (uint32_t i = 0; i < address_count; i++) {
			if (addresses[i].family == family) {
				found += query(&addresses[i]);
				count++;
			}
		}
		values[round] = count / (now() - begin);
		*ret_found = found;
	}
	return median(values, ROUNDS);
}

/* ---- both ---- */

static void print_family(const char *name, int family, int xfib_fd, const struct reference *reference)
{
	struct packet_times times;
	uint32_t found, rows;
	double queries = time_queries(query_library, family, &found), calls = time_queries(query_netioapi, family, &rows);
	char text[96];

	time_packets(xfib_fd, reference, family, &times);
	fprintf(stderr, "bench: %s: a round forwards %u packets, finds %u routes and %u rows\n", name, times.packets, found,
		rows);
	const struct {
		const char *name;
		double value;
		const char *unit;
	} figures[] = {
		{ "XDP program, a destination 128 times in a row", times.xfib_hot, "ns" },
		{ "XDP program, each packet to another destination", times.xfib_spread, "ns" },
		{ "by bpf_fib_lookup, a destination 128 times in a row", times.helper_hot, "ns" },
		{ "by bpf_fib_lookup, each packet to another destination", times.helper_spread, "ns" },
		{ "xfib_lookup__best", queries, "queries/s" },
		{ "GetBestRoute2", calls, "queries/s" },
	};

	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++) {
		snprintf(text, sizeof(text), "%s %s, small table", name, figures[i].name);
		figure__plain(text, figures[i].value, figures[i].unit);
	}
}

int main(int argc, char **argv)
{
	struct reference *reference = reference__open_and_load();
	const char *pin = getenv("XFIB_PIN");
	char path[PATH_MAX];
	int fd;

	if (argc != 3 || !pin)
		return fail("usage: XFIB_PIN=… bench INGRESS EGRESS <ADDRESSES");
	ifindex = if_nametoindex(argv[1]);
	egress = if_nametoindex(argv[2]);
	if (!reference || xfib_instance__open(NULL, &instance) || xfib_link__by_index(instance, ifindex, &link))
		return fail(xfib_error__last());
	snprintf(path, sizeof(path), "%s/progs/xdp", pin);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return fail(path);
	read_addresses();
	print_family("IPv4", AF_INET, fd, reference);
	print_family("IPv6", AF_INET6, fd, reference);
	return 0;
}
