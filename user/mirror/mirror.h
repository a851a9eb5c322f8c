/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Keeps the maps equal to the kernel: a full dump first, then every event, and
 * a full dump again, compared with what is held, whenever an event may have
 * been lost or a change has no event of its own.
 */
#ifndef XFIB_MIRROR_H
#define XFIB_MIRROR_H

#include <stdbool.h>
#include <stdint.h>
#include <xfib/abi.h>

struct maps;
struct mirror;

struct mirror_opts {
	const uint32_t *tables; /* mirrored beside local, main, default and those that rules and VRFs lead to */
	uint32_t table_count;
	bool all_tables;    /* every table of the kernel's is mirrored */
	uint32_t fed_table; /* main: a feed (feed.h) fills it too, 0: none does */
	bool by_trie;       /* no compiled FIB */
	int receive_buffer; /* bytes for events that wait */
	uint32_t audit_interval; /* seconds from one slice of the audit to the next, see mirror_audit.c; 0: there is none */
	/* Called around each wait for an answer of the kernel's, during which the mirror changes nothing. May be NULL. */
	void (*wait)(bool begins, void *data);
	void *wait_data;
	/* Called now and then in the middle of a long mirror__change(): others may be served, but nothing else may be changed. May be NULL. */
	void (*breathe)(void *data);
	void *breathe_data;
};

/* A path of a route came, went or changed. */
struct mirror_event {
	uint32_t type;   /* enum xfib_route_event_type, but RESYNC */
	uint64_t origin; /* of the mirror__change() that asked for it; 0: somebody else did */
	const struct xfib_route *route;     /* of a deleted one, as it was. Valid during the call */
	const struct xfib_nexthop *nexthop;
};

typedef void (*mirror_listener_fn)(const struct mirror_event *event, void *data);

int mirror__new(struct maps *maps, const struct mirror_opts *opts, struct mirror **ret_mirror);
void mirror__free(struct mirror *mirror);

/* After fork(): opens sockets of this process's own. mirror__sync() has to follow. */
int mirror__reopen(struct mirror *mirror);

/* Dumps everything and applies it as a difference. */
int mirror__sync(struct mirror *mirror);

/* Descriptors to poll for reading; the second is -1 where the kernel has no such events. */
int mirror__event_fd(const struct mirror *mirror);
int mirror__feature_fd(const struct mirror *mirror);

/* Applies what waits on the descriptors, then what the changes entail. */
void mirror__handle(struct mirror *mirror);

/* Moves when a device comes, goes or takes another name. */
uint32_t mirror__devices(const struct mirror *mirror);

/* Milliseconds until mirror__handle() has to be called again though nothing is readable. */
int mirror__timeout(const struct mirror *mirror);

/*
 * Has `listener` told of each change of a path from now on, in order, each
 * once; NULL: nobody. It is called in the middle of the change, and must not
 * call the mirror.
 */
void mirror__set_listener(struct mirror *mirror, mirror_listener_fn listener, void *data);

/* Is the table one of the kernel's that the maps have too? Any other one is xfib's own. */
bool mirror__is_mirrored(const struct mirror *mirror, uint32_t table);

/* Are all routes of the table held, as the kernel has them? Not yet where a rule or a VRF has just led there. */
bool mirror__is_held(const struct mirror *mirror, uint32_t table);

/* Is it mirrored only because a rule leads there? As soon as xfib has routes of its own there, it no longer is. */
bool mirror__is_named(const struct mirror *mirror, uint32_t table);

/* Does a feed write routes of xfib's own into the table? */
bool mirror__is_fed(const struct mirror *mirror, uint32_t table);

/* Dumps everything again soon. `why` is logged. */
void mirror__request_sync(struct mirror *mirror, const char *why);

/* Another audit_interval than that of mirror_opts, from now on. */
void mirror__set_audit_interval(struct mirror *mirror, uint32_t seconds);

/* Asks the kernel to resolve or confirm a neighbour that traffic needs. */
void mirror__solicit(struct mirror *mirror, uint32_t ifindex, uint8_t family, const uint8_t address[16]);

#endif
