// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
#include "world.h"

#include <arpa/inet.h>
#include <assert.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/pkt_cls.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <xfib/lookup.h>

#include "multipath.h"
#include "xfib.skel.h"

#define SLOTS 1024 /* of routes, next hops and groups */

static struct xfib_bpf *skeleton;
static uint32_t ifindex[PORTS], next_slot, next_group;
static struct xfib_link_stats *counters; /* xfib_stats, by slot of the link */
static bool takes_port;

#define DEVICES VLAN_IN /* ports below it have devices */
static const char *const names[DEVICES] = { NULL, "xi", "xe", "xo", "xn" };

const struct world_vlan world_vlans[] = {
	{ VLAN_IN, INGRESS, 0x8100, 100 },
	{ VLAN_AD, INGRESS, 0x88a8, 300 },
	{ VLAN_QINQ, VLAN_AD, 0x8100, 100 },
	{ VLAN_THIRD, VLAN_QINQ, 0x8100, 100 },
	{ VLAN_DOWN, INGRESS, 0x8100, 101, .is_down = true },
	{ VLAN_KERNEL, INGRESS, 0x8100, 102, .is_the_kernels = true },
	{ VLAN_OUT, EGRESS, 0x8100, 200 },
	{ VLAN_OUT_AD, OTHER, 0x88a8, 4094 },
	{ VLAN_OUT_QINQ, VLAN_OUT_AD, 0x8100, 1 },
	{ VLAN_NO_TX, NO_TX, 0x8100, 5 },
};
const int world_vlan_count = sizeof(world_vlans) / sizeof(world_vlans[0]);

const struct world_vlan *world__vlan(enum world_port port)
{
	for (int i = 0; i < world_vlan_count; i++) {
		if (world_vlans[i].device == port)
			return &world_vlans[i];
	}
	return NULL;
}

void world__put_tags_on(enum world_hook hook, enum world_port port, struct frame *frame)
{
	const struct world_vlan *vlan;

	for (; hook != HOOK_TC && (vlan = world__vlan(port)); port = vlan->on)
		frame__push(frame, vlan->protocol, vlan->id);
}

uint32_t world__ifindex(enum world_port port)
{
	return ifindex[port];
}

static struct {
	int count[4];
	struct xfib_event last;
} events;

static int on_event(void *ctx, void *data, size_t size)
{
	const struct xfib_event *event = data;

	(void)ctx;
	assert(size >= sizeof(*event) && event->kind < 4);
	events.count[event->kind]++;
	events.last = *event;
	return 0;
}

static struct ring_buffer *ring;

bool world__runs(enum world_hook hook)
{
	if (hook == HOOK_XDP_FRAGS)
		return bpf_program__autoload(skeleton->progs.xfib_xdp_frags);
	return takes_port || hook == HOOK_XDP;
}

static bool find_takes_port(void)
{
	const uint8_t frame[60] = { 0 };
	struct xdp_md xdp = { .data_end = sizeof(frame), .ingress_ifindex = ifindex[INGRESS] };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = sizeof(frame), .ctx_in = &xdp,
		    .ctx_size_in = sizeof(xdp), .repeat = 1);

	return !bpf_prog_test_run_opts(bpf_program__fd(skeleton->progs.xfib_xdp), &opts);
}

/* The counters of packets lie in this process's memory, not by processor: a system call for each would take most of the time. */
static int prepare_counters(void)
{
	int err = bpf_map__set_type(skeleton->maps.xfib_stats, BPF_MAP_TYPE_ARRAY);

	return err ? err : bpf_map__set_map_flags(skeleton->maps.xfib_stats, BPF_F_MMAPABLE);
}

static int map_counters(void)
{
	size_t size = (size_t)bpf_map__max_entries(skeleton->maps.xfib_stats) * sizeof(*counters);

	counters = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(skeleton->maps.xfib_stats), 0);
	return counters == MAP_FAILED ? -errno : 0;
}

/* As the daemon does. */
static int prepare_frags(void)
{
	struct bpf_program *program = skeleton->progs.xfib_xdp_frags;

	if (libbpf_probe_bpf_helper(BPF_PROG_TYPE_XDP, BPF_FUNC_xdp_get_buff_len, NULL) <= 0)
		return bpf_program__set_autoload(program, false);
	return bpf_program__set_flags(program, BPF_F_XDP_HAS_FRAGS);
}

/*
 * Where BPF_PROG_RUN takes no port, packets come from the loopback device. Such a kernel (before 5.14) also patches its own text
 * for each run of a program that is nowhere attached, and waits for all readers, which takes ten times as long as the run.
 */
static int run_on_loopback(void)
{
	ifindex[INGRESS] = if_nametoindex("lo");
	return bpf_xdp_attach((int)ifindex[INGRESS], bpf_program__fd(skeleton->progs.xfib_xdp), XDP_FLAGS_SKB_MODE, NULL);
}

int world__setup(void)
{
	if (unshare(CLONE_NEWNET) || system("ip link add xi type veth peer name xo && ip link add xe type veth peer name xn"))
		return -1;
	for (int port = INGRESS; port < PORTS; port++)
		ifindex[port] = port < DEVICES ? if_nametoindex(names[port]) : 1000u + (uint32_t)port;
	skeleton = xfib_bpf__open();
	if (!skeleton)
		return -1;
	bpf_map__set_max_entries(skeleton->maps.xfib_rib4, 20000);
	bpf_map__set_max_entries(skeleton->maps.xfib_rib6, 20000);
	bpf_map__set_max_entries(skeleton->maps.xfib_nexthops, SLOTS);
	bpf_map__set_max_entries(skeleton->maps.xfib_groups, 64);
	if (prepare_frags() || prepare_counters() || xfib_bpf__load(skeleton) || map_counters())
		return -1;
	takes_port = find_takes_port();
	if (!takes_port && run_on_loopback())
		return -1;
	for (int port = EGRESS; port <= OTHER; port++) {
		if (bpf_map__update_elem(skeleton->maps.xfib_tx, &ifindex[port], 4, &ifindex[port], 4, BPF_ANY))
			return -1;
	}
	ring = ring_buffer__new(bpf_map__fd(skeleton->maps.xfib_events), on_event, NULL, NULL);
	return ring ? 0 : -1;
}

/* ---- filling the maps ---- */

static void put(struct bpf_map *map, uint32_t index, const void *value)
{
	int err = bpf_map__update_elem(map, &index, sizeof(index), value, bpf_map__value_size(map), BPF_ANY);

	assert(!err);
}

static void empty(struct bpf_map *map)
{
	uint8_t key[64];

	while (!bpf_map__get_next_key(map, NULL, key, bpf_map__key_size(map)))
		assert(!bpf_map__delete_elem(map, key, bpf_map__key_size(map), 0));
}

static uint8_t family_of(const char *text)
{
	return strchr(text, ':') ? XFIB_INET6 : XFIB_INET;
}

static uint8_t parse(const char *text, uint8_t address[16])
{
	memset(address, 0, 16);
	assert(inet_pton(family_of(text), text, address) == 1);
	return family_of(text);
}

/* 02:00:00:00:00:PP for a port; 02:00:01:xx:yy:zz, the last bytes of its address, for a neighbour. */
void world__macs(enum world_port port, const char *neighbour, uint8_t dmac[6], uint8_t smac[6])
{
	uint8_t address[16], *tail = address;

	memset(dmac, 0, 6);
	memset(smac, 0, 6);
	dmac[0] = smac[0] = 2;
	smac[5] = (uint8_t)port;
	dmac[2] = 1;
	tail += parse(neighbour, address) == XFIB_INET6 ? 13 : 1;
	memcpy(dmac + 3, tail, 3);
}

static void set_neighbour(struct xfib_nexthop *nexthop, enum world_port port, const char *address,
			  enum world_neighbour state)
{
	uint8_t dmac[6], smac[6];

	world__macs(port, address, dmac, smac);
	memcpy(nexthop->smac, smac, 6);
	nexthop->vlan = world__vlan(port) != NULL;
	if (state == NEIGHBOUR_VALID || state == NEIGHBOUR_STALE)
		memcpy(nexthop->dmac, dmac, 6);
	nexthop->flags |= state == NEIGHBOUR_FAILED ? XFIB_NEXTHOP_FAILED : 0;
	nexthop->gateway_family = parse(address, nexthop->gateway);
	nexthop->state = state == NEIGHBOUR_VALID ? XFIB_NEIGHBOUR_VALID :
			 state == NEIGHBOUR_STALE ? XFIB_NEIGHBOUR_STALE : XFIB_NEIGHBOUR_NONE;
}

static uint32_t put_nexthop(const struct world_route *route, uint8_t family)
{
	struct xfib_nexthop nexthop = {
		.type = (uint8_t)(route->type ? route->type : XFIB_ROUTE_UNICAST),
		.ifindex = ifindex[route->dev],
		.mtu = route->mtu ? route->mtu : 1500,
		.flags = route->flags,
		.family = family,
	};

	if (route->via)
		set_neighbour(&nexthop, route->dev, route->via, route->neighbour);
	assert(++next_slot < SLOTS);
	put(skeleton->maps.xfib_nexthops, next_slot, &nexthop);
	return next_slot;
}

/* The paths of one multipath route, bounds as the daemon computes them. Returns how many there are. */
static int put_group(const struct world_route *route, uint8_t family, bool pass_over, uint32_t *ret_target)
{
	static struct xfib_group group;
	uint64_t total = 0, sum = 0;
	int count = 0;

	while (route[count].weight && !strcmp(route[count].prefix, route->prefix))
		total += route[count++].weight;
	memset(&group, 0, sizeof(group));
	group.count = (uint32_t)count;
	group.flags = pass_over ? XFIB_GROUP_PASS_OVER : 0;
	for (int i = 0; i < count; i++) {
		sum += route[i].weight;
		group.member[i].nexthop = put_nexthop(&route[i], family);
		group.member[i].upper_bound = (uint32_t)((sum << 31) / total - 1);
	}
	put(skeleton->maps.xfib_groups, ++next_group, &group);
	*ret_target = next_group | XFIB_TARGET_GROUP;
	return count;
}

static void put_prefix(const char *prefix, uint32_t table, uint32_t target)
{
	struct xfib_rib_value value = { .target = target };
	char copy[64], *slash;
	uint8_t address[16];
	uint8_t family;

	strcpy(copy, prefix);
	slash = strchr(copy, '/');
	assert(slash);
	*slash = '\0';
	value.prefix_length = (uint8_t)atoi(slash + 1);
	family = parse(copy, address);
	if (family == XFIB_INET) {
		struct xfib_rib4_key key = { .prefixlen = 32u + value.prefix_length, .table = table };

		memcpy(key.address, address, 4);
		assert(!bpf_map__update_elem(skeleton->maps.xfib_rib4, &key, sizeof(key), &value, sizeof(value), 0));
	} else {
		struct xfib_rib6_key key = { .prefixlen = 32u + value.prefix_length, .table = table };

		memcpy(key.address, address, 16);
		assert(!bpf_map__update_elem(skeleton->maps.xfib_rib6, &key, sizeof(key), &value, sizeof(value), 0));
	}
}

static void put_routes(const struct world_route *routes, bool pass_over)
{
	for (; routes && routes->prefix; routes++) {
		uint8_t family = family_of(routes->prefix);
		uint32_t target;

		if (routes->weight) {
			int count = put_group(routes, family, pass_over, &target);

			put_prefix(routes->prefix, routes->table ? routes->table : XFIB_TABLE_MAIN, target);
			routes += count - 1;
		} else {
			put_prefix(routes->prefix, routes->table ? routes->table : XFIB_TABLE_MAIN,
				   put_nexthop(routes, family));
		}
	}
}

static void put_neighbour(const char *address)
{
	struct xfib_neighbour_key key = { .ifindex = ifindex[EGRESS] };
	struct xfib_nexthop nexthop = { .type = XFIB_ROUTE_UNICAST, .ifindex = key.ifindex, .mtu = 1500 };

	key.family = parse(address, key.address);
	set_neighbour(&nexthop, EGRESS, address, NEIGHBOUR_VALID);
	put(skeleton->maps.xfib_nexthops, ++next_slot, &nexthop);
	assert(!bpf_map__update_elem(skeleton->maps.xfib_neighbours, &key, sizeof(key), &next_slot, 4, 0));
}

/* ---- plans ---- */

static bool is_of_other(const char *prefix, bool six)
{
	return prefix && (family_of(prefix) == XFIB_INET6) != six;
}

uint32_t world__steps(const struct world_step *list, bool six, struct world_step ret_steps[WORLD_STEPS])
{
	uint32_t count = 0;

	for (; list->action; list++) {
		if (!is_of_other(list->from, six) && !is_of_other(list->to, six))
			ret_steps[count++] = *list;
		assert(count < WORLD_STEPS);
	}
	ret_steps[count++] = (struct world_step){ .action = XFIB_PLAN_VERDICT, .value = XFIB_REASON_NO_ROUTE };
	return count;
}

static void parse_prefix(const char *prefix, __u64 value[2], __u64 mask[2])
{
	uint8_t address[16], bits[16] = { 0 };
	char copy[64], *slash;

	if (!prefix)
		return;
	strcpy(copy, prefix);
	slash = strchr(copy, '/');
	assert(slash);
	*slash = '\0';
	parse(copy, address);
	for (int bit = 0; bit < atoi(slash + 1); bit++)
		bits[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	memcpy(value, address, 16);
	memcpy(mask, bits, 16);
}

/* Writes a plan where there is room for it; no list is the usual one. */
static uint16_t put_plan(const struct world_step *list, bool six, uint32_t at)
{
	struct world_step steps[WORLD_STEPS];
	uint32_t count = list ? world__steps(list, six, steps) : 0;

	for (uint32_t i = 0; i < count; i++) {
		struct xfib_plan_step step = { .action = (uint8_t)steps[i].action, .value = steps[i].value, .tos = steps[i].tos,
					       .tos_mask = steps[i].tos_mask, .flags = steps[i].invert ? XFIB_PLAN_INVERT : 0,
					       .table = steps[i].table ? steps[i].table : XFIB_TABLE_MAIN,
					       .suppress_prefix_length = steps[i].suppress - 1 };

		parse_prefix(steps[i].from, step.source, step.source_mask);
		parse_prefix(steps[i].to, step.destination, step.destination_mask);
		put(skeleton->maps.xfib_plans, at + i, &step);
	}
	return list ? (uint16_t)at : XFIB_PLAN_USUAL;
}

static uint32_t link_slot(enum world_port port)
{
	return xfib_link__slot(ifindex[port], bpf_map__max_entries(skeleton->maps.xfib_links), 0);
}

/* As the daemon writes them. */
static void put_vlan(const struct world_vlan *vlan, struct xfib_link *link)
{
	struct xfib_vlan_key key = { ifindex[vlan->on], { htons(vlan->protocol), htons(vlan->id) } };
	uint32_t value = vlan->is_the_kernels ? 0 : link->ifindex, count = 0;
	struct xfib_vlan_tag tags[8];

	assert(!bpf_map__update_elem(skeleton->maps.xfib_vlans, &key, sizeof(key), &value, sizeof(value), BPF_ANY));
	link->flags = (link->flags | XFIB_LINK_VLAN) & ~(vlan->is_down ? (uint32_t)XFIB_LINK_UP : 0);
	link->parent = ifindex[vlan->on];
	for (const struct world_vlan *at = vlan; at; at = world__vlan(at->on)) {
		tags[count++] = (struct xfib_vlan_tag){ htons(at->protocol), htons(at->id) };
		link->vlan_device = ifindex[at->on];
	}
	link->vlan_device = count <= XFIB_VLAN_TAGS ? link->vlan_device : 0;
	link->vlan_frame = WORLD_FRAME_LIMIT;
	link->vlan_bytes = 4 * count;
	for (uint32_t i = 0; i < count && count <= XFIB_VLAN_TAGS; i++)
		link->vlan[i] = tags[count - 1 - i];
}

static void put_link(const struct world_settings *settings, enum world_port port)
{
	struct xfib_link link = {
		.ifindex = settings->unknown_port ? 0 : ifindex[port],
		.flags = XFIB_LINK_UP | XFIB_LINK_CARRIER | XFIB_LINK_ETHERNET | XFIB_LINK_FORWARDING4 |
			 XFIB_LINK_FORWARDING6,
		.table = XFIB_TABLE_MAIN,
		.mtu = 1500,
	};

	if (port == EGRESS)
		link.flags |= XFIB_LINK_REDIRECT_FRAGS;
	link.flags = (link.flags | settings->link_set) & ~settings->link_clear;
	memcpy(link.mac, frame_port_mac, 6);
	link.plan4 = put_plan(settings->plan, false, XFIB_PLAN_BEGIN);
	link.plan6 = put_plan(settings->plan, true, XFIB_PLAN_BEGIN + WORLD_STEPS);
	link.source4 = put_plan(settings->source_plan, false, XFIB_PLAN_BEGIN + 2 * WORLD_STEPS);
	if (world__vlan(port))
		put_vlan(world__vlan(port), &link);
	put(skeleton->maps.xfib_links, link_slot(port), &link);
}

static void put_state(const struct world_settings *settings)
{
	struct xfib_state state = { .layout = XFIB_LAYOUT, .hash_seed = WORLD_HASH_SEED };
	uint32_t first, second, word;
	uint8_t address[16];

	state.flags = XFIB_STATE_IPV4 | XFIB_STATE_IPV6 | settings->state_set;
	state.hash4 = settings->hash4 ? settings->hash4 : multipath__hash(XFIB_INET, XFIB_HASH_L3, 0);
	state.hash6 = settings->hash6 ? settings->hash6 : multipath__hash(XFIB_INET6, XFIB_HASH_L3, 0);
	if (settings->own) {
		parse(settings->own, address);
		memcpy(&word, address, 4);
		xfib_filter__bits(word, &first, &second);
		state.own_addresses[first / 64] |= 1ull << (first % 64);
		state.own_addresses[second / 64] |= 1ull << (second % 64);
	}
	put(skeleton->maps.xfib_state, 0, &state);
}

void world__fill(const struct world_settings *settings, const struct world_route *routes,
		 const struct world_route *more)
{
	ring_buffer__consume(ring);
	memset(&events, 0, sizeof(events));
	empty(skeleton->maps.xfib_rib4);
	empty(skeleton->maps.xfib_rib6);
	empty(skeleton->maps.xfib_neighbours);
	empty(skeleton->maps.xfib_vlans);
	next_slot = next_group = 0;
	for (enum world_port port = INGRESS; port < PORTS; port++)
		put_link(settings, port);
	put_state(settings);
	put_routes(routes, settings->pass_over);
	put_routes(more, settings->pass_over);
	if (settings->neighbour)
		put_neighbour(settings->neighbour);
}

/* ---- running a program ---- */

/* Of a port; those of no port at NO_PORT. */
static struct xfib_link_stats *counters_of(enum world_port port)
{
	return &counters[port ? link_slot(port) : 0];
}

static enum xfib_verdict verdict_of(enum world_hook hook, uint32_t action)
{
	if (hook != HOOK_TC)
		return action == XDP_REDIRECT ? XFIB_VERDICT_REDIRECT :
		       action == XDP_DROP     ? XFIB_VERDICT_DROP :
		       action == XDP_PASS     ? XFIB_VERDICT_PASS : (enum xfib_verdict)99;
	return action == TC_ACT_REDIRECT ? XFIB_VERDICT_REDIRECT :
	       action == TC_ACT_SHOT     ? XFIB_VERDICT_DROP :
	       action == TC_ACT_OK       ? XFIB_VERDICT_PASS : (enum xfib_verdict)99;
}

static void clear_counters(void)
{
	for (enum world_port port = NO_PORT; port < PORTS; port++)
		memset(counters_of(port), 0, sizeof(*counters));
}

static void read_counters(struct world_run *run)
{
	run->moved = 0;
	for (enum world_port port = NO_PORT; port < PORTS; port++) {
		for (uint32_t reason = 0; reason < XFIB_REASON_COUNT; reason++) {
			struct xfib_counter counter = counters_of(port)->reason[reason];

			if (!counter.packets)
				continue;
			run->moved++;
			run->reason = reason;
			run->port = port;
			run->packets = counter.packets;
			run->bytes = counter.bytes;
		}
	}
}

static const struct bpf_program *program_of(enum world_hook hook)
{
	return hook == HOOK_TC ? skeleton->progs.xfib_tc :
	       hook == HOOK_XDP ? skeleton->progs.xfib_xdp : skeleton->progs.xfib_xdp_frags;
}

int world__run(enum world_hook hook, const struct frame *frame, struct world_run *run)
{
	struct xdp_md xdp = { .data_end = (uint32_t)frame->length, .ingress_ifindex = ifindex[INGRESS] };
	struct __sk_buff skb = { .ifindex = ifindex[INGRESS], .ingress_ifindex = ifindex[INGRESS],
				 .gso_size = run->gso_size };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame->byte, .data_size_in = (uint32_t)frame->length,
		    .data_out = run->out.byte, .data_size_out = sizeof(run->out.byte), .repeat = 1);
	int err;

	if (takes_port && hook != HOOK_TC) {
		opts.ctx_in = &xdp;
		opts.ctx_size_in = sizeof(xdp);
	} else if (takes_port) {
		opts.ctx_in = &skb;
		opts.ctx_size_in = sizeof(skb);
	}
	clear_counters();
	err = bpf_prog_test_run_opts(bpf_program__fd(program_of(hook)), &opts);
	if (err)
		return err;
	run->out.length = opts.data_size_out;
	run->verdict = verdict_of(hook, opts.retval);
	read_counters(run);
	return 0;
}

int world__events(uint32_t kind, uint32_t *ret_ifindex, char text[64])
{
	ring_buffer__consume(ring);
	*ret_ifindex = events.last.ifindex;
	text[0] = '\0';
	if (events.last.family)
		inet_ntop((int)events.last.family, events.last.address, text, 64);
	return events.count[kind];
}
