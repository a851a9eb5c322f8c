// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Addresses, LUIDs and rows of the tables, from text to bytes, and their comparison byte by byte. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conformance.h"

void poison(void *memory, size_t bytes)
{
	memset(memory, POISON, bytes);
}

bool is_filled(const void *memory, int byte, size_t bytes)
{
	const unsigned char *at = memory;

	for (size_t i = 0; i < bytes; i++) {
		if (at[i] != byte)
			return false;
	}
	return true;
}

static void bad_text(const char *what, const char *text)
{
	fprintf(stderr, "a case of the tables has the %s '%s'\n", what, text);
	exit(2);
}

void address__read(const char *text, SOCKADDR_INET *ret_address)
{
	bool rubbish = *text == '!';
	char name[INET6_ADDRSTRLEN + 1], *scope;

	memset(ret_address, rubbish ? POISON : 0, sizeof(*ret_address));
	if (!strncmp(text, "AF ", 3)) {
		ret_address->si_family = (ADDRESS_FAMILY)atoi(text + 3);
		return;
	}
	snprintf(name, sizeof(name), "%s", text + rubbish);
	scope = strchr(name, '%');
	if (scope)
		*scope++ = '\0';
	ret_address->si_family = strchr(name, ':') ? AF_INET6 : AF_INET;
	if (ret_address->si_family == AF_INET6)
		ret_address->Ipv6.sin6_scope_id = scope ? (uint32_t)atoi(scope) : 0;
	if (inet_pton(ret_address->si_family, name,
		      ret_address->si_family == AF_INET6 ? (void *)&ret_address->Ipv6.sin6_addr :
							   (void *)&ret_address->Ipv4.sin_addr) != 1)
		bad_text("address", text);
}

NET_LUID luid__read(const char *text)
{
	unsigned int type = 0, index = 0, reserved = 0;
	NET_LUID luid = { 0 };

	if (!strcmp(text, "0"))
		return luid;
	if (sscanf(text, "%u:%u:%u", &type, &index, &reserved) < 2)
		bad_text("LUID", text);
	/* By its bits, not by the header's fields. */
	luid.Value = reserved | (uint64_t)index << 24 | (uint64_t)type << 48;
	return luid;
}

NET_LUID luid__of(NET_IFINDEX index)
{
	static const uint16_t types[] = {
		[LO] = 24, [T1] = 6, [T2] = 6, [T3] = 6, [T4] = 6, [BR0] = 6,
		[TUN0] = 1, [PPP0] = 23, [TUNNEL0] = 131, [WLAN0] = 71, [ETHERNET_12] = 6,
	};
	NET_LUID luid = { .Value = (uint64_t)index << 24 };

	if (index < COUNT(types))
		luid.Value |= (uint64_t)types[index] << 48;
	return luid;
}

/* ---- rows ---- */

void row__make(const struct row *row, MIB_IPFORWARD_ROW2 *ret_row)
{
	char prefix[64], *slash;

	memset(ret_row, 0, sizeof(*ret_row));
	snprintf(prefix, sizeof(prefix), "%s", row->prefix);
	slash = strchr(prefix, '/');
	if (!slash)
		bad_text("prefix", row->prefix);
	*slash = '\0';
	ret_row->InterfaceLuid = luid__of(row->index);
	ret_row->InterfaceIndex = row->index;
	address__read(prefix, &ret_row->DestinationPrefix.Prefix);
	ret_row->DestinationPrefix.PrefixLength = (UINT8)atoi(slash + 1);
	if (row->next_hop)
		address__read(row->next_hop, &ret_row->NextHop);
	else
		ret_row->NextHop.si_family = ret_row->DestinationPrefix.Prefix.si_family;
	ret_row->ValidLifetime = ret_row->PreferredLifetime = row->lifetime ? row->lifetime : 0xffffffff;
	ret_row->Metric = row->metric;
	ret_row->Protocol = row->protocol;
	ret_row->Loopback = row->index == LO;
	ret_row->AutoconfigureAddress = row->origin == NlroRouterAdvertisement;
	ret_row->Immortal = !row->lifetime;
	ret_row->Origin = row->origin;
}

static const char *text_of(const SOCKADDR_INET *address, char text[80])
{
	char name[INET6_ADDRSTRLEN] = "?";

	if (address->si_family == AF_INET6) {
		inet_ntop(AF_INET6, &address->Ipv6.sin6_addr, name, sizeof(name));
		snprintf(text, 80, "%s%%%u", name, address->Ipv6.sin6_scope_id);
	} else if (address->si_family == AF_INET) {
		snprintf(text, 80, "%s", inet_ntop(AF_INET, &address->Ipv4.sin_addr, name, sizeof(name)));
	} else {
		snprintf(text, 80, "family %u", address->si_family);
	}
	return text;
}

static void describe(char why[WHY_BYTES], const char *name, const MIB_IPFORWARD_ROW2 *row)
{
	char prefix[80], next_hop[80];

	result__note(why,
		     "%s: LUID %#llx index %u %s/%u via %s site %u valid %u preferred %u metric %u protocol %d flags "
		     "%u%u%u%u age %u origin %d",
		     name, (unsigned long long)row->InterfaceLuid.Value, row->InterfaceIndex,
		     text_of(&row->DestinationPrefix.Prefix, prefix), row->DestinationPrefix.PrefixLength,
		     text_of(&row->NextHop, next_hop), row->SitePrefixLength, row->ValidLifetime, row->PreferredLifetime,
		     row->Metric, (int)row->Protocol, row->Loopback, row->AutoconfigureAddress, row->Publish, row->Immortal,
		     row->Age, (int)row->Origin);
}

void row__compare(char why[WHY_BYTES], const struct row *expected, const MIB_IPFORWARD_ROW2 *seen)
{
	MIB_IPFORWARD_ROW2 row;

	row__make(expected, &row);
	if (seen->Age < 3600)
		row.Age = seen->Age;
	if (expected->lifetime && seen->ValidLifetime <= expected->lifetime &&
	    seen->ValidLifetime + 600 >= expected->lifetime)
		row.ValidLifetime = row.PreferredLifetime = seen->ValidLifetime;
	if (!memcmp(&row, seen, sizeof(row)))
		return;
	describe(why, "row", seen);
	describe(why, "expected", &row);
	for (size_t i = 0; i < sizeof(row); i++) {
		if (((const unsigned char *)&row)[i] != ((const unsigned char *)seen)[i]) {
			result__note(why, "they differ from byte %zu on", i);
			return;
		}
	}
}

void address__compare(char why[WHY_BYTES], const char *expected, const SOCKADDR_INET *seen)
{
	SOCKADDR_INET address;
	char text[80];

	address__read(expected, &address);
	if (memcmp(&address, seen, sizeof(address)))
		result__note(why, "source %s, expected %s%s", text_of(seen, text), expected,
			     strcmp(text, expected) ? "" : " (bytes that should be 0 are not)");
}
