// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* The frame that asks a question, and what a router makes of it. */
#include <string.h>
#include <sys/socket.h>

#include "judge.h"

static void put16(uint8_t *at, unsigned int value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put_checksum(uint8_t *ip)
{
	unsigned int sum = 0;

	put16(ip + 10, 0);
	for (int i = 0; i < 20; i += 2)
		sum += (unsigned int)ip[i] << 8 | ip[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	put16(ip + 10, ~sum & 0xffff);
}

void frame__build(const struct question *question, const uint8_t dmac[6], struct frame *ret_frame)
{
	static const uint8_t sender[6] = { 2, 0, 0, 0, 0, 1 };
	uint8_t *ip = ret_frame->byte + 14;

	memset(ret_frame, 0, sizeof(*ret_frame));
	memcpy(ret_frame->byte, dmac, 6);
	memcpy(ret_frame->byte + 6, sender, 6);
	ret_frame->length = 14u + question->length;
	if (question->family == AF_INET6) {
		put16(ip - 2, 0x86dd);
		put16(ip, 0x6000u | (unsigned int)question->tos << 4);
		put16(ip + 4, question->length - 40u);
		ip[6] = 17;
		ip[7] = question->ttl;
		memcpy(ip + 8, question->source.byte, 16);
		memcpy(ip + 24, question->destination.byte, 16);
		return;
	}
	put16(ip - 2, 0x0800);
	ip[0] = 0x45;
	ip[1] = question->tos;
	put16(ip + 2, question->length);
	ip[8] = question->ttl;
	ip[9] = 17;
	memcpy(ip + 12, question->source.byte, 4);
	memcpy(ip + 16, question->destination.byte, 4);
	put_checksum(ip);
}

bool frame__is_forwarded(const struct frame *before, const struct frame *after)
{
	struct frame expected = *before;
	uint8_t *ip = expected.byte + 14;

	memcpy(expected.byte, after->byte, 12); /* the MAC addresses are judged elsewhere */
	if (expected.byte[12] == 0x08) {
		ip[8]--;
		put_checksum(ip);
	} else {
		ip[7]--;
	}
	return after->length == expected.length && !memcmp(expected.byte, after->byte, expected.length);
}
