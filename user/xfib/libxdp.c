// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* libxdp, where it is installed. See libxdp.h. */
#include "libxdp.h"

#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static char complaint[256];

const char *libxdp__complaint(void)
{
	return complaint;
}

static void note(const char *text)
{
	size_t length = strcspn(text, "\n");

	snprintf(complaint, sizeof(complaint), " (%.*s)", (int)(length < 200 ? length : 200), text);
}

/* Keeps warnings for the error that follows. */
static int print(int level, const char *format, va_list arguments)
{
	char text[200];

	if (level > 0)
		return 0;
	vsnprintf(text, sizeof(text), format, arguments);
	note(text);
	return 0;
}

static const struct {
	const char *name;
	size_t offset;
} symbols[] = {
	{ "libxdp_get_error", offsetof(struct libxdp, get_error) },
	{ "libxdp_set_print", offsetof(struct libxdp, set_print) },
	{ "xdp_program__from_bpf_obj", offsetof(struct libxdp, program_from_object) },
	{ "xdp_program__from_fd", offsetof(struct libxdp, program_from_fd) },
	{ "xdp_program__close", offsetof(struct libxdp, program_close) },
	{ "xdp_program__name", offsetof(struct libxdp, program_name) },
	{ "xdp_program__fd", offsetof(struct libxdp, program_fd) },
	{ "xdp_program__id", offsetof(struct libxdp, program_id) },
	{ "xdp_program__set_run_prio", offsetof(struct libxdp, set_priority) },
	{ "xdp_program__set_chain_call_enabled", offsetof(struct libxdp, set_chain_call) },
	{ "xdp_program__attach", offsetof(struct libxdp, attach) },
	{ "xdp_program__detach", offsetof(struct libxdp, detach) },
	{ "xdp_multiprog__get_from_ifindex", offsetof(struct libxdp, multiprog_get) },
	{ "xdp_multiprog__close", offsetof(struct libxdp, multiprog_close) },
	{ "xdp_multiprog__is_legacy", offsetof(struct libxdp, multiprog_is_legacy) },
	{ "xdp_multiprog__attach_mode", offsetof(struct libxdp, multiprog_mode) },
	{ "xdp_multiprog__next_prog", offsetof(struct libxdp, multiprog_next) },
};

static bool take_symbols(void *handle, struct libxdp *library)
{
	for (size_t i = 0; i < sizeof(symbols) / sizeof(symbols[0]); i++) {
		void *symbol = dlsym(handle, symbols[i].name);

		if (!symbol)
			return false;
		memcpy((char *)library + symbols[i].offset, &symbol, sizeof(symbol));
	}
	return true;
}

const struct libxdp *libxdp__load(void)
{
	static struct libxdp library;
	void *handle;

	if (library.get_error)
		return &library;
	handle = dlopen("libxdp.so.1", RTLD_NOW);
	if (!handle || !take_symbols(handle, &library)) {
		const char *error = dlerror();

		note(error ? error : "symbol not found");
		memset(&library, 0, sizeof(library));
		if (handle)
			dlclose(handle);
		return NULL;
	}
	library.set_print(print);
	return &library;
}
