// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Frames with VLAN tags:
 *
 *	vlan-frames send DEV MAC <LINES      one frame a line, to that MAC address: TAGS SOURCE DESTINATION BYTES
 *	vlan-frames watch DEV SECONDS        prints those that a device receives, one line each: TAGS BYTES HEADERS SUM
 *
 * TAGS are PROTOCOL.TCI,… in hexadecimal and decimal, the outer one first (88a8.300,8100.20), or "-" for none. BYTES are
 * those of the IP packet, which is UDP to port 4242. Watching prints the tag that the kernel has taken off a frame as if it
 * were still there, and ends after SECONDS without any frame. HEADERS are the bytes up to UDP's, SUM is one of all bytes.
 */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "vlan-tag.h"

#define PORT 4242
#define FRAME 2048

static int open_device(const char *name, uint16_t protocol)
{
	struct sockaddr_ll address = { .sll_family = AF_PACKET, .sll_protocol = htons(protocol), .sll_ifindex = (int)if_nametoindex(name) };
	int fd = socket(AF_PACKET, SOCK_RAW, 0), one = 1, room = 8 << 20;

	if (fd < 0 || !address.sll_ifindex || bind(fd, (struct sockaddr *)&address, sizeof(address)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &one, sizeof(one)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room))) {
		perror(name);
		exit(1);
	}
	return fd;
}

static unsigned int get16(const uint8_t *at)
{
	return (unsigned int)at[0] << 8 | at[1];
}

static void put16(uint8_t *at, unsigned int value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static unsigned int sum_up(const uint8_t *data, size_t length, unsigned int sum)
{
	for (size_t i = 0; i < length; i++)
		sum += i % 2 ? data[i] : (unsigned int)data[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* ---- sending ---- */

static uint8_t *put_tags(const char *tags, uint8_t *at)
{
	unsigned int protocol, tci;

	for (; tags && sscanf(tags, "%x.%u", &protocol, &tci) == 2; at += 4) {
		put16(at, protocol);
		put16(at + 2, tci);
		tags = strchr(tags, ',');
		tags += tags != NULL;
	}
	return at;
}

/* A packet of `length` bytes; false: the addresses are none. */
static bool put_packet(const char *source, const char *destination, size_t length, uint8_t *ip)
{
	bool six = strchr(source, ':') != NULL;
	size_t header = six ? 40 : 20, size = six ? 16 : 4, addresses = six ? 8 : 12;
	uint8_t *udp = ip + header;

	memset(ip, 0, header);
	ip[0] = six ? 0x60 : 0x45;
	put16(ip + (six ? 4 : 2), (unsigned int)(six ? length - 40 : length));
	ip[six ? 6 : 9] = 17;
	ip[six ? 7 : 8] = 64;
	if (inet_pton(six ? AF_INET6 : AF_INET, source, ip + addresses) != 1 ||
	    inet_pton(six ? AF_INET6 : AF_INET, destination, ip + addresses + size) != 1)
		return false;
	if (!six)
		put16(ip + 10, ~sum_up(ip, 20, 0) & 0xffff);
	for (size_t i = 0; i < length - header; i++)
		udp[i] = (uint8_t)i;
	put16(udp, PORT);
	put16(udp + 2, PORT);
	put16(udp + 4, (unsigned int)(length - header));
	put16(udp + 6, 0);
	put16(udp + 6, ~sum_up(udp, length - header, sum_up(ip + addresses, 2 * size, 17 + (unsigned int)(length - header))) & 0xffff);
	return true;
}

static int send_frames(const char *device, const char *mac)
{
	char line[256], tags[64], source[64], destination[64];
	unsigned int byte[6], length;
	int fd = open_device(device, 0);

	if (sscanf(mac, "%x:%x:%x:%x:%x:%x", &byte[0], &byte[1], &byte[2], &byte[3], &byte[4], &byte[5]) != 6)
		return 2;
	while (fgets(line, sizeof(line), stdin)) {
		uint8_t frame[FRAME] = { 0 }, *at = frame + 12;

		if (sscanf(line, "%63s %63s %63s %u", tags, source, destination, &length) != 4 || length > FRAME - 32 || length < 60)
			return 2;
		for (int i = 0; i < 6; i++)
			frame[i] = (uint8_t)byte[i];
		frame[6] = 2;
		at = put_tags(tags, at);
		put16(at, strchr(source, ':') ? ETH_P_IPV6 : ETH_P_IP);
		at += 2;
		if (!put_packet(source, destination, length, at))
			return 2;
		if (send(fd, frame, (size_t)(at - frame) + length, 0) < 0) {
			perror(line);
			return 1;
		}
		usleep(2000); /* the queues behind are short */
	}
	return 0;
}

/* ---- watching ---- */

/* Prints a frame of those that are sent here; false if it is none. */
static bool print_frame(const uint8_t *frame, size_t length)
{
	const uint8_t *at = frame + 12, *udp;
	const char *comma = "";
	uint64_t sum = 0xcbf29ce484222325;

	while (get16(at) == ETH_P_8021Q || get16(at) == ETH_P_8021AD)
		at += 4;
	if (get16(at) != ETH_P_IP && get16(at) != ETH_P_IPV6)
		return false;
	udp = at + 2 + (get16(at) == ETH_P_IP ? 20 : 40);
	if (get16(udp + 2) != PORT || udp + 8 > frame + length)
		return false;
	if (at == frame + 12)
		putchar('-');
	for (const uint8_t *tag = frame + 12; tag < at; tag += 4, comma = ",")
		printf("%s%04x.%u", comma, get16(tag), get16(tag + 2));
	printf(" %zu ", (size_t)(frame + length - (at + 2)));
	for (const uint8_t *byte = frame; byte < udp + 8; byte++)
		printf("%02x", *byte);
	for (size_t i = 0; i < length; i++)
		sum = (sum ^ frame[i]) * 0x100000001b3;
	printf(" %016llx\n", (unsigned long long)sum);
	return true;
}

static int watch(const char *device, int seconds)
{
	int fd = open_device(device, ETH_P_ALL);

	for (;;) {
		struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
		static uint8_t frame[65536 + 64];
		union vlan_tag_control control;
		struct sockaddr_ll from = { 0 };
		struct iovec vector = { .iov_base = frame, .iov_len = 65536 };
		struct msghdr message = { .msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &vector, .msg_iovlen = 1,
					  .msg_control = &control, .msg_controllen = sizeof(control) };
		ssize_t length;

		if (poll(&poll_fd, 1, seconds * 1000) <= 0)
			return 0;
		length = recvmsg(fd, &message, 0);
		if (length > ETH_HLEN && from.sll_pkttype != PACKET_OUTGOING)
			print_frame(frame, vlan_tag__put_back(&message, frame, (size_t)length));
		fflush(stdout);
	}
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "send"))
		return send_frames(argv[2], argv[3]);
	if (argc == 4 && !strcmp(argv[1], "watch"))
		return watch(argv[2], atoi(argv[3]));
	fputs("usage: vlan-frames send DEV MAC <LINES\n       vlan-frames watch DEV SECONDS\n", stderr);
	return 2;
}
