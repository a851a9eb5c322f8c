// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Makes a TUN device that says it is of another hardware type, for tests of
 * interface types whose real devices a machine may lack:
 *
 *	tun-type DEV INDEX TYPE     TYPE: an ARPHRD_*, 512 PPP, 768 IPIP tunnel, 801 wireless, 65534 none
 *
 * The device stays; it has no carrier, since nobody holds it open.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static unsigned long number(const char *text)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	return *end ? 0 : value;
}

int main(int argc, char **argv)
{
	struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	unsigned long type = argc == 4 ? number(argv[3]) : 0;
	int index = argc == 4 ? (int)number(argv[2]) : 0;
	int fd;

	if (!type || index <= 0 || strlen(argv[1]) >= sizeof(request.ifr_name)) {
		fputs("usage: tun-type DEV INDEX TYPE\n", stderr);
		return 2;
	}
	strcpy(request.ifr_name, argv[1]);
	fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	if (fd < 0 || ioctl(fd, TUNSETIFINDEX, &index) || ioctl(fd, TUNSETIFF, &request) ||
	    ioctl(fd, TUNSETLINK, type) || ioctl(fd, TUNSETPERSIST, 1)) {
		fprintf(stderr, "tun-type: %s, index %d, type %lu: %s\n", argv[1], index, type, strerror(errno));
		return 1;
	}
	close(fd);
	return 0;
}
