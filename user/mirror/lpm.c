// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* Longest-prefix match in plain memory. See lpm.h. */
#include "lpm.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define ROOT 0
#define KEY_BYTES 20

/* The key as one string of bits. */
struct bits {
	uint8_t byte[KEY_BYTES];
	uint32_t length;
};

static void read_key(const struct lpm *lpm, const struct xfib_rib6_key *key, struct bits *ret_bits)
{
	uint32_t table = htonl(key->table), length = key->prefixlen;

	memset(ret_bits, 0, sizeof(*ret_bits));
	if (length > 32 + lpm->address_bits)
		length = 32 + lpm->address_bits;
	ret_bits->length = length;
	memcpy(ret_bits->byte, &table, sizeof(table));
	memcpy(ret_bits->byte + 4, key->address, lpm->address_bits / 8);
	/* Nothing behind the prefix counts. */
	if (length % 8)
		ret_bits->byte[length / 8] &= (uint8_t)(0xff00 >> (length % 8));
	for (uint32_t byte = (length + 7) / 8; byte < KEY_BYTES; byte++)
		ret_bits->byte[byte] = 0;
}

static uint32_t bit_of(const uint8_t *bytes, uint32_t bit)
{
	return bytes[bit / 8] >> (7 - bit % 8) & 1;
}

/* Number of leading bits in which two strings agree, at most `limit`; those before `from` are known to. */
static uint32_t common(const uint8_t *a, const uint8_t *b, uint32_t from, uint32_t limit)
{
	for (uint32_t byte = from / 8; byte * 8 < limit; byte++) {
		uint8_t differ = a[byte] ^ b[byte];

		if (differ) {
			uint32_t bit = byte * 8 + (uint32_t)__builtin_clz(differ) - 24;

			return bit < limit ? bit : limit;
		}
	}
	return limit;
}

/* ---- nodes ---- */

int lpm__init(struct lpm *lpm, uint32_t address_bits)
{
	*lpm = (struct lpm){ .count = 1, .room = 64, .address_bits = address_bits };
	lpm->nodes = calloc(lpm->room, sizeof(*lpm->nodes));
	return lpm->nodes ? 0 : -ENOMEM;
}

void lpm__destroy(struct lpm *lpm)
{
	free(lpm->nodes);
	lpm->nodes = NULL;
}

/* Sees to it that two nodes can be taken without moving any. */
static int reserve(struct lpm *lpm)
{
	struct lpm_node *nodes;
	uint32_t room = lpm->room * 2;

	if (lpm->count + 2 <= lpm->room)
		return 0;
	nodes = realloc(lpm->nodes, room * sizeof(*nodes));
	if (!nodes)
		return -ENOMEM;
	lpm->nodes = nodes;
	lpm->room = room;
	return 0;
}

static uint32_t take(struct lpm *lpm, const struct bits *bits, uint32_t length)
{
	uint32_t id = lpm->free ? lpm->free : lpm->count++;
	struct lpm_node *node = &lpm->nodes[id];

	if (lpm->free)
		lpm->free = node->route;
	memset(node, 0, sizeof(*node));
	memcpy(node->bits, bits->byte, (length + 7) / 8);
	if (length % 8)
		node->bits[length / 8] &= (uint8_t)(0xff00 >> (length % 8));
	node->length = (uint8_t)length;
	return id;
}

static void give_back(struct lpm *lpm, uint32_t id)
{
	memset(&lpm->nodes[id], 0, sizeof(lpm->nodes[id]));
	lpm->nodes[id].route = lpm->free;
	lpm->free = id;
}

static void set(struct lpm_node *node, const struct xfib_rib_value *value)
{
	node->has_value = 1;
	node->route = value->route;
	node->target = value->target;
}

/* ---- the trie ---- */

int lpm__update(struct lpm *lpm, const struct xfib_rib6_key *key, const struct xfib_rib_value *value)
{
	uint32_t parent = ROOT, id, length, leaf, fork;
	struct bits bits;

	if (reserve(lpm))
		return -ENOMEM;
	read_key(lpm, key, &bits);
	for (;;) {
		struct lpm_node *node = &lpm->nodes[parent];

		if (node->length == bits.length) {
			set(node, value);
			return 0;
		}
		id = node->child[bit_of(bits.byte, node->length)];
		if (!id) {
			leaf = take(lpm, &bits, bits.length);
			set(&lpm->nodes[leaf], value);
			lpm->nodes[parent].child[bit_of(bits.byte, lpm->nodes[parent].length)] = leaf;
			return 0;
		}
		length = lpm->nodes[id].length < bits.length ? lpm->nodes[id].length : bits.length;
		length = common(lpm->nodes[id].bits, bits.byte, lpm->nodes[parent].length, length);
		if (length < lpm->nodes[id].length)
			break;
		parent = id;
	}
	/* The edge to `id` forks after `length` bits: at the new prefix itself, or on the way to it. */
	fork = take(lpm, &bits, length);
	lpm->nodes[parent].child[bit_of(bits.byte, lpm->nodes[parent].length)] = fork;
	lpm->nodes[fork].child[bit_of(lpm->nodes[id].bits, length)] = id;
	leaf = fork;
	if (length < bits.length) {
		leaf = take(lpm, &bits, bits.length);
		lpm->nodes[fork].child[bit_of(bits.byte, length)] = leaf;
	}
	set(&lpm->nodes[leaf], value);
	return 0;
}

/* Takes a node out that has neither a value nor two children. */
static void contract(struct lpm *lpm, uint32_t parent, uint32_t id)
{
	struct lpm_node *node = &lpm->nodes[id];

	if (id == ROOT || node->has_value || (node->child[0] && node->child[1]))
		return;
	lpm->nodes[parent].child[bit_of(node->bits, lpm->nodes[parent].length)] =
		node->child[0] ? node->child[0] : node->child[1];
	give_back(lpm, id);
}

int lpm__delete(struct lpm *lpm, const struct xfib_rib6_key *key)
{
	uint32_t grandparent = ROOT, parent = ROOT, id = ROOT;
	struct bits bits;

	read_key(lpm, key, &bits);
	while (lpm->nodes[id].length < bits.length) {
		grandparent = parent;
		parent = id;
		id = lpm->nodes[id].child[bit_of(bits.byte, lpm->nodes[id].length)];
		if (!id)
			return -ENOENT;
	}
	if (lpm->nodes[id].length != bits.length || !lpm->nodes[id].has_value ||
	    memcmp(lpm->nodes[id].bits, bits.byte, KEY_BYTES))
		return -ENOENT;
	lpm->nodes[id].has_value = 0;
	contract(lpm, parent, id);
	contract(lpm, grandparent, parent);
	return 0;
}

int lpm__lookup(const struct lpm *lpm, const struct xfib_rib6_key *key, struct xfib_rib_value *ret_value)
{
	const struct lpm_node *found = NULL;
	uint32_t id = ROOT, known = 0;
	struct bits bits;

	read_key(lpm, key, &bits);
	for (;;) {
		const struct lpm_node *node = &lpm->nodes[id];

		if (node->length > bits.length || common(node->bits, bits.byte, known, node->length) < node->length)
			break;
		if (node->has_value)
			found = node;
		known = node->length;
		if (node->length == bits.length)
			break;
		id = node->child[bit_of(bits.byte, node->length)];
		if (!id)
			break;
	}
	if (!found || found->length < 32)
		return -ENOENT;
	*ret_value = (struct xfib_rib_value){ .route = found->route, .target = found->target,
					      .prefix_length = (uint8_t)(found->length - 32) };
	return 0;
}
