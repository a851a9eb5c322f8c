#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# The programs load, are compiled, and are not a fifth larger than tests/kernels/instructions says of this kernel, which
# `make check-kernels RENEW=1` writes anew. $XFIB_KERNEL names the kernel.
set -u
. "$(dirname "$0")/../lib.sh"
known=$ROOT/tests/kernels/instructions
sizes=$("$BUILD/tests/tools/prog-info" "$BUILD/bpf/xfib.bpf.o" 2>&1)
loaded() { grep -q '^xfib_xdp ' <<<"$sizes" || { tail -n 25 <<<"$sizes"; return 1; }; }
check "the programs are loaded" loaded
within() { [ "$1" -le $(($2 * 6 / 5)) ]; }
while read -r program verified xlated jited; do
	echo "$XFIB_KERNEL $program $verified $xlated $jited" | tee -a /run/instructions | sed 's/^/# /'
	check "$program is compiled" [ "$jited" -gt 0 ]
	[ -z "${RENEW:-}" ] || continue
	read -r _ _ verified_then xlated_then jited_then < <(grep "^$XFIB_KERNEL $program " "$known")
	check "$program: $verified instructions verified" within "$verified" "${verified_then:-0}"
	check "$program: $xlated instructions loaded" within "$xlated" "${xlated_then:-0}"
	check "$program: $jited bytes compiled" within "$jited" "${jited_then:-0}"
done < <(grep -E '^[a-z0-9_]+ [0-9]+ [0-9]+ [0-9]+$' <<<"$sizes")
finish
