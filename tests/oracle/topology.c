// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Random addresses and routes for the devices d1 to d6, as lines of ip: nested
 * prefixes, metrics, equal routes, several paths, preferred sources, types
 * that lead nowhere. d5 goes down at the end, d6 has no carrier.
 *
 * Kept out, since there the kernel's own answer is open: equal default routes
 * (fib_select_default() looks at neighbours), and IPv6 routes of one metric
 * that are not paths of one route.
 */
#include <stdio.h>

#include "oracle.h"

#define DEVICES 6

static void addresses(void)
{
	static const char *const options[] = { "", "", " preferred_lft 0" };

	puts("address add 192.0.2.77/32 dev lo\naddress add 2001:db8:77::77/128 dev lo");
	for (unsigned int d = 1; d <= DEVICES; d++) {
		printf("address add fe80::%x/64 dev d%u\n", 0x10 + d, d);
		for (uint32_t i = 0, count = 1 + random__below(3); i < count; i++) {
			printf("address add 10.%u.%u.%u/%u dev d%u\n", d, i * 64 + random__below(2), 1 + random__below(250),
			       16 + random__below(9), d);
			printf("address add 2001:db8:%u:%x::%x/64 dev d%u%s\n", d, random__below(3), 1 + random__below(0xfff0), d,
			       options[random__below(COUNT(options))]);
		}
		if (!random__below(2))
			printf("address add fd00:%u::%x/64 dev d%u\n", d, 1 + random__below(0xfff0), d);
	}
}

/* Gateways that are on a link by decree, so that they need no match with the random addresses. */
static void path4(void)
{
	unsigned int d = 1 + random__below(DEVICES);

	printf("via 10.%u.%u.%u dev d%u onlink", d, random__below(3) * 64, 1 + random__below(9), d);
}

static void path6(void)
{
	unsigned int d = 1 + random__below(DEVICES);

	if (random__below(4))
		printf("via fe80::%x dev d%u", 1 + random__below(9), d);
	else
		printf("via 2001:db8:%u::%x dev d%u onlink", d, 0xfff1 + random__below(9), d);
}

static void several(void (*path)(void))
{
	for (uint32_t i = 0, count = 2 + random__below(3); i < count; i++) {
		fputs(" nexthop ", stdout);
		path();
	}
}

/* Bits that are mostly 0, so that prefixes are nested and meet. */
static uint32_t sparse(void)
{
	return (random__below(1 << 30) & random__below(1 << 30)) & random__below(1 << 30);
}

static const char *protocol(void)
{
	static const char *const protocols[] = { "static", "static", "bgp", "ospf", "isis", "rip", "eigrp", "dhcp", "boot", "zebra" };

	return protocols[random__below(COUNT(protocols))];
}

static const char *nowhere(void)
{
	static const char *const types[] = { "blackhole", "unreachable", "prohibit", "throw" };

	return types[random__below(COUNT(types))];
}

static void route4(void)
{
	uint32_t length = 10 + random__below(23), kind = random__below(12);
	uint32_t prefix = (0x64400000 | (sparse() & 0x3fffff)) & ~(length < 32 ? 0xffffffffu >> length : 0u);

	printf("route %s %s %u.%u.%u.%u/%u", kind < 2 ? "append" : "add", kind == 11 ? nowhere() : "unicast", prefix >> 24,
	       prefix >> 16 & 255, prefix >> 8 & 255, prefix & 255, length);
	printf(" proto %s metric %u", protocol(), random__below(4) ? 0 : random__below(3) * 10);
	if (kind == 10)
		printf(" dev d%u", 1 + random__below(DEVICES));
	else if (kind == 9)
		printf(" dev d%u src 192.0.2.77", 1 + random__below(DEVICES));
	else if (kind == 8)
		printf(" via inet6 fe80::%x dev d%u", 1 + random__below(9), 1 + random__below(DEVICES));
	else if (kind >= 6 && kind < 8)
		several(path4);
	else if (kind < 11)
		putchar(' '), path4();
	putchar('\n');
}

static void route6(void)
{
	uint32_t length = 48 + random__below(17), kind = random__below(12);
	uint32_t middle = sparse() & 0xffff & ~(0xffffu >> (length - 48));

	printf("route %s %s 2001:db8:64:%x::/%u", kind < 2 ? "append" : "add", kind == 11 ? nowhere() : "unicast", middle, length);
	/* Routes without a gateway, and those that lead nowhere, have metrics of their own. */
	printf(" proto %s metric %u", protocol(), kind == 11 ? 40 : kind == 10 ? 30 : 10 + random__below(2));
	if (kind == 10)
		printf(" dev d%u", 1 + random__below(DEVICES));
	else if (kind >= 6 && kind < 8)
		several(path6);
	else if (kind < 10) {
		putchar(' '), path6();
		if (kind == 9)
			fputs(" src 2001:db8:77::77", stdout);
	}
	putchar('\n');
}

void topology__print(void)
{
	addresses();
	for (unsigned int d = 1; d < DEVICES; d++) {
		if (!random__below(3)) {
			printf("route add default via 10.%u.0.1 dev d%u onlink metric %u\n", d, d, d * 10);
			printf("route add default via fe80::1 dev d%u metric %u\n", d, d * 10);
		}
	}
	for (int i = 0; i < 250; i++) {
		route4();
		route6();
	}
	puts("link set d5 down");
}
