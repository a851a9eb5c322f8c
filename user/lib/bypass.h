/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * What the kernel would do to forwarded packets, and does not do to those that
 * xfib forwards: chains of nftables, which iptables-nft and firewalld fill too,
 * with their conntrack and NAT; flowtables; the tables of iptables-legacy.
 */
#ifndef XFIB_LIB_BYPASS_H
#define XFIB_LIB_BYPASS_H

#include <stdbool.h>
#include <stdint.h>

struct bypass {
	const char *kind;   /* "nftables", "flowtable", "iptables" */
	const char *family; /* as nft(8) names it: "ip", "ip6", "inet", "netdev" */
	const char *table, *chain;
	const char *hook;   /* "ingress", "prerouting", "forward", "postrouting", "egress" */
	bool is_nat;        /* of type nat: conntrack and NAT */
	bool drops;         /* its policy is drop */
	uint32_t rules;
};

/*
 * Calls `found` for each that packets from the interface, or a VLAN on it, meet, but for those that do nothing (no rules, policy
 * accept). -EPERM: only with CAP_NET_ADMIN that can be seen. 0 where the kernel has none of it.
 */
int bypass__each(uint32_t ifindex, void (*found)(const struct bypass *bypass, void *data), void *data);

/* Writes "nftables: chain inet filter forward, hook forward, 3 rules" and the like; returns `text`. */
const char *bypass__describe(const struct bypass *bypass, char *text, uint32_t size);

#endif
