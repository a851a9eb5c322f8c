#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# A program with <xfib/bpf.h> that bpftool loads with the pinned maps, as docs/bpf.md says it.
set -u
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/topology.sh"
trap topology__remove EXIT
topology__make "xfibh$$" || exit 1
check "starts" xfibd__start
size() { bpftool -j map show pinned "$XFIB_PIN/$1" | jq ".$2"; }
compile() { # FLAGS: of the helper
	clang -g -O2 -target bpf -Wall -Werror -I"$ROOT/include" -I"/usr/include/$(cc -print-multiarch)" \
		-DXFIB_LINK_SLOTS="$(size xfib_links max_entries)" -DXFIB_FIB_SLOTS="$(size xfib_fibs max_entries)" \
		-DXFIB_FIB_MASK="$((($(size xfib_fib bytes_value) - 8) / 8 - 1))" -DXFIB_FIB_LOOKUP_FLAGS="$1" \
		-c "$ROOT/demo/xdp_forward.bpf.c" -o "$DIR/program.o"
}
load() { # PIN
	local maps=() name
	for name in xfib_rib4 xfib_rib6 xfib_nexthops xfib_neighbours xfib_links xfib_fib xfib_fibs xfib_state; do
		maps+=(map name "$name" pinned "$XFIB_PIN/$name")
	done
	bpftool prog load "$DIR/program.o" "$1" "${maps[@]}"
}
check "compiles with the sizes of the maps" compile 0x80000001u
check "loads with the maps" load "$DIR/bpf/program"
uses() { bpftool -j prog show pinned "$DIR/bpf/program" | jq -e --argjson id "$(size xfib_fib id)" '.map_ids | index($id)'; }
check "and uses them" uses
in_r ip link set dev ra xdp pinned "$DIR/bpf/program"
in_r ip link set dev rb xdp pinned "$DIR/bpf/program"
forwarded() { in_r awk '/^Ip: [0-9]/ { print $7 }' /proc/net/snmp; }
crosses() {
	local before
	in_a ping -qc 1 -W 1 10.0.2.1 >/dev/null
	before=$(forwarded)
	in_a ping -qc 5 -i 0.05 10.0.2.1 && [ "$(forwarded)" = "$before" ]
}
check "it forwards" eventually 5 crosses
check "compiles without flags" compile 0x0u
check "without the flag nothing is left but the call of the helper" load "$DIR/bpf/program2"
instructions() { bpftool -j prog show pinned "$1" | jq .bytes_xlated; }
check "it is far smaller" [ "$(instructions "$DIR/bpf/program2")" -lt "$(($(instructions "$DIR/bpf/program") / 2))" ]
finish
