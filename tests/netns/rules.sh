#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# Policy rules of every kind, chosen at random: `xfib get` has to answer what `ip route get` answers, from the maps and
# from a private copy. XFIB_SEED chooses other rules, XFIB_RULES another number of sets of them.
set -u
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/topology.sh"
trap topology__remove EXIT
topology__make "xfibr$$" || exit 1
seed=${XFIB_SEED:-$((RANDOM * 32768 + RANDOM))}
sets=${XFIB_RULES:-8}
echo "# XFIB_SEED=$seed"
check "xfibd starts" xfibd__start --table 100 --table 101 --table 102 --table 103 ra rb

# ---- tables ----
# The gateway of each route is its own, so that it tells which route was found. Those of tables 102 and 103 are not
# asked for by a device: the kernel then takes a route that leads nowhere for the answer, which docs/netioapi.md does not.
tables4() {
	cat <<-'END'
		route add 198.18.0.0/15 via 10.0.2.61
		route add default via 10.0.1.51 table default
		route add default via 10.0.1.11 table 100
		route add 198.18.0.0/15 via 10.0.1.12 table 100
		route add 198.18.1.0/24 via 10.0.2.13 table 100
		route add 198.18.0.0/16 via 10.0.2.21 table 101
		route add 198.18.1.128/25 via 10.0.1.22 table 101
		route add 203.0.113.0/24 via 10.0.2.23 table 101
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
		route add default via 2001:db8:1::51 table default
		route add default via 2001:db8:1::11 table 100
		route add 2001:db8:180::/47 via 2001:db8:1::12 table 100
		route add 2001:db8:180:1::/64 via 2001:db8:2::13 table 100
		route add 2001:db8:180::/48 via 2001:db8:2::21 table 101
		route add 2001:db8:180:1:8000::/65 via 2001:db8:1::22 table 101
		route add 2001:db8:113::/48 via 2001:db8:2::23 table 101
		route add blackhole default table 102
		route add 2001:db8:180::/48 via 2001:db8:2::31 table 102
		route add throw 2001:db8:180:1::/64 table 102
		route add unreachable 2001:db8:180:1:8000::/65 table 102
		route add throw default table 103
		route add prohibit 2001:db8:180::/48 table 103
		route add 2001:db8:180:1::/64 via 2001:db8:2::41 table 103
	END
}
addresses4="10.0.1.254 10.0.1.7 198.18.0.1 198.18.1.1 198.18.1.129 198.19.0.1 203.0.113.1 8.8.8.8"
addresses6="2001:db8:1::fe 2001:db8:1::7 2001:db8:180::1 2001:db8:180:1::1 2001:db8:180:1:8000::1 2001:db8:181::1 2001:db8:113::1 2001:db8:8::8"
tr ' ' '\n' <<<"$addresses4" >"$DIR/addresses4"
tr ' ' '\n' <<<"$addresses6" >"$DIR/addresses6"

# ---- rules and questions ----
# Prints FILE LINE: files rules.SET.FAMILY are for ip -batch; those called questions.… have a backend, a device or "-",
# and the words that both commands know. Priorities are close together, so that some are those of several rules, and
# some that a goto names. A flush leaves the rule of priority 0.
generate() {
	awk -v seed="$seed" -v sets="$sets" '
		function any(text, list) { return list[1 + int(rand() * split(text, list, "|"))] }
		function one_in(n) { return rand() * n < 1 }
		function from() { return family == 4 ? any("10.0.1.254|10.0.2.254") : any("2001:db8:1::fe|2001:db8:2::fe") }
		function sources() { return family == 4 ? any("10.0.1.0/24|10.0.2.254|10.0.0.0/8|0.0.0.0/1") : any("2001:db8:1::/64|2001:db8:2::fe|2001:db8::/32|::/1") }
		function destinations() {
			if (family == 4) return any("198.18.0.0/15|198.18.1.0/24|8.0.0.0/8|10.0.1.254")
			return any("2001:db8:180::/47|2001:db8:180:1::/64|2001:db8:8::/48|2001:db8:1::fe")
		}
		function selectors(words) {
			words = one_in(4) ? " not" : ""
			if (one_in(4)) words = words " from " sources()
			if (one_in(4)) words = words " to " destinations()
			if (one_in(4)) words = words " fwmark " any("1|2|1/0xff|0/0xff|0x100/0xff00|0xffffffff")
			if (one_in(6)) words = words " iif " any("lo|lo|ra")
			if (one_in(6)) words = words " oif " any("ra|rb|lo")
			if (one_in(8)) words = words " uidrange " any("0-0|1-1000|0-4294967294")
			if (one_in(12)) words = words " tos 0x10"
			return words
		}
		function action(tables, kind) {
			kind = int(rand() * 12)
			if (kind < 5) return " lookup " any(tables)
			if (kind < 8) return " lookup " any(tables) " suppress_prefixlength " any("0|15|16|24|47|64|128")
			if (kind < 10) return " goto " priority + 1 + int(rand() * 60)
			return kind < 11 ? " " any("blackhole|unreachable|prohibit") : " nop"
		}
		function rules(file, tables, n) {
			print file, "rule flush"
			if (one_in(8)) print file, "rule add lookup local priority " any("15|40|32700") "\n" file " rule del priority 0"
			priority = 10
			for (n = 2 + int(rand() * 7); n; n--) {
				priority += any("0|1|10")
				print file, "rule add" selectors() action(tables) " priority " priority
			}
			if (!one_in(6)) print file, "rule add lookup main priority " any("32766|32766|20")
			if (one_in(3)) print file, "rule add lookup default priority 32767"
		}
		function questions(file, plain, n, device, source) {
			for (n = 0; n < 4; n++) {
				device = plain && one_in(2) ? any("ra|rb") : "-"
				source = one_in(2) ? " from " from() : ""
				if (family == 6 && device != "-") source = "" # IPv6 takes any device then, see docs/netioapi.md
				print file, n % 2 ? "private" : "maps", device source (one_in(2) ? " mark " any("1|2|0x101|0xff00") : "")
			}
		}
		BEGIN {
			srand(seed)
			for (set = 1; set <= sets; set++) {
				for (family = 4; family <= 6; family += 2) {
					plain = one_in(2)
					rules("rules." set "." family, plain ? "main|default|100|101" : "main|100|101|102|103")
					questions("questions." set "." family, plain)
				}
			}
		}' </dev/null
}

# ---- answers ----
# Asks the questions of a file in both ways, in R; before the answers to each, a line of JSON says which it is.
cat >"$DIR/ask" <<'END'
family=$1 questions=$2 dir=$3 xfib=$4
{
	while read -r backend device words; do
		echo "\"$backend $device $words\""
		sed "s/^/route get /; s/\$/ $words${device:+ oif $device}/; s/ oif -\$//" "$dir/addresses$family" |
			ip "-$family" -force -j -batch - 2>/dev/null
	done <"$questions"
} >"$dir/kernel"
{
	while read -r backend device words; do
		echo "\"$backend $device $words\""
		[ "$device" = - ] || words="$words dev $device"
		"$xfib" --backend "$backend" -j get - $words <"$dir/addresses$family" || : # no route is an answer
	done <"$questions"
} >"$dir/xfib"
END

# What counts of an answer. By a device the kernel assumes of IPv4 destinations without a route that they are on the link.
answers() {
	jq -r 'if type == "string" then "? \(.)" else .[] | select(.error == null) |
		"\(.dst) \(.type // "unicast") \(.gateway // "-") \(.dev)" end' "$1" |
		awk '$1 == "?" { device = $3 } $1 == "?" || device == "-" || $3 != "-"'
}

# Family, file of questions.
compare() {
	in_r bash "$DIR/ask" "$1" "$2" "$DIR" "$BUILD/xfib"
	diff -U 20 <(answers "$DIR/kernel") <(answers "$DIR/xfib")
}

# Has the rules of a file, and xfibd see them: a change that it answers has it read what the kernel said before.
# shellcheck disable=SC2016 # for the other shell
replace_rules() {
	in_r bash -c 'ip "-$1" rule show priority 0 | grep -q . || ip "-$1" rule add lookup local priority 0
		ip "-$1" -force -batch "$2" 2>/dev/null
		"$3" route replace 100.127.0.0/16 dev rb' - "$1" "$2" "$BUILD/xfib"
}

tables4 | in_r ip -4 -batch - && tables6 | in_r ip -6 -batch -
check "xfibd has caught up" xfib route replace 100.127.0.0/16 dev rb
printf '%s\n' 'maps -' 'private -' >"$DIR/usual"
check "the usual rules, IPv4" compare 4 "$DIR/usual"
check "the usual rules, IPv6" compare 6 "$DIR/usual"
generate | awk -v dir="$DIR" '{ file = dir "/" $1; sub(/^[^ ]* /, ""); print >>file; close(file) }'
for set in $(seq "$sets"); do
	for family in 4 6; do
		check "set $set, IPv$family: xfibd has caught up" replace_rules $family "$DIR/rules.$set.$family"
		check "set $set, IPv$family: answers are the kernel's" compare $family "$DIR/questions.$set.$family"
		[ "$tap_failed" = 0 ] || { in_r ip -$family rule show | sed 's/^/# /'; break 2; }
	done
done
check "xfibd is there" kill -0 "$(xfibd__pid)"
finish
