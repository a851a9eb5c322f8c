#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# Flows over 2 to 300 paths, by the kernel's hash policies: how they spread, that each keeps its path, and which ones move
# when a path goes. Packets are given to the program by BPF_PROG_RUN; the MAC address that they get tells the path.
# XFIB_SEED chooses other flows; the hash has the kernel's seed where there is that setting (Linux 6.11), else one of its own.
set -u
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/topology.sh"
trap topology__remove EXIT
topology__make "xfibw$$" || exit 1
seed=${XFIB_SEED:-1}
FLOWS=${XFIB_FLOWS:-100000}
echo "# XFIB_SEED=$seed, $FLOWS flows"
in_r sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.ra.rp_filter=0 net.ipv4.conf.default.rp_filter=0
in_r sysctl -qw net.ipv4.fib_multipath_hash_seed=$((seed + 77)) 2>/dev/null

# Next hops 1 to 300, with MAC addresses that end with their numbers.
gateway() { [ "$1" = 4 ] && echo "10.77.$(($2 / 256)).$(($2 % 256))" || printf 'fe80::77:%x\n' "$2"; }
for number in {1..300}; do
	printf -v lladdr '02:00:00:00:%02x:%02x' $((number / 256)) $((number % 256))
	echo "neigh replace $(gateway 4 "$number") lladdr $lladdr dev rb nud permanent"
	echo "neigh replace $(gateway 6 "$number") lladdr $lladdr dev rb nud permanent"
done | in_r ip -batch -

prefix() { [ "$1" = 4 ] && echo 203.0.113.0/24 || echo 2001:db8:100::/48; }
# Family and weights: the route by as many next hops. By xfib, for ip has no room for 300.
route() {
	local family=$1 number=0 weight words=()
	shift
	for weight; do
		number=$((number + 1))
		words+=(nexthop via "$(gateway "$family" $number)" dev rb weight "$weight")
		[ "$family" = 6 ] || words+=(onlink)
	done
	xfib route replace "$(prefix "$family")" "${words[@]}"
}
paths() { [ "$(xfib -j get "$(prefix "$1" | sed 's/0\/.*/1/; s/::\/.*/::1/')" | jq '.[0].paths // 1')" = "$2" ]; }
policy() { # family, policy, [fields]
	in_r sysctl -qw "net.ipv$1.fib_multipath_hash_policy=$2" ${3:+"net.ipv$1.fib_multipath_hash_fields=$3"}
	kill -HUP "$(xfibd__pid)" # or they are looked at ten seconds later
	is_policy() { [ "$(xfib -j status | jq ".[0].multipath_hash_policy$1")" = "$2" ]; }
	eventually 5 is_policy "$1" "$2"
}
flows() { in_r "$BUILD/tests/tools/flows" ra "$@"; }

# Of lines with MAC addresses: does each next hop get its share, by the weights that follow? To 5 %, and where so few flows
# are expected that chance alone makes that much, to five and a half of its standard deviations; on the average to 5 %.
spread() {
	awk -v weights="$*" '
		BEGIN { count = split(weights, weight); for (i = 1; i <= count; i++) total += weight[i] }
		{ hits[$1]++ }
		END {
			for (i = 1; i <= count; i++) {
				expected = NR * weight[i] / total
				seen = hits[sprintf("02000000%04x", i)]; sum += seen
				off = seen > expected ? seen - expected : expected - seen
				average += off / expected / count
				allowed = 5.5 * sqrt(expected); if (allowed < 0.05 * expected) allowed = 0.05 * expected
				if (off > allowed && !bad++) print "next hop " i ": " seen ", expected " expected
				if (off / expected > most) most = off / expected
			}
			printf "off by %.1f %% on the average, %.1f %% at most\n", average * 100, most * 100
			exit bad || average > 0.05 || sum != NR
		}'
}
spreads() { # family, kind, flows, weights
	local family=$1 kind=$2 count=$3
	shift 3
	flows "$family" "$kind" "$count" "$seed" | spread "$@"
}

check "xfibd starts" xfibd__start ra rb

# ---- how they spread ----
for family in 4 6; do
	for weights in "1 1" "1 2 5" "$(yes 1 | head -n 64 | paste -sd' ')" "$(yes 1 | head -n 300 | paste -sd' ')"; do
		count=$(wc -w <<<"$weights")
		# shellcheck disable=SC2086
		route $family $weights
		check "IPv$family: $count paths" eventually 5 paths $family "$count"
		for kind in l3:0 l4:1 inner:2 l4:3; do
			[ $count = 3 ] || [ $kind != l4:3 ] || continue
			policy $family "${kind#*:}" $([ "${kind#*:}" != 3 ] || echo 0x32)
			# shellcheck disable=SC2086
			check "IPv$family: $count paths, flows by $kind" spreads $family "${kind%:*}" \
				$((count > 200 ? FLOWS * 3 / 2 : FLOWS)) $weights
		done
	done
done
policy 6 0
route 6 $(yes 1 | head -n 100)
check "IPv6: 100 paths" eventually 5 paths 6 100
check "IPv6: by flow label" spreads 6 label "$FLOWS" $(yes 1 | head -n 100)

# ---- they keep their path ----
route 4 $(yes 1 | head -n 100)
route 6 $(yes 1 | head -n 100)
for family in 4 6; do
	eventually 5 paths $family 100
	for kind in l3:0 l4:1 inner:2; do
		policy $family "${kind#*:}"
		flows $family "${kind%:*}" 5000 "$seed" >"$DIR/base"
		for variant in ttl tos length; do
			check "IPv$family, $kind: the same path with another $variant" \
				diff -q "$DIR/base" <(flows $family "${kind%:*}" 5000 "$seed" $variant)
		done
	done
	policy $family 0
	flows $family l3 5000 "$seed" >"$DIR/base"
	check "IPv$family, l3: fragments go where the whole packet goes" diff -q "$DIR/base" <(flows $family l3 5000 "$seed" later)
	policy $family 1
	check "IPv$family, l4: the fragments of a datagram go one way" \
		diff -q <(flows $family l4 5000 "$seed" first) <(flows $family l4 5000 "$seed" later)
	check_output "IPv$family, l4: for they have no ports" 1 \
		sh -c "ip netns exec $R $BUILD/tests/tools/flows ra $family l4 500 $seed first | sort -u | wc -l"
done

# ---- a path goes ----
# Lines of before and after: how many flows of the path $1 moved, how many of others, how many there are.
moved() {
	paste "$DIR/base" - | awk -v gone="$1" '
		$1 == gone { own += $1 != $2; next } { others += $1 != $2 } END { print own + 0, others + 0, NR }'
}
policy 4 1
policy 6 1
for family in 4 6; do
	for number in {1..8}; do in_r ip nexthop replace id $((family * 100 + number)) via "$(gateway $family "$number")" dev rb \
		$([ $family = 6 ] || echo onlink); done
	in_r ip nexthop replace id $((family * 100)) group "$(for i in {1..8}; do echo $((family * 100 + i)); done | paste -sd/)"
	in_r ip -$family route replace "$(prefix $family)" nhid $((family * 100))
	check "IPv$family: a group of next hop objects" eventually 5 paths $family 8
	flows $family l4 20000 "$seed" >"$DIR/base"
	own=$(grep -c 020000000003 "$DIR/base")
	in_r ip neigh replace "$(gateway $family 3)" dev rb nud failed
	fails() { xfib nexthop show | grep -q "$(gateway $family 3) .* failed"; }
	check "a gateway fails" eventually 20 fails
	check_output "its flows move, and no other" "$own 0 20000" moved 020000000003 < <(flows $family l4 20000 "$seed")
	check_output "all to the next one" "020000000004" \
		awk '$1 == "020000000003" { print $2 }' <(paste "$DIR/base" <(flows $family l4 20000 "$seed") | sort -u)
	in_r ip neigh replace "$(gateway $family 3)" lladdr 02:00:00:00:00:03 dev rb nud permanent
	back() { ! fails; }
	check "the gateway is back" eventually 5 back
	check_output "and its flows" "0 0 20000" moved 020000000003 < <(flows $family l4 20000 "$seed")
	in_r ip nexthop del id $((family * 100 + 3))
	check "a next hop is deleted" eventually 5 paths $family 7
	read -r first others _ < <(moved 020000000003 < <(flows $family l4 20000 "$seed"))
	echo "# moved: $first of it, $others of others"
	check "all of its flows move" [ "$first" = "$own" ]
	check "and fewer than half of the others" [ "$others" -lt 8750 ]
done

# ---- IPv4 paths that are not objects: by fib_multipath_use_neigh ----
route 4 1 1 1 1
check "four paths" eventually 5 paths 4 4
flows 4 l4 20000 "$seed" >"$DIR/base"
own=$(grep -c 020000000002 "$DIR/base")
in_r ip neigh replace "$(gateway 4 2)" dev rb nud failed
goes_up() { [ "$(flows 4 l4 20000 "$seed" | grep -c '^-')" = "$own" ]; }
check "packets by a gateway that has failed go up to the kernel" eventually 5 goes_up
check_output "no other flow moves" "$own 0 20000" moved 020000000002 < <(flows 4 l4 20000 "$seed")
in_r sysctl -qw net.ipv4.fib_multipath_use_neigh=1
kill -HUP "$(xfibd__pid)"
none_up() { ! flows 4 l4 20000 "$seed" | grep -q '^-'; }
check "with fib_multipath_use_neigh none does" eventually 5 none_up
check_output "they go by the next path, and no other flow moves" "$own 0 20000" moved 020000000002 < <(flows 4 l4 20000 "$seed")
in_r sysctl -qw net.ipv4.fib_multipath_use_neigh=0
kill -HUP "$(xfibd__pid)"
check "and up again without it" eventually 5 goes_up

# ---- the daemon is started anew ----
in_r ip neigh replace "$(gateway 4 2)" lladdr 02:00:00:00:00:02 dev rb nud permanent
eventually 5 none_up
flows 4 l4 20000 "$seed" >"$DIR/base"
xfibd__stop
check "another xfibd starts" xfibd__start ra rb
check "and every flow keeps its path" diff -q "$DIR/base" <(flows 4 l4 20000 "$seed")

check_match "xfib status says the policy" 'hash policy, IPv4 +1 .*addresses, protocol and ports' "$(xfib status)"
check_match "xfib explain too" 'one of 4 paths, by weight and a hash of addresses, protocol and ports' "$(xfib explain 203.0.113.1)"
finish
