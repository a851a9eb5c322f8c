// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "nest.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DEEPEST 6

static unsigned int below(unsigned int limit)
{
	return (unsigned int)random() % limit;
}

void nest__seed(void)
{
	const char *text = getenv("XFIB_SEED");
	unsigned int seed = text ? (unsigned int)strtoul(text, NULL, 10) : (unsigned int)time(NULL);

	printf("# XFIB_SEED=%u\n", seed);
	srandom(seed);
}

uint8_t nest__protocol(void)
{
	static const uint8_t protocols[] = { 1, 4, 4, 6, 17, 33, 41, 41, 43, 44, 47, 47, 50, 51, 58, 60, 132, 136, 0, 59, 99 };

	return protocols[below(sizeof(protocols))];
}

static size_t put_next(uint8_t protocol, uint8_t *to, int depth);

static size_t put_ip4(uint8_t *to, int depth)
{
	static const uint16_t fragments[] = { 0, 0, 0, 0, 0x4000, 0x2000, 0x2010, 0x0010 };
	uint16_t fragment = fragments[below(8)];
	unsigned int words = below(8) ? 5 : 4 + below(5);

	memset(to, 0, 40);
	to[0] = (uint8_t)(0x40 | words);
	to[6] = (uint8_t)(fragment >> 8);
	to[7] = (uint8_t)fragment;
	to[9] = nest__protocol();
	to[12] = to[16] = 10;
	to[15] = (uint8_t)below(3);
	to[19] = (uint8_t)below(3);
	return words * 4 + put_next(to[9], to + words * 4, depth + 1);
}

static size_t put_ip6(uint8_t *to, int depth)
{
	memset(to, 0, 40);
	to[0] = 0x60;
	to[1] = (uint8_t)below(2);
	to[3] = (uint8_t)below(2);
	to[6] = nest__protocol();
	to[8] = to[24] = 0x20;
	to[23] = (uint8_t)below(3);
	to[39] = (uint8_t)below(3);
	return 40 + put_next(to[6], to + 40, depth + 1);
}

static size_t put_extension(uint8_t protocol, uint8_t *to, int depth)
{
	size_t size = protocol == 44 ? 8 : 8 + below(3) * 8;

	memset(to, 0, size);
	to[0] = nest__protocol();
	to[1] = protocol == 44 ? 0 : (uint8_t)(size / 8 - 1);
	return size + put_next(to[0], to + size, depth + 1);
}

static size_t put_gre(uint8_t *to, int depth)
{
	static const uint8_t types[][2] = { { 0x08, 0x00 }, { 0x86, 0xdd }, { 0x65, 0x58 }, { 0x88, 0x0b } };
	unsigned int flags = below(4) ? below(2) * 0x80 | below(2) * 0x20 | below(2) * 0x10 : below(256), type = below(4);
	size_t size = 4 + (flags >> 7 & 1) * 4 + (flags >> 5 & 1) * 4 + (flags >> 4 & 1) * 4;

	memset(to, 0, 40);
	to[0] = (uint8_t)flags;
	to[1] = below(8) ? 0 : 1;
	memcpy(to + 2, types[type], 2);
	if (type == 2) {
		type = below(2);
		memcpy(to + size + 12, types[type], 2);
		size += 14;
	}
	return size + (type ? put_ip6(to + size, depth + 1) : put_ip4(to + size, depth + 1));
}

static size_t put_icmp(bool six, uint8_t *to, int depth)
{
	static const uint8_t types[2][4] = { { 0, 3, 8, 11 }, { 1, 3, 128, 2 } };

	memset(to, 0, 8);
	to[0] = types[six][below(4)];
	return 8 + (six ? put_ip6(to + 8, depth + 1) : put_ip4(to + 8, depth + 1));
}

/* UDP with what is, or looks like, a tunnel: plain IP, VXLAN, Geneve, GUE. */
static size_t put_udp(uint8_t *to, int depth)
{
	static const uint8_t first[][4] = { { 0 }, { 8 }, { 0x88, 0x40, 0, 9 }, { 2, 0, 0x65, 0x58 }, { 0, 0x40, 0x08, 0 }, { 0, 4 }, { 0, 41 }, { 0, 47 } };
	unsigned int kind = below(8);
	bool frame = kind == 1 || kind == 2 || kind == 3, tag = frame && !below(4), six = below(2) || kind == 6;
	size_t at = kind == 0 ? 8 : kind < 5 ? 16 + first[kind][0] % 8 * 4u : 12, length;

	six = six && kind != 4 && kind != 5;
	memset(to, 0, 64);
	if (kind)
		memcpy(to + 8, first[kind], 4);
	if (frame) {
		at += tag ? 18 : 14;
		memcpy(to + at - 2, six ? "\x86\xdd" : "\x08\0", 2);
		if (tag)
			memcpy(to + at - 6, "\x81\0", 2);
	}
	length = at + (kind == 7 ? put_gre(to + at, depth + 1) : six ? put_ip6(to + at, depth + 1) : put_ip4(to + at, depth + 1));
	if (!kind && below(4)) { /* the lengths as they have to be */
		to[six ? 12 : 10] = (uint8_t)((length - (six ? 48 : 8)) >> 8);
		to[six ? 13 : 11] = (uint8_t)(length - (six ? 48 : 8));
	}
	to[4] = (uint8_t)(length >> 8);
	to[5] = (uint8_t)length;
	return length;
}

static size_t put_ports(uint8_t *to)
{
	memset(to, 0, 20);
	for (int i = 0; i < 8; i++)
		to[i] = (uint8_t)below(2);
	return 20;
}

static size_t put_next(uint8_t protocol, uint8_t *to, int depth)
{
	if (depth > DEEPEST)
		return put_ports(to);
	switch (protocol) {
	case 1:
	case 58:
		return put_icmp(protocol == 58, to, depth);
	case 4:
		return put_ip4(to, depth);
	case 41:
		return put_ip6(to, depth);
	case 47:
		return put_gre(to, depth);
	case 17:
		return below(2) ? put_udp(to, depth) : put_ports(to);
	case 0:
	case 43:
	case 44:
	case 60:
		return put_extension(protocol, to, depth);
	default:
		return put_ports(to);
	}
}

size_t nest__fill(uint8_t protocol, uint8_t *to)
{
	size_t size = put_next(protocol, to, 0);

	return below(10) ? size : below((unsigned int)size + 1);
}
