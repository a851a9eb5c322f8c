#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# Ports that are named to xfibd, or were given to xfib attach, keep their programs when their devices go and come again; xfibd
# warns of rules of netfilter.
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

# ---- ports that only xfib attach was given ----
ports=$XFIB_PIN-ports
make_d() { ip -n "$R" link add d.0 type veth peer name d1; }
hook_and_mode() { xfib -j link show d.0 | jq -r '.[0] | "\(.hook // "none") \(.mode // "none")"'; }
has() { [ "$(hook_and_mode)" = "$1" ]; }
make_d
check "xfib attach d.0 mode generic" xfib attach d.0 mode generic
check_output "it has its program" "xdp generic" hook_and_mode
for time in 1 2; do
	ip -n "$R" link del d.0
	check "d.0 goes: it is said ($time)" eventually 5 said 'port d.0 has gone' "$time"
	make_d
	check "d.0 comes again, and gets its program in that mode" eventually 5 has "xdp generic"
	check "it is said" eventually 5 said 'port d.0 is there again, and has its program' "$time"
done
check "xfib attach d.0" xfib attach d.0
check "xfib attach d.0 hook clsact" xfib attach d.0 hook clsact
ip -n "$R" link del d.0
make_d
check "the last mode counts, and both hooks" eventually 5 has "xdp+tc native"
check "xfib detach d.0 hook xdp" xfib detach d.0 hook xdp
ip -n "$R" link del d.0
make_d
check "the other hook is remembered" eventually 5 has "tc none"
check "xfib detach d.0" xfib detach d.0
check_not "nothing is left of it" test -e "$ports"
ip -n "$R" link del d.0
make_d
sleep 0.3
check_output "what is detached is forgotten" "none none" hook_and_mode
check "attached" xfib attach d.0
ip -n "$R" link del d.0
check "and gone" eventually 5 test -L "$ports/port-xdp-0-d:0"
check "xfib detach of what has gone" xfib detach d.0
check_not "forgets it" test -e "$ports"
check_status "which is done once" 1 xfib detach d.0
make_d
check "attached" xfib attach d.0
xfibd__stop
ip -n "$R" link del d.0
make_d
check "what has come while no xfibd ran" xfibd__start ra rb x0
check_output "has its program" "xdp native" hook_and_mode
ip -n "$R" link del d.0

# ---- netfilter ----
in_r nft add table inet filter
in_r nft add chain inet filter forward '{ type filter hook forward priority 0; policy drop; }'
xfibd__stop
check "starts where there are rules of netfilter" xfibd__start ra
check "and says that packets go past them" said 'ra: packets that xfib forwards go past netfilter: nftables: chain inet filter forward'
finish
