#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# R is an FRR that learns 100,000 IPv4 and 5,000 IPv6 prefixes by BGP over several next hops, and some by OSPF. It learns,
# forgets half, loses sessions and links; after each step xfib has to say what the kernel says, and packets to follow.
# See tests/routers/routers.sh for the topology; TABLE4, TABLE6, ROUTES4 and ROUTES6 choose other tables.
set -u
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/topology.sh"
. "$(dirname "$0")/../routers/routers.sh"
. "$(dirname "$0")/../routers/frr.sh"
trap 'routers__stop; topology__remove' EXIT
BGP=bgp
topology__make "xfibf$$" || exit 1
routers__make
check "xfibd starts" xfibd__start ra rb rc
frr__configure
check "FRR starts" frr__start
check "the announcing BIRD starts" routers__announce
# FRR 8.4 does not see that the kernel takes a next hop out of the groups when its link goes, and leaves them as they are.
REGROUPS=any
. "$(dirname "$0")/../routers/steps.sh"
finish
