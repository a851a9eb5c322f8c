// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * What clients of xfibd could do that libxfib does not:
 *
 *	raw-client half TABLE DEV FIRST COUNT
 *		sends a transaction but for its commit, says "sent", and waits to be killed
 *	raw-client hold COUNT
 *		opens COUNT connections, says hello on each, prints "N served, N refused", and waits to be killed
 *	raw-client may change TABLE DEV PREFIX | may watch
 *		asks for that and prints "yes", or the number and words of the refusal; reads no maps
 *	raw-client read MAP
 *		reads the first element of a pinned map, and tries to open it for writing
 *	raw-client open MAP SECONDS
 *		succeeds as soon as a transaction is under way, by the pinned map xfib_state; fails if none is so long
 *	raw-client meanwhile MAP
 *		waits until a transaction is under way, connects and says hello again and again until it is over, and prints
 *		"N answers while it was made, N while it was taken back"
 *	raw-client garbage COUNT
 *		opens COUNT connections and sends random packets on each
 *	raw-client silent COUNT
 *		opens COUNT connections, says nothing on any, prints "connected", and waits to be killed
 *
 * $XFIB_PIN and $XFIB_SOCKET choose the instance.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <err.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "connection.h"
#include "socket_path.h"

static const char *socket_path(void)
{
	static char path[SOCKET_PATH_SIZE];
	const char *pin = getenv("XFIB_PIN");

	if (socket_path__of(NULL, pin ? pin : "/sys/fs/bpf/xfib", path))
		errx(1, "no path for the socket");
	return path;
}

/* An addition of the route to the address `offset` behind `first`. */
static struct change change_of(const char *table, const char *device, const char *first, uint32_t offset,
			       struct xfib_path_spec *path)
{
	struct change change = { .what = XFIB_ADD,
				 .spec = { .size = sizeof(change.spec), .family = AF_INET, .prefix_length = 32,
					   .table = (uint32_t)strtoul(table, NULL, 10), .path_count = 1, .paths = path } };
	uint32_t address;

	*path = (struct xfib_path_spec){ .ifindex = if_nametoindex(device) };
	if (inet_pton(AF_INET, first, &address) != 1)
		errx(2, "'%s' is no address", first);
	address = htonl(ntohl(address) + offset);
	memcpy(change.spec.prefix, &address, sizeof(address));
	return change;
}

static int run_half(char **argv)
{
	uint32_t count = (uint32_t)strtoul(argv[3], NULL, 10);
	static uint8_t packet[PROTOCOL_PACKET];
	char message[PROTOCOL_MESSAGE];
	struct protocol_writer writer;
	int fd;

	if (connection__open(socket_path(), message, &fd))
		errx(1, "%s", message);
	connection__send(fd, packet, protocol__write_begin(packet, count));
	for (uint32_t i = 0; i < count; i++) {
		struct xfib_path_spec path;
		struct change change = change_of(argv[0], argv[1], argv[2], i, &path);

		protocol_writer__begin(&writer, packet);
		if (protocol_writer__add_change(&writer, &change) ||
		    connection__send(fd, packet, protocol_writer__end_changes(&writer, 0)))
			errx(1, "sending change %u failed", i);
	}
	puts("sent");
	fflush(stdout);
	pause();
	return 0;
}

static int run_hold(char **argv)
{
	int count = atoi(argv[0]), served = 0, refused = 0, fd;
	char message[PROTOCOL_MESSAGE];

	for (int i = 0; i < count; i++) {
		int error = connection__open(socket_path(), message, &fd);

		served += !error;
		refused += error == -EUSERS;
	}
	printf("%d served, %d refused\n", served, refused);
	fflush(stdout);
	pause();
	return 0;
}

/* The daemon's answer to one packet. */
static int ask(const void *packet, size_t length)
{
	char message[PROTOCOL_MESSAGE];
	struct protocol_result result;
	int fd, error = connection__open(socket_path(), message, &fd);

	if (!error)
		error = connection__send(fd, packet, length);
	if (!error)
		error = connection__read_result(fd, &result, message);
	if (error)
		printf("%d %s\n", error, message);
	else
		puts("yes");
	return error ? 1 : 0;
}

static int run_may_watch(char **argv)
{
	uint8_t packet[sizeof(struct protocol_watch)];

	if (strcmp(argv[0], "watch"))
		errx(2, "may '%s'?", argv[0]);
	return ask(packet, protocol__write_watch(packet, NULL));
}

static int run_may_change(char **argv)
{
	struct xfib_path_spec path;
	struct change change = change_of(argv[1], argv[2], argv[3], 0, &path);
	static uint8_t packet[PROTOCOL_PACKET];
	struct protocol_writer writer;

	protocol_writer__begin(&writer, packet);
	if (protocol_writer__add_change(&writer, &change))
		errx(2, "that cannot be asked");
	return ask(packet, protocol_writer__end_changes(&writer, PROTOCOL_ALONE));
}

static int run_read(char **argv)
{
	LIBBPF_OPTS(bpf_obj_get_opts, opts, .file_flags = BPF_F_RDONLY);
	int fd = bpf_obj_get_opts(argv[0], &opts);
	static uint8_t value[65536];
	uint32_t zero = 0;

	if (fd < 0)
		err(1, "%s", argv[0]);
	if (bpf_map_lookup_elem(fd, &zero, value))
		err(1, "reading %s", argv[0]);
	puts(bpf_obj_get(argv[0]) >= 0 ? "read, and may write" : "read");
	return 0;
}

/* The state, by a descriptor that is opened first. */
static void read_state(const char *path, struct xfib_state *ret_state)
{
	static int fd = -1;
	uint32_t zero = 0;

	if (fd < 0)
		fd = bpf_obj_get(path);
	if (fd < 0)
		err(1, "%s", path);
	if (bpf_map_lookup_elem(fd, &zero, ret_state))
		err(1, "reading the state");
}

static int run_open(char **argv)
{
	double left = atof(argv[1]);
	struct xfib_state state;

	for (read_state(argv[0], &state); !state.own_change && left > 0; left -= 0.001) {
		usleep(1000);
		read_state(argv[0], &state);
	}
	return !state.own_change;
}

static int run_meanwhile(char **argv)
{
	uint32_t made = 0, back = 0, most = 0;
	char message[PROTOCOL_MESSAGE];
	struct xfib_state state;
	int fd;

	for (read_state(argv[0], &state); !state.own_change; read_state(argv[0], &state))
		usleep(1000);
	while (state.own_change) {
		if (connection__open(socket_path(), message, &fd))
			errx(1, "%s", message);
		close(fd);
		read_state(argv[0], &state); /* what was answered before this was answered meanwhile */
		most = state.routes4 > most ? state.routes4 : most;
		made += state.own_change && state.routes4 == most;
		back += state.own_change && state.routes4 < most;
	}
	printf("%u answers while it was made, %u while it was taken back\n", made, back);
	return 0;
}

static int run_garbage(char **argv)
{
	static uint8_t packet[PROTOCOL_PACKET];
	char message[PROTOCOL_MESSAGE];
	int count = atoi(argv[0]);

	srandom((unsigned int)time(NULL));
	for (int i = 0; i < count; i++) {
		size_t length = (size_t)random() % (i % 2 ? 64 : sizeof(packet)) + 1;
		int fd;

		if (connection__open(socket_path(), message, &fd))
			errx(1, "%s", message);
		for (size_t byte = 0; byte < length; byte++)
			packet[byte] = (uint8_t)random();
		if (i % 3) { /* a header that is right */
			struct protocol_header header = { .kind = (uint32_t)random() % PROTOCOL_KIND_COUNT,
							  .length = (uint32_t)length };

			memcpy(packet, &header, length < sizeof(header) ? length : sizeof(header));
		}
		connection__send(fd, packet, length);
		if (i % 5)
			close(fd);
	}
	return 0;
}

static int run_silent(char **argv)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int count = atoi(argv[0]);

	strcpy(address.sun_path, socket_path());
	for (int i = 0; i < count; i++) {
		int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);

		if (connect(fd, (struct sockaddr *)&address, sizeof(address)))
			err(1, "%s", address.sun_path);
	}
	puts("connected");
	fflush(stdout);
	pause();
	return 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int arguments;
		int (*run)(char **argv);
	} commands[] = {
		{ "half", 4, run_half },      { "hold", 1, run_hold },      { "silent", 1, run_silent },
		{ "may", 1, run_may_watch },  { "may", 4, run_may_change }, { "read", 1, run_read },
		{ "garbage", 1, run_garbage }, { "meanwhile", 1, run_meanwhile }, { "open", 2, run_open },
	};

	for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (!strcmp(argv[1], commands[i].name) && argc == commands[i].arguments + 2)
			return commands[i].run(argv + 2);
	}
	errx(2, "see the top of tests/tools/raw-client.c");
}
