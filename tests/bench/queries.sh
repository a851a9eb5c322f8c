#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# Queries and changes a second on a full table, of the library and of the
# kernel beside it, on one processor. Prints a line for each figure, and leaves
# them in build/bench.json: see queries.c.
#
#   TABLE4=FILE TABLE6=FILE   other tables: see tables.sh
set -eu -o pipefail
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../netns/topology.sh"
. "$(dirname "$0")/figures.sh"
. "$(dirname "$0")/tables.sh"
trap topology__remove EXIT
trap 'exit 130' INT TERM
topology__make "xfibq$$"
tables__make
tables__load
xfibd__start
for family in 4 6; do
	tables__spread 10000 "$DIR/v$family"
done | in_r taskset -c 0 "$BUILD/tests/bench/queries" rb 1000 | figures__add
