// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Which way do flows go? Gives packets to the XDP program of an instance ($XFIB_PIN), as if they came by a device, and
 * prints for each the MAC address that it would be sent to, or "-" if it is not forwarded:
 *
 *	flows DEV 4|6 KIND COUNT SEED [VARIANT]
 *
 * What makes flow n of a seed is what KIND says: "l3" addresses, "l4" ports, "label" the IPv6 flow label, "inner" the
 * addresses of an IPv4 packet within. Destinations are in 203.0.113.0/24 and 2001:db8:100::/48. VARIANT: the same flow by
 * another packet: "ttl", "tos", "length", "first", "later" (fragments).
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ETHERNET 14
#define DATA 40 /* bytes behind the outer IP header */

struct flow {
	bool six;
	const char *kind, *variant;
};

static bool is(const char *text, const char *word)
{
	return !strcmp(text, word);
}

static void put16(uint8_t *at, unsigned int value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put_checksum(uint8_t *ip)
{
	unsigned int sum = 0;

	for (int i = 0; i < 20; i += 2)
		sum += (unsigned int)ip[i] << 8 | ip[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	put16(ip + 10, ~(sum + (sum >> 16)) & 0xffff);
}

/* An IPv4 header; the addresses' last bytes are those of the two numbers. */
static void put_ip4(uint8_t *ip, unsigned int length, uint8_t protocol, uint32_t source, uint32_t destination)
{
	ip[0] = 0x45;
	put16(ip + 2, length);
	ip[8] = 64;
	ip[9] = protocol;
	source = htonl(source);
	destination = htonl(destination);
	memcpy(ip + 12, &source, 4);
	memcpy(ip + 16, &destination, 4);
	put_checksum(ip);
}

static void put_ip6(uint8_t *ip, unsigned int length, uint8_t protocol, uint32_t source, uint32_t destination)
{
	static const uint8_t prefix[] = { 0x20, 0x01, 0x0d, 0xb8 };

	ip[0] = 0x60;
	put16(ip + 4, length);
	ip[6] = protocol;
	ip[7] = 64;
	memcpy(ip + 8, prefix, 4);
	memcpy(ip + 24, prefix, 4);
	ip[13] = 1;
	ip[28] = 1; /* 2001:db8:100:: */
	source = htonl(source);
	destination = htonl(destination);
	memcpy(ip + 20, &source, 4);
	memcpy(ip + 36, &destination, 4);
}

/* The frame of a flow; `number` has 32 random bits, `more` others. Returns its length. */
static size_t make_frame(const struct flow *flow, const uint8_t mac[6], uint32_t number, uint32_t more, uint8_t *frame)
{
	bool inner = is(flow->kind, "inner"), l3 = is(flow->kind, "l3");
	unsigned int data = is(flow->variant, "length") ? DATA + 100 : DATA, header = flow->six ? 40 : 20;
	bool fragment = is(flow->variant, "first") || is(flow->variant, "later");
	uint32_t source = l3 ? number >> 8 : 1, destination = l3 ? number & 0xff : 9;
	uint8_t *ip = frame + ETHERNET, *behind = ip + header, protocol = inner ? 4 : 17;

	memset(frame, 0, 256);
	memcpy(frame, mac, 6);
	frame[6] = 2;
	put16(frame + 12, flow->six ? 0x86dd : 0x0800);
	if (flow->six && fragment) {
		behind[0] = protocol;
		behind[3] = is(flow->variant, "first") ? 1 : 0x18;
		put16(behind + 6, number >> 16);
		behind += 8;
		data += 8;
		protocol = 44;
	}
	if (flow->six)
		put_ip6(ip, data, protocol, source, destination);
	else
		put_ip4(ip, header + data, protocol, 0x64400000 + (source & 0x3fffff), 0xcb007100 + destination);
	if (is(flow->kind, "label"))
		put16(ip + 2, number & 0xffff), ip[1] = number >> 16 & 15;
	if (inner)
		put_ip4(behind, 40, 17, 0x0a000000 + (number & 0xffffff), 0x0b000000 + (more & 0xffffff));
	else if (is(flow->kind, "l4") && !is(flow->variant, "later"))
		put16(behind, number & 0xffff), put16(behind + 2, number >> 16);
	if (is(flow->variant, "ttl"))
		ip[flow->six ? 7 : 8] = 9;
	if (is(flow->variant, "tos"))
		ip[flow->six ? 0 : 1] |= flow->six ? 0x0b : 0xb8;
	if (!flow->six) {
		ip[4] = 7;
		if (fragment)
			put16(ip + 6, is(flow->variant, "first") ? 0x2000 : 0x2010);
		ip[10] = ip[11] = 0;
		put_checksum(ip);
	}
	return (size_t)(ETHERNET + header + data);
}

static int read_mac(const char *device, uint8_t mac[6])
{
	char path[64];
	FILE *file;
	int count;

	snprintf(path, sizeof(path), "/sys/class/net/%s/address", device);
	file = fopen(path, "re");
	if (!file)
		return -1;
	count = fscanf(file, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", mac, mac + 1, mac + 2, mac + 3, mac + 4, mac + 5);
	fclose(file);
	return count == 6 ? 0 : -1;
}

static int open_program(void)
{
	const char *pin = getenv("XFIB_PIN");
	char path[256];

	snprintf(path, sizeof(path), "%s/progs/xdp", pin ? pin : "/sys/fs/bpf/xfib");
	return bpf_obj_get(path);
}

static int send_flows(const struct flow *flow, int program, unsigned int ifindex, const uint8_t mac[6], unsigned long count)
{
	uint8_t frame[256], out[512];

	for (unsigned long i = 0; i < count; i++) {
		uint32_t number = (uint32_t)random() << 16 ^ (uint32_t)random(), more = (uint32_t)random();
		uint32_t length = (uint32_t)make_frame(flow, mac, number, more, frame);
		struct xdp_md context = { .data_end = length, .ingress_ifindex = ifindex };
		LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = length, .data_out = out,
			    .data_size_out = sizeof(out), .ctx_in = &context, .ctx_size_in = sizeof(context), .repeat = 1);
		int err = bpf_prog_test_run_opts(program, &opts);

		if (err) {
			fprintf(stderr, "flows: running the program: %s\n", strerror(-err));
			return 1;
		}
		if (opts.retval == XDP_REDIRECT)
			printf("%02x%02x%02x%02x%02x%02x\n", out[0], out[1], out[2], out[3], out[4], out[5]);
		else
			puts("-");
	}
	return 0;
}

int main(int argc, char **argv)
{
	unsigned int ifindex = argc > 1 ? if_nametoindex(argv[1]) : 0;
	struct flow flow = { .variant = argc > 6 ? argv[6] : "" };
	uint8_t mac[6];
	int program;

	if (argc < 6 || !ifindex || read_mac(argv[1], mac)) {
		fputs("usage: flows DEV 4|6 l3|l4|label|inner COUNT SEED [ttl|tos|length|first|later]\n", stderr);
		return 2;
	}
	program = open_program();
	if (program < 0) {
		fprintf(stderr, "flows: opening the pinned program: %s\n", strerror(-program));
		return 1;
	}
	flow.six = is(argv[2], "6");
	flow.kind = argv[3];
	srandom((unsigned int)strtoul(argv[5], NULL, 10));
	return send_flows(&flow, program, ifindex, mac, strtoul(argv[4], NULL, 10));
}
