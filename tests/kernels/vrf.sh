#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# VRFs: two with the same prefixes, whose packets are forwarded each in its own, and routes that lead from one to a machine
# outside; both families, by XDP and by TC.
#
#   A ── ra ┐ red ┌ rb ── B        C has the addresses of A, D those of B (see topology.sh); E is 10.0.3.1 and 2001:db8:3::1.
#   C ── rc ┐ blue ┌ rd ── D       A is also 10.0.7.1 and 2001:db8:7::1, to which table main leads.
#              re ── E
set -u
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../netns/topology.sh"
name=xfibv$$
C=$name-c D=$name-d E=$name-e
remove() {
	local namespace
	for namespace in "$C" "$D" "$E"; do
		[ -e "/run/netns/$namespace" ] || continue
		ip netns pids "$namespace" | xargs -r kill -KILL 2>/dev/null
		ip netns del "$namespace"
	done
	topology__remove
}
trap remove EXIT
topology__make "$name" || exit 1
in_r ip link add red type vrf table 100
in_r ip link add blue type vrf table 200
for vrf in red blue; do
	in_r ip link set $vrf up
	in_r ip route add unreachable default metric 4278198272 table $([ $vrf = red ] && echo 100 || echo 200)
	in_r ip -6 route add unreachable default metric 4278198272 table $([ $vrf = red ] && echo 100 || echo 200)
done

# A port that joins a VRF loses its IPv6 addresses.
join() { # PORT VRF ADDRESS4 ADDRESS6
	in_r ip link set "$1" master "$2"
	in_r ip address replace "$3" dev "$1"
	in_r ip address replace "$4" dev "$1"
}
join ra red 10.0.1.254/24 2001:db8:1::fe/64
join rb red 10.0.2.254/24 2001:db8:2::fe/64
for host in "$C" "$D" "$E"; do ip netns add "$host"; done
in_c() { ip netns exec "$C" "$@"; }
in_d() { ip netns exec "$D" "$@"; }
in_e() { ip netns exec "$E" "$@"; }
topology__link "$C" c0 10.0.1.1/24 2001:db8:1::1/64 rc 10.9.1.254/24 2001:db8:91::fe/64
topology__link "$D" d0 10.0.2.1/24 2001:db8:2::1/64 rd 10.9.2.254/24 2001:db8:92::fe/64
topology__link "$E" e0 10.0.3.1/24 2001:db8:3::1/64 re 10.0.3.254/24 2001:db8:3::fe/64
in_r ip address flush dev rc
in_r ip address flush dev rd
join rc blue 10.0.1.254/24 2001:db8:1::fe/64
join rd blue 10.0.2.254/24 2001:db8:2::fe/64
for host in "$C:1" "$D:2" "$E:3"; do
	ip -n "${host%:*}" route add default via "10.0.${host#*:}.254"
	ip -n "${host%:*}" route add default via "2001:db8:${host#*:}::fe"
done
# What leads from red to E, and back.
in_a ip address add 10.0.7.1/32 dev lo
in_a ip address add 2001:db8:7::1/128 dev lo
while read -r line; do # shellcheck disable=SC2086 # a list of words
	in_r ip route add $line
done <<-END
	10.0.3.0/24 dev re table 100
	10.0.7.1/32 via 10.0.1.1 dev ra table 100
	10.0.7.1/32 via 10.0.1.1 dev ra onlink
	2001:db8:3::/64 dev re table 100
	2001:db8:7::1/128 via 2001:db8:1::1 dev ra table 100
	2001:db8:7::1/128 via 2001:db8:1::1 dev ra
END

# ---- packets ----
counted() { # REASON PORT COMMAND…: the command succeeds, and what it sends is counted so
	local reason=$1 port=$2 before
	shift 2
	before=$(reason "$reason" "$port")
	"$@" >/dev/null || return
	[ "$(reason "$reason" "$port")" -gt "$before" ]
}
pings() { # IN… ADDRESS [ping's options]
	"in_$1" ping -q -c 2 -i 0.2 -W 1 "${@:3}" "$2"
}
# Does R itself see none of a ping's packets?
passed_by() { # IN PORT ADDRESS [OPTION…]
	counted forwarded "$2" pings "$1" "$3" "${@:4}"
}
fails() { ! "$@"; }

# Which of the two machines with the address answers is told by the packets that it sees.
seen() { ip netns exec "$1" cat "/sys/class/net/$2/statistics/rx_packets"; }
reaches() { # FROM PORT ADDRESS TARGET ITS-DEVICE OTHER ITS-DEVICE
	local target other
	target=$(seen "$4" "$5") other=$(seen "$6" "$7")
	pings "$1" "$3" -c 20 >/dev/null && [ $(($(seen "$4" "$5") - target)) -ge 20 ] && [ $(($(seen "$6" "$7") - other)) -lt 10 ]
}

check_forwarding() {
	local by=$1 address
	for address in 10.0.2.1 2001:db8:2::1; do
		check "$by: red, $address" eventually 10 passed_by a ra $address
		check "$by: blue, $address" eventually 10 passed_by c rc $address
		check "$by: in red, B gets them and D does not" reaches a ra $address "$B" b0 "$D" d0
		check "$by: in blue, D gets them and B does not" reaches c rc $address "$D" d0 "$B" b0
	done
	check "$by: from red to a machine outside" eventually 10 passed_by a ra 10.0.3.1 -I 10.0.7.1
	check "$by: and back" eventually 10 passed_by e re 10.0.7.1
	check "$by: IPv6 likewise" eventually 10 passed_by a ra 2001:db8:3::1 -I 2001:db8:7::1
	check "$by: and back" eventually 10 passed_by e re 2001:db8:7::1
	check "$by: the router's own address in red goes up" counted local ra pings a 10.0.1.254
	check "$by: IPv6 too" counted local ra pings a 2001:db8:1::fe
	check "$by: nothing from blue to outside" fails pings c 10.0.3.1
	check "$by: where the VRF says unreachable" counted unreachable rc fails pings c 10.0.3.1
}

# What a rule by iif means for an IPv6 packet that comes by ra, a member of red: first what the kernel does by itself.
rule6() { # WORD… the rule begins with, for packets from A to B
	in_r ip -6 rule add "$@" from 2001:db8:1::1 to 2001:db8:2::1 priority 500 prohibit
}
check "the kernel by itself" eventually 10 pings a 2001:db8:2::1
rule6 iif red
check "prohibits IPv6 by iif of the VRF" fails pings a 2001:db8:2::1 -W 0.5
in_r ip -6 rule del priority 500
rule6 iif ra
check "not by iif of its member" pings a 2001:db8:2::1
in_r ip -6 rule del priority 500
rule6 not iif ra
check "which no packet comes by" fails pings a 2001:db8:2::1 -W 0.5
in_r ip -6 rule del priority 500

check "xfibd starts" xfibd__start ra rb rc rd re
check_match "a port's VRF is shown" ' vrf red' "$(xfib link show ra)"
check_forwarding XDP
xfib unload && xfibd__stop
check "xfibd starts again" xfibd__start
for port in ra rb rc rd re; do check "TC at $port" xfib attach $port hook tc; done
check_forwarding TC

# ---- sources, and rules beside those of VRFs ----
in_r sysctl -qw net.ipv4.conf.ra.rp_filter=1 net.ipv4.conf.rb.rp_filter=1
check "strict rp_filter in a VRF" eventually 5 passed_by a ra 10.0.2.1
in_b ip address add 10.0.1.77/32 dev lo
check "a source behind another port is for the kernel" eventually 5 counted rp_filter rb fails pings b 10.0.1.1 -I 10.0.1.77 -W 0.3
in_r sysctl -qw net.ipv4.conf.ra.rp_filter=0 net.ipv4.conf.rb.rp_filter=0
in_r ip rule add l3mdev from 10.0.7.0/24 prohibit priority 500
check "a rule for sources in VRFs" eventually 5 counted prohibit ra fails pings a 10.0.2.1 -I 10.0.7.1 -W 0.3
check "concerns nobody else" passed_by a ra 10.0.2.1
in_r ip rule del priority 500
in_r ip rule add iif red lookup main priority 500
check "by the name of a VRF the kernel tells" eventually 5 counted policy_rule ra pings a 10.0.1.254
check_output "which is shown" 500 jq -r '.[0].rules4 | join(",")' <(xfib -j link show ra)
check "not for the other VRF" passed_by c rc 10.0.2.1
in_r ip rule del priority 500
check "and without it" eventually 5 passed_by a ra 10.0.2.1
in_r ip rule add iif ra lookup main priority 500
check "by the name of its member too" eventually 5 counted policy_rule ra pings a 10.0.1.254
in_r ip rule del priority 500
check "an IPv6 rule by the VRF counts, as for the kernel" rule6 iif red
check "for packets of its members" eventually 5 counted prohibit ra fails pings a 2001:db8:2::1 -W 0.3
check "and not for others" passed_by c rc 2001:db8:2::1
check_output "nothing goes up for it" 0 jq '.[0].rules6 | length' <(xfib -j link show ra)
in_r ip -6 rule del priority 500
check "one by a member does not" rule6 not iif ra
check "for its packets neither" eventually 5 counted prohibit ra fails pings a 2001:db8:2::1 -W 0.3
in_r ip -6 rule del priority 500
check "one by a member has no effect" rule6 iif ra
check "on packets of the VRF" eventually 5 passed_by a ra 2001:db8:2::1
in_r ip -6 rule del priority 500

# ---- changes ----
in_r ip link set rb nomaster
in_r ip address replace 2001:db8:2::fe/64 dev rb
check "a port that leaves its VRF: no way there any more" eventually 5 fails pings a 10.0.2.1 -W 0.3
join rb red 10.0.2.254/24 2001:db8:2::fe/64
check "and is back" eventually 10 passed_by a ra 10.0.2.1
check "IPv6 too" eventually 10 passed_by a ra 2001:db8:2::1
in_r ip link del red
in_r ip address replace 2001:db8:1::fe/64 dev ra
in_r ip address replace 2001:db8:2::fe/64 dev rb
check "without the VRF its ports go by table main" eventually 10 passed_by a ra 10.0.2.1
check "IPv6 too" eventually 10 passed_by a ra 2001:db8:2::1
check "the other VRF is as it was" reaches c rc 10.0.2.1 "$D" d0 "$B" b0
finish
