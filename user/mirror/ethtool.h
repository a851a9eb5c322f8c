/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What rtnetlink does not say of a device. */
#ifndef XFIB_MIRROR_ETHTOOL_H
#define XFIB_MIRROR_ETHTOOL_H

#include <stdbool.h>

/* What that means for a port that is below VLAN devices; the device's name is to follow. */
#define HIDDEN_TAGS_TEXT "it takes VLAN tags off before XDP sees its frames, and is below VLAN devices, so that all packets from " \
			 "there go up to the kernel: ethtool -K %s rxvlan off rx-vlan-stag-hw-parse off; or attach it with hook tc"

/*
 * Does the device take VLAN tags off the frames that it receives, before XDP sees them (ethtool -K DEV rxvlan)? Four system
 * calls, none of which needs a privilege; false where the kernel does not tell.
 */
bool ethtool__hides_tags(const char *name);

#endif
