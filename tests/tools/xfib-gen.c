// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Makes routing tables that look like the Internet's, the same ones for the
 * same seed.
 *
 * The prefixes are those of a binary trie that is drawn from the root down.
 * Whether a node is a prefix itself, and how the prefixes below it are split
 * between its two sides, is drawn from what nodes of a real table are like: by
 * their level, by how many prefixes they hold, and by whether a shorter prefix
 * covers them (xfib-gen-model.h). So lengths, nesting, neighbours, and how
 * crowded blocks of every size are, come out as there: docs/generator.md
 * compares them. xfib-gen-fit makes the model, from any table.
 *
 * A small table is a part of a full one: blocks of it, each with everything in
 * it. No prefix overlaps private, documentation or otherwise special space.
 * Neighbours often have the same next hop, and few next hops carry most.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xfib-gen-model.h"
#include "xfib-gen-cells4.h"
#include "xfib-gen-cells6.h"

#define RUN_PERCENT 66 /* the next prefix has the same next hop */
#define NEXTHOPS 64

struct prefix {
	address_t address;
	int length, nexthop;
};

/* A family's table, and its blocks, of which a small table takes some. */
struct family {
	size_t full;             /* prefixes of a whole table */
	int first, last, block;  /* levels: where the trie begins, the longest prefix, blocks */
	const struct model_cell *cells;
	size_t cell_count;
	const char *const *special;
};

static const char *const special4[] = {
	"0.0.0.0/8",	   "10.0.0.0/8",   "100.64.0.0/10",   "127.0.0.0/8",	 "169.254.0.0/16", "172.16.0.0/12",
	"192.0.0.0/24",	   "192.0.2.0/24", "192.168.0.0/16",  "198.18.0.0/15",	 "198.51.100.0/24", "203.0.113.0/24",
	"224.0.0.0/3",	   NULL,
};

static const char *const special6[] = { "2001::/23", "2001:db8::/32", "2002::/16", "3ffe::/16", NULL };

static const struct family families[] = {
	{ 1042325, 0, 24, 16, model4, sizeof(model4) / sizeof(model4[0]), special4 },
	{ 246175, 3, 48, 28, model6, sizeof(model6) / sizeof(model6[0]), special6 },
};

static struct {
	int family;
	bool addresses, batch, day; /* what is printed: see usage() */
	uint64_t seed;
	size_t count, updates;
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

static bool happens(unsigned int share) /* of MODEL_ONE */
{
	return below(MODEL_ONE) < share;
}

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

/* ---- special space ---- */

static const struct family *family;
static struct prefix specials[16];
static int special_count;

static address_t mask_of(int length)
{
	return length ? ~(address_t)0 << (128 - length) : 0;
}

static void read_specials(void)
{
	for (const char *const *text = family->special; *text; text++) {
		struct prefix *special = &specials[special_count++];
		uint8_t bytes[16] = { 0 };
		char copy[64];

		strcpy(copy, *text);
		copy[strcspn(copy, "/")] = '\0';
		inet_pton(options.family, copy, bytes);
		special->address = model__address(bytes);
		special->length = atoi(*text + strlen(copy) + 1);
	}
}

enum kind { CLEAR, TOUCHED, SPECIAL };

static enum kind kind_of(address_t address, int level)
{
	enum kind kind = CLEAR;

	for (int i = 0; i < special_count; i++) {
		int shorter = specials[i].length < level ? specials[i].length : level;

		if ((specials[i].address ^ address) & mask_of(shorter))
			continue;
		if (specials[i].length <= level)
			return SPECIAL;
		kind = TOUCHED;
	}
	return kind;
}

static address_t side_of(address_t address, int level)
{
	return address | (address_t)1 << (127 - level);
}

/* How many prefixes have room in a node. */
static size_t room_in(address_t address, int level)
{
	enum kind kind = kind_of(address, level);

	if (kind == SPECIAL || level > family->last)
		return 0;
	if (kind == TOUCHED)
		return room_in(address, level + 1) + room_in(side_of(address, level), level + 1);
	return ((size_t)2 << (family->last - level)) - 1;
}

/* ---- generation, from the root down ---- */

struct node {
	address_t address;
	int level;
	bool covered, touches; /* the prefix before it ends where it begins */
	enum sibling sibling;
	size_t holds; /* prefixes, at least one */
};

static struct prefix *prefixes;
static size_t prefix_count;
static struct node *blocks;
static size_t block_count;
static address_t last_end; /* of the prefix that was drawn last */
static bool cutting; /* nodes of the level of blocks are noted, not drawn */

static const struct model_cell *cells[LEVELS][CLASSES][2];

/* What the real table had no node like is as the most alike that it had: of the next smaller class, or larger. */
static void index_model(void)
{
	for (size_t i = 0; i < family->cell_count; i++) {
		const struct model_cell *cell = &family->cells[i];

		cells[cell->level][cell->class][cell->covered] = cell;
	}
	for (int level = 0; level < LEVELS; level++) {
		for (int covered = 0; covered < 2; covered++) {
			for (int class = 1; class < CLASSES; class++) {
				if (!cells[level][class][covered])
					cells[level][class][covered] = cells[level][class - 1][covered];
			}
			for (int class = CLASSES - 2; class >= 0; class--) {
				if (!cells[level][class][covered])
					cells[level][class][covered] = cells[level][class + 1][covered];
			}
		}
	}
}

static const struct model_cell *cell_of(const struct node *node)
{
	static const struct model_cell plain = { .left = { MODEL_ONE / 2 }, .split = { 0, 0, 0, 0, MODEL_ONE } };
	int class = model__class(node->holds);
	const struct model_cell *cell = cells[node->level][class][node->covered];

	if (!cell)
		cell = cells[node->level][class][!node->covered];
	return cell ? cell : &plain;
}

/* How many of `all` prefixes go to the side that gets fewer. Of few, small numbers are as frequent as large ones. */
static size_t draw_smaller(const struct model_cell *cell, size_t all)
{
	static const uint8_t sixteenths[SPLITS] = { 0, 0, 2, 4, 6, 7, 8 };
	size_t share = below(MODEL_ONE), low, high;
	int split = 0;

	while (split < SPLITS - 1 && share >= cell->split[split])
		share -= cell->split[split++];
	if (!split || split == SPLITS - 1)
		return split ? all / 2 : 0;
	low = all * sixteenths[split] / 16 + 1;
	high = all * sixteenths[split + 1] / 16;
	if (split == SPLITS - 2)
		high = all > 1 ? all / 2 - 1 : 0;
	while (split == 1 && high > 1 && chance(50))
		high /= 2;
	return high < low ? all / 2 : low + below(high - low + 1);
}

/*
 * The prefixes below a node, to its left side; as many as both sides have room
 * for. A side that gets more than it has addresses of the longest prefixes is
 * rare in real tables: it gets as many only if the other one has no room.
 */
static size_t draw_left(const struct node *node)
{
	const struct model_cell *cell = cell_of(node);
	size_t room_left = room_in(node->address, node->level + 1);
	size_t room_right = room_in(side_of(node->address, node->level), node->level + 1);
	size_t left = draw_smaller(cell, node->holds), usual = (size_t)1 << (family->last - node->level - 1);

	if (chance(75) && node->holds <= 2 * usual && room_left >= usual && room_right >= usual)
		room_left = room_right = usual;
	if (happens(cell->left[model__side(node->touches, node->sibling)]))
		left = node->holds - left;
	if (left > room_left)
		left = room_left;
	if (node->holds - left > room_right)
		left = node->holds - room_right;
	return left;
}

static bool draw_here(const struct node *node)
{
	if (node->level == family->last || node->holds == room_in(node->address, node->level))
		return kind_of(node->address, node->level) == CLEAR;
	return kind_of(node->address, node->level) == CLEAR && happens(cell_of(node)->here[node->sibling]);
}

/* Tells whether the node is a prefix itself. */
static bool draw(struct node node)
{
	bool here, left_here = false;
	size_t left;

	if (cutting && node.level == family->block) {
		blocks[block_count++] = node;
		return false;
	}
	node.touches = node.address && node.address == last_end;
	here = draw_here(&node);
	if (here) {
		prefixes[prefix_count++] = (struct prefix){ .address = node.address, .length = node.level };
		last_end = node.address + ((address_t)1 << (128 - node.level));
	}
	node.covered |= here;
	node.holds -= here;
	if (!node.holds)
		return here;
	left = draw_left(&node);
	if (left)
		left_here = draw((struct node){ node.address, node.level + 1, node.covered, false,
						left < node.holds ? RIGHT_SIDE : NOTHING, left });
	if (node.holds > left)
		draw((struct node){ side_of(node.address, node.level), node.level + 1, node.covered, false,
				    !left ? NOTHING : left_here ? LEFT_PREFIX : LEFT_SIDE, node.holds - left });
	return here;
}

/* Of a full table's short prefixes and blocks, so many, by chance, that `count` prefixes are in them. */
static void draw_part(const struct node *root, size_t count)
{
	size_t all, kept = 0;

	cutting = true;
	draw(*root);
	cutting = false;
	all = prefix_count;
	for (size_t i = 0; i < all; i++) {
		if (below(family->full) < count && kept < count)
			prefixes[kept++] = prefixes[i];
	}
	prefix_count = kept;
	for (size_t i = 0; i < block_count && prefix_count < count; i++) {
		size_t other = i + below(block_count - i);
		struct node block = blocks[other];

		blocks[other] = blocks[i];
		if (block.holds > count / 8 + 1) /* no block is all of the table */
			block.holds = count / 8 + 1;
		if (block.holds > count - prefix_count)
			block.holds = count - prefix_count;
		draw(block);
	}
}

static int by_address(const void *left, const void *right);

static void generate(void)
{
	struct node root = { .level = family->first };
	size_t most;
	int nexthop = 0;

	if (family->first)
		root.address = (address_t)1 << 125; /* 2000::/3 */
	root.holds = options.count < family->full ? family->full : options.count;
	most = room_in(root.address, root.level);
	if (root.holds > most)
		root.holds = most;
	prefixes = calloc(root.holds, sizeof(*prefixes));
	blocks = calloc(root.holds, sizeof(*blocks));
	if (!prefixes || !blocks) {
		fprintf(stderr, "xfib-gen: out of memory for %zu prefixes\n", options.count);
		exit(1);
	}
	index_model();
	if (options.count < family->full)
		draw_part(&root, options.count);
	else
		draw(root);
	qsort(prefixes, prefix_count, sizeof(*prefixes), by_address);
	for (size_t i = 0; i < prefix_count; i++) {
		if (!i || !chance(RUN_PERCENT))
			nexthop = choose_nexthop();
		prefixes[i].nexthop = nexthop;
	}
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

#include "xfib-gen-updates.h"

/* ---- options ---- */

static _Noreturn void usage(int status)
{
	fputs("Usage: xfib-gen [-4|-6] [--seed N] [--count N] [--format prefixes|ip-batch|addresses]\n"
	      "                [--via GATEWAY[,GATEWAY…]] [--dev DEV] [--updates N]\n"
	      "\n"
	      "prefixes   one a line, in order\n"
	      "ip-batch   for `ip -batch`, by the gateways of --via in turn, the first ones more often\n"
	      "addresses  one address inside each prefix, in no order\n"
	      "\n"
	      "With --updates it prints so many updates to the table instead, `A PREFIX` or `W PREFIX` a line.\n",
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
		{ "dev", required_argument, NULL, 'd' },    { "updates", required_argument, NULL, 'u' },
		{ "help", no_argument, NULL, 'h' },	    { NULL, 0, NULL, 0 },
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
		case 'u':
			options.updates = (size_t)number("--updates", optarg, 100000000);
			options.day = true;
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
	family = &families[options.family == AF_INET6];
	read_specials();
	generate();
	if (options.addresses)
		shuffle();
	if (options.day)
		print_updates(options.updates);
	for (size_t i = 0; !options.day && i < prefix_count; i++)
		print(&prefixes[i]);
	return fflush(stdout) || ferror(stdout);
}
