/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What the files of the library share. */
#ifndef XFIB_LIB_PRIVATE_H
#define XFIB_LIB_PRIVATE_H

#include <xfib/lookup.h>
#include <xfib/xfib.h>

#define XFIB_PUBLIC __attribute__((visibility("default")))
#define XFIB_DEFAULT_PIN "/sys/fs/bpf/xfib"

/* A mapped array and its number of elements. */
struct mapped {
	const void *memory;
	size_t bytes;
	uint32_t count;
};

struct xfib {
	int rib4_fd, rib6_fd, stats_fd;
	struct mapped routes, nexthops, groups, links, addresses, state_map;
	const struct xfib_state *state;
};

/* Sets the message of this thread's last error and returns `err`. */
int error__set(int err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The pin directory of options that may be NULL. */
const char *instance__pin(const char *pin);

/* Elements of the arrays; NULL for an id that is none, so that a damaged map does no harm. */
static inline const struct xfib_route *instance__route(const struct xfib *instance, uint32_t id)
{
	return id && id < instance->routes.count ? (const struct xfib_route *)instance->routes.memory + id : NULL;
}

static inline const struct xfib_nexthop *instance__nexthop(const struct xfib *instance, uint32_t id)
{
	return id && id < instance->nexthops.count ? (const struct xfib_nexthop *)instance->nexthops.memory + id :
						      NULL;
}

/* The link of an index; NULL if there is none. */
const struct xfib_link *instance__link(const struct xfib *instance, uint32_t ifindex);

/* First route slot of just this prefix, XFIB_NONE if it has none. Within instance__steady(). */
uint32_t lookup__first(const struct xfib *instance, uint32_t family, uint32_t table, const uint8_t prefix[16],
		       uint8_t length);

/*
 * Runs `look` again until the generation did not move while it ran, so that
 * no slot changed its meaning under it.
 */
int instance__steady(const struct xfib *instance, int (*look)(const struct xfib *instance, const void *query, void *result),
		     const void *query, void *result);

/*
 * The address that a packet by this route to this destination would be sent
 * from, as the kernel chooses it. False: the machine has none.
 */
bool source__select(const struct xfib *instance, uint32_t family, const struct xfib_route *route,
		    const struct xfib_nexthop *nexthop, const uint8_t destination[16], uint8_t ret_source[16]);

/* The machine's own address that is `address`, on `ifindex` (0: on any). NULL: none. */
const struct xfib_address *source__own(const struct xfib *instance, uint32_t family, const uint8_t address[16],
				       uint32_t ifindex);

static inline bool address__is_zero(const uint8_t address[16])
{
	for (int i = 0; i < 16; i++) {
		if (address[i])
			return false;
	}
	return true;
}

static inline bool address__is_link_local(uint32_t family, const uint8_t address[16])
{
	return family == XFIB_INET6 && address[0] == 0xfe && (address[1] & 0xc0) == 0x80;
}

#endif
