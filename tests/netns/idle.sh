#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# An idle mirror rests, and yet notices what the kernel does not announce.
set -u
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/topology.sh"
trap topology__remove EXIT
topology__make "xfibi$$" || exit 1
interval=10 # seconds: SETTINGS_INTERVAL_MS, xfibd(8)
setting() { in_r sysctl -qw "$1"; }
held() { # DEV FIELD: of its line in xfib_links
	in_r bpftool -j map dump pinned "$XFIB_PIN/xfib_links" |
		jq --argjson index "$(in_r cat "/sys/class/net/$1/ifindex")" \
			".[] | (.formatted // .).value | select(.ifindex == \$index) | .$2"
}
flags() { held "$1" flags; }
has_flag() { [ $(($(flags "$1") & $2)) != 0 ]; }
has_no_flag() { [ $(($(flags "$1") & $2)) = 0 ]; }
has_mtu6() { [ "$(held "$1" mtu6)" = "$2" ]; }
localnet=0x2000 redirects=0x200 temporary=0x10000 # XFIB_LINK_*
setting net.ipv4.conf.all.send_redirects=0
setting net.ipv4.conf.ra.send_redirects=0
check "xfibd starts" xfibd__start ra rb
check "the flags are read" has_flag ra 1

# ---- announced ----
setting net.ipv4.conf.ra.forwarding=0
check "forwarding is announced" eventually 2 has_no_flag ra 0x10
setting net.ipv4.conf.ra.forwarding=1
check "  and back" eventually 2 has_flag ra 0x10
setting net.ipv4.conf.all.rp_filter=1
check "rp_filter of all" eventually 2 has_flag ra 0x80
setting net.ipv4.conf.all.rp_filter=0
setting net.ipv4.conf.rb.ignore_routes_with_linkdown=1
check "ignore_routes_with_linkdown" eventually 2 has_flag rb 0x4000
# A change of the rules together with one of a setting leaves none of the two out.
kill -STOP "$(xfibd__pid)"
setting net.ipv4.conf.ra.ignore_routes_with_linkdown=1
in_r ip -6 rule add priority 99 table main
kill -CONT "$(xfibd__pid)"
check "with a change of the rules" eventually 2 has_flag ra 0x4000
in_r ip -6 rule del priority 99

# ---- not announced ----
setting net.ipv4.conf.ra.send_redirects=1
check "send_redirects is noticed" eventually $((interval + 2)) has_flag ra $redirects
setting net.ipv4.conf.ra.route_localnet=1
setting net.ipv6.conf.rb.use_tempaddr=2
setting net.ipv6.conf.rb.mtu=1300
setting net.ipv4.conf.all.send_redirects=1
check "route_localnet" eventually $((interval + 2)) has_flag ra $localnet
check "  of that device" has_no_flag rb $localnet
check "use_tempaddr" eventually 2 has_flag rb $temporary
check "the IPv6 MTU" eventually 2 has_mtu6 rb 1300
check "send_redirects of all" eventually 2 has_flag rb $redirects
setting net.ipv4.conf.ra.route_localnet=0
kill -HUP "$(xfibd__pid)"
check "SIGHUP looks at once" eventually 3 has_no_flag ra $localnet

# ---- nothing to do ----
# The rounds of the audit that follow a change are 10 seconds apart: off. The kernel has things to say now and then.
xfibd__stop
check "xfibd starts, without an audit" xfibd__start --audit 0
wakes() { awk '$1 ~ /voluntary_ctxt_switches/ { sum += $2 } END { print sum }' "/proc/$(xfibd__pid)/status"; }
rests() { # for so many seconds, waking three times at most
	local before
	before=$(wakes)
	sleep "$1"
	echo "woken $(($(wakes) - before)) times"
	[ $(($(wakes) - before)) -le 3 ]
}
check "an idle mirror rests" eventually 60 rests 8
finish
