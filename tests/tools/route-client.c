// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * What programs do with libxfib that change and watch routes:
 *
 *	route-client change add|replace|append|del TABLE DEV FIRST COUNT
 *		one transaction of COUNT routes to FIRST/32 and the addresses behind it
 *	route-client sample TABLE DEV OTHER
 *		one transaction of routes of every kind
 *	route-client pairs TABLE DEV COUNT
 *		COUNT times adds a route and deletes it, each on its own; prints how many a second
 *	route-client watch SECONDS
 *		prints each event: "added own 10.0.0.1/32 table 1000 dev eth0"
 *	route-client count
 *		watches; reads nothing until a line comes by standard input, then prints "N events, N resyncs"
 *	route-client fork TABLE DEV FIRST
 *		watches, forks, and changes a route in parent and child, each of which prints its events
 *
 * $XFIB_PIN and $XFIB_SOCKET choose the instance. What clients do badly, raw-client does.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <xfib/xfib.h>

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static struct xfib *open_instance(void)
{
	struct xfib *instance;

	if (xfib_instance__open(NULL, &instance))
		errx(1, "%s", xfib_error__last());
	return instance;
}

static uint32_t index_of(const char *device)
{
	static uint32_t ifindex; /* a run has one device */

	if (!ifindex)
		ifindex = if_nametoindex(device);
	return ifindex ? ifindex : 0x7fffffff; /* what is none */
}

/* The route to the address `offset` behind `first`. */
static struct xfib_route_spec spec_of(const char *table, const char *device, const char *first, uint32_t offset,
				      struct xfib_path_spec *path)
{
	struct xfib_route_spec spec = { .size = sizeof(spec), .family = AF_INET, .prefix_length = 32,
					.table = (uint32_t)strtoul(table, NULL, 10), .path_count = 1, .paths = path };
	uint32_t address;

	*path = (struct xfib_path_spec){ .ifindex = index_of(device) };
	if (inet_pton(AF_INET, first, &address) != 1)
		errx(2, "'%s' is no address", first);
	address = htonl(ntohl(address) + offset);
	memcpy(spec.prefix, &address, sizeof(address));
	return spec;
}

static enum xfib_change change_of(const char *name)
{
	static const char *const names[] = { [XFIB_ADD] = "add", [XFIB_REPLACE] = "replace", [XFIB_APPEND] = "append",
					     [XFIB_DELETE] = "del" };

	for (int i = XFIB_ADD; i <= XFIB_DELETE; i++) {
		if (!strcmp(name, names[i]))
			return (enum xfib_change)i;
	}
	errx(2, "'%s' is no change", name);
}

static int run_change(char **argv)
{
	enum xfib_change what = change_of(argv[0]);
	uint32_t count = (uint32_t)strtoul(argv[4], NULL, 10);
	struct xfib *instance = open_instance();
	struct xfib_transaction *transaction;
	double begin = seconds();
	size_t failed = 0;
	int error;

	if (xfib_transaction__new(instance, &transaction))
		errx(1, "%s", xfib_error__last());
	for (uint32_t i = 0; i < count; i++) {
		struct xfib_path_spec path;
		struct xfib_route_spec spec = spec_of(argv[1], argv[2], argv[3], i, &path);

		if (xfib_transaction__add(transaction, what, &spec))
			errx(1, "%s", xfib_error__last());
	}
	error = xfib_transaction__commit(transaction, &failed);
	if (error)
		errx(1, "%d of %zu: %s (%s)", error, failed, xfib_error__last(), strerror(-error));
	printf("%u changes in %.3f s\n", count, seconds() - begin);
	xfib_transaction__free(transaction);
	xfib_instance__close(instance);
	return 0;
}

static int run_sample(char **argv)
{
	uint32_t dev = if_nametoindex(argv[1]), other = if_nametoindex(argv[2]);
	const struct xfib_path_spec by_gateway = { .ifindex = dev, .gateway_family = AF_INET, .gateway = { 10, 0, 1, 1 } };
	const struct xfib_path_spec both[] = {
		{ .ifindex = other, .gateway_family = AF_INET, .gateway = { 10, 0, 2, 1 }, .weight = 200 },
		{ .ifindex = dev, .gateway_family = AF_INET, .gateway = { 10, 0, 1, 1 }, .weight = 3 },
		{ .ifindex = dev },
	};
	const struct xfib_path_spec mixed = { .ifindex = dev, .gateway_family = AF_INET6,
					      .gateway = { 0xfe, 0x80, [15] = 1 }, .flags = XFIB_NEXTHOP_ONLINK };
	const struct xfib_path_spec linked = { .ifindex = other };
	const struct xfib_route_spec specs[] = {
		{ .family = AF_INET, .prefix = { 198, 18, 7 }, .prefix_length = 24, .paths = both, .path_count = 3 },
		{ .family = AF_INET, .prefix = { 198, 18, 7 }, .prefix_length = 24, .metric = 5, .paths = &by_gateway,
		  .path_count = 1, .mtu = 1300, .source = { 10, 0, 1, 254 }, .protocol = 186 },
		{ .family = AF_INET, .prefix = { 198, 18, 7 }, .prefix_length = 24, .metric = 9, .tos = 0x10,
		  .paths = &linked, .path_count = 1 },
		{ .family = AF_INET, .prefix = { 198, 18, 7 }, .prefix_length = 24, .metric = 9, .paths = &mixed,
		  .path_count = 1, .scope = 200, .flags = XFIB_SPEC_SCOPE },
		{ .family = AF_INET, .type = XFIB_ROUTE_BLACKHOLE, .metric = 1000 },
		{ .family = AF_INET, .prefix = { 198, 18, 8, 1 }, .prefix_length = 32, .type = XFIB_ROUTE_THROW },
		{ .family = AF_INET6, .prefix = { 0x20, 1, 0xd, 0xb8, [7] = 7 }, .prefix_length = 64, .paths = &linked,
		  .path_count = 1, .preference = 1 },
		{ .family = AF_INET6, .prefix = { 0x20, 1, 0xd, 0xb8, [7] = 8 }, .prefix_length = 64, .paths = &mixed,
		  .path_count = 1, .metric = 7 },
		{ .family = AF_INET6, .prefix = { 0x20, 1, 0xd, 0xb8, [7] = 9 }, .prefix_length = 64,
		  .type = XFIB_ROUTE_PROHIBIT },
	};
	struct xfib *instance = open_instance();
	struct xfib_transaction *transaction;

	if (xfib_transaction__new(instance, &transaction))
		errx(1, "%s", xfib_error__last());
	for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
		struct xfib_route_spec spec = specs[i];

		spec.size = sizeof(spec);
		spec.table = (uint32_t)strtoul(argv[0], NULL, 10);
		if (xfib_transaction__add(transaction, XFIB_APPEND, &spec))
			errx(1, "%s", xfib_error__last());
	}
	if (xfib_transaction__commit(transaction, NULL))
		errx(1, "%s", xfib_error__last());
	xfib_transaction__free(transaction);
	xfib_instance__close(instance);
	return 0;
}

static int run_pairs(char **argv)
{
	uint32_t count = (uint32_t)strtoul(argv[2], NULL, 10);
	struct xfib *instance = open_instance();
	double begin = seconds();

	for (uint32_t i = 0; i < count; i++) {
		struct xfib_path_spec path;
		struct xfib_route_spec spec = spec_of(argv[0], argv[1], "198.18.0.0", i % 256, &path);

		if (xfib_route__change(instance, XFIB_ADD, &spec) || xfib_route__change(instance, XFIB_DELETE, &spec))
			errx(1, "%s", xfib_error__last());
	}
	printf("%.0f pairs a second\n", count / (seconds() - begin));
	xfib_instance__close(instance);
	return 0;
}

static void print_event(const struct xfib_route_event *event)
{
	static const char *const names[] = { "?", "added", "changed", "deleted", "resync" };
	char prefix[INET6_ADDRSTRLEN];

	if (event->type == XFIB_ROUTE_RESYNC) {
		puts("resync");
	} else {
		inet_ntop(event->route.family, event->route.prefix, prefix, sizeof(prefix));
		printf("%s %s %s/%u table %u dev %s\n", names[event->type], event->own ? "own" : "foreign", prefix,
		       event->route.prefix_length, event->route.table, event->dev);
	}
	fflush(stdout);
}

static void watch_for(struct xfib_watch *watch, double duration)
{
	double end = seconds() + duration;
	struct xfib_route_event event;

	while (seconds() < end) {
		struct pollfd poll_fd = { .fd = xfib_watch__fd(watch), .events = POLLIN };
		int error;

		poll(&poll_fd, 1, (int)((end - seconds()) * 1000) + 1);
		/* One event for each time that it polls readable: so it must stay readable while there are more. */
		error = xfib_watch__next(watch, &event);
		if (!error)
			print_event(&event);
		else if (error != -EAGAIN)
			errx(1, "%s", xfib_error__last());
	}
}

static int run_watch(char **argv)
{
	struct xfib *instance = open_instance();
	struct xfib_watch *watch;

	if (xfib_watch__open(instance, NULL, &watch))
		errx(1, "%s", xfib_error__last());
	puts("watching");
	fflush(stdout);
	watch_for(watch, strtod(argv[0], NULL));
	xfib_watch__close(watch);
	xfib_instance__close(instance);
	return 0;
}

static int run_count(char **argv)
{
	struct xfib *instance = open_instance();
	uint32_t events = 0, resyncs = 0;
	struct xfib_route_event event;
	struct xfib_watch *watch;
	struct pollfd poll_fd;

	(void)argv;
	if (xfib_watch__open(instance, NULL, &watch))
		errx(1, "%s", xfib_error__last());
	puts("watching");
	fflush(stdout);
	getchar();
	poll_fd = (struct pollfd){ .fd = xfib_watch__fd(watch), .events = POLLIN };
	while (poll(&poll_fd, 1, 500) > 0) {
		while (!xfib_watch__next(watch, &event)) {
			if (event.type == XFIB_ROUTE_RESYNC)
				resyncs++;
			else
				events++;
		}
	}
	printf("%u events, %u resyncs\n", events, resyncs);
	xfib_watch__close(watch);
	xfib_instance__close(instance);
	return 0;
}

static int run_fork(char **argv)
{
	struct xfib *instance = open_instance();
	struct xfib_path_spec path;
	struct xfib_route_spec spec = spec_of(argv[0], argv[1], argv[2], 0, &path);
	struct xfib_watch *watch;
	int status = 1;
	pid_t child;

	if (xfib_watch__open(instance, NULL, &watch) || xfib_route__change(instance, XFIB_ADD, &spec))
		errx(1, "%s", xfib_error__last());
	child = fork();
	if (!child) {
		printf("child:\n");
		watch_for(watch, 0.5);
		if (xfib_route__change(instance, XFIB_DELETE, &spec))
			errx(1, "%s", xfib_error__last());
		watch_for(watch, 0.5);
		fflush(stdout);
		xfib_watch__close(watch);
		xfib_instance__close(instance);
		_exit(0);
	}
	waitpid(child, &status, 0);
	printf("parent:\n");
	watch_for(watch, 0.5);
	xfib_watch__close(watch);
	xfib_instance__close(instance);
	return status;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int arguments;
		int (*run)(char **argv);
	} commands[] = {
		{ "change", 5, run_change }, { "sample", 3, run_sample }, { "pairs", 3, run_pairs },
		{ "watch", 1, run_watch },   { "count", 0, run_count },   { "fork", 3, run_fork },
	};

	for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (!strcmp(argv[1], commands[i].name) && argc == commands[i].arguments + 2)
			return commands[i].run(argv + 2);
	}
	errx(2, "see the top of tests/tools/route-client.c");
}
