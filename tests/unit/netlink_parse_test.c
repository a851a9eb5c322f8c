// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * user/xfibd/netlink_parse.c and its kin: whole messages are understood;
 * messages that are cut anywhere or damaged are refused or understood, and
 * never read beyond their end. Each is parsed in memory of just its size, so
 * that the address sanitizer sees a byte too many.
 */
#include "unit.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/if_vlan.h>
#include <linux/neighbour.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>

#include "netlink_parse.h"

#define ROOM 1024

static union {
	struct nlmsghdr header;
	char byte[ROOM];
} message;

static void *begin(uint16_t type, size_t extra)
{
	memset(&message, 0, sizeof(message));
	mnl_nlmsg_put_header(&message);
	message.header.nlmsg_type = type;
	return mnl_nlmsg_put_extra_header(&message.header, extra);
}

static void put_address(uint16_t type, const char *text)
{
	uint8_t address[16];

	unit__address(text, address);
	mnl_attr_put(&message.header, type, strchr(text, ':') ? 16 : 4, address);
}

/* ---- routes ---- */

static void begin_route(uint8_t family, const char *prefix, uint8_t length)
{
	struct rtmsg *route = begin(RTM_NEWROUTE, sizeof(*route));

	route->rtm_family = family;
	route->rtm_dst_len = length;
	route->rtm_table = RT_TABLE_MAIN;
	route->rtm_protocol = RTPROT_BGP;
	route->rtm_type = RTN_UNICAST;
	put_address(RTA_DST, prefix);
}

static void make_simple_route(void)
{
	struct nlattr *metrics;

	begin_route(AF_INET, "203.0.113.0", 24);
	put_address(RTA_GATEWAY, "10.0.2.1");
	put_address(RTA_PREFSRC, "10.0.2.254");
	mnl_attr_put_u32(&message.header, RTA_OIF, 7);
	mnl_attr_put_u32(&message.header, RTA_PRIORITY, 20);
	mnl_attr_put_u32(&message.header, RTA_TABLE, 1000);
	metrics = mnl_attr_nest_start(&message.header, RTA_METRICS);
	mnl_attr_put_u32(&message.header, RTAX_MTU, 1400);
	mnl_attr_nest_end(&message.header, metrics);
}

static void put_hop(uint32_t ifindex, uint8_t weight, const char *gateway, bool via)
{
	struct rtnexthop *hop = (void *)(message.byte + message.header.nlmsg_len);
	struct {
		uint16_t family;
		uint8_t address[16];
	} other = { 0 };
	uint32_t begin_at = message.header.nlmsg_len;

	hop->rtnh_ifindex = (int)ifindex;
	hop->rtnh_hops = (uint8_t)(weight - 1);
	message.header.nlmsg_len += sizeof(*hop);
	if (via) {
		other.family = AF_INET6;
		unit__address(gateway, other.address);
		mnl_attr_put(&message.header, RTA_VIA, sizeof(other), &other);
	} else {
		put_address(RTA_GATEWAY, gateway);
	}
	hop->rtnh_len = (uint16_t)(message.header.nlmsg_len - begin_at);
}

static void make_multipath_route(void)
{
	struct nlattr *nest;

	begin_route(AF_INET, "198.51.100.0", 24);
	nest = mnl_attr_nest_start(&message.header, RTA_MULTIPATH);
	put_hop(3, 1, "10.0.2.1", false);
	put_hop(4, 200, "2001:db8::1", true);
	mnl_attr_nest_end(&message.header, nest);
}

static void make_ipv6_route(void)
{
	struct rta_cacheinfo info = { .rta_expires = 100 * 100 };

	begin_route(AF_INET6, "2001:db8:100::", 48);
	put_address(RTA_GATEWAY, "fe80::1");
	mnl_attr_put_u32(&message.header, RTA_OIF, 9);
	mnl_attr_put_u8(&message.header, RTA_PREF, 3);
	mnl_attr_put(&message.header, RTA_CACHEINFO, sizeof(info), &info);
}

static struct nl_path paths[NL_PATHS_MAX];

static void simple_route(void **state)
{
	struct nl_route route;
	uint8_t gateway[16];

	(void)state;
	make_simple_route();
	assert_int_equal(nl_parse__route(&message.header, paths, &route), 0);
	assert_int_equal(route.table, 1000);
	assert_int_equal(route.prefix_length, 24);
	assert_int_equal(route.metric, 20);
	assert_int_equal(route.mtu, 1400);
	assert_int_equal(route.protocol, RTPROT_BGP);
	assert_int_equal(route.path_count, 1);
	assert_int_equal(paths[0].ifindex, 7);
	assert_int_equal(paths[0].weight, 1);
	unit__address("10.0.2.1", gateway);
	assert_memory_equal(paths[0].gateway, gateway, 16);
}

static void multipath_route(void **state)
{
	struct nl_route route;

	(void)state;
	make_multipath_route();
	assert_int_equal(nl_parse__route(&message.header, paths, &route), 0);
	assert_int_equal(route.path_count, 2);
	assert_int_equal(paths[0].ifindex, 3);
	assert_int_equal(paths[0].gateway_family, AF_INET);
	assert_int_equal(paths[1].weight, 200);
	assert_int_equal(paths[1].gateway_family, AF_INET6);
}

static void ipv6_route(void **state)
{
	struct nl_route route;

	(void)state;
	make_ipv6_route();
	assert_int_equal(nl_parse__route(&message.header, paths, &route), 0);
	assert_int_equal(route.prefix_length, 48);
	assert_true(route.expires);
	assert_int_equal(route.lifetime, 100 * 1000);
	assert_int_equal(route.preference, 3);
}

/* ---- the other objects ---- */

static void make_link(void)
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 };
	struct ifinfomsg *link = begin(RTM_NEWLINK, sizeof(*link));

	link->ifi_index = 5;
	link->ifi_type = ARPHRD_ETHER;
	link->ifi_flags = IFF_UP;
	mnl_attr_put_strz(&message.header, IFLA_IFNAME, "eth5");
	mnl_attr_put_u32(&message.header, IFLA_MTU, 1500);
	mnl_attr_put_u32(&message.header, IFLA_MAX_MTU, 3506);
	mnl_attr_put(&message.header, IFLA_ADDRESS, sizeof(mac), mac);
}

static void make_vlan_on(uint32_t flags, bool marks)
{
	const struct ifla_vlan_flags wanted = { .flags = flags, .mask = 0xffffffff };
	struct nlattr *info, *data, *marking;

	make_link();
	mnl_attr_put_u32(&message.header, IFLA_LINK, 3);
	info = mnl_attr_nest_start(&message.header, IFLA_LINKINFO);
	mnl_attr_put_strz(&message.header, IFLA_INFO_KIND, "vlan");
	data = mnl_attr_nest_start(&message.header, IFLA_INFO_DATA);
	mnl_attr_put_u16(&message.header, IFLA_VLAN_PROTOCOL, htons(ETH_P_8021AD));
	mnl_attr_put_u16(&message.header, IFLA_VLAN_ID, 300);
	mnl_attr_put(&message.header, IFLA_VLAN_FLAGS, sizeof(wanted), &wanted);
	if (marks) {
		marking = mnl_attr_nest_start(&message.header, IFLA_VLAN_EGRESS_QOS);
		mnl_attr_nest_end(&message.header, marking);
	}
	mnl_attr_nest_end(&message.header, data);
	mnl_attr_nest_end(&message.header, info);
}

static void make_vlan(void)
{
	make_vlan_on(VLAN_FLAG_REORDER_HDR, true);
}

static void make_address(void)
{
	struct ifaddrmsg *address = begin(RTM_NEWADDR, sizeof(*address));

	address->ifa_family = AF_INET;
	address->ifa_prefixlen = 24;
	address->ifa_index = 5;
	put_address(IFA_LOCAL, "10.0.1.254");
	put_address(IFA_ADDRESS, "10.0.1.254");
	mnl_attr_put_u32(&message.header, IFA_FLAGS, IFA_F_PERMANENT);
}

static void make_neighbour(void)
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 9 };
	struct ndmsg *neighbour = begin(RTM_NEWNEIGH, sizeof(*neighbour));

	neighbour->ndm_family = AF_INET6;
	neighbour->ndm_ifindex = 5;
	neighbour->ndm_state = NUD_REACHABLE;
	put_address(NDA_DST, "fe80::9");
	mnl_attr_put(&message.header, NDA_LLADDR, sizeof(mac), mac);
}

static void make_nexthop(void)
{
	struct nhmsg *nexthop = begin(RTM_NEWNEXTHOP, sizeof(*nexthop));

	nexthop->nh_family = AF_INET;
	mnl_attr_put_u32(&message.header, NHA_ID, 77);
	mnl_attr_put_u32(&message.header, NHA_OIF, 5);
}

static void make_resilient(void)
{
	const struct nexthop_grp members[2] = { { .id = 1 }, { .id = 2, .weight = 4 } };
	struct nlattr *nest;

	begin(RTM_NEWNEXTHOP, sizeof(struct nhmsg));
	mnl_attr_put_u32(&message.header, NHA_ID, 78);
	mnl_attr_put(&message.header, NHA_GROUP, sizeof(members), members);
	mnl_attr_put_u16(&message.header, NHA_GROUP_TYPE, NEXTHOP_GRP_TYPE_RES);
	nest = mnl_attr_nest_start(&message.header, NHA_RES_GROUP);
	mnl_attr_put_u16(&message.header, NHA_RES_GROUP_BUCKETS, 300);
	mnl_attr_nest_end(&message.header, nest);
}

static void make_bucket(void)
{
	struct nlattr *nest;

	begin(RTM_NEWNEXTHOPBUCKET, sizeof(struct nhmsg));
	mnl_attr_put_u32(&message.header, NHA_ID, 78);
	nest = mnl_attr_nest_start(&message.header, NHA_RES_BUCKET);
	mnl_attr_put_u16(&message.header, NHA_RES_BUCKET_INDEX, 299);
	mnl_attr_put_u32(&message.header, NHA_RES_BUCKET_NH_ID, 2);
	mnl_attr_nest_end(&message.header, nest);
}

static void a_resilient_group_and_a_bucket(void **state)
{
	struct nl_nexthop nexthop;
	struct nl_bucket bucket;

	(void)state;
	make_resilient();
	assert_int_equal(nl_parse__nexthop(&message.header, &nexthop), 0);
	assert_int_equal(nexthop.bucket_count, 300);
	assert_int_equal(nexthop.members[1].weight, 5);
	make_bucket();
	assert_int_equal(nl_parse__bucket(&message.header, &bucket), 0);
	assert_true(bucket.group == 78 && bucket.index == 299 && bucket.member == 2);
	begin(RTM_NEWNEXTHOPBUCKET, sizeof(struct nhmsg));
	mnl_attr_put_u32(&message.header, NHA_ID, 78);
	assert_int_equal(nl_parse__bucket(&message.header, &bucket), -EBADMSG);
}

static void link_address_neighbour(void **state)
{
	struct nl_link link;
	struct nl_address address;
	struct nl_neighbour neighbour;
	struct nl_nexthop nexthop;

	(void)state;
	make_link();
	assert_int_equal(nl_parse__link(&message.header, &link), 0);
	assert_int_equal(link.ifindex, 5);
	assert_string_equal(link.name, "eth5");
	assert_int_equal(link.mtu, 1500);
	assert_int_equal(link.max_mtu, 3506);
	assert_int_equal(link.mac[5], 1);
	make_address();
	assert_int_equal(nl_parse__address(&message.header, &address), 0);
	assert_int_equal(address.prefix_length, 24);
	make_neighbour();
	assert_int_equal(nl_parse__neighbour(&message.header, &neighbour), 0);
	assert_int_equal(neighbour.mac_length, 6);
	assert_int_equal(neighbour.state, NUD_REACHABLE);
	make_nexthop();
	assert_int_equal(nl_parse__nexthop(&message.header, &nexthop), 0);
	assert_int_equal(nexthop.id, 77);
}

static void vlan(void **state)
{
	struct nl_link link;

	(void)state;
	make_vlan();
	assert_int_equal(nl_parse__link(&message.header, &link), 0);
	assert_int_equal(link.parent, 3);
	assert_int_equal(link.vlan_protocol, htons(ETH_P_8021AD));
	assert_int_equal(link.vlan_id, htons(300));
	assert_true(link.vlan_reorder && link.vlan_marks);
	make_vlan_on(0, false);
	assert_int_equal(nl_parse__link(&message.header, &link), 0);
	assert_false(link.vlan_reorder || link.vlan_marks);
	/* The device below is in another network namespace: its number says nothing here. */
	mnl_attr_put_u32(&message.header, IFLA_LINK_NETNSID, 0);
	assert_int_equal(nl_parse__link(&message.header, &link), 0);
	assert_int_equal(link.parent, 0);
	/* IFLA_LINK of other kinds is the other end, or what lies below: no matter. */
	make_link();
	mnl_attr_put_u32(&message.header, IFLA_LINK, 3);
	assert_int_equal(nl_parse__link(&message.header, &link), 0);
	assert_int_equal(link.parent, 0);
}

/* ---- damage ---- */

static int parse_link(const struct nlmsghdr *header)
{
	struct nl_link link;

	return nl_parse__link(header, &link);
}

static int parse_address(const struct nlmsghdr *header)
{
	struct nl_address address;

	return nl_parse__address(header, &address);
}

static int parse_neighbour(const struct nlmsghdr *header)
{
	struct nl_neighbour neighbour;

	return nl_parse__neighbour(header, &neighbour);
}

static int parse_rule(const struct nlmsghdr *header)
{
	struct nl_rule rule;

	return nl_parse__rule(header, &rule);
}

static int parse_nexthop(const struct nlmsghdr *header)
{
	struct nl_nexthop nexthop;

	return nl_parse__nexthop(header, &nexthop);
}

static int parse_bucket(const struct nlmsghdr *header)
{
	struct nl_bucket bucket;

	return nl_parse__bucket(header, &bucket);
}

static int parse_route(const struct nlmsghdr *header)
{
	struct nl_route route;

	return nl_parse__route(header, paths, &route);
}

static const struct {
	void (*make)(void);
	int (*parse)(const struct nlmsghdr *header);
} kinds[] = {
	{ make_simple_route, parse_route }, { make_multipath_route, parse_route }, { make_ipv6_route, parse_route },
	{ make_link, parse_link },	    { make_address, parse_address },	   { make_neighbour, parse_neighbour },
	{ make_simple_route, parse_rule }, /* a header of the same size */
	{ make_vlan, parse_link },	    { make_nexthop, parse_nexthop },    { make_resilient, parse_nexthop },	   { make_bucket, parse_bucket },
};

/* Parses the first `length` bytes, in memory of that size. */
static int parse_alone(size_t kind, size_t length)
{
	struct nlmsghdr *copy = malloc(length);
	int result;

	memcpy(copy, &message, length);
	copy->nlmsg_len = (uint32_t)length;
	result = kinds[kind].parse(copy);
	free(copy);
	return result;
}

static void cut_anywhere(void **state)
{
	(void)state;
	for (size_t kind = 0; kind < COUNT(kinds); kind++) {
		kinds[kind].make();
		for (size_t length = sizeof(message.header); length <= message.header.nlmsg_len; length++) {
			int result = parse_alone(kind, length);

			assert_true(result == 0 || result == 1 || result == -EBADMSG);
			if (length < sizeof(message.header) + 8) /* no kind has a shorter header of its own */
				assert_int_equal(result, -EBADMSG);
		}
	}
}

static void damaged_anyhow(void **state)
{
	unsigned int refused = 0;

	(void)state;
	unit__seed();
	for (int round = 0; round < 30000; round++) {
		size_t kind = unit__below(COUNT(kinds)), length;
		int result;

		kinds[kind].make();
		length = message.header.nlmsg_len;
		for (unsigned int i = 1 + unit__below(3); i; i--)
			message.byte[sizeof(message.header) + unit__below((unsigned)(length - sizeof(message.header)))] = (char)random();
		result = parse_alone(kind, length);
		assert_true(result == 0 || result == 1 || result == -EBADMSG);
		refused += result == -EBADMSG;
	}
	assert_true(refused > 1000);
}

static void outputs_stay_untouched(void **state)
{
	struct nl_route route, before;

	(void)state;
	memset(&route, 0x5a, sizeof(route));
	before = route;
	make_simple_route();
	message.header.nlmsg_len -= 4;
	assert_int_equal(nl_parse__route(&message.header, paths, &route), -EBADMSG);
	assert_memory_equal(&route, &before, sizeof(route));
}

/* Its key in the tries would be that of another prefix. */
static void a_prefix_has_no_host_bits(void **state)
{
	static const struct {
		uint8_t family, length;
		const char *prefix;
		int result;
	} cases[] = {
		{ AF_INET, 24, "203.0.113.0", 0 },
		{ AF_INET, 32, "203.0.113.255", 0 },
		{ AF_INET, 24, "203.0.113.1", -EBADMSG },
		{ AF_INET, 23, "203.0.113.0", -EBADMSG },
		{ AF_INET6, 49, "2001:db8:1:8000::", 0 },
		{ AF_INET6, 128, "2001:db8::1", 0 },
		{ AF_INET6, 48, "2001:db8:1:8000::", -EBADMSG },
		{ AF_INET6, 127, "2001:db8::1", -EBADMSG },
	};
	struct nl_route route;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		begin_route(cases[i].family, cases[i].prefix, cases[i].length);
		mnl_attr_put_u32(&message.header, RTA_OIF, 7);
		assert_int_equal(nl_parse__route(&message.header, paths, &route), cases[i].result);
	}
}

/* A length whose highest bit is set is a small number to who compares signed ones. */
static void a_length_beyond_the_end_is_seen(void **state)
{
	static const uint32_t beyond[] = { 33, 0x7fffffff, 0x80000000, 0x80000020, 0xfffffff0, 0xffffffff };

	(void)state;
	begin(RTM_NEWROUTE, 16);
	assert_int_equal(message.header.nlmsg_len, 32);
	assert_true(nl_parse__is_whole(&message.header, 32));
	assert_true(nl_parse__is_whole(&message.header, 1000));
	assert_false(nl_parse__is_whole(&message.header, 31));
	assert_false(nl_parse__is_whole(&message.header, 15));
	assert_false(nl_parse__is_whole(&message.header, -4));
	for (size_t i = 0; i < sizeof(beyond) / sizeof(beyond[0]); i++) {
		message.header.nlmsg_len = beyond[i];
		assert_false(nl_parse__is_whole(&message.header, 32));
	}
	message.header.nlmsg_len = 15;
	assert_false(nl_parse__is_whole(&message.header, 32));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(simple_route),
		cmocka_unit_test(multipath_route),
		cmocka_unit_test(ipv6_route),
		cmocka_unit_test(link_address_neighbour),
		cmocka_unit_test(vlan),
		cmocka_unit_test(a_resilient_group_and_a_bucket),
		cmocka_unit_test(cut_anywhere),
		cmocka_unit_test(damaged_anyhow),
		cmocka_unit_test(outputs_stay_untouched),
		cmocka_unit_test(a_prefix_has_no_host_bits),
		cmocka_unit_test(a_length_beyond_the_end_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
