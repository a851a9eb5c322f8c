/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What the benchmarks share: addresses from standard input, time, medians. */
#ifndef TESTS_BENCH_ADDRESSES_H
#define TESTS_BENCH_ADDRESSES_H

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ADDRESSES 20000

struct address {
	int family;
	uint8_t bytes[16];
};

static struct address addresses[ADDRESSES];
static uint32_t address_count;

static inline double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static inline void read_addresses(void)
{
	char line[64];

	while (address_count < ADDRESSES && fgets(line, sizeof(line), stdin)) {
		struct address *address = &addresses[address_count];

		line[strcspn(line, "\n")] = '\0';
		address->family = strchr(line, ':') ? AF_INET6 : AF_INET;
		address_count += inet_pton(address->family, line, address->bytes) == 1;
	}
}

static inline int by_value(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return a < b ? -1 : a > b;
}

static inline double median(double *values, int count)
{
	qsort(values, (size_t)count, sizeof(*values), by_value);
	return values[count / 2];
}

#endif
