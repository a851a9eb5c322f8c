// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Queries and changes a second, of the library and of the kernel, in turn, on
 * one processor:
 *
 *	queries EGRESS TABLE <ADDRESSES
 *
 * EGRESS is the interface of the constrained queries; TABLE one of xfib's own,
 * to which routes are written and from which they are deleted. Medians of
 * ROUNDS rounds. Each figure is a line (figures.h); targets are ratios to the
 * kernel's RTM_GETROUTE of the same run, or changes a second.
 */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xfib/xfib.h>

#define NETIOAPI_USER_MODE
#include <netioapi.h>

#include "addresses.h"
#include "figures.h"

#define ROUNDS 5
#define PAIRS 20000      /* of one transaction */
#define SINGLE_PAIRS 2000

static uint32_t egress, table;
static struct xfib *instance;
static struct mnl_socket *kernel;

static void fail(const char *what)
{
	fprintf(stderr, "queries: %s\n", what);
	exit(1);
}

/* ---- queries ---- */

static bool ask_netioapi(const struct address *to, uint32_t ifindex)
{
	SOCKADDR_INET destination = { 0 }, source;
	MIB_IPFORWARD_ROW2 row;

	destination.si_family = (ADDRESS_FAMILY)to->family;
	if (to->family == AF_INET6)
		memcpy(&destination.Ipv6.sin6_addr, to->bytes, 16);
	else
		memcpy(&destination.Ipv4.sin_addr, to->bytes, 4);
	return GetBestRoute2(NULL, ifindex, NULL, &destination, 0, &row, &source) == NO_ERROR;
}

static bool ask_library(const struct address *to, uint32_t ifindex)
{
	struct xfib_query query = { .size = sizeof(query), .family = (uint32_t)to->family, .ifindex = ifindex };
	struct xfib_result result;

	memcpy(query.destination, to->bytes, 16);
	return !xfib_lookup__best(instance, &query, &result);
}

static bool ask_kernel(const struct address *to, uint32_t ifindex)
{
	_Alignas(struct nlmsghdr) char buffer[4096];
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct rtmsg *header;
	ssize_t length;

	message->nlmsg_type = RTM_GETROUTE;
	message->nlmsg_flags = NLM_F_REQUEST;
	header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
	header->rtm_family = (unsigned char)to->family;
	header->rtm_dst_len = to->family == AF_INET6 ? 128 : 32;
	mnl_attr_put(message, RTA_DST, to->family == AF_INET6 ? 16 : 4, to->bytes);
	if (ifindex)
		mnl_attr_put_u32(message, RTA_OIF, ifindex);
	if (mnl_socket_sendto(kernel, message, message->nlmsg_len) < 0)
		return false;
	length = mnl_socket_recvfrom(kernel, buffer, sizeof(buffer));
	return length > 0 && message->nlmsg_type == RTM_NEWROUTE;
}

struct ask {
	const char *name;
	bool (*ask)(const struct address *to, uint32_t ifindex);
	double target; /* times the kernel's rate, 0: none */
};

static double time_pass(const struct ask *ask, int family, uint32_t ifindex, uint32_t *ret_found)
{
	uint32_t count = 0, found = 0;
	double begin = now();

	for (uint32_t i = 0; i < address_count; i++) {
		if (addresses[i].family != family)
			continue;
		found += ask->ask(&addresses[i], ifindex);
		count++;
	}
	*ret_found = found;
	return count / (now() - begin);
}

static void measure_queries(int family, uint32_t ifindex)
{
	const struct ask asks[] = {
		{ "RTM_GETROUTE", ask_kernel, 0 },
		{ "xfib_lookup__best", ask_library, 0 },
		{ "GetBestRoute2", ask_netioapi, ifindex ? 2 : 80 },
	};
	const size_t count = sizeof(asks) / sizeof(asks[0]);
	double values[3][ROUNDS], kernel_rate = 0;
	uint32_t found[3];
	char name[128];

	for (int round = 0; round < ROUNDS; round++) {
		for (size_t i = 0; i < count; i++)
			values[i][round] = time_pass(&asks[i], family, ifindex, &found[i]);
	}
	if (found[2] != found[0])
		fprintf(stderr, "queries: the kernel found %u routes, GetBestRoute2 %u\n", found[0], found[2]);
	for (size_t i = 0; i < count; i++) {
		double rate = median(values[i], ROUNDS);

		snprintf(name, sizeof(name), "%s IPv%c %s", asks[i].name, family == AF_INET6 ? '6' : '4',
			 ifindex ? "by one interface" : "by any interface");
		figure__plain(name, rate, "queries/s");
		if (!i)
			kernel_rate = rate;
		if (!asks[i].target)
			continue;
		snprintf(name, sizeof(name), "%s against %s, IPv%c %s", asks[i].name, asks[0].name,
			 family == AF_INET6 ? '6' : '4', ifindex ? "by one interface" : "by any interface");
		figure__at_least(name, rate / kernel_rate, "times", asks[i].target, kernel_rate);
	}
}

static void measure_bulk(int family)
{
	size_t bytes = family == AF_INET6 ? 16 : 4, count = 0;
	static uint8_t many[ADDRESSES * 16];
	static struct xfib_hop hops[ADDRESSES];
	double values[ROUNDS];
	char name[64];

	for (uint32_t i = 0; i < address_count; i++) {
		if (addresses[i].family == family)
			memcpy(many + count++ * bytes, addresses[i].bytes, bytes);
	}
	for (int round = 0; round < ROUNDS; round++) {
		double begin = now();

		if (xfib_lookup__bulk(instance, (uint32_t)family, many, count, hops))
			fail(xfib_error__last());
		values[round] = (double)count / (now() - begin);
	}
	snprintf(name, sizeof(name), "xfib_lookup__bulk IPv%c", family == AF_INET6 ? '6' : '4');
	figure__plain(name, median(values, ROUNDS), "addresses/s");
}

/* ---- changes ---- */

static struct xfib_route_spec spec_of(uint32_t number, const struct xfib_path_spec *path)
{
	struct xfib_route_spec spec = { .size = sizeof(spec), .family = AF_INET, .prefix_length = 24, .table = table,
					.path_count = 1, .paths = path };

	spec.prefix[0] = 100;
	spec.prefix[1] = (uint8_t)(number >> 8);
	spec.prefix[2] = (uint8_t)number;
	return spec;
}

/* Seconds for `count` routes created and deleted in one transaction of each. */
static double time_transactions(uint32_t count, const struct xfib_path_spec *path)
{
	double begin = now();

	for (enum xfib_change change = XFIB_ADD; change; change = change == XFIB_ADD ? XFIB_DELETE : 0) {
		struct xfib_transaction *transaction;

		if (xfib_transaction__new(instance, &transaction))
			fail(xfib_error__last());
		for (uint32_t i = 0; i < count; i++) {
			struct xfib_route_spec spec = spec_of(i, path);

			if (xfib_transaction__add(transaction, change, &spec))
				fail(xfib_error__last());
		}
		if (xfib_transaction__commit(transaction, NULL))
			fail(xfib_error__last());
		xfib_transaction__free(transaction);
	}
	return now() - begin;
}

static double time_single(uint32_t count, const struct xfib_path_spec *path)
{
	double begin = now();

	for (uint32_t i = 0; i < count; i++) {
		struct xfib_route_spec spec = spec_of(i, path);

		if (xfib_route__change(instance, XFIB_ADD, &spec) || xfib_route__change(instance, XFIB_DELETE, &spec))
			fail(xfib_error__last());
	}
	return now() - begin;
}

static void measure_changes(void)
{
	const struct xfib_path_spec path = { .ifindex = egress };
	double many[ROUNDS], single[ROUNDS];

	for (int round = 0; round < ROUNDS; round++) {
		many[round] = PAIRS / time_transactions(PAIRS, &path);
		single[round] = SINGLE_PAIRS / time_single(SINGLE_PAIRS, &path);
	}
	figure__at_least("create and delete, one transaction each", median(many, ROUNDS), "pairs/s", 50000, 0);
	figure__at_least("create and delete, one by one", median(single, ROUNDS), "pairs/s", 5000, 0);
}

int main(int argc, char **argv)
{
	if (argc != 3)
		fail("usage: queries EGRESS TABLE <ADDRESSES");
	egress = if_nametoindex(argv[1]);
	table = (uint32_t)strtoul(argv[2], NULL, 10);
	kernel = mnl_socket_open(NETLINK_ROUTE);
	if (!egress || !kernel || mnl_socket_bind(kernel, 0, MNL_SOCKET_AUTOPID))
		fail(strerror(errno));
	if (xfib_instance__open(NULL, &instance))
		fail(xfib_error__last());
	read_addresses();
	measure_queries(AF_INET, 0);
	measure_queries(AF_INET6, 0);
	measure_queries(AF_INET, egress);
	measure_queries(AF_INET6, egress);
	measure_bulk(AF_INET);
	measure_bulk(AF_INET6);
	if (table)
		measure_changes();
	return 0;
}
