// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* From words to a packet. See packet.h. */
#include "packet.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "get.h"

#define ETHERNET 14

static int take_number(const char *word, const char *value, uint32_t high, uint32_t *ret_number)
{
	char *end;
	unsigned long number;

	errno = 0;
	number = strtoul(value, &end, 0);
	if (errno || *end || value[0] < '0' || value[0] > '9' || number > high)
		return fail(STATUS_USAGE, "explain: %s '%s': must be a number from 0 to %u", word, value, high);
	*ret_number = (uint32_t)number;
	return STATUS_DONE;
}

static int take_protocol(struct packet_words *words, const char *value)
{
	static const struct {
		const char *name;
		uint32_t number;
	} names[] = { { "icmp", 1 }, { "tcp", 6 }, { "udp", 17 }, { "ipv6-icmp", 58 }, { "icmpv6", 58 }, { "sctp", 132 } };

	words->has_protocol = true;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcmp(value, names[i].name)) {
			words->protocol = names[i].number;
			return STATUS_DONE;
		}
	}
	if (value[0] < '0' || value[0] > '9')
		return fail(STATUS_USAGE, "explain: proto '%s': must be icmp, tcp, udp, icmpv6, sctp or a number", value);
	return take_number("proto", value, 255, &words->protocol);
}

bool packet__take_word(struct packet_words *words, int argc, char **argv, int *at, int *ret_status)
{
	static const struct {
		const char *word;
		uint32_t high;
		size_t offset;
	} numbers[] = {
#define NUMBER(word, member, high) { word, high, offsetof(struct packet_words, member) }
		NUMBER("sport", source_port, 65535), NUMBER("dport", destination_port, 65535), NUMBER("ttl", ttl, 255),
		NUMBER("tos", tos, 255), NUMBER("flowlabel", flow_label, 0xfffff), NUMBER("length", length, PACKET_MAX),
#undef NUMBER
	};
	const char *word = argv[*at], *value;
	size_t known = 0;
	bool is_protocol = !strcmp(word, "proto");

	while (known < sizeof(numbers) / sizeof(numbers[0]) && strcmp(numbers[known].word, word))
		known++;
	if (!is_protocol && known == sizeof(numbers) / sizeof(numbers[0]))
		return false;
	value = argument(word, at, argc, argv);
	if (!value)
		*ret_status = STATUS_USAGE;
	else if (is_protocol)
		*ret_status = take_protocol(words, value);
	else
		*ret_status = take_number(word, value, numbers[known].high,
					  (uint32_t *)(void *)((char *)words + numbers[known].offset));
	words->has_ports |= !strcmp(word, "sport") || !strcmp(word, "dport");
	words->has_label |= !strcmp(word, "flowlabel");
	words->has_others |= !is_protocol;
	return true;
}

static bool is_ported(const struct packet_words *words)
{
	return words->protocol == 6 || words->protocol == 17 || words->protocol == 132;
}

static uint32_t header_of(const struct packet_words *words, const struct xfib_query *query)
{
	uint32_t behind = words->protocol == 6 ? 20 : words->protocol == 132 ? 12 : 8;

	return (query->family == XFIB_INET6 ? 40 : 20) + behind;
}

int packet__check(const struct packet_words *words, const struct xfib_query *query, bool has_source)
{
	if (words->has_others && !words->has_protocol)
		return fail(STATUS_USAGE, "explain: what describes a packet needs its protocol: proto P");
	if (!words->has_protocol)
		return STATUS_DONE;
	if (!query->iif || !has_source)
		return fail(STATUS_USAGE, "explain: a packet needs %s", has_source ? "a port that it comes by: iif DEV" :
								     "a source: from SRC");
	if (query->ifindex || query->exclude_ifindex || query->table || query->vrf || query->mark)
		return fail(STATUS_USAGE, "explain: where a packet is looked up its port says: without dev, exclude, table, vrf, mark");
	if (words->has_ports && !is_ported(words))
		return fail(STATUS_USAGE, "explain: 'sport' and 'dport' need 'proto tcp', 'udp' or 'sctp'");
	if (words->has_label && query->family != XFIB_INET6)
		return fail(STATUS_USAGE, "explain: 'flowlabel': IPv4 has none");
	if (words->length && words->length < header_of(words, query))
		return fail(STATUS_USAGE, "explain: length '%u': the headers have %u bytes", words->length, header_of(words, query));
	return STATUS_DONE;
}

/* ---- the frame ---- */

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put_checksum(uint8_t *ip)
{
	uint32_t sum = 0;

	for (int i = 0; i < 20; i += 2)
		sum += (uint32_t)ip[i] << 8 | ip[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	put16(ip + 10, ~(sum + (sum >> 16)) & 0xffff);
}

static void put_ip4(const struct packet_words *words, const struct xfib_query *query, uint32_t length, uint8_t *ip)
{
	ip[0] = 0x45;
	ip[1] = (uint8_t)words->tos;
	put16(ip + 2, length);
	ip[8] = (uint8_t)words->ttl;
	ip[9] = (uint8_t)words->protocol;
	memcpy(ip + 12, query->source, 4);
	memcpy(ip + 16, query->destination, 4);
	put_checksum(ip);
}

static void put_ip6(const struct packet_words *words, const struct xfib_query *query, uint32_t length, uint8_t *ip)
{
	put16(ip, 0x6000 | words->tos << 4 | words->flow_label >> 16);
	put16(ip + 2, words->flow_label);
	put16(ip + 4, length - 40);
	ip[6] = (uint8_t)words->protocol;
	ip[7] = (uint8_t)words->ttl;
	memcpy(ip + 8, query->source, 16);
	memcpy(ip + 24, query->destination, 16);
}

/*
 * What the program reads of it: ports, the offset of TCP's data, ICMP's type (an echo request). No checksum there,
 * but for SCTP, where none means one that was left to the device.
 */
static void put_behind(const struct packet_words *words, uint32_t length, uint8_t *behind)
{
	if (is_ported(words)) {
		put16(behind, words->source_port);
		put16(behind + 2, words->destination_port);
	}
	if (words->protocol == 6)
		behind[12] = 0x50;
	else if (words->protocol == 17)
		put16(behind + 4, length);
	else if (words->protocol == 132)
		put16(behind + 8, 1);
	else if (words->protocol == 1 || words->protocol == 58)
		behind[0] = words->protocol == 1 ? 8 : 128;
}

size_t packet__build(const struct packet_words *words, const struct xfib_query *query, const uint8_t mac[6],
		     uint8_t frame[PACKET_FRAME])
{
	uint32_t length = words->length ? words->length : header_of(words, query), header = query->family == XFIB_INET6 ? 40 : 20;

	memset(frame, 0, PACKET_FRAME);
	memcpy(frame, mac, 6);
	frame[6] = 2; /* somebody's */
	put16(frame + 12, query->family == XFIB_INET6 ? 0x86dd : 0x0800);
	if (query->family == XFIB_INET6)
		put_ip6(words, query, length, frame + ETHERNET);
	else
		put_ip4(words, query, length, frame + ETHERNET);
	put_behind(words, length - header, frame + ETHERNET + header);
	return ETHERNET + length;
}
