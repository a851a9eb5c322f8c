/* SPDX-License-Identifier: GPL-2.0-only */
/* Constants of the kernel's interface that are macros there, and so in no BTF. */
#ifndef XFIB_COMPAT_BPF_H
#define XFIB_COMPAT_BPF_H

/* linux/if_ether.h */
#define ETH_ALEN 6
#define ETH_HLEN 14
#define ETH_ZLEN 60 /* shortest frame, without its check sequence */
#define ETH_P_IP 0x0800
#define ETH_P_IPV6 0x86DD
#define ETH_P_TEB 0x6558 /* a frame, in a tunnel */
#define ETH_P_8021Q 0x8100
#define ETH_P_8021AD 0x88A8

/* linux/pkt_cls.h */
#define TC_ACT_OK 0
#define TC_ACT_SHOT 2

/* linux/in.h, linux/ipv6.h */
#define IP_PROTOCOL_ICMP 1
#define IP_PROTOCOL_IPIP 4
#define IP_PROTOCOL_TCP 6
#define IP_PROTOCOL_UDP 17
#define IP_PROTOCOL_DCCP 33
#define IP_PROTOCOL_IPV6 41
#define IP_PROTOCOL_GRE 47
#define IP_PROTOCOL_ESP 50
#define IP_PROTOCOL_AH 51
#define IP_PROTOCOL_ICMPV6 58
#define IP_PROTOCOL_SCTP 132
#define IP_PROTOCOL_UDPLITE 136
#define IP_PROTOCOL_MPLS 137
#define NEXTHDR_HOP 0
#define NEXTHDR_ROUTING 43
#define NEXTHDR_FRAGMENT 44
#define NEXTHDR_DESTINATION 60

#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#endif
