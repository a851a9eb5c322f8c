// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* user/xfib/import_mrt.c, import_mrt_rib.c: dumps made here, whole, cut off at each byte, and damaged. */
#include "import_unit.h"

/* ---- an encoder of MRT ---- */

struct dump {
	uint8_t bytes[8192];
	size_t length;
	size_t ends[64], end_count; /* of each record */
	size_t begin;               /* of the record that is being made */
};

static void put(struct dump *dump, const void *memory, size_t length)
{
	assert_true(dump->length + length <= sizeof(dump->bytes));
	memcpy(dump->bytes + dump->length, memory, length);
	dump->length += length;
}

static void put_number(struct dump *dump, size_t count, uint64_t number)
{
	while (count--) {
		uint8_t byte = (uint8_t)(number >> (8 * count));

		put(dump, &byte, 1);
	}
}

static void put_address(struct dump *dump, const char *text)
{
	uint8_t address[16];

	unit__address(text, address);
	put(dump, address, strchr(text, ':') ? 16 : 4);
}

static void begin_record(struct dump *dump, uint32_t type, uint32_t subtype)
{
	dump->begin = dump->length;
	put_number(dump, 4, 1700000000);
	put_number(dump, 2, type);
	put_number(dump, 2, subtype);
	put_number(dump, 4, 0);
}

static void end_record(struct dump *dump)
{
	size_t length = dump->length - dump->begin - 12;

	for (size_t i = 0; i < 4; i++)
		dump->bytes[dump->begin + 8 + i] = (uint8_t)(length >> (24 - 8 * i));
	dump->ends[dump->end_count++] = dump->length;
}

/* Three peers: IPv4 with a short AS number, IPv6 and IPv4 with long ones. */
static void put_peers(struct dump *dump)
{
	begin_record(dump, 13, 1);
	put_address(dump, "192.0.2.255");
	put_number(dump, 2, 4);
	put(dump, "view", 4);
	put_number(dump, 2, 3);
	put_number(dump, 1, 0);
	put_address(dump, "192.0.2.1");
	put_address(dump, "10.9.0.1");
	put_number(dump, 2, 64500);
	put_number(dump, 1, 3);
	put_address(dump, "192.0.2.2");
	put_address(dump, "2001:db8:9::2");
	put_number(dump, 4, 4200000000);
	put_number(dump, 1, 2);
	put_address(dump, "192.0.2.3");
	put_address(dump, "10.9.0.3");
	put_number(dump, 4, 4200000001);
	end_record(dump);
}

static void begin_rib(struct dump *dump, uint32_t subtype, const char *prefix, uint32_t length, uint32_t entries)
{
	uint8_t address[16];

	unit__address(prefix, address);
	begin_record(dump, 13, subtype);
	put_number(dump, 4, dump->end_count);
	put_number(dump, 1, length);
	put(dump, address, (length + 7) / 8);
	put_number(dump, 2, entries);
}

/* How the entry says its next hop. */
enum reach { CLASSIC, SHORT, LONG, BOTH, NONE };

static void put_reach(struct dump *dump, enum reach reach, const char *first, const char *second)
{
	size_t length = (size_t)(strchr(first, ':') ? 16 : 4) + (second ? 16 : 0);

	put_number(dump, 2, 0x900e); /* optional, extended length */
	put_number(dump, 2, reach == LONG ? length + 5 : length + 1);
	if (reach == LONG)
		put_number(dump, 3, 0x000201);
	put_number(dump, 1, length);
	put_address(dump, first);
	if (second)
		put_address(dump, second);
	if (reach == LONG)
		put_number(dump, 1, 0);
}

static void put_entry(struct dump *dump, uint32_t peer, bool addpath, enum reach reach, const char *first, const char *second)
{
	size_t at, length;

	put_number(dump, 2, peer);
	put_number(dump, 4, 1700000000);
	if (addpath)
		put_number(dump, 4, 77);
	at = dump->length;
	put_number(dump, 2, 0);
	put_number(dump, 4, 0x40010100); /* ORIGIN, IGP */
	put_number(dump, 3, 0x400206);   /* AS_PATH, a sequence of one */
	put_number(dump, 2, 0x0201);
	put_number(dump, 4, 64500);
	if (reach == CLASSIC || reach == BOTH) {
		put_number(dump, 3, 0x400304);
		put_address(dump, reach == BOTH ? "10.8.8.8" : first);
	}
	if (reach == SHORT || reach == LONG || reach == BOTH)
		put_reach(dump, reach, first, second);
	length = dump->length - at - 2;
	dump->bytes[at] = (uint8_t)(length >> 8);
	dump->bytes[at + 1] = (uint8_t)length;
}

/* A dump with all that there is. */
static void make(struct dump *dump)
{
	*dump = (struct dump){ 0 };
	put_peers(dump);
	begin_rib(dump, 2, "10.0.0.0", 8, 2); /* record 2 */
	put_entry(dump, 0, false, CLASSIC, "10.9.0.11", NULL);
	put_entry(dump, 2, false, CLASSIC, "10.9.0.33", NULL);
	end_record(dump);
	begin_rib(dump, 4, "2001:db8::", 33, 2); /* 3 */
	put_entry(dump, 1, false, SHORT, "2001:db8:9::22", "fe80::22");
	put_entry(dump, 2, false, SHORT, "2001:db8:9::33", NULL);
	end_record(dump);
	begin_rib(dump, 4, "2001:db8:8000::", 48, 1); /* 4 */
	put_entry(dump, 1, false, LONG, "::", "fe80::22");
	end_record(dump);
	begin_rib(dump, 3, "224.0.0.0", 4, 0); /* 5: multicast */
	end_record(dump);
	begin_rib(dump, 2, "0.0.0.0", 0, 1); /* 6 */
	put_entry(dump, 2, false, BOTH, "2001:db8:9::44", NULL);
	end_record(dump);
	begin_rib(dump, 2, "198.51.100.0", 23, 1); /* 7: an IPv6 next hop */
	put_entry(dump, 2, false, SHORT, "2001:db8:9::55", NULL);
	end_record(dump);
	begin_rib(dump, 8, "203.0.113.128", 25, 2); /* 8: ADDPATH */
	put_entry(dump, 0, true, CLASSIC, "10.9.0.12", NULL);
	put_entry(dump, 0, true, CLASSIC, "10.9.0.13", NULL);
	end_record(dump);
	begin_rib(dump, 10, "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", 128, 1); /* 9 */
	put_entry(dump, 1, true, SHORT, "2001:db8:9::66", NULL);
	end_record(dump);
	begin_record(dump, 16, 4); /* 10: an update */
	put_number(dump, 4, 0);
	end_record(dump);
}

#define PEER(text_family, ...) .peer = IMPORT_PEER_ADDRESS, .peer_family = text_family, .peer_address = { __VA_ARGS__ }

static const struct {
	const char *desc;
	struct import_options options;
	const char *expected;
} cases[] = {
	{ "the first entry of each", {},
	  "2: 10.0.0.0/8 via 10.9.0.11\n3: 2001:db8::/33 via 2001:db8:9::22\n4: 2001:db8:8000::/48 via fe80::22\n"
	  "6: 0.0.0.0/0 via 10.8.8.8\n7: 198.51.100.0/23 via 2001:db8:9::55\n8: 203.0.113.128/25 via 10.9.0.12\n"
	  "9: 2001:db8:ffff:ffff:ffff:ffff:ffff:ffff/128 via 2001:db8:9::66\n" },
	{ "a peer by its number", { .peer = IMPORT_PEER_INDEX, .peer_index = 2 },
	  "2: 10.0.0.0/8 via 10.9.0.33\n3: 2001:db8::/33 via 2001:db8:9::33\n6: 0.0.0.0/0 via 10.8.8.8\n"
	  "7: 198.51.100.0/23 via 2001:db8:9::55\n" },
	{ "a peer by its IPv4 address", { PEER(AF_INET, 10, 9, 0, 1) }, "2: 10.0.0.0/8 via 10.9.0.11\n8: 203.0.113.128/25 via 10.9.0.12\n" },
	{ "a peer by its IPv6 address", { PEER(AF_INET6, 0x20, 0x01, 0x0d, 0xb8, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2), .format = IMPORT_MRT },
	  "3: 2001:db8::/33 via 2001:db8:9::22\n4: 2001:db8:8000::/48 via fe80::22\n"
	  "9: 2001:db8:ffff:ffff:ffff:ffff:ffff:ffff/128 via 2001:db8:9::66\n" },
	{ "IPv4 alone, a next hop of our own",
	  { .family = AF_INET, .table = 1000, .path = { .ifindex = 4, .gateway_family = AF_INET, .gateway = { 10, 92, 1, 2 } } },
	  "2: 10.0.0.0/8 table 1000 via 10.92.1.2 if 4\n6: 0.0.0.0/0 table 1000 via 10.92.1.2 if 4\n"
	  "7: 198.51.100.0/23 table 1000 via 10.92.1.2 if 4\n8: 203.0.113.128/25 table 1000 via 10.92.1.2 if 4\n" },
	{ "a device for their next hops", { .family = AF_INET6, .path.ifindex = 4, .protocol = 186 },
	  "3: 2001:db8::/33 protocol 186 via 2001:db8:9::22 if 4\n4: 2001:db8:8000::/48 protocol 186 via fe80::22 if 4\n"
	  "9: 2001:db8:ffff:ffff:ffff:ffff:ffff:ffff/128 protocol 186 via 2001:db8:9::66 if 4\n" },
};

static void records_become_routes(void **state)
{
	static const size_t pieces[] = { 0, 1, 7, 100 };
	static struct notes notes;
	static struct dump dump;

	(void)state;
	make(&dump);
	for (size_t i = 0; i < COUNT(cases); i++) {
		for (size_t piece = 0; piece < COUNT(pieces); piece++) {
			assert_int_equal(notes__import(&notes, &cases[i].options, dump.bytes, dump.length, pieces[piece], NULL), 0);
			if (strcmp(notes.text, cases[i].expected))
				print_message("%s, in pieces of %zu\n", cases[i].desc, pieces[piece]);
			assert_string_equal(notes.text, cases[i].expected);
		}
	}
}

/* Cut off between records it may be whole; elsewhere, or without a route, it is an error that says so. */
static void a_truncated_dump_is_an_error(void **state)
{
	static struct notes notes;
	static struct dump dump;
	char error[WHY_SIZE];

	(void)state;
	make(&dump);
	for (size_t length = 0; length < dump.length; length++) {
		bool between = false;
		int err = notes__import(&notes, &(struct import_options){ .format = IMPORT_MRT }, dump.bytes, length, 0, error);

		for (size_t i = 1; i < dump.end_count; i++)
			between |= dump.ends[i] == length;
		assert_int_equal(err, between ? 0 : -EBADMSG);
		if (err && length && length != dump.ends[0])
			assert_non_null(strstr(error, "is truncated"));
		assert_int_equal(notes.bad, 0);
	}
}

/* A record whose body ends early is bad, and those after it are not. */
static void a_truncated_record_is_bad(void **state)
{
	static struct notes notes;
	static struct dump whole, dump;
	size_t begin, end;

	(void)state;
	make(&whole);
	begin = whole.ends[0] + 12;
	end = whole.ends[1];
	for (size_t cut = begin; cut < end; cut++) {
		dump = whole;
		memmove(dump.bytes + cut, dump.bytes + end, dump.length - end);
		dump.length -= end - cut;
		dump.bytes[begin - 2] = (uint8_t)((cut - begin) >> 8);
		dump.bytes[begin - 1] = (uint8_t)(cut - begin);
		assert_int_equal(notes__import(&notes, &(struct import_options){}, dump.bytes, dump.length, 0, NULL), 0);
		assert_int_equal(notes.bad, 1);
		assert_int_equal(notes.routes, 6);
		assert_int_equal(strncmp(notes.text, "2! its ", 7), 0);
	}
}

static const struct {
	const char *desc;
	size_t at; /* from the end of record 1 */
	uint8_t byte;
	const char *why;
} damages[] = {
	{ "a prefix too long", 16, 33, "2! its prefix has 33 bits, of at most 32\n" },
	{ "more entries than there are", 19, 3, "2! its entries are cut off\n" },
	{ "fewer entries", 19, 1, "2! bytes behind its last entry\n" },
	{ "a peer that is none", 21, 3, "2! peer 3, of 3 in the table of peers\n" },
	{ "an attribute too long", 30, 200, "2! its attributes are damaged\n" },
	{ "a next hop of another length", 43, 3, "2! its attributes are damaged\n" },
};

static void damage_is_named(void **state)
{
	static struct notes notes;
	static struct dump dump;

	(void)state;
	for (size_t i = 0; i < COUNT(damages); i++) {
		make(&dump);
		dump.bytes[dump.ends[0] + damages[i].at] = damages[i].byte;
		assert_int_equal(notes__import(&notes, &(struct import_options){}, dump.bytes, dump.length, 0, NULL), 0);
		if (strncmp(notes.text, damages[i].why, strlen(damages[i].why)))
			print_message("%s: %s\n", damages[i].desc, notes.text);
		assert_int_equal(strncmp(notes.text, damages[i].why, strlen(damages[i].why)), 0);
		assert_int_equal(notes.routes, 6);
	}
}

static void what_is_no_dump_is_an_error(void **state)
{
	static struct notes notes;
	static struct dump dump;
	char error[WHY_SIZE];
	const char *text = "10.0.0.0/8 dev eth1\n";

	(void)state;
	assert_int_equal(notes__import(&notes, &(struct import_options){ .format = IMPORT_MRT }, text, strlen(text), 0, error), -EBADMSG);
	assert_non_null(strstr(error, "this is no MRT file"));
	dump = (struct dump){ 0 };
	begin_rib(&dump, 2, "10.0.0.0", 8, 1);
	put_entry(&dump, 0, false, CLASSIC, "10.9.0.11", NULL);
	end_record(&dump);
	assert_int_equal(notes__import(&notes, &(struct import_options){}, dump.bytes, dump.length, 0, error), -EBADMSG);
	assert_non_null(strstr(error, "before any PEER_INDEX_TABLE"));
	dump = (struct dump){ 0 };
	begin_record(&dump, 12, 1);
	end_record(&dump);
	assert_int_equal(notes__import(&notes, &(struct import_options){}, dump.bytes, dump.length, 0, error), -EBADMSG);
	assert_non_null(strstr(error, "some of TABLE_DUMP, which is not read"));
	make(&dump);
	assert_int_equal(notes__import(&notes, &(struct import_options){ .peer = IMPORT_PEER_INDEX, .peer_index = 3 }, dump.bytes,
				       dump.length, 0, error), -EBADMSG);
	assert_string_equal(error, "peer 3 is none of the 3 peers in it");
	assert_int_equal(notes__import(&notes, &(struct import_options){ PEER(AF_INET, 10, 9, 0, 2) }, dump.bytes, dump.length, 0, error),
			 -EBADMSG);
	assert_string_equal(error, "peer 10.9.0.2 is none of the 3 peers in it");
}

static void without_a_next_hop(void **state)
{
	static struct notes notes;
	static struct dump dump;

	(void)state;
	put_peers(&dump);
	begin_rib(&dump, 2, "10.0.0.0", 8, 1);
	put_entry(&dump, 0, false, NONE, NULL, NULL);
	end_record(&dump);
	begin_rib(&dump, 2, "10.0.0.0", 7, 1);
	put_entry(&dump, 0, false, CLASSIC, "0.0.0.0", NULL);
	end_record(&dump);
	assert_int_equal(notes__import(&notes, &(struct import_options){}, dump.bytes, dump.length, 0, NULL), 0);
	assert_string_equal(notes.text, "2! its entry names no next hop: give one by via\n3! its entry names no next hop: give one by via\n");
}

/* Any byte may be anything. */
static void random_damage_does_no_harm(void **state)
{
	static struct notes notes;
	static struct dump dump;

	(void)state;
	unit__seed();
	for (int round = 0; round < 2000; round++) {
		int err;

		make(&dump);
		for (unsigned int i = unit__below(8); i; i--)
			dump.bytes[unit__below((unsigned int)dump.length)] = (uint8_t)unit__below(256);
		err = notes__import(&notes, &(struct import_options){ .format = IMPORT_MRT, .peer = unit__below(2) }, dump.bytes,
				    dump.length, unit__below(200), NULL);
		assert_true(!err || err == -EBADMSG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_become_routes),     cmocka_unit_test(a_truncated_dump_is_an_error),
		cmocka_unit_test(a_truncated_record_is_bad), cmocka_unit_test(damage_is_named),
		cmocka_unit_test(what_is_no_dump_is_an_error), cmocka_unit_test(without_a_next_hop),
		cmocka_unit_test(random_damage_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
