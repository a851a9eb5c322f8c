#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# Runs every fuzzer on its corpus for FUZZ_SECONDS (5) seconds. What it finds beyond tests/fuzz/corpus/NAME is kept in
# build/fuzz/corpus/NAME; an input that breaks something is kept too, and named.
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
finish
