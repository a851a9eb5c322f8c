// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* user/lib/protocol*.c: what is written is read again; what is cut short, too long or out of range is refused. */
#include "unit.h"

#include <errno.h>
#include <sys/socket.h>

#include "change_list.h"
#include "protocol.h"

static uint8_t packet[PROTOCOL_PACKET + 1];

/* Copies that have no byte to spare, so that a read beyond them is found. */
static int read_exactly(const void *from, size_t length, int (*reader)(const void *packet, size_t length))
{
	void *copy = malloc(length ? length : 1);
	int err;

	memcpy(copy, from, length);
	err = reader(copy, length);
	free(copy);
	return err;
}

/* ---- every reader with one signature ---- */

static int read_header(const void *from, size_t length)
{
	struct protocol_header header;

	return protocol__read_header(from, length, &header);
}

static int read_hello(const void *from, size_t length)
{
	struct protocol_hello hello;

	return protocol__read_hello(from, length, &hello);
}

static int read_begin(const void *from, size_t length)
{
	struct protocol_begin begin;

	return protocol__read_begin(from, length, &begin);
}

static int read_changes(const void *from, size_t length)
{
	struct protocol_changes changes;
	struct protocol_reader reader;

	return protocol__read_changes(from, length, &changes, &reader);
}

static int read_result(const void *from, size_t length)
{
	struct protocol_result result;

	return protocol__read_result(from, length, &result);
}

static int read_watch(const void *from, size_t length)
{
	struct xfib_route_filter filter;

	return protocol__read_watch(from, length, &filter);
}

static int read_events(const void *from, size_t length)
{
	struct protocol_reader reader;

	return protocol__read_events(from, length, &reader);
}

static int (*const readers[PROTOCOL_KIND_COUNT])(const void *from, size_t length) = {
	[PROTOCOL_HELLO] = read_hello,   [PROTOCOL_BEGIN] = read_begin,   [PROTOCOL_CHANGES] = read_changes,
	[PROTOCOL_COMMIT] = protocol__read_commit, [PROTOCOL_RESULT] = read_result, [PROTOCOL_WATCH] = read_watch,
	[PROTOCOL_EVENTS] = read_events, [PROTOCOL_RESYNC] = protocol__read_resync,
};

/* ---- samples ---- */

static const struct xfib_path_spec sample_paths[] = {
	{ .ifindex = 7, .gateway_family = AF_INET, .gateway = { 192, 0, 2, 1 }, .weight = 1 },
	{ .ifindex = 8, .gateway_family = AF_INET6, .gateway = { 0xfe, 0x80, [15] = 1 }, .weight = 256,
	  .flags = XFIB_NEXTHOP_ONLINK },
	{ .ifindex = 9 },
};

static struct change sample_change(uint32_t path_count)
{
	return (struct change){
		.what = XFIB_REPLACE,
		.spec = {
			.size = sizeof(struct xfib_route_spec),
			.prefix = { 198, 51, 100 },
			.source = { 192, 0, 2, 9 },
			.family = AF_INET,
			.prefix_length = 24,
			.table = 1000,
			.metric = 20,
			.type = XFIB_ROUTE_UNICAST,
			.scope = 253,
			.protocol = 4,
			.tos = 16,
			.preference = 1,
			.mtu = 1400,
			.lifetime = 60,
			.flags = XFIB_SPEC_SCOPE,
			.path_count = path_count,
			.paths = sample_paths,
		},
	};
}

static struct xfib_route_event sample_event(void)
{
	return (struct xfib_route_event){
		.type = XFIB_ROUTE_CHANGED,
		.own = true,
		.link_flags = XFIB_LINK_UP,
		.link_kind = 6,
		.dev = "eth0",
		.route = { .prefix = { 198, 51, 100 }, .table = 254, .weight = 1, .family = AF_INET, .prefix_length = 24,
			   .type = XFIB_ROUTE_UNICAST, .owner = XFIB_OWNER_KERNEL },
		.nexthop = { .ifindex = 7, .mtu = 1500, .family = AF_INET, .type = XFIB_ROUTE_UNICAST,
			     .gateway_family = AF_INET, .gateway = { 192, 0, 2, 1 } },
	};
}

static size_t write_sample(enum protocol_kind kind)
{
	struct xfib_route_filter filter = { .size = sizeof(filter), .family = AF_INET6, .table = 5, .ifindex = 6,
					    .protocol = 7 };
	struct xfib_route_event event = sample_event();
	struct change change = sample_change(COUNT(sample_paths));
	struct protocol_writer writer;

	switch (kind) {
	case PROTOCOL_HELLO:
		return protocol__write_hello(packet, 42);
	case PROTOCOL_BEGIN:
		return protocol__write_begin(packet, 3);
	case PROTOCOL_CHANGES:
		protocol_writer__begin(&writer, packet);
		assert_int_equal(protocol_writer__add_change(&writer, &change), 0);
		change.spec.path_count = 0;
		assert_int_equal(protocol_writer__add_change(&writer, &change), 0);
		return protocol_writer__end_changes(&writer, PROTOCOL_ALONE);
	case PROTOCOL_COMMIT:
		return protocol__write_commit(packet);
	case PROTOCOL_RESULT:
		return protocol__write_result(packet, -EEXIST, 2, "it exists");
	case PROTOCOL_WATCH:
		return protocol__write_watch(packet, &filter);
	case PROTOCOL_EVENTS:
		protocol_writer__begin(&writer, packet);
		assert_int_equal(protocol_writer__add_event(&writer, &event), 0);
		assert_int_equal(protocol_writer__add_event(&writer, &event), 0);
		return protocol_writer__end_events(&writer);
	default:
		return protocol__write_resync(packet);
	}
}

/* ---- what must hold of all of them ---- */

static void every_kind_is_read_by_its_reader_alone(void **state)
{
	(void)state;
	for (int kind = PROTOCOL_HELLO; kind < PROTOCOL_KIND_COUNT; kind++) {
		size_t length = write_sample((enum protocol_kind)kind);

		assert_int_equal(read_exactly(packet, length, read_header), 0);
		for (int other = PROTOCOL_HELLO; other < PROTOCOL_KIND_COUNT; other++)
			assert_int_equal(read_exactly(packet, length, readers[other]), kind == other ? 0 : -EBADMSG);
	}
}

/* With the length in its header as it was, and made to fit: neither is a message. */
static void every_truncation_is_refused(void **state)
{
	(void)state;
	for (int kind = PROTOCOL_HELLO; kind < PROTOCOL_KIND_COUNT; kind++) {
		size_t whole = write_sample((enum protocol_kind)kind);

		for (size_t length = 0; length < whole; length++) {
			uint32_t said = (uint32_t)length;

			write_sample((enum protocol_kind)kind);
			assert_int_equal(read_exactly(packet, length, readers[kind]), -EBADMSG);
			if (length >= sizeof(struct protocol_header))
				memcpy(packet + offsetof(struct protocol_header, length), &said, sizeof(said));
			assert_int_equal(read_exactly(packet, length, readers[kind]), -EBADMSG);
		}
	}
}

static void every_longer_packet_is_refused(void **state)
{
	(void)state;
	for (int kind = PROTOCOL_HELLO; kind < PROTOCOL_KIND_COUNT; kind++) {
		size_t whole = write_sample((enum protocol_kind)kind);

		for (size_t more = 1; more < 200; more++) {
			uint32_t said = (uint32_t)(whole + more);

			memset(packet + whole, 0, more);
			assert_int_equal(readers[kind](packet, whole + more), -EBADMSG);
			memcpy(packet + offsetof(struct protocol_header, length), &said, sizeof(said));
			assert_int_equal(readers[kind](packet, whole + more), -EBADMSG);
			write_sample((enum protocol_kind)kind);
		}
	}
	assert_int_equal(read_header(packet, PROTOCOL_PACKET + 1), -EBADMSG);
}

/* ---- fields out of range ---- */

struct field {
	const char *desc;
	enum protocol_kind kind;
	size_t offset, size;
	uint64_t value;
};

#define HEAD(kind, member, value)                                                                                      \
	{ #kind " " #member, kind, offsetof(struct protocol_header, member), 4, value }
#define FIELD(kind, type, base, member, value)                                                                         \
	{ #member, kind, (base) + offsetof(struct type, member), sizeof(((struct type *)NULL)->member) > 8 ?           \
	  1 : sizeof(((struct type *)NULL)->member), value }
#define CHANGE(member, value)                                                                                          \
	FIELD(PROTOCOL_CHANGES, protocol_change, sizeof(struct protocol_changes), member, value)
#define PATH(index, member, value)                                                                                     \
	FIELD(PROTOCOL_CHANGES, protocol_path,                                                                         \
	      sizeof(struct protocol_changes) + sizeof(struct protocol_change) + (index) * sizeof(struct protocol_path), \
	      member, value)
#define EVENT(member, value)                                                                                           \
	FIELD(PROTOCOL_EVENTS, protocol_event, sizeof(struct protocol_events), member, value)

static const struct field bad_fields[] = {
	HEAD(PROTOCOL_HELLO, kind, 0),
	HEAD(PROTOCOL_HELLO, kind, PROTOCOL_KIND_COUNT),
	HEAD(PROTOCOL_HELLO, kind, UINT32_MAX),
	HEAD(PROTOCOL_HELLO, length, 0),
	HEAD(PROTOCOL_COMMIT, length, UINT32_MAX),
	FIELD(PROTOCOL_HELLO, protocol_hello, 0, magic, 1),
	FIELD(PROTOCOL_HELLO, protocol_hello, 0, pad, 1),
	FIELD(PROTOCOL_BEGIN, protocol_begin, 0, pad, 1),
	FIELD(PROTOCOL_CHANGES, protocol_changes, 0, count, 0),
	FIELD(PROTOCOL_CHANGES, protocol_changes, 0, count, 1),
	FIELD(PROTOCOL_CHANGES, protocol_changes, 0, count, 3),
	FIELD(PROTOCOL_CHANGES, protocol_changes, 0, count, UINT32_MAX),
	FIELD(PROTOCOL_CHANGES, protocol_changes, 0, flags, 2),
	CHANGE(what, 0), CHANGE(what, 5), CHANGE(family, 0), CHANGE(family, 3), CHANGE(prefix_length, 33),
	CHANGE(prefix[4], 1), CHANGE(prefix[15], 1), CHANGE(source[4], 1), CHANGE(type, XFIB_ROUTE_TYPES),
	CHANGE(scope, 256), CHANGE(protocol, 256), CHANGE(tos, 256), CHANGE(preference, 4), CHANGE(flags, 2),
	CHANGE(path_count, 512), CHANGE(path_count, 2), CHANGE(path_count, 4), CHANGE(path_count, UINT32_MAX),
	PATH(0, gateway_family, 3), PATH(0, gateway[4], 1), PATH(0, weight, 257), PATH(0, flags, 2), PATH(0, pad, 1),
	PATH(1, gateway_family, 2), PATH(2, gateway[0], 1), PATH(2, pad, 1),
	FIELD(PROTOCOL_RESULT, protocol_result, 0, err, 1),
	FIELD(PROTOCOL_RESULT, protocol_result, 0, err, (uint32_t)-4096),
	FIELD(PROTOCOL_RESULT, protocol_result, 0, err, 0), /* with a message */
	FIELD(PROTOCOL_RESULT, protocol_result, 0, message[0], 0), /* without */
	FIELD(PROTOCOL_RESULT, protocol_result, 0, message[1], '\n'),
	FIELD(PROTOCOL_RESULT, protocol_result, 0, message[PROTOCOL_MESSAGE - 1], 'x'),
	FIELD(PROTOCOL_WATCH, protocol_watch, 0, family, 3),
	FIELD(PROTOCOL_WATCH, protocol_watch, 0, protocol, 256),
	FIELD(PROTOCOL_EVENTS, protocol_events, 0, count, 0),
	FIELD(PROTOCOL_EVENTS, protocol_events, 0, count, 1),
	FIELD(PROTOCOL_EVENTS, protocol_events, 0, count, UINT32_MAX),
	/* 2 records more than fit in 32 bits of bytes */
	FIELD(PROTOCOL_EVENTS, protocol_events, 0, count, 0x8000002),
	FIELD(PROTOCOL_EVENTS, protocol_events, 0, pad, 1),
	EVENT(type, 0), EVENT(type, XFIB_ROUTE_RESYNC), EVENT(own, 2), EVENT(link_kind, 65536), EVENT(dev[15], 'x'),
	EVENT(route.family, 0), EVENT(route.family, AF_INET6), EVENT(route.prefix_length, 33), EVENT(route.prefix[4], 1),
	EVENT(route.type, 0), EVENT(route.type, XFIB_ROUTE_TYPES), EVENT(route.weight, 0), EVENT(route.weight, 257),
	EVENT(route.owner, 0), EVENT(route.owner, 3), EVENT(route.preference, 4),
	EVENT(nexthop.family, 0), EVENT(nexthop.gateway_family, 3), EVENT(nexthop.state, 4), EVENT(nexthop.type, 0),
	EVENT(nexthop.type, XFIB_ROUTE_TYPES), EVENT(nexthop.source[4], 1),
};

static void every_field_out_of_range_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bad_fields); i++) {
		const struct field *field = &bad_fields[i];
		size_t length = write_sample(field->kind);
		int err;

		memcpy(packet + field->offset, &field->value, field->size);
		err = read_exactly(packet, length, readers[field->kind]);
		if (err != -EBADMSG)
			print_message("accepted: %s = %llu\n", field->desc, (unsigned long long)field->value);
		assert_int_equal(err, -EBADMSG);
	}
}

/* ---- round trips ---- */

static void fields_come_back(void **state)
{
	struct protocol_result result;
	struct protocol_hello hello;
	struct protocol_begin begin;
	struct xfib_route_filter filter;

	(void)state;
	assert_int_equal(protocol__read_hello(packet, write_sample(PROTOCOL_HELLO), &hello), 0);
	assert_int_equal(hello.version, PROTOCOL_VERSION);
	assert_int_equal(hello.pid, 42);
	assert_int_equal(protocol__read_begin(packet, write_sample(PROTOCOL_BEGIN), &begin), 0);
	assert_int_equal(begin.count, 3);
	assert_int_equal(protocol__read_result(packet, write_sample(PROTOCOL_RESULT), &result), 0);
	assert_int_equal(result.err, -EEXIST);
	assert_int_equal(result.failed, 2);
	assert_string_equal(result.message, "it exists");
	assert_int_equal(protocol__read_watch(packet, write_sample(PROTOCOL_WATCH), &filter), 0);
	assert_int_equal(filter.family, AF_INET6);
	assert_int_equal(filter.table, 5);
	assert_int_equal(filter.ifindex, 6);
	assert_int_equal(filter.protocol, 7);
}

static void results_are_one_line(void **state)
{
	char text[2 * PROTOCOL_MESSAGE];
	struct protocol_result result;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	text[1] = '\n';
	assert_int_equal(protocol__read_result(packet, protocol__write_result(packet, -EIO, 0, text), &result), 0);
	assert_int_equal(strlen(result.message), PROTOCOL_MESSAGE - 1);
	assert_null(strchr(result.message, '\n'));
	assert_int_equal(protocol__read_result(packet, protocol__write_result(packet, -EIO, 0, ""), &result), 0);
	assert_string_equal(result.message, strerror(EIO));
	assert_int_equal(protocol__read_result(packet, protocol__write_result(packet, 0, 5, "left over"), &result), 0);
	assert_int_equal(result.failed, 0);
}

/* A hello of another version is read, so that the versions can be named. */
static void other_versions_are_told(void **state)
{
	struct protocol_hello hello;
	size_t length = write_sample(PROTOCOL_HELLO);
	uint32_t version = PROTOCOL_VERSION + 1;

	(void)state;
	memcpy(packet + offsetof(struct protocol_hello, version), &version, sizeof(version));
	assert_int_equal(protocol__read_hello(packet, length, &hello), 0);
	assert_int_equal(hello.version, PROTOCOL_VERSION + 1);
}

static void assert_same_change(const struct change *one, const struct change *other)
{
	struct xfib_route_spec spec = one->spec;

	spec.paths = other->spec.paths;
	assert_int_equal(one->what, other->what);
	assert_memory_equal(&spec, &other->spec, sizeof(spec));
	if (spec.path_count)
		assert_memory_equal(one->spec.paths, other->spec.paths, spec.path_count * sizeof(*spec.paths));
}

static void changes_come_back(void **state)
{
	struct xfib_path_spec paths[XFIB_GROUP_MEMBERS];
	struct change sample = sample_change(COUNT(sample_paths)), change;
	struct protocol_changes changes;
	struct protocol_reader reader;
	size_t length = write_sample(PROTOCOL_CHANGES);

	(void)state;
	/* Nothing of a packet has to be aligned. */
	memmove(packet + 1, packet, length);
	assert_int_equal(protocol__read_changes(packet + 1, length, &changes, &reader), 0);
	assert_int_equal(changes.count, 2);
	assert_int_equal(changes.flags, PROTOCOL_ALONE);
	assert_true(protocol_reader__next_change(&reader, &change, paths));
	assert_same_change(&sample, &change);
	assert_true(protocol_reader__next_change(&reader, &change, paths));
	sample.spec.path_count = 0;
	sample.spec.paths = NULL;
	assert_same_change(&sample, &change);
	assert_false(protocol_reader__next_change(&reader, &change, paths));
}

static void events_come_back(void **state)
{
	struct xfib_route_event sample = sample_event(), event;
	size_t length = write_sample(PROTOCOL_EVENTS);
	struct protocol_reader reader;

	(void)state;
	assert_int_equal(protocol__read_events(packet, length, &reader), 0);
	for (int i = 0; i < 2; i++) {
		memset(&event, 0xff, sizeof(event));
		assert_true(protocol_reader__next_event(&reader, &event));
		assert_memory_equal(&event, &sample, sizeof(event));
	}
	assert_false(protocol_reader__next_event(&reader, &event));
}

/* Random changes, cut into packets as they fill, are the same at the other end. */
static void packets_fill(void **state)
{
	struct change_list sent = { 0 };
	struct xfib_path_spec paths[XFIB_GROUP_MEMBERS];
	struct protocol_changes changes;
	struct protocol_writer writer;
	struct protocol_reader reader;
	struct change change;
	uint32_t at = 0, packets = 0;

	(void)state;
	unit__seed();
	for (uint32_t i = 0; i < 3000; i++) {
		uint32_t count = unit__below(20) ? unit__below(4) : unit__below(XFIB_GROUP_MEMBERS + 1);

		for (uint32_t path = 0; path < count; path++)
			paths[path] = sample_paths[unit__below(COUNT(sample_paths))];
		change = sample_change(count);
		change.spec.paths = count ? paths : NULL;
		change.spec.metric = i;
		assert_int_equal(change_list__add(&sent, &change), 0);
	}
	while (at < sent.count) {
		uint32_t first = at;

		protocol_writer__begin(&writer, packet);
		while (at < sent.count && !protocol_writer__add_change(&writer, &sent.changes[at]))
			at++;
		assert_true(at > first);
		packets++;
		assert_int_equal(protocol__read_changes(packet, protocol_writer__end_changes(&writer, 0), &changes, &reader), 0);
		assert_int_equal(changes.count, at - first);
		for (uint32_t i = first; i < at; i++) {
			assert_true(protocol_reader__next_change(&reader, &change, paths));
			assert_same_change(&sent.changes[i], &change);
		}
	}
	assert_true(packets > 3);
	change_list__clear(&sent);
	assert_int_equal(change_list__bytes(&sent), 0);
}

static void what_no_reader_takes_is_not_written(void **state)
{
	struct change change = sample_change(COUNT(sample_paths));
	struct xfib_route_event event = sample_event();
	struct xfib_path_spec bad = { .gateway_family = 3 };
	struct protocol_writer writer;
	size_t length;

	(void)state;
	protocol_writer__begin(&writer, packet);
	length = writer.length;
	change.spec.path_count = 512;
	assert_int_equal(protocol_writer__add_change(&writer, &change), -EINVAL);
	change.spec.path_count = 1;
	change.spec.paths = &bad;
	assert_int_equal(protocol_writer__add_change(&writer, &change), -EINVAL);
	event.type = XFIB_ROUTE_RESYNC;
	assert_int_equal(protocol_writer__add_event(&writer, &event), -EINVAL);
	assert_int_equal(writer.length, length);
	assert_int_equal(writer.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_is_read_by_its_reader_alone),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(every_longer_packet_is_refused),
		cmocka_unit_test(every_field_out_of_range_is_refused),
		cmocka_unit_test(fields_come_back),
		cmocka_unit_test(results_are_one_line),
		cmocka_unit_test(other_versions_are_told),
		cmocka_unit_test(changes_come_back),
		cmocka_unit_test(events_come_back),
		cmocka_unit_test(packets_fill),
		cmocka_unit_test(what_no_reader_takes_is_not_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
