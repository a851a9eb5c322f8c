#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# Wrong command lines: status 2 and one line that names the wrong word; under -j the same as JSON.
set -u
. "$(dirname "$0")/../lib.sh"
export XFIB_PIN=/nonexistent/xfib
xfib=$BUILD/xfib

# Status, pattern of the message, arguments.
wrong() {
	local status=$1 pattern=$2
	shift 2
	check_status "xfib $*" "$status" "$xfib" "$@"
	check_match "  says why" "^xfib: .*$pattern" "$ERR"
	[ -z "$OUT" ] && [ "$(wc -l <<<"$ERR")" = 1 ] || check "  in one line on standard error" false
	check_status "xfib -j $*" "$status" "$xfib" -j "$@"
	check "  as JSON" jq -e '.error | length > 0' <<<"$ERR"
}

wrong 2 "no command"
wrong 2 "unknown command 'gett'" gett
wrong 2 "unknown option '-x'" -x get 1.2.3.4
wrong 2 "unknown option '--jsn'" --jsn
wrong 2 "option '-j' must stand before the command" get 1.2.3.4 -j
wrong 2 "option '--help' must stand before the command" route --help
wrong 2 "option '--pin' needs an argument" --pin
wrong 2 "no address" get
wrong 2 "'1.2.3' is no IPv4 or IPv6 address" get 1.2.3
wrong 2 "'1.2.3.4x' is no IPv4 or IPv6 address" get 1.2.3.4x
wrong 2 "'1.2.3.256' is no" get 1.2.3.256
wrong 2 "'2001:db8::1::2' is no" get 2001:db8::1::2
wrong 2 "'::1' is no IPv4 address" -4 get ::1
wrong 2 "'1.2.3.4' is no IPv6 address" -6 get 1.2.3.4
wrong 2 "'' is no" get ""
wrong 2 "unknown word 'via'" get 1.2.3.4 via 5.6.7.8
wrong 2 "'from' needs an argument" get 1.2.3.4 from
wrong 2 "from '::1': not of the family" get 1.2.3.4 from ::1
wrong 2 "table 'x'" get 1.2.3.4 table x
wrong 2 "table '0'" get 1.2.3.4 table 0
wrong 2 "table '4294967296'" get 1.2.3.4 table 4294967296
wrong 2 "table ' 5'" get 1.2.3.4 table " 5"
wrong 1 "device 'nodevice' does not exist" get 1.2.3.4 dev nodevice
wrong 1 "no instance at /nonexistent/xfib" --backend maps get 1.2.3.4
wrong 2 "unknown word 'oif'" get 1.2.3.4 oif lo
wrong 2 "'mark' needs an argument" get 1.2.3.4 mark
wrong 2 "mark '0x1/0x1'" get 1.2.3.4 mark 0x1/0x1
wrong 2 "mark '4294967296'" get 1.2.3.4 mark 4294967296
wrong 1 "device 'nodevice' does not exist" get 1.2.3.4 exclude nodevice
wrong 1 "device 'nodevice' does not exist" get 1.2.3.4 vrf nodevice
wrong 2 "'table' and 'vrf'" get 1.2.3.4 table 5 vrf lo
wrong 1 "no instance at /nonexistent/other" --pin /nonexistent/other get 1.2.3.4
wrong 2 "unknown word 'shwo': known are show, add, replace, append, del, flush, import, export" route shwo
wrong 2 "'10.0.0.1/24' has bits behind its prefix length: did you mean 10.0.0.0/24" route show 10.0.0.1/24
wrong 2 "did you mean 2001:db8::/32" route show 2001:db8::1/32
wrong 2 "'10.0.0.0/33': the length" route show 10.0.0.0/33
wrong 2 "'10.0.0.0/': the length" route show 10.0.0.0/
wrong 2 "'10.0.0.0/8x': the length" route show 10.0.0.0/8x
wrong 2 "'2001:db8::/129': the length" route show 2001:db8::/129
wrong 2 "unknown word 'fast'" route show 10.0.0.0/8 fast
wrong 2 "proto 'nobody'" route show proto nobody
wrong 2 "proto '256'" route show proto 256
wrong 2 "'table' needs an argument" route show table
wrong 2 "route add: no prefix" route add
wrong 2 "route add: 'x' is no IPv4 or IPv6 prefix" route add x
wrong 2 "route add: no prefix" route add blackhole
wrong 2 "route add: unknown word 'gw'" route add 10.0.0.0/8 gw 1.2.3.4
wrong 2 "did you mean 10.0.0.0/8" route replace 10.0.0.1/8 dev lo
wrong 2 "route append: neither via nor dev" route append 10.0.0.0/8
wrong 2 "route add: 'via' needs an argument" route add 10.0.0.0/8 via
wrong 2 "'1.2.3' is no IPv4 or IPv6 address" route add 10.0.0.0/8 via 1.2.3
wrong 2 "'1.2.3.4' is no IPv6 address" route add 10.0.0.0/8 via inet6 1.2.3.4
wrong 2 "an IPv6 route cannot have an IPv4 gateway" route add 2001:db8::/32 via 1.2.3.4
wrong 2 "metric '-1'" route add 10.0.0.0/8 dev lo metric -1
wrong 2 "'preference' twice" route add 10.0.0.0/8 dev lo metric 1 preference 2
wrong 2 "mtu '0'" route add 10.0.0.0/8 dev lo mtu 0
wrong 2 "tos '256'" route add 10.0.0.0/8 dev lo tos 256
wrong 2 "scope 'far'" route add 10.0.0.0/8 dev lo scope far
wrong 2 "pref 'best'" route add 2001:db8::/32 dev lo pref best
wrong 2 "only IPv6 routes have pref and expires" route add 10.0.0.0/8 dev lo expires 5
wrong 2 "src '::1': not of the family" route add 10.0.0.0/8 dev lo src ::1
wrong 2 "weight '257'" route add 10.0.0.0/8 nexthop dev lo weight 257
wrong 2 "'weight' must stand behind 'nexthop'" route add 10.0.0.0/8 weight 2 dev lo
wrong 2 "a route of type blackhole has no via and no dev" route add blackhole 10.0.0.0/8 dev lo
wrong 2 "unknown word 'dead'" route add 10.0.0.0/8 dev lo dead
wrong 2 "'2001:db8::/32' is no IPv4 prefix" -4 route add 2001:db8::/32 dev lo
wrong 1 "device 'nodevice' does not exist" route add 10.0.0.0/8 dev nodevice
wrong 2 "route del: no prefix" route del
wrong 2 "table 'x'" route del 10.0.0.0/8 table x
wrong 2 "route flush: which routes" route flush
wrong 2 "route flush: unknown word 'now'" route flush 10.0.0.0/8 now
wrong 2 "route export: unknown word 'to'" route export 10.0.0.0/8 to
wrong 2 "route import: no file" route import
wrong 2 "route import: unknown word 'fast'" route import - fast
wrong 2 "format 'xml': must be auto, route, prefix or mrt" route import - format xml
wrong 2 "'table' needs an argument" route import - table
wrong 2 "table '0'" route import - table 0
wrong 2 "via: '1.2.3' is no" route import - via 1.2.3
wrong 2 "'inet6' needs an argument" route import - via inet6
wrong 2 "metric 'low'" route import - metric low
wrong 2 "peer 'me'" route import - peer me
wrong 2 "'peer' is for format mrt" route import - format prefix peer 3
wrong 1 "device 'nodevice' does not exist" route import - dev nodevice
wrong 1 "route import /nonexistent/file: No such file" route import /nonexistent/file
wrong 2 "explain: no address" explain
wrong 2 "'1.2.3' is no" explain 1.2.3
wrong 2 "explain: unknown word 'oif'" explain 1.2.3.4 oif lo
wrong 2 "'proto' needs an argument" explain 1.2.3.4 from 1.2.3.5 iif lo proto
wrong 1 "device 'nodevice' does not exist" explain 1.2.3.4 from 1.2.3.5 iif nodevice proto tcp
wrong 2 "explain: a packet needs a source: from SRC" explain 1.2.3.4 iif lo proto tcp
wrong 2 "explain: a packet needs a port that it comes by: iif DEV" explain 1.2.3.4 from 1.2.3.5 proto tcp
wrong 2 "explain: what describes a packet needs its protocol" explain 1.2.3.4 from 1.2.3.5 iif lo dport 80
wrong 2 "explain: proto 'tcpp': must be" explain 1.2.3.4 from 1.2.3.5 iif lo proto tcpp
wrong 2 "explain: proto '256': must be a number from 0 to 255" explain 1.2.3.4 from 1.2.3.5 iif lo proto 256
wrong 2 "explain: dport '80x': must be a number from 0 to 65535" explain 1.2.3.4 from 1.2.3.5 iif lo proto tcp dport 80x
wrong 2 "explain: sport '65536': must be" explain 1.2.3.4 from 1.2.3.5 iif lo proto tcp sport 65536
wrong 2 "explain: ttl '-1': must be" explain 1.2.3.4 from 1.2.3.5 iif lo proto tcp ttl -1
wrong 2 "explain: 'sport' and 'dport' need 'proto tcp'" explain 1.2.3.4 from 1.2.3.5 iif lo proto icmp dport 80
wrong 2 "explain: 'flowlabel': IPv4 has none" explain 1.2.3.4 from 1.2.3.5 iif lo proto tcp flowlabel 7
wrong 2 "explain: length '27': the headers have 28 bytes" explain 1.2.3.4 from 1.2.3.5 iif lo proto udp length 27
wrong 2 "explain: length '3001': must be a number from 0 to 3000" explain 1.2.3.4 from 1.2.3.5 iif lo proto udp length 3001
wrong 2 "explain: where a packet is looked up its port says" explain 1.2.3.4 from 1.2.3.5 iif lo proto udp table 7
wrong 2 "explain: a private copy does not have a program" --backend private explain 1.2.3.4 from 1.2.3.5 iif lo proto udp
wrong 2 "monitor: unknown word 'now'" monitor 10.0.0.0/8 now
wrong 2 "backend 'bpf': must be maps, private or auto" --backend bpf get 1.2.3.4
wrong 2 "stats: a private copy does not have the counters" --backend private stats
wrong 1 "stats: it needs the counters of the pinned maps: no instance at" stats
wrong 2 "nexthop show: a private copy does not have" --backend private nexthop show
wrong 2 "unknown word 'every'" nexthop show every
wrong 2 "unknown word 'all'" nexthop show all all
wrong 2 "unknown word 'set'" link set
wrong 2 "unknown word 'b'" link show a b
wrong 1 "device 'nodevice' does not exist" link show nodevice
wrong 2 "unknown word 'b'" stats lo b
wrong 2 "stats: unknown word 'lo'" stats nexthop lo
wrong 2 "stats: -r '0': seconds are a number from 1 to 86400" stats -r 0
wrong 2 "stats: -r '1x': seconds are" stats nexthop -r 1x
wrong 2 "stats: -r '99999999999999999999': times are" stats -r 1 99999999999999999999
wrong 1 "device 'nodevice' does not exist" stats nodevice
wrong 2 "no device" attach
wrong 2 "no device" detach
wrong 1 "device 'nodevice' does not exist" attach nodevice
wrong 2 "hook 'xpd': must be xdp, tc, tcx or clsact" attach lo hook xpd
wrong 2 "unknown word 'forced': known are hook, mode, via, force" attach lo forced
wrong 2 "unknown word 'force': known are hook" detach lo force
wrong 2 "only hook xdp has modes" attach lo hook tcx mode native
wrong 2 "via 'libxpd': must be libxdp" attach lo via libxpd
wrong 2 "programs are those of hook xdp" attach lo hook tc via libxdp
wrong 2 "unknown word 'via': known are hook" detach lo via libxdp
wrong 2 "mode 'fast': must be native, generic or auto" attach lo mode fast
wrong 2 "only hook xdp has modes" attach lo hook tc mode native
wrong 2 "unknown word 'mode'" detach lo mode native
wrong 2 "unknown word 'now'" unload now
wrong 1 "no instance at" attach lo

check_status "an argument that is no text" 2 "$xfib" -j get $'\xff\xfe'
check "  gives JSON all the same" jq -e .error <<<"$ERR"
check_status "a name of a kilobyte" 2 "$xfib" get "$(printf 'a%.0s' {1..5000})"
check_status "--help" 0 "$xfib" --help
for command in attach detach get explain route monitor nexthop link stats unload; do
	check_match "--help names $command" "xfib $command" "$OUT"
done
check_status "--version" 0 "$xfib" --version
check_match "  says it" '^xfib [0-9]+\.[0-9]+\.[0-9]+$' "$OUT"
check_match "  and the backend" '^backend private: .+' "$(sed -n 2p <<<"$OUT")"
check_match "  as JSON" '^private$' "$("$xfib" -j -V | jq -r '.[0].backend')"
check_status "--version with maps that are not there" 1 "$xfib" --backend maps -V
check_match "  says the version all the same" '^xfib [0-9.]+$' "$OUT"
check_match "  and what is missing" 'no instance at /nonexistent/xfib' "$ERR"
check_status "xfibd --help" 0 "$BUILD/xfibd" --help
check_match "  names --on-exit" '--on-exit' "$OUT"
check_status "xfibd --version" 0 "$BUILD/xfibd" --version
check_status "xfibd with a wrong option" 2 "$BUILD/xfibd" --max-routes many
check_match "  names it" "max-routes 'many'" "$ERR"
check_status "xfibd with a relative pin directory" 2 "$BUILD/xfibd" --pin xfib
check_match "  names it" "'xfib'" "$ERR"
check_status "xfibd --check" 0 "$BUILD/xfibd" --check lo
check_match "  says that all is well" 'no mistake in /dev/null and the command line' "$ERR"
conf=$(mktemp)
trap 'rm -f "$conf"' EXIT
printf '%s\n' '# a router' 'port = nodevice' 'table = 100' 'max-route = 5' 'audit = 10s' >"$conf"
check_status "xfibd --check with a wrong file" 2 "$BUILD/xfibd" --config "$conf" --check --mode fast
check_match "  names each mistake" "^xfibd: $conf:2: port 'nodevice': does not exist" "$ERR"
check_match "  with its line" "^xfibd: $conf:4: 'max-route': no such option; .*xfibd --help" "$ERR"
check_match "  and what it must be" "^xfibd: $conf:5: audit '10s': must be a number from 0 to 86400" "$ERR"
check_match "  those of the command line too" "^xfibd: --mode 'fast': must be" "$ERR"
check_output "  and nothing else" 4 wc -l <<<"$ERR"
check_status "a configuration file that is not there" 2 "$BUILD/xfibd" --config /nonexistent/xfibd.conf --check
check_match "  is named" '/nonexistent/xfibd.conf: No such file' "$ERR"
check_status "one that is a directory" 2 "$BUILD/xfibd" --config / --check
check_match "  likewise" 'configuration file /: Is a directory' "$ERR"
full() { "$xfib" --help >/dev/full; }
check_status "output that cannot be written" 1 full
check_match "  is an error" 'writing to standard output' "$ERR"
finish
