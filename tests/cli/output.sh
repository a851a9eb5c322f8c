#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# What the commands print, as lines and as JSON.
set -u
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../netns/topology.sh"
trap topology__remove EXIT
topology__make "xfibo$$" || exit 1
in_r ip -batch - <<END
route add 203.0.113.0/24 via 10.0.2.1 proto bgp metric 20 mtu 1400 src 10.0.2.254
route add 198.51.100.0/24 proto static nexthop via 10.0.2.1 weight 3 nexthop via 10.0.1.1 weight 1
route add 192.0.2.0/24 via inet6 2001:db8:2::1 dev rb
route add blackhole 192.0.2.128/25
route add 100.64.0.1 via 10.0.2.9 dev rb onlink
route add 2001:db8:100::/48 via 2001:db8:2::1 metric 100
END
check "starts" xfibd__start ra rb
in_r ip link set rb down
in_r ip link set rb up
in_r ip address replace 2001:db8:2::fe/64 dev rb
in_r ip -batch - <<END
route replace 203.0.113.0/24 via 10.0.2.1 proto bgp metric 20 mtu 1400 src 10.0.2.254
route replace 198.51.100.0/24 proto static nexthop via 10.0.2.1 weight 3 nexthop via 10.0.1.1 weight 1
route replace 192.0.2.0/24 via inet6 2001:db8:2::1 dev rb
route replace 100.64.0.1 via 10.0.2.9 dev rb onlink
route replace 2001:db8:100::/48 via 2001:db8:2::1 metric 100
END
settled() { xfib get 203.0.113.1 && xfib get 2001:db8:100::1 && xfib get 100.64.0.1 && [ "$(xfib -j get 198.51.100.1 | jq '.[0].paths')" = 2 ]; }
check "all routes are there after the port was down" eventually 3 settled

# ---- get ----
check_output "get" "203.0.113.9 via 10.0.2.1 dev rb src 10.0.2.254 prefix 203.0.113.0/24 table main proto bgp metric 20 mtu 1400" \
	xfib get 203.0.113.9
check_output "get, on-link" "10.0.2.7 dev rb src 10.0.2.254 prefix 10.0.2.0/24 table main proto kernel" xfib get 10.0.2.7
check_output "get, local" "local 10.0.1.254 dev lo src 10.0.1.254 prefix 10.0.1.254/32 table local proto kernel" xfib get 10.0.1.254
check_output "get, a gateway of the other family" \
	"192.0.2.1 via inet6 2001:db8:2::1 dev rb src 10.0.2.254 prefix 192.0.2.0/24 table main proto boot" xfib get 192.0.2.1
check_output "get, several paths" \
	"198.51.100.1 via 10.0.1.1 dev ra src 10.0.1.254 prefix 198.51.100.0/24 table main proto static paths 2" xfib get 198.51.100.1
check_output "get, by the other device" \
	"198.51.100.1 via 10.0.2.1 dev rb src 10.0.2.254 prefix 198.51.100.0/24 table main proto static paths 2" \
	xfib get 198.51.100.1 dev rb
check_output "get from an address" \
	"203.0.113.9 via 10.0.2.1 dev rb src 10.0.1.254 prefix 203.0.113.0/24 table main proto bgp metric 20 mtu 1400" \
	xfib get 203.0.113.9 from 10.0.1.254
check_status "get, no route" 1 xfib get 8.8.8.8
check_output "  says so" "xfib: 8.8.8.8: no route" echo "$ERR"
check_status "get, blackhole" 1 xfib get 192.0.2.200
check_match "  says so" 'blackhole \(route 192.0.2.128/25 table main\)' "$ERR"
check_status "get, another table" 1 xfib get 203.0.113.9 table 100
check_output "get -j" '{"dst":"203.0.113.9","prefix":"203.0.113.0/24","type":"unicast","protocol":"bgp","table":"main","gateway":"10.0.2.1","dev":"rb","prefsrc":"10.0.2.254","metric":20,"metrics":[{"mtu":1400}]}' \
	jq -c '.[0] | del(.ifindex)' <<<"$(xfib -j get 203.0.113.9)"
check "get -j, on-link: no gateway" jq -e '.[0] | has("gateway") | not' <<<"$(xfib -j get 10.0.2.7)"
check "get -j, several paths" jq -e '.[0].paths == 2' <<<"$(xfib -j get 198.51.100.1)"
check "get -j, no route" jq -e '.error == "no route" and .dst == "8.8.8.8"' <<<"$(xfib -j get 8.8.8.8 2>&1)"
check "get -p is the same" [ "$(xfib -j -p get 203.0.113.9 | jq -c .)" = "$(xfib -j get 203.0.113.9 | jq -c .)" ]
check "and longer" [ "$(xfib -j -p get 203.0.113.9 | wc -l)" -gt 5 ]

# ---- get - ----
printf '203.0.113.9\n8.8.8.8\nnonsense\n\n  2001:db8:100::5\r\n10.0.2.7' >"$DIR/in"
check_status "get -: status 1 where one has no route" 1 xfib get - <"$DIR/in"
check_output "  a line for each, in order" 6 wc -l <<<"$OUT"
check_match "  the second" '^8.8.8.8: no route$' "$(sed -n 2p <<<"$OUT")"
check_match "  what is no address, with its line" '^nonsense: line 3: no address$' "$(sed -n 3p <<<"$OUT")"
check_match "  a line without an address too" '^: line 4: no address$' "$(sed -n 4p <<<"$OUT")"
check_match "  the last one, without an end of line" '^10.0.2.7 dev rb' "$(sed -n 6p <<<"$OUT")"
check_status "get -j -" 1 xfib -j get - <"$DIR/in"
check "  is one array" jq -e 'length == 6 and .[1].error == "no route" and .[4].gateway == "2001:db8:2::1"' <<<"$OUT"
check_status "get - of nothing" 0 xfib get - </dev/null
check_output "get -j - of nothing" "[]" xfib -j get - </dev/null
check_output "get -p - is the same array" "$(xfib -j get - <"$DIR/in" | jq -c .)" jq -c . <<<"$(xfib -j -p get - <"$DIR/in")"
check_status "a line of a megabyte" 1 xfib get - < <(head -c 1000000 /dev/zero | tr '\0' 1; echo; echo 203.0.113.9)
check_match "  is refused" 'line 1: line too long' "$OUT"
check_match "  and the next one answered" '^203.0.113.9 via' "$OUT"
check_status "binary input" 1 xfib -j get - < <(head -c 100000 /dev/urandom)
check "  gives JSON all the same" jq -e 'length > 0' <<<"$OUT"
converse() { # a program that waits for each answer before it asks again
	coproc ASK { xfib get -; }
	local line
	for _ in 1 2 3; do
		echo 203.0.113.9 >&"${ASK[1]}"
		read -r -t 2 line <&"${ASK[0]}" && [[ $line == 203.0.113.9\ via* ]] || return 1
	done
	exec {ASK[1]}>&-
	wait "$ASK_PID"
}
check "answers at once when the input waits" converse
check "get - with a reader that goes away" [ "$(yes 203.0.113.9 | head -n 100000 | { xfib get - 2>"$DIR/err"; } | head -n 1 | wc -l)" = 1 ]

# ---- route show ----
check_output "route show PREFIX" "203.0.113.0/24 via 10.0.2.1 dev rb proto bgp src 10.0.2.254 metric 20 mtu 1400" xfib route show 203.0.113.0/24
check_output "route show, several paths" "198.51.100.0/24 proto static
	nexthop via 10.0.2.1 dev rb weight 3
	nexthop via 10.0.1.1 dev ra weight 1" xfib route show 198.51.100.0/24
check_output "route show, a host" "100.64.0.1 via 10.0.2.9 dev rb onlink" xfib route show 100.64.0.1
check_match "route show proto" '^203.0.113.0/24' "$(xfib route show proto bgp)"
check_output "route show proto: only those" 1 wc -l <<<"$(xfib route show proto bgp)"
check "route show dev: a multipath route too" grep -q 198.51.100.0 <<<"$(xfib route show dev ra)"
check "route show table local" jq -e 'length > 5 and all(.table == "local")' <<<"$(xfib -j route show table local)"
check "route show table all" jq -e '[.[].table] | unique == ["local", "main"]' <<<"$(xfib -j route show table all)"
check "route show -4" jq -e 'all(.dst | contains(":") | not)' <<<"$(xfib -j -4 route show)"
check "route show -6" jq -e 'all(.dst | contains(":"))' <<<"$(xfib -j -6 route show)"
check_output "route show of none" "[]" xfib -j route show 8.8.8.0/24
# ---- route export ----
check_output "route export" "203.0.113.0/24 via 10.0.2.1 dev rb table main proto bgp src 10.0.2.254 metric 20 mtu 1400" \
	xfib route export 203.0.113.0/24
check_output "route export, several paths on one line" "198.51.100.0/24 table main proto static nexthop via 10.0.2.1 dev rb weight 3 nexthop via 10.0.1.1 dev ra weight 1" \
	xfib route export 198.51.100.0/24
check_output "route export, a gateway of the other family" "192.0.2.0/24 via inet6 2001:db8:2::1 dev rb table main proto boot" \
	xfib route export 192.0.2.0/24
check_output "route export, blackhole" "blackhole 192.0.2.128/25 table main proto boot" xfib route export 192.0.2.128/25
check_output "route export, onlink" "100.64.0.1/32 via 10.0.2.9 dev rb onlink table main proto boot" xfib route export 100.64.0.1
check_output "route export, on-link" "10.0.2.0/24 dev rb table main proto kernel scope link src 10.0.2.254" xfib route export 10.0.2.0/24
check_match "route export, IPv6" '^2001:db8:100::/48 via 2001:db8:2::1 dev rb table main proto boot metric 100$' "$(xfib -6 route export)"
check_status "route export -j" 2 xfib -j route export
xfib route export table all >"$DIR/export"
check_output "import reads all of it" "$(xfib -j route show table all | jq length)" \
	jq '.[0].routes' <<<"$(xfib -j route import "$DIR/export" dry-run)"
{ in_r ip route show table all; in_r ip -6 route show table all; in_r ip -oneline route show; } >"$DIR/shown"
check_status "import reads what ip route show prints" 0 xfib route import "$DIR/shown" dry-run
check_match "  all of it" "^would import $(grep -vc '^\s*nexthop' "$DIR/shown") routes" "$OUT"

# The keys and values that `ip -j route show` has, route by route.
same() { jq -S 'map(del(.table, .pref) | if .protocol == "boot" then del(.protocol) else . end | .flags |= map(select(. != "linkdown")) |
	.)' <<<"$1"; }
check "route show -j is ip -j route show" diff <(same "$(in_r ip -j route show)") <(same "$(xfib -j -4 route show)")

# ---- the others ----
is_forwarded() { in_a ping -q -c 1 -W 1 10.0.2.1 >/dev/null && [ "$(reason forwarded ra)" -gt 0 ]; }
check "packets are forwarded as soon as the neighbour is known" eventually 10 is_forwarded
check_match "nexthop show" 'unicast via 10.0.2.1 dev rb mtu 1400' "$(xfib nexthop show)"
check "nexthop show -j" jq -e 'any(.gateway == "10.0.2.1" and .mtu == 1400 and .dev == "rb")' <<<"$(xfib -j nexthop show)"
in_r ip neigh add ff02::99 lladdr 33:33:00:00:00:99 dev rb nud noarp
in_r ip neigh add 224.0.0.99 lladdr 01:00:5e:00:00:63 dev rb nud noarp
in_r ip neigh add 2001:db8:2::99 lladdr 02:00:00:00:00:99 dev rb nud noarp
in_r ip neigh add 10.0.2.99 lladdr 02:00:00:00:00:99 dev rb nud noarp
lists() { xfib nexthop show "${@:3}" | grep -cE "via ($1) dev rb" | grep -qx "$2"; } # PATTERN COUNT [all]
kill -HUP "$(xfibd__pid)" # the kernel says nothing of a multicast neighbour that comes
check "nexthop show all lists multicast neighbours" eventually 5 lists 'ff02::99|224.0.0.99' 2 all
check "nexthop show lists neighbours without ARP" eventually 5 lists '10.0.2.99|2001:db8:2::99' 2
check "  but no multicast ones" lists 'ff..:.*|224\..*' 0
check "nexthop show all -j" jq -e '[.[] | select(.lladdr == "33:33:00:00:00:99" or .lladdr == "01:00:5e:00:00:63")] | length == 2' \
	<<<"$(xfib -j nexthop show all)"
check_output "nexthop show -j lists none" 0 jq '[.[] | select(.gateway // "" | test("^(ff|224)"))] | length' <<<"$(xfib -j nexthop show)"
check_match "link show" '^[0-9]+: ra: attached xdp native table main mtu 1500 rp_filter .* up carrier forwarding4' "$(xfib link show ra)"
check "link show -j" jq -e 'map(.ifname) | contains(["ra", "rb", "lo"])' <<<"$(xfib -j link show)"
check_match "stats" '^forwarded +redirect +[0-9]+ +[0-9]+$' "$(xfib stats)"
check "stats -j has every reason" jq -e 'length == 33 and all(has("packets") and has("bytes") and has("verdict"))' <<<"$(xfib -j stats)"
check "stats of a port" jq -e 'any(.packets > 0)' <<<"$(xfib -j stats ra)"
check_status "stats nexthop without the option" 1 xfib stats nexthop
check_match "  says which one" 'start xfibd with --count-nexthops' "$ERR"
check_match "stats -r" '^REASON +VERDICT +PACKETS/S +BYTES/S$' "$(xfib stats -r 1 1)"
check "stats -r -j: an array each time" jq -es 'length == 2 and all(length == 33 and all(has("packets_per_second")))' <<<"$(xfib -j stats ra -r 1 2)"
check "stats of a port that is not attached" jq -e 'all(.packets == 0)' <<<"$(xfib -j stats lo)"
finish
