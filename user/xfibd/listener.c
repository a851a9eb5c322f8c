// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* The socket on which xfibd takes connections. See listener.h. */
#include "listener.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "../lib/socket_path.h"
#include "log.h"

#define BACKLOG 256

#define LOCK_PATH_SIZE (SOCKET_PATH_SIZE + sizeof(".lock"))

/* Makes the directory of a path if it is missing. */
static int make_directory(const char *path)
{
	char copy[SOCKET_PATH_SIZE];

	snprintf(copy, sizeof(copy), "%s", path);
	return mkdir(dirname(copy), 0755) && errno != EEXIST ? -errno : 0;
}

/*
 * Makes a file beside the socket and waits for the lock on it, which keeps other daemons from the path. Nobody else may
 * open it: what others can open, like the directory, they can lock, and so keep every daemon from starting.
 */
static int lock_path(const char *path, char ret_lock[LOCK_PATH_SIZE], int *ret_fd)
{
	snprintf(ret_lock, LOCK_PATH_SIZE, "%s.lock", path);
	for (;;) {
		int fd = open(ret_lock, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600), err;
		struct stat info;

		if (fd < 0)
			return -errno;
		err = flock(fd, LOCK_EX) || fstat(fd, &info) ? -errno : 0;
		if (!err && info.st_nlink) {
			*ret_fd = fd;
			return 0;
		}
		close(fd);
		if (err)
			return err;
		/* Whoever held the lock has removed the file: once more. */
	}
}

static void unlock_path(const char *lock, int fd)
{
	unlink(lock);
	close(fd);
}

/* Does somebody listen there? -EADDRINUSE; else what is there, if it is a socket, is removed. */
static int clear_path(const struct sockaddr_un *address)
{
	struct stat info;
	int fd, err;

	if (lstat(address->sun_path, &info))
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(info.st_mode))
		return -EEXIST;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	err = connect(fd, (const struct sockaddr *)address, sizeof(*address)) ? -errno : 0;
	close(fd);
	if (err != -ECONNREFUSED) /* a full backlog, a socket of another type: somebody's */
		return -EADDRINUSE;
	return unlink(address->sun_path) ? -errno : 0;
}

static int listen_at(const struct sockaddr_un *address, int *ret_fd)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), err;
	mode_t mask;

	if (fd < 0)
		return -errno;
	mask = umask(0111); /* chmod() afterwards would follow whatever stands there by then */
	err = bind(fd, (const struct sockaddr *)address, sizeof(*address)) ? -errno : 0;
	umask(mask);
	if (err) {
		close(fd);
		return err;
	}
	if (!listen(fd, BACKLOG)) {
		*ret_fd = fd;
		return 0;
	}
	err = -errno;
	unlink(address->sun_path);
	close(fd);
	return err;
}

int listener__open(const char *path, int *ret_fd)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char lock[LOCK_PATH_SIZE];
	int lock_fd = -1, err;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	err = make_directory(path);
	if (!err)
		err = lock_path(path, lock, &lock_fd);
	if (!err) {
		err = clear_path(&address);
		if (!err)
			err = listen_at(&address, ret_fd);
		unlock_path(lock, lock_fd);
	}
	if (err == -EADDRINUSE)
		log_error("socket %s: another process listens there; choose another one with --socket", path);
	else if (err == -EEXIST)
		log_error("socket %s: a file that is no socket is there; choose another one with --socket", path);
	else if (err)
		log_error("socket %s: %s; choose another one with --socket", path, strerror(-err));
	return err;
}

void listener__close(int fd, const char *path)
{
	if (fd < 0)
		return;
	/* Another daemon takes the path only when nobody listens, so that what is there is this one as long as it is open. */
	unlink(path);
	close(fd);
}
