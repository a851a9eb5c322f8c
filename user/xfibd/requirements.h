/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What the process and the kernel must be able to do, checked before anything is changed. */
#ifndef XFIBD_REQUIREMENTS_H
#define XFIBD_REQUIREMENTS_H

/* Logs each capability that is missing. -EPERM if one is; -EOPNOTSUPP: the kernel does not know it. */
int requirements__check_capabilities(void);

/* Logs each kernel feature that is missing, with the version that brought it. -EOPNOTSUPP if one is. */
int requirements__check_kernel(void);

/* Sees to it that `directory` is in a BPF file system; mounts one at /sys/fs/bpf if that is where it is. */
int requirements__check_bpffs(const char *directory);

#endif
