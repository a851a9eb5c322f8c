/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * The machine's own addresses in xfib_addresses, and the filter over those of
 * IPv4 in xfib_state. They are few and their order matters, so that a change
 * is a new list: collected from a full dump, then published at once.
 */
#ifndef XFIB_MIRROR_ADDRESSES_H
#define XFIB_MIRROR_ADDRESSES_H

#include "netlink.h"

struct maps;
struct addresses;

int addresses__new(struct maps *maps, struct addresses **ret_addresses);
void addresses__free(struct addresses *addresses);

void addresses__begin(struct addresses *addresses);
int addresses__add(struct addresses *addresses, const struct nl_address *address);

/* -ENOSPC: more than half the map holds; then none is published beyond that, and the caller says so. */
int addresses__publish(struct addresses *addresses);

#endif
