# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# shellcheck shell=bash
# TAP for tests written in shell. Source it, call check… for each test, and finish at the end:
#
#   check DESC CMD...               passes if CMD succeeds; its output is shown if it does not
#   check_not DESC CMD...           passes if CMD fails
#   check_output DESC TEXT CMD...   passes if CMD succeeds and prints exactly TEXT
#   check_status DESC N CMD...      passes if CMD ends with status N; $OUT and $ERR are what it printed
#   check_match DESC PATTERN TEXT   passes if TEXT matches the extended regular expression
#   eventually SECONDS CMD...       repeats CMD until it succeeds; fails when the time is over
#   skip DESC REASON                counts as skipped
#   finish                          prints the plan; its status is that of the whole test
#
# xfibd reads no configuration file but one that a test names.
# XFIB_SLOW multiplies what is waited for, on a machine that is slow.
# Needs bash. Scripts run from any directory: $ROOT is that of the project, $BUILD its build directory.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=$ROOT/build
OUT='' ERR=''
export XFIB_CONFIG=/dev/null
tap_count=0
tap_failed=0

tap__result() { # 0 or another status, description, [what was seen]
	tap_count=$((tap_count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $tap_count - $2"
	else
		tap_failed=$((tap_failed + 1))
		echo "not ok $tap_count - $2"
		[ -z "${3:-}" ] || head -n 30 <<<"$3" | sed 's/^/# /'
	fi
}

check() {
	local desc=$1 seen status
	shift
	seen=$("$@" 2>&1)
	status=$?
	tap__result "$status" "$desc" "status $status of: $*"$'\n'"$seen"
}

check_not() {
	local desc=$1 seen
	shift
	if seen=$("$@" 2>&1); then
		tap__result 1 "$desc" "succeeded: $*"$'\n'"$seen"
	else
		tap__result 0 "$desc"
	fi
}

check_output() {
	local desc=$1 expected=$2 seen status
	shift 2
	seen=$("$@" 2>&1)
	status=$?
	[ "$status" = 0 ] && [ "$seen" = "$expected" ]
	tap__result $? "$desc" "status $status of: $*"$'\n'"expected: $expected"$'\n'"seen:     $seen"
}

check_status() {
	local desc=$1 expected=$2 status file
	shift 2
	file=$(mktemp)
	OUT=$("$@" 2>"$file")
	status=$?
	ERR=$(cat "$file")
	rm -f "$file"
	[ "$status" = "$expected" ]
	tap__result $? "$desc" "status $status, not $expected, of: $*"$'\n'"$OUT"$'\n'"$ERR"
}

check_match() {
	grep -qE -- "$2" <<<"$3"
	tap__result $? "$1" "pattern: $2"$'\n'"text:    $3"
}

eventually() {
	local end=$((${EPOCHREALTIME/./} + $1 * 1000000 * ${XFIB_SLOW:-1}))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "${EPOCHREALTIME/./}" -lt "$end" ] || { "$@"; return; }
		sleep 0.02
	done
}

skip() {
	tap_count=$((tap_count + 1))
	echo "ok $tap_count - $1 # SKIP $2"
}

finish() {
	echo "1..$tap_count"
	[ "$tap_failed" = 0 ]
}
