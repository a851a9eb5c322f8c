// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Makes routing tables that look like the Internet's, the same ones for the
 * same seed.
 *
 * Lengths are distributed as in a full BGP table of 2026. Prefixes come in
 * runs of neighbours, as networks that split their allocation announce them;
 * a run begins inside a shorter prefix or in unused space. With the rates
 * below two of three prefixes have their sibling in the table too, and about half lie
 * in another one, much as in that table. Each run has one next hop, a few of which
 * carry most runs.
 *
 * No prefix overlaps private, documentation or otherwise special space.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Addresses of both families are the upper bits of this. IPv4 uses the upper 32. */
typedef unsigned __int128 address_t;

#define RUN_PERCENT 66    /* the next prefix continues the run */
#define NESTED_PERCENT 48 /* a run begins inside a shorter prefix */
#define NEXTHOPS 64

struct prefix {
	address_t address;
	int length, nexthop;
};

struct share {
	int length;
	uint32_t count;
};

static const struct share lengths4[] = {
	{ 8, 16 },	{ 9, 14 },	{ 10, 39 },	{ 11, 95 },	{ 12, 297 },	{ 13, 584 },
	{ 14, 1201 },	{ 15, 2129 },	{ 16, 13635 },	{ 17, 8347 },	{ 18, 13387 },	{ 19, 25516 },
	{ 20, 45627 },	{ 21, 52463 },	{ 22, 113741 }, { 23, 107869 }, { 24, 657365 }, { 0, 0 },
};

static const struct share lengths6[] = {
	{ 20, 14 },    { 24, 42 },    { 26, 17 },    { 28, 161 },   { 29, 5435 },  { 30, 827 },	  { 31, 341 },
	{ 32, 26740 }, { 33, 5407 },  { 34, 5197 },  { 35, 1837 },  { 36, 9424 },  { 37, 1208 },  { 38, 2677 },
	{ 39, 1829 },  { 40, 23096 }, { 41, 1697 },  { 42, 2924 },  { 43, 1453 },  { 44, 24860 }, { 45, 4511 },
	{ 46, 5640 },  { 47, 8925 },  { 48, 111866 }, { 0, 0 },
};

static const char *const special4[] = {
	"0.0.0.0/8",	   "10.0.0.0/8",   "100.64.0.0/10",   "127.0.0.0/8",	 "169.254.0.0/16", "172.16.0.0/12",
	"192.0.0.0/24",	   "192.0.2.0/24", "192.168.0.0/16",  "198.18.0.0/15",	 "198.51.100.0/24", "203.0.113.0/24",
	"224.0.0.0/3",	   NULL,
};

static const char *const special6[] = { "2001::/23", "2001:db8::/32", "2002::/16", "3ffe::/16", NULL };

static struct {
	int family;
	bool addresses, batch;
	uint64_t seed;
	size_t count;
	const char *device;
	char *via[NEXTHOPS];
	int vias;
} options = { .family = AF_INET, .seed = 1, .count = 10000 };

/* ---- numbers: splitmix64 ---- */

static uint64_t state;

static uint64_t mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static uint64_t next_number(void)
{
	return mix(state += 0x9e3779b97f4a7c15u);
}

static size_t below(size_t limit)
{
	return (size_t)(next_number() % limit);
}

static bool chance(unsigned int percent)
{
	return below(100) < percent;
}

/* ---- prefixes ---- */

static address_t mask_of(int length)
{
	return length ? ~(address_t)0 << (128 - length) : 0;
}

static address_t read_bytes(const uint8_t *bytes, int count)
{
	address_t address = 0;

	for (int i = 0; i < 16; i++)
		address = address << 8 | (i < count ? bytes[i] : 0);
	return address;
}

static bool overlaps(const struct prefix *prefix, const char *text)
{
	char copy[64], *slash;
	uint8_t bytes[16];
	int shorter;

	strcpy(copy, text);
	slash = strchr(copy, '/');
	*slash = '\0';
	inet_pton(options.family, copy, bytes);
	shorter = atoi(slash + 1) < prefix->length ? atoi(slash + 1) : prefix->length;
	return !((prefix->address ^ read_bytes(bytes, options.family == AF_INET ? 4 : 16)) & mask_of(shorter));
}

static bool is_special(const struct prefix *prefix)
{
	const char *const *special = options.family == AF_INET ? special4 : special6;

	if (options.family == AF_INET6 && prefix->address >> 125 != 1)
		return true;
	for (; *special; special++) {
		if (overlaps(prefix, *special))
			return true;
	}
	return false;
}

/* ---- the set, an open-addressed hash table of indices + 1 ---- */

static struct prefix *prefixes;
static size_t prefix_count;
static uint32_t *buckets;
static size_t bucket_mask;

static bool add(const struct prefix *prefix)
{
	size_t bucket = (size_t)mix((uint64_t)(prefix->address >> 64) + (uint64_t)prefix->length) & bucket_mask;

	for (; buckets[bucket]; bucket = (bucket + 1) & bucket_mask) {
		const struct prefix *other = &prefixes[buckets[bucket] - 1];

		if (other->address == prefix->address && other->length == prefix->length)
			return false;
	}
	prefixes[prefix_count] = *prefix;
	buckets[bucket] = (uint32_t)++prefix_count;
	return true;
}

/* ---- generation, from the shortest prefixes to the longest ---- */

/* A few next hops carry most runs: the second one half as many as the first, the third a third, … */
static int choose_nexthop(void)
{
	size_t limit = 0, at;

	for (size_t i = 1; i <= NEXTHOPS; i++)
		limit += 720720 / i;
	at = below(limit);
	for (int i = 1;; i++) {
		if (at < 720720u / (size_t)i)
			return i - 1;
		at -= 720720u / (size_t)i;
	}
}

static address_t random_address(void)
{
	address_t address = (address_t)next_number() << 64;

	/* Registries hand IPv6 out of a few blocks. */
	if (options.family == AF_INET6) {
		static const uint16_t blocks[] = { 0x2001, 0x2400, 0x2401, 0x2402, 0x2408, 0x2409, 0x240e, 0x2600,
						   0x2602, 0x2604, 0x2605, 0x2606, 0x2607, 0x2620, 0x2800, 0x2803,
						   0x2804, 0x2806, 0x2a00, 0x2a01, 0x2a02, 0x2a03, 0x2a06, 0x2a0a,
						   0x2a0b, 0x2a0e, 0x2a0f, 0x2a10, 0x2a12, 0x2a14, 0x2c0f, 0x240a };

		address &= ~mask_of(16);
		address |= (address_t)blocks[below(sizeof(blocks) / sizeof(blocks[0]))] << 112;
	}
	return address;
}

static void begin_run(struct prefix *prefix, size_t shorter)
{
	address_t within = 0;
	int length = 0;

	if (shorter && chance(NESTED_PERCENT)) {
		const struct prefix *parent = &prefixes[below(shorter)];

		within = parent->address;
		length = parent->length;
	}
	prefix->address = random_address() & ~mask_of(length);
	if (!length)
		prefix->address = random_address();
	prefix->address = (within | prefix->address) & mask_of(prefix->length);
	prefix->nexthop = choose_nexthop();
}

static void generate_length(int length, size_t wanted)
{
	address_t step = (address_t)1 << (128 - length);
	struct prefix prefix = { .length = length };
	size_t shorter = prefix_count, made = 0;
	bool running = false;

	for (size_t tries = 0; made < wanted && tries < wanted * 20 + 1000; tries++) {
		if (running && chance(RUN_PERCENT))
			prefix.address += step;
		else
			begin_run(&prefix, shorter);
		running = !is_special(&prefix) && add(&prefix);
		made += running;
	}
}

static void generate(void)
{
	const struct share *lengths = options.family == AF_INET ? lengths4 : lengths6;
	size_t total = 0, seen = 0, buckets_wanted = 64;

	while (buckets_wanted < options.count * 2)
		buckets_wanted *= 2;
	bucket_mask = buckets_wanted - 1;
	buckets = calloc(buckets_wanted, sizeof(*buckets));
	prefixes = calloc(options.count, sizeof(*prefixes));
	if (!buckets || !prefixes) {
		fprintf(stderr, "xfib-gen: out of memory for %zu prefixes\n", options.count);
		exit(1);
	}
	for (const struct share *share = lengths; share->length; share++)
		total += share->count;
	for (const struct share *share = lengths; share->length; share++) {
		seen += share->count;
		generate_length(share->length, options.count * seen / total - prefix_count);
	}
	while (prefix_count < options.count) /* what the crowded lengths left over */
		generate_length(options.family == AF_INET ? 24 : 48, options.count - prefix_count);
}

/* ---- output ---- */

static int by_address(const void *left, const void *right)
{
	const struct prefix *a = left, *b = right;

	if (a->address != b->address)
		return a->address < b->address ? -1 : 1;
	return a->length - b->length;
}

static void shuffle(void)
{
	for (size_t i = prefix_count; i > 1; i--) {
		size_t other = below(i);
		struct prefix prefix = prefixes[i - 1];

		prefixes[i - 1] = prefixes[other];
		prefixes[other] = prefix;
	}
}

static const char *format(address_t address)
{
	static char text[INET6_ADDRSTRLEN];
	uint8_t bytes[16];

	for (int i = 0; i < 16; i++)
		bytes[i] = (uint8_t)(address >> (120 - 8 * i));
	return inet_ntop(options.family, bytes, text, sizeof(text));
}

static void print(const struct prefix *prefix)
{
	if (options.addresses) {
		address_t host = (address_t)next_number() << 64 | next_number();

		printf("%s\n", format(prefix->address | (host & ~mask_of(prefix->length))));
		return;
	}
	printf("%s%s/%d", options.batch ? "route add " : "", format(prefix->address), prefix->length);
	if (options.batch && options.vias)
		printf(" via %s", options.via[prefix->nexthop % options.vias]);
	if (options.batch && options.device)
		printf(" dev %s", options.device);
	putchar('\n');
}

/* ---- options ---- */

static _Noreturn void usage(int status)
{
	fputs("Usage: xfib-gen [-4|-6] [--seed N] [--count N] [--format prefixes|ip-batch|addresses]\n"
	      "                [--via GATEWAY[,GATEWAY…]] [--dev DEV]\n"
	      "\n"
	      "prefixes   one a line, in order\n"
	      "ip-batch   for `ip -batch`, by the gateways of --via in turn, the first ones more often\n"
	      "addresses  one address inside each prefix, in no order\n",
	      status ? stderr : stdout);
	exit(status);
}

static uint64_t number(const char *option, const char *text, uint64_t high)
{
	char *end;
	unsigned long long value;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno || *end || *text < '0' || *text > '9' || value > high) {
		fprintf(stderr, "xfib-gen: %s '%s': must be a number up to %llu\n", option, text,
			(unsigned long long)high);
		exit(2);
	}
	return value;
}

static void split_vias(char *text)
{
	for (char *via = strtok(text, ","); via; via = strtok(NULL, ",")) {
		if (options.vias == NEXTHOPS) {
			fprintf(stderr, "xfib-gen: --via: at most %d gateways\n", NEXTHOPS);
			exit(2);
		}
		options.via[options.vias++] = via;
	}
}

static void set_format(const char *text)
{
	if (strcmp(text, "prefixes") && strcmp(text, "ip-batch") && strcmp(text, "addresses")) {
		fprintf(stderr, "xfib-gen: --format '%s': must be prefixes, ip-batch or addresses\n", text);
		exit(2);
	}
	options.batch = text[0] == 'i';
	options.addresses = text[0] == 'a';
}

static void take_options(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "seed", required_argument, NULL, 's' },   { "count", required_argument, NULL, 'c' },
		{ "format", required_argument, NULL, 'f' }, { "via", required_argument, NULL, 'v' },
		{ "dev", required_argument, NULL, 'd' },    { "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "46", long_options, NULL)) != -1) {
		switch (option) {
		case '4':
		case '6':
			options.family = option == '4' ? AF_INET : AF_INET6;
			break;
		case 's':
			options.seed = number("--seed", optarg, UINT64_MAX);
			break;
		case 'c':
			options.count = (size_t)number("--count", optarg, 4000000);
			break;
		case 'f':
			set_format(optarg);
			break;
		case 'v':
			split_vias(optarg);
			break;
		case 'd':
			options.device = optarg;
			break;
		default:
			usage(option == 'h' ? 0 : 2);
		}
	}
	if (optind != argc)
		usage(2);
}

int main(int argc, char **argv)
{
	take_options(argc, argv);
	state = options.seed * 0x2545f4914f6cdd1du + (uint64_t)options.family;
	generate();
	qsort(prefixes, prefix_count, sizeof(*prefixes), by_address);
	if (options.addresses)
		shuffle();
	for (size_t i = 0; i < prefix_count; i++)
		print(&prefixes[i]);
	return fflush(stdout) || ferror(stdout);
}
