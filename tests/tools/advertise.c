// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Sends a router advertisement to all nodes behind a device: advertise DEV SECONDS, for which this machine is a default router. */
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

int main(int argc, char **argv)
{
	struct sockaddr_in6 all = { .sin6_family = AF_INET6 };
	struct nd_router_advert advertisement = { .nd_ra_type = ND_ROUTER_ADVERT };
	int fd = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMPV6), hops = 255;

	if (argc != 3 || !(all.sin6_scope_id = if_nametoindex(argv[1]))) {
		fputs("usage: advertise DEV SECONDS\n", stderr);
		return 2;
	}
	advertisement.nd_ra_router_lifetime = htons((uint16_t)atoi(argv[2]));
	if (inet_pton(AF_INET6, "ff02::1", &all.sin6_addr) != 1 ||
	    setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops, sizeof(hops)) ||
	    sendto(fd, &advertisement, sizeof(advertisement), 0, (struct sockaddr *)&all, sizeof(all)) != sizeof(advertisement)) {
		perror("advertise");
		return 1;
	}
	return 0;
}
