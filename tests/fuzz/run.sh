#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# Runs every fuzzer on its corpus for FUZZ_SECONDS (5) seconds. What it finds beyond tests/fuzz/corpus/NAME is kept in
# build/fuzz/corpus/NAME; an input that breaks something is kept too, and named. Then packets for as long through the XDP and
# the TC program (tests/fuzz/packets.c): other ones each time, or those of XFIB_SEED, FUZZ_PACKETS of them if that is set.
# Without FUZZ_SECONDS they are 40000 and the same every time.
set -u
. "$(dirname "$0")/../lib.sh"
seconds=${FUZZ_SECONDS:-5}
cd "$ROOT" || exit 1

fuzz() { # NAME
	local program=$BUILD/fuzz/tests/fuzz/$1_fuzz found=$BUILD/fuzz/corpus/$1 seeds=$ROOT/tests/fuzz/corpus/$1
	mkdir -p "$found" "$seeds"
	"$program" -max_total_time="$seconds" -rss_limit_mb=4096 -timeout=20 -print_final_stats=1 -verbosity=0 \
		-artifact_prefix="$BUILD/fuzz/$1-" "$found" "$seeds"
}

for source in tests/fuzz/*_fuzz.c; do
	name=$(basename "$source" _fuzz.c)
	check "$name: $seconds seconds; an input that breaks it would be build/fuzz/$name-*" fuzz "$name"
done

packets() { "$BUILD/tests/fuzz/packets" "$@" >"$output" || { cat "$output"; return 1; }; }
output=$(mktemp)
trap 'rm -f "$output"' EXIT
if [ -n "${FUZZ_PACKETS:-${FUZZ_SECONDS:-}}" ]; then
	check "packets: the programs do with each what the model does" packets "$seconds" ${FUZZ_PACKETS:+"$FUZZ_PACKETS"}
else
	export XFIB_SEED=${XFIB_SEED:-1}
	check "packets: the programs do with each what the model does" packets 0 40000
fi
cat "$output"
finish
