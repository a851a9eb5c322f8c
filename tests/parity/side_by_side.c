// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * side-by-side SEED COUNT [vlans]
 *
 * Sends COUNT packets that the seed decides, also of VLANs if that is said, by the devices x0, x1, … to one router, and by k0, k1, … to another one, and
 * compares what comes back by them: the same frames by the same ports, those of a flow in the same order, but for what
 * normal.c says. Prints how many frames came, and the packets that made a difference; status 1 if there were any.
 *
 * Packets go in batches, all of one by the same port, and batches are compared as a whole: a router keeps the order of what
 * comes by one port. If a batch differs, its packets are sent once more, one by one.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "parity.h"
#include "../tools/vlan-tag.h"

#define BATCH 128
#define SHOWN 5
#define PATIENCE 0.5 /* seconds, times XFIB_SLOW, for frames that have not come yet */

enum side { XFIB, KERNEL, SIDES };

struct frame {
	int port;
	size_t length;
	uint64_t flow;
	uint8_t byte[FRAME_ROOM];
};

static const char *const side_names[SIDES] = { "with xfib", "without" };

static struct {
	int fd[PORTS];
	struct frame *frames;
	size_t count, room;
} sides[SIDES];

static struct {
	unsigned long long sent, refused, came, differences;
} totals;

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int open_device(enum side side, int port)
{
	const char name[] = { side == XFIB ? 'x' : 'k', (char)('0' + port), 0 };
	struct sockaddr_ll address = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL),
				       .sll_ifindex = (int)if_nametoindex(name) };
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, 0), room = 64 << 20, one = 1;

	if (fd < 0 || !address.sll_ifindex || setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &one, sizeof(one)) || bind(fd, (struct sockaddr *)&address, sizeof(address)))
		err(2, "packet socket of %s", name);
	return fd;
}

/* ---- sending and collecting ---- */

/* What is too long for the router's port the kernel refuses at once (since 6.18): it is lost for both. */
static void send_packet(enum side side, const struct packet *packet)
{
	while (send(sides[side].fd[packet->port], packet->byte, packet->length, 0) < 0) {
		if (errno == ENOBUFS) {
			totals.refused++;
			return;
		}
		if (errno != EAGAIN)
			err(2, "sending %zu bytes by port %d", packet->length, packet->port);
		usleep(100);
	}
}

static struct frame *next_frame(enum side side)
{
	if (sides[side].count == sides[side].room) {
		sides[side].room = sides[side].room * 2 + 1024;
		sides[side].frames = realloc(sides[side].frames, sides[side].room * sizeof(struct frame));
		if (!sides[side].frames)
			err(2, "frames");
	}
	return &sides[side].frames[sides[side].count];
}

/* The next frame by a port, with its tags; false: there is none yet, or it is not the router's. */
static bool receive(int fd, struct frame *ret_frame, bool *ret_end)
{
	union vlan_tag_control control;
	struct sockaddr_ll from = { 0 };
	struct iovec vector = { .iov_base = ret_frame->byte, .iov_len = FRAME_ROOM - 4 };
	struct msghdr message = { .msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &vector, .msg_iovlen = 1,
				  .msg_control = &control, .msg_controllen = sizeof(control) };
	ssize_t length = recvmsg(fd, &message, 0);

	*ret_end = length < 0;
	if (length < 0 || from.sll_pkttype == PACKET_OUTGOING)
		return false;
	ret_frame->length = vlan_tag__put_back(&message, ret_frame->byte, (size_t)length);
	return true;
}

static void collect_port(enum side side, int port)
{
	for (bool end = false; !end;) {
		struct frame *frame = next_frame(side);

		if (!receive(sides[side].fd[port], frame, &end))
			continue;
		frame->port = port;
		if (!normal__frame(frame->byte, &frame->length))
			continue;
		frame->flow = normal__flow(frame->byte, frame->length);
		sides[side].count++;
	}
}

static void collect(void)
{
	for (int side = 0; side < SIDES; side++) {
		for (int port = 0; port < PORTS; port++)
			collect_port(side, port);
	}
}

/* ---- comparing ---- */

/* Frames of a port and flow come together, in the order in which they came. */
static int by_flow(const void *left, const void *right)
{
	const struct frame *const *a = left, *const *b = right;

	if ((*a)->port != (*b)->port)
		return (*a)->port - (*b)->port;
	if ((*a)->flow != (*b)->flow)
		return (*a)->flow < (*b)->flow ? -1 : 1;
	return *a < *b ? -1 : *a > *b;
}

static const struct frame **sorted(enum side side)
{
	const struct frame **list = calloc(sides[side].count + 1, sizeof(*list));

	if (!list)
		err(2, "frames");
	for (size_t i = 0; i < sides[side].count; i++)
		list[i] = &sides[side].frames[i];
	qsort(list, sides[side].count, sizeof(*list), by_flow);
	return list;
}

/* The first frames that differ, in the order of by_flow(), or the one that only one router sent; false: there are none. */
static bool find_difference(const struct frame *ret_first[SIDES])
{
	const struct frame **lists[SIDES] = { sorted(XFIB), sorted(KERNEL) };
	bool differ = false;

	for (size_t i = 0; !differ && (i < sides[XFIB].count || i < sides[KERNEL].count); i++) {
		const struct frame *a = ret_first[XFIB] = lists[XFIB][i], *b = ret_first[KERNEL] = lists[KERNEL][i];

		differ = !a || !b || a->port != b->port || a->length != b->length || memcmp(a->byte, b->byte, a->length);
	}
	free(lists[XFIB]);
	free(lists[KERNEL]);
	return differ;
}

static bool are_equal(void)
{
	const struct frame *first[SIDES];

	return !find_difference(first);
}

/* Sends packets to both routers. Do they do the same? */
static bool is_same(const struct packet *packets, size_t count)
{
	const char *slow = getenv("XFIB_SLOW");
	double end;

	sides[XFIB].count = sides[KERNEL].count = 0;
	for (int side = 0; side < SIDES; side++) {
		for (size_t i = 0; i < count; i++)
			send_packet((enum side)side, &packets[i]);
		collect();
	}
	for (end = now() + PATIENCE * (slow ? atof(slow) : 1); !are_equal() && now() < end; collect())
		usleep(1000);
	return are_equal();
}

/* ---- what differs ---- */

static void print_bytes(const uint8_t *byte, size_t length)
{
	for (size_t i = 0; i < length && i < 160; i++)
		printf("%02x", byte[i]);
	printf("%s\n", length > 160 ? "…" : "");
}

static void print_first(void)
{
	const struct frame *first[SIDES];

	if (!find_difference(first))
		return;
	for (int side = 0; side < SIDES; side++) {
		printf("#   %s: ", side_names[side]);
		if (first[side])
			printf("port %d, %zu bytes: ", first[side]->port, first[side]->length);
		print_bytes(first[side] ? first[side]->byte : NULL, first[side] ? first[side]->length : 0);
	}
}

/* Which packet was it? */
static void look_into(const struct packet *packets, size_t count)
{
	bool found = false;

	printf("# of packets %llu to %llu: %zu frames with xfib, %zu without\n", totals.sent, totals.sent + count - 1,
	       sides[XFIB].count, sides[KERNEL].count);
	print_first();
	for (size_t i = 0; i < count && totals.differences < SHOWN; i++) {
		if (is_same(&packets[i], 1))
			continue;
		found = true;
		totals.differences++;
		printf("# packet %llu, port %d, network %d, %zu bytes: ", totals.sent + i, packets[i].port, packets[i].network,
		       packets[i].length);
		print_bytes(packets[i].byte, packets[i].length);
		print_first();
	}
	if (!found) {
		totals.differences++;
		puts("# each by itself makes no difference");
	}
}

int main(int argc, char **argv)
{
	bool vlans = argc == 4 && !strcmp(argv[3], "vlans");
	uint64_t seed = argc == 3 || vlans ? strtoull(argv[1], NULL, 10) : 0;
	size_t count = argc == 3 || vlans ? strtoul(argv[2], NULL, 10) : 0;
	int networks = vlans ? NETWORKS : PORTS;
	static struct packet packets[BATCH];
	cpu_set_t one;

	if (!count) {
		fputs("usage: side-by-side SEED COUNT [vlans]\n", stderr);
		return 2;
	}
	/* Everything on one processor is done in the order in which it was sent. */
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	sched_setaffinity(0, sizeof(one), &one);
	for (int side = 0; side < SIDES; side++) {
		for (int port = 0; port < PORTS; port++)
			sides[side].fd[port] = open_device((enum side)side, port);
	}
	draw__seed(seed);
	draw__set_networks(networks);
	while (totals.sent < count && totals.differences < SHOWN) {
		for (size_t i = 0; i < BATCH; i++)
			draw__packet((int)(totals.sent / BATCH % (unsigned int)networks), &packets[i]);
		if (!is_same(packets, BATCH))
			look_into(packets, BATCH);
		totals.came += sides[KERNEL].count;
		totals.sent += BATCH;
	}
	printf("sent %llu refused %llu came %llu differences %llu\n", totals.sent, totals.refused, totals.came, totals.differences);
	return totals.differences != 0;
}
