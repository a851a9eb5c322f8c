#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# xfibd --fpm: routes come as FRR's module dplane_fpm_nl says them, by a client of the tests and by FRR. See
# tests/routers/routers.sh for the topology.
set -u
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/topology.sh"
. "$(dirname "$0")/../routers/routers.sh"
. "$(dirname "$0")/../routers/frr.sh"
BGP=bgp
ROUTES4=${ROUTES4:-20000} ROUTES6=${ROUTES6:-2000}
trap 'routers__stop; topology__remove' EXIT
topology__make "xfibp$$" || exit 1
routers__make
hold=6
start() { xfibd__start --fpm --fpm-hold $hold "$@" ra rb rc; }
logged() { grep -qE "$1" "$DIR/xfibd.log"; }
count() { xfib "$1" route show proto bgp ${2:+table "$2"} | grep -c '^[^[:space:]]'; }
own_bgp() { local n; n=$(count -4 2620); [ "$n" -ge "$((COUNT4 / 2))" ] || { echo "$n of $COUNT4 routes"; return 1; }; }
forwarded() { [ "$(routers__traffic | cut -d' ' -f1)" -ge 100000 ]; }

# ---- a table of its own ----
check "xfibd starts" start
client() { # prefixes
	rm -f "$DIR/client"
	ip netns exec "$R" "$BUILD/tests/tools/fpm-client" 2620 rb 10.0.2.1,10.0.2.9,2001:db8:2::1 <"$1" >"$DIR/client" 2>&1 &
	echo $! >"$DIR/client.pid"
	disown $!
	eventually 30 grep -qs 'routes in' "$DIR/client"
}
gone() { kill "$(cat "$DIR/client.pid")"; }
own() { [ "$(xfib "$1" route show table 2620 | wc -l)" = "$2" ] || { echo "not $2: $(xfib "$1" route show table 2620 2>&1 | wc -l)"; return 1; }; }
cat "$DIR/v4" "$DIR/v6" >"$DIR/all"
check "a client fills table 2620" client "$DIR/all"
echo "# $(cat "$DIR/client")"
check "  with all of its routes" own -4 "$COUNT4"
check "  IPv6 too" own -6 "$COUNT6"
check_match "  which look-ups find" "^[0-9.]+ via 10.0.2.[19] dev rb .*table 2620" "$(xfib get "$(head -n 1 "$DIR/destinations")" table 2620)"
check_not "  the kernel has none of them" grep -q dev <<<"$(in_r ip route show table 2620 2>&1)"
check "nothing of it is stale" eventually 15 logged '^xfibd: 0 routes'
gone
check "when it goes" eventually 5 logged 'FPM client gone'
check "  the table stays" own -4 "$COUNT4"
check "one that names half" client <(awk 'NR % 2' "$DIR/v4")
check "  leaves the others for a time" own -4 "$COUNT4"
check "  and then they go" eventually 40 own -4 "$(awk 'NR % 2' "$DIR/v4" | wc -l)"
check "  IPv6 likewise" own -6 0
say() { in_r bash -c "printf '$1' >/dev/tcp/127.0.0.1/2620"; }
say '\x02\x01\x00\x14aaaaaaaaaaaaaaaa'
check "another protocol is refused" eventually 5 logged 'does not speak'
say '\x01\x01\x00\x14\xff\xff\xff\xffaaaaaaaaaaaa'
check "  a message that is longer than its frame likewise" eventually 5 logged 'damaged frame'
say '\x01\x01\x00\x14\x10\x00\x00\x00\x18\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00'
check "  and a route without its header is passed over" eventually 5 logged 'not understood'
check "  xfibd is there" kill -0 "$(xfibd__pid)"
check_status "an address that is none" 2 in_r "$BUILD/xfibd" --fpm=10.0.0.1.2
check_match "  is said" "^xfibd: --fpm '10.0.0.1.2': " "$ERR"
check_status "a table that cannot be filled" 2 in_r "$BUILD/xfibd" --fpm --fpm-table 255
check_status "the table of --table" 2 in_r "$BUILD/xfibd" --fpm --fpm-table 77 --table 77
xfibd__stop
check "a new xfibd takes the routes over" start
check "  all of them" own -4 "$(awk 'NR % 2' "$DIR/v4" | wc -l)"
xfibd__stop
xfib unload

# ---- table main: packets are forwarded by routes that the kernel does not have ----
main() { [ "$(xfib "$1" route show table main proto bgp | wc -l)" = "$2" ]; }
check "xfibd starts with table main" start --fpm-table main
check "a client fills it" client "$DIR/all"
check "  with all of its routes" main -4 "$COUNT4"
check "  the kernel has none of them" routers__has 0 0
check "  but what it has is there too" [ "$(xfib route show 10.0.2.0/24 | wc -l)" = 1 ]
in_r ping -qc 1 -W 2 10.0.2.1 >/dev/null
in_r ip neighbour replace 10.0.2.9 lladdr "$(in_b cat /sys/class/net/b0/address)" dev rb nud permanent
check "  packets follow" forwarded
check "  the compiled FIB says what the tries say" xfib verify
kill -HUP "$(xfibd__pid)"
check "a full dump of the kernel's" eventually 5 logged SIGHUP
check "  leaves it alone" main -4 "$COUNT4"
xfibd__stop
check "without xfibd they are forwarded on" forwarded
check "a new xfibd" start --fpm-table main
check "  has the routes before anybody connects" main -4 "$COUNT4"
check "  packets follow" forwarded
xfibd__stop
xfib unload

# ---- FRR, which takes some seconds until it connects ----
hold=12
same() { # the table that FRR fills, and what it gives to the kernel, which orders the paths of groups in its own way
	local family
	for family in -4 -6; do
		diff <(in_r ip $family route show proto bgp | routers__normal | routers__sort_hops) \
			<(xfib $family route show table 2620 proto bgp | sed 's/ table 2620//' | routers__normal | routers__sort_hops) || return 1
	done
}
for groups in "fpm use-next-hop-groups" "no fpm use-next-hop-groups"; do
	echo "# $groups"
	check "xfibd starts" start
	frr__configure "fpm address 127.0.0.1" "$groups"
	check "FRR starts with its FPM module" frr__start -M dplane_fpm_nl
	check "the announcing BIRD starts" routers__announce
	check "all prefixes come" routers__converge 40 "$COUNT4" "$COUNT6"
	check "  the table has what the kernel has" eventually 20 same
	birdc b disable half1v4
	birdc b disable s2v6
	check "half is withdrawn, and a next hop goes" routers__converge 40 "$(awk 'NR % 2 == 0' "$DIR/v4" | wc -l)" "$(routers__left "$DIR/v6" 2 1)"
	check "  the table has what the kernel has" eventually 20 same
	if [ "$groups" = "fpm use-next-hop-groups" ]; then
		xfibd__stop
		check "a new xfibd" start
		check "  has the routes before FRR connects again" own_bgp
		birdc b enable half1v4
		check "  and then what has come meanwhile" routers__converge 40 "$COUNT4" "$(routers__left "$DIR/v6" 2 1)"
		check "  the table has what the kernel has" eventually 20 same
	fi
	routers__stop
	check "without FRR the routes stay" own_bgp
	xfibd__stop
	xfib unload
done
finish
