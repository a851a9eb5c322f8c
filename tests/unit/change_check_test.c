// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* change__check(): what is impossible is refused before anything is changed. */
#include "change_fixture.h"

static void spoil_nothing(struct change *change) { (void)change; }
static void spoil_what(struct change *change) { change->what = 9; }
static void spoil_size(struct change *change) { change->spec.size = 8; }
static void spoil_family(struct change *change) { change->spec.family = 5; }
static void spoil_length(struct change *change) { change->spec.prefix_length = 33; }
static void spoil_host_bits(struct change *change) { change->spec.prefix[3] = 1; }
static void spoil_tail(struct change *change) { change->spec.prefix[9] = 1; }
static void spoil_type(struct change *change) { change->spec.type = XFIB_ROUTE_TYPES; }
static void spoil_flags(struct change *change) { change->spec.flags = 0x10; }
static void spoil_scope(struct change *change) { change->spec.flags = XFIB_SPEC_SCOPE; change->spec.scope = 256; }
static void spoil_protocol(struct change *change) { change->spec.protocol = 256; }
static void spoil_tos(struct change *change) { change->spec.tos = 0x103; }
static void spoil_preference(struct change *change) { change->spec.preference = 1; }
static void spoil_lifetime(struct change *change) { change->spec.lifetime = 60; }
static void spoil_source(struct change *change) { change->spec.source[15] = 60; }
static void spoil_count(struct change *change) { change->spec.path_count = 512; }
static void spoil_no_path(struct change *change) { change->spec.path_count = 0; }
static void spoil_paths(struct change *change) { change->spec.paths = NULL; }

static struct xfib_path_spec spoilt;
static void spoil_path(struct change *change) { change->spec.paths = &spoilt; }

static const struct {
	const char *desc;
	void (*spoil)(struct change *change);
	struct xfib_path_spec path;
	const char *quoted; /* in the message; NULL: it is possible */
} spoilers[] = {
	{ "nothing wrong", spoil_nothing },
	{ "unknown change", spoil_what, .quoted = "9" },
	{ "size", spoil_size, .quoted = "8" },
	{ "family", spoil_family, .quoted = "5" },
	{ "prefix length", spoil_length, .quoted = "33" },
	{ "host bits", spoil_host_bits, .quoted = "192.0.2.1/24" },
	{ "bytes behind the address", spoil_tail, .quoted = "192.0.2.0" },
	{ "type", spoil_type, .quoted = "10" },
	{ "flags", spoil_flags, .quoted = "0x10" },
	{ "scope", spoil_scope, .quoted = "256" },
	{ "protocol", spoil_protocol, .quoted = "256" },
	{ "tos", spoil_tos, .quoted = "0x103" },
	{ "preference of IPv4", spoil_preference, .quoted = "preference 1" },
	{ "lifetime of IPv4", spoil_lifetime, .quoted = "60" },
	{ "bytes behind the source", spoil_source, .quoted = "source" },
	{ "too many paths", spoil_count, .quoted = "512" },
	{ "no path", spoil_no_path, .quoted = "unicast" },
	{ "paths without any", spoil_paths, .quoted = "1 paths" },
	{ "path to nowhere", spoil_path, { 0 }, "neither" },
	{ "gateway without a family", spoil_path, { .ifindex = 1, .gateway = { 10 } }, "no family" },
	{ "gateway of another family", spoil_path, { .gateway_family = 7, .gateway = { 10 } }, "7" },
	{ "unspecified gateway", spoil_path, { .gateway_family = AF_INET }, "0.0.0.0" },
	{ "bytes behind the gateway", spoil_path, { .gateway_family = AF_INET, .gateway = { [0] = 10, [8] = 1 } }, "10.0.0.0" },
	{ "IPv6 gateway", spoil_path, { .gateway_family = AF_INET6, .gateway = { 0x20, 1 } } },
	{ "weight", spoil_path, { .ifindex = 1, .weight = 257 }, "257" },
	{ "flags of a path", spoil_path, { .ifindex = 1, .flags = 0x40 }, "0x40" },
	{ "onlink without a gateway", spoil_path, { .ifindex = 1, .flags = XFIB_NEXTHOP_ONLINK }, "onlink" },
};

static void what_is_impossible_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(spoilers); i++) {
		struct xfib_path_spec good = path_by(1, NULL);
		struct change change = make(XFIB_ADD, "192.0.2.0/24", 0, &good, 1);
		char message[CHANGE_MESSAGE] = "";

		spoilt = spoilers[i].path;
		spoilers[i].spoil(&change);
		assert_int_equal(change__check(&change, message), spoilers[i].quoted ? -EINVAL : 0);
		if (spoilers[i].quoted && !strstr(message, spoilers[i].quoted))
			fail_msg("%s: %s", spoilers[i].desc, message);
	}
}

static void ipv6_has_its_own_rules(void **state)
{
	struct xfib_path_spec path = path_by(1, "10.0.0.1");
	struct change change = make(XFIB_ADD, "2001:db8::/32", 0, &path, 1);
	char message[CHANGE_MESSAGE] = "";

	(void)state;
	assert_int_equal(change__check(&change, message), -EINVAL);
	assert_non_null(strstr(message, "10.0.0.1"));
	path = path_by(1, NULL);
	assert_int_equal(change__check(&change, message), 0);
	change.spec.lifetime = 60;
	change.spec.preference = 3;
	assert_int_equal(change__check(&change, message), 0);
	change.spec.preference = 2;
	assert_int_equal(change__check(&change, message), -EINVAL);
	change.spec.preference = 0;
	change.spec.tos = 4;
	assert_int_equal(change__check(&change, message), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_impossible_is_refused),
		cmocka_unit_test(ipv6_has_its_own_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
