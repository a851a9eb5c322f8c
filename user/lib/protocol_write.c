// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Writing the messages between libxfib and xfibd. See protocol.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "protocol.h"

static size_t write_message(void *packet, enum protocol_kind kind, void *message, size_t size)
{
	struct protocol_header header = { .kind = (uint32_t)kind, .length = (uint32_t)size };

	memcpy(message, &header, sizeof(header));
	memcpy(packet, message, size);
	return size;
}

size_t protocol__write_hello(void *packet, uint32_t pid)
{
	struct protocol_hello hello = { .magic = PROTOCOL_MAGIC, .version = PROTOCOL_VERSION, .pid = pid };

	return write_message(packet, PROTOCOL_HELLO, &hello, sizeof(hello));
}

size_t protocol__write_begin(void *packet, uint32_t count)
{
	struct protocol_begin begin = { .count = count };

	return write_message(packet, PROTOCOL_BEGIN, &begin, sizeof(begin));
}

size_t protocol__write_commit(void *packet)
{
	struct protocol_header header;

	return write_message(packet, PROTOCOL_COMMIT, &header, sizeof(header));
}

size_t protocol__write_resync(void *packet)
{
	struct protocol_header header;

	return write_message(packet, PROTOCOL_RESYNC, &header, sizeof(header));
}

size_t protocol__write_result(void *packet, int err, uint32_t failed, const char *message)
{
	struct protocol_result result = { .err = err, .failed = err ? failed : 0 };

	if (err)
		snprintf(result.message, sizeof(result.message), "%s", message[0] ? message : strerror(-err));
	for (char *byte = result.message; *byte; byte++) { /* one line, whoever had the words */
		if ((unsigned char)*byte < ' ')
			*byte = ' ';
	}
	return write_message(packet, PROTOCOL_RESULT, &result, sizeof(result));
}

size_t protocol__write_watch(void *packet, const struct xfib_route_filter *filter)
{
	struct protocol_watch watch = { 0 };

	if (filter) {
		watch.family = filter->family;
		watch.table = filter->table;
		watch.ifindex = filter->ifindex;
		watch.protocol = filter->protocol;
	}
	return write_message(packet, PROTOCOL_WATCH, &watch, sizeof(watch));
}

/* ---- packets of records ---- */

_Static_assert(sizeof(struct protocol_changes) == sizeof(struct protocol_events), "records begin at the same place");
_Static_assert(sizeof(struct protocol_changes) + sizeof(struct protocol_change) +
			       XFIB_GROUP_MEMBERS * sizeof(struct protocol_path) <= PROTOCOL_PACKET,
	       "the largest change fits a packet");

void protocol_writer__begin(struct protocol_writer *writer, void *packet)
{
	*writer = (struct protocol_writer){ .packet = packet, .length = sizeof(struct protocol_changes) };
}

static void append(struct protocol_writer *writer, const void *record, size_t size)
{
	memcpy(writer->packet + writer->length, record, size);
	writer->length += size;
}

static struct protocol_change change_of(const struct change *change)
{
	const struct xfib_route_spec *spec = &change->spec;
	struct protocol_change to = {
		.what = change->what,
		.family = spec->family,
		.prefix_length = spec->prefix_length,
		.table = spec->table,
		.metric = spec->metric,
		.type = spec->type,
		.scope = spec->scope,
		.protocol = spec->protocol,
		.tos = spec->tos,
		.preference = spec->preference,
		.mtu = spec->mtu,
		.lifetime = spec->lifetime,
		.flags = spec->flags,
		.path_count = spec->path_count,
	};

	memcpy(to.prefix, spec->prefix, sizeof(to.prefix));
	memcpy(to.source, spec->source, sizeof(to.source));
	return to;
}

static struct protocol_path path_of(const struct xfib_path_spec *path)
{
	struct protocol_path to = {
		.ifindex = path->ifindex,
		.gateway_family = path->gateway_family,
		.weight = path->weight,
		.flags = path->flags,
	};

	memcpy(to.gateway, path->gateway, sizeof(to.gateway));
	return to;
}

int protocol_writer__add_change(struct protocol_writer *writer, const struct change *change)
{
	struct protocol_change to = change_of(change);
	size_t length = writer->length;

	if (!protocol_change__is_valid(&to))
		return -EINVAL;
	if (PROTOCOL_PACKET - length < sizeof(to) + to.path_count * sizeof(struct protocol_path))
		return -EMSGSIZE;
	append(writer, &to, sizeof(to));
	for (uint32_t i = 0; i < to.path_count; i++) {
		struct protocol_path path = path_of(&change->spec.paths[i]);

		if (!protocol_path__is_valid(&path)) {
			writer->length = length;
			return -EINVAL;
		}
		append(writer, &path, sizeof(path));
	}
	writer->count++;
	return 0;
}

int protocol_writer__add_event(struct protocol_writer *writer, const struct xfib_route_event *event)
{
	struct protocol_event to = {
		.type = event->type,
		.own = event->own,
		.link_flags = event->link_flags,
		.link_kind = event->link_kind,
		.route = event->route,
		.nexthop = event->nexthop,
	};

	memcpy(to.dev, event->dev, sizeof(to.dev));
	if (!protocol_event__is_valid(&to))
		return -EINVAL;
	if (PROTOCOL_PACKET - writer->length < sizeof(to))
		return -EMSGSIZE;
	append(writer, &to, sizeof(to));
	writer->count++;
	return 0;
}

size_t protocol_writer__end_changes(struct protocol_writer *writer, uint32_t flags)
{
	struct protocol_changes changes = {
		.header = { .kind = PROTOCOL_CHANGES, .length = (uint32_t)writer->length },
		.count = writer->count,
		.flags = flags,
	};

	memcpy(writer->packet, &changes, sizeof(changes));
	return writer->length;
}

size_t protocol_writer__end_events(struct protocol_writer *writer)
{
	struct protocol_events events = {
		.header = { .kind = PROTOCOL_EVENTS, .length = (uint32_t)writer->length },
		.count = writer->count,
	};

	memcpy(writer->packet, &events, sizeof(events));
	return writer->length;
}
