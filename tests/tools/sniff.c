// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Prints the IP frames that a device receives, one line each:
 *
 *	sniff DEV COUNT SECONDS
 *	SOURCE-MAC DESTINATION-MAC SOURCE DESTINATION PROTOCOL TTL BYTES CHECKSUM
 *
 * CHECKSUM is "ok" or "wrong" for the IPv4 header, "-" for IPv6. Neighbour
 * discovery and multicast are left out. Ends after COUNT lines or SECONDS;
 * status 1 if there were fewer than COUNT.
 */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

static int open_device(const char *name)
{
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)if_nametoindex(name),
	};
	int fd, room = 8 << 20; // a machine that is busy lets us read late, and of the default 100 frames fit

	if (!address.sll_ifindex) {
		fprintf(stderr, "sniff: device '%s' does not exist\n", name);
		return -1;
	}
	fd = socket(AF_PACKET, SOCK_RAW, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) ||
	    bind(fd, (struct sockaddr *)&address, sizeof(address))) {
		perror("sniff: packet socket");
		return -1;
	}
	return fd;
}

static void print_mac(const unsigned char *mac)
{
	printf("%02x:%02x:%02x:%02x:%02x:%02x ", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}

static const char *checksum_of(const unsigned char *header)
{
	unsigned int sum = 0;

	for (int i = 0; i < 20; i += 2)
		sum += (unsigned int)header[i] << 8 | header[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff ? "ok" : "wrong";
}

/* Prints a frame; 0 if it is none of those that are printed. */
static int print_frame(const unsigned char *frame, size_t length)
{
	const unsigned char *header = frame + ETH_HLEN;
	bool six = frame[12] == 0x86 && frame[13] == 0xdd;
	char from[INET6_ADDRSTRLEN], to[INET6_ADDRSTRLEN];

	if (length < ETH_HLEN + (six ? sizeof(struct ip6_hdr) : sizeof(struct iphdr)) || (!six && (frame[12] != 0x08 || frame[13])))
		return 0;
	if (six && (header[24] == 0xff || (header[24] == 0xfe && (header[25] & 0xc0) == 0x80) || header[8] == 0xfe))
		return 0;
	if (six && header[6] == IPPROTO_ICMPV6 && header[40] >= 133 && header[40] <= 137)
		return 0;
	inet_ntop(six ? AF_INET6 : AF_INET, header + (six ? 8 : 12), from, sizeof(from));
	inet_ntop(six ? AF_INET6 : AF_INET, header + (six ? 24 : 16), to, sizeof(to));
	print_mac(frame + ETH_ALEN);
	print_mac(frame);
	printf("%s %s %u %u %zu %s\n", from, to, header[six ? 6 : 9], header[six ? 7 : 8], length,
	       six ? "-" : checksum_of(header));
	fflush(stdout);
	return 1;
}

int main(int argc, char **argv)
{
	int wanted, fd, seen = 0;
	time_t end;

	if (argc != 4) {
		fputs("usage: sniff DEV COUNT SECONDS\n", stderr);
		return 2;
	}
	wanted = atoi(argv[2]);
	end = time(NULL) + atoi(argv[3]);
	fd = open_device(argv[1]);
	if (fd < 0)
		return 1;
	while (seen < wanted && time(NULL) < end) {
		struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
		struct sockaddr_ll from = { 0 };
		socklen_t size = sizeof(from);
		unsigned char frame[65536] = { 0 };
		ssize_t length;

		if (poll(&poll_fd, 1, 100) <= 0)
			continue;
		length = recvfrom(fd, frame, sizeof(frame), 0, (struct sockaddr *)&from, &size);
		if (length > 0 && from.sll_pkttype != PACKET_OUTGOING)
			seen += print_frame(frame, (size_t)length);
	}
	return seen < wanted;
}
