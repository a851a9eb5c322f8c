#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# What rules mean for packets that are forwarded: for random rules of every kind, under a running daemon, `xfib get … iif`,
# which goes by the same plans as the programs, has to answer what `ip route get … iif` answers, or that only the kernel can
# tell. Tables that rules lead to are mirrored, unless they are xfib's own. XFIB_SEED chooses other rules, XFIB_RULES another
# number of sets of them. (The programs themselves are asked by tests/differential, among other changes at random.)
set -u
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/topology.sh"
trap topology__remove EXIT
topology__make "xfibk$$" || exit 1
seed=${XFIB_SEED:-$((RANDOM * 32768 + RANDOM))}
sets=${XFIB_RULES:-12}
echo "# XFIB_SEED=$seed"
check "xfibd starts" xfibd__start ra rb

# Gateways tell which route was found. No table is named to xfibd: rules do that.
tables4() {
	cat <<-'END'
		route add 198.18.0.0/15 via 10.0.2.61
		route add default via 10.0.1.51 table default
		route add default via 10.0.2.11 table 100
		route add 198.18.0.0/15 via 10.0.1.12 table 100
		route add 198.18.1.0/24 via 10.0.2.13 table 100
		route add 198.18.0.0/16 via 10.0.2.21 table 101
		route add 198.18.1.128/25 via 10.0.1.22 table 101
		route add 10.0.0.0/16 via 10.0.2.24 table 101
		route add blackhole default table 102
		route add 198.18.0.0/16 via 10.0.2.31 table 102
		route add throw 198.18.1.0/24 table 102
		route add unreachable 198.18.1.128/25 table 102
		route add throw default table 103
		route add prohibit 198.18.0.0/16 table 103
		route add 198.18.1.0/24 via 10.0.2.41 table 103
	END
}
tables6() {
	cat <<-'END'
		route add 2001:db8:180::/47 via 2001:db8:2::61
		route add default via 2001:db8:2::11 table 100
		route add 2001:db8:180::/47 via 2001:db8:1::12 table 100
		route add 2001:db8:180:1::/64 via 2001:db8:2::13 table 100
		route add 2001:db8:180::/48 via 2001:db8:2::21 table 101
		route add 2001:db8:180:1:8000::/65 via 2001:db8:1::22 table 101
		route add blackhole default table 102
		route add 2001:db8:180::/48 via 2001:db8:2::31 table 102
		route add throw 2001:db8:180:1::/64 table 102
		route add unreachable 2001:db8:180:1:8000::/65 table 102
		route add throw default table 103
		route add prohibit 2001:db8:180::/48 table 103
		route add 2001:db8:180:1::/64 via 2001:db8:2::41 table 103
	END
}

# Lines for ip -batch, of one family. A flush leaves the rule of priority 0.
generate() { # FAMILY SEED
	awk -v family="$1" -v seed="$2" '
		function any(text, list) { return list[1 + int(rand() * split(text, list, "|"))] }
		function one_in(n) { return rand() * n < 1 }
		function sources() { return family == 4 ? any("10.0.1.0/24|10.0.1.1|10.0.1.2/31|10.0.0.0/8") : any("2001:db8:1::/64|2001:db8:1::1|2001:db8:1::2/127|2001:db8::/32") }
		function destinations() { return family == 4 ? any("198.18.0.0/15|198.18.1.0/24|8.0.0.0/8|10.0.1.0/24") : any("2001:db8:180::/47|2001:db8:180:1::/64|2001:db8:8::/48|2001:db8:1::/64") }
		function selectors(words) {
			words = one_in(5) ? " not" : ""
			if (one_in(3)) words = words " from " sources()
			if (one_in(3)) words = words " to " destinations()
			if (one_in(6)) words = words " iif " any("lo|ra|rb|gone")
			if (one_in(12)) words = words " oif " any("ra|rb")
			if (one_in(10)) words = words " fwmark " any("1|0|1/0xff")
			if (family == 4 && one_in(12)) words = words " uidrange " any("0-0|1-1000") # IPv6: see tests/differential/draw.c
			if (one_in(12)) words = words " tos 0x10"
			if (one_in(15)) words = words " ipproto " any("tcp|icmp") " dport 80"
			return words
		}
		function action(kind) {
			kind = int(rand() * 12)
			if (kind < 6) return " lookup " any("main|default|100|101|102|103")
			if (kind < 8) return " lookup " any("main|100|101") " suppress_prefixlength " any("0|15|16|24|47|64|128")
			if (kind < 10) return " goto " priority + 1 + int(rand() * 40)
			return kind < 11 ? " " any("blackhole|unreachable|prohibit") : " nop"
		}
		BEGIN {
			srand(seed)
			print "rule flush"
			if (one_in(8)) print "rule add lookup local priority " any("15|32700") "\nrule del priority 0"
			priority = 10
			for (n = 1 + int(rand() * 7); n; n--) {
				priority += any("0|1|10")
				print "rule add" selectors() action() " priority " priority
			}
			if (!one_in(6)) print "rule add lookup main priority 32766"
			if (one_in(3)) print "rule add lookup default priority 32767"
		}' </dev/null
}

# Has the rules, and xfibd see them: a change that it answers has it read what the kernel said before.
# shellcheck disable=SC2016 # for the other shell
replace_rules() { # FAMILY SEED
	generate "$1" "$2" >"$DIR/rules"
	in_r bash -c 'ip "-$1" rule show priority 0 | grep -q . || ip "-$1" rule add lookup local priority 0
		ip "-$1" -force -batch "$2" 2>/dev/null' - "$1" "$DIR/rules"
}

addresses4="198.18.0.1 198.18.1.1 198.18.1.129 198.19.0.1 203.0.113.1 8.8.8.8 10.0.2.7"
addresses6="2001:db8:180::1 2001:db8:180:1::1 2001:db8:180:1:8000::1 2001:db8:181::1 2001:db8:113::1 2001:db8:8::1 2001:db8:2::7"
sources4="10.0.1.1 10.0.1.2 10.0.1.77"
sources6="2001:db8:1::1 2001:db8:1::2 2001:db8:1::77"
unknowable='fwmark|dport|iif gone'

# "DESTINATION via GATEWAY dev DEV", or "none".
kernel_says() { # FAMILY SOURCE
	local addresses=addresses$1
	printf "route get %s from $2 iif ra\n" ${!addresses} | in_r ip "-$1" -force -batch - 2>&1 |
		awk '/^RTNETLINK|^Error/ { print "none" } $2 == "from" { $2 = $3 = ""; print } /^(blackhole|unreachable|prohibit)/ { print "none" }' |
		sed -E 's/ +/ /g; s/^\S+( via \S+)? dev (\S+).*/\1 \2/; s/^ via/via/; s/^ +//'
}
xfib_says() { # FAMILY SOURCE
	local addresses=addresses$1
	printf '%s\n' ${!addresses} | xfib -j get - from "$2" iif ra | jq -r '.[] | if .error then
		if .error | test("only the kernel") then "asks" else "none" end
		elif (.type // "unicast") != "unicast" then "none" else "\(if .gateway then "via \(.gateway) " else "" end)\(.dev)" end'
}
# Each answer of the first is that of the second, or "asks" where rules ask for what is not known.
agree() { # FAMILY SOURCE
	xfib_says "$@" >"$DIR/xfib" || return 1
	paste -d'|' <(kernel_says "$@") "$DIR/xfib" | awk -F'|' -v may="$(grep -cE "$unknowable" "$DIR/rules")" '
		$2 != "asks" && $1 != $2 || $2 == "asks" && !may { print; bad = 1 } END { exit bad || NR < 7 }'
}
all_agree() { # FAMILY
	local source sources=sources$1
	for source in ${!sources}; do agree "$1" "$source" || { echo "from $source"; return 1; }; done
}

tables4 | in_r ip -4 -batch - && tables6 | in_r ip -6 -batch -
asked=0 answered=0
for set in $(seq "$sets"); do
	for family in 4 6; do
		replace_rules $family $((seed * 100 + set * 2 + family))
		check "set $set, IPv$family: packets go as the kernel says" eventually 3 all_agree $family
		asked=$((asked + $(grep -c asks "$DIR/xfib"))) answered=$((answered + $(grep -vc asks "$DIR/xfib")))
		[ "$tap_failed" = 0 ] || { in_r ip -$family rule show | sed 's/^/# /'; break 2; }
	done
done
echo "# $answered answers, $asked times only the kernel can tell"
check "most are answered" [ "$asked" -lt "$answered" ]

# ---- tables ----
in_r ip rule flush
in_r ip rule add lookup main priority 32766 && in_r ip rule add lookup default priority 32767
in_r ip route add 198.18.0.0/15 via 10.0.1.12 table 300
to() { xfib -j get 198.18.1.1 from 10.0.1.1 iif ra | jq -r '.[0].table'; }
is_to() { [ "$(to)" = "$1" ]; }
check "a table that no rule leads to is not mirrored" [ "$(xfib -j route show table 300 | jq length)" = 0 ]
in_r ip rule add from 10.0.1.0/24 lookup 300 priority 50
check "a rule leads to it: it is, and packets go by it" eventually 5 is_to 300
check_match "explained" '^\* 198.18.0.0/15 +300 .*best' "$(xfib explain 198.18.1.1 from 10.0.1.1 iif ra)"
check_match "and for others" '^\* 198.18.0.0/15 +main' "$(xfib explain 198.18.1.1 from 10.0.9.1 iif ra)"
in_r ip route add 198.18.1.0/24 via 10.0.1.13 table 300
by_13() { xfib get 198.18.1.1 from 10.0.1.1 iif ra | grep -q 10.0.1.13; }
check "its changes are followed" eventually 5 by_13
in_r ip rule del priority 50
check "without the rule packets go by table main" eventually 5 is_to main
check "the table stays" [ "$(xfib -j route show table 300 | jq length)" = 2 ]

# What is xfib's own the kernel does not have: its way is another one.
check "a route of xfib's own" xfib route add 198.18.0.0/15 via 10.0.2.11 table 400
in_r ip rule add from 10.0.1.0/24 lookup 400 priority 50
rules_up() { [ "$(xfib -j link show ra | jq -r '.[0].rules4 | join(",")')" = "$1" ]; }
check "a rule that leads there is for the kernel" eventually 5 rules_up 50
check_match "says the log" 'rules of priority 50' "$(cat "$DIR/xfibd.log")"
check_status "an answer for such a packet" 1 xfib get 198.18.1.1 from 10.0.1.1 iif ra
check_match "  says it too" 'rule 50' "$ERR"
check "the route is there" [ "$(xfib -j route show table 400 | jq length)" = 1 ]
xfibd__stop
check "xfibd starts again" xfibd__start ra rb
check "the route still is" [ "$(xfib -j route show table 400 | jq length)" = 1 ]
check "and the rule is for the kernel" eventually 5 rules_up 50
in_r ip rule del priority 50
check "until it goes" eventually 5 rules_up ''

# Whatever tables there are.
check "a table that no rule leads to" in_r ip route add 198.18.0.0/15 via 10.0.1.14 table 500
check "is not held" [ "$(xfib -j route show table 500 | jq length)" = 0 ]
xfibd__stop
check "xfibd starts, for all tables" xfibd__start --table all ra rb
check "it is" [ "$(xfib -j route show table 500 | jq length)" = 1 ]
check_match "the route of xfib's own is not, as the table is the kernel's now" 'table 400, which was written to xfib, is dropped' \
	"$(cat "$DIR/xfibd.log")"
in_r ip route add 198.18.0.0/16 via 10.0.1.15 table 501
holds_501() { [ "$(xfib -j route show table 501 | jq length)" = 1 ]; }
check "so is a table that comes later" eventually 5 holds_501
check "xfibd is there" kill -0 "$(xfibd__pid)"
finish
