// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Two TUN or TAP devices of one name, each in a network namespace of its own: what is sent by one arrives by the other.
 *
 *	tun-pair tun|tap DEV NAMESPACE NAMESPACE
 *
 * The devices live as long as the program, which ends when one of them is gone.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int device__open(const char *namespace, const char *name, short flags)
{
	struct ifreq request = { .ifr_flags = (short)(flags | IFF_NO_PI) };
	char path[256];
	int net, fd;

	snprintf(path, sizeof(path), "/run/netns/%s", namespace);
	net = open(path, O_RDONLY | O_CLOEXEC);
	if (net < 0 || setns(net, CLONE_NEWNET))
		return -errno;
	close(net);
	strcpy(request.ifr_name, name);
	fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &request))
		return -errno;
	return fd;
}

/* As a cable: what the other end does not take is lost, since it is down or its queue is full. */
static void packet__copy(int from, int to)
{
	static char packet[65536];
	ssize_t length = read(from, packet, sizeof(packet));

	if (length > 0 && write(to, packet, (size_t)length) < 0 && errno != EIO && errno != EAGAIN)
		perror("tun-pair: write");
}

int main(int argc, char **argv)
{
	struct pollfd ends[2] = { { .events = POLLIN }, { .events = POLLIN } };
	bool tap = argc == 5 && !strcmp(argv[1], "tap");

	if (argc != 5 || (!tap && strcmp(argv[1], "tun") != 0) || strlen(argv[2]) >= IFNAMSIZ) {
		fputs("usage: tun-pair tun|tap DEV NAMESPACE NAMESPACE\n", stderr);
		return 2;
	}
	for (int i = 0; i < 2; i++) {
		ends[i].fd = device__open(argv[3 + i], argv[2], tap ? IFF_TAP : IFF_TUN);
		if (ends[i].fd < 0) {
			fprintf(stderr, "tun-pair: %s in %s: %s\n", argv[2], argv[3 + i], strerror(-ends[i].fd));
			return 1;
		}
	}
	while (poll(ends, 2, -1) > 0 && !((ends[0].revents | ends[1].revents) & POLLERR))
		for (int i = 0; i < 2; i++)
			if (ends[i].revents)
				packet__copy(ends[i].fd, ends[1 - i].fd);
	return 0;
}
