// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Filters at clsact ingress, by rtnetlink. See tc_filter.h. */
#include "tc_filter.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <string.h>

#define BUFFER 32768

struct visitor {
	int (*visit)(const struct tc_filter *filter, void *data);
	void *data;
	int result;
};

static struct nlmsghdr *make_request(char *buffer, uint16_t type, uint16_t flags, uint32_t ifindex)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
	struct tcmsg *filter;

	message->nlmsg_type = type;
	message->nlmsg_flags = NLM_F_REQUEST | flags;
	message->nlmsg_seq = 1;
	filter = mnl_nlmsg_put_extra_header(message, sizeof(*filter));
	filter->tcm_ifindex = (int)ifindex;
	filter->tcm_parent = TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS);
	return message;
}

static int take_id(const struct nlattr *attribute, void *data)
{
	if (mnl_attr_get_type(attribute) == TCA_BPF_ID && mnl_attr_validate(attribute, MNL_TYPE_U32) >= 0)
		*(uint32_t *)data = mnl_attr_get_u32(attribute);
	return MNL_CB_OK;
}

/* The program's id, of the options of a filter of kind "bpf". */
static int take_options(const struct nlattr *attribute, void *data)
{
	if (mnl_attr_get_type(attribute) == TCA_OPTIONS)
		mnl_attr_parse_nested(attribute, take_id, data);
	return MNL_CB_OK;
}

static int take_filter(const struct nlmsghdr *message, void *data)
{
	const struct tcmsg *header = mnl_nlmsg_get_payload(message);
	struct visitor *visitor = data;
	struct tc_filter filter = { 0 };

	if (message->nlmsg_type != RTM_NEWTFILTER || mnl_nlmsg_get_payload_len(message) < sizeof(*header))
		return MNL_CB_OK;
	mnl_attr_parse(message, sizeof(*header), take_options, &filter.prog_id);
	filter.handle = header->tcm_handle;
	filter.info = header->tcm_info;
	if (filter.prog_id && !visitor->result)
		visitor->result = visitor->visit(&filter, visitor->data);
	return MNL_CB_OK;
}

/* Sends a request and handles the answer to its end. */
static int converse(const struct nlmsghdr *request, mnl_cb_t take, void *data)
{
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	char buffer[BUFFER];
	int result = -1;

	if (!socket)
		return -errno;
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    mnl_socket_sendto(socket, request, request->nlmsg_len) < 0)
		goto end;
	do {
		ssize_t length = mnl_socket_recvfrom(socket, buffer, sizeof(buffer));

		result = length < 0 ? -1 : mnl_cb_run(buffer, (size_t)length, 1, mnl_socket_get_portid(socket), take, data);
	} while (result > MNL_CB_STOP);
end:
	result = result < 0 ? -errno : 0;
	mnl_socket_close(socket);
	return result;
}

int tc_filter__each(uint32_t ifindex, int (*visit)(const struct tc_filter *filter, void *data), void *data)
{
	struct visitor visitor = { visit, data, 0 };
	char buffer[256] = { 0 };

	return converse(make_request(buffer, RTM_GETTFILTER, NLM_F_DUMP, ifindex), take_filter, &visitor);
}

int tc_filter__delete(uint32_t ifindex, const struct tc_filter *filter)
{
	char buffer[256] = { 0 };
	struct nlmsghdr *message = make_request(buffer, RTM_DELTFILTER, NLM_F_ACK, ifindex);
	struct tcmsg *header = mnl_nlmsg_get_payload(message);

	header->tcm_handle = filter->handle;
	header->tcm_info = filter->info;
	mnl_attr_put_strz(message, TCA_KIND, "bpf");
	return converse(message, NULL, NULL);
}
