// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * A day of updates, applied to RIB and compiled FIB, tries included:
 *
 *	updates 4|6 PREFIXES UPDATES
 *
 * PREFIXES: one a line; UPDATES: `A prefix` announces, `W prefix` withdraws.
 * Each announcement takes one of 64 next hops by a hash of prefix and
 * position, so that most of them change something. Prints figures.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <xfib/xfib.h>

#include "bpf_maps.h"
#include "figures.h"
#include "hash.h"
#include "rib_private.h"

#define TABLE 1000
#define BURST 1000 /* changes: some 100 KiB of the kernel's messages */

struct update {
	uint8_t prefix[16];
	uint8_t length;
	bool withdraws;
};

static struct update *list;
static size_t count, room;
static uint8_t family;

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "updates: %s\n", what);
	exit(1);
}

static void read_file(const char *path)
{
	FILE *file = fopen(path, "re");
	char line[128];

	count = 0;
	if (!file)
		die(path);
	while (fgets(line, sizeof(line), file)) {
		struct update update = { .withdraws = line[0] == 'W' };
		char *text = line[1] == ' ' ? line + 2 : line, *slash = strchr(text, '/');

		if (!slash)
			continue;
		*slash = '\0';
		update.length = (uint8_t)atoi(slash + 1);
		if (inet_pton(family, text, update.prefix) != 1)
			continue;
		if (count == room) {
			room = room ? room * 2 : 1 << 16;
			list = realloc(list, room * sizeof(*list));
			if (!list)
				die("out of memory");
		}
		list[count++] = update;
	}
	fclose(file);
}

static void describe(uint32_t ifindex, struct nexthop_device *ret_device, void *data)
{
	(void)ifindex, (void)data;
	*ret_device = (struct nexthop_device){ .mtu4 = 1500, .mtu6 = 1500, .ethernet = true };
}

static int apply(struct rib *rib, size_t at)
{
	const struct update *update = &list[at];
	struct rib_path path = { .weight = 1 };
	struct rib_route route = { .family = family, .prefix_length = update->length, .type = XFIB_ROUTE_UNICAST,
				   .owner = XFIB_OWNER_XFIB, .table = TABLE, .path_count = 1, .paths = &path };
	struct xfib_route_spec spec = { .size = sizeof(spec), .family = family, .prefix_length = update->length };
	int err;

	if (update->withdraws) {
		memcpy(spec.prefix, update->prefix, sizeof(spec.prefix));
		err = rib__delete_own(rib, TABLE, &spec);
		return err == -ENOENT ? 0 : err;
	}
	memcpy(route.prefix, update->prefix, sizeof(route.prefix));
	path.nexthop.ifindex = 1;
	path.nexthop.family = path.nexthop.gateway_family = family;
	path.nexthop.type = XFIB_ROUTE_UNICAST;
	path.nexthop.gateway[0] = 10;
	path.nexthop.gateway[15] = path.nexthop.gateway[3] =
		(uint8_t)((hash__bytes(update->prefix, sizeof(update->prefix)) + at * 0x9e3779b9u) >> 26 & 63);
	return rib__add_own(rib, &route, XFIB_REPLACE);
}

static int by_value(const void *left, const void *right)
{
	float a = *(const float *)left, b = *(const float *)right;

	return a < b ? -1 : a > b;
}

/* All of them, in bursts as the daemon applies what the kernel has queued. */
static void replay_bursts(struct maps *maps, struct rib *rib)
{
	const double least = 300000;
	double begin = now(), rate;
	char name[96];

	for (size_t i = 0; i < count;) {
		maps__defer(maps);
		for (size_t end = i + BURST; i < end && i < count; i++) {
			if (apply(rib, i))
				die("a change was refused");
		}
		if (maps__end_deferring(maps))
			die("the tries did not take the changes");
	}
	rate = (double)count / (now() - begin);
	snprintf(name, sizeof(name), "IPv%c updates of a day, RIB, tries and compiled FIB", family == AF_INET6 ? '6' : '4');
	figure__line(name, rate, "a second", &least, rate >= least, NULL);
}

/* Once more, each for itself. */
static void replay_singly(struct rib *rib)
{
	const double slow = 50;
	float *took = calloc(count, sizeof(*took));
	char name[96];

	if (!took)
		die("out of memory");
	for (size_t i = 0; i < count; i++) {
		double before = now();

		if (apply(rib, i))
			die("a change was refused");
		took[i] = (float)((now() - before) * 1e6);
	}
	qsort(took, count, sizeof(*took), by_value);
	snprintf(name, sizeof(name), "IPv%c update alone, median", family == AF_INET6 ? '6' : '4');
	figure__line(name, took[count / 2], "us", NULL, false, NULL);
	strcpy(strrchr(name, ','), ", p99");
	figure__line(name, took[count * 99 / 100], "us", &slow, took[count * 99 / 100] <= slow, NULL);
	strcpy(strrchr(name, ','), ", slowest");
	figure__line(name, took[count - 1], "us", NULL, false, NULL);
	free(took);
}

int main(int argc, char **argv)
{
	struct map_sizes sizes = { .routes = 1572864, .nexthops = 1024, .groups = 16, .links = 16, .addresses = 16,
				   .neighbours = 16, .rules = 16 };
	struct nexthops *nexthops;
	struct bpf_maps *bpf;
	struct rib *rib;

	if (argc != 4)
		die("usage: updates 4|6 PREFIXES UPDATES");
	family = argv[1][0] == '6' ? AF_INET6 : AF_INET;
	hash__init();
	if (bpf_maps__create(&sizes, &bpf) || nexthops__new(&bpf->maps, describe, NULL, &nexthops) ||
	    rib__new(&bpf->maps, nexthops, &rib))
		die("making the maps (root?)");
	rib__want_fib(rib);
	read_file(argv[2]);
	for (size_t i = 0; i < count; i++) {
		if (apply(rib, i))
			die("a route was refused");
	}
	rib__settle_fib(rib);
	read_file(argv[3]);
	replay_bursts(&bpf->maps, rib);
	replay_singly(rib);
	rib__free(rib);
	nexthops__free(nexthops);
	bpf_maps__destroy(bpf);
	return 0;
}
