/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* The VLAN tag that the kernel takes off a frame before a packet socket gets it. */
#ifndef TESTS_VLAN_TAG_H
#define TESTS_VLAN_TAG_H

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

/* Room for what the kernel says of it, where PACKET_AUXDATA is set: msg_control of recvmsg(). */
union vlan_tag_control {
	char room[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
	struct cmsghdr header;
};

/* Puts the tag back, into a frame of `length` bytes with room for four more. Returns its length now. */
static inline size_t vlan_tag__put_back(struct msghdr *message, uint8_t *frame, size_t length)
{
	for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part; part = CMSG_NXTHDR(message, part)) {
		struct tpacket_auxdata aux;
		uint16_t protocol, tci;

		if (part->cmsg_level != SOL_PACKET || part->cmsg_type != PACKET_AUXDATA)
			continue;
		memcpy(&aux, CMSG_DATA(part), sizeof(aux));
		if (!(aux.tp_status & TP_STATUS_VLAN_VALID) || length < 12)
			continue;
		protocol = htons(aux.tp_status & TP_STATUS_VLAN_TPID_VALID ? aux.tp_vlan_tpid : ETH_P_8021Q);
		tci = htons(aux.tp_vlan_tci);
		memmove(frame + 16, frame + 12, length - 12);
		memcpy(frame + 12, &protocol, 2);
		memcpy(frame + 14, &tci, 2);
		return length + 4;
	}
	return length;
}

#endif
