// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * XDP features of devices, by genetlink's family `netdev` (Linux 6.3). The
 * numbers are those of linux/netdev.h, which Debian 12's headers do not have.
 */
#include <errno.h>
#include <linux/genetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "netlink_private.h"

#define NETDEV_CMD_DEV_GET 1
#define NETDEV_A_DEV_IFINDEX 1
#define NETDEV_A_DEV_XDP_FEATURES 3
#define NETDEV_XDP_ACT_NDO_XMIT 4 /* takes frames that were redirected to it */
#define NETDEV_XDP_ACT_NDO_XMIT_SG 64 /* of several buffers too */
#define NETDEV_A_DEV_MAX 16

struct family {
	uint16_t id;
	uint32_t group; /* of the multicast group `mgmt` */
};

/* Sends the request in nl->feature_request and receives its answer, or error, into nl->feature_answer. */
static int ask(struct nl *nl, struct mnl_socket *socket, const struct nlmsghdr **ret_answer)
{
	const struct nlmsghdr *request = (const void *)nl->feature_request, *answer;
	const struct nlmsgerr *error;
	ssize_t length;

	if (mnl_socket_sendto(socket, request, request->nlmsg_len) < 0)
		return -errno;
	do {
		length = mnl_socket_recvfrom(socket, nl->feature_answer, sizeof(nl->feature_answer));
		if (length < 0)
			return -errno;
		answer = (const void *)nl->feature_answer;
		if (!nl_parse__is_whole(answer, (int)length))
			return -EBADMSG;
	} while (answer->nlmsg_seq != request->nlmsg_seq);
	if (answer->nlmsg_type == NLMSG_ERROR) {
		error = mnl_nlmsg_get_payload(answer);
		return error->error ? error->error : -EBADMSG;
	}
	*ret_answer = answer;
	return 0;
}

static struct nlmsghdr *make_request(struct nl *nl, uint16_t type, uint8_t command)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(nl->feature_request);
	struct genlmsghdr *header;

	message->nlmsg_type = type;
	message->nlmsg_flags = NLM_F_REQUEST;
	message->nlmsg_seq = ++nl->feature_sequence;
	header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
	header->cmd = command;
	header->version = 1;
	return message;
}

static void parse_groups(const struct nlattr *nest, struct family *family)
{
	const struct nlattr *entry;

	for (entry = mnl_attr_get_payload(nest);
	     mnl_attr_ok(entry, (int)((const char *)nest + nest->nla_len - (const char *)entry));
	     entry = mnl_attr_next(entry)) {
		const struct nlattr *table[CTRL_ATTR_MCAST_GRP_MAX + 1];
		const struct nlattr *name;

		if (nl_parse__nested(entry, table, CTRL_ATTR_MCAST_GRP_MAX))
			return;
		name = table[CTRL_ATTR_MCAST_GRP_NAME];
		if (name && mnl_attr_get_payload_len(name) == 5 && !memcmp(mnl_attr_get_payload(name), "mgmt", 5))
			nl_parse__copy(table[CTRL_ATTR_MCAST_GRP_ID], &family->group, sizeof(family->group));
	}
}

static int find_family(struct nl *nl, struct family *ret_family)
{
	struct nlmsghdr *request = make_request(nl, GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
	const struct nlattr *table[CTRL_ATTR_MAX + 1];
	const struct nlmsghdr *answer;
	int err;

	memset(ret_family, 0, sizeof(*ret_family));
	mnl_attr_put_strz(request, CTRL_ATTR_FAMILY_NAME, "netdev");
	err = ask(nl, nl->features, &answer);
	if (!err)
		err = nl_parse__attributes(answer, sizeof(struct genlmsghdr), table, CTRL_ATTR_MAX);
	if (!err)
		err = nl_parse__copy(table[CTRL_ATTR_FAMILY_ID], &ret_family->id, sizeof(ret_family->id));
	if (!err && table[CTRL_ATTR_MCAST_GROUPS])
		parse_groups(table[CTRL_ATTR_MCAST_GROUPS], ret_family);
	return err ? err : ret_family->id ? 0 : -ENOENT;
}

static struct mnl_socket *open_socket(int flags)
{
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC | flags);

	if (socket && mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID)) {
		mnl_socket_close(socket);
		return NULL;
	}
	return socket;
}

void netdev__open(struct nl *nl)
{
	struct family family;
	int group;

	nl->features = open_socket(0);
	if (!nl->features)
		return;
	if (find_family(nl, &family)) {
		netdev__close(nl);
		return;
	}
	nl->feature_family = family.id;
	nl->feature_events = open_socket(SOCK_NONBLOCK);
	group = (int)family.group;
	if (!nl->feature_events || !group ||
	    mnl_socket_setsockopt(nl->feature_events, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)))
		return;
	nl->feature_fd = mnl_socket_get_fd(nl->feature_events);
}

void netdev__close(struct nl *nl)
{
	if (nl->features)
		mnl_socket_close(nl->features);
	if (nl->feature_events)
		mnl_socket_close(nl->feature_events);
	nl->features = nl->feature_events = NULL;
	nl->feature_fd = -1;
}

void netdev__receive(struct nl *nl)
{
	char drain[8192];

	if (nl->feature_fd < 0)
		return;
	/* What it says does not matter, and an overrun means the same. */
	while (recv(nl->feature_fd, drain, sizeof(drain), MSG_DONTWAIT) >= 0 || errno == ENOBUFS) {
		if (nl->handlers.feature)
			nl->handlers.feature(nl->data);
	}
}

int nl__takes_redirects(struct nl *nl, uint32_t ifindex, uint32_t *ret_flags)
{
	const struct nlattr *table[NETDEV_A_DEV_MAX + 1];
	const struct nlmsghdr *answer;
	struct nlmsghdr *request;
	uint64_t features = 0;
	int err;

	*ret_flags = 0;
	if (!nl->features)
		return -EOPNOTSUPP;
	request = make_request(nl, nl->feature_family, NETDEV_CMD_DEV_GET);
	mnl_attr_put_u32(request, NETDEV_A_DEV_IFINDEX, ifindex);
	err = ask(nl, nl->features, &answer);
	if (!err)
		err = nl_parse__attributes(answer, sizeof(struct genlmsghdr), table, NETDEV_A_DEV_MAX);
	if (!err)
		err = nl_parse__copy(table[NETDEV_A_DEV_XDP_FEATURES], &features, sizeof(features));
	if (!err && features & NETDEV_XDP_ACT_NDO_XMIT) /* err: the device is going away */
		*ret_flags = features & NETDEV_XDP_ACT_NDO_XMIT_SG ? XFIB_LINK_REDIRECT_TARGET | XFIB_LINK_REDIRECT_FRAGS :
								     XFIB_LINK_REDIRECT_TARGET;
	return 0;
}
