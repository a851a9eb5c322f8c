// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* The namespaces of a world, its devices, and steps applied to it. */
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/fib_rules.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/ipv6.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "netlink.h"

static struct channel here, far;
static int here_socket, far_socket; /* for ioctl() */
static int far_namespace;
static int tap_fd[DEVICES]; /* of the devices that are a file's */
static struct link_seen links[DEVICES];
static uint32_t indexes[DEVICES];
static bool custom_local;  /* there once was an IPv4 route of type local that somebody added */
static bool had_rules6;   /* there once was a rule of IPv6 beside the usual ones, which the kernel never forgets */
static bool links_changed; /* since world__flush() */

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "differential: %s: %s\n", what, strerror(errno));
	exit(2);
}

static int write_setting(const char *path, uint32_t value)
{
	FILE *file = fopen(path, "we");

	if (!file)
		return -errno;
	fprintf(file, "%u\n", value);
	return fclose(file) ? -errno : 0;
}

/* A namespace without router advertisements and duplicate address detection: addresses are usable at once. */
static int make_namespace(void)
{
	if (unshare(CLONE_NEWNET))
		die("unshare(CLONE_NEWNET)");
	write_setting("/proc/sys/net/ipv6/conf/default/accept_dad", 0);
	write_setting("/proc/sys/net/ipv6/conf/default/accept_ra", 0);
	return open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
}

void world__make(void)
{
	far_namespace = make_namespace();
	channel__open(&far, NETLINK_ROUTE);
	far_socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	close(make_namespace());
	channel__open(&here, NETLINK_ROUTE);
	here_socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (far_namespace < 0 || far_socket < 0 || here_socket < 0)
		die("a world");
	if (write_setting("/proc/sys/net/ipv4/ip_forward", 1) || write_setting("/proc/sys/net/ipv6/conf/all/forwarding", 1))
		die("forwarding");
	for (size_t i = 0; i < DEVICES; i++)
		tap_fd[i] = -1;
	links_changed = true;
}

/* ---- what the kernel says of devices ---- */

static void read_families(const struct nlattr *nest, struct link_seen *link)
{
	struct attributes families, settings;
	const struct nlattr *values;

	attributes__nested(nest, &families);
	link->inet6 = families.of[AF_INET6] != NULL;
	if (!link->inet6)
		return;
	attributes__nested(families.of[AF_INET6], &settings);
	values = settings.of[IFLA_INET6_CONF];
	if (values)
		memcpy(&link->mtu6, (const uint32_t *)mnl_attr_get_payload(values) + DEVCONF_MTU6, sizeof(link->mtu6));
}

static void on_link(const struct nlmsghdr *part, void *data)
{
	const struct ifinfomsg *header = mnl_nlmsg_get_payload(part);
	struct link_seen link = { .ifindex = (uint32_t)header->ifi_index, .flags = header->ifi_flags, .type = header->ifi_type };
	struct attributes attributes;

	(void)data;
	attributes__of(part, sizeof(*header), &attributes);
	if (!attributes.of[IFLA_IFNAME] || !attributes.of[IFLA_MTU])
		return;
	link.mtu = mnl_attr_get_u32(attributes.of[IFLA_MTU]);
	if (attributes.of[IFLA_ADDRESS] && mnl_attr_get_payload_len(attributes.of[IFLA_ADDRESS]) == 6)
		memcpy(link.mac, mnl_attr_get_payload(attributes.of[IFLA_ADDRESS]), 6);
	if (attributes.of[IFLA_MASTER])
		link.master = mnl_attr_get_u32(attributes.of[IFLA_MASTER]);
	if (attributes.of[IFLA_AF_SPEC])
		read_families(attributes.of[IFLA_AF_SPEC], &link);
	if (!link.mtu6 || link.mtu6 > link.mtu)
		link.mtu6 = link.mtu;
	for (size_t i = 0; i < DEVICES; i++) {
		if (!strcmp(mnl_attr_get_str(attributes.of[IFLA_IFNAME]), device_names[i]))
			links[i] = link;
	}
}

const struct link_seen *world__links(void)
{
	struct nlmsghdr *message = channel__begin(&here, RTM_GETLINK, NLM_F_DUMP);

	mnl_nlmsg_put_extra_header(message, sizeof(struct ifinfomsg));
	memset(links, 0, sizeof(links));
	if (channel__ask(&here, message, on_link, NULL))
		die("dump of links");
	return links;
}

/* A VRF's or a member's: whether an IPv4 packet that came by a member matches differs between kernels. */
static bool is_of_vrf(const struct nlattr *iif)
{
	for (size_t i = 0; iif && i < DEVICES; i++) {
		if (!strcmp(mnl_attr_get_str(iif), device_names[i]) && (i == VRF || (links[VRF].ifindex && links[i].master == links[VRF].ifindex)))
			return true;
	}
	return false;
}

static void on_rule(const struct nlmsghdr *part, void *data)
{
	struct rules_seen *rules = data;
	struct attributes attributes;

	attributes__of(part, sizeof(struct fib_rule_hdr), &attributes);
	rules->of_vrf |= is_of_vrf(attributes.of[FRA_IIFNAME]);
	rules->unknowable |= attributes.of[FRA_FWMARK] || attributes.of[FRA_IP_PROTO];
	rules->suppress |= attributes.of[FRA_SUPPRESS_PREFIXLEN] && (int32_t)mnl_attr_get_u32(attributes.of[FRA_SUPPRESS_PREFIXLEN]) >= 0;
}

struct rules_seen world__rules(uint8_t family)
{
	struct nlmsghdr *message = channel__begin(&here, RTM_GETRULE, NLM_F_DUMP);
	struct rtmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
	struct rules_seen found = { 0 };

	header->rtm_family = family;
	if (channel__ask(&here, message, on_rule, &found))
		die("dump of rules");
	found.unknowable |= family == AF_INET && found.of_vrf;
	return found;
}

/* ---- making devices ---- */

static void put_mac(struct nlmsghdr *message, const struct step *step)
{
	uint8_t mac[6] = { 2, 0xaa, step->device, 1, (uint8_t)(step->value >> 8), (uint8_t)step->value };

	mnl_attr_put(message, IFLA_ADDRESS, sizeof(mac), mac);
}

static int create_link(const struct step *step, const char *kind)
{
	struct nlmsghdr *message = channel__begin(&here, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	struct ifinfomsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
	struct nlattr *info, *data, *peer;

	header->ifi_index = (int)step->option;
	mnl_attr_put_strz(message, IFLA_IFNAME, device_names[step->device]);
	put_mac(message, step);
	info = mnl_attr_nest_start(message, IFLA_LINKINFO);
	mnl_attr_put_strz(message, IFLA_INFO_KIND, kind);
	if (far_names[step->device]) {
		data = mnl_attr_nest_start(message, IFLA_INFO_DATA);
		peer = mnl_attr_nest_start(message, VETH_INFO_PEER);
		mnl_nlmsg_put_extra_header(message, sizeof(*header));
		mnl_attr_put_strz(message, IFLA_IFNAME, far_names[step->device]);
		mnl_attr_put_u32(message, IFLA_NET_NS_FD, (uint32_t)far_namespace);
		mnl_attr_nest_end(message, peer);
		mnl_attr_nest_end(message, data);
	} else if (step->device == VRF) {
		data = mnl_attr_nest_start(message, IFLA_INFO_DATA);
		mnl_attr_put_u32(message, IFLA_VRF_TABLE, VRF_TABLE);
		mnl_attr_nest_end(message, data);
	}
	mnl_attr_nest_end(message, info);
	return channel__ask(&here, message, NULL, NULL);
}

static int create_tap(const struct step *step)
{
	struct ifreq request = { .ifr_flags = (short)((step->device == TUNNEL ? IFF_TUN : IFF_TAP) | IFF_NO_PI) };
	int fd, index = (int)step->option;

	if (tap_fd[step->device] >= 0)
		return -EEXIST;
	fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		die("/dev/net/tun");
	strcpy(request.ifr_name, device_names[step->device]);
	if ((index && ioctl(fd, TUNSETIFINDEX, &index)) || ioctl(fd, TUNSETIFF, &request)) {
		close(fd);
		return -errno;
	}
	tap_fd[step->device] = fd;
	return 0;
}

static int create(const struct step *step)
{
	if (step->device == LOOPBACK)
		return -EEXIST;
	if (step->device == TUNNEL || step->device == TAP)
		return create_tap(step);
	if (step->device == VRF) /* rules that lead to it come and stay */
		had_rules6 = true;
	return create_link(step, step->device == BRIDGE ? "bridge" : step->device == VRF ? "vrf" : "veth");
}

static void try_vrf(void)
{
	const struct step step = { .kind = STEP_CREATE, .device = VRF };

	world__make();
	_exit(create(&step) != 0);
}

bool world__can_have_vrf(void)
{
	int status = -1;
	pid_t pid = fork();

	if (!pid)
		try_vrf();
	return pid > 0 && waitpid(pid, &status, 0) == pid && !status;
}

static int set_far(const struct step *step)
{
	const char *name = far_names[step->device];
	bool up = step->kind == STEP_FAR_UP;
	struct nlmsghdr *message;
	struct ifinfomsg *header;
	int carrier = up;

	if (tap_fd[step->device] >= 0)
		return ioctl(tap_fd[step->device], TUNSETCARRIER, &carrier) ? -errno : 0;
	if (!name)
		return -EOPNOTSUPP;
	message = channel__begin(&far, RTM_NEWLINK, 0);
	header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
	header->ifi_change = IFF_UP;
	header->ifi_flags = up ? IFF_UP : 0;
	mnl_attr_put_strz(message, IFLA_IFNAME, name);
	return channel__ask(&far, message, NULL, NULL);
}

static int ethtool(int socket, const char *name, uint32_t command, uint32_t value)
{
	struct ethtool_value what = { .cmd = command, .data = value };
	struct ifreq request = { .ifr_data = (void *)&what };

	if (!name)
		return -EOPNOTSUPP;
	strcpy(request.ifr_name, name);
	return ioctl(socket, SIOCETHTOOL, &request) ? -errno : 0;
}

/* Asking for a device's link state has a change of its carrier that waits for a worker take effect now. */
void world__flush(void)
{
	if (!links_changed)
		return;
	links_changed = false;
	for (size_t i = 0; i < DEVICES; i++) {
		ethtool(far_socket, far_names[i], ETHTOOL_GLINK, 0);
		ethtool(here_socket, device_names[i], ETHTOOL_GLINK, 0);
	}
}

/* ---- steps ---- */

static const char *const setting_paths[] = {
	"/proc/sys/net/ipv4/conf/%s/ignore_routes_with_linkdown", "/proc/sys/net/ipv6/conf/%s/ignore_routes_with_linkdown",
	"/proc/sys/net/ipv4/conf/%s/rp_filter", "/proc/sys/net/ipv4/conf/%s/forwarding",
	"/proc/sys/net/ipv4/conf/%s/send_redirects", "/proc/sys/net/ipv6/conf/%s/keep_addr_on_down",
};

static int set(const struct step *step)
{
	char path[96];

	snprintf(path, sizeof(path), setting_paths[step->index % COUNT(setting_paths)],
		 step->device < DEVICES ? device_names[step->device] : "all");
	return write_setting(path, step->value);
}

static int destroy(const struct step *step)
{
	if (step->device == LOOPBACK)
		return -EOPNOTSUPP;
	if (tap_fd[step->device] < 0)
		return 1; /* by netlink, as the others */
	close(tap_fd[step->device]);
	tap_fd[step->device] = -1;
	return 0;
}

bool world__checks_sources(void)
{
	return custom_local;
}

bool world__had_rules6(void)
{
	return had_rules6;
}

int world__apply(const struct step *step)
{
	struct nlmsghdr *message;
	int err = 1;

	if (links_changed) {
		for (size_t i = 0; i < DEVICES; i++)
			indexes[i] = if_nametoindex(device_names[i]);
	}
	links_changed |= step->kind >= STEP_CREATE;

	switch (step->kind) {
	case STEP_CREATE:
		return create(step);
	case STEP_FAR_UP:
	case STEP_FAR_DOWN:
		return set_far(step);
	case STEP_GRO:
		return ethtool(far_socket, far_names[step->device], ETHTOOL_SGRO, step->value);
	case STEP_SETTING:
		return set(step);
	case STEP_DELETE:
		err = destroy(step);
		break;
	default:
		break;
	}
	if (err <= 0)
		return err;
	message = step__message(step, &here, indexes);
	err = message ? channel__ask(&here, message, NULL, NULL) : -ENODEV;
	had_rules6 |= !err && step->kind == STEP_RULE && step->family == AF_INET6 && step->verb != VERB_DELETE;
	custom_local |= !err && step->kind == STEP_ROUTE && step->family == AF_INET && step->type == RTN_LOCAL && step->verb != VERB_DELETE;
	return err;
}
