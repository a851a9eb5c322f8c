#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# Random changes of every kind, in bursts; after each burst the RIB has to hold what the kernel holds, and `xfib get` to
# answer what `ip route get` answers. XFIB_SEED chooses other changes, XFIB_CHURN another number of bursts.
set -u
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/topology.sh"
trap topology__remove EXIT
topology__make "xfibc$$" || exit 1
seed=${XFIB_SEED:-$((RANDOM * 32768 + RANDOM))}
echo "# XFIB_SEED=$seed"
RANDOM=$seed
check "xfibd starts" xfibd__start ra rb
log=$DIR/commands

any() { local list=("$@"); printf '%s' "${list[RANDOM % ${#list[@]}]}"; }
prefix4() { any 100.64.0.0/10 100.64.0.0/16 100.64.1.0/24 100.64.1.128/25 100.64.1.129 100.65.0.0/16 default; }
prefix6() { any 2001:db8:64::/48 2001:db8:64:1::/64 2001:db8:64:1::5 2001:db8:65::/48 default; }
path4() { any "via 10.0.1.1" "via 10.0.2.1" "via 10.0.2.9" "dev ra" "dev rb" "via 10.0.2.1 src 10.0.2.253" "via inet6 2001:db8:2::9 dev rb" \
	"nexthop via 10.0.1.1 nexthop via 10.0.2.1" "nexthop via 10.0.2.1 weight 3 nexthop via 10.0.2.9 weight 5"; }
# Those without a gateway have a metric of their own: a dump of the kernel's leaves out what stands between the paths of
# a multipath route of the same metric (fib6_dump_node() goes on behind the last path).
path6() { any "via 2001:db8:1::1" "via 2001:db8:2::1" "via 2001:db8:2::9" \
	"nexthop via 2001:db8:1::1 nexthop via 2001:db8:2::1" "nexthop via 2001:db8:2::1 weight 3 nexthop via 2001:db8:2::9"; }
metric() { any "" "" "metric 10" "metric 20"; }
options() { any "" "" "proto bgp" "proto static" "mtu 1400"; }
special() { any blackhole unreachable prohibit throw; }

command_line() {
	case $((RANDOM % 23)) in
	[0-3]) echo "route $(any add replace append) $(prefix4) $(path4) $(metric) $(options)" ;;
	[4-7]) echo "-6 route $(any add replace append) $(prefix6) $(path6) $(metric) $(options)" ;;
	8 | 9) echo "route del $(prefix4) $(metric)" ;;
	10 | 11) echo "-6 route del $(prefix6) $(metric)" ;;
	12) echo "route $(any add replace) $(special) $(prefix4) $(metric)" ;;
	13) echo "-6 route $(any add replace) $(special) $(prefix6) metric 40" ;;
	14) echo "address $(any add del) 10.0.2.253/24 dev rb" ;;
	15) echo "-6 address $(any add del) 2001:db8:2::77/64 dev rb" ;;
	16) echo "link set $(any ra rb) $(any up up down)" ;;
	17) echo "link set rb mtu $(any 1500 1400)" ;;
	18) echo "route change $(prefix4) $(path4) $(metric)" ;;
	19) echo "address $(any add del) 192.0.2.77/32 dev lo" ;;
	20) echo "nexthop $(any "replace id 7 via 10.0.2.9 dev rb" "replace id 7 via 10.0.2.1 dev rb" "del id 7" "replace id 9 group 7")" ;;
	22) echo "-6 route $(any add replace del) $(prefix6) dev $(any ra rb) metric 30" ;;
	21) echo "route replace $(prefix4) nhid $(any 7 9) $(metric)" ;;
	esac
}

# Routes of all kinds, one line each, without what the two say in different words.
summary='.[] | [.type // "unicast", .dst, .metric // 0, .prefsrc // "-", (.metrics[0].mtu // .mtu // 0), .gateway // .via.host // "-", (.dev // "-"),
	(.nexthops // [] | map("\(.gateway // .via.host // "-") \(.dev) \(.weight)") | sort | join(","))] | join(" ")'
kernel_routes() { for f in -4 -6; do for t in main local; do in_r ip -j "$f" route show table "$t"; done; done | sed 's/^$/[]/' | jq -r "$summary" | sed 's/^blackhole \(.*\) lo /blackhole \1 - /' | sort; }
# IPv6 routes of special types name the loopback device in the kernel.
plain() { sed -E 's/^(blackhole|unreachable|prohibit|throw) (.*) lo /\1 \2 - /' | sort; }
xfib_routes() { for f in -4 -6; do for t in main local; do xfib -j "$f" route show table "$t"; done; done | jq -r "$summary" | sort; }
equal() { diff <(kernel_routes | plain) <(xfib_routes | plain); }

for a in 10.0.1.7 10.0.2.7 10.0.2.253 192.0.2.77 100.64.0.1 100.64.1.1 100.64.1.129 100.64.1.130 100.65.1.1 100.127.0.1 8.8.8.8 \
	2001:db8:1::7 2001:db8:2::77 2001:db8:64::1 2001:db8:64:1::5 2001:db8:64:1::6 2001:db8:65::1 2001:db8:99::1; do echo "$a"; done >"$DIR/addresses"
# Where paths are several the kernel takes one by its hash: those are compared by their prefix above.
line='select(.error == null) | "\(.dst) \(.gateway // .via.host // "-") \(.dev) \(.prefsrc // "-")"'
answers_equal() {
	local several
	several=$(xfib -j get - <"$DIR/addresses" | jq -r '.[] | select((.paths // 1) > 1) | .dst' | paste -sd'|')
	diff <(sed 's/^/route get /' "$DIR/addresses" | in_r ip -force -j -batch - 2>/dev/null | jq -r ".[] | $line" | grep -vE "^(${several:-none}) ") \
		<(xfib -j get - <"$DIR/addresses" | jq -r ".[] | $line" | grep -vE "^(${several:-none}) ")
}

for burst in $(seq "${XFIB_CHURN:-25}"); do
	: >"$log"
	for _ in $(seq 15); do
		command=$(command_line)
		# shellcheck disable=SC2086 # a list of words
		in_r ip $command 2>/dev/null && echo "$command" >>"$log"
	done
	check "burst $burst: the RIB is the kernel's" eventually 12 equal
	check "burst $burst: so are the answers" eventually 12 answers_equal
	[ $((burst % 5)) != 0 ] || check "burst $burst: their order too, and the FIB follows" xfib verify
	[ "$tap_failed" = 0 ] || { sed 's/^/# ip /' "$log"; break; }
done
check "xfibd is there" kill -0 "$(xfibd__pid)"
finish
