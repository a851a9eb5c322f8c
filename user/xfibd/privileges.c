// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Giving up capabilities. See privileges.h.
 *
 * After the start no map is made and no program loaded, which would need CAP_BPF and CAP_PERFMON. But where unprivileged
 * BPF is disabled, Linux before 5.19 refuses every call of bpf() without CAP_BPF, and a map that is open is not written.
 */
#include "privileges.h"

#include <bpf/bpf.h>
#include <cap-ng.h>
#include <errno.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

#include "log.h"

#ifndef CAP_BPF
#define CAP_BPF 39 /* linux/capability.h, Linux 5.8 */
#endif

/* CAP_NET_ADMIN, and in some sets another one; 0: none. */
static int set_capabilities(unsigned int maps, capng_type_t sets, capng_select_t what)
{
	int err;

	capng_clear(CAPNG_SELECT_BOTH);
	err = capng_update(CAPNG_ADD, (capng_type_t)(CAPNG_EFFECTIVE | CAPNG_PERMITTED), CAP_NET_ADMIN);
	if (!err && maps)
		err = capng_update(CAPNG_ADD, sets, maps);
	if (!err)
		err = capng_apply(what);
	if (err)
		log_error("giving up capabilities failed");
	return err ? -EPERM : 0;
}

/* Where unprivileged BPF is enabled, which may change any day, trying shows nothing. */
static bool is_unprivileged_disabled(void)
{
	FILE *file = fopen("/proc/sys/kernel/unprivileged_bpf_disabled", "re");
	int value = 0;

	if (!file)
		return false;
	if (fscanf(file, "%d", &value) != 1)
		value = 0;
	fclose(file);
	return value != 0;
}

static bool may_use(int map_fd)
{
	struct bpf_map_info info = { 0 };
	uint32_t length = sizeof(info);

	return !bpf_obj_get_info_by_fd(map_fd, &info, &length);
}

int privileges__drop(int map_fd)
{
	capng_select_t what;
	unsigned int maps;
	int err;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) {
		log_error("giving up new privileges (no_new_privs): %s", strerror(errno));
		return -errno;
	}
	if (capng_get_caps_process()) {
		log_error("reading the capabilities of the process failed");
		return -EPERM;
	}
	/* CAP_SYS_ADMIN includes CAP_BPF. */
	maps = capng_have_capability(CAPNG_EFFECTIVE, CAP_BPF) ? CAP_BPF : CAP_SYS_ADMIN;
	/* The bounding set, which gives nothing without new privileges, is emptied where it can be: else libcap-ng complains to syslog. */
	what = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP) ? CAPNG_SELECT_BOTH : CAPNG_SELECT_CAPS;
	err = set_capabilities(maps, CAPNG_PERMITTED, what);
	if (err)
		return err;
	if (is_unprivileged_disabled() && may_use(map_fd))
		return set_capabilities(0, CAPNG_PERMITTED, CAPNG_SELECT_CAPS);
	if (maps == CAP_SYS_ADMIN)
		log_warning("capability CAP_SYS_ADMIN is kept, since CAP_BPF, which would do, has not been granted");
	return set_capabilities(maps, (capng_type_t)(CAPNG_EFFECTIVE | CAPNG_PERMITTED), CAPNG_SELECT_CAPS);
}
