// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * What zebra's module dplane_fpm_nl says to xfibd --fpm:
 *
 *	fpm-client PORT DEV GATEWAY[,GATEWAY…] <PREFIXES    announces the prefixes, by the gateways in turn
 *
 * Waits until the maps of the instance ($XFIB_PIN) have so many routes more, or do not change for a second, and prints
 * how long it took. Keeps the connection open until a signal comes.
 */
#include <arpa/inet.h>
#include <err.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <xfib/xfib.h>

#define GATEWAYS 256
#define BUFFER (64 * 1024)

static uint8_t buffer[BUFFER];
static size_t filled;

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void flush_to(int fd)
{
	size_t sent = 0;

	while (sent < filled) {
		ssize_t length = write(fd, buffer + sent, filled - sent);

		if (length < 0)
			err(1, "writing to xfibd");
		sent += (size_t)length;
	}
	filled = 0;
}

static void put(struct nlmsghdr *message, uint16_t type, const void *data, size_t length)
{
	struct rtattr attribute = { .rta_len = (unsigned short)RTA_LENGTH(length), .rta_type = type };
	uint8_t *at = (uint8_t *)message + message->nlmsg_len;

	memcpy(at, &attribute, sizeof(attribute));
	memset(at + sizeof(attribute), 0, RTA_SPACE(length) - sizeof(attribute));
	memcpy(at + sizeof(attribute), data, length);
	message->nlmsg_len += (uint32_t)RTA_SPACE(length);
}

/* A frame with the route to a prefix, as zebra writes it. */
static void announce(int fd, const char *prefix, int length, int family, uint32_t ifindex, const uint8_t gateway[16])
{
	static _Alignas(struct nlmsghdr) uint8_t room[512];
	struct nlmsghdr *message = (void *)room;
	struct rtmsg *route = NLMSG_DATA(message);
	uint8_t address[16];
	size_t size = family == AF_INET6 ? 16 : 4, whole;
	uint32_t metric = 20;

	if (inet_pton(family, prefix, address) != 1)
		errx(2, "'%s' is no prefix", prefix);
	memset(room, 0, sizeof(room));
	message->nlmsg_len = (uint32_t)NLMSG_LENGTH(sizeof(*route));
	message->nlmsg_type = RTM_NEWROUTE;
	message->nlmsg_flags = NLM_F_CREATE | NLM_F_REPLACE | NLM_F_REQUEST;
	route->rtm_family = (uint8_t)family;
	route->rtm_dst_len = (uint8_t)length;
	route->rtm_table = RT_TABLE_MAIN;
	route->rtm_protocol = RTPROT_BGP;
	route->rtm_type = RTN_UNICAST;
	put(message, RTA_DST, address, size);
	put(message, RTA_PRIORITY, &metric, sizeof(metric));
	put(message, RTA_GATEWAY, gateway, size);
	put(message, RTA_OIF, &ifindex, sizeof(ifindex));
	whole = message->nlmsg_len + 4;
	if (filled + whole > BUFFER)
		flush_to(fd);
	buffer[filled] = buffer[filled + 1] = 1;
	buffer[filled + 2] = (uint8_t)(whole >> 8);
	buffer[filled + 3] = (uint8_t)whole;
	memcpy(buffer + filled + 4, message, message->nlmsg_len);
	filled += whole;
}

static int connect_to(const char *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_port = htons((uint16_t)atoi(port));
	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)))
		err(1, "connecting to port %s", port);
	return fd;
}

static struct xfib_state state_of(const struct xfib *instance)
{
	struct xfib_state state;

	if (xfib_instance__state(instance, &state))
		errx(1, "%s", xfib_error__last());
	return state;
}

/* Returns when the maps have `count` routes, or when their number has been the same for a second the time since then. */
static double await(const struct xfib *instance, uint32_t count)
{
	double changed = now();
	uint32_t last = 0;

	for (;;) {
		struct xfib_state state = state_of(instance);

		uint32_t routes = state.routes4 + state.routes6;

		if (routes >= count)
			return now();
		if (routes != last) /* `changes` moves whatever happens */
			changed = now();
		if (now() > changed + 1)
			return changed;
		last = routes;
		usleep(2000);
	}
}

int main(int argc, char **argv)
{
	uint8_t gateways[2][GATEWAYS][16] = { 0 };
	uint32_t count[2] = { 0 }, routes = 0, ifindex;
	struct xfib_state before;
	struct xfib *instance;
	char line[128];
	double begin, took;
	int fd;

	if (argc != 4 || !(ifindex = if_nametoindex(argv[2])))
		errx(2, "usage: fpm-client PORT DEV GATEWAY[,GATEWAY…] <PREFIXES");
	for (char *word = strtok(argv[3], ","); word; word = strtok(NULL, ",")) {
		bool six = strchr(word, ':') != NULL;

		if (count[six] == GATEWAYS || inet_pton(six ? AF_INET6 : AF_INET, word, gateways[six][count[six]++]) != 1)
			errx(2, "'%s' is no gateway, or one too many", word);
	}
	if (xfib_instance__open(NULL, &instance))
		errx(1, "%s", xfib_error__last());
	before = state_of(instance);
	fd = connect_to(argv[1]);
	begin = now();
	while (fgets(line, sizeof(line), stdin)) {
		char *slash = strchr(line, '/');
		bool six = strchr(line, ':') != NULL;

		if (!slash || !count[six])
			errx(2, "line '%s': no prefix, or no gateway for it", line);
		*slash = '\0';
		announce(fd, line, atoi(slash + 1), six ? AF_INET6 : AF_INET, ifindex, gateways[six][routes % count[six]]);
		routes++;
	}
	flush_to(fd);
	took = await(instance, before.routes4 + before.routes6 + routes) - begin;
	printf("%u routes in %.2f s, %.0f a second\n", routes, took, routes / took);
	fflush(stdout);
	xfib_instance__close(instance);
	signal(SIGTERM, SIG_DFL);
	pause();
	close(fd);
	return 0;
}
