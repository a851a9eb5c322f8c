# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# shellcheck shell=bash
# What happens to R, whichever routing daemon it runs. Sourced by tests that have started it, xfibd and the announcing B.
# REGROUPS: yes if it takes a link that comes back into its ECMP groups again, any if it may.

"$BUILD/tests/tools/xfib-gen" --seed 1 --count "$COUNT4" --format addresses | head -n 300 >"$DIR/addresses"
"$BUILD/tests/tools/xfib-gen" --seed 1 -6 --count "$COUNT6" --format addresses | head -n 100 >>"$DIR/addresses"

# Packets to prefixes that stay in every step: all forwarded, and none but by the links that are named.
steps__traffic() { # description, does rb take some (any: it may), does rc
	local all others rb rc
	read -r all others rb rc <<<"$(routers__traffic)"
	echo "# forwarded ${all:-0}, of them by rb ${rb:-0}, by rc ${rc:-0}; not forwarded: ${others:-?}"
	check "  $1" [ "${all:-0}" -ge 100000 ]
	check "  and nearly all of them" [ "${others:-100000}" -lt 100 ] # ARP and the like go up
	[ "$2" = any ] || check "  by rb: $2" [ "$2" = "$([ "${rb:-0}" -gt 1000 ] && echo yes || echo no)" ]
	check "  by rc: $3" [ "$3" = "$([ "${rc:-0}" -gt 1000 ] && echo yes || echo no)" ]
}
steps__paths() { [ "$(xfib -j get "$1" 2>/dev/null | jq '.[0].paths // 1')" = "$2" ]; }

check "BGP brings all prefixes" routers__converge 90 "$COUNT4" "$COUNT6"
routers__check "after all have come"
steps__traffic "packets follow" yes yes
check "OSPF brings two paths" eventually 15 steps__paths 192.0.2.1 2
check "  and for an external prefix" eventually 10 steps__paths 198.51.100.1 2
check "  IPv6 likewise" eventually 10 steps__paths 2001:db8:f::1 2

# Half is withdrawn, and of the rest a next hop.
for session in half1v4 half1v6 s2v4 s2v6; do birdc b disable "$session"; done
check "half is withdrawn, and a next hop goes" routers__converge 90 "$(routers__left "$DIR/v4" 2 2)" "$(routers__left "$DIR/v6" 2 2)"
routers__check "after that"

in_b ip link set b0 down # its carrier
check "a link goes: what is left" routers__converge 90 "$(routers__left "$DIR/v4" 3 2)" "$(routers__left "$DIR/v6" 3 2)"
routers__check "after a link has gone"
steps__traffic "packets follow" no yes
check "  OSPF has one path" eventually 10 steps__paths 192.0.2.1 1
check "  IPv6 likewise" eventually 10 steps__paths 2001:db8:f::1 1

in_b ip link set b0 up
in_b ip address replace 2001:db8:2::1/64 dev b0 # the kernel drops it with the link
for session in half1v4 half1v6 s2v4 s2v6; do birdc b enable "$session"; done
eventually 10 ip netns exec "$R" ping -qc 1 -W 1 10.0.2.1
check "all comes back" routers__converge 90 "$COUNT4" "$COUNT6"
routers__check "after all has come back"
steps__traffic "packets follow" "$REGROUPS" yes
[ "$REGROUPS" = any ] || check "  OSPF has two paths again" eventually 15 steps__paths 192.0.2.1 2
echo "# xfibd used $(awk -v hz="$(getconf CLK_TCK)" '{ print ($14 + $15) / hz }' "/proc/$(xfibd__pid)/stat") s of processor time"
