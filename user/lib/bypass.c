// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Chains of nftables and flowtables, by netlink. See bypass.h; iptables-legacy is in bypass_legacy.c. */
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_vlan.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "bypass_private.h"

#define BUFFER 65536
#define VLAN_DEPTH 8 /* most VLANs in one another that the kernel allows (MAX_NEST_DEV) */
#define NETDEV_EGRESS 1 /* NF_NETDEV_EGRESS, Linux 5.16 */
#define INET_INGRESS 5  /* NF_INET_INGRESS, Linux 5.10 */

struct search {
	void (*found)(const struct bypass *bypass, void *data);
	void *data;
	const char *device; /* name of the port */
};

/* ---- messages ---- */

static int take_attribute(const struct nlattr *attribute, void *data)
{
	const struct nlattr **table = data;

	if (mnl_attr_get_type(attribute) <= NFTA_CHAIN_MAX)
		table[mnl_attr_get_type(attribute)] = attribute;
	return MNL_CB_OK;
}

static uint32_t number_of(const struct nlattr *attribute)
{
	return attribute && mnl_attr_get_payload_len(attribute) >= sizeof(uint32_t) ? ntohl(mnl_attr_get_u32(attribute)) : 0;
}

static const char *text_of(const struct nlattr *attribute)
{
	return attribute && mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) >= 0 ? mnl_attr_get_str(attribute) : "";
}

static const char *family_of(uint8_t family)
{
	switch (family) {
	case NFPROTO_IPV4:
		return "ip";
	case NFPROTO_IPV6:
		return "ip6";
	case NFPROTO_INET:
		return "inet";
	case NFPROTO_NETDEV:
		return "netdev";
	default:
		return NULL; /* bridge and arp: no packet that is routed */
	}
}

/* The hook if forwarded packets meet it, else NULL. */
static const char *hook_of(uint8_t family, uint32_t number)
{
	if (family == NFPROTO_NETDEV)
		return number == NF_NETDEV_INGRESS ? "ingress" : number == NETDEV_EGRESS ? "egress" : NULL;
	switch (number) {
	case NF_INET_PRE_ROUTING:
		return "prerouting";
	case NF_INET_FORWARD:
		return "forward";
	case NF_INET_POST_ROUTING:
		return "postrouting";
	case INET_INGRESS:
		return family == NFPROTO_INET ? "ingress" : NULL;
	default:
		return NULL;
	}
}

struct device_search {
	const char *name;
	bool names, found;
};

/* Is it the device itself, or a VLAN device on it, whose packets the program at the device forwards too? */
static bool is_above(const char *name, const char *device)
{
	struct vlan_ioctl_args vlan = { .cmd = GET_VLAN_REALDEV_NAME_CMD };
	bool found = !strcmp(name, device);
	int socket_fd;

	if (found || access("/proc/net/vlan", F_OK)) /* without VLANs the question would load their module */
		return found;
	socket_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	for (int depth = 0; !found && depth < VLAN_DEPTH && strlen(name) < sizeof(vlan.device1); depth++) {
		strcpy(vlan.device1, name);
		if (ioctl(socket_fd, SIOCGIFVLAN, &vlan))
			break;
		name = vlan.u.device2;
		found = !strcmp(name, device);
	}
	if (socket_fd >= 0)
		close(socket_fd);
	return found;
}

static int take_device(const struct nlattr *attribute, void *data)
{
	struct device_search *search = data;

	search->names = true;
	search->found |= is_above(text_of(attribute), search->name);
	return MNL_CB_OK;
}

/* Is a hook for this device? One that names none, neither one nor a list, is for all. */
static bool is_for(const struct nlattr *one, const struct nlattr *list, const char *device)
{
	struct device_search search = { .name = device };

	if (one)
		take_device(one, &search);
	if (list)
		mnl_attr_parse_nested(list, take_device, &search);
	return !search.names || search.found;
}

/* ---- chains ---- */

static int take_chain(const struct nlmsghdr *message, void *data)
{
	const struct nlattr *chain[NFTA_CHAIN_MAX + 1] = { NULL }, *hook[NFTA_CHAIN_MAX + 1] = { NULL };
	const struct nfgenmsg *header = mnl_nlmsg_get_payload(message);
	struct search *search = data;
	struct bypass bypass = { .kind = "nftables", .family = family_of(header->nfgen_family) };

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*header) || !bypass.family)
		return MNL_CB_OK;
	mnl_attr_parse(message, sizeof(*header), take_attribute, chain);
	if (!chain[NFTA_CHAIN_HOOK])
		return MNL_CB_OK;
	mnl_attr_parse_nested(chain[NFTA_CHAIN_HOOK], take_attribute, hook);
	bypass.hook = hook_of(header->nfgen_family, number_of(hook[NFTA_HOOK_HOOKNUM]));
	bypass.table = text_of(chain[NFTA_CHAIN_TABLE]);
	bypass.chain = text_of(chain[NFTA_CHAIN_NAME]);
	bypass.is_nat = !strcmp(text_of(chain[NFTA_CHAIN_TYPE]), "nat");
	bypass.drops = chain[NFTA_CHAIN_POLICY] && number_of(chain[NFTA_CHAIN_POLICY]) == NF_DROP;
	bypass.rules = number_of(chain[NFTA_CHAIN_USE]); /* nothing else refers to a base chain */
	/* Packets leave by any device, so that any device's egress counts. */
	if (bypass.hook && (bypass.rules || bypass.drops) &&
	    (!strcmp(bypass.hook, "egress") || is_for(hook[NFTA_HOOK_DEV], hook[NFTA_HOOK_DEVS], search->device)))
		search->found(&bypass, search->data);
	return MNL_CB_OK;
}

static int take_flowtable(const struct nlmsghdr *message, void *data)
{
	const struct nlattr *flowtable[NFTA_CHAIN_MAX + 1] = { NULL }, *hook[NFTA_CHAIN_MAX + 1] = { NULL };
	const struct nfgenmsg *header = mnl_nlmsg_get_payload(message);
	struct search *search = data;
	struct bypass bypass = { .kind = "flowtable", .hook = "ingress" };

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*header))
		return MNL_CB_OK;
	mnl_attr_parse(message, sizeof(*header), take_attribute, flowtable);
	bypass.family = family_of(header->nfgen_family);
	bypass.table = text_of(flowtable[NFTA_FLOWTABLE_TABLE]);
	bypass.chain = text_of(flowtable[NFTA_FLOWTABLE_NAME]);
	if (flowtable[NFTA_FLOWTABLE_HOOK])
		mnl_attr_parse_nested(flowtable[NFTA_FLOWTABLE_HOOK], take_attribute, hook);
	if (bypass.family && hook[NFTA_FLOWTABLE_HOOK_DEVS] && is_for(NULL, hook[NFTA_FLOWTABLE_HOOK_DEVS], search->device))
		search->found(&bypass, search->data);
	return MNL_CB_OK;
}

/* ---- dumps ---- */

/* A dump of all families. A kernel without nftables has none. */
static int dump(uint16_t type, mnl_cb_t take, struct search *search)
{
	struct mnl_socket *socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
	char buffer[BUFFER] = { 0 };
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
	struct nfgenmsg *header;
	int result = -1;

	if (!socket)
		return errno == EPROTONOSUPPORT ? 0 : -errno;
	request->nlmsg_type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type);
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	request->nlmsg_seq = 1;
	header = mnl_nlmsg_put_extra_header(request, sizeof(*header));
	header->nfgen_family = NFPROTO_UNSPEC;
	header->version = NFNETLINK_V0;
	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) >= 0 && mnl_socket_sendto(socket, request, request->nlmsg_len) >= 0) {
		do {
			ssize_t length = mnl_socket_recvfrom(socket, buffer, sizeof(buffer));

			result = length < 0 ? -1 : mnl_cb_run(buffer, (size_t)length, 1, mnl_socket_get_portid(socket), take, search);
		} while (result > MNL_CB_STOP);
	}
	result = result < 0 ? -errno : 0;
	mnl_socket_close(socket);
	return result == -EOPNOTSUPP || result == -EINVAL ? 0 : result;
}

int bypass__each(uint32_t ifindex, void (*found)(const struct bypass *bypass, void *data), void *data)
{
	char name[IF_NAMESIZE] = "";
	struct search search = { found, data, name };
	int err;

	if (!if_indextoname(ifindex, name))
		return -errno;
	err = dump(NFT_MSG_GETCHAIN, take_chain, &search);
	if (!err)
		err = dump(NFT_MSG_GETFLOWTABLE, take_flowtable, &search);
	if (!err)
		bypass__legacy(found, data);
	return err;
}

const char *bypass__describe(const struct bypass *bypass, char *text, uint32_t size)
{
	char rules[48] = "";

	if (!strcmp(bypass->kind, "flowtable")) {
		snprintf(text, size, "nftables: flowtable %s %s %s", bypass->family, bypass->table, bypass->chain);
		return text;
	}
	if (bypass->rules)
		snprintf(rules, sizeof(rules), ", %u rule%s", bypass->rules, bypass->rules > 1 ? "s" : "");
	snprintf(text, size, "%s: chain %s %s %s, hook %s%s%s%s", bypass->kind, bypass->family, bypass->table, bypass->chain,
		 bypass->hook, rules, bypass->is_nat ? ", NAT" : "", bypass->drops ? ", policy drop" : "");
	return text;
}
