// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Fits xfib-gen's model to a table of real prefixes:
 *
 *	xfib-gen-fit -4|-6 <PREFIXES
 *
 * prints xfib-gen-cells4.h or xfib-gen-cells6.h. Each node of the binary trie of
 * the prefixes is counted by what it depends on: its level, how many prefixes
 * lie in it, whether a shorter one covers it, and what is beside it. See
 * xfib-gen.c for what the model says.
 */
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xfib-gen-model.h"

#define FEW 300 /* what fewer prefixes are in is as its neighbours */

struct prefix {
	address_t address;
	int length;
};

struct counts {
	size_t prefixes;             /* in all nodes together */
	uint32_t nodes[SIBLINGS];    /* nodes, by what is beside them, */
	uint32_t here[SIBLINGS];     /* and of them those that are prefixes themselves */
	uint32_t splits[SPLITS];     /* of nodes that have prefixes below them */
	uint32_t uneven[SIDES];      /* those that do not split evenly, */
	uint32_t left[SIDES];        /* and of them those of which the left side has more */
};

static struct prefix *prefixes;
static size_t prefix_count;
static address_t last_end; /* of the prefix that was counted last */
static struct counts counts[LEVELS][CLASSES][2];

static int by_address(const void *left, const void *right)
{
	const struct prefix *a = left, *b = right;

	if (a->address != b->address)
		return a->address < b->address ? -1 : 1;
	return a->length - b->length;
}

static void read_prefixes(int family)
{
	char line[80], *slash;
	size_t room = 0;

	while (fgets(line, sizeof(line), stdin)) {
		uint8_t bytes[16] = { 0 };
		struct prefix *prefix;

		if (prefix_count == room) {
			room = room ? room * 2 : 1 << 16;
			prefixes = realloc(prefixes, room * sizeof(*prefixes));
		}
		slash = strchr(line, '/');
		if (!prefixes || !slash || (*slash = '\0', inet_pton(family, line, bytes) != 1)) {
			fprintf(stderr, "xfib-gen-fit: '%s': must be a prefix\n", line);
			exit(2);
		}
		prefix = &prefixes[prefix_count++];
		prefix->address = model__address(bytes);
		prefix->length = atoi(slash + 1);
	}
	qsort(prefixes, prefix_count, sizeof(*prefixes), by_address);
}

/* The prefixes [from, to) are those of a node; it is one itself if the first is of its level. Tells whether it is. */
static bool count_node(size_t from, size_t to, int level, bool covered, enum sibling sibling)
{
	struct counts *node = &counts[level][model__class(to - from)][covered];
	bool here = prefixes[from].length == level, left = false;
	size_t middle, less, more;
	address_t begin = level ? prefixes[from].address >> (128 - level) << (128 - level) : 0;
	int side = model__side(begin && begin == last_end, sibling);

	node->prefixes += to - from;
	node->nodes[sibling]++;
	node->here[sibling] += here;
	if (here)
		last_end = begin + ((address_t)1 << (128 - level));
	from += here;
	if (from == to)
		return here;
	for (middle = from; middle < to && !(prefixes[middle].address >> (127 - level) & 1);)
		middle++;
	less = middle - from < to - middle ? middle - from : to - middle;
	more = to - from - less;
	node = &counts[level][model__class(to - from)][covered || here];
	node->prefixes += to - from;
	node->splits[model__split(less, to - from)]++;
	if (less != more) {
		node->uneven[side]++;
		node->left[side] += middle - from == more;
	}
	if (middle > from)
		left = count_node(from, middle, level + 1, covered || here, middle < to ? RIGHT_SIDE : NOTHING);
	if (to > middle)
		count_node(middle, to, level + 1, covered || here,
			   middle == from ? NOTHING : left ? LEFT_PREFIX : LEFT_SIDE);
	return here;
}

static unsigned int share(uint32_t part, uint32_t whole)
{
	return (unsigned int)(((uint64_t)part * MODEL_ONE + whole / 2) / whole);
}

/* By what is beside the node; where none of the kind was, as beside anything. */
static void print_shares(const uint32_t *parts, const uint32_t *wholes)
{
	uint32_t part = 0, whole = 0;

	for (int i = 0; i < SIBLINGS; i++) {
		part += parts[i];
		whole += wholes[i];
	}
	printf("{");
	for (int i = 0; i < SIBLINGS; i++)
		printf(" %u%s", wholes[i] ? share(parts[i], wholes[i]) : whole ? share(part, whole) : 0,
		       i + 1 < SIBLINGS ? "," : " }");
}

static void print_cell(int level, int class, int covered)
{
	const struct counts *cell = &counts[level][class][covered];
	uint32_t splits = 0;

	for (int i = 0; i < SPLITS; i++)
		splits += cell->splits[i];
	if (cell->prefixes < FEW)
		return;
	printf("\t{ %d, %d, %d, ", level, class, covered);
	print_shares(cell->here, cell->nodes);
	printf(", {");
	for (int i = 0; i + 1 < SPLITS; i++)
		printf(" %u%s", splits ? share(cell->splits[i], splits) : 0, i + 2 < SPLITS ? "," : " }, ");
	print_shares(cell->left, cell->uneven);
	puts(" },");
}

int main(int argc, char **argv)
{
	bool is6 = argc == 2 && !strcmp(argv[1], "-6");

	if (argc != 2 || (!is6 && strcmp(argv[1], "-4"))) {
		fputs("Usage: xfib-gen-fit -4|-6 <PREFIXES\n", stderr);
		return 2;
	}
	read_prefixes(is6 ? AF_INET6 : AF_INET);
	if (prefix_count)
		count_node(0, prefix_count, 0, false, NOTHING);
	printf("/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */\n"
	       "/* By xfib-gen-fit, from %zu prefixes: see xfib-gen-model.h. Shares are parts of %d. */\n"
	       "static const struct model_cell model%c[] = {\n", prefix_count, MODEL_ONE, is6 ? '6' : '4');
	for (int level = 0; level < LEVELS; level++) {
		for (int class = 0; class < CLASSES; class++) {
			for (int covered = 0; covered < 2; covered++)
				print_cell(level, class, covered);
		}
	}
	puts("};");
	return 0;
}
