// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* user/xfib/import.c, import_lines.c, import_route.c, import_prefix.c, route_words.c: lines, and what becomes of them. */
#include "import_unit.h"

#define V4 .family = AF_INET
#define GATEWAY4(a, b, c, d) .path = { .gateway_family = AF_INET, .gateway = { a, b, c, d } }

static const struct {
	const char *desc;
	struct import_options options;
	const char *input, *expected;
} cases[] = {
	/* ---- what ip route show prints ---- */
	{ "a gateway", {}, "10.0.0.0/8 via 10.0.2.1 dev eth1 proto bgp metric 20\n",
	  "1: 10.0.0.0/8 metric 20 protocol 186 via 10.0.2.1 if 1\n" },
	{ "no proto is boot", {}, "10.0.0.0/8 via 10.0.2.1 dev eth1\n", "1: 10.0.0.0/8 protocol 3 via 10.0.2.1 if 1\n" },
	{ "on-link", {}, "10.0.2.0/24 dev eth2 proto kernel scope link src 10.0.2.254 \n",
	  "1: 10.0.2.0/24 src 10.0.2.254 scope 253 protocol 2 if 2\n" },
	{ "a host", {}, "10.0.2.9 dev eth2 proto 77 scope link", "1: 10.0.2.9/32 scope 253 protocol 77 if 2\n" },
	{ "default, IPv4", {}, "default via 10.0.2.1 dev eth1 proto dhcp\n", "1: 0.0.0.0/0 protocol 16 via 10.0.2.1 if 1\n" },
	{ "default, IPv6 by its gateway", {}, "default via fe80::1 dev eth1 proto ra metric 1024 expires 1790sec pref medium\n",
	  "1: ::/0 metric 1024 protocol 9 lifetime 1790 via fe80::1 if 1\n" },
	{ "default, IPv6 by its pref", {}, "default dev eth1 proto static metric 1024 pref high\n",
	  "1: ::/0 metric 1024 protocol 4 preference 1 if 1\n" },
	{ "default, IPv6 by -6", { .family = AF_INET6 }, "default dev eth1 proto static\n", "1: ::/0 protocol 4 if 1\n" },
	{ "default by an IPv6 gateway, IPv4", {}, "default via inet6 fe80::1 dev eth1 proto static\n",
	  "1: 0.0.0.0/0 protocol 4 via fe80::1 if 1\n" },
	{ "default, IPv6 by its source", {}, "default dev eth1 proto static src 2001:db8::1\n",
	  "1: ::/0 src 2001:db8::1 protocol 4 if 1\n" },
	{ "types", {},
	  "blackhole 10.0.0.0/8 proto static\nunreachable 10.1.0.0/16 proto static metric 4\nprohibit 10.2.0.0/16 proto static\n"
	  "throw 10.3.0.0/16 proto static\nunicast 10.4.0.0/16 dev eth1 proto static\n"
	  "local 10.0.1.1 dev eth1 table local proto kernel scope host src 10.0.1.1\n"
	  "broadcast 10.0.1.255 dev eth1 table local proto kernel scope link src 10.0.1.1\n"
	  "multicast ff00::/8 dev eth1 table local proto kernel metric 256 pref medium\n"
	  "anycast 2001:db8:: dev eth1 table local proto kernel metric 0 pref medium\n",
	  "1: blackhole 10.0.0.0/8 protocol 4\n2: unreachable 10.1.0.0/16 metric 4 protocol 4\n3: prohibit 10.2.0.0/16 protocol 4\n"
	  "4: throw 10.3.0.0/16 protocol 4\n5: unicast 10.4.0.0/16 protocol 4 if 1\n"
	  "6: local 10.0.1.1/32 src 10.0.1.1 table 255 scope 254 protocol 2 if 1\n"
	  "7: broadcast 10.0.1.255/32 src 10.0.1.1 table 255 scope 253 protocol 2 if 1\n"
	  "8: multicast ff00::/8 table 255 metric 256 protocol 2 if 1\n"
	  "9: anycast 2001:db8::/128 table 255 protocol 2 if 1\n" },
	{ "an IPv6 dead end", {}, "unreachable default dev eth1 metric 4294967295 error -101 pref medium\n",
	  "1: unreachable ::/0 metric 4294967295 protocol 3\n" },
	{ "several paths, a line each", {},
	  "198.51.100.0/24 proto static \n\tnexthop via 10.0.2.1 dev eth1 weight 3 \n\tnexthop via 10.0.1.1 dev eth2 weight 1 \n"
	  "10.0.0.0/8 dev eth1 proto static\n",
	  "1: 198.51.100.0/24 protocol 4 via 10.0.2.1 if 1 weight 3 via 10.0.1.1 if 2 weight 1\n4: 10.0.0.0/8 protocol 4 if 1\n" },
	{ "several paths, and nothing else in the first line", {}, "198.51.100.0/24 \n\tnexthop dev eth1 weight 1 \n\tnexthop dev eth2 weight 1 \n",
	  "1: 198.51.100.0/24 protocol 3 if 1 weight 1 if 2 weight 1\n" },
	{ "several paths on one line, as ip -oneline", {},
	  "198.51.100.0/24 proto static \\\tnexthop via 10.0.2.1 dev eth1 weight 3 \\\tnexthop dev eth2 weight 1 \n",
	  "1: 198.51.100.0/24 protocol 4 via 10.0.2.1 if 1 weight 3 if 2 weight 1\n" },
	{ "a gateway of the other family", {}, "10.0.0.0/8 via inet6 2001:db8::1 dev eth1 proto static onlink\n",
	  "1: 10.0.0.0/8 protocol 4 via 2001:db8::1 if 1 onlink\n" },
	{ "states are passed over", {},
	  "10.0.0.0/8 nhid 7 via 10.0.2.1 dev eth1 proto static dead linkdown rt_offload rt_trap offload trap pervasive\n",
	  "1: 10.0.0.0/8 protocol 4 via 10.0.2.1 if 1\n" },
	{ "the rest", {}, "10.0.0.0/8 via 10.0.2.1 dev eth1 proto static tos 0x10 mtu 1400 priority 0x10\n",
	  "1: 10.0.0.0/8 metric 16 protocol 4 tos 16 mtu 1400 via 10.0.2.1 if 1\n" },
	{ "a tos by name", {}, "10.0.0.0/8 dev eth1 tos CS1 proto static\n", "1: 10.0.0.0/8 protocol 4 tos 32 if 1\n" },

	/* ---- comments, blanks, ends of lines ---- */
	{ "comments and blank lines", {}, "# one\n\n  \t \n   # two\n10.0.0.0/8 dev eth1 proto static # three\n",
	  "5: 10.0.0.0/8 protocol 4 if 1\n" },
	{ "ends of lines as DOS has them", {}, "10.0.0.0/8 dev eth1 proto static\r\n\r\n10.1.0.0/16 dev eth1 proto static\r\n",
	  "1: 10.0.0.0/8 protocol 4 if 1\n3: 10.1.0.0/16 protocol 4 if 1\n" },
	{ "nothing", {}, "", "" },
	{ "a comment between the paths", {}, "10.0.0.0/8 proto static\n# x\n\tnexthop dev eth1\n\n\tnexthop dev eth2\n",
	  "1: 10.0.0.0/8 protocol 4 if 1 if 2\n" },

	/* ---- prefixes ---- */
	{ "prefixes", { .format = IMPORT_PREFIX, .table = 1000, GATEWAY4(10, 92, 1, 2) }, "10.0.0.0/8\n 10.1.0.0/16 \n1.2.3.4\n",
	  "1: 10.0.0.0/8 table 1000 via 10.92.1.2\n2: 10.1.0.0/16 table 1000 via 10.92.1.2\n3: 1.2.3.4/32 table 1000 via 10.92.1.2\n" },
	{ "prefixes, recognised", { .path = { .ifindex = 3 }, .metric = 0, .has_metric = true, .protocol = 4 },
	  "10.0.0.0/8\n2001:db8::/32\n", "1: 10.0.0.0/8 protocol 4 if 3\n2: 2001:db8::/32 protocol 4 if 3\n" },
	{ "prefixes without a next hop", { .format = IMPORT_PREFIX }, "10.0.0.0/8\n", "1! no next hop: give one by via, dev\n" },
	{ "more than a prefix", { .format = IMPORT_PREFIX, .path = { .ifindex = 3 } }, "10.0.0.0/8 dev eth1\n",
	  "1! unknown word 'dev': one prefix a line\n" },
	{ "of one family", { V4, .path = { .ifindex = 3 } }, "2001:db8::/32\n10.0.0.0/8\n", "2: 10.0.0.0/8 if 3\n" },
	{ "an IPv6 prefix and an IPv4 gateway", { GATEWAY4(10, 92, 1, 2) }, "2001:db8::/32\n",
	  "1! an IPv6 route cannot have an IPv4 gateway\n" },

	/* ---- what the options say in place of the lines ---- */
	{ "table, metric, proto", { .table = 7, .metric = 8, .has_metric = true, .protocol = 9 },
	  "10.0.0.0/8 dev eth1 table 1 metric 2 proto 3\nblackhole 10.1.0.0/16\n",
	  "1: 10.0.0.0/8 table 7 metric 8 protocol 9 if 1\n2: blackhole 10.1.0.0/16 table 7 metric 8 protocol 9\n" },
	{ "a gateway", { GATEWAY4(10, 92, 1, 2) }, "10.0.0.0/8 proto 4 nexthop via 10.0.0.1 nexthop dev eth2\nthrow 10.1.0.0/16 proto 4\n",
	  "1: 10.0.0.0/8 protocol 4 via 10.92.1.2\n2: throw 10.1.0.0/16 protocol 4\n" },
	{ "a device", { .path = { .ifindex = 5 } }, "10.0.0.0/8 proto 4 nexthop via 10.0.0.1 nexthop dev eth2\n",
	  "1: 10.0.0.0/8 protocol 4 via 10.0.0.1 if 5 if 5\n" },

	/* ---- bad lines ---- */
	{ "no prefix", {}, "x y\n", "1! 'x' is no IPv4 or IPv6 prefix\n" },
	{ "a type alone", {}, "blackhole\nunicast to\n", "1! no prefix\n2! no prefix\n" },
	{ "host bits", {}, "10.0.0.1/8 dev eth1\n2001:db8::1/32 dev eth1\n",
	  "1! '10.0.0.1/8' has bits behind its prefix length: did you mean 10.0.0.0/8?\n"
	  "2! '2001:db8::1/32' has bits behind its prefix length: did you mean 2001:db8::/32?\n" },
	{ "lengths", {}, "10.0.0.0/33 dev eth1\n::/129 dev eth1\n10.0.0.0/ dev eth1\n10.0.0.0/+8 dev eth1\n10.0.0.0/0x8 dev eth1\n",
	  "1! '10.0.0.0/33': the length of the prefix must be a number from 0 to 32\n"
	  "2! '::/129': the length of the prefix must be a number from 0 to 128\n"
	  "3! '10.0.0.0/': the length of the prefix must be a number from 0 to 32\n"
	  "4! '10.0.0.0/+8': the length of the prefix must be a number from 0 to 32\n"
	  "5! '10.0.0.0/0x8': the length of the prefix must be a number from 0 to 32\n" },
	{ "no next hop", {}, "10.0.0.0/8 proto static\n", "1! no next hop: give one by via, dev\n" },
	{ "no such device", {}, "10.0.0.0/8 dev wlan0\n", "1! device 'wlan0' does not exist\n" },
	{ "a word without its argument", {}, "10.0.0.0/8 dev\n10.0.0.0/8 via inet6\n",
	  "1! 'dev' needs an argument\n2! 'inet6' needs an argument\n" },
	{ "what is not kept", {}, "10.0.0.0/8 dev eth1 mtu lock 1400\n", "1! 'mtu lock': a locked MTU cannot be kept\n" },
	{ "words twice", {}, "10.0.0.0/8 dev eth1 metric 1 preference 2\n10.0.0.0/8 dev eth1 dev eth2\n10.0.0.0/8 via 1.1.1.1 via 1.1.1.1\n",
	  "1! 'preference' twice\n2! 'dev' twice\n3! 'via' twice\n" },
	{ "numbers", {}, "10.0.0.0/8 dev eth1 metric 4294967296\n10.0.0.0/8 dev eth1 metric -1\n10.0.0.0/8 dev eth1 mtu 0\n"
	  "10.0.0.0/8 nexthop dev eth1 weight 257\n10.0.0.0/8 dev eth1 tos 256\n",
	  "1! metric '4294967296': must be a number from 0 to 4294967295\n2! metric '-1': must be a number from 0 to 4294967295\n"
	  "3! mtu '0': must be a number from 1 to 4294967295\n4! weight '257': must be a number from 1 to 256\n"
	  "5! tos '256': must be a number to 255 (0xff), or a name such as CS1, AF11, EF\n" },
	{ "families", {}, "10.0.0.0/8 dev eth1 src ::1\n10.0.0.0/8 dev eth1 pref low\n::/0 dev eth1 tos 1\n::/0 via 10.0.0.1\n"
	  "::/0 via inet 10.0.0.1 dev eth1\n",
	  "1! src '::1': not of the family of the prefix\n2! only IPv6 routes have pref and expires\n3! only IPv4 routes have a tos\n"
	  "4! an IPv6 route cannot have an IPv4 gateway\n5! an IPv6 route cannot have an IPv4 gateway\n" },
	{ "dead ends lead nowhere", {}, "blackhole 10.0.0.0/8 dev eth1\nblackhole ::/0 via ::1\n",
	  "1! a route of type blackhole has no via and no dev\n2! a route of type blackhole has no via and no dev\n" },
	{ "onlink without a gateway", {}, "10.0.0.0/8 dev eth1 onlink\n", "1! onlink needs both via and dev\n" },
	{ "a path before those of nexthop", {}, "10.0.0.0/8 dev eth1 nexthop dev eth2\n", "1! 'nexthop' and a path that stands before it\n" },
	{ "a path of nothing", {}, "\tnexthop dev eth1\n", "1! a next hop without a route before it\n" },
	{ "an empty path", {}, "10.0.0.0/8 nexthop nexthop dev eth2\n", "1! a next hop has neither via nor dev\n" },
	{ "a bad path is its route's end", {},
	  "10.0.0.0/8 proto static\n\tnexthop dev eth1\n\tnexthop dev wlan0\n\tnexthop dev eth2\n10.1.0.0/16 dev eth1 proto 4\n",
	  "3! device 'wlan0' does not exist\n5: 10.1.0.0/16 protocol 4 if 1\n" },
	{ "a bad route is its paths' end", {}, "10.0.0.0/99\n\tnexthop dev eth1\n10.1.0.0/16 dev eth1 proto 4\n",
	  "1! '10.0.0.0/99': the length of the prefix must be a number from 0 to 32\n3: 10.1.0.0/16 protocol 4 if 1\n" },
	{ "the line of a route that lacks something is its own", {}, "10.0.0.0/8 onlink\n# x\n10.1.0.0/16 dev eth1 proto 4\n",
	  "1! a next hop has neither via nor dev\n3: 10.1.0.0/16 protocol 4 if 1\n" },
	{ "what cannot be printed is not", {}, "10.0.0.0/8 \033[2J\xff\n", "1! unknown word '?[2J?': known are via, dev, table, metric, proto, "
	  "scope, src, tos, mtu, onlink, pref, expires, nexthop\n" },
};

static void lines_become_routes(void **state)
{
	static struct notes notes;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		for (size_t piece = 0; piece < 4; piece++) {
			int err = notes__import(&notes, &cases[i].options, cases[i].input, strlen(cases[i].input), piece, NULL);

			if (err || strcmp(notes.text, cases[i].expected))
				print_message("%s, in pieces of %zu\n", cases[i].desc, piece);
			assert_int_equal(err, 0);
			assert_string_equal(notes.text, cases[i].expected);
		}
	}
}

static void a_bad_line_can_stop_it(void **state)
{
	static struct notes notes;
	const char *input = "10.0.0.0/8 dev eth1 proto 4\nx\n10.1.0.0/16 dev eth1 proto 4\n";
	char error[WHY_SIZE];

	(void)state;
	notes.stop = true;
	assert_int_equal(notes__import(&notes, &(struct import_options){}, input, strlen(input), 0, error), -ECANCELED);
	assert_string_equal(notes.text, "1: 10.0.0.0/8 protocol 4 if 1\n2! 'x' is no IPv4 or IPv6 prefix\n");
	assert_string_equal(error, "");
}

static void lengths_are_bounded(void **state)
{
	static char input[200000];
	static struct notes notes;
	char *end = input;

	(void)state;
	memset(input, 'x', 70000);
	strcpy(input + 70000, "\n10.0.0.0/8 dev eth1 proto 4\n");
	assert_int_equal(notes__import(&notes, &(struct import_options){}, input, strlen(input), 1000, NULL), 0);
	assert_string_equal(notes.text, "1! longer than 65536 bytes\n2: 10.0.0.0/8 protocol 4 if 1\n");

	end = stpcpy(input, "10.0.0.0/8 proto 4");
	for (int i = 0; i < 511; i++)
		end = stpcpy(end, " nexthop via 10.0.0.1 dev eth1 weight 256");
	assert_int_equal(notes__import(&notes, &(struct import_options){}, input, strlen(input), 0, NULL), 0);
	assert_int_equal(notes.routes, 1);
	strcpy(end, " nexthop dev eth1");
	assert_int_equal(notes__import(&notes, &(struct import_options){}, input, strlen(input), 0, NULL), 0);
	assert_string_equal(notes.text, "1! more than 511 next hops\n");

	memset(input, 0, sizeof(input));
	for (int i = 0; i < 9000; i++)
		memcpy(input + 2 * i, "a ", 2);
	assert_int_equal(notes__import(&notes, &(struct import_options){}, input, strlen(input), 0, NULL), 0);
	assert_string_equal(notes.text, "1! more than 8192 words\n");
	assert_int_equal(notes__import(&notes, &(struct import_options){ .format = IMPORT_ROUTE }, "a\0b\n", 4, 0, NULL), 0);
	assert_string_equal(notes.text, "1! has a zero byte: it is no text\n");
}

/* Words of valid lines in any order, and any bytes: no crash, and every line is a route, bad, or nothing. */
static void random_words_do_no_harm(void **state)
{
	static const char *const words[] = {
		"10.0.0.0/8", "default", "2001:db8::/32", "via", "inet6", "fe80::1", "10.0.0.1", "dev", "eth1", "nexthop", "weight",
		"1", "metric", "table", "main", "scope", "link", "src", "tos", "mtu", "onlink", "pref", "low", "expires", "60sec",
		"blackhole", "local", "to", "\n", "\n\t", "\\", "#", "proto", "bgp", "error", "-101", "nhid", "\xff", "dead",
	};
	static struct notes notes;
	char input[1024];

	(void)state;
	unit__seed();
	for (int round = 0; round < 2000; round++) {
		size_t length = 0;
		struct import_options options = { .format = unit__below(3), .family = unit__below(4) ? 0 : AF_INET6,
						  .path.ifindex = unit__below(2) };

		while (length < sizeof(input) - 64 && unit__below(40))
			length += (size_t)snprintf(input + length, sizeof(input) - length, "%s ", words[unit__below(COUNT(words))]);
		assert_int_equal(notes__import(&notes, &options, input, length, unit__below(30), NULL), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_become_routes),
		cmocka_unit_test(a_bad_line_can_stop_it),
		cmocka_unit_test(lengths_are_bounded),
		cmocka_unit_test(random_words_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
