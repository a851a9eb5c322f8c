# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# shellcheck shell=bash
# The figures of all benchmarks, in the one array build/bench.json. Source it after tests/lib.sh.
#
#   figures__add <LINES     adds the figures of standard input, a JSON object a line (see figures.h), and prints them;
#                           one that has the name of an older one takes its place
#   figure NAME VALUE UNIT [at-least|at-most TARGET [BASELINE]]    prints such a line
#   figures__clear          forgets the figures of earlier runs

figures__clear() { rm -f "$BUILD/bench.json"; }

figure() {
	jq -nc --arg name "$1" --argjson full "$2" --arg unit "$3" --arg kind "${4:-}" --argjson target "${5:-null}" \
		--argjson baseline "${6:-null}" '(if $full >= 100 then 1 else 1000 end) as $scale |
		(($full * $scale | round) / $scale) as $value | {$name, $value, $unit, $target, met: (if $kind == "at-least" then $value >= $target
			elif $kind == "at-most" then $value <= $target else null end), $baseline}'
}

figures__add() {
	local new
	new=$(jq -sc .)
	[ -s "$BUILD/bench.json" ] || echo '[]' >"$BUILD/bench.json"
	jq -r --argjson new "$new" '($new | map(.name)) as $names | map(select(.name | IN($names[]) | not)) + $new |
		"[\(map(tojson) | join(",\n "))]"' "$BUILD/bench.json" >"$BUILD/bench.json.tmp"
	mv "$BUILD/bench.json.tmp" "$BUILD/bench.json"
	jq -r '.[] | "  \(.name)\(" " * ([90 - (.name | length), 1] | max))\(.value) \(.unit)" +
		(if .baseline then " (of \(.baseline))" else "" end) +
		(if .target then "   target \(.target): \(if .met then "met" else "MISSED" end)" else "" end)' <<<"$new"
}
