#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# A device goes and comes back, with another index, with packets on their way: those of other devices all arrive, and
# those through it do when it is back. XFIB_ROUNDS says how often.
set -u
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../netns/topology.sh"
jobs=()
remove() {
	[ "${#jobs[@]}" = 0 ] || kill "${jobs[@]}" 2>/dev/null
	topology__remove
}
trap remove EXIT
topology__make "xfibv$$" || exit 1
plug() { topology__link "$B" b1 10.0.3.1/24 2001:db8:3::1/64 rc 10.0.3.254/24 2001:db8:3::fe/64; }
permanent() { # neighbour of a device of R
	in_r ip neighbour replace "$2" dev "$1" lladdr "$(in_b cat "/sys/class/net/$3/address")" nud permanent
}
plug
for i in 1 2 3; do
	in_r ip route add "20.0.$i.0/24" via 10.0.2.1
	in_r ip -6 route add "2001:db8:20:$i::/64" via 2001:db8:2::1
done
permanent rb 10.0.2.1 b0
permanent rb 2001:db8:2::1 b0
in_a ip neighbour replace 10.0.1.254 dev a0 lladdr "$(in_r cat /sys/class/net/ra/address)" nud permanent
in_a ip -6 neighbour replace 2001:db8:1::fe dev a0 lladdr "$(in_r cat /sys/class/net/ra/address)" nud permanent
through() { # routes through rc
	permanent rc 10.0.3.1 b1
	permanent rc 2001:db8:3::1 b1
	for i in 1 2 3; do
		in_r ip route add "20.1.$i.0/24" via 10.0.3.1
		in_r ip route add "20.2.$i.0/24" nexthop via 10.0.3.1
		in_r ip -6 route add "2001:db8:21:$i::/64" via 2001:db8:3::1
	done
}
through
check "xfibd starts" xfibd__start --audit 1 ra rb rc
xfib route add 198.51.100.0/24 via 10.0.3.1 dev rc table 1000
xfib route add 198.51.101.0/24 via 10.0.2.1 dev rb table 1000

"$BUILD/tests/chaos/traffic" "$A" "$B" 1000 20.0.1.1=b0 20.0.2.1=b0 20.0.3.1=b0 2001:db8:20:1::1=b0 2001:db8:20:2::1=b0 >"$DIR/other" 2>&1 &
other=$!
jobs+=("$other")
arrive() { # through rc, for half a second
	"$BUILD/tests/chaos/traffic" "$A" "$B" 500 20.1.1.1=b1 20.2.2.1=b1 20.1.3.1=b1 2001:db8:21:1::1=b1 2001:db8:21:2::1=b1 >"$DIR/through" 2>&1 &
	local pid=$!
	sleep 0.5
	kill "$pid"
	wait "$pid" && ! grep -q 'sent 0 ' "$DIR/through"
}
check "packets through the device arrive" arrive
for round in $(seq "${XFIB_ROUNDS:-4}"); do
	before=$(in_r cat /sys/class/net/rc/ifindex)
	"$BUILD/tests/chaos/traffic" "$A" "$B" 500 20.1.1.1=b1 20.1.2.1=b1 2001:db8:21:1::1=b1 >/dev/null 2>&1 &
	lost=$! # some of these have to get lost
	sleep 0.1
	in_r ip link del rc
	check_not "round $round: without the device there is no route" xfib get 20.1.1.1
	plug
	through
	kill "$lost"
	wait "$lost"
	check_not "round $round: it has another index" [ "$(in_r cat /sys/class/net/rc/ifindex)" = "$before" ]
	check "round $round: nothing differs" xfib verify
	xfib attach rc >/dev/null
	check "round $round: packets arrive through it" arrive
done
kill "$other"
wait "$other"
check_match "no packet of another device was lost" ' lost 0 wrong 0$' "$(cat "$DIR/other")"
check_output "of xfib's own routes the one by the device has gone" 198.51.101.0/24 jq -r '.[].dst' <(xfib -j route show table 1000)
check_output "nothing had to be found by the audit" 0 jq '.[0].audit_differences' <(xfib -j status)
finish
