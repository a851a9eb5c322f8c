#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# Routes by next hop objects follow them, with the kernel's messages of routes that describe the paths
# (net.ipv4.nexthop_compat_mode=1) and without (0), and without a full dump.
set -u
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/topology.sh"
trap topology__remove EXIT
topology__make "xfibo$$" || exit 1
routes=2000

batch() { in_r ip -batch -; }
paths() { xfib -j get "$1" 2>/dev/null | jq -c '[.[0] | .dst, (.paths // 1)]'; }
gateways() { # of the prefix: "gateway weight, …"
	xfib -j "${2:--4}" route show "$1" 2>/dev/null | jq -r '.[0] | if .nexthops then [.nexthops[] | "\(.gateway) \(.weight)"] | join(", ") else (.gateway // .type // "none") end'
}
is() { [ "$(gateways "$1" "${3:--4}")" = "$2" ]; }
count_by() { xfib "$1" route show | grep -c "via $2 "; }
counts() { [ "$(count_by "$1" "$2")" = "$3" ]; }
resyncs() { in_r bpftool -j map dump pinned "$XFIB_PIN/xfib_state" | jq '.[0] | (.formatted // .).value.resyncs'; }

for mode in 1 0; do
	in_r sysctl -qw net.ipv4.nexthop_compat_mode=$mode
	xfibd__stop
	check "mode $mode: xfibd starts" xfibd__start ra rb
	batch <<-END
		nexthop add id 1 via 10.0.2.1 dev rb
		nexthop add id 2 via 10.0.2.2 dev rb
		nexthop add id 3 via 10.0.1.1 dev ra
		nexthop add id 9 blackhole
		nexthop add id 10 group 1/2,3
		nexthop add id 61 via 2001:db8:2::1 dev rb
		nexthop add id 62 via 2001:db8:2::2 dev rb
		nexthop add id 60 group 61/62
		route add 198.51.100.0/24 nhid 10
		route add 203.0.113.0/24 nhid 9
		route add 2001:db8:100::/48 nhid 60
	END
	for ((i = 0; i < routes; i++)); do echo "route add 100.64.$((i / 256)).$((i % 256))/32 nhid 1"; done | batch
	check "  a group" eventually 5 is 198.51.100.0/24 "10.0.2.1 1, 10.0.2.2 3"
	check "  IPv6" eventually 5 is 2001:db8:100::/48 "2001:db8:2::1 1, 2001:db8:2::2 1" -6
	check "  a blackhole" eventually 5 is 203.0.113.0/24 blackhole
	check "  many routes by one" eventually 5 counts -4 10.0.2.1 "$((routes + 1))"
	sleep 0.3 # a dump that the start has asked for
	before=$(resyncs)
	in_r ip nexthop replace id 1 via 10.0.2.7 dev rb
	check "  one that is replaced: all its routes" eventually 5 counts -4 10.0.2.7 "$((routes + 1))"
	check "  and its groups" eventually 5 is 198.51.100.0/24 "10.0.2.7 1, 10.0.2.2 3"
	in_r ip nexthop replace id 10 group 1/3
	check "  a group that is replaced" eventually 5 is 198.51.100.0/24 "10.0.2.7 1, 10.0.1.1 1"
	in_r ip nexthop del id 3
	check "  one that is deleted leaves its group" eventually 5 is 198.51.100.0/24 10.0.2.7
	in_r ip nexthop replace id 9 via 10.0.2.9 dev rb
	check "  a blackhole that becomes a path" eventually 5 is 203.0.113.0/24 10.0.2.9
	in_r ip nexthop del id 61
	check "  IPv6: one that is deleted leaves its group" eventually 5 is 2001:db8:100::/48 2001:db8:2::2 -6
	in_r ip nexthop del id 62
	check "  IPv6: a group without members goes, and its routes" eventually 5 is 2001:db8:100::/48 "none" -6
	in_r ip nexthop add id 77 via 10.0.2.7 dev rb
	in_r ip route replace 198.51.100.0/24 nhid 77
	in_r ip nexthop replace id 77 via 10.0.2.8 dev rb
	check "  a route that has moved to another one" eventually 5 is 198.51.100.0/24 10.0.2.8
	in_r ip nexthop del id 1
	check "  one that is deleted takes its routes" eventually 5 counts -4 10.0.2.7 0
	printf '%s\n' "nexthop del id 77" "nexthop add id 77 via 10.0.2.6 dev rb" "route add 198.51.101.0/24 nhid 77" | batch
	check "  one that is made again" eventually 5 is 198.51.101.0/24 10.0.2.6
	check "  has none of its former routes" [ "$(gateways 198.51.100.0/24)" = none ]
	check_output "  all without a full dump" "$before" resyncs
	printf '%s\n' "nexthop add id 78 via 10.0.2.5 dev rb" "route add 198.51.102.0/24 nhid 78" "nexthop replace id 78 blackhole" | batch
	check "  a path that becomes a blackhole" eventually 5 is 198.51.102.0/24 blackhole
	check "  the compiled FIB says so too, and the kernel" xfib verify
	in_b ip link set b0 down
	check "  objects go with the carrier" eventually 5 is 198.51.101.0/24 none
	in_b ip link set b0 up
	in_r ip nexthop flush >/dev/null 2>&1
	in_r ip route flush root 100.64.0.0/16
done
finish
