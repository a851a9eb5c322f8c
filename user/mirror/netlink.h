/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The kernel's view of links, addresses, neighbours, rules and routes, read
 * by rtnetlink and handed on as plain structs. Knows nothing of maps.
 *
 * Dumps and events come by one socket, so that they come in the order in which
 * they were true; requests that expect no answer go by another one.
 */
#ifndef XFIB_MIRROR_NETLINK_H
#define XFIB_MIRROR_NETLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <xfib/abi.h>

enum nl_change {
	NL_DUMP,    /* part of the answer to nl__dump() */
	NL_NEW,     /* event: added or changed */
	NL_DELETED, /* event */
	NL_AUDIT,   /* part of what nl__audit_receive() has received */
};

struct nl_link {
	uint32_t ifindex;
	uint32_t flags;  /* IFF_* */
	uint32_t mtu;
	uint32_t max_mtu; /* 0: the kernel does not say */
	uint32_t master; /* ifindex, 0 for none */
	uint32_t table;  /* of a VRF device: its table, else 0 */
	uint16_t type;   /* ARPHRD_* */
	uint8_t mac[6];
	uint8_t mac_length; /* of the address that the kernel sent; other lengths than 6 leave `mac` zero */
	bool inet;       /* has an IPv4 part; the next five are valid */
	bool forwarding4;
	bool send_redirects;
	bool route_localnet;
	bool ignore_linkdown4;
	uint8_t rp_filter; /* of the device alone, 0 to 2 */
	bool inet6;      /* has an IPv6 part; the next four are valid */
	bool ignore_linkdown6;
	bool forwarding6; /* of the device alone */
	bool force_forwarding6;
	bool disabled6;
	int32_t use_tempaddr;
	uint32_t mtu6;
	char name[16];
	char kind[16];   /* "veth", "vrf", …; empty for hardware */
	/* Of a VLAN device, else 0: */
	uint32_t parent; /* ifindex of the device that it is on, 0: that is in another network namespace */
	uint16_t vlan_protocol, vlan_id; /* as they stand in a frame */
	bool vlan_reorder; /* takes the tag out of what it receives (reorder_hdr) */
	bool vlan_marks;   /* priorities of packets go into the tags (egress-qos-map) */
};

struct nl_address {
	uint32_t ifindex;
	uint32_t flags; /* IFA_F_* */
	uint8_t family;
	uint8_t prefix_length;
	uint8_t scope;
	uint8_t local[16];   /* the address itself */
	uint8_t network[16]; /* IFA_ADDRESS: of the peer on point-to-point links, else as `local` */
};

struct nl_neighbour {
	uint32_t ifindex;
	uint16_t state; /* NUD_* */
	uint8_t flags;  /* NTF_* */
	uint8_t family;
	uint8_t address[16];
	uint8_t mac[6];
	uint8_t mac_length; /* 0: none known */
};

struct nl_path {
	uint32_t ifindex; /* 0: none */
	uint16_t weight;  /* 1 to 256 */
	uint8_t flags;    /* RTNH_F_* */
	uint8_t gateway_family; /* 0: on-link */
	uint8_t gateway[16];
	bool encap;       /* lightweight tunnel, MPLS, SRv6 */
};

struct nl_route {
	uint8_t family;
	uint8_t prefix_length;
	uint8_t type;     /* RTN_* */
	uint8_t scope;
	uint8_t protocol; /* RTPROT_* */
	uint8_t tos;
	uint8_t preference; /* ICMPV6_ROUTER_PREF_*, IPv6 */
	bool expires;
	bool source_specific; /* RTA_SRC: IPv6 subtrees */
	bool mtu_locked;
	uint32_t flags;   /* RTM_F_* and RTNH_F_* of rtm_flags */
	uint32_t table;
	uint32_t metric;  /* RTA_PRIORITY, 0 if absent */
	uint32_t mtu;     /* RTAX_MTU, 0 if absent */
	uint64_t lifetime; /* milliseconds left, where `expires` */
	uint32_t nexthop_id; /* of the next hop object that it is by (RTA_NH_ID), 0: none */
	uint8_t prefix[16];
	uint8_t source[16]; /* RTA_PREFSRC, zero for none */
	uint16_t message_flags; /* NLM_F_REPLACE, NLM_F_APPEND, … of an event */
	uint32_t requester; /* port id of the socket that asked for the change, 0 for the kernel itself */
	uint32_t sequence;  /* of its request */
	uint32_t path_count;    /* 0 for blackhole and the like without a device */
	const struct nl_path *paths; /* valid during the call */
};

struct nl_rule {
	uint32_t priority;
	uint32_t table;
	uint32_t target;     /* priority of the rule to go on with, of FR_ACT_GOTO */
	uint32_t mark, mask; /* a mask of 0: any mark */
	uint32_t uid_begin, uid_end; /* where has_uids */
	int32_t suppress_prefix_length; /* -1: none */
	uint8_t source[16], destination[16];
	uint8_t source_length, destination_length;
	uint8_t family;
	uint8_t action; /* FR_ACT_* */
	uint8_t tos;
	char iif[16], oif[16]; /* names, empty for none */
	bool iif_detached; /* no device was what `iif` says when the kernel last looked */
	bool invert;
	bool has_uids;
	bool l3mdev;    /* the rule that VRF devices add */
	bool other;     /* has a condition on what is not described here: ports, protocol, tunnel and newer ones */
	bool suppresses_group; /* routes by the devices of a group do not count */
	bool selective; /* anything but "from all lookup TABLE" */
};

struct nl_nexthop_member {
	uint32_t id;
	uint16_t weight; /* 1 to 256, or more */
};

/* A next hop object, which routes may share by its id: a path, nothing (a blackhole), or a group of other objects. */
struct nl_nexthop {
	uint32_t id;
	bool blackhole;
	bool bridge;         /* for entries of a bridge, not for routes */
	struct nl_path path; /* where it is no group */
	uint32_t bucket_count; /* of a resilient group, else 0 */
	uint32_t member_count; /* 0: no group */
	struct nl_nexthop_member members[XFIB_GROUP_MEMBERS];
};

/* A bucket of a resilient group, and the member that it leads to. */
struct nl_bucket {
	uint32_t group;
	uint32_t member;
	uint16_t index;
};

/* Called for each object. `data` is that of nl__open(). Any of them may be NULL. */
struct nl_handlers {
	void (*link)(enum nl_change change, const struct nl_link *link, void *data);
	void (*address)(enum nl_change change, const struct nl_address *address, void *data);
	void (*neighbour)(enum nl_change change, const struct nl_neighbour *neighbour, void *data);
	void (*route)(enum nl_change change, const struct nl_route *route, void *data);
	void (*rule)(enum nl_change change, const struct nl_rule *rule, void *data);
	void (*nexthop)(enum nl_change change, const struct nl_nexthop *nexthop, void *data);
	void (*bucket)(enum nl_change change, const struct nl_bucket *bucket, void *data);
	/* A setting under net.ipv4.conf or net.ipv6.conf changed (forwarding, rp_filter, …). */
	void (*setting)(void *data);
	/* The XDP features of a device changed. */
	void (*feature)(void *data);
	/* Before (`begins`) and after each wait for a part of a dump. */
	void (*wait)(bool begins, void *data);
	/* A message that could not be understood, `dumped` as part of a dump: what is held may differ from the kernel. */
	void (*unknown)(const char *what, bool dumped, void *data);
};

enum nl_object { NL_LINKS, NL_ADDRESSES, NL_NEIGHBOURS, NL_ROUTES, NL_RULES, NL_NEXTHOPS, NL_BUCKETS };

struct nl;

/* Opens both sockets and subscribes. `receive_buffer`: bytes for queued events (SO_RCVBUFFORCE). 0 or -errno. */
int nl__open(const struct nl_handlers *handlers, void *data, int receive_buffer, struct nl **ret_nl);
void nl__close(struct nl *nl);

/* Readable when events wait. Genetlink's events (XDP features) come by a second descriptor, -1 if the kernel has none. */
int nl__event_fd(const struct nl *nl);
int nl__feature_fd(const struct nl *nl);

/*
 * Handles waiting events of either descriptor, at most `limit` messages, and returns how many of routes and the like there were.
 * -ENOBUFS: the kernel dropped some, -EBADMSG: a datagram was truncated; the
 * caller has to dump everything again.
 */
int nl__receive(struct nl *nl, int limit);

/*
 * Dumps one kind of object of one family (AF_UNSPEC: both) and waits for its
 * end. -EINTR: the dump was interrupted by a change (NLM_F_DUMP_INTR), or a
 * part of it was lost, and it has to be repeated. -ETIMEDOUT: no end came.
 */
int nl__dump(struct nl *nl, enum nl_object object, uint8_t family);

/* Likewise the buckets of one resilient group. -ENOENT: it has gone. */
int nl__dump_buckets(struct nl *nl, uint32_t group);

/*
 * A dump of all routes, IPv4 and then IPv6, read a part at a time beside events and dumps. A part is as the kernel had it
 * while nl__audit_receive() received the one before; the first one begins the dump. Then nl__audit_handle() hands on its
 * routes: 1, there are more parts; 0, that was the last one. After an error, and to give it up, nl__audit_stop().
 */
int nl__audit_receive(struct nl *nl);
int nl__audit_handle(struct nl *nl);
void nl__audit_stop(struct nl *nl);

/* Asks the kernel to resolve or confirm a neighbour (NTF_USE), without waiting for it. */
int nl__solicit(struct nl *nl, uint32_t ifindex, uint8_t family, const uint8_t address[16]);

/* ---- requests that change something ---- */

/* Port id of the socket that nl__request() sends by: nl_route.requester of what comes of it. */
uint32_t nl__requester(const struct nl *nl);

/* Takes `count` sequence numbers that follow one another, for requests; returns the first one, never 0. */
uint32_t nl__take_sequences(struct nl *nl, uint32_t count);

/* How many requests may be under way at once, so that neither their answers nor the events find their buffers full. */
uint32_t nl__requests_at_once(const struct nl *nl);

/* `text`: what the kernel says to it, "" for nothing. */
typedef void (*nl_error_fn)(uint32_t sequence, int err, const char *text, void *data);

/*
 * Sends `length` bytes of requests and waits until the kernel has worked them
 * off: the last one, number `last`, must ask for an answer (NLM_F_ACK). Tells
 * `on_error` of those that failed. 0 when all were answered.
 */
int nl__request(struct nl *nl, const void *messages, size_t length, uint32_t last, nl_error_fn on_error, void *data);

/*
 * Which frames may XDP redirect to the device? The flags among XFIB_LINK_REDIRECT_TARGET (NETDEV_XDP_ACT_NDO_XMIT) and
 * XFIB_LINK_REDIRECT_FRAGS (NETDEV_XDP_ACT_NDO_XMIT_SG) in *ret_flags; -EOPNOTSUPP: this kernel cannot say (before 6.3,
 * and that does not redirect frames in several buffers at all).
 */
int nl__takes_redirects(struct nl *nl, uint32_t ifindex, uint32_t *ret_flags);

#endif
