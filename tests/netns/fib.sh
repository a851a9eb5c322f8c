#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# The compiled FIB in a running daemon: it says what the tries say, through changes, growth, tables of all kinds and
# want of room, and packets go by it.
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/topology.sh"
trap topology__remove EXIT
topology__make "xfibf$$"

is() { [ "$2" = "$3" ]; tap__result "$?" "$1" "saw '$2', not '$3'; $(tail -n 3 "$DIR/verify" 2>/dev/null)"; }
ok() { local what=$1; shift; "$@"; tap__result "$?" "$what"; }
differences() { xfib verify >"$DIR/verify" 2>&1; sed -n 's/.* \([0-9]*\) differences$/\1/p' "$DIR/verify"; }
left() { sed -n 's/.* \([0-9]*\) of them left.*/\1/p' "$DIR/verify"; }
gen() { "$BUILD/tests/tools/xfib-gen" --seed "${SEED:-1}" "$@"; }
batch() { awk -v what="$1" -v via="$2" '{ print "route", what, $1, "via", via }' | in_r ip -batch -; }

xfibd__start ra rb
is "an almost empty table: no difference" "$(differences)" 0
is "nothing is left to the trie" "$(left)" 0

gen --count 3000 --format prefixes >"$DIR/v4"
gen -6 --count 3000 --format prefixes >"$DIR/v6"
batch add 10.0.2.1 <"$DIR/v4"
batch add 2001:db8:2::1 <"$DIR/v6"
is "6000 routes one by one: no difference" "$(differences)" 0
gen --seed 2 --count 9000 | batch replace 10.0.2.1
gen -6 --seed 2 --count 9000 | batch replace 2001:db8:2::1
is "the table outgrows its root: no difference" "$(differences)" 0
if [ "$(printf '%s\n' 5.18 "$(uname -r)" | sort -V | head -n 1)" = 5.18 ]; then
	is "and nothing is left to the trie" "$(left)" 0
else # 4 MiB hold one of the two tables, whose addresses are more scattered than a real table's
	ok "one family is left to the trie" [ "$(left)" -gt 0 -a "$(left)" -le 36200 ]
	ok "which is said" grep -q 'the compiled FIB has no room for all routes' "$DIR/xfibd.log"
fi
sed -n '1~2p' "$DIR/v4" | batch del 10.0.2.1
sed -n '1~2p' "$DIR/v6" | batch del 2001:db8:2::1
in_r ip route add default via 10.0.2.1
in_r ip -6 route add default via 2001:db8:2::1
in_r ip route add 20.1.2.3/32 via 10.0.2.1
in_r ip route add blackhole 20.1.2.4/30
in_r ip route add 20.1.0.0/16 nexthop via 10.0.2.1 nexthop via 10.0.1.1
is "deletions, defaults, host routes, blackholes, multipath: no difference" "$(differences)" 0
is "a host route is found" "$(xfib -j get 20.1.2.3 | jq -r '.[0].prefix')" 20.1.2.3/32
is "a blackhole too" "$(xfib -j get 20.1.2.5 2>&1 | jq -r .type)" blackhole

in_r ip address add 20.9.9.1/24 dev rb
is "an own address inside the table: no difference" "$(differences)" 0
is "it is local" "$(xfib -j get 20.9.9.1 | jq -r '.[0].type')" local
in_r ip rule add pref 100 from 203.0.113.7 lookup main
sleep 0.3
is "local and main are searched apart: no difference" "$(differences)" 0
in_r ip address del 20.9.9.1/24 dev rb
in_r ip rule del pref 100
sleep 0.3
is "and without the address: no difference" "$(differences)" 0

xfib route import - table 1000 via 10.0.2.1 dev rb <"$DIR/v4" >/dev/null
xfib route add 198.51.100.0/24 via 10.0.2.1 dev rb table 2000
is "tables of xfib's own: no difference" "$(differences)" 0
is "the small one answers" "$(xfib -j get 198.51.100.7 table 2000 | jq -r '.[0].table')" 2000

in_a ping -q -c 3 -i 0.2 -W 2 10.0.2.1 >/dev/null
is "packets arrive" $? 0
ok "and are forwarded here" [ "$(reason forwarded ra)" -ge 1 ]
xfibd__stop
xfib unload

xfibd__start --lookup trie ra rb
differences >/dev/null
ok "--lookup trie: everything is left to the trie" [ "$(left)" -gt 1000 ]
is "and answers are the same" "$(xfib -j get 20.1.2.3 | jq -r '.[0].prefix')" 20.1.2.3/32
in_a ping -q -c 3 -i 0.2 -W 2 10.0.2.1 >/dev/null
is "packets arrive" $? 0
finish
