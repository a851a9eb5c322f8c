#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# Resilient next hop groups: each flow takes the next hop that the kernel's bucket of it leads to, when next hops go, come back
# or get other weights, at once or when their buckets are idle, whether the kernel tells of each or not.
# Which bucket a flow is in is learned from a group with a next hop for each: both choose by the same hash. XFIB_SEED: others.
set -u
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/topology.sh"
trap topology__remove EXIT
topology__make "xfibx$$" || exit 1
seed=${XFIB_SEED:-1}
FLOWS=500
BUCKETS=32
echo "# XFIB_SEED=$seed, $FLOWS flows"
in_r sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.ra.rp_filter=0 net.ipv4.fib_multipath_hash_policy=1
in_r sysctl -qw net.ipv6.fib_multipath_hash_policy=1

# Object FAMILY * 1000 + N is next hop N, whose MAC address ends with the number.
gateway() { [ "$1" = 4 ] && echo "10.77.0.$2" || printf 'fe80::77:%x\n' "$2"; }
add_nexthop() { echo "nexthop add id $(($1 * 1000 + $2)) via $(gateway "$1" "$2") dev rb $([ "$1" = 6 ] || echo onlink)"; }
for family in 4 6; do
	for ((n = 1; n <= BUCKETS; n++)); do
		printf 'neigh replace %s lladdr 02:00:00:00:00:%02x dev rb nud permanent\n' "$(gateway $family $n)" $n
		add_nexthop $family $n
	done
done | in_r ip -batch -
prefix() { [ "$1" = 4 ] && echo 203.0.113.0/24 || echo 2001:db8:100::/48; }
flows() { in_r "$BUILD/tests/tools/flows" ra "$1" l4 "$FLOWS" "$seed"; }
group() { # family, id, members, more words
	local family=$1 id=$(($1 * 1000 + $2)) member members=()
	for member in $3; do members+=("$((family * 1000 + ${member%,*}))$([ "${member#*,}" = "$member" ] || echo ",${member#*,}")"); done
	shift 3
	in_r ip nexthop replace id "$id" group "$(IFS=/ && echo "${members[*]}")" type resilient "$@"
}
# Lines "BUCKET MAC" of a group, as the kernel has it.
buckets() { in_r ip nexthop bucket show id "$(($1 * 1000 + $2))" |
	sed -n 's/.* index \([0-9]*\) .* nhid [0-9]\([0-9]*\).*/\1 \2/p' | while read -r bucket nexthop; do
	printf '%d 0200000000%02x\n' "$bucket" "$((10#$nexthop))"; done; }
# The path of each flow, by its bucket in $DIR/bucketsFAMILY and the kernel's table.
expected() { awk 'FILENAME == ARGV[1] { mac[$1] = $2; next } { print mac[$1] }' <(buckets "$1" "$2") "$DIR/buckets$1"; }
follows() { diff -q <(expected "$1" "$2") <(flows "$1") >/dev/null; }
moves() { awk '{ total++; moved += $1 != $2 } END { print moved + 0 }' <(paste "$1" "$2"); }
members() { [ "$(buckets "$1" "$2" | cut -d' ' -f2 | sort -u | wc -l)" = "$3" ]; }
resyncs() { in_r bpftool -j map dump pinned "$XFIB_PIN/xfib_state" | jq '.[0] | (.formatted // .).value.resyncs'; }
changes() { echo "$(($(resyncs) - before)) full dumps"; }

for mode in 1 0; do
	[ $mode = 1 ] && families=4 || families="6 4"
	in_r sysctl -qw net.ipv4.nexthop_compat_mode=$mode
	xfibd__stop
	check "mode $mode: xfibd starts" xfibd__start ra rb
	for family in $families; do
		# ---- which bucket each flow is in ----
		group $family 100 "$(seq -s' ' 1 $BUCKETS)" buckets $BUCKETS
		in_r ip -$family route replace "$(prefix $family)" nhid ${family}100
		one_each() { [ "$(flows $family | sort -u | wc -l)" = $BUCKETS ]; }
		check "IPv$family: a group with a next hop for each bucket" eventually 5 one_each
		awk 'FILENAME == ARGV[1] { bucket[$2] = $1; next } { print bucket[$1] }' <(buckets $family 100) <(flows $family) \
			>"$DIR/buckets$family"
		check_output "  as many of them as flows" "$FLOWS" grep -c . "$DIR/buckets$family"

		# ---- a group ----
		group $family 200 "1 2,2 3" buckets $BUCKETS idle_timer 1
		in_r ip -$family route replace "$(prefix $family)" nhid ${family}200
		check "  the kernel's path for every flow" eventually 5 follows $family 200
		sleep 0.3 # a dump that the start has asked for
		before=$(resyncs)
		flows $family >"$DIR/base"
		own=$(grep -c 020000000002 "$DIR/base")
		in_r ip nexthop del id $((family * 1000 + 2))
		check "  one that is deleted" eventually 5 follows $family 200
		check_output "  only its flows move" "$own" moves "$DIR/base" <(flows $family)
		add_nexthop $family 2 | in_r ip -batch -
		flows $family >"$DIR/base"
		group $family 200 "1 2,2 3"
		follows $family 200 # some are idle, and come back at once
		check "  one that comes back, when its buckets are idle" eventually 5 members $family 200 3
		check "    and no sooner for packets" eventually 5 follows $family 200

		# ---- buckets that move by themselves ----
		[ $mode$family != 04 ] || continue
		group $family 200 "1 2 3" idle_timer "${XFIB_SLOW:-1}"
		keep_busy() { for n in {1..200}; do echo "route get $(if [ $family = 4 ]; then echo "203.0.113.$n"; else echo "2001:db8:100::$n"; fi)"; done |
			in_r ip -batch - >/dev/null; }
		eventually 5 follows $family 200
		keep_busy
		group $family 200 "1,9 2 3"
		eventually 5 follows $family 200
		early=$(buckets $family 200 | grep -c 020000000001)
		late() { [ "$(buckets $family 200 | grep -c 020000000001)" -gt "$early" ]; }
		check "  buckets that go on when they are idle" eventually 5 late
		check "    and their flows with them" eventually 5 follows $family 200
		check_output "  all without a full dump" "0 full dumps" changes
		check "  xfib verify" xfib verify
	done
	# ---- a daemon that comes later ----
	xfibd__stop
	check "another xfibd starts" xfibd__start ra rb
	check "  each flow is in the bucket that it was in" eventually 5 follows 4 200
	for family in $families; do
		in_r ip -$family route del "$(prefix $family)"
		in_r ip nexthop del id ${family}100
		in_r ip nexthop del id ${family}200
	done
done

# ---- more buckets than there is room for ----
group 4 300 "1 2" buckets 4096
in_r ip route replace 203.0.113.0/24 nhid 4300
up() { [ "$(flows 4 | sort -u)" = - ]; }
check "packets by a group of 4096 buckets go up" eventually 5 up
check_match "  and the log says so" 'resilient next hop group 4300 has 4096 buckets' "$(cat "$DIR/xfibd.log")"
check_match "  xfib explain has the reason" 'unsupported_route' "$(xfib explain 203.0.113.1 from 198.51.100.1 iif ra proto udp)"
in_r ip nexthop del id 4300
group 4 300 "1 2" buckets 3072
in_r ip route replace 203.0.113.0/24 nhid 4300
some() { [ "$(flows 4 | sort -u | wc -l)" = 2 ] && ! flows 4 | grep -q '^-'; }
check "with 3072 they do not" eventually 5 some
in_b ip link set b0 down
eventually 5 up
check "and the carrier takes them along" up
finish
