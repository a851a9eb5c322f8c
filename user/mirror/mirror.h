/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Keeps the maps equal to the kernel: a full dump first, then every event, and
 * a full dump again, compared with what is held, whenever an event may have
 * been lost or a change has no event of its own.
 */
#ifndef XFIB_MIRROR_H
#define XFIB_MIRROR_H

#include <stdint.h>

struct maps;
struct mirror;

struct mirror_opts {
	const uint32_t *tables; /* mirrored beside local and main */
	uint32_t table_count;
	int receive_buffer; /* bytes for events that wait */
};

int mirror__new(struct maps *maps, const struct mirror_opts *opts, struct mirror **ret_mirror);
void mirror__free(struct mirror *mirror);

/* Dumps everything and applies it as a difference. */
int mirror__sync(struct mirror *mirror);

/* Descriptors to poll for reading; the second is -1 where the kernel has no such events. */
int mirror__event_fd(const struct mirror *mirror);
int mirror__feature_fd(const struct mirror *mirror);

/* Applies what waits on the descriptors, then what the changes entail. */
void mirror__handle(struct mirror *mirror);

/* Milliseconds until mirror__handle() has to be called again though nothing is readable. */
int mirror__timeout(const struct mirror *mirror);

/* Dumps everything again soon. `why` is logged. */
void mirror__request_sync(struct mirror *mirror, const char *why);

/* Asks the kernel to resolve or confirm a neighbour that traffic needs. */
void mirror__solicit(struct mirror *mirror, uint32_t ifindex, uint8_t family, const uint8_t address[16]);

#endif
