# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# shellcheck shell=bash
# Three machines in network namespaces, for the tests and the demo. Source it after tests/lib.sh.
#
#        A  a0 ────────── ra  R  rb ────────── b0  B
#   10.0.1.1/24   10.0.1.254  10.0.2.254   10.0.2.1/24      IPv6: 2001:db8:1::/64 and 2001:db8:2::/64, ::1 and ::fe
#
# R forwards both families. A and B have their default routes by R. Each veth
# end that is to receive redirected frames has an XDP program that passes
# them up, and does not leave checksums for the device to fill in.
#
#   topology__make NAME     makes all of it; NAME begins the names of the namespaces
#   topology__remove        removes it, and stops what runs in it
#   in_a CMD… in_b CMD… in_r CMD…    run a command there; in_r sets XFIB_PIN
#   xfibd__start [ARG…]     starts the daemon in R and waits until it is ready; its output is in $DIR/xfibd.log
#   xfibd__pid              its process
#   xfibd__stop [SIGNAL]    ends it and waits for it
#   xfib …                  the command, in R
#   sniffer__wait           waits until a program in B sees the frames that arrive
#   stream ADDRESS BYTES [send-options]   a stream over TCP from A to B, of $seed; its rate is in $DIR/rate (tests/tools/stream.c)
#   reason NAME [DEV]       packets counted for a reason (see xfib stats)
#
# Sets: A B R (namespaces), DIR (temporary directory), XFIB_PIN, XFIBD (the words that run the daemon).

topology__make() {
	A=$1-a R=$1-r B=$1-b
	topology__remove_namespaces
	DIR=$(mktemp -d "/tmp/$1.XXXXXX")
	XFIBD=("$BUILD/xfibd")
	mkdir "$DIR/bpf"
	mount -t bpf -o mode=0700 "$1" "$DIR/bpf"
	export XFIB_PIN=$DIR/bpf/xfib
	ip netns add "$A" && ip netns add "$R" && ip netns add "$B" || return 1
	topology__link "$A" a0 10.0.1.1/24 2001:db8:1::1/64 ra 10.0.1.254/24 2001:db8:1::fe/64
	topology__link "$B" b0 10.0.2.1/24 2001:db8:2::1/64 rb 10.0.2.254/24 2001:db8:2::fe/64
	in_a ip route add default via 10.0.1.254
	in_a ip route add default via 2001:db8:1::fe
	in_b ip route add default via 10.0.2.254
	in_b ip route add default via 2001:db8:2::fe
	ip netns exec "$R" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
}

# Namespace of the host, its device and addresses; device and addresses of R.
topology__link() {
	ip -n "$1" link set lo up
	ip -n "$R" link set lo up
	# Addresses are usable at once: no duplicate address detection, no router advertisements.
	ip netns exec "$1" sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.default.accept_ra=0
	ip netns exec "$R" sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.default.accept_ra=0
	ip -n "$R" link add "$5" type veth peer name "$2" netns "$1"
	ip -n "$1" address add "$3" dev "$2"
	ip -n "$1" address add "$4" dev "$2"
	ip -n "$R" address add "$6" dev "$5"
	ip -n "$R" address add "$7" dev "$5"
	ip netns exec "$1" ethtool -K "$2" tx off >/dev/null
	ip netns exec "$1" ip link set dev "$2" xdp obj "$BUILD/tests/tools/pass.bpf.o" sec xdp
	ip -n "$1" link set "$2" up
	ip -n "$R" link set "$5" up
}

topology__remove_namespaces() {
	local namespace
	for namespace in "$A" "$R" "$B"; do
		[ -e "/run/netns/$namespace" ] || continue
		ip netns pids "$namespace" | xargs -r kill -KILL 2>/dev/null
		ip netns del "$namespace"
	done
}

topology__remove() {
	[ -n "${DIR:-}" ] || return 0
	xfibd__stop KILL
	topology__remove_namespaces
	umount "$DIR/bpf" 2>/dev/null
	rm -f "/run/xfib/$(tr / _ <<<"$XFIB_PIN").sock"
	rm -rf "$DIR"
	DIR=
}

in_a() { ip netns exec "$A" "$@"; }
in_b() { ip netns exec "$B" "$@"; }
in_r() { ip netns exec "$R" "$@"; }
xfib() { in_r "$BUILD/xfib" "$@"; }

# These keep the daemon's number in a file, since tests run them in subshells.
xfibd__pid() { cat "$DIR/xfibd.pid" 2>/dev/null; }

xfibd__start() {
	: >"$DIR/xfibd.log"
	ip netns exec "$R" "${XFIBD[@]}" "$@" >>"$DIR/xfibd.log" 2>&1 &
	local pid=$! tries
	disown "$pid" # its end is no news
	echo "$pid" >"$DIR/xfibd.pid"
	for tries in $(seq $((500 * ${XFIB_SLOW:-1}))); do
		! grep -q 'ready:' "$DIR/xfibd.log" || return 0
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.02
	done
	[ "$tries" -lt $((500 * ${XFIB_SLOW:-1})) ] || echo "xfibd was not ready after $tries looks" >&2
	cat "$DIR/xfibd.log" >&2
	return 1
}

xfibd__stop() {
	local pid tries
	pid=$(xfibd__pid) || return 0
	kill "-${1:-TERM}" "$pid" 2>/dev/null
	for tries in $(seq $((500 * ${XFIB_SLOW:-1}))); do
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.02
	done
	rm -f "$DIR/xfibd.pid"
	[ "$tries" -lt $((500 * ${XFIB_SLOW:-1})) ]
}

sniffer__wait() { eventually 5 in_b grep -qv RefCnt /proc/net/packet; }

reason() {
	xfib -j stats ${2:+"$2"} | jq --arg name "$1" '[.[] | select(.reason == $name) | .packets] | add // 0'
}

stream() {
	in_b "$BUILD/tests/tools/stream" receive 5001 "$seed" "$2" >"$DIR/rate" 2>"$DIR/receiver" &
	local receiver=$!
	eventually 5 stream__is_awaited
	in_a timeout $((60 * ${XFIB_SLOW:-1})) "$BUILD/tests/tools/stream" "${3:-send}" "$1" 5001 "$seed" "$2" || { kill $receiver; cat "$DIR/receiver"; return 1; }
	wait $receiver || { cat "$DIR/receiver"; return 1; }
}
stream__is_awaited() { in_b ss -Hltn 'sport = 5001' | grep -q .; }
