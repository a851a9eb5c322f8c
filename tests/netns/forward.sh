#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# Packets from A to B by way of R's XDP program: what arrives, how it looks, and what is counted.
set -u
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/topology.sh"
trap topology__remove EXIT
topology__make "xfibf$$" || exit 1

kernel_forwarded() { # packets that R's kernel has forwarded, both families
	local four six
	four=$(in_r awk '/^Ip: [0-9]/ { print $7 }' /proc/net/snmp)
	six=$(in_r awk '/^Ip6OutForwDatagrams/ { print $2 }' /proc/net/snmp6)
	echo $((four + six))
}

mac() { ip -n "$1" -j link show "$2" | jq -r '.[0].address'; }

in_r sysctl -qw net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0
check "starts with both ports" xfibd__start ra rb

# Nobody has pinged from R: the first packet makes the kernel resolve B.
in_r ip neigh flush dev rb
check "IPv4 reaches B" in_a ping -c 1 -W 2 10.0.2.1
check "IPv6 reaches B" in_a ping -c 1 -W 2 2001:db8:2::1
fast() {
	in_a ping -q -c 1 -W 1 "$1" >/dev/null
	before=$(reason forwarded ra)
	in_a ping -q -c 1 -W 1 "$1" >/dev/null
	[ "$(reason forwarded ra)" -gt "$before" ]
}
check "the neighbour of IPv4 reaches the fast path" eventually 2 fast 10.0.2.1
check "the neighbour of IPv6 reaches the fast path" eventually 2 fast 2001:db8:2::1

# ---- what B sees ----

watch() { # packets of a kind that B sees: sniff in the background, then CMD
	local count=$1
	shift
	in_b "$BUILD/tests/tools/sniff" b0 "$count" $((5 * ${XFIB_SLOW:-1})) >"$DIR/seen" &
	local sniffer=$!
	sniffer__wait
	"$@" >/dev/null
	wait "$sniffer"
}
watch 5 in_a ping -q -c 5 -i 0.05 -t 33 10.0.2.1
expected=$(printf '%s %s 10.0.1.1 10.0.2.1 1 32 98 ok\n%.0s' "$(mac "$R" rb)" "$(mac "$B" b0)")
check_output "IPv4: MAC addresses, TTL lowered by one, checksum" "$expected" sort -u "$DIR/seen"
watch 5 in_a ping -q -c 5 -i 0.05 -t 33 2001:db8:2::1
expected=$(printf '%s %s 2001:db8:1::1 2001:db8:2::1 58 32 118 -' "$(mac "$R" rb)" "$(mac "$B" b0)")
check_output "IPv6: MAC addresses, hop limit lowered by one" "$expected" sort -u "$DIR/seen"

udp_flow() { for _ in 1 2 3 4 5 6 7 8; do in_a bash -c 'echo hello >/dev/udp/10.0.2.1/9'; done; }
watch 8 udp_flow
check_output "UDP: every packet arrives with TTL 63" 8 grep -c ' 17 63 ' "$DIR/seen"

# ---- counters ----

in_a ping -q -c 2 -i 0.05 10.0.2.1 >/dev/null
kernel=$(kernel_forwarded)
before=$(reason forwarded)
check "100 packets there and back" in_a ping -q -c 100 -i 0.002 10.0.2.1
check_output "are counted as forwarded" "$((before + 200))" reason forwarded
check "100 of IPv6" in_a ping -q -c 100 -i 0.002 2001:db8:2::1
check_output "and R's kernel has forwarded none of them" "$kernel" kernel_forwarded

moves() { # DESC REASON CMD…: the command's packets are counted for the reason
	local desc=$1 name=$2 before
	shift 2
	before=$(reason "$name" ra)
	"$@" >/dev/null 2>&1
	check_not "$desc" [ "$(reason "$name" ra)" = "$before" ]
}
# The kernel answers one packet a second and destination.
answers() { in_a ping -c 1 -W 1 "$2" | grep -q "$1"; }

moves "a packet for R itself" local in_a ping -c 1 -W 1 10.0.1.254
moves "a packet for R's other address" local in_a ping -c 1 -W 1 2001:db8:2::fe
moves "a TTL that ends at R" ttl_expired in_a ping -c 1 -W 1 -t 1 10.0.2.1
check_match "is answered by R" 'From 10.0.1.254 .*Time to live exceeded' "$(in_a ping -c 1 -W 1 -t 1 10.0.2.1)"
check_match "as is a hop limit" 'From 2001:db8:1::fe .*Hop limit' "$(in_a ping -c 1 -W 1 -t 1 2001:db8:2::1)"
moves "no route" no_route in_a ping -c 1 -W 1 198.51.100.1
check "is answered by R" eventually 5 answers 'From 10.0.1.254 .*Destination Net Unreachable' 198.51.100.1
moves "record route option" ip_options in_a ping -c 1 -W 1 -R 10.0.2.1

# ---- route types ----

in_r ip route add blackhole 203.0.113.0/26
in_r ip route add unreachable 203.0.113.64/26
in_r ip route add prohibit 203.0.113.128/26
in_r ip -6 route add blackhole 2001:db8:b::/64
has_types() { [ "$(xfib -j route show | jq '[.[] | select(.type != null)] | length')" -ge 4 ]; }
check "special routes reach the maps" eventually 2 has_types
moves "blackhole" blackhole in_a ping -c 1 -W 1 203.0.113.1
moves "blackhole of IPv6" blackhole in_a ping -c 1 -W 1 2001:db8:b::1
moves "unreachable" unreachable in_a ping -c 1 -W 1 203.0.113.65
check "is answered" eventually 5 answers 'Destination Host Unreachable' 203.0.113.65
moves "prohibit" prohibit in_a ping -c 1 -W 1 203.0.113.129
check "is answered" eventually 5 answers 'Packet filtered' 203.0.113.129

# ---- MTU ----

in_r ip link set rb mtu 1280
has_mtu() { [ "$(xfib -j link show rb | jq '.[0].mtu')" = 1280 ]; }
check "the MTU of a port reaches the maps" eventually 2 has_mtu
moves "larger than the MTU" mtu_exceeded in_a ping -c 1 -W 1 -M "do" -s 1400 10.0.2.1
check_match "is answered with the MTU" 'mtu ?= ?1280' "$(in_a ping -c 1 -W 1 -M "do" -s 1401 10.0.2.1 2>&1)"
in_r ip link set rb mtu 1500
check "IPv6 came back after its link had a smaller MTU" eventually 5 in_a ping -q -c 1 -W 1 2001:db8:2::1

# ---- settings ----

in_r sysctl -qw net.ipv4.conf.ra.forwarding=0
is_off() { [ "$(xfib -j link show ra | jq '.[0].forwarding4')" = false ]; }
check "forwarding disabled on a port reaches the maps" eventually 2 is_off
moves "forwarding disabled" forwarding_off in_a ping -c 1 -W 1 10.0.2.1
in_r sysctl -qw net.ipv4.conf.ra.forwarding=1
check "and enabled, forwards again" eventually 2 fast 10.0.2.1

in_r ip rule add from 10.0.1.1 fwmark 1 lookup 100 priority 1000
moved() {
	local before
	before=$(reason policy_rule ra)
	in_a ping -q -c 1 -W 1 10.0.2.1
	[ "$(reason policy_rule ra)" -gt "$before" ]
}
check "with a rule by mark, the packets go up that it may concern" eventually 2 moved
check "IPv6 is forwarded meanwhile" fast 2001:db8:2::1
check_output "which rule it is, is known" 1000 jq -r '.[0].rules4 | join(",")' <(xfib -j link show ra)
check_match "and shown" ' rules4 1000$' "$(xfib link show ra)"
in_r ip rule del priority 1000
check "and without it they are forwarded again" eventually 2 fast 10.0.2.1
in_r ip rule add from 10.0.1.1 lookup 100 priority 1000
in_r ip route add blackhole default table 100
blackholed() {
	local before
	before=$(reason blackhole ra)
	in_a ping -q -c 1 -W 1 10.0.2.1
	[ "$(reason blackhole ra)" -gt "$before" ]
}
check "a rule by source leads to a table that is mirrored by itself" eventually 5 blackholed
check "of IPv4 alone" fast 2001:db8:2::1
in_r ip rule del priority 1000
check "without it they are forwarded again" eventually 2 fast 10.0.2.1

# ---- links and neighbours ----

in_b ip link set b0 address 02:00:00:00:0b:0b
sleep 1.1 # the kernel does not let a neighbour change its address twice in a second
in_b ip neigh flush dev b0
in_b ping -q -c 1 -W 1 10.0.2.254 >/dev/null # B's request tells R
check "a changed MAC address of a neighbour is followed" eventually 5 in_a ping -q -c 1 -W 1 10.0.2.1
check "and the fast path uses it" eventually 2 fast 10.0.2.1
in_r ip link set rb down
check_not "the port down: nothing arrives" in_a ping -q -c 1 -W 1 10.0.2.1
in_r ip link set rb up
check "up again: forwards" eventually 5 fast 10.0.2.1
finish
