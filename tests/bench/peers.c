// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * xfib_lookup__bulk() beside DPDK's look-ups, in user space, on one processor:
 *
 *	peers ROUTES4 ROUTES6 [EAL OPTION…] <ADDRESSES
 *
 * The files hold the instance's routes, "PREFIX via GATEWAY" a line; addresses
 * are one a line, of both families. DPDK's structures get the same routes, and
 * as next hop the number of the gateway. Each answers in bulks of BULK; all
 * must give the same next hop for every address before any is timed. A round
 * takes each in turn; figures are medians, ratios those of the rounds' ratios.
 *
 * Every structure gets addresses in the form that it takes: DPDK's IPv4
 * look-ups in host byte order, the others as they stand in a packet.
 *
 * Of what DPDK offers for a family, the fastest counts that tells as many next
 * hops apart as xfib, 2^15 - 1. There are two such ratios: to what DPDK
 * chooses by itself, and to all, with the AVX-512 look-ups that it has only
 * where --force-max-simd-bitwidth=512 allows them.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_fib.h>
#include <rte_fib6.h>
#include <rte_lpm6.h>
#include <rte_memory.h>
#include <xfib/xfib.h>

#include "addresses.h"
#include "figures.h"
#include "lookup.h"

#define BULK 32
#define ROUNDS 15
#define PEERS 8
#define GATEWAYS 64
#define NO_ROUTE 0 /* next hops count from 1 */

struct route {
	uint8_t address[16];
	uint8_t length;
	uint16_t nexthop;
};

/* What is compared. It answers for addresses [at, at + BULK) into `found`, as it would for a caller. */
struct peer {
	const char *name;
	bool (*make)(struct peer *peer); /* false: not possible here, which was said */
	void (*ask)(struct peer *peer, uint32_t at);
	uint16_t (*answer)(uint32_t place); /* next hop of the place-th of the last bulk */
	int entry, vector;                  /* size and kind of look-up, in DPDK's numbers */
	bool narrow;                        /* too few next hops to be measured against */
	bool forced;                        /* DPDK does not choose it by itself */
	void *table;
	double ns[ROUNDS];
};

static struct route *routes;
static size_t route_count;
static uint8_t gateways[GATEWAYS][16];
static size_t gateway_count;
static struct xfib *instance;
static uint32_t family, count; /* what is being measured, and how many addresses */
static uint32_t host4[LOOKUP_ADDRESSES];
static uint8_t network4[LOOKUP_ADDRESSES][4], network6[LOOKUP_ADDRESSES][16];
static uint32_t counts[2];

static union {
	struct xfib_hop hop[BULK];
	uint64_t fib[BULK];
	int32_t lpm[BULK];
} found;

static _Noreturn void fail(const char *what, const char *why)
{
	fprintf(stderr, "peers: %s: %s\n", what, why);
	exit(1);
}

/* ---- what is read ---- */

static uint16_t number_gateway(const uint8_t *gateway)
{
	for (size_t i = 0; i < gateway_count; i++) {
		if (!memcmp(gateways[i], gateway, 16))
			return (uint16_t)(i + 1);
	}
	if (gateway_count == GATEWAYS)
		fail("routes", "more than 64 gateways");
	memcpy(gateways[gateway_count++], gateway, 16);
	return (uint16_t)gateway_count;
}

static int by_length(const void *left, const void *right)
{
	return ((const struct route *)left)->length - ((const struct route *)right)->length;
}

/* From the shortest prefix to the longest: DPDK's structures are built fastest so. */
static void read_routes(const char *path)
{
	FILE *file = fopen(path, "r");
	char line[160], prefix[64], gateway[64];
	size_t room = 0;
	unsigned int length;

	if (!file)
		fail(path, strerror(errno));
	route_count = gateway_count = 0;
	while (fgets(line, sizeof(line), file)) {
		uint8_t bytes[16] = { 0 };
		struct route route = { .length = 0 };

		if (route_count == room)
			routes = realloc(routes, (room = room ? 2 * room : 1 << 16) * sizeof(*routes));
		if (!routes)
			fail(path, "out of memory");
		if (sscanf(line, "%63[^/]/%u via %63s", prefix, &length, gateway) != 3 ||
		    inet_pton((int)family, prefix, route.address) != 1 || inet_pton((int)family, gateway, bytes) != 1 ||
		    length > (family == AF_INET6 ? 128 : 32))
			fail(path, "a line is not 'PREFIX via GATEWAY'");
		route.length = (uint8_t)length;
		route.nexthop = number_gateway(bytes);
		routes[route_count++] = route;
	}
	fclose(file);
	qsort(routes, route_count, sizeof(*routes), by_length);
}

static void read_both(void)
{
	char line[80];

	while (fgets(line, sizeof(line), stdin)) {
		bool is6 = strchr(line, ':');
		uint32_t *at = &counts[is6];

		line[strcspn(line, "\n")] = '\0';
		if (*at < LOOKUP_ADDRESSES && inet_pton(is6 ? AF_INET6 : AF_INET, line,
							is6 ? network6[*at] : network4[*at]) == 1)
			++*at;
	}
	for (uint32_t i = 0; i < counts[0]; i++) {
		memcpy(&host4[i], network4[i], 4);
		host4[i] = ntohl(host4[i]);
	}
	counts[0] -= counts[0] % BULK;
	counts[1] -= counts[1] % BULK;
	if (!counts[0] || !counts[1])
		fail("standard input", "fewer than 32 addresses of a family");
}

static uint32_t host_address(const struct route *route)
{
	uint32_t address;

	memcpy(&address, route->address, 4);
	return ntohl(address);
}

/* ---- xfib ---- */

static bool make_xfib(struct peer *peer)
{
	(void)peer;
	return true;
}

static void ask_xfib(struct peer *peer, uint32_t at)
{
	(void)peer;
	xfib_lookup__bulk(instance, family, family == AF_INET6 ? network6[at] : network4[at], BULK, found.hop);
}

static uint16_t answer_xfib(uint32_t place)
{
	struct xfib_nexthop nexthop;

	if (found.hop[place].route == XFIB_NONE || xfib_nexthop__by_id(instance, found.hop[place].nexthop, &nexthop))
		return NO_ROUTE;
	return number_gateway(nexthop.gateway);
}

/* ---- DPDK ---- */

/* The table of the same entries that was made for another look-up of them. */
static struct rte_fib *fibs[4];
static struct rte_fib6 *fib6s[4];

static struct rte_fib *make_table4(int entry)
{
	struct rte_fib_conf conf = { .type = RTE_FIB_DIR24_8, .default_nh = NO_ROUTE, .max_routes = (int)route_count + 1 };
	char name[32];
	struct rte_fib *fib;

	snprintf(name, sizeof(name), "fib-%d", entry);
	conf.dir24_8.nh_sz = (enum rte_fib_dir24_8_nh_sz)entry;
	conf.dir24_8.num_tbl8 = entry ? 4096 : 127;
	fib = rte_fib_create(name, SOCKET_ID_ANY, &conf);
	for (size_t i = 0; fib && i < route_count; i++) {
		if (rte_fib_add(fib, host_address(&routes[i]), routes[i].length, routes[i].nexthop))
			fail("rte_fib_add", "no room");
	}
	return fib;
}

static bool make_fib4(struct peer *peer)
{
	if (!fibs[peer->entry])
		fibs[peer->entry] = make_table4(peer->entry);
	peer->table = fibs[peer->entry];
	if (!peer->table)
		fail("rte_fib_create", rte_strerror(rte_errno));
	return !rte_fib_select_lookup(peer->table, (enum rte_fib_lookup_type)peer->vector);
}

static void ask_fib4(struct peer *peer, uint32_t at)
{
	rte_fib_lookup_bulk(peer->table, &host4[at], found.fib, BULK);
}

static struct rte_fib6 *make_table6(int entry)
{
	struct rte_fib6_conf conf = { .type = RTE_FIB6_TRIE, .default_nh = NO_ROUTE, .max_routes = (int)route_count + 1 };
	char name[32];
	struct rte_fib6 *fib;

	snprintf(name, sizeof(name), "fib6-%d", entry);
	conf.trie.nh_sz = (enum rte_fib_trie_nh_sz)entry;
	/* It reserves one for each started byte of each prefix beyond /24, whether or not another prefix has it already. */
	conf.trie.num_tbl8 = entry == RTE_FIB6_TRIE_2B ? 32767 : 3 * (uint32_t)route_count + 256;
	fib = rte_fib6_create(name, SOCKET_ID_ANY, &conf);
	for (size_t i = 0; fib && i < route_count; i++) {
		if (rte_fib6_add(fib, routes[i].address, routes[i].length, routes[i].nexthop)) {
			rte_fib6_free(fib);
			return NULL;
		}
	}
	return fib;
}

static bool make_fib6(struct peer *peer)
{
	if (!fib6s[peer->entry])
		fib6s[peer->entry] = make_table6(peer->entry);
	peer->table = fib6s[peer->entry];
	if (!peer->table)
		fprintf(stderr, "peers: %s has no room for %zu routes\n", peer->name, route_count);
	return peer->table && !rte_fib6_select_lookup(peer->table, (enum rte_fib6_lookup_type)peer->vector);
}

static void ask_fib6(struct peer *peer, uint32_t at)
{
	rte_fib6_lookup_bulk(peer->table, &network6[at], found.fib, BULK);
}

static uint16_t answer_fib(uint32_t place)
{
	return (uint16_t)found.fib[place];
}

static bool make_lpm6(struct peer *peer)
{
	const struct rte_lpm6_config conf = { .max_rules = (uint32_t)route_count + 1, .number_tbl8s = 1 << 18 };
	struct rte_lpm6 *lpm = rte_lpm6_create("lpm6", SOCKET_ID_ANY, &conf);

	peer->table = lpm;
	if (!lpm)
		fail("rte_lpm6_create", rte_strerror(rte_errno));
	for (size_t i = 0; i < route_count; i++) {
		if (rte_lpm6_add(lpm, routes[i].address, routes[i].length, routes[i].nexthop))
			fail("rte_lpm6_add", "no room");
	}
	return true;
}

static void ask_lpm6(struct peer *peer, uint32_t at)
{
	rte_lpm6_lookup_bulk_func(peer->table, &network6[at], found.lpm, BULK);
}

static uint16_t answer_lpm(uint32_t place)
{
	return (uint16_t)(found.lpm[place] < 0 ? NO_ROUTE : found.lpm[place]);
}

#define XFIB_PEER { .name = "xfib_lookup__bulk", .make = make_xfib, .ask = ask_xfib, .answer = answer_xfib }
#define FIB4(text, size, how, few)                                                                             \
	{ .name = text, .make = make_fib4, .ask = ask_fib4, .answer = answer_fib, .entry = RTE_FIB_DIR24_8_##size, \
	  .vector = RTE_FIB_LOOKUP_DIR24_8_##how, .narrow = few,                                               \
	  .forced = RTE_FIB_LOOKUP_DIR24_8_##how == RTE_FIB_LOOKUP_DIR24_8_VECTOR_AVX512 }
#define FIB6(text, size, how)                                                                                    \
	{ .name = text, .make = make_fib6, .ask = ask_fib6, .answer = answer_fib, .entry = RTE_FIB6_TRIE_##size, \
	  .vector = RTE_FIB6_LOOKUP_TRIE_##how,                                                                  \
	  .forced = RTE_FIB6_LOOKUP_TRIE_##how == RTE_FIB6_LOOKUP_TRIE_VECTOR_AVX512 }

static struct peer peers4[PEERS] = {
	XFIB_PEER,
	FIB4("rte_fib DIR24_8, 1 byte (127 next hops)", 1B, SCALAR_MACRO, true),
	FIB4("rte_fib DIR24_8, 1 byte (127 next hops), AVX-512", 1B, VECTOR_AVX512, true),
	FIB4("rte_fib DIR24_8, 2 bytes", 2B, SCALAR_MACRO, false),
	FIB4("rte_fib DIR24_8, 2 bytes, AVX-512", 2B, VECTOR_AVX512, false),
	FIB4("rte_fib DIR24_8, 8 bytes", 8B, SCALAR_MACRO, false),
	FIB4("rte_fib DIR24_8, 8 bytes, AVX-512", 8B, VECTOR_AVX512, false),
};

static struct peer peers6[PEERS] = {
	XFIB_PEER,
	FIB6("rte_fib6 TRIE, 2 bytes", 2B, SCALAR),
	FIB6("rte_fib6 TRIE, 2 bytes, AVX-512", 2B, VECTOR_AVX512),
	FIB6("rte_fib6 TRIE, 4 bytes", 4B, SCALAR),
	FIB6("rte_fib6 TRIE, 4 bytes, AVX-512", 4B, VECTOR_AVX512),
	{ .name = "rte_lpm6", .make = make_lpm6, .ask = ask_lpm6, .answer = answer_lpm },
};

/* ---- comparison, and time ---- */

/* Look-ups that share a table differ in a pointer of it. */
static void select_lookup(const struct peer *peer)
{
	if (peer->ask == ask_fib4)
		rte_fib_select_lookup(peer->table, (enum rte_fib_lookup_type)peer->vector);
	if (peer->ask == ask_fib6)
		rte_fib6_select_lookup(peer->table, (enum rte_fib6_lookup_type)peer->vector);
}

static void compare(struct peer **peers, size_t peer_count)
{
	static uint16_t expected[LOOKUP_ADDRESSES];
	uint32_t none = 0;

	for (size_t i = 0; i < peer_count; i++) {
		uint32_t wrong = 0;

		select_lookup(peers[i]);
		for (uint32_t at = 0; at < count; at++) {
			uint16_t nexthop;

			if (at % BULK == 0)
				peers[i]->ask(peers[i], at);
			nexthop = peers[i]->answer(at % BULK);
			if (i)
				wrong += nexthop != expected[at];
			else
				expected[at] = nexthop, none += !nexthop;
		}
		if (wrong) {
			fprintf(stderr, "peers: %s and %s differ at %u of %u addresses\n", peers[i]->name, peers[0]->name,
				wrong, count);
			exit(1);
		}
	}
	fprintf(stderr, "peers: IPv%d: %zu routes; %zu look-ups give the same for %u addresses, %u of them without a route\n",
		family == AF_INET6 ? 6 : 4, route_count, peer_count, count, none);
}

static double time_pass(struct peer *peer)
{
	double begin;

	select_lookup(peer);
	begin = now();
	for (uint32_t at = 0; at < count; at += BULK) {
		peer->ask(peer, at);
		__asm__ volatile("" : : "r"(&found) : "memory");
	}
	return (now() - begin) * 1e9 / count;
}

static double median_of(const double *values)
{
	double copy[ROUNDS];

	memcpy(copy, values, sizeof(copy));
	return median(copy, ROUNDS);
}

/* xfib, the first peer, against the fastest of the others. */
static void print_ratio(struct peer **peers, size_t peer_count, bool forced, double target)
{
	struct peer *best = NULL;
	double ratios[ROUNDS];
	char name[128];

	for (size_t i = 1; i < peer_count; i++) {
		if (!peers[i]->narrow && (forced || !peers[i]->forced) && (!best || median_of(peers[i]->ns) < median_of(best->ns)))
			best = peers[i];
	}
	if (!best)
		fail("DPDK", "none of its structures took the table");
	for (int round = 0; round < ROUNDS; round++)
		ratios[round] = best->ns[round] / peers[0]->ns[round];
	snprintf(name, sizeof(name), "IPv%d xfib_lookup__bulk against DPDK%s", family == AF_INET6 ? 6 : 4,
		 forced ? ", AVX-512 forced" : "");
	figure__at_least(name, median(ratios, ROUNDS), "times", target, median_of(best->ns));
}

static void print(struct peer **peers, size_t peer_count, double target)
{
	char name[128];

	for (size_t i = 0; i < peer_count; i++) {
		snprintf(name, sizeof(name), "IPv%d look-up in user space, bulk of 32, %s", family == AF_INET6 ? 6 : 4,
			 peers[i]->name);
		figure__plain(name, median_of(peers[i]->ns), "ns");
	}
	print_ratio(peers, peer_count, false, target);
	print_ratio(peers, peer_count, true, target);
}

static void free_tables(void)
{
	for (int entry = 0; entry < 4; entry++) {
		rte_fib_free(fibs[entry]);
		fibs[entry] = NULL;
	}
}

static void measure(uint32_t which, const char *path, struct peer *all, double target)
{
	struct peer *peers[PEERS];
	size_t peer_count = 0;

	family = which;
	count = counts[family == AF_INET6];
	read_routes(path);
	for (struct peer *peer = all; peer < all + PEERS && peer->name; peer++) {
		if (peer->make(peer))
			peers[peer_count++] = peer;
	}
	compare(peers, peer_count);
	for (int round = 0; round < ROUNDS; round++) {
		for (size_t i = 0; i < peer_count; i++)
			peers[i]->ns[round] = time_pass(peers[i]);
	}
	print(peers, peer_count, target);
}

int main(int argc, char **argv)
{
	const struct xfib_open_opts opts = { .size = sizeof(opts), .backend = XFIB_BACKEND_MAPS };
	const char *routes4, *routes6;

	if (argc < 3) {
		fputs("usage: peers ROUTES4 ROUTES6 [EAL OPTION…] <ADDRESSES\n", stderr);
		return 2;
	}
	routes4 = argv[1];
	routes6 = argv[2];
	argv[2] = argv[0];
	if (rte_eal_init(argc - 2, argv + 2) < 0)
		fail("rte_eal_init", rte_strerror(rte_errno));
	if (xfib_instance__open(&opts, &instance))
		fail("xfib", xfib_error__last());
	read_both();
	measure(AF_INET, routes4, peers4, 1.5);
	free_tables();
	measure(AF_INET6, routes6, peers6, 2);
	xfib_instance__close(instance);
	return 0;
}
