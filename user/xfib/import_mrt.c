// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * MRT records (RFC 6396): collected from pieces, told apart, counted. A bad
 * record does no harm to those that follow it, since its header says where it
 * ends; a header that says an impossible length ends the import.
 *
 * Memory grows with the bytes that are there, not with what a header claims.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "import_private.h"

#define RECORD_LENGTH (16u << 20) /* a thousand peers, four times over */

/* Types and subtypes of RFC 6396, section 4, and RFC 8050, section 4. */
enum {
	MRT_TABLE_DUMP = 12,
	MRT_TABLE_DUMP_V2 = 13,
	MRT_BGP4MP = 16,
	MRT_BGP4MP_ET = 17,
	MRT_LAST = 49,

	MRT_PEER_INDEX_TABLE = 1,
	MRT_RIB_IPV4_UNICAST = 2,
	MRT_RIB_IPV6_UNICAST = 4,
	MRT_RIB_IPV4_UNICAST_ADDPATH = 8,
	MRT_RIB_IPV6_UNICAST_ADDPATH = 10,
};

/* ---- bytes ---- */

bool bytes__skip(struct bytes *bytes, size_t count)
{
	if (bytes->left < count)
		return false;
	bytes->at += count;
	bytes->left -= count;
	return true;
}

bool bytes__split(struct bytes *bytes, size_t count, struct bytes *ret_part)
{
	struct bytes part = { bytes->at, count };

	if (!bytes__skip(bytes, count))
		return false;
	*ret_part = part;
	return true;
}

bool bytes__take(struct bytes *bytes, size_t count, void *ret_memory)
{
	struct bytes part;

	if (!bytes__split(bytes, count, &part))
		return false;
	memcpy(ret_memory, part.at, count);
	return true;
}

bool bytes__take_number(struct bytes *bytes, size_t count, uint32_t *ret_number)
{
	struct bytes part;
	uint32_t number = 0;

	if (!bytes__split(bytes, count, &part))
		return false;
	for (size_t i = 0; i < count; i++)
		number = number << 8 | part.at[i];
	*ret_number = number;
	return true;
}

/* ---- records ---- */

struct header {
	uint32_t type, subtype, length;
};

static struct header header_of(const uint8_t *memory)
{
	struct bytes bytes = { memory, MRT_HEADER };
	struct header header = { 0 };

	bytes__skip(&bytes, 4); /* the time */
	bytes__take_number(&bytes, 2, &header.type);
	bytes__take_number(&bytes, 2, &header.subtype);
	bytes__take_number(&bytes, 4, &header.length);
	return header;
}

bool import_mrt__begins(const void *memory, size_t length)
{
	struct header header;

	if (length < MRT_HEADER)
		return false;
	header = header_of(memory);
	return header.type <= MRT_LAST && header.length <= RECORD_LENGTH;
}

static int take_rib(struct import *import, struct bytes body, uint32_t subtype, struct why *ret_why)
{
	bool addpath = subtype >= MRT_RIB_IPV4_UNICAST_ADDPATH;
	uint32_t family = subtype == MRT_RIB_IPV4_UNICAST || subtype == MRT_RIB_IPV4_UNICAST_ADDPATH ? AF_INET : AF_INET6;

	import->rib_records++;
	return import_mrt__rib(import, body, family, addpath, ret_why);
}

static int take_record(struct import *import)
{
	struct header header = header_of(import->record);
	struct bytes body = { import->record + MRT_HEADER, header.length };
	struct why why;
	int err = 0;

	switch (header.type == MRT_TABLE_DUMP_V2 ? header.subtype : 0) {
	case MRT_PEER_INDEX_TABLE:
		err = import_mrt__peers(import, body, &why);
		break;
	case MRT_RIB_IPV4_UNICAST:
	case MRT_RIB_IPV6_UNICAST:
	case MRT_RIB_IPV4_UNICAST_ADDPATH:
	case MRT_RIB_IPV6_UNICAST_ADDPATH:
		err = take_rib(import, body, header.subtype, &why);
		break;
	default: /* multicast, other dumps, updates */
		import->counts.skipped++;
		import->old_records += header.type == MRT_TABLE_DUMP;
	}
	return err == -EINVAL ? import__complain(import, import->place, "", why.text) : err;
}

static int reserve(struct import *import, size_t length)
{
	size_t room = import->record_room ? import->record_room : 4096;
	uint8_t *grown;

	while (room < length)
		room *= 2;
	if (room == import->record_room)
		return 0;
	grown = realloc(import->record, room);
	if (!grown)
		return import__give_up(import, -ENOMEM, "out of memory at record %llu", (unsigned long long)import->place);
	import->record = grown;
	import->record_room = room;
	return 0;
}

/* Adds to the record up to a length; moves the input on. */
static int collect(struct import *import, struct bytes *input, size_t length)
{
	size_t count = length - import->record_length;
	int err;

	if (count > input->left)
		count = input->left;
	err = reserve(import, import->record_length + count);
	if (err)
		return err;
	bytes__take(input, count, import->record + import->record_length);
	import->record_length += count;
	return 0;
}

/* The next record as far as there is input for it. */
static int take_input(struct import *import, struct bytes *input)
{
	uint32_t length;
	int err;

	if (!import->record_length)
		import->place++;
	err = import->record_length < MRT_HEADER ? collect(import, input, MRT_HEADER) : 0;
	if (err || import->record_length < MRT_HEADER)
		return err;
	length = header_of(import->record).length;
	if (length > RECORD_LENGTH)
		return import__give_up(import, -EBADMSG, "record %llu, at byte %llu, is %u bytes long: this is no MRT file, or "
				       "it is damaged", (unsigned long long)import->place,
				       (unsigned long long)import->record_offset, length);
	err = collect(import, input, MRT_HEADER + length);
	if (err || import->record_length < MRT_HEADER + length)
		return err;
	import->record_offset += import->record_length;
	import->record_length = 0;
	return take_record(import);
}

int import_mrt__feed(struct import *import, const uint8_t *memory, size_t length)
{
	struct bytes input = { memory, length };
	int err = 0;

	while (!err && input.left)
		err = take_input(import, &input);
	return err;
}

int import_mrt__end(struct import *import)
{
	if (import->record_length)
		return import__give_up(import, -EBADMSG, "record %llu, at byte %llu, is truncated",
				       (unsigned long long)import->place, (unsigned long long)import->record_offset);
	if (import->rib_records)
		return 0;
	return import__give_up(import, -EBADMSG, "has no record RIB_IPV4_UNICAST or RIB_IPV6_UNICAST of TABLE_DUMP_V2%s",
			       import->old_records ? ", but some of TABLE_DUMP, which is not read" : "");
}
