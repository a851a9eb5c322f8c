# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# shellcheck shell=bash
# All that a running xfibd does, one after the other. Source it after topology.sh.
#
#   deeds                   makes it do so, with checks; it must run as: xfibd__start --fpm ra rb
#   forwards ADDRESS        a ping from A that R's programs forward, both ways
#   attached_id DEV         the XDP program that is attached there
#   program xdp|tc          the one that is pinned
#   has_route ADDRESS…      as xfib get finds it; has_no_route likewise
#   logged PATTERN          xfibd has said it

forwards() {
	local before
	in_a ping -q -c 1 -W 1 "$1" >/dev/null
	before=$(reason forwarded)
	in_a ping -q -c 1 -W 1 "$1" >/dev/null && [ "$(reason forwarded)" = $((before + 2)) ]
}
has_route() { xfib get "$@" >"$DIR/out" 2>&1; cat "$DIR/out"; grep -q " dev " "$DIR/out"; }
has_no_route() { ! has_route "$@"; }
has_link() { xfib link show "$1"; }
has_no_link() { ! has_link "$1"; }
attached_id() { in_r ip -j link show dev "$1" | jq '.[0].xdp.prog.id // 0'; }
program() { in_r bpftool -j prog show pinned "$XFIB_PIN/progs/$1" | jq .id; }
logged() { grep -qE "$1" "$DIR/xfibd.log"; }

deeds() {
	check "forwards" eventually 3 forwards 10.0.2.1
	in_r ip route add 198.51.100.0/24 via 10.0.2.1
	in_r ip route add 2001:db8:100::/48 via 2001:db8:2::1
	check "  routes come" eventually 3 has_route 198.51.100.1
	check "  IPv6 too" eventually 3 has_route 2001:db8:100::1
	in_b ip address add 198.51.100.1/32 dev lo
	check "  and forward" eventually 3 forwards 198.51.100.1
	in_r ip route del 198.51.100.0/24
	in_r ip route del 2001:db8:100::/48
	check "  and go" eventually 3 has_no_route 198.51.100.1
	in_r ip nexthop add id 7 via 10.0.2.1 dev rb
	in_r ip route add 198.51.100.0/24 nhid 7
	check "routes by next hop objects come" eventually 3 has_route 198.51.100.1
	in_r ip nexthop del id 7
	check "  and go" eventually 3 has_no_route 198.51.100.1
	in_r ip link add x0 type veth peer name x1
	in_r ip address add 203.0.113.1/24 dev x0
	in_r ip link set x0 up
	in_r ip link set x1 up
	check "links come" eventually 3 has_link x0
	check "  with their routes" eventually 3 has_route 203.0.113.9
	check "attach" xfib attach x0 mode generic
	check_output "  gives the program" "$(program xdp)" attached_id x0
	check "attach by TC" xfib attach x1 hook tc
	check "detach" xfib detach x0
	check_output "  takes it" 0 attached_id x0
	in_r ip link del x0
	check "links go" eventually 3 has_no_link x0
	check "a route of a table of xfib's own" xfib route add 192.0.2.0/24 via 10.0.2.1 dev rb table 1000
	check "  is found" has_route 192.0.2.1 table 1000
	check "a route of the kernel's by the socket" xfib route add 192.0.2.0/24 via 10.0.2.1 dev rb
	check "  is the kernel's" grep -q 10.0.2.1 <<<"$(in_r ip route show 192.0.2.0/24)"
	check "  and goes" xfib route del 192.0.2.0/24
	check "an FPM client" fills
	check "  fills its table" eventually 5 has_route 100.64.1.1 table 2620
	kill -HUP "$(xfibd__pid)"
	check "SIGHUP compares everything" eventually 3 logged 'SIGHUP'
	in_r ip neigh flush dev rb
	check "neighbours are asked for" eventually 5 forwards 10.0.2.1
	check "nothing went wrong" not_logged 'not permitted|denied|failed'
	check "verify finds no difference" xfib verify
}
not_logged() { ! grep -E "$1" "$DIR/xfibd.log"; }
fills() {
	: >"$DIR/client"
	ip netns exec "$R" "$BUILD/tests/tools/fpm-client" 2620 rb 10.0.2.1 <<<100.64.1.0/24 >"$DIR/client" 2>&1 &
	disown $!
	eventually 10 grep -q 'routes in' "$DIR/client"
}
