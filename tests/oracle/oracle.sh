#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# GetBestRoute2 against a slow oracle and against `ip route get`, in generated topologies, over both backends.
# XFIB_SEED chooses other topologies and questions, XFIB_ORACLE how many questions there are in all.
set -u
. "$(dirname "$0")/../lib.sh"
. "$(dirname "$0")/../conformance/worlds.sh"
trap world__end EXIT
seed=${XFIB_SEED:-$((RANDOM * 32768 + RANDOM))}
echo "# XFIB_SEED=$seed"
topologies=4
count=$((${XFIB_ORACLE:-10000} / topologies))
program=$BUILD/tests/oracle/best_route_test

world__generated() { # SEED
	local d
	world__begin oracle || return 1
	for d in 1 2 3 4 5 6; do veth "d$d" "$((10 + d))" || return 1; done
	ip -n "$FAR" link set d6 down # no carrier
	for d in lo d1 d2 d3 d4 d5 d6; do echo "link set $d up"; done | ip_batch
	# Some lines are impossible: gateways that are local, routes that are there already.
	"$program" topology "$1" | ip -n "$WORLD" -force -batch - >/dev/null 2>&1
	sleep 0.1 # the last carrier is up
}

for topology in $(seq "$topologies"); do
	one=$((seed + topology))
	world__generated "$one" || { tap__result 1 "topology $topology is made"; world__end; continue; }
	check "topology $topology: xfibd starts" xfibd__start
	number "topology $topology" < <(XFIB_BACKEND=maps in_world "$program" check "$one" "$count" 2>&1)
	number "topology $topology, private" < <(XFIB_BACKEND=private XFIB_PIN=/nonexistent in_world "$program" check "$one" "$count" 2>&1)
	world__end
done
finish
