#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# What comes from the kernel is dropped, truncated, damaged, reordered and repeated (netlink-chaos.c), while routes
# change: what is noticed leads to a dump at once, what is not the audit finds. Afterwards nothing differs.
# XFIB_SEED chooses another storm, XFIB_STORMS how many there are.
set -u
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../netns/topology.sh"
trap topology__remove EXIT
topology__make "xfibst$$" || exit 1
seed=${XFIB_SEED:-$((RANDOM * 32768 + RANDOM))}
echo "# XFIB_SEED=$seed"
RANDOM=$seed
export CHAOS_FILE=$DIR/storm
status() { xfib -j status | jq -r ".[0].$1"; }
start() { # CHAOS-PLAN OPTION…
	local plan=$1
	shift
	LD_PRELOAD=$BUILD/tests/chaos/netlink-chaos.so CHAOS="seed=$seed,$plan" xfibd__start "$@" ra rb
}
stop() { xfib unload; xfibd__stop; }
# Any event lets the audit go on.
nudge() { in_r ip route replace 192.0.2.1/32 via 10.0.2.1; }

# ---- lost, and nothing says so: the audit finds it ----
"$BUILD/tests/tools/xfib-gen" --count 2000 --via 10.0.2.1 --format ip-batch >"$DIR/batch4"
"$BUILD/tests/tools/xfib-gen" -6 --count 1000 --via 2001:db8:2::1 --format ip-batch >"$DIR/batch6"
in_r ip -batch "$DIR/batch4"
in_r ip -batch "$DIR/batch6"
check "xfibd starts" start drop=100,events --audit 1
check "nothing differs" xfib verify
audited() { [ "$(status audited)" -ge 3000 ]; }
check "the audit has gone round" eventually 10 audited
check_output "and found nothing" 0 status audit_differences
rests() {
	local before
	before=$(status audited)
	sleep 2.5
	[ "$(status audited)" = "$before" ]
}
check "then it rests" eventually 15 rests
touch "$CHAOS_FILE"
in_r ip route add 203.0.113.0/24 via 10.0.2.1
in_r ip route del "$(awk 'NR == 7 { print $3 }' "$DIR/batch4")"
in_r ip -6 route replace blackhole "$(awk 'NR == 7 { for (i = 1; i < NF; i++) if ($i ~ /:.*\//) { print $i; exit } }' "$DIR/batch6")"
in_r ip route add 198.51.100.0/24 via 10.0.2.1 metric 5
in_r ip route add 198.51.100.0/24 via 10.0.1.1 metric 4
sleep 0.2
rm "$CHAOS_FILE"
check_not "events were lost, and the mirror does not know" grep -q via <<<"$(xfib get 203.0.113.1 2>/dev/null)"
nudge
found() { [ "$(status audit_differences)" -ge 3 ]; }
check "the audit finds the differences" eventually 10 found
check_match "and says so" 'audit: [0-9]+ routes are not as the kernel has them' "$(cat "$DIR/xfibd.log")"
check "nothing differs afterwards" xfib verify
stop

# ---- storms ----
prefix() { echo "$((RANDOM % 2 + 20)).$((RANDOM % 4)).$((RANDOM % 16)).0/$((RANDOM % 3 + 22))"; }
change() {
	case $((RANDOM % 12)) in
	[0-4]) echo "route replace $(prefix) via 10.0.$((RANDOM % 2 + 1)).1 metric $((RANDOM % 2))" ;;
	[5-7]) echo "route del $(prefix)" ;;
	8) echo "-6 route replace 2001:db8:$((RANDOM % 20))::/48 nexthop via 2001:db8:1::1 nexthop via 2001:db8:2::1" ;;
	9) echo "-6 route del 2001:db8:$((RANDOM % 20))::/48" ;;
	10) echo "address add 10.0.3.$((RANDOM % 200))/32 dev ra" ;;
	11) [ $((RANDOM % 8)) = 0 ] && echo "link set ra $((RANDOM % 2 ? 1 : 0))" | sed 's/ 1$/ up/; s/ 0$/ down/' || echo "address del 10.0.3.$((RANDOM % 200))/32 dev ra" ;;
	esac
}
check "xfibd starts" start drop=6,overrun=2,truncate=2,cut=3,damage=6,reorder=15,duplicate=15 --audit 1 --receive-buffer 65536
noticed() { [ "$(status misread)" -ge 1 ] && [ "$(status overruns)" -ge 1 ] && [ "$(status resyncs)" -ge 1 ]; }
storms=${XFIB_STORMS:-3}
# More of them where chance has left a kind out.
for ((storm = 1; storm <= storms || (storm <= 4 * storms && !all); storm++)); do
	touch "$CHAOS_FILE"
	for _ in $(seq 40); do
		change
	done >"$DIR/changes"
	for _ in $(seq 5); do
		while read -r line; do
			# shellcheck disable=SC2086 # a list of words
			in_r ip $line 2>/dev/null
		done <"$DIR/changes"
	done
	rm "$CHAOS_FILE"
	in_r ip link set ra up
	check "storm $storm: nothing differs afterwards" eventually 20 xfib verify
	noticed && all=1 || all=0
done
check "what was damaged and lost was noticed" noticed
check "xfibd is there" kill -0 "$(xfibd__pid)"
[ "$tap_failed" = 0 ] || { xfib status; cat "$DIR/xfibd.log"; xfib verify; } | sed 's/^/# /'
finish
