#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# IPv6 routes that expire: xfib leaves them when the kernel does, which says nothing then; and those that router
# advertisements give a longer life, of which it says nothing either.
set -u
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/topology.sh"
trap topology__remove EXIT
topology__make "xfibl$$" || exit 1
in_r sysctl -qw net.ipv6.conf.rb.accept_ra=2 net.ipv6.conf.rb.accept_ra_defrtr=1
in_r ip -6 route add default via 2001:db8:1::1 metric 4096
check "xfibd starts" xfibd__start ra rb

kernel_device() { in_r ip -6 route get "$1" | sed -n 's/.* dev \([^ ]*\).*/\1/p' | head -n 1; }
device() { xfib -j -6 get "$1" | jq -r '.[0].dev // "none"'; }
both() { [ "$(kernel_device "$1")" = "$2" ] && [ "$(device "$1")" = "$2" ]; }
# Asked again and again until the kernel takes another device: how often xfib did not say the same.
differ_until() { # ADDRESS DEVICE
	local address=$1 wanted=$2 differing=0 before after
	for _ in $(seq 400); do
		before=$(kernel_device "$address")
		said=$(device "$address")
		after=$(kernel_device "$address")
		[ "$before" != "$after" ] || [ "$said" = "$after" ] || differing=$((differing + 1))
		[ "$after" != "$wanted" ] || break
		sleep 0.02
	done
	[ "$after" = "$wanted" ] || echo "the kernel never took $wanted"
	echo "$differing"
}
few() { echo "# differed $1 times"; [[ $1 =~ ^[0-2]$ ]]; } # one may be asked just when a life ends, to a hundredth of a second

# ---- routes that somebody adds for a while ----
in_r ip -6 route add 2001:db8:99::/48 via 2001:db8:2::1 expires 2
check "a route for two seconds" eventually 1 both 2001:db8:99::1 rb
check "is left when the kernel leaves it" few "$(differ_until 2001:db8:99::1 ra)"
check "and not before" both 2001:db8:99::1 ra
in_r ip -6 route add 2001:db8:98::/48 via 2001:db8:2::1 metric 10 expires 1
in_r ip -6 route add 2001:db8:98::/48 via 2001:db8:1::1 metric 20
check "one of two" eventually 1 both 2001:db8:98::1 rb
check "is left for the other" few "$(differ_until 2001:db8:98::1 ra)"

# ---- router advertisements ----
goes_up() { xfib explain 2600::1 from 2001:db8:1::1 iif ra proto udp | grep -q unsupported_route; }
advertise() { in_b "$BUILD/tests/tools/advertise" b0 "$1"; }
in_r ip monitor route >"$DIR/monitor" &
monitor=$!
check "a router advertises itself for three seconds" advertise 3
check "which is a default route" eventually 2 both 2600::1 rb
sleep 1
: >"$DIR/monitor"
check "and for six more" advertise 6
check "of which the kernel says nothing" [ ! -s "$DIR/monitor" ]
sleep 2.5
check "the route stays" eventually 1 both 2600::1 rb
check "to its end" few "$(differ_until 2600::1 ra)"
check "packets go up then, for it may come back" eventually 2 goes_up
check "ten seconds more" advertise 10
check "bring it back, though it had expired" eventually 10 both 2600::1 rb
kill "$monitor"
check "xfib verify" xfib verify
finish
