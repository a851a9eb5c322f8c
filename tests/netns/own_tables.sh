#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# Routes written by the command: into a table of xfib's own and into the kernel's; import, export, explain, monitor.
set -u
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/topology.sh"
trap topology__remove EXIT
topology__make "xfibw$$" || exit 1
check "xfibd starts" xfibd__start ra rb

# ---- a table of its own ----
own() { xfib route show table 1000; }
check_status "add" 0 xfib route add 198.51.100.0/24 via 10.0.2.1 dev rb table 1000 metric 20
check_output "  silently" "" echo "$OUT$ERR"
check_output "  the route is there" "198.51.100.0/24 via 10.0.2.1 dev rb table 1000 proto static metric 20" own
check_not "  the kernel has none of it" grep . <<<"$(in_r ip route show table 1000 2>&1 | grep -v -e FIB -e terminated)"
check_match "  and look-ups find it" '^198.51.100.9 via 10.0.2.1 dev rb .*table 1000' "$(xfib get 198.51.100.9 table 1000)"
check_status "  in that table only" 1 xfib get 198.51.100.9
check_status "add again" 1 xfib route add 198.51.100.0/24 via 10.0.1.1 dev ra table 1000 metric 20
check_match "  is an error" '^xfib: route add: .+' "$ERR"
check "add with another metric" xfib route add 198.51.100.0/24 via 10.0.1.1 dev ra table 1000 priority 10
check_match "  the lower one wins" 'via 10.0.1.1 dev ra' "$(xfib get 198.51.100.9 table 1000)"
check "replace" xfib route replace 198.51.100.0/24 via 10.0.1.9 dev ra table 1000 metric 10 proto bgp
check_output "  takes its place" "198.51.100.0/24 via 10.0.1.9 dev ra table 1000 proto bgp metric 10
198.51.100.0/24 via 10.0.2.1 dev rb table 1000 proto static metric 20" own
check "replace of none adds" xfib route replace 203.0.113.0/24 dev rb table 1000
check "append" xfib route append 203.0.113.0/24 via 10.0.2.1 dev rb table 1000
check_output "  comes second" "203.0.113.0/24 dev rb table 1000 proto static scope link
203.0.113.0/24 via 10.0.2.1 dev rb table 1000 proto static" xfib route show 203.0.113.0/24 table 1000
check_status "append of one that is there" 1 xfib route append 203.0.113.0/24 via 10.0.2.1 dev rb table 1000
check "several paths" xfib route add 192.0.2.0/24 table 1000 nexthop via 10.0.2.1 dev rb weight 3 nexthop via 10.0.1.1 dev ra weight 1
check "types" xfib route add blackhole 192.0.2.128/25 table 1000
check_status "  blackhole is the answer" 1 xfib get 192.0.2.200 table 1000
check_match "  by its name" 'blackhole \(route 192.0.2.128/25 table 1000\)' "$ERR"
check "unreachable, IPv6" xfib route add unreachable 2001:db8:dead::/48 table 1000
check "IPv6" xfib route add 2001:db8:100::/48 via 2001:db8:2::1 dev rb table 1000 metric 5 mtu 1400
check "an MTU beyond what the kernel takes" xfib route add 192.0.3.0/24 via 10.0.2.1 dev rb table 1000 mtu 70000
check_match "  is kept as the kernel would" 'mtu 65520' "$(xfib route show 192.0.3.0/24 table 1000)"
check "  and named either way" xfib route del 192.0.3.0/24 table 1000 mtu 70000
check_status "del of none" 1 xfib route del 8.8.8.0/24 table 1000
check_status "del with another gateway" 1 xfib route del 203.0.113.0/24 via 10.0.2.99 table 1000
check "del with a gateway" xfib route del 203.0.113.0/24 via 10.0.2.1 table 1000
check_match "  leaves the other one" '^203.0.113.0/24 dev rb' "$(xfib route show 203.0.113.0/24 table 1000)"
check "del" xfib route del 203.0.113.0/24 table 1000
check_output "  leaves none" "" xfib route show 203.0.113.0/24 table 1000
check_status "no such gateway" 1 xfib route add 203.0.113.0/24 via 10.99.0.1 dev rb table main
check_status "the kernel's table" 0 xfib route add 203.0.113.0/24 via 10.0.2.1 dev rb proto bgp
check_match "  has it" '^203.0.113.0/24 via 10.0.2.1 dev rb proto bgp' "$(in_r ip route show 203.0.113.0/24)"
check_match "  and look-ups at once" 'via 10.0.2.1 dev rb' "$(xfib get 203.0.113.1)"
check "del there" xfib route del 203.0.113.0/24
check_output "  is seen there" "" in_r ip route show 203.0.113.0/24

# ---- export and import ----
xfib route export table 1000 >"$DIR/export"
xfib -j route show table 1000 | jq -S . >"$DIR/before"
check "export has a line a route" [ "$(wc -l <"$DIR/export")" = "$(jq length <"$DIR/before")" ]
check "flush" xfib route flush table 1000
check_output "  leaves nothing" "" own
check_status "import of an export" 0 xfib route import "$DIR/export"
check_match "  says how many" "^imported $(wc -l <"$DIR/export") routes \(4 IPv4, 2 IPv6\) into table 1000 in [0-9.]+ s$" "$OUT"
check "  is the same table" diff "$DIR/before" <(xfib -j route show table 1000 | jq -S .)
check "  and the same export" diff "$DIR/export" <(xfib route export table 1000)
check "into another table" xfib route import - table 2000 < <(xz <"$DIR/export")
check "  are the same routes" diff <(sed 's/table 1000/table 2000/' "$DIR/export") <(xfib route export table 2000)
# shellcheck disable=SC2046 # words
check_match "an export is for ip too" 'via 10.0.2.1 dev rb' "$(in_r ip route add $(grep -v nexthop "$DIR/export" |
	grep -m 1 ' dev rb' | sed 's/table 1000/table 99/') && in_r ip route show table 99)"
in_r ip route flush table 99

printf '100.64.0.0/24\n100.64.1.0/24\n100.64.1.0/24\n' >"$DIR/prefixes"
check_status "import of prefixes" 0 xfib route import "$DIR/prefixes" table 3000 via 10.0.2.1 dev rb
check_output "  the last of two lines of a prefix counts" 2 wc -l <<<"$(xfib route show table 3000)"
check_status "import as add" 1 xfib route import "$DIR/prefixes" table 4000 via 10.0.2.1 dev rb add
check_match "  names the line that is there already" 'line 3: .*nothing was changed$' "$ERR"
check_output "  and leaves nothing" "" xfib route show table 4000
printf '100.64.0.0/24 via 10.0.2.1 dev rb\n100.64.1.0/99 dev rb\n' >"$DIR/bad"
check_status "import with a bad line" 1 xfib route import "$DIR/bad" table 4000
check_match "  names it" "line 2 '100.64.1.0/99 dev rb'.*nothing was changed$" "$ERR"
check_output "  and changes nothing" "" xfib route show table 4000
check_status "keep-going" 1 xfib route import "$DIR/bad" table 4000 keep-going
check_output "  takes the good ones" 1 wc -l <<<"$(xfib route show table 4000)"
check_status "dry-run" 0 xfib route import "$DIR/prefixes" table 5000 via 10.0.2.1 dev rb dry-run
check_output "  changes nothing" "" xfib route show table 5000
check "flush of a device" xfib route flush table 1000 dev ra
check_not "  leaves none of its routes" grep -q 'dev ra' <<<"$(own)"
check "  but the others" grep -q 'dev rb' <<<"$(own)"
check "flush of a protocol in main" xfib route flush proto bgp

# ---- explain ----
xfib route add 198.51.100.0/24 via 10.0.1.1 dev ra table 1000 metric 5
xfib route add 198.51.0.0/16 dev rb table 1000
check_status "explain" 0 xfib explain 198.51.100.9 table 1000
check_match "  marks the winner" '^\* 198.51.100.0/24 +1000 +via 10.0.1.1 dev ra +5 static +best: ' "$OUT"
check_match "  and why others lost" '^  198.51.100.0/24 +1000 +via 10.0.2.1 dev rb +20 static +metric: ' "$OUT"
check_match "  the shorter one" '^  198.51.0.0/16 +1000 +dev rb +[0-9]+ static +shorter: ' "$OUT"
check_output "  ends with what get says" "$(xfib get 198.51.100.9 table 1000)" tail -n 1 <<<"$OUT"
check "explain -j" jq -e 'length == 3 and .[0].reason == "best" and .[0].gateway == "10.0.1.1" and all(has("text"))' \
	<<<"$(xfib -j explain 198.51.100.9 table 1000)"
check_match "explain, excluding a device" 'excluded: ' "$(xfib explain 198.51.100.9 table 1000 exclude ra)"
check_match "  get likewise" 'via 10.0.2.1 dev rb' "$(xfib get 198.51.100.9 table 1000 exclude ra)"
check_status "explain, no route" 1 xfib explain 8.8.8.8
check_match "  says so" '8.8.8.8: no route' "$ERR"
check "explain -j, no route" jq -e 'length == 0' <<<"$(xfib -j explain 8.8.8.8 2>/dev/null)"

# ---- monitor ----
ip netns exec "$R" "$BUILD/xfib" monitor table all >"$DIR/monitor" 2>&1 &
monitor=$!
ip netns exec "$R" "$BUILD/xfib" -j monitor table 1000 >"$DIR/monitor.json" 2>&1 &
monitor_json=$!
begun() { # it watches when it reports a route
	xfib route replace 100.127.0.0/16 dev rb table 1000 && xfib route del 100.127.0.0/16 table 1000 && grep -q 100.127 "$1"
}
check "monitor begins" eventually 5 begun "$DIR/monitor"
check "monitor -j begins" eventually 5 begun "$DIR/monitor.json"
in_r ip route add 100.80.0.0/16 via 10.0.2.1
in_r ip route del 100.80.0.0/16
xfib route add 100.81.0.0/16 dev rb table 1000
xfib route replace 100.81.0.0/16 dev rb table 1000 mtu 1300
check "monitor: an own table's change" eventually 5 grep -qE '^Changed 100.81.0.0/16 dev rb table 1000 proto static .*mtu 1300' "$DIR/monitor"
check "  after its beginning" grep -qE '^100.81.0.0/16 dev rb table 1000' "$DIR/monitor"
check "  the kernel's" grep -qE '^100.80.0.0/16 via 10.0.2.1 dev rb' "$DIR/monitor"
check "  its end" grep -qE '^Deleted 100.80.0.0/16 via 10.0.2.1 dev rb' "$DIR/monitor"
check "monitor -j: a line an event" eventually 5 jq -es 'map(select(.dst == "100.81.0.0/16") | .event) == ["added", "changed"]' "$DIR/monitor.json"
check_not "  of the selected table only" grep -q 100.80 "$DIR/monitor.json"
kill -INT "$monitor"
kill -TERM "$monitor_json"
wait "$monitor"
check "monitor ends with 0 at SIGINT" [ $? = 0 ]
wait "$monitor_json"
check "and at SIGTERM" [ $? = 0 ]

# ---- far more tables than there are compiled FIBs for (256) ----
TABLES=${XFIB_TABLES:-20000}
for ((table = 3000; table < 3000 + TABLES; table++)); do echo "198.18.0.0/16 via 10.0.2.1 dev rb table $table"; done >"$DIR/tables"
in_r ip route add 203.0.113.0/24 via 10.0.1.1 table 77
check "a route in each of many tables" xfib route import "$DIR/tables"
for table in 3000 3400 $((3000 + TABLES - 1)); do
	check_match "  table $table answers" "^198.18.0.9 via 10.0.2.1 dev rb .*table $table" "$(xfib get 198.18.0.9 table $table)"
done
in_r ip rule add from 10.9.9.1 table 77
in_r ip rule add from 10.9.9.2 table 3400
held() { [ "$(xfib -j route show table 77 | jq length)" = 1 ]; }
check "  a rule leads to a table of the kernel's" eventually 10 held
check_match "  one of xfib's stays so, and packets for it go up" 'rules4 32764$' "$(xfib link show ra | grep -o 'rules4.*')"
in_r ip route add 203.0.114.0/24 via 10.0.2.1
followed() { xfib get 203.0.114.1 | grep -q 'via 10.0.2.1'; }
check "  table main is followed" eventually 5 followed
check "  and verified" xfib verify
in_r ip rule del from 10.9.9.1
in_r ip rule del from 10.9.9.2
in_r ip route flush table 77
check "  one of them is emptied" xfib route flush table 3400
check_status "  and answers no more" 1 xfib get 198.18.0.9 table 3400

# ---- without the daemon ----
xfibd__stop
check_match "-V names the maps" "^backend maps at $XFIB_PIN \(mapped\), daemon pid [0-9]+$" "$(xfib -V)"
check_match "own tables outlive the daemon" '100.81.0.0/16' "$(own)"
check_status "changes need it" 1 xfib route add 100.82.0.0/16 dev rb table 1000
xfib unload
check_match "without maps: a private copy" '^backend private: .+' "$(xfib -V)"
check_match "  answers" '^10.0.2.9 dev rb' "$(xfib get 10.0.2.9)"
check_match "  explains" '^\* 10.0.2.0/24 +main +dev rb' "$(xfib explain 10.0.2.9)"
check_match "  lists" '^10.0.2.0/24 dev rb proto kernel scope link src 10.0.2.254' "$(xfib route show)"
check_match "  shows links" ': rb: not attached' "$(xfib link show rb)"
check "  writes to the kernel" xfib route add 100.83.0.0/16 dev rb table 77
check_match "  which has it" '^100.83.0.0/16 dev rb' "$(in_r ip route show table 77)"
check_status "  has no counters" 1 xfib stats
check_status "  and is not wanted with --backend maps" 1 xfib --backend maps get 10.0.2.9
finish
