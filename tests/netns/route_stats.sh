#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# xfibd --count-routes, xfib stats route: each packet that is forwarded counts for the prefix by which it went.
set -u
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/topology.sh"
trap topology__remove EXIT
topology__make "xfibn$$" || exit 1
destinations="203.0.113.1 203.0.113.65 198.51.100.1 192.0.2.1 2001:db8:100::1 2001:db8:100:1::1"
for address in $destinations; do in_b ip address add "$address" dev lo nodad 2>/dev/null || in_b ip address add "$address" dev lo; done
in_r ip route add 203.0.113.0/24 via 10.0.2.1
in_r ip route add 203.0.113.64/26 via 10.0.2.1
in_r ip route add 198.51.100.0/24 nexthop via 10.0.2.1 nexthop via 10.0.2.1 weight 3
in_r ip route add 2001:db8:100::/48 via 2001:db8:2::1
in_r ip route add 2001:db8:100:1::/64 via 2001:db8:2::1
in_r ip route add 192.0.2.0/24 via 10.0.2.1 table 77
in_r ip rule add to 192.0.2.0/24 iif rb lookup 77 # not what packets from A come by
send() { in_a ping -q -c "$2" -i 0.01 -W 1 "$1" >/dev/null; } # ADDR COUNT
# Neighbours become known by the first packets.
meet() { send 10.0.2.1 3; send 2001:db8:2::1 3; }
packets() { xfib -j stats route "${@:2}" | jq --arg prefix "$1" '[.[] | select(.prefix == $prefix) | .packets] | add // 0'; }
bytes() { xfib -j stats route | jq --arg prefix "$1" '[.[] | select(.prefix == $prefix) | .bytes] | add // 0'; }
# PREFIX ADDR: five packets to ADDR are counted for PREFIX
counts() {
	local before
	before=$(packets "$1")
	send "$2" 5
	check_output "$3: a packet to $2 counts for $1" $((before + 5)) packets "$1"
}
each() {
	counts 203.0.113.0/24 203.0.113.1 "$1"
	counts 203.0.113.64/26 203.0.113.65 "$1"
	counts 198.51.100.0/24 198.51.100.1 "$1"
	counts 2001:db8:100::/48 2001:db8:100::1 "$1"
	counts 2001:db8:100:1::/64 2001:db8:100:1::1 "$1"
	counts 10.0.2.0/24 10.0.2.1 "$1"
}

check "xfibd starts without the option" xfibd__start ra rb
check_status "nothing is counted" 1 xfib stats route
check_match "  it says by which option it would be" 'start xfibd with --count-routes' "$ERR"
xfibd__stop

check "xfibd starts with it" xfibd__start ra rb --count-routes
meet
each "compiled FIB"
check_output "bytes are those of frames" $((5 * 98)) bytes 203.0.113.0/24
check_output "a prefix, and what lies within" "203.0.113.0/24 203.0.113.64/26" \
	eval 'xfib -j stats route 203.0.113.0/24 | jq -r "[.[].prefix] | sort | join(\" \")"'
check_output "of one family" 0 eval 'xfib -j -6 stats route | jq "[.[].prefix | select(contains(\":\") | not)] | length"'
check_match "as text" '^203\.0\.113\.64/26 +main +5 +490$' "$(xfib stats route 203.0.113.64/26)"
check_output "what is within no route's prefix" "[]" eval 'xfib -j stats route 100.64.0.0/10 | jq -c .'
check_status "no prefix" 2 xfib stats route 203.0.113.0/33
check_status "more words" 2 xfib stats route 203.0.113.0/24 203.0.113.64/26
check "a second: -r" jq -es 'length == 1 and (.[0] | all(has("packets_per_second") and has("prefix")))' <<<"$(xfib -j stats route -r 1 1)"
check_match "a second, as text" '^PREFIX +TABLE +PACKETS/S +BYTES/S$' "$(xfib stats route 203.0.113.0/24 -r 1 1)"
sum() { xfib -j stats route | jq '[.[].packets] | add'; }
forwarded() { reason forwarded; }
xfib explain 203.0.113.1 from 10.0.1.1 iif ra proto tcp >/dev/null
check_output "explain is not counted, and what is forwarded is, whole" "$(forwarded)" sum

# ---- changes of routes ----
in_r ip route replace 203.0.113.0/24 via 10.0.2.1 mtu 1400
is_zero() { [ "$(packets 203.0.113.0/24)" = 0 ]; }
check "a route that is changed begins at zero" eventually 5 is_zero
in_r ip route del 203.0.113.64/26
gone() { ! xfib route show | grep -q 203.0.113.64/26; }
check "one that goes" eventually 5 gone
check_output "is not shown any more" 0 packets 203.0.113.64/26
counts 203.0.113.0/24 203.0.113.65 "its packets go on by a shorter prefix"

# ---- rules ----
in_r ip route add 203.0.113.64/26 via 10.0.2.1 # as above
in_r ip rule add iif ra to 192.0.2.0/24 lookup 77
in_r ip rule add iif ra to 203.0.113.0/24 lookup 77
in_r ip route add 203.0.113.64/27 via 10.0.2.1 table 77
there() { xfib route show table 77 | grep -q 203.0.113.64/27; }
check "rules lead to a table" eventually 5 there
by_rule() { send 192.0.2.1 1; [ "$(packets 192.0.2.0/24)" -gt 0 ]; }
check "by which packets go" eventually 5 by_rule
counts 192.0.2.0/24 192.0.2.1 "by a rule"
counts 203.0.113.64/27 203.0.113.65 "by a rule to a table with a longer prefix"
counts 203.0.113.0/24 203.0.113.1 "by a rule to a table that has none"
check_output "with its table" 77 eval 'xfib -j stats route 203.0.113.64/27 | jq -r ".[0].table"'
in_r ip rule del iif ra to 203.0.113.0/24 lookup 77
in_r ip rule del iif ra to 192.0.2.0/24 lookup 77

# ---- TC, and the tries ----
check "by TC" xfib attach ra hook tc
check "not by XDP" xfib detach ra hook xdp
each TC
xfibd__stop
check "xfibd starts by the tries" xfibd__start rb --count-routes --lookup trie
check "XDP" xfib attach ra
check "not TC" xfib detach ra hook tc
meet
each "tries"
finish
