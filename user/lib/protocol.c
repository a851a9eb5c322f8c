// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Reading the messages between libxfib and xfibd. See protocol.h. */
#include "protocol.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "private.h"

/* ---- ranges ---- */

/* Is an address of a family zero behind its own bytes? One of no family is all zero. */
static bool is_padded(uint32_t family, const uint8_t address[16])
{
	for (int i = family == AF_INET6 ? 16 : family == AF_INET ? 4 : 0; i < 16; i++) {
		if (address[i])
			return false;
	}
	return true;
}

static bool is_family(uint32_t family)
{
	return family == AF_INET || family == AF_INET6;
}

static bool is_length(uint32_t family, uint32_t prefix_length)
{
	return prefix_length <= (family == AF_INET6 ? 128 : 32);
}

bool protocol_change__is_valid(const struct protocol_change *change)
{
	return change->what >= XFIB_ADD && change->what <= XFIB_DELETE && is_family(change->family) &&
	       is_length(change->family, change->prefix_length) && is_padded(change->family, change->prefix) &&
	       is_padded(change->family, change->source) && change->type < XFIB_ROUTE_TYPES && change->scope <= 255 &&
	       change->protocol <= 255 && change->tos <= 255 && change->preference <= 3 &&
	       !(change->flags & ~(uint32_t)XFIB_SPEC_SCOPE) && change->path_count <= XFIB_GROUP_MEMBERS;
}

bool protocol_path__is_valid(const struct protocol_path *path)
{
	return (!path->gateway_family || is_family(path->gateway_family)) &&
	       is_padded(path->gateway_family, path->gateway) && path->weight <= 256 &&
	       !(path->flags & ~XFIB_NEXTHOP_ONLINK) && !path->pad;
}

static bool is_route(const struct xfib_route *route)
{
	return is_family(route->family) && is_length(route->family, route->prefix_length) &&
	       is_padded(route->family, route->prefix) && route->type > XFIB_ROUTE_UNSPEC &&
	       route->type < XFIB_ROUTE_TYPES && route->weight >= 1 && route->weight <= 256 &&
	       (route->owner == XFIB_OWNER_KERNEL || route->owner == XFIB_OWNER_XFIB) && route->preference <= 3;
}

static bool is_nexthop(const struct xfib_nexthop *nexthop, uint32_t family)
{
	return nexthop->family == family && is_padded(family, nexthop->source) &&
	       (!nexthop->gateway_family || is_family(nexthop->gateway_family)) &&
	       nexthop->state <= XFIB_NEIGHBOUR_IN_USE && nexthop->type > XFIB_ROUTE_UNSPEC &&
	       nexthop->type < XFIB_ROUTE_TYPES;
}

bool protocol_event__is_valid(const struct protocol_event *event)
{
	return event->type >= XFIB_ROUTE_ADDED && event->type <= XFIB_ROUTE_DELETED && event->own <= 1 &&
	       event->link_kind <= UINT16_MAX && !event->dev[sizeof(event->dev) - 1] && is_route(&event->route) &&
	       is_nexthop(&event->nexthop, event->route.family);
}

/* ---- whole messages ---- */

int protocol__read_header(const void *packet, size_t length, struct protocol_header *ret_header)
{
	struct protocol_header header;

	if (length < sizeof(header) || length > PROTOCOL_PACKET)
		return -EBADMSG;
	memcpy(&header, packet, sizeof(header));
	if (header.kind < PROTOCOL_HELLO || header.kind >= PROTOCOL_KIND_COUNT || header.length != length)
		return -EBADMSG;
	*ret_header = header;
	return 0;
}

/* Copies a message of a kind, whose size is that of its struct; `more`: records follow it. */
static int read_message(const void *packet, size_t length, enum protocol_kind kind, void *message, size_t size,
			bool more)
{
	struct protocol_header header;

	if (protocol__read_header(packet, length, &header) || header.kind != (uint32_t)kind ||
	    (more ? length < size : length != size))
		return -EBADMSG;
	memcpy(message, packet, size);
	return 0;
}

int protocol__read_hello(const void *packet, size_t length, struct protocol_hello *ret_hello)
{
	struct protocol_hello hello;

	if (read_message(packet, length, PROTOCOL_HELLO, &hello, sizeof(hello), false) ||
	    hello.magic != PROTOCOL_MAGIC || (hello.version == PROTOCOL_VERSION && hello.pad))
		return -EBADMSG;
	*ret_hello = hello;
	return 0;
}

int protocol__read_begin(const void *packet, size_t length, struct protocol_begin *ret_begin)
{
	struct protocol_begin begin;

	if (read_message(packet, length, PROTOCOL_BEGIN, &begin, sizeof(begin), false) || begin.pad)
		return -EBADMSG;
	*ret_begin = begin;
	return 0;
}

int protocol__read_commit(const void *packet, size_t length)
{
	struct protocol_header header;

	return read_message(packet, length, PROTOCOL_COMMIT, &header, sizeof(header), false);
}

int protocol__read_resync(const void *packet, size_t length)
{
	struct protocol_header header;

	return read_message(packet, length, PROTOCOL_RESYNC, &header, sizeof(header), false);
}

/* Errors are numbers that strerror() and callers can take for -errno; a failure has words of one line. */
int protocol__read_result(const void *packet, size_t length, struct protocol_result *ret_result)
{
	struct protocol_result result;

	if (read_message(packet, length, PROTOCOL_RESULT, &result, sizeof(result), false) || result.err > 0 ||
	    result.err < -4095 || result.message[sizeof(result.message) - 1] || !result.err != !result.message[0])
		return -EBADMSG;
	for (const char *byte = result.message; *byte; byte++) {
		if ((unsigned char)*byte < ' ')
			return -EBADMSG;
	}
	*ret_result = result;
	return 0;
}

int protocol__read_watch(const void *packet, size_t length, struct xfib_route_filter *ret_filter)
{
	struct protocol_watch watch;

	if (read_message(packet, length, PROTOCOL_WATCH, &watch, sizeof(watch), false) ||
	    (watch.family && !is_family(watch.family)) || watch.protocol > 255)
		return -EBADMSG;
	*ret_filter = (struct xfib_route_filter){
		.size = sizeof(*ret_filter),
		.family = watch.family,
		.table = watch.table,
		.ifindex = watch.ifindex,
		.protocol = watch.protocol,
	};
	return 0;
}

/* ---- packets of records ---- */

/* Checks the change at `at`, with its paths, and returns the bytes that they take; 0: something is wrong. */
static size_t check_change(const uint8_t *at, size_t left)
{
	struct protocol_change change;
	struct protocol_path path;
	size_t size;

	if (left < sizeof(change))
		return 0;
	memcpy(&change, at, sizeof(change));
	if (!protocol_change__is_valid(&change))
		return 0;
	size = sizeof(change) + change.path_count * sizeof(path);
	if (left < size)
		return 0;
	for (uint32_t i = 0; i < change.path_count; i++) {
		memcpy(&path, at + sizeof(change) + i * sizeof(path), sizeof(path));
		if (!protocol_path__is_valid(&path))
			return 0;
	}
	return size;
}

int protocol__read_changes(const void *packet, size_t length, struct protocol_changes *ret_changes,
			   struct protocol_reader *ret_reader)
{
	const uint8_t *begin = (const uint8_t *)packet + sizeof(struct protocol_changes);
	struct protocol_changes changes;
	size_t left;

	if (read_message(packet, length, PROTOCOL_CHANGES, &changes, sizeof(changes), true) || !changes.count ||
	    changes.flags & ~(uint32_t)PROTOCOL_ALONE)
		return -EBADMSG;
	left = length - sizeof(changes);
	for (uint32_t i = 0; i < changes.count; i++) {
		size_t size = check_change(begin + (length - sizeof(changes) - left), left);

		if (!size)
			return -EBADMSG;
		left -= size;
	}
	if (left)
		return -EBADMSG;
	*ret_changes = changes;
	*ret_reader = (struct protocol_reader){ .at = begin, .left = changes.count };
	return 0;
}

int protocol__read_events(const void *packet, size_t length, struct protocol_reader *ret_reader)
{
	const uint8_t *begin = (const uint8_t *)packet + sizeof(struct protocol_events);
	struct protocol_events events;
	struct protocol_event event;

	if (read_message(packet, length, PROTOCOL_EVENTS, &events, sizeof(events), true) || !events.count ||
	    events.pad || length - sizeof(events) != (uint64_t)events.count * sizeof(event))
		return -EBADMSG;
	for (uint32_t i = 0; i < events.count; i++) {
		memcpy(&event, begin + i * sizeof(event), sizeof(event));
		if (!protocol_event__is_valid(&event))
			return -EBADMSG;
	}
	*ret_reader = (struct protocol_reader){ .at = begin, .left = events.count };
	return 0;
}

bool protocol_reader__next_change(struct protocol_reader *reader, struct change *ret_change,
				  struct xfib_path_spec ret_paths[XFIB_GROUP_MEMBERS])
{
	struct protocol_change from;

	if (!reader->left)
		return false;
	reader->left--;
	memcpy(&from, reader->at, sizeof(from));
	reader->at += sizeof(from);
	*ret_change = (struct change){
		.what = (enum xfib_change)from.what,
		.spec = {
			.size = sizeof(ret_change->spec),
			.family = from.family,
			.prefix_length = from.prefix_length,
			.table = from.table,
			.metric = from.metric,
			.type = from.type,
			.scope = from.scope,
			.protocol = from.protocol,
			.tos = from.tos,
			.preference = from.preference,
			.mtu = from.mtu,
			.lifetime = from.lifetime,
			.flags = from.flags,
			.path_count = from.path_count,
			.paths = from.path_count ? ret_paths : NULL,
		},
	};
	memcpy(ret_change->spec.prefix, from.prefix, sizeof(from.prefix));
	memcpy(ret_change->spec.source, from.source, sizeof(from.source));
	for (uint32_t i = 0; i < from.path_count; i++) {
		struct protocol_path path;

		memcpy(&path, reader->at, sizeof(path));
		reader->at += sizeof(path);
		ret_paths[i] = (struct xfib_path_spec){
			.ifindex = path.ifindex,
			.gateway_family = path.gateway_family,
			.weight = path.weight,
			.flags = path.flags,
		};
		memcpy(ret_paths[i].gateway, path.gateway, sizeof(path.gateway));
	}
	return true;
}

bool protocol_reader__next_event(struct protocol_reader *reader, struct xfib_route_event *ret_event)
{
	struct protocol_event from;

	if (!reader->left)
		return false;
	reader->left--;
	memcpy(&from, reader->at, sizeof(from));
	reader->at += sizeof(from);
	*ret_event = (struct xfib_route_event){
		.type = from.type,
		.own = from.own,
		.link_flags = from.link_flags,
		.link_kind = from.link_kind,
		.route = from.route,
		.nexthop = from.nexthop,
	};
	memcpy(ret_event->dev, from.dev, sizeof(from.dev));
	return true;
}
