// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/*
 * Bodies of TABLE_DUMP_V2 records: the peers, and of each prefix one entry
 * with its BGP next hop (RFC 6396, section 4.3; RFC 4271; RFC 4760).
 *
 * All entries of a record are looked at before one is taken, so that what is
 * taken comes from a record that is whole.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "format.h"
#include "import_private.h"

enum {
	PEER_IPV6 = 0x01, /* of a peer's type */
	PEER_AS4 = 0x02,

	ATTRIBUTE_EXTENDED = 0x10, /* of an attribute's flags: two bytes of length */
	ATTRIBUTE_NEXT_HOP = 3,
	ATTRIBUTE_MP_REACH = 14,

	ENTRY_LENGTH = 8, /* at least */
	PEER_LENGTH = 11,
};

/* ---- peers ---- */

static bool take_peer(struct bytes *body, struct mrt_peer *ret_peer)
{
	struct mrt_peer peer = { 0 };
	uint32_t type;

	if (!bytes__take_number(body, 1, &type) || !bytes__skip(body, 4))
		return false;
	peer.family = type & PEER_IPV6 ? AF_INET6 : AF_INET;
	if (!bytes__take(body, type & PEER_IPV6 ? 16 : 4, peer.address) || !bytes__skip(body, type & PEER_AS4 ? 4 : 2))
		return false;
	*ret_peer = peer;
	return true;
}

static bool is_wanted(const struct import *import, uint32_t index)
{
	const struct import_options *options = &import->options;
	const struct mrt_peer *peer = import->peers + index;

	if (options->peer == IMPORT_PEER_FIRST)
		return true;
	if (options->peer == IMPORT_PEER_INDEX)
		return index == options->peer_index;
	return peer->family == options->peer_family && !memcmp(peer->address, options->peer_address, sizeof(peer->address));
}

static int check_wanted(struct import *import)
{
	char text[TEXT_SIZE];

	for (uint32_t i = 0; i < import->peer_count; i++) {
		if (is_wanted(import, i))
			return 0;
	}
	if (import->options.peer == IMPORT_PEER_FIRST)
		return 0;
	if (import->options.peer == IMPORT_PEER_INDEX)
		format_number(text, import->options.peer_index);
	else
		format_address(text, import->options.peer_family, import->options.peer_address);
	return import__give_up(import, -EBADMSG, "peer %s is none of the %u peers in it", text, import->peer_count);
}

int import_mrt__peers(struct import *import, struct bytes body, struct why *ret_why)
{
	struct mrt_peer *peers;
	uint32_t length, count, i = 0;

	if (!bytes__skip(&body, 4) || !bytes__take_number(&body, 2, &length) || !bytes__skip(&body, length) ||
	    !bytes__take_number(&body, 2, &count) || body.left < (size_t)count * PEER_LENGTH)
		return why__set(ret_why, "the table of peers is cut off");
	peers = calloc(count ? count : 1, sizeof(*peers));
	if (!peers)
		return import__give_up(import, -ENOMEM, "out of memory for %u peers", count);
	while (i < count && take_peer(&body, &peers[i]))
		i++;
	if (i < count || body.left) {
		free(peers);
		return why__set(ret_why, i < count ? "the table of peers is cut off" : "bytes behind the last peer");
	}
	free(import->peers);
	import->peers = peers;
	import->peer_count = count;
	import->peers_known = true;
	return check_wanted(import);
}

/* ---- attributes ---- */

/* The next hops that the attributes of an entry name; family 0: none. */
struct next_hops {
	struct xfib_path_spec classic, multiprotocol;
};

static bool is_zero(const uint8_t *address, size_t length)
{
	static const uint8_t zero[16];

	return !memcmp(address, zero, length);
}

/* Of a global and a link-local address the global one counts. */
static bool take_address(struct bytes bytes, struct xfib_path_spec *ret_path)
{
	struct xfib_path_spec path = { .gateway_family = bytes.left == 4 ? AF_INET : AF_INET6 };
	uint8_t second[16];

	if (bytes.left != 4 && bytes.left != 16 && bytes.left != 32)
		return false;
	bytes__take(&bytes, bytes.left == 4 ? 4 : 16, path.gateway);
	if (bytes__take(&bytes, 16, second) && is_zero(path.gateway, 16))
		memcpy(path.gateway, second, sizeof(second));
	if (!is_zero(path.gateway, sizeof(path.gateway)))
		*ret_path = path;
	return true;
}

/* MP_REACH_NLRI: length and next hop alone, as RFC 6396 has it, or whole, as some writers have it. */
static bool take_reach(struct bytes bytes, struct xfib_path_spec *ret_path)
{
	uint32_t length;
	struct bytes address;

	if (bytes.left > 1 && bytes.at[0] == 0)
		bytes__skip(&bytes, 3); /* address family and subsequent one */
	return bytes__take_number(&bytes, 1, &length) && bytes__split(&bytes, length, &address) &&
	       take_address(address, ret_path);
}

static bool take_attribute(struct bytes *attributes, struct next_hops *next_hops)
{
	uint32_t flags, type, length;
	struct bytes value;

	if (!bytes__take_number(attributes, 1, &flags) || !bytes__take_number(attributes, 1, &type) ||
	    !bytes__take_number(attributes, flags & ATTRIBUTE_EXTENDED ? 2 : 1, &length) ||
	    !bytes__split(attributes, length, &value))
		return false;
	if (type == ATTRIBUTE_NEXT_HOP)
		return value.left == 4 && take_address(value, &next_hops->classic);
	return type != ATTRIBUTE_MP_REACH || take_reach(value, &next_hops->multiprotocol);
}

/* The next hop for a family; gateway_family 0: none. False: the attributes are damaged. */
static bool take_attributes(struct bytes attributes, uint32_t family, struct xfib_path_spec *ret_path)
{
	struct next_hops next_hops = { 0 };

	while (attributes.left) {
		if (!take_attribute(&attributes, &next_hops))
			return false;
	}
	*ret_path = family == AF_INET && next_hops.classic.gateway_family ? next_hops.classic : next_hops.multiprotocol;
	return true;
}

/* ---- entries ---- */

static int take_entry(struct import *import, struct bytes *body, bool addpath, uint32_t *ret_peer, struct bytes *ret_attributes,
		      struct why *ret_why)
{
	uint32_t peer, length;

	if (!bytes__take_number(body, 2, &peer) || !bytes__skip(body, addpath ? 8 : 4) ||
	    !bytes__take_number(body, 2, &length) || !bytes__split(body, length, ret_attributes))
		return why__set(ret_why, "its entries are cut off");
	if (peer >= import->peer_count)
		return why__set(ret_why, "peer %u, of %u in the table of peers", peer, import->peer_count);
	*ret_peer = peer;
	return 0;
}

static int take_prefix(struct bytes *body, uint32_t family, struct xfib_route_spec *spec, struct why *ret_why)
{
	uint32_t longest = family == AF_INET ? 32 : 128;

	spec->family = family;
	if (!bytes__skip(body, 4) || !bytes__take_number(body, 1, &spec->prefix_length))
		return why__set(ret_why, "its prefix is cut off");
	if (spec->prefix_length > longest)
		return why__set(ret_why, "its prefix has %u bits, of at most %u", spec->prefix_length, longest);
	if (!bytes__take(body, (spec->prefix_length + 7) / 8, spec->prefix))
		return why__set(ret_why, "its prefix is cut off");
	clear_host_bits(spec->prefix, spec->prefix_length); /* RFC 6396: they have no meaning */
	return 0;
}

static int deliver(struct import *import, struct xfib_route_spec *spec, struct xfib_path_spec *path, struct why *ret_why)
{
	spec->path_count = path->gateway_family != 0;
	if (!spec->path_count && !import->options.path.gateway_family)
		return why__set(ret_why, "its entry names no next hop: give one by via");
	return import__deliver(import, import->place, spec, path, ret_why);
}

int import_mrt__rib(struct import *import, struct bytes body, uint32_t family, bool addpath, struct why *ret_why)
{
	struct xfib_route_spec spec = { .size = sizeof(spec) };
	struct xfib_path_spec path = { 0 };
	struct bytes attributes, wanted = { 0 };
	uint32_t count, peer = 0;
	bool found = false;

	if (!import->peers_known)
		return import__give_up(import, -EBADMSG, "record %llu is a route before any PEER_INDEX_TABLE",
				       (unsigned long long)import->place);
	if (take_prefix(&body, family, &spec, ret_why))
		return -EINVAL;
	if (!bytes__take_number(&body, 2, &count) || body.left < (size_t)count * ENTRY_LENGTH)
		return why__set(ret_why, "its entries are cut off");
	for (uint32_t i = 0; i < count; i++) {
		if (take_entry(import, &body, addpath, &peer, &attributes, ret_why))
			return -EINVAL;
		if (!found && is_wanted(import, peer))
			wanted = attributes;
		found |= is_wanted(import, peer);
	}
	if (body.left)
		return why__set(ret_why, "bytes behind its last entry");
	if (!found || (import->options.family && import->options.family != family)) {
		import->counts.skipped++;
		return 0;
	}
	if (!take_attributes(wanted, family, &path))
		return why__set(ret_why, "its attributes are damaged");
	return deliver(import, &spec, &path, ret_why);
}
