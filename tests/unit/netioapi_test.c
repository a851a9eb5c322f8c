// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * GetBestRoute2 and xfib_lookup__best() on an instance of the test's own: a
 * network namespace with two interfaces, mirrored once by the daemon's code.
 */
#include "unit.h"

#include <errno.h>
#include <net/if.h>
#include <netioapi.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xfib/xfib.h>

#include "hash.h"
#include "instance.h"
#include "log.h"
#include "mirror.h"

static const char *const commands[] = {
	"ip link set lo up",
	"ip link add t1 type veth peer name t2",
	"sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.t1.accept_dad=0 net.ipv6.conf.t2.accept_dad=0",
	"ip address add 10.1.0.254/24 dev t1",
	"ip address add 10.2.0.254/24 dev t2",
	"ip address add 2001:db8:1::fe/64 dev t1 nodad",
	"ip address add 2001:db8:2::fe/64 dev t2 nodad",
	"ip link set t1 up",
	"ip link set t2 up",
	"ip address add fe80::fe/64 dev t1 nodad",
	"ip route add 203.0.113.0/24 via 10.1.0.1 proto bgp metric 7",
	"ip route add 203.0.113.0/24 via 10.2.0.1 proto bgp metric 9",
	"ip route add blackhole 198.51.100.0/24",
	"ip route add default via 10.2.0.1",
	"ip route add 2001:db8:100::/48 via 2001:db8:2::1 proto ospf",
};

static NET_IFINDEX t1, t2, lo;
static char directory[] = "/tmp/xfib-unit.XXXXXX";
static struct instance *instance;

/* ---- GetBestRoute2: a table of calls ---- */

struct call {
	const char *desc;
	NET_IFINDEX *index; /* NULL: 0 */
	const char *source, *destination;
	NTSTATUS status;
	const char *next_hop, *best_source; /* where it succeeds; NULL: on-link */
	NL_ROUTE_PROTOCOL protocol;
	uint32_t source_scope, destination_scope; /* 1, 2: index of t1, t2 */
};

static NET_IFINDEX unknown = 9999;

static const struct call calls[] = {
	{ "no interface", NULL, NULL, "203.0.113.1", STATUS_INVALID_PARAMETER },
	{ "an unknown one", &unknown, NULL, "203.0.113.1", STATUS_NOT_FOUND },
	{ "by a gateway", &t1, NULL, "203.0.113.1", STATUS_SUCCESS, "10.1.0.1", "10.1.0.254", RouteProtocolBgp },
	{ "by the worse one of two routes", &t2, NULL, "203.0.113.1", STATUS_SUCCESS, "10.2.0.1", "10.2.0.254", RouteProtocolBgp },
	{ "on-link", &t1, NULL, "10.1.0.7", STATUS_SUCCESS, NULL, "10.1.0.254", RouteProtocolLocal },
	{ "by the default route", &t2, NULL, "192.0.2.1", STATUS_SUCCESS, "10.2.0.1", "10.2.0.254", RouteProtocolNetMgmt },
	{ "0.0.0.0 means the default route", &t2, NULL, "0.0.0.0", STATUS_SUCCESS, "10.2.0.1", "10.2.0.254", RouteProtocolNetMgmt },
	{ "none by this interface", &t1, NULL, "192.0.2.1", STATUS_NETWORK_UNREACHABLE },
	{ "a shorter prefix by this interface", &t2, NULL, "10.1.0.7", STATUS_SUCCESS, "10.2.0.1", "10.2.0.254", RouteProtocolNetMgmt },
	{ "blackhole", &t1, NULL, "198.51.100.1", STATUS_NETWORK_UNREACHABLE },
	{ "source of this machine", &t1, "10.1.0.254", "203.0.113.1", STATUS_SUCCESS, "10.1.0.1", "10.1.0.254", RouteProtocolBgp },
	{ "source confines to its interface", &t1, "10.2.0.254", "203.0.113.1", STATUS_SUCCESS, "10.2.0.1", "10.2.0.254", RouteProtocolBgp },
	{ "source of another machine", &t1, "10.1.0.77", "203.0.113.1", STATUS_NOT_FOUND },
	{ "unspecified source is ignored", &t1, "0.0.0.0", "203.0.113.1", STATUS_SUCCESS, "10.1.0.1", "10.1.0.254", RouteProtocolBgp },
	{ "source of another family is ignored", &t1, "2001:db8::77", "203.0.113.1", STATUS_SUCCESS, "10.1.0.1", "10.1.0.254", RouteProtocolBgp },
	{ "bad index before the source", &unknown, "10.1.0.254", "203.0.113.1", STATUS_NOT_FOUND },
	{ "loopback by an interface that is not", &t1, NULL, "127.0.0.1", STATUS_INVALID_PARAMETER },
	{ "loopback by loopback", &lo, NULL, "127.0.0.1", STATUS_SUCCESS, NULL, "127.0.0.1", RouteProtocolLocal },
	{ "loopback source to elsewhere", &t1, "127.0.0.1", "203.0.113.1", STATUS_NETWORK_UNREACHABLE },
	{ "own address", &t1, NULL, "10.1.0.254", STATUS_SUCCESS, NULL, "10.1.0.254", RouteProtocolLocal },
	{ "IPv6 by a gateway", &t2, NULL, "2001:db8:100::1", STATUS_SUCCESS, "2001:db8:2::1", "2001:db8:2::fe", RouteProtocolOspf },
	{ "IPv6 on-link", &t1, NULL, "2001:db8:1::7", STATUS_SUCCESS, NULL, "2001:db8:1::fe", RouteProtocolLocal },
	{ "IPv6 loopback", &lo, NULL, "::1", STATUS_SUCCESS, NULL, "::1", RouteProtocolLocal },
	{ "IPv6 loopback by an interface that is not", &t1, NULL, "::1", STATUS_INVALID_PARAMETER },
	{ "IPv6 without a route", &t1, NULL, "2001:db8:ffff::1", STATUS_NETWORK_UNREACHABLE },
	{ "IPv6 source confines to its interface", &t1, "2001:db8:2::fe", "2001:db8:100::1", STATUS_SUCCESS, "2001:db8:2::1", "2001:db8:2::fe", RouteProtocolOspf },
	{ "link-local without a scope", &t1, NULL, "fe80::7", STATUS_SUCCESS, NULL, "fe80::fe", RouteProtocolLocal },
	{ "link-local with its scope", &t1, NULL, "fe80::7", STATUS_SUCCESS, NULL, "fe80::fe", RouteProtocolLocal, .destination_scope = 1 },
	{ "link-local with another scope", &t1, NULL, "fe80::7", STATUS_INVALID_PARAMETER, .destination_scope = 2 },
	{ "scope on a global destination", &t2, NULL, "2001:db8:100::1", STATUS_INVALID_PARAMETER, .destination_scope = 2 },
	{ "scope on a global source", &t2, "2001:db8:2::fe", "2001:db8:100::1", STATUS_INVALID_PARAMETER, .source_scope = 2 },
	{ "link-local source with its scope", &t1, "fe80::fe", "fe80::7", STATUS_SUCCESS, NULL, "fe80::fe", RouteProtocolLocal, .source_scope = 1 },
	{ "link-local source with another scope", &t1, "fe80::fe", "fe80::7", STATUS_NOT_FOUND, .source_scope = 2 },
};

static void set(SOCKADDR_INET *address, const char *text, uint32_t scope)
{
	uint8_t bytes[16];

	memset(address, 0, sizeof(*address));
	if (!text)
		return;
	unit__address(text, bytes);
	if (strchr(text, ':')) {
		address->si_family = AF_INET6;
		memcpy(&address->Ipv6.sin6_addr, bytes, 16);
		address->Ipv6.sin6_scope_id = scope == 1 ? t1 : scope == 2 ? t2 : 0;
		address->Ipv6.sin6_port = htons(53);
	} else {
		address->si_family = AF_INET;
		memcpy(&address->Ipv4.sin_addr, bytes, 4);
		address->Ipv4.sin_port = htons(53);
	}
}

static void check_address(const SOCKADDR_INET *address, const char *text, int family, uint32_t scope)
{
	SOCKADDR_INET expected;

	set(&expected, text, 0);
	expected.si_family = (ADDRESS_FAMILY)family;
	expected.Ipv4.sin_port = 0;
	if (family == AF_INET6)
		expected.Ipv6.sin6_scope_id = scope;
	assert_memory_equal(address, &expected, sizeof(expected));
}

static void check_outputs(const struct call *call, const MIB_IPFORWARD_ROW2 *row, const SOCKADDR_INET *source)
{
	static const MIB_IPFORWARD_ROW2 zero_row;
	static const SOCKADDR_INET zero_source;
	uint8_t untouched[sizeof(*row)];
	int family = strchr(call->destination, ':') ? AF_INET6 : AF_INET;

	memset(untouched, 0x5a, sizeof(untouched));
	if (call->status == STATUS_INVALID_PARAMETER) {
		assert_memory_equal(row, untouched, sizeof(*row));
		assert_memory_equal(source, untouched, sizeof(*source));
		return;
	}
	if (call->status != STATUS_SUCCESS) {
		assert_memory_equal(row, &zero_row, sizeof(*row));
		assert_memory_equal(source, &zero_source, sizeof(*source));
		return;
	}
	check_address(&row->NextHop, call->next_hop, family, 0);
	check_address(source, call->best_source, family, strncmp(call->best_source, "fe80", 4) ? 0 : t1);
	assert_int_equal(row->Protocol, call->protocol);
	assert_int_equal(row->DestinationPrefix.Prefix.si_family, family);
	assert_int_equal(row->InterfaceLuid.Info.NetLuidIndex, row->InterfaceIndex);
	assert_int_equal(row->ValidLifetime, 0xffffffff);
	assert_true(row->Immortal);
}

static void one_call(void **state)
{
	const struct call *call = *state;
	MIB_IPFORWARD_ROW2 row;
	SOCKADDR_INET source, destination, best;
	NTSTATUS status;

	memset(&row, 0x5a, sizeof(row));
	memset(&best, 0x5a, sizeof(best));
	set(&source, call->source, call->source_scope);
	set(&destination, call->destination, call->destination_scope);
	status = GetBestRoute2(NULL, call->index ? *call->index : 0, call->source ? &source : NULL, &destination, 0, &row, &best);
	if (status != call->status)
		print_message("status 0x%08x, expected 0x%08x: %s\n", (unsigned)status, (unsigned)call->status, xfib_error__last());
	assert_int_equal(status, call->status);
	check_outputs(call, &row, &best);
}

/* ---- GetBestRoute2: pointers, LUIDs, the whole row ---- */

static void null_pointers_and_families(void **state)
{
	MIB_IPFORWARD_ROW2 row;
	SOCKADDR_INET destination, best;

	(void)state;
	set(&destination, "203.0.113.1", 0);
	assert_int_equal(GetBestRoute2(NULL, t1, NULL, NULL, 0, &row, &best), STATUS_INVALID_PARAMETER);
	assert_int_equal(GetBestRoute2(NULL, t1, NULL, &destination, 0, NULL, &best), STATUS_INVALID_PARAMETER);
	assert_int_equal(GetBestRoute2(NULL, t1, NULL, &destination, 0, &row, NULL), STATUS_INVALID_PARAMETER);
	destination.si_family = AF_UNSPEC;
	assert_int_equal(GetBestRoute2(NULL, t1, NULL, &destination, 0, &row, &best), STATUS_INVALID_PARAMETER);
	destination.si_family = AF_UNIX;
	assert_int_equal(GetBestRoute2(NULL, t1, NULL, &destination, 0, &row, &best), STATUS_INVALID_PARAMETER);
}

static NTSTATUS ask_luid(NET_LUID luid, NET_IFINDEX index, MIB_IPFORWARD_ROW2 *row)
{
	SOCKADDR_INET destination, best;

	set(&destination, "203.0.113.1", 0);
	return GetBestRoute2(&luid, index, NULL, &destination, 0, row, &best);
}

static void luids(void **state)
{
	NET_LUID luid = { 0 };
	MIB_IPFORWARD_ROW2 row;

	(void)state;
	assert_int_equal(ask_luid(luid, t2, &row), STATUS_SUCCESS); /* value 0: the index counts */
	assert_int_equal(row.InterfaceIndex, t2);
	assert_int_equal(row.InterfaceLuid.Info.IfType, 6);
	luid.Info.NetLuidIndex = t1 & 0xffffff;
	luid.Info.IfType = 6;
	assert_int_equal(ask_luid(luid, unknown, &row), STATUS_SUCCESS); /* the LUID goes first */
	assert_int_equal(row.InterfaceIndex, t1);
	luid.Info.IfType = 24;
	assert_int_equal(ask_luid(luid, t1, &row), STATUS_NOT_FOUND);
	luid.Info.IfType = 6;
	luid.Info.NetLuidIndex = 9999;
	assert_int_equal(ask_luid(luid, t1, &row), STATUS_NOT_FOUND);
}

static void whole_row(void **state)
{
	SOCKADDR_INET destination, best;
	MIB_IPFORWARD_ROW2 row;

	(void)state;
	set(&destination, "203.0.113.77", 0);
	assert_int_equal(GetBestRoute2(NULL, t1, NULL, &destination, 0, &row, &best), STATUS_SUCCESS);
	check_address(&row.DestinationPrefix.Prefix, "203.0.113.0", AF_INET, 0);
	assert_int_equal(row.DestinationPrefix.PrefixLength, 24);
	assert_int_equal(row.Metric, 7);
	assert_int_equal(row.InterfaceIndex, t1);
	assert_int_equal(row.PreferredLifetime, 0xffffffff);
	assert_int_equal(row.Origin, NlroManual);
	assert_false(row.Loopback);
	assert_in_range(row.Age, 0, 600);
}

/* ---- the library ---- */

static int best(const struct xfib *opened, const char *destination, uint32_t ifindex, struct xfib_result *ret_result)
{
	struct xfib_query query = { .size = sizeof(query), .family = strchr(destination, ':') ? AF_INET6 : AF_INET,
				    .ifindex = ifindex };

	unit__address(destination, query.destination);
	return xfib_lookup__best(opened, &query, ret_result);
}

static void library_errors(void **state)
{
	struct xfib_open_opts opts = { .size = sizeof(opts) };
	struct xfib_query query = { .size = 3 };
	struct xfib_result result, untouched;
	struct xfib *opened;

	(void)state;
	assert_int_equal(xfib_instance__open(NULL, &opened), 0);
	memset(&result, 0x5a, sizeof(result));
	untouched = result;
	assert_int_equal(xfib_lookup__best(opened, &query, &result), -EINVAL);
	query.size = sizeof(query);
	assert_int_equal(xfib_lookup__best(opened, &query, &result), -EAFNOSUPPORT);
	assert_int_equal(best(opened, "203.0.113.1", unknown, &result), -ENODEV);
	assert_non_null(strstr(xfib_error__last(), "9999"));
	assert_int_equal(best(opened, "2001:db8:ffff::1", 0, &result), -ENETUNREACH);
	assert_memory_equal(&result, &untouched, sizeof(result));
	xfib_instance__close(opened);
	xfib_instance__close(NULL);
	opts.size = 1;
	assert_int_equal(xfib_instance__open(&opts, &opened), -EINVAL);
	opts.size = sizeof(opts);
	opts.pin = "/tmp/nothing";
	assert_int_equal(xfib_instance__open(&opts, &opened), -ENOENT);
	assert_non_null(strstr(xfib_error__last(), "/tmp/nothing"));
}

static void library_results(void **state)
{
	struct xfib_result result;
	struct xfib *opened;

	(void)state;
	assert_int_equal(xfib_instance__open(NULL, &opened), 0);
	assert_int_equal(best(opened, "203.0.113.1", 0, &result), 0);
	assert_int_equal(result.ifindex, t1);
	assert_string_equal(result.dev, "t1");
	assert_int_equal(result.metric, 7);
	assert_int_equal(result.route.prefix_length, 24);
	assert_int_equal(result.mtu, 1500);
	assert_int_equal(best(opened, "198.51.100.1", 0, &result), 0);
	assert_int_equal(result.route.type, XFIB_ROUTE_BLACKHOLE);
	assert_int_equal(best(opened, "10.1.0.254", 0, &result), 0);
	assert_int_equal(result.ifindex, lo);
	assert_int_equal(result.route_ifindex, t1);
	xfib_instance__close(opened);
}

static void library_walks(void **state)
{
	struct xfib_route_filter filter = { .size = sizeof(filter), .family = AF_INET, .table = 254 };
	struct xfib_route_iter *iter;
	struct xfib_nexthop nexthop;
	struct xfib_route route;
	struct xfib_link link;
	struct xfib *opened;
	int count = 0;

	(void)state;
	assert_int_equal(xfib_instance__open(NULL, &opened), 0);
	assert_int_equal(xfib_route_iter__new(opened, &filter, &iter), 0);
	while (xfib_route_iter__next(iter, &route, &nexthop)) {
		assert_int_equal(route.table, 254);
		assert_int_equal(route.family, AF_INET);
		assert_true(xfib_route_iter__id(iter) > 0);
		count++;
	}
	xfib_route_iter__free(iter);
	assert_int_equal(count, 6); /* two connected, two of one prefix, blackhole, default */
	assert_int_equal(xfib_link__by_name(opened, "t2", &link), 0);
	assert_int_equal(link.ifindex, t2);
	assert_int_equal(xfib_link__by_index(opened, unknown, &link), -ENODEV);
	xfib_instance__close(opened);
}

static void *ask_often(void *data)
{
	MIB_IPFORWARD_ROW2 row;
	SOCKADDR_INET destination, source;

	set(&destination, "203.0.113.1", 0);
	for (int i = 0; i < 20000; i++) {
		if (GetBestRoute2(NULL, t1, NULL, &destination, 0, &row, &source) != STATUS_SUCCESS || row.Metric != 7)
			return data;
	}
	return NULL;
}

static void from_many_threads(void **state)
{
	pthread_t threads[4];

	(void)state;
	for (size_t i = 0; i < COUNT(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ask_often, threads), 0);
	for (size_t i = 0; i < COUNT(threads); i++) {
		void *wrong;

		pthread_join(threads[i], &wrong);
		assert_null(wrong);
	}
}

/* ---- the instance ---- */

static int setup(void **state)
{
	const struct map_sizes sizes = { .routes = 1024, .nexthops = 256, .groups = 16, .links = 64, .addresses = 256,
					 .neighbours = 64, .rules = 16 };
	const struct mirror_opts opts = { .receive_buffer = 1 << 20 };
	char pin[64];
	struct mirror *mirror;

	(void)state;
	hash__init();
	xfib_log__set(NULL, NULL);
	if (unshare(CLONE_NEWNET | CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    !mkdtemp(directory) || mount("bpf", directory, "bpf", 0, "mode=0700"))
		return -1;
	if (!unit__run_commands(commands, COUNT(commands)))
		return -1;
	t1 = if_nametoindex("t1");
	t2 = if_nametoindex("t2");
	lo = if_nametoindex("lo");
	snprintf(pin, sizeof(pin), "%s/xfib", directory);
	setenv("XFIB_PIN", pin, 1);
	if (instance__create(pin, &sizes, (gid_t)-1, &instance) || mirror__new(&instance__maps(instance)->maps, &opts, &mirror) ||
	    mirror__sync(mirror) || instance__publish(instance))
		return -1;
	mirror__free(mirror);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	instance__teardown(instance);
	instance__free(instance);
	umount2(directory, MNT_DETACH);
	rmdir(directory);
	return 0;
}

int main(void)
{
	static const struct CMUnitTest others[] = {
		cmocka_unit_test(null_pointers_and_families), cmocka_unit_test(luids),
		cmocka_unit_test(whole_row),		      cmocka_unit_test(library_errors),
		cmocka_unit_test(library_results),	      cmocka_unit_test(library_walks),
		cmocka_unit_test(from_many_threads),
	};
	struct CMUnitTest tests[COUNT(calls) + COUNT(others)];

	for (size_t i = 0; i < COUNT(calls); i++)
		tests[i] = (struct CMUnitTest){ .name = calls[i].desc, .test_func = one_call,
						.initial_state = (void *)(uintptr_t)&calls[i] };
	memcpy(tests + COUNT(calls), others, sizeof(others));
	return cmocka_run_group_tests(tests, setup, teardown);
}
