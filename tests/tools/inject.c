// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Sends one frame, whatever it is, out of a device:
 *
 *	inject DEV HEX...      bytes as hexadecimal digits; blanks and colons between them are skipped
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* Appends the bytes of a word. Returns how many there are then, 0 if the word is wrong. */
static size_t read_hex(const char *text, unsigned char *frame, size_t length, size_t room)
{
	while (*text) {
		unsigned int byte;

		if (*text == ':') {
			text++;
			continue;
		}
		if (length == room || !isxdigit((unsigned char)text[0]) || !isxdigit((unsigned char)text[1]) ||
		    sscanf(text, "%2x", &byte) != 1)
			return 0;
		frame[length++] = (unsigned char)byte;
		text += 2;
	}
	return length;
}

int main(int argc, char **argv)
{
	struct sockaddr_ll address = { .sll_family = AF_PACKET, .sll_halen = ETH_ALEN };
	unsigned char frame[2048];
	size_t length = 0;
	int fd;

	for (int i = 2; i < argc; i++) {
		length = read_hex(argv[i], frame, length, sizeof(frame));
		if (!length)
			break;
	}
	address.sll_ifindex = argc > 2 ? (int)if_nametoindex(argv[1]) : 0;
	if (!length || !address.sll_ifindex) {
		fputs("usage: inject DEV HEX...\n", stderr);
		return 2;
	}
	fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
	if (fd < 0 || sendto(fd, frame, length, 0, (struct sockaddr *)&address, sizeof(address)) != (ssize_t)length) {
		perror("inject");
		return 1;
	}
	return 0;
}
