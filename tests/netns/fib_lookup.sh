#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# xfib_fib_lookup() answers as bpf_fib_lookup() does, whatever is asked (tests/tools/fibcompare.c). XFIB_LOOKUPS: how many
# questions for each hook.
set -u
XFIB_SLOW=${XFIB_SLOW:-1}
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/topology.sh"
trap topology__remove EXIT
topology__make "xfibl$$" || exit 1
count=${XFIB_LOOKUPS:-$((XFIB_SLOW > 1 ? 20000 : 1000000))}

# Beside ra and rb: a small and a large MTU, no forwarding, no address, down, no carrier.
for dev in small large closed bare off lost; do
	ip -n "$R" link add "$dev" type veth peer name "peer_$dev"
	ip -n "$R" link set "peer_$dev" up
	ip -n "$R" link set "$dev" up
done
ip -n "$R" link set small mtu 1300
ip -n "$R" link set large mtu 9000
number=10
for dev in small large closed off lost; do
	ip -n "$R" address add "10.$number.0.254/24" dev "$dev"
	ip -n "$R" address add "2001:db8:$number::fe/64" dev "$dev" nodad
	ip -n "$R" neigh add "10.$number.0.1" lladdr "02:00:00:00:$number:01" dev "$dev" nud permanent
	ip -n "$R" neigh add "2001:db8:$number::1" lladdr "02:00:00:00:$number:02" dev "$dev" nud permanent
	number=$((number + 1))
done
in_r sysctl -qw net.ipv4.conf.closed.forwarding=0 net.ipv6.conf.closed.forwarding=0 net.ipv6.conf.small.mtu=1280
ip -n "$R" link set off down
ip -n "$R" link set peer_lost down
in_r sysctl -qw net.ipv4.conf.lost.ignore_routes_with_linkdown=1

# Neighbours in every state.
ip -n "$R" neigh add 10.0.2.7 lladdr 02:00:00:00:00:07 dev rb nud stale
ip -n "$R" neigh add 10.0.2.8 dev rb nud failed
ip -n "$R" neigh add 10.0.2.9 lladdr 02:00:00:00:00:09 dev rb nud reachable
ip -n "$R" neigh add 10.0.2.10 lladdr 02:00:00:00:00:10 dev rb nud noarp
ip -n "$R" neigh add 2001:db8:2::7 lladdr 02:00:00:00:00:07 dev rb nud stale
ip -n "$R" neigh add 2001:db8:2::9 lladdr 02:00:00:00:00:09 dev rb nud reachable
# And that of most routes for good, or the helper is asked of all of them once it is forgotten.
mac=$(in_b cat /sys/class/net/b0/address)
ip -n "$R" neigh replace 10.0.2.1 lladdr "$mac" dev rb nud permanent
ip -n "$R" neigh replace 2001:db8:2::1 lladdr "$mac" dev rb nud permanent

routes() { sed -E '/^ *(#|$)/d' <<-END
	# by gateways: resolved, stale, unknown, of the other family
	route add 20.0.0.0/8 via 10.0.2.1
	route add 20.1.0.0/16 via 10.0.2.7 metric 5
	route add 20.2.0.0/16 via 10.0.2.8
	route add 20.3.0.0/16 via 10.0.2.77
	route add 20.4.0.0/16 via inet6 2001:db8:2::1 dev rb
	route add 20.5.0.0/16 via inet6 fe80::77 dev rb
	route add 20.6.0.0/16 via 10.0.2.9 metric 20
	route add 20.7.0.0/16 via 10.0.2.10 metric 16777214
	route add 20.8.0.0/16 via 10.0.2.9 metric 16777215
	route add 20.8.0.0/16 via 10.0.2.1 metric 4000000000
	# MTUs, preferred sources, on-link, TOS, several metrics
	route add 21.0.0.0/16 via 10.10.0.1
	route add 21.1.0.0/16 via 10.11.0.1
	route add 21.2.0.0/16 via 10.0.2.1 mtu 1400
	route add 21.3.0.0/16 via 10.0.2.1 mtu lock 1400
	route add 21.4.0.0/16 via 10.0.2.1 src 10.0.1.254
	route add 21.5.0.0/16 dev rb scope link
	route add 21.6.0.0/16 via 10.0.99.1 dev rb onlink
	route add 21.7.0.0/16 via 10.0.2.1 tos 0x10
	route add 21.7.0.0/16 via 10.11.0.1
	route add 21.8.0.0/16 via 10.11.0.1 metric 10
	route add 21.8.0.0/16 via 10.0.2.1 metric 20
	# no place to send to; devices that cannot be used
	route add blackhole 22.0.0.0/16
	route add unreachable 22.1.0.0/16
	route add prohibit 22.2.0.0/16
	route add throw 22.3.0.0/16
	route add blackhole 20.1.1.0/24
	route add 22.4.0.0/16 via 10.12.0.1
	route add 22.5.0.0/16 via 10.14.0.1
	route add 22.5.0.0/16 via 10.0.2.1 metric 10
	# several paths, one of them unusable
	route add 23.0.0.0/16 nexthop via 10.0.2.1 nexthop via 10.10.0.1 weight 3
	route add 23.1.0.0/16 nexthop via 10.0.2.1 nexthop via 10.14.0.1
	route add 23.2.0.0/16 nhid 1
	route add 23.3.0.0/16 nhid 3
	# table local, a table of its own, the same prefixes in both
	route add local 24.0.0.0/24 dev lo table local
	route add 24.1.0.0/24 via 10.0.2.1 table local
	route add throw 24.1.1.0/24 table local
	route add 24.1.0.0/16 via 10.10.0.1
	route add default via 10.0.2.1 table 100
	route add 20.1.0.0/16 via 10.11.0.1 table 100
	route add blackhole 20.2.0.0/16 table 100
	route add throw 20.3.0.0/16 table 100
	-6 route add 2001:100::/32 via 2001:db8:2::1
	-6 route add 2001:101::/32 via 2001:db8:2::7 metric 5
	-6 route add 2001:102::/32 via 2001:db8:2::77
	-6 route add 2001:103::/32 via 2001:db8:2::9 metric 16777215
	-6 route add 2001:104::/32 via 2001:db8:10::1
	-6 route add 2001:105::/32 via 2001:db8:11::1
	-6 route add 2001:106::/32 via 2001:db8:2::1 mtu 1400
	-6 route add 2001:107::/32 via 2001:db8:2::1 src 2001:db8:1::fe
	-6 route add 2001:108::/32 dev rb
	-6 route add 2001:109::/32 via 2001:db8:2::1 metric 10
	-6 route add 2001:109::/32 via 2001:db8:11::1 metric 20
	-6 route add blackhole 2001:10a::/32
	-6 route add unreachable 2001:10b::/32
	-6 route add prohibit 2001:10c::/32
	-6 route add throw 2001:10d::/32
	-6 route add 2001:10e::/32 nexthop via 2001:db8:2::1 nexthop via 2001:db8:10::1 weight 3
	-6 route add 2001:10f::/32 nexthop via 2001:db8:2::1 nexthop via 2001:db8:14::1
	-6 route add 2001:110::/32 via 2001:db8:12::1
	-6 route add 2001:111::/32 via 2001:db8:14::1
	-6 route add 2001:112::/32 nhid 2
	-6 route add 2001:113::/32 nhid 4
	-6 route add 2001:114::/32 via 2001:db8:2::1 metric 7
	-6 route append 2001:114::/32 via 2001:db8:11::1 metric 7
	-6 route add local 2001:200::/64 dev lo table local
	-6 route add 2001:201::1/128 via 2001:db8:2::1 table local
	-6 route add 2001:201::/32 via 2001:db8:10::1
	-6 route add default via 2001:db8:2::1 table 100
	-6 route add 2001:101::/32 via 2001:db8:11::1 table 100
	-6 route add blackhole 2001:102::/32 table 100
	-6 route add default via 2001:db8:2::7
	END
}
ip -n "$R" nexthop add id 1 via 10.0.2.1 dev rb
ip -n "$R" nexthop add id 2 via 2001:db8:2::1 dev rb
ip -n "$R" nexthop add id 3 group 1
ip -n "$R" -6 nexthop add id 4 blackhole
while read -r line; do
	# shellcheck disable=SC2086 # words
	ip -n "$R" $line 2>/dev/null || echo "# not taken: $line"
done < <(routes)

everything() { # prefixes and addresses of both families; of those that are never forwarded, a few
	{
		ip -n "$R" -4 route show table all | sed -E "s/^$types //; s/^default/0.0.0.0\\/0/"
		ip -n "$R" -6 route show table all | sed -E "s/^$types //; s/^default/2000::\\/3/" | grep -vE '^(fe80|ff00)'
		printf '%s\n' 10.0.2.{1,7,8,9,10,77} 2001:db8:2::{1,7,9,77} ::/0 0.0.0.0/0 fe80::/64 ff00::/8 224.0.0.0/4 127.0.0.0/8
		ip -n "$R" neigh show | sed '/^fe80/d'
	} | grep -vE '^\s' | sort -u
}
types='(local|broadcast|unreachable|prohibit|blackhole|throw|multicast|anycast)'
ask() { everything | ip netns exec "$R" "$BUILD/tests/tools/fibcompare" "$@"; }
compare() { # HOOK [HOW [COUNT]]: sets RESULT and prints it as a comment
	RESULT=$(ask "$1" "${3:-$count}" "${2:-maps}" 2>&1)
	sed 's/^\([^#]\)/# \1/' <<<"$RESULT"
}
of() { sed -nE "s/.*\<$1 ([0-9]+).*/\1/p" <<<"$RESULT" | tail -n 1; } # a number that fibcompare printed
equal() { [ "$(of differ)" = 0 ] && [ "$(of lookups)" -gt 0 ]; }
# Before Linux 5.12 the helper has fewer results, and is asked each time.
old() { [ "$(printf '%s\n' 5.12 "$(uname -r)" | sort -V | head -n 1)" != 5.12 ]; }
fast() { # PART: fewer questions than that are the helper's
	if old; then all_asked; else asked_below "$1"; fi
}
asked_below() { awk -v asked="$(of asked)" -v all="$(of lookups)" -v part="$1" 'BEGIN { exit !(asked < all * part) }'; }
all_asked() { awk -v asked="$(of asked)" -v all="$(of lookups)" 'BEGIN { exit !(all > 0 && asked >= all) }'; }
part=$((count / 10))

check "starts" xfibd__start --table 100
for hook in xdp tc; do
	compare "$hook"
	check "$hook: $count answers are those of the helper" equal
	check "$hook: of these it was asked for fewer than half" fast 0.5
	for code in success blackhole unreachable prohibit not_fwded fwd_disabled no_neigh frag_needed errors; do
		check "$hook: there were some of code $code" [ "$(of "$code")" -gt 0 ]
	done
done

# ---- a table of xfib's own, which the helper does not know ----

check "a table of xfib's own" xfib route add 198.51.100.0/24 via 10.0.2.1 dev rb table 1000
if old; then
	check_match "where all is asked of the helper, it is no table" 'helper (-?[1-9][0-9]*) xfib \1 ' "$(ask table 1000 ra 198.51.100.7)"
else
	check_output "is found by DIRECT and TBID" "helper 4 xfib 0 via 10.0.2.1" ask table 1000 ra 198.51.100.7
	check_output "no route in it" "helper 4 xfib 4 via 198.51.101.7" ask table 1000 ra 198.51.101.7
fi
check_output "maps are not given where they cannot be" "-22 -2 -22 -16" \
	sh -c 'ip netns exec "$0" "$1" misuse "$2" | sed "s/ as expected.*//" | paste -sd " "' \
	"$R" "$BUILD/tests/tools/fibcompare" "$BUILD/tests/tools/pass.bpf.o"

# ---- the daemon ends, another one takes over, the instance goes ----

waiting() { # asks when a byte comes by the pipe
	rm -f "$DIR/pipe" "$DIR/waiting"
	mkfifo "$DIR/pipe"
	exec 3<>"$DIR/pipe"
	everything >"$DIR/prefixes"
	ip netns exec "$R" "$BUILD/tests/tools/fibcompare" xdp "$part" wait <"$DIR/prefixes" >"$DIR/waiting" 2>&1 &
	waiter=$!
	eventually 20 grep -q '^loaded' "$DIR/waiting"
}
go() {
	echo >&3
	wait "$waiter"
	exec 3>&-
	RESULT=$(cat "$DIR/waiting")
	sed 's/^\([^#]\)/# \1/' <<<"$RESULT"
}

check "the daemon is killed" xfibd__stop KILL
compare xdp maps "$part"
check "its maps are used" equal
check "they answer" fast 0.5
check "starts again" xfibd__start --table 100
waiting
check "another daemon takes over" xfibd__stop
check "with maps of its own" xfibd__start --table 100
ip -n "$R" route replace 20.0.0.0/8 via 10.11.0.1
ip -n "$R" route del 21.0.0.0/16
go
check "a program with the old maps answers as the helper" equal
check "which it asks always" all_asked
compare tc maps "$part"
check "one that is loaded now does" equal
check "without asking" fast 0.5
waiting
check "the instance is unloaded" xfib unload
ip -n "$R" route replace 20.0.0.0/8 via 10.0.2.1
go
check "the answers are the helper's" equal
check "which is asked always" all_asked
compare tc none "$part"
check "without maps, too" equal
check "always" all_asked

# ---- by the tries; table default; rules ----

check "starts with tries" xfibd__start --table 100 --lookup trie
compare xdp maps "$part"
check "they answer the same" equal
check "most without asking" fast 0.7
xfib unload
ip -n "$R" route add 30.0.0.0/8 via 10.0.2.1 table default
ip -n "$R" route add blackhole 30.1.0.0/16
check "starts where table default has a route" xfibd__start --table 100
compare xdp maps "$part"
check "the answers are the helper's" equal
for family in -4 -6; do ip -n "$R" "$family" rule add to "$([ $family = -4 ] && echo 20.0.0.0/8 || echo 2001:100::/32)" table 100; done
rules_known() { bpftool -j map dump pinned "$XFIB_PIN/xfib_state" | jq -e '(.[0].formatted.value.flags / 64 | floor) % 4 == 3'; }
check "with rules" eventually 5 rules_known
compare tc maps "$part"
check "the answers are the helper's" equal
check "and where the table is named it is not asked" fast 0.99
for family in -4 -6; do # for one port
	ip -n "$R" "$family" rule add iif ra table 100
	ip -n "$R" "$family" rule del to "$([ $family = -4 ] && echo 20.0.0.0/8 || echo 2001:100::/32)" table 100
done
check "with rules for one port" eventually 5 rules_known
sleep 0.5
compare xdp maps "$part"
check "the answers are the helper's" equal
check "which is asked for that port" fast 0.85
for family in -4 -6; do
	ip -n "$R" "$family" rule del iif ra table 100
done
rules_gone() { bpftool -j map dump pinned "$XFIB_PIN/xfib_state" | jq -e '(.[0].formatted.value.flags / 64 | floor) % 4 == 0'; }
check "without them again" eventually 5 rules_gone
compare xdp maps "$part"
check "tables local and main are two from now on" equal

# ---- a program by it, and its loader, which follows the daemon ----

forwarded() { # packets that R's kernel has forwarded, both families
	in_r awk '/^Ip: [0-9]/ { four = $7 } /^Ip6OutForwDatagrams/ { six = $2 } END { print four + six }' \
		/proc/net/snmp /proc/net/snmp6
}
crosses() { # DEST: by XDP, of which the kernel knows nothing
	local before
	in_a ping -qc 1 -W 1 "$1" >/dev/null # asks for the neighbours
	before=$(forwarded)
	in_a ping -qc 5 -i 0.05 "$1" && [ "$(forwarded)" = "$before" ]
}
says() { [ "$(grep -c "$1" "$DIR/demo")" = "$2" ]; }
xfib unload
ip netns exec "$R" "$BUILD/demo/xdp_forward" "$BUILD/demo/xdp_forward.bpf.o" ra rb >"$DIR/demo" 2>&1 &
demo=$!
check "the example is loaded without an instance" eventually 5 says "by the kernel's helper" 1
check "and forwards IPv4" eventually 5 crosses 10.0.2.1
check "and IPv6" eventually 5 crosses 2001:db8:2::1
check "xfibd starts" xfibd__start
check "the example is loaded anew, with maps" eventually 5 says "by xfibd's maps" 1
check "and forwards" eventually 5 crosses 10.0.2.1
check "both families" eventually 5 crosses 2001:db8:2::1
xfibd__stop
check "another xfibd takes over" xfibd__start
check "and the example, left where it is, takes its maps" eventually 5 says "by xfibd's maps" 2
check "and forwards" eventually 5 crosses 10.0.2.1
kill "$demo"
wait "$demo"
check_not "it leaves the devices as they were" sh -c 'ip -n "$0" link show | grep "prog/xdp"' "$R"
finish
