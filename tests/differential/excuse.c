// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * What explains that xfib or bpf_fib_lookup() says something else than the kernel. "Up to the kernel" is always safe,
 * but has to have a cause that is there in the kernel: each is looked for, not believed.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <string.h>
#include <sys/socket.h>

#include "judge.h"

const struct path_seen *opinions__path(const struct opinions *opinions, size_t index)
{
	if (!index)
		return &opinions->kernel.path[0];
	return index <= opinions->route.path_count ? &opinions->route.path[index - 1] : NULL;
}

const struct link_seen *opinions__link(const struct opinions *opinions, uint32_t ifindex)
{
	for (size_t i = 0; i < DEVICES; i++) {
		if (opinions->links[i].ifindex == ifindex)
			return &opinions->links[i];
	}
	return NULL;
}

const struct address *path__next(const struct path_seen *path, const struct question *question)
{
	return path->gateway.family ? &path->gateway : &question->destination;
}

bool path__neighbour(const struct path_seen *path, const struct question *question, uint8_t ret_mac[6])
{
	return kernel__neighbour(path->ifindex, path__next(path, question), ret_mac);
}

bool path__exceeds(const struct opinions *opinions, const struct path_seen *path, const struct question *question)
{
	const struct link_seen *link = opinions__link(opinions, path->ifindex);
	uint32_t own = 0, mtu = link ? (question->family == AF_INET6 ? link->mtu6 : link->mtu) : 0;

	/* What the route says of the MTU holds for all paths, but each of several IPv6 ones has its own. */
	if (path == &opinions->kernel.path[0])
		own = opinions->kernel.mtu;
	else if (question->family == AF_INET || opinions->route.path_count < 2)
		own = opinions->route.mtu;
	if (own && own < mtu)
		mtu = own;
	return question->length > mtu;
}

static bool is_plain_ethernet(const struct link_seen *link)
{
	return link && link->type == ARPHRD_ETHER && !(link->flags & (IFF_NOARP | IFF_LOOPBACK));
}

bool route__covers(const struct route_seen *route, const struct address *address)
{
	uint32_t whole = route->length / 8u, rest = route->length % 8u;

	return !memcmp(route->destination.byte, address->byte, whole) &&
	       (!rest || !((route->destination.byte[whole] ^ address->byte[whole]) >> (8 - rest)));
}

/* Does the IPv4 table default, which the kernel searches last and packets here do not, know an address? */
static bool is_in_default(const struct address *address)
{
	const struct route_seen *routes;
	size_t count = kernel__routes(address->family, &routes);

	for (size_t i = 0; i < count; i++) {
		if (routes[i].table == RT_TABLE_DEFAULT && address->family == AF_INET && route__covers(&routes[i], address))
			return true;
	}
	return false;
}

/* Does the ingress port decide between two IPv6 routes, or the preference of one of several paths? */
static bool are_equal(const struct route_seen *one, const struct route_seen *other)
{
	return one->table == other->table && one->length == other->length && one->metric == other->metric &&
	       (one->preference == other->preference || one->path_count > 1 || other->path_count > 1);
}

/* Routes between which only the kernel chooses: by TOS, by source, by a life that it may have made longer, or by a packet's port. */
static bool is_peculiar(const struct address *address)
{
	const struct route_seen *routes;
	size_t count = kernel__routes(address->family, &routes);

	for (size_t i = 0; i < count; i++) {
		if (!route__covers(&routes[i], address))
			continue;
		if (routes[i].tos || routes[i].source_specific || routes[i].expired)
			return true;
		for (size_t j = 0; j < i && address->family == AF_INET6; j++) {
			if (are_equal(&routes[i], &routes[j]) && route__covers(&routes[j], address))
				return true;
		}
	}
	return false;
}

/*
 * In table local as a machine's own or a broadcast address, or as whatever may be in the place of one: what is sent from there
 * goes up, whatever the tables behind say.
 */
static bool is_own(const struct address *address)
{
	const struct route_seen *routes;
	size_t count = kernel__routes(address->family, &routes);

	for (size_t i = 0; i < count; i++) {
		if (routes[i].table == RT_TABLE_LOCAL &&
		    (routes[i].type == RTN_LOCAL || routes[i].type == RTN_BROADCAST || routes[i].length == 32) &&
		    route__covers(&routes[i], address))
			return true;
	}
	return false;
}

static bool has_throw(const struct question *question)
{
	const struct route_seen *routes;
	size_t count = kernel__routes(question->family, &routes);

	for (size_t i = 0; i < count; i++) {
		if (routes[i].type == RTN_THROW && route__covers(&routes[i], &question->destination))
			return true;
	}
	return false;
}

/* The kernel goes on to a shorter prefix where the paths of the longest are dead. */
static bool has_dead_path(const struct address *address)
{
	const struct route_seen *routes;
	size_t count = kernel__routes(address->family, &routes);

	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < routes[i].path_count && route__covers(&routes[i], address); j++) {
			if (routes[i].path[j].flags & (RTNH_F_DEAD | RTNH_F_LINKDOWN))
				return true;
		}
	}
	return false;
}

/*
 * A route `via inet6` that is made while its device has no carrier is not marked so in the kernel (fib_check_nh_v6_gw()
 * leaves RTNH_F_LINKDOWN out), which then uses it all the same. No other program can know when it was made.
 */
static bool is_unmarked(const struct opinions *opinions, const struct question *question)
{
	const struct route_seen *routes;
	size_t count = kernel__routes(question->family, &routes);

	for (size_t i = 0; i < count && question->family == AF_INET; i++) {
		if (!route__covers(&routes[i], &question->destination) && !route__covers(&routes[i], &question->source))
			continue;
		for (size_t j = 0; j < routes[i].path_count; j++) {
			const struct path_seen *path = &routes[i].path[j];
			const struct link_seen *link = opinions__link(opinions, path->ifindex);

			if (path->gateway.family == AF_INET6 && !(path->flags & (RTNH_F_DEAD | RTNH_F_LINKDOWN)) && link && !(link->flags & IFF_RUNNING))
				return true;
		}
	}
	return false;
}

static bool has_encapsulated_path(const struct address *address)
{
	const struct route_seen *routes;
	size_t count = kernel__routes(address->family, &routes);

	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < routes[i].path_count && route__covers(&routes[i], address); j++) {
			if (routes[i].path[j].encap)
				return true;
		}
	}
	return false;
}

/* Is a line of /proc/net/ipv6_route about a route to the address? The one that stands for none is not. */
static bool is_entry_to(const char *line, const struct address *address)
{
	struct route_seen route = { .destination.family = AF_INET6 };
	unsigned int length, metric;
	char text[33];

	if (sscanf(line, "%32s %x %*s %*x %*s %x", text, &length, &metric) != 3 || metric == UINT32_MAX)
		return false;
	for (size_t i = 0; i < sizeof(route.destination.byte); i++)
		sscanf(text + 2 * i, "%2hhx", &route.destination.byte[i]);
	route.length = (uint8_t)length;
	return route__covers(&route, address);
}

/*
 * Is there an IPv6 route to an address of which no dump tells? One without a gateway, or by an object, that stands between the
 * paths of another of its metric (fib6_dump_node()). The file has all: a line for each path, and for each route by an object.
 */
static bool is_route_hidden(const struct address *address)
{
	FILE *file = fopen("/proc/thread-self/net/ipv6_route", "re");
	const struct route_seen *routes;
	size_t count = kernel__routes(AF_INET6, &routes), told = 0, listed = 0;
	char line[256];

	while (file && fgets(line, sizeof(line), file))
		listed += is_entry_to(line, address);
	if (file)
		fclose(file);
	for (size_t i = 0; i < count; i++) {
		if (route__covers(&routes[i], address))
			told += routes[i].nexthop || !routes[i].path_count ? 1 : routes[i].path_count;
	}
	return listed > told;
}

bool is_in_vrf(const struct opinions *opinions, const struct question *question)
{
	uint32_t vrf = opinions->links[VRF].ifindex;

	return vrf && opinions->links[question->device].master == vrf;
}

bool excuse__is_unknowable(const struct opinions *opinions, const struct question *question)
{
	return is_unmarked(opinions, question);
}

static bool explains(const struct opinions *opinions, const struct question *question, const struct path_seen *path)
{
	const struct link_seen *link = opinions__link(opinions, path->ifindex);
	uint8_t mac[6];

	switch (opinions->reason) {
	case XFIB_REASON_NO_NEIGHBOUR:
		return !path__neighbour(path, question, mac);
	case XFIB_REASON_MTU_EXCEEDED:
		return path__exceeds(opinions, path, question);
	case XFIB_REASON_SAME_PORT:
		return path->ifindex == opinions->ingress;
	case XFIB_REASON_NO_REDIRECT:
		return !kernel__takes_redirects(path->ifindex);
	case XFIB_REASON_NOT_ETHERNET:
		return !is_plain_ethernet(link);
	case XFIB_REASON_UNSUPPORTED_ROUTE:
		return path->encap;
	default:
		return false;
	}
}

/*
 * Once there have been rules, __fib6_rule_action() passes over a route whose device has no IPv6; fib6_rule_action_alt() does not.
 * The first such path to an address, NULL: there is none; with `question`: that explains what xfib says.
 */
static const struct path_seen *find_passed_over(const struct opinions *opinions, const struct address *address,
						const struct question *question)
{
	const struct route_seen *routes;
	size_t count = kernel__routes(address->family, &routes);

	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < routes[i].path_count && route__covers(&routes[i], address); j++) {
			const struct path_seen *path = &routes[i].path[j];
			const struct link_seen *link = opinions__link(opinions, path->ifindex);

			if (link && !link->inet6 && (!question || explains(opinions, question, path)))
				return path;
		}
	}
	return NULL;
}

static bool lacks_ipv6(const struct opinions *opinions, const struct address *address)
{
	return find_passed_over(opinions, address, NULL);
}

bool excuse__accepts(const struct opinions *opinions, const struct question *question)
{
	const struct path_seen *path;

	for (size_t i = 0; (path = opinions__path(opinions, i)); i++) {
		if (explains(opinions, question, path))
			return true;
	}
	if (question->family == AF_INET6 && world__had_rules6() && find_passed_over(opinions, &question->destination, question))
		return true;
	switch (opinions->reason) {
	case XFIB_REASON_NOT_ETHERNET:
		return !is_plain_ethernet(&opinions->links[question->device]);
	case XFIB_REASON_MTU_EXCEEDED: /* an IPv6 path keeps the MTU that it was added with, of which the kernel shows the first path's only */
		return question->family == AF_INET6 && opinions->route.path_count > 1;
	case XFIB_REASON_UNSUPPORTED_ROUTE:
		return is_peculiar(&question->destination) || has_dead_path(&question->destination) ||
		       (question->family == AF_INET6 && is_route_hidden(&question->destination)) ||
		       /* what only the kernel knows enough of ends the search, whatever the length of its prefix */
		       (world__rules(question->family).suppress && has_encapsulated_path(&question->destination));
	case XFIB_REASON_NEXTHOP_DOWN:
		return has_dead_path(&question->destination);
	case XFIB_REASON_BROADCAST:
		return has_dead_path(&question->destination);
	case XFIB_REASON_NO_ROUTE:
		return opinions->kernel.table == RT_TABLE_DEFAULT;
	case XFIB_REASON_RP_FILTER:
		return world__checks_sources() || has_dead_path(&question->source) || is_peculiar(&question->source) ||
		       is_in_default(&question->source);
	case XFIB_REASON_MARTIAN:
		return question->family == AF_INET && is_own(&question->source);
	case XFIB_REASON_POLICY_RULE:
		return world__rules(question->family).unknowable || (question->family == AF_INET6 && lacks_ipv6(opinions, &question->destination));
	default:
		return false;
	}
}

/* What the kernel says of a source that is not valid; before Linux 6.13 the latter where rp_filter rejects it. */
static bool is_source_error(int error)
{
	return error == -EINVAL || error == -EXDEV;
}

bool excuse__agrees(const struct opinions *opinions, const struct question *question)
{
	const struct route_seen *kernel = &opinions->kernel;
	/* An IPv4 source that is not valid comes before the route. */
	bool rejected = question->family == AF_INET && is_source_error(kernel->error);

	switch (opinions->reason) {
	case XFIB_REASON_LOCAL:
		return rejected || (!kernel->error && (kernel->type == RTN_LOCAL || kernel->type == RTN_ANYCAST));
	case XFIB_REASON_BROADCAST:
		return rejected || (!kernel->error && kernel->type == RTN_BROADCAST) || has_dead_path(&question->destination);
	case XFIB_REASON_MULTICAST:
		return !kernel->error && kernel->type == RTN_MULTICAST;
	case XFIB_REASON_BLACKHOLE: /* which of IPv4 the kernel tells from nothing else that is not valid */
		return kernel->error == -EINVAL && (opinions->helper.status == BPF_FIB_LKUP_RET_BLACKHOLE || question->family == AF_INET6);
	case XFIB_REASON_UNREACHABLE:
		return rejected || kernel->error == -EHOSTUNREACH || kernel->error == -ENETUNREACH; /* the latter is a rule's */
	case XFIB_REASON_PROHIBIT:
		return rejected || kernel->error == -EACCES;
	case XFIB_REASON_NO_ROUTE:
		return rejected || kernel->error == -ENETUNREACH || is_in_default(&question->destination);
	default:
		return true; /* what is found before the route is, or is no matter of routes */
	}
}

/* ---- bpf_fib_lookup() ---- */

static bool helper_names(const struct opinions *opinions, const struct question *question, const struct path_seen *path)
{
	const struct helper_answer *helper = &opinions->helper;
	const struct link_seen *link = opinions__link(opinions, path->ifindex);
	uint8_t mac[6];

	if (helper->ifindex != path->ifindex || !is_plain_ethernet(link))
		return helper->ifindex == path->ifindex;
	return !memcmp(helper->smac, link->mac, 6) &&
	       path__neighbour(path, question, mac) && !memcmp(helper->dmac, mac, 6);
}

static enum helper_difference compare_path(const struct opinions *opinions, const struct question *question, const struct path_seen *path)
{
	uint8_t mac[6];

	switch (opinions->helper.status) {
	case BPF_FIB_LKUP_RET_SUCCESS:
		return helper_names(opinions, question, path) ? HELPER_AGREES : HELPER_UNEXPLAINED;
	case BPF_FIB_LKUP_RET_NO_NEIGH:
		if (!is_plain_ethernet(opinions__link(opinions, path->ifindex)))
			return HELPER_NO_ADDRESSES;
		return path__neighbour(path, question, mac) ? HELPER_UNEXPLAINED : HELPER_NO_NEIGHBOUR;
	case BPF_FIB_LKUP_RET_FRAG_NEEDED: /* room for the encapsulation's headers counts */
		return path->encap || path__exceeds(opinions, path, question) ? HELPER_TOO_LARGE : HELPER_UNEXPLAINED;
	case BPF_FIB_LKUP_RET_UNSUPP_LWT:
		return path->encap ? HELPER_ENCAPSULATED : HELPER_UNEXPLAINED;
	default:
		return HELPER_UNEXPLAINED;
	}
}

/* May the helper, by rules, have taken a route whose device has no IPv6, which forwarding passes over? */
static bool goes_without_ipv6(const struct opinions *opinions, const struct question *question)
{
	return question->family == AF_INET6 && world__had_rules6() && lacks_ipv6(opinions, &question->destination);
}

static enum helper_difference compare_helper(const struct opinions *opinions, const struct question *question)
{
	bool sends = opinions->helper.status == BPF_FIB_LKUP_RET_SUCCESS || opinions->helper.status == BPF_FIB_LKUP_RET_NO_NEIGH ||
		     opinions->helper.status == BPF_FIB_LKUP_RET_FRAG_NEEDED || opinions->helper.status == BPF_FIB_LKUP_RET_UNSUPP_LWT;
	const struct path_seen *path;

	if (!opinions->forwards) {
		if (!sends)
			return HELPER_AGREES;
		if (question->ttl <= 1)
			return HELPER_TTL;
		if (goes_without_ipv6(opinions, question))
			return HELPER_NO_IPV6;
		return is_source_error(opinions->kernel.error) ? HELPER_SOURCE : HELPER_UNEXPLAINED;
	}
	if (opinions->helper.status == BPF_FIB_LKUP_RET_NOT_FWDED && question->family == AF_INET6 && has_throw(question))
		return HELPER_THROW;
	for (size_t i = 0; (path = opinions__path(opinions, i)); i++) {
		enum helper_difference difference = compare_path(opinions, question, path);

		if (difference != HELPER_UNEXPLAINED)
			return i > 1 && difference == HELPER_AGREES ? HELPER_OTHER_PATH : difference;
	}
	return goes_without_ipv6(opinions, question) ? HELPER_NO_IPV6 : HELPER_UNEXPLAINED;
}

enum helper_difference helper__compare(const struct opinions *opinions, const struct question *question)
{
	enum helper_difference difference = compare_helper(opinions, question);

	/* fib6_rule_suppress() looks at what fib6_rule_action() found, which fib6_rule_action_alt() does not set. */
	if (difference == HELPER_UNEXPLAINED && question->family == AF_INET6 && world__rules(AF_INET6).suppress)
		return HELPER_SUPPRESSED;
	if (difference == HELPER_UNEXPLAINED && question->family == AF_INET6 && is_in_vrf(opinions, question) && world__rules(AF_INET6).of_vrf)
		return HELPER_IIF;
	return difference;
}
