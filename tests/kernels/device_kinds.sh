#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# Packets by every kind of device, as ingress and as egress, with the programs of xfib on all ports: what arrives without
# xfib arrives with it, by the fast path or by the kernel for a reason that has a name. Between R and B lies one device after
# another: bridge, bond, MACVLAN, tunnels, WireGuard, TUN and TAP, veth pairs that do not take redirected frames.
set -u
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../netns/topology.sh"
trap topology__remove EXIT
topology__make "xfibk$$" || exit 1

# Makes a pair of a kind: in R it is $dev, in B $peer.
cable=
kinds='veth bridge bond macvlan ipvlan gretap gre ipip sit ip6gre ip6tnl vxlan vxlan6 wireguard tun tap'
make_pair() { # kind
	local tunnel4='local 10.0.2.254 remote 10.0.2.1' peer4='local 10.0.2.1 remote 10.0.2.254'
	local tunnel6='local 2001:db8:2::fe remote 2001:db8:2::1' peer6='local 2001:db8:2::1 remote 2001:db8:2::fe'
	dev=k0 peer=k0
	case $1 in
	veth) # without XDP and GRO at B's end
		ip -n "$R" link add k0 type veth peer name k0 netns "$B"
		;;
	bridge) second_pair && in_r ip link add k0 type bridge && in_r ip link set k1 master k0 ;;
	bond)
		second_pair && in_r ip link set k1 down && in_r ip link add k0 type bond mode active-backup miimon 100 &&
			in_r ip link set k1 master k0
		;;
	macvlan) second_pair && in_r ip link add link k1 name k0 type macvlan mode bridge ;;
	ipvlan) second_pair && in_r ip link add link k1 name k0 type ipvlan mode l2 ;;
	gretap | gre | ipip | sit) # shellcheck disable=SC2086 # lists of words
		in_r ip link add k0 type "$1" $tunnel4 && in_b ip link add k0 type "$1" $peer4
		;;
	ip6gre) # shellcheck disable=SC2086
		in_r ip link add k0 type ip6gre $tunnel6 && in_b ip link add k0 type ip6gre $peer6
		;;
	ip6tnl) # shellcheck disable=SC2086
		in_r ip link add k0 type ip6tnl $tunnel6 mode any && in_b ip link add k0 type ip6tnl $peer6 mode any
		;;
	vxlan) # shellcheck disable=SC2086
		in_r ip link add k0 type vxlan id 7 $tunnel4 dstport 4789 && in_b ip link add k0 type vxlan id 7 $peer4 dstport 4789
		;;
	vxlan6) # shellcheck disable=SC2086
		in_r ip link add k0 type vxlan id 7 $tunnel6 dstport 4789 && in_b ip link add k0 type vxlan id 7 $peer6 dstport 4789
		;;
	wireguard) in_r ip link add k0 type wireguard && in_b ip link add k0 type wireguard && exchange_keys ;;
	tun | tap)
		"$BUILD/tests/tools/tun-pair" "$1" k0 "$R" "$B" &
		cable=$!
		disown "$cable" # its end is no news
		eventually 5 in_b ip link show k0
		;;
	*) return 1 ;;
	esac
}
exchange_keys() {
	local side
	for side in r b; do
		(umask 077 && wg genkey >"$DIR/$side.key") && wg pubkey <"$DIR/$side.key" >"$DIR/$side.pub" || return 1
	done
	in_r wg set k0 listen-port 51820 private-key "$DIR/r.key" peer "$(cat "$DIR/b.pub")" \
		allowed-ips 0.0.0.0/0,::/0 endpoint 10.0.2.1:51820 &&
		in_b wg set k0 listen-port 51820 private-key "$DIR/b.key" peer "$(cat "$DIR/r.pub")" \
			allowed-ips 0.0.0.0/0,::/0 endpoint 10.0.2.254:51820
}
# k1 in R, and k0 in B, which takes redirected frames.
second_pair() {
	ip -n "$R" link add k1 type veth peer name k0 netns "$B" || return 1
	in_b ethtool -K k0 tx off >/dev/null
	in_b ip link set dev k0 xdp obj "$BUILD/tests/tools/pass.bpf.o" sec xdp
	in_r ip link set k1 up
	in_b ip link set k0 up
}
number() {
	in_r ip link set "$dev" up && in_b ip link set "$peer" up || return 1
	in_r ip address add 10.0.9.254/24 dev "$dev" && in_b ip address add 10.0.9.1/24 dev "$peer" || return 1
	in_b ip route replace 10.0.1.0/24 via 10.0.9.254
	[ "$1" != ipip ] || return 0 # carries IPv4 only
	in_r ip address add 2001:db8:9::fe/64 dev "$dev" nodad && in_b ip address add 2001:db8:9::1/64 dev "$peer" nodad || return 1
	in_b ip route replace 2001:db8:1::/64 via 2001:db8:9::fe
}
# sit carries IPv6 only.
addresses() {
	[ "$1" = sit ] || echo 10.0.9.1
	[ "$1" = ipip ] || echo 2001:db8:9::1
}
remove_pair() {
	[ -z "$cable" ] || kill "$cable" 2>/dev/null
	cable=
	in_r ip link del k0 2>/dev/null
	in_r ip link del k1 2>/dev/null
	in_b ip link del k0 2>/dev/null
	in_b ip route replace 10.0.1.0/24 via 10.0.2.254
	in_b ip route replace 2001:db8:1::/64 via 2001:db8:2::fe
}

# All of 20 packets there and back, small and large ones; the first ones make neighbours known. A machine that is busy may
# lose one by chance, but not once more.
all_of() { in_a ping -q -c 20 -i 0.02 -W $((2 * ${XFIB_SLOW:-1})) -s "$2" "$1" | grep -q ' 20 received'; }
all_come() { all_of "$@" || all_of "$@"; }
traffic() { # kind
	local address
	for address in $(addresses "$1"); do
		eventually 5 in_a ping -q -c 1 -W 1 "$address" || { echo "$address: no answer"; xfib stats; return 1; }
		sleep 0.3 # until the daemon knows of the neighbours
		all_come "$address" 56 && all_come "$address" 1350 || { echo "$address: some packets are lost"; xfib stats; return 1; }
	done
}
# Those that do not take native XDP, which tunnels do not, are attached by TC.
attach() { # hook
	local port
	for port in ra rb k1 "$dev"; do
		in_r ip link show "$port" >/dev/null 2>&1 || continue
		[ "$1" = xdp ] && xfib attach "$port" hook xdp 2>/dev/null || xfib attach "$port" hook tc || return 1
	done
}
detach() {
	local port
	for port in ra rb k1 "$dev"; do
		! in_r ip link show "$port" >/dev/null 2>&1 || xfib detach "$port" >/dev/null 2>&1
	done
	return 0
}

check "xfibd starts" xfibd__start
for kind in $kinds; do
	if ! make_pair "$kind" >"$DIR/made" 2>&1 || ! number "$kind" >>"$DIR/made" 2>&1; then
		# Which of them a kernel has, its configuration says; those of Debian have all that are asked for here.
		[ -z "${XFIB_KERNEL:-}" ] || tap__result 1 "$kind" "$(cat "$DIR/made")"
		remove_pair
		continue
	fi
	check "$kind: packets come through without xfib" traffic "$kind"
	for hook in xdp tc; do
		check "$kind: the programs, by $hook where that goes" attach "$hook"
		before=$(reason forwarded)
		check "$kind, $hook: packets come through with xfib" traffic "$kind"
		echo "# $(($(reason forwarded) - before)) of them by the fast path; in all: $(xfib -j stats | jq -r '[.[] | select(.packets > 0) | "\(.reason) \(.packets)"] | join(", ")')"
		detach
	done
	remove_pair
done
finish
