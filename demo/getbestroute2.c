// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * GetBestRoute2 on Linux: which next hop and which source address would a
 * packet to an address have, by an interface?
 *
 *	cc getbestroute2.c $(pkg-config --cflags --libs xfib) -o getbestroute2
 *	./getbestroute2 INTERFACE ADDRESS...
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <netioapi.h>
#include <stdio.h>
#include <string.h>

static const void *bytes_of(const SOCKADDR_INET *address)
{
	return address->si_family == AF_INET6 ? (const void *)&address->Ipv6.sin6_addr :
						(const void *)&address->Ipv4.sin_addr;
}

static int set_address(const char *text, SOCKADDR_INET *address)
{
	memset(address, 0, sizeof(*address));
	address->si_family = strchr(text, ':') ? AF_INET6 : AF_INET;
	return inet_pton(address->si_family, text, (void *)(size_t)bytes_of(address));
}

static void print_row(const char *destination, const MIB_IPFORWARD_ROW2 *row, const SOCKADDR_INET *source)
{
	char prefix[INET6_ADDRSTRLEN], next_hop[INET6_ADDRSTRLEN], from[INET6_ADDRSTRLEN], name[IF_NAMESIZE] = "?";

	inet_ntop(row->DestinationPrefix.Prefix.si_family, bytes_of(&row->DestinationPrefix.Prefix), prefix, sizeof(prefix));
	inet_ntop(row->NextHop.si_family, bytes_of(&row->NextHop), next_hop, sizeof(next_hop));
	inet_ntop(source->si_family, bytes_of(source), from, sizeof(from));
	if_indextoname(row->InterfaceIndex, name);
	printf("%s: DestinationPrefix %s/%u NextHop %s Interface %s BestSourceAddress %s\n", destination, prefix,
	       row->DestinationPrefix.PrefixLength, next_hop, name, from);
}

int main(int argc, char **argv)
{
	NET_IFINDEX interface = argc > 2 ? if_nametoindex(argv[1]) : 0;
	int failed = 0;

	if (!interface) {
		fprintf(stderr, "usage: getbestroute2 INTERFACE ADDRESS...\n");
		return 2;
	}
	for (int i = 2; i < argc; i++) {
		SOCKADDR_INET destination, source;
		MIB_IPFORWARD_ROW2 row;
		NTSTATUS status;

		if (set_address(argv[i], &destination) != 1) {
			fprintf(stderr, "getbestroute2: '%s' is no address\n", argv[i]);
			return 2;
		}
		status = GetBestRoute2(NULL, interface, NULL, &destination, 0, &row, &source);
		if (NT_SUCCESS(status))
			print_row(argv[i], &row, &source);
		else
			printf("%s: status 0x%08X\n", argv[i], (unsigned int)status);
		failed |= !NT_SUCCESS(status);
	}
	return failed;
}
