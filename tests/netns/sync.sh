#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# Is the mirror in step with the kernel, and is it said when it is not: xfib verify, xfib status, overruns.
set -u
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/topology.sh"
trap topology__remove EXIT
topology__make "xfibs$$" || exit 1
status() { xfib -j status | jq -r ".[0].$1"; }

check "xfibd starts" xfibd__start ra rb
check_status "a fresh mirror: verify" 0 xfib verify
check_match "says what it compared" '^[1-9][0-9]* prefixes compared with the kernel, 0 of them differ$' "$OUT"
check_output "status: the daemon runs" true status running
check_output "as this process" "$(xfibd__pid)" status pid
check_output "nothing was lost" "0 0 0" jq -r '.[0] | "\(.overruns) \(.misread) \(.audit_differences)"' <(xfib -j status)
check_match "and in words" 'daemon pid [0-9]+ runs' "$(xfib status)"
for words in "tbale 7" "table" "table x"; do
	# shellcheck disable=SC2086 # a list of words
	check_status "verify $words: refused" 2 xfib verify $words
done

# ---- changes under way are no differences ----
for _ in $(seq 400); do
	echo route replace 203.0.113.0/24 via 10.0.2.1
	echo route del 203.0.113.0/24
done >"$DIR/flap"
in_r ip -batch "$DIR/flap" &
flap=$!
check_status "a route that flaps is no difference" 0 xfib verify
wait "$flap"

# ---- what a dead daemon misses ----
in_r ip route add 198.51.100.0/24 via 10.0.2.1
in_r ip -6 route add 2001:db8:77::/48 via 2001:db8:2::1
check "verify waits for what is under way" xfib verify
in_r ip route add 192.0.2.0/24 via 10.0.2.1 table 77
check "a table that is not mirrored is not compared" xfib verify
check_output "unless it is named" "192.0.2.0/24 0 1" jq -r '.[] | "\(.dst) \(.held | length) \(.kernel | length)"' <(xfib -j verify table 77)
xfibd__stop KILL
in_r ip route del 198.51.100.0/24
in_r ip route add 203.0.113.0/24 nexthop via 10.0.2.1 nexthop via 10.0.1.1
in_r ip -6 route append 2001:db8:77::/48 via 2001:db8:1::1
check_status "with a dead daemon: verify" 1 xfib verify
check_match "names a stale route" '^  held: 198.51.100.0/24 via 10.0.2.1 dev rb$' "$OUT"
check_match "a missing one" '^  kernel: 203.0.113.0/24' "$OUT"
check_match "a path" 'nexthop via 2001:db8:1::1 dev ra weight 1' "$OUT"
check_match "and counts them" ' 3 of them differ$' "$OUT"
check_output "as JSON" "198.51.100.0/24 2001:db8:77::/48 203.0.113.0/24" jq -r '[.[].dst] | sort | join(" ")' <(xfib -j verify)
check_output "status: the daemon has ended" false status running

# ---- more changes than the buffer holds ----
check "started again, with a small buffer" xfibd__start --receive-buffer 16384
check "no difference" xfib verify
"$BUILD/tests/tools/xfib-gen" --count 5000 --via 10.0.2.1 --format ip-batch >"$DIR/batch"
kill -STOP "$(xfibd__pid)"
in_r ip -batch "$DIR/batch"
kill -CONT "$(xfibd__pid)"
check "events were dropped: no difference all the same" xfib verify
overran() { [ "$(status overruns)" -ge 1 ] && [ "$(status resyncs)" -ge 1 ]; }
check "the overrun is counted" eventually 2 overran
check_match "and logged" 'it dropped events, their buffer was full' "$(cat "$DIR/xfibd.log")"
finish
