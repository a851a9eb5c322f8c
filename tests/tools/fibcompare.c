// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * fibcompare xdp|tc COUNT [maps|none|wait] <PREFIXES
 *
 * Asks COUNT questions that are drawn of bpf_fib_lookup() and of
 * xfib_fib_lookup(), and compares all that they answer: the code, and each
 * byte of the parameters. Destinations are drawn from the prefixes, one a
 * line, as `ip route` writes them; ports from all devices but those that
 * XFIB_WITHOUT names, with a space after each. XFIB_SEED, printed, decides. Prints how many answers there were of each code and how many of
 * them xfib_fib_lookup() asked the helper for. Status 1 if one differed.
 *
 * maps: with the maps of the instance (the default); none: loaded without;
 * wait: with them, but asks only when a byte has come by descriptor 3, so that
 * the instance can be restarted meanwhile.
 *
 * fibcompare table NUMBER DEVICE ADDRESS <PREFIXES
 *
 * Asks both for an IPv4 address in a table, and prints what they say.
 *
 * fibcompare misuse OBJECT
 *
 * Gives maps where there are none to give, and none to take; OBJECT does not include the header.
 */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <err.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>
#include <xfib/xfib.h>

#include <linux/bpf.h>

#include "fibcompare.h"

#include "fibcompare.skel.h"

struct prefix {
	int family;
	uint8_t address[16];
	int length;
};

static struct {
	struct prefix *prefixes;
	uint32_t prefix_count;
	uint32_t ports[64];
	uint32_t port_count;
	uint64_t random;
} world;

static uint64_t draw(void)
{
	uint64_t value = world.random += 0x9e3779b97f4a7c15ULL;

	value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9ULL;
	value = (value ^ value >> 27) * 0x94d049bb133111ebULL;
	return value ^ value >> 31;
}

static uint32_t below(uint32_t bound)
{
	return (uint32_t)(draw() % bound);
}

/* ---- the world ---- */

static void take_line(char *line)
{
	struct prefix *prefix;
	char *slash;

	line[strcspn(line, " \t\n")] = '\0';
	if (!*line)
		return;
	world.prefixes = realloc(world.prefixes, (world.prefix_count + 1) * sizeof(*world.prefixes));
	if (!world.prefixes)
		err(2, "prefixes");
	prefix = &world.prefixes[world.prefix_count];
	memset(prefix, 0, sizeof(*prefix));
	slash = strchr(line, '/');
	if (slash)
		*slash = '\0';
	prefix->family = strchr(line, ':') ? AF_INET6 : AF_INET;
	prefix->length = slash ? atoi(slash + 1) : prefix->family == AF_INET ? 32 : 128;
	if (inet_pton(prefix->family, line, prefix->address) == 1)
		world.prefix_count++;
}

static bool is_left_out(const char *name)
{
	const char *names = getenv("XFIB_WITHOUT");
	char word[IF_NAMESIZE + 1];

	snprintf(word, sizeof(word), "%s ", name);
	return names && strstr(names, word);
}

static void read_world(void)
{
	struct if_nameindex *devices = if_nameindex();
	char line[256];

	while (fgets(line, sizeof(line), stdin))
		take_line(line);
	for (struct if_nameindex *device = devices; device && device->if_index && world.port_count < 63; device++) {
		if (!is_left_out(device->if_name))
			world.ports[world.port_count++] = device->if_index;
	}
	if_freenameindex(devices);
	if (!world.prefix_count || !world.port_count)
		errx(2, "no prefixes or no devices");
}

/* ---- questions ---- */

/* An address of a prefix: its first one, its last one, one just beside it, or any. */
static void draw_address(const struct prefix *prefix, uint8_t *address)
{
	int bits = prefix->family == AF_INET ? 32 : 128, kind = (int)below(8);

	memcpy(address, prefix->address, (size_t)bits / 8);
	for (int bit = prefix->length; bit < bits && kind; bit++) {
		uint8_t mask = (uint8_t)(0x80 >> (bit % 8));

		address[bit / 8] = (uint8_t)((address[bit / 8] & ~mask) | (kind == 1 || draw() & 1 ? mask : 0));
	}
	if (kind == 2 && prefix->length)
		address[(prefix->length - 1) / 8] ^= (uint8_t)(0x80 >> ((prefix->length - 1) % 8));
	if (!below(64)) { /* from nowhere */
		for (int byte = 0; byte < bits / 8; byte++)
			address[byte] = (uint8_t)draw();
	}
}

static uint32_t draw_flags(void)
{
	static const uint32_t usual[] = {
		0x01, 0x01, 0x04, 0x04, 0x05, 0x09, 0x09, 0x0d, 0x10, 0x14, 0x11, 0x20, 0x21, 0x08, 0x02,
	};

	if (below(2))
		return 0;
	if (!below(64))
		return 1u << below(32);
	if (!below(16))
		return below(64);
	return usual[below(sizeof(usual) / sizeof(usual[0]))];
}

static void draw_lookup(struct lookup *lookup)
{
	static const uint16_t lengths[] = { 0, 0, 40, 1280, 1300, 1400, 1401, 1500, 1501, 9000, 9001, 65535 };
	static const uint32_t tables[] = { 254, 254, 254, 100, 100, 100, 100, 253, 255, 0, 101, 77777 };
	const struct prefix *to = &world.prefixes[below(world.prefix_count)], *from;
	struct bpf_fib_lookup *params = &lookup->params;

	for (size_t i = 0; i < sizeof(*params); i += 8) { /* what is no input must stay as it is, or not */
		uint64_t word = draw();

		memcpy((uint8_t *)params + i, &word, 8);
	}
	do
		from = &world.prefixes[below(world.prefix_count)];
	while (from->family != to->family && below(16));
	params->family = (uint8_t)(below(1000) ? to->family : (int)below(256));
	params->l4_protocol = (uint8_t)(below(2) ? 6 : 17);
	params->tot_len = lengths[below(sizeof(lengths) / sizeof(lengths[0]))];
	params->ifindex = world.ports[below(world.port_count)];
	if (!below(200))
		params->ifindex = below(3) ? (uint32_t)draw() : 0;
	params->flowinfo = 0;
	if (to->family == AF_INET) {
		params->tos = (uint8_t)(below(4) ? 0 : draw());
		draw_address(from, (uint8_t *)&params->ipv4_src);
		draw_address(to, (uint8_t *)&params->ipv4_dst);
	} else {
		params->flowinfo = htonl(below(2) ? 0 : (uint32_t)draw() & 0x0fffffff);
		draw_address(from, (uint8_t *)params->ipv6_src);
		draw_address(to, (uint8_t *)params->ipv6_dst);
	}
	lookup->flags = draw_flags();
	if (lookup->flags & 0x08)
		memcpy(&params->h_vlan_proto, &tables[below(sizeof(tables) / sizeof(tables[0]))], sizeof(tables[0]));
	lookup->pad = 0;
}

/* ---- answers ---- */

static struct {
	uint64_t codes[12]; /* by code; below 0: the last ones */
	uint64_t differ, asked;
} seen;

static const char *text_of(int family, const void *address)
{
	static char texts[4][INET6_ADDRSTRLEN];
	static int next;
	char *text = texts[next++ % 4];

	return inet_ntop(family == AF_INET6 ? AF_INET6 : AF_INET, address, text, INET6_ADDRSTRLEN) ? text : "?";
}

/* tbid, where older headers have two members only. */
static uint32_t table_of(const struct bpf_fib_lookup *params)
{
	uint32_t table;

	memcpy(&table, &params->h_vlan_proto, sizeof(table));
	return table;
}

static void print_params(const char *name, long code, const struct bpf_fib_lookup *params)
{
	printf("# %s: %ld family %u len %u if %u metric %u src %s dst %s vlan %08x", name, code, params->family, params->tot_len,
	       params->ifindex, params->rt_metric, text_of(params->family, params->ipv6_src),
	       text_of(params->family, params->ipv6_dst), table_of(params));
	for (int i = 0; i < 12; i++)
		printf("%s%02x", i == 0 ? " smac " : i == 6 ? " dmac " : ":", (i < 6 ? params->smac : params->dmac - 6)[i]);
	putchar('\n');
}

static void compare(const struct lookup *lookup, const struct answer *helper, const struct answer *own)
{
	seen.codes[helper->code >= 0 && helper->code < 10 ? helper->code : 10]++;
	if (helper->code == own->code && !memcmp(&helper->params, &own->params, sizeof(own->params)))
		return;
	if (seen.differ++ >= 5)
		return;
	printf("# flags %#x\n", lookup->flags);
	print_params("asked ", 0, &lookup->params);
	print_params("helper", (long)helper->code, &helper->params);
	print_params("xfib  ", (long)own->code, &own->params);
}

static void run(int program, bool is_xdp)
{
	uint8_t frame[2048] = { 0 };
	struct __sk_buff skb = { .gso_size = below(4) ? 0 : 1000, .gso_segs = 0 };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = 64 + below(1500));

	if (!is_xdp) {
		opts.ctx_in = &skb;
		opts.ctx_size_in = sizeof(skb);
	}
	if (bpf_prog_test_run_opts(program, &opts))
		err(2, "running the program");
}

static void ask(struct fibcompare *skeleton, bool is_xdp, uint64_t count)
{
	int program = bpf_program__fd(is_xdp ? skeleton->progs.compare_xdp : skeleton->progs.compare_tc);

	for (uint64_t done = 0; done < count; done += LOOKUPS) {
		for (int i = 0; i < LOOKUPS; i++)
			draw_lookup(&skeleton->bss->lookups[i]);
		run(program, is_xdp);
		for (int i = 0; i < LOOKUPS; i++)
			compare(&skeleton->bss->lookups[i], &skeleton->bss->by_helper[i], &skeleton->bss->by_xfib[i]);
	}
	seen.asked = skeleton->bss->asked;
	run(bpf_program__fd(skeleton->progs.compare_short), true);
	if (skeleton->bss->by_helper[0].code != skeleton->bss->by_xfib[0].code || skeleton->bss->by_xfib[0].code != -EINVAL) {
		printf("# parameters that are too short: helper %lld, xfib %lld\n", (long long)skeleton->bss->by_helper[0].code,
		       (long long)skeleton->bss->by_xfib[0].code);
		seen.differ++;
	}
}

static void report(uint64_t count)
{
	static const char *const names[] = { "success", "blackhole", "unreachable", "prohibit", "not_fwded", "fwd_disabled",
					     "unsupp_lwt", "no_neigh", "frag_needed", "no_src", "errors" };

	printf("lookups %llu differ %llu asked %llu", (unsigned long long)count, (unsigned long long)seen.differ,
	       (unsigned long long)seen.asked);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		printf(" %s %llu", names[i], (unsigned long long)seen.codes[i]);
	putchar('\n');
}

static struct xfib *open_instance(void)
{
	struct xfib_open_opts options = { .size = sizeof(options), .backend = XFIB_BACKEND_MAPS };
	struct xfib *instance;

	if (xfib_instance__open(&options, &instance))
		errx(2, "%s", xfib_error__last());
	return instance;
}

static struct fibcompare *load(bool with_maps)
{
	struct fibcompare *skeleton = fibcompare__open();
	struct xfib *instance = with_maps ? open_instance() : NULL;

	if (!skeleton)
		err(2, "opening the program");
	if (with_maps && xfib_bpf__reuse_maps(skeleton->obj, instance))
		errx(2, "%s", xfib_error__last());
	xfib_instance__close(instance);
	if (fibcompare__load(skeleton))
		err(2, "loading the program");
	return skeleton;
}

static int ask_table(char **words)
{
	struct fibcompare *skeleton = load(true);
	uint32_t table = (uint32_t)atoi(words[0]);
	struct lookup *lookup = &skeleton->bss->lookups[0];

	lookup->flags = 0x09;
	lookup->params.family = AF_INET;
	lookup->params.ifindex = if_nametoindex(words[1]);
	memcpy(&lookup->params.h_vlan_proto, &table, sizeof(table));
	if (inet_pton(AF_INET, words[2], &lookup->params.ipv4_dst) != 1)
		errx(2, "'%s' is no IPv4 address", words[2]);
	run(bpf_program__fd(skeleton->progs.compare_xdp), true);
	printf("helper %lld xfib %lld via %s\n", (long long)skeleton->bss->by_helper[0].code,
	       (long long)skeleton->bss->by_xfib[0].code, text_of(AF_INET, &skeleton->bss->by_xfib[0].params.ipv4_dst));
	fibcompare__destroy(skeleton);
	return 0;
}

static void expect(int expected, int result)
{
	printf("%d %s: %s\n", result, result == expected ? "as expected" : "NOT expected", xfib_error__last());
}

static int misuse(const char *path)
{
	struct bpf_object *other = bpf_object__open_file(path, NULL);
	struct fibcompare *skeleton = load(true);
	struct xfib *instance = open_instance();

	expect(-EINVAL, xfib_bpf__reuse_maps(NULL, instance));
	expect(-ENOENT, xfib_bpf__reuse_maps(other, NULL));
	expect(-EINVAL, xfib_bpf__reuse_maps(other, instance));
	expect(-EBUSY, xfib_bpf__reuse_maps(skeleton->obj, instance));
	fibcompare__destroy(skeleton);
	bpf_object__close(other);
	xfib_instance__close(instance);
	return 0;
}

int main(int argc, char **argv)
{
	const char *seed = getenv("XFIB_SEED"), *how = argc > 3 ? argv[3] : "maps";
	struct fibcompare *skeleton;
	uint64_t count;
	char byte;

	if (argc == 5 && !strcmp(argv[1], "table"))
		return ask_table(argv + 2);
	if (argc == 3 && !strcmp(argv[1], "misuse"))
		return misuse(argv[2]);
	if (argc < 3)
		errx(2, "usage: fibcompare xdp|tc COUNT [maps|none|wait] <PREFIXES");
	count = strtoull(argv[2], NULL, 10);
	world.random = seed ? strtoull(seed, NULL, 10) : 1;
	if (!world.random && getrandom(&world.random, sizeof(uint32_t), 0) < 0)
		err(2, "getrandom");
	printf("# XFIB_SEED=%llu\n", (unsigned long long)world.random);
	read_world();
	skeleton = load(strcmp(how, "none") != 0);
	if (!strcmp(how, "wait")) {
		puts("loaded");
		fflush(stdout);
		if (read(3, &byte, 1) < 0)
			err(2, "waiting on descriptor 3");
	}
	ask(skeleton, !strcmp(argv[1], "xdp"), count);
	report(count);
	fibcompare__destroy(skeleton);
	return seen.differ ? 1 : 0;
}
