/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What the parts of the judge share: frames, the answers about one, and what explains a difference. */
#ifndef TESTS_DIFFERENTIAL_JUDGE_H
#define TESTS_DIFFERENTIAL_JUDGE_H

#include <linux/types.h>
#include <xfib/abi.h>

#include "differential.h"
#include "helper.h"

#define FRAME_MAX 2048

struct frame {
	uint8_t byte[FRAME_MAX];
	size_t length;
};

void frame__build(const struct question *question, const uint8_t dmac[6], struct frame *ret_frame);
/* Is `after` what a router makes of `before`, whatever the MAC addresses? */
bool frame__is_forwarded(const struct frame *before, const struct frame *after);

/* All that was said about one packet. */
struct opinions {
	const struct link_seen *links;
	uint32_t ingress; /* ifindex */
	struct frame sent, received;
	uint32_t action; /* XDP_* */
	enum xfib_reason reason;
	struct route_seen kernel;
	bool forwards;          /* the kernel sends the packet on */
	struct route_seen route; /* where it does: the route, with all its paths */
	struct helper_answer helper;
};

/* The paths that a packet may take: the kernel's own choice first. NULL behind the last one. */
const struct path_seen *opinions__path(const struct opinions *opinions, size_t index);
const struct link_seen *opinions__link(const struct opinions *opinions, uint32_t ifindex);
/* The address to which a packet is sent along a path. */
const struct address *path__next(const struct path_seen *path, const struct question *question);
bool path__neighbour(const struct path_seen *path, const struct question *question, uint8_t ret_mac[6]);
bool route__covers(const struct route_seen *route, const struct address *address);
/* Larger than what path or route take? */
bool path__exceeds(const struct opinions *opinions, const struct path_seen *path, const struct question *question);

/* Does the packet come by a member of the VRF? */
bool is_in_vrf(const struct opinions *opinions, const struct question *question);
/* Is there a reason for a packet that the kernel forwards to go up? */
bool excuse__accepts(const struct opinions *opinions, const struct question *question);
/* Does the kernel use a path that it would not use if it had been made at another time, of which it does not tell? */
bool excuse__is_unknowable(const struct opinions *opinions, const struct question *question);
/* What xfib says of a packet that the kernel does not forward either: does it mean the same? */
bool excuse__agrees(const struct opinions *opinions, const struct question *question);

/* How bpf_fib_lookup() differs from the kernel where it does. */
enum helper_difference {
	HELPER_AGREES,
	HELPER_OTHER_PATH,    /* its hash takes another path of the same route: it is given no ports and no flow */
	HELPER_NO_NEIGHBOUR,  /* it does not resolve neighbours */
	HELPER_NO_ADDRESSES,  /* nor knows devices that need none */
	HELPER_TOO_LARGE,     /* it says so where the kernel fragments or answers */
	HELPER_ENCAPSULATED,  /* it cannot encapsulate */
	HELPER_TTL,           /* it does not look at the TTL */
	HELPER_THROW,         /* an IPv6 throw route ends its search in all tables, not in its own one only */
	HELPER_SUPPRESSED,    /* it takes IPv6 routes that a rule suppresses */
	HELPER_IIF,           /* for rules an IPv6 packet in a VRF comes by the member there, not by the VRF */
	HELPER_NO_IPV6,       /* once there have been rules, it takes a route by a device that has no IPv6 */
	HELPER_SOURCE,        /* it validates no source: martians, the machine's own, rp_filter */
	HELPER_UNEXPLAINED,
};

enum helper_difference helper__compare(const struct opinions *opinions, const struct question *question);

#endif
