#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# Frames larger than a page, which come in several buffers: an MTU of 9,000 from A to B.
set -u
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/topology.sh"
trap topology__remove EXIT
topology__make "xfibj$$" || exit 1

# The far ends take redirected frames by GRO: their XDP program is one for frames of one buffer, and there only while these
# are small.
mtu() { # bytes
	local pair
	for pair in "$A a0 ra" "$B b0 rb"; do
		read -r host device port <<<"$pair"
		ip netns exec "$host" ip link set dev "$device" xdp off
		ip netns exec "$host" ethtool -K "$device" gro on
		ip -n "$host" link set "$device" mtu "$1" && ip -n "$R" link set "$port" mtu "$1" || return 1
		[ "$1" -gt 1500 ] || ip netns exec "$host" ip link set dev "$device" xdp obj "$BUILD/tests/tools/pass.bpf.o" sec xdp || return 1
	done
}
shown() { xfib -j link show "$1" | jq -r ".[0].$2"; }
# How many of ten pings of a size, of both families, and of their answers were counted for a reason on ra and rb.
counted() { # reason, bytes
	local before
	in_a ping -q -c 2 -i 0.1 -W 1 10.0.2.1 >/dev/null && in_a ping -q -c 2 -i 0.1 -W 1 2001:db8:2::1 >/dev/null || return 1
	before=$(reason "$1")
	in_a ping -M do -s "$2" -c 5 -i 0.02 -W 1 10.0.2.1 >"$DIR/ping" && in_a ping -M do -s "$2" -c 5 -i 0.02 -W 1 2001:db8:2::1 >>"$DIR/ping"
	! grep -E 'wrong|truncated' "$DIR/ping" >&2 || return 1
	echo $(($(reason "$1") - before))
}
# A stream of A's to B arrives; B drops segments with a wrong checksum, and the stream would not end.
stream() {
	in_b timeout $((20 * ${XFIB_SLOW:-1})) iperf3 -s -1 -p 7000 >/dev/null &
	eventually 5 in_b sh -c 'ss -tln | grep -q :7000' || return 1
	in_a timeout $((20 * ${XFIB_SLOW:-1})) iperf3 -c 10.0.2.1 -p 7000 -n 50M >"$DIR/iperf3" || { cat "$DIR/iperf3"; return 1; }
	wait
}

check "an MTU of 9000 everywhere" mtu 9000
check "xfibd attaches to both ports" xfibd__start ra rb
check_output "by the program for several buffers" true shown ra frags
check_output "natively" native shown ra mode
check_match "ip link shows it" 'prog/xdp ' "$(in_r ip link show dev rb)"
# Before Linux 6.3 none in several buffers is redirected, and none at all to a veth pair whose other end is without XDP: they
# go up, and arrive all the same.
small=forwarded large=forwarded
[ "$(printf '%s\n' 6.3 "$(uname -r)" | sort -V | head -n 1)" = 6.3 ] || small=no_redirect large=no_redirect
check_output "rb takes such frames, if any does" "$([ $large = forwarded ] && echo true || echo false)" shown rb redirect_frags
check_output "small packets" 20 counted $small 100
check_output "those that fill a page" 20 counted $small 3500
check_output "a little more" 20 counted $large 3600
check_output "two pages" 20 counted $large 8000
check_output "the largest" 20 counted $large 8952
in_r ip route add 198.51.100.0/24 via 10.0.2.1 dev rb mtu 1500
in_b ip address add 198.51.100.1/32 dev lo
check "a route with a smaller MTU" eventually 5 sh -c "ip netns exec $R $BUILD/xfib get 198.51.100.1 | grep -q 'mtu 1500'"
exceeded() { local before; before=$(reason mtu_exceeded); in_a ping -q -M do -s 8000 -c 1 -W 1 198.51.100.1 >/dev/null; echo $(($(reason mtu_exceeded) - before)); }
check_output "the kernel tells of it" 1 exceeded
forwarded() { reason $large ra; }
before=$(forwarded)
check "a stream by TCP" stream
check "  in such frames" [ $(($(forwarded) - before)) -gt 5000 ]
xfibd__stop
check "another xfibd takes over" xfibd__start ra rb
check_output "by the program for several buffers" true shown ra frags
check_output "two pages" 20 counted $large 8000
check "xfib detach" xfib detach ra
check_output "now nothing of ra's is counted" 10 counted $large 8000
check "an MTU of 1500 again" mtu 1500
check "xfib attach" xfib attach ra
check_output "by the plain program" false shown ra frags
check "so for the other, which is attached" xfib attach rb
check_output "by the plain program" false shown rb frags
check_output "small packets are forwarded" 20 counted forwarded 100
check "ip link attaches the pinned one too" in_r ip link set dev ra xdp off
check "  as the man page says" in_r ip link set dev ra xdpdrv pinned "$XFIB_PIN/progs/xdp_frags"
check_output "xfib knows it" true shown ra frags
finish
