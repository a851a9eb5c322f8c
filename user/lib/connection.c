// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* The library's end of a connection to xfibd. See connection.h. */
#include "connection.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define SEND_BUFFER (4 * (int)PROTOCOL_PACKET)

static int say(int err, char message[PROTOCOL_MESSAGE], const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int say(int err, char message[PROTOCOL_MESSAGE], const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(message, PROTOCOL_MESSAGE, format, args);
	va_end(args);
	return err;
}

static int connect_to(const char *path, bool wait, int *ret_fd)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | (wait ? 0 : SOCK_NONBLOCK), 0);
	int size = SEND_BUFFER, err;

	if (fd < 0)
		return -errno;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	while (connect(fd, (const struct sockaddr *)&address, sizeof(address))) {
		err = -errno;
		if (err == -EINTR)
			continue;
		close(fd);
		return err;
	}
	*ret_fd = fd;
	return 0;
}

int connection__start(const char *path, bool wait, char message[PROTOCOL_MESSAGE], int *ret_fd)
{
	uint8_t hello[sizeof(struct protocol_hello)];
	int fd = -1, err = connect_to(path, wait, &fd);

	if (err == -ENOENT || err == -ENOTDIR || err == -ECONNREFUSED)
		return say(-ECONNREFUSED, message, "xfibd is not running at %s: start it, or set XFIB_SOCKET", path);
	if (err)
		return say(err, message, "socket %s: %s", path, strerror(-err));
	/* One that is not served finds the connection closed already; what the daemon said before that is still there. */
	err = connection__send(fd, hello, protocol__write_hello(hello, (uint32_t)getpid()));
	if (err && err != -EPIPE && err != -ECONNRESET) {
		close(fd);
		return say(err, message, "socket %s: %s", path, strerror(-err));
	}
	*ret_fd = fd;
	return 0;
}

int connection__check_hello(const void *packet, size_t length, char message[PROTOCOL_MESSAGE])
{
	struct protocol_result result;
	struct protocol_hello hello;

	if (!protocol__read_result(packet, length, &result) && result.err)
		return say(result.err, message, "%s", result.message);
	if (protocol__read_hello(packet, length, &hello))
		return say(-EBADMSG, message, "what listens there is not xfibd");
	if (hello.version != PROTOCOL_VERSION)
		return say(-EPROTONOSUPPORT, message, "xfibd speaks version %u of its protocol, this library version %u: "
			   "they must be of one release", hello.version, PROTOCOL_VERSION);
	return 0;
}

int connection__open(const char *path, char message[PROTOCOL_MESSAGE], int *ret_fd)
{
	uint8_t packet[sizeof(struct protocol_result)];
	size_t length;
	int fd, err = connection__start(path, true, message, &fd);

	if (err)
		return err;
	err = connection__receive(fd, packet, sizeof(packet), 0, &length);
	if (err == -EMSGSIZE)
		err = say(-EBADMSG, message, "what listens at %s is not xfibd", path);
	else if (err)
		say(err, message, "xfibd at %s ended before it answered: try again", path);
	else
		err = connection__check_hello(packet, length, message);
	if (err) {
		close(fd);
		return err;
	}
	*ret_fd = fd;
	return 0;
}

int connection__send(int fd, const void *packet, size_t length)
{
	for (;;) {
		if (send(fd, packet, length, MSG_NOSIGNAL) >= 0)
			return 0;
		if (errno != EINTR)
			return -errno;
	}
}

int connection__receive(int fd, void *packet, size_t room, int flags, size_t *ret_length)
{
	bool was_reset = false;

	for (;;) {
		ssize_t length = recv(fd, packet, room, flags | MSG_TRUNC);

		if (length > (ssize_t)room)
			return -EMSGSIZE;
		if (length > 0) {
			*ret_length = (size_t)length;
			return 0;
		}
		if (!length)
			return -ECONNRESET;
		/* A daemon that closed with a packet of ours unread resets: what it said before comes after that. */
		if (errno == EINTR || (errno == ECONNRESET && !was_reset)) {
			was_reset |= errno == ECONNRESET;
			continue;
		}
		return -errno;
	}
}

int connection__read_result(int fd, struct protocol_result *ret_result, char message[PROTOCOL_MESSAGE])
{
	struct protocol_result packet, result;
	size_t length;
	int err = connection__receive(fd, &packet, sizeof(packet), 0, &length);

	if (err && err != -EMSGSIZE)
		return say(err, message, "xfibd ended before it answered");
	if (err || protocol__read_result(&packet, length, &result))
		return say(-EBADMSG, message, "xfibd sent what is no answer");
	*ret_result = result;
	return result.err ? say(result.err, message, "%s", result.message) : 0;
}
