/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What is called of libxdp, which is loaded when it is asked for: nothing else needs it. The declarations are those of
 * its <xdp/libxdp.h>, interface LIBXDP_1.0.0, which every later version has.
 */
#ifndef XFIB_LIBXDP_H
#define XFIB_LIBXDP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

struct bpf_object;
struct xdp_program;
struct xdp_multiprog;

enum xdp_attach_mode { XDP_MODE_UNSPEC, XDP_MODE_NATIVE, XDP_MODE_SKB };

typedef int (*libxdp_print_fn)(int level, const char *format, va_list arguments);

struct libxdp {
	long (*get_error)(const void *pointer);
	libxdp_print_fn (*set_print)(libxdp_print_fn print);
	struct xdp_program *(*program_from_object)(struct bpf_object *object, const char *section);
	struct xdp_program *(*program_from_fd)(int fd);
	void (*program_close)(struct xdp_program *program);
	const char *(*program_name)(const struct xdp_program *program);
	int (*program_fd)(struct xdp_program *program);
	uint32_t (*program_id)(struct xdp_program *program);
	int (*set_priority)(struct xdp_program *program, unsigned int priority);
	int (*set_chain_call)(struct xdp_program *program, unsigned int action, bool enabled);
	int (*attach)(struct xdp_program *program, int ifindex, enum xdp_attach_mode mode, unsigned int flags);
	int (*detach)(struct xdp_program *program, int ifindex, enum xdp_attach_mode mode, unsigned int flags);
	struct xdp_multiprog *(*multiprog_get)(int ifindex);
	void (*multiprog_close)(struct xdp_multiprog *multiprog);
	bool (*multiprog_is_legacy)(const struct xdp_multiprog *multiprog);
	enum xdp_attach_mode (*multiprog_mode)(const struct xdp_multiprog *multiprog);
	struct xdp_program *(*multiprog_next)(const struct xdp_program *program, const struct xdp_multiprog *multiprog);
};

/* Loads it. NULL: it is not there, or has not all of these; libxdp__complaint() is what the loader said. */
const struct libxdp *libxdp__load(void);

/* The last line that the library printed, in brackets for an error; "" if none. */
const char *libxdp__complaint(void);

#endif
