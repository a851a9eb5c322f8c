#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# The mirror against the kernel: 1,000 destinations of each family asked of `ip route get`, `xfib get` and
# GetBestRoute2, and changes that have to reach the maps within 100 ms.
# XFIB_SEED chooses other routes and destinations.
set -u
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/topology.sh"
trap topology__remove EXIT
topology__make "xfibr$$" || exit 1
seed=${XFIB_SEED:-$((RANDOM * 32768 + RANDOM))}
echo "# XFIB_SEED=$seed"
gen() { "$BUILD/tests/tools/xfib-gen" --seed "$seed" "$@"; }

# ---- a table with all that a router has ----

in_r ip address add 10.0.2.253/24 dev rb
in_r ip address add 192.0.2.77/32 dev lo
in_r ip address add 2001:db8:2::77/64 dev rb
gen -4 --count 2000 --via 10.0.1.1,10.0.2.1,10.0.2.9 --format ip-batch >"$DIR/batch"
gen -6 --count 1000 --via 2001:db8:1::1,2001:db8:2::1 --format ip-batch >>"$DIR/batch"
check "ip -batch loads the generated routes" in_r ip -batch "$DIR/batch"
in_r ip -batch - <<END
route add 100.64.0.0/16 via 10.0.2.1 src 10.0.2.253 metric 50
route add 100.64.0.0/16 via 10.0.1.1 metric 20
route add 100.64.1.0/24 dev rb
route add 100.64.2.0/24 dev rb src 192.0.2.77
route add 100.65.0.0/16 nexthop via 10.0.2.1 weight 3 nexthop via 10.0.2.9 weight 1
route add 100.66.0.0/16 via inet6 2001:db8:2::1 dev rb
route add 100.67.0.0/16 via 10.0.2.1 proto bgp mtu 1400
route add 100.68.0.0/16 via 10.9.9.9 dev rb onlink
route add blackhole 100.69.0.0/16
route add unreachable 100.70.0.0/16
route add prohibit 100.71.0.0/16
route add throw 100.72.0.0/16
route add 2001:db8:64::/48 via 2001:db8:2::1 src 2001:db8:2::77
route add 2001:db8:65::/48 via 2001:db8:2::1 metric 10
route add 2001:db8:65::/48 via 2001:db8:1::1 metric 2000
route add 2001:db8:66::/48 dev rb
route add 2001:db8:67::/48 nexthop via 2001:db8:2::1 nexthop via 2001:db8:2::9
route add blackhole 2001:db8:69::/48
END
check "xfibd starts" xfibd__start ra rb

# ---- the same answers ----

cat >"$DIR/addresses" <<END
10.0.1.1
10.0.1.254
10.0.1.255
10.0.2.1
10.0.2.253
10.0.2.77
127.0.0.1
192.0.2.77
100.64.0.9
100.64.1.9
100.64.2.9
100.66.1.1
100.67.3.3
100.68.1.1
100.69.1.1
100.70.1.1
100.71.1.1
100.72.1.1
192.168.99.1
2001:db8:1::1
2001:db8:1::fe
2001:db8:2::77
2001:db8:2::1234
::1
2001:db8:64::1
2001:db8:65::1
2001:db8:66::1
2001:db8:69::1
2001:db8:ffff::1
END
gen -4 --count 2000 --format addresses | head -n 1000 >>"$DIR/addresses"
gen -6 --count 1000 --format addresses | head -n 1000 >>"$DIR/addresses"

# One line for each address: address, gateway, device, source; or "none" where there is no route.
line='"\(.dst) \(.gateway // .via.host // "-") \(.dev) \(.prefsrc // "-")"'
of_kernel() {
	local address
	# ip -batch ends at the first error; asking once for each address is slow, so: in chunks with -force.
	sed 's/^/route get /' "$DIR/addresses" | in_r ip -force -j -batch - 2>/dev/null | jq -r ".[] | $line"
	return 0
}
of_xfib() { xfib -j get - <"$DIR/addresses" | jq -r ".[] | select(.error == null) | $line"; }
of_kernel >"$DIR/kernel"
of_xfib >"$DIR/xfib"
check "xfib get answers as ip route get does" diff "$DIR/kernel" "$DIR/xfib"
check "for more than 1,500 destinations" [ "$(wc -l <"$DIR/kernel")" -gt 1500 ]
check "some of them have no route" [ "$(wc -l <"$DIR/kernel")" -lt "$(wc -l <"$DIR/addresses")" ]

# GetBestRoute2 is asked by one interface. It names the one that owns a local address, where the others say lo.
for dev in ra rb lo; do
	xfib -j get - dev "$dev" <"$DIR/addresses" | jq -r '.[] | select(.error == null) |
		"\(.dst) \(.gateway // .via.host // "-") \(.route_dev // .dev) \(.prefsrc // "-")"' >"$DIR/rows"
	in_r "$BUILD/tests/tools/best-route" "$dev" <"$DIR/addresses" >"$DIR/netioapi" 2>&1
	check "GetBestRoute2 by $dev answers as xfib get does" diff "$DIR/rows" "$DIR/netioapi"
	check "with $(wc -l <"$DIR/rows") rows" [ -s "$DIR/rows" ]
done
# The RIB holds what the kernel holds.
summary='.[] | "\(.dst) \(.metric // 0) \(.gateway // (.nexthops // [] | map(.gateway) | sort | join(",")))"'
kernel_routes() { { in_r ip -j -4 route show table main; in_r ip -j -6 route show table main; } | jq -r "$summary" | sort; }
xfib_routes() { { xfib -j -4 route show table main; xfib -j -6 route show table main; } | jq -r "$summary" | sort; }
check "route show lists what ip route show lists" diff <(kernel_routes) <(xfib_routes)

# ---- changes ----

# Milliseconds until `xfib get ADDR` matches a pattern; fails after 5 seconds.
until_match() { # PATTERN ADDR
	local begin=${EPOCHREALTIME/./}
	until xfib get "$2" 2>&1 | grep -qE "$1"; do
		[ $((${EPOCHREALTIME/./} - begin)) -lt 5000000 ] || return 1
	done
	echo $(((${EPOCHREALTIME/./} - begin) / 1000))
}
resyncs() { in_r bpftool -j map dump pinned "$XFIB_PIN/xfib_state" | jq '.[0] | (.formatted // .).value.resyncs'; }
fastest=5000
arrives() { # DESC PATTERN ADDR: of the kernel's change just made
	local ms
	ms=$(until_match "$2" "$3")
	check "$1: seen after ${ms:-more than 5000} ms" [ -n "$ms" ]
	[ "${ms:-5000}" -ge "$fastest" ] || fastest=$ms
}
in_r ip route add 100.80.0.0/16 via 10.0.2.1
arrives "a route added" 'via 10.0.2.1 dev rb' 100.80.1.1
in_r ip route change 100.80.0.0/16 via 10.0.1.1
arrives "changed" 'via 10.0.1.1 dev ra' 100.80.1.1
in_r ip route replace 100.80.0.0/16 dev rb metric 0
arrives "replaced" '^100.80.1.1 dev rb' 100.80.1.1
in_r ip route del 100.80.0.0/16
arrives "deleted" 'no route' 100.80.1.1
in_r ip -6 route add 2001:db8:80::/48 via 2001:db8:2::1
arrives "an IPv6 route added" 'via 2001:db8:2::1 dev rb' 2001:db8:80::1
in_r ip -6 route append 2001:db8:80::/48 via 2001:db8:2::9
in_r ip -6 route del 2001:db8:80::/48 via 2001:db8:2::1
arrives "its first path deleted" 'via 2001:db8:2::9' 2001:db8:80::1
in_r ip -6 route del 2001:db8:80::/48
arrives "deleted" 'no route' 2001:db8:80::1
# A path that joins keeps its own MTU; the kernel's dumps show that of the first path only.
in_r ip -6 route add 2001:db8:82::/48 via 2001:db8:2::1 mtu 1400
in_r ip -6 route append 2001:db8:82::/48 via 2001:db8:2::9
has_both() { [ "$(xfib -6 route show | grep -A2 "^$1" | grep -c 'via 2001:db8:2::[19] ')" = 2 ]; }
check "a path of another MTU joins" eventually 5 has_both 2001:db8:82::/48
check "which is no difference" xfib verify
in_r ip -6 route del 2001:db8:82::/48
arrives "both paths deleted at once" 'no route' 2001:db8:82::1
check "which is no difference" xfib verify
# What stands between two paths no dump of the kernel's names, until one of them goes.
in_r ip -6 route add 2001:db8:84::/48 via 2001:db8:2::1
in_r ip -6 route append blackhole 2001:db8:84::/48 metric 1024
in_r ip -6 route append 2001:db8:84::/48 via 2001:db8:2::9
check "a blackhole between the paths of a route" eventually 5 has_both 2001:db8:84::/48
hidden() { xfib -6 route show | grep -c '^blackhole 2001:db8:84::/48'; }
check_output "is held" 1 hidden
before=$(resyncs)
in_r ip link set ra mtu 1499
resynced() { [ "$(resyncs)" != "$before" ]; }
check "a full dump" eventually 5 resynced
check_output "does not take it away" 1 hidden
check "which is no difference" xfib verify
in_r ip -6 route del 2001:db8:84::/48 via 2001:db8:2::1
arrives "it comes to light when the first path goes" 'blackhole' 2001:db8:84::1
check "as the kernel has it" xfib verify
in_r ip -6 route del blackhole 2001:db8:84::/48 metric 1024
arrives "and it goes" 'via 2001:db8:2::9' 2001:db8:84::1
in_r ip link set ra mtu 1500
# To a route of an administrator's that says it is a router advertisement's, and lives for a while, too.
in_r ip -6 route add 2001:db8:83::/48 via 2001:db8:2::1 proto ra expires 1000
in_r ip -6 route append 2001:db8:83::/48 via 2001:db8:2::9
check "a path joins a route of proto ra" eventually 5 has_both 2001:db8:83::/48
check "which is no difference" xfib verify
# What is left when the first path goes never was a router advertisement's.
in_r ip -6 route del 2001:db8:83::/48 via 2001:db8:2::1
of_ra() { xfib -6 route show | grep '^2001:db8:83::/48' | grep -q 'proto ra'; }
check "the path that is left is of its own proto" eventually 5 eval '! of_ra'
check "as the kernel has it" xfib verify

# A route with a TOS comes before all without one, whatever its metric; others are chosen by their metrics among themselves.
in_r ip route add 100.81.0.0/16 via 10.0.2.1 metric 20
in_r ip route add 100.81.0.0/16 tos 0x10 via 10.0.1.1 metric 1024
in_r ip route add 100.81.0.0/16 via 10.0.1.1 metric 50
order() { xfib explain 100.81.1.1 | awk '$1 == "*" { $1 = ""; $0 = $0 } $1 == "100.81.0.0/16" { printf "%s ", $7 }'; }
check "a third route of one prefix" eventually 5 eval "order | grep -q ' 50 '"
check_output "routes with and without a TOS are in the kernel's order" "1024 20 50 " order
arrives "and the best one without is found" 'via 10.0.2.1 dev rb' 100.81.1.1

# The time of a process of `xfib get` is in it, and that of whatever else the machine does.
echo "# a change was seen after $fastest ms at the soonest"

# A burst of changes of every kind, then all is equal again.
gen -4 --count 2000 --via 10.0.2.9,10.0.1.1 --format ip-batch | sed 's/ add / replace /' >"$DIR/replace"
check "2,000 routes replaced" in_r ip -batch "$DIR/replace"
equal() { diff <(kernel_routes) <(xfib_routes); }
check "the RIB follows" eventually 3 equal
in_r ip link set ra down
check "a port down: the RIB follows" eventually 5 equal
in_r ip link set ra up
in_r ip -6 address replace 2001:db8:1::fe/64 dev ra
check "and up" eventually 5 equal
check "everything flushed" in_r ip route flush proto boot
check "the RIB follows" eventually 5 equal
check "few dumps were needed" \
	[ "$(resyncs)" -lt 10 ]

# A path is dead when its device has lost the last address, and lives again with the next one, of which no message says.
dead() { [ "$(xfib -j nexthop show | jq '[.[] | select(.gateway == "10.0.1.1" and ((.flags // []) | index("dead")))] | length')" = "$1" ]; }
in_r ip route add 100.82.0.0/16 nexthop via 10.0.1.1 nexthop via 10.0.2.1
in_r ip address del 10.0.1.254/24 dev ra
check "a path is dead without an address" eventually 5 dead 1
check "as the kernel has it" xfib verify
sleep 0.3 # a dump that this has asked for
before=$(resyncs)
in_r ip address add 10.0.1.254/24 dev ra
check "it lives again with one" eventually 5 dead 0
check "as the kernel has it" xfib verify
check_output "without a full dump" "$before" resyncs
finish
