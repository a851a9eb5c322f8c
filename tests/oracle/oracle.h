/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * A slow GetBestRoute2, written from the rules alone, over what `ip -j` says
 * of the machine: linear searches through lists, and no code of the library.
 */
#ifndef TESTS_ORACLE_H
#define TESTS_ORACLE_H

#include <netioapi.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))
#define PATHS_MAX 16

/* ---- what the machine has ---- */

struct device {
	uint32_t index;
	char name[16];
	bool loopback, up;
};

struct own_address {
	int family;
	uint8_t bytes[16]; /* IPv4 in the first four */
	uint32_t length, index;
	int scope;                           /* of RT_SCOPE_* */
	bool secondary, deprecated, unusable, temporary; /* tentative or failed: not usable */
};

struct path {
	uint32_t index;
	int gateway_family; /* 0: on-link */
	uint8_t gateway[16];
	bool dead;
};

struct route {
	int family;
	uint8_t prefix[16];
	uint32_t length, metric;
	bool local; /* of table local */
	char type[16], protocol[16];
	uint8_t source[16]; /* preferred; zero: none */
	int scope;
	struct path paths[PATHS_MAX];
	size_t path_count;
};

/* In the order in which the kernel lists them. */
struct world {
	struct device devices[64];
	struct own_address addresses[256];
	struct route routes[4096];
	size_t device_count, address_count, route_count;
};

/* Asks ip for everything; ends the program if that fails. */
void world__read(struct world *world);
const struct device *world__device(const struct world *world, uint32_t index);

/* ---- questions and answers ---- */

struct question {
	int family;
	uint8_t destination[16], source[16]; /* zero source: none */
	uint32_t index;                      /* 0: any interface */
};

enum answer_status { OK, INVALID, NOT_FOUND, UNREACHABLE };

struct answer {
	enum answer_status status;
	const struct route *route; /* where it is OK */
	const struct path *path;
	uint8_t source[16];
};

void oracle__ask(const struct world *world, const struct question *question, struct answer *ret_answer);

/* The source that is selected for a path. */
void source__choose(const struct world *world, const struct route *route, const struct path *path,
		    const uint8_t destination[16], uint8_t ret_source[16]);

/* The row of an answer, in zeroed memory, but for its age. */
void row__of(const struct world *world, const struct answer *answer, MIB_IPFORWARD_ROW2 *ret_row);

/* ---- helpers ---- */

uint32_t common_bits(const uint8_t *a, const uint8_t *b);
bool is_zero(const uint8_t bytes[16]);
bool is_loopback(int family, const uint8_t bytes[16]);
bool is_link_local(int family, const uint8_t bytes[16]);
const char *text_of(int family, const uint8_t bytes[16]);
bool has_row(const struct route *route);

/* splitmix64, for the same questions and topologies everywhere */
void random__seed(uint64_t seed);
uint32_t random__below(uint32_t limit);

/* ---- the other half: the kernel's answers, and the topologies ---- */

/*
 * Compares the answers with those of `ip route get`. Differences that belong
 * to none of the classes in kernel.c are printed and counted.
 */
size_t kernel__compare(const struct world *world, const struct question *questions, const struct answer *answers,
		       size_t count);

/* Prints lines for `ip -batch -force`. */
void topology__print(void);

#endif
