// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "frame.h"

#include <arpa/inet.h>
#include <assert.h>
#include <string.h>

#define ETHERNET 14
#define PAYLOAD 28

const uint8_t frame_port_mac[6] = { 0x02, 0, 0, 0, 0, 0xaa };

static void put16(uint8_t *at, unsigned int value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put_mac(enum frame_mac mac, uint8_t *at)
{
	static const uint8_t other[6] = { 0x02, 0, 0, 0, 0, 0xee }, broadcast[6] = { 255, 255, 255, 255, 255, 255 },
			     multicast[6] = { 1, 0, 0x5e, 0, 0, 9 };

	memcpy(at, mac == MAC_PORT ? frame_port_mac : mac == MAC_OTHER ? other : mac == MAC_BROADCAST ? broadcast :
		   multicast, 6);
}

static unsigned int header_sum(const uint8_t *header, int length)
{
	unsigned int sum = 0;

	for (int i = 0; i < length; i += 2)
		sum += (unsigned int)header[i] << 8 | header[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void put_checksum(uint8_t *ip)
{
	int length = (ip[0] & 15) * 4;

	if (length < 20)
		length = 20;
	put16(ip + 10, 0);
	put16(ip + 10, ~header_sum(ip, length) & 0xffff);
}

static size_t build4(const struct frame_spec *spec, int payload, int ttl, uint8_t *ip)
{
	int header = 20 + spec->options * 4;

	ip[0] = (uint8_t)(0x40 | header / 4);
	ip[1] = (uint8_t)spec->tos;
	put16(ip + 2, (unsigned int)(header + payload));
	put16(ip + 4, 0x1234);
	put16(ip + 6, (unsigned int)spec->fragment);
	ip[8] = (uint8_t)ttl;
	ip[9] = spec->protocol ? spec->protocol : 17;
	assert(inet_pton(AF_INET, spec->source ? spec->source : "10.0.1.1", ip + 12) == 1);
	assert(inet_pton(AF_INET, spec->destination ? spec->destination : "203.0.113.9", ip + 16) == 1);
	memset(ip + 20, 1, (size_t)spec->options * 4); /* no operation */
	put_checksum(ip);
	return (size_t)header;
}

static size_t build6(const struct frame_spec *spec, int payload, int ttl, uint8_t *ip)
{
	put16(ip, 0x6000 | (unsigned int)spec->tos << 4 | spec->flow_label >> 16);
	put16(ip + 2, spec->flow_label);
	put16(ip + 4, (unsigned int)payload);
	ip[6] = spec->protocol ? spec->protocol : 17;
	ip[7] = (uint8_t)ttl;
	assert(inet_pton(AF_INET6, spec->source ? spec->source : "2001:db8:1::1", ip + 8) == 1);
	assert(inet_pton(AF_INET6, spec->destination ? spec->destination : "2001:db8:100::9", ip + 24) == 1);
	return 40;
}

void frame__build(const struct frame_spec *spec, struct frame *ret_frame)
{
	static const uint8_t sender[6] = { 0x02, 0, 0, 0, 0, 0x01 };
	int payload = spec->payload ? spec->payload : PAYLOAD, ttl = spec->ttl_zero ? 0 : spec->ttl ? spec->ttl : 64;
	uint8_t *byte = ret_frame->byte, *ip = byte + ETHERNET;
	bool six = spec->family == 6;

	memset(ret_frame, 0, sizeof(*ret_frame));
	put_mac(spec->mac, byte);
	memcpy(byte + 6, sender, 6);
	if (spec->vlan) {
		put16(byte + 12, spec->vlan);
		put16(byte + 14, spec->tci ? spec->tci : 100);
		ip += 4;
	}
	if (spec->inner) {
		put16(ip - 2, spec->inner);
		put16(ip, spec->inner_tci ? spec->inner_tci : 100);
		ip += 4;
	}
	put16(ip - 2, spec->ethertype ? spec->ethertype : six ? 0x86dd : 0x0800);
	ip += six ? build6(spec, payload, ttl, ip) : build4(spec, payload, ttl, ip);
	for (int i = 0; i < payload; i++)
		ip[i] = spec->data ? spec->data[i] : (uint8_t)i;
	ret_frame->length = (size_t)(ip - byte) + (size_t)(payload + spec->trailer);
	assert(ret_frame->length <= FRAME_MAX);
	for (size_t i = 0; i < sizeof(spec->patch) / sizeof(spec->patch[0]); i++) {
		if (spec->patch[i].at)
			byte[spec->patch[i].at] = spec->patch[i].value;
	}
	if (!six && !spec->keep_checksum)
		put_checksum(byte + ETHERNET + (spec->vlan ? 4 : 0) + (spec->inner ? 4 : 0));
	if (spec->cut)
		ret_frame->length = (size_t)spec->cut;
}

bool frame__is_tag(unsigned int ethertype)
{
	return ethertype == 0x8100 || ethertype == 0x88a8;
}

void frame__pop(struct frame *frame)
{
	memmove(frame->byte + 12, frame->byte + 16, frame->length - 16);
	frame->length -= 4;
}

void frame__push(struct frame *frame, uint16_t ethertype, uint16_t tci)
{
	memmove(frame->byte + 16, frame->byte + 12, frame->length - 12);
	put16(frame->byte + 12, ethertype);
	put16(frame->byte + 14, tci);
	frame->length += 4;
}

void frame__forward(struct frame *frame, const uint8_t dmac[6], const uint8_t smac[6])
{
	uint8_t *ip = frame->byte + ETHERNET;

	memcpy(frame->byte, dmac, 6);
	memcpy(frame->byte + 6, smac, 6);
	if (frame->byte[12] == 0x08) {
		ip[8]--;
		put_checksum(ip);
	} else {
		ip[7]--;
	}
}
