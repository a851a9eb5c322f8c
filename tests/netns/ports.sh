#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# Ports that are named to xfibd keep their programs when their devices go and come again; it warns of rules of netfilter.
set -u
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/topology.sh"
trap topology__remove EXIT
topology__make "xfibo$$" || exit 1
make_x() { ip -n "$R" link add x0 type veth peer name x1; }
attached() { [ "$(xfib -j link show "$1" | jq -r '.[0].hook // "none"')" = "${2:-xdp}" ]; }
said() { [ "$(grep -c "$1" "$DIR/xfibd.log")" = "${2:-1}" ]; }
make_x
check "starts" xfibd__start ra rb x0
check "x0 has its program" attached x0
for time in 1 2 3; do
	ip -n "$R" link del x0
	check "x0 goes: it is said ($time)" eventually 5 said 'port x0 has gone' "$time"
	make_x
	check "x0 comes again, and gets its program" eventually 5 attached x0
	check "it is said" said 'port x0 is there again, and has its program' "$time"
done
check "the other ports are as they were" attached ra

# ---- by name ----
ip -n "$R" link set x0 name y0
check "a device that takes another name has gone" eventually 5 said 'port x0 has gone' 4
check "its program stays" attached y0
ip -n "$R" link add x0 type veth peer name x2
check "one that takes the name is the port" eventually 5 attached x0
ip -n "$R" link del x0
ip -n "$R" link set y0 name x0
check "and the first one again" eventually 5 said 'port x0 is there again' 5

# ---- what has been taken off stays off; what cannot be is said ----
check "xfib detach x0" xfib detach x0
ip -n "$R" link set x0 mtu 1400
ip -n "$R" link add z0 type veth peer name z1
sleep 0.3
check "is not undone by changes of devices" attached x0 none
ip -n "$R" link del x0
ip -n "$R" link add x0 type bridge
check "a device of that name that has no native XDP: it is said" eventually 5 said "attaching to 'x0': .*no native XDP"
check "xfibd goes on" attached ra
ip -n "$R" link del x0

# ---- between two daemons ----
xfibd__stop
make_x
ip -n "$R" link del x0
make_x
check "what has come while no xfibd ran is given its program at the start" xfibd__start ra rb x0
check "x0 has it" attached x0

# ---- netfilter ----
in_r nft add table inet filter
in_r nft add chain inet filter forward '{ type filter hook forward priority 0; policy drop; }'
xfibd__stop
check "starts where there are rules of netfilter" xfibd__start ra
check "and says that packets go past them" said 'ra: packets that xfib forwards go past netfilter: nftables: chain inet filter forward'
finish
