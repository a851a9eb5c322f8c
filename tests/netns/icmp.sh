#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# Traceroute, path-MTU discovery and every kind of "unreachable" look the same from A whether R has xfib or not: what the
# tools print is compared, without its times. First without, then by XDP, then by TC.
set -u
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/topology.sh"
trap topology__remove EXIT
topology__make "xfibi$$" || exit 1
traceroute=$(command -v traceroute || command -v traceroute.db) # the latter without Debian's alternatives
patience=$((${XFIB_SLOW:-1} / 2)).5 # seconds, for answers and for what is to stay without one

in_r sysctl -qw net.ipv4.icmp_ratelimit=0 net.ipv4.icmp_ratemask=0 net.ipv6.icmp.ratelimit=0
# A neighbour that does not answer has failed after a tenth of a second, and not after three.
in_r sysctl -qw net.ipv4.neigh.rb.retrans_time_ms=100 net.ipv6.neigh.rb.retrans_time_ms=100
in_r ip -batch - <<-END
	route add blackhole 203.0.113.0/26
	route add unreachable 203.0.113.64/26
	route add prohibit 203.0.113.128/26
	route add 203.0.113.192/27 via 10.0.2.1 mtu 1100
	route add throw 203.0.113.224/27
	route add blackhole 2001:db8:b0::/48
	route add unreachable 2001:db8:b1::/48
	route add prohibit 2001:db8:b2::/48
	route add 2001:db8:b3::/48 via 2001:db8:2::1 mtu lock 1300
END
in_b ip address add 203.0.113.193/32 dev lo
in_b ip address add 2001:db8:b3::1/128 dev lo
in_r ip link set rb mtu 1400
in_b ip link set b0 mtu 1400

forget() { # what A has learnt of paths
	in_a ip route flush cache
	in_a ip -6 route flush cache
	in_r ip neigh flush dev rb
	in_a ping -q -c 1 -W 2 10.0.2.1 >/dev/null
	in_a ping -q -c 1 -W 2 2001:db8:2::1 >/dev/null
	sleep 0.3 # until the daemon knows of the neighbours
}
# Without the times of answers.
timeless() { sed -E 's/ *time[= ]?[0-9.]+ ?ms//; s/ +[0-9.]+ ?ms( |$)/ /g; s/^rtt .*//; s/, time .*//'; }
trace() { # options of traceroute
	echo "# traceroute $*"
	in_a timeout 20 "$traceroute" -n -q 2 -w 2 -N 1 "$@"
}
probe() { # arguments of ping, one packet
	echo "# ping $*"
	in_a ping -n -c 1 -W "$patience" "$@" 2>&1
}
see_path() { # ADDRESS
	trace "$1"
	trace -I "$1"
	trace -T -p 9 "$1"
	echo "# tracepath $1"
	in_a tracepath -n -m 5 "$1"
	probe -M "do" -s 1380 "$1" # its own kernel knows now
	probe -t 1 "$1"
}
see_mtu() {
	probe -M "do" -s 1400 "$1"
	probe -M "do" -s 1400 "$1"
	probe -M dont -s 1400 "$1" # fragments
}
# Most of the time all wait for nothing, so they do that together.
see() {
	local address
	forget
	for address in 10.0.2.1 2001:db8:2::1; do see_path "$address" >"$DIR/seen-path-$address" 2>&1 & done
	wait
	forget
	for address in 10.0.2.1 203.0.113.193 2001:db8:2::1 2001:db8:b3::1; do see_mtu "$address" >"$DIR/seen-mtu-$address" 2>&1 & done
	for address in 198.51.100.1 203.0.113.{1,65,129,225} 2001:db8:{ffff,b0,b1,b2}::1 10.0.2.77 2001:db8:2::77; do
		probe "$address" >"$DIR/seen-probe-$address" 2>&1 &
	done
	wait
	cat "$DIR"/seen-*
}
attach() {
	local dev
	for dev in ra rb; do xfib attach "$dev" hook "$1" || return 1; done
}
detach() { for dev in ra rb; do xfib detach "$dev" || return 1; done; }

# An answer that crosses the next question changes what ping prints: a difference is one that is seen twice.
same() {
	see 2>&1 | timeless >"$DIR/$1"
	! diff "$DIR/without" "$DIR/$1" >"$DIR/differences" || return 0
	sleep 6
	see 2>&1 | timeless >"$DIR/$1"
	diff "$DIR/without" "$DIR/$1"
}

see 2>&1 | timeless >"$DIR/without"
check_output "hop 1 is R, hop 2 is B, in 6 traceroutes and 2 tracepaths" 8 grep -cE '^ 2:? +(10.0.2.1|2001:db8:2::1)' "$DIR/without"
for text in 'Destination Net Unreachable' 'Packet filtered' 'Destination Host Unreachable' 'mtu ?= ?1400' 'mtu ?= ?1100' 'mtu ?= ?1300' \
	'pmtu 1400' 'Destination unreachable: No route' 'Destination unreachable: Administratively prohibited' \
	'Destination unreachable: Address unreachable' 'Time to live exceeded' 'Time exceeded: Hop limit'; do
	check "without xfib A sees: $text" grep -qE "$text" "$DIR/without"
done
check "xfibd starts" xfibd__start
for hook in xdp tc; do
	check "$hook" attach "$hook"
	sleep 6 # the kernel tells of unreachable routes once a second, and up to five times at once (net.ipv4.route.error_cost)
	before=$(reason forwarded)
	check "$hook: A sees the same" same "$hook"
	check "$hook: what arrives goes by the fast path" [ "$(reason forwarded)" -gt $((before + 40)) ]
	check "$hook is taken away" detach
done
finish
