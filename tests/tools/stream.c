// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * A stream over TCP whose every byte the receiver knows:
 *
 *	stream receive PORT SEED BYTES     takes one connection; prints megabytes a second
 *	stream send ADDRESS PORT SEED BYTES
 *	stream send-options ADDRESS PORT SEED BYTES   likewise, with destination options (IPv6) in each packet
 *
 * Status 1 if a byte is another one, or if nothing comes for ten seconds (times XFIB_SLOW).
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CHUNK 65536
#define PERIOD (CHUNK - 19) /* after so many bytes the stream repeats: no length of packets divides it */

static uint8_t pattern[PERIOD + CHUNK];

static void fill_pattern(uint64_t seed)
{
	for (size_t i = 0; i < PERIOD; i++) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		pattern[i] = (uint8_t)(seed >> 56);
	}
	for (size_t i = PERIOD; i < sizeof(pattern); i++)
		pattern[i] = pattern[i - PERIOD];
}

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int fail(const char *what)
{
	fprintf(stderr, "stream: ");
	perror(what);
	return 1;
}

static void set_patience(int fd)
{
	const char *slow = getenv("XFIB_SLOW");
	const struct timeval patience = { .tv_sec = 10 * (slow ? atoi(slow) : 1) };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
}

static int take_connection(uint16_t port)
{
	struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	int one = 1, listener = socket(AF_INET6, SOCK_STREAM, 0);

	if (listener < 0)
		return -1;
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	set_patience(listener);
	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) || listen(listener, 1))
		return -1;
	return accept(listener, NULL, NULL);
}

static int receive(uint16_t port, uint64_t bytes)
{
	static uint8_t buffer[CHUNK];
	int fd = take_connection(port);
	double begin = now();
	uint64_t at = 0;

	if (fd < 0)
		return fail("no connection");
	set_patience(fd);
	while (at < bytes) {
		ssize_t length = recv(fd, buffer, sizeof(buffer), 0);

		if (length <= 0) {
			fprintf(stderr, "stream: %llu of %llu bytes came\n", (unsigned long long)at, (unsigned long long)bytes);
			return length ? fail("receive") : 1;
		}
		if (memcmp(buffer, pattern + at % PERIOD, (size_t)length)) {
			fprintf(stderr, "stream: a wrong byte after %llu\n", (unsigned long long)at);
			return 1;
		}
		at += (uint64_t)length;
	}
	printf("%.0f\n", (double)bytes / 1e6 / (now() - begin));
	return 0;
}

static int reach(const char *text, uint16_t port, bool with_options)
{
	static const uint8_t options[8] = { 0, 0, 1, 4 }; /* padding */
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(port) };
	int is_six = inet_pton(AF_INET6, text, &six.sin6_addr) == 1, fd = socket(is_six ? AF_INET6 : AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || (!is_six && inet_pton(AF_INET, text, &four.sin_addr) != 1))
		return -1;
	if (with_options && setsockopt(fd, IPPROTO_IPV6, IPV6_DSTOPTS, options, sizeof(options)))
		return -1;
	set_patience(fd);
	if (connect(fd, is_six ? (void *)&six : (void *)&four, is_six ? sizeof(six) : sizeof(four)))
		return -1;
	return fd;
}

static int transmit(const char *address, uint16_t port, bool with_options, uint64_t bytes)
{
	int fd = reach(address, port, with_options);

	if (fd < 0)
		return fail("connect");
	for (uint64_t at = 0; at < bytes;) {
		size_t size = bytes - at < CHUNK ? (size_t)(bytes - at) : CHUNK;
		ssize_t length = send(fd, pattern + at % PERIOD, size, MSG_NOSIGNAL);

		if (length < 0)
			return fail("send");
		at += (uint64_t)length;
	}
	return 0;
}

int main(int argc, char **argv)
{
	bool with_options = argc > 1 && !strcmp(argv[1], "send-options");
	int first = argc > 1 && (with_options || !strcmp(argv[1], "send")) ? 3 : 2;
	unsigned long port = argc > first ? strtoul(argv[first], NULL, 10) : 0;
	uint64_t bytes = argc == first + 3 ? strtoull(argv[first + 2], NULL, 10) : 0;

	if (!bytes || !port || port > 65535 || (first == 2 && strcmp(argv[1], "receive"))) {
		fputs("usage: stream receive PORT SEED BYTES\n       stream send|send-options ADDRESS PORT SEED BYTES\n", stderr);
		return 2;
	}
	fill_pattern(strtoull(argv[first + 1], NULL, 10));
	return first == 2 ? receive((uint16_t)port, bytes) : transmit(argv[2], (uint16_t)port, with_options, bytes);
}
