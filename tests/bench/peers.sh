#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# xfib_lookup__bulk() beside DPDK's look-ups, on full tables: see peers.c.
# `make bench-peers` installs DPDK and runs it. The figures go to build/bench.json.
#
#   TABLE4=FILE TABLE6=FILE   other tables: see tables.sh
#   HUGE=1                    DPDK's memory in huge pages, 1,536 of which must be free. Else all are small, as those of
#                             the maps are
set -eu
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../netns/topology.sh"
. "$(dirname "$0")/figures.sh"
. "$(dirname "$0")/tables.sh"
trap topology__remove EXIT
trap 'exit 130' INT TERM
topology__make "xfibp$$"
tables__make
tables__load
xfibd__start
memory='--no-huge --no-shconf'
[ "${HUGE:-0}" = 0 ] || memory=--in-memory
for family in 4 6; do
	tables__spread 131072 "$DIR/v$family"
done >"$DIR/addresses"
# shellcheck disable=SC2086 # a list of words
in_r taskset -c 0 "$BUILD/tests/bench/peers" "$DIR/routes4" "$DIR/routes6" $memory -m 3072 --no-pci --no-telemetry \
	-l 0 --log-level error --force-max-simd-bitwidth=512 <"$DIR/addresses" >"$DIR/figures"
figures__add <"$DIR/figures"
