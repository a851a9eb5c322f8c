// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Instances: which backend an opening means, and the reader's half of the
 * protocol against slots that are used again.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "pinned.h"
#include "private.h"
#include "private_copy.h"
#include "snapshot.h"

/* A slot is reused at most once in a grace period of milliseconds: two moves in a row are rare already. */
#define STEADY_ATTEMPTS 100

const char *instance__pin(const char *pin)
{
	const char *variable = secure_getenv("XFIB_PIN");

	if (pin)
		return pin;
	return variable && *variable ? variable : XFIB_DEFAULT_PIN;
}

/* ---- opening ---- */

static int choose_backend(const struct xfib_open_opts *opts, enum xfib_backend *ret_backend)
{
	const char *variable = secure_getenv("XFIB_BACKEND");

	*ret_backend = opts ? opts->backend : XFIB_BACKEND_AUTO;
	if (*ret_backend != XFIB_BACKEND_AUTO) {
		if (*ret_backend != XFIB_BACKEND_MAPS && *ret_backend != XFIB_BACKEND_PRIVATE)
			return error__set(-EINVAL, "xfib_instance__open: backend %u cannot be asked for", *ret_backend);
		return 0;
	}
	if (variable && *variable) {
		for (uint32_t backend = XFIB_BACKEND_AUTO; backend <= XFIB_BACKEND_PRIVATE; backend++) {
			if (strcmp(variable, xfib_backend__name(backend)))
				continue;
			*ret_backend = backend;
			break;
		}
		if (*ret_backend == XFIB_BACKEND_AUTO && strcmp(variable, "auto"))
			return error__set(-EINVAL, "XFIB_BACKEND '%s': must be maps, private or auto", variable);
	}
	if (*ret_backend == XFIB_BACKEND_AUTO && opts && opts->pin)
		*ret_backend = XFIB_BACKEND_MAPS;
	return 0;
}

/* Does an error of the maps mean that there is no instance for this process? */
static bool is_none(int err)
{
	return err == -ENOENT || err == -ENOTDIR || err == -EACCES || err == -EPERM || err == -EPROTO || err == -EXDEV;
}

static int open_backend(struct xfib *instance, enum xfib_backend backend)
{
	int err = 0;

	if (backend != XFIB_BACKEND_PRIVATE) {
		err = pinned__open(instance);
		if (backend == XFIB_BACKEND_MAPS || !is_none(err))
			return err;
		snprintf(instance->fallback, sizeof(instance->fallback), "%s", xfib_error__last());
	}
	return private_copy__open(instance);
}

XFIB_PUBLIC int xfib_instance__open(const struct xfib_open_opts *opts, struct xfib **ret_instance)
{
	enum xfib_backend backend;
	struct xfib *instance;
	const char *pin, *socket;
	int err;

	if (opts && opts->size != sizeof(*opts))
		return error__set(-EINVAL, "xfib_instance__open: size %zu of the options is not known", opts->size);
	err = choose_backend(opts, &backend);
	if (err)
		return err;
	pin = instance__pin(opts ? opts->pin : NULL);
	socket = opts && opts->socket ? opts->socket : "";
	if (strlen(pin) >= sizeof(instance->pin))
		return error__set(-ENAMETOOLONG, "pin directory '%s': must be shorter than %zu bytes", pin,
				  sizeof(instance->pin));
	if (strlen(socket) >= sizeof(instance->socket))
		return error__set(-ENAMETOOLONG, "socket '%s': must be shorter than %zu bytes", socket,
				  sizeof(instance->socket));
	instance = calloc(1, sizeof(*instance));
	if (!instance)
		return error__set(-ENOMEM, "out of memory");
	instance->rib4_fd = instance->rib6_fd = instance->stats_fd = instance->nexthop_stats_fd = -1;
	strcpy(instance->pin, pin);
	strcpy(instance->socket, socket);
	err = open_backend(instance, backend);
	if (!err && instance->backend == XFIB_BACKEND_MAPS) {
		err = client__new(*socket ? socket : NULL, pin, &instance->client);
		if (err)
			error__set(err, "out of memory");
	}
	if (err) {
		xfib_instance__close(instance);
		return err;
	}
	source__remember(instance);
	*ret_instance = instance;
	return 0;
}

XFIB_PUBLIC void xfib_instance__close(struct xfib *instance)
{
	if (!instance)
		return;
	client__free(instance->client);
	snapshot__free(instance);
	private_copy__close(instance);
	pinned__close(instance);
	free(instance->sources);
	free(instance);
}

/* ---- what it is ---- */

XFIB_PUBLIC const char *xfib_backend__name(uint32_t backend)
{
	static const char *const names[] = {
		[XFIB_BACKEND_AUTO] = "auto",
		[XFIB_BACKEND_MAPS] = "maps",
		[XFIB_BACKEND_PRIVATE] = "private",
		[XFIB_BACKEND_SNAPSHOT] = "snapshot",
	};

	return backend < sizeof(names) / sizeof(names[0]) ? names[backend] : NULL;
}

static int copy_state(const struct xfib *instance, const void *query, void *result)
{
	struct xfib_state scratch;

	(void)query;
	*(struct xfib_state *)result = *instance__state(instance, &scratch);
	return 0;
}

XFIB_PUBLIC int xfib_instance__state(const struct xfib *instance, struct xfib_state *ret_state)
{
	struct xfib_state state;
	int err = instance__steady(instance, copy_state, NULL, &state);

	if (!err)
		*ret_state = state;
	return err;
}

XFIB_PUBLIC int xfib_instance__describe(const struct xfib *instance, struct xfib_description *ret_description)
{
	struct xfib_description description = { .size = sizeof(description), .backend = instance->backend };
	struct xfib_state state;
	int err;

	if (ret_description->size != sizeof(description))
		return error__set(-EINVAL, "xfib_instance__describe: size %zu of the description is not known",
				  ret_description->size);
	description.mapped = instance->routes.memory != NULL;
	strcpy(description.fallback, instance->fallback);
	if (instance->backend == XFIB_BACKEND_MAPS) {
		err = xfib_instance__state(instance, &state);
		if (err)
			return err;
		strcpy(description.pin, instance->pin);
		description.pid = state.pid;
		snprintf(description.socket, sizeof(description.socket), "%s", client__path(instance->client));
	}
	*ret_description = description;
	return 0;
}

XFIB_PUBLIC bool xfib_instance__retired(const struct xfib *instance)
{
	return instance__is_retired(instance);
}

/* ---- reading ---- */

static uint64_t generation(const struct xfib *instance)
{
	struct xfib_state scratch;

	return __atomic_load_n(&instance__state(instance, &scratch)->generation, __ATOMIC_ACQUIRE);
}

int instance__steady(const struct xfib *instance,
		   int (*look)(const struct xfib *instance, const void *query, void *result), const void *query,
		   void *result)
{
	int err;

	if (instance->backend != XFIB_BACKEND_MAPS) {
		private_copy__lock(instance);
		err = look(instance, query, result);
		private_copy__unlock(instance);
		return err;
	}
	for (int attempt = 0; attempt < STEADY_ATTEMPTS; attempt++) {
		uint64_t before = generation(instance);

		err = look(instance, query, result);
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (generation(instance) == before)
			return err;
	}
	return error__set(-EAGAIN, "the maps changed all the time during a look-up");
}
