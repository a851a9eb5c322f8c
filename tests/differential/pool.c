// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Few prefixes and addresses, nested and side by side, so that what is drawn from them meets. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "differential.h"

const char *const device_names[DEVICES] = { "lo", "p1", "p2", "p3", "p4", "t1", "x1", "b1", "v1" };
const char *const far_names[DEVICES] = { [VETH1] = "q1", [VETH2] = "q2", [VETH3] = "q3", [VETH4] = "q4" };

static const char *const prefixes4[] = {
	"0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "10.0.0.0/8", "10.0.1.0/24", "10.0.2.0/25", "10.0.3.7/32", "10.0.4.0/22",
	"100.64.0.0/10", "100.64.0.0/16", "100.64.1.0/24", "100.64.1.128/25", "100.64.1.129/32", "100.65.0.0/16",
	"192.0.2.0/24", "192.0.2.77/32", "198.51.100.0/24", "198.51.100.64/26",
};
static const char *const prefixes6[] = {
	"::/0", "2000::/3", "2001:db8::/32", "2001:db8:1::/64", "2001:db8:2::/63", "2001:db8:3::7/128", "2001:db8:64::/48",
	"2001:db8:64:1::/64", "2001:db8:64:1:8000::/65", "2001:db8:64:1::5/128", "2001:db8:65::/48", "2001:db8:77::77/128",
	"fd00::/8", "fd00:1::/32",
};
static const char *const anywhere4[] = {
	"8.8.8.8", "198.51.100.1", "198.51.100.65", "100.64.0.1", "100.64.1.1", "100.64.1.128", "100.64.1.129", "100.64.1.130",
	"100.65.1.1", "100.127.0.1", "192.0.2.77", "192.0.2.78", "203.0.113.5", "10.0.1.1", "10.0.1.7", "10.0.1.255", "10.0.2.2",
	"10.0.2.200", "10.0.3.7", "10.0.3.3", "10.0.4.1", "10.0.5.1", "10.0.6.2", "10.0.7.1", "10.0.1.254", "10.0.2.253", "10.9.9.9",
	"172.31.0.9", "10.0.4.7", "10.0.6.1",
};
static const char *const anywhere6[] = {
	"2001:db8:64::1", "2001:db8:64:1::5", "2001:db8:64:1::6", "2001:db8:64:1:8000::1", "2001:db8:65::1", "2001:db8:77::77",
	"2001:db8:ffff::9", "2001:db8:1::1", "2001:db8:1::7", "2001:db8:2::2", "2001:db8:3::7", "2001:db8:3::1", "2001:db8:4::3",
	"2001:db8:6::1", "2001:db8:7::2", "fd00:1::1", "fd00:2::1", "2600::1", "2001:db8:1::fe", "2001:db8:2::fd", "2001:db8:1::",
};

static struct address address_of(const char *text)
{
	struct address address = { .family = strchr(text, ':') ? AF_INET6 : AF_INET };

	if (inet_pton(address.family, text, address.byte) != 1)
		abort();
	return address;
}

size_t pool__prefixes(uint8_t family)
{
	return family == AF_INET6 ? COUNT(prefixes6) : COUNT(prefixes4);
}

struct prefix pool__prefix(uint8_t family, uint32_t index)
{
	const char *const *list = family == AF_INET6 ? prefixes6 : prefixes4;
	char text[64];
	char *slash;

	strcpy(text, list[index % pool__prefixes(family)]);
	slash = strchr(text, '/');
	*slash = '\0';
	return (struct prefix){ address_of(text), (uint8_t)atoi(slash + 1) };
}

static const char *const hosts4[POOL_HOSTS] = { "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.7", "10.0.0.200", "10.0.0.9", "172.31.0.9" };
static const char *const hosts6[POOL_HOSTS] = { "2001:db8:0::1", "2001:db8:0::2", "2001:db8:0::7", "fe80::1", "fe80::2",
						"2001:db8:0::9", "2001:db8:ffff::9" };

/* Writes the device's number into the network's; host 5 is on the network of the device's neighbour, for `onlink`. */
static void give_network(struct address *address, uint32_t number)
{
	if (address->family == AF_INET && address->byte[0] == 10)
		address->byte[2] = (uint8_t)number;
	else if (address->family == AF_INET6 && address->byte[0] == 0x20 && !address->byte[4])
		address->byte[5] = (uint8_t)number;
}

struct address pool__host(uint8_t family, enum device device, uint32_t index)
{
	struct address address = address_of((family == AF_INET6 ? hosts6 : hosts4)[index % POOL_HOSTS]);

	give_network(&address, index % POOL_HOSTS == POOL_ONLINK ? device % 4 + 1u : (uint32_t)device);
	return address;
}

struct prefix pool__own(uint8_t family, enum device device, uint32_t index)
{
	static const char *const own4[POOL_OWN] = { "10.0.0.254", "10.0.0.253", "10.0.0.254", "192.0.2.77", "10.0.0.130", "10.0.0.252" };
	static const uint8_t length4[POOL_OWN] = { 24, 24, 25, 32, 28, 32 };
	static const char *const own6[POOL_OWN] = { "2001:db8:0::fe", "2001:db8:0::fd", "fd00:1::1", "2001:db8:77::77", "2001:db8:0::fc", "fe80::fe" };
	static const uint8_t length6[POOL_OWN] = { 64, 64, 32, 128, 128, 64 };
	struct prefix own;

	index %= POOL_OWN;
	own.address = address_of((family == AF_INET6 ? own6 : own4)[index]);
	own.length = (family == AF_INET6 ? length6 : length4)[index];
	give_network(&own.address, device);
	return own;
}

struct address pool__anywhere(uint8_t family, uint32_t index)
{
	return family == AF_INET6 ? address_of(anywhere6[index % COUNT(anywhere6)]) : address_of(anywhere4[index % COUNT(anywhere4)]);
}

const char *text_of(const struct address *address)
{
	static char buffers[8][INET6_ADDRSTRLEN];
	static unsigned int next;
	char *text = buffers[next++ % COUNT(buffers)];

	if (!address->family || !inet_ntop(address->family, address->byte, text, INET6_ADDRSTRLEN))
		strcpy(text, "none");
	return text;
}
