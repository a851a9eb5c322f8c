#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# xfib attach DEV via libxdp: beside programs of others, which come and go before and after it.
set -u
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../netns/topology.sh"
trap topology__remove EXIT
topology__make "xfibl$$" || exit 1
export LIBXDP_BPFFS=$DIR/bpf
other=$BUILD/tests/tools/count.bpf.o
loader() { in_r xdp-loader "$@"; }
check "xfibd starts" xfibd__start rb

pings() { # COUNT: of each family
	in_a ping -q -c "$1" -i 0.05 -W 2 10.0.2.1 >/dev/null && in_a ping -q -c "$1" -i 0.05 -W 2 2001:db8:2::1 >/dev/null
}
forwarded() { # packets from A that xfib forwards of ten
	local before
	pings 2 || return
	before=$(reason forwarded ra)
	pings 5 || return
	echo $(($(reason forwarded ra) - before))
}
# How many packets the program of somebody else's on a port has seen; of its BPF object's .bss.
seen() {
	local id
	id=$(bpftool -j prog show name count_packets | jq -r 'if type == "array" then .[0] else . end | .map_ids[0]')
	bpftool -j map dump id "$id" | jq '.[0].formatted.value[".bss"][0].packets // .[0].value[".bss"][0].packets'
}
sees_all() {
	local before
	before=$(seen) && pings 5 && [ $(($(seen) - before)) -ge 10 ]
}
shown() { xfib -j link show ra | jq -r '.[0] | "\(.hook) \(.mode) \(.via) \(.current)"'; }
programs() { loader status ra | grep -oE 'xfib_xdp|count_packets' | sort | xargs; }
attached() { in_r ip -j link show dev ra | jq '.[0] | has("xdp")'; }

# ---- with a libxdp that is too old for the kernel, or a kernel that is too old ----
works() { [[ $(uname -r) = 6.1.* ]] || [ -n "${XFIB_LIBXDP:-}" ]; } # XFIB_LIBXDP: says that it is 1.5.5 or newer
if ! works && ! xfib attach ra via libxdp 2>"$DIR/refused"; then
	case $(uname -r) in
	5.*) needs='from Linux 6.1 on' ;;
	*) needs='need libxdp 1.5.5' ;;
	esac
	check_match "is refused, which says what is needed" "refuses the program.*$needs; attach without it, or by hook tc" "$(cat "$DIR/refused")"
	check_output "nothing is attached" false attached
	check_not "nor pinned" ls -d "$XFIB_PIN-ports"/libxdp-* "$LIBXDP_BPFFS"/xdp/dispatch-*
	check "beside a program of somebody else's" loader load -m native ra "$other"
	check_status "likewise" 1 xfib attach ra via libxdp
	check_output "that one is left alone" count_packets programs
	check "it runs" sees_all
	check "and goes" loader unload ra --all
	check "without libxdp" xfib attach ra
	check_output "xfib forwards" 10 forwarded
	finish
	exit
fi
xfib detach ra 2>/dev/null

# ---- alone ----
check "xfib attach ra via libxdp" xfib attach ra via libxdp
check_output "link show says so" "xdp native libxdp true" shown
check_output "forwards" 10 forwarded
check "again is fine" xfib attach ra via libxdp
check_output "and adds no second one" xfib_xdp programs
check_status "attach without it is refused" 1 xfib attach ra
check_match "which names the way" 'via libxdp' "$ERR"
check_status "another mode is refused" 1 xfib attach ra mode generic via libxdp
check "xfib detach ra" xfib detach ra
check_output "nothing is left" false attached
check_not "nor pinned" ls -d "$XFIB_PIN-ports"/libxdp-* "$LIBXDP_BPFFS"/xdp/dispatch-*
check "again is fine" xfib detach ra

# ---- beside a program that was there before ----
check "a program of somebody else's" loader load -m native ra "$other"
check "xfib joins it" xfib attach ra via libxdp
check_output "both are there" "count_packets xfib_xdp" programs
check_output "xfib forwards" 10 forwarded
check "and the other one sees the packets" sees_all
check "xfib detach ra" xfib detach ra
check_output "leaves the other one" count_packets programs
check_output "which runs" 0 forwarded
check "and sees packets" sees_all
check_status "there is nothing of xfib's to detach" 1 xfib detach ra
check_output "that one is left alone" count_packets programs

# ---- another xfibd ----
check "xfib attach ra via libxdp" xfib attach ra via libxdp
xfibd__stop
check "another xfibd takes over" xfibd__start
check_match "and says what is to be done" "'xfib attach ra via libxdp' replaces it" "$(cat "$DIR/xfibd.log")"
check_output "until then the kernel forwards" 0 forwarded
check_output "link show says so" "xdp native libxdp false" shown
check "xfib attach ra via libxdp" xfib attach ra via libxdp
check_output "it is the only one of xfib's" "count_packets xfib_xdp" programs
check_output "forwards by the new maps" 10 forwarded
check "the other one sees the packets" sees_all

# ---- others that go and come ----
check "the other one goes" loader unload ra --id "$(bpftool -j prog show name count_packets | jq 'if type == "array" then .[0] else . end | .id')"
check_output "xfib's stays" xfib_xdp programs
check_output "and forwards" 10 forwarded
check "it comes again" loader load -m native ra "$other"
check_output "link show" "xdp native libxdp true" shown
check_output "xfib forwards" 10 forwarded
check "both run" sees_all
check "xfib unload" xfib unload
check_output "leaves the other one" count_packets programs
check_not "and nothing pinned" test -e "$XFIB_PIN-ports"
check "xfibd starts again" xfibd__start rb
check "the other one goes" loader unload ra --all

# ---- generic mode, and what cannot be joined ----
check "generic mode" xfib attach ra mode generic via libxdp
check_output "link show says so" "xdp generic libxdp true" shown
check_output "forwards" 10 forwarded
check "detach" xfib detach ra hook xdp
check_output "nothing is left" false attached
in_r ip link set dev ra xdp obj "$other" sec xdp
check_status "a program without a dispatcher" 1 xfib attach ra via libxdp
check_match "is left alone" "without libxdp's dispatcher" "$ERR"
in_r ip link set dev ra xdp off
check "xfib attach ra" xfib attach ra
check_status "is not joined either" 1 xfib attach ra via libxdp
check_match "which says why" 'xfib detach ra hook xdp' "$ERR"
check_output "and goes on forwarding" 10 forwarded
finish
