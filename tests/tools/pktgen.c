// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * A packet generator on live frames (BPF_PROG_RUN), and its counterpart:
 *
 *	pktgen send DEV SECONDS MAC SOURCE   sends to the destinations of standard input in turn, by way of MAC
 *	pktgen sink DEV SECONDS              counts and drops what UDP arrives; prints packets a second
 *
 * The sink begins to count at the first packet.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "pktgen.skel.h"

#define FRAME 64
#define BATCH 100000

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int fail(const char *what, int err)
{
	fprintf(stderr, "pktgen: %s: %s\n", what, strerror(-err));
	return 1;
}

/* ---- send ---- */

static void make_frame(const unsigned char mac[6], const char *source, unsigned char frame[FRAME])
{
	static const unsigned char header[] = { 0x45, 0, 0, FRAME - 14, 0, 0, 0, 0, 64, 17 };

	memset(frame, 0, FRAME);
	memcpy(frame, mac, 6);
	frame[6] = 2;
	frame[12] = 0x08;
	memcpy(frame + 14, header, sizeof(header));
	inet_pton(AF_INET, source, frame + 26);
	frame[35] = frame[37] = 9;          /* ports: discard */
	frame[39] = FRAME - 14 - 20; /* UDP length; no checksum */
}

static unsigned int read_destinations(struct pktgen *pktgen)
{
	unsigned int count = 0, most = bpf_map__max_entries(pktgen->maps.destinations);
	char line[64];

	while (count < most && fgets(line, sizeof(line), stdin)) {
		struct in_addr address;

		line[strcspn(line, "\n")] = '\0';
		if (inet_pton(AF_INET, line, &address) == 1 &&
		    !bpf_map__update_elem(pktgen->maps.destinations, &count, 4, &address, 4, 0))
			count++;
	}
	return count;
}

static int send_frames(const struct pktgen *pktgen, const unsigned char *frame, unsigned int ifindex, double seconds)
{
	struct xdp_md context = { .data_end = FRAME, .ingress_ifindex = ifindex };
	double end = now() + seconds;

	while (now() < end) {
		LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = FRAME, .ctx_in = &context,
			    .ctx_size_in = sizeof(context), .repeat = BATCH, .flags = BPF_F_TEST_XDP_LIVE_FRAMES,
			    .batch_size = 64);
		int err = bpf_prog_test_run_opts(bpf_program__fd(pktgen->progs.send), &opts);

		if (err && err != -EINTR)
			return fail("sending live frames", err);
	}
	return 0;
}

static int send_all(unsigned int ifindex, double seconds, const char *mac_text, const char *source)
{
	struct pktgen *pktgen = pktgen__open(), *counting;
	unsigned char mac[6], frame[FRAME];
	unsigned int count;

	if (sscanf(mac_text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", mac, mac + 1, mac + 2, mac + 3, mac + 4, mac + 5) != 6) {
		fprintf(stderr, "pktgen: '%s' is no MAC address\n", mac_text);
		return 2;
	}
	/* The number of destinations is load-time data: count them by a set that is thrown away. */
	counting = pktgen__open_and_load();
	if (!pktgen || !counting)
		return fail("loading programs", -errno);
	count = read_destinations(counting);
	if (!count) {
		fputs("pktgen: no destinations on standard input\n", stderr);
		return 2;
	}
	pktgen->rodata->out_ifindex = ifindex;
	pktgen->rodata->destination_count = count;
	memcpy((void *)(uintptr_t)pktgen->rodata->router_mac, mac, sizeof(mac));
	if (bpf_map__reuse_fd(pktgen->maps.destinations, bpf_map__fd(counting->maps.destinations)) || pktgen__load(pktgen))
		return fail("loading programs", -errno);
	make_frame(mac, source, frame);
	return send_frames(pktgen, frame, ifindex, seconds);
}

/* ---- sink ---- */

static unsigned long long count_arrived(const struct pktgen *pktgen)
{
	int processors = libbpf_num_possible_cpus();
	unsigned long long each[processors > 0 ? processors : 1], sum = 0;
	unsigned int zero = 0;

	if (bpf_map__lookup_elem(pktgen->maps.arrived, &zero, 4, each, sizeof(each), 0))
		return 0;
	for (int i = 0; i < processors; i++)
		sum += each[i];
	return sum;
}

static int count_frames(unsigned int ifindex, double seconds)
{
	struct pktgen *pktgen = pktgen__open_and_load();
	double begin, limit = now() + 10;
	unsigned long long first;
	int err;

	if (!pktgen)
		return fail("loading programs", -errno);
	err = bpf_xdp_attach((int)ifindex, bpf_program__fd(pktgen->progs.sink), XDP_FLAGS_DRV_MODE, NULL);
	if (err)
		return fail("attaching the sink", err);
	while (!count_arrived(pktgen) && now() < limit)
		usleep(1000);
	first = count_arrived(pktgen);
	begin = now();
	usleep((useconds_t)(seconds * 1e6));
	printf("%.0f\n", (double)(count_arrived(pktgen) - first) / (now() - begin));
	return bpf_xdp_detach((int)ifindex, XDP_FLAGS_DRV_MODE, NULL) ? 1 : 0;
}

int main(int argc, char **argv)
{
	unsigned int ifindex = argc > 2 ? if_nametoindex(argv[2]) : 0;
	double seconds = argc > 3 ? atof(argv[3]) : 0;

	if (ifindex && seconds > 0 && argc == 6 && !strcmp(argv[1], "send"))
		return send_all(ifindex, seconds, argv[4], argv[5]);
	if (ifindex && seconds > 0 && argc == 4 && !strcmp(argv[1], "sink"))
		return count_frames(ifindex, seconds);
	fputs("usage: pktgen send DEV SECONDS MAC SOURCE <DESTINATIONS\n       pktgen sink DEV SECONDS\n", stderr);
	return 2;
}
