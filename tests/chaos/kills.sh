#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# The daemon is killed (SIGKILL) at random instants, while it starts, takes over and follows changes, with packets on
# their way and readers of its maps: each packet arrives where it must, no answer is wrong, and afterwards nothing is
# stale and nothing is left behind. Packets to routes that stay are counted, while routes around them change. Changes of
# many own routes are there as a whole or not at all.
#
# XFIB_KILLS=500 kills so often (default 100, but no longer than XFIB_KILL_SECONDS, 60, unless XFIB_KILLS is given), XFIB_SEED
# chooses other instants.
set -u
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../netns/topology.sh"
jobs=()
remove() {
	[ "${#jobs[@]}" = 0 ] || kill "${jobs[@]}" 2>/dev/null
	topology__remove
}
trap remove EXIT
topology__make "xfibk$$" || exit 1
topology__link "$B" b1 10.0.3.1/24 2001:db8:3::1/64 rc 10.0.3.254/24 2001:db8:3::fe/64
seed=${XFIB_SEED:-$((RANDOM * 32768 + RANDOM))}
echo "# XFIB_SEED=$seed"
RANDOM=$seed
kills=${XFIB_KILLS:-100}
seconds=${XFIB_KILL_SECONDS:-$([ -n "${XFIB_KILLS:-}" ] && echo 3600 || echo 60)}
options=(--max-routes 16384 --max-nexthops 1024 --max-groups 64 --max-links 64 --max-addresses 64 --max-neighbours 256)

# ---- routes that stay ----
flows=() questions=()
for i in 1 2 3 4; do
	in_r ip route add "20.0.$i.0/24" via 10.0.2.1
	in_r ip route add "20.1.$i.0/24" via 10.0.3.1
	in_r ip route add blackhole "20.2.$i.0/24"
	in_r ip -6 route add "2001:db8:20:$i::/64" via 2001:db8:2::1
	in_r ip -6 route add "2001:db8:21:$i::/64" via 2001:db8:3::1
	flows+=("20.0.$i.1=b0" "20.1.$i.1=b1" "20.2.$i.1=none" "2001:db8:20:$i::1=b0" "2001:db8:21:$i::1=b1")
	questions+=("20.0.$i.7=10.0.2.1" "20.1.$i.7=10.0.3.1" "2001:db8:20:$i::7=2001:db8:2::1" "2001:db8:21:$i::7=2001:db8:3::1")
done
# Neighbours that must not be asked for when packets count.
in_r ip neighbour replace 10.0.2.1 dev rb lladdr "$(in_b cat /sys/class/net/b0/address)" nud permanent
in_r ip neighbour replace 10.0.3.1 dev rc lladdr "$(in_b cat /sys/class/net/b1/address)" nud permanent
in_r ip -6 neighbour replace 2001:db8:2::1 dev rb lladdr "$(in_b cat /sys/class/net/b0/address)" nud permanent
in_r ip -6 neighbour replace 2001:db8:3::1 dev rc lladdr "$(in_b cat /sys/class/net/b1/address)" nud permanent
in_a ip neighbour replace 10.0.1.254 dev a0 lladdr "$(in_r cat /sys/class/net/ra/address)" nud permanent
in_a ip -6 neighbour replace 2001:db8:1::fe dev a0 lladdr "$(in_r cat /sys/class/net/ra/address)" nud permanent

# ---- routes that change: above them, below them, beside them ----
churn_line() {
	local via=10.0.$((RANDOM % 2 + 2)).1 via6=2001:db8:$((RANDOM % 2 + 2))::1
	case $((RANDOM % 10)) in
	0) echo "route replace 20.0.0.0/$((RANDOM % 3 + 9)) via $via" ;;
	1) echo "route del 20.0.0.0/$((RANDOM % 3 + 9))" ;;
	2) echo "route replace default via $via" ;;
	3) echo "route replace 20.$((RANDOM % 3)).$((RANDOM % 4 + 1)).$((RANDOM % 4 + 251)) nexthop via 10.0.2.1 nexthop via 10.0.3.1" ;;
	4) echo "route del 20.$((RANDOM % 3)).$((RANDOM % 4 + 1)).$((RANDOM % 4 + 251))" ;;
	[56]) echo "route replace 21.$((RANDOM % 200)).0.0/16 via $via metric $((RANDOM % 2))" ;;
	7) echo "route del 21.$((RANDOM % 200)).0.0/16" ;;
	8) echo "-6 route replace 2001:db8:$((RANDOM % 2 + 20))::/48 via $via6" ;;
	9) echo "-6 route del 2001:db8:$((RANDOM % 2 + 20))::/48" ;;
	esac
}
for _ in $(seq 3000); do churn_line; done >"$DIR/churn"
churn() {
	while :; do
		while read -r line; do
			echo "$line"
			sleep 0.004
		done <"$DIR/churn" | in_r ip -force -batch - >/dev/null 2>&1
	done
}

# ---- own routes that change all together: by one gateway, by the other one, none ----
together=4000
for i in $(seq 0 15); do seq -f "20.$i.%g.0/24" 0 249; done >"$DIR/together"
touch "$DIR/lock"
alone() { flock "$DIR/lock" "$@"; } # nobody changes them meanwhile
change_together() {
	local do=(ip netns exec "$R" "$BUILD/xfib" route)
	while :; do
		alone "${do[@]}" import "$DIR/together" table 1001 via 10.0.2.1 dev rb
		alone "${do[@]}" import "$DIR/together" table 1001 via 10.0.3.1 dev rc
		[ $((RANDOM % 3)) != 0 ] || alone "${do[@]}" flush table 1001
		sleep 0.01
	done >/dev/null 2>&1
}
# Those that there are, by their gateways: as one change left them.
is_whole() {
	local seen
	seen=$(xfib -j route show table 1001 | jq -r '.[].gateway' | sort | uniq -c | awk '{ printf "%s%d by %s", (NR > 1 ? ", " : ""), $1, $2 }')
	[[ $seen == "" || $seen == "$together by 10.0.2.1" || $seen == "$together by 10.0.3.1" ]] || { echo "$seen"; return 1; }
}

check "xfibd starts" xfibd__start "${options[@]}" ra rb rc
check "routes of xfib's own" xfib route import - table 1000 via 10.0.2.1 dev rb < <(seq -f "198.51.%g.0/24" 50)
begin=${EPOCHREALTIME/./}
xfibd__stop KILL
check "killed, it takes over" xfibd__start "${options[@]}"
takes_ms=$(((${EPOCHREALTIME/./} - begin) / 1000))
"$BUILD/tests/chaos/traffic" "$A" "$B" 1000 "${flows[@]}" >"$DIR/traffic" 2>&1 &
traffic=$!
XFIB_BACKEND=maps ip netns exec "$R" "$BUILD/tests/chaos/reader" "${questions[@]}" >"$DIR/reader" 2>&1 &
reader=$!
churn &
churner=$!
change_together &
writer=$!
jobs+=("$traffic" "$reader" "$churner" "$writer")
sleep 0.5
check "packets are forwarded here" [ "$(reason forwarded ra)" -gt 100 ]

# ---- kills ----
pause() { # for a random part of so many ms
	sleep "$(awk -v r=$((RANDOM * 32768 + RANDOM)) -v ms="$1" 'BEGIN { print r / 1073741824 * ms / 1000 }')"
}
end=$((SECONDS + seconds)) killed=0 unready=0 in_change=0
while [ "$killed" -lt "$kills" ] && [ "$SECONDS" -lt "$end" ]; do
	pid=$(xfibd__pid)
	kill -KILL "$pid"
	while kill -0 "$pid" 2>/dev/null; do sleep 0.002; done
	killed=$((killed + 1))
	: >"$DIR/xfibd.log"
	exec 8<"$DIR/lock"
	flock 8 # the change that the kill has ended is over for its client too
	ip netns exec "$R" "$BUILD/xfibd" "${options[@]}" >>"$DIR/xfibd.log" 2>&1 8<&- &
	disown $!
	echo $! >"$DIR/xfibd.pid"
	# Every other time an instant of the start, else one of the time that follows.
	if [ $((RANDOM % 2)) = 0 ]; then
		exec 8<&-
		pause "$takes_ms"
		grep -q ready: "$DIR/xfibd.log" || unready=$((unready + 1))
	else
		begin=${EPOCHREALTIME/./}
		eventually 20 grep -q ready: "$DIR/xfibd.log"
		takes_ms=$(((takes_ms * 3 + (${EPOCHREALTIME/./} - begin) / 1000) / 4))
		! grep -q 'it is taken back' "$DIR/xfibd.log" || in_change=$((in_change + 1))
		seen=$(is_whole) || check "kill $killed: own routes are as one change left them, not $seen" false
		exec 8<&-
		pause 300
	fi
	kill -0 "$(xfibd__pid)" 2>/dev/null || { # it ended by itself
		check "kill $killed: the next one starts" false
		break
	}
done
echo "# $killed kills, $unready of them before the daemon was ready, which took $takes_ms ms; $in_change in the middle of a change of own routes"
check "there were enough kills" [ "$killed" -ge 10 ]
check "some of them while the daemon started" [ "$unready" -ge 1 ]
check "some of them when it had" [ "$unready" -lt "$killed" ]
check "some of them in the middle of a change of own routes" [ "$in_change" -ge 1 ]

# ---- afterwards ----
kill "$churner" "$writer"
wait "$writer" 2>/dev/null
xfibd__stop KILL
check "the last one takes over" xfibd__start "${options[@]}"
kill "$traffic"
wait "$traffic"
check_match "no packet was lost or went astray" ' lost 0 wrong 0$' "$(cat "$DIR/traffic")"
kill "$(pgrep -P "$reader" || echo "$reader")" 2>/dev/null
wait "$reader"
check_match "no answer was wrong" '^asked [0-9]{3,} wrong 0$' "$(cat "$DIR/reader")"
check "nothing is stale, nothing is missing" xfib verify
check "own routes that change together are as one change left them" is_whole
check_output "routes of xfib's own are all there" 50 jq length <(xfib -j route show table 1000)
pinned() { ls "$DIR/bpf" | grep -vxE '.*\.debug|ip|tc|xdp'; } # what every BPF file system has, and what ip(8) makes there
check_output "nothing is left behind beside the pin directory" xfib pinned
xfib unload
check_output "unload leaves nothing" "" eval 'pinned || true'
[ "$tap_failed" = 0 ] || sed 's/^/# /' "$DIR/xfibd.log"
finish
