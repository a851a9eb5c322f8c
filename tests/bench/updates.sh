#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# A day of updates applied to RIB, tries and compiled FIB, on one processor; see updates.c. The figures go to build/bench.json.
#
#   TABLE4=FILE TABLE6=FILE     the tables, see tables.sh
#   UPDATES4=FILE UPDATES6=FILE the updates, lines `A prefix` and `W prefix`, .xz too, in place of generated ones
set -eu
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/figures.sh"
. "$(dirname "$0")/tables.sh"
DIR=$(mktemp -d)
trap 'rm -rf "$DIR"' EXIT
tables__make
for family in 4 6; do
	file=UPDATES$family
	count=1393421
	[ "$family" = 4 ] || count=1238235
	case ${!file:-} in
	'') "$BUILD/tests/tools/xfib-gen" "-$family" --seed 1 --count "$(wc -l <"$DIR/v$family")" --updates "$count" ;;
	*.xz) xz -dc "${!file}" ;;
	*) cat "${!file}" ;;
	esac >"$DIR/updates"
	taskset -c 0 "$BUILD/tests/bench/updates" "$family" "$DIR/v$family" "$DIR/updates"
done | figures__add
