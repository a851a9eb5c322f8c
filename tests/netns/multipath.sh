#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# Several paths: flows spread by weight over two next hops, stay on theirs, and move when one goes away.
# B answers for both next hops, with a MAC address each, so that the frames tell which one was chosen.
set -u
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/topology.sh"
trap topology__remove EXIT
topology__make "xfibm$$" || exit 1
in_r ip neigh replace 10.0.2.11 lladdr 02:00:00:00:00:11 dev rb nud permanent
in_r ip neigh replace 10.0.2.12 lladdr 02:00:00:00:00:12 dev rb nud permanent
in_r ip neigh replace 2001:db8:2::11 lladdr 02:00:00:00:00:11 dev rb nud permanent
in_r ip neigh replace 2001:db8:2::12 lladdr 02:00:00:00:00:12 dev rb nud permanent
in_r ip route add 203.0.113.0/24 nexthop via 10.0.2.11 weight 1 nexthop via 10.0.2.12 weight 3
in_r ip route add 2001:db8:100::/48 nexthop via 2001:db8:2::11 weight 1 nexthop via 2001:db8:2::12 weight 1
in_b ip link set b0 promisc on
check "xfibd starts" xfibd__start ra rb

# One UDP packet to each of 200 destinations; prints how many went by each next hop.
spread() {
	in_b "$BUILD/tests/tools/sniff" b0 200 $((5 * ${XFIB_SLOW:-1})) >"$DIR/seen" &
	local sniffer=$! i
	sniffer__wait
	in_a bash -c "for i in {1..200}; do echo >/dev/udp/${1//X/\$i}/9; done" 2>/dev/null
	wait "$sniffer"
	for i in 11 12; do awk -v mac="02:00:00:00:00:$i" '$2 == mac' "$DIR/seen" | wc -l; done | paste -sd' '
}
before=$(reason forwarded ra)
read -r first second <<<"$(spread 203.0.113.X)"
echo "# IPv4: $first $second"
check "all 200 flows arrive" [ $((first + second)) = 200 ]
check "forwarded by XDP" [ "$(reason forwarded ra)" -ge $((before + 200)) ]
check "a quarter, more or less, by the path of weight 1" [ "$first" -ge 25 ]
check "and not more" [ "$first" -le 80 ]
cp "$DIR/seen" "$DIR/before"
flows() { awk '{ print $4, $2 }' "$1" | sort; }
spread 203.0.113.X >/dev/null
check "each flow stays on its path" diff <(flows "$DIR/before") <(flows "$DIR/seen")
read -r first second <<<"$(spread 2001:db8:100::X)"
echo "# IPv6: $first $second"
check "IPv6: all 200 flows arrive" [ $((first + second)) = 200 ]
check "half by each path" [ "$first" -ge 70 ]
check "and half by the other" [ "$second" -ge 70 ]

# ---- a path goes, a path comes ----
in_r ip route replace 203.0.113.0/24 via 10.0.2.11
single() { [ "$(xfib -j get 203.0.113.1 | jq '.[0].paths // 1')" = 1 ]; }
check "one path is left" eventually 2 single
check_output "all flows go by it" "200 0" spread 203.0.113.X
in_r ip -6 route del 2001:db8:100::/48 via 2001:db8:2::11
single6() { [ "$(xfib -j get 2001:db8:100::1 | jq '.[0].paths // 1')" = 1 ]; }
check "IPv6: one path is deleted" eventually 2 single6
check_output "all flows go by the other" "0 200" spread 2001:db8:100::X

# ---- next hop objects ----
in_r ip nexthop add id 11 via 10.0.2.11 dev rb
in_r ip nexthop add id 12 via 10.0.2.12 dev rb
in_r ip nexthop add id 100 group 11/12
in_r ip route replace 203.0.113.0/24 nhid 100
both() { [ "$(xfib -j get 203.0.113.1 | jq '.[0].paths // 1')" = 2 ]; }
check "a group of next hop objects has two paths" eventually 2 both
read -r first second <<<"$(spread 203.0.113.X)"
check "flows take both" [ "$first" -gt 50 ]
in_r ip nexthop del id 11
check "an object deleted from the group: one path" eventually 2 single
check_output "all flows go by the other" "0 200" spread 203.0.113.X
finish
