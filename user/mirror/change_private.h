/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What the files of change.h share: the call of mirror__change() that is under way. */
#ifndef XFIB_MIRROR_CHANGE_PRIVATE_H
#define XFIB_MIRROR_CHANGE_PRIVATE_H

#include "change.h"
#include "mirror_private.h"

/* As XFIB_APPEND, but before the others of its class: kernel's tables only, to put a route back. */
#define CHANGE_PREPEND 100

/* What takes a change of a table of the kernel's back; its paths are its own. */
struct undo {
	struct change change;
	bool impossible; /* the RIB does not know all that it would take */
};

#define CHANGE_BATCH_BYTES 24576 /* of requests to the kernel at once: a slice of time; holds the longest one */
#define CHANGE_GONE 16

#define CHECKED_GATEWAYS 256 /* a power of two */

/* A gateway that was checked: routes come by the thousand with the same few. */
struct checked_gateway {
	uint64_t version; /* rib__on_link_version() then */
	uint32_t table, ifindex;
	uint8_t gateway_family;
	uint8_t gateway[16];
	uint32_t found; /* ifindex */
};

struct changing {
	struct mirror *mirror;
	const struct change *changes;
	uint32_t count;
	uint64_t origin;
	uint32_t first_sequence; /* of the request for change 0; the others follow */
	const struct change **sorted; /* by prefix, made when needed */
	struct undo *undos;
	uint32_t undo_count, undo_room;
	bool undoing;
	bool undo_lost; /* something could not be noted for want of memory */
	bool ending;  /* no change is made any more: they are being kept, or taken back */
	uint32_t gone[CHANGE_GONE]; /* devices that have gone meanwhile */
	uint32_t gone_count;        /* of which there may be more than have room */
	uint64_t slice_end; /* ms */
	struct checked_gateway gateways[CHECKED_GATEWAYS]; /* by hash */
	int err; /* of the change that failed first */
	struct change_failure failure;
};

/* The table that a change is about. */
uint32_t change__table(const struct change *change);

/* Notes that change `index` failed, unless an earlier one did. */
void changing__fail(struct changing *changing, uint32_t index, int err, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/*
 * Between two changes, when a slice of time is over: what the kernel has said meanwhile is applied, and others are served,
 * but for their changes. An error is noted as that of change `index`.
 */
int changing__breathe(struct changing *changing, uint32_t index);

/* A device is no more. Whether own routes by it go now: while the changes are kept or taken back they do when that is done. */
bool changing__note_gone(struct changing *changing, uint32_t ifindex);

/* Is a change about the prefix? */
bool changing__names(struct changing *changing, uint32_t family, uint32_t table, uint32_t length,
		     const uint8_t prefix[16]);

/* ---- change_message.c ---- */

/* Most bytes that a request takes. */
size_t change_message__room(const struct change *change);

/* Writes the request for a change; its length. */
size_t change_message__put(const struct change *change, uint32_t sequence, void *at);

/* ---- change_kernel.c ---- */

/* Makes changes `begin` to `end` (excluded), all of tables of the kernel's; a failure is noted. */
int change_kernel__run(struct changing *changing, uint32_t begin, uint32_t end);

/* ---- change_undo.c ---- */

/* The kernel has changed a route: notes what takes it back. A rib_route_fn; `data` is the mirror. */
void change_undo__note(const struct rib_route_change *change, void *data);

/* The kernel has a route that the RIB has no room for. */
void change_undo__note_refused(struct changing *changing, const struct rib_route *route, uint32_t sequence, int err);

/* Takes everything noted back, last one first. -EIO: not all of it could be. */
int change_undo__run(struct changing *changing);
void change_undo__free(struct changing *changing);

/* ---- change_own.c ---- */

/* Makes one change of a table of xfib's own; a failure is noted. */
int change_own__run(struct changing *changing, uint32_t index);

#endif
