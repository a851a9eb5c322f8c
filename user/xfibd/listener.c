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

/* Opens the directory of a path, made if it is missing, and waits for the lock on it that keeps others from it. */
static int lock_directory(const char *path, int *ret_fd)
{
	char copy[SOCKET_PATH_SIZE], *directory;
	int fd;

	snprintf(copy, sizeof(copy), "%s", path);
	directory = dirname(copy);
	if (mkdir(directory, 0755) && errno != EEXIST)
		return -errno;
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX)) {
		int err = -errno;

		close(fd);
		return err;
	}
	*ret_fd = fd;
	return 0;
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

	if (fd < 0)
		return -errno;
	if (bind(fd, (const struct sockaddr *)address, sizeof(*address))) {
		err = -errno;
		close(fd);
		return err;
	}
	if (!chmod(address->sun_path, 0666) && !listen(fd, BACKLOG)) {
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
	int directory = -1, err;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	err = lock_directory(path, &directory);
	if (!err) {
		err = clear_path(&address);
		if (!err)
			err = listen_at(&address, ret_fd);
		close(directory);
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
