/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Changes of routes on somebody's request: in tables of the kernel's by
 * rtnetlink, in other tables in the RIB itself. All of a list, or none.
 */
#ifndef XFIB_MIRROR_CHANGE_H
#define XFIB_MIRROR_CHANGE_H

#include <stdbool.h>
#include <xfib/xfib.h>

struct mirror;

struct change {
	enum xfib_change what;
	struct xfib_route_spec spec; /* its paths are the caller's */
	bool restored; /* of an own table, as it was before: its gateways need not be on the link any more */
};

#define CHANGE_MESSAGE 256

struct change_failure {
	uint32_t index;               /* of the change that failed; their number if it was none of them */
	char message[CHANGE_MESSAGE]; /* what could not be done, why (in the kernel's words where it had some) */
};

/* "add 192.0.2.0/24 table 254": what messages about a change begin with. */
void change__describe(const struct change *change, char *ret_text, size_t room);

/* Is a change possible at all, whatever the tables hold? -EINVAL, with a message. */
int change__check(const struct change *change, char ret_message[CHANGE_MESSAGE]);

/*
 * Makes the changes in their order, or none of them. When it returns, the maps
 * say so. Events that come of it carry `origin` (not 0). Errors are those of
 * xfib_route__change(); *ret_failure is written on failure only.
 */
int mirror__change(struct mirror *mirror, const struct change *changes, uint32_t count, uint64_t origin,
		   struct change_failure *ret_failure);

#endif
