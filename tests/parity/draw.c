// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Packets by a seed. Most are as they should be, since what is wrong early hides what comes later. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parity.h"

static uint64_t state;
static int networks = PORTS;

static uint64_t draw(void)
{
	uint64_t value = state += 0x9e3779b97f4a7c15ULL;

	value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9ULL;
	value = (value ^ value >> 27) * 0x94d049bb133111ebULL;
	return value ^ value >> 31;
}

static uint32_t below(uint32_t bound)
{
	return (uint32_t)(draw() % bound);
}

static bool percent(uint32_t share)
{
	return below(100) < share;
}

#define ANY(list) (list)[below(sizeof(list) / sizeof((list)[0]))]

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put_random(uint8_t *at, size_t length)
{
	for (size_t i = 0; i < length; i++)
		at[i] = (uint8_t)draw();
}

/* ---- addresses ---- */

/* Destinations of every kind of route that side_by_side.sh makes; # becomes a network's number. */
static const char *const destinations4[] = {
	"20.200.3.4",	"20.1.0.9",	"20.1.1.9",	"20.1.1.200",	"20.1.1.129",	"20.200.3.5",  "20.1.0.10",   "20.1.1.10",
	"20.1.1.201",	"20.2.0.1",	"20.3.0.1",	"20.4.0.1",	"20.5.0.1",	"20.6.0.1",    "20.7.0.1",    "20.8.0.1",
	"20.8.0.2",	"20.9.0.1",	"20.10.0.1",	"20.11.0.1",	"20.12.0.1",	"10.0.#.1",    "10.0.#.2",    "10.0.#.99",
	"10.0.#.254",	"10.0.#.255",	"10.0.#.0",	"255.255.255.255", "224.0.0.1",	"239.1.2.3",   "127.0.0.1",   "0.0.0.0",
	"240.0.0.1",	"169.254.1.1",	"30.0.0.1",	"192.168.1.1",	"20.0.0.0",	"20.255.255.255", "10.0.#.3",  "20.13.0.1",
};
static const char *const sources4[] = {
	"10.0.#.1",	"10.0.#.2",	"10.0.#.1",	"10.0.#.3",	"20.200.3.4",	"20.1.1.129",	"20.2.0.1",    "10.0.#.254",
	"10.0.#.255",	"0.0.0.0",	"127.0.0.1",	"224.0.0.1",	"255.255.255.255", "240.0.0.1", "169.254.1.1", "30.0.0.1",
	"20.3.0.1",	"20.5.0.1",	"0.1.2.3",	"20.10.0.1",
};
static const char *const destinations6[] = {
	"2001:db8:20ff::1", "2001:db8:2001::1", "2001:db8:2001:1::1", "2001:db8:2001:1::8", "2001:db8:2001:1::9", "2001:db8:20ff::2",
	"2001:db8:2001::2", "2001:db8:2001:1::2", "2001:db8:2002::1", "2001:db8:2003::1", "2001:db8:2004::1", "2001:db8:2005::1",
	"2001:db8:2006::1", "2001:db8:2007::1", "2001:db8:2008::1", "2001:db8:2008::2", "2001:db8:2009::1", "2001:db8:2010::1",
	"2001:db8:2011::1", "2001:db8:#::1", "2001:db8:#::2", "2001:db8:#::99", "2001:db8:#::fe", "2001:db8:#::", "2001:db8:#::3",
	"::", "::1", "ff02::1", "ff02::1:ff00:fe", "ff05::2", "ff0e::1", "fe80::1", "fe80::ff:fe00:#", "fec0::1", "::ffff:20.1.0.9",
	"::20.1.0.9", "2001:db8:ffff::1", "64:ff9b::1", "fc00::1",
};
static const char *const sources6[] = {
	"2001:db8:#::1", "2001:db8:#::2", "2001:db8:#::1", "2001:db8:#::3", "2001:db8:20ff::1", "2001:db8:2002::1", "2001:db8:#::fe",
	"2001:db8:#::", "::", "::1", "ff02::1", "fe80::1", "fe80::1:2:3:4", "fec0::1", "::ffff:10.0.1.1", "::10.0.1.1",
	"2001:db8:ffff::1", "2001:db8:2010::1", "2001:db8:2003::1",
};

/* Those by VLANs, where there are any. */
static const char *const vlan_destinations4[] = { "20.14.0.1", "20.15.0.1", "20.16.0.1", "10.0.6.1", "10.0.7.2", "10.0.8.3" };
static const char *const vlan_destinations6[] = { "2001:db8:2014::1", "2001:db8:2015::1", "2001:db8:2016::1",
						  "2001:db8:6::1", "2001:db8:7::2", "2001:db8:8::3" };

static void put_address(const char *text, int network, uint8_t *at)
{
	char copy[64], *sign;

	snprintf(copy, sizeof(copy), "%s", text);
	sign = strchr(copy, '#');
	if (sign)
		*sign = (char)('0' + (percent(80) ? network : (int)below((uint32_t)networks)));
	if (inet_pton(strchr(copy, ':') ? AF_INET6 : AF_INET, copy, at) != 1)
		abort();
}

/* Three of four sources are right, and three of four destinations are somewhere to go. */
static void put_addresses(bool six, int network, uint8_t *source, uint8_t *destination)
{
	int to = (int)below((uint32_t)networks);
	bool by_vlan = networks > PORTS && percent(25);

	if (six) {
		put_address(percent(75) ? sources6[below(4)] : ANY(sources6), network, source);
		put_address(by_vlan ? ANY(vlan_destinations6) : percent(60) ? destinations6[below(8)] : ANY(destinations6), to,
			    destination);
	} else {
		put_address(percent(75) ? sources4[below(4)] : ANY(sources4), network, source);
		put_address(by_vlan ? ANY(vlan_destinations4) : percent(60) ? destinations4[below(9)] : ANY(destinations4), to,
			    destination);
	}
	if (percent(2))
		put_random(source, six ? 16 : 4);
	if (percent(2))
		put_random(destination, six ? 16 : 4);
}

/* ---- what IP carries ---- */

static size_t draw_size(void)
{
	static const uint16_t edges[] = { 600, 700, 1280, 1400, 1500, 2000 };
	int size;

	if (percent(75))
		return below(100);
	if (percent(30))
		return below(2900);
	size = (int)ANY(edges) - 20 * (1 + (int)below(3)) + (int)below(5) - 2;
	return (size_t)size;
}

/* Of IPv6: the length counts in the pseudo header, and so do the addresses. */
static void put_checksum(const uint8_t *ip, bool six, uint8_t protocol, uint8_t *at, size_t length, size_t offset)
{
	uint32_t sum = protocol;

	if (offset + 2 > length)
		return;
	put16(at + offset, 0);
	sum += (uint32_t)length;
	if (protocol == 1)
		sum = 0;
	else
		sum = normal__sum(ip + (six ? 8 : 12), six ? 32 : 8, sum);
	sum = ~normal__sum(at, length, sum) & 0xffff;
	put16(at + offset, sum ? sum : 0xffff);
}

static size_t put_udp(uint8_t *at, size_t size)
{
	put_random(at, 8 + size);
	put16(at + 4, (uint32_t)(8 + size));
	return 8 + size;
}

static size_t put_tcp(uint8_t *at, size_t size)
{
	static const uint8_t flags[] = { 0x02, 0x10, 0x18, 0x11, 0x04, 0x12, 0x00, 0xff };

	put_random(at, 20 + size);
	at[12] = 0x50;
	at[13] = ANY(flags);
	return 20 + size;
}

/* An error has the beginning of a packet in it, which may be one of the router's. */
static size_t put_icmp(bool six, int network, uint8_t *at, size_t size)
{
	static const uint8_t types4[] = { 8, 8, 0, 3, 3, 11, 12, 4, 30 }, types6[] = { 128, 128, 129, 1, 2, 3, 4, 100, 200 };

	put_random(at, 8 + size);
	at[0] = six ? ANY(types6) : ANY(types4);
	at[1] = (uint8_t)below(at[0] == 3 ? 16 : 3);
	if (at[0] == 8 || at[0] == 128 || size < 60)
		return 8 + size;
	at[8] = six ? 0x60 : 0x45;
	at[six ? 14 : 17] = 17;
	put_addresses(six, network, at + 8 + (six ? 8 : 12), at + 8 + (six ? 24 : 16));
	return 8 + size;
}

static size_t put_gre(uint8_t *at, size_t size)
{
	put_random(at, 4 + size);
	put16(at, 0);
	put16(at + 2, percent(50) ? 0x0800 : 0x86dd);
	return 4 + size;
}

/* Returns its length; `protocol` tells what comes. */
static size_t put_payload(const uint8_t *ip, bool six, int network, uint8_t protocol, uint8_t *at, size_t size)
{
	bool right = !percent(5);
	size_t length;

	switch (protocol) {
	case 17:
		length = put_udp(at, size);
		put_checksum(ip, six, 17, at, length, right ? 6 : length);
		return length;
	case 6:
		length = put_tcp(at, size);
		put_checksum(ip, six, 6, at, length, right ? 16 : length);
		return length;
	case 1:
	case 58:
		length = put_icmp(six, network, at, size);
		put_checksum(ip, six, protocol, at, length, right ? 2 : length);
		return length;
	case 47:
		return put_gre(at, size);
	default:
		put_random(at, size + 8);
		return size + 8;
	}
}

static const uint8_t protocols4[] = { 17, 17, 17, 6, 6, 6, 1, 1, 47, 50, 51, 4, 41, 132, 2, 89, 255 };
static const uint8_t protocols6[] = { 17, 17, 17, 6, 6, 6, 58, 58, 47, 50, 51, 4, 41, 132, 59, 89, 255 };

/* ---- IPv4 ---- */

/* Options, in whole words. Time stamps are none of them: every router writes its own. */
static size_t put_options(uint8_t *at, int network)
{
	static const uint8_t kinds[] = { 7, 131, 137, 148, 130, 136, 222 };
	size_t words = 1 + below(10), length = words * 4;
	uint8_t kind = ANY(kinds);

	memset(at, percent(50) ? 1 : 0, length);
	if (percent(10))
		put_random(at, length);
	if (percent(30) || length < 8)
		return length;
	at[0] = kind;
	at[1] = (uint8_t)(kind == 148 ? 4 : 3 + 4 * ((length - 4) / 4));
	at[2] = kind == 148 ? 0 : (uint8_t)(4 + 4 * below((uint32_t)words));
	if (kind == 131 || kind == 137 || kind == 7) {
		for (size_t i = 3; i + 4 <= length; i += 4)
			put_address(ANY(destinations4), network, at + i);
	}
	return length;
}

static bool has_time_stamp(const uint8_t *ip, size_t room)
{
	size_t header = (ip[0] & 15) * 4u;

	for (size_t i = 20; i < header && i < room; i++) {
		if (ip[i] == 68)
			return true;
	}
	return false;
}

static void finish4(uint8_t *ip)
{
	size_t header = (ip[0] & 15) * 4u;

	put16(ip + 10, 0);
	put16(ip + 10, ~normal__sum(ip, header < 20 ? 20 : header, 0) & 0xffff);
}

static size_t put_ip4(struct packet *packet, uint8_t *ip)
{
	static const uint16_t fragments[] = { 0x2000, 0x2001, 0x2010, 0x0010, 0x0001, 0x1fff, 0x6000, 0x8000 };
	static const uint8_t ttls[] = { 0, 1, 1, 2, 3, 255 };
	uint8_t protocol = ANY(protocols4);
	size_t header = 20;

	put_random(ip, 20);
	if (percent(6))
		header += put_options(ip + 20, packet->network);
	ip[0] = (uint8_t)(0x40 | header / 4);
	ip[1] = percent(80) ? 0 : (uint8_t)draw();
	put16(ip + 6, percent(8) ? ANY(fragments) : percent(50) ? 0x4000 : 0);
	ip[8] = percent(15) ? ANY(ttls) : 64;
	ip[9] = percent(3) ? (uint8_t)draw() : protocol;
	put_addresses(false, packet->network, ip + 12, ip + 16);
	header += put_payload(ip, false, packet->network, ip[9], ip + header, draw_size());
	put16(ip + 2, (uint32_t)header);
	finish4(ip);
	return header;
}

/* ---- IPv6 ---- */

static size_t put_routing(uint8_t *at)
{
	static const uint8_t types[] = { 0, 2, 4, 4, 4, 3 };
	size_t segments = 1 + below(3);

	memset(at, 0, 8);
	at[1] = (uint8_t)(segments * 2);
	at[2] = ANY(types);
	at[3] = (uint8_t)below((uint32_t)segments + 1);
	at[4] = (uint8_t)(segments - 1);
	for (size_t i = 0; i < segments; i++)
		put_address(ANY(destinations6), 1, at + 8 + i * 16);
	return 8 + segments * 16;
}

static size_t put_extension(uint8_t kind, uint8_t *at)
{
	size_t length = 8;

	memset(at, 0, 8);
	if (kind == 43)
		return put_routing(at);
	if (kind == 44) {
		put16(at + 2, percent(30) ? 1 : below(3) * 8 | below(2));
		put_random(at + 4, 4);
		return 8;
	}
	if (percent(40)) {
		at[2] = percent(50) ? 5 : 194; /* router alert; jumbo payload */
		at[3] = percent(80) ? (at[2] == 5 ? 2 : 4) : (uint8_t)draw();
		at[6] = at[2] == 5 ? 1 : 0;
	} else if (percent(50)) {
		at[2] = (uint8_t)draw(); /* unknown: what to do is in its upper bits */
		at[3] = 4;
	} else {
		at[2] = 1;
		at[3] = 4;
	}
	return length;
}

static size_t put_ip6(struct packet *packet, uint8_t *ip)
{
	static const uint8_t extensions[] = { 0, 43, 43, 44, 60 }, limits[] = { 0, 1, 1, 2, 3, 255 };
	uint8_t protocol = ANY(protocols6), *next = ip + 6, *at = ip + 40;

	put16(ip, 0x6000 | (percent(80) ? 0 : below(0x1000)));
	put16(ip + 2, percent(50) ? 0 : below(0x10000));
	ip[7] = percent(15) ? ANY(limits) : 64;
	put_addresses(true, packet->network, ip + 8, ip + 24);
	for (int count = percent(85) ? 0 : 1 + (int)below(3); count; count--) {
		*next = ANY(extensions);
		next = at;
		at += put_extension(*next == 0 ? 0 : at == ip + 40 ? ip[6] : 60, at);
		if (next != ip + 40)
			*next = 60;
	}
	*next = percent(3) ? (uint8_t)draw() : protocol;
	at += put_payload(ip, true, packet->network, *next, at, draw_size());
	put16(ip + 4, (uint32_t)(at - ip - 40));
	return (size_t)(at - ip);
}

/* ---- frames ---- */

/* A request for a MAC address, from a neighbour that the router knows for good. */
static size_t put_arp(const struct packet *packet, uint8_t *at)
{
	static const uint8_t begin[8] = { 0, 1, 8, 0, 6, 4, 0, 1 };
	uint8_t neighbour = (uint8_t)(1 + below(3));
	const uint8_t mac[6] = { 2, 0, 0, 0, (uint8_t)packet->network, neighbour };

	memcpy(at, begin, 8);
	memcpy(at + 8, mac, 6);
	put_address("10.0.#.1", packet->network, at + 14);
	at[16] = (uint8_t)packet->network;
	at[17] = neighbour;
	memset(at + 18, 0, 6);
	put_address(percent(70) ? "10.0.#.254" : ANY(destinations4), packet->network, at + 24);
	return 28;
}

static void put_macs(const struct packet *packet, uint8_t *frame)
{
	static const uint8_t others[][6] = { { 255, 255, 255, 255, 255, 255 }, { 1, 0, 0x5e, 0, 0, 1 }, { 0x33, 0x33, 0, 0, 0, 1 },
					     { 2, 0, 0, 0, 0, 0x99 }, { 1, 0x80, 0xc2, 0, 0, 0 } };
	const uint8_t router[6] = { 2, 0, 0, 0, 0, (uint8_t)packet->port };
	const uint8_t sender[6] = { 2, 0, 0, 0, (uint8_t)packet->network, (uint8_t)(1 + below(3)) };

	memcpy(frame, percent(92) ? router : others[below(5)], 6);
	memcpy(frame + 6, sender, 6);
}

/* Tags of the network that the packet comes from, seldom with others, or with one fewer. */
static size_t put_tags(const struct packet *packet, uint8_t *at)
{
	static const struct {
		uint16_t protocol, id;
	} tags[NETWORKS - PORTS][2] = { { { 0x8100, 10 } }, { { 0x88a8, 300 } }, { { 0x88a8, 300 }, { 0x8100, 20 } } };
	size_t length = 0;

	for (int i = 0; i < 2 && packet->network >= PORTS && tags[packet->network - PORTS][i].id; i++) {
		if (percent(2))
			continue;
		put16(at + length, percent(98) ? tags[packet->network - PORTS][i].protocol : 0x8100);
		put16(at + length + 2, percent(98) ? tags[packet->network - PORTS][i].id | (percent(80) ? 0 : below(8) << 13) : below(0x1000));
		length += 4;
	}
	if (percent(2)) { /* of a priority only */
		put16(at + length, 0x8100);
		put16(at + length + 2, below(8) << 13);
		length += 4;
	}
	return networks > PORTS ? length : 0;
}

static size_t put_other(struct packet *packet, uint8_t *at)
{
	static const uint16_t types[] = { 0x0026, 0x88cc, 0x8847, 0x8864, 0x9000, 0x86dd, 0x0800 };
	size_t length = below(120);

	if (percent(20)) {
		put16(at, 0x0806);
		return 2 + put_arp(packet, at + 2);
	}
	if (percent(30)) { /* a tag, of no VLAN that there is */
		put16(at, percent(70) ? 0x8100 : 0x88a8);
		put16(at + 2, below(0x10000) | 1);
		put16(at + 4, 0x0800);
		return 6 + put_ip4(packet, at + 6);
	}
	put_random(at, 2 + length);
	put16(at, ANY(types));
	return 2 + length;
}

/* Some bytes behind the MAC addresses become others; the checksum of IPv4 is made right again, or not. */
static void spoil(struct packet *packet)
{
	size_t limit = packet->length < 94 ? packet->length : 94, at;

	if (limit <= 14)
		return;
	for (int i = 0; i <= (int)below(3); i++)
		packet->byte[14 + below((uint32_t)(limit - 14))] ^= (uint8_t)(percent(50) ? 1u << below(8) : draw());
	at = normal__type_at(packet->byte, packet->length);
	if (packet->byte[at] == 8 && !packet->byte[at + 1] && packet->length >= at + 62 && percent(70))
		finish4(packet->byte + at + 2);
}

static void draw_once(int network, struct packet *packet)
{
	static const int ports[NETWORKS - PORTS] = { 0, 1, 1 };
	uint32_t kind = below(100);
	size_t trailer = percent(8) ? below(50) : 0;
	uint8_t *type;

	packet->network = network;
	packet->port = network < PORTS ? network : ports[network - PORTS];
	put_macs(packet, packet->byte);
	type = packet->byte + 12 + put_tags(packet, packet->byte + 12);
	packet->length = (size_t)(type - packet->byte) + 2;
	if (kind < 46) {
		put16(type, 0x0800);
		packet->length += put_ip4(packet, type + 2);
	} else if (kind < 92) {
		put16(type, 0x86dd);
		packet->length += put_ip6(packet, type + 2);
	} else {
		packet->length += put_other(packet, type) - 2;
	}
	if (percent(12))
		spoil(packet);
	put_random(packet->byte + packet->length, trailer);
	packet->length += trailer;
	if (packet->length < 60 && percent(50)) {
		memset(packet->byte + packet->length, 0, 60 - packet->length);
		packet->length = 60;
	}
	if (percent(3))
		packet->length = 14 + below((uint32_t)packet->length - 13);
}

void draw__seed(uint64_t seed)
{
	state = seed * 0x2545f4914f6cdd1dULL;
}

void draw__set_networks(int count)
{
	networks = count;
}

static bool has_own_time(const struct packet *packet)
{
	size_t at = normal__type_at(packet->byte, packet->length);

	return packet->byte[at] == 8 && !packet->byte[at + 1] && has_time_stamp(packet->byte + at + 2, packet->length - at - 2);
}

void draw__packet(int network, struct packet *ret_packet)
{
	do
		draw_once(network, ret_packet);
	while (ret_packet->length > FRAME_MOST || has_own_time(ret_packet));
}
