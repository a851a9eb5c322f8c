#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# The look-up on full tables, and what it is compared with: in BPF, in whole
# programs, in live frames, and in user space. Everything on one processor.
# The figures go to build/bench.json, the growth with the table to
# build/growth.png. Takes about three minutes.
#
#   TABLE4=FILE TABLE6=FILE   other tables: see tables.sh
#   LOOKUP="find programs"    these parts alone: import, find, growth, programs, queries, get, frames, churn
set -eu -o pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../netns/topology.sh"
. "$(dirname "$0")/figures.sh"
. "$(dirname "$0")/tables.sh"
bench=$BUILD/tests/bench
parts=${LOOKUP:-import find growth programs queries get frames churn}
trap topology__remove EXIT
trap 'exit 130' INT TERM
topology__make "xfibl$$"
tables__make
for family in 4 6; do
	tables__spread 131072 "$DIR/v$family" >"$DIR/spread$family"
done

does() { [[ " $parts " == *" $1 "* ]]; }
on_one() { in_r taskset -c 0 "$@"; }
seconds() { # of a command
	local begin=${EPOCHREALTIME/./}
	"$@" >/dev/null
	echo "$((${EPOCHREALTIME/./} - begin))e-6"
}
middle() { sort -g | awk '{ at[NR] = $1 } END { print at[int((NR + 1) / 2)] }'; }

# Both tables from text to forwarding, by a table of xfib's own: nothing of it waits for the kernel.
fib_state() { in_r "$bench/lookup" state; }
measure_import() {
	local first second compiled words
	xfibd__start ra rb
	first=$(seconds xfib route import "$DIR/routes4" table 1000)
	compiled=$(fib_state | awk '{ print $3 }')
	second=$(seconds xfib route import "$DIR/routes6" table 1000)
	words=$(fib_state | awk '{ print $1 }')
	compiled=$(fib_state | awk -v first="$compiled" '{ print (first + $3) / 1e9 }')
	{
		figure 'both tables from text to forwarding' "$(awk "BEGIN { print $first + $second }")" s at-most 3
		figure 'of it compiling' "$compiled" s at-most 0.2
		figure 'memory of the compiled FIBs of both tables' "$(awk "BEGIN { print $words * 8 / 1e6 }")" MB at-most 8
		figure 'numbers of routes beside them, for user space' "$(awk "BEGIN { print $words * 16 / 1e6 }")" MB
	} | figures__add
	xfibd__stop
	xfib unload
}

# Tables of xfib's own, of some sizes, beside the full one in the kernel's.
growth_sizes='1000 10000 100000'
import_growth() {
	local size
	for size in $growth_sizes; do
		shuf -n "$size" --random-source=<(yes) "$DIR/routes4" >"$DIR/some4"
		shuf -n "$size" --random-source=<(yes) "$DIR/routes6" >"$DIR/some6"
		xfib route import "$DIR/some4" table "$((1000000 + size))" >/dev/null
		xfib route import "$DIR/some6" table "$((1000000 + size))" >/dev/null
		for family in 4 6; do
			tables__spread 131072 "$DIR/some$family" >"$DIR/spread$family-$size"
		done
	done
}
# Of the figures: one of a family, a structure and a size of table.
growth_of() { jq --arg name "IPv$1 look-up in BPF, $3, $2" '.[] | select(.name == $name) | .value' "$BUILD/bench.json"; }
measure_growth() {
	local size family largest
	import_growth
	for size in $growth_sizes; do
		cat "$DIR/spread4-$size" "$DIR/spread6-$size" |
			on_one "$bench/lookup" find ra "$((1000000 + size))" "$size routes" | grep -v -e 'needs the last' -e 'empty loop' |
			figures__add
	done
	for family in 4 6; do
		{
			for size in $growth_sizes; do
				echo "$size $(growth_of "$family" 'compiled FIB' "$size routes") $(growth_of "$family" LPM_TRIE "$size routes")"
			done
			echo "$(wc -l <"$DIR/v$family") $(growth_of "$family" 'compiled FIB' 'full table') $(growth_of "$family" LPM_TRIE 'full table')"
		} >"$BUILD/growth$family.dat"
		largest=$(awk '{ at[NR] = $2 } END { print at[NR] / at[1] }' "$BUILD/growth$family.dat")
		figure "IPv$family look-up in BPF, full table against 1000 routes" "$largest" times at-most 3 \
			"$(awk 'NR == 1 { print $2 }' "$BUILD/growth$family.dat")" | figures__add
	done
	plot_growth
}
plot_growth() {
	gnuplot <<-END
		set terminal pngcairo size 900,600
		set output '$BUILD/growth.png'
		set logscale xy
		set xlabel 'routes'
		set ylabel 'ns a look-up in BPF, an address of a random prefix each'
		set key top left
		set grid
		plot '$BUILD/growth4.dat' using 1:2 with linespoints title 'IPv4 compiled FIB', \
			'$BUILD/growth6.dat' using 1:2 with linespoints title 'IPv6 compiled FIB', \
			'$BUILD/growth4.dat' using 1:3 with linespoints title 'IPv4 LPM\\_TRIE', \
			'$BUILD/growth6.dat' using 1:3 with linespoints title 'IPv6 LPM\\_TRIE'
	END
}

# Live frames from A to B: generator, router and receiver on one processor.
packets() {
	in_b taskset -c 0 "$bench/../tools/pktgen" sink b0 2 >"$DIR/rate" &
	local sink=$!
	sleep 0.3
	in_a nice -n -20 taskset -c 0 "$bench/../tools/pktgen" send a0 2.8 "$(in_r cat /sys/class/net/ra/address)" 10.0.1.1 \
		<"$DIR/destinations"
	wait "$sink"
	grep -x '[1-9][0-9.]*' "$DIR/rate" || { echo "no packets came: $(cat "$DIR/rate")" >&2; return 1; }
}
forward_by() { # name of a pinned program, or none: the kernel forwards
	in_r ip link set dev ra xdp off
	in_r ethtool -K ra gro on >/dev/null # takes the generator's frames without XDP too
	[ -z "$1" ] || in_r ip link set dev ra xdp pinned "$DIR/bpf/$1"
}
frames_of() { awk -v column="$1" '{ print $column }' "$DIR/frames" | middle; }
frames_against() { # column: the median of the rounds' ratios
	awk -v column="$1" '{ print $1 / $column }' "$DIR/frames" | middle
}
measure_frames() {
	in_b ip link set b0 xdp off
	head -n 65536 "$DIR/spread4" >"$DIR/destinations"
	on_one "$bench/lookup" pin ra rb "$DIR/bpf"
	xfib detach ra
	for _ in 1 2 3; do
		forward_by xfib/progs/xdp && by_xfib=$(packets)
		forward_by '' && by_kernel=$(packets)
		forward_by by_helper && by_helper=$(packets)
		forward_by by_nothing && by_nothing=$(packets)
		echo "$by_xfib $by_kernel $by_helper $by_nothing"
	done >"$DIR/frames"
	forward_by ''
	{
		figure 'packets delivered, full IPv4 table, against the kernel' "$(frames_against 2)" times at-least 6 "$(frames_of 2)"
		figure 'packets delivered, full IPv4 table, against bpf_fib_lookup' "$(frames_against 3)" times at-least 3 "$(frames_of 3)"
		figure 'packets delivered, full IPv4 table, against a bare redirect' "$(frames_against 4)" times at-least 0.85 "$(frames_of 4)"
		figure 'packets delivered, full IPv4 table, xfib' "$(frames_of 1)" packets/s
	} | figures__add
}

# Likewise while 10,000 routes a second take another next hop, which the other processor sees to.
churn_rate=10000
churn() { # lines of standard input, at that rate
	local begin=${EPOCHREALTIME/./} count=0 ahead lines
	while mapfile -t -n 250 lines && [ "${#lines[@]}" -gt 0 ]; do
		printf '%s\n' "${lines[@]}"
		count=$((count + ${#lines[@]}))
		ahead=$((begin + count * (1000000 / churn_rate) - ${EPOCHREALTIME/./}))
		[ "$ahead" -le 0 ] || sleep "$(printf '%d.%06d' $((ahead / 1000000)) $((ahead % 1000000)))"
	done
}
# Routes that there are, by other next hops, for longer than packets() takes; the last one is known by its next hop.
last_changed=198.18.255.255
changes_of() { # round
	shuf -n $((churn_rate * 4)) --random-source=<(yes "$1") "$DIR/v4" | awk -v seed="$1" 'BEGIN { srand(seed) }
		{ print "route replace", $1, "via 10.0.2." int(rand() * 64) + 11 }'
	echo "route replace $last_changed via 10.0.2.$((10 + $1))"
}
make_changes() { # round: writes to $DIR/changes how many a second there were until xfib had the last one
	local begin=${EPOCHREALTIME/./}
	churn <"$DIR/to-change" | in_r nice -n -20 taskset -c 1 ip -batch -
	until xfib get $last_changed | grep -q "via 10.0.2.$((10 + $1)) "; do sleep 0.01; done
	echo $(($(wc -l <"$DIR/to-change") * 1000000 / (${EPOCHREALTIME/./} - begin))) >"$DIR/changes"
}
packets_with_churn() { # round: packets a second, and changes
	local writer rate
	changes_of "$1" >"$DIR/to-change"
	make_changes "$1" >&2 &
	writer=$!
	rate=$(packets)
	kill -0 "$writer" || { echo "the changes were over before the packets" >&2; return 1; }
	wait "$writer"
	echo "$rate $(cat "$DIR/changes")"
}
measure_churn() {
	local round calm busy
	in_b ip link set b0 xdp off
	head -n 65536 "$DIR/spread4" >"$DIR/destinations"
	xfib detach ra 2>/dev/null || true
	taskset -p -c 1 "$(xfibd__pid)" >/dev/null
	renice -n -20 -p "$(xfibd__pid)" >/dev/null
	forward_by xfib/progs/xdp
	for round in 1 2 3 4 5; do
		calm=$(packets)
		busy=$(packets_with_churn "$round")
		echo "${busy% *} $calm ${busy#* }"
	done >"$DIR/frames"
	forward_by ''
	{
		figure 'packets delivered while routes change, against none changing' "$(frames_against 2)" times at-least 0.9 "$(frames_of 2)"
		figure 'changes meanwhile' "$(frames_of 3)" routes/s at-least $((churn_rate * 95 / 100))
	} | figures__add
}

# `xfib get -`: a million addresses, of both families.
measure_get() {
	local rate
	for _ in 1 2 3 4; do cat "$DIR/spread4" "$DIR/spread6"; done | awk 'NR <= 1000000' >"$DIR/many"
	rate=$(for _ in 1 2 3; do seconds on_one "$BUILD/xfib" get - <"$DIR/many"; done | middle | awk '{ printf "%.0f", 1e6 / $1 }')
	figure 'xfib get -' "$rate" addresses/s at-least 2000000 | figures__add
}

! does import || measure_import
tables__load
xfibd__start --max-routes 4000000 ra rb # the arena has room for the tables of the growth too
if does find || does growth; then
	cat "$DIR/spread4" "$DIR/spread6" | on_one "$bench/lookup" find ra 254 'full table' | figures__add
fi
! does growth || measure_growth
! does programs || cat "$DIR/spread4" "$DIR/spread6" | on_one "$bench/lookup" programs ra rb | figures__add
! does queries || head -qn 10000 "$DIR/spread4" "$DIR/spread6" | on_one "$bench/queries" rb 0 | figures__add
! does get || measure_get
! does frames || measure_frames
! does churn || measure_churn
