#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# What becomes of a described packet is what becomes of it: the same packets are sent, and leave no trace when they are
# only described. And counters by next hop, and rates.
set -u
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/topology.sh"
trap topology__remove EXIT
topology__make "xfibx$$" || exit 1
in_r ip neigh replace 10.0.2.11 lladdr 02:00:00:00:00:11 dev rb nud permanent
in_r ip neigh replace 10.0.2.12 lladdr 02:00:00:00:00:12 dev rb nud permanent
in_r ip neigh replace 10.0.2.13 lladdr 02:00:00:00:00:13 dev rb nud stale
in_r ip neigh replace 2001:db8:2::11 lladdr 02:00:00:00:00:11 dev rb nud permanent
in_r ip route add 203.0.113.0/24 via 10.0.2.11
in_r ip route add 203.0.113.64/26 via 10.0.2.12 mtu 600
in_r ip route add blackhole 203.0.113.128/25
in_r ip route add 198.51.100.0/24 nexthop via 10.0.2.11 nexthop via 10.0.2.12
in_r ip route add 192.0.2.0/24 via 10.0.2.13
in_r ip route add 2001:db8:100::/48 via 2001:db8:2::11
in_r sysctl -qw net.ipv4.fib_multipath_hash_policy=1
in_r sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.ra.rp_filter=0
in_b ip link set b0 promisc on
check "xfibd starts" xfibd__start ra rb --count-nexthops

# Words, and what the answer has to match.
says() {
	local pattern=$1
	shift
	check_match "explain $*" "$pattern" "$(xfib explain "$@" | tr '\n' ' ')"
}
from4="from 10.0.1.1 iif ra" from6="from 2001:db8:1::1 iif ra"
smac=$(in_r cat /sys/class/net/rb/address)
# shellcheck disable=SC2086
{
	says "^verdict: redirect reason: forwarded: .*route: unicast 203.0.113.0/24 table main metric 0 proto boot nexthop: [0-9]+ via 10.0.2.11 dev rb mtu 1500 leaves: to 02:00:00:00:00:11 from $smac ttl 63 checksum 0x[0-9a-f]{4} $" \
		203.0.113.1 $from4 proto tcp dport 443
	says "reason: forwarded.* ttl 9 " 203.0.113.1 $from4 proto udp ttl 10
	says "verdict: pass reason: ttl_expired" 203.0.113.1 $from4 proto udp ttl 1
	says "verdict: pass reason: mtu_exceeded.* via 10.0.2.12 dev rb mtu 600" 203.0.113.65 $from4 proto udp length 601
	says "verdict: redirect" 203.0.113.65 $from4 proto udp length 600
	says "verdict: drop reason: blackhole.*route: blackhole 203.0.113.128/25" 203.0.113.129 $from4 proto icmp
	says "verdict: pass reason: local.*route: local 10.0.2.254/32 table local" 10.0.2.254 $from4 proto tcp
	says "verdict: pass reason: no_route: [^:]*: [^:]* $" 100.64.0.1 $from4 proto tcp
	says "verdict: pass reason: martian" 203.0.113.1 from 127.0.0.1 iif ra proto tcp
	says "verdict: pass reason: no_neighbour" 10.0.2.99 $from4 proto tcp
	says "verdict: redirect .* via 10.0.2.13 " 192.0.2.1 $from4 proto tcp
	says "verdict: redirect .*leaves: to 02:00:00:00:00:11 from $smac hoplimit 63" 2001:db8:100::1 $from6 proto 6 flowlabel 0x12345
	says "verdict: pass reason: unknown_port|reason: not_ethernet" 203.0.113.1 from 10.0.1.1 iif lo proto tcp
}
# The kernel knows its addresses, whatever becomes of their routes.
of_source() { xfib -j explain 203.0.113.1 from 192.0.2.77 iif ra proto tcp | jq -e --arg reason "$1" '.[0].reason == $reason'; }
in_r ip address add 192.0.2.77/32 dev rb
check "a source that is an own address" eventually 5 of_source martian
in_r ip route del local 192.0.2.77 dev rb table local
sleep 0.3
check "likewise without its local route" of_source martian
kill -HUP "$(xfibd__pid)"
sleep 0.3
check "likewise after a comparison with the kernel" of_source martian
in_r ip address del 192.0.2.77/32 dev rb
check "but not without the address" eventually 5 of_source forwarded
check_match "-j has it all" '^redirect forwarded 203.0.113.0/24 10.0.2.11 rb 02:00:00:00:00:11 63$' "$(xfib -j explain 203.0.113.1 \
	from 10.0.1.1 iif ra proto tcp | jq -r '.[0] | "\(.verdict) \(.reason) \(.route.prefix) \(.nexthop.gateway) \(.nexthop.dev) \(.header.lladdr) \(.header.ttl)"')"
check_match "without a protocol it is about routes" '^\* 203.0.113.0/24 main' "$(xfib explain 203.0.113.1 from 10.0.1.1 iif ra)"

# ---- nobody has noticed ----
check_output "nothing was counted" 0 eval 'xfib -j stats | jq "map(.packets) | add"'
check_match "a stale neighbour is as it was" 'via 10.0.2.13 .* neighbour stale' "$(xfib nexthop show)"
check_not "no neighbour was asked for" grep -q 10.0.2.99 <<<"$(in_r ip neigh show)"

# ---- sent, they go where was said: by one of two paths each, by their ports ----
in_r sysctl -qw net.ipv4.fib_multipath_hash_policy=0
kill -HUP "$(xfibd__pid)"
is_policy() { [ "$(xfib -j status | jq '.[0].multipath_hash_policy4')" = "$1" ]; }
check "by addresses" eventually 5 is_policy 0
in_b "$BUILD/tests/tools/sniff" b0 20 $((5 * ${XFIB_SLOW:-1})) >"$DIR/seen" &
sniffer=$!
sniffer__wait
for i in {1..20}; do in_a bash -c "echo >/dev/udp/198.51.100.$i/$((7000 + i))" 2>/dev/null; done
wait "$sniffer"
check "by two paths" [ "$(awk '{ print $2 }' "$DIR/seen" | sort -u | grep -c '02:00:00:00:00:1[12]')" = 2 ]
path_of() { xfib -j explain "198.51.100.$1" from 10.0.1.1 iif ra proto udp dport $((7000 + $1)) | jq -r '.[0].header.lladdr'; }
check "explain says the path of each" diff <(for i in {1..20}; do echo "198.51.100.$i $(path_of "$i")"; done | sort) \
	<(awk '$4 ~ /^198/ { print $4, $2 }' "$DIR/seen" | sort)
in_r sysctl -qw net.ipv4.fib_multipath_hash_policy=1
kill -HUP "$(xfibd__pid)"
eventually 5 is_policy 1
ports() { for i in {1..40}; do xfib -j explain 198.51.100.1 from 10.0.1.1 iif ra proto udp sport "$i" | jq -r '.[0].header.lladdr'; done | sort -u | wc -l; }
check_output "by ports one address has two paths" 2 ports

# ---- counters by next hop ----
first=$(awk '$2 ~ /:11$/ && $4 ~ /^198/' "$DIR/seen" | wc -l)
counted() { xfib -j stats nexthop | jq --arg gateway "$1" '[.[] | select(.gateway == $gateway) | .packets] | add'; }
check_output "the packets by one path are counted" "$first" counted 10.0.2.11
check_output "and by the other" $((20 - first)) counted 10.0.2.12
check_match "as a table" "^[0-9]+ +10.0.2.11 +rb +$first +[0-9]+$" "$(xfib stats nexthop)"
total() { xfib -j stats nexthop | jq 'map(.packets) | add'; }
check_output "all that was forwarded" "$(reason forwarded)" total
in_r ip route del 198.51.100.0/24
in_r ip route del 203.0.113.64/26
gone() { ! xfib nexthop show | grep -q 'via 10.0.2.12 .*mtu 600'; }
check "a next hop goes" eventually 5 gone
in_r ip route add 203.0.113.64/26 via 10.0.2.12 mtu 500
fresh() { xfib -j stats nexthop | jq -e 'any(.gateway == "10.0.2.12")'; }
check "another one begins" eventually 5 fresh
used() { xfib -j stats nexthop | jq '[.[] | select(.gateway == "10.0.2.12" and .packets > 0)] | length <= 1'; }
check_output "at zero" true used
in_a ping -q -i 0.02 -c 200 -W 1 10.0.2.1 >/dev/null &
rate=$(xfib -j stats nexthop -r 2 1 | jq 'map(.packets_per_second) | add')
check "packets a second are counted: $rate of some 100" [ "$rate" -ge 10 ]
check "and not the sum" [ "$rate" -le 150 ]
kill $! 2>/dev/null
finish
