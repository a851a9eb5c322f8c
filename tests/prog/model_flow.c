// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* What of a packet chooses among paths, slowly. The hash itself is that of <xfib/lookup.h>. */
#include <string.h>
#include <xfib/lookup.h>

#include "model.h"
#include "multipath.h"

#define HEADERS 8 /* what is further in does not count */

struct fields {
	bool six;
	uint32_t which; /* count */
	uint8_t source[16], destination[16];
	uint32_t label, protocol, source_port, destination_port;
};

struct reading {
	const uint8_t *at, *end;
	int left; /* headers that may still be read */
};

static uint32_t get16(const uint8_t *at)
{
	return (uint32_t)at[0] << 8 | at[1];
}

static uint32_t hash_of(const struct fields *fields, uint32_t seed)
{
	uint32_t which = fields->which;
	uint32_t source[4] = { 0 }, destination[4] = { 0 };
	uint64_t addresses;

	if (which & XFIB_HASH_SOURCE)
		memcpy(source, fields->source, 16);
	if (which & XFIB_HASH_DESTINATION)
		memcpy(destination, fields->destination, 16);
	addresses = fields->six ? xfib_hash__addresses6(source, destination) : xfib_hash__addresses4(source[0], destination[0]);
	return xfib_hash__flow(addresses,
			       xfib_hash__rest(which & XFIB_HASH_SOURCE_PORT ? fields->source_port : 0,
					       which & XFIB_HASH_DESTINATION_PORT ? fields->destination_port : 0,
					       which & XFIB_HASH_PROTOCOL ? fields->protocol : 0,
					       which & XFIB_HASH_FLOW_LABEL ? fields->label : 0),
			       seed);
}

static bool has(const struct reading *reading, long bytes)
{
	return reading->end - reading->at >= bytes;
}

/* Reads an IP header, and says what is behind it: -1, nothing to be read. `ret_fields` stay if there is none. */
static int read_ip(struct reading *reading, bool six, uint32_t which, struct fields *ret_fields)
{
	const uint8_t *ip = reading->at;
	int next;

	if (!has(reading, six ? 40 : 20))
		return -1;
	memset(ret_fields, 0, sizeof(*ret_fields));
	ret_fields->six = six;
	ret_fields->which = which;
	memcpy(ret_fields->source, ip + (six ? 8 : 12), six ? 16 : 4);
	memcpy(ret_fields->destination, ip + (six ? 24 : 16), six ? 16 : 4);
	next = ip[six ? 6 : 9];
	ret_fields->protocol = (uint32_t)next;
	if (six) {
		ret_fields->label = (uint32_t)(ip[1] & 15) << 16 | get16(ip + 2);
		reading->at += 40;
		return next;
	}
	reading->at += (ip[0] & 15) * 4;
	return (ip[0] & 15) < 5 || get16(ip + 6) & 0x3fff ? -1 : next;
}

/* 4: an IPv4 packet begins where the reading is; 41: an IPv6 packet; -1: neither. */
static int read_gre(struct reading *reading)
{
	uint32_t flags, type;

	if (!has(reading, 4))
		return -1;
	flags = get16(reading->at);
	type = get16(reading->at + 2);
	if (flags & 7 || flags & 0x4000)
		return -1;
	reading->at += 4;
	for (uint32_t flag = 0x8000; flag; flag = flag == 0x8000 ? 0x2000 : flag == 0x2000 ? 0x1000 : 0)
		reading->at += flags & flag ? 4 : 0;
	if (type == 0x6558) {
		if (!has(reading, 16))
			return -1;
		type = get16(reading->at + 12);
		reading->at += 14;
	}
	return type == 0x0800 ? 4 : type == 0x86dd ? 41 : -1;
}

/* Reads what belongs to one packet; returns 4 or 41 where another one begins in it, else -1. */
static int read_packet(struct reading *reading, bool six, uint32_t which, bool inner, struct fields *fields)
{
	int next;

	reading->left--;
	next = read_ip(reading, six, which, fields);
	while (next >= 0 && reading->left-- > 0) {
		switch (next) {
		case 4:
		case 41:
			reading->left++;
			return inner ? next : -1;
		case 47:
			next = inner ? read_gre(reading) : -1;
			return reading->left > 0 ? next : -1;
		case 0:
		case 43:
		case 44:
		case 60:
			if (!six || !has(reading, 4))
				return -1;
			fields->protocol = reading->at[0];
			if (next == 44)
				return -1;
			next = reading->at[0];
			reading->at += (reading->at[1] + 1) * 8;
			break;
		case 51:
			reading->at += 4; /* fall through */
		case 6:
		case 17:
		case 33:
		case 50:
		case 132:
		case 136:
			if (has(reading, 4)) {
				fields->source_port = get16(reading->at);
				fields->destination_port = get16(reading->at + 2);
			}
			return -1;
		default:
			return -1;
		}
	}
	return -1;
}

static bool is_error(bool six, uint8_t type)
{
	return six ? type >= 1 && type <= 4 : type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
}

static void read_l3(struct reading *reading, bool six, uint32_t which, struct fields *fields)
{
	int next = read_ip(reading, six, which, fields);

	if (next != (six ? 58 : 1) || !has(reading, 4) || !is_error(six, reading->at[0]))
		return;
	reading->at += 8;
	read_ip(reading, six, which, fields);
}

uint32_t model_flow__hash(const struct world_settings *settings, const uint8_t *ip, const uint8_t *end, bool six)
{
	uint16_t how = six ? settings->hash6 : settings->hash4;
	uint32_t outer, inner, seed = WORLD_HASH_SEED;
	struct reading reading = { ip, end, HEADERS };
	struct fields fields = { 0 };
	int next = six ? 41 : 4;

	if (!how)
		how = multipath__hash(six ? XFIB_INET6 : XFIB_INET, 0, 0);
	outer = how & 0x3f;
	inner = how >> 6 & 0x3f;
	if (how >> 12 == 0) {
		read_l3(&reading, six, outer, &fields);
		return hash_of(&fields, seed);
	}
	next = read_packet(&reading, six, outer, inner, &fields);
	if (next > 0 && reading.left > 0 && how >> 12 == 3)
		seed ^= hash_of(&fields, seed);
	while (next > 0 && reading.left > 0)
		next = read_packet(&reading, next == 41, inner, true, &fields);
	return hash_of(&fields, seed);
}
