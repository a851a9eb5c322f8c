#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# R is a BIRD that learns 100,000 IPv4 and 5,000 IPv6 prefixes by BGP over several next hops, and some by OSPF. It learns,
# forgets half, loses sessions and links; after each step xfib has to say what the kernel says, and packets to follow.
# See tests/routers/routers.sh for the topology; TABLE4, TABLE6, ROUTES4 and ROUTES6 choose other tables.
set -u
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/topology.sh"
. "$(dirname "$0")/../routers/routers.sh"
. "$(dirname "$0")/../routers/bird.sh"
trap 'routers__stop; topology__remove' EXIT
BGP=bird
topology__make "xfibi$$" || exit 1
routers__make
check "xfibd starts" xfibd__start ra rb rc
bird__configure
check "BIRD starts" routers__bird r in_r
check "the announcing BIRD starts" routers__announce
REGROUPS=yes
. "$(dirname "$0")/../routers/steps.sh"
finish
