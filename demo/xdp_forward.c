// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Attaches xdp_forward.bpf.o to devices until it is interrupted. Where xfibd
 * runs, it looks up by xfibd's maps, otherwise by the kernel's helper; when
 * xfibd starts, or another one takes over, the program is loaded anew with its
 * maps and takes the place of the old one, without losing a packet.
 *
 *	cc xdp_forward.c $(pkg-config --cflags --libs xfib) -lbpf -o xdp_forward
 *	./xdp_forward xdp_forward.bpf.o DEV...
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <err.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>
#include <xfib/xfib.h>

static volatile sig_atomic_t ended;

static void end(int number)
{
	(void)number;
	ended = 1;
}

static struct xfib *open_instance(void)
{
	struct xfib_open_opts opts = { .size = sizeof(opts), .backend = XFIB_BACKEND_MAPS };
	struct xfib *instance;

	return xfib_instance__open(&opts, &instance) ? NULL : instance;
}

static struct bpf_object *load(const char *path, const struct xfib *instance)
{
	struct bpf_object *object = bpf_object__open_file(path, NULL);

	if (!object)
		err(1, "%s", path);
	if (xfib_bpf__reuse_maps(object, instance))
		printf("by the kernel's helper: %s\n", xfib_error__last());
	else
		printf("by xfibd's maps\n");
	fflush(stdout);
	if (bpf_object__load(object))
		err(1, "loading %s", path);
	return object;
}

static int program_of(const struct bpf_object *object)
{
	return object ? bpf_program__fd(bpf_object__find_program_by_name(object, "xdp_forward")) : -1;
}

/* Puts `program` in the place of `old`; -1: none. */
static void attach(char **devices, int program, int old)
{
	LIBBPF_OPTS(bpf_xdp_attach_opts, opts, .old_prog_fd = old);

	for (; *devices; devices++) {
		if (bpf_xdp_attach((int)if_nametoindex(*devices), program,
				   old < 0 ? XDP_FLAGS_UPDATE_IF_NOEXIST : XDP_FLAGS_REPLACE, old < 0 ? NULL : &opts))
			warn("%s", *devices);
	}
}

int main(int argc, char **argv)
{
	struct bpf_object *object = NULL, *old;

	if (argc < 3)
		errx(2, "usage: xdp_forward xdp_forward.bpf.o DEV...");
	signal(SIGINT, end);
	signal(SIGTERM, end);
	while (!ended) {
		struct xfib *instance = open_instance(), *other = NULL;

		old = object;
		object = load(argv[1], instance);
		attach(argv + 2, program_of(object), program_of(old));
		bpf_object__close(old);
		while (!ended && !(instance ? xfib_instance__retired(instance) : (other = open_instance()) != NULL))
			sleep(1);
		xfib_instance__close(instance);
		xfib_instance__close(other);
	}
	attach(argv + 2, -1, program_of(object));
	bpf_object__close(object);
	return 0;
}
