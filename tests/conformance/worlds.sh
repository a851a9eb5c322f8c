# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# shellcheck shell=bash
# The network namespaces in which the tables of cases are run. Source it after tests/lib.sh.
#
#   conformance BACKEND     makes each world, runs the tables in it over BACKEND (maps or private), and finishes
#
# Interface indexes are fixed, so that the tables can name them (see conformance.h). Link-local addresses are given by
# hand and duplicate address detection is off: every address is known, and usable at once.

world__begin() { # NAME
	WORLD=xfibn$$-$1 FAR=xfibn$$-far
	DIR=$(mktemp -d "/tmp/$WORLD.XXXXXX")
	mkdir "$DIR/bpf"
	mount -t bpf -o mode=0755 "$WORLD" "$DIR/bpf"
	export XFIB_PIN=$DIR/bpf/xfib
	ip netns add "$WORLD" && ip netns add "$FAR" || return 1
	ip netns exec "$WORLD" sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.default.accept_ra=0 \
		net.ipv6.conf.default.addr_gen_mode=1
}

world__end() {
	[ -n "${DIR:-}" ] || return 0
	local pid namespace tries
	if pid=$(cat "$DIR/xfibd.pid" 2>/dev/null); then
		kill -TERM "$pid" 2>/dev/null
		for tries in $(seq $((250 * ${XFIB_SLOW:-1}))); do
			kill -0 "$pid" 2>/dev/null || break
			[ "$tries" -lt $((250 * ${XFIB_SLOW:-1})) ] || kill -KILL "$pid"
			sleep 0.02
		done
	fi
	for namespace in "$WORLD" "$FAR"; do ip netns del "$namespace" 2>/dev/null; done
	umount "$DIR/bpf" 2>/dev/null
	rm -rf "$DIR"
	DIR=
}

in_world() { ip netns exec "$WORLD" "$@"; }
ip_batch() { ip -n "$WORLD" -batch -; }
veth() { # NAME INDEX
	ip -n "$WORLD" link add "$1" index "$2" type veth peer name "$1" netns "$FAR" && ip -n "$FAR" link set "$1" up
}

# ---- a host with everything ----

world__host() {
	world__begin host || return 1
	veth t1 11 && veth t2 12 && veth t3 13 && veth t4 14 && veth ethernet_12 20 || return 1
	ip -n "$WORLD" link add br0 index 15 type bridge
	in_world "$BUILD/tests/tools/tun-type" tun0 16 65534 && in_world "$BUILD/tests/tools/tun-type" ppp0 17 512 &&
		in_world "$BUILD/tests/tools/tun-type" tunnel0 18 768 && in_world "$BUILD/tests/tools/tun-type" wlan0 19 801 || return 1
	ip -n "$FAR" link set t4 down # no carrier
	host__addresses | ip_batch && host__routes4 | ip_batch && host__routes6 | ip_batch && ip -n "$WORLD" link set t3 down
}

host__addresses() {
	cat <<-END
	link set lo up
	link set t1 up
	link set t2 up
	link set t3 up
	link set t4 up
	link set tun0 up
	address add 192.0.2.77/32 dev lo
	address add 10.1.0.254/24 dev t1
	address add 10.1.0.253/24 dev t1
	address add 10.1.8.1/24 dev t1
	address add 10.2.0.254/24 dev t2
	address add 10.3.0.254/24 dev t3
	address add 10.4.0.254/24 dev t4
	address add 10.6.0.1 peer 10.6.0.2/32 dev tun0
	address add 2001:db8:77::77/128 dev lo
	address add 2001:db8:1::fe/64 dev t1
	address add 2001:db8:1::dead/64 dev t1 preferred_lft 0
	address add fd00:1::fe/64 dev t1
	address add fe80::11/64 dev t1
	address add 2001:db8:2::fe/64 dev t2
	address add fe80::12/64 dev t2
	address add 2001:db8:3::fe/64 dev t3
	END
}

host__routes4() {
	cat <<-END
	route add default via 10.2.0.1 proto dhcp metric 100
	route add 203.0.113.0/24 via 10.1.0.1 proto bgp metric 7
	route add 203.0.113.0/24 via 10.2.0.1 proto bgp metric 9
	route add 203.0.113.128/25 via 10.2.0.2 proto ospf metric 50
	route add 203.0.113.200/32 dev t1 proto static
	route add blackhole 198.51.100.0/24
	route add unreachable 198.51.101.0/24
	route add prohibit 198.51.102.0/24
	route add throw 198.51.103.0/24
	route add 198.51.104.0/24 via 10.2.0.1 proto static
	route append 198.51.104.0/24 via 10.1.0.1 proto static
	route add 198.51.105.0/24 proto static nexthop via 10.2.0.1 weight 5 nexthop via 10.1.0.9 nexthop via 10.1.0.1
	route add 198.51.106.0/24 proto static nexthop via 10.3.0.1 nexthop via 10.4.0.1
	route add 198.51.107.0/24 via inet6 2001:db8:2::1 dev t2 proto static
	route add 198.51.108.0/24 via 10.1.0.1 src 10.1.8.1 proto static
	route add 198.51.109.0/24 dev t1 src 192.0.2.77 proto static
	route add 198.51.110.0/24 via 10.1.8.2 proto static
	route add 198.51.111.0/24 via 10.9.9.9 dev t2 onlink proto static
	route add 198.51.112.0/24 via 10.4.0.1 proto static
	route add 198.51.113.0/24 via 10.3.0.1 proto static metric 5
	route add 198.51.113.0/24 via 10.2.0.1 proto static metric 6
	route add 198.51.114.0/24 via 10.1.0.1 proto isis
	route add 198.51.115.0/24 via 10.1.0.1 proto rip
	route add 198.51.116.0/24 via 10.1.0.1 proto eigrp
	route add 198.51.117.0/24 via 10.1.0.1 proto redirect
	route add 198.51.118.0/24 via 10.1.0.1 proto zebra
	route add 198.51.119.0/24 via 10.1.0.1 proto boot
	route add 198.51.120.0/24 via 10.1.0.1 tos 0x10 proto static
	route add 198.51.121.0/24 via 10.1.0.1 mtu 1400 proto static
	route add 198.51.122.0/24 dev tun0 proto static
	route add 198.51.123.0/24 via 10.1.0.1 table 1000
	route add blackhole 198.51.124.0/25
	route add 198.51.124.0/24 via 10.1.0.1 proto static
	route add 198.51.125.0/24 proto static metric 4294967295 via 10.1.0.1
	END
}

host__routes6() {
	cat <<-END
	route add default via 2001:db8:2::1 dev t2 proto ra metric 100
	route add 2001:db8:100::/48 via 2001:db8:2::1 proto ospf metric 20
	route add 2001:db8:101::/48 via fe80::1 dev t1 proto static
	route add 2001:db8:102::/48 via 2001:db8:2::1 proto static metric 10
	route add 2001:db8:102::/48 via 2001:db8:1::1 proto static metric 5
	route add 2001:db8:103::/48 dev t1 proto static
	route add 2001:db8:104::/48 proto static nexthop via 2001:db8:2::1 nexthop via 2001:db8:1::9 nexthop via 2001:db8:1::1
	route add blackhole 2001:db8:105::/48
	route add unreachable 2001:db8:106::/48
	route add prohibit 2001:db8:107::/48
	route add throw 2001:db8:108::/48
	route add 2001:db8:109::/48 via 2001:db8:1::1 src 2001:db8:1::dead proto static
	route add 2001:db8:10a::/48 via 2001:db8:1::1 proto static expires 3000
	route add fd00:2::/48 via 2001:db8:1::1 dev t1 proto static
	route add 2001:db8:10b::/48 via 2001:db8:3::1 dev t3 proto static metric 5
	route add 2001:db8:10b::/48 via 2001:db8:2::1 dev t2 proto static metric 6
	route add 2001:db8:10c::/48 via 2001:db8:1::1 proto bgp
	route add 2001:db8:10c:8000::/49 via 2001:db8:2::1 proto bgp metric 2000
	END
}

# ---- hosts that lack something ----

# Two networks and no default route.
world__island() {
	world__begin island && veth t1 11 && veth t2 12 && ip_batch <<-END
	link set lo up
	link set t1 up
	link set t2 up
	address add 10.1.0.254/24 dev t1
	address add 10.2.0.254/24 dev t2
	address add 2001:db8:1::fe/64 dev t1
	route add 198.51.100.0/24 via 10.1.0.1
	END
}

# No IPv6.
world__no6() {
	world__begin no6 && in_world sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1 &&
		veth t1 11 && ip_batch <<-END
	link set lo up
	link set t1 up
	address add 10.1.0.254/24 dev t1
	route add default via 10.1.0.1 proto static
	END
}

# No route at all.
world__empty() {
	world__begin empty && veth t1 11
}

# ---- running the tables ----

xfibd__start() {
	# Not by in_world: a function in the background is a shell of its own, and that would be the process to be ended.
	ip netns exec "$WORLD" "$BUILD/xfibd" >"$DIR/xfibd.log" 2>&1 &
	local pid=$! tries
	disown "$pid"
	echo "$pid" >"$DIR/xfibd.pid"
	for tries in $(seq $((500 * ${XFIB_SLOW:-1}))); do
		! grep -q 'ready:' "$DIR/xfibd.log" || return 0
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.02
	done
	echo "xfibd was not ready after $tries looks" >&2
	cat "$DIR/xfibd.log" >&2
	return 1
}

# The program prints TAP without numbers, and ends with "# end".
number() {
	local line ended=
	while IFS= read -r line; do
		case $line in
		'ok - '*) tap_count=$((tap_count + 1)) && echo "ok $tap_count ${line#ok }" ;;
		'not ok - '*) tap_count=$((tap_count + 1)) tap_failed=$((tap_failed + 1)) && echo "not ok $tap_count ${line#not ok }" ;;
		'# end') ended=1 ;;
		*) echo "$line" ;;
		esac
	done
	[ -n "$ended" ] || tap__result 1 "$1: the program ran to its end"
}

# Runs the program in the world that is there as a user without privileges.
as_nobody() {
	chmod 755 "$DIR" && cp "$PROGRAM" "$DIR/program" &&
		in_world setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all "$DIR/program" "$@"
}

conformance() { # BACKEND
	local world
	PROGRAM=$BUILD/tests/conformance/conformance
	trap world__end EXIT
	export XFIB_BACKEND=$1
	for world in host island no6 empty; do
		"world__$world" || { tap__result 1 "world $world is made"; world__end; continue; }
		[ "$1" != maps ] || check "xfibd starts in world $world" xfibd__start
		number "$world" < <(in_world "$PROGRAM" "$world" 2>&1)
		case $1-$world in
		maps-island)
			number unreadable < <(as_nobody unreadable 2>&1)
			number absent < <(XFIB_PIN=$DIR/bpf/none in_world "$PROGRAM" absent 2>&1)
			;;
		private-island) number unwritable < <(as_nobody unwritable 2>&1) ;;
		esac
		world__end
	done
	finish
}
