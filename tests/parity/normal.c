// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * The short list: where two routers that do the same send different bytes, and why. All else is compared byte for byte.
 *
 *  - What a router asks and tells by itself, at times of its own: requests for MAC addresses (ARP, neighbour solicitation),
 *    reports of its groups (IGMP, MLD), router discovery.
 *  - Redirects of ICMP: limited to a few for each source, without a setting to turn that off.
 *  - Fragments for the router itself that were never complete: the answer comes by a timer.
 *  - The identification of packets that the router makes itself, in IPv4 and in IPv6 fragments: a random number.
 *  - Bytes behind the packet in a frame of up to 60: on a wire a short frame is padded again, and xfib leaves the padding.
 *  - Of routes with two paths the neighbour: the kernel's hash has a secret. Both paths leave by one port here.
 */
#include <string.h>

#include "parity.h"

static uint32_t get16(const uint8_t *at)
{
	return (uint32_t)at[0] << 8 | at[1];
}

uint32_t normal__sum(const uint8_t *at, size_t length, uint32_t sum)
{
	for (size_t i = 0; i + 1 < length; i += 2)
		sum += get16(at + i);
	if (length & 1)
		sum += (uint32_t)at[length - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* Is the address the router's? */
static bool is_own4(const uint8_t *address)
{
	if (address[0] == 127) /* by the port where such packets are not martian */
		return true;
	return address[0] == 10 && !address[1] && address[2] < NETWORKS && address[3] == 254;
}

static bool is_own6(const uint8_t *address)
{
	static const uint8_t site[5] = { 0x20, 0x01, 0x0d, 0xb8, 0 }, zero[9];

	if (address[0] == 0xfe && address[1] == 0x80) /* a router forwards none */
		return true;
	return !memcmp(address, site, 5) && address[5] < NETWORKS && !memcmp(address + 6, zero, 9) && address[15] == 0xfe;
}

static bool normal4(uint8_t *frame, uint8_t *ip, size_t room)
{
	size_t header = (ip[0] & 15) * 4u;

	if (ip[16] == 20 && ip[17] == 10)
		memset(frame, 0, 6);
	if (!is_own4(ip + 12) || header > room)
		return true;
	if (ip[9] == 2) /* IGMP */
		return false;
	if (ip[9] == 1 && room > header + 1 && (ip[header] == 5 || (ip[header] == 11 && ip[header + 1] == 1)))
		return false;
	if (normal__sum(ip, header, 0) != 0xffff)
		return true;
	memset(ip + 4, 0, 2);
	memset(ip + 10, 0, 2);
	return true;
}

/* Where the headers end that say how to reach the destination, and which one comes then. */
static size_t skip6(const uint8_t *ip, size_t room, uint8_t *ret_next)
{
	size_t at = 40;

	*ret_next = ip[6];
	while ((*ret_next == 0 || *ret_next == 43 || *ret_next == 60) && at + 8 <= room) {
		*ret_next = ip[at];
		at += (ip[at + 1] + 1u) * 8;
	}
	return at;
}

static bool normal6(uint8_t *frame, uint8_t *ip, size_t room)
{
	static const uint8_t paths[6] = { 0x20, 0x01, 0x0d, 0xb8, 0x20, 0x10 };
	uint8_t next;
	size_t at = skip6(ip, room, &next);

	if (!memcmp(ip + 24, paths, 6))
		memset(frame, 0, 6);
	if (!is_own6(ip + 8) || at + 8 > room)
		return true;
	if (next == 44)
		memset(ip + at + 4, 0, 4);
	if (next != 58)
		return true;
	switch (ip[at]) {
	case 3: /* time exceeded: in reassembly */
		return ip[at + 1] != 1;
	case 130: /* MLD */
	case 131:
	case 132:
	case 143:
	case 133: /* router discovery, solicitation, redirect */
	case 134:
	case 135:
	case 137:
		return false;
	default:
		return true;
	}
}

size_t normal__type_at(const uint8_t *frame, size_t length)
{
	size_t at = 12;

	while (at + 6 <= length && (get16(frame + at) == 0x8100 || get16(frame + at) == 0x88a8))
		at += 4;
	return at;
}

/* Is it long enough for the header of a family, by its type? */
static bool is_ip4(const uint8_t *frame, size_t at, size_t length)
{
	return length >= at + 22 && get16(frame + at) == 0x0800;
}

static bool is_ip6(const uint8_t *frame, size_t at, size_t length)
{
	return length >= at + 42 && get16(frame + at) == 0x86dd;
}

/* Cuts the padding off: of frames of up to 60 bytes before tags came into them. */
static size_t packet_length(const uint8_t *frame, size_t at, size_t length)
{
	size_t end = length;

	if (length > 60 + at - 12)
		return length;
	if (is_ip4(frame, at, length))
		end = at + 2 + get16(frame + at + 4);
	else if (is_ip6(frame, at, length))
		end = at + 42 + get16(frame + at + 6);
	return end < length ? end : length;
}

bool normal__frame(uint8_t *frame, size_t *length_inout)
{
	size_t at = normal__type_at(frame, *length_inout), length = *length_inout = packet_length(frame, at, *length_inout);

	if (length >= at + 30 && get16(frame + at) == 0x0806)
		return get16(frame + at + 8) != 1;
	if (is_ip4(frame, at, length))
		return normal4(frame, frame + at + 2, length - at - 2);
	if (is_ip6(frame, at, length))
		return normal6(frame, frame + at + 2, length - at - 2);
	return true;
}

uint64_t normal__flow(const uint8_t *frame, size_t length)
{
	size_t ip = normal__type_at(frame, length) + 2;
	bool six = is_ip6(frame, ip - 2, length);
	size_t begin = ip + (six ? 8 : 12), end = ip + (six ? 40 : 20);
	uint64_t flow = 0xcbf29ce484222325;

	if (end > length)
		return 0;
	for (size_t i = begin; i < end; i++)
		flow = (flow ^ frame[i]) * 0x100000001b3;
	return (flow ^ frame[ip + (six ? 6 : 9)]) * 0x100000001b3;
}
