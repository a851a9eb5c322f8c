// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Takes one connection and prints what comes by it:
 *
 *	tcp-sink PORT
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct sockaddr_in6 address = { .sin6_family = AF_INET6 };
	int one = 1, listener = socket(AF_INET6, SOCK_STREAM, 0), fd;
	static char buffer[65536];
	ssize_t length;

	address.sin6_port = htons((uint16_t)(argc == 2 ? atoi(argv[1]) : 0));
	if (!address.sin6_port) {
		fputs("usage: tcp-sink PORT\n", stderr);
		return 2;
	}
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) || listen(listener, 1) || (fd = accept(listener, NULL, NULL)) < 0) {
		perror("tcp-sink");
		return 1;
	}
	while ((length = read(fd, buffer, sizeof(buffer))) > 0)
		fwrite(buffer, 1, (size_t)length, stdout);
	return length < 0;
}
