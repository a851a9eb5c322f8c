#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# TCP from A to B in tunnels of every kind, through R: checksums that A leaves to its device are deep in the packets then,
# and by XDP and TC every byte arrives as by the kernel alone.
set -u
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../netns/topology.sh"
trap topology__remove EXIT
topology__make "xfibt$$" || exit 1
bytes=${XFIB_BYTES:-1000000} seed=${XFIB_SEED:-$RANDOM}
echo "# XFIB_SEED=$seed"

# One end: `ip link` with what is after the addresses. Of those over IPv6 `outer` is 6.
end() { # a or b, its number, that of the other end, words
	local side=$1 own=10.0.$2.1 other=10.0.$3.1 number=$2
	shift 3
	[ "$outer" = 4 ] || own=2001:db8:$number::1 other=2001:db8:$((3 - number))::1
	in_$side ip link del tunnel 2>/dev/null
	in_$side ip link add tunnel "$@" local "$own" remote "$other" dev "${side}0" || return 1
	in_$side sysctl -qw net.ipv6.conf.tunnel.accept_dad=0
	in_$side ip link set tunnel up
	[ "$inner" = 4 ] && in_$side ip address add "172.16.0.$number/30" dev tunnel ||
		in_$side ip address add "fd00::$number/64" dev tunnel
}
attach() {
	local dev
	for dev in ra rb; do [ "$1" = kernel ] || xfib attach "$dev" hook "$1" || return 1; done
}
detach() {
	local dev
	for dev in ra rb; do [ "$1" = kernel ] || xfib detach "$dev" || return 1; done
}
passes() { # hook: a stream through the tunnel
	local status
	attach "$1" || return 1
	if [ "$inner" = 4 ]; then stream 172.16.0.2 "$bytes"; else stream fd00::2 "$bytes"; fi
	status=$?
	[ $status = 0 ] || xfib stats
	detach "$1"
	return $status
}

in_a ethtool -K a0 tx on tso off gso off >/dev/null
in_b ethtool -K b0 tx on tso off gso off >/dev/null
check "xfibd starts" xfibd__start
in_a ping -q -c 1 -W 2 10.0.2.1 >/dev/null
in_a ping -q -c 1 -W 2 2001:db8:2::1 >/dev/null
while read -r outer inner words; do
	# shellcheck disable=SC2086
	check "IPv$inner in IPv$outer, $words" eval "end a 1 2 $words && end b 2 1 $words"
	for hook in kernel tc xdp; do check "$hook: every byte arrives" passes $hook; done
done <<-END
	4 4 type ipip
	4 6 type sit
	4 4 type gre
	4 6 type gre csum key 5 seq
	4 4 type gretap csum
	4 4 type vxlan id 5 dstport 4789 noudpcsum
	4 6 type vxlan id 5 dstport 5000 udpcsum
	6 6 type ip6tnl mode ip6ip6
	6 4 type ip6tnl mode ipip6 encaplimit none
	6 4 type ip6gre
	6 6 type ip6gre csum encaplimit none
	6 4 type ip6gretap
	6 4 type vxlan id 5 dstport 4789
END
finish
