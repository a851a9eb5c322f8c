// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Which packets have a checksum that their sender may have left to the device, slowly: the list in bpf/partial.bpf.h. */
#include <string.h>

#include "model.h"

#define HEADERS 6 /* with more of them nobody can tell */

/* What a walk along the headers of a packet has found. */
struct finding {
	bool is_left;         /* without looking at a checksum */
	const uint8_t *field; /* else this one decides, if there is one, */
	uint8_t value[4];     /* which would have these bytes */
	size_t size;
};

struct reading {
	const uint8_t *at, *end;
	const uint8_t *ip; /* the last IP header */
	bool six;
	unsigned int next;
};

static unsigned int get16(const uint8_t *at)
{
	return (unsigned int)at[0] << 8 | at[1];
}

static bool has(const struct reading *reading, long bytes)
{
	return reading->end - reading->at >= bytes;
}

static const struct finding left = { .is_left = true }, none;

static bool is_left(const struct finding *finding)
{
	return finding->is_left || (finding->field && !memcmp(finding->field, finding->value, finding->size));
}

static void set_sum(const struct reading *reading, size_t offset, struct finding *finding)
{
	const uint8_t *ip = reading->ip;
	unsigned int length = (reading->six ? 40 + get16(ip + 4) : get16(ip + 2)) - (unsigned int)(reading->at - ip);
	unsigned int sum = reading->next + (length & 0xffff);

	for (int i = reading->six ? 8 : 12; i < (reading->six ? 40 : 20); i += 2)
		sum += get16(ip + i);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	finding->field = reading->at + offset;
	finding->size = 2;
	finding->value[0] = (uint8_t)(sum >> 8);
	finding->value[1] = (uint8_t)sum;
}

bool model_partial__may_be_tunnel(const uint8_t udp[8])
{
	unsigned int port = get16(udp + 2);

	return port == 4789 || port == 8472 || port == 6081 || !get16(udp + 6);
}

static struct finding find_transport(const struct reading *reading)
{
	struct finding finding = { 0 };

	if (!has(reading, reading->next == 6 ? 20 : reading->next == 17 ? 8 : 12))
		return left;
	if (reading->next == 132) {
		finding.field = reading->at + 8;
		finding.size = 4;
		return finding;
	}
	set_sum(reading, reading->next == 6 ? 16 : 6, &finding);
	return finding;
}

/* Each of these goes on behind a header; false: it ends with what is in `finding`. */
static bool read_ip(struct reading *reading, struct finding *finding)
{
	reading->six = reading->next == 41;
	reading->ip = reading->at;
	*finding = left;
	if (!has(reading, reading->six ? 40 : 20))
		return false;
	*finding = none;
	reading->next = reading->ip[reading->six ? 6 : 9];
	reading->at += reading->six ? 40 : (reading->ip[0] & 15) * 4;
	return reading->six || (!(get16(reading->ip + 6) & 0x3fff) && (reading->ip[0] & 15) >= 5);
}

static bool read_options(struct reading *reading, struct finding *finding)
{
	*finding = left;
	if (!reading->six || !has(reading, 4))
		return false;
	reading->next = reading->at[0];
	reading->at += (reading->at[1] + 1) * 8;
	return true;
}

static bool read_gre(struct reading *reading, struct finding *finding)
{
	unsigned int flags, type;

	*finding = left;
	if (!has(reading, 4))
		return false;
	flags = get16(reading->at);
	type = get16(reading->at + 2);
	if (flags & 0x4007 || (flags & 0x8000 && (!has(reading, 8) || !get16(reading->at + 4))))
		return false;
	reading->at += 4 + 4 * ((flags >> 15 & 1) + (flags >> 13 & 1) + (flags >> 12 & 1));
	if (type == 0x6558) {
		if (!has(reading, 16))
			return false;
		type = get16(reading->at + 12);
		reading->at += 14;
	}
	reading->next = type == 0x0800 ? 4 : 41;
	return type == 0x0800 || type == 0x86dd;
}

/* The frame of a tunnel. */
static bool read_frame(struct reading *reading, struct finding *finding)
{
	unsigned int type;

	*finding = left;
	if (!has(reading, 16))
		return false;
	type = get16(reading->at + 12);
	reading->at += 14;
	if (type == 0x8100) {
		if (!has(reading, 4))
			return false;
		type = get16(reading->at + 2);
		reading->at += 4;
	}
	*finding = none;
	reading->next = type == 0x0800 ? 4 : 41;
	return type == 0x0800 || type == 0x86dd;
}

/* Behind a UDP header, where its own checksum is not left. */
static bool read_tunnel(struct reading *reading, struct finding *finding)
{
	unsigned int room = get16(reading->at + 4) - 8u, type;
	const uint8_t *at = reading->at += 8;

	*finding = none;
	if (!has(reading, 4))
		return false;
	type = get16(at + 2);
	if (at[0] == 0x45 || at[0] >> 4 == 6) {
		reading->next = at[0] == 0x45 ? 4 : 41;
		return has(reading, 8) && room == (at[0] == 0x45 ? type : 40 + get16(at + 4));
	}
	if (!memcmp(at, "\x08\0\0\0", 4) || at[0] == 0x88) {
		reading->at += 8;
		return read_frame(reading, finding);
	}
	if (!(at[0] & 0xc0) && !(at[1] & 0x3f) && (type == 0x6558 || type == 0x0800 || type == 0x86dd)) {
		reading->at += 8 + at[0] * 4;
		reading->next = type == 0x0800 ? 4 : 41;
		return type != 0x6558 || read_frame(reading, finding);
	}
	reading->next = at[1];
	reading->at += 4;
	return !at[0] && !type && (at[1] == 4 || at[1] == 41 || at[1] == 47);
}

static struct finding find(const uint8_t *ip, const uint8_t *end, bool six)
{
	struct reading reading = { .at = ip, .end = end, .next = six ? 41 : 4 };
	struct finding finding = none, inner = none;
	bool goes_on = true;

	for (int i = 0; i < HEADERS; i++) {
		switch (reading.next) {
		case 4:
		case 41:
			goes_on = read_ip(&reading, &finding);
			break;
		case 0:
		case 60:
			goes_on = read_options(&reading, &finding);
			break;
		case 47:
			goes_on = read_gre(&reading, &finding);
			break;
		case 6:
		case 132:
			return find_transport(&reading);
		case 17:
			finding = find_transport(&reading);
			if (is_left(&finding) || !(goes_on = read_tunnel(&reading, &inner)))
				return is_left(&finding) || !inner.is_left ? finding : inner;
			break;
		default: /* a routing header, MPLS; the rest has no checksum that is left */
			return reading.next == 43 || reading.next == 137 ? left : none;
		}
		if (!goes_on)
			return finding;
	}
	return left;
}

bool model_partial__is_left(const uint8_t *ip, const uint8_t *end, bool six)
{
	struct finding finding = find(ip, end, six);

	return is_left(&finding);
}

void model_partial__leave(uint8_t *ip, const uint8_t *end, bool six)
{
	struct finding finding = find(ip, end, six);

	if (finding.field)
		memcpy(ip + (finding.field - ip), finding.value, finding.size);
}
