#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# A bond between the router and B: routes by it are mirrored, packets to it and from it arrive as they do without xfib, and
# what goes up to the kernel does so by a reason that is counted; members come and go, and the bond itself.
#
#   A ── ra  R  bond (rb, rc) ══ (b0, b1) bond  B        B's addresses are the bond's; see topology.sh
set -u
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../netns/topology.sh"
trap topology__remove EXIT
topology__make "xfibo$$" || exit 1
topology__link "$B" b1 10.9.1.1/24 2001:db8:91::1/64 rc 10.9.1.254/24 2001:db8:91::fe/64

# ---- a bond of two on each side: one link is used, the other when it fails ----
make_bond() { # NAMESPACE ADDRESS4 ADDRESS6 MEMBER…
	local namespace=$1 four=$2 six=$3 member
	shift 3
	ip -n "$namespace" link add bond type bond mode active-backup miimon 20
	for member; do
		ip -n "$namespace" address flush dev "$member"
		ip -n "$namespace" link set "$member" down
		ip -n "$namespace" link set "$member" master bond
	done
	ip -n "$namespace" link set bond up
	ip -n "$namespace" address add "$four" dev bond
	ip -n "$namespace" address add "$six" dev bond nodad
}
make_bonds() {
	make_bond "$B" 10.0.2.1/24 2001:db8:2::1/64 b0 b1 && make_bond "$R" 10.0.2.254/24 2001:db8:2::fe/64 rb rc &&
		in_b ip route replace default via 10.0.2.254 && in_b ip -6 route replace default via 2001:db8:2::fe
}
routes() {
	in_r ip route add 198.18.0.0/16 via 10.0.2.1
	in_r ip -6 route add 2001:db8:77::/48 via 2001:db8:2::1
}
in_b ip address add 198.18.0.1/32 dev lo
in_b ip address add 2001:db8:77::1/128 dev lo

line='"\(.dst) \(.gateway // "-") \(.dev) \(.prefsrc // "-")"'
addresses=(10.0.2.1 10.0.2.77 198.18.0.1 2001:db8:2::1 2001:db8:77::1)
kernel_says() { printf 'route get %s\n' "${addresses[@]}" | in_r ip -force -j -batch - 2>/dev/null | jq -r ".[] | $line"; }
xfib_says() { printf '%s\n' "${addresses[@]}" | xfib -j get - | jq -r ".[] | select(.error == null) | $line"; }
equal() { diff <(kernel_says) <(xfib_says); }
mirrored() { # how many of the addresses are reached
	check "$1: the answers are the kernel's" eventually 10 equal
	check_output "  $2 of them by the bond" "$2" grep -c ' bond ' < <(xfib_says)
}
pings() { in_a ping -q -c 3 -i 0.2 -W 2 "$1"; }
arrive() { # DESC: packets of both families get there and back
	local address
	for address in 10.0.2.1 198.18.0.1 2001:db8:2::1 2001:db8:77::1; do check "$1: $address" eventually 10 pings $address; done
}
link() { xfib -j link show "$1" | jq -r ".[0].$2"; }

check "xfibd starts" xfibd__start ra rb rc
check "bonds under a running daemon" make_bonds
check "routes by it" routes
mirrored "made under a running daemon" 5
arrive "by XDP"
check_output "a member is known to be one" true link rb enslaved

# ---- packets to the bond: by XDP where its driver takes them, else up ----
egress() { # the reason by which packets from A to the bond are counted
	[ "$(link bond redirect_target)" = true ] && echo forwarded || echo no_redirect
}
counted() { # REASON PORT COMMAND…: the command succeeds, and packets are counted so, three at least
	local reason=$1 port=$2 before
	shift 2
	before=$(reason "$reason" "$port")
	"$@" >/dev/null && [ "$(reason "$reason" "$port")" -ge $((before + 3)) ]
}
echo "# packets to the bond: $(egress)"
check "packets to it are counted: $(egress)" eventually 10 counted "$(egress)" ra pings 198.18.0.1
check "IPv6 too" eventually 10 counted "$(egress)" ra pings 2001:db8:77::1
# ---- packets from it: a member's are the bond's ----
active() { in_r cat /sys/class/net/bond/bonding/active_slave; }
check_output "the first member is the one in use" rb active
check "packets of a member go up, since they are the bond's" eventually 10 counted enslaved rb pings 198.18.0.1
check "IPv6 too" eventually 10 counted enslaved rb pings 2001:db8:77::1

# ---- the program at the bond itself ----
check "xfib attach bond hook tc" xfib attach bond hook tc
check "packets from the bond are forwarded" eventually 10 counted forwarded bond pings 198.18.0.1
check "IPv6 too" eventually 10 counted forwarded bond pings 2001:db8:77::1
xfib detach ra
check "xfib attach ra hook tc" xfib attach ra hook tc
check "packets to the bond too, by TC" eventually 10 counted forwarded ra pings 198.18.0.1
check "IPv6 too" eventually 10 counted forwarded ra pings 2001:db8:77::1
arrive "by TC"
check "nothing differs from the kernel" xfib verify

# ---- the link in use fails, and comes again ----
in_r ip link set rb down
uses() { [ "$(active)" = "$1" ]; }
check "a link fails: the other one is used" eventually 10 uses rc
arrive "by the other one"
mirrored "the routes are the same" 5
in_r ip link set rc down
check "both fail: the answers are the kernel's" eventually 10 equal
in_r ip link set rb up
check "the first one comes again" eventually 10 uses rb
arrive "by the first one"
in_r ip link set rc up

# ---- members leave and join ----
in_r ip link set rc nomaster
left() { [ "$(link rc enslaved)" = false ]; }
check "a member leaves" eventually 5 left
in_r ip address add 10.9.1.254/24 dev rc
in_r ip link set rc up
addresses+=(10.9.1.1)
mirrored "its own network is its own" 5
arrive "by the one that is left"
in_r ip address flush dev rc
in_r ip link set rc down
in_r ip link set rc master bond
joined() { [ "$(link rc enslaved)" = true ]; }
check "it joins again" eventually 5 joined
mirrored "as before" 5

# ---- other settings, and its end ----
in_r ip link set bond mtu 1400
mtu() { [ "$(link bond mtu)" = 1400 ]; }
check "its MTU changes" eventually 5 mtu
check "larger packets are told so" eventually 5 eval 'in_a ping -q -c 1 -W 1 -M do -s 1400 198.18.0.1 2>&1 | grep -q "+1 errors"'
in_r ip link set bond mtu 1500
in_r ip link set bond address 02:00:00:00:00:77
arrive "with another address"
xfib unload && xfibd__stop
check "xfibd starts with the bond" xfibd__start ra rb rc
mirrored "at its start" 5
arrive "by the new one"
in_r ip link del bond
check "without the bond its routes are gone" eventually 10 equal
check_output "all of them" 0 eval "xfib_says | grep -c ' bond ' || true"
check "nothing differs from the kernel" xfib verify
finish
