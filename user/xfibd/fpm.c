// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* See fpm.h. */
#include "fpm.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "feed.h"
#include "fpm_parse.h"
#include "log.h"

#define BUFFER (256 * 1024) /* what is applied in a turn: some thousand routes */

struct fpm {
	int epoll_fd, listen_fd, client_fd;
	uint32_t hold;
	uint64_t sweep_at; /* ms; 0: nothing is stale, or nobody is connected */
	struct feed *feed;
	struct log_limit limit;
	size_t length; /* of what waits for the rest of its frame */
	uint8_t buffer[BUFFER];
};

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- addresses ---- */

static int parse_port(const char *text, in_port_t *ret_port)
{
	unsigned long port;
	char *end;

	errno = 0;
	port = strtoul(text, &end, 10);
	if (errno || *text < '0' || *text > '9' || *end || !port || port > 65535)
		return -EINVAL;
	*ret_port = htons((uint16_t)port);
	return 0;
}

int fpm_address__parse(const char *text, struct fpm_address *ret_address)
{
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(FPM_PORT), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(FPM_PORT) };
	char host[INET6_ADDRSTRLEN + 2];
	const char *end;
	bool is_six = text && *text == '[';

	*ret_address = (struct fpm_address){ .length = is_six ? sizeof(six) : sizeof(four) };
	if (text) {
		end = is_six ? strchr(text, ']') : strchrnul(text, ':');
		if (!end || (size_t)(end - text) >= sizeof(host))
			return -EINVAL;
		memcpy(host, text + is_six, (size_t)(end - text) - is_six);
		host[(end - text) - is_six] = '\0';
		end += is_six;
		if (is_six ? inet_pton(AF_INET6, host, &six.sin6_addr) != 1 : *host && inet_pton(AF_INET, host, &four.sin_addr) != 1)
			return -EINVAL;
		if (*end && (*end != ':' || parse_port(end + 1, is_six ? &six.sin6_port : &four.sin_port)))
			return -EINVAL;
	}
	if (is_six)
		memcpy(&ret_address->address, &six, sizeof(six));
	else
		memcpy(&ret_address->address, &four, sizeof(four));
	return 0;
}

static bool is_loopback(const struct fpm_address *address)
{
	struct sockaddr_in four;
	struct sockaddr_in6 six;

	if (address->address.ss_family == AF_INET) {
		memcpy(&four, &address->address, sizeof(four));
		return ntohl(four.sin_addr.s_addr) >> 24 == 127;
	}
	memcpy(&six, &address->address, sizeof(six));
	return IN6_IS_ADDR_LOOPBACK(&six.sin6_addr);
}

/* ---- the connection ---- */

static int watch(struct fpm *fpm, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(fpm->epoll_fd, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static void drop_client(struct fpm *fpm, const char *why)
{
	if (fpm->client_fd < 0)
		return;
	close(fpm->client_fd);
	fpm->client_fd = -1;
	fpm->length = 0;
	fpm->sweep_at = 0;
	log_info("FPM client gone: %s; its routes stay until one connects again", why);
}

/* zebra connects anew only when it has given the former connection up. */
static void accept_client(struct fpm *fpm)
{
	int fd = accept4(fpm->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK), err;
	uint64_t muted;

	if (fd < 0)
		return;
	drop_client(fpm, "another one connects");
	err = watch(fpm, fd);
	if (!err)
		err = feed__restart(fpm->feed);
	if (err) {
		close(fd);
		if (log_limit__pass(&fpm->limit, &muted))
			log_warning("an FPM client cannot be served: %s", strerror(-err));
		return;
	}
	fpm->client_fd = fd;
	fpm->sweep_at = now_ms() + fpm->hold * 1000ULL;
	log_info("FPM client connected; what it does not name again goes");
}

static void on_message(const struct nlmsghdr *message, void *data)
{
	struct fpm *fpm = data;

	feed__take(fpm->feed, message);
}

static void on_frame(void *data)
{
	struct fpm *fpm = data;

	feed__end_frame(fpm->feed);
}

static void receive(struct fpm *fpm)
{
	bool ended = false;
	size_t used;
	int err;

	while (fpm->length < BUFFER) {
		ssize_t length = recv(fpm->client_fd, fpm->buffer + fpm->length, BUFFER - fpm->length, 0);

		if (length < 0 && errno == EINTR)
			continue;
		ended = length == 0 || (length < 0 && errno != EAGAIN);
		if (length <= 0)
			break;
		fpm->length += (size_t)length;
	}
	feed__begin(fpm->feed);
	err = fpm_parse__frames(fpm->buffer, fpm->length, on_message, on_frame, fpm, &used);
	feed__end(fpm->feed);
	if (feed__refreshed(fpm->feed) && fpm->sweep_at)
		fpm->sweep_at = now_ms() + fpm->hold * 1000ULL;
	if (err) {
		drop_client(fpm, err == -EPROTONOSUPPORT ? "it does not speak the protocol of dplane_fpm_nl" :
							   "it sent a damaged frame");
		return;
	}
	fpm->length -= used;
	memmove(fpm->buffer, fpm->buffer + used, fpm->length);
	if (ended)
		drop_client(fpm, "it closed the connection");
}

void fpm__handle(struct fpm *fpm)
{
	struct epoll_event events[2];
	int count;

	if (!fpm)
		return;
	count = epoll_wait(fpm->epoll_fd, events, 2, 0);
	for (int i = 0; i < count; i++) { /* what the former client said comes first */
		if (events[i].data.fd == fpm->client_fd)
			receive(fpm);
	}
	for (int i = 0; i < count; i++) {
		if (events[i].data.fd == fpm->listen_fd)
			accept_client(fpm);
	}
	if (fpm->sweep_at && now_ms() >= fpm->sweep_at) {
		uint32_t swept = feed__sweep(fpm->feed);

		fpm->sweep_at = 0;
		log_info("%u routes that the FPM client did not name again are gone", swept);
	}
}

int fpm__timeout(const struct fpm *fpm)
{
	uint64_t now = now_ms();

	if (!fpm || !fpm->sweep_at)
		return -1;
	return fpm->sweep_at <= now ? 0 : (int)(fpm->sweep_at - now);
}

int fpm__fd(const struct fpm *fpm)
{
	return fpm ? fpm->epoll_fd : -1;
}

/* ---- the interface ---- */

static int listen_at(struct fpm *fpm, const struct fpm_address *address)
{
	int one = 1;

	fpm->listen_fd = socket(address->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fpm->listen_fd < 0)
		return -errno;
	setsockopt(fpm->listen_fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fpm->listen_fd, (const struct sockaddr *)&address->address, address->length) || listen(fpm->listen_fd, 4))
		return -errno;
	return watch(fpm, fpm->listen_fd);
}

int fpm__open(const struct fpm_address *address, struct mirror *mirror, uint32_t table, uint32_t hold, struct fpm **ret_fpm)
{
	struct fpm *fpm = calloc(1, sizeof(*fpm));
	int err;

	if (!fpm)
		return -ENOMEM;
	fpm->listen_fd = fpm->client_fd = -1;
	fpm->hold = hold;
	fpm->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	err = fpm->epoll_fd < 0 ? -errno : feed__new(mirror, table, &fpm->feed);
	if (!err)
		err = listen_at(fpm, address);
	if (err) {
		log_error("listening for an FPM client: %s; choose another address with --fpm=ADDRESS:PORT", strerror(-err));
		fpm__close(fpm);
		return err;
	}
	if (!is_loopback(address))
		log_warning("--fpm: whoever can connect to this address can change routes");
	*ret_fpm = fpm;
	return 0;
}

void fpm__set_hold(struct fpm *fpm, uint32_t hold)
{
	if (fpm)
		fpm->hold = hold;
}

void fpm__close(struct fpm *fpm)
{
	if (!fpm)
		return;
	drop_client(fpm, "xfibd ends");
	if (fpm->listen_fd >= 0)
		close(fpm->listen_fd);
	if (fpm->epoll_fd >= 0)
		close(fpm->epoll_fd);
	feed__free(fpm->feed);
	free(fpm);
}
