// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Three answers about one packet, compared. What may explain a difference is in excuse.c. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <xfib/lookup.h>
#include <xfib/xfib.h>

#include "bpf_maps.h"
#include "judge.h"

#include "helper.skel.h"
#include "xfib.skel.h"

#define LINK_SLOTS_MAX 256

static struct bpf_maps *maps;
static struct helper *helper;
static struct tally *tally;
static const struct link_seen *links;
static int processors;
static uint64_t counted[LINK_SLOTS_MAX][XFIB_REASON_COUNT]; /* packets so far, by slot of xfib_links */

void judge__open(struct bpf_maps *opened, struct tally *kept)
{
	maps = opened;
	tally = kept;
	processors = libbpf_num_possible_cpus();
	helper = helper__open_and_load();
	if (!helper || processors < 1 || maps->maps.sizes.links > LINK_SLOTS_MAX) {
		fprintf(stderr, "differential: the program that asks bpf_fib_lookup() does not load\n");
		exit(2);
	}
}

const char *judge__helper_name(size_t index)
{
	static const char *const names[] = {
		[HELPER_OTHER_PATH] = "another path of the same route",
		[HELPER_NO_NEIGHBOUR] = "a neighbour that is not resolved",
		[HELPER_NO_ADDRESSES] = "a device without neighbours",
		[HELPER_TOO_LARGE] = "larger than the MTU",
		[HELPER_ENCAPSULATED] = "an encapsulated route",
		[HELPER_TTL] = "an expired TTL",
		[HELPER_THROW] = "an IPv6 throw route",
		[HELPER_SUPPRESSED] = "an IPv6 route that a rule suppresses",
		[HELPER_IIF] = "by the member of a VRF",
		[HELPER_NO_IPV6] = "a device without IPv6",
		[HELPER_SOURCE] = "a source that is not valid",
	};

	return index < COUNT(names) ? names[index] : NULL;
}

/* ---- asking ---- */

static int run(int program, uint32_t ifindex, const struct frame *sent, struct frame *received, uint32_t *ret_action)
{
	struct xdp_md context = { .data_end = (uint32_t)sent->length, .ingress_ifindex = ifindex };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = sent->byte, .data_size_in = (uint32_t)sent->length, .data_out = received->byte,
		    .data_size_out = sizeof(received->byte), .ctx_in = &context, .ctx_size_in = sizeof(context), .repeat = 1);
	int err = bpf_prog_test_run_opts(program, &opts);

	received->length = opts.data_size_out;
	*ret_action = opts.retval;
	return err;
}

/* The reason that moved in a slot of xfib_stats since it was last looked at; XFIB_REASON_COUNT: none, or several. */
static enum xfib_reason moved(uint32_t slot)
{
	static struct xfib_link_stats stats[256];
	enum xfib_reason found = XFIB_REASON_COUNT;
	uint32_t count = 0;

	if (processors > (int)COUNT(stats) || bpf_map_lookup_elem(maps->stats_fd, &slot, stats))
		return XFIB_REASON_COUNT;
	for (uint32_t reason = 0; reason < XFIB_REASON_COUNT; reason++) {
		uint64_t packets = 0;

		for (int i = 0; i < processors; i++)
			packets += stats[i].reason[reason].packets;
		if (packets != counted[slot][reason]) {
			count += (uint32_t)(packets - counted[slot][reason]);
			found = reason;
		}
		counted[slot][reason] = packets;
	}
	return count == 1 ? found : XFIB_REASON_COUNT;
}

static uint32_t slot_of(uint32_t ifindex)
{
	for (uint32_t probe = 0; probe < XFIB_LINK_PROBES; probe++) {
		uint32_t slot = xfib_link__slot(ifindex, maps->maps.sizes.links, probe);

		if (maps->maps.links[slot].ifindex == ifindex)
			return slot;
	}
	return 0;
}

/* The TC program has to say the same, but for devices that take no frames redirected by XDP. */
static const char *ask_tc(const struct opinions *opinions)
{
	static const uint32_t actions[] = { [XDP_DROP] = TC_ACT_SHOT, [XDP_PASS] = TC_ACT_OK, [XDP_REDIRECT] = TC_ACT_REDIRECT };
	struct __sk_buff context = { .ifindex = opinions->ingress, .ingress_ifindex = opinions->ingress };
	struct frame received;
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = opinions->sent.byte, .data_size_in = (uint32_t)opinions->sent.length,
		    .data_out = received.byte, .data_size_out = sizeof(received.byte), .ctx_in = &context,
		    .ctx_size_in = sizeof(context), .repeat = 1);
	enum xfib_reason reason;

	if (bpf_prog_test_run_opts(bpf_program__fd(maps->skeleton->progs.xfib_tc), &opts))
		return "the TC program does not run";
	reason = moved(slot_of(opinions->ingress));
	if (opinions->reason == XFIB_REASON_NO_REDIRECT)
		return reason == XFIB_REASON_FORWARDED ? NULL : "TC: not forwarded, though it needs no redirect of XDP's";
	if (reason != opinions->reason || opinions->action >= COUNT(actions) || opts.retval != actions[opinions->action])
		return "TC: another verdict than XDP's";
	if (opts.data_size_out != opinions->received.length || memcmp(received.byte, opinions->received.byte, opts.data_size_out))
		return "TC: another packet than XDP's";
	return NULL;
}

/* What the kernel says. An IPv6 packet that a member of a VRF has received comes by the VRF. */
static void ask_kernel(const struct question *question, struct opinions *opinions)
{
	const struct link_seen *link = &opinions->links[question->device];
	uint32_t ifindex = is_in_vrf(opinions, question) && question->family == AF_INET6 ? link->master : link->ifindex;

	kernel__ask(question, ifindex, true, &opinions->route);
	if (question->family == AF_INET6 && (opinions->route.nexthop || opinions->route.error))
		kernel__forget_answers();
	kernel__ask(question, ifindex, false, &opinions->kernel);
	opinions->forwards = !opinions->kernel.error && opinions->kernel.type == RTN_UNICAST && question->ttl > 1 &&
			     (question->family == AF_INET || link->inet6); /* which the kernel asks before the route */
	opinions->route.path_count = 0;
	opinions->route.mtu = 0;
	if (opinions->forwards)
		kernel__ask(question, ifindex, true, &opinions->route);
}

/* A packet with a mark, which only the TC program can see: its verdict, as XDP would have said it. */
static const char *ask_marked(const struct question *question, struct opinions *opinions)
{
	static const uint32_t actions[] = { [TC_ACT_SHOT] = XDP_DROP, [TC_ACT_OK] = XDP_PASS, [TC_ACT_REDIRECT] = XDP_REDIRECT };
	const struct link_seen *link = &opinions->links[question->device];
	struct __sk_buff context = { .ifindex = link->ifindex, .ingress_ifindex = link->ifindex, .mark = question->mark };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = opinions->sent.byte, .data_out = opinions->received.byte,
		    .data_size_out = sizeof(opinions->received.byte), .ctx_in = &context, .ctx_size_in = sizeof(context), .repeat = 1);

	opinions->ingress = link->ifindex;
	frame__build(question, link->mac, &opinions->sent);
	opts.data_size_in = (uint32_t)opinions->sent.length;
	if (bpf_prog_test_run_opts(bpf_program__fd(maps->skeleton->progs.xfib_tc), &opts))
		return "the TC program does not run with a mark";
	opinions->received.length = opts.data_size_out;
	opinions->action = opts.retval < COUNT(actions) ? actions[opts.retval] : XDP_ABORTED;
	opinions->reason = moved(slot_of(link->ifindex));
	if (opinions->reason == XFIB_REASON_COUNT)
		return "not counted once";
	ask_kernel(question, opinions);
	opinions->helper.status = BPF_FIB_LKUP_RET_BLACKHOLE; /* it has no say: as if it agreed */
	return NULL;
}

static const char *ask(const struct question *question, struct opinions *ret_opinions)
{
	struct opinions *opinions = ret_opinions;
	const struct link_seen *link = &opinions->links[question->device];
	struct frame ignored;
	const char *what;
	uint32_t action;

	opinions->ingress = link->ifindex;
	frame__build(question, link->mac, &opinions->sent);
	if (run(bpf_program__fd(maps->skeleton->progs.xfib_xdp), link->ifindex, &opinions->sent, &opinions->received, &opinions->action))
		return "the program does not run";
	opinions->reason = moved(slot_of(link->ifindex));
	if (opinions->reason == XFIB_REASON_COUNT)
		return "not counted once";
	what = ask_tc(opinions);
	if (what)
		return what;
	ask_kernel(question, opinions);
	if (run(bpf_program__fd(helper->progs.ask_helper), link->ifindex, &opinions->sent, &ignored, &action) || action != XDP_PASS)
		return "bpf_fib_lookup() cannot be asked";
	opinions->helper = helper->bss->answer;
	return NULL;
}

/* ---- judging ---- */

/* Each of several IPv6 paths has an MTU of its own, of which a dump shows the first one's only: that of the device must hold. */
static bool is_too_large(const struct opinions *opinions, const struct path_seen *path, const struct question *question)
{
	if (question->family == AF_INET6 && opinions->route.path_count > 1)
		return question->length > opinions__link(opinions, path->ifindex)->mtu6;
	return path__exceeds(opinions, path, question);
}

/* Is the egress that the frame shows one of the paths that the packet may take? */
static const char *judge_egress(const struct opinions *opinions, const struct question *question)
{
	const char *wrong = "forwarded: by another device than the kernel";
	const struct path_seen *path;
	uint8_t mac[6];

	for (size_t i = 0; (path = opinions__path(opinions, i)); i++) {
		const struct link_seen *link = opinions__link(opinions, path->ifindex);

		if (!link || memcmp(opinions->received.byte + 6, link->mac, 6) || (i && path->flags & RTNH_F_DEAD))
			continue;
		if (!path__neighbour(path, question, mac) || memcmp(opinions->received.byte, mac, 6)) {
			wrong = "forwarded: to another neighbour than the kernel's";
			continue;
		}
		if (path->encap) { /* unless by another path, which goes the same way without */
			wrong = "forwarded: without its encapsulation";
			continue;
		}
		return is_too_large(opinions, path, question) ? "forwarded: though it is larger than the MTU" : NULL;
	}
	return wrong;
}

static const char *judge(const struct opinions *opinions, const struct question *question)
{
	static char text[80];

	switch (opinions->action) {
	case XDP_REDIRECT:
		tally->forwarded++;
		if (opinions->reason != XFIB_REASON_FORWARDED)
			return "forwarded: counted as something else";
		if (!opinions->forwards)
			return "forwarded: what the kernel does not";
		if (!frame__is_forwarded(&opinions->sent, &opinions->received))
			return "forwarded: rewritten wrongly";
		return judge_egress(opinions, question);
	case XDP_DROP:
		tally->dropped++;
		if (opinions->reason != XFIB_REASON_BLACKHOLE || opinions->forwards || !excuse__agrees(opinions, question))
			return "dropped: what the kernel does not";
		return NULL;
	case XDP_PASS:
		if (memcmp(opinions->sent.byte, opinions->received.byte, opinions->sent.length))
			return "passed: not as it came";
		if (!opinions->forwards) {
			tally->kept++;
			snprintf(text, sizeof(text), "passed: %s means something else", xfib_reason__name(opinions->reason));
			return excuse__agrees(opinions, question) ? NULL : text;
		}
		tally->passed[opinions->reason]++;
		snprintf(text, sizeof(text), "passed: no cause for %s", xfib_reason__name(opinions->reason));
		return excuse__accepts(opinions, question) ? NULL : text;
	default:
		return "another action than the three";
	}
}

void judge__begin(void)
{
	links = world__links();
}

bool judge__draw(struct question *question)
{
	static const uint16_t lengths[] = { 60, 60, 60, 60, 60, 60, 60, 999, 1001, 1281, 1290, 1401, 1500 };

	question->device = (uint8_t)(random__below(16) ? VETH1 + random__below(4) : random__below(VRF));
	for (uint32_t tries = 0; !(links[question->device].flags & IFF_UP); tries++) {
		if (tries == VRF)
			return false;
		question->device = (uint8_t)((question->device + 1) % VRF);
	}
	question->family = random__below(2) ? AF_INET6 : AF_INET;
	question->tos = random__below(20) ? 0 : 0x10;
	question->ttl = random__below(40) ? 64 : 1;
	question->mark = random__below(6) ? 0 : MARK;
	question->length = lengths[random__below(COUNT(lengths))];
	question->source = random__below(4) ? pool__host(question->family, question->device, random__below(3)) :
					      pool__anywhere(question->family, random__below(1000));
	question->destination = random__below(3) ? pool__anywhere(question->family, random__below(1000)) :
						   pool__host(question->family, VETH1 + random__below(6), random__below(3));
	return true;
}

/* The kernel's routes that cover the packet's addresses. */
static void describe_routes(const struct question *question, char *text, size_t size)
{
	const struct route_seen *routes;
	size_t count = kernel__routes(question->family, &routes), at = 0;

	for (size_t i = 0; i < count && at < size; i++) {
		bool is_way = route__covers(&routes[i], &question->destination);

		if (!is_way && !route__covers(&routes[i], &question->source))
			continue;
		at += (size_t)snprintf(text + at, size - at, "    %s: %s/%u type %u table %u metric %u tos %u", is_way ? "to" : "from",
				       text_of(&routes[i].destination), routes[i].length, routes[i].type, routes[i].table, routes[i].metric,
				       routes[i].tos);
		for (size_t j = 0; j < routes[i].path_count && at < size; j++)
			at += (size_t)snprintf(text + at, size - at, " via %s ifindex %u flags %#x", text_of(&routes[i].path[j].gateway),
					       routes[i].path[j].ifindex, routes[i].path[j].flags);
		if (at < size)
			at += (size_t)snprintf(text + at, size - at, "\n");
	}
}

/* Likewise xfib's. */
static void describe_held(const struct question *question, char *text, size_t size)
{
	size_t at = 0;

	for (uint32_t id = 1; id < maps->maps.state->routes_end && at < size; id++) {
		const struct xfib_route *route = &maps->maps.routes[id];
		const struct xfib_nexthop *nexthop = &maps->maps.nexthops[route->nexthop];
		struct route_seen seen = { .length = route->prefix_length, .destination.family = route->family };
		struct address gateway = { .family = nexthop->gateway_family };

		memcpy(seen.destination.byte, route->prefix, 16);
		memcpy(gateway.byte, nexthop->gateway, 16);
		if (route->family != question->family || route->flags & XFIB_ROUTE_GONE || !route__covers(&seen, &question->destination))
			continue;
		at += (size_t)snprintf(text + at, size - at, "    xfib holds: %s/%u type %u table %u metric %u via %s ifindex %u flags %#x %#x\n",
				       text_of(&seen.destination), route->prefix_length, route->type, route->table, route->metric,
				       text_of(&gateway), nexthop->ifindex, route->flags, nexthop->flags);
	}
}

void judge__describe(const struct address *destination, char *text, size_t size)
{
	struct question question = { .family = destination->family, .source = *destination, .destination = *destination };

	describe_routes(&question, text, size);
	describe_held(&question, text + strlen(text), size - strlen(text));
}

static void describe(const struct opinions *opinions, const struct question *question, const char *what, char *text, size_t size)
{
	const struct route_seen *kernel = &opinions->kernel;
	const struct path_seen *path = &kernel->path[0];
	const uint8_t *mac = opinions->received.byte;
	int length = snprintf(text, size, "%s\n  from %s to %s iif %s tos %#x ttl %u length %u mark %u\n  xfib: action %u %s", what,
			      text_of(&question->source), text_of(&question->destination), device_names[question->device], question->tos,
			      question->ttl, question->length, question->mark, opinions->action,
			      opinions->reason < XFIB_REASON_COUNT ? xfib_reason__name(opinions->reason) : "none");

	if (opinions->action == XDP_REDIRECT)
		length += snprintf(text + length, size - (size_t)length, " to %02x:%02x:%02x:%02x:%02x:%02x from %02x:%02x:%02x:%02x:%02x:%02x",
				   mac[0], mac[1], mac[2], mac[3], mac[4], mac[5], mac[6], mac[7], mac[8], mac[9], mac[10], mac[11]);
	length += snprintf(text + length, size - (size_t)length, "\n  kernel: %s type %u table %u via %s ifindex %u mtu %u\n",
			   kernel->error ? strerror(-kernel->error) : "a route", kernel->type, kernel->table, text_of(&path->gateway),
			   path->ifindex, kernel->mtu);
	for (size_t i = 1; opinions->forwards && (path = opinions__path(opinions, i)) && (size_t)length < size; i++)
		length += snprintf(text + length, size - (size_t)length, "    path via %s ifindex %u flags %#x%s\n", text_of(&path->gateway),
				   path->ifindex, path->flags, path->encap ? " encap" : "");
	length += snprintf(text + length, size - (size_t)length, "  bpf_fib_lookup(): %lld ifindex %u\n", (long long)opinions->helper.status,
			   opinions->helper.ifindex);
	describe_routes(question, text + length, size - (size_t)length);
	length += (int)strlen(text + length);
	describe_held(question, text + length, size - (size_t)length);
}

/*
 * Each processor keeps the kernel's last answer by an IPv6 next hop object, and one may still say "unreachable" when the
 * others know better, until any route changes. So a difference is one that every processor sees.
 */
static const char *judge_helper(struct opinions *opinions, const struct question *question)
{
	enum helper_difference difference = helper__compare(opinions, question);
	const char *wrong = NULL;
	cpu_set_t all, one;

	sched_getaffinity(0, sizeof(all), &all);
	for (size_t cpu = 0; difference == HELPER_UNEXPLAINED && !wrong && cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &all))
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		sched_setaffinity(0, sizeof(one), &one);
		wrong = ask(question, opinions);
		if (!wrong)
			wrong = judge(opinions, question);
		difference = helper__compare(opinions, question);
	}
	sched_setaffinity(0, sizeof(all), &all);
	if (wrong)
		return wrong;
	tally->helper[difference]++;
	return difference == HELPER_UNEXPLAINED ? "bpf_fib_lookup() differs from the kernel" : NULL;
}

const char *judge__ask(const struct question *question, char *ret_text, size_t size)
{
	static struct opinions opinions;
	const char *wrong;

	opinions.links = links;
	if (!links[question->device].ifindex || !(links[question->device].flags & IFF_UP))
		return NULL; /* it has gone since */
	tally->questions++;
	wrong = question->mark ? ask_marked(question, &opinions) : ask(question, &opinions);
	if (!wrong)
		wrong = judge(&opinions, question);
	if (!wrong && !question->mark) /* the helper is not told of marks on every kernel */
		wrong = judge_helper(&opinions, question);
	if (wrong && excuse__is_unknowable(&opinions, question)) {
		tally->unmarked++;
		return NULL;
	}
	if (wrong)
		describe(&opinions, question, wrong, ret_text, size);
	return wrong;
}
