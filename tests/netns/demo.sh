#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# The demo shows what it promises, and cleans up after itself, also when it is interrupted.
set -u
. "$(dirname "$0")/../lib.sh"
left_behind() { ls /run/netns /tmp 2>/dev/null | grep "^xfibdemo$1[.-]"; }
out=$(mktemp)
trap 'rm -f "$out"' EXIT

"$ROOT/demo/run" >"$out" 2>&1 &
demo=$!
wait "$demo"
check "the demo runs to its end" [ $? = 0 ]
text=$(cat "$out")
check_match "xfibd mirrors the generated table" 'ready: 7[0-9]+ IPv4 and 3[0-9]+ IPv6 routes' "$text"
check_match "UDP arrives" 'UDP: +[1-9][0-9]+ packets' "$text"
check_match "TCP flows" 'TCP: +[1-9][0-9]* MB' "$text"
# One TCP checksum in 65,535 looks like one that the sender left to its device, and goes up.
check "the kernel of R forwards next to nothing" awk '/by the kernel: [0-9]+$/ { seen = $5 > 10000 && $NF * 10000 <= $5; print } END { exit !seen }' "$out"
check_match "packets a second by xfib" 'xfib \(XDP\) +[1-9][0-9]+' "$text"
check_match "and by the kernel alone" 'kernel alone +[1-9][0-9]+' "$text"
# What the three say about the three destinations.
check "three answers agree" awk '
	/R# ip route get/ { want = 1; next }
	want == 1 { for (i = 1; i < NF; i++) { if ($i == "via") via = $(i + 1); if ($i == "src") src = $(i + 1) } want = 0 }
	/R# xfib get/ { getline; if (index($0, "via " via " ") && index($0, "src " src " ")) same++ }
	/R# getbestroute2/ { getline; if (index($0, "NextHop " via " ") && $0 ~ "BestSourceAddress " src "$") same++ }
	END { exit same != 6 }' "$out"
check_not "nothing is left behind" left_behind "$demo"

set -m # a process group of its own, as on a terminal
"$ROOT/demo/run" >"$out" 2>&1 &
demo=$!
set +m
eventually 20 grep -q 'Traffic from A' "$out"
kill -INT -- "-$demo"
wait "$demo"
check "interrupted, it says so by its status" [ $? = 130 ]
check_not "nothing is left behind" left_behind "$demo"
check_not "no daemon either" pgrep -f "xfibdemo$demo"
finish
