#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# xfib route import, without an instance: good files and bad ones, read and not applied (dry-run).
set -u
. "$(dirname "$0")/../lib.sh"
xfib=$BUILD/xfib
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

import() { "$xfib" route import "$@" dry-run; }
# Counts of a summary: routes, of IPv4, of IPv6, bad, skipped.
counts() { "$xfib" -j route import "$@" dry-run 2>/dev/null | jq -r '.[0] | "\(.routes) \(.ipv4) \(.ipv6) \(.bad) \(.skipped)"'; }

counts_of() { # -4|-6 …
	"$xfib" -j "$1" route import "${@:2}" dry-run 2>/dev/null | jq -r '.[0] | "\(.routes) \(.ipv4) \(.ipv6) \(.bad) \(.skipped)"'
}

# ---- lines ----
cat >"$dir/good" <<END
# what ip route show prints
default via 10.0.2.1 dev lo proto dhcp
10.0.0.0/8 via 10.0.2.1 dev lo proto bgp metric 20

198.51.100.0/24 proto static
	nexthop via 10.0.2.1 dev lo weight 3
	nexthop via 10.0.1.1 dev lo weight 1
blackhole 192.0.2.0/24
2001:db8::/32 dev lo proto static metric 1024 pref medium
END
check_status "lines" 0 import "$dir/good"
check_match "  are counted" '^would import 5 routes \(4 IPv4, 1 IPv6\) into table main in [0-9.]+ s$' "$OUT"
check_output "  silently on standard error" "" echo "$ERR"
check_output "-4 leaves IPv6 out" "4 4 0 0 1" counts_of -4 "$dir/good"
check_output "-6 leaves IPv4 out" "1 0 1 0 4" counts_of -6 "$dir/good"
check_match "another table" 'into table 1000 in' "$(import "$dir/good" table 1000)"
(cat "$dir/good"; echo "10.9.0.0/16 dev lo table 9") >"$dir/tables"
check_match "several tables" 'into several tables in' "$(import "$dir/tables")"
check "  have no name in JSON" jq -e '.[0] | has("table") | not' <<<"$("$xfib" -j route import "$dir/tables" dry-run)"
check "JSON" jq -e '.[0] | .routes == 5 and .table == "main" and .dry_run and has("seconds")' \
	<<<"$("$xfib" -j route import "$dir/good" dry-run)"
check_match "standard input" '5 routes' "$(import - <"$dir/good")"
check_match "nothing" '^would import 0 routes' "$(import /dev/null)"

# ---- bad lines ----
sed '4i 10.0.0.1/24 dev lo' "$dir/good" >"$dir/bad"
printf '10.1.0.0/16 dev nodevice\n%0500d dev lo\n' 1 >>"$dir/bad"
check_status "a bad line" 1 import "$dir/bad"
check_output "  stops it" "" echo "$OUT"
check_match "  and is named and quoted" "^xfib: route import $dir/bad: line 4 '10.0.0.1/24 dev lo': .*did you mean 10.0.0.0/24" "$ERR"
check_output "  alone" 1 wc -l <<<"$ERR"
check_status "keep-going" 1 import "$dir/bad" keep-going
check_match "  takes the others" '^would import 5 routes' "$OUT"
check_match "  names each bad line" "line 11 '10.1.0.0/16 dev nodevice': device 'nodevice' does not exist" "$ERR"
check_match "  quotes the beginning of a long one" "line 12 '0{60}\.\.\.': " "$ERR"
check_match "  and counts them" '3 bad lines were left out$' "$ERR"
check_output "  in JSON too" "5 4 1 3 0" counts "$dir/bad" keep-going
check "  with errors as JSON" jq -es 'length == 4 and all(has("error"))' <<<"$("$xfib" -j route import "$dir/bad" dry-run keep-going 2>&1 >/dev/null)"
yes x | head -n 1000 >"$dir/worse"
check_status "a thousand bad lines" 1 import "$dir/worse" keep-going
check "  are not all named" [ "$(wc -l <<<"$ERR")" = 21 ]
check_match "  but counted" '1000 bad lines were left out' "$ERR"
head -c 100000 /dev/urandom >"$dir/noise"
check_status "noise" 1 import "$dir/noise"
check "  is one line of ASCII" [ "$(wc -l <<<"$ERR")" = 1 ]
check_not "  without anything that cannot be printed" grep -qP '[^\x20-\x7e]' <<<"$ERR"

# ---- prefixes ----
printf '10.0.0.0/8\n2001:db8::/32\n1.2.3.4\n' >"$dir/prefixes"
check_match "prefixes by a device" '3 routes \(2 IPv4, 1 IPv6\) into table 1000' "$(import "$dir/prefixes" table 1000 dev lo)"
check_status "prefixes by an IPv4 gateway" 1 import "$dir/prefixes" via 127.0.0.2 dev lo
check_match "  take no IPv6" "line 2 '2001:db8::/32': an IPv6 route cannot have an IPv4 gateway" "$ERR"
check_output "  unless it is left out" "2 2 0 0 1" counts_of -4 "$dir/prefixes" via 127.0.0.2 dev lo
check_status "prefixes without a next hop" 1 import "$dir/prefixes"
check_match "  are told so" "line 1 '10.0.0.0/8': no next hop: give one by via, dev" "$ERR"
check_status "format prefix" 1 import "$dir/good" format prefix dev lo
check_match "  takes prefixes only" "line 2 .*: unknown word 'via': one prefix a line" "$ERR"
check_status "a peer of lines" 1 import "$dir/prefixes" dev lo peer 3
check_match "  there is none" "'peer' is for MRT dumps" "$ERR"

# ---- compressed ----
for tool in gzip xz bzip2; do
	"$tool" -c "$dir/good" >"$dir/packed"
	check_output "$tool" "5 4 1 0 0" counts "$dir/packed"
	check_output "$tool from standard input" "5 4 1 0 0" counts - < <(cat "$dir/packed")
	cat "$dir/packed" "$dir/packed" >"$dir/twice"
	check_output "$tool, two members" "10 8 2 0 0" counts "$dir/twice"
	head -c -5 "$dir/packed" >"$dir/short"
	check_status "$tool, truncated" 1 import "$dir/short"
	check_match "  says so" "^xfib: route import $dir/short: its $tool data is truncated$" "$ERR"
	check_output "  and nothing else" "" echo "$OUT"
	check_status "$tool, truncated, keep-going" 1 import "$dir/short" keep-going
	check_output "  does not go on" "" echo "$OUT"
done

# ---- MRT ---- (the first two bytes of the fuzzer's corpus are for the fuzzer)
for name in ipv4 ipv6 addpath mixed bad truncated; do
	tail -c +3 "$ROOT/tests/fuzz/corpus/import_mrt/$name" >"$dir/$name.mrt"
done
check_output "MRT, IPv4" "2 2 0 0 0" counts "$dir/ipv4.mrt"
check_output "MRT, IPv6" "2 0 2 0 0" counts "$dir/ipv6.mrt"
check_output "MRT, ADDPATH" "2 1 1 0 0" counts "$dir/addpath.mrt"
check_output "MRT, others are skipped" "1 1 0 0 2" counts "$dir/mixed.mrt"
check_output "MRT, one peer by number" "2 2 0 0 0" counts "$dir/ipv4.mrt" peer 2
check_output "MRT, one peer by address" "1 1 0 0 1" counts "$dir/ipv4.mrt" peer 10.9.0.1
check_output "MRT, by a next hop of our own" "2 2 0 0 0" counts "$dir/ipv4.mrt" via 127.0.0.2 dev lo table 1000
check_status "MRT, no such peer" 1 import "$dir/ipv4.mrt" peer 10.9.0.2
check_match "  says so" 'peer 10.9.0.2 is none of the 3 peers in it' "$ERR"
check_status "MRT, a bad record" 1 import "$dir/bad.mrt"
check_match "  is named" 'record 2: its prefix has 40 bits, of at most 32' "$ERR"
check_status "MRT, keep-going" 1 import "$dir/bad.mrt" keep-going
check_match "  counts" '3 bad records were left out' "$ERR"
check_status "MRT, truncated" 1 import "$dir/truncated.mrt"
check_match "  says so" 'record 2, at byte [0-9]+, is truncated$' "$ERR"
check_output "MRT, gzip" "2 2 0 0 0" counts - < <(gzip -c "$dir/ipv4.mrt")
check_status "no MRT" 1 import "$dir/good" format mrt
check_match "  says so" 'this is no MRT file' "$ERR"

check_status "a directory" 1 import "$dir"
check_match "  is an error" 'Is a directory' "$ERR"
bar() { script -qec "$BUILD/xfib route import $dir/good dry-run" /dev/null </dev/null; }
check "no bar where standard error is no terminal" [ -z "$(import "$dir/good" 2>&1 >/dev/null)" ]
check_match "a terminal gets one" 'reading \[' "$(bar)"
finish
