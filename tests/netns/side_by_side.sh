#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# The same packets through a router with xfib and through one without: what comes out is the same, byte for byte, or is on
# the short list of tests/parity/normal.c. Packets of all kinds, right and wrong ones: tests/parity/draw.c. By XDP, then by
# TC, then by the XDP program for jumbo frames. Where the kernel has VLAN devices, also between those: tests/parity/parity.h.
#
#   XFIB_PACKETS=N   packets for each of the hooks (15000); XFIB_SEED, which is printed, decides which
set -u
. "$(dirname "$0")/../lib.sh"
seed=${XFIB_SEED:-$RANDOM$RANDOM}
packets=${XFIB_PACKETS:-$((15000 / ${XFIB_SLOW:-1}))}
ports='0 1 2 3 4 5'
X=xfibs$$-x K=xfibs$$-k H=xfibs$$-h
DIR=$(mktemp -d "/tmp/xfibs$$.XXXXXX")
export XFIB_PIN=$DIR/bpf/xfib
pid=
errors=/proc/sys/net/ipv4/route/error_cost # of the machine as a whole
error_cost=$(cat $errors)

cleanup() {
	[ -z "$pid" ] || kill -KILL "$pid"
	echo "$error_cost" >$errors
	for namespace in "$X" "$K" "$H"; do ip netns del "$namespace" 2>/dev/null; done
	umount "$DIR/bpf"
	rm -rf "$DIR" "/run/xfib/$(tr / _ <<<"$XFIB_PIN").sock"
}
trap cleanup EXIT
trap 'exit 130' INT TERM
mkdir "$DIR/bpf" && mount -t bpf -o mode=0700 "xfibs$$" "$DIR/bpf"

ip link add link lo name "v$$" type vlan id 1 2>/dev/null && ip link del "v$$" && vlans=vlans || vlans=
[ -n "$vlans" ] || echo "# this kernel has no VLAN devices: packets without tags only"
networks="$ports${vlans:+ 6 7 8}"

# ---- two routers ----

hosts_end() { # letter, port: a device that has no stack of its own behind it
	ip -n "$H" link set "$1$2" address "02:00:00:00:01:0$2" mtu 3000 arp off
	ip netns exec "$H" sysctl -qw "net.ipv6.conf.$1$2.disable_ipv6=1"
	ip netns exec "$H" ethtool -K "$1$2" tx off >/dev/null
	ip netns exec "$H" ip link set dev "$1$2" xdp obj "$BUILD/tests/tools/pass.bpf.o" sec xdp
	ip -n "$H" link set "$1$2" up
}

# No limit to what a router answers; nothing that a clock decides; nothing that a router says by itself.
settings() {
	cat <<-END
	net.ipv4.ip_forward=1
	net.ipv6.conf.all.forwarding=1
	net.ipv4.icmp_ratelimit=0
	net.ipv4.icmp_ratemask=0
	net.ipv6.icmp.ratelimit=0
	net.ipv6.icmp.ratemask=255
	net.ipv6.auto_flowlabels=0
	net.ipv4.conf.all.rp_filter=0
	net.ipv4.conf.default.rp_filter=0
	net.ipv4.conf.p2.rp_filter=1
	net.ipv4.conf.p3.rp_filter=2
	net.ipv4.conf.p4.forwarding=0
	net.ipv4.conf.p5.route_localnet=1
	net.ipv4.conf.p5.accept_source_route=1
	net.ipv4.conf.p5.send_redirects=0
	net.ipv4.conf.p0.send_redirects=0
	net.ipv4.conf.all.send_redirects=0
	END
	local port family
	for port in $networks; do
		for family in ipv4 ipv6; do # who does not answer has failed at once
			printf "net.$family.neigh.p$port.%s=0\n" mcast_solicit ucast_solicit app_solicit
			echo "net.$family.neigh.p$port.delay_first_probe_time=3600"
		done
	done
}

routes() {
	local port number
	for port in $networks; do
		for number in 1 2 3; do
			echo "neigh add 10.0.$port.$number lladdr 02:00:00:00:0$port:0$number nud permanent dev p$port"
			echo "neigh add 2001:db8:$port::$number lladdr 02:00:00:00:0$port:0$number nud permanent dev p$port"
		done
	done
	cat <<-END
	route add 20.0.0.0/8 via 10.0.1.1
	route add 20.1.0.0/16 via 10.0.2.1
	route add 20.1.1.0/24 via 10.0.3.1
	route add 20.1.1.128/25 via 10.0.0.1
	route add 20.1.1.129 via 10.0.1.2
	route add blackhole 20.2.0.0/16
	route add unreachable 20.3.0.0/16
	route add prohibit 20.4.0.0/16
	route add throw 20.5.0.0/16
	route add 20.6.0.0/16 via 10.0.1.3 mtu 600
	route add 20.7.0.0/16 via 10.0.0.3 mtu lock 700
	route add 20.8.0.0/16 dev p2
	neigh add 20.8.0.1 lladdr 02:00:00:00:02:08 nud permanent dev p2
	route add 20.9.0.0/16 via inet6 2001:db8:1::1 dev p1
	route add 20.10.0.0/16 nexthop via 10.0.1.1 nexthop via 10.0.1.2
	route add 20.11.0.0/16 via 10.0.1.99
	route add 20.12.0.0/16 via 10.0.1.1 tos 0x10
	route add 20.13.0.0/16 via 10.0.4.1
	route add 2001:db8:2000::/37 via 2001:db8:1::1
	route add 2001:db8:2001::/48 via 2001:db8:2::1
	route add 2001:db8:2001:1::/64 via 2001:db8:3::1
	route add 2001:db8:2001:1::8/127 via 2001:db8:0::1
	route add 2001:db8:2001:1::9 via 2001:db8:1::2
	route add blackhole 2001:db8:2002::/48
	route add unreachable 2001:db8:2003::/48
	route add prohibit 2001:db8:2004::/48
	route add throw 2001:db8:2005::/48
	route add 2001:db8:2006::/48 via 2001:db8:1::3 mtu 1300
	route add 2001:db8:2007::/48 via 2001:db8:0::3 mtu lock 1320
	route add 2001:db8:2008::/48 dev p2
	neigh add 2001:db8:2008::1 lladdr 02:00:00:00:02:08 nud permanent dev p2
	route add 2001:db8:2009::/48 via fe80::1 dev p1
	neigh add fe80::1 lladdr 02:00:00:00:01:09 nud permanent dev p1
	route add 2001:db8:2010::/48 nexthop via 2001:db8:1::1 nexthop via 2001:db8:1::2
	route add 2001:db8:2011::/48 via 2001:db8:1::99
	END
	for port in ${vlans:+6 7 8}; do
		echo "route add 20.1$((port - 2)).0.0/16 via 10.0.$port.1"
		echo "route add 2001:db8:201$((port - 2))::/48 via 2001:db8:$port::1"
	done
}

give_addresses() { # namespace, network
	ip -n "$1" link set "p$2" up
	ip -n "$1" address add "10.0.$2.254/24" dev "p$2"
	ip -n "$1" address add "2001:db8:$2::fe/64" dev "p$2"
}

# Tags stay in the frames, where XDP sees them. With two of them a port takes 4 bytes less.
make_vlans() { # namespace, letter of the hosts' ends
	local port
	for port in $ports; do
		ip netns exec "$1" ethtool -K "p$port" rxvlan off txvlan off rx-vlan-stag-hw-parse off tx-vlan-stag-hw-insert off
		ip netns exec "$H" ethtool -K "$2$port" rxvlan off txvlan off rx-vlan-stag-hw-parse off tx-vlan-stag-hw-insert off
	done >/dev/null
	ip -n "$1" link add link p0 name p6 type vlan protocol 802.1Q id 10 || return
	ip -n "$1" link add link p1 name p7 type vlan protocol 802.1ad id 300 || return
	give_addresses "$1" 6
	give_addresses "$1" 7
	ip -n "$1" link add link p7 name p8 mtu 1396 type vlan protocol 802.1Q id 20 || return
	give_addresses "$1" 8
}

make_router() { # namespace, letter of the hosts' ends
	local port mtus=(1500 1400 1500 2000 1500 3000)
	ip netns exec "$1" sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.default.accept_ra=0
	ip -n "$1" link set lo up
	for port in $ports; do
		ip -n "$1" link add "p$port" address "02:00:00:00:00:0$port" type veth peer name "$2$port" netns "$H"
		hosts_end "$2" "$port"
		ip -n "$1" link set "p$port" mtu "${mtus[port]}"
		give_addresses "$1" "$port"
	done
	[ -z "$vlans" ] || make_vlans "$1" "$2" || return
	settings | ip netns exec "$1" sysctl -qp - || return 1
	routes | ip -n "$1" -batch -
}

start() { # hook
	: >"$DIR/log"
	ip netns exec "$X" "$BUILD/xfibd" >"$DIR/log" 2>&1 &
	pid=$!
	eventually 60 grep -q ready: "$DIR/log" || { cat "$DIR/log"; return 1; }
	for port in $ports; do
		if [ "$1" = xdp_frags ]; then
			ip netns exec "$X" ip link set dev "p$port" xdp pinned "$XFIB_PIN/progs/xdp_frags" || return 1
		else
			xfib attach "p$port" hook "$1" || return 1
		fi
	done
}
xfib() { ip netns exec "$X" "$BUILD/xfib" "$@"; }
stop() {
	kill "$pid"
	wait "$pid"
	pid=
	xfib unload
	for port in $ports; do ip -n "$X" link set dev "p$port" xdp off; done
}
counted() { xfib -j stats ${2:+dev "$2"} | jq "$1"; }
forwarded() { counted '[.[] | select(.reason == "forwarded") | .packets] | add // 0' "$@"; } # [DEV]
# No reason of these is met by chance alone; forwarded ones are a third.
is_varied() {
	local port
	for port in ${vlans:+p6 p7 p8}; do [ "$(forwarded "$port")" -gt $((packets / 60)) ] || { xfib stats dev "$port"; return 1; }; done
	[ "$(forwarded)" -gt $((packets / 10)) ] &&
		[ "$(counted '[.[].reason] | unique | length')" -ge 22 ] || { xfib stats; return 1; }
}

echo 0 >$errors
for namespace in "$X" "$K" "$H"; do ip netns add "$namespace"; done
check "the router that will have xfib" make_router "$X" x
check "the same one without" make_router "$K" k

# Are both the same when neither has xfib? Else the test itself would be wrong.
echo "# XFIB_SEED=$seed"
side_by_side() { ip netns exec "$H" "$BUILD/tests/parity/side-by-side" "$@" $vlans; }
check "without xfib in either, $((packets / 10)) packets come out alike" side_by_side "$seed" "$((packets / 10))"
hooks='xdp tc xdp_frags'
[ "$(printf '%s\n' 5.18 "$(uname -r)" | sort -V | head -n 1)" = 5.18 ] || hooks='xdp tc' # which has no such program
for hook in $hooks; do
	check "xfibd by $hook" start "$hook"
	check "$hook: $packets packets come out alike" side_by_side "$seed" "$packets"
	check "$hook: many of them by the fast path, others up for all kinds of reasons" is_varied
	check "xfib is taken away" stop
done
finish
