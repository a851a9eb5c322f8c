// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Sends packets and knows where each of them must arrive:
 *
 *	traffic NETNS NETNS RATE DESTINATION=DEV…
 *
 * A UDP socket in the first namespace sends RATE packets a second, to each
 * DESTINATION in turn, an address with any last byte. In the second one packet
 * sockets wait on the devices: DEV is where it must arrive, "none" that it must
 * arrive nowhere. At SIGTERM it waits for what is under way, and prints
 *
 *	sent N lost N wrong N
 *
 * wrong: arrived where it must not. Status 1 if anything was lost or wrong.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PORT 40123
#define FLOWS_MAX 64
#define DEVICES_MAX 8
#define LINGER_MS 500
#define BUFFER (64 * 1024 * 1024)

struct payload {
	uint32_t magic, flow;
	uint64_t number;
};

#define MAGIC 0x78666962

struct flow {
	struct sockaddr_storage to;
	socklen_t length;
	int device;    /* of `devices`, -1: none */
	uint64_t sent, arrived;
};

static struct flow flows[FLOWS_MAX];
static int flow_count;
static char devices[DEVICES_MAX][IF_NAMESIZE];
static int sockets[DEVICES_MAX], device_count;
static int sender4, sender6;
static uint64_t wrong;
static volatile sig_atomic_t ended;

static void on_signal(int number)
{
	(void)number;
	ended = 1;
}

static int fail(const char *what)
{
	fprintf(stderr, "traffic: %s: %s\n", what, strerror(errno));
	exit(2);
}

static void enter(const char *netns)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", netns);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		fail(path);
	close(fd);
}

static int device_of(const char *name)
{
	if (!strcmp(name, "none"))
		return -1;
	for (int i = 0; i < device_count; i++) {
		if (!strcmp(devices[i], name))
			return i;
	}
	if (device_count == DEVICES_MAX)
		exit(2);
	snprintf(devices[device_count], IF_NAMESIZE, "%s", name);
	return device_count++;
}

static bool parse_flow(const char *text, struct flow *ret_flow)
{
	const char *equals = strchr(text, '=');
	char address[64];
	struct sockaddr_in *four = (struct sockaddr_in *)&ret_flow->to;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&ret_flow->to;

	if (!equals || (size_t)(equals - text) >= sizeof(address))
		return false;
	snprintf(address, sizeof(address), "%.*s", (int)(equals - text), text);
	ret_flow->device = device_of(equals + 1);
	if (inet_pton(AF_INET, address, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons(PORT);
		ret_flow->length = sizeof(*four);
		return true;
	}
	six->sin6_family = AF_INET6;
	six->sin6_port = htons(PORT);
	ret_flow->length = sizeof(*six);
	return inet_pton(AF_INET6, address, &six->sin6_addr) == 1;
}

static void open_receivers(void)
{
	int size = BUFFER;

	for (int i = 0; i < device_count; i++) {
		struct sockaddr_ll address = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };

		address.sll_ifindex = (int)if_nametoindex(devices[i]);
		sockets[i] = socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (!address.sll_ifindex || sockets[i] < 0 || bind(sockets[i], (struct sockaddr *)&address, sizeof(address)))
			fail(devices[i]);
		setsockopt(sockets[i], SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	}
}

static void take(int device, const unsigned char *packet, size_t length)
{
	size_t header = packet[0] >> 4 == 4 ? 20 : 40;
	struct payload payload;
	uint16_t port;

	if (length < header + 8 + sizeof(payload) || packet[header == 20 ? 9 : 6] != IPPROTO_UDP)
		return;
	memcpy(&port, packet + header + 2, sizeof(port));
	memcpy(&payload, packet + header + 8, sizeof(payload));
	if (port != htons(PORT) || payload.magic != MAGIC || payload.flow >= (uint32_t)flow_count)
		return;
	if (flows[payload.flow].device == device)
		flows[payload.flow].arrived++;
	else
		wrong++;
}

static void receive_all(void)
{
	for (int i = 0; i < device_count; i++) {
		struct sockaddr_ll from;
		socklen_t size = sizeof(from);
		unsigned char packet[2048];
		ssize_t length;

		while ((length = recvfrom(sockets[i], packet, sizeof(packet), 0, (struct sockaddr *)&from, &size)) > 0) {
			if (from.sll_pkttype != PACKET_OUTGOING)
				take(i, packet, (size_t)length);
		}
	}
}

static void send_one(uint32_t index, uint64_t number)
{
	struct payload payload = { .magic = MAGIC, .flow = index, .number = number };
	struct flow *flow = &flows[index];
	struct sockaddr_storage to = flow->to;
	bool six = to.ss_family == AF_INET6;
	unsigned char *last = six ? &((struct sockaddr_in6 *)&to)->sin6_addr.s6_addr[15] :
				    (unsigned char *)&((struct sockaddr_in *)&to)->sin_addr + 3;

	*last = (unsigned char)(1 + number % 250);
	if (sendto(six ? sender6 : sender4, &payload, sizeof(payload), 0, (struct sockaddr *)&to, flow->length) ==
	    (ssize_t)sizeof(payload))
		flow->sent++;
}

static void wait_ns(long ns)
{
	struct timespec pause = { .tv_nsec = ns };

	nanosleep(&pause, NULL);
}

static int report(void)
{
	uint64_t sent = 0, lost = 0;

	for (int i = 0; i < flow_count; i++) {
		sent += flows[i].sent;
		if (flows[i].device >= 0)
			lost += flows[i].sent - flows[i].arrived;
	}
	printf("sent %llu lost %lld wrong %llu\n", (unsigned long long)sent, (long long)lost, (unsigned long long)wrong);
	return lost || wrong;
}

int main(int argc, char **argv)
{
	uint64_t number = 0;
	long rate = argc > 3 ? atol(argv[3]) : 0;

	for (int i = 4; i < argc && flow_count < FLOWS_MAX; i++) {
		if (!parse_flow(argv[i], &flows[flow_count++]))
			rate = 0;
	}
	if (rate < 1 || rate > 1000000 || !flow_count) {
		fputs("usage: traffic NETNS NETNS RATE DESTINATION=DEV...\n", stderr);
		return 2;
	}
	signal(SIGTERM, on_signal);
	signal(SIGINT, on_signal);
	enter(argv[1]);
	sender4 = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	sender6 = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (sender4 < 0 || sender6 < 0)
		fail("opening a socket");
	enter(argv[2]);
	open_receivers();
	while (!ended) {
		send_one((uint32_t)(number % (uint64_t)flow_count), number / (uint64_t)flow_count);
		number++;
		receive_all();
		wait_ns(1000000000L / rate);
	}
	for (int ms = 0; ms < LINGER_MS; ms += 10) {
		receive_all();
		wait_ns(10000000);
	}
	return report();
}
