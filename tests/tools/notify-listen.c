// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * notify-listen PATH: takes the datagrams of sd_notify(3) in a service manager's place, and writes each as one line, with
 * blanks between its variables. A PATH that begins with @ is a name that is not in the file system.
 */
#include <err.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

int main(int argc, char **argv)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char text[4096];
	size_t length;
	int fd;

	if (argc != 2 || strlen(argv[1]) >= sizeof(address.sun_path))
		errx(2, "usage: notify-listen PATH");
	length = strlen(argv[1]);
	memcpy(address.sun_path, argv[1], length);
	if (address.sun_path[0] == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)))
		err(1, "%s", argv[1]);
	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("listening");
	for (;;) {
		ssize_t received = recv(fd, text, sizeof(text) - 1, 0);

		if (received < 0)
			err(1, "receiving");
		text[received] = '\0';
		for (char *byte = text; *byte; byte++) {
			if (*byte == '\n')
				*byte = ' ';
		}
		puts(text);
	}
}
