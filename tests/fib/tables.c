// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* See tables.h. */
#include "tables.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <xfib/abi.h>

const char *const table_kinds[TABLE_KINDS] = { "empty", "default", "few", "hosts", "chain", "chains",
					       "edges", "sparse", "dense", "runs", "mixed" };

uint32_t table__target(struct random *random, uint32_t nexthops)
{
	switch (random__below(random, 64)) {
	case 0:
		return XFIB_TARGET_GROUP | (1 + random__below(random, nexthops));
	case 1: /* what a leaf can still hold, and what it no longer can */
		return nexthops < 64 ? 1 : 0x7fff + random__below(random, 3);
	case 2:
		return nexthops < 64 ? 1 : XFIB_TARGET_GROUP | (0x7ffd + random__below(random, 4));
	default:
		return 1 + random__below(random, nexthops);
	}
}

address_t table__address(struct random *random, int bits)
{
	address_t address = (address_t)random__next(random) << 64;

	/* Three of four IPv6 addresses are in 2000::/3, and their bits thin out, so that they share some. */
	if (bits == 128 && random__below(random, 4))
		address = (address >> 3 & ~((address_t)random__next(random) << 64)) | (address_t)1 << 125;
	return (address | random__next(random)) & address__mask(bits);
}

static void add(struct random *random, uint32_t nexthops, struct oracle *oracle, address_t address, int length)
{
	oracle__set(oracle, address & address__mask(length), length, (uint32_t)random__next(random) | 1,
		    table__target(random, nexthops));
}

static int any_length(struct random *random, int bits)
{
	return (int)random__below(random, (uint32_t)bits + 1);
}

/* ---- kinds ---- */

static void add_hosts(struct random *random, size_t count, uint32_t nexthops, struct oracle *oracle)
{
	address_t address = 0;

	for (size_t i = 0; i < count; i++) {
		address += address__step(oracle->bits) << random__below(random, 3);
		if (!random__below(random, 8))
			address = table__address(random, oracle->bits);
		add(random, nexthops, oracle, address, oracle->bits);
	}
}

static void add_chain(struct random *random, address_t address, uint32_t holes, uint32_t nexthops, struct oracle *oracle)
{
	for (int length = 0; length <= oracle->bits; length++) {
		if (!holes || random__below(random, holes))
			add(random, nexthops, oracle, address, length);
	}
}

static void add_chains(struct random *random, size_t count, uint32_t nexthops, struct oracle *oracle)
{
	address_t address = table__address(random, oracle->bits);

	while (oracle->count < count) {
		add_chain(random, address, 2, nexthops, oracle);
		address ^= address__step(1 + any_length(random, oracle->bits - 1));
	}
}

static void add_edges(struct random *random, size_t count, uint32_t nexthops, struct oracle *oracle)
{
	for (size_t i = 0; i < count; i++) {
		int length = any_length(random, oracle->bits), bit = any_length(random, oracle->bits);
		address_t power = bit ? address__step(bit) : 0;

		add(random, nexthops, oracle, random__below(random, 2) ? power : power - 1, length);
	}
}

static void add_sparse(struct random *random, size_t count, uint32_t nexthops, struct oracle *oracle)
{
	for (size_t i = 0; i < count; i++)
		add(random, nexthops, oracle, table__address(random, oracle->bits), any_length(random, oracle->bits));
}

static void add_dense(struct random *random, size_t count, uint32_t nexthops, struct oracle *oracle)
{
	int length = 8 + any_length(random, oracle->bits - 8);
	address_t begin = table__address(random, oracle->bits) & address__mask(length - 8);

	for (size_t i = 0; i < count; i++) {
		int longer = length + any_length(random, 3);

		if (longer > oracle->bits)
			longer = oracle->bits;
		add(random, nexthops, oracle, begin + (address_t)random__below(random, 2048) * address__step(longer), longer);
	}
}

static void add_runs(struct random *random, size_t count, uint32_t nexthops, struct oracle *oracle)
{
	address_t address = 0;
	int length = 0;

	for (size_t i = 0; i < count; i++) {
		if (random__below(random, 3)) {
			address += address__step(length ? length : 1);
		} else {
			const struct oracle_prefix *in = NULL;

			address = table__address(random, oracle->bits);
			in = oracle__best(oracle, address);
			length = oracle->bits == 32 ? 14 + any_length(random, 10) : 28 + any_length(random, 20);
			if (!in && random__below(random, 2))
				length -= 6;
		}
		add(random, nexthops, oracle, address, length ? length : 1);
	}
}

void table__generate(enum table_kind kind, struct random *random, size_t count, uint32_t nexthops, struct oracle *oracle)
{
	switch (kind) {
	case TABLE_EMPTY:
	case TABLE_KINDS:
		break;
	case TABLE_DEFAULT:
		add(random, nexthops, oracle, 0, 0);
		break;
	case TABLE_FEW:
		add_sparse(random, 1 + random__below(random, 10), nexthops, oracle);
		break;
	case TABLE_HOSTS:
		add_hosts(random, count, nexthops, oracle);
		break;
	case TABLE_CHAIN:
		add_chain(random, table__address(random, oracle->bits), 0, nexthops, oracle);
		break;
	case TABLE_CHAINS:
		add_chains(random, count, nexthops, oracle);
		break;
	case TABLE_EDGES:
		add_edges(random, count, nexthops, oracle);
		break;
	case TABLE_SPARSE:
		add_sparse(random, count, nexthops, oracle);
		break;
	case TABLE_DENSE:
		add_dense(random, count, nexthops, oracle);
		break;
	case TABLE_RUNS:
		add_runs(random, count, nexthops, oracle);
		break;
	case TABLE_MIXED:
		for (enum table_kind each = TABLE_DEFAULT; each < TABLE_MIXED; each++)
			table__generate(each, random, count / TABLE_KINDS, nexthops, oracle);
		break;
	}
}

/* ---- text ---- */

int prefix__parse(const char *text, int bits, address_t *ret_address, int *ret_length)
{
	size_t length = strcspn(text, "/");
	uint8_t bytes[16] = { 0 };
	address_t address = 0;
	char copy[64], *end;
	long number;

	if (text[length] != '/' || length >= sizeof(copy))
		return -1;
	memcpy(copy, text, length);
	copy[length] = '\0';
	number = strtol(text + length + 1, &end, 10);
	if (end == text + length + 1 || number < 0 || number > bits ||
	    inet_pton(bits == 32 ? AF_INET : AF_INET6, copy, bytes) != 1)
		return -1;
	for (int i = 0; i < 16; i++)
		address = address << 8 | bytes[i];
	*ret_address = address & address__mask((int)number);
	*ret_length = (int)number;
	return 0;
}

const char *address__format(address_t address, int bits, char text[64])
{
	uint8_t bytes[16];

	for (int i = 0; i < 16; i++)
		bytes[i] = (uint8_t)(address >> (120 - 8 * i));
	return inet_ntop(bits == 32 ? AF_INET : AF_INET6, bytes, text, 64);
}

/* ---- files ---- */

static bool ends_in(const char *path, const char *end)
{
	size_t length = strlen(path);

	return length >= strlen(end) && !strcmp(path + length - strlen(end), end);
}

FILE *table__open(const char *path)
{
	const char *tool = ends_in(path, ".xz") ? "xz -dc" : ends_in(path, ".gz") ? "gzip -dc" :
			   ends_in(path, ".bz2") ? "bzip2 -dc" : "cat";
	char command[PATH_MAX + 32];
	FILE *probe = fopen(path, "r");

	if (!probe)
		return NULL;
	fclose(probe);
	/* The path goes by the environment: the shell does not read it as words. */
	snprintf(command, sizeof(command), "exec %s -- \"$XFIB_TEST_FILE\"", tool);
	setenv("XFIB_TEST_FILE", path, 1);
	return popen(command, "r");
}

void table__close(FILE *file, const char *path)
{
	int status = pclose(file);

	if (!status)
		return;
	fprintf(stderr, "reading %s: status %d; is it whole?\n", path, status);
	exit(2);
}

static FILE *open_generator(const char *program, size_t count, size_t updates, int bits)
{
	const char *slash = strrchr(program, '/');
	char command[PATH_MAX + 128], option[64] = "", directory[PATH_MAX];

	if (updates)
		snprintf(option, sizeof(option), " --updates %zu", updates);
	snprintf(command, sizeof(command), "exec \"$XFIB_TEST_FILE\"/../tools/xfib-gen -%d --seed 1 --count %zu%s",
		 bits == 32 ? 4 : 6, count, option);
	snprintf(directory, sizeof(directory), "%.*s", slash ? (int)(slash - program) : 1, slash ? program : ".");
	setenv("XFIB_TEST_FILE", directory, 1);
	return popen(command, "r");
}

FILE *table__generate_updates(const char *program, size_t count, size_t updates, int bits)
{
	return open_generator(program, count, updates, bits);
}

void table__read(const char *program, size_t count, uint32_t nexthops, struct oracle *oracle)
{
	const char *path = getenv(oracle->bits == 32 ? "TABLE4" : "TABLE6");
	FILE *file = path && *path ? table__open(path) : open_generator(program, count, 0, oracle->bits);
	char line[256];

	if (!file) {
		fprintf(stderr, "opening %s: %s; TABLE4 and TABLE6 name files of prefixes\n", path ? path : "xfib-gen", strerror(errno));
		exit(2);
	}
	while (fgets(line, sizeof(line), file)) {
		address_t address;
		uint64_t hash;
		int length;

		if (prefix__parse(line, oracle->bits, &address, &length)) {
			fprintf(stderr, "%s: '%.40s' is no IPv%d prefix\n", path ? path : "xfib-gen", line, oracle->bits == 32 ? 4 : 6);
			exit(2);
		}
		hash = random__mix((uint64_t)(address >> 64) ^ random__mix((uint64_t)address + (uint64_t)length));
		oracle__set(oracle, address, length, (uint32_t)(hash >> 32) | 1, 1 + (uint32_t)hash % nexthops);
	}
	table__close(file, path ? path : "xfib-gen");
}
