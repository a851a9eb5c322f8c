// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Loads the programs of an object file into the kernel and prints how large they are there, a line for each:
 *
 *	prog-info FILE
 *	PROGRAM VERIFIED XLATED JITED
 *
 * VERIFIED is how many instructions the verifier went through, 0 before Linux 5.16; XLATED how many it left; JITED how
 * many bytes the compiled program has, 0 without the compiler.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <stdio.h>
#include <string.h>

static int print(const struct bpf_program *program)
{
	struct bpf_prog_info info;
	__u32 size = sizeof(info);
	int err;

	memset(&info, 0, sizeof(info));
	err = bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size);
	if (err) {
		fprintf(stderr, "prog-info: reading about program %s: %s\n", bpf_program__name(program), strerror(-err));
		return 1;
	}
	printf("%s %u %u %u\n", bpf_program__name(program), info.verified_insns, info.xlated_prog_len / 8,
	       info.jited_prog_len);
	return 0;
}

/* As xfibd does: not every kernel has frames in several buffers. */
static void prepare_frags(struct bpf_object *object)
{
	struct bpf_program *program = bpf_object__find_program_by_name(object, "xfib_xdp_frags");

	if (program && libbpf_probe_bpf_helper(BPF_PROG_TYPE_XDP, BPF_FUNC_xdp_get_buff_len, NULL) <= 0)
		bpf_program__set_autoload(program, false);
}

int main(int argc, char **argv)
{
	struct bpf_object *object;
	struct bpf_program *program;
	int status = 0;

	if (argc != 2) {
		fprintf(stderr, "usage: prog-info FILE\n");
		return 2;
	}
	object = bpf_object__open_file(argv[1], NULL);
	if (object)
		prepare_frags(object);
	if (!object || bpf_object__load(object)) {
		fprintf(stderr, "prog-info: the programs of %s could not be loaded\n", argv[1]);
		return 1;
	}
	bpf_object__for_each_program(program, object) {
		if (bpf_program__autoload(program))
			status |= print(program);
	}
	bpf_object__close(object);
	return status;
}
