// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Asks GetBestRoute2 for each address of standard input by one interface:
 *
 *	best-route DEV
 *	ADDRESS GATEWAY|- DEVICE SOURCE|-
 *
 * An address without a route gives no line, nor does a loopback address by
 * another interface, which is an invalid parameter; any other error ends it.
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <netioapi.h>
#include <stdio.h>
#include <string.h>

static const void *bytes_of(const SOCKADDR_INET *address)
{
	return address->si_family == AF_INET6 ? (const void *)&address->Ipv6.sin6_addr : (const void *)&address->Ipv4.sin_addr;
}

static const char *text_of(const SOCKADDR_INET *address, char text[INET6_ADDRSTRLEN])
{
	static const unsigned char zero[16];

	if (!memcmp(bytes_of(address), zero, address->si_family == AF_INET6 ? 16 : 4))
		return "-";
	return inet_ntop(address->si_family, bytes_of(address), text, INET6_ADDRSTRLEN);
}

static int is_loopback(const char *text)
{
	return !strncmp(text, "127.", 4) || !strcmp(text, "::1");
}

int main(int argc, char **argv)
{
	NET_IFINDEX ifindex = argc == 2 ? if_nametoindex(argv[1]) : 0;
	char line[128], gateway[INET6_ADDRSTRLEN], source[INET6_ADDRSTRLEN], device[IF_NAMESIZE];

	if (!ifindex) {
		fputs("usage: best-route DEV\n", stderr);
		return 2;
	}
	while (fgets(line, sizeof(line), stdin)) {
		SOCKADDR_INET destination = { 0 }, best_source;
		MIB_IPFORWARD_ROW2 row;
		NTSTATUS status;
		int family;

		line[strcspn(line, "\n")] = '\0';
		family = strchr(line, ':') ? AF_INET6 : AF_INET;
		destination.si_family = (ADDRESS_FAMILY)family;
		if (inet_pton(family, line, (void *)(uintptr_t)bytes_of(&destination)) != 1) {
			fprintf(stderr, "best-route: '%s' is no address\n", line);
			return 2;
		}
		status = GetBestRoute2(NULL, ifindex, NULL, &destination, 0, &row, &best_source);
		if (status == STATUS_NETWORK_UNREACHABLE || (status == STATUS_INVALID_PARAMETER && is_loopback(line)))
			continue;
		if (status != STATUS_SUCCESS) {
			fprintf(stderr, "best-route: %s: status 0x%08x\n", line, (unsigned int)status);
			return 1;
		}
		if (!if_indextoname(row.InterfaceIndex, device))
			strcpy(device, "?");
		printf("%s %s %s %s\n", line, text_of(&row.NextHop, gateway), device, text_of(&best_source, source));
	}
	return 0;
}
