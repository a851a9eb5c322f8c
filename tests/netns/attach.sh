#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# The ways in that users know: xfib attach, ip link, tc; and what bpftool shows of the maps.
set -u
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/topology.sh"
trap topology__remove EXIT
topology__make "xfiba$$" || exit 1
check "starts without ports" xfibd__start

# Packets from A that were counted for a reason while A pinged B of both families, with the neighbours known.
counted() {
	local before
	in_a ping -q -c 2 -i 0.1 -W 1 10.0.2.1 >/dev/null && in_a ping -q -c 2 -i 0.1 -W 1 2001:db8:2::1 >/dev/null || return 1
	before=$(reason "$1" ra)
	in_a ping -q -c 5 -i 0.02 -W 1 10.0.2.1 >/dev/null && in_a ping -q -c 5 -i 0.02 -W 1 2001:db8:2::1 >/dev/null || return 1
	echo $(($(reason "$1" ra) - before))
}
attached() { xfib -j link show "$1" | jq -r '.[0].hook // "none"'; }

check_output "nothing attached: the kernel forwards" 0 counted forwarded

# ---- xfib attach ----

check "xfib attach ra" xfib attach ra
check "xfib attach rb" xfib attach rb
check "again is fine" xfib attach rb
check_output "forwards by XDP" 10 counted forwarded
check_match "ip link shows the program" 'prog/xdp' "$(in_r ip link show dev ra)"
check "xfib detach ra" xfib detach ra
check "again is fine" xfib detach ra
check_output "detached: nothing counted" 0 counted forwarded
check "xfib attach ra mode generic" xfib attach ra mode generic
check_match "ip link shows generic" 'xdpgeneric' "$(in_r ip link show dev ra)"
check_output "forwards in generic mode" 10 counted forwarded
check "xfib attach ra mode native replaces it" xfib attach ra mode native
check_not "generic is gone" grep -q xdpgeneric <<<"$(in_r ip link show dev ra)"
check "detach" xfib detach ra

check_status "no native XDP, and no other is asked for" 1 xfib attach lo
check_match "  it says what can be" 'no native XDP: ask for mode generic or auto, or hook tc' "$ERR"
check "mode auto falls back" xfib attach lo mode auto
check_output "  to generic" generic sh -c 'ip netns exec "$0" "$1" -j link show lo | jq -r ".[0].mode"' "$R" "$BUILD/xfib"
check "detach" xfib detach lo

check "xfib attach ra hook clsact" xfib attach ra hook clsact
check_output "forwards by TC" 10 counted forwarded
check_match "tc shows the filter" 'xfib_tc' "$(in_r tc filter show dev ra ingress)"
check_output "xfib knows it" tc attached ra
check "xfib attach ra hook tc takes the filter that is there" xfib attach ra hook tc
check_output "xfib knows it" tc attached ra
check "xfib detach ra hook tc" xfib detach ra hook tc
check_output "detached: nothing counted" 0 counted forwarded

# ---- TCX, from Linux 6.6 on ----

ports=$XFIB_PIN-ports
check "xfib attach ra hook tc" xfib attach ra hook tc
check_output "forwards by TC" 10 counted forwarded
has_tcx() { [ "$(printf '%s\n' 6.6 "$(uname -r)" | sort -V | head -n 1)" = 6.6 ]; }
if has_tcx; then
	check_output "it is TCX" tcx attached ra
	check_output "and no filter" "" in_r tc filter show dev ra ingress
	check_output "its link is pinned" 1 sh -c 'ls "$0" | grep -c "^tcx-"' "$ports"
	check "again is fine" xfib attach ra hook tcx
	links() { bpftool -j link show | jq --argjson id "$(bpftool -j prog show pinned "$XFIB_PIN/progs/tc" | jq .id)" \
		'[.[] | select(.prog_id == $id)] | length'; }
	check_output "and adds no second one" 1 links
	xfibd__stop
	check "another xfibd takes over" xfibd__start
	check_output "it is attached as before" tcx attached ra
	check_output "forwards by the new maps" 10 counted forwarded
	check "xfib detach ra hook tcx" xfib detach ra hook tcx
	check_output "detached: nothing counted" 0 counted forwarded
	check_not "nothing is left of it" grep -E 'tcx|-ra$' <<<"$(ls "$ports")"
	check "XDP and TCX" xfib attach ra
	check "at the same time" xfib attach ra hook tcx
	check_output "xfib knows both" xdp+tcx attached ra
	check "xfib detach ra takes both" xfib detach ra
	check_output "none is left" none attached ra
	ip -n "$R" link add gone type veth peer name gone2
	check "a device" xfib attach gone hook tcx
	ip -n "$R" link del gone
	ip -n "$R" link add gone type veth peer name gone2
	is_tcx() { [ "$(attached gone)" = tcx ]; }
	check "that has come anew has a program of its own" eventually 5 is_tcx
	check "xfib unload" xfib unload
	check_not "leaves nothing pinned" test -e "$ports"
	ip -n "$R" link del gone
	check "xfibd starts again" xfibd__start
else
	check_output "it is clsact" tc attached ra
	check_status "there is no TCX" 1 xfib attach rb hook tcx
	check_match "it says since when" 'Linux 6.6' "$ERR"
	check "xfib detach ra" xfib detach ra
	check "xfib detach rb" xfib detach rb
fi

# ---- ip link ----

pin=$XFIB_PIN
check "ip link set xdp pinned" in_r ip link set dev ra xdp pinned "$pin/progs/xdp"
check_output "forwards" 10 counted forwarded
check_output "xfib knows it" xdp attached ra
check "ip link set xdp off" in_r ip link set dev ra xdp off
check_output "off" none attached ra

check "ip link set xdp obj … sec xdp loads" in_r ip link set dev ra xdp obj "$BUILD/bpf/xfib.bpf.o" sec xdp
check_output "passes traffic up, its maps being its own" 0 counted forwarded
check_output "is not the instance's" none attached ra
check_status "is left alone by attach" 1 xfib attach ra
check_match "which says so" 'another XDP program' "$ERR"
check_status "and by detach" 1 xfib detach ra
check_match "which says so" "not this instance's" "$ERR"
check "off" in_r ip link set dev ra xdp off

# ---- tc ----

in_r tc qdisc replace dev ra clsact
check "tc filter add … bpf da pinned" in_r tc filter add dev ra ingress bpf da pinned "$pin/progs/tc"
check_output "forwards" 10 counted forwarded
check_output "xfib knows it" tc attached ra
check "xfib attach ra hook tc is fine" xfib attach ra hook tc
check_output "and adds no second one" 1 grep -c xfib_tc <<<"$(in_r tc filter show dev ra ingress | grep 'name xfib_tc\|xfib_tc')"
check "xfib detach ra removes it" xfib detach ra
check_output "detached: nothing counted" 0 counted forwarded
check_output "no filter is left" "" in_r tc filter show dev ra ingress
check "tc filter add … bpf da obj … sec tc loads" in_r tc filter add dev ra ingress bpf da obj "$BUILD/bpf/xfib.bpf.o" sec tc
check_output "passes traffic up" 0 counted forwarded
in_r tc qdisc del dev ra clsact

# ---- truncated frames by TC: BPF_PROG_RUN does not take them ----
check "xfib attach ra hook tc" xfib attach ra hook tc
mac=$(in_r cat /sys/class/net/ra/address)
truncated() { # HEX…: the frame is counted as truncated
	local before
	before=$(reason truncated ra)
	in_a "$BUILD/tests/tools/inject" a0 "$mac" 020000000001 "$@" || return 1
	[ "$(reason truncated ra)" = $((before + 1)) ]
}
check "IPv4, no header at all" truncated 0800
check "IPv4, 19 bytes of a header" truncated 0800 4500003012340000401100000a0001010a0002
check "IPv6, no header at all" truncated 86dd
check "IPv6, 39 bytes of a header" truncated 86dd 6000000000001140 20010db8000100000000000000000001 20010db80002000000000000000000
check "IPv4, shorter than its total length" truncated 0800 4500003012340000401100000a0001010a000201 0001
check "xfib detach ra" xfib detach ra

# ---- libxdp: tests/kernels/libxdp.sh is about kernels on which it works ----
export LIBXDP_BPFFS=$DIR/bpf
if xfib attach ra via libxdp 2>"$DIR/error"; then
	check_match "xfib attach ra via libxdp" 'via libxdp' "$(xfib link show ra)"
	check "detach" xfib detach ra
elif grep -q 'libxdp cannot be loaded' "$DIR/error"; then
	check_match "without libxdp that is said" 'libxdp1' "$(cat "$DIR/error")"
	check_output "it is not there" '' find /usr/lib /usr/local/lib -name 'libxdp.so.1*'
else
	check_match "libxdp is refused by the kernel" 'no BPF extension programs for libxdp|the kernel refuses the program' "$(cat "$DIR/error")"
fi
check_output "nothing is attached" none attached ra
check_not "or remembered" ls -A "$ports"

# ---- other programs are left alone ----

in_r ip link set dev ra xdp obj "$BUILD/tests/tools/pass.bpf.o" sec xdp
check_status "attach to a port with another program fails" 1 xfib attach ra
check_match "and says so" 'another XDP program' "$ERR"
check_status "detach leaves it alone" 1 xfib detach ra hook xdp
check_match "it is still there" 'xdp' "$(in_r ip link show dev ra)"
# ---- but by force ----

program_of() { in_r ip -j link show dev ra | jq -r '.[0].xdp.prog.id // 0'; }
foreign=$(program_of)
check "force replaces it" xfib attach ra force
check_output "forwards" 10 counted forwarded
check_output "xfib knows it" xdp attached ra
check "detach" xfib detach ra
check_output "puts it back" "$foreign" program_of
check_not "and keeps nothing" test -e "$ports"
check "replaced again" xfib attach ra force
xfibd__stop
check "another xfibd takes over" xfibd__start
check_output "with its program" 10 counted forwarded
check "detach" xfib detach ra
check_output "puts it back all the same" "$foreign" program_of
check "replaced, in another mode" xfib attach ra force mode generic
check_match "generic" 'xdpgeneric' "$(in_r ip link show dev ra)"
check "unload" xfib unload
check_output "puts it back" "$foreign" program_of
check_not "and leaves nothing" test -e "$ports"
check "xfibd starts again" xfibd__start
check "replaced" xfib attach ra force
in_r ip link set dev ra xdp off
check "and taken off by somebody" xfib attach ra
check "detach" xfib detach ra
check_output "brings nothing back that had gone" 0 program_of
check_status "a device without native XDP" 1 xfib attach nodevice
check_match "unknown device is named" "nodevice" "$ERR"

# ---- bpftool ----

dump() { in_r bpftool map dump pinned "$pin/$1"; }
check_match "xfib_rib4 reads in words" '"prefix_length": 24' "$(dump xfib_rib4)"
check_match "xfib_rib6 reads in words" '"prefix_length": 64' "$(dump xfib_rib6)"
check_match "xfib_state reads in words" "\"layout\": $(awk '$2 == "XFIB_LAYOUT" { print $3 }' "$ROOT/include/xfib/abi.h")" "$(dump xfib_state)"
check_match "xfib_links reads in words" '"ifindex": [1-9]' "$(dump xfib_links)"
check_match "xfib_neighbours reads in words" '"family": 2' "$(dump xfib_neighbours)"
check_output "the pin directory is the owner's alone" 700 in_r stat -c %a "$pin"
finish
