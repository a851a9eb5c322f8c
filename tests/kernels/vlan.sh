#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# VLANs: the same frames from A to B by the kernel alone, by XDP and by TC; what B gets is the same to the byte, tags and all,
# and the programs have forwarded what they are to forward. Then connections by VLANs at both ends, and tags that XDP cannot
# see.
#
#   A  a0 ── ra R rb ── b0  B     ra.10 (802.1Q), ra.300 (802.1ad), ra.300.20 in it, likewise rb; ra.30 is in VRF red.
set -u
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../netns/topology.sh"
trap topology__remove EXIT
topology__make "xfibl$$" || exit 1

vlan() { # DEV PROTOCOL ID NETWORK [MTU]: 10.NETWORK.0.254/16 and 2001:db8:NETWORK::fe/48, the neighbour is .1 and ::1
	in_r ip link add link "$1" name "$1.$3" type vlan protocol "$2" id "$3" || return
	in_r ip link set "$1.$3" ${5:+mtu "$5"} up
	in_r ip address add "10.$4.0.254/16" dev "$1.$3"
	in_r ip address add "2001:db8:$4::fe/48" dev "$1.$3"
	in_r ip neigh replace "10.$4.0.1" lladdr "02:00:00:00:01:$4" dev "$1.$3" nud permanent
	in_r ip neigh replace "2001:db8:$4::1" lladdr "02:00:00:00:02:$4" dev "$1.$3" nud permanent
}
check "VLAN devices" eval 'vlan ra 802.1Q 10 11 && vlan ra 802.1ad 300 12 && vlan ra.300 802.1Q 20 13 &&
	vlan rb 802.1Q 10 21 && vlan rb 802.1ad 300 22 && vlan rb.300 802.1Q 20 23 && vlan rb 802.1Q 4094 24 1300'
in_r ip neigh replace 10.0.2.1 lladdr 02:00:00:00:01:02 dev rb nud permanent
in_r ip neigh replace 2001:db8:2::1 lladdr 02:00:00:00:02:02 dev rb nud permanent
# What the kernel alone deals with: a VLAN without reorder_hdr, one that is down, one that marks priorities.
in_r ip link add link ra name ra.40 type vlan id 40 reorder_hdr off
in_r ip link set ra.40 up
in_r ip link add link ra name ra.41 type vlan id 41
in_r ip link add link rb name rb.42 type vlan id 42 egress-qos-map 0:5 6:3
in_r ip link set rb.42 up
in_r ip address add 10.25.0.254/16 dev rb.42
in_r ip neigh replace 10.25.0.1 lladdr 02:00:00:00:01:25 dev rb.42 nud permanent
# A VRF of a VLAN.
in_r ip link add red type vrf table 100
in_r ip link set red up
in_r ip link add link ra name ra.30 type vlan id 30
in_r ip link set ra.30 master red up
in_r ip route add 10.99.0.0/16 via 10.23.0.1 dev rb.300.20 table 100
in_r ip -6 route add 2001:db8:99::/48 via 2001:db8:22::1 dev rb.300 table 100
in_r sysctl -qw net.ipv4.conf.all.rp_filter=0
for dev in ra ra.10 ra.300 ra.300.20 ra.30 ra.40; do in_r sysctl -qw "net/ipv4/conf/$dev/rp_filter=0"; done
# Tags are in the frames that XDP sees: A puts them there, and R believes it.
in_a ethtool -K a0 txvlan off tx-vlan-stag-hw-insert off >/dev/null
in_r ethtool -K ra rxvlan off rx-vlan-stag-hw-parse off >/dev/null
in_b ethtool -K b0 txvlan off tx-vlan-stag-hw-insert off >/dev/null
in_r ethtool -K rb rxvlan off rx-vlan-stag-hw-parse off >/dev/null

# ---- the same frames, by the kernel and by the programs ----
destinations="10.0.2.1 10.21.0.1 10.22.0.1 10.23.0.1 10.24.0.1 10.25.0.1 2001:db8:2::1 2001:db8:21::1 2001:db8:22::1 2001:db8:23::1
	2001:db8:24::1"
frames() { # what is to arrive, and what the programs are to forward
	local tags destination
	for tags in - 8100.10 88a8.300 88a8.300,8100.20 8100.0 8100.57354 88a8.300,8100.0; do
		for destination in $destinations; do
			case $destination in *:*) source=2001:db8:77::1 ;; *) source=10.77.0.1 ;; esac
			echo "$tags $source $destination 100"
		done
	done
	for destination in 10.0.2.1 10.21.0.1 10.23.0.1; do echo "8100.10 10.77.0.1 $destination 1496"; done
	echo "8100.30 10.77.0.1 10.99.0.1 100"
	echo "8100.30 2001:db8:77::1 2001:db8:99::1 100"
}
others() { # what goes up: the kernel sends some of it on
	for tags in 8100.9 88a8.10 8100.40 8100.41 8100.10,8100.20 88a8.300,8100.20,8100.20; do echo "$tags 10.77.0.1 10.0.2.1 100"; done
	for tags in - 8100.10; do echo "$tags 10.77.0.1 10.23.0.1 1500"; done
}
mac=$(ip -n "$R" -j link show ra | jq -r '.[0].address')
tool=$BUILD/tests/tools/vlan-frames
collect() { # FILE: what B gets of all frames
	in_b "$tool" watch b0 $((2 * ${XFIB_SLOW:-1})) >"$1.unsorted" &
	local watcher=$!
	sniffer__wait
	{ frames; others; } | in_a "$tool" send a0 "$mac" || return
	wait "$watcher"
	sort "$1.unsorted" >"$1"
}
total() { local sum=0 dev; for dev in "${@:2}"; do sum=$((sum + $(reason "$1" "$dev"))); done; echo "$sum"; }
ports="ra ra.10 ra.300 ra.300.20 ra.30"
expected=$(frames | wc -l)
marked=$(frames | grep -c ' 10.25.0.1 ') # by rb.42, which XDP leaves to the kernel

check "frames by the kernel" collect "$DIR/kernel"
check "it sends on what is expected, and some of the others" [ "$(wc -l <"$DIR/kernel")" -gt "$expected" ]
for tags in - 8100.10 88a8.300 88a8.300,8100.20 8100.4094 8100.41002; do
	check "some arrive with the tags $tags" grep -q "^$tags " "$DIR/kernel"
done

compare() { # BY FORWARDED
	local before after
	before=$(total forwarded $ports)
	check "$1: frames" collect "$DIR/$1"
	after=$(total forwarded $ports)
	check_output "$1: they arrive as by the kernel" "" diff "$DIR/kernel" "$DIR/$1"
	check_output "$1: so many are forwarded" "$2" echo $((after - before))
}
check "xfibd starts" xfibd__start ra rb
check_match "a VLAN device is shown" ' vlan 802.1Q 10 on ra' "$(xfib link show ra.10)"
check_output "and in JSON" '802.1ad 300 rb' jq -r '.[0] | "\(.vlan_protocol) \(.vlan_id) \(.link)"' <(xfib -j link show rb.300)
compare XDP $((expected - marked))
check "unknown tags are counted so" [ "$(reason vlan ra)" -ge 4 ]
check "frames of VLANs are counted there" [ "$(reason forwarded ra.300.20)" -ge 10 ]
xfib unload && xfibd__stop
check "xfibd starts again" xfibd__start
for port in ra rb; do check "TC at $port" xfib attach $port hook tc; done
# By TC two more go on that XDP leaves to the kernel: those that are too long for XDP.
compare TC $((expected + 2))
xfib unload && xfibd__stop

# ---- connections ----
# With two tags in the frame veth takes 4 bytes less.
ends() { # NAMESPACE DEV NETWORK PROTOCOL ID PARENT PEER-NETWORK [MTU]
	ip -n "$1" link add link "$6" name "$2" type vlan protocol "$4" id "$5"
	ip -n "$1" link set "$2" ${8:+mtu "$8"} up
	ip -n "$1" address add "10.$3.0.1/16" dev "$2"
	ip -n "$1" address add "2001:db8:$3::1/48" dev "$2" nodad
	ip -n "$1" route add "10.$7.0.0/16" via "10.$3.0.254"
	ip -n "$1" route add "2001:db8:$7::/48" via "2001:db8:$3::fe"
}
ends "$A" a0.10 11 802.1Q 10 a0 21
ends "$B" b0.10 21 802.1Q 10 b0 11
ends "$A" a0.300 12 802.1ad 300 a0 22
ends "$A" a0.300.20 13 802.1Q 20 a0.300 23 1496
ends "$B" b0.300 22 802.1ad 300 b0 12
ends "$B" b0.300.20 23 802.1Q 20 b0.300 13 1496
for dev in ra.10 ra.300 ra.300.20 rb.10 rb.300 rb.300.20; do in_r ip neigh flush dev $dev nud permanent; done
passed_by() { # ADDRESS DEV
	local before
	before=$(reason forwarded "$2")
	in_a ping -q -c 3 -i 0.2 -W 1 "$1" >/dev/null && [ $(($(reason forwarded "$2") - before)) -ge 3 ]
}
# A connection, whose packets the devices cut and sum up where they can.
head -c 2000000 /dev/urandom >"$DIR/sent"
connection() { # ADDRESS
	in_b timeout $((20 * ${XFIB_SLOW:-1})) "$BUILD/tests/tools/tcp-sink" 5000 >"$DIR/got" &
	local sink=$!
	eventually 5 in_b grep -q ':1388 ' /proc/net/tcp6 || return
	in_a timeout $((20 * ${XFIB_SLOW:-1})) bash -c "cat '$DIR/sent' >/dev/tcp/$1/5000" && wait $sink && cmp "$DIR/sent" "$DIR/got"
}
check_ends() { # BY
	local address
	for address in 10.21.0.1:ra.10 2001:db8:21::1:ra.10 10.22.0.1:ra.300 10.23.0.1:ra.300.20 2001:db8:23::1:ra.300.20; do
		check "$1: ping ${address%:*}" eventually 10 passed_by "${address%:*}" "${address##*:}"
	done
	for address in 10.21.0.1 2001:db8:23::1; do check "$1: a connection with $address" connection $address; done
}
check "xfibd starts once more" xfibd__start ra rb
check_ends XDP
if [ "${XFIB_KERNEL:-}" != 5.10 ]; then # BPF_PROG_RUN takes no ingress port there
	explain() { xfib "$@" explain 10.23.0.1 from 10.11.0.1 iif ra.10 proto udp; }
	check_match "what becomes of a packet: its tag comes off" '^comes: by ra vlan 802.1Q 10$' "$(explain)"
	check_match "and others are put on" '^leaves: to .* by rb vlan 802.1ad 300 vlan 802.1Q 20 ttl 63' "$(explain)"
	check_output "and in JSON" "ra 10 rb 300,20" jq -r '.[0] |
		"\(.arrival.dev) \(.arrival.vlan[0].id) \(.header.dev) \([.header.vlan[].id | tostring] | join(","))"' <(explain -j)
	check_match "a packet without any" 'reason: forwarded' "$(xfib explain 10.21.0.1 from 10.0.1.1 iif ra proto tcp)"
fi
xfib unload && xfibd__stop
check "and for TC" xfibd__start
for port in ra rb; do check "TC at $port" xfib attach $port hook tc; done
check_ends TC
in_a ethtool -K a0 tx on tso on gso on >/dev/null
check "TC: packets to be cut later" connection 10.23.0.1
check "IPv6 too" connection 2001:db8:21::1
in_a ethtool -K a0 tx off >/dev/null
xfib unload && xfibd__stop

# ---- tags that XDP cannot see ----
check "xfibd starts" xfibd__start ra rb
check "its frames are forwarded" eventually 10 passed_by 10.21.0.1 ra.10
in_r ethtool -K ra rxvlan on >/dev/null
hidden() { xfib -j link show ra | jq -e '.[0].tags_hidden' >/dev/null; }
check "a port that takes tags off by itself is known" eventually 10 hidden
check_match "and logged" 'ra: .*rxvlan off' "$(cat "$DIR/xfibd.log")"
goes_up() {
	local before
	before=$(reason vlan ra)
	in_a ping -q -c 2 -i 0.2 -W 1 10.21.0.1 >/dev/null && [ "$(reason vlan ra)" -gt "$before" ]
}
check "its frames go up" eventually 10 goes_up
check_match "attaching says so" 'rxvlan off' "$(xfib attach ra 2>&1)"
in_r ethtool -K ra rxvlan off >/dev/null
check "and no longer without that" eventually 10 passed_by 10.21.0.1 ra.10

# ---- netfilter at a VLAN device ----
in_r nft -f - <<-END
	table netdev filter {
		chain drops { type filter hook ingress device "ra.10" priority 0; ip daddr 10.9.9.9 drop; }
	}
END
check_status "attaching to the device below a VLAN with a chain of nftables fails" 1 xfib attach ra
check_match "and says why" 'netdev filter drops' "$ERR"
check_not "another port does not care" grep -q netdev < <(xfib attach rb 2>&1)
in_r nft delete table netdev filter

# ---- changes ----
in_r ip link set ra.10 down
check "a VLAN device that is down" eventually 10 eval '! in_a ping -q -c 1 -W 0.5 10.21.0.1'
in_r ip link set ra.10 up
in_r ip address replace 2001:db8:11::fe/48 dev ra.10
check "and up again" eventually 10 passed_by 10.21.0.1 ra.10
in_r ip link del rb.10
check "one that is deleted" eventually 10 eval '! in_a ping -q -c 1 -W 0.5 10.21.0.1'
in_r ip link add link rb name rb.10 type vlan id 10
in_r ip link set rb.10 up
in_r ip address replace 10.21.0.254/16 dev rb.10
in_r ip address replace 2001:db8:21::fe/48 dev rb.10
check "and made anew" eventually 10 passed_by 10.21.0.1 ra.10
finish
