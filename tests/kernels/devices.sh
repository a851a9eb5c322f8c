#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# Devices whose modules the machine may lack, and a kernel in the emulator has: VLAN, VRF, bond, MACVLAN, bridge, dummy.
# Made under a running daemon and before its start, with routes by them: the mirror holds these, `xfib get` answers what
# `ip route get` answers, packets arrive, and when the devices go their routes do.
set -u
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../netns/topology.sh"
trap topology__remove EXIT
topology__make "xfibd$$" || exit 1

devices() {
	cat <<-END
	link add dum type dummy
	link add link rb name rb.10 type vlan id 10
	link add bond type bond mode active-backup miimon 100
	link add b1 type dummy
	link set b1 master bond
	link add link rb name mac type macvlan mode bridge
	link add bridge type bridge
	link add p1 type dummy
	link set p1 master bridge
	link add red type vrf table 100
	link add r1 type dummy
	link set r1 master red
	END
	local dev
	for dev in dum rb.10 b1 bond mac p1 bridge red r1; do echo "link set $dev up"; done
	cat <<-END
	address add 10.10.1.1/24 dev dum
	address add 10.10.2.254/24 dev rb.10
	address add 10.10.3.1/24 dev bond
	address add 10.10.4.1/24 dev mac
	address add 10.10.5.1/24 dev bridge
	address add 10.10.6.1/24 dev r1
	address add 2001:db8:a1::1/64 dev dum
	address add 2001:db8:a2::fe/64 dev rb.10
	address add 2001:db8:a3::1/64 dev bond
	address add 2001:db8:a4::1/64 dev mac
	address add 2001:db8:a5::1/64 dev bridge
	address add 2001:db8:a6::1/64 dev r1
	route add 198.18.1.0/24 via 10.10.1.9
	route add 198.18.2.0/24 via 10.10.2.1
	route add 198.18.3.0/24 via 10.10.3.9
	route add 198.18.4.0/24 via 10.10.4.9
	route add 198.18.5.0/24 via 10.10.5.9
	route add 198.18.6.0/24 via 10.10.6.9 dev r1 table 100
	-4 route add unreachable default metric 4278198272 table 100
	-6 route add unreachable default metric 4278198272 table 100
	route add 2001:db8:b1::/48 via 2001:db8:a1::9
	route add 2001:db8:b2::/48 via 2001:db8:a2::1
	route add 2001:db8:b3::/48 via 2001:db8:a3::9
	route add 2001:db8:b4::/48 via 2001:db8:a4::9
	route add 2001:db8:b5::/48 via 2001:db8:a5::9
	route add 2001:db8:b6::/48 via 2001:db8:a6::9 dev r1 table 100
	END
}
addresses=(10.10.{1,2,3,4,5,6}.7 198.18.{1,2,3,4,5,6}.1 10.0.2.7 198.18.7.1 2001:db8:{a1,a2,a3,a4,a5,a6}::7 2001:db8:{b1,b2,b3,b4,b5,b6}::1)
line='select(.error == null) | "\(.dst) \(.gateway // .via.host // "-") \(.dev) \(.prefsrc // "-")"'
kernel_says() { printf 'route get %s\n' "${addresses[@]/%/ $*}" | in_r ip -force -j -batch - 2>/dev/null | jq -r ".[] | $line"; }
xfib_says() { printf '%s\n' "${addresses[@]}" | xfib -j get - "$@" | jq -r ".[] | $line"; }
equal() { diff <(kernel_says "$@") <(xfib_says "$@"); }
answers() { # how many addresses have an answer there, and it is the same
	check "$1: the answers are the kernel's" eventually 10 equal
	check_output "  $2 of them" "$2" wc -l < <(xfib_says)
	check "$1: those of the VRF too" eventually 10 equal vrf red
	check_output "  $3 of them" "$3" wc -l < <(xfib_says vrf red)
}

check "xfibd starts" xfibd__start ra rb
while read -r command; do
	case $command in # shellcheck disable=SC2086 # lists of words
	link\ add*) check "ip $command" in_r ip $command ;;
	*) in_r ip $command || tap__result 1 "ip $command" ;;
	esac
done < <(devices)
answers "under a running daemon" 21 4
check "the bond is there by its kind" jq -e 'any(.[]; .ifname == "bond")' <<<"$(xfib -j link show)"
xfib unload && xfibd__stop
check "xfibd starts with all of them" xfibd__start ra rb
answers "at its start" 21 4

# Packets to and from the VLAN go up to the kernel, which tags them.
in_b ip link add link b0 name b0.10 type vlan id 10
in_b ip link set b0.10 up
in_b ip address add 10.10.2.1/24 dev b0.10
in_b ip address add 2001:db8:a2::1/64 dev b0.10 nodad
in_b ip route add 10.0.1.0/24 via 10.10.2.254
check "packets to a VLAN arrive" eventually 5 in_a ping -q -c 1 -W 1 10.10.2.1
check "IPv6 too" eventually 5 in_a ping -q -c 1 -W 1 2001:db8:a2::1
check "packets beside it are forwarded" eventually 5 in_a ping -q -c 1 -W 1 10.0.2.1

# Programs of others: xfib_fib_lookup() answers as the helper does, by all of these devices and from each.
number=1
for dev in dum rb.10 bond mac bridge r1; do
	in_r ip neigh replace "10.10.$number.9" lladdr 02:00:00:00:00:09 dev "$dev" nud permanent
	in_r ip neigh replace "2001:db8:a$number::9" lladdr 02:00:00:00:00:0a dev "$dev" nud permanent
	number=$((number + 1))
done
prefixes() {
	local family
	for family in -4 -6; do
		in_r ip "$family" route show table all | grep -vE '(fe80|ff00)::' | sed -E 's/^(local|broadcast|unreachable|anycast|multicast) //; s/^default/::\/0/'
	done
}
# Before Linux 5.12 every answer is the helper's, who says one thing or the other of the same packet from a VRF on 5.10.
[ "$(printf '%s\n' 5.12 "$(uname -r)" | sort -V | head -n 1)" = 5.12 ] || export XFIB_WITHOUT="red r1 "
for hook in xdp tc; do
	check "$hook: xfib_fib_lookup() is bpf_fib_lookup()" \
		sh -c 'exec ip netns exec "$0" "$1" "$2" 20000' "$R" "$BUILD/tests/tools/fibcompare" "$hook" < <(prefixes)
done

for dev in dum rb.10 bond mac bridge r1 red; do in_r ip link del "$dev"; done
equal_main() { equal && [ "$(xfib_says | wc -l)" = 1 ]; }
check "without the devices their routes are gone" eventually 10 equal_main
finish
