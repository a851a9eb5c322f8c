// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Where xfibd listens. See socket_path.h. */
#include "socket_path.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "private.h"

static int copy(const char *path, char ret_path[SOCKET_PATH_SIZE])
{
	if (strlen(path) >= SOCKET_PATH_SIZE)
		return -ENAMETOOLONG;
	memset(ret_path, 0, SOCKET_PATH_SIZE);
	memcpy(ret_path, path, strlen(path));
	return 0;
}

/* The path without doubled slashes and those at its end. */
static void tidy(const char *path, char ret_tidy[PATH_MAX])
{
	size_t length = 0;

	for (; *path && length < PATH_MAX - 1; path++) {
		if (*path != '/' || (path[1] && path[1] != '/'))
			ret_tidy[length++] = *path;
	}
	ret_tidy[length] = '\0';
}

int socket_path__of(const char *socket, const char *pin, char ret_path[SOCKET_PATH_SIZE])
{
	const char *variable = secure_getenv("XFIB_SOCKET");
	char resolved[PATH_MAX], name[PATH_MAX], path[PATH_MAX + sizeof(SOCKET_PATH_DIRECTORY) + 8];

	if (socket)
		return *socket ? copy(socket, ret_path) : -EINVAL;
	if (variable && *variable)
		return copy(variable, ret_path);
	if (pin[0] != '/') {
		if (!realpath(pin, resolved))
			return -errno;
		pin = resolved;
	}
	tidy(pin, name);
	if (!strcmp(name, XFIB_DEFAULT_PIN))
		return copy(SOCKET_PATH_DIRECTORY "/xfibd.sock", ret_path);
	for (char *byte = name; *byte; byte++) {
		if (*byte == '/')
			*byte = '_';
	}
	snprintf(path, sizeof(path), "%s/%s.sock", SOCKET_PATH_DIRECTORY, name);
	return copy(path, ret_path);
}
