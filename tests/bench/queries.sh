#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# Queries and changes a second on a full table, of the library and of the
# kernel beside it, on one processor. Prints a line for each figure, and leaves
# them in build/queries.json: see queries.c.
#
#   TABLE4=FILE TABLE6=FILE   prefixes, one a line, .xz, .gz and .bz2 too, in place of 1,042,325 and 246,175 generated ones
set -eu
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../netns/topology.sh"
trap topology__remove EXIT
trap 'exit 130' INT TERM
topology__make "xfibq$$"

prefixes() { # file, arguments for the generator
	local file=$1
	shift
	case $file in
	'') "$BUILD/tests/tools/xfib-gen" --seed 1 "$@" ;;
	*.xz) xz -dc "$file" ;;
	*.gz) gzip -dc "$file" ;;
	*.bz2) bzip2 -dc "$file" ;;
	*) cat "$file" ;;
	esac | awk '{ print $1 }'
}
prefixes "${TABLE4:-}" --count 1042325 >"$DIR/v4"
prefixes "${TABLE6:-}" -6 --count 246175 >"$DIR/v6"
# By 64 next hops, into the kernel's table main.
xfib --backend private route import - <<<"$(awk '{ print $1, "via 10.0.2." NR % 64 + 11 }' "$DIR/v4")" >/dev/null
xfib --backend private route import - <<<"$(awk '{ print $1, "via 2001:db8:2::" NR % 64 + 11 }' "$DIR/v6")" >/dev/null
xfibd__start
for file in "$DIR/v4" "$DIR/v6"; do
	shuf -n 10000 --random-source=<(yes) "$file" | cut -d/ -f1
done | in_r taskset -c 0 "$BUILD/tests/bench/queries" rb 1000 >"$BUILD/queries.json"
jq -r '.[] | "  \(.name)\(" " * (48 - (.name | length)))\(.value) \(.unit)" +
	(if .ratio then "   \(.ratio) times the kernel" else "" end) +
	(if .target then "   (target \(.target)\(if .baseline then " times" else "" end): \(if .met then "met" else "MISSED" end))" else "" end)' "$BUILD/queries.json"
