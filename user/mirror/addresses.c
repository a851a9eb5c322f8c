// SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
/* The machine's own addresses. See addresses.h. */
#include "addresses.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "maps.h"

struct addresses {
	struct maps *maps;
	struct xfib_address *list; /* being collected */
	uint32_t count, room;
};

int addresses__new(struct maps *maps, struct addresses **ret_addresses)
{
	struct addresses *addresses = calloc(1, sizeof(*addresses));

	if (!addresses)
		return -ENOMEM;
	addresses->maps = maps;
	*ret_addresses = addresses;
	return 0;
}

void addresses__free(struct addresses *addresses)
{
	if (!addresses)
		return;
	free(addresses->list);
	free(addresses);
}

void addresses__begin(struct addresses *addresses)
{
	addresses->count = 0;
}

static uint8_t flags_of(const struct nl_address *address)
{
	uint32_t from = address->flags;
	uint8_t flags = 0;

	/* One bit means secondary for IPv4 and temporary for IPv6 (linux/if_addr.h). */
	if (from & IFA_F_SECONDARY)
		flags |= address->family == AF_INET6 ? XFIB_ADDRESS_TEMPORARY : XFIB_ADDRESS_SECONDARY;
	if (from & IFA_F_DEPRECATED)
		flags |= XFIB_ADDRESS_DEPRECATED;
	if ((from & IFA_F_TENTATIVE) && !(from & IFA_F_OPTIMISTIC))
		flags |= XFIB_ADDRESS_TENTATIVE;
	if (from & IFA_F_OPTIMISTIC)
		flags |= XFIB_ADDRESS_OPTIMISTIC;
	if (from & IFA_F_HOMEADDRESS)
		flags |= XFIB_ADDRESS_HOME;
	if (from & IFA_F_DADFAILED)
		flags |= XFIB_ADDRESS_FAILED;
	return flags;
}

int addresses__add(struct addresses *addresses, const struct nl_address *address)
{
	struct xfib_address *entry;

	if (addresses->count == addresses->room) {
		uint32_t room = addresses->room ? addresses->room * 2 : 64;
		struct xfib_address *list = realloc(addresses->list, room * sizeof(*list));

		if (!list)
			return -ENOMEM;
		addresses->list = list;
		addresses->room = room;
	}
	entry = &addresses->list[addresses->count++];
	memset(entry, 0, sizeof(*entry));
	memcpy(entry->address, address->local, sizeof(entry->address));
	memcpy(entry->network, address->network, sizeof(entry->network));
	entry->ifindex = address->ifindex;
	entry->family = address->family;
	entry->prefix_length = address->prefix_length;
	entry->scope = address->scope;
	entry->flags = flags_of(address);
	return 0;
}

static bool is_published(const struct addresses *addresses, uint32_t count)
{
	const struct xfib_state *state = addresses->maps->state;

	return state->addresses_end - state->addresses_begin == count &&
	       (!count || !memcmp(&addresses->maps->addresses[state->addresses_begin], addresses->list,
				  count * sizeof(*addresses->list)));
}

int addresses__publish(struct addresses *addresses)
{
	struct maps *maps = addresses->maps;
	uint32_t half = maps->sizes.addresses / 2, count = addresses->count < half ? addresses->count : half;
	uint32_t begin = maps->state->addresses_begin ? 0 : half, end = begin + count;
	uint64_t word;
	uint32_t pair[2] = { begin, end };
	int err;

	if (!is_published(addresses, count)) {
		/* Readers of the list before the one now published may still be at it. */
		err = maps__grace(maps);
		if (err)
			return err;
		if (count)
			memcpy(&maps->addresses[begin], addresses->list, count * sizeof(*addresses->list));
		memcpy(&word, pair, sizeof(word));
		__atomic_store_n((uint64_t *)(void *)&maps->state->addresses_begin, word, __ATOMIC_RELEASE);
	}
	return count < addresses->count ? -ENOSPC : 0;
}
