// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* What ports have been given. See port_memory.h. */
#include "port_memory.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "port_private.h"

/* Names are "port-HOOK-IFINDEX-DEVICE", below the directory of port_pin__path(). */
#define PREFIX "port-"

static const char *const modes[] = {
	[XFIB_MODE_NATIVE] = "native", [XFIB_MODE_GENERIC] = "generic", [XFIB_MODE_AUTO] = "auto",
};
static const char *const hooks[] = { [XFIB_HOOK_TC] = "tc", [XFIB_HOOK_TCX] = "tcx", [XFIB_HOOK_CLSACT] = "clsact" };

/* "xdp" or "tc": what can be attached at the same time. */
static const char *kind(enum xfib_hook hook)
{
	return hook == XFIB_HOOK_XDP ? "xdp" : "tc";
}

static void exchange(char *text, char from, char to)
{
	for (; *text; text++) {
		if (*text == from)
			*text = to;
	}
}

/* A bpf file system takes no dot in a name, and a device no colon. */
static bool path_of(const char *pin, const struct remembered_port *port, uint32_t ifindex, bool make, char path[PATH_MAX])
{
	char what[64], *end;
	int length = snprintf(what, sizeof(what), PREFIX "%s-%u-%s", kind(port->hook), ifindex, port->device);

	if (length >= (int)sizeof(what) || !port_pin__directory(pin, make, path, PATH_MAX))
		return false;
	exchange(what, '.', ':');
	end = path + strlen(path);
	return snprintf(end, (size_t)(path + PATH_MAX - end), "/%s", what) < path + PATH_MAX - end;
}

static bool find_word(const char *const *words, size_t count, const char *word, size_t *ret_index)
{
	for (size_t i = 0; i < count; i++) {
		if (words[i] && !strcmp(words[i], word)) {
			*ret_index = i;
			return true;
		}
	}
	return false;
}

/* Reads one; what is not of this form is something else's. */
static bool parse(int directory, const char *name, struct remembered_port *ret_port)
{
	struct remembered_port port = { 0 };
	char hook[4], target[8] = "";
	size_t index;
	int end = 0;

	if (sscanf(name, PREFIX "%3[a-z]-%u-%n", hook, &port.ifindex, &end) != 2 || !end || strlen(name + end) >= IF_NAMESIZE ||
	    readlinkat(directory, name, target, sizeof(target) - 1) < 0)
		return false;
	strcpy(port.device, name + end);
	exchange(port.device, ':', '.');
	if (!strcmp(hook, "xdp") && find_word(modes, sizeof(modes) / sizeof(modes[0]), target, &index))
		port.mode = (enum xfib_mode)index;
	else if (!strcmp(hook, "tc") && find_word(hooks, sizeof(hooks) / sizeof(hooks[0]), target, &index))
		port.hook = (enum xfib_hook)index;
	else
		return false;
	*ret_port = port;
	return true;
}

void port_memory__each(const char *pin, void (*visit)(const struct remembered_port *port, void *data), void *data)
{
	struct remembered_port *ports = NULL;
	size_t count = 0, room = 0;
	struct dirent *entry;
	char path[PATH_MAX];
	DIR *dir = port_pin__directory(pin, false, path, sizeof(path)) ? opendir(path) : NULL;

	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		if (count == room) {
			struct remembered_port *more = reallocarray(ports, room + 16, sizeof(*ports));

			if (!more)
				break;
			ports = more;
			room += 16;
		}
		count += parse(dirfd(dir), entry->d_name, &ports[count]);
	}
	closedir(dir);
	for (size_t i = 0; i < count; i++)
		visit(&ports[i], data);
	free(ports);
}

struct forgetting {
	const char *pin, *device, *kind;
	bool found;
};

static void forget(const struct remembered_port *port, void *data)
{
	struct forgetting *forgetting = data;
	char path[PATH_MAX];

	if (strcmp(port->device, forgetting->device) || strcmp(kind(port->hook), forgetting->kind) ||
	    !path_of(forgetting->pin, port, port->ifindex, false, path))
		return;
	forgetting->found = true;
	unlink(path);
}

bool port_memory__forget(const char *pin, const char *device, enum xfib_hook hook)
{
	struct forgetting forgetting = { pin, device, kind(hook), false };

	port_memory__each(pin, forget, &forgetting);
	if (forgetting.found)
		port_pin__tidy(pin);
	return forgetting.found;
}

int port_memory__note(const char *pin, const struct remembered_port *port)
{
	char path[PATH_MAX];

	port_memory__forget(pin, port->device, port->hook);
	if (!path_of(pin, port, port->ifindex, true, path))
		return -ENAMETOOLONG;
	return symlink(port->hook == XFIB_HOOK_XDP ? modes[port->mode] : hooks[port->hook], path) && errno != EEXIST ? -errno : 0;
}

bool port_memory__move(const char *pin, const struct remembered_port *port, uint32_t ifindex)
{
	char from[PATH_MAX], to[PATH_MAX];

	return path_of(pin, port, port->ifindex, false, from) && path_of(pin, port, ifindex, false, to) && !rename(from, to);
}
