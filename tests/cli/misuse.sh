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
wrong 1 "no instance at /nonexistent/xfib" get 1.2.3.4
wrong 1 "no instance at /nonexistent/other" --pin /nonexistent/other get 1.2.3.4
wrong 2 "unknown word 'shwo'" route shwo
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
wrong 2 "unknown word 'all'" nexthop show all
wrong 2 "unknown word 'set'" link set
wrong 2 "unknown word 'b'" link show a b
wrong 1 "device 'nodevice' does not exist" link show nodevice
wrong 2 "unknown word 'b'" stats a b
wrong 1 "device 'nodevice' does not exist" stats nodevice
wrong 2 "no device" attach
wrong 2 "no device" detach
wrong 1 "device 'nodevice' does not exist" attach nodevice
wrong 2 "hook 'xpd': must be xdp or tc" attach lo hook xpd
wrong 2 "mode 'fast': must be native, generic or auto" attach lo mode fast
wrong 2 "only hook xdp has modes" attach lo hook tc mode native
wrong 2 "unknown word 'mode'" detach lo mode native
wrong 2 "unknown word 'now'" unload now
wrong 1 "no instance at" attach lo

check_status "an argument that is no text" 2 "$xfib" -j get $'\xff\xfe'
check "  gives JSON all the same" jq -e .error <<<"$ERR"
check_status "a name of a kilobyte" 2 "$xfib" get "$(printf 'a%.0s' {1..5000})"
check_status "--help" 0 "$xfib" --help
for command in attach detach get route nexthop link stats unload; do
	check_match "--help names $command" "xfib $command" "$OUT"
done
check_status "--version" 0 "$xfib" --version
check_match "  says it" '^xfib [0-9]+\.[0-9]+\.[0-9]+$' "$OUT"
check_status "xfibd --help" 0 "$BUILD/xfibd" --help
check_match "  names --on-exit" '--on-exit' "$OUT"
check_status "xfibd --version" 0 "$BUILD/xfibd" --version
check_status "xfibd with a wrong option" 2 "$BUILD/xfibd" --max-routes many
check_match "  names it" "max-routes 'many'" "$ERR"
check_status "xfibd with a relative pin directory" 1 "$BUILD/xfibd" --pin xfib
check_match "  names it" "'xfib'" "$ERR"
full() { "$xfib" --help >/dev/full; }
check_status "output that cannot be written" 1 full
check_match "  is an error" 'writing to standard output' "$ERR"
finish
