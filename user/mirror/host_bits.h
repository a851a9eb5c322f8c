/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Bits of an address behind a prefix. A prefix that has any must not come in: the RIB would hold it beside the one without,
 * and both have the same key in the tries.
 */
#ifndef XFIB_MIRROR_HOST_BITS_H
#define XFIB_MIRROR_HOST_BITS_H

#include <stdbool.h>
#include <stdint.h>

/* Are the bits from `bit` (0 is the first) on zero? */
static inline bool address__is_zero_from(const uint8_t address[16], uint32_t bit)
{
	uint32_t at = bit / 8;

	if (at < 16 && address[at] & (0xff >> bit % 8))
		return false;
	for (at++; at < 16; at++) {
		if (address[at])
			return false;
	}
	return true;
}

#endif
