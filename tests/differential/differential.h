/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The kernel, xfib's XDP program and bpf_fib_lookup() asked about the same packets, while everything that decides a
 * route changes at random. See main.c.
 *
 * A world is a network namespace with the devices below, and a far one with the other ends of its veth pairs. All that
 * ever happens in it is a list of steps, the making of devices too, each of which means the same whatever was done
 * before: so a list with some of them left out is a list as well, which is what shrinking lives by. What the kernel
 * refuses does not count.
 */
#ifndef TESTS_DIFFERENTIAL_H
#define TESTS_DIFFERENTIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* ---- what there may be in a world ---- */

enum device {
	LOOPBACK,
	VETH1, VETH2, VETH3, VETH4, /* p1 … p4; the far ends are q1 … q4 */
	TUNNEL,                     /* t1: point-to-point, without Ethernet headers and neighbours */
	TAP,                        /* x1: Ethernet, without another end */
	BRIDGE,                     /* b1: Ethernet, takes no redirected frames */
	VRF,                        /* v1: of table VRF_TABLE, in worlds that have one */
	DEVICES,
};

#define VRF_TABLE 100

extern const char *const device_names[DEVICES];
extern const char *const far_names[DEVICES]; /* NULL: no other end */

struct address {
	uint8_t family; /* AF_INET, AF_INET6 */
	uint8_t byte[16];
};

struct prefix {
	struct address address;
	uint8_t length;
};

/* The pools that steps and packets are drawn from. Indexes beyond their ends are taken modulo. */
size_t pool__prefixes(uint8_t family);
struct prefix pool__prefix(uint8_t family, uint32_t index);
/* Addresses that a device's network has or could have; those from POOL_ONLINK on need `onlink` as gateways. */
#define POOL_HOSTS 7
#define POOL_ONLINK 5
struct address pool__host(uint8_t family, enum device device, uint32_t index);
/* Addresses for the machine itself. */
#define POOL_OWN 6
struct prefix pool__own(uint8_t family, enum device device, uint32_t index);
/* Sources and destinations of packets. */
struct address pool__anywhere(uint8_t family, uint32_t index);

const char *text_of(const struct address *address); /* one of eight buffers in turn */

/* ---- steps ---- */

enum step_kind {
	STEP_ROUTE, STEP_NEXTHOP, STEP_ADDRESS, STEP_NEIGHBOUR, STEP_RULE, STEP_SETTING,
	STEP_CREATE, STEP_DELETE, STEP_UP, STEP_DOWN, STEP_FAR_UP, STEP_FAR_DOWN, STEP_MTU, STEP_MAC, STEP_ARP, STEP_GRO,
	STEP_MASTER, /* into the VRF, or out of it */
};

enum verb { VERB_ADD, VERB_REPLACE, VERB_APPEND, VERB_CHANGE, VERB_PREPEND, VERB_DELETE };

#define HOPS_MAX 4

/* What the kernel cannot do it refuses. */
enum encapsulation { ENCAP_NONE, ENCAP_TUNNEL, ENCAP_MPLS, ENCAP_SEG6, ENCAPSULATIONS };

struct hop {
	uint8_t device;
	uint8_t family;  /* of the gateway; 0: none */
	uint8_t gateway; /* index of pool__host() */
	uint8_t weight;  /* 1 and more */
	bool onlink;
	uint8_t encap; /* enum encapsulation */
};

#define MARK 7 /* that packets have, or none */

/* What a rule asks of a packet, and what else it says: step.option. */
enum rule_option {
	RULE_IIF = 1 << 0,      /* by step.device */
	RULE_FROM = 1 << 1,     /* by the prefix step.index */
	RULE_TO = 1 << 2,       /* by the prefix step.value */
	RULE_MARK = 1 << 3,     /* MARK */
	RULE_TOS = 1 << 4,
	RULE_NOT = 1 << 5,
	RULE_SUPPRESS = 1 << 6, /* prefixes as long as step.value or shorter */
	RULE_LOOPBACK = 1 << 7, /* by iif lo */
	RULE_OIF = 1 << 8,
	RULE_ROOT = 1 << 9,     /* by a range of users that begins with root */
	RULE_USERS = 1 << 10,   /* likewise, that does not */
	RULE_PROTOCOL = 1 << 11, /* by TCP */
};

/* Each kind uses some of the members. */
struct step {
	enum step_kind kind;
	bool settles; /* the mirror catches up, and packets are compared, after this one */
	enum verb verb;
	uint8_t family;
	uint8_t device;
	uint32_t index; /* of a prefix, host or own address */
	uint32_t value; /* id, MTU, part of a MAC address, setting */
	uint32_t option;
	/* routes and rules */
	uint8_t type;   /* RTN_* */
	uint8_t tos, protocol, preference;
	uint32_t table, metric, mtu, lifetime, nexthop;
	bool lock, named; /* named: a deletion says more than prefix, table and metric */
	uint8_t source; /* preferred: 0 for none, else index of pool__own() + 1 */
	uint8_t hop_count;
	struct hop hop[HOPS_MAX];
};

/* Seeds what follows (splitmix64). */
void random__seed(uint64_t seed);
uint32_t random__below(uint32_t limit);

/* What may be in a world beside what is in all: policy rules, a VRF. */
struct world_kind {
	bool rules, vrf;
};

/* What a world begins with, and then `count` steps of any kind. */
size_t draw__beginning(struct step *steps, struct world_kind kind);
#define BEGINNING_MAX 160
void draw__steps(struct step *steps, size_t count, struct world_kind kind);

/* As a command, with a newline; `far` commands are for the namespace of the far ends. */
void step__print(const struct step *step, FILE *file);

/* ---- the kernel ---- */

struct path_seen {
	uint32_t ifindex;
	uint8_t flags; /* RTNH_F_* */
	bool encap;
	struct address gateway; /* family 0: none */
};

#define PATHS_MAX 32

/* A route as the kernel describes it, or its answer about a packet. */
struct route_seen {
	int error; /* -errno: the kernel has no way for the packet */
	uint8_t family, type, tos, length, preference;
	uint32_t table, metric, mtu, flags;
	uint32_t nexthop; /* object that it is by, 0: none */
	bool source_specific, expired;
	struct address destination;
	size_t path_count;
	struct path_seen path[PATHS_MAX];
};

struct link_seen {
	uint32_t ifindex; /* 0: the device is not there */
	uint32_t flags;   /* IFF_* */
	uint32_t master;  /* ifindex, 0: none */
	uint32_t mtu;
	uint32_t mtu6;
	uint16_t type;    /* ARPHRD_* */
	uint8_t mac[6];
	bool inet6; /* has an IPv6 part */
};

struct question {
	uint8_t family;
	uint8_t device; /* ingress */
	uint8_t tos, ttl;
	uint16_t length; /* of the IP packet */
	uint32_t mark;   /* of the packet at TC; by XDP none has one */
	struct address source, destination;
};

/* Makes the namespaces; the calling process is in that of the world afterwards. Ends the program where it can't. */
void world__make(void);
/* 0, or -errno if the kernel did not want it. */
int world__apply(const struct step *step);
/* Brings forth what the kernel has put off: changes of carriers. */
void world__flush(void);
/* What the kernel says of the devices now. */
const struct link_seen *world__links(void);
/* What there is among the rules now. */
struct rules_seen {
	bool unknowable; /* some ask for what only the kernel knows of packets */
	bool suppress;
	bool of_vrf; /* by iif of a VRF, or of a member */
};

struct rules_seen world__rules(uint8_t family);
/* Does the kernel look up the routes of IPv4 sources for another cause than rp_filter? */
bool world__checks_sources(void);
/* Does the kernel have VRFs? */
bool world__can_have_vrf(void);
/* Have there been IPv6 rules beside the usual ones? */
bool world__had_rules6(void);

void kernel__open(void);
/* The way of a packet; `match`: the route that was found, with all its paths. */
void kernel__ask(const struct question *question, uint32_t ifindex, bool match, struct route_seen *ret_seen);
/*
 * Each processor keeps the kernel's last answer by an IPv6 next hop object, whatever route led there (rt6_get_pcpu_route()): what
 * the next answer says of its route and MTU may be another route's, and one that was "unreachable" stays so. They are
 * forgotten when any IPv6 route changes.
 */
void kernel__forget_answers(void);
/* The MAC address of a neighbour, if the kernel has one that can be used. */
bool kernel__neighbour(uint32_t ifindex, const struct address *address, uint8_t ret_mac[6]);
/* Does the device say that it takes frames that XDP redirects? */
bool kernel__takes_redirects(uint32_t ifindex);
/* All routes of a family. */
size_t kernel__routes(uint8_t family, const struct route_seen **ret_routes);

/* Of a resilient group: the object that each bucket leads to. Returns how many there are, 0: there is no such group. */
#define BUCKETS_MAX 32
size_t kernel__buckets(uint32_t group, uint32_t ret_objects[BUCKETS_MAX]);
/* Where an object leads that is no group. False: nowhere. */
bool kernel__object(uint32_t id, struct path_seen *ret_path);

/* ---- the judge ---- */

struct tally {
	uint64_t steps, refused, settled, syncs, questions;
	uint64_t groups; /* resilient ones whose buckets were compared */
	uint64_t forwarded, dropped, kept; /* kept: the kernel would not forward them either */
	uint64_t unmarked;                 /* answers that were not compared: see excuse__is_unknowable() */
	uint64_t passed[64];               /* the kernel forwards, xfib does not: by enum xfib_reason */
	uint64_t helper[16];               /* bpf_fib_lookup()'s word where it is not the kernel's: by enum in judge.c */
};

struct bpf_maps;
void judge__open(struct bpf_maps *maps, struct tally *tally);
/* Before questions about a world that has changed. */
void judge__begin(void);
/* A packet to ask about, from a port that is up. False: there is none. */
bool judge__draw(struct question *ret_question);
/*
 * Compares the answers about a packet. Returns NULL, or what was wrong: a few words, the same for the same kind of
 * mistake; `ret_text` has the whole of it.
 */
const char *judge__ask(const struct question *question, char *ret_text, size_t size);
/* The routes to a destination that the kernel tells of, and xfib's. */
void judge__describe(const struct address *destination, char *text, size_t size);
const char *judge__helper_name(size_t index);

#endif
