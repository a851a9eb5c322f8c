#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# TCP from A to B at full speed, by XDP, by TC and by the kernel, with the offloads of all devices on and off: not a byte is
# another one, and none is missing. The rates are printed, and judged by nobody. Then where checksums that are left to the
# devices lie deeper in the packets: behind extension headers, and in a tunnel.
#
#   XFIB_BYTES=N   in each of the streams (20000000); XFIB_SEED chooses them
set -u
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/topology.sh"
trap topology__remove EXIT
topology__make "xfibtcp$$" || exit 1
bytes=${XFIB_BYTES:-$((20000000 / ${XFIB_SLOW:-1}))} seed=${XFIB_SEED:-$RANDOM}
echo "# XFIB_SEED=$seed"

offloads() { # on, off
	local dev
	for dev in a0 b0; do
		# A device without XDP at its other end may send segments that are cut later, one with XDP may not.
		in_"${dev%0}" ethtool -K "$dev" tx "$1" gso "$1" gro "$1" tso "$1" >/dev/null 2>&1
	done
	for dev in ra rb; do in_r ethtool -K "$dev" tx "$1" gso "$1" gro "$1" tso "$1" >/dev/null 2>&1; done
}
attach() { # hook
	local dev
	for dev in ra rb; do [ "$1" = kernel ] || xfib attach "$dev" hook "$1" || return 1; done
}
detach() { for dev in ra rb; do xfib detach "$dev" || return 1; done; }

tunnel() { # noudpcsum, udpcsum: VXLAN, 172.16.0.1 and 172.16.0.2
	in_a ip link del vx 2>/dev/null
	in_b ip link del vx 2>/dev/null
	in_a ip link add vx type vxlan id 5 dstport 4789 local 10.0.1.1 remote 10.0.2.1 dev a0 "$1" &&
		in_b ip link add vx type vxlan id 5 dstport 4789 local 10.0.2.1 remote 10.0.1.1 dev b0 "$1" &&
		in_a ip address add 172.16.0.1/30 dev vx && in_b ip address add 172.16.0.2/30 dev vx &&
		in_a ip link set vx up && in_b ip link set vx up
}

check "xfibd starts" xfibd__start
in_a ping -q -c 1 -W 2 10.0.2.1 >/dev/null
in_a ping -q -c 1 -W 2 2001:db8:2::1 >/dev/null
for hook in kernel tc xdp; do
	check "$hook" attach "$hook"
	for setting in off on; do
		offloads $setting
		for address in 10.0.2.1 2001:db8:2::1; do
			before=$(reason forwarded)
			check "$hook, offloads $setting, to $address: every byte arrives" stream "$address" "$bytes"
			echo "# $(cat "$DIR/rate") MB/s, $(($(reason forwarded) - before)) packets by the fast path"
		done
	done
	# Single packets: of one that it has yet to cut, the kernel reads the TCP header in the wrong place then.
	offloads off
	in_a ethtool -K a0 tx on >/dev/null
	check "$hook, behind destination options: every byte arrives" stream 2001:db8:2::1 $((bytes / 4)) send-options
	offloads on
	for checksum in noudpcsum udpcsum; do
		check "a tunnel with $checksum" tunnel $checksum
		check "$hook, in the tunnel: every byte arrives" stream 172.16.0.2 $((bytes / 4))
	done
	[ "$hook" = kernel ] || check "$hook is taken away" detach
done
finish
